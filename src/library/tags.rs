//! Tags of a container. Clients before Singularity 3.4 know no architectures and speak v1.
use std::collections::BTreeMap;

use poem::{Request, Response};

use super::{
    dto::{ArchTagMap, NewTag, TagMap},
    error::Result,
    message::{body, data, field, id},
    render,
};
use crate::{
    auth,
    registry::tag::{self, Tag},
};

/// `GET v1/tags/<container>`: tag → image.
pub(super) async fn get(request: Request) -> Result<Response> {
    let caller = auth::caller(&request).await?;
    let tags = tag::map(&caller, id(&request, "container")?).await?;
    Ok(data(render::without_arch(&tags)))
}

/// `GET v2/tags/<container>`: architecture → tag → image.
pub(super) async fn get_by_arch(request: Request) -> Result<Response> {
    let caller = auth::caller(&request).await?;
    let tags = tag::map(&caller, id(&request, "container")?).await?;
    Ok(data(render::by_arch(&tags)))
}

/// `POST v1/tags/<container>`. Clients demand 200, here and below.
pub(super) async fn set(request: Request) -> Result<Response> {
    let tag = point(request, false).await?;
    let map: TagMap = BTreeMap::from([(tag.name.clone(), tag.image_id.to_string())]);
    Ok(data(map))
}

/// `POST v2/tags/<container>`.
pub(super) async fn set_by_arch(request: Request) -> Result<Response> {
    let tag = point(request, true).await?;
    let map: TagMap = BTreeMap::from([(tag.name.clone(), tag.image_id.to_string())]);
    Ok(data(ArchTagMap::from([(tag.arch.clone(), map)])))
}

async fn point(mut request: Request, by_arch: bool) -> Result<Tag> {
    let caller = auth::caller(&request).await?;
    let container = id(&request, "container")?;
    let new: NewTag = body(&caller, &mut request).await?;
    let image = field("ImageID", &new.image)?;
    let arch = new.arch.filter(|_| by_arch);
    Ok(tag::set(
        &caller,
        container,
        &new.tag.parse()?,
        arch.as_deref(),
        image,
    )
    .await?)
}
