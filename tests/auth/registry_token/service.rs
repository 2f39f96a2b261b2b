//! Who gets which token.
use sifhub::registry::Scope;

use super::{
    PASSWORD, SERVICE, administrator, basic, container, fetch, granted, person, text, with_password,
};
use crate::support::{TestApp, on_each_database};

on_each_database! {
    async fn anybody_gets_a_token_to_pull_what_is_public(app) {
        let alice = app.user("alice").await;
        container(&alice, "alice", "open", false).await;
        let answer = fetch(&app.anonymous(), &["repository:alice/open/hello:pull,push,delete"]).await.expect(200);
        assert_eq!(granted(&answer), "repository:alice/open/hello:pull");
        assert_eq!(answer.json()["token"], answer.json()["access_token"]);
        assert_eq!(answer.json()["expires_in"], 300);
        assert!(answer.json()["issued_at"].is_string(), "{}", answer.text());
        assert_eq!(answer.header("cache-control"), "no-store");
    }

    async fn nobody_learns_from_a_token_what_is_hidden(app) {
        let alice = app.user("alice").await;
        let bob = app.user("bob").await;
        container(&alice, "alice", "secret", true).await;
        let names = ["alice/secret/hello", "alice/secret/other", "alice/none/hello", "nobody/secret/hello"];
        for client in [app.anonymous(), bob] {
            for name in names {
                let answer = fetch(&client, &[&format!("repository:{name}:pull,push")]).await.expect(200);
                assert_eq!(granted(&answer), "", "{name}");
            }
        }
    }

    async fn owners_get_what_they_may_make(app) {
        let alice = app.user("alice").await;
        container(&alice, "alice", "secret", true).await;
        for name in ["alice/secret/hello", "alice/secret/other", "alice/none/hello"] {
            let asked = format!("repository:{name}:pull,push,delete");
            assert_eq!(granted(&fetch(&alice, &[&asked]).await.expect(200)), asked);
        }
        let reader = app.holding("alice", Scope::Read).await;
        let answer = fetch(&reader, &["repository:alice/secret/hello:*", "repository:alice/none/hello:*"]);
        assert_eq!(granted(&answer.await.expect(200)), "repository:alice/secret/hello:pull");
    }

    async fn a_password_or_a_token_in_its_place_logs_in(app) {
        person(&app, "alice").await;
        let holder = app.holding("alice", Scope::Write).await;
        for (name, password) in [("alice", PASSWORD), ("alice", holder.token()), ("token", holder.token())] {
            let client = with_password(&app, name, password);
            let answer = fetch(&client, &["repository:alice/a/b:push"]).await.expect(200);
            assert_eq!(granted(&answer), "repository:alice/a/b:push");
        }
        let wrong = [("alice", "wrong"), ("nobody", PASSWORD), ("Not A Name\0", PASSWORD), ("", ""), ("alice", &holder.token().replace("sifhub_", "sifhub-"))];
        for (name, password) in wrong {
            let answer = fetch(&with_password(&app, name, password), &[]).await.expect(401);
            assert_eq!(answer.json()["errors"][0]["code"], "UNAUTHORIZED");
        }
    }
}

#[tokio::test]
async fn where_anybody_may_make_namespaces_a_token_does_not_tell_which_are_hidden() {
    let app = TestApp::configured(|config| {
        config.registry.namespace_creation = sifhub::config::NamespaceCreation::Users;
    })
    .await;
    let alice = app.user("alice").await;
    let bob = app.user("bob").await;
    container(&alice, "alice", "secret", true).await;
    for namespace in ["alice", "newcomer"] {
        let asked = format!("repository:{namespace}/secret/hello:push");
        assert_eq!(granted(&fetch(&bob, &[&asked]).await.expect(200)), asked);
    }
}

#[tokio::test]
async fn without_a_scope_the_answer_tells_whether_the_login_is_right() {
    let app = TestApp::sqlite().await;
    person(&app, "alice").await;
    let right = with_password(&app, "alice", PASSWORD);
    assert_eq!(granted(&fetch(&right, &[]).await.expect(200)), "");
    let wrong = with_password(&app, "alice", "wrong");
    fetch(&wrong, &[]).await.expect(401);
    fetch(&app.anonymous(), &[]).await.expect(200);
}

#[tokio::test]
async fn whoever_guesses_has_to_wait() {
    let app = TestApp::sqlite().await;
    person(&app, "alice").await;
    person(&app, "bob").await;
    fetch(&with_password(&app, "alice", PASSWORD), &[])
        .await
        .expect(200);
    for name in ["alice", "bob"] {
        for number in 0..5 {
            let guess = with_password(&app, name, &format!("guess {number}"));
            fetch(&guess, &[]).await.expect(401);
        }
    }
    let answer = fetch(&with_password(&app, "bob", PASSWORD), &[]).await;
    let answer = answer.expect(429);
    assert_eq!(answer.json()["errors"][0]["code"], "TOOMANYREQUESTS");
    assert_ne!(answer.header("retry-after"), "");
    // This password was right a moment ago: it is not checked again, so there is nothing to wait for.
    fetch(&with_password(&app, "alice", PASSWORD), &[])
        .await
        .expect(200);
}

#[tokio::test]
async fn many_requests_at_once_with_the_right_password_are_no_guesses() {
    let app = TestApp::sqlite().await;
    person(&app, "alice").await;
    let ask = async |password| {
        let client = with_password(&app, "alice", password);
        fetch(&client, &[]).await.status
    };
    let right = futures::future::join_all((0..20).map(|_| ask(PASSWORD)));
    assert_eq!(right.await, [200; 20]);
    let wrong = futures::future::join_all((0..20).map(|_| ask("guess"))).await;
    let checked = wrong.iter().filter(|status| **status == 401).count();
    assert_eq!(checked, 5, "{wrong:?}");
}

#[tokio::test]
async fn scopes_come_one_by_one_or_together_and_what_is_no_scope_grants_nothing() {
    let app = TestApp::sqlite().await;
    let root = app.admin("root").await;
    let both = "repository:a/b/c:pull%20repository:d:*";
    let others = [
        "registry:catalog:*",
        "registry:catalog:pull",
        "registry:other:*",
        "repository:a/b/c",
        "repository:a/b/c:",
        "repository:a/b/c:fly",
        "repository:A/b/c:pull",
        "repository:a/b/c/d:pull",
        "repository(plugin):a/b/c:pull",
        "nonsense",
        "",
    ];
    let answer = fetch(&root, &[&[both], &others[..]].concat()).await;
    let expected =
        "repository:a/b/c:pull repository:library/default/d:pull,push,delete registry:catalog:*";
    assert_eq!(granted(&answer.expect(200)), expected);
    let many = vec!["repository:a/b/c:pull"; 100];
    let answer = fetch(&root, &many).await.expect(200);
    assert_eq!(granted(&answer).split(' ').count(), 32);
}

#[tokio::test]
async fn the_form_of_oauth_is_taken_too() {
    let app = TestApp::sqlite().await;
    person(&app, "alice").await;
    let form = format!(
        "grant_type=password&service=hub.test&client_id=test&username=alice&password={PASSWORD}\
         &access_type=offline&scope=repository:alice/a/b:pull,push repository:alice/c/d:pull"
    );
    let answer = app.anonymous().send("POST", SERVICE, form).await;
    let answer = answer.expect(200);
    let expected = "repository:alice/a/b:pull,push repository:alice/c/d:pull";
    assert_eq!(granted(&answer), expected);
    text(&answer, "refresh_token");
    let refused = [
        ("grant_type=password&username=alice&password=wrong", 401),
        ("grant_type=password", 401),
        ("grant_type=refresh_token", 401),
        ("grant_type=refresh_token&refresh_token=guess", 401),
        ("grant_type=client_credentials", 400),
        ("", 400),
    ];
    for (form, status) in refused {
        let answer = app.anonymous().send("POST", SERVICE, form).await;
        assert!(answer.expect(status).json()["errors"].is_array(), "{form}");
    }
}

#[tokio::test]
async fn pages_of_other_sites_fetch_nothing() {
    let app = TestApp::sqlite().await;
    person(&app, "alice").await;
    let foreign = with_password(&app, "alice", PASSWORD).header("origin", "https://evil.test");
    let form = format!("grant_type=password&username=alice&password={PASSWORD}");
    let answer = foreign.send("POST", SERVICE, form).await.expect(403);
    assert_eq!(answer.json()["errors"][0]["code"], "DENIED");
}

#[tokio::test]
async fn a_login_that_cannot_be_read_is_refused() {
    let app = TestApp::sqlite().await;
    for header in [
        "Basic",
        "Basic !",
        "Basic bm8gY29sb24=",
        "Digest x",
        "Bearer x",
    ] {
        let client = app.anonymous().header("authorization", header);
        fetch(&client, &[]).await.expect(401);
    }
    // Names are compared as they are, and tell nothing of themselves.
    let colons = app
        .anonymous()
        .header("authorization", &basic("alice", "a:b:c"));
    fetch(&colons, &[]).await.expect(401);
}

#[tokio::test]
async fn administrators_get_everything() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    container(&alice, "alice", "secret", true).await;
    administrator(&app, "root").await;
    let root = with_password(&app, "root", PASSWORD);
    let asked = "repository:alice/secret/hello:pull,push,delete";
    assert_eq!(granted(&fetch(&root, &[asked]).await.expect(200)), asked);
}
