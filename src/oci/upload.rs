//! Blobs, on their way up: in one request, in one stream, or in chunks (distribution-spec, "Pushing Blobs").
use poem::{
    Response,
    http::{HeaderName, StatusCode, header},
};

use super::{
    blob::CONTENT_DIGEST,
    call::{Call, Inflow},
    error::{Error as Failure, Result},
};
use crate::{
    auth::{self, Wanted},
    error::Error,
    protocol::range,
    registry::{
        Digest,
        blob::{self, Source, Stored},
        blob_upload::{self, BlobUpload, Chunk},
    },
};

const UPLOAD_ID: HeaderName = HeaderName::from_static("docker-upload-uuid");
const CHUNK_MIN_LENGTH: HeaderName = HeaderName::from_static("oci-chunk-min-length");
/// What clients are asked to send at least, in bytes: each chunk costs a request and a transaction.
const CHUNK_MIN: u64 = 1 << 20;

/// `POST /v2/<name>/blobs/uploads/`: begins an upload. With `?mount=` nothing need be sent where the caller may see those
/// bytes already; with `?digest=` the bytes come at once.
pub(super) async fn start(call: Call<'_>, body: &mut Inflow) -> Result<Response> {
    if let Some(stored) = mounted(&call).await? {
        return Ok(created(&call.target.name, &stored));
    }
    check_algorithm(&call)?;
    let digest = digest(&call)?;
    let begun = blob_upload::start(call.caller, &call.path()?).await?;
    match digest {
        Some(digest) => complete(call, body, begun, &digest).await,
        None => Ok(progress(StatusCode::ACCEPTED, &call.target.name, &begun)),
    }
}

/// The blob of `?mount=`, linked from the container of `?from=`, or from any. Where that cannot be, an upload begins.
async fn mounted(call: &Call<'_>) -> Result<Option<Stored>> {
    let Some(digest) = call.param("mount") else {
        return Ok(None);
    };
    let name = call.param("from").filter(|from| !from.is_empty());
    let from = match name.as_deref().map(|name| call.container(name)) {
        None => None,
        Some(Ok(from)) => Some(from),
        Some(Err(_)) => return Ok(None),
    };
    let source = Source {
        from: from.as_ref(),
        open: is_for_others(call, name.as_deref()).await?,
    };
    Ok(blob::mount(call.caller, &call.path()?, &digest.parse()?, source).await?)
}

/// Whether what is shown is a registry token that names other repositories than the one to mount from.
async fn is_for_others(call: &Call<'_>, from: Option<&str>) -> Result<bool> {
    let (true, Some(from)) = (auth::names_repositories(call.request), from) else {
        return Ok(auth::names_repositories(call.request));
    };
    match auth::registry_caller(call.request, Wanted::Pull(from)).await {
        Ok(_) => Ok(false),
        Err(Error::Unauthenticated(_)) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// `?digest-algorithm=` announces the algorithm of the digest to come. All that are taken are known beforehand.
fn check_algorithm(call: &Call<'_>) -> Result<()> {
    match call.param("digest-algorithm").as_deref() {
        None | Some("sha256" | "sha512") => Ok(()),
        Some(other) => {
            let why = format!("{other:?} is not known here; use sha256 or sha512");
            Err(Error::invalid("digest", why).into())
        }
    }
}

fn digest(call: &Call<'_>) -> Result<Option<Digest>> {
    let digest = call.param("digest").map(|text| text.parse());
    Ok(digest.transpose()?)
}

/// `GET /v2/<name>/blobs/uploads/<upload>`: how much has arrived.
pub(super) async fn status(call: Call<'_>) -> Result<Response> {
    let found = find(&call).await?;
    Ok(progress(StatusCode::NO_CONTENT, &call.target.name, &found))
}

/// `PATCH /v2/<name>/blobs/uploads/<upload>`: the next bytes.
pub(super) async fn append(call: Call<'_>, body: &mut Inflow) -> Result<Response> {
    let found = find(&call).await?;
    let (caller, name) = (call.caller, &call.target.name);
    let chunk = chunk(&call, body, &found, None)?;
    let grown = blob_upload::append(caller, found, chunk).await?;
    Ok(progress(StatusCode::ACCEPTED, name, &grown))
}

/// `PUT /v2/<name>/blobs/uploads/<upload>?digest=`: the last bytes, if any are left, and the end.
pub(super) async fn finish(call: Call<'_>, body: &mut Inflow) -> Result<Response> {
    let missing = "it is missing; send ?digest= with the digest of all bytes";
    let digest = digest(&call)?.ok_or_else(|| Error::invalid("digest", missing))?;
    match find(&call).await {
        // The client may not have heard that it is over.
        Err(Failure::Registry(Error::NotFound("upload"))) => {
            let stored = blob_upload::finished(call.caller, &call.path()?, &digest).await?;
            Ok(created(&call.target.name, &stored))
        }
        found => complete(call, body, found?, &digest).await,
    }
}

/// `DELETE /v2/<name>/blobs/uploads/<upload>`: forgets what has arrived.
pub(super) async fn cancel(call: Call<'_>) -> Result<Response> {
    let found = find(&call).await?;
    blob_upload::cancel(call.caller, found).await?;
    Ok(StatusCode::NO_CONTENT.into())
}

/// The upload in the path. What is no id, no upload has.
async fn find(call: &Call<'_>) -> Result<BlobUpload> {
    let id = call.target.reference.parse();
    let id = id.map_err(|_| Error::NotFound("upload"))?;
    Ok(blob_upload::find(call.caller, &call.path()?, id).await?)
}

async fn complete(
    call: Call<'_>,
    body: &mut Inflow,
    upload: BlobUpload,
    digest: &Digest,
) -> Result<Response> {
    let last = chunk(&call, body, &upload, Some(*digest))?;
    let is_empty = last.start.is_none() && last.length == Some(0);
    let last = (!is_empty).then_some(last);
    let stored = blob_upload::finish(call.caller, upload, last, digest).await?;
    Ok(created(&call.target.name, &stored))
}

/// The body, and where it belongs. Clients that stream do not say.
fn chunk<'a>(
    call: &Call<'_>,
    body: &'a mut Inflow,
    upload: &BlobUpload,
    digest: Option<Digest>,
) -> Result<Chunk<&'a mut Inflow>> {
    let length = call.length();
    let Some(range) = call.header(header::CONTENT_RANGE) else {
        return Ok(Chunk {
            start: None,
            length,
            digest,
            body,
        });
    };
    let range = range::content(range).ok_or(Error::OutOfOrder {
        received: upload.received(),
    })?;
    let ranged = range.end - range.start;
    if length.is_some_and(|length| length != ranged) {
        let why = format!(
            "Content-Range has {ranged} bytes and Content-Length another number; send the same"
        );
        return Err(Error::invalid("size", why).into());
    }
    Ok(Chunk {
        start: Some(range.start),
        length: Some(ranged),
        digest,
        body,
    })
}

/// How much has arrived, and where the rest goes. The address never changes, and says nothing that must be kept.
fn progress(status: StatusCode, name: &str, upload: &BlobUpload) -> Response {
    let id = upload.id();
    let last = upload.received().saturating_sub(1);
    Response::builder()
        .status(status)
        .header(header::LOCATION, format!("/v2/{name}/blobs/uploads/{id}"))
        .header(header::RANGE, format!("0-{last}"))
        .header(UPLOAD_ID, id.to_string())
        .header(CHUNK_MIN_LENGTH, CHUNK_MIN)
        .finish()
}

fn created(name: &str, stored: &Stored) -> Response {
    let digest = stored.digest.to_string();
    Response::builder()
        .status(StatusCode::CREATED)
        .header(header::LOCATION, format!("/v2/{name}/blobs/{digest}"))
        .header(CONTENT_DIGEST, digest)
        .finish()
}
