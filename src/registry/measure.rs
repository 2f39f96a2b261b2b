//! Measuring what is there, for the numbers of [`Metrics`](crate::metrics::Metrics).
use entity::{
    delivery,
    kind::{DeliveryState, Extent},
    usage,
};
use sea_orm::{ColumnTrait, DatabaseConnection, DbBackend, PaginatorTrait, QueryFilter};

use super::{Caller, Registry, open_uploads, scrub};
use crate::{
    access::internal,
    error::Result,
    metrics::{Pool, Stock},
};

/// Measures what is there, and keeps it for whoever asks until the next time. A few statements, whatever there is.
///
/// # Errors
/// [`Error::Forbidden`](crate::error::Error::Forbidden) for anybody but the site; those of the database.
pub async fn measure(caller: &Caller) -> Result<()> {
    let report = scrub::report(caller).await?;
    let sums = internal::<usage::Entity>()
        .filter(usage::Column::Extent.eq(Extent::Site))
        .all(caller.db())
        .await?;
    let sum = |part: fn(&usage::Model) -> i64| sums.iter().map(part).sum();
    caller.metrics().measured(&Stock {
        collections: sum(|part| part.collections),
        containers: sum(|part| part.containers),
        images: sum(|part| part.images),
        manifests: sum(|part| part.manifests),
        size: sum(|part| part.size),
        stored: sum(|part| part.stored),
        blobs: report.blobs,
        damaged: report.damaged,
        unverified: report.unverified,
        oldest: report.oldest.map(Into::into),
        uploads: open_uploads::count(caller, None).await?,
        deliveries: internal::<delivery::Entity>()
            .filter(delivery::Column::State.eq(DeliveryState::Pending))
            .count(caller.db())
            .await?,
    });
    Ok(())
}

/// All numbers as text, with those of the connections to the database as they are now. Asks nothing of the database.
pub fn text(registry: &Registry) -> String {
    registry.metrics().pool(pool(registry));
    registry.metrics().text()
}

fn pool(registry: &Registry) -> Pool {
    let (all, idle) = open_connections(&registry.db);
    let idle = u32::try_from(idle).unwrap_or(u32::MAX);
    Pool {
        busy: all.saturating_sub(idle),
        idle,
        most: registry.config().database.max_connections,
    }
}

fn open_connections(db: &DatabaseConnection) -> (u32, usize) {
    match db.get_database_backend() {
        DbBackend::Postgres => {
            let pool = db.get_postgres_connection_pool();
            (pool.size(), pool.num_idle())
        }
        _ => {
            let pool = db.get_sqlite_connection_pool();
            (pool.size(), pool.num_idle())
        }
    }
}
