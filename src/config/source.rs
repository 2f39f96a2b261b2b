//! Where values come from: the file, the environment and the command line.
use std::{
    env,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    str::FromStr,
};

use figment::{
    Metadata, Profile, Provider,
    util::nest,
    value::{Dict, Map, Value},
};

use super::key::{Key, Keys, PREFIX};
use crate::error::{Error, Result};

/// The file that is read when none is named.
const FILE: &str = "sifhub.toml";

/// The environment variable that names the file.
const FILE_VARIABLE: &str = "SIFHUB_CONFIG";

/// What a configuration is made of, beside the defaults. Later ones win: the file, the environment, the flags in order.
#[derive(Clone, Default)]
pub struct Sources {
    /// The configuration file, which must exist.
    pub file: Option<PathBuf>,
    /// Environment variables, as name and value. Those that do not begin with `SIFHUB__` are ignored, and so are empty ones.
    pub env: Vec<(String, String)>,
    /// Flags of the command line.
    pub flags: Vec<Flag>,
}

/// A value from the command line. It may be a secret, so that there is no way to debug-print it, nor [`Sources`].
#[derive(Clone)]
pub struct Flag {
    /// The flag as the user wrote it, such as `--listen`.
    pub name: String,
    /// The dotted key that it sets.
    pub key: String,
    /// The text that it sets the key to.
    pub value: String,
}

/// The values of one source.
pub(super) struct Layer {
    /// The source, such as `env SIFHUB__HTTP__LISTEN`.
    pub origin: String,
    /// Its values.
    pub values: Dict,
}

impl Sources {
    /// The sources of this process: the file that `--config` or `SIFHUB_CONFIG` names, otherwise `sifhub.toml` in the working
    /// directory if there is one; the environment; and the flags.
    ///
    /// # Errors
    /// [`Error::Invalid`] if an environment variable of sifhub is not UTF-8.
    pub fn of_process(config: Option<PathBuf>, flags: Vec<Flag>) -> Result<Self> {
        let ours = env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("SIFHUB_"));
        let env = ours
            .map(|(name, value)| utf8(&name, &value))
            .collect::<Result<Vec<_>>>()?;
        Ok(Self {
            file: choose(config, &env, Path::new(FILE)),
            env,
            flags,
        })
    }

    /// The sources with values, the weakest first.
    pub(super) fn layers(&self, keys: &Keys) -> Result<Vec<Layer>> {
        let mut layers = Vec::new();
        if let Some(path) = &self.file {
            layers.push(Layer::file(path, keys)?);
        }
        let mut variables = self
            .env
            .iter()
            .filter(|(name, value)| name.starts_with(PREFIX) && !value.is_empty())
            .collect::<Vec<_>>();
        variables.sort_unstable();
        for (name, value) in variables {
            layers.push(Layer::variable(name, value, keys)?);
        }
        for flag in &self.flags {
            layers.push(Layer::flag(flag, keys)?);
        }
        Ok(layers)
    }
}

/// A variable as text.
fn utf8(name: &OsStr, value: &OsStr) -> Result<(String, String)> {
    let both = name.to_str().zip(value.to_str());
    let text = both.map(|(name, value)| (name.to_owned(), value.to_owned()));
    text.ok_or_else(|| {
        Error::invalid(
            name.to_string_lossy(),
            "the environment variable must be UTF-8",
        )
    })
}

/// The file to read: the one that the flag or the environment names, otherwise the usual one if it exists.
pub(super) fn choose(
    flag: Option<PathBuf>,
    env: &[(String, String)],
    usual: &Path,
) -> Option<PathBuf> {
    let variable = env
        .iter()
        .find(|(name, value)| name == FILE_VARIABLE && !value.is_empty());
    let named = flag.or_else(|| variable.map(|(_, path)| path.into()));
    named.or_else(|| usual.is_file().then(|| usual.into()))
}

impl FromStr for Flag {
    type Err = String;

    /// Reads the argument of `--set`: `http.listen=0.0.0.0:8080`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) = text
            .split_once('=')
            .ok_or("expected KEY=VALUE, such as http.listen=0.0.0.0:8080")?;
        Ok(Self {
            name: "--set".into(),
            key: key.trim().into(),
            value: value.into(),
        })
    }
}

impl Layer {
    /// One value.
    pub fn single(origin: String, key: &str, value: Value) -> Self {
        Self {
            origin,
            values: nest(key, value).into_dict().unwrap_or_default(),
        }
    }

    fn file(path: &Path, keys: &Keys) -> Result<Self> {
        let origin = format!("file {}", path.display());
        let unreadable = |fault| {
            Error::invalid(
                &origin,
                format!("the configuration cannot be read: {fault}"),
            )
        };
        let text = fs::read_to_string(path).map_err(unreadable)?;
        let values = toml::from_str(&text).map_err(|fault| malformed(&origin, &text, &fault))?;
        check(&origin, "", &values, keys)?;
        Ok(Self { origin, values })
    }

    fn variable(name: &str, text: &str, keys: &Keys) -> Result<Self> {
        let origin = format!("env {name}");
        let key = name[PREFIX.len()..].to_lowercase().replace("__", ".");
        let known = keys.get(&key).filter(|key| key.variable() == name);
        let known = known.ok_or_else(|| {
            let near = keys.nearest(&key).and_then(|near| keys.get(near));
            unknown(&key, &origin, near.map(Key::variable).as_deref())
        })?;
        Ok(Self::single(origin, &key, known.parse(text)))
    }

    fn flag(flag: &Flag, keys: &Keys) -> Result<Self> {
        let origin = format!("flag {}", flag.name);
        let known = keys
            .get(&flag.key)
            .ok_or_else(|| unknown(&flag.key, &origin, keys.nearest(&flag.key)))?;
        Ok(Self::single(origin, &flag.key, known.parse(&flag.value)))
    }
}

/// Looks for a name that the schema does not know.
fn check(origin: &str, prefix: &str, values: &Dict, keys: &Keys) -> Result<()> {
    for (part, value) in values {
        let name = format!("{prefix}{part}");
        let section = keys.sections().iter().any(|section| section.name == name);
        match value.as_dict() {
            Some(values) if section => check(origin, &format!("{name}."), values, keys)?,
            None if section => {
                return Err(Error::invalid(
                    name,
                    format!("expected a table of keys, got one value from {origin}"),
                ));
            }
            _ if keys.get(&name).is_some() => {}
            _ => return Err(unknown(&name, origin, keys.nearest(&name))),
        }
    }
    Ok(())
}

/// The complaint about a name that the schema does not know.
fn unknown(name: &str, origin: &str, near: Option<&str>) -> Error {
    let hint = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
    Error::invalid(
        name,
        format!("there is no such key, got it from {origin}{hint}"),
    )
}

/// The complaint about a file that is no TOML. It names the line, but does not show it: there may be a secret in it.
fn malformed(origin: &str, text: &str, fault: &toml::de::Error) -> Error {
    let before = fault
        .span()
        .and_then(|span| text.get(..span.start))
        .unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    Error::invalid(
        origin,
        format!("no valid TOML in line {line}: {}", fault.message()),
    )
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.origin.clone())
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}
