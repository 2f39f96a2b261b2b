//! Loaders: what the rows of a page refer to, in one statement for all of them.
//!
//! Built for each request, because they carry its caller: what a row refers to but the caller may not see is absent.
mod below;

use std::{collections::HashMap, hash::Hash, sync::Arc};

use async_graphql::{
    Context,
    dataloader::{DataLoader, Loader},
};

use crate::{
    error::{Error, Result},
    registry::{
        Caller, CollectionId, ContainerId, ImageId, ManifestId, NamespaceId, TagId, TokenId,
        UserId,
        collection::{self, Collection},
        container::{self, Container},
        image::{self, Image},
        key::{self, Key},
        manifest::{self, Manifest, Part},
        namespace::{self, Namespace},
        sif::Inspection,
        tag::{self, Tag},
        token::{self, Token},
        total::{self, Total},
        user::{self, User},
    },
};

pub(super) use below::{CountBelow, count_below, page_below};

/// Who is asking.
pub(super) fn caller<'a>(ctx: &Context<'a>) -> &'a Caller {
    ctx.data_unchecked()
}

/// What `key` stands for, if the caller may see it.
pub(super) async fn load<K, V>(ctx: &Context<'_>, key: K) -> Result<Option<V>, Arc<Error>>
where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    V: Send + Sync + Clone + 'static,
    Source: Loader<K, Value = V, Error = Arc<Error>>,
{
    let loader: &DataLoader<Source> = ctx.data_unchecked();
    loader.load_one(key).await
}

/// The same, for what cannot be absent while the row that refers to it is there.
///
/// # Errors
/// [`Error::NotFound`] when it went away meanwhile.
pub(super) async fn load_present<K, V>(
    ctx: &Context<'_>,
    key: K,
    noun: &'static str,
) -> Result<V, Arc<Error>>
where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    V: Send + Sync + Clone + 'static,
    Source: Loader<K, Value = V, Error = Arc<Error>>,
{
    load(ctx, key)
        .await?
        .ok_or_else(|| Arc::new(Error::NotFound(noun)))
}

/// Where loaders load from: the registry, as its caller sees it.
pub(super) struct Source(Caller);

impl Source {
    pub(super) fn new(caller: Caller) -> Self {
        Self(caller)
    }
}

type Found<K, V> = Result<HashMap<K, V>, Arc<Error>>;

impl Loader<UserId> for Source {
    type Value = User;
    type Error = Arc<Error>;

    async fn load(&self, ids: &[UserId]) -> Found<UserId, User> {
        Ok(user::by_ids(&self.0, ids).await?)
    }
}

impl Loader<NamespaceId> for Source {
    type Value = Namespace;
    type Error = Arc<Error>;

    async fn load(&self, ids: &[NamespaceId]) -> Found<NamespaceId, Namespace> {
        Ok(namespace::by_ids(&self.0, ids).await?)
    }
}

impl Loader<CollectionId> for Source {
    type Value = Collection;
    type Error = Arc<Error>;

    async fn load(&self, ids: &[CollectionId]) -> Found<CollectionId, Collection> {
        Ok(collection::by_ids(&self.0, ids).await?)
    }
}

impl Loader<ContainerId> for Source {
    type Value = Container;
    type Error = Arc<Error>;

    async fn load(&self, ids: &[ContainerId]) -> Found<ContainerId, Container> {
        Ok(container::by_ids(&self.0, ids).await?)
    }
}

impl Loader<ImageId> for Source {
    type Value = Image;
    type Error = Arc<Error>;

    async fn load(&self, ids: &[ImageId]) -> Found<ImageId, Image> {
        Ok(image::by_ids(&self.0, ids).await?)
    }
}

impl Loader<ManifestId> for Source {
    type Value = Manifest;
    type Error = Arc<Error>;

    async fn load(&self, ids: &[ManifestId]) -> Found<ManifestId, Manifest> {
        Ok(manifest::by_ids(&self.0, ids).await?)
    }
}

/// What a manifest that the caller holds names.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct PartsOf(pub ManifestId);

impl Loader<PartsOf> for Source {
    type Value = Vec<Part>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[PartsOf]) -> Found<PartsOf, Vec<Part>> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        Ok(wrapped(manifest::parts(&self.0, &ids).await?, PartsOf))
    }
}

/// The names that point at a manifest.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TagNamesOf(pub ManifestId);

impl Loader<TagNamesOf> for Source {
    type Value = Vec<String>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[TagNamesOf]) -> Found<TagNamesOf, Vec<String>> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        Ok(wrapped(manifest::names(&self.0, &ids).await?, TagNamesOf))
    }
}

impl Loader<TagId> for Source {
    type Value = Tag;
    type Error = Arc<Error>;

    async fn load(&self, ids: &[TagId]) -> Found<TagId, Tag> {
        Ok(tag::by_ids(&self.0, ids).await?)
    }
}

impl Loader<TokenId> for Source {
    type Value = Token;
    type Error = Arc<Error>;

    async fn load(&self, ids: &[TokenId]) -> Found<TokenId, Token> {
        Ok(token::by_ids(&self.0, ids).await?)
    }
}

/// A key, by the fingerprint of its primary key.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Fingerprint(pub String);

impl Loader<Fingerprint> for Source {
    type Value = Key;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[Fingerprint]) -> Found<Fingerprint, Key> {
        let fingerprints: Vec<String> = keys.iter().map(|key| key.0.clone()).collect();
        let found = key::by_fingerprints(&self.0, &fingerprints).await?;
        Ok(wrapped(found, Fingerprint))
    }
}

/// The names that a key carries, by its fingerprint.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct NamesOf(pub String);

impl Loader<NamesOf> for Source {
    type Value = Vec<key::KeyName>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[NamesOf]) -> Found<NamesOf, Self::Value> {
        let fingerprints: Vec<String> = keys.iter().map(|key| key.0.clone()).collect();
        let found = key::names(&self.0, &fingerprints).await?;
        Ok(wrapped(found, NamesOf))
    }
}

/// How much there is below a thing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TotalOf<I>(pub I);

impl Loader<TotalOf<NamespaceId>> for Source {
    type Value = Total;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[TotalOf<NamespaceId>]) -> Found<TotalOf<NamespaceId>, Total> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        Ok(wrapped(total::of_namespaces(&self.0, &ids).await?, TotalOf))
    }
}

impl Loader<TotalOf<CollectionId>> for Source {
    type Value = Total;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[TotalOf<CollectionId>]) -> Found<TotalOf<CollectionId>, Total> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        Ok(wrapped(
            total::of_collections(&self.0, &ids).await?,
            TotalOf,
        ))
    }
}

impl Loader<TotalOf<ContainerId>> for Source {
    type Value = Total;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[TotalOf<ContainerId>]) -> Found<TotalOf<ContainerId>, Total> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        Ok(wrapped(total::of_containers(&self.0, &ids).await?, TotalOf))
    }
}

/// The path of a container.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct PathOf(pub ContainerId);

impl Loader<PathOf> for Source {
    type Value = String;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[PathOf]) -> Found<PathOf, String> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        Ok(wrapped(container::paths(&self.0, &ids).await?, PathOf))
    }
}

/// The tags of an image.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TagsOf(pub ImageId);

impl Loader<TagsOf> for Source {
    type Value = Vec<Tag>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[TagsOf]) -> Found<TagsOf, Vec<Tag>> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        Ok(wrapped(tag::of_images(&self.0, &ids).await?, TagsOf))
    }
}

/// What was read out of an image that the caller holds.
#[derive(Clone)]
pub(super) struct InspectionOf(pub Image);

impl PartialEq for InspectionOf {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

impl Eq for InspectionOf {}

impl Hash for InspectionOf {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.id.hash(state);
    }
}

impl Loader<InspectionOf> for Source {
    type Value = Arc<Inspection>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[InspectionOf]) -> Found<InspectionOf, Arc<Inspection>> {
        let images: Vec<Image> = keys.iter().map(|key| key.0.clone()).collect();
        let found = image::inspections(&self.0, &images).await?;
        let found: HashMap<String, Arc<Inspection>> = wrapped_values(found);
        let of = |key: &InspectionOf| Some((key.clone(), found.get(&key.0.digest)?.clone()));
        Ok(keys.iter().filter_map(of).collect())
    }
}

fn wrapped<K, V, W: Hash + Eq>(found: HashMap<K, V>, wrap: impl Fn(K) -> W) -> HashMap<W, V> {
    found
        .into_iter()
        .map(|(key, value)| (wrap(key), value))
        .collect()
}

fn wrapped_values<K: Hash + Eq, V>(found: HashMap<K, V>) -> HashMap<K, Arc<V>> {
    found
        .into_iter()
        .map(|(key, value)| (key, Arc::new(value)))
        .collect()
}
