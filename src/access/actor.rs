//! Who is asking.
use std::fmt;

use chrono::{DateTime, Utc};
use entity::{id::UserId, kind::Scope};

use super::Level;

/// Who is asking, and how far the credential they showed reaches.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// Somebody who showed no credential.
    Anonymous,
    /// Somebody with an account.
    User(Account),
    /// A job of the server itself.
    System(&'static str),
}

/// What an actor may pull: those of one view see the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum View {
    /// What is open to everybody.
    Open,
    /// What is open to a user.
    Of(UserId),
    /// All there is.
    Everything,
}

/// The account of an actor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Account {
    /// Its id.
    pub id: UserId,
    /// Its name.
    pub name: String,
    /// Whether it administers the site, as far as the scope lets it.
    pub admin: bool,
    /// How far the credential reaches.
    pub scope: Scope,
    /// No row is reached further than this, whatever the scope: a credential may be good for pulling alone.
    pub most: Level,
    /// When the token that was shown stops working, if it does. What it makes lasts no longer.
    pub until: Option<DateTime<Utc>>,
}

impl Actor {
    /// A job of the server, which may do anything.
    pub fn system(job: &'static str) -> Self {
        Self::System(job)
    }

    /// The account, if the actor has one.
    pub fn account(&self) -> Option<&Account> {
        match self {
            Self::User(account) => Some(account),
            Self::Anonymous | Self::System(_) => None,
        }
    }

    /// What the actor may pull.
    pub fn view(&self) -> View {
        match self {
            Self::System(_) => View::Everything,
            Self::User(_) if self.reaches_everything(Level::Pull) => View::Everything,
            Self::User(account) => View::Of(account.id),
            Self::Anonymous => View::Open,
        }
    }

    /// Whether the actor may do anything on the whole site.
    pub fn is_site_admin(&self) -> bool {
        self.reaches_everything(Level::Admin)
    }

    /// Whether every row is open to the actor, as far as `level`.
    pub fn reaches_everything(&self, level: Level) -> bool {
        match self {
            Self::System(_) => true,
            Self::User(account) => {
                account.admin && account.scope == Scope::Admin && self.may_reach(level)
            }
            Self::Anonymous => false,
        }
    }

    /// Whether the credential reaches as far as `level`, whoever owns the row.
    pub fn may_reach(&self, level: Level) -> bool {
        match self {
            Self::System(_) => true,
            Self::User(account) => {
                level <= account.most && (level == Level::Pull || account.scope >= Scope::Write)
            }
            Self::Anonymous => level == Level::Pull,
        }
    }
}

/// As events record it.
impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous"),
            Self::User(account) => write!(f, "user:{}", account.id),
            Self::System(job) => write!(f, "system:{job}"),
        }
    }
}
