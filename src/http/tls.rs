//! TLS by rustls, with a certificate that is read again when its file changes.
use std::{
    io,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use futures::{Stream, StreamExt, future::ready, stream};
use poem::{
    http::uri::Scheme,
    listener::{Acceptor, Listener, RustlsCertificate, RustlsConfig, RustlsListener},
    web::{LocalAddr, RemoteAddr},
};
use tokio::{fs, sync::watch, time::sleep};

use crate::{
    config::Tls,
    error::{Error, Result},
};

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(2);

/// A certificate and its key, in files.
#[derive(Clone)]
pub(super) struct Files {
    certificate: PathBuf,
    private_key: PathBuf,
}

impl Files {
    /// The configured files, if TLS is wanted.
    pub(super) fn of(tls: &Tls) -> Option<Self> {
        Some(Self {
            certificate: tls.certificate.clone()?,
            private_key: tls.private_key.clone()?,
        })
    }

    /// Reads both and checks that they fit each other.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the key of the configuration and the file.
    async fn read(&self) -> Result<RustlsConfig> {
        let read = async |key: &str, path: &PathBuf| {
            fs::read(path)
                .await
                .map_err(|error| Error::invalid(key, format!("{}: {error}", path.display())))
        };
        let certificate = read("http.tls.certificate", &self.certificate).await?;
        let private_key = read("http.tls.private_key", &self.private_key).await?;
        let pair = RustlsCertificate::new().cert(certificate).key(private_key);
        Ok(RustlsConfig::new().fallback(pair))
    }

    /// The configuration now, and again whenever a file has changed. A pair that cannot be read keeps the old one. `seen` is
    /// when the files had changed before `first` was read; `taken` is told once `first` is in use.
    fn watch(
        self,
        first: RustlsConfig,
        seen: Modified,
        taken: watch::Sender<bool>,
    ) -> impl Stream<Item = RustlsConfig> + Send + Unpin + 'static {
        let later = stream::unfold((self, seen), move |(files, seen)| {
            taken.send_replace(true);
            async move {
                let (config, seen) = files.next(seen).await;
                Some((config, (files, seen)))
            }
        });
        Box::pin(stream::once(ready(first)).chain(later))
    }

    /// The same listener, behind TLS.
    ///
    /// # Errors
    /// Those of [`Files::read`].
    pub(super) async fn protect<L: Listener + 'static>(
        self,
        listener: L,
    ) -> Result<RustlsListener<Waiting<L>, impl Stream<Item = RustlsConfig> + Send + Unpin + 'static>>
    {
        let seen = self.modified().await;
        let first = self.read().await?;
        let (taken, start) = watch::channel(false);
        let listener = Waiting {
            inner: listener,
            start,
        };
        Ok(listener.rustls(self.watch(first, seen, taken)))
    }

    async fn next(&self, seen: Modified) -> (RustlsConfig, Modified) {
        let mut seen = seen;
        loop {
            sleep(EVERY).await;
            let now = self.modified().await;
            if now == seen {
                continue;
            }
            seen = now;
            match self.read().await {
                Ok(config) => {
                    tracing::info!("read the TLS certificate again");
                    return (config, now);
                }
                Err(error) => tracing::error!(%error, "the new TLS certificate is not used"),
            }
        }
    }

    /// When each file was last changed; none for one that is not there.
    async fn modified(&self) -> Modified {
        let of = async |path: &PathBuf| {
            fs::metadata(path)
                .await
                .and_then(|data| data.modified())
                .ok()
        };
        [of(&self.certificate).await, of(&self.private_key).await]
    }
}

type Modified = [Option<SystemTime>; 2];

/// A listener or acceptor that takes no connection before it may. poem's TLS takes connections and configurations as they
/// come, and drops connections that come before the first configuration.
pub(super) struct Waiting<L> {
    inner: L,
    start: watch::Receiver<bool>,
}

impl<L: Listener> Listener for Waiting<L> {
    type Acceptor = Waiting<L::Acceptor>;

    async fn into_acceptor(self) -> io::Result<Self::Acceptor> {
        Ok(Waiting {
            inner: self.inner.into_acceptor().await?,
            start: self.start,
        })
    }
}

impl<A: Acceptor> Acceptor for Waiting<A> {
    type Io = A::Io;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.inner.local_addr()
    }

    async fn accept(&mut self) -> io::Result<(Self::Io, LocalAddr, RemoteAddr, Scheme)> {
        let told = self.start.wait_for(|start| *start).await;
        told.map_err(io::Error::other)?;
        self.inner.accept().await
    }
}
