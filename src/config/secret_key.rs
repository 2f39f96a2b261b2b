//! The secret key that a server makes for itself at its first start.
use std::{
    fs::{self, File},
    io::{self, ErrorKind, Write},
    path::Path,
};

use aws_lc_rs::rand;
use data_encoding::BASE64;
use tempfile::NamedTempFile;

use super::{Config, Secret, make_private};
use crate::error::{Error, Result};

impl Config {
    /// The key of the token hashes and of the signed URLs, at least 32 bytes: `auth.secret`, or what `secret.key` in the
    /// data directory holds. That file is made, readable by its owner alone, when it does not exist; of several processes
    /// that start at once, one makes it and all read the same.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the file holds less than 32 bytes, or can be neither read nor made.
    pub fn secret(&self) -> Result<Vec<u8>> {
        if let Some(secret) = &self.auth.secret {
            return Ok(secret.reveal().into());
        }
        let path = self.data_dir.join("secret.key");
        let text = match fs::read_to_string(&path) {
            Err(fault) if fault.kind() == ErrorKind::NotFound => make(&self.data_dir, &path),
            found => found,
        };
        let text = text.map_err(|fault| unusable(&path, &fault))?;
        let secret = Secret::from(text.trim_end().to_owned());
        let short = || {
            Error::invalid(
                path.display().to_string(),
                "must hold at least 32 bytes; restore it from a backup",
            )
        };
        if secret.is_strong() {
            Ok(secret.reveal().into())
        } else {
            Err(short())
        }
    }
}

/// Why there is no secret key, and what to do.
pub(super) fn unusable(path: &Path, fault: &io::Error) -> Error {
    let remedy = match fault.kind() {
        ErrorKind::PermissionDenied => "run sifhub as the user who owns it and its folder",
        _ => {
            "it keeps the server's secret key; see to it that it is a file in a folder that this user may write to"
        }
    };
    let why = format!("it cannot be read or made: {fault}; {remedy}");
    Error::invalid(path.display().to_string(), why)
}

/// Writes a random key to a file of its own and gives that the final name, unless another process was first. Returns what
/// the file with the final name holds, which therefore is never half a key.
pub(super) fn make(directory: &Path, path: &Path) -> io::Result<String> {
    let mut random = [0; 32];
    rand::fill(&mut random).map_err(|_| io::Error::other("no random numbers"))?;
    make_private(directory)?;
    let mut file = NamedTempFile::new_in(directory)?;
    writeln!(file, "{}", BASE64.encode(&random))?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Err(lost) if lost.error.kind() != ErrorKind::AlreadyExists => {
            return Err(lost.error);
        }
        _ => sync(directory)?,
    }
    fs::read_to_string(path)
}

/// Makes the names in a directory outlive a power cut.
fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}
