//! TLS by rustls, with a certificate that is read again when its file changes.
use std::{
    path::PathBuf,
    time::{Duration, SystemTime},
};

use futures::{Stream, StreamExt, future::ready, stream};
use poem::listener::{RustlsCertificate, RustlsConfig};
use tokio::{fs, time::sleep};

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
    pub(super) async fn read(&self) -> Result<RustlsConfig> {
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

    /// The configuration now, and again whenever a file has changed. A pair that cannot be read keeps the old one.
    ///
    /// The first comes at once: a listener drops the connections that arrive before it has one. `seen` is when the files
    /// had changed before `first` was read.
    pub(super) fn watch(
        self,
        first: RustlsConfig,
        seen: Modified,
    ) -> impl Stream<Item = RustlsConfig> + Send + Unpin + 'static {
        let later = stream::unfold((self, seen), |(files, seen)| async move {
            let (config, seen) = files.next(seen).await;
            Some((config, (files, seen)))
        });
        Box::pin(stream::once(ready(first)).chain(later))
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
    pub(super) async fn modified(&self) -> Modified {
        let of = async |path: &PathBuf| {
            fs::metadata(path)
                .await
                .and_then(|data| data.modified())
                .ok()
        };
        [of(&self.certificate).await, of(&self.private_key).await]
    }
}

pub(super) type Modified = [Option<SystemTime>; 2];
