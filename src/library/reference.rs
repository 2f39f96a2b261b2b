//! Hashes of images, as clients write them.
use crate::{
    error::{Error, Result},
    registry::{Algorithm, Digest},
};

/// Parses the hash of an image, `sha256.<hex>`.
///
/// # Errors
/// [`Error::Invalid`] for anything else, such as the hashes of images made before SIF.
pub(super) fn hash(text: &str) -> Result<Digest> {
    let digest = text.replacen('.', ":", 1).parse().ok();
    let sha256 = digest.filter(|digest: &Digest| digest.kind() == Algorithm::Sha256);
    sha256.ok_or_else(|| {
        let why =
            format!("{text:?} is no hash of an image; send sha256.<64 lower-case hex digits>");
        Error::invalid("hash", why)
    })
}
