//! Section `http`.
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ByteSize, Duration, Fault, HttpUrl, Network, ensure};

/// The address and behaviour of the HTTP server.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// The address and port to listen on. `0.0.0.0:8080` or `[::]:8080` listens on every interface.
    #[schemars(title = "address and port such as 127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// The URL under which clients reach this server, with the path prefix if a proxy adds one. When absent, it is derived
    /// from the `Host` of each request.
    pub public_url: Option<HttpUrl>,
    /// How long a server that is told to stop waits for running transfers.
    pub drain_timeout: Duration,
    /// How long a client may stand still that owes the server something: the head of its next request, more of a body, or
    /// room for more of an answer. Its connection is closed then.
    pub stall_timeout: Duration,
    /// The largest JSON body of a request. Image uploads are not bound by it.
    pub request_body_limit: ByteSize,
    /// The proxies whose `Forwarded` and `X-Forwarded-*` headers are believed. Headers from anybody else are ignored.
    pub trusted_proxies: Vec<Network>,
    /// HTTPS without a proxy in front.
    pub tls: Tls,
}

/// HTTPS without a proxy in front: both files, or neither for plain HTTP.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// The file with the certificate chain, in PEM.
    pub certificate: Option<PathBuf>,
    /// The file with the private key of the certificate, in PEM.
    pub private_key: Option<PathBuf>,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 8080).into(),
            public_url: None,
            drain_timeout: Duration::from_mins(5),
            stall_timeout: Duration::from_mins(2),
            request_body_limit: ByteSize::from_mib(1),
            trusted_proxies: Vec::new(),
            tls: Tls::default(),
        }
    }
}

impl Http {
    pub(super) fn validate(&self) -> Result<(), Fault> {
        self.stall_timeout.ensure_positive("http.stall_timeout")?;
        ensure(
            self.request_body_limit.bytes() > 0,
            "http.request_body_limit",
            "must be more than 0 B",
        )?;
        let Tls {
            certificate,
            private_key,
        } = &self.tls;
        let with = |other| format!("must be set together with {other}");
        let (certificate, private_key) = (certificate.is_some(), private_key.is_some());
        ensure(
            certificate || !private_key,
            "http.tls.certificate",
            with("http.tls.private_key"),
        )?;
        ensure(
            private_key || !certificate,
            "http.tls.private_key",
            with("http.tls.certificate"),
        )
    }
}
