//! From rows to the objects of the protocol, in a number of statements that does not grow with the rows.
use std::collections::{BTreeMap, HashMap};

use super::dto::{self, ArchTagMap, Common, TagMap};
use crate::{
    error::{Error, Result},
    registry::{
        Caller, CollectionId, ContainerId, ImageId, NamespaceId, Visibility,
        collection::{self, Collection},
        container::{self, Container, Place},
        image::{self, Image},
        namespace::{self, Namespace},
        quota,
        tag::{self, Tag},
        total::{self, Total},
    },
};

/// What clients without architectures are shown where a tag names several images.
const USUAL_ARCH: &str = "amd64";

/// The one object of a list of one.
pub(super) fn only<T>(mut list: Vec<T>, noun: &'static str) -> Result<T> {
    list.pop().ok_or(Error::NotFound(noun))
}

/// Namespaces. Three statements.
pub(super) async fn entities(caller: &Caller, rows: &[Namespace]) -> Result<Vec<dto::Entity>> {
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let totals = total::of_namespaces(caller, &ids).await?;
    let quotas = quota::of_namespaces(caller, &ids).await?;
    let limit = |id| quotas.get(&id)?.limits.bytes;
    let entity = |row: &Namespace| dto::Entity {
        common: Common {
            id: row.id.to_string(),
            description: row.description.clone(),
            deleted: false,
            created_by: row.owner_id.to_string(),
            created_at: row.created_at,
            updated_at: row.updated_at,
            owner: row.owner_id.to_string(),
        },
        name: row.name.clone(),
        size: size(&totals, row.id),
        quota: limit(row.id).map_or(0, i64::unsigned_abs),
        default_private: namespace::default_visibility(caller, row) != Visibility::Public,
        collections: None,
    };
    Ok(rows.iter().map(entity).collect())
}

fn size<I: Eq + std::hash::Hash>(totals: &HashMap<I, Total>, id: I) -> u64 {
    totals.get(&id).map_or(0, |total| total.size)
}

/// Collections. Two statements.
pub(super) async fn collections(
    caller: &Caller,
    rows: &[Collection],
) -> Result<Vec<dto::Collection>> {
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let totals = total::of_collections(caller, &ids).await?;
    let above = Above::collections(caller, rows.iter().map(|row| row.namespace_id)).await?;
    let collection = |row: &Collection| {
        let namespace = above.namespaces.get(&row.namespace_id)?;
        Some(dto::Collection {
            common: Common {
                id: row.id.to_string(),
                description: row.description.clone(),
                deleted: false,
                created_by: namespace.owner_id.to_string(),
                created_at: row.created_at,
                updated_at: row.updated_at,
                owner: namespace.owner_id.to_string(),
            },
            name: row.name.clone(),
            size: size(&totals, row.id),
            private: row.visibility != Visibility::Public,
            entity: namespace.id.to_string(),
            entity_name: namespace.name.clone(),
            containers: None,
        })
    };
    Ok(rows.iter().filter_map(collection).collect())
}

/// Containers. Three statements.
pub(super) async fn containers(caller: &Caller, rows: &[Container]) -> Result<Vec<dto::Container>> {
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let totals = total::of_containers(caller, &ids).await?;
    let above = Above::containers(caller, rows.iter().map(|row| row.collection_id)).await?;
    let container = |row: &Container| {
        let (namespace, collection) = above.of(row)?;
        Some(dto::Container {
            common: Common {
                id: row.id.to_string(),
                description: row.description.clone(),
                deleted: false,
                created_by: namespace.owner_id.to_string(),
                created_at: row.created_at,
                updated_at: row.updated_at,
                owner: namespace.owner_id.to_string(),
            },
            name: row.name.clone(),
            size: size(&totals, row.id),
            private: collection.visibility != Visibility::Public,
            read_only: false,
            download_count: row.downloads.unsigned_abs(),
            stars: row.stars.unsigned_abs(),
            entity: namespace.id.to_string(),
            entity_name: namespace.name.clone(),
            collection: collection.id.to_string(),
            collection_name: collection.name.clone(),
            content: None,
        })
    };
    Ok(rows.iter().filter_map(container).collect())
}

/// What is in a container. Three statements.
pub(super) async fn content(caller: &Caller, container: ContainerId) -> Result<dto::Content> {
    let images = image::ids_in(caller, container).await?;
    let tags = tag::map(caller, container).await?;
    Ok(dto::Content {
        images: images.iter().map(ToString::to_string).collect(),
        image_tags: without_arch(&tags),
        arch_tags: by_arch(&tags),
    })
}

type Tags = BTreeMap<String, BTreeMap<String, ImageId>>;

/// Architecture → tag → image.
pub(super) fn by_arch(tags: &Tags) -> ArchTagMap {
    let inner = |names: &BTreeMap<String, ImageId>| {
        let texts = names
            .iter()
            .map(|(name, id)| (name.clone(), id.to_string()));
        texts.collect::<TagMap>()
    };
    tags.iter()
        .map(|(arch, names)| (arch.clone(), inner(names)))
        .collect()
}

/// Tag → image, where the usual architecture comes before others.
pub(super) fn without_arch(tags: &Tags) -> TagMap {
    let usual = tags.get_key_value(USUAL_ARCH);
    let mut map = TagMap::new();
    for (_, names) in usual.into_iter().chain(tags) {
        for (name, id) in names {
            map.entry(name.clone()).or_insert_with(|| id.to_string());
        }
    }
    map
}

/// Images. Three statements, or two if none is signed.
pub(super) async fn images(caller: &Caller, rows: &[Image]) -> Result<Vec<dto::Image>> {
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let containers = distinct(rows.iter().map(|row| row.container_id));
    let places = container::places(caller, &containers).await?;
    let tags = tag::of_images(caller, &ids).await?;
    // Clients are told of an image's inside only who signed it.
    let signers = image::fingerprints(caller, rows).await?;
    let image = |row: &Image| {
        let tags = tags.get(&row.id).map_or(&[][..], Vec::as_slice);
        let place = places.get(&row.container_id)?;
        let fingerprints = signers.get(&row.digest).cloned().unwrap_or_default();
        Some(one(row, place, tags, fingerprints))
    };
    Ok(rows.iter().filter_map(image).collect())
}

fn one(row: &Image, place: &Place, tags: &[Tag], fingerprints: Vec<String>) -> dto::Image {
    let creator = row.created_by.map(|id| id.to_string());
    let mut tags: Vec<_> = tags.iter().map(|tag| tag.name.clone()).collect();
    tags.dedup();
    dto::Image {
        common: Common {
            id: row.id.to_string(),
            description: row.description.clone(),
            deleted: false,
            created_by: creator.unwrap_or_default(),
            created_at: row.created_at,
            updated_at: row.uploaded_at.unwrap_or(row.created_at),
            owner: place.owner_id.to_string(),
        },
        hash: row.digest.replacen(':', ".", 1),
        size: row.size.unsigned_abs(),
        uploaded: row.blob.is_some(),
        signed: row.signed,
        encrypted: row.encrypted,
        arch: row.arch.clone(),
        fingerprints,
        tags,
        entity: place.namespace_id.to_string(),
        entity_name: place.namespace.clone(),
        collection: place.collection_id.to_string(),
        collection_name: place.collection.clone(),
        container: place.container_id.to_string(),
        container_name: place.container.clone(),
        container_description: place.description.clone(),
        container_stars: place.stars.unsigned_abs(),
        container_downloads: place.downloads.unsigned_abs(),
    }
}

/// What is above some things in the tree. A thing whose parents are deleted meanwhile is left out.
#[derive(Default)]
struct Above {
    namespaces: HashMap<NamespaceId, Namespace>,
    collections: HashMap<CollectionId, Collection>,
}

impl Above {
    async fn containers(caller: &Caller, ids: impl Iterator<Item = CollectionId>) -> Result<Self> {
        let collections = collection::by_ids(caller, &distinct(ids)).await?;
        let namespaces = collections.values().map(|row| row.namespace_id);
        let above = Self::collections(caller, namespaces).await?;
        Ok(Self {
            collections,
            ..above
        })
    }

    async fn collections(caller: &Caller, ids: impl Iterator<Item = NamespaceId>) -> Result<Self> {
        let namespaces = namespace::by_ids(caller, &distinct(ids)).await?;
        Ok(Self {
            namespaces,
            ..Self::default()
        })
    }

    fn of(&self, container: &Container) -> Option<(&Namespace, &Collection)> {
        let collection = self.collections.get(&container.collection_id)?;
        Some((self.namespaces.get(&collection.namespace_id)?, collection))
    }
}

fn distinct<I: Ord>(ids: impl Iterator<Item = I>) -> Vec<I> {
    ids.collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .collect()
}
