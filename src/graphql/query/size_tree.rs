//! What takes how much.
use async_graphql::{Context, ID, Object, Result};

use super::present;
use crate::{
    graphql::{
        id,
        loader::caller,
        object::{SizeBy, SizeTreeNode},
        page::{size, tree_cost},
    },
    registry::size_tree::{Place, Question, tree},
};

#[derive(Default)]
pub(super) struct SizeTreeQuery;

#[Object]
impl SizeTreeQuery {
    /// What takes how much of what you may see, for a map of rectangles: a flat list of nodes that name their parents,
    /// parents before children, siblings the biggest first, and what is beyond `first` siblings gathered in one node
    /// `OTHERS` behind them. Null when the root is not there or hidden. Errors: `INVALID` for a depth outside 1 to 3, a
    /// number outside 1 to 100, or more than 10000 nodes. Costs a statement for each level, and 1 for each node that there
    /// may be, whatever is asked of it.
    #[graphql(complexity = "tree_cost(depth, first, child_complexity)")]
    async fn size_tree(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The namespace or collection at the top, by id or path; the whole site unless you say."
        )]
        root: Option<ID>,
        #[graphql(
            desc = "How many levels below the root: 1 to 3. Below the site are namespaces, collections and containers.",
            default = 2
        )]
        depth: i32,
        #[graphql(
            desc = "How many children of each node are told by themselves: 1 to 100.",
            default = 20
        )]
        first: i32,
        #[graphql(desc = "What makes them big.", default_with = "SizeBy::Size")] by: SizeBy,
    ) -> Result<Option<Vec<SizeTreeNode>>> {
        let caller = caller(ctx);
        let (depth, children) = (size("depth", depth)?, size("first", first)?);
        let root = match root {
            Some(root) => present(id::branch(caller, &root).await)?,
            None => Some(Place::Site),
        };
        let Some(root) = root else {
            return Ok(None);
        };
        let by = by.into();
        let question = Question {
            root,
            depth,
            children,
            by,
        };
        let nodes = present(tree(caller, question).await)?;
        Ok(nodes.map(|nodes| nodes.iter().cloned().map(SizeTreeNode).collect()))
    }
}
