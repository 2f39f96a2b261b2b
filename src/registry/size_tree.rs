//! What takes how much: the things on the site, in a namespace or in a collection, the biggest first, as a flat list that
//! names parents, with what is beyond a number gathered in one node.
//!
//! Each level is one statement over rows of `usage`, however many there are. What is seen whole is known by its sums; what
//! is seen in part counts by what is seen of it. A tree is kept in memory until something changes.
use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use entity::{collection, kind::Extent, namespace, usage};
use sea_orm::{ColumnTrait, QueryFilter};

use super::{
    Caller, CollectionId, ContainerId, NamespaceId, collection as collections,
    namespace as namespaces,
};
use crate::{
    access::{self, Pull, internal, open, whole},
    error::{Error, Result},
};

mod known;
mod level;

pub(in crate::registry) use known::Known;

use level::{Kind, Row, Sums};

/// The most nodes that a tree may have.
pub const NODES_MAX: u64 = 10_000;
/// The most levels below the root.
pub const DEPTH_MAX: u64 = 3;
/// The most children of a node that are told by themselves.
pub const CHILDREN_MAX: u64 = 100;

/// Something that takes room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// All that there is.
    Site,
    /// A namespace.
    Namespace(NamespaceId),
    /// A collection.
    Collection(CollectionId),
    /// A container.
    Container(ContainerId),
}

impl Place {
    /// What is directly in it.
    fn below(self) -> Option<Kind> {
        match self {
            Self::Site => Some(Kind::Namespace),
            Self::Namespace(_) => Some(Kind::Collection),
            Self::Collection(_) => Some(Kind::Container),
            Self::Container(_) => None,
        }
    }

    /// The number of its row; 0 for the site.
    pub(in crate::registry) fn key(self) -> i64 {
        match self {
            Self::Site => 0,
            Self::Namespace(id) => id.0,
            Self::Collection(id) => id.0,
            Self::Container(id) => id.0,
        }
    }
}

/// What a path names: a namespace, or a collection as `namespace/collection`; nothing, the site.
///
/// # Errors
/// [`Error::NotFound`] when there is no such thing, or none that the caller may see; [`Error::Invalid`] for what is no such
/// path.
pub async fn place(caller: &Caller, path: &str) -> Result<Place> {
    match path.split_once('/') {
        None if path.is_empty() => Ok(Place::Site),
        None => {
            let found = namespaces::find_here(caller, &path.parse()?).await?;
            Ok(Place::Namespace(found.id))
        }
        Some((namespace, name)) => {
            let found = collections::find_here(caller, &namespace.parse()?, &name.parse()?).await?;
            Ok(Place::Collection(found.id))
        }
    }
}

/// By what something is big.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum By {
    /// The sum of the sizes of images and manifests: what shares its bytes counts each.
    #[default]
    Size,
    /// The bytes of all blobs, each once in each thing.
    Stored,
}

/// What to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    /// What is at the top.
    pub root: Place,
    /// How many levels below: 1 to [`DEPTH_MAX`].
    pub depth: u64,
    /// How many children of each node: 1 to [`CHILDREN_MAX`].
    pub children: u64,
    /// By what they are big.
    pub by: By,
}

/// A thing, or the rest of what is in one.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is; of the rest, what that is in.
    pub place: Place,
    /// Of the rest, how many things are in it; at least one.
    pub others: Option<u64>,
    /// What it is in; the root is in nothing.
    pub parent: Option<Place>,
    /// What it is called; empty for the site and the rest.
    pub name: String,
    /// Its path; nothing for the site and the rest.
    pub path: Option<String>,
    /// How much it takes, in bytes, as was asked.
    pub bytes: u64,
    /// Containers.
    pub containers: u64,
    /// SIF images.
    pub images: u64,
    /// Manifests that were pushed and describe no SIF image.
    pub manifests: u64,
    /// How often something in it was pulled, of what is still there.
    pub downloads: u64,
    unsigned: u64,
    born: i64,
}

impl Node {
    fn new(place: Place, parent: Option<Place>, sums: Sums, by: By) -> Self {
        let bytes = match by {
            By::Size => sums.size,
            By::Stored => sums.stored,
        };
        Self {
            place,
            others: None,
            parent,
            name: String::new(),
            path: None,
            bytes: bytes.unsigned_abs(),
            containers: sums.containers.unsigned_abs(),
            images: sums.images.unsigned_abs(),
            manifests: sums.manifests.unsigned_abs(),
            downloads: sums.downloads.unsigned_abs(),
            unsigned: sums.unsigned.unsigned_abs(),
            born: sums.born,
        }
    }

    /// How long ago images and manifests came, on average, in days; nothing where there are none.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a second in a million years is nothing to a mean"
    )]
    pub fn age(&self, now: DateTime<Utc>) -> Option<f64> {
        let pushed = (self.images + self.manifests) as f64;
        let seconds = now.timestamp() as f64 - self.born as f64 / pushed;
        (pushed > 0.0).then(|| (seconds / 86_400.0).max(0.0))
    }

    /// Which share of the images has no signature, from 0 to 1; nothing where there are none.
    #[expect(clippy::cast_precision_loss, reason = "a share is not counted")]
    pub fn unsigned_share(&self) -> Option<f64> {
        (self.images > 0).then(|| self.unsigned as f64 / self.images as f64)
    }
}

/// How many nodes a tree has at most.
pub fn nodes(depth: u64, children: u64) -> u64 {
    let level = |depth| {
        let parents = children.saturating_pow(depth - 1);
        parents.saturating_mul(children.saturating_add(1))
    };
    (1..=u32::try_from(depth).unwrap_or(u32::MAX).min(8))
        .map(level)
        .fold(1, u64::saturating_add)
}

/// The tree that the caller may see, parents before children, siblings the biggest first and the rest of them last. One
/// statement if nothing has changed since it was asked for before; else one for each level and up to four for the root, too.
///
/// # Errors
/// [`Error::NotFound`] for a root that is hidden or not there; [`Error::Invalid`] for more than [`NODES_MAX`] nodes.
pub async fn tree(caller: &Caller, question: Question) -> Result<Arc<Vec<Node>>> {
    check(question)?;
    known::tree(caller, question).await
}

async fn grow(caller: &Caller, question: Question) -> Result<Vec<Node>> {
    let root = Root::open(caller, question.root).await?;
    let mut tree = Vec::new();
    let mut parents = vec![(question.root, root.path.clone())];
    for _ in 0..question.depth {
        let Some(kind) = parents.first().and_then(|(place, _)| place.below()) else {
            break;
        };
        let level = Level::read(caller, kind, &parents, question).await?;
        if tree.is_empty() {
            tree.push(root.node(&level, question.by));
        }
        parents = level.grow(&parents, question.by, &mut tree);
    }
    Ok(tree)
}

fn check(question: Question) -> Result<()> {
    let among = |what: &str, value: u64, max: u64| match (1..=max).contains(&value) {
        true => Ok(()),
        false => Err(Error::invalid(
            what,
            format!("must be 1 to {max}, not {value}"),
        )),
    };
    among("depth", question.depth, DEPTH_MAX)?;
    among("first", question.children, CHILDREN_MAX)?;
    let most = nodes(question.depth, question.children);
    match most <= NODES_MAX {
        true => Ok(()),
        false => Err(Error::invalid(
            "first",
            format!(
                "a tree of up to {most} nodes is more than {NODES_MAX}; ask for fewer levels or children"
            ),
        )),
    }
}

/// What is at the top.
struct Root {
    place: Place,
    name: String,
    path: Option<String>,
    /// The bytes of all blobs in it, each once, if the actor sees it whole by right.
    stored: Option<i64>,
}

impl Root {
    async fn open(caller: &Caller, place: Place) -> Result<Self> {
        let (db, actor) = (caller.db(), caller.actor());
        let (extent, name, path) = match place {
            Place::Site => (Extent::Site, String::new(), None),
            Place::Namespace(id) => {
                let row = open::<Pull, namespace::Entity>(db, actor, id).await?;
                (Extent::Namespace, row.name.clone(), Some(row.name.clone()))
            }
            Place::Collection(id) => {
                let row = open::<Pull, collection::Entity>(db, actor, id).await?;
                let above = open::<Pull, namespace::Entity>(db, actor, row.namespace_id).await?;
                let path = format!("{}/{}", above.name, row.name);
                (Extent::Collection, row.name.clone(), Some(path))
            }
            Place::Container(_) => {
                let why = "a container has nothing below it; name its collection";
                return Err(Error::invalid("root", why));
            }
        };
        let stored = match sees_whole(caller, place).await? {
            true => Some(stored(caller, extent, place).await?),
            false => None,
        };
        Ok(Self {
            place,
            name,
            path,
            stored,
        })
    }

    /// Its node, by what is seen of what is in it. Blobs that are shared are known as such only where all is seen by right.
    fn node(&self, level: &Level, by: By) -> Node {
        let mut sums = level
            .rows
            .get(&self.place.key())
            .and_then(|rows| rows.first())
            .map(|row| row.all)
            .unwrap_or_default();
        sums.stored = self.stored.unwrap_or(sums.stored);
        Node {
            name: self.name.clone(),
            path: self.path.clone(),
            ..Node::new(self.place, None, sums, by)
        }
    }
}

/// Whether the caller sees all that is in a place because it is theirs or was granted to them, not as it happens.
async fn sees_whole(caller: &Caller, place: Place) -> Result<bool> {
    let (db, actor) = (caller.db(), caller.actor());
    Ok(match place {
        Place::Site => actor.reaches_everything(access::Level::Pull),
        Place::Namespace(id) => whole::<Pull, namespace::Entity>(actor)
            .narrow(|q| q.filter(namespace::Column::Id.eq(id)))
            .one(db)
            .await?
            .is_some(),
        Place::Collection(id) => whole::<Pull, collection::Entity>(actor)
            .narrow(|q| q.filter(collection::Column::Id.eq(id)))
            .one(db)
            .await?
            .is_some(),
        Place::Container(_) => true,
    })
}

/// The bytes of all blobs in a place, each once.
async fn stored(caller: &Caller, extent: Extent, place: Place) -> Result<i64> {
    let mut rows = internal::<usage::Entity>().filter(usage::Column::Extent.eq(extent));
    if extent != Extent::Site {
        rows = rows.filter(usage::Column::Id.eq(place.key()));
    }
    let rows = rows.all(caller.db()).await?;
    Ok(rows.iter().map(|row| row.stored).sum())
}

/// The children of some things, by what they are in.
struct Level {
    kind: Kind,
    rows: HashMap<i64, Vec<Row>>,
}

impl Level {
    async fn read(
        caller: &Caller,
        kind: Kind,
        parents: &[(Place, Option<String>)],
        question: Question,
    ) -> Result<Self> {
        let ids: Vec<i64> = parents.iter().map(|(place, _)| place.key()).collect();
        let mut rows: HashMap<i64, Vec<Row>> = HashMap::new();
        for row in level::biggest(caller, kind, &ids, question).await? {
            rows.entry(row.parent_id).or_default().push(row);
        }
        Ok(Self { kind, rows })
    }

    /// Adds nodes, and tells which of them may have children.
    fn grow(
        mut self,
        parents: &[(Place, Option<String>)],
        by: By,
        tree: &mut Vec<Node>,
    ) -> Vec<(Place, Option<String>)> {
        let mut grown = Vec::new();
        for (parent, path) in parents {
            let rows = self.rows.remove(&parent.key()).unwrap_or_default();
            let rest = rest(&rows, *parent, by);
            for row in rows {
                let place = self.kind.place(row.id);
                let path = match path {
                    Some(path) => format!("{path}/{}", row.name),
                    None => row.name.clone(),
                };
                grown.push((place, Some(path.clone())));
                tree.push(Node {
                    name: row.name,
                    path: Some(path),
                    ..Node::new(place, Some(*parent), row.sums, by)
                });
            }
            tree.extend(rest);
        }
        grown
    }
}

/// What is beyond the children that are told.
fn rest(rows: &[Row], parent: Place, by: By) -> Option<Node> {
    let first = rows.first()?;
    let told = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let others = u64::try_from(first.of - told)
        .ok()
        .filter(|others| *others > 0)?;
    let sums = rows.iter().fold(first.all, |all, row| all + -row.sums);
    Some(Node {
        others: Some(others),
        ..Node::new(parent, Some(parent), sums, by)
    })
}
