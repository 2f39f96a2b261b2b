//! The numbers for Prometheus.
use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use poem::{
    Endpoint, EndpointExt, Request, Response, Route, get, handler, http::header, web::Data,
};

use super::context::WithContext;
use crate::{
    auth,
    config::{Config, MetricsAccess},
    error::{Error, Result},
    metrics::CONTENT_TYPE,
    protocol,
    registry::{Registry, measure},
};

/// Where they are.
pub(super) const PATH: &str = "/metrics";

/// The numbers, on an address of their own.
pub(super) fn endpoint(
    registry: &Arc<Registry>,
) -> impl Endpoint<Output = Response> + use<> + 'static {
    Route::new()
        .at(PATH, get(answer))
        .data(registry.clone())
        .with(WithContext::new(registry))
}

/// The numbers, where everybody else is answered, too.
#[handler]
pub(super) async fn metrics(request: &Request, registry: Data<&Arc<Registry>>) -> Response {
    match registry.config().metrics.listen {
        None => numbers(request, &registry).await,
        Some(_) => refused(&Error::NotFound("address")),
    }
}

#[handler]
async fn answer(request: &Request, registry: Data<&Arc<Registry>>) -> Response {
    numbers(request, &registry).await
}

async fn numbers(request: &Request, registry: &Registry) -> Response {
    match admit(request, registry.config()).await {
        Ok(()) => Response::builder()
            .content_type(CONTENT_TYPE)
            .body(measure::text(registry)),
        Err(error) => refused(&error),
    }
}

fn refused(error: &Error) -> Response {
    protocol::failure(error).body(format!("{error}\n"))
}

/// # Errors
/// [`Error::NotFound`] where nobody may read them; [`Error::Unauthenticated`] and [`Error::Forbidden`] for whoever may not.
async fn admit(request: &Request, config: &Config) -> Result<()> {
    match config.metrics.access {
        MetricsAccess::Off => Err(Error::NotFound("address")),
        MetricsAccess::Public => Ok(()),
        MetricsAccess::Token if shows_token(request, config) => Ok(()),
        MetricsAccess::Token => {
            let caller = auth::caller(request).await?;
            caller.account()?;
            match caller.actor().is_site_admin() {
                true => Ok(()),
                false => Err(Error::Forbidden(
                    "the numbers are for metrics.token and for site administrators".into(),
                )),
            }
        }
    }
}

fn shows_token(request: &Request, config: &Config) -> bool {
    let shown = request.header(header::AUTHORIZATION).unwrap_or_default();
    let shown = shown
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    match (shown, &config.metrics.token) {
        (Some((_, shown)), Some(token)) => {
            verify_slices_are_equal(shown.trim().as_bytes(), token.reveal().as_bytes()).is_ok()
        }
        _ => false,
    }
}
