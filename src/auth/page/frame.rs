//! What all pages show around their own content.
use poem::Request;

use super::{form::Form, place::root};
use crate::{
    auth::extract::{Session, anonymous},
    error::Result,
    registry::{
        session::form_token,
        site::{Notices, notices, terms},
    },
};

/// Around the content of a page: where its links begin, who is signed in, and what just happened.
#[derive(Default)]
pub(super) struct Frame {
    /// What comes before the path of a link.
    pub(super) root: String,
    /// Whoever is signed in.
    pub(super) person: Option<Person>,
    /// What was done, as a sentence.
    pub(super) notice: Option<&'static str>,
    /// What went wrong, as a sentence.
    pub(super) error: Option<String>,
    /// What every page tells.
    pub(super) notices: Notices,
    /// Whether to point to the terms of use, to which somebody has not agreed yet.
    pub(super) terms_due: bool,
}

/// Somebody signed in.
pub(super) struct Person {
    /// Their name.
    pub(super) name: String,
    /// What their forms must carry.
    pub(super) form_token: String,
}

impl Frame {
    /// For somebody who is not signed in.
    pub(super) async fn new(request: &Request) -> Self {
        Self {
            root: root(request),
            notice: notice(Form::query(request).get("done")),
            notices: notices(&anonymous(request)).await,
            ..Self::default()
        }
    }

    /// For somebody who is.
    pub(super) async fn within(request: &Request, session: &Session) -> Result<Self> {
        let person = Person {
            name: session.caller.account()?.name.clone(),
            form_token: form_token(&session.caller, &session.cookie),
        };
        Ok(Self {
            person: Some(person),
            terms_due: terms::are_due(&session.caller).await?,
            ..Self::new(request).await
        })
    }

    /// The same, telling what went wrong.
    pub(super) fn refusing(self, words: impl ToString) -> Self {
        Self {
            notice: None,
            error: Some(sentence(&words.to_string())),
            ..self
        }
    }
}

/// What a page says to a browser that was sent there after something was done.
fn notice(done: &str) -> Option<&'static str> {
    match done {
        "signed-out" => Some("You are signed out."),
        "revoked" => Some("The token is revoked: nobody can use it any more."),
        "password" => Some("Your password is changed, and other browsers are signed out."),
        "agreed" => Some("Thank you. You can push and change things now."),
        "set-up" => Some("Your account is ready. Make a token to push images with."),
        _ => None,
    }
}

/// An error's words, begun and ended as people write.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(char::to_uppercase);
    let first = first.into_iter().flatten();
    first.chain(letters).chain(['.']).collect()
}
