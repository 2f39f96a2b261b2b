//! Section `graphql`.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The GraphQL interface.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Graphql {
    /// How deep a query may be nested.
    #[schemars(range(min = 1))]
    pub max_depth: usize,
    /// How costly a query may be: the sum of the costs of its fields.
    #[schemars(range(min = 1))]
    pub max_complexity: usize,
    /// Whether the server offers a page to try queries on.
    pub graphiql: bool,
    /// Whether clients may ask for the schema.
    pub introspection: bool,
}

impl Default for Graphql {
    fn default() -> Self {
        Self {
            max_depth: 15,
            max_complexity: 10_000,
            graphiql: true,
            introspection: true,
        }
    }
}
