//! Who is asking, and the only door to the database.
use std::{net::IpAddr, sync::Arc};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use entity::id::EventId;
use sea_orm::{
    ActiveModelTrait, DatabaseConnection, DatabaseTransaction, DbBackend, Set,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use tokio::{
    sync::{Mutex, MutexGuard},
    time::timeout,
};

use super::{
    Secret, bell::Bell, download::Downloads, fresh_id, job::Progress, live::Listeners, quota,
    revision, shown::Shown, site, size_tree, usage,
};
use crate::{
    access::{Account, Actor, Level},
    config::Config,
    error::{Error, Result},
    event::{Change, Event},
    metrics::Metrics,
    storage::Storage,
};

/// What the registry stands on. One for the process.
pub struct Registry {
    pub(in crate::registry) db: DatabaseConnection,
    pub(in crate::registry) storage: Storage,
    pub(in crate::registry) secret: Secret,
    pub(in crate::registry) config: Arc<Config>,
    pub(in crate::registry) bell: Bell,
    downloads: Downloads,
    listeners: Listeners,
    writers: Mutex<()>,
    trees: size_tree::Known,
    metrics: Arc<Metrics>,
    pub(in crate::registry) site: site::Known,
}

impl Registry {
    /// Joins the parts.
    pub fn new(
        db: DatabaseConnection,
        storage: Storage,
        secret: Secret,
        config: Arc<Config>,
    ) -> Arc<Self> {
        Arc::new(Self {
            db,
            storage,
            secret,
            config,
            bell: Bell::default(),
            downloads: Downloads::default(),
            listeners: Listeners::default(),
            writers: Mutex::default(),
            trees: size_tree::Known::default(),
            metrics: Arc::default(),
            site: site::Known::default(),
        })
    }

    /// A door for one request.
    pub fn caller(self: &Arc<Self>, actor: Actor, request_id: impl Into<Arc<str>>) -> Caller {
        Caller {
            registry: self.clone(),
            actor,
            shown: None,
            request_id: request_id.into(),
            base_url: None,
            client: None,
            rehearsal: false,
            progress: None,
        }
    }

    /// The configuration in force.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The numbers of this process.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// Resolves when something happened in this process since the last time, and after `longest` at the latest.
    pub async fn heard(&self, longest: std::time::Duration) {
        self.bell.heard(longest).await;
    }

    /// Resolves when there may be something to tell to listeners, and after `longest` at the latest.
    pub async fn heard_numbered(&self, longest: std::time::Duration) {
        self.bell.heard_numbered(longest).await;
    }

    /// Tells all who listen that this process stops, and lets nobody listen from now on.
    pub fn hush(&self) {
        self.listeners.close();
    }

    /// How many listen in this process.
    pub fn listening(&self) -> usize {
        self.listeners.len()
    }

    /// Resolves when no connection of a listener is open any more.
    pub async fn hushed(&self) {
        self.listeners.gone().await;
    }

    /// Whether database and storage answer.
    ///
    /// # Errors
    /// [`Error::Unavailable`], naming the one that does not.
    pub async fn ready(&self) -> Result<()> {
        self.db.ping().await?;
        self.storage.ready().await
    }
}

/// Who is asking, and the only door to the database. Cheap to clone.
#[derive(Clone)]
pub struct Caller {
    registry: Arc<Registry>,
    actor: Actor,
    shown: Option<Shown>,
    request_id: Arc<str>,
    client: Option<IpAddr>,
    base_url: Option<Arc<str>>,
    /// Nothing that is changed stays.
    rehearsal: bool,
    /// Of the job that this is a part of.
    progress: Option<Arc<Progress>>,
}

impl Caller {
    /// The same request, which is a job, and tells how far it is.
    pub(in crate::registry) fn telling(&self, progress: Arc<Progress>) -> Self {
        Self {
            progress: Some(progress),
            ..self.clone()
        }
    }

    /// How far the job is that this is a part of; `None` where it is part of no job.
    pub(in crate::registry) fn progress(&self) -> Option<&Progress> {
        self.progress.as_deref()
    }

    /// The same request, known to come from that address.
    pub fn at(self, client: Option<IpAddr>) -> Self {
        Self { client, ..self }
    }

    /// The same request, once it is known who sent it.
    pub fn known_as(&self, actor: Actor) -> Self {
        Self {
            actor,
            shown: None,
            ..self.clone()
        }
    }

    /// The same caller, who showed this.
    pub fn showing(self, shown: Shown) -> Self {
        Self {
            shown: Some(shown),
            ..self
        }
    }

    /// The same caller, of whose changes nothing stays: whether they would succeed is known, and no more.
    pub(in crate::registry) fn rehearsing(&self) -> Self {
        Self {
            rehearsal: true,
            ..self.clone()
        }
    }

    /// The same caller, who reaches this server at `base_url`.
    pub fn reaching(self, base_url: Arc<str>) -> Self {
        Self {
            base_url: Some(base_url),
            ..self
        }
    }

    /// Where whoever is asking finds a page of this server; the path alone when nobody knows.
    pub fn url_of(&self, path: &str) -> String {
        format!("{}{path}", self.base_url.as_deref().unwrap_or_default())
    }

    /// Who is asking.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The request, as logs and events name it.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// The configuration in force.
    pub fn config(&self) -> &Config {
        &self.registry.config
    }

    /// The account of whoever is asking.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for anonymous callers.
    pub fn account(&self) -> Result<&Account> {
        self.actor
            .account()
            .ok_or_else(|| Error::Unauthenticated("sign in first".into()))
    }

    /// The account of whoever is asking, if what they showed lets them change anything.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for anonymous callers; [`Error::Forbidden`] for tokens that may only read.
    pub fn writer(&self) -> Result<&Account> {
        let account = self.account()?;
        match self.actor.may_reach(Level::Push) {
            true => Ok(account),
            false => Err(Error::Forbidden(
                "this token may only read; make one with the scope write".into(),
            )),
        }
    }

    /// The present, to the millisecond, as both databases keep it.
    pub fn now(&self) -> DateTime<Utc> {
        now()
    }

    /// So long ago; for spans beyond all dates, the beginning of time as computers count it.
    pub fn ago(&self, span: std::time::Duration) -> DateTime<Utc> {
        TimeDelta::from_std(span)
            .ok()
            .and_then(|span| self.now().checked_sub_signed(span))
            .map_or(DateTime::UNIX_EPOCH, |then| then.max(DateTime::UNIX_EPOCH))
    }

    pub(in crate::registry) fn db(&self) -> &DatabaseConnection {
        &self.registry.db
    }

    pub(in crate::registry) fn storage(&self) -> &Storage {
        &self.registry.storage
    }

    pub(in crate::registry) fn bell(&self) -> &Bell {
        &self.registry.bell
    }

    pub(in crate::registry) fn shown(&self) -> Option<Shown> {
        self.shown
    }

    pub(in crate::registry) fn listeners(&self) -> &Listeners {
        &self.registry.listeners
    }

    pub(in crate::registry) fn downloads(&self) -> &Downloads {
        &self.registry.downloads
    }

    pub(in crate::registry) fn metrics(&self) -> &Metrics {
        &self.registry.metrics
    }

    pub(in crate::registry) fn client(&self) -> Option<IpAddr> {
        self.client
    }

    pub(in crate::registry) fn secret(&self) -> &Secret {
        &self.registry.secret
    }

    pub(in crate::registry) fn known_trees(&self) -> &size_tree::Known {
        &self.registry.trees
    }

    pub(in crate::registry) fn known_site(&self) -> &site::Known {
        &self.registry.site
    }

    /// Runs `work` in one transaction and records what it did in the same one, with the warnings of quotas that follow from
    /// it.
    ///
    /// # Errors
    /// [`Error::QuotaExceeded`] when there is more than fits; [`Error::ReadOnly`] while the site takes no changes; [`Error::TermsNotAgreed`] unless the caller agreed to its terms.
    pub(in crate::registry) async fn change<T>(
        &self,
        work: impl AsyncFnOnce(&Tx) -> Result<Change<T>>,
    ) -> Result<T> {
        site::admit(self).await?;
        self.change_always(work).await
    }

    /// The same, whether or not the site takes changes and the caller agreed to its terms: for settings of the site,
    /// accounts and sessions, with which it is governed and put right.
    pub(in crate::registry) async fn change_always<T>(
        &self,
        work: impl AsyncFnOnce(&Tx) -> Result<Change<T>>,
    ) -> Result<T> {
        // SQLite must take its write lock at the start: a reader that turns writer fails at once when another has
        // written meanwhile, however long the busy timeout.
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let _turn = self.turn_to_write().await;
        let inner = self.db().begin_with_options(options).await?;
        let tx = Tx {
            actor: self.actor.clone(),
            now: now(),
            noted: usage::Noted::default(),
            inner,
        };
        let Change { event, value } = work(&tx).await?;
        let counted = tx.noted().is_any();
        let grown = usage::settle(&tx).await?;
        let warnings = quota::enforce(self, &tx, &grown).await?;
        let events: Vec<Event> = event.into_iter().chain(warnings).collect();
        let actions: Vec<_> = events.iter().map(|event| event.action).collect();
        for event in events {
            self.record(&tx, event).await?;
        }
        if self.rehearsal {
            tx.inner.rollback().await?;
            return Ok(value);
        }
        let happened = !actions.is_empty();
        if happened || counted {
            revision::advance(&tx).await?;
        }
        tx.inner.commit().await?;
        for action in &actions {
            self.metrics().happened(action);
        }
        if happened {
            self.bell().written();
        }
        Ok(value)
    }

    /// Waits until nobody else in this process writes to SQLite, for as long as SQLite itself would wait. It lets one in at a
    /// time anyway; but whoever waits there looks again and again, after longer and longer pauses, instead of being next.
    pub(in crate::registry) async fn turn_to_write(&self) -> Option<MutexGuard<'_, ()>> {
        if self.db().get_database_backend() != DbBackend::Sqlite {
            return None;
        }
        let patience = self.config().database.busy_timeout.get();
        timeout(patience, self.registry.writers.lock()).await.ok()
    }

    async fn record(&self, tx: &Tx, event: Event) -> Result<()> {
        let row = entity::event::ActiveModel {
            id: Set(event.id.unwrap_or_else(|| EventId(fresh_id()))),
            at: Set(tx.now),
            actor: Set(tx.actor.to_string()),
            action: Set(event.action.into()),
            target: Set(event.target.to_string()),
            target_id: Set(event.target_id),
            request_id: Set(self.request_id.to_string()),
            payload: Set(event.payload),
            dispatched_at: Set(None),
            actor_id: Set(tx.actor.account().map(|account| account.id)),
            client: Set(self
                .client
                .map(|address| address.to_canonical().to_string())),
            namespace_id: Set(event.target.namespace),
            collection_id: Set(event.target.collection),
            container_id: Set(event.target.container),
            account_id: Set(event.target.account),
            position: Set(None),
        };
        row.insert(&tx.inner).await?;
        Ok(())
    }
}

/// A transaction. Functions that take one are steps: private to the registry, and composed by its entry points.
pub(in crate::registry) struct Tx {
    actor: Actor,
    now: DateTime<Utc>,
    noted: usage::Noted,
    inner: DatabaseTransaction,
}

impl Tx {
    pub(in crate::registry) fn actor(&self) -> &Actor {
        &self.actor
    }

    pub(in crate::registry) fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// How much more or less there is because of it.
    pub(in crate::registry) fn noted(&self) -> &usage::Noted {
        &self.noted
    }

    pub(in crate::registry) fn db(&self) -> &DatabaseTransaction {
        &self.inner
    }
}

/// The present, to the millisecond.
pub(in crate::registry) fn now() -> DateTime<Utc> {
    #[expect(clippy::disallowed_methods, reason = "the one clock of the house")]
    Utc::now().trunc_subsecs(3)
}
