use sifhub::{
    auth,
    error::Error,
    registry::{
        Caller, Scope,
        token::{self, NewToken},
    },
};

use super::{
    administrator,
    browser::{Browser, between},
    person,
};
use crate::support::{TestApp, on_each_database};

/// Fills in the form for a token.
async fn make(browser: &mut Browser, scope: &str, days: &str) -> crate::support::Answer {
    let fields = [("name", "laptop"), ("scope", scope), ("days", days)];
    browser.post("/auth/tokens", &fields).await
}

fn secret(page: &str) -> &str {
    let code = between(page, "<code class=\"token\"", "</code>").expect("a token");
    code.split_once('>').expect("the end of the tag").1
}

/// Whoever shows this token.
async fn shown(app: &TestApp, token: &str) -> Result<Caller, Error> {
    let mut request = poem::Request::builder()
        .header("authorization", format!("Bearer {token}"))
        .extension(app.registry.clone())
        .finish();
    request
        .extensions_mut()
        .insert(sifhub::protocol::RequestContext {
            id: "test".into(),
            base_url: "http://hub.test".into(),
            client: None,
        });
    auth::caller(&request).await
}

on_each_database! {
    async fn a_token_is_shown_once_and_works_until_it_is_revoked(app) {
        person(&app, "alice").await;
        let mut browser = Browser::of(&app, "alice").await;
        let page = make(&mut browser, "write", "90").await.expect(200).text();
        let token = secret(&page);
        assert!(token.len() >= 200, "clients take no shorter token from a file");
        let caller = shown(&app, token).await.expect("a caller");
        let account = caller.account().expect("an account");
        assert_eq!((account.name.as_str(), account.scope), ("alice", Scope::Write));
        let list = browser.get("/auth/tokens").await.expect(200).text();
        assert!(list.contains("<td data-label=\"Name\">laptop</td>"), "{list}");
        assert!(!list.contains(&token[..40]), "{list}");
        let revoke = between(&list, "action=\"/auth/tokens/", "\"").expect("a button");
        let answer = browser.post(&format!("/auth/tokens/{revoke}"), &[]).await.expect(303);
        assert_eq!(answer.header("location"), "/auth/tokens?done=revoked");
        assert!(matches!(shown(&app, token).await, Err(Error::Unauthenticated(_))));
        let list = browser.get("/auth/tokens").await.expect(200).text();
        assert!(list.contains("You have no tokens."), "{list}");
    }
}

#[tokio::test]
async fn the_page_tells_how_to_log_in() {
    let app = TestApp::sqlite().await;
    person(&app, "alice").await;
    let mut browser = Browser::of(&app, "alice").await;
    let page = make(&mut browser, "read", "").await.expect(200).text();
    let commands =
        "apptainer remote add --insecure --no-login hub http://hub.test\napptainer remote use hub";
    assert!(page.contains(commands), "{page}");
    assert!(
        page.contains("<td data-label=\"Expires\">never</td>"),
        "{page}"
    );
}

#[tokio::test]
async fn only_administrators_make_tokens_for_administration() {
    let app = TestApp::sqlite().await;
    person(&app, "alice").await;
    administrator(&app, "root").await;
    let mut alice = Browser::of(&app, "alice").await;
    let page = alice.get("/auth/tokens").await.expect(200).text();
    assert!(!page.contains("value=\"admin\""), "{page}");
    make(&mut alice, "admin", "1").await.expect(403);
    let mut root = Browser::of(&app, "root").await;
    let page = make(&mut root, "admin", "1").await.expect(200).text();
    let caller = shown(&app, secret(&page)).await.expect("a caller");
    assert!(caller.actor().is_site_admin());
}

#[tokio::test]
async fn a_token_makes_none_that_reaches_further() {
    let app = TestApp::sqlite().await;
    let alice = person(&app, "alice").await;
    let holder = app.holding("alice", Scope::Read).await;
    let caller = shown(&app, holder.token()).await.expect("a caller");
    for scope in [Scope::Read, Scope::Write, Scope::Admin] {
        let new = NewToken {
            name: "more".into(),
            scope,
            expires_at: None,
        };
        let refused = token::create(&caller, alice.id, new).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))), "{scope:?}");
    }
}

#[tokio::test]
async fn an_expired_token_is_refused() {
    let app = TestApp::sqlite().await;
    let alice = person(&app, "alice").await;
    let operator = app.operator();
    let end = operator.now() + chrono::TimeDelta::milliseconds(300);
    let new = NewToken {
        name: "short".into(),
        scope: Scope::Read,
        expires_at: Some(end),
    };
    let (_, token) = token::create(&operator, alice.id, new)
        .await
        .expect("a token");
    while operator.now() <= end {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(matches!(
        shown(&app, &token).await,
        Err(Error::Unauthenticated(_))
    ));
    let mut browser = Browser::of(&app, "alice").await;
    let list = browser.get("/auth/tokens").await.expect(200).text();
    assert!(list.contains("(expired)"), "{list}");
}

#[tokio::test]
async fn nobody_revokes_the_token_of_another() {
    let app = TestApp::sqlite().await;
    person(&app, "alice").await;
    person(&app, "bob").await;
    let mut alice = Browser::of(&app, "alice").await;
    let page = make(&mut alice, "read", "1").await.expect(200).text();
    let path = between(&page, "action=\"/auth/tokens/", "\"").expect("a button");
    let mut bob = Browser::of(&app, "bob").await;
    bob.post(&format!("/auth/tokens/{path}"), &[])
        .await
        .expect(404);
    bob.post("/auth/tokens/nonsense/revoke", &[])
        .await
        .expect(404);
    shown(&app, secret(&page)).await.expect("still good");
}

#[tokio::test]
async fn a_form_filled_in_wrong_comes_back_with_words() {
    let app = TestApp::sqlite().await;
    person(&app, "alice").await;
    let mut browser = Browser::of(&app, "alice").await;
    for days in ["0", "-1", "soon", "99999999999999999999"] {
        let page = make(&mut browser, "read", days).await.expect(400).text();
        assert!(page.contains("Expires: give a number of days"), "{page}");
        assert!(page.contains("value=\"laptop\""), "{page}");
    }
    make(&mut browser, "everything", "1").await.expect(400);
}

#[tokio::test]
async fn a_site_may_limit_how_long_tokens_live() {
    let app = TestApp::configured(|config| {
        config.auth.token_lifetime = sifhub::config::Duration::from_hours(12);
        config.auth.max_token_lifetime = Some(sifhub::config::Duration::from_hours(36));
    })
    .await;
    person(&app, "alice").await;
    let mut browser = Browser::of(&app, "alice").await;
    make(&mut browser, "read", "").await.expect(400);
    make(&mut browser, "read", "3").await.expect(400);
    make(&mut browser, "read", "1").await.expect(200);
    let page = make(&mut browser, "read", "2").await.expect(200).text();
    assert!(page.contains("At most 2"), "{page}");
}

#[tokio::test]
async fn many_tokens_are_listed_page_by_page() {
    let app = TestApp::sqlite().await;
    let alice = person(&app, "alice").await;
    for number in 0..51 {
        let new = NewToken {
            name: format!("n{number}"),
            scope: Scope::Read,
            expires_at: None,
        };
        token::create(&app.operator(), alice.id, new)
            .await
            .expect("a token");
    }
    let mut browser = Browser::of(&app, "alice").await;
    let page = browser.get("/auth/tokens").await.expect(200).text();
    assert!(
        page.contains(">n50</td>") && page.contains(">n1</td>"),
        "{page}"
    );
    assert!(!page.contains(">n0</td>"), "{page}");
    let older = between(&page, "<p><a href=\"", "\"")
        .expect("a link")
        .to_owned();
    let page = browser.get(&older).await.expect(200).text();
    assert!(
        page.contains(">n0</td>") && !page.contains(">n1</td>"),
        "{page}"
    );
}
