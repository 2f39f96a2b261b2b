use sea_orm::{ConnectionTrait, Database};
use serde_json::{Value, json};

use super::{alice, code, field};
use crate::support::{Client, SifBuilder, on_each_database};

const IMAGES: &str = "query($labels: [LabelInput!]) { images(labels: $labels) { totalCount nodes { container { path } } } }";

fn image(seed: u64, labels: &[(&str, &str)]) -> SifBuilder {
    let plain = SifBuilder::new("amd64").payload(4096, seed);
    labels
        .iter()
        .fold(plain, |image, (key, value)| image.label(key, value))
}

/// The containers of the images, and those of the containers, that carry these labels.
async fn found(who: &Client, labels: Value) -> Vec<String> {
    let data = who.graphql(IMAGES, json!({"labels": labels})).await["images"].clone();
    let nodes = data["nodes"].as_array().expect("images");
    assert_eq!(data["totalCount"], nodes.len());
    let mut of_images: Vec<_> = nodes
        .iter()
        .map(|node| {
            node["container"]["path"]
                .as_str()
                .expect("a path")
                .to_owned()
        })
        .collect();
    of_images.sort();
    let query = "query($labels: [LabelInput!]) { containers(labels: $labels) { totalCount nodes { path } } }";
    let data = who.graphql(query, json!({"labels": labels})).await["containers"].clone();
    let nodes = data["nodes"].as_array().expect("containers");
    assert_eq!(data["totalCount"], nodes.len());
    let mut of_containers: Vec<_> = nodes
        .iter()
        .map(|node| node["path"].as_str().expect("a path"))
        .collect();
    of_containers.sort_unstable();
    let mut once = of_images.clone();
    once.dedup();
    assert_eq!(of_containers, once);
    of_images
}

async fn world(alice: &Client) {
    for (path, labels) in [
        (
            "alice/tools/one",
            &[("org.label-schema.version", "1"), ("maintainer", "Alice")][..],
        ),
        (
            "alice/tools/two",
            &[("org.label-schema.version", "2"), ("maintainer", "Alice")],
        ),
        (
            "alice/secret/three",
            &[("org.label-schema.version", "1"), ("maintainer", "Alice")],
        ),
    ] {
        alice
            .push(path, "x", image(path.len() as u64, labels))
            .await;
    }
}

on_each_database! {
    async fn images_and_containers_are_found_by_their_labels(app) {
        let alice = alice(&app).await;
        world(&alice).await;
        let version = |value: &str| json!({"key": "org.label-schema.version", "value": value});
        let (one, two, three) = ("alice/tools/one", "alice/tools/two", "alice/secret/three");
        assert_eq!(found(&alice, json!([version("1")])).await, [three, one]);
        assert_eq!(found(&alice, json!([version("2")])).await, [two]);
        assert_eq!(found(&alice, json!([{"key": "maintainer"}])).await, [three, one, two]);
        assert_eq!(found(&alice, json!([version("1"), {"key": "maintainer", "value": "Alice"}])).await, [three, one]);
        assert_eq!(found(&alice, json!([version("1"), version("2")])).await, [""; 0]);
        assert_eq!(found(&alice, json!([{"key": "maintainer", "value": "alice"}])).await, [""; 0]);
        // What a stranger may not see is neither found nor counted.
        assert_eq!(found(&app.user("bob").await, json!([version("1")])).await, [one]);
    }

    async fn labels_and_their_values_are_counted_over_what_the_viewer_sees(app) {
        let alice = alice(&app).await;
        world(&alice).await;
        let version = "org.label-schema.version";
        let asked = async |who: &Client| {
            let query = "query($key: String!) { labels(first: 100) { totalCount nodes { key imageCount } }
                labelValues(key: $key) { totalCount nodes { value imageCount } } }";
            let data = who.graphql(query, json!({"key": version})).await;
            let nodes = data["labels"]["nodes"].as_array().expect("nodes");
            assert_eq!(data["labels"]["totalCount"], nodes.len());
            let of = |key: &str| nodes.iter().find(|row| row["key"] == key).map(|row| row["imageCount"].clone());
            (of(version), of("maintainer"), data["labelValues"].clone())
        };
        let (versions, maintained, values) = asked(&alice).await;
        assert_eq!((versions, maintained), (Some(json!(3)), Some(json!(3))));
        assert_eq!(values, json!({"totalCount": 2, "nodes": [{"value": "1", "imageCount": 2}, {"value": "2", "imageCount": 1}]}));
        let (versions, maintained, values) = asked(&app.anonymous()).await;
        assert_eq!((versions, maintained), (Some(json!(2)), Some(json!(2))), "what is hidden is not counted");
        assert_eq!(values, json!({"totalCount": 2, "nodes": [{"value": "1", "imageCount": 1}, {"value": "2", "imageCount": 1}]}));
        let query = "query($key: String!, $at: String) { labelValues(key: $key, first: 1, after: $at) { nodes { value } pageInfo { endCursor hasNextPage } } }";
        let page = alice.graphql(query, json!({"key": version})).await["labelValues"].clone();
        let next = json!({"key": version, "at": page["pageInfo"]["endCursor"]});
        let rest = alice.graphql(query, next.clone()).await["labelValues"].clone();
        assert_eq!((&page["nodes"], &rest["nodes"]), (&json!([{"value": "1"}]), &json!([{"value": "2"}])));
        assert_eq!(rest["pageInfo"]["hasNextPage"], false);
        for (key, at, wrong) in [("maintainer", next["at"].clone(), "after"), ("\u{0}", json!(null), "key")] {
            let answer = alice.try_graphql(query, json!({"key": key, "at": at})).await;
            assert_eq!((code(&answer), field(&answer)), ("INVALID", wrong));
        }
    }

    async fn labels_of_images_that_came_before_are_kept_by_a_job(app) {
        let alice = alice(&app).await;
        world(&alice).await;
        let db = Database::connect(app.database_url()).await.expect("a connection");
        for back in ["DELETE FROM image_label", "INSERT INTO image_unlabelled (image_id) SELECT id FROM image"] {
            db.execute_unprepared(back).await.expect("the older data");
        }
        let two = json!([{"key": "org.label-schema.version", "value": "2"}]);
        assert_eq!(found(&alice, two.clone()).await, [""; 0]);
        assert_eq!(sifhub::registry::label::backfill(&app.operator()).await.expect("labels"), 5);
        assert_eq!(found(&alice, two).await, ["alice/tools/two"]);
        assert_eq!(sifhub::registry::label::backfill(&app.operator()).await.expect("labels"), 0);
    }

    async fn image_with_very_many_or_very_long_labels_is_found_by_some(app) {
        let alice = alice(&app).await;
        let long = "v".repeat(513);
        let keys: Vec<String> = (0..100).map(|number| format!("key{number:03}")).collect();
        let labels: Vec<(&str, &str)> = keys.iter().map(|key| (key.as_str(), "v")).chain([("a-long-one", long.as_str())]).collect();
        alice.push("alice/tools/many", "x", image(7, &labels)).await;
        assert_eq!(found(&alice, json!([{"key": "key000"}])).await, ["alice/tools/many"]);
        assert_eq!(found(&alice, json!([{"key": "key099"}])).await, [""; 0]);
        assert_eq!(found(&alice, json!([{"key": "a-long-one"}])).await, [""; 0]);
        let data = alice.graphql("{ image(path: \"alice/tools/many\", reference: \"x\") { labels(first: 100) { key value } } }", json!({})).await;
        assert_eq!(data["image"]["labels"].as_array().map(Vec::len), Some(100));
        assert_eq!(data["image"]["labels"][0], json!({"key": "a-long-one", "value": long}));
    }

    async fn wrong_labels_are_invalid_inputs(app) {
        let alice = alice(&app).await;
        for (labels, wrong) in [
            (json!([{"key": "k"}, {"key": "k"}, {"key": "k".repeat(129)}]), "labels.2.key"),
            (json!([{"key": "k", "value": "v".repeat(513)}]), "labels.0.value"),
            (json!([{"key": "k"}, {"key": "\u{0}"}]), "labels.1.key"),
            (json!(vec![json!({"key": "k"}); 11]), "labels"),
        ] {
            let answer = alice.try_graphql(IMAGES, json!({"labels": labels})).await;
            assert_eq!((code(&answer), field(&answer)), ("INVALID", wrong), "{labels}");
        }
    }
}
