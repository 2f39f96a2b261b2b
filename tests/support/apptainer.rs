//! A site with the real, unmodified Apptainer client: each with a network, folders and people of its own.
use std::{
    ffi::OsString,
    fmt,
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Arc,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{SifBuilder, network::Network, server::Server, tools::tools};

/// Runs a command in the root folder where Apptainer is installed. Asked at run time: a build in a folder that outlives
/// its clone is taken for current in the next clone, whose path is another.
fn run() -> String {
    let root = std::env::var("CARGO_MANIFEST_DIR").expect("tests run by cargo");
    format!("{root}/tests/tools/apptainer")
}

/// A server on port 80 of a network of its own, and the people there.
pub struct Site {
    /// The server.
    pub server: Server,
    network: Arc<Network>,
    dir: TempDir,
}

impl Site {
    /// A site with the default settings.
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// A site with these settings.
    pub fn with(settings: &[(&str, &str)]) -> Self {
        let mut site = Self::closed(settings);
        site.server.start();
        site
    }

    /// A site whose server is not started yet.
    ///
    /// # Panics
    /// When Apptainer is not installed, saying how to.
    pub fn closed(settings: &[(&str, &str)]) -> Self {
        let client = root().join("usr/bin/apptainer");
        assert!(
            client.is_file(),
            "{} is missing: run `make test-tools` as root",
            client.display()
        );
        let (network, dir) = (Arc::new(Network::new()), tempfile::tempdir());
        let dir = dir.expect("a temporary folder");
        let settings = [&[("http.listen", "127.0.0.1:80")], settings].concat();
        let server = Server::new(dir.path(), Some(network.clone()), &settings);
        Self {
            server,
            network,
            dir,
        }
    }

    /// A new account whose owner is logged in with a token of the scope write.
    pub fn user(&self, name: &str) -> Apptainer<'_> {
        self.account(name, &[], &[])
    }

    /// A new site administrator, logged in with a token of the scope admin.
    pub fn admin(&self, name: &str) -> Apptainer<'_> {
        self.account(name, &["--admin"], &["--scope", "admin"])
    }

    fn account(&self, name: &str, account: &[&str], token: &[&str]) -> Apptainer<'_> {
        let add = [&["user", "add", name, "--password-stdin"], account].concat();
        self.server.cli_reading("correct horse battery\n", &add);
        let person = self.visitor(name);
        person.log_in(&self.token(name, token));
        person
    }

    /// A new token of an account.
    pub fn token(&self, user: &str, options: &[&str]) -> String {
        let create = [&["token", "create", "--user", user], options].concat();
        self.server.cli(&create)
    }

    /// Somebody who knows of the site, and is not logged in.
    pub fn visitor(&self, name: &str) -> Apptainer<'_> {
        let person = self.stranger(name);
        person
            .run("remote add --insecure --no-login hub http://localhost")
            .ok();
        person
    }

    /// Somebody with an empty home, who does not know of the site.
    pub fn stranger(&self, name: &str) -> Apptainer<'_> {
        let home = self.dir.path().join("home").join(name);
        fs::create_dir_all(&home).expect("a home");
        Apptainer { site: self, home }
    }

    /// What the server answers to a plain `GET`, without any token: its status and its JSON.
    pub fn get(&self, path: &str) -> (u16, Value) {
        let url = format!("http://localhost{path}");
        let output = self.stranger("curl").command("curl");
        let curl = output.args_of(&["-s", "-w", "\n%{http_code}", &url]).ok();
        let (body, status) = curl.stdout.rsplit_once('\n').expect("curl adds a line");
        let json = serde_json::from_str(body).unwrap_or(Value::Null);
        (status.parse().expect("a status"), json)
    }

    /// What the library tells of an image, `namespace/collection/container:tag`, to anybody.
    ///
    /// # Panics
    /// When it tells nothing.
    pub fn image(&self, reference: &str, arch: &str) -> Value {
        let (status, answer) = self.get(&format!("/v1/images/{reference}?arch={arch}"));
        assert_eq!(status, 200, "{reference} ({arch}): {answer}");
        answer["data"].clone()
    }

    /// What the server was asked while `work` ran, each as `GET /v1/… 200`.
    pub fn requests_of(&self, work: impl FnOnce()) -> Vec<String> {
        let before = self.server.requests().len();
        work();
        self.server.requests().split_off(before)
    }
}

/// Somebody with a home folder, in which their commands run.
pub struct Apptainer<'a> {
    site: &'a Site,
    /// The folder.
    pub home: PathBuf,
}

impl Apptainer<'_> {
    /// Runs `apptainer` with these words.
    pub fn run(&self, line: &str) -> Done {
        let words: Vec<&str> = line.split_whitespace().collect();
        self.args(&words)
    }

    /// Runs `apptainer` with these arguments.
    pub fn args(&self, args: &[&str]) -> Done {
        self.command("apptainer").args_of(args)
    }

    /// Runs a script of `bash` with the program `sifhub` in its path.
    pub fn bash(&self, script: &str) -> Done {
        self.command("bash").args_of(&[script])
    }

    /// Runs a script of `bash` on this machine, with its `curl` and `wget` and what is installed beside, in the network of
    /// the site. `apptainer` and `singularity` are still the one of the root folder, where this home has the same path.
    pub fn shell(&self, script: &str) -> Done {
        let mut command = self.site.network.command("bash");
        command
            .current_dir(&self.home)
            .env_clear()
            .env(
                "PATH",
                path(&[self.programs(), tools().join("go"), tools().join("bin")]),
            )
            .env("HOME", &self.home);
        Words(command).args_of(&["-c", script])
    }

    /// A folder with the client as a program, for those who look for one.
    fn programs(&self) -> PathBuf {
        let folder = self.home.join(".programs");
        fs::create_dir_all(&folder).expect("a folder");
        let (place, root) = (self.home.display(), root());
        let script = format!(
            "#!/bin/sh\nAPPTAINER_NO_PRIVS=true PLACE='{place}' exec '{}' run '{}' apptainer \"$@\"\n",
            run(),
            root.display()
        );
        for name in ["apptainer", "singularity"] {
            let file = folder.join(name);
            fs::write(&file, &script).expect("a script");
            fs::set_permissions(&file, Permissions::from_mode(0o755)).expect("a program");
        }
        folder
    }

    /// Logs in with a token.
    pub fn log_in(&self, token: &str) {
        self.write("token", token);
        self.run("remote login --tokenfile token hub").ok();
    }

    /// Asks the graph with the token this person has logged in with, if any, and expects an answer without errors.
    pub fn graphql(&self, query: &str, variables: &Value) -> Value {
        let body = json!({"query": query, "variables": variables}).to_string();
        let token = fs::read_to_string(self.home.join("token")).unwrap_or_default();
        let bearer = format!("authorization: Bearer {}", token.trim());
        let mut args = vec!["-s", "-H", "content-type: application/json", "-d", &body];
        if !token.is_empty() {
            args.extend(["-H", &bearer]);
        }
        args.push("http://localhost/graphql");
        let answer = self.command("curl").args_of(&args).ok();
        let json: Value = serde_json::from_str(&answer.stdout).expect("JSON");
        assert!(json.get("errors").is_none(), "{query}: {json:#}");
        json["data"].clone()
    }

    /// Puts a file into the home.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.home.join(name), bytes).expect("the home can be written");
    }

    /// A file in the home.
    #[track_caller]
    pub fn read(&self, name: &str) -> Vec<u8> {
        let path = self.home.join(name);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Puts an image into the home, and tells its `sha256.<hex>`.
    pub fn put(&self, name: &str, image: SifBuilder) -> String {
        let bytes = image.build();
        self.write(name, &bytes);
        hash(&bytes)
    }

    /// Builds `name` in the home, a small image of this machine's architecture that really runs: busybox, and the bash in
    /// which engines run their scripts.
    pub fn build(&self, name: &str) {
        let definition = "\
            Bootstrap: scratch\n\
            %setup\n\
            cd \"$APPTAINER_ROOTFS\" && mkdir -p bin\n\
            cp /usr/bin/busybox bin/busybox && ln -s busybox bin/sh\n\
            cp --parents /bin/bash $(ldd /bin/bash | grep -o '/[^ ]*') .\n\
            %runscript\n\
            echo \"hello $1\"\n\
            %labels\n\
            purpose greeting\n";
        self.write("build.def", definition);
        self.run(&format!("build -F {name} build.def")).ok();
    }

    /// Runs a program of this machine, outside of the root where Apptainer is, in the same network and home.
    pub fn outside(&self, program: &str, args: &[&str]) -> Done {
        let credentials = self.home.join(".docker/config.json");
        let mut command = self.site.network.command(program);
        command
            .current_dir(&self.home)
            .env_clear()
            .env("PATH", path(&[tools().join("go"), tools().join("bin")]))
            .env("HOME", &self.home)
            // Otherwise skopeo has a file for the whole machine.
            .env("REGISTRY_AUTH_FILE", credentials);
        Words(command).args_of(args)
    }

    fn command(&self, program: &str) -> Words {
        let mut command = self.site.network.command(&run());
        command.arg("run").arg(root()).arg(program);
        let programs = Path::new(super::server::PROGRAM).parent();
        command
            .current_dir(&self.home)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("TOOLS", programs.expect("a program is in a folder"))
            // As root, Apptainer gives a container every capability there is, and fails where it lacks one itself,
            // as inside of most containers.
            .env("APPTAINER_NO_PRIVS", "true");
        Words(command)
    }
}

/// Where programs are found: in these folders first, then where this machine has them.
fn path(folders: &[PathBuf]) -> OsString {
    let system = std::env::var_os("PATH").unwrap_or_default();
    let folders = folders
        .iter()
        .cloned()
        .chain(std::env::split_paths(&system));
    std::env::join_paths(folders).expect("paths without ':'")
}

/// A command that waits for its arguments.
struct Words(Command);

impl Words {
    fn args_of(mut self, args: &[&str]) -> Done {
        let Output {
            status,
            stdout,
            stderr,
        } = self.0.args(args).output().expect("nsenter runs");
        Done {
            line: args.join(" "),
            code: status.code(),
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
        }
    }
}

/// A command that is over.
pub struct Done {
    line: String,
    code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it said beside.
    pub stderr: String,
}

impl Done {
    /// Whether it has succeeded.
    pub fn succeeded(&self) -> bool {
        self.code == Some(0)
    }

    /// It must have succeeded.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{self}");
        self
    }

    /// It must have failed.
    #[track_caller]
    pub fn fails(self) -> Self {
        assert!(self.code.is_some_and(|code| code != 0), "{self}");
        self
    }

    /// It must have said this.
    #[track_caller]
    pub fn says(self, words: &str) -> Self {
        let found = self.stdout.contains(words) || self.stderr.contains(words);
        assert!(found, "not said: {words:?}\n{self}");
        self
    }

    /// It must not have said this.
    #[track_caller]
    pub fn keeps_silent_about(self, words: &str) -> Self {
        let found = self.stdout.contains(words) || self.stderr.contains(words);
        assert!(!found, "said: {words:?}\n{self}");
        self
    }
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            line,
            code,
            stdout,
            stderr,
        } = self;
        write!(f, "$ {line}\n{stdout}{stderr}exit code {code:?}")
    }
}

/// The digest of an image as the library writes it: `sha256.<hex>`.
pub fn hash(bytes: &[u8]) -> String {
    sifhub::registry::Digest::of(bytes)
        .to_string()
        .replace(':', ".")
}

/// This machine's architecture by its name in Go, which is what the client asks for by itself.
pub fn arch() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// Where `make test-tools` has put Apptainer.
fn root() -> PathBuf {
    tools().join("apptainer-root")
}
