//! Keeps documents up to date.
//!
//! Whatever changes what a document is made of leaves a mark, by triggers of the database, in its own transaction. A job reads
//! marks: it gathers the document, and in one short transaction takes the mark away and writes the document, if nobody
//! has marked it anew meanwhile. Killed in between, it leaves the mark. A mark of many documents becomes marks of each,
//! some at a time.
use std::collections::{BTreeMap, BTreeSet};

use entity::{
    collection, container,
    id::{CollectionId, ContainerId, DocumentId, NamespaceId},
    namespace, search_document, search_facet, search_mark, search_vocabulary, search_word,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, JoinType, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, RelationTrait, Set,
    sea_query::{Expr, ExprTrait, OnConflict, Query},
};

use super::{
    document::{Document, Target, gather},
    text::folded,
};
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

/// How many documents are written in one transaction: others who write wait for it.
const BATCH: u64 = 20;
/// How many marks one mark of many documents becomes at a time.
const SPREAD: u64 = 200;
/// How many different words of a document's names and descriptions help against typing errors.
const VOCABULARY_MAX: usize = 256;
/// Marks of one document.
const SINGLE: [&str; 3] = ["container", "collection", "namespace"];
/// Marks of all documents.
const WHOLE: [&str; 3] = ["containers", "collections", "namespaces"];

/// Brings some documents up to date, and tells whether there may be more to do.
pub async fn refresh(caller: &Caller) -> Result<bool> {
    let marks = internal::<search_mark::Entity>()
        .filter(search_mark::Column::Kind.is_in(SINGLE))
        .order_by_asc(search_mark::Column::Kind)
        .order_by_asc(search_mark::Column::TargetId)
        .limit(BATCH)
        .all(caller.db())
        .await?;
    if marks.is_empty() {
        return spread(caller).await;
    }
    let mut gathered = Vec::new();
    for mark in marks {
        let target = target(&mark);
        let document = match gather(caller, target).await {
            // One odd row must not keep all others from being found.
            Err(Error::Internal(why)) => {
                tracing::error!(
                    kind = mark.kind,
                    id = mark.target_id,
                    "not indexed: {why:#}"
                );
                None
            }
            gathered => gathered?,
        };
        gathered.push((mark, target, document));
    }
    let written = caller.change(async |tx| {
        take_turn(tx.db(), Turn::Search).await?;
        for (mark, target, document) in &gathered {
            if take(tx, mark).await?
                && let Some(document) = document
            {
                write(tx, *target, document).await?;
            }
        }
        Ok(Change::none(()))
    });
    match written.await {
        // Something was deleted meanwhile; it is not gathered again.
        Ok(()) | Err(Error::Conflict(_)) => Ok(true),
        Err(other) => Err(other),
    }
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
                    take(tx, &many).await?;
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

/// Takes a mark away; `false` when it was set anew meanwhile, or somebody else has taken it.
async fn take(tx: &Tx, mark: &search_mark::Model) -> Result<bool> {
    let taken = search_mark::Entity::delete_many()
        .filter(search_mark::Column::Kind.eq(mark.kind.as_str()))
        .filter(search_mark::Column::TargetId.eq(mark.target_id))
        .filter(search_mark::Column::Version.eq(mark.version))
        .exec(tx.db())
        .await?;
    Ok(taken.rows_affected == 1)
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

async fn write(tx: &Tx, target: Target, document: &Document) -> Result<()> {
    let (column, target_id) = target.column();
    let there = internal::<search_document::Entity>()
        .filter(column.eq(target_id))
        .select_only()
        .column(search_document::Column::Id)
        .into_tuple()
        .one(tx.db())
        .await?;
    let id = there.unwrap_or_else(|| DocumentId(fresh_id()));
    write_texts(tx, id, target, document).await?;
    write_vocabulary(tx, id, document).await?;
    if let Target::Container(container) = target {
        write_facets(tx, container, document).await?;
    }
    Ok(())
}

async fn write_texts(tx: &Tx, id: DocumentId, target: Target, document: &Document) -> Result<()> {
    use search_document::Column;
    let (target, target_id) = target.column();
    let texts = [
        (Column::Name, &document.name),
        (Column::Title, &document.title),
        (Column::About, &document.about),
        (Column::Readme, &document.readme),
        (Column::Definition, &document.definition),
    ];
    let mut insert = Query::insert();
    let mut columns: Vec<&str> = vec!["id", sea_orm::IdenStatic::as_str(&target)];
    let mut values = vec![Expr::val(id.0), Expr::val(target_id)];
    for (column, text) in texts {
        columns.push(sea_orm::IdenStatic::as_str(&column));
        values.push(Expr::val(text.as_str()));
    }
    if tx.db().get_database_backend() == DbBackend::Postgres {
        let title = vector(&[document.title_words()]);
        for (column, vector) in [
            ("title_words", title),
            ("words", vector(&texts_of(document))),
        ] {
            columns.push(column);
            values.push(Expr::cust_with_values("$1::tsvector", [vector]));
        }
    }
    let anew = OnConflict::column("id")
        .update_columns(columns[2..].iter().copied())
        .to_owned();
    insert
        .into_table(search_document::Entity)
        .columns(columns)
        .values(values)
        .map_err(anyhow::Error::from)?
        .on_conflict(anew);
    tx.db().execute(&insert).await?;
    if tx.db().get_database_backend() == DbBackend::Sqlite {
        write_fts5(tx, id, document).await?;
    }
    Ok(())
}

/// The words of the four texts, those that count most first.
fn texts_of(document: &Document) -> [Vec<String>; 4] {
    [
        document.title_words(),
        folded(&document.about),
        folded(&document.readme),
        folded(&document.definition),
    ]
}

async fn write_fts5(tx: &Tx, id: DocumentId, document: &Document) -> Result<()> {
    let delete = Query::delete()
        .from_table("search_index")
        .and_where(Expr::col("rowid").eq(id.0))
        .to_owned();
    tx.db().execute(&delete).await?;
    let texts = texts_of(document).map(|words| Expr::val(words.join(" ")));
    let insert = Query::insert()
        .into_table("search_index")
        .columns(["rowid", "title", "about", "readme", "definition"])
        .values([Expr::val(id.0)].into_iter().chain(texts))
        .map_err(anyhow::Error::from)?
        .to_owned();
    tx.db().execute(&insert).await?;
    Ok(())
}

/// Words with their places and weights as PostgreSQL's `tsvector` reads them. It counts places up to 16383, and 255 of a
/// word. No phrase reaches from one text into the next.
fn vector(texts: &[Vec<String>]) -> String {
    let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut place = 0;
    for (words, weight) in texts.iter().zip(['A', 'B', 'C', 'D']) {
        for word in words {
            place += 1;
            let of_word = places.entry(word).or_default();
            if of_word.len() < 255 {
                of_word.push(format!("{}{weight}", Ord::min(place, 16_383)));
            }
        }
        place += 1;
    }
    let words = places
        .iter()
        .map(|(word, places)| format!("'{word}':{}", places.join(",")));
    words.collect::<Vec<_>>().join(" ")
}

async fn write_vocabulary(tx: &Tx, id: DocumentId, document: &Document) -> Result<()> {
    search_word::Entity::delete_many()
        .filter(search_word::Column::DocumentId.eq(id))
        .exec(tx.db())
        .await?;
    let words = document
        .title_words()
        .into_iter()
        .chain(folded(&document.about));
    let mut known = BTreeSet::new();
    for word in words {
        if known.len() < VOCABULARY_MAX {
            known.insert(word);
        }
    }
    if known.is_empty() {
        return Ok(());
    }
    let vocabulary = known.iter().map(|word| search_vocabulary::ActiveModel {
        word: Set(word.clone()),
        reversed: Set(word.chars().rev().collect()),
    });
    let unless_there = OnConflict::column(search_vocabulary::Column::Word)
        .do_nothing()
        .to_owned();
    search_vocabulary::Entity::insert_many(vocabulary)
        .on_conflict(unless_there)
        .exec_without_returning(tx.db())
        .await?;
    let words = known.into_iter().map(|word| search_word::ActiveModel {
        word: Set(word),
        document_id: Set(id),
    });
    search_word::Entity::insert_many(words)
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}

async fn write_facets(tx: &Tx, container: ContainerId, document: &Document) -> Result<()> {
    search_facet::Entity::delete_many()
        .filter(search_facet::Column::ContainerId.eq(container))
        .exec(tx.db())
        .await?;
    let facets: Vec<_> = document
        .facets
        .iter()
        .map(|(kind, value)| search_facet::ActiveModel {
            container_id: Set(container),
            kind: Set(kind.as_str().to_owned()),
            value: Set(value.clone()),
        })
        .collect();
    for some in facets.chunks(500) {
        search_facet::Entity::insert_many(some.iter().cloned())
            .exec_without_returning(tx.db())
            .await?;
    }
    Ok(())
}
