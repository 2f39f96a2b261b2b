//! When a token is good no longer.
use sifhub::{
    auth::{self, Wanted},
    config::Duration,
    registry::{
        Scope,
        token::{self as api_token, NewToken},
    },
};

use super::{
    PASSWORD, SERVICE, at_door, basic, disable, fetch, person, refusal, text, token, with_password,
};
use crate::support::{Answer, Client, TestApp, on_each_database};

const OWN: &str = "repository:alice/a/b:pull,push";
const WANTED: Wanted<'static> = Wanted::Push("alice/a/b");

/// A refresh token of somebody.
async fn refresh_token(client: &Client) -> String {
    let answer = client.get(&format!("{SERVICE}&offline_token=true")).await;
    text(&answer.expect(200), "refresh_token")
}

async fn renew(app: &TestApp, refresh_token: &str) -> Answer {
    let form = format!("grant_type=refresh_token&scope={OWN}&refresh_token={refresh_token}");
    app.anonymous().send("POST", SERVICE, form).await
}

on_each_database! {
    async fn a_refresh_token_stands_for_the_password_until_that_is_changed(app) {
        let alice = person(&app, "alice").await;
        let client = with_password(&app, "alice", PASSWORD);
        let refresh = refresh_token(&client).await;
        let answer = renew(&app, &refresh).await.expect(200);
        assert!(answer.json().get("refresh_token").is_none(), "{}", answer.text());
        let renewed = format!("Bearer {}", text(&answer, "token"));
        at_door(&app, &renewed, WANTED).await.expect("let in");
        auth::set_password(&app.operator(), alice.id, "another long password").await.expect("a new password");
        renew(&app, &refresh).await.expect(401);
        refusal(&app, &renewed, WANTED).await;
        refusal(&app, &basic("alice", PASSWORD), WANTED).await;
        fetch(&client, &[]).await.expect(401);
    }

    async fn what_was_made_with_an_api_token_ends_with_it(app) {
        let alice = person(&app, "alice").await;
        let new = NewToken { name: "laptop".into(), scope: Scope::Write, expires_at: None };
        let (made, secret) = api_token::create(&app.operator(), alice.id, new).await.expect("a token");
        let client = with_password(&app, "alice", &secret);
        let (refresh, short) = (refresh_token(&client).await, token(&client, &[OWN]).await);
        at_door(&app, &short, WANTED).await.expect("let in");
        renew(&app, &refresh).await.expect(200);
        api_token::revoke(&app.operator(), made.id).await.expect("it is revoked");
        refusal(&app, &short, WANTED).await;
        renew(&app, &refresh).await.expect(401);
        fetch(&client, &[]).await.expect(401);
    }

    async fn what_a_disabled_account_holds_is_worth_nothing(app) {
        let alice = person(&app, "alice").await;
        let by_password = with_password(&app, "alice", PASSWORD);
        let holder = app.holding("alice", Scope::Write).await;
        let mut headers = vec![basic("alice", PASSWORD), basic("alice", holder.token())];
        let mut refresh = Vec::new();
        for client in [by_password.clone(), holder] {
            headers.push(token(&client, &[OWN]).await);
            refresh.push(refresh_token(&client).await);
        }
        disable(&app, alice.id).await;
        for header in headers {
            refusal(&app, &header, WANTED).await;
        }
        for refresh in refresh {
            renew(&app, &refresh).await.expect(401);
        }
        fetch(&by_password, &[]).await.expect(401);
    }
}

#[tokio::test]
async fn a_token_that_has_expired_is_refused() {
    let app = TestApp::configured(|config| {
        config.auth.registry_token_lifetime = Duration::from_secs(1);
        config.auth.refresh_token_lifetime = Duration::from_secs(1);
    })
    .await;
    let alice = app.user("alice").await;
    let short = token(&alice, &[OWN]).await;
    let refresh = refresh_token(&alice).await;
    while at_door(&app, &short, WANTED).await.is_ok() || renew(&app, &refresh).await.status == 200 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    refusal(&app, &short, WANTED).await;
    renew(&app, &refresh).await.expect(401);
}

#[tokio::test]
async fn a_token_lasts_no_longer_than_what_it_was_made_with() {
    let app = TestApp::sqlite().await;
    let alice = person(&app, "alice").await;
    let end = app.operator().now() + chrono::TimeDelta::seconds(60);
    let new = NewToken {
        name: "short".into(),
        scope: Scope::Write,
        expires_at: Some(end),
    };
    let made = api_token::create(&app.operator(), alice.id, new).await;
    let (_, secret) = made.expect("a token");
    let answer = fetch(&app.anonymous().with_token(&secret), &[OWN]).await;
    let seconds = answer.expect(200).json()["expires_in"].as_i64();
    assert!(seconds.is_some_and(|seconds| seconds <= 60), "{seconds:?}");
}

#[tokio::test]
async fn nobody_gets_no_refresh_token() {
    let app = TestApp::sqlite().await;
    let url = format!("{SERVICE}&offline_token=true");
    let answer = app.anonymous().get(&url).await.expect(200);
    assert!(answer.json().get("refresh_token").is_none());
}

#[tokio::test]
async fn what_is_made_with_a_token_lasts_no_longer_than_it() {
    let app = TestApp::sqlite().await;
    person(&app, "alice").await;
    let token = token(&with_password(&app, "alice", PASSWORD), &[OWN]).await;
    let caller = at_door(&app, &token, WANTED).await.expect("let in");
    let until = caller.account().expect("an account").until;
    let latest = app.operator().now() + chrono::TimeDelta::minutes(5);
    assert!(until.is_some_and(|until| until <= latest), "{until:?}");
}
