//! A container: what it is, its tags, and how to pull them.
use askama::Template;
use poem::{Request, Response};

use super::{
    failure::Failure,
    frame::Frame,
    render,
    text::{arch, description, size},
};
use crate::{
    auth,
    page::Remote,
    protocol::RequestContext,
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
    frame: Frame,
    remote: Remote,
    path: String,
    /// `namespace/collection`.
    above: String,
    description: String,
    stars: i64,
    downloads: i64,
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
    let container = container::find(&caller, &path)
        .await
        .map_err(|error| Failure::hiding(error, &caller))?;
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
        frame: Frame::new(&request, &caller).await,
        remote: Remote::of(&RequestContext::of(&request).base_url),
        path: path.to_string(),
        above: format!("{}/{}", path.namespace, path.collection),
        description: description(&container.description).to_owned(),
        stars: container.stars,
        downloads: container.downloads,
        tags: rows.collect(),
        more: page.has_next,
    })
}

fn row(tag: &Tag, image: &image::Image) -> Row {
    Row {
        name: tag.name.clone(),
        arch: arch(&tag.arch).to_owned(),
        size: size(image.size),
        signed: image.signed,
        digest: image.digest.clone(),
        moved: tag.updated_at.format("%F %R UTC").to_string(),
    }
}
