//! `sifhub config …`.
use clap::Subcommand;

use super::{Settings, print};
use crate::{config, error::Result};

#[derive(Subcommand)]
pub(super) enum Config {
    /// Print every key with its value and where the value comes from; secrets are masked
    Print,
    /// Check the configuration; the exit status tells whether a server would start with it
    Check,
    /// Print the JSON Schema of sifhub.toml
    Schema,
    /// Print the page docs/configuration.md
    Docs,
}

impl Config {
    pub(super) fn run(self, settings: Settings) -> Result<()> {
        match self {
            Self::Print => print(&settings.load()?.print()),
            Self::Check => {
                settings.load()?;
                print("the configuration is good\n")
            }
            Self::Schema => print(&format!("{}\n", config::schema().trim_end())),
            Self::Docs => print(&format!("{}\n", config::docs().trim_end())),
        }
    }
}
