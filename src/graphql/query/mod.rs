//! What can be read. Lookups of what is hidden and of what is not there have the same answer: null.
mod collection;
mod container;
pub(super) mod event;
mod federation;
mod image;
mod job;
mod key;
mod label;
mod namespace;
pub(super) mod node;
mod search;
mod server;
mod size_tree;
mod team;
mod topic;
mod trash;
mod user;
mod webhook;

use async_graphql::MergedObject;

pub(super) use node::find;

use crate::error::{Error, Result};

/// What can be read. You see what is public and, once signed in, what is yours. Lookups answer null both for what is not
/// there and for what you may not see.
#[derive(MergedObject, Default)]
pub(super) struct Query(
    node::NodeQuery,
    namespace::NamespaceQuery,
    collection::CollectionQuery,
    container::ContainerQuery,
    image::ImageQuery,
    event::EventQuery,
    webhook::WebhookQuery,
    key::KeyQuery,
    search::SearchQuery,
    topic::TopicQuery,
    label::LabelQuery,
    user::UserQuery,
    team::TeamQuery,
    trash::TrashQuery,
    job::JobQuery,
    server::ServerQuery,
    size_tree::SizeTreeQuery,
    federation::FederationQuery,
);

/// Null for what is not there or hidden.
fn present<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Ok(row) => Ok(Some(row)),
        Err(Error::NotFound(_)) => Ok(None),
        Err(other) => Err(other),
    }
}

fn shown<M, T: From<M>>(rows: Vec<M>, first: usize) -> Vec<T> {
    rows.into_iter().take(first).map(T::from).collect()
}
