//! Documents, written: many at once, in few statements.
use std::collections::{BTreeMap, BTreeSet, HashMap};

use entity::{id::DocumentId, search_document, search_facet, search_vocabulary, search_word};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, IdenStatic, QueryFilter, QuerySelect,
    Set,
    sea_query::{Expr, ExprTrait, OnConflict, Query},
};

use crate::{
    access::internal,
    error::Result,
    registry::{
        Tx, fresh_id,
        search::{
            document::{Document, FacetKind, Target},
            text::folded,
        },
    },
};

/// How many different words of a document's names and descriptions help against typing errors.
const VOCABULARY_MAX: usize = 256;
/// How many rows of two or three values go into one statement.
const ROWS: usize = 10_000;

/// A document and its id.
type Written<'a> = (DocumentId, Target, &'a Document);

/// Writes documents in place of those that are there.
pub(super) async fn write(tx: &Tx, documents: &[(Target, &Document)]) -> Result<()> {
    for of_kind in documents
        .chunk_by(|(one, _), (next, _)| one.column().0.as_str() == next.column().0.as_str())
    {
        let there = ids(tx, of_kind).await?;
        let with_id = |(target, document): &(Target, _)| {
            let id = there.get(&target.column().1).copied();
            (
                id.unwrap_or_else(|| DocumentId(fresh_id())),
                *target,
                *document,
            )
        };
        let of_kind: Vec<Written<'_>> = of_kind.iter().map(with_id).collect();
        write_texts(tx, &of_kind).await?;
        write_vocabulary(tx, &of_kind).await?;
        write_facets(tx, &of_kind).await?;
    }
    Ok(())
}

/// The documents that are there, by the ids of the things, which are of one kind.
async fn ids(tx: &Tx, documents: &[(Target, &Document)]) -> Result<HashMap<i64, DocumentId>> {
    let Some((first, _)) = documents.first() else {
        return Ok(HashMap::new());
    };
    let (column, _) = first.column();
    let rows: Vec<(i64, DocumentId)> = internal::<search_document::Entity>()
        .filter(column.is_in(documents.iter().map(|(target, _)| target.column().1)))
        .select_only()
        .column(column)
        .column(search_document::Column::Id)
        .into_tuple()
        .all(tx.db())
        .await?;
    Ok(rows.into_iter().collect())
}

async fn write_texts(tx: &Tx, documents: &[Written<'_>]) -> Result<()> {
    let Some((_, first, _)) = documents.first() else {
        return Ok(());
    };
    let postgres = tx.db().get_database_backend() == DbBackend::Postgres;
    let mut columns = vec!["id", first.column().0.as_str()];
    columns.extend(["name", "title", "about", "readme", "definition"]);
    if postgres {
        columns.extend(["title_words", "words"]);
    }
    let mut insert = Query::insert();
    insert
        .into_table(search_document::Entity)
        .columns(columns.iter().copied())
        .on_conflict(
            OnConflict::column("id")
                .update_columns(columns[2..].iter().copied())
                .to_owned(),
        );
    for written in documents {
        let values = values(written, postgres);
        insert.values(values).map_err(anyhow::Error::from)?;
    }
    tx.db().execute(&insert).await?;
    if !postgres {
        write_fts5(tx, documents).await?;
    }
    Ok(())
}

fn values((id, target, document): &Written<'_>, postgres: bool) -> Vec<Expr> {
    let mut values = vec![Expr::val(id.0), Expr::val(target.column().1)];
    values.extend(
        [
            &document.name,
            &document.title,
            &document.about,
            &document.readme,
            &document.definition,
        ]
        .map(|text| Expr::val(text.as_str())),
    );
    if postgres {
        let vectors = [
            vector(&[document.title_words()]),
            vector(&texts_of(document)),
        ];
        values.extend(vectors.map(|words| Expr::cust_with_values("$1::tsvector", [words])));
    }
    values
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

async fn write_fts5(tx: &Tx, documents: &[Written<'_>]) -> Result<()> {
    let delete = Query::delete()
        .from_table("search_index")
        .and_where(Expr::col("rowid").is_in(documents.iter().map(|(id, ..)| id.0)))
        .to_owned();
    tx.db().execute(&delete).await?;
    let mut insert = Query::insert();
    insert
        .into_table("search_index")
        .columns(["rowid", "title", "about", "readme", "definition"]);
    for (id, _, document) in documents {
        let texts = texts_of(document).map(|words| Expr::val(words.join(" ")));
        insert
            .values([Expr::val(id.0)].into_iter().chain(texts))
            .map_err(anyhow::Error::from)?;
    }
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

async fn write_vocabulary(tx: &Tx, documents: &[Written<'_>]) -> Result<()> {
    search_word::Entity::delete_many()
        .filter(search_word::Column::DocumentId.is_in(documents.iter().map(|(id, ..)| *id)))
        .exec(tx.db())
        .await?;
    let (mut words, mut all) = (Vec::new(), BTreeSet::new());
    for (id, _, document) in documents {
        let own = vocabulary(document);
        words.extend(own.iter().map(|word| search_word::ActiveModel {
            word: Set(word.clone()),
            document_id: Set(*id),
        }));
        all.extend(own);
    }
    let all: Vec<_> = all.into_iter().collect();
    let unless_there = OnConflict::column(search_vocabulary::Column::Word)
        .do_nothing()
        .to_owned();
    for some in all.chunks(ROWS) {
        let rows = some.iter().map(|word| search_vocabulary::ActiveModel {
            word: Set(word.clone()),
            reversed: Set(word.chars().rev().collect()),
        });
        search_vocabulary::Entity::insert_many(rows)
            .on_conflict(unless_there.clone())
            .exec_without_returning(tx.db())
            .await?;
    }
    for some in words.chunks(ROWS) {
        search_word::Entity::insert_many(some.iter().cloned())
            .exec_without_returning(tx.db())
            .await?;
    }
    Ok(())
}

/// The words of names and descriptions, each once.
fn vocabulary(document: &Document) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    for word in document
        .title_words()
        .into_iter()
        .chain(folded(&document.about))
    {
        if known.len() < VOCABULARY_MAX {
            known.insert(word);
        }
    }
    known
}

async fn write_facets(tx: &Tx, documents: &[Written<'_>]) -> Result<()> {
    let (mut containers, mut facets) = (Vec::new(), Vec::new());
    for (_, target, document) in documents {
        let Target::Container(id) = *target else {
            continue;
        };
        containers.push(id);
        let row = |(kind, value): &(FacetKind, String)| search_facet::ActiveModel {
            container_id: Set(id),
            kind: Set(kind.as_str().to_owned()),
            value: Set(value.clone()),
        };
        facets.extend(document.facets.iter().map(row));
    }
    if containers.is_empty() {
        return Ok(());
    }
    search_facet::Entity::delete_many()
        .filter(search_facet::Column::ContainerId.is_in(containers))
        .exec(tx.db())
        .await?;
    for some in facets.chunks(ROWS) {
        search_facet::Entity::insert_many(some.iter().cloned())
            .exec_without_returning(tx.db())
            .await?;
    }
    Ok(())
}
