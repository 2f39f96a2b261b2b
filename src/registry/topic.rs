//! Topics: words that people put on containers, to find what is about the same.
use std::{collections::HashMap, fmt, str::FromStr};

use entity::{container, container_topic, id::ContainerId};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect,
    RelationTrait, Set,
    sea_query::{Expr, ExprTrait, Query},
};
use serde_json::json;

use super::{
    Caller, container as containers,
    counted::{Counted, Words},
    page::{Page, PageArgs},
};
use crate::{
    access::{Admin, Pull, internal, open, rows},
    error::{Error, Result},
    event::Event,
};

/// The most topics of one container.
pub const TOPICS_MAX: usize = 20;
/// The longest topic, in bytes.
pub const TOPIC_MAX: usize = 50;
/// The name of the order of [`list`], in cursors.
const ORDER: &str = "topic-containers-";

/// A topic: lower-case letters and digits, joined by single `-`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Topic(String);

impl Topic {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Topic {
    type Err = Error;

    /// Takes upper case and blanks as well, as people write them: "Machine Learning" is `machine-learning`.
    fn from_str(text: &str) -> Result<Self> {
        let words = text.split(['-', '_', ' ']);
        let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
        let topic = words.join("-").to_ascii_lowercase();
        let allowed = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        if topic.is_empty() || topic.len() > TOPIC_MAX || !topic.bytes().all(allowed) {
            let why = format!(
                "{text:?} is no topic; use letters and digits joined by '-', up to {TOPIC_MAX} bytes"
            );
            return Err(Error::invalid("topics", why));
        }
        Ok(Self(topic))
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The topics of containers that the caller holds, each in the order of letters. One statement.
pub async fn of(caller: &Caller, ids: &[ContainerId]) -> Result<HashMap<ContainerId, Vec<String>>> {
    let rows = internal::<container_topic::Entity>()
        .filter(container_topic::Column::ContainerId.is_in(ids.iter().copied()))
        .order_by_asc(container_topic::Column::Topic)
        .all(caller.db())
        .await?;
    let mut topics: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        topics.entry(row.container_id).or_default().push(row.topic);
    }
    Ok(topics)
}

/// Gives a container of the caller these topics and no others.
///
/// # Errors
/// [`Error::Invalid`] for more than [`TOPICS_MAX`]; those of [`open`].
pub async fn set(caller: &Caller, id: ContainerId, mut topics: Vec<Topic>) -> Result<()> {
    topics.sort();
    topics.dedup();
    if topics.len() > TOPICS_MAX {
        let why = format!("{TOPICS_MAX} topics at most");
        return Err(Error::invalid("topics", why));
    }
    caller
        .change(async |tx| {
            let container = open::<Admin, container::Entity>(tx.db(), tx.actor(), id).await?;
            containers::lock(tx, id).await?;
            container_topic::Entity::delete_many()
                .filter(container_topic::Column::ContainerId.eq(id))
                .exec(tx.db())
                .await?;
            let row = |topic: &Topic| container_topic::ActiveModel {
                container_id: Set(id),
                topic: Set(topic.to_string()),
            };
            if !topics.is_empty() {
                container_topic::Entity::insert_many(topics.iter().map(row))
                    .exec_without_returning(tx.db())
                    .await?;
            }
            let path = containers::path(tx, &container).await?;
            let topics: Vec<_> = topics.iter().map(Topic::as_str).collect();
            Ok(Event::new("container.topics", path, id)
                .details(json!({"topics": topics}))
                .with(()))
        })
        .await
}

/// Containers that have all these topics.
pub(in crate::registry) fn on_containers(wanted: &[Topic]) -> Condition {
    let having = |topic: &Topic| {
        let those = Query::select()
            .column(container_topic::Column::ContainerId)
            .from(container_topic::Entity)
            .and_where(Expr::col(container_topic::Column::Topic).eq(topic.as_str()))
            .to_owned();
        Expr::col((container::Entity, container::Column::Id)).in_subquery(those)
    };
    wanted
        .iter()
        .map(having)
        .fold(Condition::all(), Condition::add)
}

/// The topics of containers that the caller may see, the most used first, then in the order of letters. One statement.
///
/// # Errors
/// [`Error::Invalid`] for a cursor of another list.
pub async fn list(caller: &Caller, args: &PageArgs<()>) -> Result<Page<Counted>> {
    words(caller).page(caller, args).await
}

/// How many topics [`list`] lists.
pub async fn count(caller: &Caller) -> Result<u64> {
    words(caller).count(caller).await
}

fn words(caller: &Caller) -> Words<container::Entity, container_topic::Column> {
    let rows = rows::<Pull, container::Entity>(caller.actor())
        .into_select()
        .join(
            JoinType::InnerJoin,
            container_topic::Relation::Container.def().rev(),
        );
    Words {
        rows,
        thing: container::Column::Id,
        word: container_topic::Column::Topic,
        order: ORDER.into(),
    }
}
