//! The tokens of whoever is signed in. Clients send people here: `apptainer remote login` names this page.
use std::time::Duration;

use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};
use poem::{Request, Response};

use super::{
    failure::{Failure, refused},
    form::{Form, posted_in_session},
    frame::Frame,
    place::{root, see_other, to_sign_in},
    render,
};
use crate::{
    auth::extract::by_session,
    error::{Error, Result},
    page::Remote,
    protocol::RequestContext,
    registry::{
        Caller, Scope,
        page::{Cursor, PageArgs},
        token::{self, NewToken, Token},
    },
};

/// How many tokens a page lists.
const LISTED: u64 = 50;
/// The longest life that the form takes, in days: a hundred years.
const DAYS_MAX: u64 = 36_500;
const DAY: Duration = Duration::from_hours(24);

#[derive(Template)]
#[template(path = "auth/tokens.html")]
struct Page {
    frame: Frame,
    admin: bool,
    remote: Remote,
    tokens: Vec<Row>,
    /// Where the older tokens begin.
    more: Option<String>,
    /// The token that was just made.
    secret: Option<String>,
    /// What the form was filled in with.
    name: String,
    /// The life that the form suggests, in days.
    days: u64,
    /// The longest life that the form takes, in days.
    days_max: u64,
    /// Whether a token may live for ever.
    endless: bool,
}

struct Row {
    token: Token,
    scope: &'static str,
    expired: bool,
}

/// The tokens, newest first, and the form to make one.
pub(super) async fn show(request: Request) -> Result<Response, Failure> {
    let Some(session) = by_session(&request).await? else {
        return Ok(to_sign_in(&request));
    };
    let frame = Frame::within(&request, &session).await?;
    Ok(render(&Page::new(&request, &session.caller, frame).await?)?)
}

/// Makes a token and shows it, once.
pub(super) async fn submit(mut request: Request) -> Result<Response, Failure> {
    let (session, form) = posted_in_session(&mut request).await?;
    let frame = Frame::within(&request, &session).await?;
    match create(&session.caller, &form).await {
        Ok(secret) => {
            let page = Page::new(&request, &session.caller, frame).await?;
            let secret = Some(secret);
            Ok(render(&Page { secret, ..page })?)
        }
        Err(error) => {
            let page = Page::new(&request, &session.caller, frame.refusing(&error)).await?;
            let name = form.get("name").to_owned();
            Ok(refused(render(&Page { name, ..page })?, &error))
        }
    }
}

/// Ends a token.
pub(super) async fn revoke(mut request: Request) -> Result<Response, Failure> {
    let (session, _) = posted_in_session(&mut request).await?;
    let id = request.raw_path_param("id").unwrap_or_default();
    let id = id.parse().map_err(|_| Error::NotFound("token"))?;
    token::revoke(&session.caller, id).await?;
    let path = format!("{}/auth/tokens?done=revoked", root(&request));
    Ok(see_other(&path))
}

async fn create(caller: &Caller, form: &Form) -> Result<String> {
    let new = NewToken {
        name: form.get("name").to_owned(),
        scope: scope(form.get("scope"))?,
        expires_at: expiry(caller, form.get("days").trim())?,
    };
    let (_, secret) = token::create(caller, caller.account()?.id, new).await?;
    Ok(secret)
}

fn scope(word: &str) -> Result<Scope> {
    match word {
        "read" => Ok(Scope::Read),
        "write" => Ok(Scope::Write),
        "admin" => Ok(Scope::Admin),
        _ => Err(Error::invalid("scope", "choose read, write or admin")),
    }
}

/// The end of a token that is to live for so many days; none for no number.
fn expiry(caller: &Caller, days: &str) -> Result<Option<DateTime<Utc>>> {
    if days.is_empty() {
        return Ok(None);
    }
    let known = days
        .parse()
        .ok()
        .filter(|days| (1..=DAYS_MAX).contains(days));
    let Some(days) = known else {
        let why = format!("give a number of days from 1 to {DAYS_MAX}");
        return Err(Error::invalid("expires", why));
    };
    let longest = caller.config().auth.max_token_lifetime;
    let longest = longest.map(|longest| longest.get());
    // The site's limit need not be whole days; the last one is shorter then.
    let life = longest
        .filter(|longest| whole_days(*longest) == days)
        .unwrap_or(Duration::from_secs(days * DAY.as_secs()));
    let life = TimeDelta::from_std(life).map_err(anyhow::Error::from)?;
    Ok(caller.now().checked_add_signed(life))
}

/// Days, of which the last need not be whole.
fn whole_days(life: Duration) -> u64 {
    life.as_secs().div_ceil(DAY.as_secs()).max(1)
}

impl Page {
    async fn new(request: &Request, caller: &Caller, frame: Frame) -> Result<Self> {
        let account = caller.account()?;
        let list = token::list(caller, account.id, &page_args(request)?).await?;
        let last = list.items.last().map(|(place, _)| place.encode());
        let now = caller.now();
        let rows = list.items.into_iter();
        let auth = &caller.config().auth;
        let longest = auth.max_token_lifetime;
        Ok(Self {
            frame,
            admin: account.admin,
            remote: Remote::of(&RequestContext::of(request).base_url),
            tokens: rows.map(|(_, token)| Row::new(token, now)).collect(),
            more: last.filter(|_| list.has_next),
            secret: None,
            name: String::new(),
            days: whole_days(auth.token_lifetime.get()),
            days_max: longest.map_or(DAYS_MAX, |longest| whole_days(longest.get())),
            endless: longest.is_none(),
        })
    }
}

fn page_args<S: Default>(request: &Request) -> Result<PageArgs<S>> {
    let query = Form::query(request);
    let after = match query.get("after") {
        "" => None,
        text => Some(Cursor::decode(text)?),
    };
    Ok(PageArgs {
        after,
        limit: LISTED,
        descending: true,
        ..PageArgs::default()
    })
}

impl Row {
    fn new(token: Token, now: DateTime<Utc>) -> Self {
        Self {
            scope: match token.scope {
                Scope::Read => "read",
                Scope::Write => "write",
                Scope::Admin => "admin",
            },
            expired: token.expires_at.is_some_and(|at| at <= now),
            token,
        }
    }
}
