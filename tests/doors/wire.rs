//! Images for several architectures below one tag, without clients, on each database.
use serde_json::{Value, json};

use crate::{
    oci::{self, descriptor, push_blob, push_manifest},
    support::{Client, SifBuilder, on_each_database},
};

const PATH: &str = "alice/tools/a";

/// Pushes an image as `apptainer push oras://…` does, and tells the digests of its bytes and of its manifest.
pub async fn push_by_oci(
    client: &Client,
    path: &str,
    tag: &str,
    image: SifBuilder,
) -> (String, String) {
    let bytes = image.build();
    push_blob(client, path, b"{}").await;
    let digest = push_blob(client, path, &bytes).await;
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": oci::IMAGE,
        "config": descriptor("application/vnd.sylabs.sif.config.v1+json", b"{}"),
        "layers": [descriptor("application/vnd.sylabs.sif.layer.v1.sif", &bytes)],
    });
    let manifest = push_manifest(client, path, tag, &manifest).await;
    (digest, manifest)
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

on_each_database! {
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
            let (_, manifest) = push_by_oci(&alice, PATH, arch, SifBuilder::new(arch)).await;
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
}
