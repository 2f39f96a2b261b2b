//! Why each stored blob and each staged object stays or goes: what collection would decide now, and by what.
use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, SystemTime},
};

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    blob, blob_chunk, blob_upload, container_blob,
    id::{ContainerId, ImageId, ManifestId},
    image,
    kind::ManifestKind,
    manifest, manifest_part, upload, upload_part,
};
use futures::{TryStreamExt, pin_mut};
use sea_orm::{
    ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, Func, Query, SelectStatement},
};

use super::collect::{BATCH, check_admin, unknown};
use crate::{
    access::internal,
    error::{Error, Result},
    registry::{Caller, Digest, container as containers, trash},
    storage::Leftover,
};

/// What a decision is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A blob that the database knows.
    Blob,
    /// A blob in storage that the database does not know.
    Orphan,
    /// Bytes of an upload.
    Staged,
}

/// Why something stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Images are these bytes.
    Image,
    /// Manifests name it.
    Manifest,
    /// Indexes name it.
    Index,
    /// What refers to it is in the trash.
    Trash,
    /// An upload is under way.
    Upload,
    /// It was brought to a container, and the manifest that names it may still come.
    Brought,
    /// It is younger than the time of grace.
    Young,
}

/// What keeps something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// In what way.
    pub reason: Reason,
    /// How many there are of this reason.
    pub count: u64,
    /// One of them, as people call it; empty where there is nothing to call.
    pub example: String,
    /// Until when it keeps it; absent: as long as it is there.
    pub until: Option<DateTime<Utc>>,
}

/// Whether something stays, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What it is about.
    pub what: What,
    /// The digest, or the key of what is staged.
    pub name: String,
    /// In bytes, where it is known.
    pub size: Option<u64>,
    /// What keeps it; nothing: it goes.
    pub holds: Vec<Hold>,
}

impl Decision {
    /// Whether collection takes it.
    pub fn goes(&self) -> bool {
        self.holds.is_empty()
    }
}

/// Tells of every blob and every staged object whether a collection with that `grace` would take it now, and why. Removes
/// nothing.
///
/// # Errors
/// [`Error::Forbidden`] for anybody but the site; those of database and storage.
pub async fn explain(
    caller: &Caller,
    grace: Duration,
    mut tell: impl FnMut(Decision),
) -> Result<()> {
    check_admin(caller)?;
    let mut after = String::new();
    loop {
        let rows = internal::<blob::Entity>()
            .filter(blob::Column::Digest.gt(after.as_str()))
            .order_by_asc(blob::Column::Digest)
            .limit(BATCH as u64)
            .all(caller.db())
            .await?;
        let Some(last) = rows.last() else {
            break;
        };
        after.clone_from(&last.digest);
        for decision in of_rows(caller, &rows, grace).await? {
            tell(decision);
        }
    }
    of_orphans(caller, grace, &mut tell).await?;
    of_staged(caller, grace, &mut tell).await
}

/// The same for one blob that the database knows, with the time of grace that is configured.
///
/// # Errors
/// [`Error::NotFound`] when there is none; those of [`explain`].
pub async fn explain_one(caller: &Caller, digest: &Digest) -> Result<Decision> {
    check_admin(caller)?;
    let rows = internal::<blob::Entity>()
        .filter(blob::Column::Digest.eq(digest.to_string()))
        .all(caller.db())
        .await?;
    let grace = caller.config().storage.staging_retention.get();
    let mut decisions = of_rows(caller, &rows, grace).await?;
    decisions.pop().ok_or(Error::NotFound("blob"))
}

/// Decides about blobs, in a fixed number of statements.
async fn of_rows(caller: &Caller, rows: &[blob::Model], grace: Duration) -> Result<Vec<Decision>> {
    let young = caller.ago(grace);
    let digests: Vec<&str> = rows.iter().map(|row| row.digest.as_str()).collect();
    let mut found = Found::default();
    found.images(caller, &digests).await?;
    found.manifests(caller, &digests).await?;
    found.brought(caller, &digests, (young, grace)).await?;
    let places = found.places(caller).await?;
    let trash = found.trash(caller, &places).await?;
    let decide = |row: &blob::Model| {
        let mut holds = found.holds(&row.digest, &places, &trash);
        if row.touched_at >= young && !row.removing {
            holds.push(Hold {
                reason: Reason::Young,
                count: 1,
                example: String::new(),
                until: end_of_grace(row.touched_at, grace),
            });
        }
        Decision {
            what: What::Blob,
            name: row.digest.clone(),
            size: Some(row.size.unsigned_abs()),
            holds,
        }
    };
    Ok(rows.iter().map(decide).collect())
}

fn end_of_grace(since: DateTime<Utc>, grace: Duration) -> Option<DateTime<Utc>> {
    since.checked_add_signed(TimeDelta::from_std(grace).ok()?)
}

/// References to blobs, of each kind how many, and one of them.
#[derive(Default)]
struct Found(BTreeMap<(String, Reason), Referring>);

struct Referring {
    count: u64,
    container: ContainerId,
    /// The digest in that container, where there is one.
    name: String,
    until: Option<DateTime<Utc>>,
}

impl Found {
    /// Images of these bytes: one statement for how many, one for the first of each.
    async fn images(&mut self, caller: &Caller, digests: &[&str]) -> Result<()> {
        let counted = Query::select()
            .column(image::Column::Blob)
            .expr(Func::count(Expr::col(image::Column::Id)))
            .expr(Func::min(Expr::col(image::Column::Id)))
            .from(image::Entity)
            .and_where(Expr::col(image::Column::Blob).is_in(digests.iter().copied()))
            .group_by_col(image::Column::Blob)
            .to_owned();
        let counted: Vec<(String, i64, ImageId)> = all(caller, &counted).await?;
        let ids = counted.iter().map(|(_, _, id)| *id);
        let first = Query::select()
            .columns([image::Column::Id, image::Column::ContainerId])
            .from(image::Entity)
            .and_where(Expr::col(image::Column::Id).is_in(ids))
            .to_owned();
        let first: HashMap<ImageId, ContainerId> = all(caller, &first).await?.into_iter().collect();
        for (digest, count, id) in counted {
            let Some(container) = first.get(&id) else {
                continue;
            };
            let referring = Referring {
                count: count.unsigned_abs(),
                container: *container,
                name: digest.clone(),
                until: None,
            };
            self.0.insert((digest, Reason::Image), referring);
        }
        Ok(())
    }

    /// Manifests and indexes that name these blobs, in containers that hold them. Two statements.
    async fn manifests(&mut self, caller: &Caller, digests: &[&str]) -> Result<()> {
        let counted: Vec<(String, ManifestKind, i64, ManifestId)> =
            all(caller, &naming(digests)).await?;
        let ids = counted.iter().map(|(_, _, _, id)| *id);
        let first = Query::select()
            .columns([
                manifest::Column::Id,
                manifest::Column::ContainerId,
                manifest::Column::Digest,
            ])
            .from(manifest::Entity)
            .and_where(Expr::col(manifest::Column::Id).is_in(ids))
            .to_owned();
        let first: Vec<(ManifestId, ContainerId, String)> = all(caller, &first).await?;
        let first: HashMap<_, _> = first
            .into_iter()
            .map(|(id, container, digest)| (id, (container, digest)))
            .collect();
        for (digest, kind, count, id) in counted {
            let Some((container, name)) = first.get(&id) else {
                continue;
            };
            let reason = match kind {
                ManifestKind::Index => Reason::Index,
                _ => Reason::Manifest,
            };
            let more = Referring {
                count: 0,
                container: *container,
                name: name.clone(),
                until: None,
            };
            let referring = self.0.entry((digest, reason)).or_insert(more);
            referring.count += count.unsigned_abs();
        }
        Ok(())
    }

    /// Containers to which these blobs were brought a short time ago. One statement.
    async fn brought(
        &mut self,
        caller: &Caller,
        digests: &[&str],
        (young, grace): (DateTime<Utc>, Duration),
    ) -> Result<()> {
        let links = internal::<container_blob::Entity>()
            .filter(container_blob::Column::Digest.is_in(digests.iter().copied()))
            .filter(container_blob::Column::LinkedAt.gte(young))
            .order_by_asc(container_blob::Column::LinkedAt)
            .all(caller.db())
            .await?;
        for link in links {
            let key = (link.digest, Reason::Brought);
            let referring = self.0.entry(key).or_insert(Referring {
                count: 0,
                container: link.container_id,
                name: String::new(),
                until: None,
            });
            referring.count += 1;
            referring.container = link.container_id;
            referring.until = end_of_grace(link.linked_at, grace);
        }
        Ok(())
    }

    async fn places(&self, caller: &Caller) -> Result<HashMap<ContainerId, String>> {
        let ids: Vec<_> = self.0.values().map(|found| found.container).collect();
        containers::paths(caller, &ids).await
    }

    /// Where those were that are in the trash, and until when they are: not even the site sees them.
    async fn trash(&self, caller: &Caller, places: &HashMap<ContainerId, String>) -> Result<Trash> {
        let ids = self.0.values().map(|found| found.container);
        let hidden: Vec<_> = ids.filter(|id| !places.contains_key(id)).collect();
        match hidden.is_empty() {
            true => Ok(Trash::new()),
            false => trash::of_containers(caller, &hidden).await,
        }
    }

    /// What keeps a blob.
    fn holds(
        &self,
        digest: &str,
        places: &HashMap<ContainerId, String>,
        trash: &Trash,
    ) -> Vec<Hold> {
        let first = (digest.to_owned(), Reason::Image);
        let last = (digest.to_owned(), Reason::Young);
        let found = self.0.range(first..=last);
        let hold = |((_, reason), found): (&(String, Reason), &Referring)| {
            let at = if found.name.is_empty() { "" } else { "@" };
            let named = |place: &String| format!("{place}{at}{}", found.name);
            if let Some(place) = places.get(&found.container) {
                return Hold {
                    reason: *reason,
                    count: found.count,
                    example: named(place),
                    until: found.until,
                };
            }
            let entry = trash.get(&found.container);
            let example = entry.map(|(place, _)| named(place));
            Hold {
                reason: Reason::Trash,
                count: found.count,
                example: example.unwrap_or_else(|| found.name.clone()),
                until: entry.map(|(_, purge_at)| *purge_at),
            }
        };
        found.map(hold).collect()
    }
}

/// Where containers in the trash were, and until when they are there.
type Trash = HashMap<ContainerId, (String, DateTime<Utc>)>;

/// How many manifests of each kind name a blob that their container holds, and the first of them.
fn naming(digests: &[&str]) -> SelectStatement {
    let id = (manifest::Entity, manifest::Column::Id);
    Query::select()
        .column((container_blob::Entity, container_blob::Column::Digest))
        .column((manifest::Entity, manifest::Column::Kind))
        .expr(Func::count_distinct(Expr::col(id)))
        .expr(Func::min(Expr::col(id)))
        .from(container_blob::Entity)
        .inner_join(
            manifest_part::Entity,
            Expr::col((manifest_part::Entity, manifest_part::Column::Digest))
                .equals((container_blob::Entity, container_blob::Column::Digest)),
        )
        .inner_join(
            manifest::Entity,
            Expr::col(id)
                .equals((manifest_part::Entity, manifest_part::Column::ManifestId))
                .and(
                    Expr::col((manifest::Entity, manifest::Column::ContainerId))
                        .equals((container_blob::Entity, container_blob::Column::ContainerId)),
                ),
        )
        .and_where(
            Expr::col((container_blob::Entity, container_blob::Column::Digest))
                .is_in(digests.iter().copied()),
        )
        .group_by_columns([(container_blob::Entity, container_blob::Column::Digest)])
        .group_by_col((manifest::Entity, manifest::Column::Kind))
        .to_owned()
}

async fn all<T: sea_orm::TryGetableMany>(
    caller: &Caller,
    statement: &SelectStatement,
) -> Result<Vec<T>> {
    let rows = caller.db().query_all(statement).await?;
    let read = |row: &sea_orm::QueryResult| T::try_get_many_by_index(row);
    Ok(rows
        .iter()
        .map(read)
        .collect::<std::result::Result<_, _>>()
        .map_err(sea_orm::DbErr::from)?)
}

/// Stored bytes that the database does not know.
async fn of_orphans(
    caller: &Caller,
    grace: Duration,
    tell: &mut impl FnMut(Decision),
) -> Result<()> {
    let blobs = caller.storage().blobs().try_chunks(BATCH);
    pin_mut!(blobs);
    while let Some(some) = blobs.try_next().await.map_err(|failure| failure.1)? {
        for orphan in unknown(caller, some).await? {
            // Memory keeps no dates, and such bytes stay.
            let holds = match orphan.published {
                Some(at) => young(at, grace),
                None => vec![young_until(None)],
            };
            tell(Decision {
                what: What::Orphan,
                name: orphan.digest.to_string(),
                size: Some(orphan.size),
                holds,
            });
        }
    }
    Ok(())
}

/// What keeps something that was written then, for the time of grace.
fn young(at: SystemTime, grace: Duration) -> Vec<Hold> {
    match at.elapsed() {
        Ok(age) if age > grace => Vec::new(),
        _ => vec![young_until(end_of_grace(at.into(), grace))],
    }
}

fn young_until(until: Option<DateTime<Utc>>) -> Hold {
    Hold {
        reason: Reason::Young,
        count: 1,
        example: String::new(),
        until,
    }
}

/// Bytes of uploads.
async fn of_staged(
    caller: &Caller,
    grace: Duration,
    tell: &mut impl FnMut(Decision),
) -> Result<()> {
    let mut under_way = parts(caller).await?;
    under_way.extend(chunks(caller).await?);
    for Leftover { key, last_modified } in
        caller.storage().staged_older_than(Duration::ZERO).await?
    {
        let mut holds = young(last_modified, grace);
        holds.extend(under_way.get(&key).map(|until| Hold {
            reason: Reason::Upload,
            count: 1,
            example: String::new(),
            until: Some(*until),
        }));
        tell(Decision {
            what: What::Staged,
            name: key,
            size: None,
            holds,
        });
    }
    Ok(())
}

/// What is staged of images, and until when their uploads go on.
async fn parts(caller: &Caller) -> Result<HashMap<String, DateTime<Utc>>> {
    let staged = Query::select()
        .column((upload_part::Entity, upload_part::Column::Staged))
        .column((upload::Entity, upload::Column::ExpiresAt))
        .from(upload_part::Entity)
        .inner_join(
            upload::Entity,
            Expr::col((upload::Entity, upload::Column::Id))
                .equals((upload_part::Entity, upload_part::Column::UploadId)),
        )
        .and_where(Expr::col((upload::Entity, upload::Column::ExpiresAt)).gt(caller.now()))
        .to_owned();
    Ok(all(caller, &staged).await?.into_iter().collect())
}

/// The same of blobs.
async fn chunks(caller: &Caller) -> Result<HashMap<String, DateTime<Utc>>> {
    let staged = Query::select()
        .column((blob_chunk::Entity, blob_chunk::Column::Staged))
        .column((blob_upload::Entity, blob_upload::Column::ExpiresAt))
        .from(blob_chunk::Entity)
        .inner_join(
            blob_upload::Entity,
            Expr::col((blob_upload::Entity, blob_upload::Column::Id))
                .equals((blob_chunk::Entity, blob_chunk::Column::UploadId)),
        )
        .and_where(
            Expr::col((blob_upload::Entity, blob_upload::Column::ExpiresAt)).gt(caller.now()),
        )
        .to_owned();
    Ok(all(caller, &staged).await?.into_iter().collect())
}
