use serde_json::{Value, json};
use sifhub::registry::Scope;

use super::{alice, code, field, id, mutate, refused};
use crate::{
    oci::{image, push_manifest},
    support::{Client, on_each_database},
};

const PATH: &str = "alice/tools/hello";
const ABOUT: &str = "query($path: ContainerPath!) { container(path: $path) {
    about { readme { markdown html } licence source citation doi updatedBy { name } }
    deprecation { message supersededBy endsAt } } }";

async fn about(who: &Client) -> Value {
    who.graphql(ABOUT, json!({"path": PATH})).await["container"].clone()
}

async fn describe(who: &Client, mut what: Value) {
    what["id"] = json!(PATH);
    assert_eq!(refused(who, "describe", what).await, "");
}

on_each_database! {
    async fn container_is_described_part_by_part(app) {
        let alice = alice(&app).await;
        assert_eq!(about(&alice).await, json!({"about": null, "deprecation": null}));
        describe(&alice, json!({"readme": "# Hello", "licence": "MIT OR Apache-2.0"})).await;
        describe(&alice, json!({"source": "https://git.example.org/hello", "citation": "doi:10.5281/zenodo.1234"})).await;
        assert_eq!(about(&app.user("bob").await).await["about"], json!({
            "readme": {"markdown": "# Hello", "html": "<h1>Hello</h1>\n"}, "licence": "MIT OR Apache-2.0",
            "source": "https://git.example.org/hello", "citation": "doi:10.5281/zenodo.1234", "doi": "10.5281/zenodo.1234",
            "updatedBy": {"name": "alice"},
        }));
        describe(&alice, json!({"readme": "", "licence": "", "source": ""})).await;
        let left = about(&alice).await["about"].clone();
        assert_eq!((&left["readme"], &left["licence"], &left["source"]), (&json!(null), &json!(null), &json!(null)));
        assert_eq!(left["doi"], "10.5281/zenodo.1234");
    }

    async fn collection_is_described_too(app) {
        let alice = alice(&app).await;
        let input = json!({"id": "alice/tools", "readme": "*tools*", "licence": "Apache-2.0"});
        assert_eq!(refused(&alice, "describe", input).await, "");
        let data = alice.graphql(r#"{ collection(path: "alice/tools") { about { readme { html } licence } } container(path: "alice/tools/hello") { about { licence } } }"#, json!({})).await;
        assert_eq!(data, json!({"collection": {"about": {"readme": {"html": "<p><em>tools</em></p>\n"}, "licence": "Apache-2.0"}}, "container": {"about": null}}));
    }

    async fn readme_of_a_stranger_does_nothing_on_a_page(app) {
        let alice = alice(&app).await;
        let readme = "Hi <script>alert(1)</script><img src=x onerror=alert(1)>[x](javascript:alert(1)) <b style=\"top:0\" onclick=a()>bold</b> [ok](https://e.org)";
        describe(&alice, json!({"readme": readme, "source": "https://e.org/\"onclick=\"a()", "citation": "<script>alert(2)</script>"})).await;
        let html = about(&alice).await["about"]["readme"]["html"].as_str().expect("HTML").to_owned();
        let page = app.anonymous().get(&format!("/library/{PATH}")).await.expect(200);
        assert!(page.header("content-security-policy").contains("default-src 'self'"));
        assert!(page.text().contains(&html), "{}", page.text());
        for text in [html, page.text()] {
            for word in ["<script", "onerror", "javascript:", "style=\"top", "\"onclick", " onclick"] {
                assert!(!text.contains(word), "{word}: {text}");
            }
            assert!(text.contains("<b>bold</b> <a href=\"https://e.org\" rel=\"nofollow noopener noreferrer\">ok</a>"), "{text}");
        }
    }

    async fn page_of_a_container_shows_what_is_said_about_it(app) {
        let alice = alice(&app).await;
        describe(&alice, json!({"readme": "## Usage", "licence": "BSD-3-Clause", "source": "https://e.org/a", "citation": "10.1234/x"})).await;
        assert_eq!(refused(&alice, "setTopics", json!({"container": PATH, "topics": ["genomics", "gpu"]})).await, "");
        let input = json!({"id": PATH, "message": "Too <old>.", "supersededBy": "alice/tools/new", "endsAt": "2027-01-31T00:00:00Z"});
        assert_eq!(refused(&alice, "deprecate", input).await, "");
        let page = app.anonymous().get(&format!("/library/{PATH}")).await.expect(200).text();
        for part in ["<h2>Usage</h2>", "Licence: BSD-3-Clause", "href=\"https://e.org/a\"", "href=\"https://doi.org/10.1234/x\"",
            "Topics: genomics, gpu", "Use <a href=\"/library/alice/tools/new\">", "It ends on 2027-01-31."] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert!(page.contains("Deprecated: Too ") && !page.contains("<old>"), "{page}");
    }

    async fn those_who_pull_what_is_deprecated_are_warned(app) {
        let alice = alice(&app).await;
        let digest = push_manifest(&alice, PATH, "docker", &image(&alice, PATH, b"layer").await).await;
        let bob = app.user("bob").await;
        let warnings = async |reference: &str| {
            let path = format!("/v2/{PATH}/manifests/{reference}");
            let warning = bob.get(&path).await.expect(200).header("warning").to_owned();
            assert_eq!(bob.head(&path).await.expect(200).header("warning"), warning);
            warning
        };
        assert_eq!(warnings("1.0").await, "");
        let sif = id(&alice, "image(path: \"alice/tools/hello\", reference: \"1.0\")").await;
        assert_eq!(refused(&alice, "deprecate", json!({"id": sif, "message": "crashes"})).await, "");
        assert_eq!(warnings("1.0").await, "299 - \"this image is deprecated: crashes\"");
        assert_eq!(warnings("docker").await, "");
        let data = alice.graphql("query($id: ID!) { node(id: $id) { ... on Image { deprecation { message } } } }", json!({"id": sif})).await;
        assert_eq!(data["node"]["deprecation"]["message"], "crashes");
        let message = "say \"no\" \\ to\r\nSet-Cookie: x=y\tcaf\u{e9}";
        let input = json!({"id": PATH, "message": message, "supersededBy": "alice/tools/new", "endsAt": "2027-01-31T00:00:00Z"});
        assert_eq!(refused(&alice, "deprecate", input).await, "");
        let expected = "299 - \"this container is deprecated: say \\\"no\\\" \\\\ to  Set-Cookie: x=y caf?; use alice/tools/new instead; it ends on 2027-01-31\"";
        assert_eq!(warnings(&digest).await, expected);
        assert_eq!(warnings("1.0").await, "299 - \"this image is deprecated: crashes\"");
        assert_eq!(refused(&alice, "undeprecate", json!({"id": sif})).await, "");
        assert_eq!(warnings("1.0").await, expected);
        let collection = json!({"id": "alice/tools", "message": "moved"});
        assert_eq!(refused(&alice, "deprecate", collection).await, "");
        assert_eq!(warnings("1.0").await, expected);
        assert_eq!(refused(&alice, "undeprecate", json!({"id": PATH})).await, "");
        assert_eq!(warnings("1.0").await, "299 - \"this collection is deprecated: moved\"");
        assert_eq!(refused(&alice, "undeprecate", json!({"id": "alice/tools"})).await, "");
        assert_eq!(warnings("1.0").await, "");
        assert_eq!(refused(&alice, "deprecate", json!({"id": PATH, "message": "\"".repeat(1024)})).await, "");
        let long = warnings("1.0").await;
        assert!(long.len() <= 4096 && long.ends_with('"'), "{}", long.len());
    }

    async fn longest_readme_is_kept_and_a_longer_one_refused(app) {
        let alice = alice(&app).await;
        let longest = "word ".repeat((512 << 10) / 5);
        describe(&alice, json!({"readme": longest})).await;
        assert_eq!(about(&alice).await["about"]["readme"]["markdown"], longest);
        let answer = mutate(&alice, "describe", json!({"id": PATH, "readme": "x".repeat((512 << 10) + 1)})).await;
        assert_eq!((code(&answer), field(&answer)), ("INVALID", "input.readme"));
    }

    async fn wrong_inputs_are_named(app) {
        let alice = alice(&app).await;
        let sif = id(&alice, "image(path: \"alice/tools/hello\", reference: \"1.0\")").await;
        for (mutation, input, wrong) in [
            ("describe", json!({"id": PATH, "licence": "free"}), "input.licence"),
            ("describe", json!({"id": PATH, "licence": "MIT OR"}), "input.licence"),
            ("describe", json!({"id": PATH, "licence": "MIT ".repeat(80)}), "input.licence"),
            ("describe", json!({"id": PATH, "source": "javascript:alert(1)"}), "input.source"),
            ("describe", json!({"id": PATH, "source": "ftp://e.org"}), "input.source"),
            ("describe", json!({"id": PATH, "source": "e.org"}), "input.source"),
            ("describe", json!({"id": PATH, "source": "https://me:secret@e.org"}), "input.source"),
            ("describe", json!({"id": PATH, "source": format!("https://e.org/{}", "x".repeat(2048))}), "input.source"),
            ("describe", json!({"id": PATH, "citation": "c".repeat(4097)}), "input.citation"),
            ("describe", json!({"id": PATH, "citation": "\u{0}"}), "input.citation"),
            ("describe", json!({"id": PATH, "readme": "a\u{0}"}), "input.readme"),
            ("describe", json!({"id": sif, "readme": "a"}), "input.id"),
            ("describe", json!({"id": "key:1"}), "input.id"),
            ("deprecate", json!({"id": PATH, "message": " "}), "input.message"),
            ("deprecate", json!({"id": PATH, "message": "m".repeat(1025)}), "input.message"),
            ("deprecate", json!({"id": PATH, "message": "m", "supersededBy": "other"}), "input.supersededBy"),
            ("deprecate", json!({"id": PATH, "message": "m", "supersededBy": PATH}), "input.supersededBy"),
        ] {
            let answer = mutate(&alice, mutation, input.clone()).await;
            assert_eq!((code(&answer), field(&answer)), ("INVALID", wrong), "{input}");
        }
    }

    async fn only_the_right_people_describe_a_thing(app) {
        let _alice = alice(&app).await;
        for (who, why) in [
            (app.user("bob").await, "FORBIDDEN"),
            (app.holding("alice", Scope::Read).await, "FORBIDDEN"),
            (app.anonymous(), "UNAUTHENTICATED"),
        ] {
            assert_eq!(refused(&who, "describe", json!({"id": PATH, "readme": "x"})).await, why);
            assert_eq!(refused(&who, "deprecate", json!({"id": "alice/tools", "message": "x"})).await, why);
            assert_eq!(refused(&who, "undeprecate", json!({"id": PATH})).await, why);
        }
        let carol = app.user("carol").await;
        assert_eq!(refused(&carol, "describe", json!({"id": "alice/secret/hello", "readme": "x"})).await, "NOT_FOUND");
    }

    async fn list_with_all_that_is_said_costs_the_same_number_of_statements(app) {
        let alice = alice(&app).await;
        let query = "{ containers { nodes { topics about { licence readme { markdown } } deprecation { message } protection { frozenAt } } } }";
        let (_, few) = app.statements_of(alice.graphql(query, json!({}))).await;
        for path in ["alice/tools/hello", "alice/secret/hello"] {
            assert_eq!(refused(&alice, "describe", json!({"id": path, "readme": "x"})).await, "");
            assert_eq!(refused(&alice, "setTopics", json!({"container": path, "topics": ["x"]})).await, "");
        }
        let (_, many) = app.statements_of(alice.graphql(query, json!({}))).await;
        assert_eq!(many, few + 1, "the READMEs are read at once, and only where there is one");
    }
}
