//! What is asked of a registry token, and what it grants.
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    access::Level,
    error::Result,
    registry::{Caller, container::allowed, path::ContainerPath},
};

/// What may be done to a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Read.
    Pull,
    /// Write.
    Push,
    /// Delete.
    Delete,
}

impl Action {
    const ALL: [Self; 3] = [Self::Pull, Self::Push, Self::Delete];

    /// How far one must reach to do it.
    pub fn level(self) -> Level {
        match self {
            Self::Pull => Level::Pull,
            Self::Push => Level::Push,
            Self::Delete => Level::Admin,
        }
    }

    /// The word for it in a scope.
    fn word(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "push",
            Self::Delete => "delete",
        }
    }

    /// `*` stands for all of them; a word that is not known here asks for nothing.
    fn parse(words: &str) -> Vec<Self> {
        let asked = |action: &Self| {
            words
                .split(',')
                .any(|word| ["*", action.word()].contains(&word))
        };
        Self::ALL.into_iter().filter(asked).collect()
    }
}

/// One thing, and what may be done to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Access {
    /// A container.
    Repository {
        /// As the client wrote it where it is asked for; in full where it is granted.
        name: String,
        /// What may be done.
        actions: Vec<Action>,
    },
    /// The list of repositories.
    Catalog,
}

impl Access {
    /// Reads one scope: `repository:<name>:<actions>` or `registry:catalog:*`. `None` for anything else, which nobody is
    /// granted.
    pub fn parse(scope: &str) -> Option<Self> {
        let (kind, rest) = scope.split_once(':')?;
        let (name, words) = rest.rsplit_once(':')?;
        match (kind, name) {
            ("repository", _) => Some(Self::Repository {
                name: name.to_owned(),
                actions: Action::parse(words),
            }),
            ("registry", "catalog") => (words == "*").then_some(Self::Catalog),
            _ => None,
        }
    }

    /// The part of it that the caller may have. The list of repositories is open to everybody: it shows each what they
    /// may see.
    pub(super) async fn granted(&self, caller: &Caller) -> Result<Option<Self>> {
        let Self::Repository { name, actions } = self else {
            return Ok(Some(Self::Catalog));
        };
        let Ok(path) = ContainerPath::parse(name, &caller.config().registry) else {
            return Ok(None);
        };
        let level = allowed(caller, &path).await?;
        let may = |action: &Action| level.is_some_and(|level| action.level() <= level);
        let actions: Vec<_> = actions.iter().copied().filter(may).collect();
        let name = path.to_string();
        Ok((!actions.is_empty()).then_some(Self::Repository { name, actions }))
    }
}

/// As scopes are written.
impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Catalog => f.write_str("registry:catalog:*"),
            Self::Repository { name, actions } => {
                let words: Vec<_> = actions.iter().map(|action| action.word()).collect();
                write!(f, "repository:{name}:{}", words.join(","))
            }
        }
    }
}
