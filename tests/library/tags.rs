use super::*;
use crate::support::on_each_database;

on_each_database! {
    async fn a_tag_is_kept_for_each_architecture(app) {
        let alice = app.user("alice").await;
        let container = container(&alice, "alice/tools/alpine").await;
        let empty = alice.get(&format!("/v2/tags/{container}")).await.expect(200).json();
        assert_eq!(empty["data"], json!({}));
        for arch in ["amd64", "386"] {
            alice.push("alice/tools/alpine", "1", SifBuilder::new(arch)).await;
        }
        let image = async |arch: &str| id(&alice.get(&format!("/v1/images/alice/tools/alpine:1?arch={arch}")).await);
        let (amd, other) = (image("amd64").await, image("386").await);
        let tags = app.anonymous().get(&format!("/v2/tags/{container}")).await.expect(200).json();
        assert_eq!(tags["data"], json!({"amd64": {"1": amd}, "386": {"1": other}}));
        let tags = app.anonymous().get(&format!("/v1/tags/{container}")).await.expect(200).json();
        assert_eq!(tags["data"], json!({"1": amd}));
        let shown = alice.get("/v1/containers/alice/tools/alpine").await.expect(200).json();
        assert_eq!(shown["data"]["imageTags"], json!({"1": amd}));
    }

    async fn a_tag_moves_silently(app) {
        let alice = app.user("alice").await;
        alice.push("alice/tools/alpine", "1", SifBuilder::new("amd64")).await;
        let second = alice.push("alice/tools/alpine", "1", SifBuilder::new("amd64").payload(4096, 9)).await;
        let image = alice.get("/v1/images/alice/tools/alpine:1?arch=amd64").await.expect(200).json();
        assert_eq!(image["data"]["hash"], second.replace(':', "."));
    }

    async fn old_clients_set_tags_without_architecture(app) {
        let alice = app.user("alice").await;
        alice.push("alice/tools/alpine", "1", SifBuilder::new("arm64")).await;
        let shown = alice.get("/v1/images/alice/tools/alpine:1").await.expect(200).json();
        let (container, image) = (&shown["data"]["container"], &shown["data"]["id"]);
        let path = format!("/v1/tags/{}", container.as_str().expect("an id"));
        let set = alice.post(&path, json!({"Tag": "old", "ImageID": image})).await.expect(200).json();
        assert_eq!(set["data"], json!({"old": image}));
        let image = app.anonymous().get("/v1/images/alice/tools/alpine:old?arch=arm64").await;
        image.expect(200);
    }

    async fn two_pushes_of_one_tag_at_once_leave_it_at_one_of_them(app) {
        let alice = app.user("alice").await;
        let container = container(&alice, "alice/tools/alpine").await;
        let mut images = Vec::new();
        for seed in 0..2 {
            alice.push("alice/tools/alpine", &format!("s{seed}"), SifBuilder::new("amd64").payload(4096, seed)).await;
            let path = format!("/v1/images/alice/tools/alpine:s{seed}?arch=amd64");
            images.push(id(&alice.get(&path).await.expect(200)));
        }
        for round in 0..100 {
            let name = format!("t{}", round % 10);
            let (one, two) = tokio::join!(
                tag(&alice, &container, &name, "amd64", &images[0]),
                tag(&alice, &container, &name, "amd64", &images[1]),
            );
            one.expect(200);
            two.expect(200);
            let path = format!("/v1/images/alice/tools/alpine:{name}?arch=amd64");
            let at = id(&app.anonymous().get(&path).await.expect(200));
            assert!(images.contains(&at));
        }
    }
}

#[tokio::test]
async fn a_tag_with_the_wrong_architecture_is_refused() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    alice
        .push("alice/tools/alpine", "1", SifBuilder::new("arm64"))
        .await;
    let shown = alice
        .get("/v1/images/alice/tools/alpine:1")
        .await
        .expect(200)
        .json();
    let (container, image) = (&shown["data"]["container"], &shown["data"]["id"]);
    let (container, image) = (
        container.as_str().expect("an id"),
        image.as_str().expect("an id"),
    );
    let message = refused(&tag(&alice, container, "2", "amd64", image).await, 400);
    assert!(
        message.contains("arm64") && message.contains("amd64"),
        "{message}"
    );
    refused(
        &app.anonymous().get("/v1/images/alice/tools/alpine:2").await,
        404,
    );
}

#[tokio::test]
async fn a_tag_needs_an_uploaded_image_of_the_same_container() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    let bob = app.user("bob").await;
    let own = container(&alice, "alice/tools/alpine").await;
    let announced = announce(&alice, &own, b"some bytes").await;
    refused(&tag(&alice, &own, "1", "amd64", &announced).await, 409);
    bob.push("bob/tools/alpine", "1", SifBuilder::new("amd64"))
        .await;
    let foreign = id(&bob.get("/v1/images/bob/tools/alpine:1").await.expect(200));
    refused(&tag(&alice, &own, "1", "amd64", &foreign).await, 404);
    refused(
        &tag(&alice, &own, "1", "amd64", "000000000000000000000001").await,
        404,
    );
    refused(&tag(&alice, &own, "1", "amd64", "nonsense").await, 400);
    refused(
        &tag(&alice, "000000000000000000000001", "1", "amd64", &foreign).await,
        404,
    );
    nothing_tagged(&alice, &own).await;
}

async fn nothing_tagged(client: &Client, container: &str) {
    let tags = client
        .get(&format!("/v2/tags/{container}"))
        .await
        .expect(200)
        .json();
    assert_eq!(tags["data"], json!({}));
}

#[tokio::test]
async fn a_stranger_cannot_move_a_tag() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    alice
        .push("alice/tools/alpine", "1", SifBuilder::new("amd64"))
        .await;
    let shown = alice
        .get("/v1/images/alice/tools/alpine:1")
        .await
        .expect(200)
        .json();
    let (container, image) = (&shown["data"]["container"], &shown["data"]["id"]);
    let (container, image) = (
        container.as_str().expect("an id"),
        image.as_str().expect("an id"),
    );
    let bob = app.user("bob").await;
    refused(&tag(&bob, container, "2", "amd64", image).await, 403);
    refused(
        &tag(&app.anonymous(), container, "2", "amd64", image).await,
        401,
    );
    refused(
        &app.anonymous().get("/v1/images/alice/tools/alpine:2").await,
        404,
    );
}

#[tokio::test]
async fn tags_outside_the_grammar_are_refused() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    alice
        .push("alice/tools/alpine", "1", SifBuilder::new("amd64"))
        .await;
    let shown = alice
        .get("/v1/images/alice/tools/alpine:1")
        .await
        .expect(200)
        .json();
    let (container, image) = (&shown["data"]["container"], &shown["data"]["id"]);
    let (container, image) = (
        container.as_str().expect("an id"),
        image.as_str().expect("an id"),
    );
    let digest = format!("sha256.{}", "a".repeat(64));
    for name in [
        "",
        ".x",
        "-x",
        "a/b",
        "a:b",
        "a b",
        "ü",
        &*"x".repeat(129),
        &*digest,
    ] {
        refused(&tag(&alice, container, name, "amd64", image).await, 400);
    }
    tag(&alice, container, &"x".repeat(128), "amd64", image)
        .await
        .expect(200);
}
