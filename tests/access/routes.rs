//! How each route is tried.
use serde_json::json;

use super::{
    Outcome, graph, oci,
    world::{World, push_key},
};
use crate::support::Client;

pub async fn attempt(method: &str, path: &str, world: &World, client: &Client) -> Option<Outcome> {
    let status = match method {
        "GET" if path == "/v1/search" => return Some(search(world, client).await),
        _ if path.starts_with("/v2/<name>") || ["/v2/", "/v2/_catalog"].contains(&path) => {
            return oci::attempt(method, path, world, client).await;
        }
        _ if path == "/auth/registry-token" => {
            return Some(registry_token(method, world, client).await);
        }
        "GET" if path.starts_with("/share/") => {
            let (_, address) = graph::shared(world).await;
            client.get(&address).await.status
        }
        "GET" | "HEAD" => {
            client
                .send(method, &address(path, world)?, poem::Body::empty())
                .await
                .status
        }
        _ if path.starts_with("/v2/imagefile") => upload(method, path, world, client).await?,
        _ if path.starts_with("/auth") => pages(path, world, client).await?,
        _ => write(method, path, world, client).await?,
    };
    Some(status.to_string())
}

/// Search answers everybody; what counts is whether it tells of this world.
async fn search(world: &World, client: &Client) -> Outcome {
    let answer = client.get("/v1/search?value=hello&arch=amd64").await;
    let told = if answer.text().contains(&world.name) {
        "ok"
    } else {
        "nothing"
    };
    format!("{} {told}", answer.status)
}

/// Anybody gets a token; what counts is what it grants. The form demands a password, for which
/// everybody but anonymous has their token.
async fn registry_token(method: &str, world: &World, client: &Client) -> Outcome {
    let scope = format!("scope=repository:{}:pull,push,delete", world.path);
    let url = format!("/auth/registry-token?{scope}");
    let answer = if method == "GET" {
        client.get(&url).await
    } else {
        let token = client.shown();
        let form = format!("grant_type=password&username=x&password={token}&{scope}");
        client.send("POST", "/auth/registry-token", form).await
    };
    if answer.status != 200 {
        return answer.status.to_string();
    }
    let granted = answer.json()["scope"].as_str().map(str::to_owned);
    let granted = granted.unwrap_or_default();
    let actions = granted
        .rsplit_once(':')
        .map_or("nothing", |(_, actions)| actions);
    format!("200 {actions}")
}

/// The URL of something to read.
fn address(path: &str, world: &World) -> Option<String> {
    let World {
        name,
        path: container,
        image,
        container: id,
        key,
        ..
    } = world;
    let address = match path {
        "/"
        | "/healthz"
        | "/readyz"
        | "/metrics"
        | "/assets/config/config.prod.json"
        | "/version"
        | "/v1/token-status"
        | "/v1/rbac/users/current"
        | "/auth/sign-in"
        | "/auth/tokens"
        | "/auth/password"
        | "/auth/terms"
        | "/graphql" => path.into(),
        "/assets/*path" => "/assets/page.css".into(),
        "/auth/setup/:word" => "/auth/setup/guess".into(),
        "/library/:namespace" => format!("/library/{name}"),
        "/library/:namespace/:collection" => format!("/library/{name}/tools"),
        "/library/:namespace/:collection/:container" => format!("/library/{container}"),
        "/v1/entities/:entity" => format!("/v1/entities/{name}"),
        "/v1/collections/:entity/:collection" => format!("/v1/collections/{name}/tools"),
        "/v1/containers/*path" => format!("/v1/containers/{container}"),
        "/v1/images/*path" => format!("/v1/images/{container}:1.0?arch=amd64"),
        "/v1/tags/:container" => format!("/v1/tags/{id}"),
        "/v2/tags/:container" => format!("/v2/tags/{id}"),
        "/v1/imagefile/*path" => format!("/v1/imagefile/{container}:1.0?arch=amd64"),
        "/v2/imagefile/:image" => format!("/v2/imagefile/{image}"),
        "/sif/:namespace/:collection/:container" => format!("/sif/{container}:1.0?arch=amd64"),
        // Of the default namespace, in which this world has nothing.
        "/api/container/:collection/:name" => "/api/container/tools/hello:1.0".into(),
        "/:namespace/api/container/:collection/:name" => {
            format!("/{name}/api/container/tools/hello:1.0")
        }
        "/sizes.csv" => format!("/sizes.csv?root={name}/tools"),
        "/pks/lookup" => format!("/pks/lookup?op=get&exact=on&search=0x{key}"),
        _ => return None,
    };
    Some(address)
}

async fn write(method: &str, path: &str, world: &World, client: &Client) -> Option<u16> {
    let World {
        namespace,
        collection,
        container,
        image,
        ..
    } = world;
    let answer = match (method, path) {
        ("POST", "/v1/entities") => {
            client
                .post(path, json!({"name": format!("new-{}", world.name)}))
                .await
        }
        ("POST", "/v1/collections") => {
            client
                .post(path, json!({"name": "new", "entity": namespace}))
                .await
        }
        ("POST", "/v1/containers") => {
            client
                .post(path, json!({"name": "new", "collection": collection}))
                .await
        }
        ("POST", "/v1/images") => {
            let hash = format!("sha256.{}", "ab".repeat(32));
            client
                .post(path, json!({"hash": hash, "container": container}))
                .await
        }
        ("DELETE", "/v1/images/*path") => {
            client
                .delete(&format!("/v1/images/{}:1.0?arch=amd64", world.path))
                .await
        }
        ("POST", "/v1/tags/:container") => {
            client
                .post(
                    &format!("/v1/tags/{container}"),
                    json!({"Tag": "new", "ImageID": image}),
                )
                .await
        }
        ("POST", "/v2/tags/:container") => {
            let tag = json!({"Arch": "amd64", "Tag": "new", "ImageID": image});
            client.post(&format!("/v2/tags/{container}"), tag).await
        }
        ("POST", "/v1/imagefile/*path") => {
            let url = format!("/v1/imagefile/{}", world.announced);
            client
                .send("POST", &url, world.announced_bytes.clone())
                .await
        }
        ("POST", "/pks/add") => return Some(push_key(client, &world.new_key).await),
        ("POST", "/graphql" | "/graphql/as/:site") => {
            let client = client.header("content-type", "application/json");
            client
                .post(
                    &path.replace(":site", "north"),
                    json!({"query": "{ __typename }"}),
                )
                .await
        }
        _ => return None,
    };
    Some(answer.status)
}

async fn upload(method: &str, path: &str, world: &World, client: &Client) -> Option<u16> {
    let World {
        owner,
        announced,
        announced_bytes,
        ..
    } = world;
    let base = format!("/v2/imagefile/{announced}");
    let size = announced_bytes.len();
    let parts = async || {
        let answer = owner
            .post(&format!("{base}/_multipart"), json!({"filesize": size}))
            .await
            .expect(200);
        answer.json()["data"]["uploadID"]
            .as_str()
            .expect("an id")
            .to_owned()
    };
    let answer = match (method, path) {
        ("POST", "/v2/imagefile/:image") => client.post(&base, json!({"filesize": size})).await,
        ("PUT", "/v2/imagefile/:image/_complete") => {
            let upload = owner
                .post(&base, json!({"filesize": size}))
                .await
                .expect(200)
                .json();
            let url = upload["data"]["uploadURL"].as_str().expect("a URL");
            let url = url
                .strip_prefix("http://hub.test")
                .expect("a URL of this server");
            owner
                .send("PUT", url, announced_bytes.clone())
                .await
                .expect(200);
            client.put(&format!("{base}/_complete"), json!({})).await
        }
        ("POST", "/v2/imagefile/:image/_multipart") => {
            client
                .post(&format!("{base}/_multipart"), json!({"filesize": size}))
                .await
        }
        ("PUT", "/v2/imagefile/:image/_multipart") => {
            let part = json!({"partSize": size, "uploadID": parts().await, "partNumber": 1, "sha256sum": ""});
            client.put(&format!("{base}/_multipart"), part).await
        }
        ("PUT", "/v2/imagefile/:image/_multipart_complete") => {
            // Nothing has arrived yet, so whoever may complete it hears that: 400.
            let parts = json!({"uploadID": parts().await, "completedParts": []});
            client
                .put(&format!("{base}/_multipart_complete"), parts)
                .await
        }
        ("PUT", "/v2/imagefile/:image/_multipart_abort") => {
            client
                .put(
                    &format!("{base}/_multipart_abort"),
                    json!({"uploadID": parts().await}),
                )
                .await
        }
        ("PUT", "/v2/imagefile/:image/_upload/:upload/:part/:capability") => {
            // The capability is what counts, and nobody here has one.
            client
                .send(
                    "PUT",
                    &format!("{base}/_upload/{announced}/1/guess"),
                    announced_bytes.clone(),
                )
                .await
        }
        _ => return None,
    };
    Some(answer.status)
}

/// Pages know people by their cookie, which nobody here has: everybody is sent to sign in, or refused.
async fn pages(path: &str, world: &World, client: &Client) -> Option<u16> {
    let (url, form) = match path {
        "/auth/sign-in" => (path.into(), "name=alice&password=wrong-password"),
        "/auth/sign-out" => (path.into(), "form_token=guess"),
        "/auth/tokens" => (
            path.into(),
            "form_token=guess&name=new&scope=write&expires=90",
        ),
        "/auth/tokens/:id/revoke" => (
            format!(
                "/auth/tokens/{}/revoke",
                world.token.trim_start_matches("token:")
            ),
            "form_token=guess",
        ),
        "/auth/password" => (path.into(), "form_token=guess&old=x&new=y&again=y"),
        "/auth/terms" => (path.into(), "form_token=guess&version=1&agree=yes"),
        "/auth/setup/:word" => (
            "/auth/setup/guess".into(),
            "name=mallory&password=a-long-password&again=a-long-password",
        ),
        _ => return None,
    };
    let client = client
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", "http://hub.test");
    Some(client.send("POST", &url, form).await.status)
}
