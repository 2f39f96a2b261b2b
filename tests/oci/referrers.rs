use super::*;
use crate::support::{TestApp, on_each_database};

fn path(digest: &str) -> String {
    at(&format!("referrers/{digest}"))
}

/// The manifests in an index of referrers, after a look at its shape.
#[track_caller]
fn manifests(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), INDEX);
    let index = answer.json();
    assert_eq!(
        (&index["schemaVersion"], &index["mediaType"]),
        (&json!(2), &json!(INDEX))
    );
    index["manifests"].as_array().expect("a list").clone()
}

on_each_database! {
    async fn what_is_about_a_manifest_is_found_by_its_digest(app) {
        let alice = app.user("alice").await;
        let manifest = image(&alice, NAME, b"layer").await;
        let subject = push_manifest(&alice, NAME, "1", &manifest).await;
        let about = descriptor(IMAGE, manifest.to_string().as_bytes());
        let sbom = artifact(&alice, NAME, &about, "application/x-sbom").await;
        artifact(&alice, NAME, &about, "application/x-signature").await;
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [],
            "artifactType": "application/x-set", "subject": about});
        push_manifest(&alice, NAME, "set", &index).await;

        let nobody = app.anonymous();
        let all = nobody.get(&path(&subject)).await;
        assert_eq!(all.header("oci-filters-applied"), "");
        let mut kinds: Vec<_> = manifests(&all).iter().map(|one| one["artifactType"].to_string()).collect();
        kinds.sort_unstable();
        assert_eq!(kinds, [r#""application/x-sbom""#, r#""application/x-set""#, r#""application/x-signature""#]);

        let filtered = nobody.get(&format!("{}?artifactType=application/x-sbom", path(&subject))).await;
        assert_eq!(filtered.header("oci-filters-applied"), "artifactType");
        let [found] = &manifests(&filtered)[..] else { panic!("{}", filtered.text()) };
        let content = nobody.get(&at(&format!("manifests/{sbom}"))).await.expect(200).body;
        assert_eq!(found, &json!({
            "mediaType": IMAGE,
            "digest": sbom,
            "size": content.len(),
            "artifactType": "application/x-sbom",
            "annotations": {"note": "made by a test"},
        }));
        let none = nobody.get(&format!("{}?artifactType=application/x-none", path(&subject))).await;
        assert!(manifests(&none).is_empty());

        alice.delete(&at(&format!("manifests/{sbom}"))).await.expect(202);
        assert_eq!(manifests(&nobody.get(&path(&subject)).await).len(), 2);
    }

    async fn a_referrer_of_an_empty_type_has_that_of_its_configuration(app) {
        let alice = app.user("alice").await;
        let about = descriptor(IMAGE, b"never pushed");
        artifact(&alice, NAME, &about, "").await;
        let path = path(&sha256(b"never pushed"));
        let [found] = &manifests(&alice.get(&path).await)[..] else { panic!("one") };
        assert_eq!(found["artifactType"], "application/vnd.oci.empty.v1+json");
        let unfiltered = alice.get(&format!("{path}?artifactType=")).await;
        assert_eq!(unfiltered.header("oci-filters-applied"), "");
        assert_eq!(manifests(&unfiltered).len(), 1);
        let filtered = alice.get(&format!("{path}?artifactType=application/vnd.oci.empty.v1%2Bjson")).await;
        assert_eq!(manifests(&filtered).len(), 1);
    }

    async fn what_is_hidden_refers_to_nothing(app) {
        let (alice, bob) = (app.user("alice").await, app.user("bob").await);
        hide(&alice).await;
        let about = descriptor(IMAGE, b"never pushed");
        artifact(&alice, NAME, &about, "application/x-sbom").await;
        let path = path(&sha256(b"never pushed"));
        assert_eq!(manifests(&alice.get(&path).await).len(), 1);
        assert!(manifests(&bob.get(&path).await).is_empty());
        assert_eq!(refused(&app.anonymous().get(&path).await, 401), "UNAUTHORIZED");
    }
}

#[tokio::test]
async fn a_long_list_comes_in_pages() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    let about = descriptor(IMAGE, b"never pushed");
    for number in 0..70 {
        let kind = format!("application/x-{}", number % 2);
        let name = format!("{kind}.{number}");
        let mut manifest =
            json!({"schemaVersion": 2, "mediaType": INDEX, "artifactType": kind, "manifests": []});
        manifest["subject"] = about.clone();
        manifest["annotations"] = json!({"name": name});
        push_manifest(&alice, NAME, &format!("t{number}"), &manifest).await;
    }
    let all = async |query: &str| {
        let (mut all, mut pages) = (0, 0);
        let mut path = Some(format!("{}{query}", path(&sha256(b"never pushed"))));
        while let Some(page) = path {
            let answer = alice.get(&page).await.expect(200);
            (all, pages) = (all + manifests(&answer).len(), pages + 1);
            path = next(&answer);
        }
        (all, pages)
    };
    assert_eq!(all("").await, (70, 2));
    assert_eq!(all("?artifactType=application/x-1").await, (35, 1));
}

#[tokio::test]
async fn there_is_a_list_for_every_digest() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    for digest in [sha256(b"none"), sha512(b"none")] {
        assert!(manifests(&alice.get(&path(&digest)).await).is_empty());
    }
    push_blob(&alice, NAME, b"some").await;
    for client in [&alice, &app.anonymous()] {
        assert!(manifests(&client.get(&path(&sha256(b"none"))).await).is_empty());
    }
    assert_eq!(
        refused(&alice.get(&path("sha256:none")).await, 400),
        "DIGEST_INVALID"
    );
    assert_eq!(
        refused(&alice.get(&path("latest")).await, 400),
        "DIGEST_INVALID"
    );
}
