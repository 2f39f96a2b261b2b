//! How far a caller may go with things that they see.
use std::collections::HashMap;

use entity::{
    collection, container,
    id::{CollectionId, ContainerId, NamespaceId},
    kind::GrantLevel,
    namespace,
};

use super::Caller;
use crate::{
    access::{Level, levels},
    error::Result,
};

/// How far the caller may go with these namespaces, with what they showed. One statement.
pub async fn on_namespaces(
    caller: &Caller,
    ids: &[NamespaceId],
) -> Result<HashMap<NamespaceId, GrantLevel>> {
    let numbers = ids.iter().map(|id| id.0);
    let found = levels::<namespace::Entity>(caller.db(), caller.actor(), numbers).await?;
    Ok(named(found, NamespaceId))
}

/// The same, for collections.
pub async fn on_collections(
    caller: &Caller,
    ids: &[CollectionId],
) -> Result<HashMap<CollectionId, GrantLevel>> {
    let numbers = ids.iter().map(|id| id.0);
    let found = levels::<collection::Entity>(caller.db(), caller.actor(), numbers).await?;
    Ok(named(found, CollectionId))
}

/// The same, for containers.
pub async fn on_containers(
    caller: &Caller,
    ids: &[ContainerId],
) -> Result<HashMap<ContainerId, GrantLevel>> {
    let numbers = ids.iter().map(|id| id.0);
    let found = levels::<container::Entity>(caller.db(), caller.actor(), numbers).await?;
    Ok(named(found, ContainerId))
}

fn named<I: std::hash::Hash + Eq>(
    found: HashMap<i64, Level>,
    id: impl Fn(i64) -> I,
) -> HashMap<I, GrantLevel> {
    let level = |level| match level {
        Level::Pull => GrantLevel::Read,
        Level::Push => GrantLevel::Write,
        Level::Admin => GrantLevel::Admin,
    };
    found
        .into_iter()
        .map(|(number, far)| (id(number), level(far)))
        .collect()
}
