//! The order of what was found, and places in it.
use std::cmp::Reverse;

use chrono::{DateTime, TimeZone, Utc};

use super::{
    find::Hit,
    question::{Question, name_as_one},
};
use crate::{
    error::{Error, Result},
    registry::{
        ContainerId,
        page::{Cursor, PAGE_MAX, Page},
    },
};

/// Scores are whole numbers of millionths, so that they compare alike everywhere.
const UNIT: f64 = 1e6;
/// What counts how much, besides the words, whose best match counts 1.
const CALLED_SO: f64 = 2.0;
const BEGINS_SO: f64 = 0.5;
/// For each year that a container is younger.
const YEAR: f64 = 0.05;
/// For each doubling of its stars, and of its pulls. Steps that wide are seldom taken while somebody turns pages.
const STARRED: f64 = 0.06;
const PULLED: f64 = 0.02;

/// A container that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ranked {
    score: i64,
    /// The container.
    pub id: ContainerId,
}

impl Ranked {
    /// How well it answers: about 0 to 4, larger is better. Only comparable within one search.
    #[expect(clippy::cast_precision_loss, reason = "a score is small")]
    pub fn score(&self) -> f64 {
        self.score as f64 / UNIT
    }
}

/// Best first.
pub(super) fn rank(question: &Question, hits: &[Hit]) -> Vec<Ranked> {
    let best = hits
        .iter()
        .map(|hit| hit.rank)
        .fold(f64::MIN_POSITIVE, f64::max);
    let names = question.as_names();
    // Without words, what is newest comes first, whoever likes it.
    let liked = |hit| if question.anything { 0.0 } else { liked(hit) };
    let score = |hit| score(&names, hit, best, liked(hit));
    let mut ranked: Vec<_> = hits.iter().map(score).collect();
    ranked.sort_by_key(|found| Reverse(*found));
    ranked
}

fn score(asked: &[String], hit: &Hit, best: f64, liked: f64) -> Ranked {
    let name = name_as_one(&hit.name);
    let called = asked.iter().map(|asked| match asked.as_str() {
        "" => 0.0,
        asked if name == asked => CALLED_SO,
        asked if name.starts_with(asked) => BEGINS_SO,
        _ => 0.0,
    });
    let called = called.fold(0.0, f64::max);
    let score = called + (hit.rank / best).clamp(0.0, 1.0) + YEAR * years(hit.created_at) + liked;
    #[expect(clippy::cast_possible_truncation, reason = "a score is small")]
    let score = (score * UNIT) as i64;
    let id = ContainerId(hit.id);
    Ranked { score, id }
}

fn liked(hit: &Hit) -> f64 {
    STARRED * doublings(hit.stars) + PULLED * doublings(hit.downloads)
}

/// 0 for none, 1 for one, 2 for three, 3 for seven, and so on.
fn doublings(count: i64) -> f64 {
    f64::from(count.unsigned_abs().saturating_add(1).ilog2())
}

/// Since the first ids were made. Not the age: the order must not change while somebody turns pages.
#[expect(clippy::cast_precision_loss, reason = "parts of a second do not count")]
fn years(at: DateTime<Utc>) -> f64 {
    let start = Utc
        .timestamp_opt(1_704_067_200, 0)
        .single()
        .unwrap_or_default();
    (at - start).num_seconds().max(0) as f64 / (365.25 * 86_400.0)
}

/// Those of `found` behind a place.
///
/// # Errors
/// [`Error::Invalid`] when the place is one of another search.
pub(super) fn page(
    found: &[Ranked],
    order: &str,
    after: Option<&Cursor>,
    first: u64,
) -> Result<Page<Ranked>> {
    let last = after.map(|cursor| place(cursor, order)).transpose()?;
    let behind = found.partition_point(|one| last.is_some_and(|last| *one >= last));
    let first = usize::try_from(first.clamp(1, PAGE_MAX)).unwrap_or(1);
    let items = found[behind..]
        .iter()
        .take(first)
        .map(|one| (Cursor::new(order, one.score.to_string(), one.id.0), *one));
    let items: Vec<_> = items.collect();
    Ok(Page {
        has_next: found.len() > behind + items.len(),
        has_previous: behind > 0,
        items,
    })
}

fn place(cursor: &Cursor, order: &str) -> Result<Ranked> {
    let (key, id) = cursor.key_in(order).unwrap_or_default();
    let score = key.parse().map_err(|_| {
        let why = "the cursor comes from another search; leave it out to start over";
        Error::invalid("after", why)
    })?;
    let id = ContainerId(id);
    Ok(Ranked { score, id })
}
