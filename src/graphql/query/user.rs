//! People.
use async_graphql::{Context, InputObject, Object, Result};

use crate::{
    graphql::{
        loader::caller,
        object::User,
        page::{List, Order, UserOrderField, Window, cost, list},
    },
    registry::user,
};

#[derive(Default)]
pub(super) struct UserQuery;

#[Object]
impl UserQuery {
    /// The users that you may see: all, once you are signed in. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another order; `FORBIDDEN` for filters by what administrators alone know.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    #[expect(
        clippy::too_many_arguments,
        reason = "Relay has four, and a filter has its own"
    )]
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start: 1 to 100; 20 unless you say.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor of the same order.")] after: Option<
            String,
        >,
        #[graphql(desc = "How many from the end: 1 to 100; not beside first.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor of the same order.")] before: Option<
            String,
        >,
        #[graphql(desc = "The order; by name unless you say.")] order_by: Option<
            Order<UserOrderField>,
        >,
        #[graphql(desc = "Only those who are like this; all unless you say.")] filter: Option<
            UserFilter,
        >,
    ) -> Result<List<User>> {
        let caller = caller(ctx);
        let args = Window::new(first, after, last, before)?.ordered(order_by);
        let filter = user::UserFilter::from(filter.unwrap_or_default());
        let page = user::list(caller, &filter, &args);
        list(ctx, page, user::count(caller, &filter)).await
    }
}

/// Which users.
#[derive(Default, InputObject)]
struct UserFilter {
    /// Those with this in their name, in upper or lower case; up to 1024 bytes.
    text: Option<String>,
    /// Those who administer this server, or those who do not. For administrators only.
    admin: Option<bool>,
    /// Those who are kept out, or those who are not. For administrators only.
    disabled: Option<bool>,
}

impl From<UserFilter> for user::UserFilter {
    fn from(filter: UserFilter) -> Self {
        Self {
            text: filter.text,
            admin: filter.admin,
            disabled: filter.disabled,
        }
    }
}
