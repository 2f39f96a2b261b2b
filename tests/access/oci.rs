//! How each route of the registry protocol is tried.
use super::{Outcome, world::World};
use crate::{
    oci::{IMAGE, artifact, begin, descriptor, image, push_blob, push_manifest, sha256},
    support::Client,
};

pub async fn attempt(method: &str, path: &str, world: &World, client: &Client) -> Option<Outcome> {
    let (owner, name) = (&world.owner, &world.path);
    let (blob, manifest) = (
        push_blob(owner, name, b"blob").await,
        image(owner, name, b"layer").await,
    );
    let digest = push_manifest(owner, name, "oci", &manifest).await;
    let about = descriptor(IMAGE, manifest.to_string().as_bytes());
    let artifact = artifact(owner, name, &about, "application/x-sbom").await;
    let base = format!("/v2/{name}");
    let address = match path {
        "/v2/" | "/v2/_catalog" => path.to_owned(),
        "/v2/<name>/tags/list" => format!("{base}/tags/list"),
        "/v2/<name>/referrers/<digest>" => format!("{base}/referrers/{digest}"),
        "/v2/<name>/manifests/<reference>" if method == "PUT" => format!("{base}/manifests/new"),
        "/v2/<name>/manifests/<reference>" => format!("{base}/manifests/{digest}"),
        "/v2/<name>/blobs/<digest>" => format!("{base}/blobs/{blob}"),
        "/v2/<name>/blobs/uploads/" => format!("{base}/blobs/uploads/"),
        "/v2/<name>/blobs/uploads/<upload>" if method == "PUT" => {
            format!("{}?digest={}", begin(owner, name).await, sha256(b""))
        }
        "/v2/<name>/blobs/uploads/<upload>" => begin(owner, name).await,
        _ => return None,
    };
    let body = match path.contains("manifests") {
        true => manifest.to_string(),
        false => String::new(),
    };
    let answer = client.send(method, &address, body).await;
    // Lists answer everybody; what counts is whether they tell of this world.
    let told = match path {
        "/v2/_catalog" => answer.text().contains(name),
        "/v2/<name>/referrers/<digest>" => answer.text().contains(&artifact),
        _ => return Some(answer.status.to_string()),
    };
    let told = if told { "ok" } else { "nothing" };
    Some(format!("{} {told}", answer.status))
}
