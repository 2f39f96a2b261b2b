//! Signing in and out.
use askama::Template;
use poem::{Request, Response};

use super::{
    failure::{Failure, refused},
    form::{Form, posted, posted_in_session},
    frame::Frame,
    place::{forget, keep, local, root, see_other},
    render, throttle,
};
use crate::{
    auth::{
        extract::{anonymous, by_session, cookie},
        sign_in::{Attempt, sign_in},
    },
    error::Result,
    protocol::RequestContext,
    registry::{Caller, session, user::is_first_start},
};

#[derive(Template)]
#[template(path = "auth/sign_in.html")]
struct Page<'a> {
    frame: Frame,
    name: &'a str,
    next: &'a str,
    /// Whether there is no account yet.
    first_start: bool,
}

/// The form; whoever is signed in goes on.
pub(super) async fn show(request: Request) -> Result<Response, Failure> {
    let query = Form::query(&request);
    if by_session(&request).await?.is_some() {
        return Ok(see_other(&next(&request, &query)));
    }
    let page = Page {
        frame: Frame::new(&request).await,
        name: "",
        next: query.get("next"),
        first_start: is_first_start(&anonymous(&request)).await?,
    };
    Ok(render(&page)?)
}

/// Checks the password and begins a session.
pub(super) async fn submit(mut request: Request) -> Result<Response, Failure> {
    let form = posted(&mut request).await?;
    let caller = anonymous(&request);
    let attempt = Attempt {
        name: form.get("name").trim(),
        password: form.get("password"),
        client: RequestContext::of(&request).client,
    };
    match sign_in(&caller, throttle(&request), &attempt).await {
        Ok(new) => Ok(begin(&request, &caller, &new, &next(&request, &form)).await?),
        Err(error) => {
            let page = Page {
                frame: Frame::new(&request).await.refusing(&error),
                name: attempt.name,
                next: form.get("next"),
                first_start: is_first_start(&caller).await?,
            };
            Ok(refused(render(&page)?, &error))
        }
    }
}

/// Ends the session.
pub(super) async fn leave(mut request: Request) -> Result<Response, Failure> {
    let (session, _) = posted_in_session(&mut request).await?;
    session::end(&session.caller, &session.cookie).await?;
    let path = format!("{}/auth/sign-in?done=signed-out", root(&request));
    Ok(forget(&request, see_other(&path)))
}

/// Gives the browser a session in place of the one that it had, and sends it on.
pub(super) async fn begin(
    request: &Request,
    caller: &Caller,
    new: &str,
    next: &str,
) -> Result<Response> {
    if let Some(old) = cookie(request) {
        session::end(caller, &old).await?;
    }
    Ok(keep(request, caller, new, see_other(next)))
}

/// Where to go after signing in.
fn next(request: &Request, form: &Form) -> String {
    local(request, form.get("next")).unwrap_or_else(|| format!("{}/auth/tokens", root(request)))
}
