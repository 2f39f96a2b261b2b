//! Whatever happens, in whatever order and at once: sums, quotas and histories say what is there.
mod chain;
mod crowd;
mod model;
mod recount;
mod sequence;

use serde_json::{Value, json};
use sifhub::registry::Digest;

use crate::support::{Answer, Client, SifBuilder};

/// What is wrong with an answer that nobody may get: the server failed. Refusals are none.
fn fault(answer: &Answer) -> Option<String> {
    (answer.status >= 500).then(|| format!("{} {}", answer.status, answer.text()))
}

/// Pushes an image as the library's clients do, up to the first refusal, which is the answer.
pub async fn push(who: &Client, path: &str, tag: &str, image: SifBuilder) -> Answer {
    match try_push(who, path, tag, image).await {
        Ok(answer) => answer,
        Err(answer) => *answer,
    }
}

async fn try_push(
    who: &Client,
    path: &str,
    tag: &str,
    image: SifBuilder,
) -> Result<Answer, Box<Answer>> {
    let (arch, bytes) = (image.arch().to_owned(), image.build());
    let digest = Digest::of(&bytes);
    let names: Vec<&str> = path.split('/').collect();
    let id = |answer: Answer| answer.json()["data"]["id"].clone();
    let entity = taken(who.get(&format!("/v1/entities/{}", names[0])).await)?;
    let new = json!({"name": names[1], "entity": id(entity)});
    let collection = taken(who.post("/v1/collections", new).await)?;
    let new = json!({"name": names[2], "collection": id(collection)});
    let container = id(taken(who.post("/v1/containers", new).await)?);
    let new = json!({"hash": format!("sha256.{}", digest.hex()), "container": container});
    let image = taken(who.post("/v1/images", new).await)?.json()["data"].clone();
    if image["uploaded"] != true {
        upload(who, &text(&image["id"]), bytes).await?;
    }
    let new = json!({"Arch": arch, "Tag": tag, "ImageID": image["id"]});
    let url = format!("/v2/tags/{}", text(&container));
    taken(who.post(&url, new).await)
}

async fn upload(who: &Client, image: &str, bytes: Vec<u8>) -> Result<Answer, Box<Answer>> {
    let url = format!("/v2/imagefile/{image}");
    let size =
        json!({"filesize": bytes.len(), "sha256sum": Digest::of(&bytes).hex(), "md5sum": ""});
    let begun = taken(who.post(&url, size).await)?.json();
    let place = text(&begun["data"]["uploadURL"]);
    let place = place.strip_prefix("http://hub.test");
    let place = place.expect("a URL of this server");
    taken(who.with_nothing().send("PUT", place, bytes).await)?;
    taken(who.put(&format!("{url}/_complete"), json!({})).await)
}

fn taken(answer: Answer) -> Result<Answer, Box<Answer>> {
    match answer.status {
        200..300 => Ok(answer),
        _ => Err(Box::new(answer)),
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

/// Does what a mutation does, and tells the code of the refusal; empty when it was done.
async fn mutate(who: &Client, mutation: &str, input: Value) -> String {
    let kind = match mutation {
        "star" | "unstar" => "Star".to_owned(),
        _ => mutation[..1].to_uppercase() + &mutation[1..],
    };
    let text =
        format!("mutation($input: {kind}Input!) {{ {mutation}(input: $input) {{ __typename }} }}");
    let answer = who.try_graphql(&text, json!({"input": input})).await;
    crate::graphql::code(&answer).to_owned()
}
