//! The mark that tells the place from an empty folder in which it is to be mounted, or from another bucket.
use opendal::ErrorKind;

use super::{Backend, Storage, error};
use crate::error::Result;

/// The object that is the mark.
pub(super) const MARK: &str = "sifhub-storage";
const WORDS: &str = "A sifhub server keeps blobs here. Without this file it takes the place for one that is not mounted.\n";

impl Storage {
    /// Whether the place has the mark. Memory needs none.
    ///
    /// # Errors
    /// `Unavailable` when the backend does not answer.
    pub async fn is_marked(&self) -> Result<bool> {
        if matches!(self.backend, Backend::Memory) {
            return Ok(true);
        }
        match self.operator.stat(MARK).await {
            Ok(_) => Ok(true),
            Err(missing) if missing.kind() == ErrorKind::NotFound => Ok(false),
            Err(failure) => Err(error::from_opendal(failure)),
        }
    }

    /// Sets the mark.
    ///
    /// # Errors
    /// `StorageFull` or `Unavailable`.
    pub async fn mark(&self) -> Result<()> {
        let marked = self.operator.write(MARK, WORDS).await;
        marked.map(drop).map_err(error::from_writing)
    }

    /// Where the mark is or should be, as an administrator finds it.
    pub fn mark_path(&self) -> String {
        let info = self.operator.info();
        match self.backend.file(MARK) {
            Some(file) => file.display().to_string(),
            None => format!("s3://{}{}{MARK}", info.name(), info.root()),
        }
    }
}
