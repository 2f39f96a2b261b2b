//! Paths below `/v2/`, and what answers there. They are read from the end, for a name may have any number of parts.
use futures::future::BoxFuture;
use poem::{Response, http::Method};

use super::{
    TABLE,
    call::{Call, Inflow},
    error::Result,
};
use crate::{auth::Wanted, error::Error};

/// What a path names, and so what can be asked there (distribution-spec, "Endpoints").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// end-1: whether this is such a registry, and the caller signed in.
    Base,
    /// The containers.
    Catalog,
    /// end-8: the tags of a container.
    Tags,
    /// end-12: the manifests that refer to another.
    Referrers,
    /// end-3, end-7 and end-9: a manifest, by tag or digest.
    Manifest,
    /// end-2 and end-10: a blob.
    Blob,
    /// end-4 and end-11: where uploads begin.
    Uploads,
    /// end-5, end-6, end-13 and end-14: an upload.
    Upload,
    /// Nothing that the specification knows.
    Nowhere,
}

impl Endpoint {
    /// The path, for people.
    pub(super) const fn pattern(self) -> &'static str {
        match self {
            Self::Base => "/v2/",
            Self::Catalog => "/v2/_catalog",
            Self::Tags => "/v2/<name>/tags/list",
            Self::Referrers => "/v2/<name>/referrers/<digest>",
            Self::Manifest => "/v2/<name>/manifests/<reference>",
            Self::Blob => "/v2/<name>/blobs/<digest>",
            Self::Uploads => "/v2/<name>/blobs/uploads/",
            Self::Upload => "/v2/<name>/blobs/uploads/<upload>",
            Self::Nowhere => "",
        }
    }
}

/// What a request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// What is asked.
    pub(super) endpoint: Endpoint,
    /// The name of the container as the client writes it; empty where there is none.
    pub(super) name: String,
    /// The tag, digest or upload behind it; empty where there is none.
    pub(super) reference: String,
}

impl Target {
    /// Reads a path.
    pub(super) fn parse(path: &str) -> Self {
        let parts: Vec<&str> = path.split('/').skip(2).collect();
        let (endpoint, name, reference): (_, &[&str], _) = match parts[..] {
            [] | [""] => (Endpoint::Base, &[], ""),
            ["_catalog"] => (Endpoint::Catalog, &[], ""),
            [ref name @ .., "tags", "list"] => (Endpoint::Tags, name, ""),
            [ref name @ .., "referrers", digest] => (Endpoint::Referrers, name, digest),
            [ref name @ .., "manifests", reference] => (Endpoint::Manifest, name, reference),
            [ref name @ .., "blobs", "uploads"] | [ref name @ .., "blobs", "uploads", ""] => {
                (Endpoint::Uploads, name, "")
            }
            [ref name @ .., "blobs", "uploads", upload] => (Endpoint::Upload, name, upload),
            [ref name @ .., "blobs", digest] => (Endpoint::Blob, name, digest),
            _ => (Endpoint::Nowhere, &[], ""),
        };
        Self {
            endpoint,
            name: name.join("/"),
            // Some clients write the colon of a digest as scripts do.
            reference: reference.replace("%3A", ":").replace("%3a", ":"),
        }
    }

    /// What whoever asks for this with `method` must be granted.
    pub(super) fn wanted(&self, method: &Method) -> Wanted<'_> {
        match self.endpoint {
            Endpoint::Base | Endpoint::Nowhere => Wanted::Entry,
            Endpoint::Catalog => Wanted::Catalog,
            Endpoint::Uploads | Endpoint::Upload => Wanted::Push(&self.name),
            _ if *method == Method::DELETE => Wanted::Delete(&self.name),
            _ if method.is_safe() => Wanted::Pull(&self.name),
            _ => Wanted::Push(&self.name),
        }
    }

    /// What a token should be good for that whoever asks for this with `method` may fetch. Who pushes looks first what is
    /// there, and some clients never fetch a second token; nobody is granted more than they may.
    pub(super) fn token(&self, method: &Method) -> Wanted<'_> {
        match self.wanted(method) {
            Wanted::Pull(name) => Wanted::Push(name),
            other => other,
        }
    }
}

/// Answers one kind of request.
pub(super) type Handler = for<'a> fn(Call<'a>, &'a mut Inflow) -> BoxFuture<'a, Result<Response>>;
/// Method, place, and what answers there.
pub(super) type Row = (&'static str, Endpoint, Handler);

/// The methods and paths of a table.
pub(super) const fn names<const N: usize>(table: &[Row]) -> [(&'static str, &'static str); N] {
    let mut names = [("", ""); N];
    let mut index = 0;
    while index < N {
        names[index] = (table[index].0, table[index].1.pattern());
        index += 1;
    }
    names
}

/// What answers `method`. `HEAD` is answered as `GET` where the table does not say otherwise.
///
/// # Errors
/// [`Error::NotFound`] for an address that is none; [`Error::Unsupported`] for a method that it has not.
pub(super) fn find(table: &[Row], method: &Method, endpoint: Endpoint) -> Result<Handler> {
    let find = |method: &str| {
        let row = table
            .iter()
            .find(|row| row.1 == endpoint && row.0 == method);
        row.map(|row| row.2)
    };
    let found = match *method {
        Method::HEAD => find("HEAD").or_else(|| find("GET")),
        _ => find(method.as_str()),
    };
    found.ok_or_else(|| match endpoint {
        Endpoint::Nowhere => Error::NotFound("address").into(),
        _ => {
            let allowed = allowed(endpoint);
            Error::Unsupported(format!("{method} is not possible here; use {allowed}")).into()
        }
    })
}

/// The methods of an endpoint, as RFC 9110, 10.2.1 writes them.
pub(super) fn allowed(endpoint: Endpoint) -> String {
    let rows = TABLE.iter().filter(|row| row.1 == endpoint);
    let methods: Vec<_> = rows.map(|row| row.0).collect();
    methods.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(path: &str, endpoint: Endpoint, name: &str, reference: &str) {
        let target = Target::parse(path);
        let found = (target.endpoint, &*target.name, &*target.reference);
        assert_eq!(found, (endpoint, name, reference), "{path}");
    }

    #[test]
    fn a_path_is_read_from_its_end() {
        is("/v2", Endpoint::Base, "", "");
        is("/v2/", Endpoint::Base, "", "");
        is("/v2/_catalog", Endpoint::Catalog, "", "");
        is("/v2/a/tags/list", Endpoint::Tags, "a", "");
        is("/v2/a/b/c/tags/list", Endpoint::Tags, "a/b/c", "");
        is("/v2/a/b/manifests/1.0", Endpoint::Manifest, "a/b", "1.0");
        is("/v2/a/referrers/d:1", Endpoint::Referrers, "a", "d:1");
        is("/v2/a/b/c/d/blobs/d:1", Endpoint::Blob, "a/b/c/d", "d:1");
        is("/v2/a/blobs/uploads/", Endpoint::Uploads, "a", "");
        is("/v2/a/blobs/uploads", Endpoint::Uploads, "a", "");
        is("/v2/a/blobs/uploads/1", Endpoint::Upload, "a", "1");
    }

    #[test]
    fn words_of_the_protocol_may_be_parts_of_names() {
        is("/v2/blobs/blobs/d:1", Endpoint::Blob, "blobs", "d:1");
        is("/v2/manifests/tags/list", Endpoint::Tags, "manifests", "");
        is(
            "/v2/a/manifests/manifests/b",
            Endpoint::Manifest,
            "a/manifests",
            "b",
        );
    }

    #[test]
    fn a_digest_may_be_written_as_scripts_do() {
        is("/v2/a/blobs/d%3A1", Endpoint::Blob, "a", "d:1");
    }

    #[test]
    fn anything_else_is_nowhere() {
        for path in [
            "/v2/a",
            "/v2/a/b",
            "/v2/a/tags",
            "/v2/a/blobs/uploads/1/2",
            "/v2/a/manifests/b/c",
        ] {
            is(path, Endpoint::Nowhere, "", "");
        }
    }
}
