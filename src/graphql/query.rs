//! What can be read. Lookups of what is hidden and of what is not there have the same answer: null.
use async_graphql::{Context, ID, Object, Result, SimpleObject};

use super::{
    error::InField,
    id::{self, GlobalId, collection_path, container_path, fingerprint},
    loader::{Fingerprint, caller, load},
    object::{
        Collection, Container, Image, Key, Manifest, Namespace, Node, Tag, Token, User, Visibility,
    },
    page::{
        CollectionOrderField, ContainerOrderField, ImageOrderField, List, NamespaceOrderField,
        Order, UserOrderField, Window, cost, list, search_cost, size,
    },
    scalar::ContainerPath,
};
use crate::{
    error::{Error, Result as Outcome},
    protocol::RequestContext,
    registry::{
        collection::{self, CollectionFilter},
        container, image,
        key::{self, KeyQuery},
        namespace,
        path::{Name, Reference},
        search::{self, Search},
        user,
    },
};

/// The root of all reading.
pub(super) struct Query;

/// What can be read. You see what is public and, once signed in, what is yours. Lookups answer null both for what is not
/// there and for what you may not see.
#[Object]
impl Query {
    /// Who you are to this server; null: nobody, because you sent neither a token nor the cookie of a session.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        match caller(ctx).actor().account() {
            Some(account) => Ok(load(ctx, account.id).await?.map(User)),
            None => Ok(None),
        }
    }

    /// The thing of a global id. Errors: `INVALID` for what is not an id of this server.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id.")] id: ID,
    ) -> Result<Option<Node>> {
        find(ctx, id.parse()?).await
    }

    /// The things of global ids, in the same order, null for each that is not there. Errors: `INVALID` for what is not an
    /// id of this server, and for more than 100 ids.
    #[graphql(complexity = "cost(i32::try_from(ids.len()).ok(), None, child_complexity)")]
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global ids, up to 100.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>> {
        if ids.len() > 100 {
            return Err(Error::invalid("ids", "ask for 100 at most").into());
        }
        let ids: Outcome<Vec<GlobalId>> = ids.iter().map(|id| id.parse()).collect();
        let found = ids.in_field("ids")?.into_iter().map(|id| find(ctx, id));
        futures::future::try_join_all(found).await
    }

    /// The namespace of that name. Errors: `INVALID` for what cannot be a name.
    async fn namespace(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its name.")] name: String,
    ) -> Result<Option<Namespace>> {
        let name: Name = name.parse().in_field("name")?;
        let found = namespace::find(caller(ctx), &name).await;
        Ok(present(found)?.map(Namespace))
    }

    /// The namespaces that you may see. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another order.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn namespaces(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start: 1 to 100; 20 unless you say.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor of the same order.")] after: Option<
            String,
        >,
        #[graphql(desc = "How many from the end: 1 to 100; not beside first.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor of the same order.")] before: Option<
            String,
        >,
        #[graphql(desc = "The order; by name unless you say.")] order_by: Option<
            Order<NamespaceOrderField>,
        >,
    ) -> Result<List<Namespace>> {
        let caller = caller(ctx);
        let args = Window::new(first, after, last, before)?.ordered(order_by);
        let page = namespace::list(caller, None, &args);
        list(ctx, page, namespace::count(caller, None)).await
    }

    /// The collection at that path. Errors: `INVALID` for what cannot be a path.
    async fn collection(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its path, `namespace/collection`.")] path: String,
    ) -> Result<Option<Collection>> {
        let (namespace, name) = collection_path(&path).in_field("path")?;
        let found = collection::find(caller(ctx), &namespace, &name).await;
        Ok(present(found)?.map(Collection))
    }

    /// The collections that you may see. Errors: `NOT_FOUND` for a namespace that you may not see; `INVALID` for a page size outside 1 to 100 or a cursor of another order.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    #[expect(
        clippy::too_many_arguments,
        reason = "Relay has four, and a filter has its own"
    )]
    async fn collections(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of the namespace of this id or name.")] namespace: Option<ID>,
        #[graphql(desc = "Only those of this visibility.")] visibility: Option<Visibility>,
        #[graphql(desc = "How many from the start: 1 to 100; 20 unless you say.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor of the same order.")] after: Option<
            String,
        >,
        #[graphql(desc = "How many from the end: 1 to 100; not beside first.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor of the same order.")] before: Option<
            String,
        >,
        #[graphql(desc = "The order; by name unless you say.")] order_by: Option<
            Order<CollectionOrderField>,
        >,
    ) -> Result<List<Collection>> {
        let caller = caller(ctx);
        let namespace = match namespace {
            Some(namespace) => Some(
                id::namespace(caller, &namespace)
                    .await
                    .in_field("namespace")?,
            ),
            None => None,
        };
        let filter = CollectionFilter {
            namespace,
            visibility: visibility.map(Into::into),
        };
        let args = Window::new(first, after, last, before)?.ordered(order_by);
        let page = collection::list(caller, filter, &args);
        list(ctx, page, collection::count(caller, filter)).await
    }

    /// The container at that path. Errors: `INVALID` for what cannot be a path.
    async fn container(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its path.")] path: ContainerPath,
    ) -> Result<Option<Container>> {
        let path = container_path(&path.0).in_field("path")?;
        let found = container::find(caller(ctx), &path).await;
        Ok(present(found)?.map(Container))
    }

    /// The containers that you may see. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another order.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn containers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start: 1 to 100; 20 unless you say.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor of the same order.")] after: Option<
            String,
        >,
        #[graphql(desc = "How many from the end: 1 to 100; not beside first.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor of the same order.")] before: Option<
            String,
        >,
        #[graphql(desc = "The order; by name unless you say.")] order_by: Option<
            Order<ContainerOrderField>,
        >,
    ) -> Result<List<Container>> {
        let caller = caller(ctx);
        let args = Window::new(first, after, last, before)?.ordered(order_by);
        let page = container::list(caller, None, &args);
        list(ctx, page, container::count(caller, None)).await
    }

    /// The image that a tag or digest names in a container. Errors: `INVALID` for what cannot be a path, a tag or a digest.
    async fn image(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The path of the container.")] path: ContainerPath,
        #[graphql(
            desc = "A tag, or a digest such as `sha256:…`.",
            default_with = "\"latest\".to_owned()"
        )]
        reference: String,
        #[graphql(
            desc = "The architecture of the tag, as Go names it; unless you say, amd64 comes first, then whatever there is."
        )]
        arch: Option<String>,
    ) -> Result<Option<Image>> {
        let path = container_path(&path.0).in_field("path")?;
        let reference: Reference = reference.parse().in_field("reference")?;
        let found = image::find(caller(ctx), &path, &reference, arch.as_deref()).await;
        Ok(present(found)?.map(Image))
    }

    /// The uploaded images that you may see, of all containers. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another order.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn images(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start: 1 to 100; 20 unless you say.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor of the same order.")] after: Option<
            String,
        >,
        #[graphql(desc = "How many from the end: 1 to 100; not beside first.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor of the same order.")] before: Option<
            String,
        >,
        #[graphql(desc = "The order; newest first unless you say.")] order_by: Option<
            Order<ImageOrderField>,
        >,
    ) -> Result<List<Image>> {
        let caller = caller(ctx);
        let args = Window::new(first, after, last, before)?.newest_first(order_by);
        let page = image::list(caller, None, &args);
        list(ctx, page, image::count(caller, None)).await
    }

    /// What holds a text in its name, path or description, in upper or lower case. Errors: `INVALID` for less than 3
    /// characters.
    #[graphql(complexity = "search_cost(first, child_complexity)")]
    async fn search(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The text, 3 characters or more.")] text: String,
        #[graphql(
            desc = "Only images of these architectures, as Go names them.",
            default
        )]
        arch: Vec<String>,
        #[graphql(desc = "Only images that carry a signature.", default)] signed: bool,
        #[graphql(desc = "At most so many of each kind: 1 to 100.", default = 20)] first: i32,
    ) -> Result<SearchResult> {
        let first = usize::try_from(size("first", first)?)?;
        let question = Search {
            text,
            archs: arch,
            signed,
        };
        let found = search::search(caller(ctx), &question)
            .await
            .in_field("text")?;
        Ok(SearchResult {
            namespaces: shown(found.namespaces, first),
            collections: shown(found.collections, first),
            containers: shown(found.containers, first),
            images: shown(found.images, first),
        })
    }

    /// The public key that has this fingerprint, or a subkey that has it. Errors: `INVALID` for what is no fingerprint.
    async fn key(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "40 or 64 hexadecimal digits.")] fingerprint: String,
    ) -> Result<Option<Key>> {
        let query = KeyQuery::Fingerprint(self::fingerprint(&fingerprint)?);
        let found = present(key::search(caller(ctx), &query).await)?;
        Ok(found.into_iter().flatten().next().map(Key))
    }

    /// The public keys that match a question as key servers take it. Errors: `INVALID` for a text of less than 3 characters
    /// or a number of digits that no key has.
    #[graphql(complexity = "search_cost(first, child_complexity)")]
    async fn keys(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A key id, a fingerprint, or part of a name or address.")] search: String,
        #[graphql(desc = "At most so many: 1 to 100.", default = 20)] first: i32,
    ) -> Result<Vec<Key>> {
        let first = usize::try_from(size("first", first)?)?;
        let query: KeyQuery = search.parse().in_field("search")?;
        let found = present(key::search(caller(ctx), &query).await)?;
        Ok(shown(found.unwrap_or_default(), first))
    }

    /// The users that you may see: all, once you are signed in. Errors: `INVALID` for a page size outside 1 to 100 or a cursor of another order.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start: 1 to 100; 20 unless you say.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor of the same order.")] after: Option<
            String,
        >,
        #[graphql(desc = "How many from the end: 1 to 100; not beside first.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor of the same order.")] before: Option<
            String,
        >,
        #[graphql(desc = "The order; by name unless you say.")] order_by: Option<
            Order<UserOrderField>,
        >,
    ) -> Result<List<User>> {
        let caller = caller(ctx);
        let args = Window::new(first, after, last, before)?.ordered(order_by);
        let page = user::list(caller, &args);
        list(ctx, page, user::count(caller)).await
    }

    /// This server.
    async fn server(&self, ctx: &Context<'_>) -> Server {
        let context: &RequestContext = ctx.data_unchecked();
        Server {
            version: env!("CARGO_PKG_VERSION"),
            url: context.base_url.to_string(),
        }
    }
}

/// The thing of an id, if the caller may see it.
async fn find(ctx: &Context<'_>, id: GlobalId) -> Result<Option<Node>> {
    Ok(match id {
        GlobalId::User(id) => load(ctx, id).await?.map(|row| User(row).into()),
        GlobalId::Namespace(id) => load(ctx, id).await?.map(|row| Namespace(row).into()),
        GlobalId::Collection(id) => load(ctx, id).await?.map(|row| Collection(row).into()),
        GlobalId::Container(id) => load(ctx, id).await?.map(|row| Container(row).into()),
        GlobalId::Image(id) => load(ctx, id).await?.map(|row| Image(row).into()),
        GlobalId::Manifest(id) => load(ctx, id).await?.map(|row| Manifest(row).into()),
        GlobalId::Tag(id) => load(ctx, id).await?.map(|row| Tag(row).into()),
        GlobalId::Token(id) => load(ctx, id).await?.map(|row| Token(row).into()),
        GlobalId::Key(id) => load(ctx, Fingerprint(id)).await?.map(|row| Key(row).into()),
    })
}

/// Null for what is not there or hidden.
fn present<T>(found: Outcome<T>) -> Outcome<Option<T>> {
    match found {
        Ok(row) => Ok(Some(row)),
        Err(Error::NotFound(_)) => Ok(None),
        Err(other) => Err(other),
    }
}

fn shown<M, T: From<M>>(rows: Vec<M>, first: usize) -> Vec<T> {
    rows.into_iter().take(first).map(T::from).collect()
}

/// What a search found, newest first in each list.
#[derive(SimpleObject)]
struct SearchResult {
    /// Namespaces, by name or description.
    namespaces: Vec<Namespace>,
    /// Collections, by name or description.
    collections: Vec<Collection>,
    /// Containers, by name or description.
    containers: Vec<Container>,
    /// Images that a tag points at, by any part of their path, or by description.
    images: Vec<Image>,
}

/// This server.
#[derive(SimpleObject)]
struct Server {
    /// The version of sifhub that it runs.
    version: &'static str,
    /// Where clients reach it, such as `https://registry.example.org`; without a slash at its end.
    url: String,
}
