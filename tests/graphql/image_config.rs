//! What the graph tells of container images beyond their digests: the configuration, how they were made, and what for.
use migration::MigratorTrait;
use sea_orm::{ConnectionTrait, Database};
use serde_json::{Value, json};
use sifhub::registry::manifest;

use crate::{
    oci::{IMAGE, descriptor, push_blob, push_manifest, sha256},
    support::{Client, SifBuilder, TestApp, on_each_database},
};

const BOX: &str = "alice/tools/box";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

const QUERY: &str = "query($n: Int) { container(path: \"alice/tools/box\") { manifests(first: $n) { nodes { kind tagNames
    platforms { architecture os osVersion variant }
    layers { digest size diffId step { created createdBy author comment emptyLayer } }
    config { platform { architecture os variant } created author user entrypoint cmd env workingDir labels { key value }
        exposedPorts volumes stopSignal history { createdBy emptyLayer } } } } } }";

/// A configuration as builders write it.
fn config(arch: &str) -> Value {
    json!({
        "architecture": arch, "os": "linux", "variant": "v8", "created": "2026-01-31T12:00:00Z", "author": "alice",
        "config": {
            "User": "1000:1000", "Entrypoint": ["/bin/tool"], "Cmd": ["--help"], "Env": ["PATH=/bin", "A=b=c"], "WorkingDir": "/data",
            "Labels": {"org.opencontainers.image.licenses": "MIT"}, "ExposedPorts": {"8080/tcp": {}, "53/udp": {}},
            "Volumes": {"/data": {}}, "StopSignal": "SIGINT",
        },
        "rootfs": {"type": "layers", "diff_ids": [sha256(b"one, unpacked"), sha256(b"two, unpacked")]},
        "history": [
            {"created": "2026-01-30T12:00:00Z", "created_by": "COPY one"},
            {"created_by": "ENV A=b=c", "empty_layer": true},
            {"created_by": "RUN two", "author": "bob", "comment": "buildkit"},
        ],
    })
}

/// Pushes an image of two layers with that configuration, and tells its manifest.
async fn push(client: &Client, tag: &str, config: &[u8]) -> Value {
    for blob in [config, b"one", b"two"] {
        push_blob(client, BOX, blob).await;
    }
    let layers = [descriptor(LAYER, b"one"), descriptor(LAYER, b"two")];
    let manifest = json!({"schemaVersion": 2, "mediaType": IMAGE, "config": descriptor(CONFIG, config), "layers": layers});
    push_manifest(client, BOX, tag, &manifest).await;
    manifest
}

/// What the graph tells of the manifest of a tag.
async fn told(who: &Client, tag: &str) -> Value {
    let data = who.graphql(QUERY, json!({"n": 10})).await;
    let nodes = data["container"]["manifests"]["nodes"]
        .as_array()
        .expect("a list");
    let of_tag = nodes.iter().find(|node| node["tagNames"] == json!([tag]));
    of_tag.unwrap_or_else(|| panic!("{tag}: {data:#}")).clone()
}

on_each_database! {
    async fn container_image_tells_what_it_runs_and_how_it_was_made(app) {
        let alice = app.user("alice").await;
        push(&alice, "1", config("arm64").to_string().as_bytes()).await;
        let shown = told(&app.anonymous(), "1").await;
        assert_eq!(shown["config"], json!({
            "platform": {"architecture": "arm64", "os": "linux", "variant": "v8"},
            "created": "2026-01-31T12:00:00+00:00", "author": "alice", "user": "1000:1000",
            "entrypoint": ["/bin/tool"], "cmd": ["--help"], "env": ["PATH=/bin", "A=b=c"], "workingDir": "/data",
            "labels": [{"key": "org.opencontainers.image.licenses", "value": "MIT"}],
            "exposedPorts": ["53/udp", "8080/tcp"], "volumes": ["/data"], "stopSignal": "SIGINT",
            "history": [
                {"createdBy": "COPY one", "emptyLayer": false}, {"createdBy": "ENV A=b=c", "emptyLayer": true},
                {"createdBy": "RUN two", "emptyLayer": false},
            ],
        }));
        assert_eq!(shown["platforms"], json!([{"architecture": "arm64", "os": "linux", "osVersion": null, "variant": "v8"}]));
    }

    async fn layer_is_told_with_the_step_that_made_it(app) {
        let alice = app.user("alice").await;
        push(&alice, "1", config("amd64").to_string().as_bytes()).await;
        let layers = told(&alice, "1").await["layers"].clone();
        assert_eq!(layers, json!([
            {"digest": sha256(b"one"), "size": "3", "diffId": sha256(b"one, unpacked"),
                "step": {"created": "2026-01-30T12:00:00+00:00", "createdBy": "COPY one", "author": null, "comment": null, "emptyLayer": false}},
            {"digest": sha256(b"two"), "size": "3", "diffId": sha256(b"two, unpacked"),
                "step": {"created": null, "createdBy": "RUN two", "author": "bob", "comment": "buildkit", "emptyLayer": false}},
        ]));
    }

    async fn index_tells_each_platform_of_its_manifests_once(app) {
        let alice = app.user("alice").await;
        let mut members = Vec::new();
        for (tag, arch) in [("a", "amd64"), ("b", "arm64"), ("c", "arm64")] {
            let mut config = config(arch);
            config["author"] = json!(tag);
            let manifest = push(&alice, tag, config.to_string().as_bytes()).await;
            let mut member = descriptor(IMAGE, manifest.to_string().as_bytes());
            member["platform"] = json!({"architecture": arch, "os": "linux"});
            members.push(member);
        }
        members.push(descriptor(IMAGE, push(&alice, "d", b"{}").await.to_string().as_bytes()));
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": members});
        push_manifest(&alice, BOX, "all", &index).await;
        let shown = told(&alice, "all").await;
        let platform = |arch| json!({"architecture": arch, "os": "linux", "osVersion": null, "variant": null});
        assert_eq!(shown["platforms"], json!([platform("amd64"), platform("arm64")]));
        assert_eq!((&shown["config"], &shown["layers"]), (&Value::Null, &json!([])));
    }

    async fn sif_image_tells_its_platform_and_has_no_configuration(app) {
        let alice = app.user("alice").await;
        let digest = alice.push(BOX, "1", SifBuilder::new("ppc64le")).await;
        let shown = told(&alice, "1").await;
        assert_eq!(shown["platforms"][0]["architecture"], "ppc64le");
        assert_eq!((&shown["config"], &shown["layers"][0]["digest"]), (&Value::Null, &json!(digest)));
    }

    async fn image_whose_configuration_cannot_be_read_is_kept_and_tells_nothing(app) {
        let alice = app.user("alice").await;
        let long = format!("{{\"author\": \"{}\"}}", "a".repeat(256 << 10));
        let nul = r#"{"author": "\u0000"}"#;
        for (tag, config) in [("text", "no JSON"), ("list", "[]"), ("wrong", r#"{"os": 1}"#), ("long", &long), ("nul", nul)] {
            push(&alice, tag, config.as_bytes()).await;
            let shown = told(&alice, tag).await;
            assert_eq!((&shown["kind"], &shown["config"], &shown["platforms"]), (&json!("IMAGE"), &Value::Null, &json!([])), "{tag}");
            assert_eq!((&shown["layers"][1]["digest"], &shown["layers"][1]["step"]), (&json!(sha256(b"two")), &Value::Null), "{tag}");
        }
    }

    async fn lists_of_container_images_cost_the_same_statements_whatever_their_length(app) {
        let alice = app.user("alice").await;
        for number in 0..5 {
            push(&alice, &number.to_string(), config(&format!("arch{number}")).to_string().as_bytes()).await;
        }
        let cost = async |n: i32| app.statements_of(alice.graphql(QUERY, json!({"n": n}))).await;
        let ((_, one), (all, many)) = (cost(1).await, cost(10).await);
        let nodes = all["container"]["manifests"]["nodes"].as_array().expect("a list");
        assert!(nodes.len() == 5 && nodes.iter().all(|node| node["config"]["author"] == "alice"), "{all:#}");
        // What is loaded for many rows may be gathered in two rounds.
        assert!(many <= one + 1, "{one} for one, {many} for all");
    }

    async fn configurations_that_came_before_they_were_read_are_read_by_a_job(app) {
        let alice = app.user("alice").await;
        push(&alice, "1", config("amd64").to_string().as_bytes()).await;
        push(&alice, "2", b"no JSON").await;
        go_back(&app).await;
        assert_eq!(told(&alice, "1").await["config"], Value::Null);
        assert_eq!(manifest::config::backfill(&app.operator()).await.expect("configurations"), 2);
        assert_eq!(told(&alice, "1").await["config"]["author"], "alice");
        assert_eq!(told(&alice, "2").await["config"], Value::Null);
        assert_eq!(manifest::config::backfill(&app.operator()).await.expect("configurations"), 0);
    }
}

/// Makes the data those of a server that read no configurations.
async fn go_back(app: &TestApp) {
    let db = Database::connect(app.database_url())
        .await
        .expect("a connection");
    for back in [
        "DROP TABLE manifest_config",
        "DELETE FROM seaql_migrations WHERE version = 'm20261127_000028_config'",
    ] {
        db.execute_unprepared(back).await.expect("the older schema");
    }
    migration::Migrator::up(&db, None)
        .await
        .expect("an upgrade");
}
