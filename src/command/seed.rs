//! `sifhub seed`.
use chrono::{DateTime, NaiveDate, Utc};
use clap::Args;

use super::open;
use crate::{
    config::Config,
    error::Result,
    registry::{
        place,
        seed::{Plan, Progress, fill},
    },
};

#[derive(Args)]
pub(super) struct Seed {
    /// Accounts; they have no password, make tokens for them with `sifhub token create`
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    users: u64,
    /// Namespaces
    #[arg(long, value_name = "COUNT", default_value_t = 5)]
    namespaces: u64,
    /// Collections
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    collections: u64,
    /// Containers
    #[arg(long, value_name = "COUNT", default_value_t = 500)]
    containers: u64,
    /// Images
    #[arg(long, value_name = "COUNT", default_value_t = 5000)]
    images: u64,
    /// Another number makes other data
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// The day on which the data ends; everything happened in the two years before
    #[arg(long, value_name = "YYYY-MM-DD", default_value = "2026-11-01")]
    end: NaiveDate,
}

impl Seed {
    pub(super) async fn run(self, config: Config) -> Result<()> {
        let plan = Plan {
            users: self.users,
            namespaces: self.namespaces,
            collections: self.collections,
            containers: self.containers,
            images: self.images,
            seed: self.seed,
            end: midnight(self.end),
        };
        let operator = open(config).await?.operator();
        place::check(&operator).await?;
        fill(&operator, &plan, show).await
    }
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(chrono::NaiveTime::MIN).and_utc()
}

fn show(progress: Progress) {
    let Progress { noun, done, all } = progress;
    eprintln!("{noun}: {done} of {all}");
}
