//! Loaders that outlive an operation: those who listen with the same rights load what an event refers to together, instead
//! of a statement each.
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use async_graphql::dataloader::DataLoader;

use super::Source;
use crate::registry::{Actor, Caller};

/// For how long what is wanted is gathered, before all of it is loaded.
const GATHERING: Duration = Duration::from_millis(5);

/// One for each actor that listens.
#[derive(Clone, Default)]
pub(in crate::graphql) struct Shared(Arc<Mutex<HashMap<Actor, Weak<DataLoader<Source>>>>>);

impl Shared {
    /// The caller's, which is there as long as somebody holds it.
    pub(in crate::graphql) fn of(&self, caller: &Caller) -> Arc<DataLoader<Source>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(loader) = known.get(caller.actor()).and_then(Weak::upgrade) {
            return loader;
        }
        // Those that nobody holds any more go before the table would grow.
        if known.len() == known.capacity() {
            known.retain(|_, loader| loader.strong_count() > 0);
        }
        // There is no end of an operation at which to load in turns; a task of its own waits a moment for others.
        let loader = DataLoader::new(Source::new(caller.clone()), tokio::spawn);
        let loader = Arc::new(loader.delay(GATHERING));
        known.insert(caller.actor().clone(), Arc::downgrade(&loader));
        loader
    }
}
