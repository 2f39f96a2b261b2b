//! The JSON of the protocol. Clients demand that ids are text, sizes whole numbers and times RFC 3339 with a zone;
//! they ignore fields they do not know and take `null` for any.
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Tag → id of an image.
pub(super) type TagMap = BTreeMap<String, String>;
/// Architecture → tag → id of an image.
pub(super) type ArchTagMap = BTreeMap<String, TagMap>;

/// What all things of the tree tell. People are told by the ids of their accounts.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Common {
    pub id: String,
    pub description: String,
    pub deleted: bool,
    pub created_by: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub owner: String,
}

/// A namespace.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entity {
    #[serde(flatten)]
    pub common: Common,
    pub name: String,
    /// In bytes, of what the caller may see.
    pub size: u64,
    /// In bytes; 0 means that there is none, or that it is not the caller's business.
    pub quota: u64,
    pub default_private: bool,
    /// Ids; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collections: Option<Vec<String>>,
}

/// A collection.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Collection {
    #[serde(flatten)]
    pub common: Common,
    pub name: String,
    pub size: u64,
    pub private: bool,
    /// The id of its namespace.
    pub entity: String,
    pub entity_name: String,
    /// Ids; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub containers: Option<Vec<String>>,
}

/// A container.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Container {
    #[serde(flatten)]
    pub common: Common,
    pub name: String,
    pub size: u64,
    pub private: bool,
    pub read_only: bool,
    pub download_count: u64,
    pub stars: u64,
    pub entity: String,
    pub entity_name: String,
    pub collection: String,
    pub collection_name: String,
    /// What is in it; absent in lists.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub content: Option<Content>,
}

/// What is in a container.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Content {
    /// Ids.
    pub images: Vec<String>,
    /// For clients that know no architectures.
    pub image_tags: TagMap,
    pub arch_tags: ArchTagMap,
}

/// An image.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Image {
    #[serde(flatten)]
    pub common: Common,
    /// `sha256.<hex>`.
    pub hash: String,
    /// In bytes; clients that download in parts count on it.
    pub size: u64,
    /// Clients send no bytes when this is true.
    pub uploaded: bool,
    pub signed: bool,
    pub encrypted: bool,
    pub arch: Option<String>,
    pub fingerprints: Vec<String>,
    pub tags: Vec<String>,
    pub entity: String,
    pub entity_name: String,
    pub collection: String,
    pub collection_name: String,
    pub container: String,
    pub container_name: String,
    pub container_description: String,
    pub container_stars: u64,
    pub container_downloads: u64,
}

/// What a search found.
#[derive(Serialize)]
pub(super) struct Found {
    pub entity: Vec<Entity>,
    pub collection: Vec<Collection>,
    pub container: Vec<Container>,
    pub image: Vec<Image>,
}

/// A namespace to make.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewEntity {
    pub name: String,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub default_private: Option<bool>,
}

/// A collection to make.
#[derive(Deserialize)]
pub(super) struct NewCollection {
    pub name: String,
    pub entity: String,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub private: Option<bool>,
}

/// A container to make.
#[derive(Deserialize)]
pub(super) struct NewContainer {
    pub name: String,
    pub collection: String,
    #[serde(default)]
    pub description: Option<String>,
}

/// An image to announce.
#[derive(Deserialize)]
pub(super) struct NewImage {
    pub hash: String,
    pub container: String,
    #[serde(default)]
    pub description: Option<String>,
}

/// A tag to point at an image; the capitals are the client's.
#[derive(Deserialize)]
pub(super) struct NewTag {
    #[serde(rename = "Tag", alias = "tag")]
    pub tag: String,
    #[serde(rename = "ImageID", alias = "imageID")]
    pub image: String,
    #[serde(rename = "Arch", alias = "arch", default)]
    pub arch: Option<String>,
}

/// An upload to begin.
#[derive(Deserialize)]
pub(super) struct NewUpload {
    pub filesize: u64,
    /// Hex digits of the whole file; empty or absent when it comes in several parts.
    #[serde(default)]
    pub sha256sum: Option<String>,
}

/// Where to put the only part.
#[derive(Serialize)]
pub(super) struct UploadUrl {
    #[serde(rename = "uploadURL")]
    pub upload_url: String,
}

/// How to send an image in parts.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Multipart {
    #[serde(rename = "uploadID")]
    pub upload_id: String,
    pub total_parts: u32,
    pub part_size: u64,
    pub options: BTreeMap<&'static str, &'static str>,
}

/// A part to ask an address for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewPart {
    #[serde(rename = "uploadID")]
    pub upload_id: String,
    pub part_number: u32,
}

/// Where to put a part.
#[derive(Serialize)]
pub(super) struct PartUrl {
    #[serde(rename = "presignedURL")]
    pub presigned_url: String,
}

/// The end of an upload in parts, or its abortion.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EndOfUpload {
    #[serde(rename = "uploadID")]
    pub upload_id: String,
    #[serde(default)]
    pub completed_parts: Option<Vec<CompletedPart>>,
}

/// A part as the client believes to have sent it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CompletedPart {
    pub part_number: u32,
    /// The `ETag` that answered the part, with its quotes.
    #[serde(default)]
    pub token: String,
}

/// What a client shows when a push is done.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Completed {
    pub quota: Quota,
    pub container_url: String,
}

/// How much room there is, in bytes.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Quota {
    /// 0 means without limit.
    pub quota_total: u64,
    pub quota_usage: u64,
}
