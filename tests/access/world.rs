//! A little of everything, owned by one user.
use pgp::{
    composed::{KeyType, SecretKeyParamsBuilder, SignedPublicKey},
    types::KeyDetails,
};
use serde_json::json;
use sifhub::registry::Scope;

use crate::support::{Client, SifBuilder, TestApp};

/// Those who own nothing, by what they may do in all worlds.
pub struct People {
    pub stranger: Client,
    /// Were granted read, write and admin on the namespace.
    pub reader: Client,
    pub writer: Client,
    pub keeper: Client,
    /// Are in the team, which was granted read on the namespace.
    pub member: Client,
    pub maintainer: Client,
    /// Administers the site.
    pub admin: Client,
}

impl People {
    pub async fn new(app: &TestApp) -> Self {
        Self {
            stranger: app.user("stranger").await,
            reader: app.user("reader").await,
            writer: app.user("writer").await,
            keeper: app.user("keeper").await,
            member: app.user("member").await,
            maintainer: app.user("maintainer").await,
            admin: app.admin("root").await,
        }
    }
}

/// What an owner has.
#[derive(Clone)]
pub struct World {
    /// With the scope write.
    pub owner: Client,
    /// The owner, with a token that may only read.
    pub reading: Client,
    /// Who administers the server.
    pub admin: Client,
    /// The owner's name, which is also the namespace's.
    pub name: String,
    /// `namespace/collection/container`.
    pub path: String,
    /// The image's `sha256:<hex>`.
    pub digest: String,
    /// Ids of the library door.
    pub namespace: String,
    pub collection: String,
    pub container: String,
    pub image: String,
    /// An image that is announced but not uploaded, and its bytes.
    pub announced: String,
    pub announced_bytes: Vec<u8>,
    /// The tag's global id.
    pub tag: String,
    /// The global id of the owner, and of a token of theirs.
    pub user: String,
    pub token: String,
    /// A team of theirs, an invitation into it, the secret of another, and a grant of theirs to it: their global ids.
    pub team: String,
    pub invitation: String,
    pub secret: String,
    pub grant: String,
    /// The fingerprint of a key of theirs, and another key that nobody has pushed.
    pub key: String,
    pub new_key: String,
    /// A topic of the container.
    pub topic: String,
}

impl World {
    /// The same at another server.
    pub fn at(&self, app: &TestApp) -> Self {
        Self {
            owner: self.owner.at(app),
            reading: self.reading.at(app),
            admin: self.admin.at(app),
            ..self.clone()
        }
    }

    /// The world of `owner<number>`.
    pub async fn new(app: &TestApp, people: &People, number: usize, visibility: &str) -> Self {
        let name = format!("owner{number}");
        let owner = app.user(&name).await;
        let reading = app.holding(&name, Scope::Read).await;
        let path = format!("{name}/tools/hello");
        let namespace = id_of(&owner, &format!("/v1/entities/{name}")).await;
        let new = json!({"name": "tools", "entity": namespace, "private": visibility == "private"});
        owner.post("/v1/collections", new).await.expect(200);
        if visibility == "internal" {
            let id = format!("{name}/tools");
            let show = "mutation($id: ID!) { updateCollection(input: {id: $id, visibility: INTERNAL}) { __typename } }";
            owner.graphql(show, json!({"id": id})).await;
        }
        let seed = number as u64;
        let digest = owner
            .push(
                &path,
                "1.0",
                SifBuilder::new("amd64")
                    .label(&format!("label-of-{name}"), &name)
                    .payload(4096, seed),
            )
            .await;
        let collection = id_of(&owner, &format!("/v1/collections/{name}/tools")).await;
        let container = id_of(&owner, &format!("/v1/containers/{path}")).await;
        let image = id_of(&owner, &format!("/v1/images/{path}:1.0?arch=amd64")).await;
        let announced_bytes = SifBuilder::new("amd64").payload(4096, seed + 1000).build();
        let hex = sifhub::registry::Digest::of(&announced_bytes).hex();
        let new = json!({"hash": format!("sha256.{hex}"), "container": container});
        let announced = owner.post("/v1/images", new).await.expect(200).json();
        let announced = announced["data"]["id"].as_str().expect("an id").to_owned();
        let query = "query($path: ContainerPath!) {
            viewer { id tokens(first: 1) { nodes { id } } }
            container(path: $path) { tags(first: 1) { nodes { id } } } }";
        let graph = owner.graphql(query, json!({"path": path})).await;
        let text = |pointer: &str| {
            graph
                .pointer(pointer)
                .and_then(|v| v.as_str())
                .expect("an id")
                .to_owned()
        };
        let topic = format!("topic-of-{name}");
        let set = "mutation($input: SetTopicsInput!) { setTopics(input: $input) { __typename } }";
        let input = json!({"container": path, "topics": [topic]});
        owner.graphql(set, json!({"input": input})).await;
        let (key, armored) = new_key(&name);
        push_key(&owner, &armored).await;
        let [team, invitation, secret, grant] = team_of(&people.admin, &owner, &name).await;
        Self {
            admin: people.admin.at(app),
            team,
            invitation,
            secret,
            grant,
            tag: text("/container/tags/nodes/0/id"),
            user: text("/viewer/id"),
            token: text("/viewer/tokens/nodes/0/id"),
            new_key: new_key("someone").1,
            owner,
            reading,
            name,
            path,
            digest,
            namespace,
            collection,
            container,
            image,
            announced,
            announced_bytes,
            key,
            topic,
        }
    }
}

/// A team that the owner maintains, what belongs to it, and what was granted to others.
async fn team_of(root: &Client, owner: &Client, name: &str) -> [String; 4] {
    let team = format!("team-{name}");
    let make = r#"mutation($team: String!, $id: ID!, $user: ID!) {
        createTeam(input: {name: $team}) { team { id } }
        owner: addTeamMember(input: {team: $id, user: $user, role: MAINTAINER}) { __typename }
        maintainer: addTeamMember(input: {team: $id, user: "maintainer", role: MAINTAINER}) { __typename }
        member: addTeamMember(input: {team: $id, user: "member", role: MEMBER}) { __typename }
        leaveTeam(input: {team: $id}) { __typename } }"#;
    let made = root
        .graphql(make, json!({"team": team, "id": team, "user": name}))
        .await;
    let share = r#"mutation($id: ID!, $namespace: ID!) {
        named: inviteToTeam(input: {team: $id}) { invitation { id } }
        link: inviteToTeam(input: {team: $id}) { secret }
        reader: setGrant(input: {user: "reader", namespace: $namespace, level: READ}) { __typename }
        writer: setGrant(input: {user: "writer", namespace: $namespace, level: WRITE}) { __typename }
        keeper: setGrant(input: {user: "keeper", namespace: $namespace, level: ADMIN}) { __typename }
        setGrant(input: {team: $id, namespace: $namespace, level: READ}) { grant { id } } }"#;
    let shared = owner
        .graphql(share, json!({"id": team, "namespace": name}))
        .await;
    let text = |of: &serde_json::Value, pointer: &str| {
        let found = of.pointer(pointer).and_then(|value| value.as_str());
        found.expect("an id").to_owned()
    };
    [
        text(&made, "/createTeam/team/id"),
        text(&shared, "/named/invitation/id"),
        text(&shared, "/link/secret"),
        text(&shared, "/setGrant/grant/id"),
    ]
}

async fn id_of(client: &Client, url: &str) -> String {
    let answer = client.get(url).await.expect(200).json();
    answer["data"]["id"].as_str().expect("an id").to_owned()
}

/// A new key: its fingerprint, and its armored public half.
fn new_key(name: &str) -> (String, String) {
    let params = SecretKeyParamsBuilder::default()
        .key_type(KeyType::Ed25519Legacy)
        .can_sign(true)
        .primary_user_id(format!("{name} <{name}@example.org>"))
        .build()
        .expect("parameters of a key");
    let key = params.generate(rand::thread_rng()).expect("a key");
    let public = SignedPublicKey::from(key);
    let fingerprint = data_encoding::HEXUPPER.encode(public.fingerprint().as_bytes());
    (
        fingerprint,
        public
            .to_armored_string(pgp::composed::ArmorOptions::default())
            .expect("armor"),
    )
}

/// Pushes a key, and tells the status.
pub async fn push_key(client: &Client, armored: &str) -> u16 {
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("keytext", armored)
        .finish();
    client.send("POST", "/pks/add", form).await.status
}
