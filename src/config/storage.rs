//! Section `storage`.
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Duration, Fault, HttpUrl, Secret, ensure};

/// Where the bytes of images are kept.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Storage {
    /// The kind of store. `memory` forgets everything when the server stops; it is for trials.
    pub backend: Backend,
    /// The store in a directory.
    pub fs: Fs,
    /// The store in an S3 bucket.
    pub s3: S3,
    /// How long an unfinished upload is kept after its last progress.
    pub staging_retention: Duration,
}

/// The kind of store.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// A directory.
    #[default]
    Fs,
    /// A bucket of Amazon S3 or of a store that speaks its protocol.
    S3,
    /// The memory of the server.
    Memory,
}

/// The store in a directory.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fs {
    /// The directory. When absent, it is `blobs` in `data_dir`.
    pub root: Option<PathBuf>,
}

/// The store in an S3 bucket.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct S3 {
    /// The bucket. It must exist; the backend `s3` needs it.
    pub bucket: Option<String>,
    /// The region of the bucket, as in `eu-central-1`. When absent, it is taken from where the AWS tools look for it.
    pub region: Option<String>,
    /// The URL of the store. When absent, it is that of Amazon.
    pub endpoint: Option<HttpUrl>,
    /// What every object's key begins with, so that one bucket can serve several purposes.
    pub prefix: String,
    /// The name of the access key. When absent, credentials are taken from where the AWS tools look for them.
    pub access_key_id: Option<String>,
    /// The secret of the access key.
    pub secret_access_key: Option<Secret>,
    /// The file that holds `storage.s3.secret_access_key`.
    pub secret_access_key_file: Option<PathBuf>,
    /// Whether the bucket is part of the host name (`bucket.example.org`) instead of the path (`example.org/bucket`).
    pub virtual_host_style: bool,
}

impl Default for Storage {
    fn default() -> Self {
        Self {
            backend: Backend::default(),
            fs: Fs::default(),
            s3: S3::default(),
            staging_retention: Duration::from_hours(24),
        }
    }
}

impl Storage {
    pub(super) fn validate(&self) -> Result<(), Fault> {
        let bucket = self.s3.bucket.as_deref().unwrap_or_default();
        let named = self.backend != Backend::S3 || !bucket.is_empty();
        ensure(
            named,
            "storage.s3.bucket",
            "must name the bucket when storage.backend is s3",
        )?;
        let (id, secret) = (
            self.s3.access_key_id.is_some(),
            self.s3.secret_access_key.is_some(),
        );
        let with = |other| format!("must be set together with storage.s3.{other}");
        ensure(
            id || !secret,
            "storage.s3.access_key_id",
            with("secret_access_key"),
        )?;
        ensure(
            secret || !id,
            "storage.s3.secret_access_key",
            with("access_key_id"),
        )?;
        self.staging_retention
            .ensure_positive("storage.staging_retention")
    }
}
