//! Operations of all kinds over one WebSocket, as `graphql-transport-ws` has them, for clients that hold one connection open.
use std::{
    future::ready,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use async_graphql::{
    Data, Executor, Request as Operation, Response as Answer,
    http::{ClientMessage, WebSocket as Protocol, WebSocketProtocols as Protocols, WsMessage},
};
use futures::{
    SinkExt, Stream, StreamExt,
    stream::{BoxStream, once},
};
use poem::{
    FromRequest, IntoResponse, Request, RequestBody, Response,
    http::header,
    web::websocket::{Message, WebSocket, WebSocketConfig, WebSocketStream},
};
use tokio::{
    pin, select,
    sync::Semaphore,
    time::{Instant, interval_at, sleep},
};

use super::{
    endpoint::{Room, check_length},
    error::{refusal, refused, render},
    stream::{Answers, begin, one},
};
use crate::{
    auth,
    error::{Error, Result},
    protocol::RequestContext,
    registry::{Caller, live, shown},
};

/// How often a client must show that it is there. Browsers and libraries answer by themselves.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// For how long a client may keep silent who it is.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many operations may run on one connection at once.
const OPERATIONS: usize = 100;
/// How much of a message is read at once. Thousands of connections hold as much each.
const BUFFER: usize = 4 << 10;
/// The longest reason that fits into a message that closes.
const REASON_MAX: usize = 123;

/// Whether the client asks for a WebSocket.
pub(super) fn is_wanted(request: &Request) -> bool {
    request
        .header(header::UPGRADE)
        .is_some_and(|wanted| wanted.eq_ignore_ascii_case("websocket"))
}

/// Opens one to whoever may have it.
pub(super) async fn open(request: &Request, room: &Room) -> Response {
    match accept(request, room).await {
        Ok(response) => response,
        Err(error) => refusal(&error),
    }
}

async fn accept(request: &Request, room: &Room) -> Result<Response> {
    let opener = auth::opener(request).await?;
    let socket = WebSocket::from_request(request, &mut RequestBody::default())
        .await
        .map_err(|error| Error::invalid("upgrade", error.to_string()))?;
    let seat = live::connect(&opener)?;
    let answering = Answering {
        room: room.clone(),
        facts: RequestContext::of(request).clone(),
        known: Arc::default(),
        running: Arc::new(Semaphore::new(OPERATIONS)),
    };
    let longest = opener.config().http.request_body_limit.bytes();
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(0)
        .max_message_size(usize::try_from(longest).ok())
        .max_frame_size(usize::try_from(longest).ok());
    let speak = move |socket| async move {
        converse(socket, opener, answering).await;
        drop(seat);
    };
    Ok(socket
        .config(config)
        .protocols([Protocols::GraphQLWS.sec_websocket_protocol()])
        .on_upgrade(speak)
        .into_response())
}

/// Takes messages and sends answers until one of both sides closes.
async fn converse(socket: WebSocketStream, opener: Caller, answering: Answering) {
    let (mut out, frames) = socket.split();
    let alive = Arc::new(AtomicBool::new(true));
    let known = answering.known.clone();
    let answers = Protocol::from_message_stream(
        answering.clone(),
        messages(frames, alive.clone()),
        Protocols::GraphQLWS,
    )
    .on_connection_init({
        let opener = opener.clone();
        move |payload| async move { answering.greet(&opener, &payload).await }
    });
    let silence = sleep(PATIENCE);
    pin!(answers, silence);
    let mut heartbeat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
    loop {
        let message = select! {
            biased;
            answer = answers.next() => match answer {
                Some(WsMessage::Text(text)) => Message::Text(text),
                Some(WsMessage::Close(code, why)) => close(in_protocol(code, &known), &why),
                None => close(1000, ""),
            },
            () = &mut silence, if known.get().is_none() => close(4408, "the first message did not come in time"),
            () = live::stopping(&opener) => close(1001, "the server stops; connect again soon"),
            _ = heartbeat.tick() => match alive.swap(false, Relaxed) {
                true => Message::Ping(Vec::new()),
                false => break,
            },
        };
        let last = message.is_close();
        if out.send(message).await.is_err() || last {
            break;
        }
    }
}

/// The messages among the frames, each of which shows that the client is there.
fn messages(
    frames: impl Stream<Item = std::io::Result<Message>>,
    alive: Arc<AtomicBool>,
) -> impl Stream<Item = serde_json::Result<ClientMessage>> {
    let read = move |frame| {
        alive.store(true, Relaxed);
        ready(match frame {
            Ok(Message::Text(text)) => Some(Some(ClientMessage::from_bytes(text))),
            Ok(Message::Binary(bytes)) => Some(Some(ClientMessage::from_bytes(bytes))),
            Ok(Message::Ping(_) | Message::Pong(_)) => Some(None),
            Ok(Message::Close(_)) | Err(_) => None,
        })
    };
    let whole = frames.scan((), move |(), frame| read(frame));
    whole.filter_map(ready)
}

fn close(code: u16, why: &str) -> Message {
    Message::close_with(code, &why[..why.floor_char_boundary(REASON_MAX)])
}

/// The code with which the protocol wants this said; the library has general ones.
fn in_protocol(code: u16, known: &OnceLock<Option<Caller>>) -> u16 {
    match (code, known.get()) {
        (1002, Some(None)) => 4403,
        (1002, _) => 4400,
        (1011, _) => 4401,
        (other, _) => other,
    }
}

/// Answers the operations of one connection.
#[derive(Clone)]
struct Answering {
    room: Room,
    facts: RequestContext,
    /// Who the client is, once the first message says so; nobody whom that is believed of.
    known: Arc<OnceLock<Option<Caller>>>,
    running: Arc<Semaphore>,
}

impl Answering {
    /// Whoever opened the connection is asking, unless the first message has a token of its own.
    async fn greet(
        &self,
        opener: &Caller,
        payload: &serde_json::Value,
    ) -> async_graphql::Result<Data> {
        let members = payload.as_object().into_iter().flatten();
        let mut authorization =
            members.filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        let caller = match authorization.next() {
            Some((_, value)) => auth::sayer(opener, value.as_str().unwrap_or_default()).await,
            None => Ok(opener.clone()),
        };
        let _first = self.known.set(caller.as_ref().ok().cloned());
        caller?;
        Ok(Data::default())
    }

    async fn answers(self, operation: Operation) -> Answers {
        match self.begin(operation).await {
            Ok(answers) => answers,
            Err(error) => one(Answer::from_errors(vec![refused(&error)])),
        }
    }

    /// The credential was good when the connection began; that may be long ago.
    async fn begin(self, operation: Operation) -> Result<Answers> {
        let caller = self.known.get().and_then(Option::as_ref);
        let caller =
            caller.ok_or_else(|| Error::Unauthenticated("say who you are first".into()))?;
        let place = self.running.clone().try_acquire_owned();
        let place = place.map_err(|_| Error::RateLimited { after: HEARTBEAT })?;
        shown::check(caller).await?;
        check_length(&operation)?;
        let operation = operation.data(self.facts.clone());
        let answers = begin(caller, operation, &self.room).await;
        let rendered = answers.map(move |answer| {
            let _held = &place;
            render(answer)
        });
        Ok(rendered.boxed())
    }
}

impl Executor for Answering {
    async fn execute(&self, operation: Operation) -> Answer {
        let mut answers = self.clone().answers(operation).await;
        answers.next().await.unwrap_or_default()
    }

    fn execute_stream(
        &self,
        operation: Operation,
        _: Option<Arc<Data>>,
    ) -> BoxStream<'static, Answer> {
        once(self.clone().answers(operation)).flatten().boxed()
    }
}
