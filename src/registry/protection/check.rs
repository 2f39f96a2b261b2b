//! Whether something may happen to what is protected.
use entity::{collection, container, manifest_tag, protection};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, JoinType, QueryFilter, QueryOrder, QuerySelect,
    RelationTrait,
};

use super::{
    find,
    pattern::{Pattern, meant},
    texts,
};
use crate::{
    access::{Pull, rows},
    error::{Error, Result},
    registry::{ContainerId, Tx, collection as collections, container as containers},
};

/// How many tags are looked at in one statement.
const BATCH: u64 = 1000;

/// What holds in a container.
#[derive(Clone, Debug, Default)]
pub(in crate::registry) struct Rules {
    patterns: Vec<Pattern>,
    frozen: Option<Freeze>,
}

/// What is frozen, and why.
#[derive(Clone, Debug)]
struct Freeze {
    noun: &'static str,
    why: String,
}

impl Rules {
    /// Those of a container, out of its own row and that of its collection.
    fn of(mut found: Vec<protection::Model>) -> Self {
        // The container comes first.
        found.sort_by_key(|row| row.container_id.is_none());
        let parse = |row: &protection::Model| {
            let texts = texts(row.immutable_tags.clone()?);
            Some(texts.iter().filter_map(|text| text.parse().ok()).collect())
        };
        let freeze = |row: &protection::Model| {
            row.frozen_at?;
            let noun = if row.container_id.is_some() {
                "container"
            } else {
                "collection"
            };
            Some(Freeze {
                noun,
                why: row.frozen_why.clone(),
            })
        };
        Self {
            patterns: found.iter().find_map(parse).unwrap_or_default(),
            frozen: found.iter().find_map(freeze),
        }
    }

    /// The pattern that makes a tag immutable.
    pub(in crate::registry) fn immutable(&self, name: &str) -> Option<&Pattern> {
        meant(&self.patterns, name)
    }
}

impl Freeze {
    /// What is told to whoever comes; `subject` is what is frozen.
    fn refusal(&self, subject: &str) -> Error {
        let Self { noun, why } = self;
        let why = match &**why {
            "" => String::new(),
            why => format!(" ({why})"),
        };
        Error::Conflict(format!(
            "{subject} is frozen{why}: nothing is pushed, tagged, moved or deleted there; whoever administers the {noun} may lift that (unfreeze)"
        ))
    }
}

/// The rules of a container. One statement.
async fn rules(db: &impl ConnectionTrait, container: &container::Model) -> Result<Rules> {
    let of_it = Condition::any()
        .add(protection::Column::ContainerId.eq(container.id))
        .add(protection::Column::CollectionId.eq(container.collection_id));
    Ok(Rules::of(find(db, of_it).await?))
}

/// Refuses all that changes what is in a frozen container, and tells the rules of one that is not.
///
/// # Errors
/// [`Error::Conflict`], with words about who may lift it.
pub(in crate::registry) async fn check_frozen(
    db: &impl ConnectionTrait,
    container: &container::Model,
) -> Result<Rules> {
    let rules = rules(db, container).await?;
    match &rules.frozen {
        None => Ok(rules),
        Some(freeze) => {
            let path = containers::path_in(db, container).await?;
            let of = if freeze.noun == "container" {
                ""
            } else {
                "of "
            };
            Err(freeze.refusal(&format!("the {} {of}{path}", freeze.noun)))
        }
    }
}

/// What refuses to touch a tag.
pub(in crate::registry) fn refusal(path: &str, name: &str, pattern: &Pattern) -> Error {
    Error::Conflict(format!(
        "the tag {name} of {path} is immutable by the rule {pattern:?}: it neither moves nor goes; use another tag, or ask whoever administers the container to change its rules (setImmutableTags)",
        pattern = pattern.as_str()
    ))
}

/// Refuses to delete, rename or move a container that is frozen or holds an immutable tag.
///
/// # Errors
/// [`Error::Conflict`].
pub(in crate::registry) async fn check_container(
    tx: &Tx,
    container: &container::Model,
) -> Result<()> {
    let rules = check_frozen(tx.db(), container).await?;
    check_tags(tx, container, &rules).await
}

async fn check_tags(tx: &Tx, container: &container::Model, rules: &Rules) -> Result<()> {
    if rules.patterns.is_empty() {
        return Ok(());
    }
    let mut last = String::new();
    loop {
        let names = tags_behind(tx, container.id, &last).await?;
        if let Some((name, pattern)) = names
            .iter()
            .find_map(|name| Some((name, rules.immutable(name)?)))
        {
            return Err(refusal(
                &containers::path(tx, container).await?.to_string(),
                name,
                pattern,
            ));
        }
        match names.into_iter().next_back() {
            Some(name) => last = name,
            None => return Ok(()),
        }
    }
}

async fn tags_behind(tx: &Tx, container: ContainerId, last: &str) -> Result<Vec<String>> {
    let names = rows::<Pull, manifest_tag::Entity>(tx.actor())
        .into_select()
        .filter(manifest_tag::Column::ContainerId.eq(container))
        .filter(manifest_tag::Column::Name.gt(last))
        .order_by_asc(manifest_tag::Column::Name)
        .limit(BATCH)
        .select_only()
        .column(manifest_tag::Column::Name);
    Ok(names.into_tuple().all(tx.db()).await?)
}

/// Refuses to delete, rename or move a collection when it, or a container in it, is frozen, or holds an immutable tag.
///
/// # Errors
/// [`Error::Conflict`].
pub(in crate::registry) async fn check_collection(
    tx: &Tx,
    collection: &collection::Model,
) -> Result<()> {
    containers::lock_all(tx, collection.id).await?;
    let own = find(
        tx.db(),
        Condition::all().add(protection::Column::CollectionId.eq(collection.id)),
    )
    .await?;
    let own = own.into_iter().next();
    if let Some(freeze) = own.clone().and_then(|row| Rules::of(vec![row]).frozen) {
        let path = collections::path(tx, collection).await?;
        return Err(freeze.refusal(&format!("the collection {path}")));
    }
    let everywhere = own.as_ref().is_some_and(|row| row.immutable_tags.is_some());
    let mut last = ContainerId(0);
    loop {
        let some = protected_behind(tx, collection, everywhere, last).await?;
        for container in &some {
            check_container(tx, container).await?;
        }
        match some.last() {
            Some(container) => last = container.id,
            None => return Ok(()),
        }
    }
}

/// Containers of a collection that may hold what is protected: all, or those with rules of their own.
async fn protected_behind(
    tx: &Tx,
    collection: &collection::Model,
    all: bool,
    last: ContainerId,
) -> Result<Vec<container::Model>> {
    let mut some = rows::<Pull, container::Entity>(tx.actor()).narrow(|q| {
        q.filter(container::Column::CollectionId.eq(collection.id))
            .filter(container::Column::Id.gt(last))
            .order_by_asc(container::Column::Id)
            .limit(BATCH)
    });
    if !all {
        some = some.narrow(|q| {
            q.join(
                JoinType::InnerJoin,
                protection::Relation::Container.def().rev(),
            )
        });
    }
    let rows = some.all(tx.db()).await?;
    Ok(rows
        .into_iter()
        .map(crate::access::Granted::into_row)
        .collect())
}
