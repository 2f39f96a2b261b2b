//! Builds the browser pages of `web/` into `$OUT_DIR/web`, from where the server embeds them.
//!
//! Everything that npm writes stays below `$OUT_DIR`, so the source tree may be read-only. The network
//! is needed only while `web/package-lock.json` differs from what was installed last.

use std::env;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

type Result<T> = std::result::Result<T, String>;

/// The files and folders of `web/` that the build reads.
const SOURCES: [&str; 5] = [
    "package.json",
    "package-lock.json",
    "build.mjs",
    "licenses.mjs",
    "src",
];
const OLDEST_NODE: u32 = 20;
const REMEDY: &str = "install Node.js 20 or newer with npm (Debian 13 or newer: apt install nodejs npm; \
                      elsewhere: https://nodejs.org/en/download)";

fn main() {
    for source in SOURCES {
        println!("cargo::rerun-if-changed=web/{source}");
    }
    if let Err(reason) = build() {
        for line in reason.lines() {
            println!("cargo::error={line}");
        }
    }
}

fn build() -> Result<()> {
    let root = folder("CARGO_MANIFEST_DIR")?.join("web");
    let out = folder("OUT_DIR")?;
    let work = out.join("web-build");
    require_node()?;
    copy_sources(&root, &work).map_err(|error| {
        format!(
            "cannot copy {} to {}: {error}",
            root.display(),
            work.display()
        )
    })?;
    install(&work)?;
    run(Command::new("node")
        .arg("build.mjs")
        .arg("--out")
        .arg(out.join("web"))
        .current_dir(&work))?;
    Ok(())
}

fn folder(variable: &str) -> Result<PathBuf> {
    env::var_os(variable)
        .map(PathBuf::from)
        .ok_or_else(|| format!("{variable} is not set; run this through cargo"))
}

/// Refuses a Node.js that is missing or too old for the bundler before npm fails with a riddle.
fn require_node() -> Result<()> {
    let output = run(Command::new("node").arg("--version"))?;
    let version = String::from_utf8_lossy(&output.stdout);
    let major = version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|major| major.parse::<u32>().ok());
    match major {
        Some(major) if major >= OLDEST_NODE => Ok(()),
        _ => Err(format!(
            "node is {}, which is too old to build the web page; {REMEDY}",
            version.trim()
        )),
    }
}

/// Replaces the sources in the work folder, so that a file deleted from `web/` disappears there too.
fn copy_sources(root: &Path, work: &Path) -> io::Result<()> {
    fs::create_dir_all(work)?;
    ignore_missing(fs::remove_dir_all(work.join("src")))?;
    SOURCES
        .iter()
        .try_for_each(|source| copy(&root.join(source), &work.join(source)))
}

/// Copies a file, or a folder with all it holds; the copies are writable whatever the originals are.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if from.is_file() {
        return fs::write(to, fs::read(from)?);
    }
    fs::create_dir_all(to)?;
    fs::read_dir(from)?.try_for_each(|entry| {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))
    })
}

/// Installs the locked packages, unless the lock is the one that was installed last.
///
/// No script of a package runs; esbuild, the only one that has any, works without.
fn install(work: &Path) -> Result<()> {
    let (lock, installed) = (
        work.join("package-lock.json"),
        work.join("installed-lock.json"),
    );
    let wanted =
        fs::read(&lock).map_err(|error| format!("cannot read {}: {error}", lock.display()))?;
    if work.join("node_modules").is_dir() && fs::read(&installed).is_ok_and(|last| last == wanted) {
        return Ok(());
    }
    let options = [
        "ci",
        "--no-audit",
        "--no-fund",
        "--no-update-notifier",
        "--ignore-scripts",
        "--include=dev",
    ];
    ignore_missing(fs::remove_file(&installed))
        .map_err(|error| format!("cannot remove {}: {error}", installed.display()))?;
    run(Command::new("npm").args(options).current_dir(work))?;
    fs::write(&installed, wanted)
        .map_err(|error| format!("cannot write {}: {error}", installed.display()))
}

fn ignore_missing(result: io::Result<()>) -> io::Result<()> {
    result.or_else(|error| {
        if error.kind() == ErrorKind::NotFound {
            Ok(())
        } else {
            Err(error)
        }
    })
}

/// Runs a command silently; what it wrote becomes the error when it fails.
fn run(command: &mut Command) -> Result<Output> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| match error.kind() {
        ErrorKind::NotFound => format!("{program} is missing, which builds the web page; {REMEDY}"),
        _ => format!("cannot start {program}: {error}"),
    })?;
    if output.status.success() {
        return Ok(output);
    }
    let (stdout, stderr) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    Err(format!(
        "`{command:?}` failed ({}):\n{stdout}{stderr}",
        output.status
    ))
}
