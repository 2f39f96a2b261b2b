//! What other subgraphs refer to.
use async_graphql::{
    Context, InputValueError, InputValueResult, Result, Scalar, ScalarType, Union, Value,
};

use super::Site;
use crate::{
    error::Error,
    graphql::{
        id::{self, GlobalId},
        loader::{DigestOf, Fingerprint, NameOf, NamespaceName, PathIs, load},
        object::{Collection, Container, Image, Key, Namespace, User},
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
    if let Some(id) = reference.text("id") {
        return by_id(ctx, kind, id).await;
    }
    let key = |member: &str| reference.text(member).map(ToOwned::to_owned);
    let found = match kind {
        "Image" => match key("digest") {
            Some(digest) => load(ctx, DigestOf(digest))
                .await?
                .map(|row| Image(row).into()),
            None => return Err(unknown(asked)),
        },
        "Container" => match key("path") {
            Some(path) => load(ctx, PathIs(path))
                .await?
                .map(|row| Container(row).into()),
            None => return Err(unknown(asked)),
        },
        "Namespace" => match key("name") {
            Some(name) => load(ctx, NamespaceName(name))
                .await?
                .map(|row| Namespace(row).into()),
            None => return Err(unknown(asked)),
        },
        "User" => match key("name") {
            Some(name) => load(ctx, NameOf(name)).await?.map(|row| User(row).into()),
            None => return Err(unknown(asked)),
        },
        "Key" => match key("fingerprint") {
            Some(digits) => match id::fingerprint(&digits) {
                Ok(digits) => load(ctx, Fingerprint(digits))
                    .await?
                    .map(|row| Key(row).into()),
                Err(_) => None,
            },
            None => return Err(unknown(asked)),
        },
        _ => return Err(unknown(asked)),
    };
    Ok(found)
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
        ("User", GlobalId::User(id)) => load(ctx, id).await?.map(|row| User(row).into()),
        _ => None,
    })
}

fn unknown(kind: &str) -> async_graphql::Error {
    let why = format!(
        "nothing is known by such a key of the type {kind:?}; see the keys in the schema of this subgraph"
    );
    Error::invalid("representations", why).into()
}
