//! Section `registry`.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ByteSize, Duration, Fault, ensure};

/// The bounds that S3 sets to the parts of a multipart upload.
const PART_SIZE: std::ops::RangeInclusive<ByteSize> =
    ByteSize::from_mib(5)..=ByteSize::from_mib(5 * 1024);

/// The rules of the image registry.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Registry {
    /// The namespace of `library://alpine` and `library://collection/alpine`, where clients name none.
    #[schemars(length(min = 1))]
    pub default_namespace: String,
    /// The collection of `library://alpine`, where clients name none.
    #[schemars(length(min = 1))]
    pub default_collection: String,
    /// Who sees what is new, unless its creator says otherwise.
    pub default_visibility: Visibility,
    /// Which namespaces a signed-in user may create. Administrators may create any.
    pub namespace_creation: NamespaceCreation,
    /// Who may make teams. A team comes with a namespace of its name.
    pub team_creation: TeamCreation,
    /// The size of the parts in which a client uploads a large image, from 5 MiB to 5 GiB.
    pub part_size: ByteSize,
    /// The largest image that is taken. When absent, only the store limits it.
    pub max_image_size: Option<ByteSize>,
    /// Whether a manifest may name blobs that are not there, for registries that hold a part of what another one holds. Those
    /// who pull such an image fail. An index may always name manifests that are not there, and a SIF image is always whole.
    pub sparse_manifests: bool,
    /// How many uploads of one user may be under way at once. Uploads that broke off count until they are forgotten, after
    /// `storage.staging_retention`.
    #[schemars(range(min = 1))]
    pub max_open_uploads: u32,
    /// Whether clients download an image over several connections at once, which Singularity and Apptainer can since
    /// 3.9. It helps where one connection is slower than the network, and costs one more request for each 5 MiB.
    pub concurrent_downloads: bool,
    /// How often the pulls that were counted in memory are written to the database. A server that is killed forgets the
    /// pulls since; one that is stopped writes them first.
    pub download_flush: Duration,
    /// For how long administrators of a namespace, collection or container are told who pulled from it on which day.
    /// With `0s` nobody is written down, and pulls are only counted.
    pub download_users: Duration,
    /// The longest time for which a share link may open an image to whoever has it.
    pub max_share_lifetime: Duration,
    /// How long what is deleted stays in the trash, from where it may be restored. With `0s` it goes at once.
    pub trash_retention: Duration,
}

/// Who sees a collection or container.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Everybody.
    #[default]
    Public,
    /// Everybody who is signed in.
    Internal,
    /// Its owner, and whoever was granted it.
    Private,
}

/// Which namespaces a signed-in user may create.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NamespaceCreation {
    /// The one named like the account.
    #[default]
    Own,
    /// Any that is free.
    Users,
}

/// Who may make teams.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TeamCreation {
    /// Administrators.
    #[default]
    Administrators,
    /// Everybody who is signed in.
    Users,
}

impl Default for Registry {
    fn default() -> Self {
        Self {
            default_namespace: "library".into(),
            default_collection: "default".into(),
            default_visibility: Visibility::default(),
            namespace_creation: NamespaceCreation::default(),
            team_creation: TeamCreation::default(),
            part_size: ByteSize::from_mib(64),
            max_image_size: None,
            sparse_manifests: false,
            max_open_uploads: 1000,
            concurrent_downloads: false,
            download_flush: Duration::from_secs(5),
            download_users: Duration::from_days(90),
            max_share_lifetime: Duration::from_days(90),
            trash_retention: Duration::from_days(7),
        }
    }
}

impl Registry {
    pub(super) fn validate(&self) -> Result<(), Fault> {
        let why = format!("must be from {} to {}", PART_SIZE.start(), PART_SIZE.end());
        ensure(
            PART_SIZE.contains(&self.part_size),
            "registry.part_size",
            why,
        )?;
        self.download_flush
            .ensure_positive("registry.download_flush")?;
        self.max_share_lifetime
            .ensure_positive("registry.max_share_lifetime")?;
        let some = self.max_image_size.is_none_or(|size| size.bytes() > 0);
        ensure(some, "registry.max_image_size", "must be more than 0 B")
    }
}
