//! Lists of names, in pages: `?n=` of them, behind `?last=`; the header `Link` tells where the next page is.
use poem::{Response, ResponseBuilder, http::header};
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use super::{call::Call, error::Result};
use crate::{
    error::Error,
    registry::manifest::{self, Names},
};

/// `GET /v2/`: whoever hears 200 is signed in.
pub(super) async fn base(_: Call<'_>) -> Result<Response> {
    Ok(json_body(Response::builder(), &json!({})))
}

/// `GET /v2/_catalog`: the containers that the caller may see. Clients show nothing before they are asked to, and would
/// never see their own if those who show nothing were answered; a token for nobody is enough to see what everybody may.
pub(super) async fn catalog(call: Call<'_>) -> Result<Response> {
    if call.header(header::AUTHORIZATION).is_none() {
        call.caller.account()?;
    }
    let found =
        manifest::catalog(call.caller, count(&call)?, call.param("last").as_deref()).await?;
    let answer = linked(&call, &found)?;
    Ok(json_body(answer, &json!({"repositories": found.names})))
}

/// `GET /v2/<name>/tags/list`.
pub(super) async fn tags(call: Call<'_>) -> Result<Response> {
    let last = call.param("last");
    let found = manifest::tags(call.caller, &call.path()?, count(&call)?, last.as_deref()).await?;
    let answer = linked(&call, &found)?;
    let tags = json!({"name": call.target.name, "tags": found.names});
    Ok(json_body(answer, &tags))
}

/// How many names the client wants at most.
fn count(call: &Call<'_>) -> Result<Option<u64>> {
    let parse = |text: String| {
        let wrong = |_| {
            Error::invalid(
                "n",
                format!("{text:?} is no number; send how many names you want"),
            )
        };
        text.parse().map_err(wrong)
    };
    Ok(call.param("n").map(parse).transpose()?)
}

/// Begins the answer, with the address of the next page if there is one.
fn linked(call: &Call<'_>, page: &Names) -> Result<ResponseBuilder> {
    let (true, Some(last)) = (page.more, page.names.last()) else {
        return Ok(Response::builder());
    };
    let count = count(call)?.unwrap_or(page.names.len() as u64);
    let query = Serializer::new(String::new())
        .append_pair("n", &count.to_string())
        .append_pair("last", last)
        .finish();
    let link = format!("<{}?{query}>; rel=\"next\"", call.request.uri().path());
    Ok(Response::builder().header(header::LINK, link))
}

fn json_body(answer: ResponseBuilder, value: &Value) -> Response {
    answer
        .content_type("application/json")
        .body(value.to_string())
}
