//! `sifhub recount`.
use clap::Args;

use super::open_existing;
use crate::{
    config::{Config, Duration},
    error::{Error, Result},
    registry::{
        Caller, JobKind,
        job::{self, NewJob},
        usage::{Plan, recount},
    },
};

#[derive(Args)]
pub(super) struct Recount {
    /// Put right what is wrong
    #[arg(long)]
    mend: bool,
    /// Leave alone what was counted again since; `0s` counts all
    #[arg(long, value_name = "TIME", default_value = "0s")]
    older_than: Duration,
}

impl Recount {
    pub(super) async fn run(self, config: Config) -> Result<()> {
        let operator = open_existing(config).await?.operator();
        let plan = Plan {
            before: operator.ago(self.older_than.get()),
            mend: self.mend,
            limit: u64::MAX,
        };
        let new = NewJob {
            kind: JobKind::Recount,
            before: plan.before,
            rate: None,
            mend: plan.mend,
        };
        let work = async |operator: &Caller| recount(operator, plan).await;
        let counted = job::run(&operator, new, work).await?;
        for drift in &counted.drifts {
            println!("{drift}");
        }
        let (checked, wrong) = (counted.checked, counted.drifts.len());
        eprintln!(
            "counted {checked} collections, namespaces and parts of the site: {wrong} sums are wrong"
        );
        match wrong > 0 && !self.mend {
            true => Err(Error::Conflict(
                "run sifhub recount --mend to put them right".into(),
            )),
            false => Ok(()),
        }
    }
}
