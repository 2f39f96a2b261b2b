//! Giving a namespace, a user or the site a quota of its own.
use entity::{
    id::{NamespaceId, UserId},
    namespace, user,
};
use sea_orm::{ActiveModelTrait, ActiveValue, IntoActiveModel, Set};
use serde_json::{Value, json};

use super::UNLIMITED;
use crate::{
    access::{Admin, open},
    error::{Error, Result},
    event::{Event, Target},
    registry::{
        Caller,
        namespace::Namespace,
        site::{self, Site},
        user::User,
    },
};

/// What a limit becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The one of the configuration.
    Default,
    /// None.
    Unlimited,
    /// So many bytes or images.
    At(u64),
}

/// What changes about a quota; absent fields stay.
#[derive(Clone, Copy, Debug, Default)]
pub struct QuotaChange {
    /// The limit of bytes.
    pub bytes: Option<Limit>,
    /// The limit of images.
    pub images: Option<Limit>,
}

/// The columns as they are to be.
struct Columns {
    bytes: Option<Option<i64>>,
    images: Option<Option<i64>>,
}

impl QuotaChange {
    /// # Errors
    /// [`Error::Forbidden`] for anybody but administrators; [`Error::Invalid`] for numbers that no database holds.
    fn checked(self, caller: &Caller) -> Result<Columns> {
        if !caller.actor().is_site_admin() {
            caller.account()?;
            let why = "only an administrator may set quotas; ask one for room";
            return Err(Error::Forbidden(why.into()));
        }
        Ok(Columns {
            bytes: self
                .bytes
                .map(|it| column("quota.limitBytes", it))
                .transpose()?,
            images: self
                .images
                .map(|it| column("quota.limitImages", it))
                .transpose()?,
        })
    }
}

fn column(what: &str, limit: Limit) -> Result<Option<i64>> {
    let too_large = |_| {
        let why = format!("it is more than {}; ask for no limit instead", i64::MAX);
        Error::invalid(what, why)
    };
    Ok(match limit {
        Limit::Default => None,
        Limit::Unlimited => Some(UNLIMITED),
        Limit::At(number) => Some(i64::try_from(number).map_err(too_large)?),
    })
}

fn put(column: &mut ActiveValue<Option<i64>>, new: Option<Option<i64>>) {
    if let Some(new) = new {
        *column = Set(new);
    }
}

/// The limits, for the log.
fn told(bytes: Option<i64>, images: Option<i64>) -> Value {
    let told = |own| match own {
        None => json!("default"),
        Some(UNLIMITED) => json!("unlimited"),
        Some(limit) => json!(limit),
    };
    json!({"bytes": told(bytes), "images": told(images)})
}

/// Gives a namespace a quota. What it holds beyond stays.
///
/// # Errors
/// [`Error::Forbidden`] for anybody but administrators; [`Error::Invalid`]; those of [`open`].
pub async fn set_namespace(
    caller: &Caller,
    id: NamespaceId,
    change: QuotaChange,
) -> Result<Namespace> {
    let new = change.checked(caller)?;
    caller
        .change_always(async |tx| {
            let namespace = open::<Admin, namespace::Entity>(tx.db(), tx.actor(), id).await?;
            let mut row = (*namespace).clone().into_active_model();
            put(&mut row.quota_bytes, new.bytes);
            put(&mut row.quota_images, new.images);
            let row = row.update(tx.db()).await?;
            let target = Target::namespace(id, &row.name);
            Ok(Event::new("namespace.quota", target, id)
                .details(told(row.quota_bytes, row.quota_images))
                .with(namespace.replaced(row).for_pull()))
        })
        .await
}

/// Gives a user a quota for all their namespaces together. What they hold beyond stays.
///
/// # Errors
/// [`Error::Forbidden`] for anybody but administrators; [`Error::Invalid`]; those of [`open`].
pub async fn set_user(caller: &Caller, id: UserId, change: QuotaChange) -> Result<User> {
    let new = change.checked(caller)?;
    caller
        .change_always(async |tx| {
            let user = open::<Admin, user::Entity>(tx.db(), tx.actor(), id).await?;
            let mut row = (*user).clone().into_active_model();
            put(&mut row.quota_bytes, new.bytes);
            put(&mut row.quota_images, new.images);
            let row = row.update(tx.db()).await?;
            let target = Target::account(id, &row.name);
            Ok(Event::new("user.quota", target, id)
                .details(told(row.quota_bytes, row.quota_images))
                .with(user.replaced(row).for_pull()))
        })
        .await
}

/// Gives the site a quota. What it holds beyond stays.
///
/// # Errors
/// [`Error::Forbidden`] for anybody but administrators; [`Error::Invalid`].
pub async fn set_site(caller: &Caller, change: QuotaChange) -> Result<Site> {
    let new = change.checked(caller)?;
    site::settle(caller, "site.quota", |row, _| {
        row.quota_bytes = new.bytes.unwrap_or(row.quota_bytes);
        row.quota_images = new.images.unwrap_or(row.quota_images);
        told(row.quota_bytes, row.quota_images)
    })
    .await
}
