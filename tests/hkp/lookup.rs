use super::*;
use crate::support::{TestApp, on_each_database};

on_each_database! {
    async fn a_key_is_found_by_each_of_its_ids(app) {
        let alice = app.user("alice").await;
        let key = Key::of("Alice <alice@example.org>");
        push(&alice, &key.armored).await.expect(200);
        push(&alice, &Key::of("Bob <bob@example.org>").armored).await.expect(200);
        let fingerprint = &key.fingerprint;
        for search in [
            format!("0x{fingerprint}"),
            format!("0x{}", fingerprint.to_uppercase()),
            fingerprint.clone(),
            format!("0x{}", &fingerprint[24..]),
            format!("0x{}", &fingerprint[32..]),
            fingerprint[32..].to_uppercase(),
            // How verify prints the id of a signature: a number, without leading zeros.
            format!("{:#x}", key.subkey),
            "alice@example".into(),
            "ALICE".into(),
        ] {
            let found = app.anonymous().get(&format!("/pks/lookup?op=get&exact=on&search={search}")).await.expect(200);
            assert_eq!(found.text().matches("BEGIN PGP PUBLIC KEY BLOCK").count(), 1, "{search}");
            assert_eq!(found.header("content-type"), "application/pgp-keys");
        }
    }

    async fn the_machine_index_has_all_its_fields(app) {
        let alice = app.user("alice").await;
        let keys = [Key::of("Alice One <alice@example.org>"), Key::of("Alice Two <a+two@example.org>")];
        for key in &keys {
            push(&alice, &key.armored).await.expect(200);
        }
        let index = app.anonymous().get("/pks/lookup?op=index&options=mr&fingerprint=on&x-pagesize=256&search=alice").await.expect(200);
        assert!(index.header("content-type").starts_with("text/plain"));
        let text = index.text();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], "info:1:2");
        for line in &lines[1..] {
            let fields: Vec<_> = line.split(':').collect();
            match fields[0] {
                "pub" => {
                    assert_eq!(fields.len(), 7, "{line}");
                    assert!(keys.iter().any(|key| key.fingerprint.to_uppercase() == fields[1]), "{line}");
                    assert_eq!(fields[4], "1600000000");
                }
                "uid" => assert_eq!(fields.len(), 5, "{line}"),
                other => panic!("{other}"),
            }
        }
        assert!(text.contains("a%2Btwo"), "{text}");
    }

    async fn people_get_an_index_they_can_read(app) {
        let alice = app.user("alice").await;
        let key = Key::of("Alice <alice@example.org>");
        push(&alice, &key.armored).await.expect(200);
        for op in ["index", "vindex"] {
            let index = app.anonymous().get(&format!("/pks/lookup?op={op}&search=alice")).await.expect(200);
            let text = index.text();
            assert!(text.contains(&key.fingerprint.to_uppercase()) && text.contains("Alice <alice@example.org>"), "{text}");
            assert!(text.contains("2020-09-13"), "{text}");
        }
    }
}

#[tokio::test]
async fn what_nobody_pushed_is_not_found() {
    let app = TestApp::sqlite().await;
    for search in [
        "0x8883491f4268f173c6e5dc49edece4f3f38d871e",
        "0xf38d871e",
        "nobody",
        "%25%25%25",
    ] {
        for op in ["op=get", "op=index&options=mr", "op=index"] {
            refused(
                &app.anonymous()
                    .get(&format!("/pks/lookup?{op}&search={search}"))
                    .await,
                404,
            );
        }
    }
}

#[tokio::test]
async fn a_question_that_makes_no_sense_is_refused() {
    let app = TestApp::sqlite().await;
    for query in [
        "",
        "?op=get",
        "?search=alice",
        "?op=get&search=",
        "?op=get&search=0x123456789012345678",
    ] {
        refused(
            &app.anonymous().get(&format!("/pks/lookup{query}")).await,
            400,
        );
    }
    refused(
        &app.anonymous()
            .get("/pks/lookup?op=stats&search=alice")
            .await,
        501,
    );
    refused(&app.anonymous().delete("/pks/lookup").await, 405);
}

#[tokio::test]
async fn an_answer_carries_few_keys_but_an_index_lists_many() {
    let app = TestApp::sqlite().await;
    let alice = app.user("alice").await;
    for number in 0..20 {
        let key = Key::of(&format!("Alice {number} <alice@example.org>"));
        push(&alice, &key.armored).await.expect(200);
    }
    let ask = async |op: &str| {
        let path = format!("/pks/lookup?search=alice&op={op}");
        app.anonymous().get(&path).await.expect(200).text()
    };
    let keys = ask("get").await;
    assert_eq!(keys.matches("BEGIN PGP PUBLIC KEY BLOCK").count(), 16);
    assert!(ask("index&options=mr").await.starts_with("info:1:20\n"));
}
