//! People.
use async_graphql::{Context, Object, Result};

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
    /// The users that you may see: all, once you are signed in. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another order.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
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
    ) -> Result<List<User>> {
        let caller = caller(ctx);
        let args = Window::new(first, after, last, before)?.ordered(order_by);
        let page = user::list(caller, &args);
        list(ctx, page, user::count(caller)).await
    }
}
