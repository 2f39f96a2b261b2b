//! Every route, joined.
use std::sync::Arc;

use poem::{Endpoint, EndpointExt, Response, Route, get, middleware::CatchPanic};

use super::{
    context::WithContext,
    health::{healthz, readyz},
    metrics,
};
use crate::{auth, download, graphql, hkp, library, oci, page, registry::Registry, shub, site};

/// The routes of this room. Each surface has such a list.
pub const ROUTES: &[(&str, &str)] = &[
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", metrics::PATH),
];

/// The whole server as one endpoint.
pub fn endpoint(registry: &Arc<Registry>) -> impl Endpoint<Output = Response> + 'static {
    let route = Route::new()
        .at("/healthz", get(healthz))
        .at("/readyz", get(readyz))
        .at(metrics::PATH, get(metrics::metrics));
    let route = auth::routes(route);
    let route = library::routes(route);
    let route = oci::routes(route);
    let route = hkp::routes(route);
    let route = download::routes(route);
    let route = shub::routes(route);
    let route = graphql::routes(route, registry.config());
    let route = site::routes(route);
    page::routes(route)
        .around(site::rendered)
        .data(registry.clone())
        .data(Arc::new(auth::SignIns::default()))
        .with(CatchPanic::new())
        .with(WithContext::new(registry))
}
