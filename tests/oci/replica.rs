//! Two replicas over one database and one storage.
use super::*;
use crate::support::on_each_database;

on_each_database! {
    async fn an_upload_goes_on_at_another_replica(app) {
        let alice = app.user("alice").await;
        let other = app.replica().await.with_token(alice.token());
        let content = bytes(3000);
        let digest = sha256(&content);
        let upload = begin(&alice, NAME).await;
        for (number, client) in [&alice, &other, &alice].into_iter().enumerate() {
            let status = client.get(&upload).await.expect(204);
            let arrived = (number * 1000).saturating_sub(1);
            assert_eq!(status.header("range"), format!("0-{arrived}"));
            let place = format!("{}-{}", number * 1000, number * 1000 + 999);
            let chunk = content[number * 1000..][..1000].to_vec();
            let sent = client.header("content-range", &place).send("PATCH", &upload, chunk).await.expect(202);
            assert_eq!(sent.header("location"), upload);
        }
        // What one took, no other takes again.
        let again = other.header("content-range", "1000-1999").send("PATCH", &upload, content[1000..2000].to_vec()).await;
        assert_eq!(again.expect(416).header("range"), "0-2999");
        other.send("PUT", &format!("{upload}?digest={digest}"), "").await.expect(201);
        for client in [&alice, &other] {
            let blob = client.get(&at(&format!("blobs/{digest}"))).await.expect(200);
            assert!(blob.body == content);
            client.get(&upload).await.expect(404);
        }
    }
}
