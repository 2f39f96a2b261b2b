//! How much one answer may hold, counted while it grows.
//!
//! What an operation costs is told before it runs, but not how long texts are, nor how much there is in lists without
//! pages: that is up to whoever pushed an image.
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_graphql::{
    Response, ServerResult, Value,
    async_trait::async_trait,
    extensions::{
        Extension, ExtensionContext, ExtensionFactory, NextExecute, NextResolve, ResolveInfo,
    },
};

use super::error::{TOO_COMPLEX, coded};

/// The largest answer, in bytes, about.
const ANSWER_MAX: usize = 32 << 20;
/// What a field takes beside its text.
const FIELD: usize = 64;

/// Makes a [`Meter`] for each operation.
pub(super) struct Meters;

impl ExtensionFactory for Meters {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Meter::default())
    }
}

/// How much the answer to one operation holds so far.
#[derive(Default)]
struct Meter(AtomicUsize);

impl Meter {
    fn add(&self, bytes: usize) -> ServerResult<()> {
        let before = self.0.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) <= ANSWER_MAX {
            return Ok(());
        }
        let words = format!("the answer has more than {ANSWER_MAX} bytes; ask for less at once");
        Err(coded(words, TOO_COMPLEX))
    }
}

#[async_trait]
impl Extension for Meter {
    /// Each answer of a subscription is counted by itself.
    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        self.0.store(0, Ordering::Relaxed);
        next.run(ctx, name).await
    }

    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        self.add(FIELD)?;
        let value = next.run(ctx, info).await?;
        self.add(value.as_ref().map_or(0, text))?;
        Ok(value)
    }
}

/// The length of a text or of all in a list; the members of an object were counted when they were resolved.
fn text(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::List(items) => items.iter().map(text).sum(),
        _ => 0,
    }
}
