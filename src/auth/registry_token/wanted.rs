//! What a request to the OCI door is about to do.
use crate::registry::registry_token::Action;

/// What a request to the OCI door is about to do. Names are as the client wrote them: one to three parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted<'a> {
    /// To be let in, be it with a token for nobody: `GET /v2/`.
    Entry,
    /// To list the repositories.
    Catalog,
    /// To read something of this repository.
    Pull(&'a str),
    /// To write to this repository.
    Push(&'a str),
    /// To write to the repository `to` what the repository `from` holds already.
    Mount {
        /// Where it goes.
        to: &'a str,
        /// Where it is.
        from: &'a str,
    },
    /// To delete something from this repository.
    Delete(&'a str),
}

impl<'a> Wanted<'a> {
    /// The repository, as the client wrote it, and what is to be done to it.
    pub(super) fn repository(self) -> Option<(&'a str, Action)> {
        match self {
            Self::Entry | Self::Catalog => None,
            Self::Pull(name) => Some((name, Action::Pull)),
            Self::Push(name) | Self::Mount { to: name, .. } => Some((name, Action::Push)),
            Self::Delete(name) => Some((name, Action::Delete)),
        }
    }
}
