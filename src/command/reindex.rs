//! `sifhub reindex`.
use super::open_existing;
use crate::{config::Config, error::Result, registry::search};

pub(super) async fn run(config: Config) -> Result<()> {
    let operator = open_existing(config).await?.operator();
    search::reindex(&operator).await?;
    while search::refresh(&operator).await? {}
    search::tidy(&operator).await?;
    let documents = search::documents(&operator).await?;
    eprintln!("the search knows {documents} containers, collections and namespaces");
    Ok(())
}
