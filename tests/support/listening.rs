//! Somebody who listens to server-sent events of the graph.
use std::pin::Pin;

use bytes::Bytes;
use futures::{FutureExt, Stream, StreamExt};
use poem::{Response, http::HeaderMap};
use serde_json::Value;

type Pieces = Pin<Box<dyn Stream<Item = std::io::Result<Bytes>> + Send>>;

/// An answer that goes on.
pub struct Listening {
    pub status: u16,
    pub headers: HeaderMap,
    pieces: Pieces,
    text: String,
}

/// What was sent.
#[derive(Debug, PartialEq)]
pub enum Sent {
    /// An answer.
    Next(Value),
    /// There are no more.
    Complete,
}

impl Listening {
    pub fn new(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        Self {
            status: parts.status.as_u16(),
            headers: parts.headers,
            pieces: Box::pin(body.into_bytes_stream()),
            text: String::new(),
        }
    }

    /// What is sent next, comments apart; `None` when the connection ends.
    pub async fn next(&mut self) -> Option<Sent> {
        loop {
            while let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                if !event.starts_with(':') {
                    return Some(read(&event));
                }
            }
            let piece = self.pieces.next().await?.expect("more of the answer");
            self.text += std::str::from_utf8(&piece).expect("text");
        }
    }

    /// What is sent next, if it was sent already.
    pub fn ready(&mut self) -> Option<Sent> {
        self.next().now_or_never().flatten()
    }

    /// The next answer.
    pub async fn answer(&mut self) -> Value {
        match self.next().await {
            Some(Sent::Next(answer)) => answer,
            other => panic!("{other:?}"),
        }
    }
}

fn read(event: &str) -> Sent {
    let lines: Vec<_> = event
        .lines()
        .filter_map(|line| line.split_once(':'))
        .collect();
    let field = |name: &str| {
        let found = lines.iter().find(|(known, _)| *known == name);
        found
            .map(|(_, value)| value.trim_start())
            .unwrap_or_default()
    };
    match field("event") {
        "next" => Sent::Next(serde_json::from_str(field("data")).expect("JSON")),
        "complete" => Sent::Complete,
        other => panic!("{other}: {event}"),
    }
}
