//! The real program, as a process: started, asked, stopped and killed.
use std::{
    ffi::OsStr,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::network::Network;

/// The program, as cargo has built it for these tests.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_sifhub");
/// How long a start or a stop may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server in a folder of its own. What it keeps outlives it, as long as the folder does.
pub struct Server {
    dir: PathBuf,
    network: Option<Arc<Network>>,
    settings: Vec<(String, String)>,
    process: Option<Child>,
}

impl Server {
    /// A server that keeps everything in `dir` and has these settings (`key`, `value`); not started yet. Strong
    /// hashing of passwords would take most of the tests' time, so it is weak.
    pub fn new(dir: &Path, network: Option<Arc<Network>>, settings: &[(&str, &str)]) -> Self {
        let data = dir.join("data").display().to_string();
        let all = [
            ("data_dir", &*data),
            ("log.format", "json"),
            ("auth.argon2.memory", "64 KiB"),
            ("auth.argon2.iterations", "1"),
        ];
        let setting = |(key, value): &(&str, &str)| {
            let variable = format!("SIFHUB__{}", key.to_uppercase().replace('.', "__"));
            (variable, (*value).to_owned())
        };
        Self {
            dir: dir.to_owned(),
            network,
            settings: all.iter().chain(settings).map(setting).collect(),
            process: None,
        }
    }

    /// Starts it and waits until it takes requests. It is killed with the thread that calls this.
    ///
    /// # Panics
    /// When it does not start, with its log.
    pub fn start(&mut self) {
        assert!(self.process.is_none(), "it runs already");
        let before = self.log().len();
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log_file());
        let log = log.expect("the log can be written");
        let mut command = self.command("setpriv");
        command.args(["--pdeathsig", "KILL", "--", PROGRAM, "serve"]);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        let mut process = command.spawn().expect("setpriv runs");
        let started = Instant::now();
        // It says so when it has bound its address; from then on the kernel queues what comes too early.
        while !self.log()[before..].contains(r#""message":"serving""#) {
            let ended = process.try_wait().expect("it can be waited for");
            let late = started.elapsed() > PATIENCE;
            assert!(
                ended.is_none() && !late,
                "no start ({ended:?}): {}",
                self.log()
            );
            thread::sleep(Duration::from_millis(5));
        }
        self.process = Some(process);
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(&mut self) -> ExitStatus {
        let mut process = self.process.take().expect("it runs");
        let id = process.id().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status();
        assert!(told.expect("kill runs").success());
        let started = Instant::now();
        loop {
            if let Some(status) = process.try_wait().expect("it can be waited for") {
                return status;
            }
            assert!(
                started.elapsed() < PATIENCE,
                "no stop after SIGTERM: {}",
                self.log()
            );
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends it at once, as a power failure does.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("a process of ours takes our signals");
            process.wait().expect("it can be waited for");
        }
    }

    /// Runs another command of the program on the same data, and gives what it prints.
    ///
    /// # Panics
    /// When the command fails, with what it says.
    pub fn cli(&self, args: &[&str]) -> String {
        self.cli_reading("", args)
    }

    /// The same for a command that reads standard input.
    pub fn cli_reading(&self, input: &str, args: &[&str]) -> String {
        let output = self.try_cli(input, args);
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "sifhub {args:?}: {words}");
        String::from_utf8(output.stdout).expect("it prints UTF-8")
    }

    /// Runs a command, whatever comes of it.
    pub fn try_cli(&self, input: &str, args: &[&str]) -> Output {
        let mut command = self.command(PROGRAM);
        command
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = command.spawn().expect("the program runs");
        let mut stdin = process.stdin.take().expect("it is piped");
        // A command that reads nothing may be over before it has been told.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        process.wait_with_output().expect("it can be waited for")
    }

    /// Begins a command on the same data, for whoever kills it.
    pub fn begin_cli(&self, args: &[&str]) -> Child {
        let mut command = self.command(PROGRAM);
        command
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.spawn().expect("the program runs")
    }

    /// The most memory that it has held, in KiB.
    pub fn most_memory(&self) -> u64 {
        let id = self.process.as_ref().expect("it runs").id();
        let status = fs::read_to_string(format!("/proc/{id}/status")).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        number.expect("a line").parse().expect("a number")
    }

    /// Everything it has logged, through all starts.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// The requests it has answered, each as `GET /healthz 200`, in the order of their ends.
    pub fn requests(&self) -> Vec<String> {
        let log = self.log();
        let lines = log
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let answered = lines.filter(|line| line["message"] == "answered");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        answered
            .map(|line| {
                let (method, path) = (text(&line["method"]), text(&line["path"]));
                format!("{method} {path} {}", line["status"])
            })
            .collect()
    }

    fn log_file(&self) -> PathBuf {
        self.dir.join("server.log")
    }

    /// A program that sees nothing of this process's environment but where programs are.
    fn command(&self, program: &str) -> Command {
        let mut command = match &self.network {
            Some(network) => network.command(program),
            None => Command::new(program),
        };
        let path = std::env::var_os("PATH").unwrap_or_default();
        let settings = self
            .settings
            .iter()
            .map(|(name, value)| (OsStr::new(name), OsStr::new(value)));
        command
            .env_clear()
            .env("PATH", path)
            .envs(settings)
            .current_dir(&self.dir);
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
