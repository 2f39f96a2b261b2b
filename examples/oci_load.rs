//! Pushes to any OCI registry as fast as it takes it, for `make bench`: the same client for all that are compared.
//!
//! `oci_load BASE REPOSITORY WORK SIZE SECONDS [TOKEN]`, where WORK is `push` (one POST, one PUT of SIZE bytes), `chunked`
//! (one POST, four PATCHes, one PUT) or `mixed` (three pulls of a blob pushed before, to one push). Over 16 connections.
//! Prints how many blobs a second, and within how many milliseconds half and all but one in a hundred were done.
use std::{
    env,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use reqwest::{Client, RequestBuilder, Response, StatusCode, header};
use url::Url;

const CONNECTIONS: usize = 16;
const CHUNKS: usize = 4;

/// What is asked of the registry.
#[derive(Clone)]
struct Load {
    client: Client,
    repository: Url,
    work: String,
    size: usize,
    token: Option<String>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    let [base, repository, work, size, seconds, token @ ..] = &words[..] else {
        anyhow::bail!("usage: oci_load BASE REPOSITORY WORK SIZE SECONDS [TOKEN]");
    };
    let load = Load {
        client: Client::builder()
            .pool_max_idle_per_host(CONNECTIONS)
            .build()?,
        repository: Url::parse(base)?.join(&format!("/v2/{repository}/"))?,
        work: work.clone(),
        size: size.parse()?,
        token: token.first().cloned(),
    };
    let end = Instant::now() + Duration::from_secs(seconds.parse()?);
    let start = Instant::now();
    let workers = (0..CONNECTIONS).map(|_| tokio::spawn(load.clone().run(end)));
    let mut times = Vec::new();
    for worker in workers.collect::<Vec<_>>() {
        times.extend(worker.await??);
    }
    let rate = times.len() as f64 / start.elapsed().as_secs_f64();
    times.sort_unstable();
    let within = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e3;
    println!("{rate:.2} {:.3} {:.3}", within(50), within(99));
    Ok(())
}

impl Load {
    async fn run(self, end: Instant) -> Result<Vec<Duration>> {
        let mut times = Vec::new();
        let mut pushed = self.push(1).await?;
        while Instant::now() < end {
            let start = Instant::now();
            match (self.work.as_str(), times.len() % 4) {
                ("push", _) | ("mixed", 3) => pushed = self.push(1).await?,
                ("chunked", _) => pushed = self.push(CHUNKS).await?,
                ("mixed", _) => self.pull(&pushed).await?,
                (other, _) => anyhow::bail!("{other} is no work"),
            }
            times.push(start.elapsed());
        }
        Ok(times)
    }

    /// Pushes bytes that nobody has seen, and gives their digest.
    async fn push(&self, chunks: usize) -> Result<String> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let mut bytes = vec![0; self.size];
        let unique = [
            u64::from(std::process::id()),
            NEXT.fetch_add(1, Ordering::Relaxed),
        ];
        bytes[..8].copy_from_slice(&unique[0].to_le_bytes());
        bytes[8..16].copy_from_slice(&unique[1].to_le_bytes());
        let name = format!(
            "sha256:{}",
            HEXLOWER.encode(digest(&SHA256, &bytes).as_ref())
        );
        let bytes = Bytes::from(bytes);
        let opened = self
            .send(self.client.post(self.repository.join("blobs/uploads/")?))
            .await?;
        let mut place = location(&opened, StatusCode::ACCEPTED)?;
        let rest = if chunks > 1 {
            let length = self.size.div_ceil(chunks);
            for (number, start) in (0..self.size).step_by(length).enumerate() {
                let chunk = bytes.slice(start..(start + length).min(self.size));
                let range = format!("{start}-{}", start + chunk.len() - 1);
                let patch = self
                    .client
                    .patch(place)
                    .header(header::CONTENT_RANGE, range);
                let taken = self.send(octets(patch, chunk)).await?;
                place = location(&taken, StatusCode::ACCEPTED)
                    .with_context(|| format!("chunk {number}"))?;
            }
            Bytes::new()
        } else {
            bytes
        };
        place.query_pairs_mut().append_pair("digest", &name);
        let stored = self.send(octets(self.client.put(place), rest)).await?;
        ensure!(
            stored.status() == StatusCode::CREATED,
            "PUT: {}",
            stored.status()
        );
        Ok(name)
    }

    async fn pull(&self, digest: &str) -> Result<()> {
        let answer = self
            .send(
                self.client
                    .get(self.repository.join(&format!("blobs/{digest}"))?),
            )
            .await?;
        ensure!(
            answer.status() == StatusCode::OK,
            "GET: {}",
            answer.status()
        );
        ensure!(answer.bytes().await?.len() == self.size, "a blob is short");
        Ok(())
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response> {
        let request = match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        Ok(request.send().await?)
    }
}

fn octets(request: RequestBuilder, bytes: Bytes) -> RequestBuilder {
    request
        .header(header::CONTENT_TYPE, "application/octet-stream")
        .body(bytes)
}

/// Where an upload goes on.
fn location(answer: &Response, expected: StatusCode) -> Result<Url> {
    ensure!(
        answer.status() == expected,
        "{}: {}",
        answer.url(),
        answer.status()
    );
    let place = answer
        .headers()
        .get(header::LOCATION)
        .context("an answer without Location")?;
    Ok(answer.url().join(place.to_str()?)?)
}
