use super::*;
use crate::support::on_each_database;

/// What PostgreSQL cannot keep, nor compare with.
const NUL: &str = "a\0b";

on_each_database! {
    async fn a_nul_is_refused_wherever_text_is_taken(app) {
        let alice = app.user("alice").await;
        let entity = make(&alice, "entities", json!({"name": "alice"})).await;
        let collection = make(&alice, "collections", json!({"name": "tools", "entity": entity})).await;
        let place = make(&alice, "containers", json!({"name": "alpine", "collection": collection})).await;
        for (kind, new) in [
            ("collections", json!({"name": "a", "entity": entity, "description": NUL})),
            ("containers", json!({"name": "a", "collection": collection, "description": NUL})),
            ("images", json!({"hash": hash(b"a"), "container": place, "description": NUL})),
        ] {
            refused(&alice.post(&format!("/v1/{kind}"), new).await, 400);
        }
        for path in [
            "/v1/search?value=abc%00d",
            "/v1/search?value=abc&arch=a%00",
            "/v1/images/alice/tools/alpine:1?arch=a%00",
        ] {
            refused(&alice.get(path).await, 400);
        }
    }

    async fn a_nul_in_an_argument_is_no_fault_of_the_server(app) {
        let admin = app.admin("root").await;
        let cursor = data_encoding::BASE64URL_NOPAD
            .encode(json!({"o": "namespacename+", "k": NUL, "i": 1}).to_string().as_bytes());
        for (query, code) in [
            ("query($text: String!) { search(text: $text) { images { id } } }", "INVALID"),
            ("query($text: String!) { search(text: \"abc\", arch: [$text]) { images { id } } }", "INVALID"),
            ("query($text: String!) { image(path: \"a/b/c\", arch: $text) { id } }", "INVALID"),
            ("mutation($text: ID!) { disableUser(input: {id: $text}) { user { id } } }", "NOT_FOUND"),
            ("query($cursor: String!) { namespaces(after: $cursor) { nodes { id } } }", "INVALID"),
        ] {
            let answer = admin.try_graphql(query, json!({"text": "abc\0", "cursor": cursor})).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{query}: {answer}");
        }
    }

    async fn a_search_is_for_a_text_of_a_sensible_length(app) {
        let anybody = app.anonymous();
        anybody.get(&format!("/v1/search?value={}", "a".repeat(1000))).await.expect(200);
        refused(&anybody.get(&format!("/v1/search?value={}", "a".repeat(60_000))).await, 400);
        refused(&anybody.get(&format!("/v1/search?value=abc&arch={}", "a,".repeat(20_000))).await, 400);
    }
}
