//! A network of one's own, with nothing but `localhost`: there every test has a port 80, which clients insist on.
use std::{
    io::{BufRead, BufReader},
    process::{Child, ChildStdin, Command, Stdio},
};

/// What the tests need that a machine may lack.
const REMEDY: &str = "the tests with the real Apptainer make network and mount namespaces; \
                      run them as root with CAP_SYS_ADMIN, and install unshare, nsenter and ip by `make test-tools`";

/// A network namespace, gone with this value and with this process.
pub struct Network {
    /// Keeps the namespace, as long as its standard input is open.
    holder: Child,
    _input: ChildStdin,
}

impl Network {
    /// A new one.
    ///
    /// # Panics
    /// When this machine does not let us, saying what it would take.
    pub fn new() -> Self {
        let script = "ip link set lo up && echo up && exec cat";
        let mut holder = Command::new("unshare")
            .args(["--net", "--", "sh", "-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("unshare does not start ({error}): {REMEDY}"));
        let input = holder.stdin.take().expect("it is piped");
        let mut line = String::new();
        let output = holder.stdout.as_mut().expect("it is piped");
        let read = BufReader::new(output).read_line(&mut line);
        assert!(
            read.is_ok() && line == "up\n",
            "no network namespace can be made: {REMEDY}"
        );
        Self {
            holder,
            _input: input,
        }
    }

    /// A program that is to run in this network.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        let namespace = format!("--net=/proc/{}/ns/net", self.holder.id());
        command.args([&namespace, "--", program]);
        command
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
