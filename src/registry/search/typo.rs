//! What else may have been meant, when nothing is called as it was written.
//!
//! Words that differ by one letter share their first or their second half, so they are found by either; what has a part of a
//! word only is found by its trigrams. Only words of documents that the caller may see are thought of.
use entity::{container, search_document, search_vocabulary, search_word};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, QueryTrait,
    sea_query::{Expr, ExprTrait, Func, LikeExpr, Order, Query, SelectStatement, UnionType},
};

use super::question::{Phrase, Question, Term};
use crate::{
    access::{Pull, rows},
    error::Result,
    registry::Caller,
};

/// The shortest word that may be mistyped, in characters.
const MISTYPED_MIN: usize = 4;
/// The shortest part of a word that is looked for within words, in characters.
const PART_MIN: usize = 3;
/// How many words may have been meant by one.
const MEANT_MAX: usize = 16;
/// How many words are compared.
const COMPARED_MAX: u64 = 1000;
/// How many words of a question may be mistyped.
const WORDS_MAX: usize = 8;

/// The same question, in which other words that the caller may see will also do; `None` when there are none. One statement.
pub(super) async fn guess(caller: &Caller, question: &Question) -> Result<Option<Question>> {
    let candidates = candidates(caller, question).await?;
    let mut wider = question.clone();
    let mut changed = false;
    for term in wider.all.iter_mut().take(WORDS_MAX) {
        let Some(word) = lone_word(term).map(str::to_owned) else {
            continue;
        };
        for meant in closest(&word, &candidates) {
            changed = true;
            term.any.push(Phrase::word(meant));
        }
    }
    Ok(changed.then_some(wider))
}

/// The word of a term that may stand for others.
fn lone_word(term: &Term) -> Option<&str> {
    match &term.any[0].words[..] {
        [word] if !term.quoted && word.chars().count() >= PART_MIN => Some(word),
        _ => None,
    }
}

/// The candidates nearest to a word: those that differ by one letter, then those that have it in them.
fn closest(word: &str, candidates: &[String]) -> Vec<String> {
    let distance = |candidate: &&String| match strsim::osa_distance(word, candidate) {
        1 if word.chars().count() >= MISTYPED_MIN => Some(1),
        _ if candidate.contains(word) && *candidate != word => Some(2),
        _ => None,
    };
    let mut near: Vec<_> = candidates
        .iter()
        .filter_map(|candidate| Some((distance(&candidate)?, candidate)))
        .collect();
    near.sort();
    near.truncate(MEANT_MAX);
    near.into_iter()
        .map(|(_, candidate)| candidate.clone())
        .collect()
}

async fn candidates(caller: &Caller, question: &Question) -> Result<Vec<String>> {
    let backend = caller.db().get_database_backend();
    let words = question.all.iter().take(WORDS_MAX).filter_map(lone_word);
    let mut looks = words.flat_map(|word| looks(word, backend));
    let Some(mut like) = looks.next() else {
        return Ok(Vec::new());
    };
    for look in looks {
        like.union(UnionType::Distinct, look);
    }
    let select = Query::select()
        .column(("candidate", "word"))
        .from_subquery(like, "candidate")
        .and_where(Expr::exists(shown(caller)))
        .order_by(("candidate", "word"), Order::Asc)
        .limit(COMPARED_MAX)
        .to_owned();
    let rows = caller.db().query_all(&select).await?;
    let words: std::result::Result<Vec<String>, _> =
        rows.iter().map(|row| row.try_get("", "word")).collect();
    Ok(words?)
}

/// Whether a candidate is a word of a container that the caller may see.
fn shown(caller: &Caller) -> SelectStatement {
    let visible = rows::<Pull, container::Entity>(caller.actor()).into_select();
    QueryTrait::into_query(visible)
        .clear_selects()
        .expr(Expr::val(1))
        .inner_join(
            search_document::Entity,
            Expr::col((
                search_document::Entity,
                search_document::Column::ContainerId,
            ))
            .equals((container::Entity, container::Column::Id)),
        )
        .inner_join(
            search_word::Entity,
            Expr::col((search_word::Entity, search_word::Column::DocumentId))
                .equals((search_document::Entity, search_document::Column::Id)),
        )
        .and_where(
            Expr::col((search_word::Entity, search_word::Column::Word))
                .equals(("candidate", "word")),
        )
        .to_owned()
}

/// Where words like one may be found.
fn looks(word: &str, backend: DbBackend) -> Vec<SelectStatement> {
    use search_vocabulary::Column;
    let letters: Vec<char> = word.chars().collect();
    let text = |letters: &[char]| letters.iter().collect::<String>();
    let mut looks = vec![look(part(word, backend))];
    if letters.len() >= MISTYPED_MIN {
        let (first, second) = letters.split_at(letters.len() / 2);
        let backwards: Vec<char> = second.iter().rev().copied().collect();
        let as_long = |column, half: &[char]| {
            let length = Expr::expr(Func::char_length(Expr::col(Column::Word)));
            let from = i64::try_from(letters.len()).unwrap_or(i64::MAX);
            look(begins(column, &text(half)).and(length.between(from - 1, from + 1)))
        };
        looks.push(as_long(Column::Word, first));
        looks.push(as_long(Column::Reversed, &backwards));
        // Two letters that changed places across the middle.
        let mut swapped = letters.clone();
        swapped.swap(first.len() - 1, first.len());
        looks.push(look(Column::Word.eq(text(&swapped))));
    }
    looks
}

fn look(condition: Expr) -> SelectStatement {
    Query::select()
        .column(search_vocabulary::Column::Word)
        .from(search_vocabulary::Entity)
        .and_where(condition)
        .to_owned()
}

/// Words that have a word in them.
fn part(word: &str, backend: DbBackend) -> Expr {
    let pattern = format!("%{word}%");
    match backend {
        DbBackend::Postgres => {
            Expr::col(search_vocabulary::Column::Word).like(LikeExpr::new(pattern))
        }
        _ => Expr::cust_with_values(
            "id IN (SELECT rowid FROM search_trigram WHERE search_trigram MATCH ?)",
            [format!("\"{word}\"")],
        ),
    }
}

/// Values that begin with a text, read from an index.
pub(super) fn begins(column: impl ColumnTrait, text: &str) -> Expr {
    let from = column.gte(text);
    match after(text) {
        Some(end) => from.and(column.lt(end)),
        None => from,
    }
}

/// The first text behind all that begin with this one, in the order of bytes.
fn after(text: &str) -> Option<String> {
    let mut letters: Vec<char> = text.chars().collect();
    while let Some(last) = letters.pop() {
        let next = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32);
        if let Some(next) = next {
            letters.push(next);
            return Some(letters.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_letter_may_be_wrong_missing_superfluous_or_in_the_wrong_place() {
        let known = ["samtools", "bowtie", "bwa"].map(str::to_owned);
        for text in ["samtoolz", "samtols", "samttools", "smatools", "samotols"] {
            assert_eq!(closest(text, &known), ["samtools"], "{text}");
        }
        assert_eq!(closest("mtoo", &known), ["samtools"]);
        assert!(
            closest("bwb", &known).is_empty(),
            "three letters are too few"
        );
        assert!(
            closest("smatoolz", &known).is_empty(),
            "two letters are too many"
        );
    }

    #[test]
    fn the_end_of_a_beginning_is_behind_all_that_begin_so() {
        assert_eq!(after("sam").as_deref(), Some("san"));
        assert_eq!(after("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(after("\u{d7ff}").as_deref(), Some("\u{e000}"));
        assert_eq!(after(""), None);
    }
}
