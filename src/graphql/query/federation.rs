//! What routers ask that join this graph with others.
use async_graphql::{Context, Object, Result, SimpleObject};

use crate::{
    error::Error,
    graphql::{
        federation::{self, Entity, Representation, Site},
        loader::caller,
        page::cost,
    },
};

/// The most references in one operation. Routers send those of a whole page at once.
const REFERENCES_MAX: usize = 1000;

#[derive(Default)]
pub(super) struct FederationQuery;

#[Object]
impl FederationQuery {
    /// This schema for the router of a federated graph. It tells as much as introspection does, so the same setting
    /// decides who may ask. Errors: `FORBIDDEN` or `UNAUTHENTICATED` where this server keeps its schema to itself.
    #[graphql(name = "_service")]
    async fn service(&self, ctx: &Context<'_>) -> Result<Service> {
        crate::graphql::may_learn_schema(caller(ctx))?;
        Ok(Service {
            sdl: federation::sdl(ctx.data_opt::<Site>()),
        })
    }

    /// The things that another subgraph refers to, in the same order, null for each that is not there or that you may not
    /// see. Errors: `INVALID` for more than 1000 references, and for one without a type or key that this server knows.
    #[graphql(
        name = "_entities",
        complexity = "references_cost(representations.len(), child_complexity)"
    )]
    async fn entities(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The references, up to 1000.")] representations: Vec<Representation>,
    ) -> Result<Vec<Option<Entity>>> {
        if representations.len() > REFERENCES_MAX {
            let why = format!("ask for {REFERENCES_MAX} at most");
            return Err(Error::invalid("representations", why).into());
        }
        let found = representations
            .iter()
            .map(|one| federation::resolve(ctx, one));
        futures::future::try_join_all(found).await
    }
}

/// What references cost: a statement, and what is asked of each.
fn references_cost(references: usize, child: usize) -> usize {
    references
        .saturating_mul(child.max(1))
        .saturating_add(cost(Some(1), None, 0))
}

/// This server as a subgraph.
#[derive(SimpleObject)]
#[graphql(name = "_Service")]
struct Service {
    /// The schema of this server in the schema definition language, with the directives of Apollo Federation 2.
    sdl: String,
}
