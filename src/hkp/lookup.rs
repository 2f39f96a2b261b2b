//! Keys, looked up.
use std::fmt::Write;

use poem::{Request, Response};
use serde::Deserialize;

use super::error::{Error, Result};
use crate::{
    auth,
    error::Error as Fault,
    registry::{
        Caller,
        key::{self, IndexEntry, KeyQuery},
    },
};

/// Section 3.1. `exact` and `fingerprint` are taken for granted: ids are always compared whole, and fingerprints
/// always shown.
#[derive(Deserialize)]
struct Query {
    op: Option<String>,
    search: Option<String>,
    #[serde(default)]
    options: String,
}

/// `GET /pks/lookup`.
pub(super) async fn lookup(request: Request) -> Result<Response> {
    let caller = auth::caller(&request).await?;
    let query: Query = request
        .params()
        .map_err(|error| Fault::invalid("query", error.to_string()))?;
    let machine = query.options.split(',').any(|option| option == "mr");
    let wanted = || search(&query);
    match query.op.as_deref() {
        Some("get") => get(&caller, &wanted()?).await,
        Some("index" | "vindex") if machine => index(&caller, &wanted()?).await,
        Some("index" | "vindex") => list(&caller, &wanted()?).await,
        Some(other) => Err(Error::NotImplemented(other.to_owned())),
        None => Err(Fault::invalid("op", "it is missing; use get, index or vindex").into()),
    }
}

fn search(query: &Query) -> Result<KeyQuery> {
    let text = query.search.as_deref().ok_or_else(|| {
        Fault::invalid(
            "search",
            "it is missing; send a fingerprint, a key id or a part of a name",
        )
    })?;
    Ok(text.parse()?)
}

/// The keys themselves, armored (section 3.1.2.1).
async fn get(caller: &Caller, query: &KeyQuery) -> Result<Response> {
    let keys = key::get(caller, query).await?;
    Ok(Response::builder()
        .content_type("application/pgp-keys")
        .body(keys.concat()))
}

/// The index that programs read (section 5.2).
async fn index(caller: &Caller, query: &KeyQuery) -> Result<Response> {
    Ok(text(key::machine_index(caller, query).await?))
}

/// The index that people read.
async fn list(caller: &Caller, query: &KeyQuery) -> Result<Response> {
    let entries = key::entries(caller, query).await?;
    Ok(text(
        entries.iter().map(paragraph).collect::<Vec<_>>().join("\n"),
    ))
}

fn paragraph(key: &IndexEntry) -> String {
    let revoked = if key.revoked { ", revoked" } else { "" };
    let made = key.created.format("%F");
    let mut lines = format!(
        "{}\n  made {made}, {} bits{revoked}\n",
        key.fingerprint, key.bits
    );
    for name in &key.user_ids {
        let revoked = if name.revoked { " (revoked)" } else { "" };
        let plain = name.text.replace(char::is_control, "\u{fffd}");
        writeln!(lines, "  {plain}{revoked}").expect("text takes text");
    }
    lines
}

fn text(body: String) -> Response {
    Response::builder()
        .content_type("text/plain; charset=utf-8")
        .body(body)
}
