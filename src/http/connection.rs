//! Connections: HTTP/1.1 or HTTP/2, for as long as the client takes part.
//!
//! Who owes us something and stands still is let go: the head of a request, its body (`patience`), or room for the answer.
//! Each of them holds memory or a place in the table of files.
use std::{
    convert::Infallible,
    future::pending,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
};
use poem::{Endpoint, Response, http, listener::Acceptor};
use tokio::{
    select,
    time::{sleep, timeout},
};
use tokio_io_timeout::TimeoutStream;

/// The pause after a connection could not be accepted, mostly because too many files are open.
const RESPITE: Duration = Duration::from_millis(100);
/// The most bytes that the names and values of a request's headers may have together in HTTP/2.
const HEADERS_MAX: u32 = 16 << 10;
/// The most streams of one connection that a client may open and give up at once ("rapid reset").
const RESETS_MAX: usize = 20;

/// How patient a server is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// For how long a client may stand still.
    pub(super) stall: Duration,
    /// For how long requests may go on after the stop.
    pub(super) drain: Duration,
}

/// Answers the requests of all connections until `stop`; then takes no new ones and lets those under way finish.
pub(super) async fn serve<A: Acceptor, E: Endpoint<Output = Response> + 'static>(
    mut acceptor: A,
    endpoint: Arc<E>,
    limits: Limits,
    stop: impl Future<Output = ()>,
) {
    let builder = builder(limits.stall);
    let running = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = select! {
            () = &mut stop => break,
            accepted = acceptor.accept() => accepted,
        };
        let (socket, local, remote, scheme) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                sleep(RESPITE).await;
                continue;
            }
        };
        let mut socket = TimeoutStream::new(socket);
        socket.set_write_timeout(Some(limits.stall));
        let endpoint = endpoint.clone();
        let asked = Arc::new(AtomicBool::new(false));
        let silent = silent(asked.clone(), limits.stall);
        let service = service_fn(move |request: http::Request<Incoming>| {
            asked.store(true, Relaxed);
            let request = (request, local.clone(), remote.clone(), scheme.clone()).into();
            let endpoint = endpoint.clone();
            async move { Ok::<_, Infallible>(endpoint.get_response(request).await.into()) }
        });
        let connection = builder
            .serve_connection_with_upgrades(TokioIo::new(Box::pin(socket)), service)
            .into_owned();
        let connection = running.watch(connection);
        tokio::spawn(async move {
            select! {
                outcome = connection => if let Err(error) = outcome {
                    tracing::debug!(error, "a connection broke");
                },
                () = silent => tracing::debug!("a connection brought no request"),
            }
        });
    }
    drop(acceptor);
    if timeout(limits.drain, running.shutdown()).await.is_err() {
        tracing::warn!("what still runs is broken off");
    }
}

/// Resolves if nothing was asked for so long. What finds out the version of HTTP waits for ever.
async fn silent(asked: Arc<AtomicBool>, stall: Duration) {
    sleep(stall).await;
    if asked.load(Relaxed) {
        pending().await
    }
}

fn builder(stall: Duration) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(stall);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(stall)
        .max_header_list_size(HEADERS_MAX)
        .max_pending_accept_reset_streams(RESETS_MAX);
    builder
}

#[cfg(test)]
mod tests {
    use std::io;

    use bytes::Bytes;
    use futures::{StreamExt, stream};
    use poem::{
        Body, EndpointExt, endpoint,
        listener::{Listener, TcpListener},
    };
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
        sync::mpsc,
    };

    use super::*;

    const LIMITS: Limits = Limits {
        stall: Duration::from_millis(200),
        drain: Duration::ZERO,
    };

    /// A server whose answers have no end. It tells when an answer is dropped.
    async fn endless() -> (std::net::SocketAddr, mpsc::UnboundedReceiver<()>) {
        let (dropped, told) = mpsc::unbounded_channel();
        let endpoint = endpoint::make_sync(move |_| {
            let guard = Guard(dropped.clone());
            let bytes = stream::repeat(Bytes::from_static(&[0; 1 << 16]));
            let bytes = bytes.map(move |bytes| {
                let _held = &guard;
                Ok::<_, io::Error>(bytes)
            });
            Response::builder().body(Body::from_bytes_stream(bytes))
        });
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await;
        let acceptor = acceptor.expect("a port");
        let address = *acceptor.local_addr()[0]
            .as_socket_addr()
            .expect("an address");
        let endpoint = Arc::new(endpoint.map_to_response());
        tokio::spawn(serve(acceptor, endpoint, LIMITS, pending()));
        (address, told)
    }

    struct Guard(mpsc::UnboundedSender<()>);

    impl Drop for Guard {
        fn drop(&mut self) {
            let _ = self.0.send(());
        }
    }

    #[tokio::test]
    async fn an_answer_that_nobody_takes_is_given_up() {
        let (address, mut dropped) = endless().await;
        let mut client = TcpStream::connect(address).await.expect("a connection");
        let ask = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        client.write_all(ask).await.expect("a request");
        let given_up = timeout(Duration::from_secs(20), dropped.recv()).await;
        assert!(given_up.is_ok());
    }

    #[tokio::test]
    async fn an_answer_that_is_taken_slowly_goes_on() {
        let (address, mut dropped) = endless().await;
        let mut client = TcpStream::connect(address).await.expect("a connection");
        let ask = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        client.write_all(ask).await.expect("a request");
        let mut buffer = vec![0; 1 << 20];
        for _ in 0..10 {
            sleep(LIMITS.stall / 2).await;
            for _ in 0..16 {
                client.read_exact(&mut buffer).await.expect("more of it");
            }
        }
        assert!(dropped.try_recv().is_err());
    }
}
