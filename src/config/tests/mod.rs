//! What the configuration does, in sentences. No test reads the environment or the working directory of the process.
mod fault;
mod load;
mod page;
mod secret;
mod value;

use std::fs;

use super::{Config, Loaded, Sources};

/// Sources of environment variables alone.
fn env(variables: &[(&str, &str)]) -> Sources {
    let env = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Sources {
        env: env.collect(),
        ..Sources::default()
    }
}

/// Sources of a file alone. The file lives as long as the directory that is returned with them.
fn file(text: &str) -> (tempfile::TempDir, Sources) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sifhub.toml");
    fs::write(&path, text).unwrap();
    (
        directory,
        Sources {
            file: Some(path),
            ..Sources::default()
        },
    )
}

fn load(sources: &Sources) -> Loaded {
    Config::load(sources).unwrap()
}

fn complaint(sources: &Sources) -> String {
    Config::load(sources).unwrap_err().to_string()
}
