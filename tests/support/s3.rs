//! A real S3 server for tests: `moto_server`, which speaks the protocol and keeps everything in its memory.
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};

use tokio::sync::Mutex;

use super::tools::tools;

/// The region that the server is asked to be in.
pub const REGION: &str = "us-east-1";
/// Credentials that the server accepts; it accepts any.
pub const ACCESS_KEY: &str = "test-key";
/// See [`ACCESS_KEY`].
pub const SECRET_KEY: &str = "test-secret";

/// A running server, ended when it is dropped.
pub struct S3Server {
    process: Child,
    /// Its URL, without a slash at the end.
    pub endpoint: String,
}

impl S3Server {
    /// The server that all tests which run at this moment share; the last one to let go of it ends it.
    pub async fn shared() -> Arc<Self> {
        static RUNNING: Mutex<Weak<S3Server>> = Mutex::const_new(Weak::new());
        let mut running = RUNNING.lock().await;
        if let Some(server) = running.upgrade() {
            return server;
        }
        let server = Arc::new(
            tokio::task::spawn_blocking(Self::start)
                .await
                .expect("the S3 server starts"),
        );
        *running = Arc::downgrade(&server);
        server
    }

    /// Starts a server on a free port and waits until it listens.
    pub fn start() -> Self {
        let tool = tools().join("bin").join("moto_server");
        assert!(
            tool.is_file(),
            "{} is missing: run `make test-tools`",
            tool.display()
        );
        let mut process = Command::new(&tool)
            .args(["-H", "127.0.0.1", "-p", "0"])
            .env("PYTHONUNBUFFERED", "1")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|failure| {
                panic!(
                    "{} does not start: {failure}; run `make test-tools`",
                    tool.display()
                )
            });
        let log = BufReader::new(process.stderr.take().expect("its standard error is piped"));
        let mut lines = log.lines().map_while(Result::ok);
        let endpoint = lines.find_map(|line| {
            line.split_once("Running on ")
                .map(|(_, url)| url.trim().to_owned())
        });
        let endpoint = endpoint
            .unwrap_or_else(|| panic!("{} ended early; run `make test-tools`", tool.display()));
        // A pipe that nobody empties would stop the server in the middle of a test.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, endpoint }
    }

    /// Makes a bucket that no other test has and returns its name.
    pub async fn bucket(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "test-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let made = reqwest::Client::new()
            .put(format!("{}/{name}", self.endpoint))
            .send()
            .await;
        made.and_then(reqwest::Response::error_for_status)
            .expect("the S3 server makes a bucket");
        name
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
