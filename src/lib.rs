//! sifhub: a registry for Singularity and Apptainer images.
//!
//! Surfaces speak protocols, [`registry`] knows the rules and is the only room with SQL, [`access`] decides,
//! [`storage`] holds bytes, and every change leaves one event.
//!
//! | room | what it is for |
//! |---|---|
//! | [`command`] | the commands of the program `sifhub` |
//! | [`app`] | builds each part once and hands it to the rooms |
//! | [`http`] | joins the surfaces: routes, what happens around every request, health, TLS |
//! | [`graphql`] | the graph, for pages, dashboards and scripts |
//! | [`library`] | Singularity's library protocol: `library://` |
//! | [`oci`] | the registry protocol of containers: `oras://`, `docker://` |
//! | [`hkp`] | the key server |
//! | [`download`] | images as plain files, and sizes as a table, for `curl`, browsers and workflow engines |
//! | [`shub`] | Singularity Hub's old protocol: `shub://` |
//! | [`site`] | plain pages for people: the front page, what is in a namespace or collection, a container |
//! | [`auth`] | who is calling, and the pages to sign in |
//! | [`jobs`] | what the server does by itself |
//! | [`registry`] | the rules, one file a noun |
//! | [`access`] | who may do what |
//! | [`storage`] | blobs by digest |
//! | [`sif`], [`openpgp`], [`markdown`] | readers of images, of public keys and of texts, pure |
//! | [`event`] | what happened |
//! | [`metrics`] | numbers for Prometheus |
//! | [`config`], [`error`], [`protocol`], [`page`] | the ground floor |
//!
//! Arrows point down; `tests/architecture.rs` holds them:
//!
//! ```text
//! main ─ command ─ app ─┬─ http ─┬ graphql ┬─ auth ─┐
//!                       │        ├ library ┤        ├─ registry ─┬ access ───┐
//!                       │        ├ oci ────┤        │            ├ storage   ├─ config, error
//!                       │        ├ hkp ────┤        │            ├ sif       │
//!                       │        ├ download┤        │            ├ openpgp   │
//!                       │        ├ shub ───┤        │            ├ markdown  │
//!                       │        │         │        │            ├ metrics   │
//!                       │        │         │        │            └ event ────┘
//!                       │        └ site ───┘        │
//!                       └─ jobs ────────────────────┘
//! ```
//!
//! # Two walks
//!
//! **A push** (`apptainer push x.sif library://alice/tools/x:1`): [`library`] makes namespace, collection, container and
//! image by `registry::<noun>::create`, hands the bytes to `registry::upload`, which stages them in [`storage`], and
//! ends at `registry::image::publish`: verify the digest, read the SIF, store the bytes, then one transaction with one
//! event. `registry::tag::set` points the tag.
//!
//! **A question** (`{ collections(first: 10) { … } }`): `auth::caller` finds out who asks, [`graphql`] calls
//! `registry::collection::list`, which starts from `access::rows`: what the caller may not see is not in the statement.
pub mod access;
pub mod app;
pub mod auth;
pub mod command;
pub mod config;
pub mod download;
pub mod error;
pub mod event;
pub mod graphql;
pub mod hkp;
pub mod http;
pub mod jobs;
pub mod library;
pub mod markdown;
pub mod metrics;
pub mod oci;
pub mod openpgp;
pub mod page;
pub mod protocol;
pub mod registry;
pub mod shub;
pub mod sif;
pub mod site;
pub mod storage;
