//! What an address of this room means.
use poem::Request;
use serde::Deserialize;

use crate::{
    error::{Error, Result},
    registry::{
        Caller, Door, container,
        download::{self, Via},
        image::{self, Image},
        path::{self, ContainerPath, Reference},
        share::{self, Shared},
    },
};

/// What an address ends in that means the checksum of an image.
///
/// It always does, whatever tags there are: were a tag `1.0.sha256` looked for first, whoever made one would decide what
/// the checksum of `1.0` says. Such a tag's image is there by its digest.
const CHECKSUM: &str = ".sha256";

/// An address, parsed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// The container that is named.
    pub(super) container: ContainerPath,
    /// Which of its images.
    pub(super) reference: Reference,
    /// The architecture, if the address tells.
    pub(super) arch: Option<String>,
    /// Whether it means the checksum of the image, not the image.
    pub(super) checksum: bool,
    /// The secret of a share link, if the address has one.
    pub(super) secret: Option<String>,
    /// Who sent the client here.
    via: Option<String>,
    /// The tag by which the image was asked for there.
    tag: Option<String>,
}

#[derive(Deserialize)]
struct Query {
    arch: Option<String>,
    token: Option<String>,
    via: Option<String>,
    tag: Option<String>,
}

impl Address {
    /// Reads it off a request.
    ///
    /// # Errors
    /// [`Error::Invalid`] for what is outside the grammar.
    pub(super) fn of(request: &Request, caller: &Caller) -> Result<Self> {
        let query: Query = request
            .params()
            .map_err(|error| Error::invalid("query", error.to_string()))?;
        let parts = ["namespace", "collection", "container"]
            .map(|part| request.raw_path_param(part).unwrap_or_default());
        let text = parts.join("/");
        let image = text.strip_suffix(CHECKSUM);
        let (container, reference) =
            path::parse(image.unwrap_or(&text), &caller.config().registry)?;
        Ok(Self {
            container,
            reference,
            arch: query.arch.filter(|arch| !arch.is_empty()),
            checksum: image.is_some(),
            secret: query.token,
            via: query.via,
            tag: query.tag,
        })
    }

    /// What a share link opens here.
    ///
    /// # Errors
    /// Those of [`share::find_at`].
    pub(super) async fn find_shared(&self, caller: &Caller, secret: &str) -> Result<Shared> {
        let arch = self.arch.as_deref();
        share::find_at(caller, secret, (&self.container, &self.reference, arch)).await
    }

    /// The image.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none, or none that the caller may see. Whoever shows nothing is asked who they
    /// are, unless the container is open to anybody: so what is hidden looks like what is missing.
    pub(super) async fn find(&self, caller: &Caller) -> Result<Image> {
        let arch = self.arch.as_deref();
        match image::find(caller, &self.container, &self.reference, arch).await {
            Err(Error::NotFound(_)) if caller.account().is_err() => {
                container::find(caller, &self.container)
                    .await
                    .map_err(ask)?;
                Err(Error::NotFound("image"))
            }
            found => found,
        }
    }

    /// How the image is pulled, for the count of downloads: `?via=shub&tag=` is what `shub://` adds to the addresses that
    /// it gives.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) async fn via(&self, caller: &Caller, image: &Image) -> Result<Via> {
        if self.via.as_deref() == Some("shub") {
            let tag = download::claimed(caller, image, self.tag.clone()).await?;
            let door = Door::Shub;
            return Ok(Via { door, tag });
        }
        let tag = match &self.reference {
            Reference::Tag(tag) => Some(tag.clone()),
            Reference::Digest(_) => None,
        };
        let door = Door::File;
        Ok(Via { door, tag })
    }

    /// What the image is called as a file: `<container>_<tag>_<arch>.sif`, or `<container>_sha256.<hex>.sif`. The
    /// grammar of names leaves nothing in it that a header or a shell would take for something else.
    pub(super) fn file_name(&self, image: &Image) -> String {
        let container = &self.container.container;
        match (&self.reference, &image.arch) {
            (Reference::Digest(digest), _) => format!("{container}_sha256.{}.sif", digest.hex()),
            (Reference::Tag(tag), Some(arch)) => format!("{container}_{tag}_{arch}.sif"),
            (Reference::Tag(tag), None) => format!("{container}_{tag}.sif"),
        }
    }
}

fn ask(error: Error) -> Error {
    match error {
        Error::NotFound(_) => Error::Unauthenticated(
            "there is no such image, or it is not public; send a token as the password".into(),
        ),
        other => other,
    }
}
