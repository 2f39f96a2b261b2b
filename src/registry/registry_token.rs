//! Registry tokens: short-lived, signed, good for what was asked and allowed when they were made, and for nothing but
//! the OCI protocol.
//!
//! Each remembers what its holder proved themselves with, an API token or a password, and is worth nothing once that is
//! revoked, changed or expired, or the account disabled. None is stored.
mod access;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    id::{TokenId, UserId},
    user,
};
use sea_orm::{ColumnTrait, QueryFilter};
use serde::{Deserialize, Serialize};

use super::{
    Caller,
    path::ContainerPath,
    secret::same,
    token,
    user::{Credentials, account},
};
use crate::{
    access::{Account, Actor, Level, identity},
    error::Result,
};
pub use access::{Access, Action};

/// The most scopes that one token is asked for; more are not granted.
const SCOPES_MAX: usize = 32;

/// What somebody proved who they are with.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Proof {
    /// An API token.
    Token(TokenId),
    /// The password of an account.
    Password {
        /// Whose it is.
        user: UserId,
        /// What stands for it.
        mark: String,
    },
}

/// What is signed, of registry tokens and of refresh tokens.
#[derive(Serialize, Deserialize)]
struct Claims {
    /// Absent: whoever holds the token is nobody.
    proof: Option<Proof>,
    /// Empty in a refresh token.
    access: Vec<Access>,
    /// Seconds since 1970.
    iat: i64,
    /// Seconds since 1970.
    exp: i64,
}

/// Somebody who proved who they are.
pub struct Proven {
    /// Who.
    pub account: Account,
    /// With what.
    pub proof: Proof,
}

/// A token that was just made.
pub struct Issued {
    /// The token.
    pub token: String,
    /// What it grants.
    pub access: Vec<Access>,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// How many seconds it lasts.
    pub seconds: i64,
}

/// Whoever shows an API token; `None` when it is none, or no longer.
pub async fn by_token(caller: &Caller, secret: &str) -> Result<Option<Proven>> {
    let shown = token::identify(caller, secret).await?;
    Ok(shown.map(|(id, account)| Proven {
        account,
        proof: Proof::Token(id),
    }))
}

/// Whoever knows the password of these credentials.
pub fn by_password(caller: &Caller, known: Credentials) -> Proven {
    let hash = known.password_hash.unwrap_or_default();
    Proven {
        proof: Proof::Password {
            user: known.account.id,
            mark: caller.secret().password_mark(&hash),
        },
        account: known.account,
    }
}

/// Whoever shows a refresh token; `None` when it is none, or no longer.
pub async fn by_refresh_token(caller: &Caller, text: &str) -> Result<Option<Proven>> {
    let claims: Option<Claims> = caller.secret().refresh_tokens().read(text);
    let Some(proof) = claims.and_then(|claims| claims.proof) else {
        return Ok(None);
    };
    let account = still(caller, &proof).await?;
    Ok(account.map(|account| Proven { account, proof }))
}

/// A registry token for the caller, who proved who they are with `proof`, or for nobody. It grants what is asked as far
/// as it is allowed; what is not allowed is left out, without an error.
pub async fn issue(caller: &Caller, proof: Option<Proof>, asked: &[Access]) -> Result<Issued> {
    let mut access = Vec::new();
    for asked in asked.iter().take(SCOPES_MAX) {
        access.extend(asked.granted(caller).await?);
    }
    let lifetime = caller.config().auth.registry_token_lifetime.get();
    let claims = claims(caller, proof, access, lifetime);
    Ok(Issued {
        token: caller.secret().registry_tokens().sign(&claims)?,
        access: claims.access,
        at: caller.now(),
        seconds: claims.exp - claims.iat,
    })
}

/// What the caller, who proved who they are with `proof`, may fetch registry tokens with from now on.
pub fn refresh_token(caller: &Caller, proof: Proof) -> Result<String> {
    let config = &caller.config().auth;
    let wanted = config.refresh_token_lifetime;
    let longest = config.max_token_lifetime;
    let lifetime = longest.map_or(wanted, |longest| longest.min(wanted));
    let claims = claims(caller, Some(proof), Vec::new(), lifetime.get());
    caller.secret().refresh_tokens().sign(&claims)
}

/// Claims that last for `lifetime`, but no longer than what they are made with.
fn claims(
    caller: &Caller,
    proof: Option<Proof>,
    access: Vec<Access>,
    lifetime: Duration,
) -> Claims {
    let now = caller.now();
    let lifetime = TimeDelta::from_std(lifetime).unwrap_or(TimeDelta::MAX);
    let end = now
        .checked_add_signed(lifetime)
        .unwrap_or(DateTime::<Utc>::MAX_UTC);
    let until = caller.actor().account().and_then(|account| account.until);
    Claims {
        proof,
        access,
        iat: now.timestamp(),
        exp: until.map_or(end, |until| until.min(end)).timestamp(),
    }
}

/// A registry token that somebody shows.
pub struct RegistryToken(Claims);

/// Reads a registry token; `None` when it is none, or has expired. Whether what it was made with is good still,
/// [`RegistryToken::actor`] finds out.
pub fn read(caller: &Caller, text: &str) -> Option<RegistryToken> {
    caller
        .secret()
        .registry_tokens()
        .read(text)
        .map(RegistryToken)
}

impl RegistryToken {
    /// Whether it grants the list of repositories.
    pub fn grants_catalog(&self) -> bool {
        self.0.access.contains(&Access::Catalog)
    }

    /// Whether it grants this.
    pub fn grants(&self, path: &ContainerPath, wanted: Action) -> bool {
        let path = path.to_string();
        self.0.access.iter().any(|access| match access {
            Access::Repository { name, actions } => *name == path && actions.contains(&wanted),
            Access::Catalog => false,
        })
    }

    /// Who holds it, reaching no further than `most`; `None` when what it was made with is good no longer. One
    /// statement; none for nobody.
    pub async fn actor(&self, caller: &Caller, most: Level) -> Result<Option<Actor>> {
        let Some(proof) = &self.0.proof else {
            return Ok(Some(Actor::Anonymous));
        };
        let end = DateTime::from_timestamp_secs(self.0.exp);
        let account = still(caller, proof).await?;
        Ok(account.map(|account| {
            Actor::User(Account {
                most,
                until: account.until.into_iter().chain(end).min(),
                ..account
            })
        }))
    }
}

/// The account behind a proof; `None` when it is good no longer.
async fn still(caller: &Caller, proof: &Proof) -> Result<Option<Account>> {
    match proof {
        Proof::Token(id) => token::still(caller, *id).await,
        Proof::Password { user, mark } => {
            let row = identity::<user::Entity>()
                .filter(user::Column::Id.eq(*user))
                .filter(user::Column::DisabledAt.is_null())
                .one(caller.db());
            let row = row.await?.filter(|row| {
                let hash = row.password_hash.as_deref().unwrap_or_default();
                same(&caller.secret().password_mark(hash), mark)
            });
            Ok(row.map(account))
        }
    }
}
