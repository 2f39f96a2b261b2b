//! Listens with thousands of idle connections, for `make bench`, and tells how soon all of them hear of a tag that moves.
//!
//! `live_load BASE CONTAINER LISTENERS KIND TOKEN`, where KIND is `ws` (a WebSocket each) or `sse` (server-sent events).
//! Prints `open` when all listen. For each line that it then reads it points a tag at the image under the tag `first`, and
//! prints within how many milliseconds, from the moment of asking for it, the first, half and all of them heard.
use std::{
    env,
    io::{BufRead, stdin},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use futures::{FutureExt, SinkExt, StreamExt, future::BoxFuture, stream};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

/// How many connections are made at once.
const AT_ONCE: usize = 64;
/// After what time a listener that hears nothing is a fault.
const PATIENCE: Duration = Duration::from_secs(120);

/// What is listened to, and where.
#[derive(Clone)]
struct Load {
    client: Client,
    base: String,
    container: String,
    token: String,
}

#[tokio::main]
async fn main() -> Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    let [base, container, listeners, kind, token] = &words[..] else {
        bail!("usage: live_load BASE CONTAINER LISTENERS KIND TOKEN");
    };
    let load = Load {
        client: Client::builder().http1_only().build()?,
        base: base.clone(),
        container: container.clone(),
        token: token.clone(),
    };
    let listeners: usize = listeners.parse()?;
    let (heard, mut hearing) = mpsc::unbounded_channel();
    let open = |_| match kind.as_str() {
        "ws" => load.by_socket(heard.clone()).boxed(),
        "sse" => load.by_events(heard.clone()).boxed(),
        other => panic!("{other} is no kind"),
    };
    let mut opening = stream::iter((0..listeners).map(open)).buffer_unordered(AT_ONCE);
    while let Some(listening) = opening.next().await {
        tokio::spawn(listening?);
    }
    drop(opening);
    println!("open");
    for (number, line) in stdin().lock().lines().enumerate() {
        line?;
        let asked = Instant::now();
        load.move_tag(&format!("moved-{number}")).await?;
        let mut times = Vec::with_capacity(listeners);
        while times.len() < listeners {
            let at: Instant = tokio::time::timeout(PATIENCE, hearing.recv())
                .await
                .with_context(|| format!("{} of {listeners} heard", times.len()))?
                .context("all are gone")?;
            times.push((at - asked).as_secs_f64() * 1e3);
        }
        times.sort_unstable_by(f64::total_cmp);
        let [first, half, last] = [0, listeners / 2, listeners - 1].map(|place| times[place]);
        println!("{first:.1} {half:.1} {last:.1}");
    }
    Ok(())
}

type Heard = mpsc::UnboundedSender<Instant>;
/// What goes on once somebody listens.
type Listening = BoxFuture<'static, ()>;

impl Load {
    fn operation(&self) -> Value {
        let query = "subscription($container: ID) { tagMoved(container: $container) { tags at } }";
        json!({"query": query, "variables": {"container": self.container}})
    }

    async fn by_events(&self, heard: Heard) -> Result<Listening> {
        let request = self
            .client
            .post(format!("{}/graphql", self.base))
            .header("accept", "text/event-stream")
            .json(&self.operation());
        let mut answer = request.send().await?.error_for_status()?;
        Ok(async move {
            while let Ok(Some(piece)) = answer.chunk().await {
                if piece.starts_with(b"event: next") && heard.send(Instant::now()).is_err() {
                    break;
                }
            }
        }
        .boxed())
    }

    async fn by_socket(&self, heard: Heard) -> Result<Listening> {
        let address = self.base.replacen("http", "ws", 1);
        let mut request = format!("{address}/graphql").into_client_request()?;
        let protocol = "graphql-transport-ws".parse()?;
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocol);
        let (mut socket, _) = connect_async(request).await?;
        let subscribe = json!({"type": "subscribe", "id": "1", "payload": self.operation()});
        for message in [json!({"type": "connection_init"}), subscribe] {
            socket.send(Message::text(message.to_string())).await?;
        }
        let welcome = socket.next().await.context("it is open")??;
        ensure!(welcome.to_text()?.contains("connection_ack"), "{welcome}");
        Ok(async move {
            while let Some(Ok(message)) = socket.next().await {
                if message.is_text() && heard.send(Instant::now()).is_err() {
                    break;
                }
            }
        }
        .boxed())
    }

    async fn move_tag(&self, name: &str) -> Result<()> {
        let find =
            "query($path: ContainerPath!) { image(path: $path, reference: \"first\") { id } }";
        let found = self.ask(find, json!({"path": self.container})).await?;
        let set = "mutation($input: SetTagInput!) { setTag(input: $input) { tag { name } } }";
        let image = &found["image"]["id"];
        let input = json!({"container": self.container, "name": name, "image": image});
        self.ask(set, json!({"input": input})).await.map(drop)
    }

    async fn ask(&self, query: &str, variables: Value) -> Result<Value> {
        let request = self
            .client
            .post(format!("{}/graphql", self.base))
            .bearer_auth(&self.token)
            .json(&json!({"query": query, "variables": variables}));
        let answer: Value = request.send().await?.error_for_status()?.json().await?;
        ensure!(answer.get("errors").is_none(), "{answer}");
        Ok(answer["data"].clone())
    }
}
