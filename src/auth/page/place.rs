//! Where browsers are sent, and the cookie that they take along.
use std::time::Duration;

use poem::{
    IntoResponse, Request, Response,
    http::{StatusCode, header},
    web::cookie::{Cookie, SameSite},
};
use url::{Position, Url, form_urlencoded};

use crate::{auth::extract::COOKIE, protocol::RequestContext, registry::Caller};

/// What browsers put before the paths of this server: nothing, or the prefix that a proxy adds, such as `/hub`.
pub(super) fn root(request: &Request) -> String {
    RequestContext::of(request).root()
}

/// The path that `text` leads a browser to, if it stays on this server.
pub(super) fn local(request: &Request, text: &str) -> Option<String> {
    let base = Url::parse(&RequestContext::of(request).base_url).ok()?;
    let target = base.join(text).ok().filter(|_| text.starts_with('/'))?;
    let path = &target[Position::BeforePath..];
    // A path that begins with two slashes would be read as a host.
    let stays = target.origin() == base.origin() && !path.starts_with("//");
    stays.then(|| path.to_owned())
}

/// Sends the browser to a path.
pub(super) fn see_other(path: &str) -> Response {
    StatusCode::SEE_OTHER
        .with_header(header::LOCATION, path)
        .with_header(header::CACHE_CONTROL, "no-store")
        .into_response()
}

/// Sends the browser to sign in, and from there back.
pub(super) fn to_sign_in(request: &Request) -> Response {
    let root = root(request);
    let back = request.uri().path_and_query();
    let back = back.map_or("/auth/tokens", |back| back.as_str());
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("next", &format!("{root}{back}"))
        .finish();
    see_other(&format!("{root}/auth/sign-in?{query}"))
}

/// Gives the browser the cookie of a new session.
pub(super) fn keep(
    request: &Request,
    caller: &Caller,
    cookie: &str,
    response: Response,
) -> Response {
    let lifetime = caller.config().auth.session_lifetime.get();
    with_cookie(request, cookie, lifetime, response)
}

/// Makes the browser forget its cookie.
pub(super) fn forget(request: &Request, response: Response) -> Response {
    with_cookie(request, "", Duration::ZERO, response)
}

fn with_cookie(request: &Request, value: &str, lifetime: Duration, response: Response) -> Response {
    let mut cookie = Cookie::new_with_str(COOKIE, value);
    cookie.set_path("/");
    cookie.set_http_only(true);
    cookie.set_same_site(SameSite::Lax);
    cookie.set_secure(RequestContext::of(request).base_url.starts_with("https:"));
    cookie.set_max_age(lifetime);
    response
        .with_header(header::SET_COOKIE, cookie.to_string())
        .into_response()
}
