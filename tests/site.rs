//! Plain pages for people.
use data_encoding::BASE64;
use serde_json::json;

use crate::support::{Client, SifBuilder, TestApp, on_each_database};

/// A container in a collection that only its owner may see.
async fn push_secret(alice: &Client) {
    let entity = alice.get("/v1/entities/alice").await.json()["data"]["id"].clone();
    let secret = json!({"name": "secret", "entity": entity, "private": true});
    alice.post("/v1/collections", secret).await.expect(200);
    let image = SifBuilder::new("amd64");
    alice.push("alice/secret/hello", "1.0", image).await;
}

on_each_database! {
    async fn the_front_page_tells_how_to_begin(app) {
        let page = app.anonymous().get("/").await.expect(200);
        assert!(page.text().contains("apptainer remote add --insecure --no-login hub http://hub.test"));
        assert!(page.header("content-security-policy").contains("default-src 'self'"));
    }

    async fn the_page_that_a_push_names_shows_the_container(app) {
        let alice = app.user("alice").await;
        let digest = alice.push("alice/tools/hello", "1.0", SifBuilder::new("arm64")).await;
        let page = app.anonymous().get("/library/alice/tools/hello").await.expect(200).text();
        assert!(page.contains("apptainer pull library://alice/tools/hello:1.0"));
        assert!(page.contains("arm64") && page.contains(&digest));
    }

    async fn a_private_container_has_a_page_for_its_owner_only(app) {
        let alice = app.user("alice").await;
        let bob = app.user("bob").await;
        push_secret(&alice).await;
        alice.get("/library/alice/secret/hello").await.expect(200);
        let hidden = bob.get("/library/alice/secret/hello").await.expect(404);
        let absent = bob.get("/library/alice/secret/nothing").await.expect(404);
        assert_eq!(hidden.text(), absent.text());
    }

    async fn the_front_page_lists_the_newest_containers_that_the_visitor_may_see(app) {
        let alice = app.user("alice").await;
        push_secret(&alice).await;
        let (_, without) = app.statements_of(app.anonymous().get("/")).await;
        for number in 0..21 {
            alice.push(&format!("alice/tools/n{number}"), "1.0", SifBuilder::new("amd64")).await;
        }
        let (page, with) = app.statements_of(app.anonymous().get("/")).await;
        let page = page.expect(200).text();
        let place = |name: &str| page.find(&format!("<a href=\"/library/alice/{name}\">alice/{name}</a>"));
        assert!(place("tools/n20") < place("tools/n1") && place("tools/n1").is_some(), "{page}");
        assert!(place("tools/n0").is_none() && place("secret/hello").is_none(), "{page}");
        assert_eq!(with, without, "the statements do not grow with the rows");
    }

    async fn a_search_on_the_front_page_finds_containers_and_images(app) {
        let alice = app.user("alice").await;
        push_secret(&alice).await;
        alice.push("alice/tools/hello", "1.0", SifBuilder::new("arm64")).await;
        app.indexed().await;
        let page = app.anonymous().get("/?q=HELLO").await.expect(200).text();
        assert!(page.contains("Containers found") && page.contains("Images found"), "{page}");
        assert!(page.contains(">alice/tools/hello</a>: 1.0 <small>arm64, "), "{page}");
        assert!(!page.contains("alice/secret"), "{page}");
        assert!(alice.get("/?q=hello").await.expect(200).text().contains("alice/secret/hello"));
        let nothing = app.anonymous().get("/?q=%3Cnothing%3E").await.expect(200).text();
        assert!(nothing.contains("Nothing that you may see") && !nothing.contains("<nothing>"), "{nothing}");
        let short = app.anonymous().get("/?q=he").await.expect(400).text();
        assert!(short.contains("search for at least 3 characters") && short.contains("value=\"he\""), "{short}");
    }

    async fn namespaces_and_collections_list_what_the_visitor_may_see(app) {
        let alice = app.user("alice").await;
        let bob = app.user("bob").await;
        push_secret(&alice).await;
        bob.get("/library/alice").await.expect(404);
        alice.push("alice/tools/hello", "1.0", SifBuilder::new("amd64")).await;
        alice.push("alice/tools/world", "1.0", SifBuilder::new("amd64")).await;
        let namespace = bob.get("/library/alice").await.expect(200).text();
        assert!(namespace.contains("<a href=\"/library/alice/tools\">tools</a>"), "{namespace}");
        assert!(!namespace.contains("secret"), "{namespace}");
        let own = alice.get("/library/alice").await.expect(200).text();
        assert!(own.contains(">secret</a> (private)"), "{own}");
        let collection = bob.get("/library/alice/tools").await.expect(200).text();
        assert!(collection.contains("<a href=\"/library/alice/tools/hello\">hello</a>"), "{collection}");
        assert!(collection.contains("<a href=\"/library/alice/tools/world\">world</a>"), "{collection}");
        assert!(!collection.contains("No description"), "{collection}");
        let hidden = bob.get("/library/alice/secret").await.expect(404).text();
        assert_eq!(hidden, bob.get("/library/alice/nothing").await.expect(404).text());
    }

    async fn what_is_not_found_may_be_private_and_signing_in_is_offered(app) {
        let alice = app.user("alice").await;
        push_secret(&alice).await;
        let anonymous = app.anonymous();
        let hidden = anonymous.get("/library/alice/secret/hello").await.expect(404).text();
        let absent = anonymous.get("/library/alice/secret/other").await.expect(404).text();
        assert!(hidden.contains("or it is private: <a href=\"/auth/sign-in?next=%2Flibrary%2Falice%2Fsecret%2Fhello\">sign in</a>"), "{hidden}");
        assert_eq!(hidden.replace("hello", "other"), absent);
        let signed_in = alice.get("/library/alice/secret/other").await.expect(404).text();
        assert!(!signed_in.contains("private"), "{signed_in}");
    }

    async fn a_token_is_taken_as_the_password_of_basic(app) {
        let alice = app.user("alice").await;
        let basic = |secret: &str| format!("Basic {}", BASE64.encode(format!("alice:{secret}").as_bytes()));
        let good = app.anonymous().header("authorization", &basic(alice.token()));
        assert!(good.get("/").await.expect(200).text().contains("alice"));
        app.anonymous().header("authorization", &basic("wrong")).get("/").await.expect(401);
        app.anonymous().header("authorization", "Basic !").get("/").await.expect(401);
        app.anonymous().header("authorization", "Digest x").get("/").await.expect(401);
    }
}

#[tokio::test]
async fn while_there_is_no_account_the_pages_tell_how_to_make_one() {
    let app = TestApp::sqlite().await;
    for path in ["/", "/auth/sign-in"] {
        let page = app.anonymous().get(path).await.expect(200).text();
        assert!(page.contains("There is no account yet"), "{page}");
        assert!(page.contains("sifhub user add NAME --admin"), "{page}");
    }
    app.user("alice").await;
    for path in ["/", "/auth/sign-in"] {
        let page = app.anonymous().get(path).await.expect(200).text();
        assert!(!page.contains("There is no account yet"), "{page}");
    }
}

#[tokio::test]
async fn a_page_from_another_port_says_that_clients_take_none() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    let image = SifBuilder::new("amd64");
    alice.push("alice/tools/hello", "1.0", image).await;
    for (host, address) in [
        ("127.0.0.1:8080", "127.0.0.1:80"),
        ("hub.example.org:8080", "0.0.0.0:80"),
    ] {
        let visitor = app.anonymous().header("host", host);
        for path in ["/", "/library/alice/tools/hello"] {
            let page = visitor.get(path).await.expect(200).text();
            let remedy = format!("sifhub serve --listen {address}<");
            assert!(page.contains(&remedy), "{page}");
            assert!(!page.contains(&format!("http://{host}")), "{page}");
        }
    }
    let usual = app.anonymous().get("/").await.expect(200).text();
    assert!(!usual.contains("--listen"), "{usual}");
}

#[tokio::test]
async fn a_browser_that_is_lost_gets_a_page_and_a_program_a_line() {
    let app = TestApp::sqlite().await;
    let browser = app.anonymous().header("accept", "text/html,*/*;q=0.8");
    for path in ["/nowhere", "/auth/nowhere", "/library/a/b/c/d"] {
        let page = browser.get(path).await.expect(404);
        assert!(page.header("content-type").starts_with("text/html"));
        assert!(
            page.text()
                .contains("<a href=\"/\">Go to the front page</a>")
        );
        let line = app.anonymous().get(path).await.expect(404).text();
        assert_eq!(line, "not found");
    }
}

#[tokio::test]
async fn pages_below_a_prefix_have_their_links_there() {
    let app = TestApp::configured(|config| {
        config.http.public_url = Some("https://example.org/hub".parse().expect("a URL"));
    })
    .await;
    let browser = app.anonymous().header("accept", "text/html");
    for path in ["/nowhere", "/library/alice/tools/hello"] {
        let page = browser.get(path).await.expect(404).text();
        assert!(page.contains("href=\"/hub/assets/page.css\""), "{page}");
        assert!(
            page.contains("<a href=\"/hub/\">Go to the front page</a>"),
            "{page}"
        );
    }
}

#[tokio::test]
async fn a_container_shows_sizes_to_read_and_digests_to_copy() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    let image = SifBuilder::new("amd64");
    let digest = alice.push("alice/tools/hello", "1.0", image).await;
    let page = app.anonymous().get("/library/alice/tools/hello").await;
    let page = page.expect(200).text();
    assert!(page.contains(&format!("<code>{digest}</code>")), "{page}");
    assert!(page.contains(" KiB</td>"), "{page}");
    assert!(
        page.contains("<pre tabindex=\"0\" role=\"region\" aria-label="),
        "{page}"
    );
}
