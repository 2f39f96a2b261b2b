//! Relay connections over pages of the registry.
use async_graphql::{
    Context, Enum, InputObject, InputType, Object, OutputType,
    connection::{Connection, Edge},
};

use super::{error::InField, scalar::Date};
use crate::{
    error::{Error, Result},
    registry::{
        collection::CollectionSort,
        container::ContainerSort,
        download::SPAN_MAX,
        image::ImageSort,
        namespace::NamespaceSort,
        page::{Cursor, PAGE_MAX, Page, PageArgs},
        size_tree::{self, CHILDREN_MAX, DEPTH_MAX},
        tag::TagSort,
        team::TeamSort,
        token::ByCreation,
        user::UserSort,
    },
};

/// How many rows a page has when nobody says.
const PAGE_DEFAULT: u64 = 20;

/// A connection whose rows are `T`.
pub(super) type List<T> = Connection<String, T, Counted>;

/// What a connection has beside Relay's fields.
pub(super) struct Counted(u64);

#[Object]
impl Counted {
    /// How many things the whole list holds that you may see. Costs a statement of its own, so ask only if you need it.
    async fn total_count(&self) -> u64 {
        self.0
    }
}

/// Smallest first, or largest first.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub(super) enum Direction {
    /// Smallest, first or oldest first.
    Asc,
    /// Largest, last or newest first.
    Desc,
}

/// The order of a list. What is equal by the field is ordered by age.
#[derive(InputObject)]
#[graphql(
    concrete(name = "NamespaceOrder", params(NamespaceOrderField)),
    concrete(name = "CollectionOrder", params(CollectionOrderField)),
    concrete(name = "ContainerOrder", params(ContainerOrderField)),
    concrete(name = "ImageOrder", params(ImageOrderField)),
    concrete(name = "TagOrder", params(TagOrderField)),
    concrete(name = "TeamOrder", params(TeamOrderField)),
    concrete(name = "TokenOrder", params(TokenOrderField)),
    concrete(name = "UserOrder", params(UserOrderField))
)]
pub(super) struct Order<F: InputType> {
    /// By what.
    field: F,
    /// Smallest or largest first.
    #[graphql(default_with = "Direction::Asc")]
    direction: Direction,
}

/// What namespaces can be ordered by.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "NamespaceSort")]
pub(super) enum NamespaceOrderField {
    /// By name.
    Name,
    /// By the time of creation.
    #[graphql(name = "CREATED_AT")]
    Created,
    /// By the sum of the sizes of what you may see in it, as its field size tells.
    Size,
    /// By the time of the last change of it.
    #[graphql(name = "UPDATED_AT")]
    Updated,
}

/// What collections can be ordered by.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "CollectionSort")]
pub(super) enum CollectionOrderField {
    /// By name.
    Name,
    /// By the time of creation.
    #[graphql(name = "CREATED_AT")]
    Created,
    /// By how many users have starred it.
    Stars,
    /// By how often something in it was pulled: the sums of the containers in it that you may see.
    Downloads,
    /// By the sum of the sizes of what you may see in it, as its field size tells.
    Size,
    /// By the time of the last change of it.
    #[graphql(name = "UPDATED_AT")]
    Updated,
}

/// What containers can be ordered by.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "ContainerSort")]
pub(super) enum ContainerOrderField {
    /// By name.
    Name,
    /// By the time of creation.
    #[graphql(name = "CREATED_AT")]
    Created,
    /// By how many users have starred it.
    Stars,
    /// By how often something in it was pulled.
    Downloads,
    /// By the sum of the sizes of what you may see in it, as its field size tells.
    Size,
    /// By when something in it was pulled last; what never was comes before all else.
    #[graphql(name = "LAST_PULLED_AT")]
    LastPulled,
    /// By the time of the last change of it.
    #[graphql(name = "UPDATED_AT")]
    Updated,
}

/// What images can be ordered by.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "ImageSort")]
pub(super) enum ImageOrderField {
    /// By the time of creation.
    #[graphql(name = "CREATED_AT")]
    Created,
    /// By its size.
    Size,
    /// By how often it was pulled.
    Downloads,
    /// By when it was pulled last; what never was comes before all else.
    #[graphql(name = "LAST_PULLED_AT")]
    LastPulled,
}

/// What tags can be ordered by.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "TagSort")]
pub(super) enum TagOrderField {
    /// By name.
    Name,
    /// By the time of creation.
    #[graphql(name = "CREATED_AT")]
    Created,
}

/// What teams can be ordered by.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "TeamSort")]
pub(super) enum TeamOrderField {
    /// By name.
    Name,
    /// By the time of creation.
    #[graphql(name = "CREATED_AT")]
    Created,
}

/// What tokens can be ordered by.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub(super) enum TokenOrderField {
    /// By the time of creation.
    CreatedAt,
}

impl From<TokenOrderField> for ByCreation {
    fn from(_: TokenOrderField) -> Self {
        Self
    }
}

/// What users can be ordered by.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "UserSort")]
pub(super) enum UserOrderField {
    /// By name.
    Name,
    /// By the time of creation.
    #[graphql(name = "CREATED_AT")]
    Created,
}

/// Relay's arguments, understood.
pub(super) struct Window {
    after: Option<Cursor>,
    before: Option<Cursor>,
    limit: u64,
    backwards: bool,
}

impl Window {
    /// # Errors
    /// [`Error::Invalid`] for sizes outside 1 to [`PAGE_MAX`], for `first` and `last` together, and for cursors that are
    /// none.
    pub(super) fn new(
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Self> {
        if first.is_some() && last.is_some() {
            let why = "cannot stand beside first; ask for one end of the list";
            return Err(Error::invalid("last", why));
        }
        let cursor = |text: Option<String>| text.map(|text| Cursor::decode(&text)).transpose();
        Ok(Self {
            after: cursor(after).in_field("after")?,
            before: cursor(before).in_field("before")?,
            limit: match last {
                Some(last) => size("last", last)?,
                None => first.map_or(Ok(PAGE_DEFAULT), |first| size("first", first))?,
            },
            backwards: last.is_some(),
        })
    }

    /// The page in some order, or in the one that the list has by itself: smallest first.
    pub(super) fn ordered<F, S>(self, order: Option<Order<F>>) -> PageArgs<S>
    where
        F: InputType + Into<S>,
        S: Default,
    {
        match order {
            None => self.sorted(S::default(), false),
            Some(Order { field, direction }) => {
                self.sorted(field.into(), direction == Direction::Desc)
            }
        }
    }

    /// The page in some order, or newest first.
    pub(super) fn newest_first<F, S>(self, order: Option<Order<F>>) -> PageArgs<S>
    where
        F: InputType + Into<S>,
        S: Default,
    {
        match order {
            None => self.sorted(S::default(), true),
            order => self.ordered(order),
        }
    }

    /// The page in this order.
    pub(super) fn sorted<S>(self, sort: S, descending: bool) -> PageArgs<S> {
        PageArgs {
            after: self.after,
            before: self.before,
            limit: self.limit,
            backwards: self.backwards,
            sort,
            descending,
        }
    }
}

/// The size of a page.
///
/// # Errors
/// [`Error::Invalid`], naming the argument, outside 1 to [`PAGE_MAX`].
pub(super) fn size(argument: &str, size: i32) -> Result<u64> {
    size_up_to(PAGE_MAX, argument, size)
}

/// The same, of a list that may be longer or shorter than a page.
///
/// # Errors
/// [`Error::Invalid`], naming the argument, outside 1 to `most`.
pub(super) fn size_up_to(most: u64, argument: &str, size: i32) -> Result<u64> {
    u64::try_from(size)
        .ok()
        .filter(|size| (1..=most).contains(size))
        .ok_or_else(|| Error::invalid(argument, format!("must be 1 to {most}, not {size}")))
}

/// What a statement costs, however little it finds.
const STATEMENT: usize = 10;
/// The most descriptors that a file has.
pub(super) const DESCRIPTORS_MAX: u64 = 4096;
/// What looking through all names and descriptions costs, however little is found.
const SEARCH: usize = 100;

/// What a list costs: a statement, and its page size times what is asked of each row. Sizes that will be refused cost as
/// if allowed.
pub(super) fn cost(first: Option<i32>, last: Option<i32>, child: usize) -> usize {
    let rows = first.or(last).map_or(PAGE_DEFAULT, |rows| {
        u64::try_from(rows).unwrap_or(1).clamp(1, PAGE_MAX)
    });
    let rows = usize::try_from(rows).unwrap_or(usize::MAX);
    rows.saturating_mul(child).saturating_add(STATEMENT)
}

/// What a search costs that finds up to `first` rows.
pub(super) fn search_cost(first: i32, child: usize) -> usize {
    cost(Some(first), None, child).saturating_add(SEARCH)
}

/// What a list without pages costs, whose length nobody knows beforehand: as much as a page, without its statement.
pub(super) fn whole_cost(child: usize) -> usize {
    cost(None, None, child).saturating_sub(STATEMENT - 1)
}

/// What a list of descriptors costs, which are read with their file: as much as there may be.
pub(super) fn descriptors_cost(first: i32, child: usize) -> usize {
    let first = u64::try_from(first).unwrap_or(1).clamp(1, DESCRIPTORS_MAX);
    let rows = usize::try_from(first).unwrap_or(usize::MAX);
    rows.saturating_mul(child).saturating_add(1)
}

/// What a list of days costs: as much as its days, of which there are no more than are told.
pub(super) fn series_cost(since: Option<Date>, until: Option<Date>, child: usize) -> usize {
    let days = match (since, until) {
        (None, _) => 30,
        (Some(since), Some(until)) => until.0.signed_duration_since(since.0).num_days() + 1,
        (Some(_), None) => SPAN_MAX,
    };
    let days = usize::try_from(days.clamp(1, SPAN_MAX)).unwrap_or(usize::MAX);
    days.saturating_mul(child).saturating_add(STATEMENT)
}

/// What a tree costs: a statement for each level, and as much as its nodes, whose fields are all in it.
pub(super) fn tree_cost(depth: i32, first: i32, child: usize) -> usize {
    let depth = u64::try_from(depth).unwrap_or(1).clamp(1, DEPTH_MAX);
    let first = u64::try_from(first).unwrap_or(1).clamp(1, CHILDREN_MAX);
    let nodes = usize::try_from(size_tree::nodes(depth, first)).unwrap_or(usize::MAX);
    let statements = STATEMENT.saturating_mul(usize::try_from(depth).unwrap_or(1));
    nodes.saturating_add(statements).saturating_add(child)
}

/// The connection over a page; counts the whole list only if the operation asks.
pub(super) async fn list<M, T, E>(
    ctx: &Context<'_>,
    page: impl Future<Output = Result<Page<M>, E>>,
    count: impl Future<Output = Result<u64, E>>,
) -> async_graphql::Result<List<T>>
where
    T: OutputType + From<M>,
    async_graphql::Error: From<E>,
{
    let total = match ctx.look_ahead().field("totalCount").exists() {
        true => count.await?,
        false => 0,
    };
    let page = page.await?;
    let mut list =
        Connection::with_additional_fields(page.has_previous, page.has_next, Counted(total));
    let edge = |(cursor, row): (Cursor, M)| Edge::new(cursor.encode(), T::from(row));
    list.edges = page.items.into_iter().map(edge).collect();
    Ok(list)
}
