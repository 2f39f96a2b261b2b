use std::fs::File;
use std::path::PathBuf;

use tokio::task::{JoinHandle, spawn_blocking};

/// How many bytes may wait for the disk before they are sent there ahead of the end. Less makes the disk seek and its
/// journal turn more often than it pays; more leaves a client waiting at the end.
const EVERY: u64 = 64 << 20;

/// Brings a file in the making to the disk while more of it arrives, so that little is left for the sync at its end.
///
/// It promises nothing: that last sync, through the handle that wrote, reports every failure of the disk since the
/// file was opened, also one that came up here first.
#[derive(Debug)]
pub(super) struct Ahead {
    /// `None` where bytes do not go to a file.
    file: Option<PathBuf>,
    unsynced: u64,
    running: Option<JoinHandle<()>>,
}

impl Ahead {
    pub(super) fn new(file: Option<PathBuf>) -> Self {
        Self {
            file,
            unsynced: 0,
            running: None,
        }
    }

    /// Counts bytes that were written; when they are enough, and the disk is not busy with those before, syncs.
    pub(super) fn wrote(&mut self, bytes: u64) {
        self.unsynced += bytes;
        let busy = self
            .running
            .as_ref()
            .is_some_and(|sync| !sync.is_finished());
        let Some(file) = self
            .file
            .clone()
            .filter(|_| !busy && self.unsynced >= EVERY)
        else {
            return;
        };
        self.unsynced = 0;
        self.running = Some(spawn_blocking(move || {
            if let Err(failure) = File::open(file).and_then(|file| file.sync_data()) {
                tracing::debug!(%failure, "a sync ahead of the end failed");
            }
        }));
    }
}
