//! The same without clients, on each database.
use serde_json::{Value, json};

use crate::{
    oci::{self, descriptor, push_blob, push_manifest},
    support::{Client, SifBuilder, TestApp, on_each_database},
};

const PATH: &str = "alice/tools/a";

/// Pushes an image as `apptainer push oras://…` does, and tells the digests of its bytes and of its manifest.
async fn push_by_oci(client: &Client, tag: &str, image: SifBuilder) -> (String, String) {
    let bytes = image.build();
    push_blob(client, PATH, b"{}").await;
    let digest = push_blob(client, PATH, &bytes).await;
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": oci::IMAGE,
        "config": descriptor("application/vnd.sylabs.sif.config.v1+json", b"{}"),
        "layers": [descriptor("application/vnd.sylabs.sif.layer.v1.sif", &bytes)],
    });
    let manifest = push_manifest(client, PATH, tag, &manifest).await;
    (digest, manifest)
}

/// The digest of the image that a tag names, as the library, the graph and the manifest have it.
async fn found(who: &Client, tag: &str) -> [Option<String>; 3] {
    let library = who
        .get(&format!("/v1/images/{PATH}:{tag}?arch=amd64"))
        .await;
    let hash = (library.status == 200).then(|| text(&library.json()["data"]["hash"]));
    let query =
        "query($path: String!, $tag: String!) { image(path: $path, reference: $tag) { digest } }";
    let graph = who.graphql(query, json!({"path": PATH, "tag": tag})).await;
    let manifest = who.get(&format!("/v2/{PATH}/manifests/{tag}")).await;
    let layer = (manifest.status == 200).then(|| text(&manifest.json()["layers"][0]["digest"]));
    let graph = graph["image"]["digest"].as_str().map(str::to_owned);
    [hash.map(|hash| hash.replace('.', ":")), graph, layer]
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

/// What everybody gets who may have it.
fn everywhere(digest: &str) -> [Option<String>; 3] {
    [(); 3].map(|()| Some(digest.to_owned()))
}

const NOWHERE: [Option<String>; 3] = [const { None }; 3];

/// The bytes that each door gives for a digest.
async fn bytes(who: &Client, digest: &str) -> [Vec<u8>; 2] {
    let hash = digest.replace(':', ".");
    let library = who.get(&format!("/v1/imagefile/{PATH}:{hash}")).await;
    let blob = who.get(&format!("/v2/{PATH}/blobs/{digest}")).await;
    [library.expect(200).body, blob.expect(200).body]
}

async fn image_id(who: &Client) -> Value {
    let query = r#"{ image(path: "alice/tools/a", reference: "1") { id } }"#;
    who.graphql(query, json!({})).await["image"]["id"].clone()
}

/// Alice and the digest of her image `a:1`, first pushed by the library, then by OCI to another server.
async fn pushed(app: &TestApp, by_library: bool) -> (Client, String) {
    let alice = app.user("alice").await;
    let image = SifBuilder::new("amd64");
    let digest = match by_library {
        true => alice.push(PATH, "1", image).await,
        false => push_by_oci(&alice, "1", image).await.0,
    };
    (alice, digest)
}

on_each_database! {
    async fn image_pushed_by_the_library_is_pulled_at_all_doors(app) {
        let (alice, digest) = pushed(&app, true).await;
        let expected = SifBuilder::new("amd64").build();
        for who in [&alice, &app.anonymous()] {
            assert_eq!(found(who, "1").await, everywhere(&digest));
            assert_eq!(bytes(who, &digest).await, [expected.clone(), expected.clone()]);
        }
    }

    async fn image_pushed_by_oci_is_pulled_at_all_doors(app) {
        let (alice, digest) = pushed(&app, false).await;
        let expected = SifBuilder::new("amd64").build();
        for who in [&alice, &app.anonymous()] {
            assert_eq!(found(who, "1").await, everywhere(&digest));
            assert_eq!(bytes(who, &digest).await, [expected.clone(), expected.clone()]);
        }
    }

    async fn image_deleted_by_the_library_is_gone_from_all_doors(app) {
        let (alice, _) = pushed(&app, false).await;
        alice.delete(&format!("/v1/images/{PATH}:1?arch=amd64")).await.expect(200);
        assert_eq!(found(&alice, "1").await, NOWHERE);
    }

    async fn image_deleted_by_the_graph_is_gone_from_all_doors(app) {
        let (alice, _) = pushed(&app, false).await;
        let delete = "mutation($id: ID!) { deleteImage(input: {id: $id}) { deletedId } }";
        alice.graphql(delete, json!({"id": image_id(&alice).await})).await;
        assert_eq!(found(&alice, "1").await, NOWHERE);
    }

    async fn image_deleted_by_its_manifest_is_gone_from_all_doors(app) {
        let (alice, digest) = pushed(&app, true).await;
        let manifest = alice.head(&format!("/v2/{PATH}/manifests/1")).await.expect(200);
        let manifest = manifest.header("docker-content-digest");
        alice.delete(&format!("/v2/{PATH}/manifests/{manifest}")).await.expect(202);
        assert_eq!(found(&alice, "1").await, NOWHERE);
        let hash = digest.replace(':', ".");
        alice.get(&format!("/v1/imagefile/{PATH}:{hash}")).await.expect(404);
    }

    async fn tag_of_several_architectures_is_an_index(app) {
        let alice = app.user("alice").await;
        for arch in ["amd64", "arm64"] {
            alice.push(PATH, "1", SifBuilder::new(arch)).await;
        }
        let index = app.anonymous().get(&format!("/v2/{PATH}/manifests/1")).await.expect(200);
        assert_eq!(index.header("content-type"), "application/vnd.oci.image.index.v1+json");
        let index = index.json();
        let members = index["manifests"].as_array().expect("a list");
        let archs: Vec<_> = members.iter().map(|member| text(&member["platform"]["architecture"])).collect();
        assert_eq!(archs, ["amd64", "arm64"]);
        for (arch, member) in archs.iter().zip(members) {
            let manifest = app.anonymous().get(&format!("/v2/{PATH}/manifests/{}", text(&member["digest"]))).await;
            let layer = text(&manifest.expect(200).json()["layers"][0]["digest"]);
            let image = alice.get(&format!("/v1/images/{PATH}:1?arch={arch}")).await.expect(200).json();
            assert_eq!(text(&image["data"]["hash"]).replace('.', ":"), layer);
            let alias = app.anonymous().head(&format!("/v2/{PATH}/manifests/1-{arch}")).await.expect(200);
            assert_eq!(alias.header("docker-content-digest"), text(&member["digest"]));
        }
    }

    async fn index_pushed_by_oci_names_an_image_for_each_architecture(app) {
        let alice = app.user("alice").await;
        let mut members = Vec::new();
        for arch in ["amd64", "arm64"] {
            let (_, manifest) = push_by_oci(&alice, arch, SifBuilder::new(arch)).await;
            let length = alice.get(&format!("/v2/{PATH}/manifests/{manifest}")).await.expect(200).body.len();
            members.push(json!({"mediaType": oci::IMAGE, "digest": manifest, "size": length,
                "platform": {"os": "linux", "architecture": arch}}));
        }
        let index = json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": members});
        push_manifest(&alice, PATH, "1", &index).await;
        for arch in ["amd64", "arm64"] {
            let image = app.anonymous().get(&format!("/v1/images/{PATH}:1?arch={arch}")).await.expect(200).json();
            assert_eq!(image["data"]["arch"], arch);
        }
    }

    async fn private_image_is_hidden_at_every_door(app) {
        let (alice, digest) = pushed(&app, false).await;
        let hide = r#"mutation { updateCollection(input: {id: "alice/tools", visibility: PRIVATE}) { collection { id } } }"#;
        alice.graphql(hide, json!({})).await;
        assert_eq!(found(&alice, "1").await, everywhere(&digest));
        for other in [app.user("bob").await, app.anonymous()] {
            assert_eq!(found(&other, "1").await, NOWHERE);
            let blob = other.get(&format!("/v2/{PATH}/blobs/{digest}")).await;
            assert!([401, 404].contains(&blob.status), "{}", blob.text());
        }
    }

    async fn each_visibility_holds_at_every_door_whichever_the_image_came_in_by(app) {
        let (alice, digest) = pushed(&app, true).await;
        push_by_oci(&alice, "1", SifBuilder::new("amd64")).await;
        let (bob, nobody) = (app.user("bob").await, app.anonymous());
        let seen = [("PUBLIC", [true, true]), ("INTERNAL", [true, false]), ("PRIVATE", [false, false])];
        for (visibility, by) in seen {
            let change = format!(r#"mutation {{ updateCollection(input: {{id: "alice/tools", visibility: {visibility}}}) {{ collection {{ id }} }} }}"#);
            alice.graphql(&change, json!({})).await;
            assert_eq!(found(&alice, "1").await, everywhere(&digest), "{visibility}");
            for (who, sees) in [&bob, &nobody].into_iter().zip(by) {
                let expected = if sees { everywhere(&digest) } else { NOWHERE };
                assert_eq!(found(who, "1").await, expected, "{visibility}");
                for path in [format!("/sif/{PATH}:1"), format!("/v1/imagefile/{PATH}:1"), format!("/v2/{PATH}/blobs/{digest}")] {
                    let got = who.get(&path).await.status;
                    assert_eq!(got == 200, sees, "{visibility} {path}: {got}");
                }
            }
        }
    }

    async fn an_image_that_came_in_by_both_doors_counts_once(app) {
        let (alice, _) = pushed(&app, true).await;
        let used = r#"{ namespace(name: "alice") { quota { usedImages usedBytes } } }"#;
        let once = alice.graphql(used, json!({})).await;
        assert_eq!(once["namespace"]["quota"]["usedImages"], 1);
        push_by_oci(&alice, "2", SifBuilder::new("amd64")).await;
        assert_eq!(alice.graphql(used, json!({})).await, once);
    }
}
