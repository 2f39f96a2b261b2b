//! The names of things, parsed at the edge and trusted after.
mod reference;
#[cfg(test)]
mod tests;

use std::{fmt, str::FromStr};

use crate::{
    config,
    error::{Error, Result},
    storage::Digest,
};

pub use reference::parse;

/// The longest name of a namespace, collection or container, in bytes.
pub const NAME_MAX: usize = 128;
/// The longest name of a tag, in bytes (OCI distribution-spec 1.1, pulling manifests).
pub const TAG_MAX: usize = 128;

/// Names that stand for something else in URLs below `/v2/`.
const RESERVED: [&str; 3] = ["imagefile", "tags", "uploads"];

/// The name of a namespace, collection or container: `[a-z0-9]+([._-][a-z0-9]+)*`, which is what clients can push.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(String);

impl Name {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let word = |word: &str| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|c| c.is_ascii_digit() || c.is_ascii_lowercase())
        };
        if text.len() > NAME_MAX {
            return Err(Error::invalid(
                "name",
                format!("{} bytes are more than the {NAME_MAX} allowed", text.len()),
            ));
        }
        if !text.split(['.', '_', '-']).all(word) {
            let why = "lower-case letters and digits, joined by single '.', '_' or '-'";
            return Err(Error::invalid(
                "name",
                format!("{text:?} is not allowed; use {why}"),
            ));
        }
        if RESERVED.contains(&text) {
            return Err(Error::invalid(
                "name",
                format!("{text:?} is reserved; choose another"),
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a tag: `[A-Za-z0-9_][A-Za-z0-9._-]{0,127}`, and not something that means a digest.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TagName(String);

impl TagName {
    /// What is pulled when no tag is named.
    pub fn latest() -> Self {
        Self("latest".into())
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TagName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let inner = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'.' | b'-');
        let first = |c: &u8| c.is_ascii_alphanumeric() || *c == b'_';
        if text.len() > TAG_MAX {
            return Err(Error::invalid(
                "tag",
                format!("{} bytes are more than the {TAG_MAX} allowed", text.len()),
            ));
        }
        if !text.bytes().all(inner) || !text.as_bytes().first().is_some_and(first) {
            let why = "letters, digits, '_', '.' and '-', not starting with '.' or '-'";
            return Err(Error::invalid(
                "tag",
                format!("{text:?} is not allowed; use {why}"),
            ));
        }
        if digest_in(text).is_some() {
            return Err(Error::invalid(
                "tag",
                format!("{text:?} would hide the image of that digest; choose another"),
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for TagName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `namespace/collection/container`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ContainerPath {
    /// The first part.
    pub namespace: Name,
    /// The second part.
    pub collection: Name,
    /// The third part.
    pub container: Name,
}

impl ContainerPath {
    /// Parses a path of one to three parts; the site's defaults fill in what is left out at the front.
    ///
    /// # Errors
    /// [`Error::Invalid`] for more parts or a part outside the grammar.
    pub fn parse(text: &str, defaults: &config::Registry) -> Result<Self> {
        let parts: Vec<&str> = text.split('/').collect();
        let (namespace, collection, container) = match parts[..] {
            [container] => (
                &*defaults.default_namespace,
                &*defaults.default_collection,
                container,
            ),
            [collection, container] => (&*defaults.default_namespace, collection, container),
            [namespace, collection, container] => (namespace, collection, container),
            _ => {
                let why =
                    format!("{text:?} has too many parts; use namespace/collection/container");
                return Err(Error::invalid("path", why));
            }
        };
        Ok(Self {
            namespace: namespace.parse()?,
            collection: collection.parse()?,
            container: container.parse()?,
        })
    }
}

impl fmt::Display for ContainerPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{}/{}",
            self.namespace, self.collection, self.container
        )
    }
}

/// Which image of a container.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reference {
    /// The image that a tag points at.
    Tag(TagName),
    /// The image of that digest.
    Digest(Digest),
}

impl FromStr for Reference {
    type Err = Error;

    /// Takes a tag, `sha256.<hex>` as the library protocol writes it, or `sha256:<hex>` as everybody else does.
    fn from_str(text: &str) -> Result<Self> {
        match digest_in(text) {
            Some(digest) => Ok(Self::Digest(digest)),
            None => Ok(Self::Tag(text.parse()?)),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => tag.fmt(f),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

/// The digest that `text` stands for, if it looks like one.
fn digest_in(text: &str) -> Option<Digest> {
    let (algorithm, hex) = text.split_once(['.', ':'])?;
    format!("{algorithm}:{hex}").parse().ok()
}

/// The longest description, in bytes.
pub const DESCRIPTION_MAX: usize = 64 * 1024;

/// Checks a description.
pub(in crate::registry) fn description(text: String) -> Result<String> {
    plain("description", &text, DESCRIPTION_MAX)?;
    Ok(text)
}

/// Checks that a text is no longer than `max` bytes and has no NUL, which PostgreSQL does not take.
///
/// # Errors
/// [`Error::Invalid`], naming `what`.
pub(in crate::registry) fn plain(what: &str, text: &str, max: usize) -> Result<()> {
    if text.len() > max {
        let why = format!("{} bytes are more than the {max} allowed", text.len());
        return Err(Error::invalid(what, why));
    }
    if text.contains('\0') {
        return Err(Error::invalid(what, "it has a NUL; send text without"));
    }
    Ok(())
}
