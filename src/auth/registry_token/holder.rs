//! Who shows a credential that a registry token can be made with.
use poem::Request;

use crate::{
    access::Actor,
    auth::{
        SignIns,
        extract::{Credential, anonymous, no_token},
        sign_in::{Attempt, prove_again},
    },
    error::Result,
    protocol::RequestContext,
    registry::{
        Caller,
        registry_token::{Proof, Proven, by_password, by_token},
        token,
    },
};

/// Somebody, and what they proved who they are with; nobody proves nothing.
pub(super) struct Holder {
    /// Whoever it is.
    pub(super) caller: Caller,
    /// How they proved it.
    pub(super) proof: Option<Proof>,
}

impl Holder {
    /// Somebody who sends this request, or nobody.
    pub(super) fn new(request: &Request, proven: Option<Proven>) -> Self {
        let nobody = anonymous(request);
        match proven {
            None => Self {
                caller: nobody,
                proof: None,
            },
            Some(Proven { account, proof }) => Self {
                caller: nobody.known_as(Actor::User(account)),
                proof: Some(proof),
            },
        }
    }
}

/// Whoever shows this: an API token, by itself or as a password with any name, or a password.
///
/// # Errors
/// [`Error::Unauthenticated`](crate::error::Error::Unauthenticated) when it is wrong or good no longer;
/// [`Error::RateLimited`](crate::error::Error::RateLimited) for those who guess.
pub(super) async fn holder(request: &Request, credential: Credential) -> Result<Holder> {
    let nobody = anonymous(request);
    let proven = match credential {
        Credential::Nothing => return Ok(Holder::new(request, None)),
        Credential::Basic { name, password } if !token::is_well_formed(&password) => {
            let attempt = Attempt {
                name: &name,
                password: &password,
                client: RequestContext::of(request).client,
            };
            let known = prove_again(&nobody, SignIns::of(request), &attempt).await?;
            by_password(&nobody, known)
        }
        Credential::Bearer(secret)
        | Credential::Basic {
            password: secret, ..
        } => by_token(&nobody, &secret).await?.ok_or_else(no_token)?,
    };
    Ok(Holder::new(request, Some(proven)))
}
