use data_encoding::BASE64;

use super::{secret, serving};
use crate::support::{Answer, on_each_database};

const PLAN: &str = "/sif/alice/secret/plan:1";

/// All that a caller could compare.
fn told(answer: &Answer) -> (u16, String, Vec<(String, String)>) {
    let headers = answer
        .headers
        .iter()
        .filter(|(name, _)| *name != "x-request-id");
    let text = |value: &poem::http::HeaderValue| format!("{value:?}");
    let headers = headers.map(|(name, value)| (name.to_string(), text(value)));
    (answer.status, answer.text(), headers.collect())
}

on_each_database! {
    async fn a_token_opens_a_private_image_as_bearer_and_as_password(app) {
        let (alice, digest) = secret(&app).await;
        let basic = |user: &str, secret: &str| {
            let credentials = BASE64.encode(format!("{user}:{secret}").as_bytes());
            app.anonymous().header("authorization", &format!("Basic {credentials}"))
        };
        let token = alice.token().to_owned();
        for holder in [&alice, &basic("alice", &token), &basic("", &token)] {
            for address in [PLAN, &format!("/sif/alice/secret/plan@{digest}"), &format!("{PLAN}.sha256")] {
                let answer = holder.get(address).await.expect(200);
                assert!(answer.header("cache-control").starts_with("private, "));
            }
        }
        let wrong = basic("alice", "guess").get(PLAN).await.expect(401);
        assert_eq!(wrong.header("www-authenticate"), r#"Basic realm="sifhub", charset="UTF-8""#);
    }

    async fn visitors_are_asked_for_a_password_whether_or_not_there_is_something_to_hide(app) {
        let (_, digest) = secret(&app).await;
        let hidden = app.anonymous().get(PLAN).await.expect(401);
        assert_eq!(hidden.header("www-authenticate"), r#"Basic realm="sifhub", charset="UTF-8""#);
        assert_eq!(hidden.headers.get_all("www-authenticate").iter().count(), 1);
        for missing in [
            "/sif/alice/secret/plan:2",
            "/sif/alice/secret/plan:1?arch=s390x",
            "/sif/alice/secret/other:1",
            "/sif/alice/none/plan:1",
            "/sif/nobody/secret/plan:1",
            &format!("/sif/alice/secret/plan@{digest}"),
            &format!("/sif/alice/secret/plan@sha256:{}", "0".repeat(64)),
            "/sif/alice/secret/plan:1.sha256",
        ] {
            let answer = app.anonymous().get(missing).await;
            assert_eq!(told(&answer), told(&hidden), "{missing}");
            assert_eq!(app.anonymous().head(missing).await.status, 401);
        }
    }

    async fn signed_in_strangers_find_neither_what_is_hidden_nor_what_is_missing(app) {
        secret(&app).await;
        let bob = app.user("bob").await;
        let hidden = bob.get(PLAN).await.expect(404);
        assert_eq!(hidden.header("www-authenticate"), "");
        for missing in ["/sif/alice/secret/plan:2", "/sif/alice/none/plan:1", "/sif/nobody/none/plan:1"] {
            assert_eq!(told(&bob.get(missing).await), told(&hidden), "{missing}");
        }
    }

    async fn visitors_are_not_asked_for_a_password_in_a_public_container(app) {
        serving(&app).await;
        let missing = app.anonymous().get("/sif/alice/tools/hello:2").await.expect(404);
        assert_eq!(missing.text(), "image not found\n");
        assert_eq!(missing.header("www-authenticate"), "");
    }
}
