//! `sifhub schema`.
use clap::Args;

use super::print;
use crate::{error::Result, graphql};

#[derive(Args)]
pub(super) struct Schema {
    /// Print it for the router of a federated graph (Apollo Federation 2)
    #[arg(long)]
    federation: bool,
    /// The name of this server among several in one graph, which its fields and types then carry
    #[arg(long, value_name = "NAME", requires = "federation")]
    site: Option<String>,
}

impl Schema {
    pub(super) fn run(self) -> Result<()> {
        match self.federation {
            true => print(&graphql::federation_sdl(self.site.as_deref())?),
            false => print(&graphql::sdl()),
        }
    }
}
