//! `sifhub gc`.
use clap::Args;

use super::open_existing;
use crate::{
    config::{ByteSize, Config, Duration},
    error::Result,
    registry::blob::collect,
};

#[derive(Args)]
pub(super) struct Gc {
    /// Only say what would be removed
    #[arg(long)]
    dry_run: bool,
    /// Leave alone what is younger (storage.staging_retention, 1d unless configured); never less than a push takes
    #[arg(long, value_name = "TIME")]
    grace: Option<Duration>,
}

impl Gc {
    pub(super) async fn run(self, config: Config) -> Result<()> {
        let grace = self.grace.unwrap_or(config.storage.staging_retention).get();
        let collected = collect(
            &open_existing(config).await?.operator(),
            grace,
            self.dry_run,
        )
        .await?;
        for (digest, size) in &collected.blobs {
            println!("blob {digest} {size}");
        }
        for key in &collected.staged {
            println!("staged {key}");
        }
        let verb = if self.dry_run {
            "would remove"
        } else {
            "removed"
        };
        eprintln!(
            "{verb} {} blobs ({}), {} staged leftovers, {} uploads",
            collected.blobs.len(),
            ByteSize::from_bytes(collected.bytes()),
            collected.staged.len(),
            collected.uploads
        );
        Ok(())
    }
}
