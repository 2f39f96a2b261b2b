//! `sifhub serve`.
use std::path::PathBuf;

use clap::Args;

use super::{Settings, log};
use crate::{app::App, config::Flag, error::Result};

#[derive(Args)]
pub(super) struct Serve {
    /// Listen on this address and port (http.listen)
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// The URL under which clients reach this server (http.public_url)
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Keep the database, blobs and keys in this folder (data_dir)
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
}

impl Serve {
    pub(super) async fn run(self, settings: Settings) -> Result<()> {
        let loaded = settings.load_with(self.flags())?;
        log::start(&loaded.config.log)?;
        App::open(loaded.config).await?.serve().await
    }

    fn flags(self) -> Vec<Flag> {
        let flag = |name: &str, key: &str, value: Option<String>| {
            value.map(|value| Flag {
                name: name.into(),
                key: key.into(),
                value,
            })
        };
        let data_dir = self.data_dir.map(|path| path.display().to_string());
        [
            flag("--listen", "http.listen", self.listen),
            flag("--public-url", "http.public_url", self.public_url),
            flag("--data-dir", "data_dir", data_dir),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
