//! Images brought to another container without sending their bytes again.
use entity::{id::ContainerId, image};
use serde_json::json;

use super::{Image, adopt, insert};
use crate::{
    access::{Pull, open},
    error::{Error, Result},
    event::Event,
    registry::{
        Caller, ImageId, container as containers, manifest,
        path::{ContainerPath, TagName},
        tag::{self, Watch},
    },
};

/// Where an image goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A container that is there.
    Id(ContainerId),
    /// The container at a path, made if it is not there, as pushes do.
    Path(ContainerPath),
}

/// Copies an image to a container, with these tags and no others. The copy has the bytes of the first, and everything that is
/// read out of them; nothing is sent or stored anew.
///
/// # Errors
/// [`Error::NotFound`] for an image that the caller may not see; [`Error::Conflict`] when it is not uploaded, a tag is
/// immutable or the container frozen; those of [`containers::create`] for the target.
pub async fn promote(
    caller: &Caller,
    id: ImageId,
    to: &Destination,
    names: &[TagName],
) -> Result<Image> {
    tag::check_number(names)?;
    let source = uploaded(open::<Pull, image::Entity>(caller.db(), caller.actor(), id).await?)?;
    let to = match to {
        Destination::Id(id) => *id,
        Destination::Path(path) => containers::reach(caller, path).await?.id,
    };
    manifest::ensure_config(caller).await?;
    caller
        .change(async |tx| {
            let container = super::admit(tx, to).await?;
            let watch = Watch::begin(tx, &container, names.iter().map(TagName::as_str)).await?;
            let image = insert(tx, &container, &source.digest.parse()?, source.description.clone()).await?;
            let image = match image.blob {
                Some(_) => image,
                None => adopt(tx, image).await?,
            };
            uploaded(image.clone().for_pull())?;
            tag::point_all(tx, &container, &image, (names, None)).await?;
            watch.end(tx, &container).await?;
            let path = containers::path(tx, &container).await?;
            let tags: Vec<_> = names.iter().map(TagName::as_str).collect();
            let details = json!({"digest": image.digest, "size": image.size, "from": source.id.to_string(), "tags": tags});
            Ok(Event::new("image.promote", path, image.id)
                .details(details)
                .with(image.for_pull()))
        })
        .await
}

/// # Errors
/// [`Error::Conflict`] for an image without bytes.
fn uploaded(image: Image) -> Result<Image> {
    match image.blob {
        Some(_) => Ok(image),
        None => Err(Error::Conflict(
            "the image is not uploaded yet, or was removed meanwhile; push it first".into(),
        )),
    }
}
