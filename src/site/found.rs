//! Containers and images in lists.
use std::collections::HashMap;

use super::text::{arch, brief, size};
use crate::{
    error::Result,
    registry::{
        Caller, ContainerId, ImageId,
        container::{self, Container},
        image::Image,
        search,
        tag::{self, Tag},
    },
};

/// A container in a list.
pub(super) struct Entry {
    /// `namespace/collection/container`.
    pub(super) path: String,
    /// What it is.
    pub(super) description: String,
}

/// An image in a list.
pub(super) struct Row {
    /// The path of its container.
    pub(super) path: String,
    /// Its tags, joined by commas.
    pub(super) tags: String,
    /// Its architecture.
    pub(super) arch: String,
    /// Its size.
    pub(super) size: String,
}

/// What a search found.
pub(super) struct Found {
    /// Containers, by name or description.
    pub(super) containers: Vec<Entry>,
    /// Images, by any part of their path or description.
    pub(super) images: Vec<Row>,
}

/// Containers as entries of a list. One statement.
pub(super) async fn entries(caller: &Caller, rows: &[Container]) -> Result<Vec<Entry>> {
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let paths = container::paths(caller, &ids).await?;
    Ok(rows.iter().filter_map(|row| entry(row, &paths)).collect())
}

fn entry(row: &Container, paths: &HashMap<ContainerId, String>) -> Option<Entry> {
    Some(Entry {
        path: paths.get(&row.id)?.clone(),
        description: brief(&row.description),
    })
}

impl Found {
    /// As a page shows it. Two statements.
    pub(super) async fn new(caller: &Caller, found: search::Found) -> Result<Self> {
        let of_images = found.images.iter().map(|image| image.container_id);
        let ids = found.containers.iter().map(|row| row.id);
        let ids: Vec<_> = ids.chain(of_images).collect();
        let paths = container::paths(caller, &ids).await?;
        let images: Vec<_> = found.images.iter().map(|image| image.id).collect();
        let tags = tag::of_images(caller, &images).await?;
        let row = |image: &Image| row(image, &paths, &tags);
        let containers = found.containers.iter();
        Ok(Self {
            containers: containers.filter_map(|row| entry(row, &paths)).collect(),
            images: found.images.iter().filter_map(row).collect(),
        })
    }

    /// Whether nothing was found.
    pub(super) fn is_empty(&self) -> bool {
        self.containers.is_empty() && self.images.is_empty()
    }
}

fn row(
    image: &Image,
    paths: &HashMap<ContainerId, String>,
    tags: &HashMap<ImageId, Vec<Tag>>,
) -> Option<Row> {
    let tags = tags.get(&image.id)?.iter();
    let names: Vec<_> = tags.map(|tag| tag.name.as_str()).collect();
    Some(Row {
        path: paths.get(&image.container_id)?.clone(),
        tags: names.join(", "),
        arch: arch(image.arch.as_deref().unwrap_or_default()).to_owned(),
        size: size(image.size),
    })
}
