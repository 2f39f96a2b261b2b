use super::*;
use crate::support::on_each_database;

on_each_database! {
    async fn a_search_finds_images_by_any_part_of_their_path(app) {
        let alice = app.user("alice").await;
        alice.push("alice/genomics/samtools", "1.2", SifBuilder::new("amd64")).await;
        alice.push("alice/genomics/samtools", "latest", SifBuilder::new("amd64")).await;
        app.indexed().await;
        for text in ["samtools", "GENOM", "alice", "mtoo"] {
            let found = app.anonymous().get(&format!("/v1/search?value={text}&arch=amd64")).await;
            let images = found.expect(200).json()["data"]["image"].clone();
            let [image] = &images.as_array().expect("a list")[..] else { panic!("{images:#}") };
            assert_eq!(image["entityName"], "alice");
            assert_eq!(image["collectionName"], "genomics");
            assert_eq!(image["containerName"], "samtools");
            assert_eq!(image["tags"], json!(["1.2", "latest"]));
        }
        let found = app.anonymous().get("/v1/search?value=nothing&arch=amd64").await.expect(200).json();
        assert_eq!(found["data"], json!({"entity": [], "collection": [], "container": [], "image": []}));
    }

    async fn a_search_is_for_architectures_and_signatures(app) {
        let alice = app.user("alice").await;
        let key = "8883491F4268F173C6E5DC49EDECE4F3F38D871E";
        alice.push("alice/tools/plain", "1", SifBuilder::new("amd64")).await;
        alice.push("alice/tools/signed", "1", SifBuilder::new("amd64").signed_by(key)).await;
        alice.push("alice/tools/arm", "1", SifBuilder::new("arm64")).await;
        app.indexed().await;
        let names = async |query: &str| {
            let found = app.anonymous().get(&format!("/v1/search?value=tools&{query}")).await.expect(200).json();
            let images = found["data"]["image"].as_array().expect("a list").clone();
            let mut names: Vec<_> = images.iter().map(|image| image["containerName"].as_str().expect("text").to_owned()).collect();
            names.sort();
            names.join(" ")
        };
        assert_eq!(names("arch=amd64").await, "plain signed");
        assert_eq!(names("arch=arm64").await, "arm");
        assert_eq!(names("arch=arm64,amd64").await, "arm plain signed");
        assert_eq!(names("arch=amd64&signed=true").await, "signed");
        assert_eq!(names("arch=").await, "arm plain signed");
    }

    async fn a_search_shows_nobody_what_they_may_not_see(app) {
        let alice = app.user("alice").await;
        let entity = make(&alice, "entities", json!({"name": "alice"})).await;
        make(&alice, "collections", json!({"name": "secret", "entity": entity, "private": true})).await;
        alice.push("alice/secret/plan", "1", SifBuilder::new("amd64")).await;
        app.indexed().await;
        let bob = app.user("bob").await;
        let count = async |client: &Client| {
            let found = client.get("/v1/search?value=secret&arch=amd64").await.expect(200).json();
            ["collection", "image"].map(|kind| found["data"][kind].as_array().expect("a list").len())
        };
        assert_eq!(count(&alice).await, [1, 1]);
        assert_eq!(count(&bob).await, [0, 0]);
        assert_eq!(count(&app.anonymous()).await, [0, 0]);
    }

    async fn entities_collections_and_containers_are_found_too(app) {
        let alice = app.user("alice").await;
        alice.push("alice/alices/alicetools", "1", SifBuilder::new("amd64")).await;
        app.indexed().await;
        let found = app.anonymous().get("/v1/search?value=alice").await.expect(200).json();
        assert_eq!(found["data"]["entity"][0]["name"], "alice");
        assert_eq!(found["data"]["collection"][0]["name"], "alices");
        assert_eq!(found["data"]["container"][0]["name"], "alicetools");
    }

    async fn wildcards_stand_for_themselves(app) {
        let alice = app.user("alice").await;
        alice.push("alice/tools/alpine", "1", SifBuilder::new("amd64")).await;
        app.indexed().await;
        for text in ["%25%25%25", "al_ine", "%27%3B--"] {
            let found = app.anonymous().get(&format!("/v1/search?value={text}")).await.expect(200).json();
            assert_eq!(found["data"]["image"], json!([]), "{text}");
        }
    }
}

#[tokio::test]
async fn a_short_or_missing_text_is_refused() {
    let app = TestApp::sqlite().await;
    for query in [
        "",
        "?value=",
        "?value=ab",
        "?value=%20%20a%20",
        "?value=a&value=b",
    ] {
        refused(
            &app.anonymous().get(&format!("/v1/search{query}")).await,
            400,
        );
    }
}
