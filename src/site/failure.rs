//! What went wrong, as a page.
use std::{fmt, sync::Arc};

use askama::Template;
use poem::{
    Endpoint, Request, Response,
    error::{NotFoundError, ResponseError},
    http::{StatusCode, Uri, header},
};
use url::form_urlencoded;

use super::frame::Frame;
use crate::{
    auth,
    error::Error,
    page,
    protocol::{self, RequestContext},
    registry::{Caller, site::notices},
};

/// An error of a page.
#[derive(Debug)]
pub struct Failure {
    error: Error,
    /// Whether somebody who signs in may find what was not found.
    may_be_private: bool,
}

impl Failure {
    /// For something that a caller looks for: what they may not see is not found, and they are told that it may be so.
    pub(super) fn hiding(error: Error, caller: &Caller) -> Self {
        let may_be_private = matches!(error, Error::NotFound(_)) && caller.account().is_err();
        Self {
            error,
            may_be_private,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            error,
            may_be_private: false,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Failure {}

impl ResponseError for Failure {
    fn status(&self) -> StatusCode {
        protocol::status(&self.error)
    }

    /// All but the page, for which [`rendered`] knows the request.
    fn as_response(&self) -> Response {
        let words = Words {
            text: self.error.to_string(),
            may_be_private: self.may_be_private,
        };
        protocol::failure(&self.error).extension(words).finish()
    }
}

/// What the page of an error is to say.
#[derive(Clone)]
struct Words {
    text: String,
    may_be_private: bool,
}

#[derive(Template)]
#[template(path = "site/failure.html")]
struct Page {
    frame: Frame,
    title: &'static str,
    words: String,
    /// The query of the link to sign in, where that may help.
    sign_in: Option<String>,
}

/// What the page of an error needs to know of the request.
struct Asked {
    context: RequestContext,
    uri: Uri,
    /// Somebody unknown, who sees what every page tells.
    visitor: Caller,
    /// Whether a browser asks.
    browser: bool,
}

/// Runs the endpoint of the server, makes pages of the errors of this room, and shows a page to a browser that asks for what
/// no room knows.
pub async fn rendered<E>(endpoint: Arc<E>, request: Request) -> poem::Result<Response>
where
    E: Endpoint<Output = Response>,
{
    let accepted = request.header(header::ACCEPT).unwrap_or_default();
    let asked = Asked {
        context: RequestContext::of(&request).clone(),
        uri: request.uri().clone(),
        visitor: auth::anonymous(&request),
        browser: accepted.contains("text/html"),
    };
    match endpoint.call(request).await {
        Ok(response) => match response.extensions().get::<Words>().cloned() {
            Some(words) => Ok(asked.page(words, &response).await),
            None => Ok(response),
        },
        Err(error) if asked.browser && error.is::<NotFoundError>() => {
            let words = Words {
                text: "there is nothing at this address".to_owned(),
                may_be_private: false,
            };
            let failure = protocol::failure(&Error::NotFound("page")).finish();
            Ok(asked.page(words, &failure).await)
        }
        Err(error) => Err(error),
    }
}

impl Asked {
    async fn page(&self, words: Words, failure: &Response) -> Response {
        let root = self.context.root();
        let next = format!("{root}{}", self.uri.path());
        let page = Page {
            title: failure.status().canonical_reason().unwrap_or("Error"),
            sign_in: words.may_be_private.then(|| {
                let mut query = form_urlencoded::Serializer::new(String::new());
                query.append_pair("next", &next).finish()
            }),
            words: words.text.clone(),
            frame: Frame {
                root,
                person: None,
                notices: notices(&self.visitor).await,
            },
        };
        let mut response = page::html(page.render().unwrap_or(words.text));
        response.set_status(failure.status());
        response.headers_mut().extend(failure.headers().clone());
        response
    }
}
