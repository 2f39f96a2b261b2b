//! Operations that are known by the digest of their text: those that clients sent before, and those that are allowed.
use std::{
    collections::HashMap,
    fs, io,
    num::NonZeroUsize,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use async_graphql::{Request as Operation, ServerError, Value};
use lru::LruCache;
use serde::Deserialize;

use super::error::{NOT_LISTED, PERSISTED_QUERY_NOT_FOUND, coded};
use crate::{error::Error, registry::Digest};

/// The longest text that is remembered, in bytes.
const REMEMBERED_MAX: usize = 16 << 10;
/// The member of `extensions` with which clients name an operation.
const MEMBER: &str = "persistedQuery";

/// How clients name an operation by its digest, after Apollo's automatic persisted queries.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    version: u32,
    sha256_hash: String,
}

/// The texts that clients sent beside their digests: the latest, up to a number, in this process.
#[derive(Clone)]
pub(super) struct Remembered(Option<Arc<Mutex<Texts>>>);

/// By digest, in hexadecimal digits.
type Texts = LruCache<String, Arc<str>>;

impl Remembered {
    /// Remembers so many.
    pub(super) fn new(most: usize) -> Self {
        let texts = NonZeroUsize::new(most).map(LruCache::new);
        Self(texts.map(|texts| Arc::new(Mutex::new(texts))))
    }

    fn get(&self, digest: &str) -> Option<Arc<str>> {
        let texts = self.0.as_ref()?;
        let mut texts = texts.lock().unwrap_or_else(PoisonError::into_inner);
        texts.get(digest).cloned()
    }

    fn put(&self, digest: String, text: &str) {
        if let Some(texts) = self.0.as_ref().filter(|_| text.len() <= REMEMBERED_MAX) {
            let mut texts = texts.lock().unwrap_or_else(PoisonError::into_inner);
            texts.put(digest, text.into());
        }
    }
}

/// The operations that are allowed to all, by their digests; `None`: every operation is.
#[derive(Clone)]
pub(super) struct Listed(Option<Arc<HashMap<String, Arc<str>>>>);

impl Listed {
    /// Those of a folder of `.graphql` files or of a JSON file; when that cannot be read, none is allowed.
    pub(super) fn read(place: Option<&Path>) -> Self {
        let listed = place.map(|place| {
            let texts = read(place).unwrap_or_else(|fault| {
                let place = place.display();
                tracing::error!("no operation is allowed: graphql.operations {place}: {fault}");
                Vec::new()
            });
            // Compilers may or may not count the space around a text.
            let named = |text: String| {
                let text: Arc<str> = text.into();
                [digest(&text), digest(text.trim())].map(|digest| (digest, text.clone()))
            };
            Arc::new(texts.into_iter().flat_map(named).collect())
        });
        Self(listed)
    }

    fn text(&self, digest: &str) -> Option<Arc<str>> {
        self.0.as_ref()?.get(digest).cloned()
    }

    fn allows(&self, text: &str) -> bool {
        let listed = |listed: &Arc<HashMap<_, _>>| listed.contains_key(&digest(text.trim()));
        self.0.as_ref().is_none_or(listed)
    }
}

fn digest(text: &str) -> String {
    Digest::of(text.as_bytes()).hex().to_owned()
}

/// The texts in a folder or a manifest.
fn read(place: &Path) -> io::Result<Vec<String>> {
    if !fs::metadata(place)?.is_dir() {
        return manifest(&fs::read_to_string(place)?);
    }
    let mut texts = Vec::new();
    for entry in fs::read_dir(place)? {
        let path = entry?.path();
        if path.extension().is_some_and(|kind| kind == "graphql") {
            texts.push(fs::read_to_string(path)?);
        }
    }
    Ok(texts)
}

/// Texts by their digests, as Relay writes them, or a list of operations with bodies, as Apollo does.
fn manifest(text: &str) -> io::Result<Vec<String>> {
    #[derive(Deserialize)]
    struct Body {
        body: String,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Manifest {
        List { operations: Vec<Body> },
        Map(HashMap<String, String>),
    }
    Ok(match serde_json::from_str(text)? {
        Manifest::List { operations } => operations.into_iter().map(|one| one.body).collect(),
        Manifest::Map(texts) => texts.into_values().collect(),
    })
}

/// The operation with its text, if it names one by its digest. What came with text and digest is to be remembered, if it
/// proves to be good.
///
/// # Errors
/// `PERSISTED_QUERY_NOT_FOUND` for digests of unknown texts, at which clients send the text; `INVALID` for a digest that is
/// not that of the text.
pub(super) fn complete(
    mut operation: Operation,
    remembered: &Remembered,
    listed: &Listed,
) -> Result<(Operation, Option<Remember>), ServerError> {
    let Some(reference) = operation.extensions.remove(MEMBER) else {
        return Ok((operation, None));
    };
    let reference = parse(reference).filter(|reference| reference.version == 1);
    let Some(Reference { sha256_hash, .. }) = reference else {
        let words = "extensions.persistedQuery must hold version 1 and a sha256Hash";
        return Err(invalid(words));
    };
    if operation.query.is_empty() {
        let known = listed.text(&sha256_hash);
        let known = known.or_else(|| remembered.get(&sha256_hash));
        // The words that clients wait for.
        let text =
            known.ok_or_else(|| coded("PersistedQueryNotFound", PERSISTED_QUERY_NOT_FOUND))?;
        operation.query = text.to_string();
        return Ok((operation, None));
    }
    if Digest::of(operation.query.as_bytes()).hex() != sha256_hash {
        return Err(invalid("the sha256Hash is not that of the query"));
    }
    let remember = Remember {
        remembered: remembered.clone(),
        digest: sha256_hash,
        text: operation.query.clone(),
    };
    Ok((operation, Some(remember)))
}

fn parse(reference: Value) -> Option<Reference> {
    serde_json::from_value(reference.into_json().ok()?).ok()
}

fn invalid(words: &str) -> ServerError {
    let why = Error::invalid("extensions.persistedQuery", words);
    async_graphql::Error::from(why).into_server_error(async_graphql::Pos::default())
}

/// A text that is worth to be remembered.
pub(super) struct Remember {
    remembered: Remembered,
    digest: String,
    text: String,
}

impl Remember {
    pub(super) fn keep(self) {
        self.remembered.put(self.digest, &self.text);
    }
}

/// Refuses what is not listed.
pub(super) fn check_listed(operation: &Operation, listed: &Listed) -> Result<(), ServerError> {
    if listed.allows(&operation.query) {
        return Ok(());
    }
    let words = "this server answers only the operations that its administrators have listed";
    Err(coded(words, NOT_LISTED))
}
