//! Keeps documents up to date.
//!
//! Whatever changes what a document is made of leaves a mark, by triggers of the database, in its own transaction. A job reads
//! marks: it gathers the document, and in one short transaction takes the mark away and writes the document, if nobody
//! has marked it anew meanwhile. Killed in between, it leaves the mark. A mark of many documents becomes marks of each,
//! some at a time.
mod write;

use std::collections::HashMap;

use entity::{
    collection, container,
    id::{CollectionId, ContainerId, NamespaceId},
    namespace, search_document, search_mark, search_vocabulary, search_word,
};
use sea_orm::{
    ColumnTrait, EntityTrait, JoinType, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    RelationTrait, Set,
    sea_query::{Expr, ExprTrait, OnConflict, Query},
};

use super::document::{Document, Target, gather};
use crate::{
    access::{Pull, internal, rows},
    error::{Error, Result},
    event::Change,
    registry::{
        Caller, Tx,
        database::{Turn, take_turn},
        fresh_id,
    },
};
use write::write;

/// How many marks one mark of many documents becomes at a time.
const SPREAD: u64 = 1000;
/// Marks of one document.
const SINGLE: [&str; 3] = ["container", "collection", "namespace"];
/// Marks of all documents.
const WHOLE: [&str; 3] = ["containers", "collections", "namespaces"];

/// Brings up to `most` documents up to date in one transaction, for which others who write wait, and tells whether there may
/// be more to do.
pub async fn refresh(caller: &Caller, most: u64) -> Result<bool> {
    let marks = internal::<search_mark::Entity>()
        .filter(search_mark::Column::Kind.is_in(SINGLE))
        .order_by_asc(search_mark::Column::Kind)
        .order_by_asc(search_mark::Column::TargetId)
        .limit(most)
        .all(caller.db())
        .await?;
    if marks.is_empty() {
        return spread(caller).await;
    }
    let documents = gather_sound(caller, &marks).await?;
    let written = caller.change(async |tx| {
        take_turn(tx.db(), Turn::Search).await?;
        let taken = take(tx, &marks).await?;
        let known = |target: Target| Some((target, documents.get(&target)?));
        let taken: Vec<_> = taken.into_iter().filter_map(known).collect();
        write(tx, &taken).await?;
        Ok(Change::none(()))
    });
    match written.await {
        // Something was deleted meanwhile; it is not gathered again.
        Ok(()) | Err(Error::Conflict(_)) => Ok(true),
        Err(other) => Err(other),
    }
}

/// The documents of marks. One odd row must not keep all others from being found: then each is gathered by itself.
async fn gather_sound(
    caller: &Caller,
    marks: &[search_mark::Model],
) -> Result<HashMap<Target, Document>> {
    let targets: Vec<_> = marks.iter().map(target).collect();
    match gather(caller, &targets).await {
        Err(Error::Internal(_)) => {}
        gathered => return gathered,
    }
    let mut sound = HashMap::new();
    for target in targets {
        match gather(caller, &[target]).await {
            Err(Error::Internal(why)) => tracing::error!(?target, "not indexed: {why:#}"),
            gathered => sound.extend(gathered?),
        }
    }
    Ok(sound)
}

/// Marks everything as out of date: [`refresh`] then writes it anew, while the old documents are still found.
pub async fn reindex(caller: &Caller) -> Result<()> {
    caller
        .change(async |tx| {
            for kind in WHOLE {
                mark(tx, kind, &[0]).await?;
            }
            Ok(Change::none(()))
        })
        .await
}

/// How many documents there are.
pub async fn documents(caller: &Caller) -> Result<u64> {
    let documents = internal::<search_document::Entity>();
    Ok(documents.count(caller.db()).await?)
}

/// Forgets words that are in no document any longer. They cannot be found; they only take room.
pub async fn tidy(caller: &Caller) -> Result<()> {
    let used = Query::select()
        .expr(Expr::val(1))
        .from(search_word::Entity)
        .and_where(
            Expr::col((search_word::Entity, search_word::Column::Word))
                .equals((search_vocabulary::Entity, search_vocabulary::Column::Word)),
        )
        .to_owned();
    caller
        .change(async |tx| {
            take_turn(tx.db(), Turn::Search).await?;
            search_vocabulary::Entity::delete_many()
                .filter(Expr::exists(used).not())
                .exec(tx.db())
                .await?;
            Ok(Change::none(()))
        })
        .await
}

fn target(mark: &search_mark::Model) -> Target {
    let id = mark.target_id;
    match mark.kind.as_str() {
        "collection" => Target::Collection(CollectionId(id)),
        "namespace" => Target::Namespace(NamespaceId(id)),
        _ => Target::Container(ContainerId(id)),
    }
}

/// Makes some marks of a mark of many, and tells whether there was one.
async fn spread(caller: &Caller) -> Result<bool> {
    let Some(many) = internal::<search_mark::Entity>()
        .order_by_asc(search_mark::Column::Kind)
        .order_by_asc(search_mark::Column::TargetId)
        .one(caller.db())
        .await?
    else {
        return Ok(false);
    };
    let (kind, ids) = next(caller, &many).await?;
    caller
        .change(async |tx| {
            mark(tx, kind, &ids).await?;
            match ids.last() {
                Some(last) if ids.len() as u64 == SPREAD => done_to(tx, &many, *last).await?,
                _ => {
                    take(tx, std::slice::from_ref(&many)).await?;
                }
            }
            Ok(Change::none(true))
        })
        .await
}

/// The ids that come next in what a mark names, and what they are.
async fn next(caller: &Caller, mark: &search_mark::Model) -> Result<(&'static str, Vec<i64>)> {
    let (db, behind, of) = (caller.db(), mark.done_to, mark.target_id);
    let kind = match mark.kind.as_str() {
        "collections" => "collection",
        "namespaces" => "namespace",
        _ => "container",
    };
    let ids = match kind {
        "collection" => rows::<Pull, collection::Entity>(caller.actor())
            .into_select()
            .select_only()
            .column(collection::Column::Id)
            .filter(collection::Column::Id.gt(behind))
            .order_by_asc(collection::Column::Id)
            .limit(SPREAD)
            .into_tuple()
            .all(db),
        "namespace" => rows::<Pull, namespace::Entity>(caller.actor())
            .into_select()
            .select_only()
            .column(namespace::Column::Id)
            .filter(namespace::Column::Id.gt(behind))
            .order_by_asc(namespace::Column::Id)
            .limit(SPREAD)
            .into_tuple()
            .all(db),
        _ => {
            let mut containers = rows::<Pull, container::Entity>(caller.actor())
                .into_select()
                .select_only()
                .column(container::Column::Id)
                .filter(container::Column::Id.gt(behind))
                .order_by_asc(container::Column::Id)
                .limit(SPREAD);
            if mark.kind == "in_collection" {
                containers = containers.filter(container::Column::CollectionId.eq(of));
            }
            if mark.kind == "in_namespace" {
                containers = containers
                    .join(JoinType::InnerJoin, container::Relation::Collection.def())
                    .filter(collection::Column::NamespaceId.eq(of));
            }
            containers.into_tuple().all(db)
        }
    };
    Ok((kind, ids.await?))
}

async fn mark(tx: &Tx, kind: &str, ids: &[i64]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let version = fresh_id();
    let rows = ids.iter().map(|id| search_mark::ActiveModel {
        kind: Set(kind.to_owned()),
        target_id: Set(*id),
        version: Set(version),
        done_to: Set(0),
    });
    let anew = OnConflict::columns([search_mark::Column::Kind, search_mark::Column::TargetId])
        .update_columns([search_mark::Column::Version, search_mark::Column::DoneTo])
        .to_owned();
    search_mark::Entity::insert_many(rows)
        .on_conflict(anew)
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}

/// Takes marks away, and tells what they named; without those that were set anew meanwhile, or that somebody else has
/// taken. No two changes give marks the same version.
async fn take(tx: &Tx, marks: &[search_mark::Model]) -> Result<Vec<Target>> {
    let mut taken = Vec::new();
    for some in marks.chunk_by(|one, next| one.kind == next.kind) {
        let ids = some.iter().map(|mark| mark.target_id);
        let versions = some.iter().map(|mark| mark.version);
        let rows = search_mark::Entity::delete_many()
            .filter(search_mark::Column::Kind.eq(some[0].kind.as_str()))
            .filter(search_mark::Column::TargetId.is_in(ids))
            .filter(search_mark::Column::Version.is_in(versions))
            .exec_with_returning(tx.db())
            .await?;
        taken.extend(rows.iter().map(target));
    }
    Ok(taken)
}

async fn done_to(tx: &Tx, mark: &search_mark::Model, id: i64) -> Result<()> {
    search_mark::Entity::update_many()
        .col_expr(search_mark::Column::DoneTo, Expr::val(id))
        .filter(search_mark::Column::Kind.eq(mark.kind.as_str()))
        .filter(search_mark::Column::TargetId.eq(mark.target_id))
        .filter(search_mark::Column::Version.eq(mark.version))
        .exec(tx.db())
        .await?;
    Ok(())
}
