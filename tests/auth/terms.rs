use sifhub::registry::site::{set_read_only, terms};

use super::{PASSWORD, browser::Browser, person};
use crate::support::{TestApp, on_each_database};

async fn publish(app: &TestApp, text: &str) {
    terms::publish(&app.operator(), Some(text.into()))
        .await
        .expect("terms");
}

on_each_database! {
    async fn whoever_signs_in_reads_the_terms_and_agrees_without_a_script(app) {
        person(&app, "alice").await;
        publish(&app, "Be kind.\n<script>alert(1)</script>").await;
        let mut browser = Browser::of(&app, "alice").await;
        let tokens = browser.get("/auth/tokens").await.expect(200).text();
        assert!(tokens.contains("href=\"/auth/terms\""), "{tokens}");
        let page = browser.get("/auth/terms").await.expect(200).text();
        assert!(page.contains("Be kind.\n&#60;script&#62;") && page.contains("type=\"checkbox\" name=\"agree\""), "{page}");
        let unchecked = browser.post("/auth/terms", &[("version", "1")]).await.expect(400).text();
        assert!(unchecked.contains("check the box"), "{unchecked}");
        let answer = browser.post("/auth/terms", &[("version", "1"), ("agree", "yes")]).await.expect(303);
        assert_eq!(answer.header("location"), "/auth/tokens?done=agreed");
        let page = browser.get("/auth/tokens?done=agreed").await.expect(200).text();
        assert!(page.contains("Thank you.") && !page.contains("href=\"/auth/terms\""), "{page}");
        let page = browser.get("/auth/terms").await.expect(200).text();
        assert!(page.contains("You agreed to them."), "{page}");
    }

    async fn one_who_read_an_older_version_is_asked_again(app) {
        person(&app, "alice").await;
        publish(&app, "old").await;
        let mut browser = Browser::of(&app, "alice").await;
        browser.get("/auth/terms").await.expect(200);
        publish(&app, "new").await;
        for version in ["1", "0", "-1", "guess"] {
            let page = browser.post("/auth/terms", &[("version", version), ("agree", "yes")]).await.expect(409).text();
            assert!(page.contains("new") && page.contains("value=\"2\""), "{page}");
        }
        browser.post("/auth/terms", &[("version", "2"), ("agree", "yes")]).await.expect(303);
    }

    async fn signing_in_goes_on_while_the_site_takes_no_changes(app) {
        person(&app, "alice").await;
        publish(&app, "Be kind.").await;
        set_read_only(&app.operator(), true, "backup").await.expect("read-only");
        let mut browser = Browser::new(&app);
        browser.sign_in("alice", PASSWORD).await.expect(303);
        let page = browser.get("/auth/tokens").await.expect(200).text();
        assert!(page.contains("takes no changes at the moment: backup"), "{page}");
        let token = [("name", "new"), ("scope", "write"), ("days", "90")];
        let refused = browser.post("/auth/tokens", &token).await.expect(503).text();
        assert!(refused.contains("backup"), "{refused}");
        browser.post("/auth/terms", &[("version", "1"), ("agree", "yes")]).await.expect(503);
        browser.post("/auth/sign-out", &[]).await.expect(303);
    }
}

#[tokio::test]
async fn anybody_reads_the_terms_and_only_a_page_of_this_server_agrees() {
    let app = TestApp::sqlite().await;
    let none = app.anonymous().get("/auth/terms").await.expect(200).text();
    assert!(none.contains("has no terms of use"), "{none}");
    publish(&app, "Be kind.").await;
    let page = app.anonymous().get("/auth/terms").await.expect(200).text();
    assert!(
        page.contains("Be kind.") && page.contains("/auth/sign-in?next=/auth/terms"),
        "{page}"
    );
    person(&app, "alice").await;
    let mut browser = Browser::of(&app, "alice").await;
    let agree = [("version", "1"), ("agree", "yes")];
    let mut foreign = browser.header("sec-fetch-site", "cross-site");
    foreign.post("/auth/terms", &agree).await.expect(403);
    Browser::new(&app)
        .post("/auth/terms", &agree)
        .await
        .expect(401);
    let page = browser.get("/auth/terms").await.expect(200).text();
    assert!(page.contains("name=\"agree\""), "{page}");
}
