//! What happens to names of a container while something is done to it: whether it may, and a record of it.
use std::collections::{BTreeMap, BTreeSet};

use entity::{container, id::TagMoveId, image, manifest, manifest_tag, tag, tag_move};
use sea_orm::{ColumnTrait, EntityTrait, JoinType, QueryFilter, QuerySelect, RelationTrait, Set};

use crate::{
    access::{Granted, Includes, Pull, Push, rows},
    error::Result,
    registry::{
        Tx, container as containers, fresh_id,
        protection::{Rules, check_frozen, refusal},
    },
};

/// How many names are looked up, or moves written, in one statement; SQLite takes 32,766 values.
const BATCH: usize = 1000;

/// What a name means: to the library an image for each architecture, to OCI clients a manifest; all by digest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Meaning {
    images: BTreeMap<String, String>,
    manifest: Option<String>,
}

impl Meaning {
    /// Whether what was there is still there. A further architecture may join others: what they mean stays, and so an image
    /// may be pushed for one architecture after the other.
    fn kept_in(&self, after: &Self) -> bool {
        let same = |(arch, image)| after.images.get(arch) == Some(image);
        let grew = !self.images.is_empty() && after.images.len() > self.images.len();
        let manifest = self.manifest.is_none() || self.manifest == after.manifest || grew;
        manifest && self.images.iter().all(same)
    }
}

type Meanings = BTreeMap<String, Meaning>;

/// Names that are watched while they may change. Whoever moves or removes a tag watches it: [`Watch::begin`] after the
/// container is locked, [`Watch::end`] before the transaction is.
#[must_use = "a watch that does not end records nothing and refuses nothing"]
pub(in crate::registry) struct Watch {
    names: Vec<String>,
    rules: Rules,
    before: Meanings,
}

impl Watch {
    /// Looks at the names before.
    ///
    /// # Errors
    /// [`crate::error::Error::Conflict`] when the container is frozen.
    pub(in crate::registry) async fn begin(
        tx: &Tx,
        container: &Granted<impl Includes<Push>, container::Model>,
        names: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Self> {
        let names: BTreeSet<String> = names.into_iter().map(Into::into).collect();
        let names: Vec<_> = names.into_iter().collect();
        Ok(Self {
            rules: check_frozen(tx.db(), container).await?,
            before: meanings(tx, container, &names).await?,
            names,
        })
    }

    /// Looks at them after, and writes down what moved.
    ///
    /// # Errors
    /// [`crate::error::Error::Conflict`] when a tag moved or went that is immutable.
    pub(in crate::registry) async fn end(
        self,
        tx: &Tx,
        container: &Granted<impl Includes<Push>, container::Model>,
    ) -> Result<()> {
        let after = meanings(tx, container, &self.names).await?;
        let mut moves = Vec::new();
        for name in &self.names {
            let before = self.before.get(name).cloned().unwrap_or_default();
            let after = after.get(name).cloned().unwrap_or_default();
            if let Some(pattern) = self
                .rules
                .immutable(name)
                .filter(|_| !before.kept_in(&after))
            {
                return Err(refusal(
                    &containers::path(tx, container).await?.to_string(),
                    name,
                    pattern,
                ));
            }
            moves.extend(moved(tx, container, name, (&before, &after)));
        }
        for some in moves.chunks(BATCH) {
            tag_move::Entity::insert_many(some.to_vec())
                .exec_without_returning(tx.db())
                .await?;
        }
        Ok(())
    }
}

/// The moves that lead from one meaning to another: one for each architecture that changed, or one about the manifest alone.
fn moved(
    tx: &Tx,
    container: &container::Model,
    name: &str,
    (before, after): (&Meaning, &Meaning),
) -> Vec<tag_move::ActiveModel> {
    let archs: BTreeSet<&String> = before.images.keys().chain(after.images.keys()).collect();
    let changed = archs
        .into_iter()
        .filter(|arch| before.images.get(*arch) != after.images.get(*arch));
    let mut changed: Vec<Option<&String>> = changed.map(Some).collect();
    if changed.is_empty() && before.manifest != after.manifest {
        changed.push(None);
    }
    let image = |of: &Meaning, arch: Option<&String>| of.images.get(arch?).cloned();
    let row = |arch: Option<&String>| tag_move::ActiveModel {
        id: Set(TagMoveId(fresh_id())),
        container_id: Set(container.id),
        name: Set(name.to_owned()),
        arch: Set(arch.cloned()),
        from_image: Set(image(before, arch)),
        to_image: Set(image(after, arch)),
        from_manifest: Set(before.manifest.clone()),
        to_manifest: Set(after.manifest.clone()),
        moved_at: Set(tx.now()),
        moved_by: Set(tx.actor().account().map(|account| account.id)),
    };
    changed.into_iter().map(row).collect()
}

/// What names mean now. Two statements for a thousand of them.
async fn meanings(tx: &Tx, container: &container::Model, names: &[String]) -> Result<Meanings> {
    let mut meanings = Meanings::new();
    for some in names.chunks(BATCH) {
        let images: Vec<(String, String, String)> = rows::<Pull, tag::Entity>(tx.actor())
            .into_select()
            .join(JoinType::InnerJoin, tag::Relation::Image.def())
            .filter(tag::Column::ContainerId.eq(container.id))
            .filter(tag::Column::Name.is_in(some))
            .select_only()
            .column(tag::Column::Name)
            .column(tag::Column::Arch)
            .column(image::Column::Digest)
            .into_tuple()
            .all(tx.db())
            .await?;
        for (name, arch, digest) in images {
            meanings
                .entry(name)
                .or_default()
                .images
                .insert(arch, digest);
        }
        let manifests: Vec<(String, String)> = rows::<Pull, manifest_tag::Entity>(tx.actor())
            .into_select()
            .join(JoinType::InnerJoin, manifest_tag::Relation::Manifest.def())
            .filter(manifest_tag::Column::ContainerId.eq(container.id))
            .filter(manifest_tag::Column::Name.is_in(some))
            .select_only()
            .column(manifest_tag::Column::Name)
            .column(manifest::Column::Digest)
            .into_tuple()
            .all(tx.db())
            .await?;
        for (name, digest) in manifests {
            meanings.entry(name).or_default().manifest = Some(digest);
        }
    }
    Ok(meanings)
}
