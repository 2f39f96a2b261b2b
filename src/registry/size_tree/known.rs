//! Trees that were grown before: they are told again as long as nothing has changed. Who asks for one that is being grown
//! waits for it.
use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};

use lru::LruCache;

use super::{Node, Question, grow};
use crate::{
    access::View,
    error::Result,
    registry::{Caller, revision},
};

/// How many trees are kept. Each has some hundred nodes, and none more than [`NODES`].
const MOST: NonZeroUsize = NonZeroUsize::new(32).expect("more than none");
/// How many nodes a tree that is kept has at most, of about 250 bytes each.
const NODES: usize = 1000;

type Tree = Arc<Vec<Node>>;
/// A tree, and a revision whose changes are all in it.
type Slot = Arc<tokio::sync::Mutex<Option<(i64, Tree)>>>;

/// See the module.
pub(in crate::registry) struct Known(Mutex<LruCache<(View, Question), Slot>>);

impl Default for Known {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(MOST)))
    }
}

impl Known {
    fn slot(&self, view: View, question: Question) -> Slot {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slots.get_or_insert((view, question), Slot::default).clone()
    }
}

pub(super) async fn tree(caller: &Caller, question: Question) -> Result<Tree> {
    let wanted = revision::current(caller.db()).await?;
    let slot = caller.known_trees().slot(caller.actor().view(), question);
    let mut known = slot.lock().await;
    if let Some((then, tree)) = &*known
        && *then >= wanted
    {
        return Ok(tree.clone());
    }
    // Read again, so that one growth serves all who asked while they waited for their turn.
    let now = revision::current(caller.db()).await?;
    let tree = Arc::new(grow(caller, question).await?);
    *known = (tree.len() <= NODES).then(|| (now, tree.clone()));
    Ok(tree)
}
