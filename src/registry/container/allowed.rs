//! How far somebody may go with a container that may not be there yet.
use entity::{collection, namespace};
use sea_orm::{ColumnTrait, QueryFilter};

use super::{find, of_path};
use crate::{
    access::{Level, reach},
    error::Result,
    registry::{Caller, namespace::may_create, path::ContainerPath},
};

/// How far the caller may go with the container at `path`: as far as the policy says or, if there is none yet, as far as
/// in the collection or the namespace that it would be made in. `None` tells nobody whether there is one.
pub async fn allowed(caller: &Caller, path: &ContainerPath) -> Result<Option<Level>> {
    let (db, actor) = (caller.db(), caller.actor());
    let there = reach(db, actor, |q| of_path(q, path)).await?;
    if there.is_some() {
        return Ok(there);
    }
    Ok(match in_parent(caller, path).await? {
        // What was there is found where it is now, for pulling only.
        None => find(caller, path).await.is_ok().then_some(Level::Pull),
        level => level,
    })
}

/// How far the caller may go with a container that they make at `path`, if they may make one.
async fn in_parent(caller: &Caller, path: &ContainerPath) -> Result<Option<Level>> {
    let (db, actor) = (caller.db(), caller.actor());
    if !actor.may_reach(Level::Push) {
        return Ok(None);
    }
    // Whoever may push to a collection sees all its containers, so this one is not there yet, and they may make it.
    let collection = reach::<collection::Entity>(db, actor, |q| {
        q.inner_join(namespace::Entity)
            .filter(namespace::Column::Name.eq(path.namespace.as_str()))
            .filter(collection::Column::Name.eq(path.collection.as_str()))
    });
    let level = match collection.await? {
        None => of_namespace(caller, path).await?,
        level => level,
    };
    Ok(level.filter(|level| *level >= Level::Push))
}

/// As far as in the namespace. One that the caller does not see would be theirs if they made it; whether somebody else
/// has made it, they learn when they try.
async fn of_namespace(caller: &Caller, path: &ContainerPath) -> Result<Option<Level>> {
    let level = reach::<namespace::Entity>(caller.db(), caller.actor(), |q| {
        q.filter(namespace::Column::Name.eq(path.namespace.as_str()))
    });
    Ok(level.await?.or_else(|| {
        let theirs = may_create(caller, &path.namespace).is_ok();
        theirs.then_some(Level::Admin)
    }))
}
