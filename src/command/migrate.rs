//! `sifhub migrate`.
use super::open;
use crate::{config::Config, error::Result};

pub(super) async fn run(config: Config) -> Result<()> {
    open(config).await?;
    println!("the schema is up to date");
    Ok(())
}
