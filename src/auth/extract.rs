//! From the headers of a request to its caller.
use std::sync::Arc;

use data_encoding::BASE64;
use poem::{Request, http::header};

use crate::{
    access::Actor,
    error::{Error, Result},
    protocol::RequestContext,
    registry::{Caller, Registry, Shown, session, share, token},
};

/// The cookie of a browser session.
pub const COOKIE: &str = "sifhub_session";
/// What a browser's script sends beside the cookie. A form on another site cannot send it.
pub const CSRF_HEADER: &str = "x-sifhub-csrf";

/// Who sends this request: by `Authorization: Bearer <token>`, by `Basic` with a token as the password, by session
/// cookie, or anonymous.
///
/// `Basic` is what key server clients send after `keyserver login`. `Bearer` without a token is what clients send after logging out, and means nobody. The header counts before the
/// cookie. The cookie counts for methods that may change something only beside [`CSRF_HEADER`].
///
/// # Errors
/// [`Error::Unauthenticated`] for a token that is wrong, expired or revoked: never taken for anonymous, lest a user be
/// told that their own image does not exist.
pub async fn caller(request: &Request) -> Result<Caller> {
    let anonymous = anonymous(request);
    let Some(secret) = credential(request)?.secret() else {
        return by_cookie(request, anonymous).await;
    };
    by_token(&anonymous, &secret).await
}

/// Who opens a WebSocket. Browsers let pages of every site open one, and send the session cookie along.
///
/// # Errors
/// Those of [`caller`]; [`Error::Forbidden`] for a page of another site.
pub async fn opener(request: &Request) -> Result<Caller> {
    refuse_foreign(request)?;
    caller(request).await
}

/// Who says so in the first message of a WebSocket, in the words of the header `Authorization`, instead of whoever opened it.
///
/// # Errors
/// [`Error::Unauthenticated`] for what cannot be read and for a token that is wrong, expired or revoked.
pub async fn sayer(opener: &Caller, authorization: &str) -> Result<Caller> {
    let anonymous = opener.known_as(Actor::Anonymous);
    match read(authorization)?.secret() {
        Some(secret) => by_token(&anonymous, &secret).await,
        None => Ok(anonymous),
    }
}

/// The secret of a share link that a request shows in the place of a token.
///
/// # Errors
/// Those of [`caller`] for a header that cannot be read.
pub fn link_secret(request: &Request) -> Result<Option<String>> {
    let secret = credential(request)?.secret();
    Ok(secret.filter(|secret| share::is_well_formed(secret)))
}

async fn by_token(anonymous: &Caller, secret: &str) -> Result<Caller> {
    let found = token::identify(anonymous, secret).await?;
    let (id, account) = found.ok_or_else(no_token)?;
    let known = anonymous.known_as(Actor::User(account));
    Ok(known.showing(Shown::Token(id)))
}

/// Why a token is refused.
pub(super) fn no_token() -> Error {
    let words = "the token is wrong, expired or revoked; make a new one and log in again";
    Error::Unauthenticated(words.into())
}

/// A caller who showed nothing.
pub fn anonymous(request: &Request) -> Caller {
    let facts = RequestContext::of(request);
    registry(request)
        .caller(Actor::Anonymous, facts.id.clone())
        .at(facts.client)
        .reaching(facts.base_url.clone())
}

pub(super) fn registry(request: &Request) -> &Arc<Registry> {
    request
        .data()
        .expect("app adds the registry to every request")
}

/// What a request shows in its header.
pub(super) enum Credential {
    /// Nothing.
    Nothing,
    /// A token.
    Bearer(String),
    /// A name, and a password or a token in its place.
    Basic {
        /// Whoever somebody says they are.
        name: String,
        /// How they prove it.
        password: String,
    },
}

impl Credential {
    /// The token, where nothing else is taken: it alone tells whose it is.
    fn secret(self) -> Option<String> {
        match self {
            Self::Nothing => None,
            Self::Bearer(secret)
            | Self::Basic {
                password: secret, ..
            } => Some(secret),
        }
    }
}

/// What the header holds.
///
/// # Errors
/// [`Error::Unauthenticated`] for what cannot be read; [`Error::Forbidden`] for `Basic` from a page of another site, with a
/// method that may change something: browsers add what they remember to whatever such a page makes them send.
pub(super) fn credential(request: &Request) -> Result<Credential> {
    let Some(value) = request.headers().get(header::AUTHORIZATION) else {
        return Ok(Credential::Nothing);
    };
    let credential = read(value.to_str().unwrap_or_default())?;
    if matches!(credential, Credential::Basic { .. }) && !request.method().is_safe() {
        refuse_foreign(request)?;
    }
    Ok(credential)
}

/// What a value of the header says. The scheme is compared without regard to case (RFC 9110, 11.1).
fn read(value: &str) -> Result<Credential> {
    let value = value.trim();
    let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" if rest.trim().is_empty() => Ok(Credential::Nothing),
        "bearer" => Ok(Credential::Bearer(rest.trim().to_owned())),
        "basic" => basic(rest.trim()),
        _ => Err(Error::Unauthenticated(format!(
            "send a token as 'Bearer'; {scheme:?} is not taken here"
        ))),
    }
}

/// # Errors
/// [`Error::Forbidden`] for a request that a page of another site makes a browser send.
fn refuse_foreign(request: &Request) -> Result<()> {
    let Some(origin) = request.headers().get(header::ORIGIN) else {
        return Ok(());
    };
    let from = origin.to_str().unwrap_or_default().split_once("://");
    let (_, from) = from.unwrap_or_default();
    let base = &RequestContext::of(request).base_url;
    let own = base.split_once("://").map(|(_, rest)| rest);
    let own = own.and_then(|rest| rest.split('/').next());
    if Some(from) == own || Some(from) == request.header(header::HOST) {
        return Ok(());
    }
    Err(Error::Forbidden(
        "a page of another site sent this; send a token as 'Bearer'".into(),
    ))
}

/// The credentials of `Basic` (RFC 7617, 2).
fn basic(credentials: &str) -> Result<Credential> {
    let bytes = BASE64.decode(credentials.as_bytes()).unwrap_or_default();
    let text = String::from_utf8(bytes).unwrap_or_default();
    match text.split_once(':') {
        Some((name, password)) => Ok(Credential::Basic {
            name: name.to_owned(),
            password: password.to_owned(),
        }),
        None => Err(Error::Unauthenticated(
            "the credentials cannot be read; give a token as the password".into(),
        )),
    }
}

async fn by_cookie(request: &Request, anonymous: Caller) -> Result<Caller> {
    let safe = request.method().is_safe() || request.headers().contains_key(CSRF_HEADER);
    let Some(cookie) = cookie(request).filter(|_| safe) else {
        return Ok(anonymous);
    };
    Ok(match session::identify(&anonymous, &cookie).await? {
        Some((id, account)) => anonymous
            .known_as(Actor::User(account))
            .showing(Shown::Session(id)),
        None => anonymous,
    })
}

/// A browser that is signed in.
pub(super) struct Session {
    /// Whoever is signed in.
    pub(super) caller: Caller,
    /// What the browser showed.
    pub(super) cookie: String,
}

/// The session of a request, whatever its method: for pages that check a form token before they let anything happen.
pub(super) async fn by_session(request: &Request) -> Result<Option<Session>> {
    let anonymous = anonymous(request);
    let Some(cookie) = cookie(request) else {
        return Ok(None);
    };
    let found = session::identify(&anonymous, &cookie).await?;
    Ok(found.map(|(_, account)| Session {
        caller: anonymous.known_as(Actor::User(account)),
        cookie,
    }))
}

/// What a form of a page must carry, for a browser in which `caller` signed in; none for other clients.
pub fn form_token(request: &Request, caller: &Caller) -> Option<String> {
    let in_browser = !request.headers().contains_key(header::AUTHORIZATION);
    let cookie = cookie(request).filter(|_| in_browser && caller.account().is_ok())?;
    Some(session::form_token(caller, &cookie))
}

/// The session cookie of a request. Its value is plain, so nothing in it needs decoding.
pub(super) fn cookie(request: &Request) -> Option<String> {
    let values = request.headers().get_all(header::COOKIE).into_iter();
    let mut pairs = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(name, _)| *name == COOKIE)?;
    Some(value.to_owned())
}
