//! Columns that hold one word of a few.
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// Who may see a collection and pull from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Everybody, signed in or not.
    Public,
    /// Everybody who is signed in.
    Internal,
    /// Those who own it or were granted it, and site administrators.
    Private,
}

/// What somebody is in a team. Each role includes those before it.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    EnumIter,
    DeriveActiveEnum,
    Serialize,
    Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum TeamRole {
    /// Pushes to the namespaces of the team.
    Member,
    /// Also changes, shares and deletes what is in them, and says who is in the team.
    Maintainer,
}

/// How far a grant lets somebody in. Each level includes those before it.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    EnumIter,
    DeriveActiveEnum,
    Serialize,
    Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum GrantLevel {
    /// See it and pull from it.
    Read,
    /// Also push images and move tags.
    Write,
    /// Also change, share and delete it.
    Admin,
}

/// What an entry of the trash holds.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum TrashKind {
    /// A collection with all that was in it.
    Collection,
    /// A container with all that was in it.
    Container,
    /// An image with its manifests.
    Image,
    /// A manifest that is no image's last.
    Manifest,
}

/// How far a token reaches. Each scope includes those before it.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    EnumIter,
    DeriveActiveEnum,
    Serialize,
    Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// See and pull what its user may see and pull.
    Read,
    /// Also push, tag, change and delete what its user may.
    Write,
    /// Also what its user may do as a site administrator.
    Admin,
}

/// What a manifest describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum ManifestKind {
    /// A SIF image, as its only layer.
    Sif,
    /// A container image in layers.
    Image,
    /// A list of manifests, mostly one for each platform.
    Index,
    /// Anything else: a chart, a signature, a bill of materials.
    Artifact,
}

/// What a part is to its manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum PartRole {
    /// The configuration of an image.
    Config,
    /// One of its layers.
    Layer,
    /// A layer that is kept elsewhere and never comes here.
    Foreign,
    /// A manifest in an index.
    Manifest,
}

/// What a sum is over. Each is in the next.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    EnumIter,
    DeriveActiveEnum,
    Serialize,
    Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum Extent {
    /// A container.
    Container,
    /// A collection.
    Collection,
    /// A namespace.
    Namespace,
    /// The whole site.
    Site,
}

/// Where an image was pulled.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum Door {
    /// `library://`.
    Library,
    /// `oras://`, `docker://` and other clients of OCI registries.
    Oci,
    /// A plain file, below `/sif/`.
    File,
    /// `shub://`.
    Shub,
    /// A share link.
    Share,
}

/// How much a banner matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum BannerLevel {
    /// Good to know.
    Info,
    /// Something to prepare for, such as a maintenance window.
    Warning,
    /// Something is wrong now.
    Critical,
}

/// How far a delivery to a webhook has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    /// It is to be tried, or tried again.
    Pending,
    /// It has arrived.
    Delivered,
    /// It was given up.
    Failed,
}

/// What a job does.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum JobKind {
    /// Read stored blobs again.
    Scrub,
    /// Collect garbage.
    Collect,
    /// Count again what there is.
    Recount,
}

/// How far a job has come.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// A server is to take it up.
    Waiting,
    /// It is under way.
    Running,
    /// It came to its end.
    Done,
    /// It broke off.
    Failed,
    /// Somebody stopped it.
    Cancelled,
}
