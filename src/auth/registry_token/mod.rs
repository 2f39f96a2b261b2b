//! Registry tokens: what clients of the OCI door fetch with their credentials, and show at the door instead of them.
//!
//! The token service follows <https://distribution.github.io/distribution/spec/auth/token/> and its OAuth 2 twin.
//! Registry tokens are good at the OCI door ([`registry_caller`]) and nowhere else.
mod door;
mod wanted;

pub use door::{registry_caller, registry_challenge, registry_reaches};
pub use wanted::Wanted;
