//! What was counted, for people: by day, by tag, by door.
use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use entity::{collection, container, download_day, image, kind::Door};
use sea_orm::{
    ActiveEnum, ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, JoinType, QueryFilter,
    QuerySelect, QueryTrait, RelationTrait, Select,
    sea_query::{
        CaseStatement, ColumnRef, Expr, Func, IntoColumnRef, Order, Query, SelectStatement,
        WindowStatement,
    },
};

use crate::{
    access::{Pull, rows},
    error::{Error, Result},
    registry::{Caller, CollectionId, ContainerId, ImageId, NamespaceId},
};

/// The longest span, in days.
pub const SPAN_MAX: i64 = 400;
/// The span when nobody says, in days.
const SPAN: i64 = 30;
/// The most tags that are told.
pub const TOP: u64 = 100;

/// Of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Of {
    /// All containers of this server that the caller may see.
    Site,
    /// All containers in a namespace that the caller may see.
    Namespace(NamespaceId),
    /// All containers in a collection that the caller may see.
    Collection(CollectionId),
    /// All that was pulled from a container, images that are gone included.
    Container(ContainerId),
    /// An image.
    Image(ImageId),
}

/// Days in UTC, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    pub(super) since: NaiveDate,
    pub(super) until: NaiveDate,
}

impl Span {
    /// From `since` until `until`, which is today unless somebody says; 30 days unless somebody says.
    ///
    /// # Errors
    /// [`Error::Invalid`] for no days, or for more than [`SPAN_MAX`].
    pub fn new(
        caller: &Caller,
        since: Option<NaiveDate>,
        until: Option<NaiveDate>,
    ) -> Result<Self> {
        let until = until.unwrap_or_else(|| caller.now().date_naive());
        let start = || until.checked_sub_signed(TimeDelta::days(SPAN - 1));
        let since = since.or_else(start).unwrap_or(until);
        let days = until.signed_duration_since(since).num_days() + 1;
        if (1..=SPAN_MAX).contains(&days) {
            return Ok(Self { since, until });
        }
        let why = format!("{since} to {until} are {days} days; ask for 1 to {SPAN_MAX}");
        Err(Error::invalid("since", why))
    }

    /// The first and the last day.
    pub(in crate::registry) fn days(self) -> (NaiveDate, NaiveDate) {
        (self.since, self.until)
    }
}

/// How pulls are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum By {
    /// By day, the first one first; days without pulls are left out.
    Day,
    /// By tag, the most pulled first, up to [`TOP`]; the empty one stands for pulls by digest.
    Tag,
    /// By door, the most used first.
    Door,
}

/// How often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// The day (`2026-01-31`), tag or door.
    pub label: String,
    /// By people who were signed in.
    pub signed_in: u64,
    /// By others.
    pub anonymous: u64,
}

impl Count {
    /// The door that is the label, of counts by door; absent for one that this version does not know.
    pub fn door(&self) -> Option<Door> {
        Door::try_from_value(&self.label).ok()
    }
}

/// What is asked of: things of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Site,
    Namespace,
    Collection,
    Container,
    Image,
}

impl Of {
    pub(super) fn parts(self) -> (Kind, i64) {
        match self {
            Self::Site => (Kind::Site, 0),
            Self::Namespace(id) => (Kind::Namespace, id.0),
            Self::Collection(id) => (Kind::Collection, id.0),
            Self::Container(id) => (Kind::Container, id.0),
            Self::Image(id) => (Kind::Image, id.0),
        }
    }

    pub(super) fn new(kind: Kind, id: i64) -> Self {
        match kind {
            Kind::Site => Self::Site,
            Kind::Namespace => Self::Namespace(NamespaceId(id)),
            Kind::Collection => Self::Collection(CollectionId(id)),
            Kind::Container => Self::Container(ContainerId(id)),
            Kind::Image => Self::Image(ImageId(id)),
        }
    }
}

/// How often each of some things was pulled within a span. One statement for each kind of thing.
pub async fn series(
    caller: &Caller,
    of: &[Of],
    span: Span,
    by: By,
) -> Result<HashMap<Of, Vec<Count>>> {
    let mut kinds: BTreeMap<Kind, Vec<i64>> = BTreeMap::new();
    for (kind, id) in of.iter().map(|of| of.parts()) {
        kinds.entry(kind).or_default().push(id);
    }
    let mut found: HashMap<Of, Vec<Count>> = HashMap::new();
    for (kind, ids) in kinds {
        for (id, count) in of_kind(caller, (kind, &ids), (span, by)).await? {
            found.entry(Of::new(kind, id)).or_default().push(count);
        }
    }
    Ok(found)
}

async fn of_kind(
    caller: &Caller,
    (kind, ids): (Kind, &[i64]),
    way: (Span, By),
) -> Result<Vec<(i64, Count)>> {
    let key = match kind {
        Kind::Site => return ask(caller, of_containers(caller), None, way).await,
        Kind::Image => {
            let key = image::Column::Id.as_column_ref().into_column_ref();
            return ask(caller, of_images(caller, ids), Some(key), way).await;
        }
        Kind::Namespace => collection::Column::NamespaceId.as_column_ref(),
        Kind::Collection => container::Column::CollectionId.as_column_ref(),
        Kind::Container => container::Column::Id.as_column_ref(),
    };
    let mut pulls = of_containers(caller);
    if kind == Kind::Namespace {
        pulls = pulls.join(JoinType::InnerJoin, container::Relation::Collection.def());
    }
    let within = Expr::col(key.clone()).is_in(ids.iter().copied());
    ask(
        caller,
        pulls.filter(within),
        Some(key.into_column_ref()),
        way,
    )
    .await
}

/// All pulls from containers that the caller may see.
fn of_containers(caller: &Caller) -> Select<container::Entity> {
    rows::<Pull, container::Entity>(caller.actor())
        .into_select()
        .join(
            JoinType::InnerJoin,
            download_day::Relation::Container.def().rev(),
        )
}

fn of_images(caller: &Caller, ids: &[i64]) -> Select<image::Entity> {
    let pulls = image::Entity::belongs_to(download_day::Entity)
        .from(image::Column::Id)
        .to(download_day::Column::ItemId);
    rows::<Pull, image::Entity>(caller.actor())
        .into_select()
        .filter(image::Column::Id.is_in(ids.iter().copied()))
        .join(JoinType::InnerJoin, pulls.into())
}

async fn ask<E: EntityTrait>(
    caller: &Caller,
    pulls: Select<E>,
    key: Option<ColumnRef>,
    (span, by): (Span, By),
) -> Result<Vec<(i64, Count)>> {
    let found = caller
        .db()
        .query_all(&ranked(pulls, key, (span, by)))
        .await?;
    let read = |row: &sea_orm::QueryResult| {
        let number = |name| row.try_get::<i64>("", name);
        let count = Count {
            label: row.try_get("", "label")?,
            signed_in: number("signed_in")?.unsigned_abs(),
            anonymous: number("anonymous")?.unsigned_abs(),
        };
        Ok::<_, sea_orm::DbErr>((number("key")?, count))
    };
    Ok(found.iter().map(read).collect::<Result<_, _>>()?)
}

/// The first rows of each key, or of all that is selected: all days and doors, and the most pulled tags.
fn ranked<E: EntityTrait>(
    pulls: Select<E>,
    key: Option<ColumnRef>,
    (span, by): (Span, By),
) -> SelectStatement {
    use download_day::Column;
    let column = match by {
        By::Day => Column::Day,
        By::Tag => Column::Tag,
        By::Door => Column::Door,
    };
    let mut place = match &key {
        Some(key) => WindowStatement::partition_by(key.clone()),
        None => WindowStatement::new(),
    };
    if by != By::Day {
        place.order_by_expr(Column::Count.sum(), Order::Desc);
    }
    place.order_by(column.as_column_ref(), Order::Asc);
    let mut sums = pulls
        .filter(Column::Day.between(span.since, span.until))
        .select_only()
        .column_as(Expr::col(column.as_column_ref()).cast_as("text"), "label")
        .column_as(pulled(true), "signed_in")
        .column_as(pulled(false), "anonymous")
        .group_by(column)
        .into_query();
    sums.expr_window_as(Func::cust("ROW_NUMBER"), place, "place");
    match key {
        Some(key) => sums
            .expr_as(Expr::col(key.clone()), "key")
            .add_group_by([Expr::col(key)]),
        None => sums.expr_as(Expr::val(0_i64).cast_as("bigint"), "key"),
    };
    let limit = match by {
        By::Tag => TOP,
        By::Day | By::Door => SPAN_MAX.unsigned_abs(),
    };
    Query::select()
        .columns(["key", "label", "signed_in", "anonymous"])
        .from_subquery(sums, "pulls")
        .and_where(Expr::col("place").lte(i64::try_from(limit).unwrap_or(i64::MAX)))
        .order_by("place", Order::Asc)
        .take()
}

/// The sum of the pulls by people who were signed in, or were not.
fn pulled(signed_in: bool) -> Expr {
    use download_day::Column;
    let each: Expr = CaseStatement::new()
        .case(Column::SignedIn.eq(signed_in), Column::Count.into_expr())
        .finally(0_i64)
        .into();
    Expr::expr(Func::sum(each)).cast_as("bigint")
}

/// What nobody has pulled since then, and was there: nobody knows of younger things whether they will be pulled.
pub(in crate::registry) fn not_since(
    pulled: impl ColumnTrait,
    came: impl ColumnTrait,
    time: DateTime<Utc>,
) -> Expr {
    let never = pulled.is_null().and(came.lt(time));
    pulled.lt(time).or(never)
}

/// All pulls ever, of what is still there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// How many.
    pub count: u64,
    /// The last of them.
    pub last: Option<DateTime<Utc>>,
}

/// The sums of the containers in collections that the caller may see. One statement.
pub async fn totals(caller: &Caller, ids: &[CollectionId]) -> Result<HashMap<CollectionId, Total>> {
    let key = container::Column::CollectionId;
    let seen = rows::<Pull, container::Entity>(caller.actor()).into_select();
    let within = seen.filter(key.is_in(ids.iter().copied()));
    let found = added_up(caller, within, Some(key.as_column_ref().into_column_ref())).await?;
    Ok(found.map(|(id, total)| (CollectionId(id), total)).collect())
}

/// The sums of the containers in namespaces that the caller may see. One statement.
pub async fn totals_of_namespaces(
    caller: &Caller,
    ids: &[NamespaceId],
) -> Result<HashMap<NamespaceId, Total>> {
    let key = collection::Column::NamespaceId;
    let within = rows::<Pull, container::Entity>(caller.actor())
        .into_select()
        .join(JoinType::InnerJoin, container::Relation::Collection.def())
        .filter(key.is_in(ids.iter().copied()));
    let found = added_up(caller, within, Some(key.as_column_ref().into_column_ref())).await?;
    Ok(found.map(|(id, total)| (NamespaceId(id), total)).collect())
}

/// The sums of all containers that the caller may see. One statement.
pub async fn total_of_site(caller: &Caller) -> Result<Total> {
    let seen = rows::<Pull, container::Entity>(caller.actor()).into_select();
    let mut found = added_up(caller, seen, None).await?;
    Ok(found.next().map(|(_, total)| total).unwrap_or_default())
}

async fn added_up(
    caller: &Caller,
    containers: Select<container::Entity>,
    key: Option<ColumnRef>,
) -> Result<impl Iterator<Item = (i64, Total)>> {
    use container::Column::{Downloads, LastPulledAt};
    let count = Func::coalesce([Downloads.sum(), Expr::val(0_i64)]);
    let mut sums = containers
        .select_only()
        .column_as(Expr::expr(count).cast_as("bigint"), "count")
        .column_as(LastPulledAt.max(), "last")
        .into_query();
    match key {
        Some(key) => sums
            .expr_as(Expr::col(key.clone()), "key")
            .add_group_by([Expr::col(key)]),
        None => sums.expr_as(Expr::val(0_i64).cast_as("bigint"), "key"),
    };
    let found = caller.db().query_all(&sums).await?;
    let total = |row: &sea_orm::QueryResult| {
        let total = Total {
            count: row.try_get::<i64>("", "count")?.unsigned_abs(),
            last: row.try_get("", "last")?,
        };
        Ok::<_, sea_orm::DbErr>((row.try_get("", "key")?, total))
    };
    Ok(found
        .iter()
        .map(total)
        .collect::<Result<Vec<_>, _>>()?
        .into_iter())
}
