//! The rules of the registry, one file for each noun.
//!
//! Owns the rules, the SQL, the transactions and their events. A function that takes `&Caller` is an entry point:
//! one read or one transaction, for surfaces to call; one that takes `&Tx` is a step of it. Must not know HTTP,
//! GraphQL, the JSON of any protocol or a status code.
pub mod below;
pub mod blob;
pub mod blob_upload;
mod caller;
pub mod collection;
pub mod container;
mod database;
mod id;
pub mod image;
mod jwt;
pub mod key;
pub mod manifest;
pub mod namespace;
pub mod page;
pub mod path;
pub mod registry_token;
pub mod scrub;
pub mod search;
mod secret;
pub mod seed;
pub mod session;
pub mod sif;
pub mod tag;
pub mod token;
pub mod total;
pub mod upload;
pub mod user;

use caller::Tx;
pub use caller::{Caller, Registry};
pub use database::{connect, migrate, sqlite_file};
use id::fresh_id;
pub use secret::Secret;

pub use crate::storage::{Algorithm, Digest, Health};
pub use entity::{
    id::{
        BlobUploadId, CollectionId, ContainerId, ImageId, ManifestId, NamespaceId, SessionId,
        TagId, TokenId, UploadId, UserId,
    },
    kind::{ManifestKind, PartRole, Scope, Visibility},
};
