use sifhub::auth::{COOKIE, CSRF_HEADER};

use super::{PASSWORD, browser::Browser, disable, password_hash, person};
use crate::support::{TestApp, on_each_database};

on_each_database! {
    async fn the_right_password_signs_in(app) {
        person(&app, "alice").await;
        let mut browser = Browser::new(&app);
        let answer = browser.sign_in("alice", PASSWORD).await.expect(303);
        assert_eq!(answer.header("location"), "/auth/tokens");
        let page = browser.get("/auth/tokens").await.expect(200).text();
        assert!(page.contains("Signed in as <strong>alice</strong>"), "{page}");
    }

    async fn the_front_page_signs_out(app) {
        person(&app, "alice").await;
        let mut browser = Browser::of(&app, "alice").await;
        let page = browser.get("/").await.expect(200).text();
        assert!(page.contains("action=\"/auth/sign-out\""), "{page}");
        browser.post("/auth/sign-out", &[]).await.expect(303);
        assert_eq!(browser.cookie(), None);
        let page = browser.get("/").await.expect(200).text();
        assert!(!page.contains("/auth/sign-out"), "{page}");
    }

    async fn signing_out_ends_the_session(app) {
        person(&app, "alice").await;
        let mut browser = Browser::of(&app, "alice").await;
        let mut copy = browser.clone();
        let answer = browser.post("/auth/sign-out", &[]).await.expect(303);
        assert_eq!(answer.header("location"), "/auth/sign-in?done=signed-out");
        assert_eq!(browser.cookie(), None);
        copy.get("/auth/tokens").await.expect(303);
    }
}

#[tokio::test]
async fn nobody_learns_which_accounts_there_are() {
    let app = TestApp::sqlite().await;
    person(&app, "alice").await;
    let disabled = person(&app, "carol").await;
    disable(&app, disabled.id).await;
    app.user("without-password").await;
    let attempts = [
        ("alice", "wrong password"),
        ("nobody", PASSWORD),
        ("carol", PASSWORD),
        ("without-password", PASSWORD),
        ("Not A Name\0", PASSWORD),
    ];
    for (name, password) in attempts {
        let answer = Browser::new(&app).sign_in(name, password).await.expect(401);
        let page = answer.text();
        assert!(
            page.contains("The name or the password is wrong."),
            "{name}: {page}"
        );
        assert_eq!(answer.header("set-cookie"), "", "{name}");
    }
}

#[tokio::test]
async fn nothing_but_browsers_needs_no_origin() {
    let app = TestApp::sqlite().await;
    person(&app, "alice").await;
    let form = format!("name=alice&password={PASSWORD}");
    app.anonymous()
        .send("POST", "/auth/sign-in", form)
        .await
        .expect(303);
}

#[tokio::test]
async fn the_cookie_is_kept_from_scripts_and_other_sites() {
    let app = TestApp::sqlite().await;
    person(&app, "alice").await;
    let answer = Browser::new(&app).sign_in("alice", PASSWORD).await;
    let cookie = answer.expect(303).header("set-cookie").to_owned();
    let mut parts = cookie.split("; ");
    assert!(parts.next().expect("a value").starts_with(COOKIE));
    let mut attributes: Vec<_> = parts.collect();
    attributes.sort_unstable();
    assert_eq!(
        attributes,
        ["HttpOnly", "Max-Age=43200", "Path=/", "SameSite=Lax"]
    );
}

#[tokio::test]
async fn the_cookie_stays_on_https_where_the_site_is() {
    let app = TestApp::configured(|config| {
        config.http.public_url = Some("https://hub.test".parse().expect("a URL"));
    })
    .await;
    person(&app, "alice").await;
    let answer = Browser::new(&app).sign_in("alice", PASSWORD).await;
    assert!(answer.expect(303).header("set-cookie").contains("; Secure"));
}

#[tokio::test]
async fn each_sign_in_begins_another_session() {
    let app = TestApp::sqlite().await;
    person(&app, "alice").await;
    let mut browser = Browser::of(&app, "alice").await;
    let mut before = browser.clone();
    browser.sign_in("alice", PASSWORD).await.expect(303);
    assert_ne!(browser.cookie(), before.cookie());
    before.get("/auth/tokens").await.expect(303);
    browser.get("/auth/tokens").await.expect(200);
}

#[tokio::test]
async fn a_disabled_account_is_signed_out() {
    let app = TestApp::sqlite().await;
    let alice = person(&app, "alice").await;
    let mut browser = Browser::of(&app, "alice").await;
    disable(&app, alice.id).await;
    browser.get("/auth/tokens").await.expect(303);
}

#[tokio::test]
async fn another_site_cannot_post_a_form() {
    let app = TestApp::sqlite().await;
    person(&app, "alice").await;
    let strangers = [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "http://evil.test"),
        ("origin", "http://hub.test.evil.test"),
        ("origin", "http://hub.test:8080"),
        ("origin", "null"),
    ];
    for (name, value) in strangers {
        let client = app.anonymous().header(name, value);
        let form = format!("name=alice&password={PASSWORD}");
        let answer = client.send("POST", "/auth/sign-in", form).await.expect(403);
        assert_eq!(answer.header("set-cookie"), "", "{name}: {value}");
    }
}

#[tokio::test]
async fn a_browser_that_tells_only_its_origin_may_sign_in() {
    let app = TestApp::sqlite().await;
    person(&app, "alice").await;
    let client = app.anonymous().header("origin", "http://hub.test");
    let form = format!("name=alice&password={PASSWORD}");
    client.send("POST", "/auth/sign-in", form).await.expect(303);
}

#[tokio::test]
async fn every_form_of_somebody_signed_in_needs_its_token() {
    let app = TestApp::sqlite().await;
    person(&app, "alice").await;
    person(&app, "bob").await;
    let alice = Browser::of(&app, "alice").await;
    let paths = [
        "/auth/sign-out",
        "/auth/tokens",
        "/auth/tokens/000000000000000000000001/revoke",
        "/auth/password",
    ];
    let cookie = format!("{COOKIE}={}", alice.cookie().expect("a cookie"));
    let client = app.anonymous().header("cookie", &cookie);
    for path in paths {
        client
            .send("POST", path, "form_token=guess")
            .await
            .expect(403);
        client.send("POST", path, "").await.expect(403);
        app.anonymous().send("POST", path, "").await.expect(401);
    }
}

#[tokio::test]
async fn the_cookie_alone_changes_nothing_outside_the_pages() {
    let app = TestApp::sqlite().await;
    person(&app, "alice").await;
    let browser = Browser::of(&app, "alice").await;
    let cookie = format!("{COOKIE}={}", browser.cookie().expect("a cookie"));
    let request = |csrf: bool| {
        let request = poem::Request::builder()
            .method(poem::http::Method::POST)
            .header("cookie", &cookie)
            .extension(app.registry.clone());
        let request = if csrf {
            request.header(CSRF_HEADER, "1")
        } else {
            request
        };
        let mut request = request.finish();
        request
            .extensions_mut()
            .insert(sifhub::protocol::RequestContext {
                id: "test".into(),
                base_url: "http://hub.test".into(),
                client: None,
            });
        request
    };
    let caller = sifhub::auth::caller(&request(false))
        .await
        .expect("a caller");
    assert!(caller.account().is_err());
    let caller = sifhub::auth::caller(&request(true))
        .await
        .expect("a caller");
    assert_eq!(caller.account().expect("an account").name, "alice");
}

#[tokio::test]
async fn a_page_leads_to_sign_in_and_back() {
    let app = TestApp::sqlite().await;
    person(&app, "alice").await;
    let mut browser = Browser::new(&app);
    let answer = browser.get("/auth/tokens?after=x").await.expect(303);
    let location = answer.header("location").to_owned();
    assert_eq!(location, "/auth/sign-in?next=%2Fauth%2Ftokens%3Fafter%3Dx");
    let page = browser.get(&location).await.expect(200).text();
    assert!(
        page.contains("name=\"next\" value=\"/auth/tokens?after=x\""),
        "{page}"
    );
    let fields = [
        ("name", "alice"),
        ("password", PASSWORD),
        ("next", "/auth/tokens?after=x"),
    ];
    let answer = browser.post("/auth/sign-in", &fields).await.expect(303);
    assert_eq!(answer.header("location"), "/auth/tokens?after=x");
    let answer = browser.get("/auth/sign-in?next=/graphql").await.expect(303);
    assert_eq!(answer.header("location"), "/graphql");
}

#[tokio::test]
async fn signing_in_leads_to_no_other_site() {
    let app = TestApp::sqlite().await;
    person(&app, "alice").await;
    let elsewhere = [
        "https://evil.test/",
        "//evil.test/",
        "/\\evil.test/",
        "/\t/evil.test/",
        "/.//evil.test/",
        "/x/..//evil.test/",
        "\\\\evil.test/",
        "javascript:alert(1)",
        "evil.test",
        "http://hub.test:8080/",
    ];
    for next in elsewhere {
        let fields = [("name", "alice"), ("password", PASSWORD), ("next", next)];
        let answer = Browser::new(&app).post("/auth/sign-in", &fields).await;
        assert_eq!(
            answer.expect(303).header("location"),
            "/auth/tokens",
            "{next:?}"
        );
    }
}

#[tokio::test]
async fn behind_a_prefix_links_and_redirects_carry_it() {
    let app = TestApp::configured(|config| {
        config.http.public_url = Some("https://example.org/hub".parse().expect("a URL"));
    })
    .await;
    person(&app, "alice").await;
    let mut browser = Browser::new(&app);
    let answer = browser.get("/auth/tokens").await.expect(303);
    assert_eq!(
        answer.header("location"),
        "/hub/auth/sign-in?next=%2Fhub%2Fauth%2Ftokens"
    );
    let page = browser.get("/auth/sign-in").await.expect(200).text();
    assert!(page.contains("href=\"/hub/assets/page.css\""), "{page}");
    assert!(page.contains("action=\"/hub/auth/sign-in\""), "{page}");
}

#[tokio::test]
async fn what_people_typed_is_not_taken_for_markup() {
    let app = TestApp::sqlite().await;
    let name = "\"><script>alert(1)</script>";
    let page = Browser::new(&app)
        .sign_in(name, "x")
        .await
        .expect(401)
        .text();
    assert!(!page.contains("<script"), "{page}");
}

#[tokio::test]
async fn forms_have_a_largest_size() {
    let app = TestApp::sqlite().await;
    let name = "a".repeat(17 * 1024);
    Browser::new(&app).sign_in(&name, "x").await.expect(413);
}

#[tokio::test]
async fn pages_are_not_kept_or_framed_and_let_forms_tell_their_origin() {
    let app = TestApp::sqlite().await;
    let answer = Browser::new(&app).get("/auth/sign-in").await.expect(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("referrer-policy"), "same-origin");
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
}

#[tokio::test]
async fn an_old_hash_is_replaced_at_the_next_sign_in() {
    let app = TestApp::sqlite().await;
    person(&app, "alice").await;
    let costlier = sifhub::config::Config {
        auth: sifhub::config::Auth {
            argon2: sifhub::config::Argon2 {
                memory: sifhub::config::ByteSize::from_kib(128),
                iterations: 2,
                parallelism: 1,
            },
            ..sifhub::config::Auth::default()
        },
        ..app.registry.config().clone()
    };
    let before = password_hash(&app, "alice").await;
    assert!(
        before.starts_with("$argon2id$v=19$m=64,t=1,p=1$"),
        "{before}"
    );
    let app = app.reconfigured(costlier);
    Browser::of(&app, "alice").await;
    let after = password_hash(&app, "alice").await;
    assert!(
        after.starts_with("$argon2id$v=19$m=128,t=2,p=1$"),
        "{after}"
    );
    Browser::of(&app, "alice").await;
    assert_eq!(password_hash(&app, "alice").await, after);
}
