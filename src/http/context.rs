//! Around every request: its facts, its id in the answer, its line in the log, and its numbers.
use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use data_encoding::HEXLOWER;
use futures::TryStreamExt;
use poem::{
    Body, Endpoint, IntoResponse, Middleware, PathPattern, Request, Response, Result,
    http::{HeaderName, HeaderValue, Uri},
};
use tracing::Instrument;

use super::{outflow::Outflow, patience::bounded};
use crate::{
    config::{HttpUrl, Network},
    metrics::Http,
    protocol::RequestContext,
    registry::Registry,
};

/// Names a request, to people and to the log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What comes before the secret of a share link.
const SHARE: &str = "/share/";

/// Adds a [`RequestContext`] to every request, and counts it.
#[derive(Clone)]
pub(super) struct WithContext {
    public_url: Option<HttpUrl>,
    trusted: Vec<Network>,
    tls: bool,
    stall: Duration,
    http: Http,
}

impl WithContext {
    /// As the configuration says.
    pub(super) fn new(registry: &Registry) -> Self {
        let config = registry.config();
        Self {
            public_url: config.http.public_url.clone(),
            trusted: config.http.trusted_proxies.clone(),
            tls: config.http.tls.certificate.is_some(),
            stall: config.http.stall_timeout.get(),
            http: registry.metrics().http.clone(),
        }
    }
}

impl<E: Endpoint> Middleware<E> for WithContext {
    type Output = InContext<E>;

    fn transform(&self, inner: E) -> InContext<E> {
        InContext {
            inner,
            context: self.clone(),
        }
    }
}

/// An endpoint whose requests have a context.
pub(super) struct InContext<E> {
    inner: E,
    context: WithContext,
}

impl<E: Endpoint> Endpoint for InContext<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let (started, running) = (Instant::now(), self.context.http.begin());
        let facts = self.context.facts(&request);
        let (id, client) = (facts.id.clone(), facts.client);
        let (method, path) = (request.method().clone(), redacted(request.uri()));
        request.extensions_mut().insert(facts);
        let received = running.received();
        let count = move |bytes: &Bytes| {
            received.inc_by(bytes.len() as u64);
        };
        let body = request.take_body().into_bytes_stream().inspect_ok(count);
        request.set_body(Body::from_bytes_stream(bounded(body, self.context.stall)));
        let span = tracing::info_span!("request", id = &*id);
        let answer = self.inner.call(request).instrument(span.clone()).await;
        let mut response =
            answer.map_or_else(|error| error.into_response(), IntoResponse::into_response);
        if let Ok(value) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        let (status, ms) = (response.status().as_u16(), started.elapsed().as_millis());
        let client = client.map(|ip| ip.to_string()).unwrap_or_default();
        span.in_scope(|| tracing::info!(%method, path, status, ms = u64::try_from(ms).unwrap_or(u64::MAX), client, "answered"));
        let route = response.data::<PathPattern>().map(|route| route.0.clone());
        let sending = running.answered(method.as_str(), &route.unwrap_or_default(), status);
        let body = response.take_body();
        response.set_body(Outflow::counted(body, sending));
        Ok(response)
    }
}

impl WithContext {
    fn facts(&self, request: &Request) -> RequestContext {
        let peer = request
            .remote_addr()
            .as_socket_addr()
            .map(|address| address.ip());
        let proxied =
            peer.is_some_and(|ip| self.trusted.iter().any(|network| network.contains(ip)));
        RequestContext {
            id: request_id(request),
            base_url: self.base_url(request, proxied).into(),
            client: if proxied {
                self.behind_proxies(request).or(peer)
            } else {
                peer
            },
        }
    }

    /// The configured URL, or the one that the client must have used. A trusted proxy may tell of the latter.
    fn base_url(&self, request: &Request, proxied: bool) -> String {
        if let Some(url) = &self.public_url {
            return url.as_str().trim_end_matches('/').to_owned();
        }
        let told = |name: &str| proxied.then(|| request.header(name)).flatten();
        let scheme = told("x-forwarded-proto").unwrap_or(if self.tls { "https" } else { "http" });
        let host = told("x-forwarded-host")
            .or_else(|| request.header("host"))
            .or_else(|| request.uri().host());
        format!(
            "{scheme}://{}",
            host.filter(|host| is_host(host)).unwrap_or("localhost")
        )
    }

    /// The last address in `X-Forwarded-For` that is not a trusted proxy's.
    fn behind_proxies(&self, request: &Request) -> Option<IpAddr> {
        let header = request.header("x-forwarded-for")?;
        let addresses = header
            .rsplit(',')
            .map_while(|text| text.trim().parse().ok());
        addresses
            .into_iter()
            .find(|ip| !self.trusted.iter().any(|network| network.contains(*ip)))
    }
}

/// What may stand in a URL as host and port; anything else was made up.
fn is_host(text: &str) -> bool {
    let allowed = |c: u8| c.is_ascii_alphanumeric() || b".-_:[]".contains(&c);
    !text.is_empty() && text.len() <= 255 && text.bytes().all(allowed)
}

/// The id that a proxy or client chose, if it is a plain one, or a new one.
fn request_id(request: &Request) -> Arc<str> {
    let plain = |id: &&str| {
        (8..=64).contains(&id.len())
            && id
                .bytes()
                .all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_')
    };
    match request.header(REQUEST_ID).filter(plain) {
        Some(id) => id.into(),
        None => {
            let mut bytes = [0; 8];
            aws_lc_rs::rand::fill(&mut bytes).expect("the operating system gives random numbers");
            HEXLOWER.encode(&bytes).into()
        }
    }
}

/// The path, without the secrets that some paths carry.
fn redacted(uri: &Uri) -> String {
    let path = uri.path();
    if path.starts_with(SHARE) {
        return format!("{SHARE}…");
    }
    for secret in ["/_upload/", "/auth/setup/"] {
        if let Some(place) = path.find(secret) {
            return format!("{}…", &path[..place + secret.len()]);
        }
    }
    path.to_owned()
}
