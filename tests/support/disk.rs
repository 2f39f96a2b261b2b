//! A disk that is soon full.
use std::{path::Path, process::Command};

use tempfile::TempDir;

/// A file system of eight mebibytes in memory.
pub struct SmallDisk(TempDir);

impl SmallDisk {
    /// Mounts it; only root may.
    pub fn mount() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=8m", "none"])
            .arg(folder.path())
            .status();
        assert!(
            mount.is_ok_and(|status| status.success()),
            "mounting a small disk needs root: run the tests as root"
        );
        Self(folder)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}
