use sifhub::config::ByteSize;

use super::*;

const PATH: &str = "alice/tools/alpine";

/// A server that takes parts of 5 MiB.
async fn server() -> TestApp {
    TestApp::configured(|config| config.registry.part_size = ByteSize::from_mib(5)).await
}

/// An upload in parts, under way.
struct Upload {
    alice: Client,
    stranger: Client,
    container: String,
    image: String,
    id: String,
    bytes: Vec<u8>,
}

impl Upload {
    async fn begin(app: &TestApp) -> Self {
        let alice = app.user("alice").await;
        let bytes = SifBuilder::new("amd64").payload(12 << 20, 3).build();
        let container = container(&alice, PATH).await;
        let image = announce(&alice, &container, &bytes).await;
        let new = json!({"filesize": bytes.len()});
        let begun = alice
            .post(&format!("/v2/imagefile/{image}/_multipart"), new)
            .await;
        let begun = begun.expect(200).json()["data"].clone();
        assert_eq!(begun["totalParts"], 3);
        assert_eq!(begun["partSize"], 5 << 20);
        assert_eq!(begun["options"]["s3compliant"], "false");
        let id = begun["uploadID"].as_str().expect("text").to_owned();
        Self {
            alice,
            stranger: app.anonymous(),
            container,
            image,
            id,
            bytes,
        }
    }

    async fn path(&self, number: usize) -> Answer {
        let part = json!({"uploadID": self.id, "partNumber": number, "partSize": 5 << 20, "sha256sum": ""});
        self.alice
            .put(&format!("/v2/imagefile/{}/_multipart", self.image), part)
            .await
    }

    /// Sends a part; tells its token.
    async fn send(&self, number: usize, bytes: &[u8]) -> String {
        let path = path_of(&self.path(number).await.expect(200).json()["data"]["presignedURL"]);
        let sent = self
            .stranger
            .send("PUT", &path, bytes.to_vec())
            .await
            .expect(200);
        assert!(sent.header("etag").starts_with('"'));
        sent.header("etag").to_owned()
    }

    fn part(&self, number: usize) -> &[u8] {
        self.bytes.chunks(5 << 20).nth(number - 1).expect("a part")
    }

    async fn complete(&self, tokens: &[String]) -> Answer {
        let parts: Vec<_> = (1..)
            .zip(tokens)
            .map(|(number, token)| json!({"partNumber": number, "token": token}))
            .collect();
        let end = json!({"uploadID": self.id, "completedParts": parts});
        self.alice
            .put(
                &format!("/v2/imagefile/{}/_multipart_complete", self.image),
                end,
            )
            .await
    }
}

#[tokio::test]
async fn an_image_arrives_in_parts() {
    let app = server().await;
    let upload = Upload::begin(&app).await;
    let mut tokens = Vec::new();
    for number in 1..=3 {
        tokens.push(upload.send(number, upload.part(number)).await);
    }
    let done = upload.complete(&tokens).await.expect(200).json();
    assert_eq!(done["data"]["containerUrl"], "library/alice/tools/alpine");
    tag(
        &upload.alice,
        &upload.container,
        "1",
        "amd64",
        &upload.image,
    )
    .await
    .expect(200);
    let pulled = app
        .anonymous()
        .get(&format!("/v1/imagefile/{PATH}:1"))
        .await
        .expect(200);
    assert!(pulled.body == upload.bytes);
    upload.complete(&tokens).await.expect(200);
}

#[tokio::test]
async fn parts_may_come_in_any_order_and_again() {
    let app = server().await;
    let upload = Upload::begin(&app).await;
    let mut tokens = vec![String::new(); 3];
    for number in [3, 1, 2, 2, 1] {
        tokens[number - 1] = upload.send(number, upload.part(number)).await;
    }
    upload.complete(&tokens).await.expect(200);
}

#[tokio::test]
async fn a_missing_part_is_told() {
    let app = server().await;
    let upload = Upload::begin(&app).await;
    upload.send(1, upload.part(1)).await;
    upload.send(3, upload.part(3)).await;
    assert!(refused(&upload.complete(&[]).await, 400).contains("2 of 3"));
    nothing_is_visible(&app, PATH).await;
    upload.send(2, upload.part(2)).await;
    upload.complete(&[]).await.expect(200);
}

#[tokio::test]
async fn a_part_of_the_wrong_length_or_number_is_refused() {
    let app = server().await;
    let upload = Upload::begin(&app).await;
    refused(&upload.path(0).await, 400);
    refused(&upload.path(4).await, 400);
    let path = path_of(&upload.path(2).await.expect(200).json()["data"]["presignedURL"]);
    refused(
        &upload
            .stranger
            .send("PUT", &path, upload.part(3).to_vec())
            .await,
        400,
    );
    refused(
        &upload
            .stranger
            .send("PUT", &path, vec![0; (5 << 20) + 1])
            .await,
        400,
    );
    let first = path_of(&upload.path(1).await.expect(200).json()["data"]["presignedURL"]);
    refused(
        &upload
            .stranger
            .send("PUT", &first, upload.part(2).to_vec())
            .await,
        400,
    );
}

#[tokio::test]
async fn parts_that_are_not_those_sent_are_refused() {
    let app = server().await;
    let upload = Upload::begin(&app).await;
    let mut tokens = Vec::new();
    for number in 1..=3 {
        tokens.push(upload.send(number, upload.part(number)).await);
    }
    let wrong = [tokens[0].clone(), tokens[0].clone(), tokens[2].clone()];
    assert!(refused(&upload.complete(&wrong).await, 400).contains("part 2"));
    refused(&upload.complete(&["\"etag-1\"".to_owned()]).await, 400);
    let many: Vec<_> = tokens.iter().chain(&tokens).cloned().collect();
    refused(&upload.complete(&many).await, 400);
    nothing_is_visible(&app, PATH).await;
    upload.complete(&tokens).await.expect(200);
}

#[tokio::test]
async fn parts_of_another_image_leave_nothing() {
    let app = server().await;
    let upload = Upload::begin(&app).await;
    upload.send(1, upload.part(1)).await;
    upload.send(2, &vec![9; 5 << 20]).await;
    upload.send(3, upload.part(3)).await;
    refused(&upload.complete(&[]).await, 400);
    nothing_is_visible(&app, PATH).await;
    let leftovers = app
        .storage
        .staged_older_than(std::time::Duration::ZERO)
        .await
        .expect("a list");
    assert!(leftovers.is_empty(), "{leftovers:?}");
}

#[tokio::test]
async fn an_upload_that_is_given_up_leaves_nothing() {
    let app = server().await;
    let upload = Upload::begin(&app).await;
    let late = path_of(&upload.path(2).await.expect(200).json()["data"]["presignedURL"]);
    upload.send(1, upload.part(1)).await;
    let end = json!({"uploadID": upload.id});
    let path = format!("/v2/imagefile/{}/_multipart_abort", upload.image);
    upload.alice.put(&path, end.clone()).await.expect(200);
    refused(&upload.alice.put(&path, end).await, 404);
    refused(
        &upload
            .stranger
            .send("PUT", &late, upload.part(2).to_vec())
            .await,
        404,
    );
    refused(&upload.complete(&[]).await, 404);
    nothing_is_visible(&app, PATH).await;
    let leftovers = app
        .storage
        .staged_older_than(std::time::Duration::ZERO)
        .await
        .expect("a list");
    assert!(leftovers.is_empty(), "{leftovers:?}");
}

#[tokio::test]
async fn an_upload_belongs_to_its_image() {
    let app = server().await;
    let upload = Upload::begin(&app).await;
    let other = announce(&upload.alice, &upload.container, b"other bytes").await;
    let part = json!({"uploadID": upload.id, "partNumber": 1});
    refused(
        &upload
            .alice
            .put(&format!("/v2/imagefile/{other}/_multipart"), part)
            .await,
        404,
    );
    let bob = app.user("bob").await;
    let part = json!({"uploadID": upload.id, "partNumber": 1});
    refused(
        &bob.put(&format!("/v2/imagefile/{}/_multipart", upload.image), part)
            .await,
        404,
    );
    let nonsense = json!({"uploadID": "UP1", "partNumber": 1});
    refused(
        &upload
            .alice
            .put(
                &format!("/v2/imagefile/{}/_multipart", upload.image),
                nonsense,
            )
            .await,
        400,
    );
}
