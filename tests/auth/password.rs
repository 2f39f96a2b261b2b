use sifhub::{auth, error::Error};

use super::{PASSWORD, browser::Browser, person};
use crate::support::{TestApp, on_each_database};

const NEW: &str = "a fresh new password";

fn change<'a>(current: &'a str, new: &'a str, again: &'a str) -> [(&'a str, &'a str); 3] {
    [("current", current), ("password", new), ("again", again)]
}

on_each_database! {
    async fn a_new_password_replaces_the_old_one_and_ends_other_sessions(app) {
        person(&app, "alice").await;
        let mut browser = Browser::of(&app, "alice").await;
        let mut other = Browser::of(&app, "alice").await;
        let answer = browser.post("/auth/password", &change(PASSWORD, NEW, NEW)).await.expect(303);
        assert_eq!(answer.header("location"), "/auth/tokens?done=password");
        let page = browser.get("/auth/tokens?done=password").await.expect(200).text();
        assert!(page.contains("Your password is changed"), "{page}");
        other.get("/auth/tokens").await.expect(303);
        Browser::new(&app).sign_in("alice", PASSWORD).await.expect(401);
        Browser::new(&app).sign_in("alice", NEW).await.expect(303);
    }
}

#[tokio::test]
async fn the_old_password_is_needed_for_a_new_one() {
    let app = TestApp::sqlite().await;
    person(&app, "alice").await;
    let mut browser = Browser::of(&app, "alice").await;
    let answer = browser
        .post("/auth/password", &change("guess", NEW, NEW))
        .await;
    let page = answer.expect(400).text();
    assert!(page.contains("Current password: it is not yours"), "{page}");
    Browser::new(&app)
        .sign_in("alice", PASSWORD)
        .await
        .expect(303);
}

#[tokio::test]
async fn a_new_password_is_typed_twice_alike() {
    let app = TestApp::sqlite().await;
    person(&app, "alice").await;
    let mut browser = Browser::of(&app, "alice").await;
    browser.get("/auth/password").await.expect(200);
    let fields = change(PASSWORD, NEW, "another");
    let answer = browser.post("/auth/password", &fields);
    let page = answer.await.expect(400).text();
    assert!(page.contains("the two are not the same"), "{page}");
    assert!(page.contains("<title>Error: Password"), "{page}");
}

#[tokio::test]
async fn a_password_is_neither_short_nor_endless_nor_the_name() {
    let app = TestApp::sqlite().await;
    let operator = app.operator();
    let (name, endless) = ("long-enough-name", "x".repeat(1025));
    for password in ["", "ninechars", "ünïcödé!!", "Long-Enough-Name", &endless] {
        let name = name.parse().expect("a name");
        let refused = auth::create_user(&operator, name, false, Some(password)).await;
        let what = match refused {
            Err(Error::Invalid { what, .. }) => what,
            other => panic!("{password}: {other:?}"),
        };
        assert_eq!(what, "password");
    }
    for password in ["tenletters", &endless[1..]] {
        let name = format!("user-{}", password.len()).parse().expect("a name");
        auth::create_user(&operator, name, false, Some(password))
            .await
            .expect("a good password");
    }
}

#[tokio::test]
async fn only_administrators_make_accounts_and_set_the_passwords_of_others() {
    let app = TestApp::sqlite().await;
    let (alice, bob) = (person(&app, "alice").await, person(&app, "bob").await);
    let nobody = app
        .registry
        .caller(sifhub::access::Actor::Anonymous, "test");
    let name = || "carol".parse().expect("a name");
    let refused = auth::create_user(&nobody, name(), false, None).await;
    assert!(matches!(refused, Err(Error::Unauthenticated(_))));
    let account = sifhub::access::Account {
        id: alice.id,
        name: "alice".into(),
        admin: false,
        scope: sifhub::registry::Scope::Admin,
        most: sifhub::access::Level::Admin,
        until: None,
    };
    let caller = app
        .registry
        .caller(sifhub::access::Actor::User(account), "test");
    let refused = auth::create_user(&caller, name(), false, None).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))));
    let refused = auth::set_password(&caller, bob.id, NEW).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))));
    auth::set_password(&app.operator(), bob.id, NEW)
        .await
        .expect("an operator may");
    Browser::new(&app).sign_in("bob", NEW).await.expect(303);
}
