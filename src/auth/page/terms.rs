//! The terms of use: anybody reads them, whoever is signed in agrees.
use askama::Template;
use poem::{Request, Response};

use super::{
    failure::{Failure, refused},
    form::{Form, posted_in_session},
    frame::Frame,
    place::{root, see_other},
    render,
};
use crate::{
    auth::extract::{Session, anonymous, by_session},
    error::{Error, Result},
    registry::site::terms::{self, Terms},
};

#[derive(Template)]
#[template(path = "auth/terms.html")]
struct Page {
    frame: Frame,
    terms: Option<Terms>,
    standing: Standing,
}

/// What whoever reads has to do with the terms.
enum Standing {
    /// Nobody knows who reads.
    Unknown,
    /// They have still to agree.
    Due,
    /// They did.
    Agreed,
}

/// The terms, and the form where one is needed.
pub(super) async fn show(request: Request) -> Result<Response, Failure> {
    let session = by_session(&request).await?;
    let frame = match &session {
        Some(session) => Frame::within(&request, session).await?,
        None => Frame::new(&request).await,
    };
    let terms = terms::terms(&anonymous(&request)).await?;
    Ok(render(&Page::new(frame, terms, session.as_ref()))?)
}

/// Agrees, and goes on to the tokens.
pub(super) async fn submit(mut request: Request) -> Result<Response, Failure> {
    let (session, form) = posted_in_session(&mut request).await?;
    match agree(&session, &form).await {
        Ok(()) => {
            let path = format!("{}/auth/tokens?done=agreed", root(&request));
            Ok(see_other(&path))
        }
        Err(error) => {
            let frame = Frame::within(&request, &session).await?.refusing(&error);
            let terms = terms::terms(&session.caller).await?;
            let page = Page::new(frame, terms, Some(&session));
            Ok(refused(render(&page)?, &error))
        }
    }
}

async fn agree(session: &Session, form: &Form) -> Result<()> {
    if form.get("agree") != "yes" {
        let why = "check the box to agree to them";
        return Err(Error::invalid("the terms", why));
    }
    let version = form.get("version").parse().unwrap_or_default();
    terms::agree(&session.caller, version).await?;
    Ok(())
}

impl Page {
    /// The form is on the page already, so nothing need point to it.
    fn new(frame: Frame, terms: Option<Terms>, session: Option<&Session>) -> Self {
        let standing = match session {
            None => Standing::Unknown,
            Some(_) if frame.terms_due => Standing::Due,
            Some(_) => Standing::Agreed,
        };
        let frame = Frame {
            terms_due: false,
            ..frame
        };
        Self {
            frame,
            terms,
            standing,
        }
    }
}
