//! This server as a subgraph of a larger graph, by Apollo Federation 2.
//!
//! Owns which objects others may refer to, and by what ([`KEYS`]); the text of the schema that routers compose; and how
//! this server looks as one of several sites ([`Site`]). References are resolved as anybody's questions are: through the
//! loaders, as the caller sees it.
mod reference;
mod sdl;
mod site;
mod view;

pub(super) use reference::{Entity, Representation, resolve};
pub(super) use sdl::sdl;
pub(super) use site::Site;
pub(super) use view::{hide, show};

/// The objects that other subgraphs may refer to, and the fields that name one.
const KEYS: &[(&str, &[&str])] = &[
    ("Collection", &["id"]),
    ("Container", &["id", "path"]),
    ("Image", &["id", "digest"]),
    ("Key", &["fingerprint"]),
    ("Namespace", &["id", "name"]),
    ("Team", &["id", "name"]),
    ("User", &["id", "name"]),
];

/// The object that means the same at every site: a file is the same wherever it lies.
const SHARED: &str = "Image";
/// What names it.
const SHARED_KEY: &str = "digest";
/// What of it was read from the file, and so is the same everywhere. All else is of the site that says it.
const OF_THE_FILE: &[&str] = &[
    "apps",
    "arch",
    "definition",
    "descriptors",
    "digest",
    "encrypted",
    "environment",
    "help",
    "labels",
    "oci",
    "partitions",
    "runscript",
    "sboms",
    "signatures",
    "signed",
    "size",
    "startscript",
    "test",
];
/// What is about one server as a whole, and has no place among several.
const OF_ONE_SERVER: &[&str] = &["node", "nodes"];
