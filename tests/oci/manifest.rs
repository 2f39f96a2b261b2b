use sifhub::registry::Scope;

use super::*;
use crate::support::{SifBuilder, TestApp, on_each_database};

/// All kinds of manifests, for a container that holds the empty configuration and the layer `layer`.
fn kinds() -> Vec<(&'static str, Value)> {
    let layer = descriptor("application/vnd.oci.image.layer.v1.tar", b"layer");
    let empty = descriptor("application/vnd.oci.empty.v1+json", b"{}");
    let image = |kind: &str, config: &str, layers: Value| json!({"schemaVersion": 2, "mediaType": kind, "config": descriptor(config, b"{}"), "layers": layers});
    let config = "application/vnd.oci.image.config.v1+json";
    let plain = image(IMAGE, config, json!([layer]));
    let listed = plain.to_string();
    let mut listed = descriptor(IMAGE, listed.as_bytes());
    listed["platform"] = json!({"architecture": "amd64", "os": "linux"});
    let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [listed]});
    let nested = descriptor(INDEX, index.to_string().as_bytes());
    let mut artifact = image(IMAGE, "application/vnd.oci.empty.v1+json", json!([empty]));
    artifact["artifactType"] = json!("application/vnd.example");
    artifact["config"]["data"] = json!("e30=");
    let mut custom = plain.clone();
    custom["org.example.more"] = json!({"and": ["more"]});
    let foreign = json!([descriptor(
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        b"elsewhere"
    )]);
    let docker = "application/vnd.docker.distribution.manifest.v2+json";
    let docker_list = "application/vnd.docker.distribution.manifest.list.v2+json";
    let listed = json!([descriptor(docker, b"never pushed")]);
    let mut bare = plain.clone();
    bare.as_object_mut().expect("an object").remove("mediaType");
    vec![
        ("image", plain),
        ("no media type", bare),
        ("no layers", image(IMAGE, config, json!([]))),
        ("index", index),
        (
            "nested index",
            json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [nested]}),
        ),
        (
            "empty index",
            json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": []}),
        ),
        ("artifact", artifact),
        ("custom fields", custom),
        ("layers of others", image(IMAGE, config, foreign)),
        (
            "docker",
            image(
                docker,
                "application/vnd.docker.container.image.v1+json",
                json!([layer]),
            ),
        ),
        (
            "docker list",
            json!({"schemaVersion": 2, "mediaType": docker_list, "manifests": listed}),
        ),
    ]
}

on_each_database! {
    async fn a_manifest_comes_back_byte_for_byte(app) {
        let alice = app.user("alice").await;
        image(&alice, NAME, b"layer").await;
        for (number, (what, manifest)) in kinds().into_iter().enumerate() {
            let content = manifest.to_string();
            let (tag, digest) = (format!("v{number}"), sha256(content.as_bytes()));
            let put = put_manifest(&alice, NAME, &tag, &manifest).await;
            assert_eq!(put.status, 201, "{what}: {}", put.text());
            assert_eq!(put.header("docker-content-digest"), digest);
            assert_eq!(put.header("location"), at(&format!("manifests/{digest}")));
            let kind = manifest["mediaType"].as_str().unwrap_or(IMAGE);
            for reference in [&tag, &digest] {
                let path = at(&format!("manifests/{reference}"));
                let client = app.anonymous().header("accept", "application/x-none");
                for answer in [client.get(&path).await, client.head(&path).await] {
                    let answer = answer.expect(200);
                    assert_eq!(answer.header("content-type"), kind, "{what}");
                    assert_eq!(answer.header("docker-content-digest"), digest);
                    assert_eq!(answer.header("content-length"), content.len().to_string());
                }
                assert_eq!(client.get(&path).await.text(), content, "{what}");
                assert!(client.head(&path).await.body.is_empty());
            }
        }
    }

    async fn a_manifest_may_be_known_by_its_sha512(app) {
        let alice = app.user("alice").await;
        let manifest = image(&alice, NAME, b"layer").await;
        let digest = sha512(manifest.to_string().as_bytes());
        assert_eq!(push_manifest(&alice, NAME, &digest, &manifest).await, digest);
        let path = at(&format!("manifests/{digest}"));
        let found = alice.get(&path).await.expect(200);
        assert_eq!(found.header("docker-content-digest"), digest);
        assert_eq!(found.text(), manifest.to_string());
        alice.delete(&path).await.expect(202);
        assert_eq!(refused(&alice.get(&path).await, 404), "MANIFEST_UNKNOWN");
    }

    async fn a_tag_moves_to_what_is_pushed_last(app) {
        let alice = app.user("alice").await;
        let first = push_manifest(&alice, NAME, "latest", &image(&alice, NAME, b"one").await).await;
        let second = push_manifest(&alice, NAME, "latest", &image(&alice, NAME, b"two").await).await;
        let found = alice.get(&at("manifests/latest")).await.expect(200);
        assert_eq!(found.header("docker-content-digest"), second);
        alice.get(&at(&format!("manifests/{first}"))).await.expect(200);
    }

    async fn a_tag_is_deleted_alone_and_a_manifest_with_its_tags(app) {
        let alice = app.user("alice").await;
        let manifest = image(&alice, NAME, b"layer").await;
        let digest = push_manifest(&alice, NAME, "1.0", &manifest).await;
        push_manifest(&alice, NAME, "latest", &manifest).await;
        alice.delete(&at("manifests/1.0")).await.expect(202);
        assert_eq!(refused(&alice.get(&at("manifests/1.0")).await, 404), "MANIFEST_UNKNOWN");
        alice.get(&at("manifests/latest")).await.expect(200);
        alice.delete(&at(&format!("manifests/{digest}"))).await.expect(202);
        for gone in ["latest", &digest] {
            let path = at(&format!("manifests/{gone}"));
            assert_eq!(refused(&alice.get(&path).await, 404), "MANIFEST_UNKNOWN");
            assert_eq!(refused(&alice.delete(&path).await, 404), "MANIFEST_UNKNOWN");
        }
    }

    async fn a_tag_goes_on_naming_the_index_that_was_pushed_when_a_member_is_deleted(app) {
        let alice = app.user("alice").await;
        push_blob(&alice, NAME, b"{}").await;
        let mut members = Vec::new();
        for arch in ["amd64", "arm64"] {
            let sif = SifBuilder::new(arch).build();
            push_blob(&alice, NAME, &sif).await;
            let manifest = json!({"schemaVersion": 2, "mediaType": IMAGE,
                "config": descriptor("application/vnd.sylabs.sif.config.v1+json", b"{}"),
                "layers": [descriptor("application/vnd.sylabs.sif.layer.v1.sif", &sif)]});
            let bytes = manifest.to_string();
            push_manifest(&alice, NAME, &sha256(bytes.as_bytes()), &manifest).await;
            members.push(descriptor(IMAGE, bytes.as_bytes()));
        }
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": members});
        let digest = push_manifest(&alice, NAME, "1", &index).await;
        let first = members[0]["digest"].as_str().expect("a digest");
        alice.delete(&at(&format!("manifests/{first}"))).await.expect(202);
        let named = alice.get(&at("manifests/1")).await.expect(200);
        assert_eq!(named.header("docker-content-digest"), digest);
        let pull = async |arch| alice.get(&format!("/v1/imagefile/{NAME}:1?arch={arch}")).await.status;
        assert_eq!((pull("amd64").await, pull("arm64").await), (404, 200));
    }

    async fn an_index_that_was_made_for_a_tag_names_what_is_left_when_one_manifest_of_an_image_is_deleted(app) {
        let alice = app.user("alice").await;
        let sif = || SifBuilder::new("amd64").payload(4096, 1);
        alice.push(NAME, "1", sif()).await;
        alice.push(NAME, "1", SifBuilder::new("arm64")).await;
        let sif = sif().build();
        push_blob(&alice, NAME, b"{}").await;
        let other = json!({"schemaVersion": 2, "mediaType": IMAGE,
            "config": descriptor("application/vnd.sylabs.sif.config.v1+json", b"{}"),
            "layers": [descriptor("application/vnd.sylabs.sif.layer.v1.sif", &sif)],
            "annotations": {"by": "another client"}});
        let other = push_manifest(&alice, NAME, "x", &other).await;
        let members = async || {
            let index = alice.get(&at("manifests/1")).await.expect(200).json();
            let members = index["manifests"].as_array().expect("an index").clone();
            let digest = |member: &Value| member["digest"].as_str().expect("a digest").to_owned();
            members.iter().map(digest).collect::<Vec<_>>()
        };
        let made = members().await;
        alice.delete(&at(&format!("manifests/{}", made[0]))).await.expect(202);
        assert_eq!(members().await, [other, made[1].clone()]);
        for member in members().await {
            alice.get(&at(&format!("manifests/{member}"))).await.expect(200);
        }
        let amd64 = alice.get("/v1/imagefile/alice/tools/box:1?arch=amd64").await.expect(200);
        assert_eq!(amd64.body, sif);
        assert_eq!(alice.get(&at("manifests/x")).await.expect(200).header("docker-content-digest"), members().await[0]);
    }

    async fn a_sif_image_whose_layer_is_known_by_its_sha512_is_refused_with_words(app) {
        let alice = app.user("alice").await;
        let sif = SifBuilder::new("amd64").build();
        push_blob(&alice, NAME, b"{}").await;
        push_blob_as(&alice, NAME, &sif, &sha512(&sif)).await;
        let mut layer = descriptor("application/vnd.sylabs.sif.layer.v1.sif", &sif);
        layer["digest"] = json!(sha512(&sif));
        let manifest = json!({"schemaVersion": 2, "mediaType": IMAGE,
            "config": descriptor("application/vnd.sylabs.sif.config.v1+json", b"{}"), "layers": [layer]});
        let answer = put_manifest(&alice, NAME, "1", &manifest).await;
        assert_eq!(refused(&answer, 400), "MANIFEST_INVALID");
        assert!(answer.text().contains("sha256"), "{}", answer.text());
    }

    async fn a_manifest_gets_several_tags_at_once(app) {
        let alice = app.user("alice").await;
        let manifest = image(&alice, NAME, b"layer").await;
        let digest = sha256(manifest.to_string().as_bytes());
        let query = |tags: usize| {
            let tags: Vec<_> = (0..tags).map(|tag| format!("tag=v{tag}")).collect();
            format!("{digest}?{}", tags.join("&"))
        };
        let put = put_manifest(&alice, NAME, &query(10), &manifest).await.expect(201);
        let told = put.headers.get_all("oci-tag").iter();
        let told: Vec<_> = told.map(|tag| tag.to_str().expect("text")).collect();
        let tags: Vec<_> = (0..10).map(|tag| format!("v{tag}")).collect();
        assert_eq!(told, tags);
        for tag in tags {
            let found = alice.head(&at(&format!("manifests/{tag}"))).await.expect(200);
            assert_eq!(found.header("docker-content-digest"), digest);
        }
        let put = put_manifest(&alice, NAME, &query(11), &manifest).await;
        assert_eq!(refused(&put, 414), "MANIFEST_INVALID");
        alice.head(&at("manifests/v10")).await.expect(404);
    }

    async fn large_manifests_are_taken_up_to_a_limit(app) {
        let alice = app.user("alice").await;
        let mut manifest = image(&alice, NAME, b"layer").await;
        let note = |number: usize| (format!("note{number}"), "x".repeat(10_000));
        manifest["annotations"] = (0..390).map(note).collect();
        push_manifest(&alice, NAME, "large", &manifest).await;
        let found = alice.get(&at("manifests/large")).await.expect(200);
        assert_eq!(found.text(), manifest.to_string());
        // Spaces are part of a manifest, too.
        let mut content = manifest.to_string();
        content.extend(std::iter::repeat_n(' ', (4 << 20) - content.len()));
        let alice = alice.header("content-type", IMAGE);
        let put = async |content: &str| alice.send("PUT", &at("manifests/largest"), content.to_owned()).await;
        put(&content).await.expect(201);
        assert!(alice.get(&at("manifests/largest")).await.expect(200).text() == content);
        content.push(' ');
        assert_eq!(refused(&put(&content).await, 413), "SIZE_INVALID");
    }

    async fn a_manifest_may_name_what_is_not_there_where_the_site_says_so(app) {
        let mut config = app.registry.config().clone();
        config.registry.sparse_manifests = true;
        let app = app.reconfigured(config);
        let alice = app.user("alice").await;
        let mut manifest = image(&alice, NAME, b"layer").await;
        let absent = descriptor("application/vnd.oci.image.layer.v1.tar", b"elsewhere");
        manifest["layers"].as_array_mut().expect("layers").push(absent);
        push_manifest(&alice, NAME, "part", &manifest).await;
        alice.get(&at("manifests/part")).await.expect(200);
        alice.get(&at(&format!("blobs/{}", sha256(b"elsewhere")))).await.expect(404);
        // What comes later is held, and kept for the manifest.
        let digest = push_blob(&alice, NAME, b"elsewhere").await;
        alice.get(&at(&format!("blobs/{digest}"))).await.expect(200);
        assert_eq!(refused(&alice.delete(&at(&format!("blobs/{digest}"))).await, 409), "DENIED");
        // Sizes that are wrong, and SIF images without their bytes, are refused as ever.
        manifest["layers"][0]["size"] = json!(6);
        assert_eq!(refused(&put_manifest(&alice, NAME, "wrong", &manifest).await, 400), "MANIFEST_INVALID");
        manifest["layers"] = json!([descriptor("application/vnd.sylabs.sif.layer.v1.sif", b"none")]);
        assert_eq!(refused(&put_manifest(&alice, NAME, "sif", &manifest).await, 400), "MANIFEST_BLOB_UNKNOWN");
    }

    async fn a_manifest_tells_what_it_is_about(app) {
        let alice = app.user("alice").await;
        let mut manifest = image(&alice, NAME, b"layer").await;
        let subject = descriptor(IMAGE, b"never pushed");
        manifest["subject"] = subject.clone();
        let put = put_manifest(&alice, NAME, "about", &manifest).await.expect(201);
        assert_eq!(put.header("oci-subject"), subject["digest"].as_str().expect("a digest"));
    }

    async fn hidden_manifests_look_like_missing_ones(app) {
        let (alice, bob) = (app.user("alice").await, app.user("bob").await);
        hide(&alice).await;
        let manifest = image(&alice, NAME, b"layer").await;
        let digest = push_manifest(&alice, NAME, "1", &manifest).await;
        for reference in ["1", &digest] {
            let path = at(&format!("manifests/{reference}"));
            alice.get(&path).await.expect(200);
            for stranger in [bob.get(&path).await, bob.head(&path).await, bob.delete(&path).await] {
                assert_eq!(stranger.status, 404);
            }
            assert_eq!(refused(&app.anonymous().get(&path).await, 401), "UNAUTHORIZED");
        }
        let manifest = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": []});
        let there = put_manifest(&bob, NAME, "2", &manifest).await;
        let nowhere = put_manifest(&bob, "carol/tools/box", "2", &manifest).await;
        assert_eq!(refused(&there, 403), refused(&nowhere, 403));
    }

    async fn a_sif_image_pushed_by_oras_is_an_image_of_the_library(app) {
        let alice = app.user("alice").await;
        let sif = SifBuilder::new("arm64").build();
        push_blob(&alice, NAME, b"{}").await;
        push_blob(&alice, NAME, &sif).await;
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": IMAGE,
            "config": descriptor("application/vnd.sylabs.sif.config.v1+json", b"{}"),
            "layers": [descriptor("application/vnd.sylabs.sif.layer.v1.sif", &sif)],
        });
        push_manifest(&alice, NAME, "1.0", &manifest).await;
        let pulled = app.anonymous().get(&format!("/v1/imagefile/{NAME}:1.0?arch=arm64")).await;
        assert_eq!(pulled.expect(200).body, sif);
    }

    async fn a_manifest_tells_nothing_of_blobs_that_its_container_does_not_hold(app) {
        let (alice, bob) = (app.user("alice").await, app.user("bob").await);
        hide(&alice).await;
        let sif = SifBuilder::new("amd64").build();
        let (image, other) = (push_blob(&alice, NAME, &sif).await, push_blob(&alice, NAME, b"no image").await);
        push_blob(&bob, "bob/tools/box", b"{}").await;
        let layer = |digest: &str| json!({"mediaType": "application/vnd.sylabs.sif.layer.v1.sif", "digest": digest, "size": 8});
        let mut answers = Vec::new();
        for digest in [&image, &other, &sha256(b"never pushed")] {
            let manifest = json!({"schemaVersion": 2, "mediaType": IMAGE,
                "config": descriptor("application/vnd.sylabs.sif.config.v1+json", b"{}"), "layers": [layer(digest)]});
            let put = put_manifest(&bob, "bob/tools/box", "1", &manifest).await;
            answers.push((put.status, put.text().replace(digest.as_str(), "it")));
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        assert!(answers[0].1.contains("MANIFEST_BLOB_UNKNOWN"), "{answers:?}");
    }

    async fn a_sif_image_has_the_size_of_its_bytes_whatever_its_manifest_says(app) {
        let alice = app.user("alice").await;
        let sif = SifBuilder::new("amd64").build();
        push_blob(&alice, NAME, b"{}").await;
        push_blob(&alice, NAME, &sif).await;
        let mut layer = descriptor("application/vnd.sylabs.sif.layer.v1.sif", &sif);
        layer["size"] = json!(1);
        let manifest = json!({"schemaVersion": 2, "mediaType": IMAGE,
            "config": descriptor("application/vnd.sylabs.sif.config.v1+json", b"{}"), "layers": [layer]});
        assert_eq!(refused(&put_manifest(&alice, NAME, "1", &manifest).await, 400), "MANIFEST_INVALID");
    }

    async fn an_image_that_came_with_another_configuration_is_taken_over_by_the_library(app) {
        let alice = app.user("alice").await;
        let sif = SifBuilder::new("amd64").build();
        push_blob(&alice, NAME, b"{ }").await;
        push_blob(&alice, NAME, &sif).await;
        let manifest = json!({"schemaVersion": 2, "mediaType": IMAGE,
            "config": descriptor("application/vnd.sylabs.sif.config.v1+json", b"{ }"),
            "layers": [descriptor("application/vnd.sylabs.sif.layer.v1.sif", &sif)]});
        push_manifest(&alice, NAME, "1.0", &manifest).await;
        alice.push("alice/tools/copy", "1.0", SifBuilder::new("amd64")).await;
        alice.get("/v2/alice/tools/copy/manifests/1.0").await.expect(200);
    }

    async fn a_container_that_holds_manifests_alone_goes_only_when_told_so(app) {
        let alice = app.user("alice").await;
        let manifest = image(&alice, NAME, b"layer").await;
        push_manifest(&alice, NAME, "1", &manifest).await;
        let delete = async |with_content: bool| {
            let query = "mutation($with: Boolean!) { deleteContainer(input: {id: \"alice/tools/box\", withContent: $with}) { deletedId } }";
            alice.try_graphql(query, json!({"with": with_content})).await
        };
        let refused = delete(false).await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "CONFLICT", "{refused}");
        alice.get(&at("manifests/1")).await.expect(200);
        let done = delete(true).await;
        assert!(done["errors"].is_null(), "{done}");
        alice.get(&at("manifests/1")).await.expect(404);
    }

    async fn an_image_of_the_library_is_pulled_by_oras(app) {
        let alice = app.user("alice").await;
        let sif = SifBuilder::new("amd64").build();
        alice.push(NAME, "1.0", SifBuilder::new("amd64")).await;
        let nobody = app.anonymous();
        let manifest = nobody.get(&at("manifests/1.0")).await.expect(200).json();
        let layer = manifest["layers"][0]["digest"].as_str().expect("a digest").to_owned();
        let config = manifest["config"]["digest"].as_str().expect("a digest").to_owned();
        assert_eq!(nobody.get(&at(&format!("blobs/{layer}"))).await.expect(200).body, sif);
        assert_eq!(nobody.get(&at(&format!("blobs/{config}"))).await.expect(200).text(), "{}");
    }
}

#[tokio::test]
async fn what_is_no_manifest_is_refused() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    let good = image(&alice, NAME, b"layer").await;
    let other = sha256(b"other");
    for (reference, manifest, code) in [
        ("1", json!({}), "MANIFEST_INVALID"),
        ("1", json!([]), "MANIFEST_INVALID"),
        ("-1", good.clone(), "MANIFEST_INVALID"),
        (&*"x".repeat(129), good.clone(), "MANIFEST_INVALID"),
        ("sha256:baddigeststring", good.clone(), "DIGEST_INVALID"),
        (&*other, good.clone(), "DIGEST_INVALID"),
        ("1?tag=-1", good.clone(), "MANIFEST_INVALID"),
    ] {
        let put = put_manifest(&alice, NAME, reference, &manifest).await;
        assert_eq!(refused(&put, 400), code, "{reference}: {}", put.text());
    }
    let mut incomplete = good.clone();
    incomplete["layers"] = json!([descriptor(
        "application/vnd.oci.image.layer.v1.tar",
        b"missing"
    )]);
    let put = put_manifest(&alice, NAME, "1", &incomplete).await;
    assert_eq!(refused(&put, 400), "MANIFEST_BLOB_UNKNOWN");
    let wrong = alice
        .header("content-type", INDEX)
        .put(&at("manifests/1"), good)
        .await;
    assert_eq!(refused(&wrong, 400), "MANIFEST_INVALID");
    assert_eq!(
        refused(&alice.get(&at("manifests/1")).await, 404),
        "MANIFEST_UNKNOWN"
    );
}

#[tokio::test]
async fn a_manifest_that_is_not_there_is_unknown() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    push_blob(&alice, NAME, b"some").await;
    for reference in ["latest", &sha256(b"none"), &sha512(b"none")] {
        let path = at(&format!("manifests/{reference}"));
        for client in [&alice, &app.anonymous()] {
            assert_eq!(refused(&client.get(&path).await, 404), "MANIFEST_UNKNOWN");
            client.head(&path).await.expect(404);
        }
    }
    let answer = alice.get(&at("manifests/sha256:baddigeststring")).await;
    assert_eq!(refused(&answer, 400), "DIGEST_INVALID");
}

#[tokio::test]
async fn a_client_that_has_a_manifest_gets_no_bytes() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    let manifest = image(&alice, NAME, b"layer").await;
    let digest = push_manifest(&alice, NAME, "1", &manifest).await;
    let again = alice.header("if-none-match", &format!("\"{digest}\""));
    assert!(
        again
            .get(&at("manifests/1"))
            .await
            .expect(304)
            .body
            .is_empty()
    );
}

#[tokio::test]
async fn only_those_who_may_push_change_manifests() {
    let app = TestApp::sqlite().await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let reader = app.holding("alice", Scope::Read).await;
    let manifest = image(&alice, NAME, b"layer").await;
    let digest = push_manifest(&alice, NAME, "1", &manifest).await;
    for (client, status) in [(bob, 403), (reader, 403), (app.anonymous(), 401)] {
        refused(&put_manifest(&client, NAME, "2", &manifest).await, status);
        refused(&client.delete(&at("manifests/1")).await, status);
        refused(
            &client.delete(&at(&format!("manifests/{digest}"))).await,
            status,
        );
    }
    alice.head(&at("manifests/1")).await.expect(200);
}
