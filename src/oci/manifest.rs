//! Manifests. Their bytes come back as they were sent, with the media type they were sent with.
use std::ops::Range;

use bytes::Bytes;
use poem::{
    Response,
    http::{HeaderName, Method, StatusCode, header},
};

use super::{
    blob::{CONTENT_DIGEST, etag},
    call::{Call, Inflow},
    error::{Error, Result},
};
use crate::{
    protocol::range::Wanted,
    registry::{
        Digest, about, download,
        manifest::{self, CONTENT_MAX, Manifest, NewManifest},
        path::{Reference, TagName},
    },
};

/// The longest warning, in characters; all of them together may have 4096 bytes, those of quoting included.
const WARNING_MAX: usize = 1500;
const SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
const TAG: HeaderName = HeaderName::from_static("oci-tag");
/// How many tags one manifest gets at once: as many as the specification demands.
const TAGS_MAX: usize = 10;

/// `GET` and `HEAD` `/v2/<name>/manifests/<reference>`. Clients say in `Accept` what they understand; there is one form of
/// a manifest, the one with its digest, so they get that.
pub(super) async fn get(call: Call<'_>) -> Result<Response> {
    let reference = call.reference()?;
    let found = manifest::find(call.caller, &call.path()?, &reference).await?;
    let digest = digest(&found, &reference)?;
    let size = u64::from(found.length.unsigned_abs());
    let etag = etag(&digest)?;
    let wanted = Wanted::of(call.request, &etag, size);
    let answer = wanted
        .answer(etag, size)
        .header(CONTENT_DIGEST, digest.to_string())
        .content_type(&found.media_type);
    let answer = match about::warning(call.caller, &found).await? {
        Some(words) => answer.header(header::WARNING, warning(&words)),
        None => answer,
    };
    let get = call.request.method() == Method::GET;
    Ok(match wanted.bytes(size).filter(|_| get) {
        Some(range) => {
            let tag = match reference {
                Reference::Tag(tag) => Some(tag),
                Reference::Digest(_) => None,
            };
            let content = download::read_manifest(call.caller, &found, tag).await?;
            answer.body(part(&content, range))
        }
        None => answer.finish(),
    })
}

/// A warning of the registry, for clients to show (distribution-spec, "Warnings"): in ASCII, within quotes, in one line.
fn warning(words: &str) -> String {
    let mut text = String::from("299 - \"");
    for c in words.chars().take(WARNING_MAX) {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            ' '..='~' => text.push(c),
            c if c.is_whitespace() => text.push(' '),
            _ => text.push('?'),
        }
    }
    text + "\""
}

fn part(content: &Bytes, range: Range<u64>) -> Bytes {
    let at = |place| usize::try_from(place).unwrap_or(content.len());
    content.slice(at(range.start)..at(range.end))
}

/// The digest that the client knows, or else the one the manifest is kept under.
fn digest(manifest: &Manifest, asked: &Reference) -> Result<Digest> {
    Ok(match asked {
        Reference::Digest(digest) => *digest,
        Reference::Tag(_) => manifest.digest.parse()?,
    })
}

/// `PUT /v2/<name>/manifests/<reference>`; with `?tag=`, as often as wanted, it gets those tags too.
pub(super) async fn put(call: Call<'_>, body: &mut Inflow) -> Result<Response> {
    let (path, reference, named) = (call.path()?, call.reference()?, named(&call)?);
    let content = call.content(body, "manifest", CONTENT_MAX).await?;
    let mut tags = named.clone();
    let asked = match &reference {
        Reference::Digest(digest) => Some(*digest),
        Reference::Tag(tag) => {
            tags.push(tag.clone());
            None
        }
    };
    let new = NewManifest {
        content,
        media_type: media_type(&call),
        digest: asked,
        tags,
    };
    let put = manifest::put(call.caller, &path, new).await?;
    created(&call.target.name, &put, &digest(&put, &reference)?, &named)
}

/// The tags in the query.
fn named(call: &Call<'_>) -> Result<Vec<TagName>> {
    let tags: Vec<String> = call.params("tag").collect();
    if tags.len() > TAGS_MAX {
        return Err(Error::TooManyTags {
            given: tags.len(),
            limit: TAGS_MAX,
        });
    }
    let tags = tags.iter().map(|tag| tag.parse());
    Ok(tags.collect::<std::result::Result<_, _>>()?)
}

/// The media type that the client says, without parameters.
fn media_type(call: &Call<'_>) -> Option<String> {
    let text = call.header(header::CONTENT_TYPE)?;
    let essence = text.split(';').next()?.trim();
    (!essence.is_empty()).then(|| essence.to_owned())
}

fn created(name: &str, manifest: &Manifest, digest: &Digest, tags: &[TagName]) -> Result<Response> {
    let answer = Response::builder()
        .status(StatusCode::CREATED)
        .header(header::LOCATION, format!("/v2/{name}/manifests/{digest}"))
        .header(CONTENT_DIGEST, digest.to_string());
    let answer = match &manifest.subject {
        Some(subject) => answer.header(SUBJECT, subject),
        None => answer,
    };
    let answer = tags
        .iter()
        .fold(answer, |answer, tag| answer.header(TAG, tag.as_str()));
    Ok(answer.finish())
}

/// `DELETE /v2/<name>/manifests/<reference>`: of a tag, the tag alone.
pub(super) async fn delete(call: Call<'_>) -> Result<Response> {
    manifest::delete(call.caller, &call.path()?, &call.reference()?).await?;
    Ok(StatusCode::ACCEPTED.into())
}
