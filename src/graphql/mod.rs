//! The graph: everything that is here, for pages, dashboards and scripts.
//!
//! Owns the schema, its scalars and global ids, the loaders, the limits, and `/graphql`. A resolver calls one function of
//! the registry and wraps what comes back; an object wraps a granted row, so what may not be seen cannot exist here. Must
//! not hold rules, SQL or status codes of other protocols.
mod endpoint;
mod error;
mod id;
mod limit;
mod loader;
mod meter;
mod mutation;
mod object;
mod page;
mod query;
mod scalar;

use async_graphql::{EmptySubscription, ID, SDLExportOptions, Schema};
use chrono::{DateTime, Utc};

use crate::config;
use limit::Limits;
use meter::Meters;
use mutation::Mutation;
use object::{Collection, Container, Image, Key, Manifest, Namespace, Tag, Token, User};
use page::List;
use query::Query;

pub use endpoint::{ROUTES, routes};

/// The schema with its resolvers.
type Graph = Schema<Query, Mutation, EmptySubscription>;

/// Builds the schema; what a query may cost is configuration.
fn schema(config: &config::Graphql) -> Graph {
    let builder = Schema::build(Query::default(), Mutation::default(), EmptySubscription)
        .override_output_type_description::<DateTime<Utc>>(scalar::DATE_TIME)
        .override_output_type_description::<ID>(scalar::ID)
        .override_output_type_description::<List<Collection>>("A page of collections.")
        .override_output_type_description::<List<Container>>("A page of containers.")
        .override_output_type_description::<List<Image>>("A page of images.")
        .override_output_type_description::<List<Key>>("A page of public keys.")
        .override_output_type_description::<List<Manifest>>("A page of manifests.")
        .override_output_type_description::<List<Namespace>>("A page of namespaces.")
        .override_output_type_description::<List<Tag>>("A page of tags.")
        .override_output_type_description::<List<Token>>("A page of tokens.")
        .override_output_type_description::<List<User>>("A page of users.")
        .limit_recursive_depth(limit::RECURSION_MAX)
        .limit_directives(limit::DIRECTIVES_MAX)
        .extension(Limits::new(config))
        .extension(Meters);
    if config.introspection {
        builder.finish()
    } else {
        builder
            .disable_introspection()
            .disable_suggestions()
            .finish()
    }
}

/// The schema as text in the schema definition language, sorted, so that two versions can be compared.
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .include_specified_by()
        .use_space_ident();
    schema(&config::Graphql::default()).sdl_with_options(options)
}
