//! Answers as server-sent events, for subscriptions: one operation a request, as GraphQL over SSE's distinct connections.
use std::{io, time::Duration};

use async_graphql::{
    Request as Operation, Response as Answer,
    parser::types::{DocumentOperations, OperationType},
};
use bytes::Bytes;
use futures::{
    Stream, StreamExt,
    stream::{BoxStream, iter, unfold},
};
use poem::{Body, Request, Response, http::header};
use tokio::{
    select,
    time::{sleep, timeout},
};

use super::{
    Graph,
    endpoint::{Room, prepare, ready, run, too_slow},
    error::{refusal, render},
    subscription::Standing,
};
use crate::{protocol::RequestContext, registry::Caller};

/// The media type.
const KIND: &str = "text/event-stream";
/// How often a connection on which nothing happens shows that it is there.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Whether the client takes events.
pub(super) fn is_wanted(request: &Request) -> bool {
    request
        .header(header::ACCEPT)
        .is_some_and(|kinds| kinds.contains(KIND))
}

/// Answers an operation of any kind. The head is sent when a subscription stands: what happens after it is not missed.
pub(super) async fn answer(request: &Request, body: Body, room: &Room) -> Response {
    let (caller, operation) = match prepare(request, body).await {
        Ok(prepared) => prepared,
        Err(error) => return refusal(&error),
    };
    let operation = operation.data(RequestContext::of(request).clone());
    let answers = begin(&caller, operation, room).await;
    Response::builder()
        .content_type(KIND)
        .header(header::CACHE_CONTROL, "no-cache")
        .header("x-accel-buffering", "no")
        .body(Body::from_bytes_stream(events(answers)))
}

pub(super) type Answers = BoxStream<'static, Answer>;

/// The answers to an operation, as soon as it stands.
pub(super) async fn begin(caller: &Caller, operation: Operation, room: &Room) -> Answers {
    let (graph, mut operation) = match ready(caller, operation, room) {
        Ok(ready) => ready,
        Err(error) => return one(Answer::from_errors(vec![error])),
    };
    match is_subscription(&mut operation) {
        true => subscribe(caller, graph, operation, room).await,
        false => one(run(caller, graph, operation, room, None).await),
    }
}

async fn subscribe(caller: &Caller, graph: &Graph, operation: Operation, room: &Room) -> Answers {
    let standing = Standing::default();
    let operation = operation
        .data(caller.clone())
        .data(room.loaders.of(caller))
        .data(standing.clone());
    let mut answers = graph.execute_stream(operation);
    select! {
        () = standing.0.notified() => answers,
        first = answers.next() => iter(first).chain(answers).boxed(),
        () = sleep(room.timeout) => one(too_slow(room.timeout)),
    }
}

/// One answer, and no more.
pub(super) fn one(answer: Answer) -> Answers {
    iter([answer]).boxed()
}

fn is_subscription(operation: &mut Operation) -> bool {
    let name = operation.operation_name.clone();
    let Ok(document) = operation.parsed_query() else {
        return false;
    };
    let asked = match (&document.operations, name) {
        (DocumentOperations::Single(only), _) => Some(only),
        (DocumentOperations::Multiple(all), Some(name)) => all.get(name.as_str()),
        // One alone needs no choice, though it has a name.
        (DocumentOperations::Multiple(all), None) => all.values().next().filter(|_| all.len() == 1),
    };
    asked.is_some_and(|asked| asked.node.ty == OperationType::Subscription)
}

/// The answers as events, the last of which says that there are no more. In between, comments keep the connection open.
fn events(answers: Answers) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    unfold(Some(answers), |answers| async move {
        let mut answers = answers?;
        Some(match timeout(HEARTBEAT, answers.next()).await {
            Ok(Some(answer)) => (next(answer), Some(answers)),
            Ok(None) => ("event: complete\ndata:\n\n".into(), None),
            Err(_) => (":\n\n".into(), Some(answers)),
        })
    })
    .map(|text: String| Ok(text.into()))
}

fn next(answer: Answer) -> String {
    let answer = serde_json::to_string(&render(answer)).expect("an answer is JSON");
    format!("event: next\ndata: {answer}\n\n")
}
