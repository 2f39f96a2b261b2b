//! Accounts, namespaces, collections and containers.
use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{
    collection, container,
    id::{CollectionId, ContainerId, NamespaceId, UserId},
    kind::Visibility,
    namespace, user,
};
use sea_orm::Set;

use super::{
    Chance, Plan, Progress,
    insert::{insert, unmarked},
    word,
};
use crate::{error::Result, event::Change, registry::Caller};

/// What images go into.
pub(super) struct Tree {
    pub(super) users: Vec<UserId>,
    pub(super) containers: Vec<Place>,
}

/// A container that images go into.
pub(super) struct Place {
    pub(super) id: ContainerId,
    pub(super) owner: UserId,
    pub(super) tool: String,
    pub(super) since: DateTime<Utc>,
}

struct Shelf {
    id: i64,
    owner: UserId,
    since: DateTime<Utc>,
}

/// Makes them, from the top.
pub(super) async fn make(
    caller: &Caller,
    plan: &Plan,
    chance: &mut Chance,
    tell: &mut impl FnMut(Progress),
) -> Result<Tree> {
    let (rows, users) = users(plan, chance);
    keep(caller, rows, "users", tell).await?;
    let (rows, namespaces) = namespaces(plan, chance, &users);
    keep(caller, rows, "namespaces", tell).await?;
    let (rows, collections) = collections(plan, chance, &namespaces);
    keep(caller, rows, "collections", tell).await?;
    let (rows, containers) = containers(plan, chance, &collections);
    keep(caller, rows, "containers", tell).await?;
    let users = users.iter().map(|user| user.owner).collect();
    Ok(Tree { users, containers })
}

async fn keep<E, A>(
    caller: &Caller,
    rows: Vec<A>,
    noun: &'static str,
    tell: &mut impl FnMut(Progress),
) -> Result<()>
where
    E: sea_orm::EntityTrait,
    A: sea_orm::ActiveModelTrait<Entity = E> + Send,
{
    let all = rows.len() as u64;
    caller
        .change(async |tx| {
            unmarked(tx, insert(tx, rows)).await?;
            Ok(Change::none(()))
        })
        .await?;
    tell(Progress {
        noun,
        done: all,
        all,
    });
    Ok(())
}

fn length(count: u64) -> usize {
    usize::try_from(count).expect("a plan is checked")
}

fn users(plan: &Plan, chance: &mut Chance) -> (Vec<user::ActiveModel>, Vec<Shelf>) {
    let mut made = (Vec::new(), Vec::new());
    for number in 0..length(plan.users) {
        let since = chance.time();
        let id = UserId(chance.id(since));
        let family = word::numbered(&word::FAMILY, number / word::GIVEN.len());
        let row = user::ActiveModel {
            id: Set(id),
            name: Set(format!(
                "{}-{family}",
                word::GIVEN[number % word::GIVEN.len()]
            )),
            admin: Set(false),
            created_at: Set(since),
            ..Default::default()
        };
        made.0.push(row);
        made.1.push(Shelf {
            id: id.0,
            owner: id,
            since,
        });
    }
    made
}

fn namespaces(
    plan: &Plan,
    chance: &mut Chance,
    users: &[Shelf],
) -> (Vec<namespace::ActiveModel>, Vec<Shelf>) {
    let mut made = (Vec::new(), Vec::new());
    for number in 0..length(plan.namespaces) {
        let owner = &users[number % users.len()];
        let since = chance.after(owner.since);
        let id = chance.id(since);
        let name = word::numbered(&word::FIELD, number);
        let row = namespace::ActiveModel {
            id: Set(NamespaceId(id)),
            description: Set(format!("Images of the {name} laboratory.")),
            name: Set(format!("{name}-lab")),
            owner_id: Set(owner.owner),
            created_at: Set(since),
            updated_at: Set(since),
            ..Default::default()
        };
        made.0.push(row);
        made.1.push(Shelf {
            id,
            owner: owner.owner,
            since,
        });
    }
    made
}

fn collections(
    plan: &Plan,
    chance: &mut Chance,
    namespaces: &[Shelf],
) -> (Vec<collection::ActiveModel>, Vec<Shelf>) {
    let mut made = (Vec::new(), Vec::new());
    let mut siblings: HashMap<i64, usize> = HashMap::new();
    for number in 0..length(plan.collections) {
        let parent = &namespaces[child_of(number, namespaces.len(), chance)];
        let sibling = siblings.entry(parent.id).or_default();
        let name = word::numbered(&word::TOPIC, *sibling);
        *sibling += 1;
        let since = chance.after(parent.since);
        let id = chance.id(since);
        let row = collection::ActiveModel {
            id: Set(CollectionId(id)),
            namespace_id: Set(NamespaceId(parent.id)),
            description: Set(format!("What we use for {name}.")),
            name: Set(name),
            visibility: Set(visibility(chance)),
            created_at: Set(since),
            updated_at: Set(since),
            ..Default::default()
        };
        made.0.push(row);
        made.1.push(Shelf {
            id,
            owner: parent.owner,
            since,
        });
    }
    made
}

/// Everybody has something; what is more goes to the popular.
fn child_of(number: usize, parents: usize, chance: &mut Chance) -> usize {
    match number < parents {
        true => number,
        false => chance.popular(parents),
    }
}

fn visibility(chance: &mut Chance) -> Visibility {
    match chance.percent(75) {
        true => Visibility::Public,
        false => Visibility::Private,
    }
}

fn containers(
    plan: &Plan,
    chance: &mut Chance,
    collections: &[Shelf],
) -> (Vec<container::ActiveModel>, Vec<Place>) {
    let mut made = (Vec::new(), Vec::new());
    let mut siblings: HashMap<(i64, &str), usize> = HashMap::new();
    for number in 0..length(plan.containers) {
        let parent = &collections[child_of(number, collections.len(), chance)];
        let tool = chance.of(&word::TOOL);
        let sibling = siblings.entry((parent.id, tool)).or_default();
        let name = word::numbered(&[tool], *sibling);
        *sibling += 1;
        let since = chance.after(parent.since);
        let id = ContainerId(chance.id(since));
        let row = container::ActiveModel {
            id: Set(id),
            collection_id: Set(CollectionId(parent.id)),
            description: Set(format!("{tool}, built on {}.", chance.of(&word::BASE))),
            name: Set(name),
            created_at: Set(since),
            updated_at: Set(since),
            ..Default::default()
        };
        made.0.push(row);
        made.1.push(Place {
            id,
            owner: parent.owner,
            tool: tool.to_owned(),
            since,
        });
    }
    made
}
