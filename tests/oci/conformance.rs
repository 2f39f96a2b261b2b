//! The conformance suite of the OCI's distribution-spec, against the real program.
use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use crate::{
    generated::assert_current,
    support::{postgres::free_port, server::Server, tools::tools},
};

/// Where the version of the suite is chosen.
const INSTALL: &str = include_str!("../tools/install");
const MODULE: &str = "github.com/opencontainers/distribution-spec/conformance@";
const PAGE: &str = "docs/conformance.md";
/// What a check may end as, in the suite's words.
const OUTCOMES: [&str; 5] = ["Pass", "FAIL", "Error", "Skip", "Disabled"];

/// What the suite leaves out of a profile by itself, but is here.
const SWITCHES: [&str; 4] = [
    "OCI_API_BLOBS_UPLOAD_CANCEL",
    "OCI_API_BLOBS_DIGEST_HEADER",
    "OCI_API_MANIFESTS_DIGEST_HEADER",
    "OCI_API_MANIFESTS_TAG_PARAM",
];
/// A manifest may be refused that names what is not there, and is by a server as anybody starts it.
const SPARSE: (&str, &str) = ("OCI_DATA_SPARSE", "registry.sparse_manifests");
/// What is not checked, and why: nothing else may be left out.
const LEFT_OUT: [(&str, &str, &str); 1] = [(
    "stable",
    "Sparse Manifests: Disabled",
    "the server of this run refuses them, as the specification allows; that of `dev` takes them",
)];

#[test]
fn every_check_of_the_conformance_suite_passes() {
    let runs = ["stable", "dev"].map(Run::new);
    for run in &runs {
        run.assert_passed();
    }
    assert_current(PAGE, &page(&runs));
}

/// What the suite said of a profile.
struct Run {
    profile: &'static str,
    output: String,
    succeeded: bool,
}

impl Run {
    /// Lets the suite check a new server, on which it is logged in.
    fn new(profile: &'static str) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let address = format!("127.0.0.1:{}", free_port());
        let sparse = (profile == "dev").to_string();
        let config = [("http.listen", &*address), (SPARSE.1, &sparse)];
        let mut server = Server::new(dir.path(), None, &config);
        server.cli_reading(
            "correct horse battery\n",
            &["user", "add", "alice", "--password-stdin"],
        );
        let token = server.cli(&["token", "create", "--user", "alice"]);
        server.start();
        let Output { status, stdout, .. } = suite(profile, &address)
            .current_dir(dir.path())
            .env("OCI_PASSWORD", token.trim())
            .env(SPARSE.0, &sparse)
            .output()
            .expect("the suite runs: install it by `make test-tools`");
        Self {
            profile,
            output: String::from_utf8_lossy(&stdout).into_owned(),
            succeeded: status.success(),
        }
    }

    /// How many checks ended so.
    ///
    /// # Panics
    /// When the suite gave up before it counted.
    fn count(&self, outcome: &str) -> u32 {
        let line = self.output.lines().find_map(|line| {
            let (label, count) = line.trim().split_once(": ")?;
            (label.trim_end_matches('.') == outcome && label.ends_with('.')).then_some(count)
        });
        let count = line.and_then(|count| count.trim().parse().ok());
        count.unwrap_or_else(|| panic!("{}: no count of {outcome}:\n{}", self.profile, self.output))
    }

    /// The suite itself is content with what it skipped, and even with a start that failed.
    fn assert_passed(&self) {
        let open: u32 = ["FAIL", "Error", "Skip"]
            .map(|outcome| self.count(outcome))
            .iter()
            .sum();
        let passed = self.succeeded && open == 0 && self.count("Pass") > 0;
        assert!(
            passed,
            "{open} checks of the profile {} did not pass; see {}/report.html\n{}",
            self.profile,
            results(self.profile),
            self.findings()
        );
        let known = LEFT_OUT.iter().filter(|left| left.0 == self.profile);
        let known: Vec<_> = known.map(|left| left.1.to_owned()).collect();
        assert_eq!(self.left_out(), known, "left out of {}", self.profile);
    }

    /// What the report says was not checked, in its words.
    fn left_out(&self) -> Vec<String> {
        let path = format!("{}/results.yaml", results(self.profile));
        let report = fs::read_to_string(&path).expect("the suite writes a report");
        let lines = report.lines().map(str::trim);
        let open = lines.filter(|line| {
            [": Disabled", ": Skip", ": Unknown"]
                .iter()
                .any(|end| line.ends_with(end))
        });
        open.map(str::to_owned).collect()
    }

    /// The lines about what did not pass, with the suite's reasons.
    fn findings(&self) -> String {
        let tree = self
            .output
            .split("Configuration:")
            .next()
            .unwrap_or_default();
        let told = |line: &&str| {
            [": FAIL", ": Error", ": Skip", " - "]
                .iter()
                .any(|mark| line.contains(mark))
        };
        tree.lines().filter(told).collect::<Vec<_>>().join("\n")
    }
}

/// The suite, told where the server is. It makes the repositories by pushing to them.
fn suite(profile: &str, address: &str) -> Command {
    let mut command = Command::new(tools().join("go/conformance"));
    command.env_clear().envs([
        ("OCI_REGISTRY", address),
        ("OCI_TLS", "disabled"),
        ("OCI_REPO1", "alice/conformance/one"),
        ("OCI_REPO2", "alice/conformance/two"),
        ("OCI_USERNAME", "alice"),
        ("OCI_VERSION", profile),
        ("OCI_RESULTS_DIR", &results(profile)),
    ]);
    command.envs(SWITCHES.map(|switch| (switch, "true")));
    command
}

/// A folder where the suite's reports stay for a look.
fn results(profile: &str) -> String {
    format!("{}/conformance/{profile}", env!("CARGO_TARGET_TMPDIR"))
}

fn page(runs: &[Run]) -> String {
    let version = INSTALL
        .lines()
        .find_map(|line| line.trim().strip_prefix(MODULE));
    let suite = format!(
        "| | |\n| --- | --- |\n| suite | `{MODULE}{}` |\n| date | {} |",
        version.expect("a version is chosen"),
        date()
    );
    let row = |run: &Run| {
        let counts = OUTCOMES.map(|outcome| run.count(outcome).to_string());
        format!("| {} | {} |", run.profile, counts.join(" | "))
    };
    let head = "| profile | passed | failed | errors | skipped | disabled |\n| --- | --: | --: | --: | --: | --: |";
    let rows: Vec<_> = runs.iter().map(row).collect();
    include_str!("conformance.template.md")
        .replace("{{suite}}", &suite)
        .replace("{{counts}}", &format!("{head}\n{}", rows.join("\n")))
        .replace("{{left out}}", &left_out())
}

/// What is not checked, and why.
fn left_out() -> String {
    let row = |(profile, what, why): &(_, &str, _)| {
        let what = what.split(':').next().unwrap_or_default();
        format!("- `{profile}`: {what}, since {why}.")
    };
    LEFT_OUT.iter().map(row).collect::<Vec<_>>().join("\n")
}

/// Today if the page is to be written, else the day when it was.
fn date() -> String {
    if std::env::var_os("UPDATE").is_some() {
        let today = Command::new("date").args(["-u", "+%F"]).output();
        let today = today.expect("date runs").stdout;
        return String::from_utf8_lossy(&today).trim().to_owned();
    }
    let page = fs::read_to_string(Path::new(PAGE)).unwrap_or_default();
    let line = page.lines().find_map(|line| line.strip_prefix("| date | "));
    line.and_then(|line| line.strip_suffix(" |"))
        .unwrap_or("never")
        .to_owned()
}
