use serde_json::json;

use super::{alice, code, field};
use crate::support::{SifBuilder, on_each_database};

on_each_database! {
    async fn search_finds_what_its_asker_may_see(app) {
        let alice = alice(&app).await;
        alice.push("alice/tools/hello", "arm", SifBuilder::new("arm64").payload(4096, 9).signed_by(&"A".repeat(40))).await;
        let query = "query($text: String!, $arch: [String!]!, $signed: Boolean!) { search(text: $text, arch: $arch, signed: $signed)
            { namespaces { name } collections { name } containers { path } images { arch container { path } } } }";
        let all = alice.graphql(query, json!({"text": "HELL", "arch": [], "signed": false})).await["search"].clone();
        assert_eq!(all["containers"].as_array().expect("containers").len(), 2);
        assert_eq!(all["images"].as_array().expect("images").len(), 3);
        let public = app.anonymous().graphql(query, json!({"text": "hell", "arch": [], "signed": false})).await["search"].clone();
        assert_eq!(public["containers"], json!([{"path": "alice/tools/hello"}]));
        assert_eq!(public["images"].as_array().expect("images").len(), 2);
        let arm = json!([{"arch": "arm64", "container": {"path": "alice/tools/hello"}}]);
        let narrow = alice.graphql(query, json!({"text": "hello", "arch": ["arm64"], "signed": false})).await["search"].clone();
        assert_eq!(narrow["images"], arm);
        let signed = alice.graphql(query, json!({"text": "hello", "arch": [], "signed": true})).await["search"].clone();
        assert_eq!(signed["images"], arm);
    }

    async fn short_text_and_wild_sizes_are_invalid_inputs(app) {
        let nobody = app.anonymous();
        let answer = nobody.try_graphql(r#"{ search(text: "ab") { images { id } } }"#, json!({})).await;
        assert_eq!((code(&answer), field(&answer)), ("INVALID", "text"));
        let answer = nobody.try_graphql(r#"{ search(text: "abc", first: 101) { images { id } } }"#, json!({})).await;
        assert_eq!((code(&answer), field(&answer)), ("INVALID", "first"));
        let data = nobody.graphql(r#"{ search(text: "%%%") { images { id } namespaces { id } } }"#, json!({})).await;
        assert_eq!(data["search"], json!({"images": [], "namespaces": []}));
    }
}
