//! The graph: everything that is here, for pages, dashboards and scripts.
//!
//! Owns the schema, its scalars and global ids, the loaders, the limits, and `/graphql`. A resolver calls one function of
//! the registry and wraps what comes back; an object wraps a granted row, so what may not be seen cannot exist here. Must
//! not hold rules, SQL or status codes of other protocols.
mod endpoint;
mod error;
mod federation;
mod id;
mod limit;
mod loader;
mod meter;
mod mutation;
mod object;
mod operation;
mod page;
mod query;
mod scalar;
mod socket;
mod stream;
mod subscription;

use async_graphql::{ID, SDLExportOptions, Schema};
use chrono::{DateTime, Utc};

use crate::{
    config::{self, Introspection},
    error::{Error, Result},
    registry::Caller,
};
use limit::Limits;
use meter::Meters;
use mutation::Mutation;
use object::{
    Bookmark, Collection, Container, Delivery, Event, Grant, Image, Invitation, Job, Key, LabelKey,
    LabelValue, Manifest, Moment, Namespace, ShareLink, Star, Tag, TagMove, Team, TeamMember,
    Token, Topic, TrashEntry, User, UserDownloads, Webhook,
};
use page::List;
use query::Query;
use subscription::Subscription;

pub use endpoint::{ROUTES, routes};

/// The schema with its resolvers.
type Graph = Schema<Query, Mutation, Subscription>;

/// Builds the schema; what a query may cost is configuration. An `open` one tells of itself.
fn schema(config: &config::Graphql, open: bool) -> Graph {
    let builder = Schema::build(Query::default(), Mutation::default(), Subscription)
        .override_output_type_description::<DateTime<Utc>>(scalar::DATE_TIME)
        .override_output_type_description::<List<Bookmark>>("A page of your bookmarks.")
        .override_output_type_description::<ID>(scalar::ID)
        .override_output_type_description::<List<Collection>>("A page of collections.")
        .override_output_type_description::<List<Container>>("A page of containers.")
        .override_output_type_description::<List<Webhook>>("A page of webhooks.")
        .override_output_type_description::<List<Delivery>>("A page of deliveries.")
        .override_output_type_description::<List<Event>>("A page of events.")
        .override_output_type_description::<List<Moment>>("A page of the history of a container.")
        .override_output_type_description::<List<Image>>("A page of images.")
        .override_output_type_description::<List<Job>>("A page of jobs.")
        .override_output_type_description::<List<Key>>("A page of public keys.")
        .override_output_type_description::<List<LabelKey>>("A page of keys of labels.")
        .override_output_type_description::<List<LabelValue>>("A page of values of a label.")
        .override_output_type_description::<List<UserDownloads>>("A page of those who pulled.")
        .override_output_type_description::<List<Manifest>>("A page of manifests.")
        .override_output_type_description::<List<Namespace>>("A page of namespaces.")
        .override_output_type_description::<List<ShareLink>>("A page of share links.")
        .override_output_type_description::<List<Star>>("A page of stars.")
        .override_output_type_description::<List<Tag>>("A page of tags.")
        .override_output_type_description::<List<TagMove>>("A page of moves of tags.")
        .override_output_type_description::<List<Token>>("A page of tokens.")
        .override_output_type_description::<List<Grant>>("A page of grants.")
        .override_output_type_description::<List<Invitation>>("A page of invitations.")
        .override_output_type_description::<List<Team>>("A page of teams.")
        .override_output_type_description::<List<TeamMember>>("A page of members.")
        .override_output_type_description::<List<Topic>>("A page of topics.")
        .override_output_type_description::<List<TrashEntry>>("A page of the trash.")
        .override_output_type_description::<List<User>>("A page of users.")
        .limit_recursive_depth(limit::RECURSION_MAX)
        .limit_directives(limit::DIRECTIVES_MAX)
        .extension(Limits::new(config))
        .extension(Meters);
    if open {
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
    schema(&config::Graphql::default(), true).sdl_with_options(options)
}

/// The schema as routers of a federated graph compose it, in the names of a site if one is given.
///
/// # Errors
/// [`Error::Invalid`] for what cannot be the name of a site.
pub fn federation_sdl(site: Option<&str>) -> Result<String> {
    let site = site.map(str::parse).transpose()?;
    Ok(federation::sdl(site.as_ref()))
}

/// Whether the caller may learn the schema from this server.
fn may_learn_schema(caller: &Caller) -> Result<()> {
    match caller.config().graphql.introspection {
        Introspection::Everyone => Ok(()),
        Introspection::SignedIn => caller.account().map(|_| ()),
        Introspection::Nobody => {
            let words = "this server keeps its schema to itself; its administrators can print it by `sifhub schema`";
            Err(Error::Forbidden(words.into()))
        }
    }
}
