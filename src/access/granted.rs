//! Rows that somebody has been let into, and the only ways to get one.
use std::{collections::HashMap, marker::PhantomData, ops::Deref};

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, Cursor, DbErr, EntityTrait, FromQueryResult,
    IntoIdentity, Iterable, PaginatorTrait, PrimaryKeyToColumn, QueryFilter, QueryResult,
    QuerySelect, Select, SelectModel, Value, sea_query::CaseStatement,
};

use super::{Actor, Guarded, Identity, Internal};
use crate::error::{Error, Result};

/// How far in. Each level includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// See it and pull from it.
    Pull,
    /// Push images and move tags.
    Push,
    /// Change, share and delete it.
    Admin,
}

/// A level, as a type.
pub trait Needs {
    /// The level.
    const LEVEL: Level;
}

/// A level that includes the level `L`.
pub trait Includes<L> {}

macro_rules! levels {
    ($($name:ident: $($below:ident)*),*) => { $(
        #[doc = concat!("[`Level::", stringify!($name), "`] as a type.")]
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl Needs for $name {
            const LEVEL: Level = Level::$name;
        }
        impl Includes<$name> for $name {}
        $( impl Includes<$below> for $name {} )*
    )* };
}
levels!(Pull:, Push: Pull, Admin: Push Pull);

/// A row its actor has been let into, at least as far as `L`. Only this room can make one.
#[derive(Clone, Debug)]
pub struct Granted<L, M> {
    row: M,
    level: PhantomData<L>,
}

impl<L, M> Granted<L, M> {
    fn new(row: M) -> Self {
        Self {
            row,
            level: PhantomData,
        }
    }

    /// The row, without the grant.
    pub fn into_row(self) -> M {
        self.row
    }

    /// The same row, as far as pulling; every level includes that.
    pub fn for_pull(self) -> Granted<Pull, M> {
        Granted::new(self.row)
    }

    /// The row as it is after an update that does not change who may reach it.
    pub fn replaced(self, row: M) -> Self {
        Self::new(row)
    }
}

impl<L, M> Deref for Granted<L, M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.row
    }
}

/// The rows of `E` that an actor may reach at `L`; every list starts here.
pub struct Rows<L, E: EntityTrait> {
    select: Select<E>,
    level: PhantomData<L>,
}

/// What [`Rows::with_amounts`] reads along is called so in the statement.
pub const AMOUNT: &str = "amount";

struct Measured<M> {
    row: M,
    amount: i64,
}

impl<M: FromQueryResult> FromQueryResult for Measured<M> {
    fn from_query_result(row: &QueryResult, prefix: &str) -> std::result::Result<Self, DbErr> {
        Ok(Self {
            row: M::from_query_result(row, prefix)?,
            amount: row.try_get(prefix, AMOUNT)?,
        })
    }
}

/// The rows of `E` that `actor` may reach at `L`.
pub fn rows<L: Needs, E: Guarded>(actor: &Actor) -> Rows<L, E> {
    Rows {
        select: reachable(actor, L::LEVEL),
        level: PhantomData,
    }
}

/// Of the [`rows`] of `E`, those in which `actor` reaches everything: what is added up for the whole of one may be shown.
pub fn whole<L: Needs, E: Guarded>(actor: &Actor) -> Rows<L, E> {
    Rows {
        select: reachable(actor, L::LEVEL).filter(E::whole(actor, L::LEVEL)),
        level: PhantomData,
    }
}

impl<L, E: EntityTrait> Rows<L, E> {
    /// The same rows, filtered, joined or ordered further.
    pub fn narrow(self, step: impl FnOnce(Select<E>) -> Select<E>) -> Self {
        Self {
            select: step(self.select),
            level: PhantomData,
        }
    }

    /// All of them.
    pub async fn all(self, db: &impl ConnectionTrait) -> Result<Vec<Granted<L, E::Model>>> {
        Ok(self
            .select
            .all(db)
            .await?
            .into_iter()
            .map(Granted::new)
            .collect())
    }

    /// All of them, each with the amount that is selected along with it as [`AMOUNT`].
    pub async fn with_amounts(
        self,
        db: &impl ConnectionTrait,
    ) -> Result<Vec<(Granted<L, E::Model>, i64)>> {
        let rows = self.select.into_model::<Measured<E::Model>>();
        let each = |found: Measured<E::Model>| (Granted::new(found.row), found.amount);
        Ok(rows.all(db).await?.into_iter().map(each).collect())
    }

    /// The first of them.
    pub async fn one(self, db: &impl ConnectionTrait) -> Result<Option<Granted<L, E::Model>>> {
        Ok(self.select.one(db).await?.map(Granted::new))
    }

    /// A page of them in the order of some columns: `step` sets the cursor's direction, bounds and length.
    pub async fn page(
        self,
        db: &impl ConnectionTrait,
        order: impl IntoIdentity,
        step: impl FnOnce(&mut Cursor<SelectModel<E::Model>>),
    ) -> Result<Vec<Granted<L, E::Model>>>
    where
        E::Model: Sync,
    {
        let mut cursor = self.select.cursor_by(order);
        step(&mut cursor);
        Ok(cursor
            .all(db)
            .await?
            .into_iter()
            .map(Granted::new)
            .collect())
    }

    /// How many there are.
    pub async fn count(self, db: &impl ConnectionTrait) -> Result<u64>
    where
        E::Model: FromQueryResult + Sync,
    {
        Ok(self.select.count(db).await?)
    }

    /// The statement behind them, for aggregates; rows read from it carry no grant.
    pub fn into_select(self) -> Select<E> {
        self.select
    }
}

/// Loads one row and decides: hidden is [`Error::NotFound`], seen but refused is [`Error::Forbidden`], or
/// [`Error::Unauthenticated`] if nobody is signed in.
pub async fn open<L: Needs, E: Guarded>(
    db: &impl ConnectionTrait,
    actor: &Actor,
    id: impl Into<Value>,
) -> Result<Granted<L, E::Model>> {
    let key = primary_key::<E>();
    let id = id.into();
    open_where::<L, E>(db, actor, |select| select.filter(key.eq(id.clone()))).await
}

/// Like [`open`], for the one row that `narrow` leaves.
pub async fn open_where<L: Needs, E: Guarded>(
    db: &impl ConnectionTrait,
    actor: &Actor,
    narrow: impl Fn(Select<E>) -> Select<E>,
) -> Result<Granted<L, E::Model>> {
    if let Some(row) = narrow(reachable(actor, L::LEVEL)).one(db).await? {
        return Ok(Granted::new(row));
    }
    if L::LEVEL == Level::Pull {
        return Err(Error::NotFound(E::NOUN));
    }
    if narrow(reachable::<E>(actor, Level::Pull))
        .one(db)
        .await?
        .is_none()
    {
        return Err(Error::NotFound(E::NOUN));
    }
    // It is seen; but it may have been made since the first look, and then it may well be the actor's.
    match narrow(reachable(actor, L::LEVEL)).one(db).await? {
        Some(row) => Ok(Granted::new(row)),
        None => Err(refusal(actor, L::LEVEL, E::NOUN)),
    }
}

/// How far `actor` reaches into the one row that `narrow` leaves; `None`: not at all, or there is none.
pub async fn reach<E: Guarded>(
    db: &impl ConnectionTrait,
    actor: &Actor,
    narrow: impl Fn(Select<E>) -> Select<E>,
) -> Result<Option<Level>> {
    for level in [Level::Admin, Level::Push, Level::Pull] {
        let there = narrow(reachable(actor, level));
        if actor.may_reach(level) && there.one(db).await?.is_some() {
            return Ok(Some(level));
        }
    }
    Ok(None)
}

/// Why `actor` is refused what it can see.
fn refusal(actor: &Actor, level: Level, noun: &str) -> Error {
    match actor {
        Actor::Anonymous => Error::Unauthenticated(format!("sign in to change this {noun}")),
        _ if !actor.may_reach(level) => {
            Error::Forbidden("this token may only read; make one with the scope write".into())
        }
        _ if noun == "team" => {
            Error::Forbidden("only maintainers of this team may do that; ask one of them".into())
        }
        _ => Error::Forbidden(format!(
            "this {noun} belongs to somebody else; ask its owner"
        )),
    }
}

/// How far `actor` reaches into each of `ids`, among those that they may see. One statement.
pub async fn levels<E: Guarded>(
    db: &impl ConnectionTrait,
    actor: &Actor,
    ids: impl IntoIterator<Item = i64>,
) -> Result<HashMap<i64, Level>> {
    let key = primary_key::<E>();
    let at = |level: Level| Condition::all().add(E::reach(actor, level));
    let far = CaseStatement::new()
        .case(at(Level::Admin), 2)
        .case(at(Level::Push), 1)
        .finally(0);
    let rows: Vec<(i64, i32)> = reachable::<E>(actor, Level::Pull)
        .filter(key.is_in(ids))
        .select_only()
        .column_as(key, "key")
        .expr_as(far, "far")
        .into_tuple()
        .all(db)
        .await?;
    let level = |far| match far {
        2 => Level::Admin,
        1 => Level::Push,
        _ => Level::Pull,
    };
    Ok(rows.into_iter().map(|(id, far)| (id, level(far))).collect())
}

fn primary_key<E: EntityTrait>() -> E::Column {
    E::PrimaryKey::iter()
        .next()
        .expect("every table has a primary key")
        .into_column()
}

fn reachable<E: Guarded>(actor: &Actor, level: Level) -> Select<E> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where guarded rows are looked for"
    )]
    let all = E::find();
    all.filter(E::reach(actor, level))
}

/// Rows that belong to nobody, such as blobs and events.
pub fn internal<E: Internal>() -> Select<E> {
    #[expect(clippy::disallowed_methods, reason = "these rows have no owner")]
    E::find()
}

/// Rows that tell who somebody is, for use before there is an actor.
pub fn identity<E: Identity>() -> Select<E> {
    #[expect(
        clippy::disallowed_methods,
        reason = "signing in comes before the actor"
    )]
    E::find()
}
