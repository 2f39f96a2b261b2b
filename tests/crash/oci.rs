//! A push by the OCI door over HTTP, with the server killed before every request, or at any moment.
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use bytes::Bytes;
use rand::{Rng, thread_rng};
use reqwest::{Client, Response, StatusCode, header};
use serde_json::json;
use sifhub::registry::Digest;
use tokio::time::sleep;

use super::{
    PUSHERS, Site, Target, files,
    storage::{left, on_s3},
};
use crate::support::{SifBuilder, oci::MANIFEST, postgres, s3::S3Server};

const REPOSITORY: &str = "alice/tools/crash";
/// In so many chunks.
const CHUNKS: usize = 3;

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Begin,
    /// Ask how much has arrived, and send the next of the chunks.
    Send,
    Finish,
    Configure,
    Describe,
    /// Take the layer to another repository.
    Mount,
    Done,
}

/// A SIF image on its way, as `oras` pushes it.
pub(super) struct Push {
    pub(super) next: Step,
    pub(super) layer: Bytes,
    config: Bytes,
    tag: String,
    place: String,
}

impl Push {
    pub(super) fn new() -> Self {
        Self::of_size(3 << 20)
    }

    pub(super) fn of_size(size: usize) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let layer = SifBuilder::new("amd64").payload(size, number).build();
        Self {
            next: Step::Begin,
            layer: layer.into(),
            config: json!({ "number": number }).to_string().into(),
            tag: format!("o{number}"),
            place: String::new(),
        }
    }

    fn manifest(&self) -> String {
        let part = |kind: &str, bytes: &[u8]| json!({"mediaType": kind, "digest": Digest::of(bytes).to_string(), "size": bytes.len()});
        json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": part("application/vnd.sylabs.sif.config.v1+json", &self.config),
            "layers": [part("application/vnd.sylabs.sif.layer.v1.sif", &self.layer)],
        })
        .to_string()
    }

    /// Does all that is left, which nobody refuses.
    pub(super) async fn complete(&mut self, door: &Door) {
        while self.next != Step::Done {
            self.step(door).await.expect("nothing is refused");
        }
    }

    /// Does what comes next. Tells the status when the server refuses, and forgets an upload that is gone.
    pub(super) async fn step(&mut self, door: &Door) -> Result<(), StatusCode> {
        self.next = match self.next {
            Step::Begin => {
                let begun = door
                    .send("POST", "blobs/uploads/", Bytes::new(), None)
                    .await?;
                self.place = place(&begun);
                Step::Send
            }
            Step::Send => self.send(door).await?,
            Step::Finish => {
                let path = format!("{}?digest={}", self.place, Digest::of(&self.layer));
                door.send("PUT", &path, Bytes::new(), None).await?;
                Step::Configure
            }
            Step::Configure => {
                let path = format!("blobs/uploads/?digest={}", Digest::of(&self.config));
                door.send("POST", &path, self.config.clone(), None).await?;
                Step::Describe
            }
            Step::Describe => {
                let path = format!("manifests/{}", self.tag);
                let kind = Some((header::CONTENT_TYPE, MANIFEST.to_owned()));
                door.send("PUT", &path, self.manifest().into(), kind)
                    .await?;
                Step::Mount
            }
            Step::Mount => {
                let layer = Digest::of(&self.layer);
                let path = format!("../mounted/blobs/uploads/?mount={layer}&from={REPOSITORY}");
                let mounted = door.send("POST", &path, Bytes::new(), None).await?;
                assert_eq!(mounted.status(), StatusCode::CREATED);
                Step::Done
            }
            Step::Done => Step::Done,
        };
        Ok(())
    }

    async fn send(&self, door: &Door) -> Result<Step, StatusCode> {
        let status = door.send("GET", &self.place, Bytes::new(), None).await?;
        let range = status.headers()[header::RANGE].to_str().expect("a range");
        let last: usize = range
            .split_once('-')
            .expect("a range")
            .1
            .parse()
            .expect("a number");
        // `0-0` is nothing, or one byte; a chunk is longer than that.
        let start = if last == 0 { 0 } else { last + 1 };
        if start == self.layer.len() {
            return Ok(Step::Finish);
        }
        let chunk = self.layer.slice(
            start
                ..self
                    .layer
                    .len()
                    .min(start + self.layer.len().div_ceil(CHUNKS)),
        );
        let range = format!("{start}-{}", start + chunk.len() - 1);
        door.send(
            "PATCH",
            &self.place,
            chunk,
            Some((header::CONTENT_RANGE, range)),
        )
        .await?;
        Ok(Step::Send)
    }

    /// The same after a collection that gives no time of grace: it takes what was mounted, since no manifest there names it.
    pub(super) async fn check_collected(&mut self, door: &Door) {
        self.next = self.next.min(Step::Mount);
        self.check(door).await;
    }

    /// What was acknowledged is there, whole; what was not is not to be seen.
    pub(super) async fn check(&self, door: &Door) {
        let layer = format!("blobs/{}", Digest::of(&self.layer));
        let config = format!("blobs/{}", Digest::of(&self.config));
        let mounted = format!("../mounted/{layer}");
        for (path, bytes, acknowledged) in [
            (layer, &self.layer, self.next > Step::Finish),
            (config, &self.config, self.next > Step::Configure),
            (mounted, &self.layer, self.next > Step::Mount),
        ] {
            match door.send("GET", &path, Bytes::new(), None).await {
                Ok(answer) => assert_eq!(
                    &answer.bytes().await.expect("it is not cut"),
                    bytes,
                    "{path} is damaged"
                ),
                Err(status) => assert_eq!(
                    (status, acknowledged),
                    (StatusCode::NOT_FOUND, false),
                    "{path}"
                ),
            }
        }
        let manifest = door
            .send(
                "GET",
                &format!("manifests/{}", self.tag),
                Bytes::new(),
                None,
            )
            .await;
        match manifest {
            Ok(answer) => assert_eq!(answer.text().await.expect("it is not cut"), self.manifest()),
            Err(status) => assert_eq!(
                (status, self.next > Step::Describe),
                (StatusCode::NOT_FOUND, false)
            ),
        }
    }
}

/// The place of an upload, as a path below the repository.
fn place(begun: &Response) -> String {
    let place = begun.headers()[header::LOCATION].to_str().expect("a place");
    let (_, path) = place
        .split_once(&format!("/v2/{REPOSITORY}/"))
        .expect("below the repository");
    path.to_owned()
}

/// The OCI door of a server.
pub(super) struct Door {
    base: String,
    token: String,
    http: Client,
    /// Whether the server may go at any moment.
    is_killed: bool,
}

/// What is told for an answer where nobody is.
const NOBODY: StatusCode = StatusCode::BAD_GATEWAY;

impl Door {
    pub(super) fn of(target: &Target) -> Self {
        Self {
            base: format!("{}/v2/{REPOSITORY}", target.base),
            token: target.token.clone(),
            http: target.http.clone(),
            is_killed: false,
        }
    }

    fn of_killed(target: &Target) -> Self {
        Self {
            is_killed: true,
            ..Self::of(target)
        }
    }

    pub(super) async fn send(
        &self,
        method: &str,
        path: &str,
        body: Bytes,
        header: Option<(header::HeaderName, String)>,
    ) -> Result<Response, StatusCode> {
        let url = format!("{}/{path}", self.base);
        let mut request = self
            .http
            .request(method.parse().expect("a method"), url)
            .bearer_auth(&self.token)
            .body(body);
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        let answer = match request.send().await {
            Err(_) if self.is_killed => return Err(NOBODY),
            answer => answer.expect("the server is there"),
        };
        match answer.status() {
            status if status.is_success() => Ok(answer),
            status => Err(status),
        }
    }
}

/// Pushes with a kill before every request; a client that asks how much has arrived gets through.
async fn push_through_crashes(settings: &[(&str, &str)]) {
    let mut site = Site::new(settings).await;
    let door = Door::of(&site.target);
    let mut push = Push::new();
    while push.next != Step::Done {
        site.crash();
        push.check(&door).await;
        push.step(&door).await.expect("nothing is refused");
    }
    site.crash();
    push.check(&door).await;
    site.server.cli(&["gc", "--grace", "0s"]);
    push.check_collected(&door).await;
}

#[tokio::test]
async fn oci_push_goes_on_after_a_kill_between_any_two_requests() {
    push_through_crashes(&[]).await;
}

#[tokio::test]
async fn oci_push_goes_on_after_a_kill_on_postgres() {
    postgres::server().create("crash_oci", None);
    let url = postgres::server().url("crash_oci");
    push_through_crashes(&[("database.url", &url)]).await;
}

#[tokio::test]
async fn oci_push_goes_on_after_a_kill_on_s3() {
    let s3 = S3Server::shared().await;
    let bucket = s3.bucket().await;
    push_through_crashes(&on_s3(&s3.endpoint, &bucket)).await;
    assert_eq!(left(&s3.endpoint, &bucket).await, [""; 0]);
}

#[tokio::test]
async fn uploads_that_were_cut_leave_nothing_behind() {
    let mut site = Site::new(&[("storage.staging_retention", "1s")]).await;
    let door = Door::of(&site.target);
    for stop in [Step::Send, Step::Finish, Step::Configure, Step::Describe] {
        let mut push = Push::new();
        while push.next != stop {
            push.step(&door).await.expect("nothing is refused");
        }
        site.crash();
    }
    // Uploads may go on for as long as the server says.
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    site.server.cli(&["gc", "--grace", "0s"]);
    // Links of blobs that no manifest names go first, and their bytes when they are gone.
    site.server.cli(&["gc", "--grace", "0s"]);
    assert_eq!(files(&site.dir.path().join("data/blobs")), 0);
}

/// Pushes one image after the other until the server is gone.
async fn pusher(target: Target) -> Vec<Push> {
    let door = Door::of_killed(&target);
    let mut pushes = Vec::new();
    loop {
        let mut push = Push::of_size(300_000);
        while push.next != Step::Done {
            let step = push.step(&door).await;
            if let Err(status) = step {
                assert_eq!(status, NOBODY, "{:?}", push.next);
                pushes.push(push);
                return pushes;
            }
        }
        pushes.push(push);
    }
}

#[tokio::test]
async fn oci_pushes_survive_a_kill_at_any_moment_and_go_on_where_they_were() {
    let mut site = Site::new(&[]).await;
    let (mut all, mut acknowledged) = (Vec::new(), 0);
    for round in 0.. {
        // On a busy machine a server may go before anything was pushed whole.
        if round >= 15 && acknowledged > 0 {
            break;
        }
        let pushers = (0..PUSHERS).map(|_| tokio::spawn(pusher(site.target.clone())));
        let pushers: Vec<_> = pushers.collect();
        sleep(Duration::from_millis(thread_rng().gen_range(20..800))).await;
        site.server.kill();
        let mut pushes = Vec::new();
        for pusher in pushers {
            pushes.extend(pusher.await.expect("the server refused nothing"));
        }
        site.server.start();
        let door = Door::of(&site.target);
        for push in &mut pushes {
            push.check(&door).await;
            acknowledged += usize::from(push.next == Step::Done);
            // What was under way goes on: the same request is sent again.
            push.complete(&door).await;
        }
        all.append(&mut pushes);
    }
    site.age_claims().await;
    site.server.cli(&["gc", "--grace", "0s"]);
    let door = Door::of(&site.target);
    for push in &mut all {
        push.check_collected(&door).await;
    }
    let scrubbed = site.server.cli(&["scrub", "--older-than", "0s"]);
    assert_eq!(scrubbed, "", "nothing is damaged or missing");
}
