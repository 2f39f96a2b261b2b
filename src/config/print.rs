//! Shows the configuration that a server would run with.
use serde_json::Value;

use super::{Loaded, key::Keys};

impl Loaded {
    /// Every key with its value in effect and where that came from, as TOML with comments, one key per line. Secrets are
    /// masked.
    pub fn print(&self) -> String {
        let values = self.in_effect();
        let line = |name: &str| match values
            .pointer(&format!("/{}", name.replace('.', "/")))
            .and_then(literal)
        {
            Some(value) => format!("{name} = {value}  # {}\n", self.origins[name]),
            None => format!("# {name} is not set\n"),
        };
        Keys::new().iter().map(|key| line(&key.name)).collect()
    }

    /// The values by section, secrets masked, with those in place that are derived from others.
    fn in_effect(&self) -> Value {
        let mut config = self.config.clone();
        config.database.url = Some(config.database_url());
        config.storage.fs.root = Some(config.blob_root());
        serde_json::to_value(config).expect("a configuration has text keys and finite numbers only")
    }
}

/// A value as TOML writes it; none if it is not set.
pub(super) fn literal(value: &Value) -> Option<String> {
    toml::Value::try_from(value)
        .ok()
        .map(|value| value.to_string())
}
