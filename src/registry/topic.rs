//! Topics: words that people put on containers, to find what is about the same.
use std::{collections::HashMap, fmt, str::FromStr};

use entity::{container, container_topic, id::ContainerId};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder,
    QuerySelect, RelationTrait, Select, Set,
    sea_query::{Expr, ExprTrait, Query},
};
use serde_json::json;

use super::{
    Caller, container as containers,
    page::{Cursor, PAGE_MAX, Page, PageArgs},
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

/// A topic, and how many containers that the caller may see have it.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Counted {
    /// The topic.
    pub topic: String,
    /// How many containers.
    pub containers: i64,
}

/// The topics of containers that the caller may see, the most used first, then in the order of letters. One statement.
///
/// # Errors
/// [`Error::Invalid`] for a cursor of another list.
pub async fn list(caller: &Caller, args: &PageArgs<()>) -> Result<Page<Counted>> {
    let limit = args.limit.clamp(1, PAGE_MAX);
    let mut select = counted(caller);
    for (what, cursor, behind) in [
        ("after", &args.after, true),
        ("before", &args.before, false),
    ] {
        if let Some(cursor) = cursor {
            let (topic, containers) = cursor.place(what, ORDER)?;
            select = select.having(beyond(topic, containers, behind));
        }
    }
    let number = container::Column::Id.count();
    let select = match args.backwards {
        false => select
            .order_by_desc(number)
            .order_by_asc(container_topic::Column::Topic),
        true => select
            .order_by_asc(number)
            .order_by_desc(container_topic::Column::Topic),
    };
    let found: Vec<Counted> = select
        .limit(limit + 1)
        .into_model()
        .all(caller.db())
        .await?;
    Ok(cut(found, limit, args))
}

fn counted(caller: &Caller) -> Select<container::Entity> {
    rows::<Pull, container::Entity>(caller.actor())
        .into_select()
        .join(
            JoinType::InnerJoin,
            container_topic::Relation::Container.def().rev(),
        )
        .select_only()
        .column(container_topic::Column::Topic)
        .column_as(container::Column::Id.count(), "containers")
        .group_by(container_topic::Column::Topic)
}

/// What comes behind a place, or before it.
fn beyond(topic: &str, containers: i64, behind: bool) -> Condition {
    let number = || container::Column::Id.count();
    let name = || container_topic::Column::Topic;
    let same = Condition::all().add(number().eq(containers));
    match behind {
        true => Condition::any()
            .add(number().lt(containers))
            .add(same.add(name().gt(topic))),
        false => Condition::any()
            .add(number().gt(containers))
            .add(same.add(name().lt(topic))),
    }
}

fn cut(mut found: Vec<Counted>, limit: u64, args: &PageArgs<()>) -> Page<Counted> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.len() > limit;
    found.truncate(limit);
    if args.backwards {
        found.reverse();
    }
    let (has_next, has_previous) = match args.backwards {
        true => (args.before.is_some(), more),
        false => (more, args.after.is_some()),
    };
    let place = |row: Counted| (Cursor::new(ORDER, row.topic.clone(), row.containers), row);
    Page {
        items: found.into_iter().map(place).collect(),
        has_next,
        has_previous,
    }
}

/// How many topics [`list`] lists.
pub async fn count(caller: &Caller) -> Result<u64> {
    let number = rows::<Pull, container::Entity>(caller.actor())
        .into_select()
        .join(
            JoinType::InnerJoin,
            container_topic::Relation::Container.def().rev(),
        )
        .select_only()
        .column_as(
            Expr::expr(sea_orm::sea_query::Func::count_distinct(
                container_topic::Column::Topic.into_expr(),
            )),
            "topics",
        );
    let number: Option<i64> = number.into_tuple().one(caller.db()).await?;
    Ok(number.unwrap_or_default().unsigned_abs())
}
