//! The front page: what this is, how to get at it, what is new, and what a search finds.
use askama::Template;
use poem::{Request, Response, http::StatusCode};

use super::{
    failure::Failure,
    found::{Entry, Found, entries},
    frame::Frame,
    query, render,
};
use crate::{
    auth,
    error::{Error, Result},
    page::Remote,
    protocol::RequestContext,
    registry::{
        Caller,
        container::{self, ContainerFilter, ContainerSort},
        page::PageArgs,
        search::{self, Search},
        site::{self, Site},
        user::is_first_start,
    },
};

/// How many of the newest containers are shown.
const NEWEST: u64 = 20;

#[derive(Template)]
#[template(path = "site/front.html")]
struct Page {
    frame: Frame,
    remote: Remote,
    name: Option<String>,
    /// Who runs the site.
    about: Site,
    first_start: bool,
    /// What is searched for.
    text: String,
    shown: Shown,
}

/// What is listed.
enum Shown {
    Newest(Vec<Entry>),
    Found(Found),
    /// Why nothing is searched for.
    Refused(String),
}

/// Shows the page. A visitor whose credential is wrong is refused, which is how `keyserver login` checks one.
pub(super) async fn show(request: Request) -> Result<Response, Failure> {
    let caller = auth::caller(&request).await?;
    let text = query(&request, "q");
    let shown = match text.trim() {
        "" => Shown::Newest(newest(&caller).await?),
        text => searched(&caller, text).await?,
    };
    let refused = matches!(shown, Shown::Refused(_));
    let name = caller.account().ok().map(|account| account.name.clone());
    let mut response = render(&Page {
        frame: Frame::new(&request, &caller).await,
        remote: Remote::of(&RequestContext::of(&request).base_url),
        first_start: name.is_none() && is_first_start(&caller).await?,
        about: site::current(&caller).await?,
        name,
        text,
        shown,
    })?;
    if refused {
        response.set_status(StatusCode::BAD_REQUEST);
    }
    Ok(response)
}

async fn newest(caller: &Caller) -> Result<Vec<Entry>> {
    let args = PageArgs {
        limit: NEWEST,
        sort: ContainerSort::Created,
        descending: true,
        ..PageArgs::default()
    };
    let page = container::list(caller, &ContainerFilter::default(), &args).await?;
    let rows: Vec<_> = page.items.into_iter().map(|(_, row)| row).collect();
    entries(caller, &rows).await
}

async fn searched(caller: &Caller, text: &str) -> Result<Shown> {
    let wanted = Search {
        text: text.to_owned(),
        ..Search::default()
    };
    match search::search(caller, &wanted).await {
        Ok(found) => Ok(Shown::Found(Found::new(caller, found).await?)),
        Err(Error::Invalid { why, .. }) => Ok(Shown::Refused(why)),
        Err(other) => Err(other),
    }
}
