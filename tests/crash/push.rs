//! A push over HTTP, request by request, that remembers how far it came and what the server has acknowledged.
use bytes::Bytes;
use reqwest::{Client, Response};
use serde_json::{Value, json};
use sifhub::registry::Digest;

/// Where pushes go, and who pushes.
#[derive(Clone)]
pub struct Target {
    /// Without a slash at the end.
    pub base: String,
    pub token: String,
    /// `namespace/collection/container`, and the container's id.
    pub container: (&'static str, String),
    pub http: Client,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Announce,
    Start,
    /// Ask where part number … is to go. Only for several parts.
    Ask(u32),
    /// Send part number …
    Send(u32),
    Complete,
    Tag,
    Done,
}

/// One image on its way.
pub struct Push {
    pub next: Step,
    pub digest: Digest,
    pub tag: String,
    bytes: Bytes,
    in_parts: bool,
    image: String,
    upload: String,
    part_size: usize,
    part_count: u32,
    url: String,
    etags: Vec<String>,
}

impl Push {
    /// The push of these bytes under this tag, not begun.
    pub fn new(bytes: Bytes, tag: String, in_parts: bool) -> Self {
        let digest = Digest::of(&bytes);
        let (image, upload, url) = <(String, String, String)>::default();
        let (next, part_size, part_count) = (Step::Announce, bytes.len(), 1);
        Self {
            next,
            digest,
            tag,
            bytes,
            in_parts,
            image,
            upload,
            part_size,
            part_count,
            url,
            etags: Vec::new(),
        }
    }

    /// Whether the server has said that it has the image.
    pub fn is_complete(&self) -> bool {
        matches!(self.next, Step::Tag | Step::Done)
    }

    /// The push without what it carries: many would fill the memory.
    pub fn without_bytes(self) -> Self {
        let bytes = Bytes::new();
        Self { bytes, ..self }
    }

    /// Does what comes next, with one request.
    ///
    /// # Errors
    /// When the request was cut.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn step(&mut self, target: &Target) -> reqwest::Result<()> {
        self.next = match self.next {
            Step::Announce => self.announce(target).await?,
            Step::Start => self.start(target).await?,
            Step::Ask(number) => self.ask(target, number).await?,
            Step::Send(number) => self.send(target, number).await?,
            Step::Complete => self.complete(target).await?,
            Step::Tag => self.set_tag(target).await?,
            Step::Done => Step::Done,
        };
        Ok(())
    }

    async fn announce(&mut self, target: &Target) -> reqwest::Result<Step> {
        let hash = format!("sha256.{}", self.digest.hex());
        let new = json!({"hash": hash, "container": target.container.1});
        let answer = target.call("POST", "/v1/images", new).await?;
        self.image = text(&answer["id"]);
        Ok(Step::Start)
    }

    async fn start(&mut self, target: &Target) -> reqwest::Result<Step> {
        let path = format!("/v2/imagefile/{}", self.image);
        let size = self.bytes.len();
        if self.in_parts {
            let path = format!("{path}/_multipart");
            let answer = target
                .call("POST", &path, json!({"filesize": size}))
                .await?;
            self.upload = text(&answer["uploadID"]);
            let number = |name: &str| answer[name].as_u64().expect("a number");
            self.part_size = usize::try_from(number("partSize")).expect("it fits");
            self.part_count = u32::try_from(number("totalParts")).expect("it fits");
            return Ok(Step::Ask(1));
        }
        let sum = json!({"filesize": size, "sha256sum": self.digest.hex()});
        let answer = target.call("POST", &path, sum).await?;
        self.url = text(&answer["uploadURL"]);
        Ok(Step::Send(1))
    }

    async fn ask(&mut self, target: &Target, number: u32) -> reqwest::Result<Step> {
        let path = format!("/v2/imagefile/{}/_multipart", self.image);
        let part = json!({"uploadID": self.upload, "partNumber": number, "partSize": self.part(number).len()});
        let answer = target.call("PUT", &path, part).await?;
        self.url = text(&answer["presignedURL"]);
        Ok(Step::Send(number))
    }

    async fn send(&mut self, target: &Target, number: u32) -> reqwest::Result<Step> {
        let request = target.http.put(&self.url).body(self.part(number));
        let answer = accepted(request.send().await?).await?;
        let etag = answer
            .headers()
            .get("etag")
            .map(|value| value.to_str().expect("text").to_owned());
        self.etags.push(etag.unwrap_or_default());
        let last = number == self.part_count;
        Ok(if last {
            Step::Complete
        } else {
            Step::Ask(number + 1)
        })
    }

    async fn complete(&mut self, target: &Target) -> reqwest::Result<Step> {
        let path = format!("/v2/imagefile/{}", self.image);
        let part = |(number, etag): (u32, &String)| json!({"partNumber": number, "token": etag});
        let parts: Vec<Value> = (1..).zip(&self.etags).map(part).collect();
        let (path, body) = if self.in_parts {
            let body = json!({"uploadID": self.upload, "completedParts": parts});
            (format!("{path}/_multipart_complete"), body)
        } else {
            (format!("{path}/_complete"), json!({}))
        };
        target.call("PUT", &path, body).await?;
        Ok(Step::Tag)
    }

    async fn set_tag(&mut self, target: &Target) -> reqwest::Result<Step> {
        let tag = json!({"Arch": "amd64", "Tag": self.tag, "ImageID": self.image});
        let path = format!("/v2/tags/{}", target.container.1);
        target.call("POST", &path, tag).await?;
        Ok(Step::Done)
    }

    fn part(&self, number: u32) -> Bytes {
        let from = (number as usize - 1) * self.part_size;
        self.bytes
            .slice(from..self.bytes.len().min(from + self.part_size))
    }
}

impl Target {
    /// Asks the library for something, and gives its `data`.
    pub async fn call(&self, method: &str, path: &str, body: Value) -> reqwest::Result<Value> {
        let url = format!("{}{path}", self.base);
        let method = method.parse().expect("a method");
        let request = self.http.request(method, url).bearer_auth(&self.token);
        let answer = accepted(request.body(body.to_string()).send().await?).await?;
        let answer: Value = answer.json().await?;
        Ok(answer["data"].clone())
    }

    /// Asks for an image, or its bytes; `None` when it is not there.
    pub async fn get(&self, kind: &str, reference: &str, token: &str) -> Option<Bytes> {
        let url = format!("{}/v1/{kind}/{}:{reference}", self.base, self.container.0);
        let mut request = self.http.get(url);
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.expect("the server is there");
        if answer.status() == 404 {
            return None;
        }
        let answer = accepted(answer).await.expect("the server is there");
        Some(answer.bytes().await.expect("it is not cut"))
    }
}

/// The answer, which must be a success.
async fn accepted(answer: Response) -> reqwest::Result<Response> {
    let (status, url) = (answer.status(), answer.url().clone());
    if status == 200 {
        return Ok(answer);
    }
    panic!("{url}: {status} {}", answer.text().await?);
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
