use std::fmt;
use std::path::PathBuf;

/// Where bytes are to be kept.
#[derive(Clone, Debug)]
pub enum Settings {
    /// In a folder, which is made when it is missing.
    Fs {
        /// The folder. It may be shared by replicas if its file system renames atomically.
        root: PathBuf,
    },
    /// In a bucket of Amazon S3 or of a server that speaks its protocol.
    S3(Bucket),
    /// In the memory of this process, to be lost with it.
    Memory,
}

/// A bucket and how to reach it.
///
/// Give the bucket a lifecycle rule that aborts incomplete multipart uploads: an upload that a crash of this server
/// cut off is not an object, so no collection here can see it.
#[derive(Clone, Default)]
pub struct Bucket {
    /// The bucket's name. It must exist.
    pub bucket: String,
    /// Its region; without one the environment's `AWS_REGION` counts.
    pub region: Option<String>,
    /// The server's URL; without one Amazon's.
    pub endpoint: Option<String>,
    /// What all object names start with, as `registry/images`.
    pub prefix: Option<String>,
    /// The access key; without one the environment, the profile or the machine's role is asked.
    pub access_key_id: Option<String>,
    /// The access key's secret.
    pub secret_access_key: Option<String>,
    /// Whether the bucket is named in the host (`bucket.host`) and not in the path (`host/bucket`).
    pub virtual_host_style: bool,
}

impl fmt::Debug for Bucket {
    /// Leaves the credentials out.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Bucket")
            .field("bucket", &self.bucket)
            .field("region", &self.region)
            .field("endpoint", &self.endpoint)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}
