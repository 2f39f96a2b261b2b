//! An image for whoever has a link to it.
use poem::{
    Request, Response,
    http::{HeaderValue, header},
};

use super::error::Result;
use crate::{
    auth,
    protocol::download::Content,
    registry::{image, share},
};

/// `GET /share/<secret>/<file name>`. The name is for those who save the file under it; the secret alone counts.
pub(super) async fn get(request: Request) -> Result<Response> {
    let caller = auth::caller(&request).await?;
    let secret = request.raw_path_param("secret").unwrap_or_default();
    let shared = share::find(&caller, secret).await?;
    let content = Content {
        digest: &shared.image().digest,
        size: image::size(shared.image())?,
    };
    let mut response = content
        .answer(&request, async |range| {
            share::read(&caller, &shared, range).await
        })
        .await?;
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
    let disposition = format!("attachment; filename=\"{}\"", shared.file_name);
    let disposition = HeaderValue::try_from(disposition);
    headers.extend(disposition.map(|value| (header::CONTENT_DISPOSITION, value)));
    Ok(response)
}
