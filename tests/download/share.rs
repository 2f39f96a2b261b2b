//! Links that share one image.
use futures::future::join_all;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use sifhub::registry::{Scope, download::flush};

use super::{secret, serving};
use crate::support::{Answer, Client, SifBuilder, TestApp, on_each_database};

const CREATE: &str = "mutation($input: CreateShareLinkInput!) { createShareLink(input: $input) {
    secret url shareLink { id uses maxUses open note expiresAt image { digest } container { path } createdBy { name } } } }";

/// The global id of the image at a path.
async fn image(who: &Client, path: &str, reference: &str) -> Value {
    let query = "query($path: ContainerPath!, $reference: String!) { image(path: $path, reference: $reference) { id } }";
    let found = who.graphql(query, json!({"path": path, "reference": reference}));
    found.await["image"]["id"].clone()
}

/// Shares alice's private plan, with these members of the input, and tells what was answered.
async fn share(alice: &Client, more: Value) -> Value {
    let mut input = more;
    input["image"] = image(alice, "alice/secret/plan", "1").await;
    alice.graphql(CREATE, json!({ "input": input })).await["createShareLink"].clone()
}

/// The path of a link.
fn path(made: &Value) -> String {
    let url = made["url"].as_str().expect("an address");
    url.strip_prefix("http://hub.test")
        .expect("an address of this server")
        .to_owned()
}

/// All that somebody could compare.
fn told(answer: &Answer) -> (u16, String, Vec<(String, String)>) {
    let headers = answer
        .headers
        .iter()
        .filter(|(name, _)| *name != "x-request-id");
    let headers = headers.map(|(name, value)| (name.to_string(), format!("{value:?}")));
    (answer.status, answer.text(), headers.collect())
}

/// What somebody gets who never had a link.
async fn nothing(app: &TestApp) -> (u16, String, Vec<(String, String)>) {
    let guess = format!("/share/{}/plan.sif", "A".repeat(43));
    told(&app.anonymous().get(&guess).await)
}

async fn refused(who: &Client, input: Value) -> (String, String) {
    let answer = who.try_graphql(CREATE, json!({ "input": input })).await;
    let told = &answer["errors"][0]["extensions"];
    let text = |member: &str| told[member].as_str().unwrap_or_default().to_owned();
    (text("code"), text("field"))
}

on_each_database! {
    async fn whoever_has_the_link_downloads_that_image_and_nothing_else(app) {
        let (alice, digest) = secret(&app).await;
        let made = share(&alice, json!({"note": "for the reviewers", "maxUses": 5})).await;
        let link = &made["shareLink"];
        assert_eq!((&link["uses"], &link["maxUses"], &link["open"], &link["note"]), (&json!(0), &json!(5), &json!(true), &json!("for the reviewers")));
        assert_eq!((&link["image"]["digest"], &link["createdBy"]["name"]), (&json!(digest), &json!("alice")));
        let address = path(&made);
        let name = format!("plan_{}.sif", &digest[7..19]);
        assert!(address.ends_with(&format!("/{name}")), "{address}");
        for who in [app.anonymous(), app.user("bob").await] {
            let file = who.get(&address).await.expect(200);
            assert_eq!(sifhub::registry::Digest::of(&file.body).to_string(), digest);
            assert_eq!(file.header("content-disposition"), format!("attachment; filename=\"{name}\""));
            assert_eq!((file.header("cache-control"), file.header("referrer-policy"), file.header("x-robots-tag")), ("private, no-store", "no-referrer", "noindex"));
            assert_eq!(file.header("content-length"), file.body.len().to_string());
        }
        let secret = made["secret"].as_str().expect("a secret");
        let visitor = app.anonymous();
        assert_eq!(visitor.get(&format!("/sif/alice/secret/plan:1?share={secret}")).await.status, 401);
        assert_eq!(visitor.with_token(secret).get("/v1/images/alice/secret/plan:1").await.status, 401);
        visitor.get(&format!("/share/{secret}/another-name.sif")).await.expect(200);
        // The link stays with the image when the tag moves on.
        alice.push("alice/secret/plan", "1", SifBuilder::new("amd64").payload(4096, 7)).await;
        assert_eq!(sifhub::registry::Digest::of(&visitor.get(&address).await.expect(200).body).to_string(), digest);
        assert_eq!(flush(&app.operator()).await.expect("written"), 4);
        let query = r#"{ container(path: "alice/secret/plan") { downloads { byDoor { door count signedIn } } shareLinks { totalCount nodes { uses lastUsedAt } } } }"#;
        let seen = alice.graphql(query, json!({})).await["container"].clone();
        assert_eq!(seen["downloads"]["byDoor"], json!([{"door": "SHARE", "count": 4, "signedIn": 1}]));
        assert_eq!((&seen["shareLinks"]["totalCount"], &seen["shareLinks"]["nodes"][0]["uses"]), (&json!(1), &json!(4)));
    }

    async fn looking_at_a_link_and_going_on_with_a_download_uses_it_once(app) {
        let (alice, digest) = secret(&app).await;
        let address = path(&share(&alice, json!({"maxUses": 1})).await);
        let visitor = app.anonymous();
        for _ in 0..3 {
            let head = visitor.head(&address).await.expect(200);
            assert_eq!(head.header("accept-ranges"), "bytes");
        }
        visitor.header("if-none-match", &format!("\"{digest}\"")).get(&address).await.expect(304);
        let start = visitor.header("range", "bytes=0-999").get(&address).await.expect(206).body;
        let rest = visitor.header("range", "bytes=1000-").header("if-range", &format!("\"{digest}\"")).get(&address).await.expect(206).body;
        assert_eq!(sifhub::registry::Digest::of(&[start, rest].concat()).to_string(), digest);
        visitor.head(&address).await.expect(200);
        for again in [&visitor, &visitor.header("range", "bytes=0-"), &visitor.header("range", "bytes=-99999999")] {
            assert_eq!(told(&again.get(&address).await), nothing(&app).await);
        }
    }

    async fn a_link_opens_the_address_of_its_image_as_a_token_does(app) {
        let (alice, digest) = secret(&app).await;
        let made = share(&alice, json!({"maxUses": 4})).await;
        let secret = made["secret"].as_str().expect("a secret");
        let uses = async || {
            let link = alice.graphql("query($id: ID!) { node(id: $id) { ... on ShareLink { uses } } }", json!({"id": made["shareLink"]["id"]})).await;
            link["node"]["uses"].as_i64().expect("a number")
        };
        let (visitor, holder) = (app.anonymous(), app.anonymous().with_token(secret));
        let named = format!("/sif/alice/secret/plan:1?arch=amd64&token={secret}");
        for (number, (who, address)) in (1..).zip([
            (&visitor, named.as_str()), (&holder, "/sif/alice/secret/plan:1"), (&holder, &format!("/sif/alice/secret/plan@{digest}")),
        ]) {
            let head = who.head(address).await.expect(200);
            assert_eq!((head.header("etag"), head.header("accept-ranges")), (&*format!("\"{digest}\""), "bytes"));
            let file = who.get(address).await.expect(200);
            assert_eq!(sifhub::registry::Digest::of(&file.body).to_string(), digest);
            assert_eq!((file.header("cache-control"), file.header("referrer-policy")), ("private, no-store", "no-referrer"));
            assert_eq!(uses().await, number);
        }
        let line = visitor.get(&named.replace(":1?", ":1.sha256?")).await.expect(200).text();
        assert_eq!(line, format!("{}  plan_1_amd64.sif\n", digest.trim_start_matches("sha256:")));
        let start = visitor.header("range", "bytes=0-999").get(&named).await.expect(206).body;
        let rest = visitor.header("range", "bytes=1000-").get(&named).await.expect(206).body;
        assert_eq!(sifhub::registry::Digest::of(&[start, rest].concat()).to_string(), digest);
        assert_eq!(uses().await, 4);
        // It is used up.
        for (who, address) in [(&visitor, named.as_str()), (&holder, "/sif/alice/secret/plan:1")] {
            assert_eq!(told(&who.get(address).await), nothing(&app).await);
        }
    }

    async fn a_link_opens_no_address_but_that_of_its_image(app) {
        let (alice, digest) = secret(&app).await;
        alice.push("alice/secret/other", "1", SifBuilder::new("amd64").payload(4096, 5)).await;
        let made = share(&alice, json!({})).await;
        let holder = app.anonymous().with_token(made["secret"].as_str().expect("a secret"));
        let nothing = nothing(&app).await;
        for other in ["other:1", "none:1", "plan:2", "plan:1?arch=arm64", &format!("other@{digest}")] {
            assert_eq!(told(&holder.get(&format!("/sif/alice/secret/{other}")).await), nothing, "{other}");
        }
        // The tag moves on, the link stays.
        alice.push("alice/secret/plan", "1", SifBuilder::new("amd64").payload(4096, 7)).await;
        assert_eq!(told(&holder.get("/sif/alice/secret/plan:1").await), nothing);
        let by_digest = format!("/sif/alice/secret/plan@{digest}");
        holder.get(&by_digest).await.expect(200);
        let revoke = "mutation($id: ID!) { revokeShareLink(input: {id: $id}) { shareLink { open } } }";
        alice.graphql(revoke, json!({"id": made["shareLink"]["id"]})).await;
        assert_eq!(told(&holder.get(&by_digest).await), nothing);
        assert_eq!(holder.head(&by_digest).await.status, 404);
    }

    async fn what_does_not_go_on_with_a_download_is_a_use_wherever_it_begins(app) {
        let (alice, _) = secret(&app).await;
        let address = path(&share(&alice, json!({"maxUses": 1})).await);
        let visitor = app.anonymous();
        visitor.header("range", "bytes=1-").get(&address).await.expect(206);
        assert_eq!(told(&visitor.get(&address).await), nothing(&app).await);
        app.db.execute_unprepared("DELETE FROM share_use").await.expect("a day has passed");
        for late in [&visitor.header("range", "bytes=1-"), &visitor] {
            assert_eq!(told(&late.get(&address).await), nothing(&app).await);
            assert_eq!(late.head(&address).await.status, 404);
        }
    }

    async fn who_races_for_the_last_use_gets_it_once(app) {
        let (alice, _) = secret(&app).await;
        let made = share(&alice, json!({"maxUses": 3})).await;
        let address = path(&made);
        let visitors: Vec<_> = (0..30).map(|_| app.anonymous()).collect();
        let answers = join_all(visitors.iter().map(|visitor| visitor.get(&address))).await;
        let (served, others): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
        assert_eq!(served.len(), 3);
        let nothing = nothing(&app).await;
        for answer in others {
            assert_eq!(told(answer), nothing);
        }
        let link = alice.graphql("query($id: ID!) { node(id: $id) { ... on ShareLink { uses open } } }", json!({"id": made["shareLink"]["id"]})).await;
        assert_eq!(link["node"], json!({"uses": 3, "open": false}));
    }

    async fn links_that_are_over_are_as_if_there_were_none(app) {
        let (alice, _) = secret(&app).await;
        let nothing = nothing(&app).await;
        assert_eq!(nothing.0, 404);
        let visitor = app.anonymous();
        let revoked = share(&alice, json!({})).await;
        let revoke = "mutation($id: ID!) { revokeShareLink(input: {id: $id}) { shareLink { open revokedAt } } }";
        for _ in 0..2 {
            let answer = alice.graphql(revoke, json!({"id": revoked["shareLink"]["id"]})).await;
            assert_eq!(answer["revokeShareLink"]["shareLink"]["open"], false);
        }
        let expired = share(&alice, json!({"expiresIn": 3600})).await;
        app.db.execute_unprepared("UPDATE share_link SET expires_at = created_at WHERE revoked_at IS NULL").await.expect("an hour has passed");
        for over in [revoked, expired] {
            for who in [&visitor, &alice] {
                assert_eq!(told(&who.get(&path(&over)).await), nothing);
            }
            assert_eq!(visitor.head(&path(&over)).await.status, 404);
        }
        for wrong in ["", "x", &"A".repeat(42), &"A".repeat(44), &"A".repeat(5000), &"%00".repeat(43), &"é".repeat(43), "..", &"%2F".repeat(43)] {
            let address = format!("/share/{wrong}/plan.sif").replace("é", "%C3%A9");
            assert_eq!(visitor.get(&address).await.status, 404, "{wrong}");
        }
    }

    async fn a_link_dies_with_its_image_and_with_what_its_maker_may(app) {
        let (alice, _) = secret(&app).await;
        let root = app.admin("root").await;
        let nothing = nothing(&app).await;
        let visitor = app.anonymous();
        let id = image(&alice, "alice/secret/plan", "1").await;
        let of_root = root.graphql(CREATE, json!({"input": {"image": id}})).await["createShareLink"].clone();
        let of_alice = share(&alice, json!({})).await;
        for link in [&of_root, &of_alice] {
            visitor.get(&path(link)).await.expect(200);
        }
        app.db.execute_unprepared(r#"UPDATE "user" SET admin = false WHERE name = 'root'"#).await.expect("demoted");
        assert_eq!(told(&visitor.get(&path(&of_root)).await), nothing);
        visitor.get(&path(&of_alice)).await.expect(200);
        app.db.execute_unprepared(r#"UPDATE "user" SET admin = true WHERE name = 'root'"#).await.expect("promoted");
        visitor.get(&path(&of_root)).await.expect(200);
        let disable = r#"mutation { disableUser(input: {id: "alice"}) { user { id } } }"#;
        root.graphql(disable, json!({})).await;
        assert_eq!(told(&visitor.get(&path(&of_alice)).await), nothing);
        root.graphql(r#"mutation { enableUser(input: {id: "alice"}) { user { id } } }"#, json!({})).await;
        visitor.get(&path(&of_alice)).await.expect(200);
        alice.graphql("mutation($id: ID!) { deleteImage(input: {id: $id}) { deletedId } }", json!({ "id": id })).await;
        for link in [&of_root, &of_alice] {
            assert_eq!(told(&visitor.get(&path(link)).await), nothing);
        }
    }

    async fn only_who_administers_an_image_shares_it_and_knows_of_its_links(app) {
        let (alice, _) = serving(&app).await;
        let id = image(&alice, "alice/tools/hello", "1.0").await;
        let made = alice.graphql(CREATE, json!({"input": {"image": id}})).await["createShareLink"].clone();
        let link = made["shareLink"]["id"].clone();
        let reader = app.holding("alice", Scope::Read).await;
        let query = r#"query($id: ID!) { node(id: $id) { id } container(path: "alice/tools/hello") { shareLinks { totalCount nodes { id } } }
            image(path: "alice/tools/hello", reference: "1.0") { shareLinks { totalCount } } }"#;
        let none = json!({"node": null, "container": {"shareLinks": {"totalCount": 0, "nodes": []}}, "image": {"shareLinks": {"totalCount": 0}}});
        for (who, code) in [(app.anonymous(), "UNAUTHENTICATED"), (app.user("bob").await, "FORBIDDEN"), (reader, "FORBIDDEN")] {
            assert_eq!(refused(&who, json!({"image": id})).await.0, code);
            assert_eq!(who.graphql(query, json!({ "id": link })).await, none);
            let revoke = who.try_graphql("mutation($id: ID!) { revokeShareLink(input: {id: $id}) { shareLink { id } } }", json!({ "id": link })).await;
            assert_eq!(revoke["errors"][0]["extensions"]["code"], "NOT_FOUND");
        }
        let seen = alice.graphql(query, json!({ "id": link })).await;
        assert_eq!(seen, json!({"node": {"id": link}, "container": {"shareLinks": {"totalCount": 1, "nodes": [{"id": link}]}}, "image": {"shareLinks": {"totalCount": 1}}}));
        assert!(!seen.to_string().contains(made["secret"].as_str().expect("a secret")));
        let kept = app.db.query_all_raw(sea_orm::Statement::from_string(app.db.get_database_backend(), "SELECT hash FROM share_link")).await.expect("rows");
        let hash: String = kept[0].try_get("", "hash").expect("a hash");
        assert!(hash.len() == 64 && hash != made["secret"]);
    }

    async fn inputs_that_cannot_be_are_named(app) {
        let (alice, _) = serving(&app).await;
        let id = image(&alice, "alice/tools/hello", "1.0").await;
        for (more, named) in [
            (json!({"maxUses": 0}), "maxUses"), (json!({"maxUses": -1}), "maxUses"), (json!({"maxUses": 10001}), "maxUses"),
            (json!({"expiresIn": 0}), "expiresIn"), (json!({"expiresIn": -5}), "expiresIn"), (json!({"expiresIn": i32::MAX}), "expiresIn"),
            (json!({"expiresAt": "2020-01-01T00:00:00Z"}), "expiresAt"), (json!({"expiresAt": "9999-01-01T00:00:00Z"}), "expiresAt"),
            (json!({"expiresAt": "2090-01-01T00:00:00Z", "expiresIn": 60}), "expiresIn"),
            (json!({"note": "x".repeat(1001)}), "note"), (json!({"note": "a\u{0}b"}), "note"),
            (json!({"image": "alice/tools/hello"}), "image"), (json!({"image": "container:000000000000000000000001"}), "image"),
        ] {
            let mut input = more.clone();
            if input.get("image").is_none() {
                input["image"] = id.clone();
            }
            assert_eq!(refused(&alice, input).await, ("INVALID".into(), format!("input.{named}")), "{more}");
        }
        assert_eq!(refused(&alice, json!({"image": "image:000000000000000000000001"})).await.0, "NOT_FOUND");
        let brief = alice.graphql("mutation { createToken(input: {name: \"brief\", scope: WRITE, expiresAt: \"2027-01-01T00:00:00Z\"}) { secret } }", json!({})).await;
        let brief = app.anonymous().with_token(brief["createToken"]["secret"].as_str().expect("a secret"));
        assert_eq!(refused(&brief, json!({"image": id, "expiresAt": "2027-01-01T00:00:01Z"})).await.0, "FORBIDDEN");
        assert_eq!(refused(&brief, json!({"image": id})).await.0, "");
    }
}
