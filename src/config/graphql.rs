//! Section `graphql`.
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Duration, Fault, ensure};

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
    /// How many fields of a query may be asked for under another name.
    pub max_aliases: usize,
    /// How long one operation may take. What it was doing is given up then.
    pub timeout: Duration,
    /// How many subscriptions one server process serves at once, and how many WebSockets. With 0, none.
    pub max_subscriptions: usize,
    /// How many of them one account may have, or one address from which nobody signed in.
    pub max_subscriptions_per_client: usize,
    /// Whether the server offers a page to try queries on.
    pub graphiql: bool,
    /// Who may ask for the schema.
    pub introspection: Introspection,
    /// How many queries the server remembers by their digests, so that clients need not send their text again (Apollo's
    /// automatic persisted queries). With 0, none.
    pub persisted_queries: usize,
    /// A folder of `.graphql` files, or a JSON file of operations as Relay's and Apollo's compilers write it. When set,
    /// everybody but site administrators may send only what is in there. It is read when the server starts.
    pub operations: Option<PathBuf>,
}

/// Who may ask for the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Introspection {
    /// Everybody.
    Everyone,
    /// Whoever is signed in.
    SignedIn,
    /// Nobody; `sifhub schema` prints it.
    Nobody,
}

impl Default for Graphql {
    fn default() -> Self {
        Self {
            max_depth: 15,
            max_complexity: 10_000,
            max_aliases: 100,
            timeout: Duration::from_secs(30),
            max_subscriptions: 20_000,
            max_subscriptions_per_client: 1000,
            graphiql: true,
            introspection: Introspection::Everyone,
            persisted_queries: 1000,
            operations: None,
        }
    }
}

impl Graphql {
    pub(super) fn validate(&self) -> Result<(), Fault> {
        self.timeout.ensure_positive("graphql.timeout")?;
        let there = |place: &PathBuf| place.try_exists().is_ok_and(|there| there);
        ensure(
            self.operations.as_ref().is_none_or(there),
            "graphql.operations",
            "must be a folder or a file that is there",
        )
    }
}
