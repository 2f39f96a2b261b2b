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
    error::Result as Outcome,
    page::Remote,
    protocol::RequestContext,
    registry::{
        Caller, ContainerId,
        about::{self, Subject},
        container, image,
        page::PageArgs,
        path::ContainerPath,
        tag::{self, Tag},
        topic,
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
    said: Said,
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

/// What is said about the container.
#[derive(Default)]
struct Said {
    topics: Vec<String>,
    licence: String,
    source: String,
    citation: String,
    /// The address of the DOI that the citation is.
    doi: Option<String>,
    /// HTML that may stand in a page.
    readme: Option<String>,
    deprecated: Option<Deprecated>,
}

/// That the container is deprecated.
struct Deprecated {
    message: String,
    superseded_by: String,
    ends: Option<String>,
}

impl Said {
    async fn about(caller: &Caller, container: ContainerId) -> Outcome<Self> {
        let mut topics = topic::of(caller, &[container]).await?;
        let topics = topics.remove(&container).unwrap_or_default();
        let subject = Subject::Container(container);
        let Some(about) = about::of(caller, &[subject]).await?.remove(&subject) else {
            return Ok(Self {
                topics,
                ..Self::default()
            });
        };
        let readme = match about::readmes(caller, &[about.id]).await?.remove(&about.id) {
            Some(markdown) => Some(about::html(markdown).await?),
            None => None,
        };
        let deprecated = about.deprecated_at.map(|_| Deprecated {
            message: about.deprecation,
            superseded_by: about.superseded_by,
            ends: about.ends_at.map(|end| end.format("%F").to_string()),
        });
        Ok(Self {
            topics,
            doi: about::doi(&about.citation).map(|doi| format!("https://doi.org/{doi}")),
            licence: about.licence,
            source: about.source,
            citation: about.citation,
            readme,
            deprecated,
        })
    }
}

/// Shows what is said about it, and the newest hundred tags.
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
        said: Said::about(&caller, container.id).await?,
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
