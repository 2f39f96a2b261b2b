//! What other subgraphs refer to.
use async_graphql::{
    Context, InputValueError, InputValueResult, Result, Scalar, ScalarType, Union, Value,
};

use super::{KEYS, Site};
use crate::{
    error::Error,
    graphql::{
        id::{self, GlobalId},
        loader::{DigestOf, Fingerprint, NameOf, NamespaceName, PathIs, TeamName, load},
        object::{Collection, Container, Image, Key, Namespace, Team, User},
    },
};

/// A thing that another subgraph refers to.
#[derive(Union)]
#[graphql(name = "_Entity")]
pub(in crate::graphql) enum Entity {
    Collection(Collection),
    Container(Container),
    Image(Image),
    Key(Key),
    Namespace(Namespace),
    Team(Team),
    User(User),
}

/// A reference as routers make it.
pub(in crate::graphql) struct Representation(Value);

/// How a router refers to a thing: an object with its `__typename` and the fields of one of its keys, such as
/// `{ "__typename": "Image", "digest": "sha256:…" }`.
#[Scalar(
    name = "_Any",
    specified_by_url = "https://specs.apollo.dev/federation/v2.5"
)]
impl ScalarType for Representation {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::Object(_) => Ok(Self(value)),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        self.0.clone()
    }
}

impl Representation {
    fn text(&self, member: &str) -> Option<&str> {
        match &self.0 {
            Value::Object(members) => match members.get(member) {
                Some(Value::String(text)) => Some(text),
                _ => None,
            },
            _ => None,
        }
    }
}

/// What is referred to; `None` for what is not there, what cannot be there and what the caller may not see.
///
/// # Errors
/// `INVALID` for types that nobody can refer to, and for references without a key.
pub(in crate::graphql) async fn resolve(
    ctx: &Context<'_>,
    reference: &Representation,
) -> Result<Option<Entity>> {
    let asked = reference.text("__typename").unwrap_or_default();
    let site = ctx.data_opt::<Site>();
    let kind = site.map_or(asked, |site| site.own_kind(asked));
    let keys = KEYS.iter().find(|(known, _)| *known == kind);
    let keys = keys.into_iter().flat_map(|(_, keys)| keys.iter());
    let named = keys.filter_map(|key| Some((*key, reference.text(key)?)));
    match named.min_by_key(|(key, _)| *key != "id") {
        Some(("id", id)) => by_id(ctx, kind, id).await,
        Some((_, name)) => by_name(ctx, kind, name.to_owned()).await,
        None => {
            let why = format!(
                "nothing is known by such a key of the type {asked:?}; see the keys in the schema of this subgraph"
            );
            Err(Error::invalid("representations", why).into())
        }
    }
}

async fn by_name(ctx: &Context<'_>, kind: &str, name: String) -> Result<Option<Entity>> {
    Ok(match kind {
        "Image" => load(ctx, DigestOf(name))
            .await?
            .map(|row| Image(row).into()),
        "Container" => load(ctx, PathIs(name))
            .await?
            .map(|row| Container(row).into()),
        "Namespace" => load(ctx, NamespaceName(name))
            .await?
            .map(|row| Namespace(row).into()),
        "Team" => load(ctx, TeamName(name)).await?.map(|row| Team(row).into()),
        "User" => load(ctx, NameOf(name)).await?.map(|row| User(row).into()),
        "Key" => match id::fingerprint(&name) {
            Ok(digits) => load(ctx, Fingerprint(digits))
                .await?
                .map(|row| Key(row).into()),
            Err(_) => None,
        },
        _ => None,
    })
}

async fn by_id(ctx: &Context<'_>, kind: &str, id: &str) -> Result<Option<Entity>> {
    // What another subgraph remembers may be of a time or a server that is gone.
    let Ok(id) = id.parse::<GlobalId>() else {
        return Ok(None);
    };
    Ok(match (kind, id) {
        ("Collection", GlobalId::Collection(id)) => {
            load(ctx, id).await?.map(|row| Collection(row).into())
        }
        ("Container", GlobalId::Container(id)) => {
            load(ctx, id).await?.map(|row| Container(row).into())
        }
        ("Image", GlobalId::Image(id)) => load(ctx, id).await?.map(|row| Image(row).into()),
        ("Namespace", GlobalId::Namespace(id)) => {
            load(ctx, id).await?.map(|row| Namespace(row).into())
        }
        ("Team", GlobalId::Team(id)) => load(ctx, id).await?.map(|row| Team(row).into()),
        ("User", GlobalId::User(id)) => load(ctx, id).await?.map(|row| User(row).into()),
        _ => None,
    })
}
