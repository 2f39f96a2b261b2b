//! One delivery: a request by Standard Webhooks, to nowhere but where webhooks may go.
use std::{error::Error as _, net::SocketAddr, sync::Arc, time::Instant};

use reqwest::{
    Client, Response,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};
use url::{Host, Url};

use super::message::message;
use crate::registry::{
    Caller, Registry,
    webhook::{Claimed, Outcome, Sending, is_open},
};

/// How much of an answer is read, in bytes.
const ANSWER_MAX: usize = 4096;
/// What is told of an address that nothing is sent to.
const CLOSED: &str =
    "its host has a private address; ask an administrator to allow it (webhook.allow_private)";

/// Sends what webhooks are told.
pub(super) struct Sender {
    client: Client,
    registry: Arc<Registry>,
}

impl Sender {
    /// Follows no redirect and uses no proxy: either could lead where nothing may be sent. Connections are not kept, so
    /// that each is made to an address that was looked at.
    pub(super) fn new(registry: Arc<Registry>) -> Self {
        let timeout = registry.config().webhook.timeout.get();
        let client = Client::builder()
            .user_agent(concat!("sifhub/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .no_proxy()
            .dns_resolver(Arc::new(Open(registry.clone())))
            .pool_max_idle_per_host(0)
            .timeout(timeout)
            .build()
            .expect("TLS can be used");
        Self { client, registry }
    }

    /// Sends one message and tells what came of it.
    pub(super) async fn send(
        &self,
        caller: &Caller,
        claimed: &Claimed,
        sending: &Sending,
    ) -> Outcome {
        let started = Instant::now();
        let outcome = match self.attempt(caller, claimed, sending).await {
            Ok((status, response)) => Outcome {
                status: Some(status),
                response,
                ..Outcome::default()
            },
            Err(error) => Outcome {
                error: Some(error),
                ..Outcome::default()
            },
        };
        Outcome {
            took: started.elapsed(),
            ..outcome
        }
    }

    async fn attempt(
        &self,
        caller: &Caller,
        claimed: &Claimed,
        sending: &Sending,
    ) -> Result<(u16, String), String> {
        let url = Url::parse(&claimed.url).map_err(|error| error.to_string())?;
        self.check(&url)?;
        let (id, seconds, body) = (sending.id, caller.now().timestamp(), message(sending));
        let signature = claimed.sign(format!("{id}.{seconds}.{body}").as_bytes());
        let request = self
            .client
            .post(url)
            .header("content-type", "application/json")
            .header("webhook-id", id.to_string())
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", signature)
            .body(body);
        let response = request.send().await.map_err(in_words)?;
        Ok((response.status().as_u16(), beginning(response).await))
    }

    /// Addresses that are written out are not looked up, so they are looked at here.
    fn check(&self, url: &Url) -> Result<(), String> {
        let address = match url.host() {
            Some(Host::Ipv4(address)) => address.into(),
            Some(Host::Ipv6(address)) => address.into(),
            _ => return Ok(()),
        };
        match is_open(self.registry.config(), address) {
            true => Ok(()),
            false => Err(CLOSED.into()),
        }
    }
}

/// What went wrong, with its causes, and without the URL, which may hold secrets.
fn in_words(error: reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".into();
    }
    let error = error.without_url();
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        words = format!("{words}: {inner}");
        cause = inner.source();
    }
    words.truncate(words.floor_char_boundary(1000));
    words
}

/// The beginning of an answer; what breaks off is as good as what ends.
async fn beginning(mut response: Response) -> String {
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        bytes.extend_from_slice(&chunk[..chunk.len().min(ANSWER_MAX)]);
        if bytes.len() >= ANSWER_MAX {
            break;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Looks up names, and refuses those of which any address may not be sent to. The connection goes to an address that was
/// looked at: a name that points elsewhere a moment later leads nowhere.
struct Open(Arc<Registry>);

impl Resolve for Open {
    fn resolve(&self, name: Name) -> Resolving {
        let registry = self.0.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if found
                .iter()
                .all(|address| is_open(registry.config(), address.ip()))
            {
                return Ok(Box::new(found.into_iter()) as Addrs);
            }
            Err(CLOSED.into())
        })
    }
}
