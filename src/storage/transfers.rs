use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

/// How much memory all transfers may hold together, about.
const TOTAL: usize = 16 << 20;
/// What serves a transfer best: below this each handover between threads costs more than the work.
const MOST: usize = 4 << 20;
/// With less, a thousand transfers would be slower than their network.
const LEAST: usize = 128 << 10;

/// The uploads and downloads that run now. They share memory: a few get large pieces, and when a whole cluster pulls at
/// once, each gets small ones.
#[derive(Clone, Debug, Default)]
pub(super) struct Transfers(Arc<AtomicUsize>);

/// One of them, until it is dropped.
#[derive(Debug)]
pub(super) struct Transfer(Arc<AtomicUsize>);

impl Transfers {
    pub(super) fn begin(&self) -> Transfer {
        self.0.fetch_add(1, Relaxed);
        Transfer(self.0.clone())
    }
}

impl Transfer {
    /// How large a piece may be, if the transfer holds so many at once.
    pub(super) fn piece(&self, held: usize) -> usize {
        let running = self.0.load(Relaxed).max(1);
        (TOTAL / running / held).clamp(LEAST, MOST)
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_transfers_share_what_few_have_alone() {
        let transfers = Transfers::default();
        let first = transfers.begin();
        assert_eq!(first.piece(3), MOST);
        let others: Vec<_> = (0..19).map(|_| transfers.begin()).collect();
        assert_eq!(first.piece(2), TOTAL / 20 / 2);
        let more: Vec<_> = (0..9_900).map(|_| transfers.begin()).collect();
        assert_eq!(first.piece(2), LEAST);
        drop((others, more));
        assert_eq!(first.piece(3), MOST);
    }
}
