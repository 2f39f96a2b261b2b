use sea_orm::{ConnectionTrait, DbBackend};

use super::*;
use crate::support::{TestApp, on_each_database};

/// Tags of one manifest.
async fn tag(client: &Client, tags: &[&str]) {
    let manifest = image(client, NAME, b"layer").await;
    for tag in tags {
        push_manifest(client, NAME, tag, &manifest).await;
    }
}

on_each_database! {
    async fn tags_are_listed_in_order(app) {
        let alice = app.user("alice").await;
        tag(&alice, &["b", "a_2", "10", "B", "a.1"]).await;
        let listed = app.anonymous().get(&at("tags/list")).await.expect(200);
        assert_eq!(listed.header("content-type"), "application/json");
        assert_eq!(listed.header("link"), "");
        assert_eq!(listed.json()["name"], NAME);
        assert_eq!(listed.json()["tags"], json!(["10", "B", "a.1", "a_2", "b"]));
    }

    // As in a database of an operator who wants names sorted as people do.
    async fn tags_are_listed_in_the_order_of_their_bytes_whatever_the_database_says(app) {
        if app.db.get_database_backend() == DbBackend::Postgres {
            let sort = r#"ALTER TABLE manifest_tag ALTER COLUMN name TYPE varchar COLLATE "en-x-icu""#;
            app.db.execute_unprepared(sort).await.expect("another order");
        }
        let alice = app.user("alice").await;
        tag(&alice, &["b", "a_2", "10", "B", "a.1", "Z", "_"]).await;
        let mut names = Vec::new();
        let mut path = Some(at("tags/list?n=2"));
        while let Some(page) = path {
            let answer = alice.get(&page).await.expect(200);
            names.extend(answer.json()["tags"].as_array().expect("names").clone());
            path = next(&answer);
        }
        assert_eq!(names, ["10", "B", "Z", "_", "a.1", "a_2", "b"]);
    }

    async fn a_long_list_comes_in_pages(app) {
        let alice = app.user("alice").await;
        tag(&alice, &["1", "2", "3", "4", "5"]).await;
        let mut pages = Vec::new();
        let mut path = Some(at("tags/list?n=2"));
        while let Some(page) = path {
            let answer = alice.get(&page).await.expect(200);
            pages.push(answer.json()["tags"].clone());
            path = next(&answer);
        }
        assert_eq!(pages, [json!(["1", "2"]), json!(["3", "4"]), json!(["5"])]);
        let behind = alice.get(&at("tags/list?last=3")).await.expect(200).json();
        assert_eq!(behind["tags"], json!(["4", "5"]));
        let whole = alice.get(&at("tags/list?n=5")).await.expect(200);
        assert_eq!(next(&whole), None);
        let none = alice.get(&at("tags/list?n=0")).await.expect(200);
        assert_eq!((next(&none), none.json()["tags"].clone()), (None, json!([])));
        refused(&alice.get(&at("tags/list?last=%00")).await, 400);
        let behind_all = alice.get(&at("tags/list?last=zzz")).await.expect(200);
        assert_eq!(behind_all.json()["tags"], json!([]));
    }
}

#[tokio::test]
async fn pages_of_names_are_read_from_an_index_in_its_order() {
    let app = TestApp::postgres().await;
    let alice = app.user("alice").await;
    tag(&alice, &["1", "2"]).await;
    alice.get(&at("tags/list?n=1&last=1")).await.expect(200);
    let plan = app.plan_of("\"manifest_tag\".\"name\" COLLATE").await;
    let sorts = plan.lines().any(|line| {
        line.trim_start_matches([' ', '-', '>'])
            .starts_with("Sort ")
    });
    assert!(plan.contains("Index") && !sorts, "{plan}");
}

#[tokio::test]
async fn a_container_without_tags_has_an_empty_list() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    push_blob(&alice, NAME, b"some").await;
    let listed = alice.get(&at("tags/list")).await.expect(200);
    assert_eq!(listed.json()["tags"], json!([]));
}

#[tokio::test]
async fn a_container_that_is_not_there_has_no_tags() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    assert_eq!(
        refused(&alice.get(&at("tags/list")).await, 404),
        "NAME_UNKNOWN"
    );
    assert_eq!(
        refused(&app.anonymous().get(&at("tags/list")).await, 401),
        "UNAUTHORIZED"
    );
}

#[tokio::test]
async fn what_is_no_number_is_refused() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    push_blob(&alice, NAME, b"some").await;
    for n in ["-1", "many", "1.5", ""] {
        refused(&alice.get(&at(&format!("tags/list?n={n}"))).await, 400);
        refused(&alice.get(&format!("/v2/_catalog?n={n}")).await, 400);
    }
}
