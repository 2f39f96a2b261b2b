//! How far a token reaches.
use sifhub::{
    access::{Actor, Level},
    auth::{self, Wanted},
    error::Error,
    registry::{
        Scope,
        collection::{self, NewCollection},
        container::{self, ContainerChange},
        namespace::{self, NewNamespace},
        path::ContainerPath,
        trash::Deletion,
    },
};

use super::{
    PASSWORD, administrator, at_door, basic, container, person, refusal, request, token,
    with_password,
};
use crate::support::{TestApp, on_each_database};

const OPEN: &str = "alice/open/hello";
const SECRET: &str = "alice/secret/hello";

on_each_database! {
    async fn a_token_for_nobody_pulls_what_is_public(app) {
        let alice = app.user("alice").await;
        container(&alice, "alice", "open", false).await;
        let token = token(&app.anonymous(), &["repository:alice/open/hello:pull,push"]).await;
        for wanted in [Wanted::Entry, Wanted::Pull(OPEN)] {
            let (caller, statements) = app.statements_of(at_door(&app, &token, wanted)).await;
            assert_eq!(caller.expect("let in").actor(), &Actor::Anonymous);
            assert_eq!(statements, 0);
        }
        for wanted in [Wanted::Push(OPEN), Wanted::Delete(OPEN), Wanted::Pull("alice/open/other"), Wanted::Catalog] {
            refusal(&app, &token, wanted).await;
        }
    }

    async fn those_who_show_nothing_pull_what_is_public(app) {
        let alice = app.user("alice").await;
        container(&alice, "alice", "open", false).await;
        container(&alice, "alice", "secret", true).await;
        for wanted in [Wanted::Pull(OPEN), Wanted::Catalog] {
            let caller = at_door(&app, "", wanted).await.expect("let in");
            assert_eq!(caller.actor(), &Actor::Anonymous);
        }
        let words = refusal(&app, "", Wanted::Entry).await;
        for wanted in [Wanted::Push(OPEN), Wanted::Delete(OPEN), Wanted::Pull(SECRET), Wanted::Pull("alice/none/hello")] {
            assert_eq!(refusal(&app, "", wanted).await, words, "{wanted:?}");
        }
    }

    async fn a_password_or_an_api_token_is_taken_at_the_door(app) {
        person(&app, "alice").await;
        let holder = app.holding("alice", Scope::Write).await;
        let headers = [basic("alice", PASSWORD), basic("any", holder.token()), format!("Bearer {}", holder.token())];
        for header in headers {
            let caller = at_door(&app, &header, Wanted::Push(SECRET)).await.expect("let in");
            assert_eq!(caller.account().expect("an account").name, "alice");
        }
        refusal(&app, &basic("alice", "wrong"), Wanted::Entry).await;
    }
}

#[tokio::test]
async fn a_token_costs_one_statement_at_the_door() {
    let app = TestApp::sqlite().await;
    person(&app, "alice").await;
    for client in [
        with_password(&app, "alice", PASSWORD),
        app.holding("alice", Scope::Write).await,
    ] {
        let token = token(&client, &["repository:alice/a/b:push"]).await;
        let work = at_door(&app, &token, Wanted::Push("alice/a/b"));
        let (caller, statements) = app.statements_of(work).await;
        caller.expect("let in");
        assert_eq!(statements, 1);
    }
}

/// An account that would be let do anything but for the token it shows.
#[tokio::test]
async fn a_token_for_pulling_cannot_push() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    container(&alice, "alice", "secret", true).await;
    administrator(&app, "root").await;
    let root = with_password(&app, "root", PASSWORD);
    let token = token(&root, &["repository:alice/secret/hello:pull"]).await;
    refusal(&app, &token, Wanted::Push(SECRET)).await;
    refusal(&app, &token, Wanted::Delete(SECRET)).await;
    let caller = at_door(&app, &token, Wanted::Pull(SECRET)).await;
    let caller = caller.expect("let in");
    assert!(!caller.actor().is_site_admin());
    let path = path(&app, SECRET);
    let found = container::find(&caller, &path).await.expect("it is there");
    let refused = container::update(&caller, found.id, ContainerChange::default()).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))));
    let new = NewNamespace {
        name: "new".parse().expect("a name"),
        description: String::new(),
        default_visibility: None,
    };
    let refused = namespace::create(&caller, new).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))));
    let level = container::allowed(&caller, &path).await.expect("an answer");
    assert_eq!(level, Some(Level::Pull));
}

#[tokio::test]
async fn a_token_for_pushing_makes_what_is_missing_and_deletes_nothing() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    let token = token(&alice, &["repository:alice/new/hello:pull,push"]).await;
    let caller = at_door(&app, &token, Wanted::Push("alice/new/hello")).await;
    let caller = caller.expect("let in");
    let name = "alice".parse().expect("a name");
    let namespace = namespace::find(&caller, &name).await.expect("their own");
    let new = NewCollection {
        namespace: namespace.id,
        name: "new".parse().expect("a name"),
        description: String::new(),
        visibility: None,
    };
    let made = collection::create(&caller, new)
        .await
        .expect("a collection");
    let refused = collection::delete(&caller, made.id, Deletion::default()).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))));
}

#[tokio::test]
async fn names_mean_the_same_short_and_in_full() {
    let app = TestApp::sqlite().await;
    let root = app.admin("root").await;
    let token = token(&root, &["repository:alpine:push"]).await;
    for name in ["alpine", "default/alpine", "library/default/alpine"] {
        at_door(&app, &token, Wanted::Push(name)).await.expect(name);
    }
    for name in ["", "Alpine", "a/b/c/d", "a//b"] {
        let refused = at_door(&app, &token, Wanted::Push(name)).await;
        assert!(matches!(refused, Err(Error::Invalid { .. })), "{name}");
    }
}

#[tokio::test]
async fn the_challenge_tells_where_to_fetch_a_token_and_for_what() {
    let app = TestApp::sqlite().await;
    let start =
        "Bearer realm=\"https://hub.test:8443/hub/auth/registry-token\",service=\"hub.test:8443\"";
    let cases = [
        (Wanted::Entry, ""),
        (Wanted::Catalog, "registry:catalog:*"),
        (Wanted::Pull("a/b/c"), "repository:a/b/c:pull"),
        (Wanted::Push("c"), "repository:c:pull,push"),
        (Wanted::Delete("a/b/c"), "repository:a/b/c:delete"),
        (Wanted::Pull("a\"b\r\n"), ""),
    ];
    for (wanted, scope) in cases {
        let challenge = auth::registry_challenge(&request(&app, ""), wanted);
        let expected = match scope {
            "" => start.to_owned(),
            scope => format!("{start},scope=\"{scope}\""),
        };
        assert_eq!(challenge, expected);
    }
}

#[tokio::test]
async fn the_challenge_tells_what_is_wrong_with_the_token_that_was_shown() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    container(&alice, "alice", "open", false).await;
    let pull = token(&alice, &["repository:alice/open/hello:pull"]).await;
    let cases = [
        (&*pull, Wanted::Push(OPEN), "insufficient_scope"),
        (&*pull, Wanted::Catalog, "insufficient_scope"),
        ("Bearer sifhub_wrong", Wanted::Push(OPEN), "invalid_token"),
        ("Bearer wrong", Wanted::Entry, "invalid_token"),
    ];
    for (shown, wanted, fault) in cases {
        let challenge = auth::registry_challenge(&request(&app, shown), wanted);
        let end = format!(",error=\"{fault}\"");
        assert!(challenge.ends_with(&end), "{shown}: {challenge}");
    }
    let nothing = auth::registry_challenge(&request(&app, ""), Wanted::Push(OPEN));
    assert!(!nothing.contains("error"), "{nothing}");
}

#[tokio::test]
async fn cookies_and_pages_of_other_sites_do_not_count_at_the_door() {
    let app = TestApp::sqlite().await;
    person(&app, "alice").await;
    let mut foreign = request(&app, &basic("alice", PASSWORD));
    let origin = "https://evil.test".parse().expect("a header");
    foreign.headers_mut().insert("origin", origin);
    foreign.set_method(poem::http::Method::PUT);
    let refused = auth::registry_caller(&foreign, Wanted::Push(SECRET)).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))));
    let browser = super::super::browser::Browser::of(&app, "alice").await;
    let mut signed_in = request(&app, "");
    let cookie = format!("{}={}", auth::COOKIE, browser.cookie().expect("a cookie"));
    let cookie = cookie.parse().expect("a header");
    signed_in.headers_mut().insert("cookie", cookie);
    let refused = auth::registry_caller(&signed_in, Wanted::Entry).await;
    assert!(matches!(refused, Err(Error::Unauthenticated(_))));
}

fn path(app: &TestApp, text: &str) -> ContainerPath {
    let defaults = &app.registry.config().registry;
    ContainerPath::parse(text, defaults).expect("a path")
}
