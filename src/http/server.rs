//! Listening, and stopping without breaking off what runs.
use std::{future::pending, io::ErrorKind, net::SocketAddr, sync::Arc};

use futures::FutureExt;
use poem::listener::{Acceptor, Listener, TcpListener};
use tokio::{
    signal::unix::{SignalKind, signal},
    time::timeout,
};

use super::{connection, endpoint, metrics, tls::Files};
use crate::{
    config::Config,
    error::{Error, Result},
    registry::Registry,
};

/// Serves until SIGTERM or SIGINT; then takes no new work and lets running transfers finish, as long as configured.
///
/// # Errors
/// [`Error::Invalid`] when the address cannot be listened on or the certificate cannot be read.
pub async fn serve(registry: Arc<Registry>) -> Result<()> {
    let http = &registry.config().http;
    let listener = TcpListener::bind(http.listen);
    match Files::of(&http.tls) {
        None => {
            run(
                listener
                    .into_acceptor()
                    .await
                    .map_err(|error| cannot_listen("http.listen", http.listen, &error))?,
                registry.clone(),
            )
            .await
        }
        Some(files) => {
            let listener = files.protect(listener).await?;
            run(
                listener
                    .into_acceptor()
                    .await
                    .map_err(|error| cannot_listen("http.listen", http.listen, &error))?,
                registry.clone(),
            )
            .await
        }
    }
}

async fn run(acceptor: impl Acceptor + 'static, registry: Arc<Registry>) -> Result<()> {
    let config = registry.config();
    tracing::info!(listen = %config.http.listen, url = own_url(config), "serving");
    let stop = stop_signal().map_err(anyhow::Error::from)?;
    let stop = stop.inspect(|()| registry.hush());
    let limits = connection::Limits {
        stall: config.http.stall_timeout.get(),
        drain: config.http.drain_timeout.get(),
    };
    let numbers = measured_apart(&registry, limits).await?;
    let numbers = tokio::spawn(numbers);
    connection::serve(acceptor, Arc::new(endpoint(&registry)), limits, stop).await;
    // Connections that were made WebSockets are nobody's but the listeners'.
    let _late = timeout(limits.drain, registry.hushed()).await;
    numbers.abort();
    tracing::info!("stopped");
    Ok(())
}

/// Answers with the numbers on an address of their own, if they have one, for ever: also while the last transfers finish.
async fn measured_apart(
    registry: &Arc<Registry>,
    limits: connection::Limits,
) -> Result<impl Future<Output = ()> + use<>> {
    let acceptor = match registry.config().metrics.listen {
        None => None,
        Some(address) => {
            let bound = TcpListener::bind(address).into_acceptor().await;
            Some(bound.map_err(|error| cannot_listen("metrics.listen", address, &error))?)
        }
    };
    let endpoint = Arc::new(metrics::endpoint(registry));
    Ok(async move {
        if let Some(acceptor) = acceptor {
            connection::serve(acceptor, endpoint, limits, pending()).await;
        }
    })
}

fn cannot_listen(key: &'static str, address: SocketAddr, error: &std::io::Error) -> Error {
    let remedy = match error.kind() {
        ErrorKind::AddrInUse => {
            "; give another address with --listen, or see who holds this one: ss -ltnp"
        }
        ErrorKind::PermissionDenied => {
            "; a port below 1024 needs root or setcap (docs/operations.md, TLS), or give another with --listen"
        }
        ErrorKind::AddrNotAvailable => {
            "; give an address of this machine with --listen, or 0.0.0.0 for all"
        }
        _ => "",
    };
    let why = format!("cannot listen on {address}: {error}{remedy}");
    Error::invalid(key, why)
}

/// Resolves when the process is asked to stop.
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: no new work, running transfers finish");
    })
}

/// Where a browser on this machine finds the server.
pub fn own_url(config: &Config) -> String {
    match &config.http.public_url {
        Some(url) => url.as_str().trim_end_matches('/').to_owned(),
        None if config.http.tls.certificate.is_some() => format!("https://{}", config.http.listen),
        None => format!("http://{}", config.http.listen),
    }
}
