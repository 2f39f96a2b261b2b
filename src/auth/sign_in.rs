//! Checking the password of somebody who says who they are.
use std::{net::IpAddr, sync::Arc};

use poem::Request;
use tokio::time::Instant;

use super::{
    password,
    recent::Recent,
    throttle::{Guesser, Throttle},
};
use crate::{
    error::{Error, Result},
    registry::{
        Caller,
        path::Name,
        session,
        user::{self, Credentials},
    },
};

/// What is remembered of passwords that were shown, in memory. One for the process, added to every request.
pub struct SignIns {
    /// Those that were wrong.
    pub(super) throttle: Throttle,
    /// Those that were right.
    recent: Recent,
}

/// None were shown yet.
impl Default for SignIns {
    fn default() -> Self {
        Self {
            throttle: Throttle::new(),
            recent: Recent::new(),
        }
    }
}

impl SignIns {
    pub(super) fn of(request: &Request) -> &Self {
        let sign_ins: Option<&Arc<Self>> = request.data();
        sign_ins.expect("http adds it to every request")
    }
}

/// What somebody shows to sign in.
pub(super) struct Attempt<'a> {
    /// Who they say they are.
    pub(super) name: &'a str,
    /// How they prove it.
    pub(super) password: &'a str,
    /// Where they are.
    pub(super) client: Option<IpAddr>,
}

/// Begins a session for whoever signs in, and tells its cookie.
///
/// # Errors
/// [`Error::Unauthenticated`], with the same words after the same time, whether the password is wrong, there is no such
/// account, or it has no password or is disabled; [`Error::RateLimited`] after too many of those.
pub(super) async fn sign_in(
    anonymous: &Caller,
    throttle: &Throttle,
    attempt: &Attempt<'_>,
) -> Result<String> {
    let credentials = prove(anonymous, throttle, attempt).await?;
    let rehashed = rehashed(anonymous, &credentials, attempt.password).await?;
    session::sign_in(anonymous, &credentials, rehashed)
        .await?
        .ok_or_else(refusal)
}

/// Checks the password, as [`sign_in`] does, without signing in.
///
/// # Errors
/// Those of [`sign_in`].
pub(super) async fn prove(
    caller: &Caller,
    throttle: &Throttle,
    attempt: &Attempt<'_>,
) -> Result<Credentials> {
    let name = attempt.name.parse::<Name>().ok();
    let guesser = Guesser::new(name.clone(), attempt.client);
    throttle.admit(&guesser, Instant::now())?;
    let known = match &name {
        Some(name) => user::credentials(caller, name.as_str()).await?,
        None => None,
    };
    let usable = known.filter(|known| known.disabled_at.is_none());
    let hash = usable
        .as_ref()
        .and_then(|known| known.password_hash.as_deref());
    let cost = &caller.config().auth.argon2;
    let right = password::verify(cost, attempt.password, hash).await?;
    match usable.filter(|_| right) {
        Some(credentials) => {
            throttle.clear(&guesser);
            Ok(credentials)
        }
        None => Err(refusal()),
    }
}

/// Checks the password as [`prove`] does, unless it was right a moment ago: for clients that show it with every request,
/// and with many at once.
///
/// # Errors
/// Those of [`sign_in`].
pub(super) async fn prove_again(
    caller: &Caller,
    sign_ins: &SignIns,
    attempt: &Attempt<'_>,
) -> Result<Credentials> {
    let (throttle, recent) = (&sign_ins.throttle, &sign_ins.recent);
    let known = match attempt.name.parse::<Name>() {
        Ok(name) => user::credentials(caller, name.as_str()).await?,
        Err(_) => None,
    };
    let usable = known.filter(|known| known.disabled_at.is_none());
    let mark = usable
        .as_ref()
        .and_then(|known| recent.mark(known, attempt.password));
    let (Some(known), Some(mark)) = (usable, mark) else {
        return prove(caller, throttle, attempt).await;
    };
    let _turn = recent.turn(&mark).await;
    if recent.knows(&mark) {
        return Ok(known);
    }
    let known = prove(caller, throttle, attempt).await?;
    recent.add(mark);
    Ok(known)
}

fn refusal() -> Error {
    Error::Unauthenticated("the name or the password is wrong".into())
}

/// A hash at the cost that is configured now, when the stored one was made at another.
async fn rehashed(
    caller: &Caller,
    credentials: &Credentials,
    password: &str,
) -> Result<Option<String>> {
    let cost = &caller.config().auth.argon2;
    match &credentials.password_hash {
        Some(stored) if password::is_outdated(cost, stored)? => {
            Ok(Some(password::hash(cost, password).await?))
        }
        _ => Ok(None),
    }
}
