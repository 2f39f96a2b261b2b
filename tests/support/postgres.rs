//! A real PostgreSQL server, one for the whole run, on a port of its own and in a temporary folder.
use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, OnceLock},
    thread,
    time::Duration,
};

use tempfile::TempDir;

/// A running server.
pub struct Postgres {
    bin: PathBuf,
    dir: TempDir,
    port: u16,
    creating: Mutex<()>,
}

/// The server of this run, started by the first test that needs it.
pub fn server() -> &'static Postgres {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    SERVER.get_or_init(Postgres::start)
}

impl Postgres {
    fn start() -> Self {
        let bin = installed();
        let dir = tempfile::tempdir().expect("a temporary folder");
        let port = free_port();
        let server = Self {
            bin,
            dir,
            port,
            creating: Mutex::new(()),
        };
        server.sweep();
        server.initialise();
        server.run();
        server.wait();
        server
    }

    /// Removes its folder, gigabytes after hundreds of databases, when this process has ended, however it ends. Nothing that
    /// lives as long as the process itself is ever dropped.
    fn sweep(&self) {
        let wait = "while kill -0 \"$1\" 2>/dev/null; do sleep 1; done; sleep 1; rm -rf \"$2\"";
        let own = std::process::id().to_string();
        let mut sweep = Command::new("sh");
        sweep
            .args(["-c", wait, "sweep", &own])
            .arg(self.dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        thread::spawn(move || sweep.status().expect("sh runs"));
    }

    fn initialise(&self) {
        if is_root() {
            chown(self.dir.path());
        }
        std::fs::set_permissions(self.dir.path(), std::fs::Permissions::from_mode(0o700))
            .expect("a private folder");
        let mut initdb = self.command("initdb");
        initdb.args([
            "--auth=trust",
            "--username=sifhub",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
            "-D",
        ]);
        let output = initdb.arg(self.data()).output().expect("initdb runs");
        assert!(
            output.status.success(),
            "initdb: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// Runs until this process ends: the kernel ends it with the thread that started it, which waits for ever.
    fn run(&self) {
        let mut postgres = self.command("postgres");
        postgres
            .arg("-D")
            .arg(self.data())
            .args([
                "-p",
                &self.port.to_string(),
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "fsync=off",
            ])
            .args([
                "-c",
                "max_connections=500",
                "-c",
                "shared_buffers=64MB",
                "-c",
                "unix_socket_directories=",
            ])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        thread::spawn(move || {
            let mut child = postgres.spawn().expect("postgres runs");
            child.wait().expect("postgres ends with this process");
        });
    }

    fn wait(&self) {
        for _ in 0..200 {
            if std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok()
                && self.psql("select 1")
            {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("PostgreSQL did not start within 10 s");
    }

    /// Makes a database, as a copy of `template` if given.
    pub fn create(&self, name: &str, template: Option<&str>) {
        // Only one copy at a time can be made of a template.
        let _one_at_a_time = self.creating.lock();
        let template = template
            .map(|template| format!(" template {template}"))
            .unwrap_or_default();
        assert!(
            self.psql(&format!("create database {name}{template}")),
            "the database {name} is made"
        );
    }

    /// Where a database is.
    pub fn url(&self, name: &str) -> String {
        format!("postgres://sifhub@127.0.0.1:{}/{name}", self.port)
    }

    /// Runs a statement as an administrator of the server, in a database of its own.
    pub fn psql(&self, statement: &str) -> bool {
        let output = Command::new(self.bin.join("psql"))
            .args([
                "-q",
                "-v",
                "ON_ERROR_STOP=1",
                &self.url("postgres"),
                "-c",
                statement,
            ])
            .output()
            .expect("psql runs");
        output.status.success()
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// A program of the server, which refuses to run as root; it is killed with the thread that starts it.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "INT"])
            .current_dir(self.dir.path());
        if is_root() {
            command.args([
                "--reuid",
                "postgres",
                "--regid",
                "postgres",
                "--clear-groups",
            ]);
        }
        command.arg("--").arg(self.bin.join(program));
        command
    }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self")
        .map(|data| std::os::unix::fs::MetadataExt::uid(&data) == 0)
        .unwrap_or(false)
}

fn chown(path: &Path) {
    let status = Command::new("chown")
        .arg("postgres:")
        .arg(path)
        .status()
        .expect("chown runs");
    assert!(status.success(), "chown");
}

/// The newest version that Debian's package has put here.
fn installed() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .map(|dir| dir.flatten().map(|entry| entry.path()).collect());
    let mut versions: Vec<PathBuf> = versions.unwrap_or_default();
    versions.sort();
    let newest = versions
        .pop()
        .expect("PostgreSQL is not installed: run `make test-tools`");
    newest.join("bin")
}

/// A port that nobody listens on at the moment.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}
