//! How much there is: sums, their growth, and who learns of them.
mod moved;
mod quota;
mod sums;
mod tree;

use serde_json::{Value, json};
use sifhub::registry::usage::{Drift, Plan, Recount, recount};

use crate::support::{Client, SifBuilder, TestApp};

/// An image of about so many bytes.
pub fn image(size: usize, seed: u64) -> SifBuilder {
    SifBuilder::new("amd64").payload(size, seed)
}

/// Counts all again.
pub async fn count_again(app: &TestApp, mend: bool) -> Recount {
    let operator = app.operator();
    let plan = Plan {
        before: operator.now(),
        mend,
        limit: u64::MAX,
    };
    recount(&operator, plan).await.expect("a recount")
}

/// What is wrong with the sums.
pub async fn drifts(app: &TestApp) -> Vec<Drift> {
    count_again(app, false).await.drifts
}

/// What a thing shows of its sums.
async fn sums(who: &Client, lookup: &str) -> Value {
    let data = who
        .graphql(
            &format!("{{ found: {lookup} {{ size stored imageCount manifestCount }} }}"),
            json!({}),
        )
        .await;
    data["found"].clone()
}
