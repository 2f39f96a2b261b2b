use serde_json::json;

use super::*;
use crate::support::on_each_database;

on_each_database! {
    async fn an_image_that_is_pushed_can_be_pulled(app) {
        let alice = app.user("alice").await;
        let bytes = SifBuilder::new("amd64").build();
        let container = container(&alice, "alice/tools/alpine").await;
        refused(&alice.get(&format!("/v1/images/alice/tools/alpine:{}?arch=amd64", hash(&bytes))).await, 404);
        let image = announce(&alice, &container, &bytes).await;
        let path = upload_path(&alice, &image, &bytes).await;
        let sent = app.anonymous().send("PUT", &path, bytes.clone()).await.expect(200);
        assert_eq!(sent.header("etag"), format!("\"{}\"", Digest::of(&bytes).hex()));
        let done = complete(&alice, &image).await.expect(200).json();
        assert_eq!(done["data"], json!({"quota": {"quotaTotal": 0, "quotaUsage": bytes.len()},
            "containerUrl": "library/alice/tools/alpine"}));
        tag(&alice, &container, "1", "amd64", &image).await.expect(200);
        let pulled = app.anonymous().get("/v1/imagefile/alice/tools/alpine:1?arch=amd64").await.expect(200);
        assert_eq!(pulled.body, bytes);
    }

    async fn an_announced_image_wants_its_bytes_and_an_uploaded_one_does_not(app) {
        let alice = app.user("alice").await;
        let bytes = SifBuilder::new("amd64").build();
        let container = container(&alice, "alice/tools/alpine").await;
        let new = announcement(&container, &bytes);
        let first = alice.post("/v1/images", new.clone()).await.expect(200).json()["data"].clone();
        assert_eq!((&first["uploaded"], &first["size"]), (&json!(false), &json!(0)));
        let seen = alice.get(&format!("/v1/images/alice/tools/alpine:{}?arch=arm64", hash(&bytes))).await;
        assert_eq!(seen.expect(200).json()["data"]["uploaded"], false);
        alice.push("alice/tools/alpine", "1", SifBuilder::new("amd64")).await;
        let again = alice.post("/v1/images", new).await.expect(200).json()["data"].clone();
        assert_eq!((&again["uploaded"], &again["id"]), (&json!(true), &first["id"]));
        assert_eq!(again["size"], bytes.len());
    }

    async fn the_same_bytes_in_another_container_need_not_be_sent_again(app) {
        let alice = app.user("alice").await;
        alice.push("alice/tools/alpine", "1", SifBuilder::new("amd64")).await;
        let bytes = SifBuilder::new("amd64").build();
        let other = container(&alice, "alice/tools/copy").await;
        let image = alice.post("/v1/images", announcement(&other, &bytes)).await.expect(200).json();
        assert_eq!(image["data"]["uploaded"], true);
        tag(&alice, &other, "1", "amd64", image["data"]["id"].as_str().expect("an id")).await.expect(200);
        let pulled = app.anonymous().get("/v1/imagefile/alice/tools/copy:1").await.expect(200);
        assert_eq!(pulled.body, bytes);
    }

    async fn knowing_the_hash_of_a_private_image_does_not_give_its_bytes(app) {
        let alice = app.user("alice").await;
        let entity = make(&alice, "entities", json!({"name": "alice"})).await;
        make(&alice, "collections", json!({"name": "secret", "entity": entity, "private": true})).await;
        alice.push("alice/secret/plan", "1", SifBuilder::new("amd64")).await;
        let bytes = SifBuilder::new("amd64").build();
        let bob = app.user("bob").await;
        let own = container(&bob, "bob/tools/mine").await;
        let image = bob.post("/v1/images", announcement(&own, &bytes)).await.expect(200).json();
        assert_eq!(image["data"]["uploaded"], false);
        refused(&bob.get(&format!("/v1/imagefile/bob/tools/mine:{}", hash(&bytes))).await, 404);
    }

    async fn images_go_with_their_tags(app) {
        let alice = app.user("alice").await;
        let container = container(&alice, "alice/tools/alpine").await;
        for arch in ["amd64", "arm64"] {
            alice.push("alice/tools/alpine", "1", SifBuilder::new(arch)).await;
        }
        let bob = app.user("bob").await;
        let path = "/v1/images/alice/tools/alpine:1?arch=arm64";
        refused(&app.anonymous().delete(path).await, 401);
        refused(&bob.delete(path).await, 403);
        alice.delete(path).await.expect(200);
        refused(&alice.delete(path).await, 404);
        let tags = alice.get(&format!("/v2/tags/{container}")).await.expect(200).json();
        assert_eq!(tags["data"].as_object().expect("a map").len(), 1);
        alice.get("/v1/imagefile/alice/tools/alpine:1?arch=amd64").await.expect(200);
    }

    async fn an_image_is_described_by_what_is_in_it(app) {
        let alice = app.user("alice").await;
        let key = "8883491F4268F173C6E5DC49EDECE4F3F38D871E";
        let image = SifBuilder::new("arm64").signed_by(key).encrypted();
        alice.push("alice/tools/alpine", "1", image).await;
        let image = app.anonymous().get("/v1/images/alice/tools/alpine:1?arch=arm64").await.expect(200).json();
        let image = &image["data"];
        assert_eq!(image["fingerprints"], json!([key]));
        assert_eq!(image["arch"], "arm64");
        assert_eq!(image["tags"], json!(["1"]));
        assert_eq!([&image["signed"], &image["encrypted"], &image["uploaded"]], [true, true, true]);
        assert!(image["hash"].as_str().expect("text").starts_with("sha256."));
    }
}

#[tokio::test]
async fn a_stranger_cannot_push_to_a_container() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    let container = container(&alice, "alice/tools/alpine").await;
    let bytes = SifBuilder::new("amd64").build();
    let image = announce(&alice, &container, &bytes).await;
    let bob = app.user("bob").await;
    refused(
        &bob.post("/v1/images", announcement(&container, &bytes))
            .await,
        403,
    );
    refused(
        &app.anonymous()
            .post("/v1/images", announcement(&container, &bytes))
            .await,
        401,
    );
    let size = json!({"filesize": bytes.len()});
    // Nobody else knows of an image that is not uploaded.
    refused(
        &bob.post(&format!("/v2/imagefile/{image}"), size.clone())
            .await,
        404,
    );
    refused(
        &bob.post(&format!("/v2/imagefile/{image}/_multipart"), size)
            .await,
        404,
    );
    refused(
        &bob.send("POST", &format!("/v1/imagefile/{image}"), bytes.clone())
            .await,
        404,
    );
    refused(&complete(&bob, &image).await, 404);
    nothing_is_visible(&app, "alice/tools/alpine").await;
}

#[tokio::test]
async fn a_hash_is_sha256_with_a_point() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    let container = container(&alice, "alice/tools/alpine").await;
    let hex = "a".repeat(64);
    for hash in [
        "",
        "sha256",
        "sif.9f0e",
        &hex,
        &format!("sha512.{hex}"),
        &format!("sha256.{}", hex.to_uppercase()),
    ] {
        let new = json!({"hash": hash, "container": container});
        refused(&alice.post("/v1/images", new).await, 400);
    }
    let absent = json!({"hash": format!("sha256.{hex}"), "container": "000000000000000000000001"});
    refused(&alice.post("/v1/images", absent).await, 404);
}

#[tokio::test]
async fn a_push_takes_a_fixed_number_of_statements() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    alice
        .push("alice/tools/first", "1", SifBuilder::new("amd64"))
        .await;
    let shown = async |path: &str| {
        let (answer, statements) = app.statements_of(alice.get(path)).await;
        answer.expect(200);
        statements
    };
    let paths = [
        "/v1/containers/alice/tools/first",
        "/v1/images/alice/tools/first:1",
        "/v1/search?value=alice",
    ];
    let mut before = Vec::new();
    app.indexed().await;
    for path in paths {
        before.push(shown(path).await);
    }
    for seed in 1..5 {
        let image = SifBuilder::new("amd64").payload(4096, seed);
        alice
            .push("alice/tools/first", &format!("t{seed}"), image)
            .await;
        let image = SifBuilder::new("amd64").payload(4096, 100 + seed);
        alice
            .push(&format!("alice/tools/c{seed}"), "1", image)
            .await;
    }
    app.indexed().await;
    for (path, before) in paths.iter().zip(before) {
        assert_eq!(shown(path).await, before, "{path}");
        assert!(before <= 20, "{path}: {before}");
    }
}

on_each_database! {
    async fn an_oci_sif_has_the_architecture_of_its_configuration(app) {
        let alice = app.user("alice").await;
        alice.push("alice/tools/oci", "1.0", SifBuilder::oci("arm64")).await;
        let image = alice.get("/v1/images/alice/tools/oci:1.0?arch=arm64").await.expect(200).json();
        assert_eq!(image["data"]["arch"], "arm64");
    }
}
