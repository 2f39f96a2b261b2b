//! `/graphql`: one operation in, one answer out; a page to try it on for browsers.
use std::{sync::Arc, time::Duration};

use async_graphql::{
    Request as Operation, Response as Answer, ServerError, dataloader::DataLoader,
};
use poem::{
    Body, EndpointExt, IntoResponse, Request, Response, Route,
    error::ReadBodyError,
    handler,
    http::{Method, header},
    post,
    web::{Data, Json, Path},
};

use super::{
    Graph,
    error::{TOO_SLOW, coded, refusal, render},
    federation::{Site, hide, show},
    limit::{Limits, check_nesting},
    loader::{Shared, Source, turns},
    may_learn_schema,
    operation::{Listed, Remember, Remembered, check_listed, complete},
    schema, socket, stream,
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
pub const ROUTES: &[(&str, &str)] = &[
    ("GET", "/graphql"),
    ("POST", "/graphql"),
    ("POST", "/graphql/as/:site"),
];

const JSON: &str = "application/json";
/// The longest query, in bytes. Every fault in one is told with its names, so long ones would have longer answers. Large
/// values belong into variables.
const QUERY_MAX: u64 = 64 << 10;

/// Adds the graph to the routes of the server.
pub fn routes(route: Route, config: &Config) -> Route {
    let graphql = &config.graphql;
    let room = Room {
        open: schema(graphql, true),
        closed: schema(graphql, false),
        limits: Limits::new(graphql),
        timeout: graphql.timeout.into(),
        remembered: Remembered::new(graphql.persisted_queries),
        listed: Listed::read(graphql.operations.as_deref()),
        loaders: Shared::default(),
        page: graphql.graphiql,
    };
    let as_site = post(call_as).data(room.clone());
    route
        .at("/graphql", call.data(room))
        .at("/graphql/as/:site", as_site)
}

/// What the handlers need.
#[derive(Clone)]
pub(super) struct Room {
    /// Tells its schema.
    open: Graph,
    /// Does not, nor hints at it.
    closed: Graph,
    limits: Limits,
    pub(super) timeout: Duration,
    remembered: Remembered,
    listed: Listed,
    pub(super) loaders: Shared,
    /// Whether browsers get a page.
    page: bool,
}

#[handler]
async fn call(request: &Request, body: Body, Data(room): Data<&Room>) -> Response {
    match *request.method() {
        Method::POST if stream::is_wanted(request) => stream::answer(request, body, room).await,
        Method::POST => answer(request, body, room, None).await,
        Method::GET if socket::is_wanted(request) => socket::open(request, room).await,
        Method::GET | Method::HEAD if room.page && is_browser(request) => page::graphiql(),
        _ => refuse_method(),
    }
}

/// For routers of a graph of several sites: the same, in the names of one of them.
#[handler]
async fn call_as(
    request: &Request,
    body: Body,
    Path(site): Path<String>,
    Data(room): Data<&Room>,
) -> Response {
    match site.parse() {
        Ok(site) => answer(request, body, room, Some(site)).await,
        Err(error) => refusal(&error),
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
async fn answer(request: &Request, body: Body, room: &Room, site: Option<Site>) -> Response {
    match prepare(request, body).await {
        Ok((caller, operation)) => {
            let operation = operation.data(RequestContext::of(request).clone());
            Json(render(execute(&caller, operation, room, site).await)).into_response()
        }
        Err(error) => refusal(&error),
    }
}

async fn execute(caller: &Caller, operation: Operation, room: &Room, site: Option<Site>) -> Answer {
    match ready(caller, operation, room) {
        Ok((graph, operation)) => run(caller, graph, operation, room, site).await,
        Err(error) => Answer::from_errors(vec![error]),
    }
}

/// Executes a query or a mutation that may be.
pub(super) async fn run(
    caller: &Caller,
    graph: &Graph,
    mut operation: Operation,
    room: &Room,
    site: Option<Site>,
) -> Answer {
    if let Some(site) = &site {
        // What cannot be parsed is refused in execution.
        if let Ok(document) = operation.parsed_query().cloned() {
            operation.set_parsed_query(hide(site, document));
        }
        operation = operation.data(site.clone()).disable_introspection();
    }
    let (loaders, turns) = turns();
    let loader = DataLoader::new(Source::new(caller.clone()), loaders).delay(Duration::ZERO);
    let operation = operation.data(caller.clone()).data(Arc::new(loader));
    let work = turns.run(graph.execute(operation));
    match tokio::time::timeout(room.timeout, work).await {
        Ok(mut answer) => {
            if let Some(site) = &site {
                answer.data = show(site, answer.data);
            }
            answer
        }
        Err(_) => too_slow(room.timeout),
    }
}

/// The answer to what takes too long.
pub(super) fn too_slow(limit: Duration) -> Answer {
    let words = format!(
        "the operation took longer than {} s; ask for less at once",
        limit.as_secs()
    );
    Answer::from_errors(vec![coded(words, TOO_SLOW)])
}

/// The graph that answers the caller, and the operation with its text, if it may be executed.
pub(super) fn ready<'a>(
    caller: &Caller,
    operation: Operation,
    room: &'a Room,
) -> Result<(&'a Graph, Operation), ServerError> {
    let (operation, remember) = check(caller, operation, room)?;
    if let Some(remember) = remember {
        remember.keep();
    }
    match may_learn_schema(caller) {
        Ok(()) => Ok((&room.open, operation)),
        Err(_) => Ok((&room.closed, operation)),
    }
}

/// The operation with its text, if it may be executed.
fn check(
    caller: &Caller,
    operation: Operation,
    room: &Room,
) -> Result<(Operation, Option<Remember>), ServerError> {
    let (mut operation, remember) = complete(operation, &room.remembered, &room.listed)?;
    if !caller.actor().is_site_admin() {
        check_listed(&operation, &room.listed)?;
    }
    check_nesting(&operation.query)?;
    // What cannot be parsed is refused in execution, with the place of the fault.
    if let Ok(document) = operation.parsed_query() {
        room.limits.check(document)?;
        return Ok((operation, remember));
    }
    Ok((operation, None))
}

pub(super) async fn prepare(request: &Request, body: Body) -> Result<(Caller, Operation)> {
    let caller = auth::caller(request).await?;
    let operation = read(request, body, &caller).await?;
    Ok((caller, operation))
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
    check_length(&operation)?;
    Ok(operation)
}

/// # Errors
/// [`Error::TooLarge`] for a query that is longer than this server reads.
pub(super) fn check_length(operation: &Operation) -> Result<()> {
    match operation.query.len() as u64 {
        ..=QUERY_MAX => Ok(()),
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
