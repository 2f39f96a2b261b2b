//! Plausible synthetic data for an empty database, to try and to measure a registry of any size. There are no bytes
//! behind it: pulling an image fails, everything else works.
//!
//! The same plan makes the same rows, wherever and whenever it runs.
mod image;
mod insert;
mod popular;
mod tree;
mod word;

use std::time::Duration;

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use entity::{namespace, user};
use fastrand::Rng;
use sea_orm::PaginatorTrait;
use serde_json::json;

use super::{Caller, id::id_at};
use crate::{
    access::{Pull, rows},
    error::{Error, Result},
    event::{Event, Target},
};

/// Ids are made of a time and a running number of 22 bits, so that no table can hold more.
pub const MOST: u64 = 4_000_000;

/// How much there shall be.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Accounts, without a password.
    pub users: u64,
    /// Namespaces, each owned by one of the users.
    pub namespaces: u64,
    /// Collections, few of them large.
    pub collections: u64,
    /// Containers, few of them with many images.
    pub containers: u64,
    /// Images, each under a tag; one in twenty shares its bytes with another.
    pub images: u64,
    /// Another number, other data.
    pub seed: u64,
    /// Everything happened in the two years before.
    pub end: DateTime<Utc>,
}

/// How far it is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// What is being made.
    pub noun: &'static str,
    /// How many of them are there.
    pub done: u64,
    /// How many there will be.
    pub all: u64,
}

/// How long before the end everything happened.
const SPAN: Duration = Duration::from_secs(2 * 365 * 24 * 3600);

/// Fills an empty database. A run that is stopped leaves a part, which wants a new database.
///
/// # Errors
/// [`Error::Conflict`] when there are accounts or namespaces; [`Error::Invalid`] for a plan that nothing can fulfil.
pub async fn fill(caller: &Caller, plan: &Plan, mut tell: impl FnMut(Progress)) -> Result<()> {
    check(plan)?;
    require_empty(caller).await?;
    let mut chance = Chance::new(plan);
    let tree = tree::make(caller, plan, &mut chance, &mut tell).await?;
    image::make(caller, plan, &mut chance, (&tree, &mut tell)).await?;
    popular::make(caller, &mut chance, &tree).await?;
    super::usage::rebuild(caller).await?;
    super::search::reindex(caller).await?;
    popular::analyse(caller).await?;
    let counts = json!({"images": plan.images, "seed": plan.seed});
    caller
        .change(async |_| {
            Ok(Event::new("site.seed", Target::site("site"), plan.seed)
                .details(counts)
                .with(()))
        })
        .await
}

fn check(plan: &Plan) -> Result<()> {
    let counts = [
        ("users", plan.users),
        ("namespaces", plan.namespaces),
        ("collections", plan.collections),
        ("containers", plan.containers),
        ("images", plan.images),
    ];
    for (what, count) in counts {
        if count == 0 || count > MOST {
            return Err(Error::invalid(what, format!("ask for 1 to {MOST}")));
        }
    }
    match (2026..2090).contains(&plan.end.year()) {
        true => Ok(()),
        false => Err(Error::invalid(
            "end",
            "ids are made of times from 2024 to 2093, so say a day from 2026 to 2089",
        )),
    }
}

async fn require_empty(caller: &Caller) -> Result<()> {
    let accounts = rows::<Pull, user::Entity>(caller.actor())
        .count(caller.db())
        .await?;
    let namespaces = rows::<Pull, namespace::Entity>(caller.actor())
        .into_select()
        .count(caller.db())
        .await?;
    match accounts + namespaces {
        0 => Ok(()),
        _ => Err(Error::Conflict(format!(
            "the database holds {accounts} accounts and {namespaces} namespaces; synthetic data goes into an empty one (set data_dir or database.url)"
        ))),
    }
}

/// Numbers that look like chance and are the same for the same plan.
struct Chance {
    rng: Rng,
    end: DateTime<Utc>,
    made: i64,
}

impl Chance {
    fn new(plan: &Plan) -> Self {
        Self {
            rng: Rng::with_seed(plan.seed),
            end: plan.end,
            made: 0,
        }
    }

    /// An id as it would have been made at that time.
    fn id(&mut self, at: DateTime<Utc>) -> i64 {
        self.made += 1;
        id_at(at, self.made)
    }

    /// Below `count`; small numbers are much likelier, as few things are popular and most are not.
    fn popular(&mut self, count: usize) -> usize {
        let share = self.rng.f64().powi(3);
        // Below `count`, which is a length.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a share of a length is a length"
        )]
        let place = (share * count as f64) as usize;
        place.min(count - 1)
    }

    fn of<'a, T: ?Sized>(&mut self, words: &[&'a T]) -> &'a T {
        words[self.rng.usize(..words.len())]
    }

    /// Whether something happens that happens so often in a hundred times.
    fn percent(&mut self, percent: u32) -> bool {
        self.rng.u32(..100) < percent
    }

    /// A time after `start`, evenly spread to the end.
    fn after(&mut self, start: DateTime<Utc>) -> DateTime<Utc> {
        let span = (self.end - start).num_milliseconds().max(1);
        start + TimeDelta::milliseconds(self.rng.i64(0..span))
    }

    /// A time in all of the span.
    fn time(&mut self) -> DateTime<Utc> {
        let start = self.end - TimeDelta::from_std(SPAN).expect("two years are a span");
        self.after(start)
    }

    /// `sha256:` and 64 digits.
    fn digest(&mut self) -> String {
        let halves = [self.rng.u128(..), self.rng.u128(..)];
        format!("sha256:{:032x}{:032x}", halves[0], halves[1])
    }
}
