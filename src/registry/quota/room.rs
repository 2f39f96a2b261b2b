//! What may still come, for who is about to send it: nobody is to send in vain what can be refused before.
use entity::{id::ContainerId, image, namespace};
use sea_orm::{ColumnTrait, sea_query::IntoCondition};

use super::{
    Amount,
    bound::{Bound, owned},
    used_by_namespaces, used_by_site, used_by_users,
};
use crate::{
    error::Result,
    registry::{Caller, container as containers, site},
};

/// The quotas that hold for a container, as they were a moment ago.
#[derive(Default)]
pub(in crate::registry) struct Room(Vec<Bound>);

impl Room {
    /// Whether nothing limits it.
    pub(in crate::registry) fn is_endless(&self) -> bool {
        self.0.is_empty()
    }

    /// # Errors
    /// [`Error::QuotaExceeded`](crate::error::Error::QuotaExceeded) when it has none for an image of so many bytes.
    pub(in crate::registry) async fn admit(&self, caller: &Caller, bytes: u64) -> Result<()> {
        let more = Amount {
            bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
            images: 1,
        };
        for bound in &self.0 {
            bound.admit(caller.db(), caller.actor(), more).await?;
        }
        Ok(())
    }
}

/// The room for the bytes of an image; one that has them already takes no more.
pub(in crate::registry) async fn room_for_image(
    caller: &Caller,
    image: &image::Model,
) -> Result<Room> {
    match image.blob {
        Some(_) => Ok(Room::default()),
        None => room(caller, image.container_id).await,
    }
}

/// The room in a container. One statement, and one for each quota that has a limit.
pub(in crate::registry) async fn room(caller: &Caller, id: ContainerId) -> Result<Room> {
    let (db, quotas) = (caller.db(), &caller.config().quota);
    let above = containers::namespace_of(id);
    let which = namespace::Column::Id.in_subquery(above).into_condition();
    let mut bounds = Vec::new();
    for (namespace, owner) in owned(db, which).await? {
        if let Some(bound) = Bound::namespace(&namespace, quotas) {
            let used = used_by_namespaces(db, [namespace.id]).await?;
            bounds.push(bound.used(used.get(&namespace.id).copied().unwrap_or_default()));
        }
        let Some(owner) = owner else { continue };
        if let Some(bound) = Bound::user(&owner, quotas) {
            let used = used_by_users(db, [owner.id]).await?;
            bounds.push(bound.used(used.get(&owner.id).copied().unwrap_or_default()));
        }
    }
    if let Some(bound) = Bound::site(&*site::current(caller).await?, quotas) {
        bounds.push(bound.used(used_by_site(db).await?));
    }
    Ok(Room(bounds))
}
