//! Counting again beside others.
use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend, Statement, TransactionTrait};

use crate::{
    support::TestApp,
    usage::{count_again, drifts, image},
};

/// Whether somebody waits for a lock.
async fn somebody_waits(app: &TestApp) -> bool {
    let waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND pid IN
        (SELECT pid FROM pg_stat_activity WHERE datname = current_database())";
    let statement = Statement::from_string(DbBackend::Postgres, waiting);
    let row = app.db.query_one_raw(statement).await;
    row.expect("the locks").is_some()
}

/// SQLite has one writer at a time.
#[tokio::test]
async fn counting_again_takes_the_locks_of_a_push_in_the_same_order() {
    let app = TestApp::postgres().await;
    let alice = app.user("alice").await;
    for (path, seed) in [("alice/tools/a", 1), ("alice/tools/b", 2)] {
        alice.push(path, "1", image(4096, seed)).await;
    }
    for (first, second) in [
        ("container", "collection"),
        ("collection", "namespace"),
        ("site", "site"),
    ] {
        let harm = format!("UPDATE usage SET size = size + 5 WHERE extent = '{first}'");
        app.db.execute_unprepared(&harm).await.expect("harm");
        let push = app.db.begin().await.expect("a transaction");
        let take = |extent: &str, order: &str| {
            format!(
                "UPDATE usage SET size = size WHERE extent = '{extent}' AND id = (SELECT {order}(id) FROM usage WHERE extent = '{extent}')"
            )
        };
        push.execute_unprepared(&take(first, "MIN"))
            .await
            .expect("a lock");
        let going_on = async {
            while !somebody_waits(&app).await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            push.execute_unprepared(&take(second, "MAX"))
                .await
                .expect("the next lock");
            push.commit().await.expect("the push");
        };
        let (counted, ()) = futures::join!(count_again(&app, true), going_on);
        assert_ne!(counted.drifts, []);
        assert_eq!(drifts(&app).await, []);
    }
}
