//! When loaders load: in turns, so that each takes all keys that there are, however busy the machine is.
use std::{
    future::poll_fn,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use futures::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

type Load = BoxFuture<'static, ()>;

/// The loads of one operation: those that run, and those that wait for their turn.
pub(in crate::graphql) struct Turns {
    running: FuturesUnordered<Load>,
    waiting: UnboundedReceiver<Load>,
}

/// What takes the loads of an operation, and what runs them beside it.
pub(in crate::graphql) fn turns() -> (impl Fn(Load) + Send + Sync + 'static, Turns) {
    let (sender, waiting) = unbounded_channel();
    let running = FuturesUnordered::new();
    // When nobody receives them any more, the operation has ended, and nothing waits for its loads.
    let take = move |load| drop(sender.send(load));
    (take, Turns { running, waiting })
}

impl Turns {
    /// Runs an operation and its loads in one task. A turn of loads begins when the operation can do nothing but wait, and the
    /// next when all loads of the turn have ended and the operation has seen what they found. Loads end with the operation.
    pub(in crate::graphql) async fn run<T>(mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|task| {
            loop {
                let alarm = Alarm::of(task);
                let waker = Waker::from(alarm.clone());
                if let Poll::Ready(done) = work.as_mut().poll(&mut Context::from_waker(&waker)) {
                    return Poll::Ready(done);
                }
                // Work that rang while it was asked only pauses: it has more to load.
                let waits = !alarm.rang.load(Ordering::SeqCst);
                if self.load(task, waits).is_pending() {
                    return Poll::Pending;
                }
            }
        })
        .await
    }

    /// Ready when a load has ended, so that the operation may go on.
    fn load(&mut self, task: &mut Context<'_>, next: bool) -> Poll<()> {
        if next && self.running.is_empty() {
            while let Ok(load) = self.waiting.try_recv() {
                self.running.push(load);
            }
        }
        match self.running.poll_next_unpin(task) {
            Poll::Ready(Some(())) => Poll::Ready(()),
            // Nothing waits for a turn: the operation waits for something else, which wakes it.
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}

/// Wakes a task, and remembers that it did.
struct Alarm {
    task: Waker,
    rang: AtomicBool,
}

impl Alarm {
    fn of(task: &Context<'_>) -> Arc<Self> {
        let (task, rang) = (task.waker().clone(), AtomicBool::new(false));
        Arc::new(Self { task, rang })
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.rang.store(true, Ordering::SeqCst);
        self.task.wake_by_ref();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures::{FutureExt, future::join_all};
    use tokio::sync::oneshot;

    use super::*;

    /// A load that tells when it begins, ends when it is let, and then tells whoever waits for it.
    fn load(told: &Arc<Mutex<Vec<u8>>>, number: u8, after: usize) -> (Load, oneshot::Receiver<()>) {
        let (told, (done, end)) = (told.clone(), oneshot::channel());
        let load = async move {
            told.lock().expect("unharmed").push(number);
            for _ in 0..after {
                tokio::task::yield_now().await;
            }
            let _ = done.send(());
        };
        (load.boxed(), end)
    }

    #[tokio::test]
    async fn loads_of_a_turn_begin_when_all_of_the_turn_before_have_ended() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let (take, turns) = turns();
        let chain = async |first: u8, slow: usize| {
            for number in [first, first + 10] {
                let (load, end) = load(&told, number, slow);
                take(load);
                end.await.expect("it ends");
            }
        };
        turns
            .run(join_all([chain(1, 0), chain(2, 50), chain(3, 5)]))
            .await;
        let told = told.lock().expect("unharmed").clone();
        let (mut first, mut second) = (told[..3].to_vec(), told[3..].to_vec());
        first.sort_unstable();
        second.sort_unstable();
        assert_eq!((first, second), (vec![1, 2, 3], vec![11, 12, 13]));
    }

    #[tokio::test]
    async fn work_that_pauses_comes_to_its_end_before_a_turn_begins() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let (take, turns) = turns();
        let several = async {
            let mut ends = Vec::new();
            for number in 0..3 {
                let (load, end) = load(&told, number, 0);
                take(load);
                ends.push(end);
                let mut paused = false;
                poll_fn(|task| {
                    task.waker().wake_by_ref();
                    match std::mem::replace(&mut paused, true) {
                        true => Poll::Ready(()),
                        false => Poll::Pending,
                    }
                })
                .await;
                assert!(told.lock().expect("unharmed").is_empty());
            }
            join_all(ends).await
        };
        assert_eq!(turns.run(several).await.len(), 3);
    }

    #[tokio::test]
    async fn work_without_loads_waits_for_what_it_waits_for() {
        let (_take, turns) = turns();
        let slow = async {
            tokio::task::yield_now().await;
            7
        };
        assert_eq!(turns.run(slow).await, 7);
    }
}
