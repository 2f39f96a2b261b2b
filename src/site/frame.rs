//! What all pages show around their own content.
use poem::Request;

use crate::{
    auth,
    protocol::RequestContext,
    registry::{
        Caller,
        site::{Notices, notices},
    },
};

/// Around the content of a page: where its links begin, and who is signed in.
#[derive(Default)]
pub(super) struct Frame {
    /// What comes before the path of a link.
    pub(super) root: String,
    /// Whoever is signed in, in a browser.
    pub(super) person: Option<Person>,
    /// What every page tells.
    pub(super) notices: Notices,
}

/// Somebody signed in.
pub(super) struct Person {
    /// Their name.
    pub(super) name: String,
    /// What their forms must carry.
    pub(super) form_token: String,
}

impl Frame {
    /// For whoever sent the request.
    pub(super) async fn new(request: &Request, caller: &Caller) -> Self {
        let person = auth::form_token(request, caller).zip(caller.account().ok());
        Self {
            root: RequestContext::of(request).root(),
            person: person.map(|(form_token, account)| Person {
                name: account.name.clone(),
                form_token,
            }),
            notices: notices(caller).await,
        }
    }
}
