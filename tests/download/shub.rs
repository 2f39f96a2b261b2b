use serde_json::json;
use sifhub::registry::Digest;

use super::{secret, serving};
use crate::support::{SifBuilder, on_each_database};

on_each_database! {
    async fn the_manifest_says_where_the_image_is_and_what_it_is_called(app) {
        let (_, digest) = serving(&app).await;
        let hex = digest.trim_start_matches("sha256:");
        let manifest = app.anonymous().get("/alice/api/container/tools/hello:1.0").await.expect(200);
        assert_eq!(manifest.header("content-type"), "application/json");
        assert_eq!(manifest.json(), json!({
            "image": format!("http://hub.test/sif/alice/tools/hello@{digest}?via=shub&tag=1.0"),
            "collection": "tools", "name": "hello", "tag": "1.0", "version": digest, "commit": &hex[..40],
        }));
        let image = app.anonymous().get(&format!("/sif/alice/tools/hello@{digest}")).await.expect(200);
        assert_eq!(Digest::of(&image.body).to_string(), digest);
    }

    async fn two_names_are_in_the_default_namespace_and_no_tag_is_latest(app) {
        let root = app.admin("root").await;
        let digest = root.push("library/tools/hello", "latest", SifBuilder::new("amd64")).await;
        for address in ["/api/container/tools/hello", "/library/api/container/tools/hello:latest"] {
            let manifest = app.anonymous().get(address).await.expect(200).json();
            assert_eq!((&manifest["version"], &manifest["tag"]), (&json!(digest), &json!("latest")), "{address}");
        }
    }

    async fn a_version_names_the_same_image_after_the_tag_has_moved(app) {
        let (alice, digest) = serving(&app).await;
        let commit = |tag: &str| {
            let (alice, address) = (alice.clone(), format!("/alice/api/container/tools/hello{tag}"));
            async move { alice.get(&address).await.expect(200).json()["commit"].as_str().expect("text").to_owned() }
        };
        let old = commit(":1.0").await;
        alice.push("alice/tools/hello", "1.0", SifBuilder::new("amd64").payload(4096, 9)).await;
        assert_ne!(commit(":1.0").await, old);
        let hex = digest.trim_start_matches("sha256:");
        for version in [&old, &hex[..32], hex, &digest, &format!("sha256.{hex}")] {
            assert_eq!(commit(&format!(":1.0@{version}")).await, old, "{version}");
            assert_eq!(commit(&format!("@{version}")).await, old, "{version}");
        }
        let find = async |version: &str| alice.get(&format!("/alice/api/container/tools/hello@{version}")).await.status;
        assert_eq!(find(&"0".repeat(40)).await, 404);
        for version in ["", "abc", &hex[..31], &"%25".repeat(32), &"_".repeat(40), &hex.to_uppercase(), &format!("{hex}0")] {
            assert_eq!(find(version).await, 400, "{version:?}");
        }
    }

    async fn a_private_image_has_a_manifest_for_its_owner_only(app) {
        let (alice, digest) = secret(&app).await;
        let bob = app.user("bob").await;
        let version = &digest.trim_start_matches("sha256:")[..40];
        for address in ["/alice/api/container/secret/plan:1", &format!("/alice/api/container/secret/plan@{version}")] {
            alice.get(address).await.expect(200);
            for stranger in [&bob, &app.anonymous()] {
                let hidden = stranger.get(address).await.expect(404);
                let missing = stranger.get("/alice/api/container/none/plan:1").await.expect(404);
                assert_eq!(hidden.json(), missing.json());
                assert_eq!(hidden.json(), json!({"error": {"code": 404, "message": "image not found"}}));
            }
        }
    }
}
