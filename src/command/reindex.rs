//! `sifhub reindex`.
use super::open_existing;
use crate::{config::Config, error::Result, registry::search};

/// How many documents are written at a time, for which those who push to the server beside it wait.
const DOCUMENTS: u64 = 200;

pub(super) async fn run(config: Config) -> Result<()> {
    let operator = open_existing(config).await?.operator();
    search::reindex(&operator).await?;
    while search::refresh(&operator, DOCUMENTS).await? {}
    search::tidy(&operator).await?;
    let documents = search::documents(&operator).await?;
    eprintln!("the search knows {documents} containers, collections and namespaces");
    Ok(())
}
