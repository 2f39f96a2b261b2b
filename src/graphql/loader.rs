//! Loaders: what the rows of a page refer to, in one statement for all of them.
//!
//! Built for each request, because they carry its caller: what a row refers to but the caller may not see is absent. Those
//! who listen share one if they have the same rights.
mod below;
mod lookup;
mod pullers;
mod shared;
mod turn;

use std::{collections::HashMap, hash::Hash, sync::Arc};

use async_graphql::{
    Context,
    dataloader::{DataLoader, Loader},
};
use chrono::{DateTime, Utc};

use crate::{
    error::{Error, Result},
    registry::{
        AboutId, Caller, CollectionId, ContainerId, DeliveryId, EventId, GrantId, GrantLevel,
        ImageId, InvitationId, JobId, ManifestId, NamespaceId, ShareLinkId, TagId, TeamId,
        TeamRole, TokenId, TrashId, UserId, WebhookId,
        about::{self, About, Subject as Described},
        collection::{self, Collection},
        container::{self, Container},
        download::{self, By, Of, Span},
        event::{self, Event},
        grant::{self, Grant},
        image::{self, Image},
        job::{self, Job},
        key::{self, Key},
        manifest::{self, Manifest, Part, config::Config},
        namespace::{self, Namespace},
        permission,
        protection::{self, Protected, Protection},
        quota::{self, Quota},
        share::{self, ShareLink},
        sif::Inspection,
        site::terms,
        size_tree::Place,
        star::{self, Kind, Subject},
        tag::{self, Tag},
        team::{
            self, Team,
            invitation::{self, Invitation},
            member,
        },
        token::{self, Token},
        topic,
        total::{self, Total},
        trash::{self, Entry},
        usage,
        user::{self, User},
        webhook::{self, Delivery, Webhook},
    },
};

pub(super) use below::below;
pub(super) use lookup::{DigestOf, NameOf, NamespaceName, PathIs, TeamName};
pub(super) use pullers::pullers_of;
pub(super) use shared::Shared;
pub(super) use turn::turns;

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
    let loader: &Arc<DataLoader<Source>> = ctx.data_unchecked();
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

impl Loader<EventId> for Source {
    type Value = Event;
    type Error = Arc<Error>;

    async fn load(&self, ids: &[EventId]) -> Found<EventId, Event> {
        Ok(event::by_ids(&self.0, ids).await?)
    }
}

impl Loader<WebhookId> for Source {
    type Value = Webhook;
    type Error = Arc<Error>;

    async fn load(&self, ids: &[WebhookId]) -> Found<WebhookId, Webhook> {
        Ok(webhook::by_ids(&self.0, ids).await?)
    }
}

impl Loader<JobId> for Source {
    type Value = Job;
    type Error = Arc<Error>;

    async fn load(&self, ids: &[JobId]) -> Found<JobId, Job> {
        Ok(job::by_ids(&self.0, ids).await?)
    }
}

impl Loader<TrashId> for Source {
    type Value = Entry;
    type Error = Arc<Error>;

    async fn load(&self, ids: &[TrashId]) -> Found<TrashId, Entry> {
        Ok(trash::by_ids(&self.0, ids).await?)
    }
}

impl Loader<DeliveryId> for Source {
    type Value = Delivery;
    type Error = Arc<Error>;

    async fn load(&self, ids: &[DeliveryId]) -> Found<DeliveryId, Delivery> {
        Ok(webhook::deliveries_by_ids(&self.0, ids).await?)
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

/// What the configuration of a manifest that the caller holds says.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ConfigOf(pub ManifestId);

impl Loader<ConfigOf> for Source {
    type Value = Arc<Config>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[ConfigOf]) -> Found<ConfigOf, Arc<Config>> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let found = manifest::config::of(&self.0, &ids).await?;
        let shared = found
            .into_iter()
            .map(|(id, config)| (ConfigOf(id), Arc::new(config)));
        Ok(shared.collect())
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

impl Loader<ShareLinkId> for Source {
    type Value = ShareLink;
    type Error = Arc<Error>;

    async fn load(&self, ids: &[ShareLinkId]) -> Found<ShareLinkId, ShareLink> {
        Ok(share::by_ids(&self.0, ids).await?)
    }
}

/// The topics of a container that the caller holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TopicsOf(pub ContainerId);

impl Loader<TopicsOf> for Source {
    type Value = Vec<String>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[TopicsOf]) -> Found<TopicsOf, Vec<String>> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        Ok(wrapped(topic::of(&self.0, &ids).await?, TopicsOf))
    }
}

impl Loader<Described> for Source {
    type Value = About;
    type Error = Arc<Error>;

    async fn load(&self, subjects: &[Described]) -> Found<Described, About> {
        Ok(about::of(&self.0, subjects).await?)
    }
}

/// The long text that belongs to what the caller holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ReadmeOf(pub AboutId);

impl Loader<ReadmeOf> for Source {
    type Value = String;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[ReadmeOf]) -> Found<ReadmeOf, String> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        Ok(wrapped(about::readmes(&self.0, &ids).await?, ReadmeOf))
    }
}

impl Loader<Protected> for Source {
    type Value = Protection;
    type Error = Arc<Error>;

    async fn load(&self, things: &[Protected]) -> Found<Protected, Protection> {
        Ok(protection::of(&self.0, things).await?)
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

/// When a user agreed to the terms that hold.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct AgreementOf(pub UserId);

impl Loader<AgreementOf> for Source {
    type Value = DateTime<Utc>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[AgreementOf]) -> Found<AgreementOf, DateTime<Utc>> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let found = terms::agreements(&self.0, &ids).await?;
        Ok(wrapped(found, AgreementOf))
    }
}

impl Loader<TeamId> for Source {
    type Value = Team;
    type Error = Arc<Error>;

    async fn load(&self, ids: &[TeamId]) -> Found<TeamId, Team> {
        Ok(team::by_ids(&self.0, ids).await?)
    }
}

impl Loader<InvitationId> for Source {
    type Value = Invitation;
    type Error = Arc<Error>;

    async fn load(&self, ids: &[InvitationId]) -> Found<InvitationId, Invitation> {
        Ok(invitation::by_ids(&self.0, ids).await?)
    }
}

impl Loader<GrantId> for Source {
    type Value = Grant;
    type Error = Arc<Error>;

    async fn load(&self, ids: &[GrantId]) -> Found<GrantId, Grant> {
        Ok(grant::by_ids(&self.0, ids).await?)
    }
}

/// What the caller is in a team.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct RoleIn(pub TeamId);

impl Loader<RoleIn> for Source {
    type Value = TeamRole;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[RoleIn]) -> Found<RoleIn, TeamRole> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        Ok(wrapped(member::roles(&self.0, &ids).await?, RoleIn))
    }
}

/// How far the caller may go with a thing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct PermissionOn<I>(pub I);

impl Loader<PermissionOn<NamespaceId>> for Source {
    type Value = GrantLevel;
    type Error = Arc<Error>;

    async fn load(
        &self,
        keys: &[PermissionOn<NamespaceId>],
    ) -> Found<PermissionOn<NamespaceId>, GrantLevel> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let found = permission::on_namespaces(&self.0, &ids).await?;
        Ok(wrapped(found, PermissionOn))
    }
}

impl Loader<PermissionOn<CollectionId>> for Source {
    type Value = GrantLevel;
    type Error = Arc<Error>;

    async fn load(
        &self,
        keys: &[PermissionOn<CollectionId>],
    ) -> Found<PermissionOn<CollectionId>, GrantLevel> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let found = permission::on_collections(&self.0, &ids).await?;
        Ok(wrapped(found, PermissionOn))
    }
}

impl Loader<PermissionOn<ContainerId>> for Source {
    type Value = GrantLevel;
    type Error = Arc<Error>;

    async fn load(
        &self,
        keys: &[PermissionOn<ContainerId>],
    ) -> Found<PermissionOn<ContainerId>, GrantLevel> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let found = permission::on_containers(&self.0, &ids).await?;
        Ok(wrapped(found, PermissionOn))
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

impl Loader<TotalOf<WholeSite>> for Source {
    type Value = Total;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[TotalOf<WholeSite>]) -> Found<TotalOf<WholeSite>, Total> {
        let total = total::of_site(&self.0).await?;
        Ok(keys.iter().map(|key| (*key, total)).collect())
    }
}

/// The bytes of all blobs in a namespace, each once.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct StoredIn(pub NamespaceId);

impl Loader<StoredIn> for Source {
    type Value = u64;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[StoredIn]) -> Found<StoredIn, u64> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let found = total::stored_of_namespaces(&self.0, &ids).await?;
        Ok(wrapped(found, StoredIn))
    }
}

/// How much something may hold, and holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct QuotaOf<I>(pub I);

impl Loader<QuotaOf<NamespaceId>> for Source {
    type Value = Quota;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[QuotaOf<NamespaceId>]) -> Found<QuotaOf<NamespaceId>, Quota> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        Ok(wrapped(quota::of_namespaces(&self.0, &ids).await?, QuotaOf))
    }
}

impl Loader<QuotaOf<UserId>> for Source {
    type Value = Quota;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[QuotaOf<UserId>]) -> Found<QuotaOf<UserId>, Quota> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        Ok(wrapped(quota::of_users(&self.0, &ids).await?, QuotaOf))
    }
}

/// How often things in something were pulled that the caller may see.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct PullsOf<I>(pub I);

impl Loader<PullsOf<CollectionId>> for Source {
    type Value = download::Total;
    type Error = Arc<Error>;

    async fn load(
        &self,
        keys: &[PullsOf<CollectionId>],
    ) -> Found<PullsOf<CollectionId>, download::Total> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        Ok(wrapped(download::totals(&self.0, &ids).await?, PullsOf))
    }
}

impl Loader<PullsOf<NamespaceId>> for Source {
    type Value = download::Total;
    type Error = Arc<Error>;

    async fn load(
        &self,
        keys: &[PullsOf<NamespaceId>],
    ) -> Found<PullsOf<NamespaceId>, download::Total> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let found = download::totals_of_namespaces(&self.0, &ids).await?;
        Ok(wrapped(found, PullsOf))
    }
}

/// This server.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct WholeSite;

impl Loader<PullsOf<WholeSite>> for Source {
    type Value = download::Total;
    type Error = Arc<Error>;

    async fn load(
        &self,
        keys: &[PullsOf<WholeSite>],
    ) -> Found<PullsOf<WholeSite>, download::Total> {
        let total = download::total_of_site(&self.0).await?;
        Ok(keys.iter().map(|key| (*key, total)).collect())
    }
}

/// How often something was pulled within a span. One statement for each kind of thing, span, and way of telling apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct SeriesOf(pub Of, pub Span, pub By);

impl Loader<SeriesOf> for Source {
    type Value = Vec<download::Count>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[SeriesOf]) -> Found<SeriesOf, Vec<download::Count>> {
        let mut alike: HashMap<(Span, By), Vec<Of>> = HashMap::new();
        for SeriesOf(of, span, by) in keys {
            alike.entry((*span, *by)).or_default().push(*of);
        }
        let mut found = HashMap::new();
        for ((span, by), of) in alike {
            let series = download::series(&self.0, &of, span, by).await?;
            found.extend(wrapped(series, |of| SeriesOf(of, span, by)));
        }
        Ok(found)
    }
}

/// How something grew within a span; absent unless the caller sees all that is in it. A few statements for each kind of thing
/// and span.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct GrowthOf(pub Place, pub Span);

impl Loader<GrowthOf> for Source {
    type Value = Vec<usage::Day>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[GrowthOf]) -> Found<GrowthOf, Vec<usage::Day>> {
        let mut alike: HashMap<Span, Vec<Place>> = HashMap::new();
        for GrowthOf(of, span) in keys {
            alike.entry(*span).or_default().push(*of);
        }
        let mut found = HashMap::new();
        for (span, of) in alike {
            let growth = usage::growth(&self.0, &of, span).await?;
            found.extend(wrapped(growth, |of| GrowthOf(of, span)));
        }
        Ok(found)
    }
}

/// Whether the caller has starred or bookmarked something; absent if not.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct OwnStar(pub Subject, pub Kind);

impl Loader<OwnStar> for Source {
    type Value = ();
    type Error = Arc<Error>;

    async fn load(&self, keys: &[OwnStar]) -> Found<OwnStar, ()> {
        let subjects: Vec<_> = keys.iter().map(|key| key.0).collect();
        let own = star::own(&self.0, &subjects).await?;
        Ok(own
            .into_iter()
            .map(|(subject, kind)| (OwnStar(subject, kind), ()))
            .collect())
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

/// The first so many tags of an image, by name. One statement for each number.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TagsOf(pub ImageId, pub u64);

impl Loader<TagsOf> for Source {
    type Value = Vec<Tag>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[TagsOf]) -> Found<TagsOf, Vec<Tag>> {
        let mut alike: HashMap<u64, Vec<ImageId>> = HashMap::new();
        for TagsOf(image, first) in keys {
            alike.entry(*first).or_default().push(*image);
        }
        let mut found = HashMap::new();
        for (first, images) in alike {
            let tags = tag::first_of_images(&self.0, &images, first).await?;
            found.extend(wrapped(tags, |image| TagsOf(image, first)));
        }
        Ok(found)
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
