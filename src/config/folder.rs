//! Folders that this program makes for itself.
use std::{fs::DirBuilder, io, os::unix::fs::DirBuilderExt, path::Path};

/// Makes a folder, and those above it that are missing, for nobody but this program's user: images and accounts are below.
/// One that is there keeps its mode.
///
/// # Errors
/// Those of the file system.
pub fn make_private(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}
