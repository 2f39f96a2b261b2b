//! Section `auth`.
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ByteSize, Duration, Fault, Secret, ensure};

/// Passwords, sessions and tokens.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Auth {
    /// The key of the token hashes, of registry tokens and of the signed upload and download URLs: any text of at least 32 bytes, for example
    /// from `openssl rand -base64 32`. When absent, a random one is made at the first start and kept in `secret.key` in
    /// `data_dir`. Several replicas must share one. Another value makes all tokens invalid.
    pub secret: Option<Secret>,
    /// The file that holds `auth.secret`.
    pub secret_file: Option<PathBuf>,
    /// The cost of a password hash.
    pub argon2: Argon2,
    /// How long a sign-in on the web lasts.
    pub session_lifetime: Duration,
    /// The lifetime that is suggested for a new token.
    pub token_lifetime: Duration,
    /// The longest lifetime of a new token. When absent, a token may be made that never expires.
    pub max_token_lifetime: Option<Duration>,
    /// How long a registry token works, which OCI clients fetch with a password or an API token and then show in its place;
    /// at least `1m`. A push or a pull that takes longer fetches another. It ends at once when the API token is revoked, the
    /// password changed or the account disabled.
    pub registry_token_lifetime: Duration,
    /// How long OCI clients that keep a refresh token instead of the password stay logged in, but never longer than
    /// `max_token_lifetime`.
    pub refresh_token_lifetime: Duration,
    /// The fewest characters of a new password.
    #[schemars(range(min = 1))]
    pub password_min_length: u32,
}

/// The cost of a password hash (Argon2id, RFC 9106). Hashes made at another cost stay valid.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Argon2 {
    /// The memory that one hash takes, at least 8 KiB per lane.
    pub memory: ByteSize,
    /// The passes over the memory.
    #[schemars(range(min = 1))]
    pub iterations: u32,
    /// The lanes that the memory is divided into.
    #[schemars(range(min = 1, max = 16_777_215))]
    pub parallelism: u32,
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            secret: None,
            secret_file: None,
            argon2: Argon2::default(),
            session_lifetime: Duration::from_hours(12),
            token_lifetime: Duration::from_days(90),
            max_token_lifetime: None,
            registry_token_lifetime: Duration::from_mins(5),
            refresh_token_lifetime: Duration::from_days(30),
            password_min_length: 10,
        }
    }
}

impl Default for Argon2 {
    fn default() -> Self {
        Self {
            memory: ByteSize::from_mib(19),
            iterations: 2,
            parallelism: 1,
        }
    }
}

impl Auth {
    pub(super) fn validate(&self) -> Result<(), Fault> {
        let strong = self.secret.as_ref().is_none_or(Secret::is_strong);
        ensure(strong, "auth.secret", "must be at least 32 bytes long")?;
        self.argon2.validate()?;
        self.session_lifetime
            .ensure_positive("auth.session_lifetime")?;
        self.token_lifetime.ensure_positive("auth.token_lifetime")?;
        // What older clients take for granted when they are not told.
        ensure(
            self.registry_token_lifetime >= Duration::from_mins(1),
            "auth.registry_token_lifetime",
            "must be 1m or longer",
        )?;
        self.refresh_token_lifetime
            .ensure_positive("auth.refresh_token_lifetime")?;
        let within = self
            .max_token_lifetime
            .is_none_or(|longest| self.token_lifetime <= longest);
        ensure(
            within,
            "auth.token_lifetime",
            "must not be longer than auth.max_token_lifetime",
        )
    }
}

impl Argon2 {
    /// The memory that one hash takes, in KiB.
    pub fn memory_kib(&self) -> u32 {
        u32::try_from(self.memory.bytes() / 1024).unwrap_or(u32::MAX)
    }

    fn validate(&self) -> Result<(), Fault> {
        let least = u64::from(self.parallelism) * 8 * 1024;
        let most = u64::from(u32::MAX) * 1024;
        let why = format!(
            "must be from {} to {}",
            ByteSize::from_bytes(least),
            ByteSize::from_bytes(most)
        );
        ensure(
            (least..=most).contains(&self.memory.bytes()),
            "auth.argon2.memory",
            why,
        )
    }
}
