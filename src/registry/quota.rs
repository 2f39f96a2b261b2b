//! Quotas: how much a namespace, a user and the site may hold, in bytes and in images.
//!
//! They count what `usage` sums up: the sizes of what was pushed, whether or not it shares bytes, without what is in the
//! trash. A user's counts all namespaces that are theirs; those of teams are nobody's. Administrators give each its own
//! limits, in the columns of its row; where they did not, those of the configuration hold. What is there stays when a limit
//! is lowered below it; what would be more is refused: as early as it can be told (`room`), and at the end of every
//! transaction (`enforce`), where no two that come at once can take the same room.
use std::collections::HashMap;

use entity::{
    id::{NamespaceId, UserId},
    kind::Extent,
    namespace, site, usage, user,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, ExprTrait, FromQueryResult, QueryFilter, QuerySelect,
    sea_query::{Expr, Func, IntoCondition, Query},
};

use super::{Caller, namespace as namespaces, total};
use crate::{
    access::{Pull, internal, rows, whole},
    config::QuotaLimits,
    error::{Error, Result},
};

pub use super::usage::Amount;

mod bound;
mod enforce;
mod room;
mod set;

pub(in crate::registry) use enforce::enforce;
pub(in crate::registry) use room::{Room, room, room_for_image};
pub use set::{Limit, QuotaChange, set_namespace, set_site, set_user};

/// What a column of limits holds where there is none.
const UNLIMITED: i64 = -1;
/// From how many hundredths of a limit on it is nearly reached.
const NEARLY: i128 = 85;

/// How much may be held; absent: any amount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// In bytes.
    pub bytes: Option<i64>,
    /// Of images, and manifests that describe none.
    pub images: Option<i64>,
}

impl Limits {
    fn new(own: (Option<i64>, Option<i64>), default: QuotaLimits) -> Self {
        Self {
            bytes: effective(own.0, default.size.map(|size| size.bytes())),
            images: effective(own.1, default.images),
        }
    }

    fn any(self) -> bool {
        self.bytes.is_some() || self.images.is_some()
    }
}

fn effective(own: Option<i64>, default: Option<u64>) -> Option<i64> {
    match own {
        Some(UNLIMITED) => None,
        Some(own) => Some(own),
        None => default.map(|default| i64::try_from(default).unwrap_or(i64::MAX)),
    }
}

/// A quota, for those whom it concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// What it allows.
    pub limits: Limits,
    /// What there is.
    pub used: Amount,
    /// Whether the limit of bytes is the default.
    pub default_bytes: bool,
    /// Whether the limit of images is the default.
    pub default_images: bool,
}

impl Quota {
    fn new(own: (Option<i64>, Option<i64>), default: QuotaLimits, used: Amount) -> Self {
        Self {
            limits: Limits::new(own, default),
            used,
            default_bytes: own.0.is_none(),
            default_images: own.1.is_none(),
        }
    }

    /// Whether one of its limits is nearly reached.
    pub fn is_nearly_full(&self) -> bool {
        nearly(self.limits.bytes, self.used.bytes) || nearly(self.limits.images, self.used.images)
    }

    fn bytes_left(&self) -> i64 {
        let limit = self.limits.bytes.unwrap_or(i64::MAX);
        limit.saturating_sub(self.used.bytes)
    }
}

/// Whether so much is near a limit.
fn nearly(limit: Option<i64>, used: i64) -> bool {
    limit.is_some_and(|limit| i128::from(used) * 100 >= i128::from(limit) * NEARLY)
}

#[derive(FromQueryResult)]
struct Sums {
    key: i64,
    bytes: i64,
    images: i64,
}

impl Sums {
    fn amount(&self) -> Amount {
        Amount {
            bytes: self.bytes,
            images: self.images,
        }
    }
}

/// The quotas of namespaces in which the caller may see everything, and thus may know what is used. Two statements.
pub async fn of_namespaces(
    caller: &Caller,
    ids: &[NamespaceId],
) -> Result<HashMap<NamespaceId, Quota>> {
    if caller.actor().account().is_none() && !caller.actor().is_site_admin() {
        return Ok(HashMap::new());
    }
    let seen = whole::<Pull, namespace::Entity>(caller.actor())
        .narrow(|q| q.filter(namespace::Column::Id.is_in(ids.iter().copied())))
        .all(caller.db())
        .await?;
    let used = used_by_namespaces(caller.db(), seen.iter().map(|row| row.id)).await?;
    let default = caller.config().quota.namespace;
    let quota = |row: &namespace::Model| {
        let used = used.get(&row.id).copied().unwrap_or_default();
        Quota::new((row.quota_bytes, row.quota_images), default, used)
    };
    Ok(seen.iter().map(|row| (row.id, quota(row))).collect())
}

/// The quotas of the caller, or of anybody where the caller administers the site. Two statements.
pub async fn of_users(caller: &Caller, ids: &[UserId]) -> Result<HashMap<UserId, Quota>> {
    let ids: Vec<_> = ids
        .iter()
        .copied()
        .filter(|id| is_own(caller, *id))
        .collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let seen = rows::<Pull, user::Entity>(caller.actor())
        .narrow(|q| q.filter(user::Column::Id.is_in(ids)))
        .all(caller.db())
        .await?;
    let used = used_by_users(caller.db(), seen.iter().map(|row| row.id)).await?;
    let default = caller.config().quota.user;
    let quota = |row: &user::Model| {
        let used = used.get(&row.id).copied().unwrap_or_default();
        Quota::new((row.quota_bytes, row.quota_images), default, used)
    };
    Ok(seen.iter().map(|row| (row.id, quota(row))).collect())
}

fn is_own(caller: &Caller, user: UserId) -> bool {
    let account = caller.actor().account();
    account.is_some_and(|account| account.id == user) || caller.actor().is_site_admin()
}

/// The quota of the site, for its administrators.
pub async fn of_site(caller: &Caller, row: &site::Model) -> Result<Option<Quota>> {
    if !caller.actor().is_site_admin() {
        return Ok(None);
    }
    let used = used_by_site(caller.db()).await?;
    let own = (row.quota_bytes, row.quota_images);
    Ok(Some(Quota::new(own, caller.config().quota.site, used)))
}

/// What whoever pushed to a namespace is told of the room there: the one of its quotas with fewest bytes left. Who may not
/// know all that is used is told what they see of it.
///
/// # Errors
/// [`Error::NotFound`] when the namespace is none that the caller may see.
pub async fn after_push(caller: &Caller, id: NamespaceId) -> Result<Quota> {
    let namespace = namespaces::by_ids(caller, &[id]).await?.remove(&id);
    let namespace = namespace.ok_or(Error::NotFound("namespace"))?;
    if let Some(of_namespace) = of_namespaces(caller, &[id]).await?.remove(&id) {
        let owner = namespace.owner_id;
        let of_owner = match namespace.team_id {
            None => of_users(caller, &[owner]).await?.remove(&owner),
            Some(_) => None,
        };
        let both = [Some(of_namespace), of_owner].into_iter().flatten();
        return Ok(both.min_by_key(Quota::bytes_left).unwrap_or(of_namespace));
    }
    let seen = total::of_namespaces(caller, &[id]).await?.remove(&id);
    let seen = seen.unwrap_or_default();
    let used = Amount {
        bytes: i64::try_from(seen.size).unwrap_or(i64::MAX),
        images: i64::try_from(seen.images + seen.manifests).unwrap_or(i64::MAX),
    };
    let own = (namespace.quota_bytes, namespace.quota_images);
    Ok(Quota::new(own, caller.config().quota.namespace, used))
}

async fn used_by_namespaces(
    db: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = NamespaceId>,
) -> Result<HashMap<NamespaceId, Amount>> {
    let these = usage::Column::Id.is_in(ids.into_iter().map(|id| id.0));
    let which = usage::Column::Extent.eq(Extent::Namespace).and(these);
    let sums = sums(db, Expr::col(usage::Column::Id), which.into_condition()).await?;
    let used = sums.iter().map(|row| (NamespaceId(row.key), row.amount()));
    Ok(used.collect())
}

async fn used_by_users(
    db: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = UserId>,
) -> Result<HashMap<UserId, Amount>> {
    let owner = Query::select()
        .column(namespace::Column::OwnerId)
        .from(namespace::Entity)
        .and_where(
            Expr::col((namespace::Entity, namespace::Column::Id))
                .equals((usage::Entity, usage::Column::Id)),
        )
        .to_owned();
    let theirs = Query::select()
        .column(namespace::Column::Id)
        .from(namespace::Entity)
        .and_where(namespace::Column::OwnerId.is_in(ids))
        .and_where(namespace::Column::TeamId.is_null())
        .to_owned();
    let which = usage::Column::Extent
        .eq(Extent::Namespace)
        .and(usage::Column::Id.in_subquery(theirs));
    let sums = sums(db, owner.into(), which.into_condition()).await?;
    let used = sums.iter().map(|row| (UserId(row.key), row.amount()));
    Ok(used.collect())
}

async fn used_by_site(db: &impl ConnectionTrait) -> Result<Amount> {
    let which = usage::Column::Extent.eq(Extent::Site).into_condition();
    let parts = sums(db, Expr::col(usage::Column::Id), which).await?;
    let all = parts.iter().map(Sums::amount);
    Ok(all.fold(Amount::default(), |all, part| all + part))
}

/// What is used, by `key`. One statement.
async fn sums(db: &impl ConnectionTrait, key: Expr, which: Condition) -> Result<Vec<Sums>> {
    let sum = |column: Expr| {
        let sum = Func::coalesce([Expr::expr(Func::sum(column)), Expr::val(0_i64)]);
        Expr::expr(sum).cast_as("bigint")
    };
    let images = Expr::col(usage::Column::Images).add(Expr::col(usage::Column::Manifests));
    let select = internal::<usage::Entity>()
        .filter(which)
        .select_only()
        .expr_as(key, "key")
        .expr_as(sum(Expr::col(usage::Column::Size)), "bytes")
        .expr_as(sum(images), "images")
        .group_by(Expr::cust("1"));
    Ok(select.into_model().all(db).await?)
}
