//! The credentials of the OCI door.
use poem::Request;

use super::{Wanted, holder::holder, service};
use crate::{
    access::Level,
    auth::extract::{Credential, anonymous, credential, no_token, registry},
    error::{Error, Result},
    protocol::RequestContext,
    registry::{
        Caller,
        container::allowed,
        path::ContainerPath,
        registry_token::{self, Access, RegistryToken},
        token,
    },
};

/// Who sends a request to the OCI door: by a registry token, which reaches no further than what is wanted; by an API
/// token or a password, which reach as far as ever; or nobody. Cookies do not count here.
///
/// # Errors
/// [`Error::Unauthenticated`] for a credential that is wrong or good no longer, for a registry token that does not grant
/// what is wanted, and for those who show nothing and may not do it, whether there is such a repository or not: the door
/// answers with a [`registry_challenge`]. [`Error::Invalid`] for a name that no repository can have;
/// [`Error::RateLimited`] for those who guess passwords.
pub async fn registry_caller(request: &Request, wanted: Wanted<'_>) -> Result<Caller> {
    match credential(request)? {
        Credential::Nothing => by_nothing(request, wanted).await,
        Credential::Bearer(text) if !token::is_well_formed(&text) => {
            by_registry_token(request, &text, wanted).await
        }
        shown => Ok(holder(request, shown).await?.caller),
    }
}

/// Whether what a request shows is good for the repositories that it names, and for no others: a registry token.
pub fn names_repositories(request: &Request) -> bool {
    matches!(credential(request), Ok(Credential::Bearer(text)) if !token::is_well_formed(&text))
}

/// The value of `WWW-Authenticate` that tells a client where to fetch a token, and for what. One that shows a token is told
/// whether it is wrong or falls short: some (podman) fetch a better one only then.
pub fn registry_challenge(request: &Request, wanted: Wanted<'_>) -> String {
    let base = &RequestContext::of(request).base_url;
    let host = base.split_once("://").map_or(&**base, |(_, rest)| rest);
    let host = host.split('/').next().unwrap_or(host);
    let start = format!(
        "Bearer realm=\"{base}{}\",service=\"{host}\"",
        service::PATH
    );
    let parts = [
        ("scope", scope(request, wanted)),
        ("error", fault(request, wanted).map(str::to_owned)),
    ];
    parts
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| format!(",{name}=\"{value}\"")))
        .fold(start, |challenge, part| challenge + &part)
}

/// What is wrong with a token that is shown, in the words of RFC 6750.
fn fault(request: &Request, wanted: Wanted<'_>) -> Option<&'static str> {
    let Ok(Credential::Bearer(text)) = credential(request) else {
        return None;
    };
    let nobody = anonymous(request);
    let falls_short = registry_token::read(&nobody, &text)
        .is_some_and(|token| matches!(grants(&nobody, &token, wanted), Ok(false)));
    Some(match falls_short {
        true => "insufficient_scope",
        false => "invalid_token",
    })
}

/// What a client is to ask for. Whoever pushes pulls, too.
fn scope(request: &Request, wanted: Wanted<'_>) -> Option<String> {
    let (name, actions) = match wanted {
        Wanted::Entry => return None,
        Wanted::Catalog => return Some(Access::Catalog.to_string()),
        Wanted::Pull(name) => (name, "pull"),
        Wanted::Push(name) => (name, "pull,push"),
        Wanted::Mount { to, from } => {
            let to = repository(request, to, "pull,push")?;
            let from = repository(request, from, "pull").map(|from| format!(" {from}"));
            return Some(to + &from.unwrap_or_default());
        }
        Wanted::Delete(name) => (name, "delete"),
    };
    repository(request, name, actions)
}

/// A name outside the grammar might not be fit for a header.
fn repository(request: &Request, name: &str, actions: &str) -> Option<String> {
    ContainerPath::parse(name, &registry(request).config().registry).ok()?;
    Some(format!("repository:{name}:{actions}"))
}

async fn by_nothing(request: &Request, wanted: Wanted<'_>) -> Result<Caller> {
    let caller = anonymous(request);
    let open = match wanted {
        Wanted::Catalog => true,
        Wanted::Pull(name) => {
            let path = ContainerPath::parse(name, &caller.config().registry)?;
            allowed(&caller, &path).await?.is_some()
        }
        Wanted::Entry | Wanted::Push(_) | Wanted::Mount { .. } | Wanted::Delete(_) => false,
    };
    if open {
        return Ok(caller);
    }
    Err(Error::Unauthenticated(
        "log in first (apptainer registry login)".into(),
    ))
}

async fn by_registry_token(request: &Request, text: &str, wanted: Wanted<'_>) -> Result<Caller> {
    let nobody = anonymous(request);
    let token = registry_token::read(&nobody, text).ok_or_else(no_token)?;
    if !grants(&nobody, &token, wanted)? {
        return Err(Error::Unauthenticated(
            "the token was not granted this; log in as somebody who may do it".into(),
        ));
    }
    let most = wanted
        .repository()
        .map_or(Level::Pull, |(_, action)| action.level());
    let actor = token.actor(&nobody, most).await?.ok_or_else(no_token)?;
    Ok(nobody.known_as(actor))
}

/// Whether a registry token grants what is wanted.
///
/// # Errors
/// [`Error::Invalid`] for a name that no repository can have.
fn grants(caller: &Caller, token: &RegistryToken, wanted: Wanted<'_>) -> Result<bool> {
    if let Wanted::Mount { to, from } = wanted {
        let pushes = grants(caller, token, Wanted::Push(to))?;
        return Ok(pushes && grants(caller, token, Wanted::Pull(from))?);
    }
    match wanted.repository() {
        None => Ok(wanted == Wanted::Entry || token.grants_catalog()),
        Some((name, action)) => {
            let path = ContainerPath::parse(name, &caller.config().registry)?;
            Ok(token.grants(&path, action))
        }
    }
}
