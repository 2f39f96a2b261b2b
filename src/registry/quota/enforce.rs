//! The end of a transaction after which there is more. What it adds up is locked until then: sums by `usage`, after them the
//! user and the site, if they have a limit.
use std::collections::BTreeMap;

use entity::{namespace, user};
use sea_orm::{
    ColumnTrait, QueryFilter, QuerySelect,
    sea_query::{IntoCondition, LockType},
};

use super::{
    Amount,
    bound::{Bound, everybody, owned},
    used_by_site, used_by_users,
};
use crate::{
    access::{Pull, rows},
    error::Result,
    event::Event,
    registry::{Caller, Tx, UserId, site, usage::Growth},
};

/// A quota as it was before, and what comes to it.
type Grown = (Bound, Amount);

/// Checks what a transaction adds against all quotas that hold for it, and tells which of them it brings near a limit.
///
/// # Errors
/// [`Error::QuotaExceeded`](crate::error::Error::QuotaExceeded) when it is more than fits.
pub(in crate::registry) async fn enforce(
    caller: &Caller,
    tx: &Tx,
    grown: &[Growth],
) -> Result<Vec<Event>> {
    if !grown.iter().any(|one| one.handed || one.change.is_growth()) {
        return Ok(Vec::new());
    }
    let ids = grown.iter().map(|one| one.namespace);
    let owned = owned(tx.db(), namespace::Column::Id.is_in(ids).into_condition()).await?;
    let mut bounds = namespaces(caller, grown, &owned);
    bounds.extend(users(caller, tx, grown, &owned).await?);
    bounds.extend(whole_site(caller, tx, grown).await?);
    for (bound, change) in &bounds {
        bound.admit(tx.db(), tx.actor(), *change).await?;
    }
    let warnings = bounds
        .iter()
        .filter_map(|(bound, change)| bound.warning(*change));
    Ok(warnings.collect())
}

type Owned = (namespace::Model, Option<user::Model>);

fn namespaces(caller: &Caller, grown: &[Growth], owned: &[Owned]) -> Vec<Grown> {
    let quotas = &caller.config().quota;
    let one = |growth: &Growth| {
        let (namespace, _) = owned.iter().find(|(it, _)| it.id == growth.namespace)?;
        let bound = Bound::namespace(namespace, quotas)?;
        Some((bound.used(growth.now - growth.change), growth.change))
    };
    grown.iter().filter_map(one).collect()
}

/// Of users, in the order of their locks.
async fn users(caller: &Caller, tx: &Tx, grown: &[Growth], owned: &[Owned]) -> Result<Vec<Grown>> {
    let quotas = &caller.config().quota;
    let mut changes: BTreeMap<i64, Amount> = BTreeMap::new();
    for growth in grown {
        let owner = owned.iter().find(|(it, _)| it.id == growth.namespace);
        let owner = owner.and_then(|(_, owner)| owner.as_ref());
        let Some(owner) = owner.filter(|owner| Bound::user(owner, quotas).is_some()) else {
            continue;
        };
        let change = if growth.handed {
            growth.now
        } else {
            growth.change
        };
        let sum = changes.entry(owner.id.0).or_default();
        *sum = *sum + change;
    }
    let mut bounds = Vec::new();
    for (id, change) in changes {
        if let Some(bound) = user(caller, tx, UserId(id)).await? {
            bounds.push((bound.less(change), change));
        }
    }
    Ok(bounds)
}

/// The quota of a user, with all that is used now; nobody else adds to it until the end of the transaction.
async fn user(caller: &Caller, tx: &Tx, id: UserId) -> Result<Option<Bound>> {
    let row = rows::<Pull, user::Entity>(&everybody())
        .narrow(|q| {
            q.filter(user::Column::Id.eq(id))
                .lock(LockType::NoKeyUpdate)
        })
        .one(tx.db())
        .await?;
    let Some(bound) = row.and_then(|row| Bound::user(&row, &caller.config().quota)) else {
        return Ok(None);
    };
    let used = used_by_users(tx.db(), [id]).await?;
    Ok(Some(bound.used(used.get(&id).copied().unwrap_or_default())))
}

async fn whole_site(caller: &Caller, tx: &Tx, grown: &[Growth]) -> Result<Option<Grown>> {
    let quotas = &caller.config().quota;
    let change = grown
        .iter()
        .fold(Amount::default(), |sum, one| sum + one.change);
    let known = site::known(caller, tx.db()).await?;
    if !change.is_growth() || Bound::site(&known, quotas).is_none() {
        return Ok(None);
    }
    let Some(bound) = Bound::site(&site::locked(tx).await?, quotas) else {
        return Ok(None);
    };
    let used = used_by_site(tx.db()).await?;
    Ok(Some((bound.used(used).less(change), change)))
}
