//! What a newer server makes of the data of an older one.
use migration::MigratorTrait;
use sea_orm::{ConnectionTrait, Database};
use serde_json::json;

use crate::support::{SifBuilder, on_each_database};

const SIGNER: &str = "8883491F4268F173C6E5DC49EDECE4F3F38D871E";

on_each_database! {
    async fn who_signed_is_told_of_images_that_came_before_it_was_kept_apart(app) {
        let alice = app.user("alice").await;
        let image = SifBuilder::new("amd64").signed_by(SIGNER);
        alice.push("alice/tools/signed", "1.0", image).await;
        alice.push("alice/tools/plain", "1.0", SifBuilder::new("amd64").payload(4096, 1)).await;
        let db = Database::connect(app.database_url()).await.expect("a connection");
        for back in [
            "alter table sif drop column fingerprints",
            "delete from seaql_migrations where version = 'm20261122_000002_fingerprints'",
        ] {
            db.execute_unprepared(back).await.expect("the older schema");
        }
        migration::Migrator::up(&db, None).await.expect("an upgrade");
        let shown = async |name: &str| {
            let path = format!("/v1/images/alice/tools/{name}:1.0?arch=amd64");
            alice.get(&path).await.expect(200).json()["data"]["fingerprints"].clone()
        };
        assert_eq!(shown("signed").await, json!([SIGNER]));
        assert_eq!(shown("plain").await, json!([]));
    }
}
