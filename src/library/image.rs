//! Images: found by reference, announced by hash, deleted.
use poem::{Request, Response};
use serde::Deserialize;

use super::{
    dto::NewImage,
    error::Result,
    message::{body, data, field, part, query},
    reference, render,
};
use crate::{
    auth,
    registry::{
        Caller,
        image::{self, Image},
    },
};

#[derive(Deserialize)]
struct Query {
    arch: Option<String>,
}

/// `GET v1/images/<reference>?arch=`.
pub(super) async fn get(request: Request) -> Result<Response> {
    let caller = auth::caller(&request).await?;
    let found = find(&caller, &request).await?;
    shown(&caller, found).await
}

/// The image that the path and the query of a request name.
pub(super) async fn find(caller: &Caller, request: &Request) -> Result<Image> {
    let (path, reference) = reference::parse(part(request, "path"), &caller.config().registry)?;
    let arch = query::<Query>(request)?
        .arch
        .filter(|arch| !arch.is_empty());
    Ok(image::find(caller, &path, &reference, arch.as_deref()).await?)
}

/// `POST v1/images`: announces an image, or finds the one that is there. Its answer says whether bytes are wanted.
pub(super) async fn create(mut request: Request) -> Result<Response> {
    let caller = auth::caller(&request).await?;
    let new: NewImage = body(&caller, &mut request).await?;
    let container = field("container", &new.container)?;
    let hash = reference::hash(&new.hash)?;
    let made = image::create(
        &caller,
        container,
        hash,
        new.description.unwrap_or_default(),
    )
    .await?;
    shown(&caller, made).await
}

async fn shown(caller: &Caller, row: Image) -> Result<Response> {
    Ok(data(render::only(
        render::images(caller, &[row]).await?,
        "image",
    )?))
}

/// `DELETE v1/images/<reference>?arch=`: the image goes with all its tags. Clients demand 200.
pub(super) async fn delete(request: Request) -> Result<Response> {
    let caller = auth::caller(&request).await?;
    let found = find(&caller, &request).await?;
    image::delete(&caller, found.id).await?;
    Ok(data(()))
}
