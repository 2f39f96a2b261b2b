//! What people like and pull: stars, and the sums of what images were pulled.
use entity::{id::StarId, star};
use sea_orm::{ConnectionTrait, DbBackend, Set};

use super::{
    Chance,
    insert::{insert, make_room},
    tree::Tree,
};
use crate::{error::Result, event::Change, registry::Caller};

/// The most stars that a container gets.
const STARS_MAX: usize = 20;

/// Gives stars to one container of three, few to most of them, and adds up pulls.
pub(super) async fn make(caller: &Caller, chance: &mut Chance, tree: &Tree) -> Result<()> {
    let stars = stars(chance, tree);
    caller
        .change(async |tx| {
            make_room(tx).await?;
            // Before stars, which change the same rows one by one.
            for sum in PULLS {
                tx.db().execute_unprepared(sum).await?;
            }
            insert(tx, stars).await?;
            Ok(Change::none(()))
        })
        .await
}

fn stars(chance: &mut Chance, tree: &Tree) -> Vec<star::ActiveModel> {
    let mut stars = Vec::new();
    for place in &tree.containers {
        if !chance.percent(33) {
            continue;
        }
        let count = (1 + chance.popular(STARS_MAX)).min(tree.users.len());
        let first = chance.rng.usize(..tree.users.len());
        // Neighbours in the list of users, so that nobody stars twice.
        for user in tree.users.iter().cycle().skip(first).take(count) {
            let at = chance.after(place.since);
            stars.push(star::ActiveModel {
                id: Set(StarId(chance.id(at))),
                user_id: Set(*user),
                container_id: Set(Some(place.id)),
                collection_id: Set(None),
                private: Set(false),
                created_at: Set(at),
            });
        }
    }
    stars
}

const PULLS: &[&str] = &[
    "UPDATE container SET downloads = pulled.downloads, last_pulled_at = pulled.last FROM (
        SELECT container_id, CAST(SUM(downloads) AS bigint) AS downloads, MAX(last_pulled_at) AS last FROM image
        WHERE downloads > 0 GROUP BY container_id
    ) pulled WHERE pulled.container_id = container.id",
    "UPDATE collection SET downloads = pulled.downloads FROM (
        SELECT collection_id, CAST(SUM(downloads) AS bigint) AS downloads FROM container
        WHERE downloads > 0 GROUP BY collection_id
    ) pulled WHERE pulled.collection_id = collection.id",
];

/// Lets PostgreSQL know at once how its tables are filled, which it finds out by itself some minutes later. SQLite is left as
/// it is on a server: without statistics.
pub(super) async fn analyse(caller: &Caller) -> Result<()> {
    if caller.db().get_database_backend() == DbBackend::Postgres {
        caller.db().execute_unprepared("ANALYZE").await?;
    }
    Ok(())
}
