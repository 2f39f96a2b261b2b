//! Tells the parts of this process that something happened, so that nobody has to look all the time. What it does not
//! tell, such as what other replicas did, is found by looking once in a while: it makes things fast, not right.
use std::time::Duration;

use tokio::{sync::Notify, time::timeout};

/// See the module. Each of its sounds is for one part of the process.
#[derive(Debug, Default)]
pub(in crate::registry) struct Bell {
    written: Notify,
    numbered: Notify,
}

impl Bell {
    /// An event was written and committed.
    pub(in crate::registry) fn written(&self) {
        self.written.notify_one();
    }

    /// Events got their positions.
    pub(in crate::registry) fn numbered(&self) {
        self.numbered.notify_one();
    }

    /// Resolves when an event was written since the last time, and after `longest` at the latest.
    pub(in crate::registry) async fn heard(&self, longest: Duration) {
        let _late = timeout(longest, self.written.notified()).await;
    }

    /// Resolves when events got their positions since the last time, and after `longest` at the latest.
    pub(in crate::registry) async fn heard_numbered(&self, longest: Duration) {
        let _late = timeout(longest, self.numbered.notified()).await;
    }
}
