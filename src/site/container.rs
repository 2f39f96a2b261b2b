//! A container: what it is, its tags, and how to pull them.
use askama::Template;
use poem::{Request, Response};

use super::{failure::Failure, render, root};
use crate::{
    auth,
    config::ByteSize,
    registry::{
        container, image,
        page::PageArgs,
        path::ContainerPath,
        tag::{self, Tag},
    },
};

#[derive(Template)]
#[template(path = "site/container.html")]
struct Page {
    root: String,
    path: String,
    description: String,
    tags: Vec<Row>,
    more: bool,
}

/// A tag, as a row of the table.
struct Row {
    name: String,
    arch: String,
    size: String,
    signed: bool,
    digest: String,
    moved: String,
}

/// Shows the newest hundred tags.
pub(super) async fn show(request: Request) -> Result<Response, Failure> {
    let caller = auth::caller(&request).await?;
    let path = request.uri().path().trim_start_matches("/library/");
    let path = ContainerPath::parse(path, &caller.config().registry)?;
    let container = container::find(&caller, &path).await?;
    let newest = PageArgs {
        limit: 100,
        sort: tag::TagSort::Created,
        descending: true,
        ..PageArgs::default()
    };
    let page = tag::list(&caller, container.id, &newest).await?;
    let tags: Vec<Tag> = page.items.into_iter().map(|(_, tag)| tag).collect();
    let ids: Vec<_> = tags.iter().map(|tag| tag.image_id).collect();
    let images = image::by_ids(&caller, &ids).await?;
    let rows = tags
        .iter()
        .filter_map(|tag| Some(row(tag, images.get(&tag.image_id)?)));
    render(&Page {
        root: root(&request),
        path: path.to_string(),
        description: container.description.clone(),
        tags: rows.collect(),
        more: page.has_next,
    })
}

fn row(tag: &Tag, image: &image::Image) -> Row {
    Row {
        name: tag.name.clone(),
        arch: if tag.arch.is_empty() {
            "unknown".into()
        } else {
            tag.arch.clone()
        },
        size: ByteSize::from_bytes(image.size.unsigned_abs()).to_string(),
        signed: image.signed,
        digest: image.digest.clone(),
        moved: tag.updated_at.format("%F %R UTC").to_string(),
    }
}
