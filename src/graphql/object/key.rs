//! Public keys.
use async_graphql::{Context, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};

use super::User;
use crate::{
    graphql::{
        id::GlobalId,
        loader::{NamesOf, load},
        page::whole_cost,
    },
    registry::key,
};

/// A key that the caller may see.
#[derive(Clone)]
pub(in crate::graphql) struct Key(pub key::Key);

impl From<key::Key> for Key {
    fn from(row: key::Key) -> Self {
        Self(row)
    }
}

/// A public OpenPGP key, for checking who signed an image. Everybody sees all of them. Nobody has checked that its names
/// are true.
#[Object]
impl Key {
    /// The global id, `key:<fingerprint>`.
    pub(super) async fn id(&self) -> ID {
        GlobalId::Key(self.0.fingerprint.clone()).into()
    }

    /// Its fingerprint: 40 upper-case hexadecimal digits, or 64 for a key of version 6.
    async fn fingerprint(&self) -> &str {
        &self.0.fingerprint
    }

    /// The names it carries, in its order.
    #[graphql(complexity = "whole_cost(child_complexity)")]
    async fn user_ids(&self, ctx: &Context<'_>) -> Result<Vec<KeyName>> {
        let names = load(ctx, NamesOf(self.0.fingerprint.clone())).await?;
        Ok(names.into_iter().flatten().map(Into::into).collect())
    }

    /// The number of its algorithm, as RFC 9580, 9.1, has it: 1 is RSA, 22 and 27 are Ed25519.
    async fn algorithm(&self) -> i16 {
        self.0.algorithm
    }

    /// Its length in bits.
    async fn bits(&self) -> i32 {
        self.0.bits
    }

    /// When it was made, as it says.
    async fn created(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it expires; null: never.
    async fn expires(&self) -> Option<DateTime<Utc>> {
        self.0.expires_at
    }

    /// Whether its holder took it back.
    async fn revoked(&self) -> bool {
        self.0.revoked
    }

    /// The key itself, in ASCII armor.
    async fn armored(&self) -> &str {
        &self.0.armored
    }

    /// When it first came to this server.
    async fn added_at(&self) -> DateTime<Utc> {
        self.0.added_at
    }

    /// When it was last pushed to this server.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }

    /// The user who pushed it first; null unless you are signed in.
    async fn owner(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        Ok(load(ctx, self.0.owner_id).await?.map(User))
    }
}

/// A name that a key carries.
#[derive(SimpleObject)]
struct KeyName {
    /// The name, mostly with an address: `Alice <alice@example.org>`.
    text: String,
    /// When the key's holder last confirmed it.
    created: Option<DateTime<Utc>>,
    /// When it stops holding; null: never.
    expires: Option<DateTime<Utc>>,
    /// Whether the key's holder took it back.
    revoked: bool,
}

impl From<key::KeyName> for KeyName {
    fn from(name: key::KeyName) -> Self {
        Self {
            text: name.text,
            created: name.created_at,
            expires: name.expires_at,
            revoked: name.revoked,
        }
    }
}
