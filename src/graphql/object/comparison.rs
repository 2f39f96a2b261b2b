//! Two images beside each other.
use async_graphql::{Enum, Object, OutputType, Result, SimpleObject};

use super::{
    Image,
    sif::{App, Partition, Signature},
};
use crate::{
    graphql::{
        page::{cost, size},
        scalar::Bytes,
    },
    registry::{
        compare::{self, Change},
        sif,
    },
};

/// A comparison of images that the caller may see.
pub(in crate::graphql) struct ImageComparison(pub compare::Comparison);

/// What two images do not have alike, as their files tell. Images whose bytes have not arrived say nothing about themselves.
#[Object]
impl ImageComparison {
    /// The image that is compared.
    async fn from(&self) -> Image {
        Image(self.0.from.clone())
    }

    /// The image that it is compared with.
    async fn to(&self) -> Image {
        Image(self.0.to.clone())
    }

    /// Whether both are the same file.
    async fn identical(&self) -> bool {
        self.0.from.digest == self.0.to.digest
    }

    /// How many bytes `to` has more than `from`; 0 when it has not.
    async fn grown_by(&self) -> Bytes {
        difference(self.0.to.size, self.0.from.size)
    }

    /// How many bytes `to` has less than `from`; 0 when it has not.
    async fn shrunk_by(&self) -> Bytes {
        difference(self.0.from.size, self.0.to.size)
    }

    /// What the files are: `arch`, `encrypted`, `launchScript`, `oci` and `uuid`. Errors: `INVALID` for a number outside 1 to 100.
    #[graphql(complexity = "cost(Some(first), None, child_complexity)")]
    async fn facts(
        &self,
        #[graphql(desc = "At most so many: 1 to 100.", default = 20)] first: i32,
    ) -> Result<Changes<ValueChange>> {
        Changes::of(self.0.facts(), first)
    }

    /// The labels, by key. Errors: `INVALID` for a number outside 1 to 100.
    #[graphql(complexity = "cost(Some(first), None, child_complexity)")]
    async fn labels(
        &self,
        #[graphql(desc = "At most so many: 1 to 100.", default = 20)] first: i32,
    ) -> Result<Changes<ValueChange>> {
        Changes::of(self.0.labels(), first)
    }

    /// The shell code that sets the environment, by path in the image. Errors: `INVALID` for a number outside 1 to 100.
    #[graphql(complexity = "cost(Some(first), None, child_complexity)")]
    async fn environment(
        &self,
        #[graphql(desc = "At most so many: 1 to 100.", default = 20)] first: i32,
    ) -> Result<Changes<ValueChange>> {
        Changes::of(self.0.environment(), first)
    }

    /// The definition file that the images were built from; null when it is the same.
    async fn definition(&self) -> Option<TextChange> {
        self.0.definition().map(Into::into)
    }

    /// The scripts and the help text that are not the same: `runscript`, `startscript`, `test` and `helpfile`.
    #[graphql(complexity = "cost(Some(4), None, child_complexity)")]
    async fn scripts(&self) -> Vec<TextChange> {
        self.0.scripts().into_iter().map(Into::into).collect()
    }

    /// The apps, by name. Errors: `INVALID` for a number outside 1 to 100.
    #[graphql(complexity = "cost(Some(first), None, child_complexity)")]
    async fn apps(
        &self,
        #[graphql(desc = "At most so many: 1 to 100.", default = 20)] first: i32,
    ) -> Result<Changes<AppChange>> {
        Changes::of(self.0.apps(), first)
    }

    /// The file systems: the first of a role with the first of that role, and so on. Their bytes are not compared, only
    /// their formats and sizes. Errors: `INVALID` for a number outside 1 to 100.
    #[graphql(complexity = "cost(Some(first), None, child_complexity)")]
    async fn partitions(
        &self,
        #[graphql(desc = "At most so many: 1 to 100.", default = 20)] first: i32,
    ) -> Result<Changes<PartitionChange>> {
        Changes::of(self.0.partitions(), first)
    }

    /// The signatures, by the key that they name; they were listed, not checked. Errors: `INVALID` for a number outside 1 to 100.
    #[graphql(complexity = "cost(Some(first), None, child_complexity)")]
    async fn signatures(
        &self,
        #[graphql(desc = "At most so many: 1 to 100.", default = 20)] first: i32,
    ) -> Result<Changes<SignatureChange>> {
        Changes::of(self.0.signatures(), first)
    }
}

fn difference(more: i64, less: i64) -> Bytes {
    Bytes(more.saturating_sub(less).try_into().unwrap_or_default())
}

/// What is not alike, of one kind, by what tells one from another.
#[derive(SimpleObject)]
#[graphql(
    concrete(name = "ValueChanges", params(ValueChange)),
    concrete(name = "AppChanges", params(AppChange)),
    concrete(name = "PartitionChanges", params(PartitionChange)),
    concrete(name = "SignatureChanges", params(SignatureChange))
)]
struct Changes<T: OutputType> {
    /// How many there are.
    count: usize,
    /// The first of them, as many as were asked for.
    nodes: Vec<T>,
}

impl<T: OutputType> Changes<T> {
    fn of<R>(changes: Vec<Change<R>>, first: i32) -> Result<Self>
    where
        T: From<Change<R>>,
    {
        let first = usize::try_from(size("first", first)?)?;
        Ok(Self {
            count: changes.len(),
            nodes: changes.into_iter().take(first).map(T::from).collect(),
        })
    }
}

/// What became of a thing between two images.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum ChangeKind {
    /// Only the second image has it.
    Added,
    /// Only the first image has it.
    Removed,
    /// Both have it, but not alike.
    Changed,
}

impl ChangeKind {
    fn of(before: bool, after: bool) -> Self {
        match (before, after) {
            (false, _) => Self::Added,
            (true, false) => Self::Removed,
            (true, true) => Self::Changed,
        }
    }
}

impl<T> From<&Change<T>> for ChangeKind {
    fn from(change: &Change<T>) -> Self {
        Self::of(change.before.is_some(), change.after.is_some())
    }
}

/// A value that two images do not have alike.
#[derive(SimpleObject)]
struct ValueChange {
    /// What became of it.
    kind: ChangeKind,
    /// What the value is of.
    key: String,
    /// The value in the first image; null when it has none.
    before: Option<String>,
    /// The value in the second image; null when it has none.
    after: Option<String>,
}

impl From<Change<String>> for ValueChange {
    fn from(change: Change<String>) -> Self {
        Self {
            kind: ChangeKind::from(&change),
            key: change.key,
            before: change.before,
            after: change.after,
        }
    }
}

/// A text that two images do not have alike.
#[derive(SimpleObject)]
struct TextChange {
    /// What became of it.
    kind: ChangeKind,
    /// What text it is: `definition`, `runscript`, `startscript`, `test` or `helpfile`.
    name: &'static str,
    /// What differs, as a unified diff with three lines around each place, up to 65536 bytes.
    diff: String,
    /// How many lines came, of those that were compared.
    added_lines: usize,
    /// How many lines went, of those that were compared.
    removed_lines: usize,
    /// Whether that is all: of longer texts the first 131072 bytes and 4096 lines are compared, and a longer diff is cut.
    complete: bool,
}

impl From<compare::TextChange> for TextChange {
    fn from(change: compare::TextChange) -> Self {
        Self {
            kind: ChangeKind::of(change.before, change.after),
            name: change.name,
            diff: change.unified,
            added_lines: change.added,
            removed_lines: change.removed,
            complete: change.complete,
        }
    }
}

/// An app that two images do not have alike.
#[derive(SimpleObject)]
struct AppChange {
    /// What became of it.
    kind: ChangeKind,
    /// The app in the first image; null when it has none of that name.
    before: Option<App>,
    /// The app in the second image; null when it has none of that name.
    after: Option<App>,
}

impl From<Change<sif::Metadata>> for AppChange {
    fn from(change: Change<sif::Metadata>) -> Self {
        let app = |app| App::from((&change.key, app));
        Self {
            kind: ChangeKind::from(&change),
            before: change.before.as_ref().map(app),
            after: change.after.as_ref().map(app),
        }
    }
}

/// A file system that two images do not have alike.
#[derive(SimpleObject)]
struct PartitionChange {
    /// What became of it.
    kind: ChangeKind,
    /// The file system in the first image; null when it has none.
    before: Option<Partition>,
    /// The file system in the second image; null when it has none.
    after: Option<Partition>,
}

impl From<Change<sif::Partition>> for PartitionChange {
    fn from(change: Change<sif::Partition>) -> Self {
        Self {
            kind: ChangeKind::from(&change),
            before: change.before.as_ref().map(Into::into),
            after: change.after.as_ref().map(Into::into),
        }
    }
}

/// A signature that two images do not have alike.
#[derive(SimpleObject)]
struct SignatureChange {
    /// What became of it.
    kind: ChangeKind,
    /// The signature in the first image; null when it has none.
    before: Option<Signature>,
    /// The signature in the second image; null when it has none.
    after: Option<Signature>,
}

impl From<Change<sif::Signature>> for SignatureChange {
    fn from(change: Change<sif::Signature>) -> Self {
        Self {
            kind: ChangeKind::from(&change),
            before: change.before.map(Into::into),
            after: change.after.map(Into::into),
        }
    }
}
