//! `/graphql`: one operation in, one answer out; a page to try it on for browsers.
use async_graphql::{Request as Operation, Response as Answer, dataloader::DataLoader};
use poem::{
    Body, EndpointExt, IntoResponse, Request, Response, Route,
    error::ReadBodyError,
    handler,
    http::{Method, header},
    web::{Data, Json},
};

use super::{
    Graph,
    error::{refusal, render},
    limit::Limits,
    loader::Source,
    schema,
};
use crate::{
    auth,
    config::Config,
    error::{Error, Result},
    page,
    protocol::RequestContext,
    registry::Caller,
};

/// The routes of this room.
pub const ROUTES: &[(&str, &str)] = &[("GET", "/graphql"), ("POST", "/graphql")];

const JSON: &str = "application/json";
/// The longest query, in bytes. Every fault in one is told with its names, so long ones would have longer answers. Large
/// values belong into variables.
const QUERY_MAX: u64 = 64 << 10;

/// Adds the graph to the routes of the server.
pub fn routes(route: Route, config: &Config) -> Route {
    let room = Room {
        graph: schema(&config.graphql),
        limits: Limits::new(&config.graphql),
        page: config.graphql.graphiql,
    };
    route.at("/graphql", call.data(room))
}

/// What the handlers need.
#[derive(Clone)]
struct Room {
    graph: Graph,
    limits: Limits,
    /// Whether browsers get a page.
    page: bool,
}

#[handler]
async fn call(request: &Request, body: Body, Data(room): Data<&Room>) -> Response {
    match *request.method() {
        Method::POST => answer(request, body, room).await,
        Method::GET | Method::HEAD if room.page && is_browser(request) => page::graphiql(),
        _ => refuse_method(),
    }
}

fn is_browser(request: &Request) -> bool {
    request
        .header(header::ACCEPT)
        .is_some_and(|kinds| kinds.contains("text/html"))
}

/// Queries are not taken from the address: it ends in logs and histories, and links could ask in somebody's name.
fn refuse_method() -> Response {
    let words = "send operations by POST, as a JSON object with the member query";
    refusal(&Error::Unsupported(words.into()))
        .with_header(header::ALLOW, "POST")
        .into_response()
}

/// Answers one operation. What goes wrong before there is one has a status of its own; after that the answer is 200,
/// whatever its errors say.
async fn answer(request: &Request, body: Body, room: &Room) -> Response {
    match prepare(request, body).await {
        Ok(operation) => Json(render(execute(operation, room).await)).into_response(),
        Err(error) => refusal(&error),
    }
}

async fn execute(mut operation: Operation, room: &Room) -> Answer {
    // What cannot be parsed is refused in execution, with the place of the fault.
    let checked = operation
        .parsed_query()
        .map_or(Ok(()), |document| room.limits.check(document));
    match checked {
        Ok(()) => room.graph.execute(operation).await,
        Err(error) => Answer::from_errors(vec![error]),
    }
}

async fn prepare(request: &Request, body: Body) -> Result<Operation> {
    let caller = auth::caller(request).await?;
    let operation = read(request, body, &caller).await?;
    let loader = DataLoader::new(Source::new(caller.clone()), tokio::spawn);
    Ok(operation
        .data(caller)
        .data(loader)
        .data(RequestContext::of(request).clone()))
}

/// Reads a JSON object; lists of operations are not taken, since one operation can ask for everything.
async fn read(request: &Request, body: Body, caller: &Caller) -> Result<Operation> {
    let kind = request.content_type().unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case(JSON) {
        return Err(Error::invalid("content-type", format!("must be {JSON}")));
    }
    let limit = caller.config().http.request_body_limit.bytes();
    let length = usize::try_from(limit).unwrap_or(usize::MAX);
    let bytes = body
        .into_bytes_limit(length)
        .await
        .map_err(|error| match error {
            ReadBodyError::PayloadTooLarge => Error::TooLarge {
                what: "body",
                limit,
            },
            other => Error::invalid("body", other.to_string()),
        })?;
    let operation = parse(&bytes).map_err(|error| {
        let why = "must be a JSON object with the members query, operationName and variables";
        Error::invalid("body", format!("{why}: {error}"))
    })?;
    match operation.query.len() as u64 {
        ..=QUERY_MAX => Ok(operation),
        _ => Err(Error::TooLarge {
            what: "query",
            limit: QUERY_MAX,
        }),
    }
}

/// Goes by way of an object, because a list would be taken for the members in their order.
fn parse(bytes: &[u8]) -> serde_json::Result<Operation> {
    let object: serde_json::Map<_, _> = serde_json::from_slice(bytes)?;
    serde_json::from_value(object.into())
}
