//! What a browser sends, and whether one of our pages made it send that.
use poem::{Request, error::ReadBodyError, http::header};
use url::{Url, form_urlencoded};

use crate::{
    auth::extract::{Session, by_session},
    error::{Error, Result},
    protocol::RequestContext,
    registry::session,
};

/// The largest form, in bytes.
const LARGEST: usize = 16 * 1024;
/// The field that carries the form token.
const TOKEN: &str = "form_token";

/// The fields of a form or of a query.
pub(in crate::auth) struct Form(Vec<(String, String)>);

impl Form {
    /// The query of a request.
    pub(in crate::auth) fn query(request: &Request) -> Self {
        Self::parse(request.uri().query().unwrap_or_default().as_bytes())
    }

    fn parse(bytes: &[u8]) -> Self {
        Self(form_urlencoded::parse(bytes).into_owned().collect())
    }

    /// A field; empty when absent.
    pub(in crate::auth) fn get(&self, name: &str) -> &str {
        let field = self.0.iter().find(|(known, _)| known == name);
        field.map_or("", |(_, value)| value)
    }

    /// All fields of that name.
    pub(in crate::auth) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let fields = self.0.iter().filter(move |(known, _)| known == name);
        fields.map(|(_, value)| &**value)
    }
}

/// A form that a page of this server sent.
///
/// # Errors
/// [`Error::Forbidden`] for one from elsewhere; [`Error::TooLarge`].
pub(in crate::auth) async fn posted(request: &mut Request) -> Result<Form> {
    check_origin(request)?;
    match request.take_body().into_bytes_limit(LARGEST).await {
        Ok(bytes) => Ok(Form::parse(&bytes)),
        Err(ReadBodyError::PayloadTooLarge) => Err(Error::TooLarge {
            what: "the form",
            limit: LARGEST as u64,
        }),
        Err(_) => {
            let why = "it did not arrive whole; send it again";
            Err(Error::invalid("form", why))
        }
    }
}

/// A form that a page of this server sent, for the session that the page was made for.
///
/// # Errors
/// [`Error::Unauthenticated`] when that session is over; those of [`posted`].
pub(super) async fn posted_in_session(request: &mut Request) -> Result<(Session, Form)> {
    let form = posted(request).await?;
    let Some(session) = by_session(request).await? else {
        let words = "your session is over; sign in again";
        return Err(Error::Unauthenticated(words.into()));
    };
    if !session::is_form_token(&session.caller, &session.cookie, form.get(TOKEN)) {
        let words = "this form belongs to another session; go back, reload the page and try again";
        return Err(Error::Forbidden(words.into()));
    }
    Ok((session, form))
}

/// Refuses what a page of another site makes a browser send. Browsers tell where a form comes from by `Sec-Fetch-Site`
/// (W3C Fetch Metadata), or at least by `Origin`; whoever sends neither is no browser, and no page leads it astray.
fn check_origin(request: &Request) -> Result<()> {
    let site = request.header("sec-fetch-site");
    let own = match (site, request.header(header::ORIGIN)) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => is_own(request, origin),
        (None, None) => true,
    };
    if own {
        return Ok(());
    }
    let words = "the form comes from another site; open the page on this one and fill it in there";
    Err(Error::Forbidden(words.into()))
}

fn is_own(request: &Request, origin: &str) -> bool {
    let base = Url::parse(&RequestContext::of(request).base_url);
    base.is_ok_and(|base| base.origin().ascii_serialization() == origin)
}
