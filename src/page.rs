//! What a browser gets: the headers of every page, and the files that pages need, embedded in the binary.
//!
//! Owns the content security policy and the assets that the build made of `web/`. Must not know what a page says.
use std::borrow::Cow;

use data_encoding::HEXLOWER;
use poem::{
    Body, IntoResponse, Request, Response, Route, get, handler,
    http::{StatusCode, header},
    web::Path,
};
use rust_embed::{Embed, EmbeddedFile};
use url::Url;

/// The routes of this room.
pub const ROUTES: &[(&str, &str)] = &[("GET", "/assets/*path")];

/// Everything comes from this server; only styles may be inline, since the editor sets them on its elements.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

/// The folder of files that carry a hash of their content in their name, so that browsers may keep them for ever.
const HASHED: &str = "graphiql/";
/// A page, not an asset.
const GRAPHIQL: &str = "graphql.html";

#[derive(Embed)]
#[folder = "$OUT_DIR/web/"]
struct Web;

/// Adds the assets to the routes of the server.
pub fn routes(route: Route) -> Route {
    route.at("/assets/*path", get(asset))
}

/// A page, with the headers that keep foreign scripts and frames away from it, and it out of caches.
pub fn html(body: impl Into<Body>) -> Response {
    Response::builder()
        .content_type("text/html; charset=utf-8")
        .header(header::CONTENT_SECURITY_POLICY, POLICY)
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        // Told to send no referrer at all, browsers post forms from the origin `null`, even to the server of the page.
        .header(header::REFERRER_POLICY, "same-origin")
        .header(header::CACHE_CONTROL, "no-store")
        .body(body)
}

/// How command-line clients get at this server, as pages tell it.
pub struct Remote {
    /// The URL that clients take: without a port, for they insist on 443, or on 80 without TLS.
    pub url: String,
    /// Whether that is without TLS.
    pub insecure: bool,
    /// Where this server is to listen for that, when the page came from another port.
    pub listen: Option<String>,
}

impl Remote {
    /// As seen from `base_url`, what the browser put before the path.
    pub fn of(base_url: &str) -> Self {
        let insecure = base_url.starts_with("http://");
        let parsed = Url::parse(base_url).ok();
        let mut other = parsed.filter(|url| url.port().is_some());
        let listen = other.as_mut().map(|url| {
            let _ = url.set_port(None);
            let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
            let address = if here { "127.0.0.1" } else { "0.0.0.0" };
            format!("{address}:{}", if insecure { 80 } else { 443 })
        });
        let url = other.map_or_else(|| base_url.to_owned(), String::from);
        Self {
            url: url.trim_end_matches('/').to_owned(),
            insecure,
            listen,
        }
    }
}

/// The page to try GraphQL on.
pub fn graphiql() -> Response {
    Web::get(GRAPHIQL).map_or_else(missing, |file| html(bytes(file)))
}

#[handler]
fn asset(request: &Request, Path(path): Path<String>) -> Response {
    match Web::get(&path).filter(|_| path != GRAPHIQL) {
        Some(file) if path.starts_with(HASHED) => send(file)
            .with_header(header::CACHE_CONTROL, "public, max-age=31536000, immutable")
            .into_response(),
        Some(file) => revalidated(request, file),
        None => missing(),
    }
}

/// Sends a file unless the browser has it, which it asks every time.
fn revalidated(request: &Request, file: EmbeddedFile) -> Response {
    let tag = format!(
        "\"{}\"",
        HEXLOWER.encode(&file.metadata.sha256_hash()[..16])
    );
    let known = request
        .header(header::IF_NONE_MATCH)
        .is_some_and(|tags| tags.contains(&tag));
    let response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        send(file)
    };
    response
        .with_header(header::CACHE_CONTROL, "no-cache")
        .with_header(header::ETAG, tag)
        .into_response()
}

fn send(file: EmbeddedFile) -> Response {
    let mut kind = file.metadata.mimetype().to_owned();
    if kind.starts_with("text/") {
        kind.push_str("; charset=utf-8");
    }
    Response::builder()
        .content_type(kind)
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(bytes(file))
}

fn bytes(file: EmbeddedFile) -> Body {
    match file.data {
        Cow::Borrowed(bytes) => bytes.into(),
        Cow::Owned(bytes) => bytes.into(),
    }
}

fn missing() -> Response {
    "there is no such file\n"
        .with_status(StatusCode::NOT_FOUND)
        .into_response()
}
