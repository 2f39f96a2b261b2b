//! `sifhub schema`.
use crate::{error::Result, graphql};

pub(super) fn run() -> Result<()> {
    print!("{}", graphql::sdl());
    Ok(())
}
