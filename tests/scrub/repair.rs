//! Damaged bytes come back by whatever door they are pushed again.
use super::*;
use crate::{doors::push_by_oci, support::Answer};

#[derive(Clone, Copy, Debug)]
enum Door {
    Library,
    Oci,
}

use Door::{Library, Oci};

impl Door {
    async fn push(self, who: &Client, path: &str, seed: u64) -> String {
        match self {
            Library => who.push(path, "1", image(seed)).await,
            Oci => push_by_oci(who, path, "1", image(seed)).await.0,
        }
    }
}

/// What each door answers who asks for the image.
async fn answers(who: &Client, path: &str, digest: &str) -> Vec<Answer> {
    let mut all = Vec::new();
    for address in [
        format!("/v1/imagefile/{path}:1?arch=amd64"),
        format!("/sif/{path}:1"),
        format!("/v2/{path}/blobs/{digest}"),
    ] {
        all.push(who.get(&address).await);
    }
    all
}

#[tokio::test]
async fn what_is_pushed_again_by_any_door_is_whole_at_all_of_them() {
    for site in Site::each().await {
        let (alice, root) = (site.app.user("alice").await, site.app.admin("root").await);
        let pairs = [
            (Library, Library),
            (Library, Oci),
            (Oci, Library),
            (Oci, Oci),
        ];
        for (number, (first, second)) in pairs.into_iter().enumerate() {
            for health in [Health::Damaged, Health::Missing] {
                let path = format!("alice/tools/{first:?}-{second:?}-{health:?}").to_lowercase();
                let digest = first
                    .push(&alice, &path, 2 * number as u64 + health as u64)
                    .await;
                match health {
                    Health::Missing => fs::remove_file(site.file(&digest)).expect("it is lost"),
                    _ => fs::write(site.file(&digest), "rotten").expect("it rots"),
                }
                let found = broken(&site.scrub(TimeDelta::zero()).await);
                assert_eq!(found, [(digest.clone(), health)], "{path}");
                assert_eq!(report(&root).await["damagedCount"], 1);
                for answer in answers(&alice, &path, &digest).await {
                    assert!(
                        [404, 503].contains(&answer.status),
                        "{path}: {}",
                        answer.status
                    );
                }
                assert_eq!(
                    second
                        .push(&alice, &path, 2 * number as u64 + health as u64)
                        .await,
                    digest
                );
                assert_eq!(report(&root).await["damagedCount"], 0, "{path}");
                for answer in answers(&alice, &path, &digest).await {
                    assert_eq!(oci::sha256(&answer.expect(200).body), digest, "{path}");
                }
            }
        }
        assert_eq!(broken(&site.scrub(TimeDelta::zero()).await), []);
    }
}

#[tokio::test]
async fn what_is_damaged_is_not_mounted_but_uploaded() {
    for site in Site::each().await {
        let alice = site.app.user("alice").await;
        let digest = oci::push_blob(&alice, "alice/tools/box", b"layer").await;
        fs::write(site.file(&digest), b"rotte").expect("it rots");
        let mount =
            format!("/v2/alice/tools/other/blobs/uploads/?mount={digest}&from=alice/tools/box");
        site.scrub(TimeDelta::zero()).await;
        let begun = alice.send("POST", &mount, "").await.expect(202);
        let end = format!("{}?digest={digest}", begun.header("location"));
        alice.send("PUT", &end, "layer").await.expect(201);
        alice.send("POST", &mount, "").await.expect(201);
        for name in ["box", "other"] {
            let blob = alice
                .get(&format!("/v2/alice/tools/{name}/blobs/{digest}"))
                .await;
            assert_eq!(blob.expect(200).body, b"layer");
        }
    }
}
