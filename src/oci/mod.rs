//! The OCI distribution API (distribution-spec 1.1, and what 1.2 adds): `oras://`, `docker://`, and every other client of
//! registries.
//!
//! Owns the paths below `/v2/`, their statuses, headers and JSON. The protocol calls a container "repository". Must not
//! know SQL, rules, what is in a manifest, or who may do what.
mod blob;
mod call;
mod error;
mod list;
mod manifest;
mod referrers;
mod route;
mod upload;

use futures::{FutureExt, StreamExt};
use poem::{
    PathPattern, Request, Response, Route,
    endpoint::make,
    http::{HeaderName, HeaderValue, Method},
};

use crate::{auth, protocol::linger};
use call::{Call, Inflow};
pub use error::Error;
use error::Result;
use route::{Endpoint, Row, Target};

/// Tells old clients that this is the second version of the protocol.
const VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");

const TABLE: &[Row] = &[
    ("GET", Endpoint::Base, |c, _| list::base(c).boxed()),
    ("GET", Endpoint::Catalog, |c, _| list::catalog(c).boxed()),
    ("GET", Endpoint::Tags, |c, _| list::tags(c).boxed()),
    ("GET", Endpoint::Referrers, |c, _| {
        referrers::list(c).boxed()
    }),
    ("GET", Endpoint::Manifest, |c, _| manifest::get(c).boxed()),
    ("HEAD", Endpoint::Manifest, |c, _| manifest::get(c).boxed()),
    ("PUT", Endpoint::Manifest, |c, b| {
        manifest::put(c, b).boxed()
    }),
    ("DELETE", Endpoint::Manifest, |c, _| {
        manifest::delete(c).boxed()
    }),
    ("GET", Endpoint::Blob, |c, _| blob::get(c).boxed()),
    ("HEAD", Endpoint::Blob, |c, _| blob::get(c).boxed()),
    ("DELETE", Endpoint::Blob, |c, _| blob::delete(c).boxed()),
    ("POST", Endpoint::Uploads, |c, b| {
        upload::start(c, b).boxed()
    }),
    ("GET", Endpoint::Upload, |c, _| upload::status(c).boxed()),
    ("PATCH", Endpoint::Upload, |c, b| {
        upload::append(c, b).boxed()
    }),
    ("PUT", Endpoint::Upload, |c, b| upload::finish(c, b).boxed()),
    ("DELETE", Endpoint::Upload, |c, _| upload::cancel(c).boxed()),
];

/// The routes of this room: method and path, as the specification writes it.
pub const ROUTES: &[(&str, &str)] = &route::names::<{ TABLE.len() }>(TABLE);

/// Adds the routes of this room. A name may have several parts, so the router sees one path; `route` has them all.
pub fn routes(route: Route) -> Route {
    ["/v2", "/v2/*path"]
        .iter()
        .fold(route, |route, path| route.at(path, make(answer)))
}

/// Answers a request, and hears out a client that is refused while it sends.
async fn answer(mut request: Request) -> Response {
    let mut body = request.take_body().into_bytes_stream().fuse().boxed();
    let target = Target::parse(request.uri().path());
    let mut response = match serve(&request, &target, &mut body).await {
        Ok(response) => response,
        Err(error) => {
            linger(body);
            error.answer(&request, &target)
        }
    };
    if request.method() == Method::HEAD {
        response.set_body(());
    }
    let version = HeaderValue::from_static("registry/2.0");
    response.headers_mut().insert(VERSION, version);
    // The router knows one path for all of these; numbers are told apart by the one that the specification knows.
    let pattern = PathPattern(target.endpoint.pattern().into());
    response.extensions_mut().insert(pattern);
    response
}

async fn serve(request: &Request, target: &Target, body: &mut Inflow) -> Result<Response> {
    let handler = route::find(TABLE, request.method(), target.endpoint)?;
    let caller = auth::registry_caller(request, target.wanted(request.method())).await?;
    let call = Call {
        caller: &caller,
        request,
        target,
    };
    handler(call, body).await
}
