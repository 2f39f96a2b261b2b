//! Singularity's library protocol, `library://`: discovery, the tree of names, images, tags, search, bytes up and down.
//!
//! Owns the paths, statuses and JSON of that protocol, which its clients compare to the letter. The protocol calls a
//! namespace "entity". Must not know SQL, rules or who may do what.
mod discovery;
mod dto;
mod error;
mod image;
mod imagefile;
mod message;
mod multipart;
mod reference;
mod render;
mod search;
mod tags;
mod tree;
mod upload;

use futures::FutureExt;
use poem::{Request, Response, Route, endpoint::make};

use crate::protocol::route::{self, Row};
pub use error::Error;
use error::Result;

const TABLE: &[Row<Error>] = &[
    ("GET", "/assets/config/config.prod.json", |r| {
        discovery::config(r).boxed()
    }),
    ("GET", "/version", |r| discovery::version(r).boxed()),
    ("GET", "/v1/token-status", |r| {
        discovery::token_status(r).boxed()
    }),
    ("GET", "/v1/rbac/users/current", |r| {
        discovery::current_user(r).boxed()
    }),
    ("POST", "/v1/entities", |r| tree::create_entity(r).boxed()),
    ("GET", "/v1/entities/:entity", |r| tree::entity(r).boxed()),
    ("POST", "/v1/collections", |r| {
        tree::create_collection(r).boxed()
    }),
    ("GET", "/v1/collections/:entity/:collection", |r| {
        tree::collection(r).boxed()
    }),
    ("POST", "/v1/containers", |r| {
        tree::create_container(r).boxed()
    }),
    ("GET", "/v1/containers/*path", |r| {
        tree::container(r).boxed()
    }),
    ("POST", "/v1/images", |r| image::create(r).boxed()),
    ("GET", "/v1/images/*path", |r| image::get(r).boxed()),
    ("DELETE", "/v1/images/*path", |r| image::delete(r).boxed()),
    ("GET", "/v1/tags/:container", |r| tags::get(r).boxed()),
    ("POST", "/v1/tags/:container", |r| tags::set(r).boxed()),
    ("GET", "/v2/tags/:container", |r| {
        tags::get_by_arch(r).boxed()
    }),
    ("POST", "/v2/tags/:container", |r| {
        tags::set_by_arch(r).boxed()
    }),
    ("GET", "/v1/search", |r| search::search(r).boxed()),
    ("GET", "/v1/imagefile/*path", |r| {
        imagefile::by_name(r).boxed()
    }),
    ("HEAD", "/v1/imagefile/*path", |r| {
        imagefile::by_name(r).boxed()
    }),
    ("POST", "/v1/imagefile/*path", |r| upload::direct(r).boxed()),
    ("GET", "/v2/imagefile/:image", |r| {
        imagefile::by_id(r).boxed()
    }),
    ("HEAD", "/v2/imagefile/:image", |r| {
        imagefile::by_id(r).boxed()
    }),
    ("POST", "/v2/imagefile/:image", |r| upload::start(r).boxed()),
    ("PUT", "/v2/imagefile/:image/_complete", |r| {
        upload::complete(r).boxed()
    }),
    ("POST", "/v2/imagefile/:image/_multipart", |r| {
        multipart::start(r).boxed()
    }),
    ("PUT", "/v2/imagefile/:image/_multipart", |r| {
        multipart::part(r).boxed()
    }),
    ("PUT", "/v2/imagefile/:image/_multipart_complete", |r| {
        multipart::complete(r).boxed()
    }),
    ("PUT", "/v2/imagefile/:image/_multipart_abort", |r| {
        multipart::abort(r).boxed()
    }),
    (
        "PUT",
        "/v2/imagefile/:image/_upload/:upload/:part/:capability",
        |r| upload::receive(r).boxed(),
    ),
];

/// The routes of this room: method and path.
pub const ROUTES: &[(&str, &str)] = &route::names::<Error, { TABLE.len() }>(TABLE);

/// Adds the routes of this room.
pub fn routes(route: Route) -> Route {
    // Clients read the body of a 404, and a page in HTML would confuse them, so no other room answers below these.
    ["/v1/*rest", "/v2/imagefile/*rest", "/v2/tags/*rest"]
        .iter()
        .fold(route::join(route, TABLE), |route, path| {
            route.at(path, make(unknown))
        })
}

async fn unknown(_: Request) -> Result<Response> {
    Err(crate::error::Error::NotFound("address").into())
}
