//! Changing one's own password.
use askama::Template;
use poem::{Request, Response};

use super::{
    failure::{Failure, refused},
    form::{Form, posted_in_session},
    frame::Frame,
    place::{root, to_sign_in},
    render,
    sign_in::begin,
    throttle,
};
use crate::{
    auth::{
        account::set_password,
        extract::{Session, by_session},
        sign_in::{Attempt, prove},
    },
    error::{Error, Result},
    protocol::RequestContext,
    registry::{UserId, session},
};

#[derive(Template)]
#[template(path = "auth/password.html")]
struct Page {
    frame: Frame,
    password_min_length: u32,
}

impl Page {
    fn new(frame: Frame, session: &Session) -> Self {
        Self {
            frame,
            password_min_length: session.caller.config().auth.password_min_length,
        }
    }
}

/// The form.
pub(super) async fn show(request: Request) -> Result<Response, Failure> {
    let Some(session) = by_session(&request).await? else {
        return Ok(to_sign_in(&request));
    };
    let frame = Frame::within(&request, &session).await?;
    Ok(render(&Page::new(frame, &session))?)
}

/// Changes the password, ends all sessions and begins a new one here.
pub(super) async fn submit(mut request: Request) -> Result<Response, Failure> {
    let (session, form) = posted_in_session(&mut request).await?;
    match change(&request, &session, &form).await {
        Ok(user) => {
            let next = format!("{}/auth/tokens?done=password", root(&request));
            let new = session::create(&session.caller, user).await?;
            Ok(begin(&request, &session.caller, &new, &next).await?)
        }
        Err(error) => {
            let frame = Frame::within(&request, &session).await?.refusing(&error);
            Ok(refused(render(&Page::new(frame, &session))?, &error))
        }
    }
}

async fn change(request: &Request, session: &Session, form: &Form) -> Result<UserId> {
    check_repeated(form)?;
    let account = session.caller.account()?;
    let attempt = Attempt {
        name: &account.name,
        password: form.get("current"),
        client: RequestContext::of(request).client,
    };
    prove(&session.caller, throttle(request), &attempt)
        .await
        .map_err(|error| match error {
            Error::Unauthenticated(_) => {
                Error::invalid("current password", "it is not yours; type it again")
            }
            other => other,
        })?;
    set_password(&session.caller, account.id, form.get("password")).await?;
    Ok(account.id)
}

/// Whether the new password was typed twice alike.
///
/// # Errors
/// [`Error::Invalid`] when it was not.
pub(super) fn check_repeated(form: &Form) -> Result<()> {
    if form.get("password") == form.get("again") {
        return Ok(());
    }
    let why = "the two are not the same; type it twice alike";
    Err(Error::invalid("new password", why))
}
