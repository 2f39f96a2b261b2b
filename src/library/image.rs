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
        Caller, Scope,
        image::{self, Image},
        path::{self, ContainerPath, Reference, TagName},
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
    // Clients that push ask by digest first, and send nothing if the image is here.
    let pushing = caller
        .account()
        .is_ok_and(|account| account.scope >= Scope::Write)
        && matches!(named(&caller, &request)?.1, Reference::Digest(_));
    let complete = !pushing || image::is_complete(&caller, &found).await?;
    shown(&caller, found, complete).await
}

/// The image that the path and the query of a request name, wherever it is now.
pub(super) async fn find(caller: &Caller, request: &Request) -> Result<Image> {
    Ok(find_by(caller, request).await?.0)
}

/// The same, with the tag that names it, if one does.
pub(super) async fn find_by(
    caller: &Caller,
    request: &Request,
) -> Result<(Image, Option<TagName>)> {
    let (path, reference) = named(caller, request)?;
    let found = image::find(caller, &path, &reference, arch(request)?.as_deref()).await?;
    let tag = match reference {
        Reference::Tag(tag) => Some(tag),
        Reference::Digest(_) => None,
    };
    Ok((found, tag))
}

fn arch(request: &Request) -> Result<Option<String>> {
    let arch = query::<Query>(request)?.arch;
    Ok(arch.filter(|arch| !arch.is_empty()))
}

fn named(caller: &Caller, request: &Request) -> Result<(ContainerPath, Reference)> {
    Ok(path::parse(
        part(request, "path"),
        &caller.config().registry,
    )?)
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
    let complete = image::is_complete(&caller, &made).await?;
    shown(&caller, made, complete).await
}

/// An image; one that is not `complete` is shown as not uploaded, so that clients upload it.
async fn shown(caller: &Caller, row: Image, complete: bool) -> Result<Response> {
    let mut image = render::only(render::images(caller, &[row]).await?, "image")?;
    image.uploaded &= complete;
    Ok(data(image))
}

/// `DELETE v1/images/<reference>?arch=`: the image goes with all its tags. Clients demand 200.
pub(super) async fn delete(request: Request) -> Result<Response> {
    let caller = auth::caller(&request).await?;
    let (path, reference) = named(&caller, &request)?;
    let arch = arch(&request)?;
    let found = image::find_here(&caller, &path, &reference, arch.as_deref()).await?;
    image::delete(&caller, found.id, "").await?;
    Ok(data(()))
}
