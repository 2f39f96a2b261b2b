//! A whole server in the process: the real router, a real database, real storage.
use std::{
    collections::VecDeque,
    path::Path,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use poem::{EndpointExt, Server, endpoint::BoxEndpoint, listener::TcpAcceptor};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, Statement, TransactionTrait,
};
use sifhub::{
    app::App,
    config::{Config, DatabaseUrl},
    http,
    registry::{
        Caller, Registry, Scope, Secret, connect, migrate, place, search,
        token::{self, NewToken},
        user::{self, NewUser},
    },
    storage::{Settings, Storage},
};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::{client::Client, postgres};

/// How many of the latest statements are remembered.
const LATEST: usize = 20;
const SECRET: &[u8] = b"the secret of all tests, 32 bytes";

/// A server for one test, gone with it.
pub struct TestApp {
    /// What it stands on, for a look behind the doors.
    pub registry: Arc<Registry>,
    /// Its database, for a look behind the registry.
    pub db: DatabaseConnection,
    /// Its storage.
    pub storage: Storage,
    app: App,
    endpoint: Arc<BoxEndpoint<'static, poem::Response>>,
    statements: Arc<AtomicUsize>,
    latest: Arc<Mutex<VecDeque<Statement>>>,
    /// Goes with the test.
    _dir: TempDir,
}

impl TestApp {
    /// On SQLite, with storage in memory.
    pub async fn sqlite() -> Self {
        Self::build(sqlite().await, |_| {}, Settings::Memory).await
    }

    /// On PostgreSQL, with storage in memory.
    pub async fn postgres() -> Self {
        Self::build(postgres_url().await, |_| {}, Settings::Memory).await
    }

    /// On SQLite, with storage in a folder.
    pub async fn on_disk() -> Self {
        let (dir, url) = sqlite().await;
        let root = dir.path().join("blobs");
        Self::build((dir, url), |_| {}, Settings::Fs { root }).await
    }

    /// On SQLite, with storage in that folder.
    pub async fn in_folder(root: &Path) -> Self {
        let root = root.to_owned();
        Self::build(sqlite().await, |_| {}, Settings::Fs { root }).await
    }

    /// On PostgreSQL, with storage in that folder.
    pub async fn postgres_in_folder(root: &Path) -> Self {
        let root = root.to_owned();
        Self::build(postgres_url().await, |_| {}, Settings::Fs { root }).await
    }

    /// On SQLite, with storage in a bucket.
    pub async fn on_s3(bucket: sifhub::storage::Bucket) -> Self {
        Self::build(sqlite().await, |_| {}, Settings::S3(bucket)).await
    }

    /// On PostgreSQL, with storage in a bucket.
    pub async fn postgres_on_s3(bucket: sifhub::storage::Bucket) -> Self {
        Self::build(postgres_url().await, |_| {}, Settings::S3(bucket)).await
    }

    /// On SQLite, with another configuration.
    pub async fn configured(change: impl FnOnce(&mut Config)) -> Self {
        Self::build(sqlite().await, change, Settings::Memory).await
    }

    /// Another server on SQLite that has what this one has: what happens at one is unknown to the other. They share the
    /// storage, where names are digests.
    pub async fn copy(&self) -> Self {
        let dir = temporary_folder();
        let file = dir.path().join("sifhub.db");
        let copy = format!("VACUUM INTO '{}'", file.display());
        let copied = self.db.execute_unprepared(&copy).await;
        copied.expect("a copy of the database");
        let url = format!("sqlite://{}", file.display());
        let place = (dir, url.parse().expect("a URL"));
        Self::assemble(place, |_| {}, self.storage.clone()).await
    }

    async fn build(
        place: (TempDir, DatabaseUrl),
        change: impl FnOnce(&mut Config),
        storage: Settings,
    ) -> Self {
        let storage = Storage::open(storage)
            .await
            .expect("the test storage opens");
        Self::assemble(place, change, storage).await
    }

    async fn assemble(
        (dir, url): (TempDir, DatabaseUrl),
        change: impl FnOnce(&mut Config),
        storage: Storage,
    ) -> Self {
        let mut config = Config {
            data_dir: dir.path().into(),
            ..Config::default()
        };
        config.database.url = Some(url);
        config.database.max_connections = 4;
        // Many tests share the machine: how long a request waits for its turn is no behaviour either.
        config.database.connect_timeout = sifhub::config::Duration::from_millis(60_000);
        config.database.busy_timeout = sifhub::config::Duration::from_millis(60_000);
        // Strong hashing would take most of the tests' time; its strength is configuration, not behaviour.
        config.auth.argon2.memory = sifhub::config::ByteSize::from_kib(64);
        config.auth.argon2.iterations = 1;
        change(&mut config);
        let mut db = connect(&config).await.expect("the test database opens");
        let latest = Arc::default();
        let statements = count_statements(&mut db, &latest);
        let secret = Secret::new(SECRET);
        let registry = Registry::new(db.clone(), storage.clone(), secret, Arc::new(config));
        let endpoint = Arc::new(http::endpoint(&registry).boxed());
        let app = App::new(registry.clone());
        // A server does so at its start.
        place::check(&app.operator()).await.expect("its own place");
        Self {
            app,
            registry,
            db,
            storage,
            endpoint,
            statements,
            latest,
            _dir: dir,
        }
    }

    /// The same server, started again with another configuration.
    pub fn reconfigured(self, config: Config) -> Self {
        let secret = Secret::new(SECRET);
        let (db, storage) = (self.db.clone(), self.storage.clone());
        let registry = Registry::new(db, storage, secret, Arc::new(config));
        Self {
            app: App::new(registry.clone()),
            endpoint: Arc::new(http::endpoint(&registry).boxed()),
            registry,
            ..self
        }
    }

    /// Somebody who shows nothing to another replica, which has the same database and the same storage and knows nothing else.
    pub async fn replica(&self) -> Client {
        let config = Arc::new(self.registry.config().clone());
        let db = connect(&config).await.expect("the database opens again");
        let registry = Registry::new(db, self.storage.clone(), Secret::new(SECRET), config);
        Client::new(Arc::new(http::endpoint(&registry).boxed()))
    }

    /// The router, to be served on a port.
    pub fn endpoint(&self) -> Arc<BoxEndpoint<'static, poem::Response>> {
        self.endpoint.clone()
    }

    /// Serves it on a port of its own, as long as the test lasts, and tells its address.
    pub fn serve(&self) -> String {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("it does not wait");
        let address = listener.local_addr().expect("an address");
        let acceptor = TcpAcceptor::from_std(listener).expect("a listener");
        tokio::spawn(Server::new_with_acceptor(acceptor).run(self.endpoint()));
        address.to_string()
    }

    /// Somebody at the server's console, who may do anything.
    pub fn operator(&self) -> Caller {
        self.app.operator()
    }

    /// Somebody who shows no credential.
    pub fn anonymous(&self) -> Client {
        Client::new(self.endpoint.clone())
    }

    /// A new user with their namespace, holding a token of the scope write.
    pub async fn user(&self, name: &str) -> Client {
        self.new_user(name, false).await;
        self.holding(name, Scope::Write).await
    }

    /// A new site administrator, holding a token of the scope admin.
    pub async fn admin(&self, name: &str) -> Client {
        self.new_user(name, true).await;
        self.holding(name, Scope::Admin).await
    }

    async fn new_user(&self, name: &str, admin: bool) {
        let new = NewUser {
            name: name.parse().expect("a name"),
            admin,
            password_hash: None,
        };
        user::create(&self.operator(), new)
            .await
            .expect("a new user");
    }

    /// A user who is there, holding a new token of that scope.
    pub async fn holding(&self, name: &str, scope: Scope) -> Client {
        let operator = self.operator();
        let user = user::find(&operator, name).await.expect("the user");
        let new = NewToken {
            name: "test".into(),
            scope,
            expires_at: None,
        };
        let (_, secret) = token::create(&operator, user.id, new)
            .await
            .expect("a new token");
        self.anonymous().with_token(&secret)
    }

    /// Lets the search take in all that was changed, as a job of the server does.
    pub async fn indexed(&self) {
        let operator = self.operator();
        while search::refresh(&operator, 20).await.expect("the index") {}
    }

    /// Where its database is.
    pub fn database_url(&self) -> String {
        self.registry.config().database_url().as_str().to_owned()
    }

    /// How PostgreSQL answers the latest statement with these words in it. Tables of tests are small, so it is told to take an
    /// index wherever there is one, and to sort only where nothing else does.
    pub async fn plan_of(&self, words: &str) -> String {
        let latest = self.latest.lock().expect("no test panics here").clone();
        let found = latest.into_iter().find(|it| it.sql.contains(words));
        let mut statement = found.expect("it was asked a moment ago");
        statement.sql = format!("EXPLAIN {}", statement.sql);
        let tx = self.db.begin().await.expect("a transaction");
        let prefer = "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off";
        tx.execute_unprepared(prefer).await.expect("settings");
        let lines = tx.query_all_raw(statement).await.expect("a plan");
        let lines = lines
            .iter()
            .map(|line| line.try_get_by_index::<String>(0).expect("a line"));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// How many SQL statements ran while `work` did.
    pub async fn statements_of<T>(&self, work: impl Future<Output = T>) -> (T, usize) {
        let before = self.statements.load(Ordering::SeqCst);
        let value = work.await;
        (value, self.statements.load(Ordering::SeqCst) - before)
    }
}

fn count_statements(
    db: &mut DatabaseConnection,
    latest: &Arc<Mutex<VecDeque<Statement>>>,
) -> Arc<AtomicUsize> {
    let statements = Arc::new(AtomicUsize::new(0));
    let (counter, latest) = (statements.clone(), latest.clone());
    db.set_metric_callback(move |info| {
        counter.fetch_add(1, Ordering::SeqCst);
        let mut latest = latest.lock().expect("no test panics here");
        latest.truncate(LATEST - 1);
        latest.push_front(info.statement.clone());
    });
    statements
}

/// A copy of an empty database with the schema in it.
async fn sqlite() -> (TempDir, DatabaseUrl) {
    static TEMPLATE: OnceCell<TempDir> = OnceCell::const_new();
    let template = TEMPLATE
        .get_or_init(|| async {
            let dir = temporary_folder();
            let url = format!(
                "sqlite://{}?mode=rwc",
                dir.path().join("template.db").display()
            );
            let db = Database::connect(url).await.expect("a new database");
            migrate(&db).await.expect("the schema");
            db.close().await.expect("all is written");
            dir
        })
        .await;
    let dir = temporary_folder();
    let file = dir.path().join("sifhub.db");
    std::fs::copy(template.path().join("template.db"), &file).expect("a copy of the template");
    let url = format!("sqlite://{}", file.display())
        .parse()
        .expect("a URL");
    (dir, url)
}

async fn postgres_url() -> (TempDir, DatabaseUrl) {
    static TEMPLATE: OnceLock<()> = OnceLock::new();
    static MIGRATED: OnceCell<()> = OnceCell::const_new();
    TEMPLATE.get_or_init(|| postgres::server().create("template", None));
    MIGRATED
        .get_or_init(|| async {
            let options = ConnectOptions::new(postgres::server().url("template"));
            let db = Database::connect(options)
                .await
                .expect("the template database");
            migrate(&db).await.expect("the schema");
            db.close()
                .await
                .expect("no connection is left, or it could not be copied");
        })
        .await;
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::SeqCst));
    postgres::server().create(&name, Some("template"));
    let dir = temporary_folder();
    (dir, postgres::server().url(&name).parse().expect("a URL"))
}

/// A folder in memory where there is one: what a database syncs, a test need not wait for.
fn temporary_folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .expect("a temporary folder")
}
