//! Joins the sources into one typed configuration.
use std::{collections::BTreeMap, fs};

use figment::{Figment, value::Value};

use super::{
    Config, Fault, Sources,
    key::{Key, Keys},
    secret::MASK,
    source::Layer,
};
use crate::error::{Error, Result};

/// The origin of a value that nobody gave.
const DEFAULT: &str = "default";

/// A configuration, and where each of its values came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration, checked.
    pub config: Config,
    /// The origin of the value of each dotted key.
    pub(super) origins: BTreeMap<String, String>,
}

impl Config {
    /// Reads the sources, joins them and checks the outcome.
    ///
    /// # Errors
    /// [`Error::Invalid`] for the first thing that is wrong: it names the key, the value (masked if it is a secret), where that
    /// came from and what was expected.
    pub fn load(sources: &Sources) -> Result<Loaded> {
        let keys = Keys::new();
        let mut join = Join {
            figment: Figment::from(defaults()?),
            keys: &keys,
        };
        for layer in sources.layers(&keys)? {
            join.figment = join.figment.merge(layer);
        }
        for key in keys.iter().filter(|key| key.is_secret()) {
            join.read_secret(key)?;
        }
        let config = join.config()?;
        let origins = keys
            .iter()
            .map(|key| (key.name.clone(), join.origin(&key.name)))
            .collect();
        Ok(Loaded { config, origins })
    }
}

impl Loaded {
    /// Where the value of a dotted key came from: `default`, `file sifhub.toml`, `env SIFHUB__HTTP__LISTEN` or
    /// `flag --listen`. None if there is no such key.
    pub fn origin(&self, key: &str) -> Option<&str> {
        self.origins.get(key).map(String::as_str)
    }
}

/// The values that hold where no source gives another.
fn defaults() -> Result<Layer> {
    let values = Value::serialize(Config::default()).map_err(anyhow::Error::from)?;
    Ok(Layer {
        origin: DEFAULT.into(),
        values: values.into_dict().unwrap_or_default(),
    })
}

/// Sources that are being joined.
struct Join<'a> {
    figment: Figment,
    keys: &'a Keys,
}

impl Join<'_> {
    /// The typed configuration, checked.
    fn config(&self) -> Result<Config> {
        let config: Config = self
            .figment
            .extract()
            .map_err(|fault| self.mistyped(&fault))?;
        let values = Value::serialize(&config).map_err(anyhow::Error::from)?;
        for key in self.keys.iter() {
            let value = values
                .find_ref(&key.name)
                .and_then(|value| serde_json::to_value(value).ok());
            if !value.is_none_or(|value| key.admits(&value)) {
                return Err(self.unexpected(key));
            }
        }
        config
            .validate()
            .map_err(|Fault { key, why }| self.fault(key, &why))?;
        Ok(config)
    }

    /// Where the value of a key came from.
    fn origin(&self, key: &str) -> String {
        let origin = self
            .figment
            .find_metadata(key)
            .map(|metadata| metadata.name.to_string());
        origin.unwrap_or_else(|| DEFAULT.into())
    }

    /// Puts what the file `x_file` holds into the secret `x`.
    fn read_secret(&mut self, key: &Key) -> Result<()> {
        let twin = format!("{}_file", key.name);
        let (origin, twin_origin) = (self.origin(&key.name), self.origin(&twin));
        if twin_origin == DEFAULT {
            return Ok(());
        }
        if origin != DEFAULT {
            let why =
                format!("got it from {origin}, and {twin} from {twin_origin}; keep one of them");
            return Err(Error::invalid(&key.name, why));
        }
        let path: String = self
            .figment
            .extract_inner(&twin)
            .map_err(|fault| self.mistyped(&fault))?;
        let text = fs::read_to_string(&path)
            .map_err(|fault| self.fault(&twin, &format!("cannot be read: {fault}")))?;
        let text = text.strip_suffix('\n').unwrap_or(&text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        if text.is_empty() {
            return Err(self.fault(&twin, "must not be an empty file"));
        }
        let layer = Layer::single(
            format!("file {path} ({twin_origin})"),
            &key.name,
            text.into(),
        );
        self.figment = std::mem::take(&mut self.figment).merge(layer);
        Ok(())
    }

    /// The complaint about a value of the wrong type.
    fn mistyped(&self, fault: &figment::Error) -> Error {
        let prefixes = (1..=fault.path.len())
            .rev()
            .map(|end| fault.path[..end].join("."));
        let key = prefixes.filter_map(|name| self.keys.get(&name)).next();
        key.map_or_else(
            || Error::invalid("configuration", fault.kind.to_string()),
            |key| self.unexpected(key),
        )
    }

    /// The complaint about a value that is not what the schema says.
    fn unexpected(&self, key: &Key) -> Error {
        self.fault(&key.name, &format!("expected {}", key.expected()))
    }

    /// The complaint about the value of a key: why, what it is and where it came from.
    fn fault(&self, key: &str, why: &str) -> Error {
        let value = self
            .figment
            .find_value(key)
            .ok()
            .and_then(|value| serde_json::to_value(value).ok());
        let secret = self.keys.get(key).is_some_and(Key::is_secret);
        let got = match value.filter(|value| !value.is_null()) {
            None => "nothing".into(),
            Some(_) if secret => MASK.into(),
            Some(value) => value.to_string(),
        };
        Error::invalid(key, format!("{why}, got {got} from {}", self.origin(key)))
    }
}
