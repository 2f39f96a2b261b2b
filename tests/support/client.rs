//! People who use the server, with what they hold in their hands.
use std::sync::Arc;

use poem::{Body, Endpoint, Request, endpoint::BoxEndpoint, http::HeaderMap};
use serde_json::{Value, json};

use super::{Listening, SifBuilder};

/// Somebody who sends requests.
#[derive(Clone)]
pub struct Client {
    endpoint: Arc<BoxEndpoint<'static, poem::Response>>,
    headers: Vec<(String, String)>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body; what arrived of it, when it broke off.
    pub body: Vec<u8>,
}

impl Client {
    /// Somebody who shows nothing.
    pub fn new(endpoint: Arc<BoxEndpoint<'static, poem::Response>>) -> Self {
        Self {
            endpoint,
            headers: vec![("host".into(), "hub.test".into())],
        }
    }

    /// The same person at another server.
    pub fn at(&self, app: &super::TestApp) -> Self {
        Self {
            endpoint: app.endpoint(),
            ..self.clone()
        }
    }

    /// The same person with a token.
    pub fn with_token(&self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Somebody else at the same server, who shows nothing.
    pub fn with_nothing(&self) -> Self {
        Self::new(self.endpoint.clone())
    }

    /// The token this person holds.
    pub fn token(&self) -> &str {
        Some(self.shown())
            .filter(|token| !token.is_empty())
            .expect("this client has a token")
    }

    /// The token this person holds; empty if none.
    pub fn shown(&self) -> &str {
        let header = self
            .headers
            .iter()
            .rev()
            .find(|(name, _)| name == "authorization");
        let token = header.and_then(|(_, value)| value.strip_prefix("Bearer "));
        token.unwrap_or_default()
    }

    /// The same person, who sends a further header.
    pub fn header(&self, name: &str, value: &str) -> Self {
        let mut other = self.clone();
        other.headers.retain(|(known, _)| known != name);
        other.headers.push((name.into(), value.into()));
        other
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, Body::empty()).await
    }

    pub async fn head(&self, path: &str) -> Answer {
        self.send("HEAD", path, Body::empty()).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, Body::empty()).await
    }

    /// Posts JSON without saying that it is JSON, as the real clients do.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, Body::from(body.to_string())).await
    }

    /// Puts JSON without saying that it is JSON, as the real clients do.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send("PUT", path, Body::from(body.to_string())).await
    }

    /// Sends a request.
    pub async fn send(&self, method: &str, path: &str, body: impl Into<Body>) -> Answer {
        let response = self.response(method, path, body.into()).await;
        let (parts, body) = response.into_parts();
        let body = body.into_vec().await.unwrap_or_default();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
        }
    }

    async fn response(&self, method: &str, path: &str, body: Body) -> poem::Response {
        let mut request = Request::builder()
            .method(method.parse().expect("a method"))
            .uri_str(path);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        self.endpoint.get_response(request.body(body)).await
    }

    /// Sends an operation to the graph, and takes its answers as server-sent events.
    pub async fn listen(&self, operation: &str, variables: Value) -> Listening {
        let body = json!({"query": operation, "variables": variables});
        let client = self
            .header("content-type", "application/json")
            .header("accept", "text/event-stream");
        let body = Body::from(body.to_string());
        Listening::new(client.response("POST", "/graphql", body).await)
    }

    /// Asks the graph, and expects an answer without errors.
    pub async fn graphql(&self, query: &str, variables: Value) -> Value {
        let answer = self.try_graphql(query, variables).await;
        assert!(answer.get("errors").is_none(), "{query}: {answer:#}");
        answer["data"].clone()
    }

    /// Asks the graph, whatever it answers.
    pub async fn try_graphql(&self, query: &str, variables: Value) -> Value {
        let body = json!({"query": query, "variables": variables});
        let answer = self
            .header("content-type", "application/json")
            .post("/graphql", body)
            .await;
        answer.json()
    }

    /// Pushes an image as the real client does, and tells its `sha256:<hex>`.
    pub async fn push(&self, path: &str, tag: &str, image: SifBuilder) -> String {
        let arch = image.arch().to_owned();
        let bytes = image.build();
        let digest = sifhub::registry::Digest::of(&bytes);
        let [namespace, collection, container] = path.split('/').collect::<Vec<_>>()[..] else {
            panic!("{path}")
        };
        let namespace = self
            .ensure("entities", namespace, json!({"name": namespace}))
            .await;
        let place = json!({"name": collection, "entity": namespace});
        let collection = self
            .ensure(
                "collections",
                &path[..path.rfind('/').expect("parts")],
                place,
            )
            .await;
        let container = self
            .ensure(
                "containers",
                path,
                json!({"name": container, "collection": collection}),
            )
            .await;
        let image = json!({"hash": format!("sha256.{}", digest.hex()), "container": container});
        let image = self.post("/v1/images", image).await.expect(200).json();
        let image = image["data"].clone();
        let id = image["id"].as_str().expect("an id").to_owned();
        if image["uploaded"] != true {
            let size = json!({"filesize": bytes.len(), "sha256sum": digest.hex(), "md5sum": ""});
            let upload = self
                .post(&format!("/v2/imagefile/{id}"), size)
                .await
                .expect(200)
                .json();
            let url = upload["data"]["uploadURL"]
                .as_str()
                .expect("a URL")
                .to_owned();
            let url = url
                .strip_prefix("http://hub.test")
                .expect("a URL of this server");
            let bearer = Client::new(self.endpoint.clone());
            bearer.send("PUT", url, bytes).await.expect(200);
            self.put(&format!("/v2/imagefile/{id}/_complete"), json!({}))
                .await
                .expect(200);
        }
        let tag = json!({"Arch": arch, "Tag": tag, "ImageID": id});
        self.post(&format!("/v2/tags/{container}"), tag)
            .await
            .expect(200);
        digest.to_string()
    }

    async fn ensure(&self, kind: &str, path: &str, new: Value) -> String {
        let mut answer = self.get(&format!("/v1/{kind}/{path}")).await;
        if answer.status == 404 {
            answer = self.post(&format!("/v1/{kind}"), new).await.expect(200);
        }
        answer.json()["data"]["id"]
            .as_str()
            .expect("an id")
            .to_owned()
    }
}

impl Answer {
    /// The answer, which must have this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header, empty when absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}
