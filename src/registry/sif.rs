//! What was read out of SIF images, once for each digest.
use std::collections::HashMap;

use entity::sif;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, Set, sea_query::OnConflict,
};

use super::{Caller, Tx};
use crate::{access::internal, error::Result};

pub use crate::sif::{
    Descriptor, Filesystem, Inspection, Kind, Link, Metadata, Partition, Role, Sbom, Signature,
    SignatureKind,
};

/// The inspections of these digests. Callers ask only for digests of images they hold. One statement.
pub(in crate::registry) async fn by_digests(
    caller: &Caller,
    digests: &[String],
) -> Result<HashMap<String, Inspection>> {
    read(caller.db(), digests).await
}

/// The same, in transactions too.
pub(in crate::registry) async fn read(
    db: &impl ConnectionTrait,
    digests: &[String],
) -> Result<HashMap<String, Inspection>> {
    let rows = internal::<sif::Entity>()
        .filter(sif::Column::Digest.is_in(digests.iter().map(String::as_str)))
        .all(db)
        .await?;
    let parse = |row: sif::Model| {
        Ok((
            row.digest,
            serde_json::from_value(row.inspection).map_err(anyhow::Error::from)?,
        ))
    };
    rows.into_iter().map(parse).collect()
}

/// The fingerprints of the keys that signatures of these digests name, sorted, each once. One statement, which does not read
/// the rest.
pub(in crate::registry) async fn fingerprints(
    caller: &Caller,
    digests: &[String],
) -> Result<HashMap<String, Vec<String>>> {
    let rows: Vec<(String, serde_json::Value)> = internal::<sif::Entity>()
        .filter(sif::Column::Digest.is_in(digests.iter().map(String::as_str)))
        .select_only()
        .columns([sif::Column::Digest, sif::Column::Fingerprints])
        .into_tuple()
        .all(caller.db())
        .await?;
    let parse = |(digest, fingerprints)| {
        let fingerprints = serde_json::from_value(fingerprints).map_err(anyhow::Error::from)?;
        Ok((digest, fingerprints))
    };
    rows.into_iter().map(parse).collect()
}

/// Keeps an inspection.
pub(in crate::registry) async fn keep(
    tx: &Tx,
    digest: &str,
    inspection: &Inspection,
) -> Result<()> {
    let row = sif::ActiveModel {
        digest: Set(digest.to_owned()),
        inspection: Set(serde_json::to_value(inspection).map_err(anyhow::Error::from)?),
        fingerprints: Set(inspection.fingerprints().into()),
    };
    let newest = OnConflict::column(sif::Column::Digest)
        .update_columns([sif::Column::Inspection, sif::Column::Fingerprints])
        .to_owned();
    sif::Entity::insert(row)
        .on_conflict(newest)
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}
