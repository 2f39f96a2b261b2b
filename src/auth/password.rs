//! Passwords: what is taken as one, and Argon2id (RFC 9106) over it, kept as a PHC string.
use std::{sync::LazyLock, thread::available_parallelism, time::Duration};

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version,
    password_hash,
};
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};

use crate::{
    config::{self, Config},
    error::{Error, Result},
};

/// The longest password, in bytes.
const LONGEST: usize = 1024;
/// The most hashes at once, each of which takes as much memory as configured.
const SLOTS_MAX: usize = 8;
/// How long one waits for a slot.
const PATIENCE: Duration = Duration::from_secs(10);

/// A flood of sign-ins waits here rather than exhaust the memory.
static SLOTS: LazyLock<Semaphore> = LazyLock::new(|| {
    Semaphore::new(available_parallelism().map_or(1, |count| count.get().min(SLOTS_MAX)))
});

/// The hash of a password that somebody chose for the account `user`.
///
/// # Errors
/// [`Error::Invalid`] for a password against the rules.
pub(super) async fn chosen(config: &Config, user: &str, password: &str) -> Result<String> {
    check_rules(config, user, password)?;
    hash(&config.auth.argon2, password).await
}

fn check_rules(config: &Config, user: &str, password: &str) -> Result<()> {
    let least = config.auth.password_min_length;
    let long = password.chars().count() >= usize::try_from(least).unwrap_or(usize::MAX);
    let refuse = |why: String| Err(Error::invalid("password", why));
    match () {
        () if !long => refuse(format!("it is too short; use {least} characters or more")),
        () if password.len() > LONGEST => {
            refuse(format!("it is too long; use {LONGEST} bytes at most"))
        }
        () if password.eq_ignore_ascii_case(user) => {
            refuse("it is the name of the account; choose another".into())
        }
        () => Ok(()),
    }
}

/// Hashes a password at the configured cost.
pub(super) async fn hash(cost: &config::Argon2, password: &str) -> Result<String> {
    let (argon2, password) = (argon2(cost)?, password.to_owned());
    in_slot(move || Ok(hash_now(&argon2, &password)?.to_string())).await
}

/// Whether it is the password behind the PHC string. Without one the answer is no, and takes as long.
pub(super) async fn verify(
    cost: &config::Argon2,
    password: &str,
    stored: Option<&str>,
) -> Result<bool> {
    let (argon2, password) = (argon2(cost)?, password.to_owned());
    let stored = stored.map(parse).transpose()?;
    in_slot(move || match &stored {
        None => hash_now(&argon2, &password).map(|_| false),
        Some(stored) => match argon2.verify_password(password.as_bytes(), stored) {
            Ok(()) => Ok(true),
            Err(password_hash::Error::PasswordInvalid) => Ok(false),
            Err(error) => Err(internal(error)),
        },
    })
    .await
}

/// Whether the PHC string was made at another cost than the configured one.
pub(super) fn is_outdated(cost: &config::Argon2, stored: &str) -> Result<bool> {
    let (stored, wanted) = (parse(stored)?, params(cost)?);
    let made = Params::try_from(&stored).map_err(internal)?;
    let same = (made.m_cost(), made.t_cost(), made.p_cost())
        == (wanted.m_cost(), wanted.t_cost(), wanted.p_cost());
    Ok(!same || stored.algorithm != Algorithm::Argon2id.ident())
}

/// Runs `work` on a thread of its own once there is a slot for it. The work keeps its slot until it is done, even if
/// nobody waits for it any more.
async fn in_slot<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let slot = timeout(PATIENCE, SLOTS.acquire())
        .await
        .map_err(|_| Error::RateLimited { after: PATIENCE })?
        .map_err(anyhow::Error::from)?;
    let run = move || {
        let result = work();
        drop(slot);
        result
    };
    spawn_blocking(run).await.map_err(anyhow::Error::from)?
}

fn hash_now(argon2: &Argon2<'_>, password: &str) -> Result<PasswordHash> {
    argon2.hash_password(password.as_bytes()).map_err(internal)
}

fn argon2(cost: &config::Argon2) -> Result<Argon2<'static>> {
    Ok(Argon2::new(
        Algorithm::Argon2id,
        Version::V0x13,
        params(cost)?,
    ))
}

fn params(cost: &config::Argon2) -> Result<Params> {
    Params::new(cost.memory_kib(), cost.iterations, cost.parallelism, None)
        .map_err(|error| Error::invalid("auth.argon2", error.to_string()))
}

fn parse(stored: &str) -> Result<PasswordHash> {
    PasswordHash::new(stored)
        .map_err(password_hash::Error::from)
        .map_err(internal)
}

fn internal(error: password_hash::Error) -> Error {
    anyhow::Error::new(error)
        .context("a stored password hash")
        .into()
}
