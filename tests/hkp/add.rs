use futures::future::join_all;
use sifhub::{config::ByteSize, registry::Scope};

use super::*;
use crate::support::{TestApp, on_each_database};

on_each_database! {
    async fn a_key_that_is_pushed_can_be_pulled(app) {
        let alice = app.user("alice").await;
        let key = Key::of("Alice <alice@example.org>");
        let added = push(&alice, &key.armored).await.expect(200);
        assert!(added.text().contains(&key.fingerprint.to_uppercase()), "{}", added.text());
        let path = format!("/pks/lookup?op=get&exact=on&search=0x{}", key.fingerprint);
        let pulled = app.anonymous().get(&path).await.expect(200);
        assert!(pulled.text().starts_with("-----BEGIN PGP PUBLIC KEY BLOCK-----"));
        push(&alice, &key.armored).await.expect(200);
    }

    async fn only_those_who_may_write_push_keys(app) {
        app.user("alice").await;
        let reader = app.holding("alice", Scope::Read).await;
        let key = Key::of("Alice <alice@example.org>");
        refused(&push(&app.anonymous(), &key.armored).await, 401);
        refused(&push(&reader, &key.armored).await, 403);
        let path = format!("/pks/lookup?op=get&search=0x{}", key.fingerprint);
        refused(&app.anonymous().get(&path).await, 404);
    }

    async fn of_news_that_arrive_at_once_none_is_lost(app) {
        let alice = app.user("alice").await;
        let others: Vec<_> = (1..4).map(|number| format!("Alice {number} <alice@example.org>")).collect();
        let key = Key::with("Alice 0 <alice@example.org>", &others);
        let texts: Vec<_> = (0..4).map(|number| key.named(number)).collect();
        join_all(texts.iter().map(async |text| push(&alice, text).await.expect(200))).await;
        let index = app.anonymous().get("/pks/lookup?op=index&search=alice").await.expect(200).text();
        for number in 0..4 {
            assert!(index.contains(&format!("Alice {number} ")), "{index}");
        }
    }

    async fn an_older_copy_cannot_hide_that_a_key_is_revoked(app) {
        let alice = app.user("alice").await;
        let key = Key::of("Alice <alice@example.org>");
        push(&alice, &key.revoked()).await.expect(200);
        push(&alice, &key.armored).await.expect(200);
        let path = format!("/pks/lookup?op=index&options=mr&search=0x{}", key.fingerprint);
        let index = app.anonymous().get(&path).await.expect(200).text();
        assert!(index.lines().any(|line| line.starts_with("pub:") && line.ends_with(":r")), "{index}");
    }
}

#[tokio::test]
async fn what_is_no_public_key_is_refused() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    let key = Key::of("Alice <alice@example.org>");
    let secret = key.armored.replace("PUBLIC", "PRIVATE");
    let half = &key.armored[..key.armored.len() / 2];
    for text in [
        "",
        "hello",
        &secret,
        half,
        "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n-----END PGP PUBLIC KEY BLOCK-----",
    ] {
        refused(&push(&alice, text).await, 400);
    }
    refused(&alice.send("POST", "/pks/add", "").await, 400);
    refused(&alice.send("POST", "/pks/add", "key=x").await, 400);
    refused(&alice.get("/pks/add").await, 405);
}

#[tokio::test]
async fn a_key_beyond_the_limit_is_refused() {
    let app =
        TestApp::configured(|config| config.keyserver.max_key_size = ByteSize::from_kib(4)).await;
    let alice = app.user("alice").await;
    let key = Key::of("Alice <alice@example.org>");
    push(&alice, &key.armored).await.expect(200);
    let comment = "x".repeat(4096);
    refused(
        &push(&alice, &format!("{comment}\n{}", key.armored)).await,
        413,
    );
    refused(&push(&alice, &comment.repeat(100)).await, 413);
}

#[tokio::test]
async fn keys_that_are_refused_count_too() {
    let app = TestApp::configured(|config| config.keyserver.submissions_per_hour = 2).await;
    let alice = app.user("alice").await;
    let answers = join_all((0..8).map(async |_| push(&alice, "no key").await.status)).await;
    let taken = answers.iter().filter(|status| **status == 400).count();
    assert!(taken <= 2, "{answers:?}");
    let key = Key::of("Alice <alice@example.org>");
    refused(&push(&alice, &key.armored).await, 429);
}

#[tokio::test]
async fn one_account_cannot_flood_the_server() {
    let app = TestApp::configured(|config| config.keyserver.submissions_per_hour = 2).await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let key = Key::of("Alice <alice@example.org>");
    for _ in 0..2 {
        push(&alice, &key.armored).await.expect(200);
    }
    let answer = push(&alice, &key.armored).await;
    refused(&answer, 429);
    assert!(!answer.header("retry-after").is_empty());
    push(&bob, &key.armored).await.expect(200);
}
