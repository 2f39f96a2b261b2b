//! `sifhub scrub`.
use clap::Args;

use super::open_existing;
use crate::{
    config::{ByteSize, Config, Duration},
    error::{Error, Result},
    registry::{
        Caller, Health, JobKind,
        job::{self, NewJob},
        scrub::{Checked, Plan, scrub},
    },
};

#[derive(Args)]
pub(super) struct Scrub {
    /// Read only blobs that were not read for so long; `0s` reads all
    #[arg(long, value_name = "TIME", default_value = "30d")]
    older_than: Duration,
    /// Read at most so much in a second
    #[arg(long, value_name = "SIZE")]
    rate: Option<ByteSize>,
}

impl Scrub {
    pub(super) async fn run(self, config: Config) -> Result<()> {
        let operator = open_existing(config).await?.operator();
        let plan = Plan {
            before: operator.ago(self.older_than.get()),
            rate: self.rate.map(|rate| rate.bytes()),
        };
        let (mut blobs, mut bytes, mut broken) = (0, 0, 0);
        let new = NewJob {
            kind: JobKind::Scrub,
            before: plan.before,
            rate: plan.rate,
            mend: false,
        };
        let tell = |checked: Checked| {
            blobs += 1;
            bytes += checked.size;
            broken += u64::from(told(&checked));
        };
        let work = async |operator: &Caller| scrub(operator, plan, tell).await;
        job::run(&operator, new, work).await?;
        let bytes = ByteSize::from_bytes(bytes);
        eprintln!("read {blobs} blobs ({bytes}), of which {broken} are damaged or missing");
        match broken {
            0 => Ok(()),
            _ => Err(Error::Conflict(
                "push the images that have these blobs again to bring them back".into(),
            )),
        }
    }
}

/// Names a blob that is not sound.
fn told(checked: &Checked) -> bool {
    let found = match checked.health {
        Health::Sound => return false,
        Health::Damaged => "damaged",
        Health::Missing => "missing",
    };
    println!("{found} {} {}", checked.digest, checked.size);
    true
}
