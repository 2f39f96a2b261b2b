//! Somebody who talks to the graph over a WebSocket.
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        Error, Message, client::IntoClientRequest, http::HeaderName, protocol::CloseFrame,
    },
};

use super::TestApp;

/// A connection that stays open.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// What the server says.
#[derive(Debug, PartialEq)]
pub enum Said {
    /// A message of the protocol.
    Message(Value),
    /// It closes, with this code.
    Closed(u16),
    /// It is gone, without a word.
    Gone,
}

impl Socket {
    /// Opens one to an app that listens at `address`, or tells the status with which it is refused.
    pub async fn open(address: &str, headers: &[(&str, &str)]) -> Result<Self, u16> {
        let mut request = format!("ws://{address}/graphql")
            .into_client_request()
            .expect("a request");
        let protocol = [("sec-websocket-protocol", "graphql-transport-ws")];
        for (name, value) in protocol.iter().chain(headers) {
            let name: HeaderName = name.parse().expect("a name");
            request
                .headers_mut()
                .insert(name, value.parse().expect("a value"));
        }
        match connect_async(request).await {
            Ok((socket, response)) => {
                assert_eq!(
                    response.headers()["sec-websocket-protocol"],
                    "graphql-transport-ws"
                );
                Ok(Self(socket))
            }
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// One to a server of its own for this app, on which the token has been shown.
    pub async fn of(app: &TestApp, token: &str) -> Self {
        let mut socket = Self::open(&app.serve(), &[]).await.expect("it opens");
        let shown = json!({"authorization": format!("Bearer {token}")});
        socket.greet(shown).await;
        socket
    }

    /// Sends the first message, and takes that it is welcome.
    pub async fn greet(&mut self, payload: Value) {
        self.send(json!({"type": "connection_init", "payload": payload}))
            .await;
        let welcome = json!({"type": "connection_ack"});
        assert_eq!(self.next().await, Said::Message(welcome));
    }

    /// Begins an operation.
    pub async fn ask(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({"query": query, "variables": variables});
        self.send(json!({"type": "subscribe", "id": id, "payload": payload}))
            .await;
    }

    pub async fn send(&mut self, message: Value) {
        self.text(&message.to_string()).await;
    }

    pub async fn text(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.expect("it is sent");
    }

    /// What the server says next, signs of life apart.
    pub async fn next(&mut self) -> Said {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => {
                    return Said::Message(serde_json::from_str(&text).expect("JSON"));
                }
                Some(Ok(Message::Close(Some(CloseFrame { code, .. })))) => {
                    return Said::Closed(code.into());
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(other)) => panic!("{other:?}"),
                Some(Err(_)) | None => return Said::Gone,
            }
        }
    }

    /// The next answer to the operation `id`.
    pub async fn answer(&mut self, id: &str) -> Value {
        match self.next().await {
            Said::Message(message) if message["type"] == "next" && message["id"] == id => {
                message["payload"].clone()
            }
            other => panic!("{other:?}"),
        }
    }

    /// There are no more answers to the operation `id`.
    pub async fn completes(&mut self, id: &str) {
        let complete = json!({"type": "complete", "id": id});
        assert_eq!(self.next().await, Said::Message(complete));
    }
}
