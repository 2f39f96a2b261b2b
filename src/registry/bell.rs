//! Tells the parts of this process that something happened, so that nobody has to look all the time. What it does not
//! tell, such as what other replicas did, is found by looking once in a while: it makes things fast, not right.
use std::time::Duration;

use tokio::{
    sync::{Notify, watch},
    time::timeout,
};

/// See the module.
#[derive(Debug)]
pub(in crate::registry) struct Bell {
    written: Notify,
    told: watch::Sender<u64>,
}

impl Default for Bell {
    fn default() -> Self {
        Self {
            written: Notify::new(),
            told: watch::Sender::new(0),
        }
    }
}

impl Bell {
    /// An event was written and committed.
    pub(in crate::registry) fn written(&self) {
        self.written.notify_one();
    }

    /// Events were handed out.
    pub(in crate::registry) fn told(&self) {
        self.told.send_modify(|times| *times += 1);
    }

    /// Resolves when an event was written since the last time, and after `longest` at the latest.
    pub(in crate::registry) async fn heard(&self, longest: Duration) {
        let _late = timeout(longest, self.written.notified()).await;
    }

    /// Follows how often events were handed out.
    pub(in crate::registry) fn follow(&self) -> watch::Receiver<u64> {
        self.told.subscribe()
    }
}
