//! What counts as a pull, at every door, and how the counts are kept.
use std::sync::Arc;

use futures::future::join_all;
use poem::EndpointExt;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use sifhub::{
    http,
    registry::{Registry, Secret, download::flush},
};

use super::{HELLO, serving};
use crate::{
    oci::{IMAGE, push_blob, sha256},
    support::{Client, SifBuilder, TestApp, on_each_database},
};

/// Writes down what was counted.
async fn written(app: &TestApp) -> u64 {
    flush(&app.operator()).await.expect("it is written")
}

/// What the graph tells of the downloads of `alice/tools/hello`.
async fn told(who: &Client, selection: &str) -> Value {
    let query =
        format!("{{ container(path: \"alice/tools/hello\") {{ downloads {{ {selection} }} }} }}");
    who.graphql(&query, json!({})).await["container"]["downloads"].clone()
}

async fn total(who: &Client) -> Value {
    told(who, "total").await["total"].clone()
}

on_each_database! {
    async fn every_door_counts_one_pull_by_tag_and_door(app) {
        let (alice, digest) = serving(&app).await;
        let visitor = app.anonymous();
        visitor.get("/v1/imagefile/alice/tools/hello:1.0?arch=amd64").await.expect(200);
        visitor.get(&format!("/v2/alice/tools/hello/blobs/{digest}")).await.expect(200);
        visitor.get(HELLO).await.expect(200);
        let shub = visitor.get("/alice/api/container/tools/hello:1.0").await.expect(200).json();
        let address = shub["image"].as_str().and_then(|url| url.strip_prefix("http://hub.test")).expect("an address").to_owned();
        visitor.get(&address).await.expect(200);
        alice.get(&format!("/sif/alice/tools/hello@{digest}")).await.expect(200);
        assert_eq!(total(&visitor).await, 0, "nothing is written yet");
        assert_eq!(written(&app).await, 5);
        assert_eq!(written(&app).await, 0, "nothing is written twice");
        let seen = told(&visitor, "total lastPulledAt byDoor { door count signedIn anonymous } byTag { tag count } byDay { count signedIn anonymous }").await;
        assert!(seen["lastPulledAt"].is_string());
        assert_eq!(seen["total"], 5);
        assert_eq!(seen["byDoor"], json!([
            {"door": "FILE", "count": 2, "signedIn": 1, "anonymous": 1},
            {"door": "LIBRARY", "count": 1, "signedIn": 0, "anonymous": 1},
            {"door": "OCI", "count": 1, "signedIn": 0, "anonymous": 1},
            {"door": "SHUB", "count": 1, "signedIn": 0, "anonymous": 1},
        ]));
        assert_eq!(seen["byTag"], json!([{"tag": "1.0", "count": 3}, {"tag": null, "count": 2}]));
        assert_eq!(seen["byDay"], json!([{"count": 5, "signedIn": 1, "anonymous": 4}]));
        let query = r#"{ image(path: "alice/tools/hello", reference: "1.0") { downloads { total byDoor { count } } }
            collection(path: "alice/tools") { downloads { total lastPulledAt byTag(first: 1) { tag count } } } }"#;
        let seen = visitor.graphql(query, json!({})).await;
        assert_eq!(seen["image"]["downloads"], json!({"total": 5, "byDoor": [{"count": 2}, {"count": 1}, {"count": 1}, {"count": 1}]}));
        assert_eq!((&seen["collection"]["downloads"]["total"], &seen["collection"]["downloads"]["byTag"]), (&json!(5), &json!([{"tag": "1.0", "count": 3}])));
        let library = visitor.get("/v1/containers/alice/tools/hello").await.expect(200).json();
        assert_eq!(library["data"]["downloadCount"], 5);
        let library = visitor.get("/v1/images/alice/tools/hello:1.0").await.expect(200).json();
        assert_eq!(library["data"]["containerDownloads"], 5);
    }

    async fn what_does_not_begin_to_transfer_an_image_is_no_pull(app) {
        let (_, digest) = serving(&app).await;
        let visitor = app.anonymous();
        let blob = format!("/v2/alice/tools/hello/blobs/{digest}");
        for address in [HELLO, "/v1/imagefile/alice/tools/hello:1.0", &blob] {
            visitor.head(address).await.expect(200);
            visitor.header("range", "bytes=1-").get(address).await.expect(206);
            visitor.header("range", "bytes=-10").get(address).await.expect(206);
            visitor.header("range", "bytes=99999999-").get(address).await.expect(416);
            visitor.header("if-none-match", &format!("\"{digest}\"")).get(address).await.expect(304);
        }
        visitor.get("/sif/alice/tools/hello:1.0.sha256").await.expect(200);
        visitor.get("/v1/images/alice/tools/hello:1.0").await.expect(200);
        visitor.get("/v2/alice/tools/hello/manifests/1.0").await.expect(200);
        visitor.get("/alice/api/container/tools/hello:1.0").await.expect(200);
        visitor.get("/sif/alice/tools/none:1.0").await;
        assert_eq!(written(&app).await, 0);
        visitor.header("range", "bytes=0-9").get(HELLO).await.expect(206);
        assert_eq!(written(&app).await, 1, "who begins at the start pulls");
    }

    async fn an_image_in_layers_counts_by_its_manifest_once(app) {
        let alice = app.user("alice").await;
        let name = "alice/tools/hello";
        let config = push_blob(&alice, name, b"{}").await;
        let layer = push_blob(&alice, name, b"a layer").await;
        let manifest = json!({"schemaVersion": 2, "mediaType": IMAGE,
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": 2},
            "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": layer, "size": 7}]}).to_string();
        let index = json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": [{"mediaType": IMAGE, "digest": sha256(manifest.as_bytes()), "size": manifest.len()}]}).to_string();
        let put = async |tag: &str, kind: &str, body: &str| {
            alice.header("content-type", kind).send("PUT", &format!("/v2/{name}/manifests/{tag}"), body.to_owned()).await.expect(201);
        };
        put("one", IMAGE, &manifest).await;
        put("all", "application/vnd.oci.image.index.v1+json", &index).await;
        let visitor = app.anonymous();
        visitor.get(&format!("/v2/{name}/manifests/one")).await.expect(200);
        visitor.head(&format!("/v2/{name}/manifests/one")).await.expect(200);
        visitor.get(&format!("/v2/{name}/manifests/all")).await.expect(200);
        visitor.get(&format!("/v2/{name}/manifests/{}", sha256(manifest.as_bytes()))).await.expect(200);
        for blob in [&config, &layer] {
            visitor.get(&format!("/v2/{name}/blobs/{blob}")).await.expect(200);
        }
        assert_eq!(written(&app).await, 2);
        let seen = told(&visitor, "total byDoor { door count } byTag { tag count }").await;
        assert_eq!(seen, json!({"total": 2, "byDoor": [{"door": "OCI", "count": 2}],
            "byTag": [{"tag": null, "count": 1}, {"tag": "one", "count": 1}]}));
    }

    async fn pulls_of_many_at_several_servers_add_up(app) {
        let (alice, _) = serving(&app).await;
        let config = Arc::new(app.registry.config().clone());
        let other = Registry::new(app.db.clone(), app.storage.clone(), Secret::new(b"another server of the same site.."), config);
        let elsewhere = Client::new(Arc::new(http::endpoint(&other).boxed()));
        for round in 1..=2 {
            let here = app.anonymous();
            let pulls = (0..40).map(|number| if number % 2 == 0 { here.get(HELLO) } else { elsewhere.get(HELLO) });
            let pulls = pulls.collect::<Vec<_>>();
            for answer in join_all(pulls).await {
                answer.expect(200);
            }
            let operator = app.operator();
            #[expect(clippy::disallowed_methods, reason = "the other server's job")]
            let there = other.caller(sifhub::access::Actor::system("test"), "test");
            let (one, two) = futures::join!(flush(&operator), flush(&there));
            assert_eq!((one.expect("written"), two.expect("written")), (20, 20));
            assert_eq!(total(&alice).await, round * 40);
        }
        let days = told(&alice, "byDay { count }").await;
        assert_eq!(days, json!({"byDay": [{"count": 80}]}));
    }

    async fn counts_outlive_a_restart_and_wait_for_a_database_that_fails(app) {
        let (alice, _) = serving(&app).await;
        alice.get(HELLO).await.expect(200);
        app.db.execute_unprepared("ALTER TABLE download_day RENAME TO away").await.expect("it is away");
        assert!(flush(&app.operator()).await.is_err());
        assert_eq!(total(&alice).await, 0, "all or nothing");
        app.anonymous().get(HELLO).await.expect(200);
        app.db.execute_unprepared("ALTER TABLE away RENAME TO download_day").await.expect("it is back");
        assert_eq!(written(&app).await, 2);
        let token = alice.token().to_owned();
        let config = app.registry.config().clone();
        let app = app.reconfigured(config);
        assert_eq!(total(&app.anonymous().with_token(&token)).await, 2);
    }

    async fn a_container_that_goes_before_its_pulls_are_written_hinders_no_others(app) {
        let (alice, _) = serving(&app).await;
        alice.push("alice/tools/gone", "1.0", SifBuilder::new("amd64").payload(4096, 5)).await;
        alice.get("/sif/alice/tools/gone:1.0").await.expect(200);
        alice.get(HELLO).await.expect(200);
        let delete = r#"mutation { deleteContainer(input: {id: "alice/tools/gone", withContent: true}) { deletedId } }"#;
        alice.graphql(delete, json!({})).await;
        assert_eq!(written(&app).await, 1);
        assert_eq!(total(&alice).await, 1);
    }

    async fn an_address_that_tells_the_tag_is_believed_only_if_it_is_one(app) {
        let mut config = app.registry.config().clone();
        config.registry.concurrent_downloads = true;
        let app = app.reconfigured(config);
        let (_, digest) = serving(&app).await;
        let visitor = app.anonymous();
        let sent = visitor.get("/v1/imagefile/alice/tools/hello:1.0?arch=amd64").await.expect(303);
        let address = sent.header("location").strip_prefix("http://hub.test").expect("an address").to_owned();
        visitor.header("range", "bytes=0-9").get(&address).await.expect(206);
        visitor.header("range", "bytes=10-19").get(&address).await.expect(206);
        let (bare, _) = address.split_once('?').expect("a query");
        for made_up in ["tag=2.0", "tag=", "tag=%00", "tag=a/b", &format!("tag={}", "x".repeat(129))] {
            visitor.get(&format!("{bare}?{made_up}")).await.expect(200);
            visitor.get(&format!("/sif/alice/tools/hello@{digest}?via=shub&{made_up}")).await.expect(200);
        }
        assert_eq!(written(&app).await, 11);
        assert_eq!(told(&visitor, "byTag { tag count }").await, json!({"byTag": [{"tag": null, "count": 10}, {"tag": "1.0", "count": 1}]}));
    }

    async fn spans_are_days_and_no_more_than_four_hundred(app) {
        let (alice, _) = serving(&app).await;
        alice.get(HELLO).await.expect(200);
        written(&app).await;
        for (args, count) in [
            ("since: \"2020-01-01\", until: \"2020-12-31\"", 0),
            ("since: \"2025-01-01\", until: \"2025-01-01\"", 0),
            ("until: \"2020-12-31\"", 0),
            ("", 1),
        ] {
            let args = if args.is_empty() { String::new() } else { format!("({args})") };
            let seen = told(&alice, &format!("byDay{args} {{ day }} byTag{args} {{ tag }} byDoor{args} {{ door }}")).await;
            for list in ["byDay", "byTag", "byDoor"] {
                assert_eq!(seen[list].as_array().expect("a list").len(), count, "{list} {args}");
            }
        }
        for wrong in [
            "since: \"2020-01-01\", until: \"2021-02-04\"", "since: \"2020-01-02\", until: \"2020-01-01\"", "since: \"2020-01-01\"",
            "since: \"2020-02-30\"", "since: \"\"", "since: \"yesterday\"", "since: 1", "since: \"+99999-01-01\"", "until: \"0000-00-00\"",
            "since: \"2020-01-01T00:00:00Z\"",
        ] {
            let query = format!("{{ container(path: \"alice/tools/hello\") {{ downloads {{ byDay({wrong}) {{ day }} }} }} }}");
            let answer = alice.try_graphql(&query, json!({})).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID", "{wrong}: {answer}");
        }
    }

    async fn the_most_pulled_come_first_and_cost_no_statement_more(app) {
        let (alice, _) = serving(&app).await;
        for (name, pulls) in [("a", 1), ("b", 3), ("c", 2)] {
            let path = format!("alice/tools/{name}");
            alice.push(&path, "1.0", SifBuilder::new("amd64").payload(64, pulls)).await;
            for _ in 0..pulls {
                alice.get(&format!("/sif/{path}:1.0")).await.expect(200);
            }
        }
        written(&app).await;
        let query = "query($n: Int) { containers(first: $n, orderBy: {field: DOWNLOADS, direction: DESC}) {
            nodes { name downloads { total byDay { day count } byTag { tag } byDoor { door } } } }
            collections(first: $n, orderBy: {field: DOWNLOADS, direction: DESC}) { nodes { downloads { total } } } }";
        let (_, one) = app.statements_of(alice.graphql(query, json!({"n": 1}))).await;
        let (seen, all) = app.statements_of(alice.graphql(query, json!({"n": 10}))).await;
        assert_eq!(one, all);
        let nodes = seen["containers"]["nodes"].as_array().expect("nodes").iter();
        let order: Vec<_> = nodes.map(|row| (row["name"].as_str().expect("a name"), row["downloads"]["total"].as_u64().expect("a number"))).collect();
        assert_eq!(order, [("b", 3), ("c", 2), ("a", 1), ("hello", 0)]);
        assert_eq!(seen["collections"]["nodes"], json!([{"downloads": {"total": 6}}]));
    }

    async fn the_page_of_a_container_shows_stars_and_downloads(app) {
        let (alice, _) = serving(&app).await;
        alice.get(HELLO).await.expect(200);
        written(&app).await;
        alice.graphql(r#"mutation { star(input: {id: "alice/tools/hello"}) { subject { id } } }"#, json!({})).await;
        let page = app.anonymous().get("/library/alice/tools/hello").await.expect(200);
        assert!(page.text().contains("1 star, 1 download"), "{}", page.text());
    }
}
