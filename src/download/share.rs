//! An image for whoever has a link to it.
use poem::{
    Request, Response,
    http::{HeaderValue, header},
};

use super::{address::Address, error::Result, file::checksum};
use crate::{
    auth,
    protocol::download::Content,
    registry::{
        Caller, image,
        share::{self, Shared},
    },
};

/// `GET /share/<secret>/<file name>`. The name is for those who save the file under it; the secret alone counts.
pub(super) async fn get(request: Request) -> Result<Response> {
    let caller = auth::caller(&request).await?;
    let secret = request.raw_path_param("secret").unwrap_or_default();
    let shared = share::find(&caller, secret).await?;
    let response = bytes(&request, &caller, &shared).await?;
    Ok(hidden(response, &shared.file_name))
}

/// `GET /sif/…` with the secret of a link to that image: in the address, where a tool takes nothing but one, or in place of a
/// token.
pub(super) async fn get_at(request: &Request, address: &Address, secret: &str) -> Result<Response> {
    let caller = auth::anonymous(request);
    let shared = address.find_shared(&caller, secret).await?;
    let name = address.file_name(shared.image());
    if address.checksum {
        let line = checksum(shared.image(), &name)?;
        return Ok(hidden(line, &format!("{name}.sha256")));
    }
    let response = bytes(request, &caller, &shared).await?;
    Ok(hidden(response, &name))
}

async fn bytes(request: &Request, caller: &Caller, shared: &Shared) -> Result<Response> {
    let content = Content {
        digest: &shared.image().digest,
        size: image::size(shared.image())?,
    };
    let read = async |range| share::read(caller, shared, range).await;
    Ok(content.answer(request, read).await?)
}

/// An answer to whoever knows the secret, as a file of that name.
fn hidden(mut response: Response, name: &str) -> Response {
    let headers = response.headers_mut();
    // The address is a secret: no cache and no other page may learn it, and no search engine list it.
    for (name, value) in [
        (header::CACHE_CONTROL, "private, no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("x-robots-tag", HeaderValue::from_static("noindex"));
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{name}\""));
    headers.extend(disposition.map(|value| (header::CONTENT_DISPOSITION, value)));
    response
}
