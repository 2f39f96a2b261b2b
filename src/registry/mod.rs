//! The rules of the registry, one file for each noun.
//!
//! Owns the rules, the SQL, the transactions and their events. A function that takes `&Caller` is an entry point:
//! one read or one transaction, for surfaces to call; one that takes `&Tx` is a step of it. Must not know HTTP,
//! GraphQL, the JSON of any protocol or a status code.
pub mod about;
mod bell;
pub mod below;
pub mod blob;
pub mod blob_upload;
pub mod bulk;
mod caller;
pub mod collection;
pub mod compare;
pub mod container;
mod counted;
mod database;
pub mod download;
pub mod event;
pub mod grant;
mod id;
pub mod image;
pub mod job;
mod jwt;
pub mod key;
pub mod label;
pub mod live;
pub mod lookup;
pub mod manifest;
pub mod measure;
pub mod namespace;
mod open_uploads;
pub mod page;
pub mod path;
pub mod permission;
pub mod place;
pub mod protection;
pub mod quota;
mod redirect;
pub mod registry_token;
mod revision;
pub mod scrub;
pub mod search;
mod secret;
pub mod seed;
pub mod session;
pub mod share;
pub mod shown;
pub mod sif;
pub mod site;
pub mod size_tree;
pub mod star;
pub mod tag;
pub mod team;
pub mod token;
pub mod topic;
pub mod total;
pub mod trash;
pub mod upload;
pub mod usage;
pub mod user;
pub mod webhook;

use caller::Tx;
pub use caller::{Caller, Registry};
pub use counted::Counted;
pub use database::{connect, migrate, sqlite_file};
use id::fresh_id;
pub use secret::Secret;
pub use shown::Shown;

pub use crate::{
    access::Actor,
    storage::{Algorithm, Digest, Health},
};
pub use entity::{
    id::{
        AboutId, BlobUploadId, CollectionId, ContainerId, DeliveryId, EventId, GrantId, ImageId,
        InvitationId, JobId, ManifestId, MemberId, NamespaceId, SessionId, ShareLinkId, StarId,
        TagId, TeamId, TokenId, TrashId, UploadId, UserId, WebhookId,
    },
    kind::{
        BannerLevel, DeliveryState, Door, GrantLevel, JobKind, JobState, ManifestKind, PartRole,
        Scope, TeamRole, Visibility,
    },
};
