//! What the protocol calls a manifest: where an image is, and what it is called.
use poem::{Request, Response, http::header};
use serde::{Deserialize, Serialize};

use super::error::Result;
use crate::{
    auth,
    error::Error,
    protocol::{RequestContext, download},
    registry::{
        Caller,
        image::{self, Image},
        path::{self, ContainerPath, Reference, TagName},
    },
};

/// How many digits of a digest clients take for a version: as many as git has in a commit.
const VERSION: usize = 40;

#[derive(Deserialize)]
struct Query {
    arch: Option<String>,
}

/// The answer. Clients fail when a field is missing, and keep images in their cache by `commit`.
#[derive(Serialize)]
struct Manifest<'a> {
    image: String,
    collection: &'a str,
    name: &'a str,
    tag: &'a str,
    version: &'a str,
    commit: &'a str,
}

/// `GET [/<namespace>]/api/container/<collection>/<name>[:<tag>][@<version>]`. Clients do not tell their architecture;
/// others may, by `?arch=`.
pub(super) async fn get(request: Request) -> Result<Response> {
    let caller = auth::caller(&request).await?;
    let (name, version) = named(&request);
    let (container, reference) = path::parse(&name, &caller.config().registry)?;
    let pinned = version.is_some();
    let image = match version {
        Some(version) => image::find_short(&caller, &container, &version).await?,
        None => by_tag(&request, &caller, &container, &reference).await?,
    };
    image::size(&image)?;
    let base_url = &RequestContext::of(&request).base_url;
    let url = download::url(base_url, &container, &image.digest);
    let url = match &reference {
        Reference::Tag(tag) if !pinned => format!("{url}?via=shub&tag={tag}"),
        _ => format!("{url}?via=shub"),
    };
    Ok(answer(&container, &reference, &image, url))
}

/// `[namespace/]collection/name[:tag]`, and the version.
fn named(request: &Request) -> (String, Option<String>) {
    let part = |name| request.raw_path_param(name).filter(|part| !part.is_empty());
    let parts: Vec<&str> = ["namespace", "collection", "name"]
        .into_iter()
        .filter_map(part)
        .collect();
    let text = parts.join("/");
    match text.split_once('@') {
        Some((name, version)) => {
            let digits = version.trim_start_matches("sha256");
            let digits = digits.trim_start_matches([':', '.']);
            (name.to_owned(), Some(digits.to_owned()))
        }
        None => (text, None),
    }
}

async fn by_tag(
    request: &Request,
    caller: &Caller,
    container: &ContainerPath,
    reference: &Reference,
) -> Result<Image> {
    let query: Query = request
        .params()
        .map_err(|error| Error::invalid("query", error.to_string()))?;
    let arch = query.arch.filter(|arch| !arch.is_empty());
    Ok(image::find(caller, container, reference, arch.as_deref()).await?)
}

fn answer(
    container: &ContainerPath,
    reference: &Reference,
    image: &Image,
    url: String,
) -> Response {
    let latest = TagName::latest();
    let tag = match reference {
        Reference::Tag(tag) => tag,
        Reference::Digest(_) => &latest,
    };
    let digits = image.digest.trim_start_matches("sha256:");
    let manifest = Manifest {
        image: url,
        collection: container.collection.as_str(),
        name: container.container.as_str(),
        tag: tag.as_str(),
        version: &image.digest,
        commit: digits.get(..VERSION).unwrap_or(digits),
    };
    let body = serde_json::to_vec(&manifest).expect("answers are plain data");
    Response::builder()
        .content_type("application/json")
        .header(header::CACHE_CONTROL, "no-cache")
        .body(body)
}
