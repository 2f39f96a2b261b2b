//! Composition: builds each part once, from the configuration, and hands it to the rooms.
use std::{sync::Arc, time::Duration};

use tokio::time::timeout;

use crate::{
    access::Actor,
    config::{Backend, Config, make_private},
    error::{Error, Result},
    http, jobs,
    registry::{Caller, Registry, Secret, connect, migrate, place, user},
    storage::{Bucket, Settings, Storage},
};

/// How long a start waits for storage.
const PLACE_WITHIN: Duration = Duration::from_secs(3);

/// A server, ready to serve.
#[derive(Clone)]
pub struct App {
    registry: Arc<Registry>,
}

impl App {
    /// Opens database and storage, and brings the schema up to date.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a configuration that cannot work; [`Error::Unavailable`] when database or storage do
    /// not answer.
    pub async fn open(config: Config) -> Result<Self> {
        make_private(&config.data_dir).map_err(|error| {
            Error::invalid(
                "data_dir",
                format!("{} cannot be made: {error}", config.data_dir.display()),
            )
        })?;
        let secret = Secret::new(&config.secret()?);
        let db = connect(&config).await?;
        migrate(&db).await?;
        let storage = Storage::open(settings(&config)).await?;
        Ok(Self {
            registry: Registry::new(db, storage, secret, Arc::new(config)),
        })
    }

    /// A server made of parts that are open already.
    pub fn new(registry: Arc<Registry>) -> Self {
        Self { registry }
    }

    /// The registry.
    pub fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    /// Somebody at the console of the server, who may do anything.
    pub fn operator(&self) -> Caller {
        #[expect(
            clippy::disallowed_methods,
            reason = "whoever runs commands on the server has its database anyway"
        )]
        let actor = Actor::system("command");
        self.registry.caller(actor, "command")
    }

    /// Serves until told to stop, then lets running transfers finish.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the address cannot be listened on or the certificate cannot be read.
    pub async fn serve(self) -> Result<()> {
        self.check_place().await?;
        self.invite_first_administrator().await?;
        let jobs = tokio::spawn(jobs::run(self.registry.clone()));
        let served = http::serve(self.registry.clone()).await;
        jobs::finish(&self.registry).await;
        jobs.abort();
        served
    }

    /// Storage that does not answer may do so later, and holds up no start; another one never is what is needed.
    async fn check_place(&self) -> Result<()> {
        let operator = self.operator();
        match timeout(PLACE_WITHIN, place::check(&operator)).await {
            Ok(Err(Error::Unavailable { what, source })) => {
                tracing::warn!(what, error = ?source, "unavailable at the start");
                Ok(())
            }
            Ok(checked) => checked,
            Err(_) => {
                tracing::warn!("storage does not answer at the start");
                Ok(())
            }
        }
    }

    /// On the very first start there is nobody who could make accounts; the log tells how to become that somebody.
    async fn invite_first_administrator(&self) -> Result<()> {
        let operator = self.operator();
        if let Some(word) = user::setup_word(&operator).await? {
            let base = http::own_url(operator.config());
            tracing::warn!(
                "there is no account yet; make the first administrator at {base}/auth/setup/{word}"
            );
        }
        Ok(())
    }
}

/// What storage needs to know.
fn settings(config: &Config) -> Settings {
    let storage = &config.storage;
    match storage.backend {
        Backend::Fs => Settings::Fs {
            root: config.blob_root(),
        },
        Backend::Memory => Settings::Memory,
        Backend::S3 => Settings::S3(Bucket {
            bucket: storage.s3.bucket.clone().unwrap_or_default(),
            region: storage.s3.region.clone(),
            endpoint: storage
                .s3
                .endpoint
                .as_ref()
                .map(|url| url.as_str().to_owned()),
            prefix: Some(storage.s3.prefix.clone()).filter(|prefix| !prefix.is_empty()),
            access_key_id: storage.s3.access_key_id.clone(),
            secret_access_key: storage
                .s3
                .secret_access_key
                .as_ref()
                .map(|secret| secret.reveal().to_owned()),
            virtual_host_style: storage.s3.virtual_host_style,
        }),
    }
}
