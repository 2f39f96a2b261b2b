//! Signing in and out.
use std::sync::Arc;

use askama::Template;
use poem::{Body, Request, Response, handler, web::Data};

use super::{
    failure::{Failure, refused},
    form::{Form, posted, posted_in_session},
    frame::Frame,
    place::{forget, keep, local, root, see_other},
    render,
};
use crate::{
    auth::{
        extract::{anonymous, by_session, cookie},
        sign_in::{Attempt, sign_in},
        throttle::Throttle,
    },
    error::Result,
    protocol::RequestContext,
    registry::{Caller, UserId, session},
};

#[derive(Template)]
#[template(path = "auth/sign_in.html")]
struct Page<'a> {
    frame: Frame,
    name: &'a str,
    next: &'a str,
}

/// The form; whoever is signed in goes on.
#[handler]
pub(super) async fn show(request: &Request) -> Result<Response, Failure> {
    let query = Form::query(request);
    if by_session(request).await?.is_some() {
        return Ok(see_other(&next(request, &query)));
    }
    let page = Page {
        frame: Frame::new(request),
        name: "",
        next: query.get("next"),
    };
    Ok(render(&page)?)
}

/// Checks the password and begins a session.
#[handler]
pub(super) async fn submit(
    request: &Request,
    body: Body,
    throttle: Data<&Arc<Throttle>>,
) -> Result<Response, Failure> {
    let form = posted(request, body).await?;
    let caller = anonymous(request);
    let attempt = Attempt {
        name: form.get("name").trim(),
        password: form.get("password"),
        client: RequestContext::of(request).client,
    };
    match sign_in(&caller, &throttle, &attempt).await {
        Ok(user) => Ok(begin(request, &caller, user, &next(request, &form)).await?),
        Err(error) => {
            let page = Page {
                frame: Frame::new(request).refusing(&error),
                name: attempt.name,
                next: form.get("next"),
            };
            Ok(refused(render(&page)?, &error))
        }
    }
}

/// Ends the session.
#[handler]
pub(super) async fn leave(request: &Request, body: Body) -> Result<Response, Failure> {
    let (session, _) = posted_in_session(request, body).await?;
    session::end(&session.caller, &session.cookie).await?;
    let path = format!("{}/auth/sign-in?done=signed-out", root(request));
    Ok(forget(request, see_other(&path)))
}

/// Begins a session in place of the one that the browser had, and sends the browser on.
pub(super) async fn begin(
    request: &Request,
    caller: &Caller,
    user: UserId,
    next: &str,
) -> Result<Response> {
    if let Some(old) = cookie(request) {
        session::end(caller, &old).await?;
    }
    let new = session::create(caller, user).await?;
    Ok(keep(request, caller, &new, see_other(next)))
}

/// Where to go after signing in.
fn next(request: &Request, form: &Form) -> String {
    local(request, form.get("next")).unwrap_or_else(|| format!("{}/auth/tokens", root(request)))
}
