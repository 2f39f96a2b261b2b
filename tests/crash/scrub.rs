//! Scrubs that are told to stop or killed, and what they tell.
use std::{process::Command, time::Duration};

use bytes::Bytes;
use rand::{Rng, thread_rng};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use sifhub::registry::Digest;
use tokio::time::sleep;

use super::{
    Site, files,
    oci::{Door, Push},
};
use crate::support::postgres;

/// How many blobs there are, and how many of them were read since that was forgotten.
async fn read(db: &DatabaseConnection) -> (i64, i64) {
    let count = "SELECT COUNT(*), COUNT(verified_at) FROM blob";
    let count = Statement::from_string(db.get_database_backend(), count);
    let row = db.query_one_raw(count).await.expect("an answer");
    let row = row.expect("a row");
    let number = |index| row.try_get_by_index(index).expect("a number");
    (number(0), number(1))
}

/// Runs a whole scrub, which tells how many blobs it has read.
fn scrub(site: &Site) -> String {
    let told = site.server.try_cli("", &["scrub"]);
    assert!(told.status.success());
    let words = String::from_utf8_lossy(&told.stderr).into_owned();
    let line = words.lines().last().expect("a line");
    line.split(" (").next().expect("words").to_owned()
}

/// Tells a scrub to stop in the middle, and runs another to the end.
async fn goes_on_where_it_was(settings: &[(&str, &str)], url: Option<&str>) {
    let site = Site::new(settings).await;
    let file = site.dir.path().join("data/sifhub.db");
    let own = format!("sqlite://{}", file.display());
    let db = Database::connect(url.unwrap_or(&own))
        .await
        .expect("a connection");
    let door = Door::of(&site.target);
    for _ in 0..6 {
        Push::of_size(300_000).complete(&door).await;
    }
    let forget = "UPDATE blob SET verified_at = NULL";
    db.execute_unprepared(forget).await.expect("a change");
    let mut slow = site.server.begin_cli(&["scrub", "--rate", "100 KiB"]);
    while read(&db).await.1 == 0 {
        sleep(Duration::from_millis(10)).await;
    }
    let told = Command::new("kill")
        .args(["-TERM", &slow.id().to_string()])
        .status();
    assert!(told.expect("kill runs").success());
    slow.wait().expect("it can be waited for");
    let (all, done) = read(&db).await;
    assert!((1..all).contains(&done), "{done}");
    assert_eq!(scrub(&site), format!("read {} blobs", all - done));
    assert_eq!(scrub(&site), "read 0 blobs");
}

#[tokio::test]
async fn a_scrub_that_was_told_to_stop_goes_on_where_it_was() {
    goes_on_where_it_was(&[], None).await;
}

#[tokio::test]
async fn a_scrub_on_postgres_that_was_told_to_stop_goes_on_where_it_was() {
    postgres::server().create("crash_scrub", None);
    let url = postgres::server().url("crash_scrub");
    goes_on_where_it_was(&[("database.url", &url)], Some(&url)).await;
}

#[tokio::test]
async fn collections_and_scrubs_that_are_killed_at_any_moment_lose_nothing() {
    let site = Site::new(&[]).await;
    let door = Door::of(&site.target);
    let mut all = Vec::new();
    for round in 0..20 {
        let mut push = Push::of_size(300_000);
        push.complete(&door).await;
        all.push(push);
        for number in 0..5 {
            let stray = Bytes::from(format!("stray {number} of {round}"));
            let path = format!("blobs/uploads/?digest={}", Digest::of(&stray));
            let kept = door.send("POST", &path, stray, None).await;
            kept.expect("nothing is refused");
        }
        let commands: [&[&str]; 3] = [
            &["gc", "--grace", "0s"],
            &["gc", "--grace", "0s"],
            &["scrub", "--older-than", "0s"],
        ];
        let mut commands = commands.map(|args| site.server.begin_cli(args));
        sleep(Duration::from_millis(thread_rng().gen_range(0..400))).await;
        for command in &mut commands {
            command.kill().expect("a process of ours takes our signals");
            command.wait().expect("it can be waited for");
        }
        for push in &mut all {
            push.check_collected(&door).await;
        }
    }
    site.age_claims().await;
    for _ in 0..2 {
        site.server.cli(&["gc", "--grace", "0s"]);
    }
    let scrubbed = site.server.cli(&["scrub", "--older-than", "0s"]);
    assert_eq!(scrubbed, "", "nothing is damaged or missing");
    for push in &mut all {
        push.check_collected(&door).await;
    }
    // A layer and a configuration each.
    let left = files(&site.dir.path().join("data/blobs"));
    assert_eq!(left, all.len() * 2);
}

#[tokio::test]
async fn damage_is_told_by_the_command_and_by_its_status() {
    let site = Site::new(&[]).await;
    let door = Door::of(&site.target);
    let mut push = Push::of_size(300_000);
    push.complete(&door).await;
    let digest = Digest::of(&push.layer);
    let hex = digest.hex();
    let blobs = site.dir.path().join("data/blobs");
    let file = blobs.join(format!("blobs/sha256/{}/{hex}", &hex[..2]));
    std::fs::write(&file, "rotten").expect("it rots");
    let told = site.server.try_cli("", &["scrub", "--older-than", "0s"]);
    assert!(!told.status.success());
    let damaged = format!("damaged {digest} {}\n", push.layer.len());
    assert_eq!(String::from_utf8_lossy(&told.stdout), damaged);
    // Beside a server, with nothing mounted where blobs should be.
    std::fs::rename(&blobs, blobs.with_extension("unmounted")).expect("it is unmounted");
    for command in [&["scrub", "--older-than", "0s"][..], &["gc"]] {
        let refused = site.server.try_cli("", command);
        let words = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(
            !refused.status.success() && words.contains("mount it"),
            "{words}"
        );
    }
}
