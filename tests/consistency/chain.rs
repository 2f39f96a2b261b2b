//! Histories of tags: each move begins where the one before it ended, and the last ends where the tag is now.
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::text;
use crate::support::Client;

/// What a tag points at: an image of an architecture, or a manifest.
type Subject = (String, Option<String>);
type Target = Option<String>;

/// What is wrong with the histories of all tags in a container.
pub async fn breaks(who: &Client, path: &str) -> Vec<String> {
    let mut now: BTreeMap<Subject, Target> = BTreeMap::new();
    let mut wrong = Vec::new();
    for one in moves(who, path).await {
        for (subject, from, to) in steps(&one) {
            let at = now.entry(subject.clone()).or_default();
            // A move of images of several architectures names its manifests more than once.
            let told = subject.1.is_none() && *at == to;
            if *at != from && !told {
                wrong.push(format!(
                    "{path}: {subject:?} was at {at:?}, then went {from:?} → {to:?}"
                ));
            }
            *at = to;
        }
    }
    let there = targets(who, path, now.keys().cloned()).await;
    let ends = now
        .into_iter()
        .filter(|(subject, at)| there.get(subject) != Some(at));
    wrong.extend(ends.map(|(subject, at)| {
        format!(
            "{path}: {subject:?} went to {at:?}, and is at {:?}",
            there.get(&subject)
        )
    }));
    wrong
}

/// What a move says of an image, and of a manifest.
fn steps(one: &Value) -> Vec<(Subject, Target, Target)> {
    let word = |name: &str| one[name].as_str().map(str::to_owned);
    let name = text(&one["name"]);
    let mut steps = vec![(
        (name.clone(), None),
        word("fromManifest"),
        word("toManifest"),
    )];
    if let Some(arch) = word("arch") {
        steps.push(((name, Some(arch)), word("fromImage"), word("toImage")));
    }
    steps
}

/// All moves, in the order in which they happened.
async fn moves(who: &Client, path: &str) -> Vec<Value> {
    let query = "query($path: ContainerPath!, $after: String) { container(path: $path) {
        tagHistory(first: 100, after: $after) { pageInfo { hasNextPage endCursor }
            nodes { name arch fromImage toImage fromManifest toManifest } } } }";
    let (mut all, mut after) = (Vec::new(), json!(null));
    loop {
        let data = who
            .graphql(query, json!({"path": path, "after": after}))
            .await;
        let page = &data["container"]["tagHistory"];
        all.extend(page["nodes"].as_array().into_iter().flatten().cloned());
        if page["pageInfo"]["hasNextPage"] != true {
            all.reverse();
            return all;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

/// Where the tags are now.
async fn targets(
    who: &Client,
    path: &str,
    subjects: impl Iterator<Item = Subject>,
) -> BTreeMap<Subject, Target> {
    let query = "query($path: ContainerPath!) { container(path: $path) {
        tags(first: 100) { nodes { name arch image { digest } } } } }";
    let data = who.graphql(query, json!({"path": path})).await;
    let tags = data["container"]["tags"]["nodes"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let mut there = BTreeMap::new();
    for (name, arch) in subjects {
        let target = match &arch {
            Some(arch) => {
                let is =
                    |tag: &&Value| tag["name"] == name.as_str() && tag["arch"] == arch.as_str();
                tags.iter()
                    .find(is)
                    .map(|tag| text(&tag["image"]["digest"]))
            }
            None => {
                let answer = who.head(&format!("/v2/{path}/manifests/{name}")).await;
                (answer.status == 200).then(|| answer.header("docker-content-digest").to_owned())
            }
        };
        there.insert((name, arch), target);
    }
    there
}
