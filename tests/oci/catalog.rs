use super::*;
use crate::support::{TestApp, on_each_database};

on_each_database! {
    async fn everybody_finds_what_they_may_see(app) {
        let (alice, bob) = (app.user("alice").await, app.user("bob").await);
        hide(&alice).await;
        for name in ["alice/tools/box", "alice/open/box"] {
            push_blob(&alice, name, b"some").await;
        }
        push_blob(&bob, "bob/tools/box", b"some").await;
        let public = json!(["alice/open/box", "bob/tools/box"]);
        let all = json!(["alice/open/box", "alice/tools/box", "bob/tools/box"]);
        let fetched = app.anonymous().get("/auth/registry-token?service=hub.test&scope=registry:catalog:*").await;
        let nobody = app.anonymous().with_token(fetched.expect(200).json()["token"].as_str().expect("a token"));
        for (client, names) in [(nobody, &public), (bob, &public), (alice, &all)] {
            let listed = client.get("/v2/_catalog").await.expect(200);
            assert_eq!(listed.header("content-type"), "application/json");
            assert_eq!(&listed.json()["repositories"], names);
        }
        let asked = app.anonymous().get("/v2/_catalog").await;
        assert_eq!(refused(&asked, 401), "UNAUTHORIZED");
        assert!(asked.header("www-authenticate").ends_with(",scope=\"registry:catalog:*\""));
    }

    async fn a_long_catalog_comes_in_pages(app) {
        let alice = app.user("alice").await;
        let bob = app.user("bob").await;
        let names = ["alice/a-b/x", "alice/a/x", "alice/a/y", "alice/b/x", "alice/b.c/x", "bob/a/a", "bob/a/x"];
        for name in names {
            let owner = if name.starts_with("bob") { &bob } else { &alice };
            push_blob(owner, name, b"some").await;
        }
        let mut found = Vec::new();
        let mut path = Some("/v2/_catalog?n=2".to_owned());
        while let Some(page) = path {
            let answer = alice.get(&page).await.expect(200);
            let listed = answer.json()["repositories"].clone();
            let listed: Vec<String> = serde_json::from_value(listed).expect("names");
            assert!((1..=2).contains(&listed.len()));
            found.extend(listed);
            path = next(&answer);
        }
        let (mut sorted, mut expected) = (found.clone(), names.map(str::to_owned));
        sorted.sort_unstable();
        expected.sort_unstable();
        assert_eq!(sorted, expected, "each once: {found:?}");
    }
}

#[tokio::test]
async fn a_page_of_the_catalog_is_read_from_indexes_in_their_order() {
    let app = TestApp::postgres().await;
    let alice = app.user("alice").await;
    for name in ["alice/a/x", "alice/a/y", "alice/b/x"] {
        push_blob(&alice, name, b"some").await;
    }
    alice
        .get("/v2/_catalog?n=1&last=alice/a/x")
        .await
        .expect(200);
    let plan = app.plan_of("of_namespace").await;
    // What is sorted by parts is sorted no further than the page goes.
    let sorts = plan.lines().any(|line| {
        line.trim_start_matches([' ', '-', '>'])
            .starts_with("Sort  (")
    });
    let limits = plan.matches("Limit").count();
    assert!(
        !sorts && limits == 3 && !plan.contains("Seq Scan"),
        "{plan}"
    );
}

#[tokio::test]
async fn an_empty_registry_has_an_empty_catalog() {
    let app = TestApp::sqlite().await;
    let listed = app
        .user("alice")
        .await
        .get("/v2/_catalog?n=1000")
        .await
        .expect(200);
    assert_eq!(listed.json(), json!({"repositories": []}));
}
