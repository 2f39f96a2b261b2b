//! The front page: what this is, and the three commands that use it.
use askama::Template;
use poem::{Request, Response};

use super::{failure::Failure, render, root};
use crate::{auth, protocol::RequestContext};

#[derive(Template)]
#[template(path = "site/front.html")]
struct Page {
    root: String,
    base_url: String,
    insecure: bool,
    name: Option<String>,
}

/// Shows the page. A visitor whose credential is wrong is refused, which is how `keyserver login` checks one.
pub(super) async fn show(request: Request) -> Result<Response, Failure> {
    let caller = auth::caller(&request).await?;
    let base_url = RequestContext::of(&request).base_url.to_string();
    render(&Page {
        root: root(&request),
        insecure: base_url.starts_with("http://"),
        base_url,
        name: caller.account().ok().map(|account| account.name.clone()),
    })
}
