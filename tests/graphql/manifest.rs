use serde_json::json;

use crate::support::{SifBuilder, on_each_database};

const QUERY: &str = "query($path: ContainerPath!) { container(path: $path) { manifests {
    totalCount nodes { id digest kind mediaType artifactType size arch subject generated tagNames
        parts { role digest mediaType size platform } image { digest } container { name } } } } }";

on_each_database! {
    async fn image_that_came_through_the_library_has_a_manifest(app) {
        let alice = app.user("alice").await;
        let image = SifBuilder::new("amd64");
        let size = image.build().len();
        let digest = alice.push("alice/tools/hello", "1.0", SifBuilder::new("amd64")).await;
        let data = alice.graphql(QUERY, json!({"path": "alice/tools/hello"})).await;
        let manifests = &data["container"]["manifests"];
        assert_eq!(manifests["totalCount"], 1);
        let manifest = &manifests["nodes"][0];
        assert_eq!((&manifest["kind"], &manifest["arch"], &manifest["generated"]), (&json!("SIF"), &json!("amd64"), &json!(true)));
        assert_eq!(manifest["tagNames"], json!(["1.0"]));
        assert_eq!(manifest["image"]["digest"], digest.as_str());
        assert_eq!(manifest["parts"][0]["role"], "CONFIG");
        assert_eq!(manifest["parts"][1]["digest"], digest.as_str());
        assert_eq!(manifest["parts"][1]["size"], size.to_string());
        assert_eq!(manifest["parts"][1]["mediaType"], "application/vnd.sylabs.sif.layer.v1.sif");
        let node = alice.graphql("query($id: ID!) { node(id: $id) { id } }", json!({"id": manifest["id"]})).await;
        assert_eq!(node["node"]["id"], manifest["id"]);
    }

    async fn tag_of_several_architectures_is_an_index_until_one_is_left(app) {
        let alice = app.user("alice").await;
        alice.push("alice/tools/hello", "1.0", SifBuilder::new("amd64")).await;
        let arm = alice.push("alice/tools/hello", "1.0", SifBuilder::new("arm64")).await;
        let kinds = async || {
            let data = alice.graphql(QUERY, json!({"path": "alice/tools/hello"})).await;
            let nodes = data["container"]["manifests"]["nodes"].as_array().expect("a list").clone();
            let named = nodes.into_iter().filter(|node| node["tagNames"] == json!(["1.0"]));
            named.map(|node| (node["kind"].clone(), node["parts"].clone())).collect::<Vec<_>>()
        };
        let [(kind, parts)] = &kinds().await[..] else { panic!("one manifest of that name") };
        assert_eq!(kind, "INDEX");
        assert_eq!(parts[0]["platform"], json!({"architecture": "amd64", "os": "linux"}));
        assert_eq!(parts[1]["platform"], json!({"architecture": "arm64", "os": "linux"}));
        let path = format!("/v1/images/alice/tools/hello:{}?arch=arm64", arm.replace(':', "."));
        alice.delete(&path).await.expect(200);
        let [(kind, _)] = &kinds().await[..] else { panic!("one manifest of that name") };
        assert_eq!(kind, "SIF");
    }

    async fn architectures_that_are_tagged_at_once_all_come_into_the_index(app) {
        let alice = app.user("alice").await;
        alice.push("alice/tools/hello", "first", SifBuilder::new("amd64")).await;
        for round in 0..8 {
            let tag = format!("1.{round}");
            let push = async |arch| alice.push("alice/tools/hello", &tag, SifBuilder::new(arch)).await;
            futures::join!(push("amd64"), push("arm64"), push("ppc64le"));
            let manifest = alice.get(&format!("/v2/alice/tools/hello/manifests/{tag}")).await.expect(200).json();
            let members = manifest["manifests"].as_array().map(Vec::len);
            assert_eq!(members, Some(3), "{manifest}");
        }
    }

    async fn manifests_of_others_are_hidden_with_their_containers(app) {
        let alice = app.user("alice").await;
        alice.post("/v1/collections", json!({"name": "secret", "private": true, "entity":
            alice.get("/v1/entities/alice").await.expect(200).json()["data"]["id"]})).await.expect(200);
        alice.push("alice/secret/hello", "1.0", SifBuilder::new("amd64")).await;
        let data = alice.graphql(QUERY, json!({"path": "alice/secret/hello"})).await;
        let id = data["container"]["manifests"]["nodes"][0]["id"].clone();
        let bob = app.user("bob").await;
        let data = bob.graphql("query($id: ID!) { node(id: $id) { id } }", json!({"id": id})).await;
        assert_eq!(data["node"], json!(null));
    }
}
