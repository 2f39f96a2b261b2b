//! Any sequence of steps, taken by the registry and by a plain model of it.
use std::{cell::Cell, collections::BTreeMap, panic, thread};

use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::{Value, json};

use super::{
    chain,
    model::{Amount, Model, Outcome, Place, Shelf, Step, Target},
    mutate, push, text,
};
use crate::{
    oci::{IMAGE, descriptor, sha256},
    support::{Client, TestApp},
    usage::{drifts, image},
};

const IMAGES: usize = 3;
const MANIFESTS: usize = 2;

fn shelf() -> impl Strategy<Value = Shelf> {
    (0..2_usize, 0..2_usize)
}

fn place() -> impl Strategy<Value = Place> {
    (0..2_usize, 0..2_usize, 0..2_usize)
}

fn limits() -> impl Strategy<Value = Amount<Option<i64>>> {
    let some = |most: i64| prop::option::of(0..most);
    (some(60_000), some(6)).prop_map(|(bytes, images)| Amount { bytes, images })
}

fn step() -> impl Strategy<Value = Step> {
    let (tag, image, manifest, two) = (0..2_usize, 0..IMAGES, 0..MANIFESTS, 0..2_usize);
    prop_oneof![
        8 => (place(), image.clone(), tag.clone()).prop_map(|(to, image, tag)| Step::Push { to, image, tag }),
        3 => (place(), manifest, tag.clone()).prop_map(|(to, manifest, tag)| Step::PushManifest { to, manifest, tag }),
        3 => (place(), image.clone(), tag.clone()).prop_map(|(at, image, tag)| Step::SetTag { at, image, tag }),
        3 => (place(), image.clone(), place(), tag.clone())
            .prop_map(|(from, image, to, tag)| Step::Promote { from, image, to, tag }),
        2 => (place(), tag).prop_map(|(at, tag)| Step::DeleteTag { at, tag }),
        2 => (place(), image).prop_map(|(at, image)| Step::DeleteImage { at, image }),
        1 => place().prop_map(Step::DeleteContainer),
        1 => shelf().prop_map(Step::DeleteCollection),
        3 => (place(), shelf()).prop_map(|(from, to)| Step::MoveContainer { from, to }),
        2 => (shelf(), two.clone()).prop_map(|(from, to)| Step::MoveCollection { from, to }),
        2 => (place(), two.clone()).prop_map(|(at, name)| Step::RenameContainer { at, name }),
        2 => (two.clone(), limits()).prop_map(|(namespace, limits)| Step::LimitNamespace { namespace, limits }),
        2 => (two.clone(), limits()).prop_map(|(user, limits)| Step::LimitUser { user, limits }),
        2 => (two.clone(), two.clone()).prop_map(|(namespace, user)| Step::Transfer { namespace, user }),
        2 => (two.clone(), place()).prop_map(|(user, at)| Step::Star { user, at }),
        1 => (two, place()).prop_map(|(user, at)| Step::Unstar { user, at }),
    ]
}

/// The bytes of a layer of a manifest.
fn layer(manifest: usize) -> Vec<u8> {
    vec![7; 2000 + 1000 * manifest]
}

fn manifest(number: usize) -> Value {
    json!({
        "schemaVersion": 2, "mediaType": IMAGE,
        "config": descriptor("application/vnd.oci.image.config.v1+json", b"{}"),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", &layer(number))],
    })
}

/// A server, and what all sequences on it share.
struct Site {
    app: TestApp,
    root: Client,
    /// By their numbers; in a container that everybody may pull from.
    images: Vec<String>,
    sequences: Cell<usize>,
}

impl Site {
    async fn new(app: TestApp) -> Self {
        let root = app.admin("root").await;
        let mut images = Vec::new();
        for seed in 0..IMAGES {
            images.push(root.push("stock/of/images", "1", picture(seed)).await);
        }
        Self {
            app,
            root,
            images,
            sequences: Cell::new(0),
        }
    }
}

fn picture(number: usize) -> crate::support::SifBuilder {
    image(4096 * (number + 1), number as u64)
}

/// A sequence under way, in namespaces of its own.
struct Play<'a> {
    site: &'a Site,
    number: usize,
    users: Vec<Client>,
    model: Model,
}

impl<'a> Play<'a> {
    async fn begin(site: &'a Site) -> Self {
        let number = site.sequences.replace(site.sequences.get() + 1);
        let mut users = Vec::new();
        for user in 0..2 {
            users.push(site.app.user(&format!("user{number}-{user}")).await);
        }
        let sizes = (0..IMAGES).map(|number| picture(number).build().len() as i64);
        let of =
            |number: usize| (manifest(number).to_string().len() + 2 + layer(number).len()) as i64;
        let model = Model {
            sizes: [sizes.collect(), (0..MANIFESTS).map(of).collect()],
            ..Model::default()
        };
        let play = Self {
            site,
            number,
            users,
            model,
        };
        for namespace in 0..2 {
            assert_eq!(
                mutate(
                    &site.root,
                    "createNamespace",
                    json!({"name": play.namespace(namespace)})
                )
                .await,
                ""
            );
            assert!(play.take(&Step::Transfer { namespace, user: 0 }).await);
        }
        play
    }

    fn namespace(&self, number: usize) -> String {
        format!("play{}-{number}", self.number)
    }

    fn user(&self, number: usize) -> String {
        format!("user{}-{number}", self.number)
    }

    fn shelf(&self, (namespace, collection): Shelf) -> String {
        format!("{}/shelf{collection}", self.namespace(namespace))
    }

    fn path(&self, (namespace, collection, container): Place) -> String {
        format!("{}/box{container}", self.shelf((namespace, collection)))
    }

    async fn image(&self, at: Place, number: usize) -> Value {
        let query = "query($path: ContainerPath!, $digest: String!) { image(path: $path, reference: $digest) { id } }";
        let names = json!({"path": self.path(at), "digest": self.site.images[number]});
        self.site.root.graphql(query, names).await["image"]["id"].clone()
    }

    /// Takes a step, and tells whether it was taken.
    async fn take(&self, step: &Step) -> bool {
        let root = &self.site.root;
        let code = match step {
            Step::Push {
                to,
                image,
                tag: name,
            } => {
                let pushed = push(root, &self.path(*to), &tag(*name), picture(*image)).await;
                return pushed.status == 200;
            }
            Step::PushManifest {
                to,
                manifest,
                tag: name,
            } => {
                return self.push(*to, *manifest, &tag(*name)).await;
            }
            Step::DeleteTag { at, tag: name } => {
                let url = format!("/v2/{}/manifests/{}", self.path(*at), tag(*name));
                return root.delete(&url).await.status == 202;
            }
            Step::Star { user, at } => {
                mutate(&self.users[*user], "star", json!({"id": self.path(*at)})).await
            }
            Step::Unstar { user, at } => {
                mutate(&self.users[*user], "unstar", json!({"id": self.path(*at)})).await
            }
            Step::SetTag { .. } | Step::Promote { .. } | Step::DeleteImage { .. } => {
                let (mutation, input) = self.of_image(step).await;
                mutate(root, mutation, input).await
            }
            _ => {
                let (mutation, input) = self.of_place(step);
                mutate(root, mutation, input).await
            }
        };
        assert!(
            ["", "CONFLICT", "QUOTA_EXCEEDED"].contains(&code.as_str()),
            "{step:?}: {code}"
        );
        code.is_empty()
    }

    /// The mutation of a step that is about an image.
    async fn of_image(&self, step: &Step) -> (&'static str, Value) {
        match step {
            Step::SetTag {
                at,
                image,
                tag: name,
            } => {
                let image = self.image(*at, *image).await;
                let container = self.path(*at);
                (
                    "setTag",
                    json!({"container": container, "name": tag(*name), "image": image}),
                )
            }
            Step::Promote {
                from,
                image,
                to,
                tag: name,
            } => {
                let image = self.image(*from, *image).await;
                let container = self.path(*to);
                (
                    "promoteImage",
                    json!({"container": container, "tags": [tag(*name)], "image": image}),
                )
            }
            Step::DeleteImage { at, image } => {
                ("deleteImage", json!({"id": self.image(*at, *image).await}))
            }
            other => unreachable!("{other:?} is about no image"),
        }
    }

    /// The mutation of a step that is about a container, or what is above it.
    fn of_place(&self, step: &Step) -> (&'static str, Value) {
        let quota = |limits: &Amount<Option<i64>>| {
            let bytes = limits.bytes.map(|bytes| bytes.to_string());
            json!({"limitBytes": bytes, "limitImages": limits.images})
        };
        match step {
            Step::DeleteContainer(at) => (
                "deleteContainer",
                json!({"id": self.path(*at), "withContent": true}),
            ),
            Step::DeleteCollection(at) => (
                "deleteCollection",
                json!({"id": self.shelf(*at), "withContent": true}),
            ),
            Step::MoveContainer { from, to } => (
                "moveContainer",
                json!({"id": self.path(*from), "collection": self.shelf(*to)}),
            ),
            Step::MoveCollection { from, to } => (
                "moveCollection",
                json!({"id": self.shelf(*from), "namespace": self.namespace(*to)}),
            ),
            Step::RenameContainer { at, name } => (
                "updateContainer",
                json!({"id": self.path(*at), "name": format!("box{name}")}),
            ),
            Step::LimitNamespace { namespace, limits } => (
                "setNamespaceQuota",
                json!({"id": self.namespace(*namespace), "quota": quota(limits)}),
            ),
            Step::LimitUser { user, limits } => (
                "setUserQuota",
                json!({"id": self.user(*user), "quota": quota(limits)}),
            ),
            Step::Transfer { namespace, user } => (
                "transferNamespace",
                json!({"id": self.namespace(*namespace), "user": self.user(*user)}),
            ),
            other => unreachable!("{other:?} is about no place"),
        }
    }

    /// Pushes a manifest as clients do: blobs that are there are not sent.
    async fn push(&self, to: Place, number: usize, tag: &str) -> bool {
        let (who, path) = (&self.site.root, self.path(to));
        for blob in [b"{}".to_vec(), layer(number)] {
            let there = who
                .head(&format!("/v2/{path}/blobs/{}", sha256(&blob)))
                .await;
            if there.status == 200 {
                continue;
            }
            let begun = who
                .send("POST", &format!("/v2/{path}/blobs/uploads/"), "")
                .await;
            if begun.status != 202 {
                return false;
            }
            let end = format!("{}?digest={}", begun.header("location"), sha256(&blob));
            if who.send("PUT", &end, blob).await.status != 201 {
                return false;
            }
        }
        crate::oci::put_manifest(who, &path, tag, &manifest(number))
            .await
            .status
            == 201
    }

    /// What the registry shows of it all, by path.
    async fn shown(&self) -> BTreeMap<String, Value> {
        let sums = "size imageCount manifestCount";
        let query = format!(
            "query($name: String!) {{ namespace(name: $name) {{ {sums} quota {{ usedBytes usedImages limitBytes limitImages }}
                collections(first: 5) {{ nodes {{ path {sums} containers(first: 5) {{ nodes {{ path {sums} starCount
                tags(first: 5) {{ nodes {{ name image {{ digest }} }} }} }} }} }} }} }} }}"
        );
        let mut shown = BTreeMap::new();
        for namespace in 0..2 {
            let name = self.namespace(namespace);
            let data = self.site.root.graphql(&query, json!({"name": name})).await;
            let mut namespace = data["namespace"].clone();
            for mut collection in nodes(&mut namespace, "collections") {
                for mut container in nodes(&mut collection, "containers") {
                    let tags = nodes(&mut container, "tags");
                    let tags: BTreeMap<_, _> = tags
                        .iter()
                        .map(|tag| (text(&tag["name"]), tag["image"]["digest"].clone()))
                        .collect();
                    container["tags"] = json!(tags);
                    shown.insert(text(&container["path"].take()), container);
                }
                shown.insert(text(&collection["path"].take()), collection);
            }
            shown.insert(name, namespace);
        }
        for user in 0..2 {
            let text = "query($name: String!) { users(first: 1, filter: {text: $name}) { nodes { quota { usedBytes usedImages limitBytes limitImages } } } }";
            let data = self
                .site
                .root
                .graphql(text, json!({"name": self.user(user)}))
                .await;
            shown.insert(self.user(user), data["users"]["nodes"][0]["quota"].clone());
        }
        shown
    }

    /// What it should show.
    fn expected(&self) -> BTreeMap<String, Value> {
        let model = &self.model;
        let mut expected = BTreeMap::new();
        let sums = |which: &dyn Fn(&Place) -> bool| {
            let here = model.containers.iter().filter(|(at, _)| which(at));
            let (images, manifests) = here.fold((0, 0), |(images, manifests), (_, content)| {
                (
                    images + content.images.len(),
                    manifests + content.manifests.len(),
                )
            });
            json!({"size": model.sum(which).bytes.to_string(), "imageCount": images, "manifestCount": manifests})
        };
        let quota = |used: Amount<i64>, limits: Amount<Option<i64>>| {
            let bytes = limits.bytes.map(|bytes| bytes.to_string());
            json!({"usedBytes": used.bytes.to_string(), "usedImages": used.images, "limitBytes": bytes, "limitImages": limits.images})
        };
        for (at, content) in &model.containers {
            let mut shown = sums(&|other| other == at);
            let tags = content
                .tags
                .iter()
                .filter_map(|(tag, target)| match target {
                    Target::Image(image) => {
                        Some((format!("t{tag}"), self.site.images[*image].clone()))
                    }
                    Target::Manifest(_) => None,
                });
            shown["tags"] = json!(tags.collect::<BTreeMap<_, _>>());
            shown["starCount"] = json!(content.stars.len());
            shown["path"] = json!(null);
            expected.insert(self.path(*at), shown);
        }
        for shelf in &model.collections {
            let mut shown = sums(&|at| (at.0, at.1) == *shelf);
            shown["path"] = json!(null);
            shown["containers"] = json!(null);
            expected.insert(self.shelf(*shelf), shown);
        }
        for number in 0..2 {
            let mut shown = sums(&|at| at.0 == number);
            shown["quota"] = quota(model.in_namespace(number), model.limits[number]);
            shown["collections"] = json!(null);
            expected.insert(self.namespace(number), shown);
            expected.insert(
                self.user(number),
                quota(model.of_user(number), model.user_limits[number]),
            );
        }
        expected
    }
}

/// Takes the nodes of a list out of what holds it.
fn nodes(of: &mut Value, list: &str) -> Vec<Value> {
    match of[list].take()["nodes"].take() {
        Value::Array(nodes) => nodes,
        other => panic!("{list} are {other}"),
    }
}

async fn play(site: &Site, steps: &[Step]) {
    let mut play = Play::begin(site).await;
    for step in steps {
        let expected = play.model.take(step);
        if expected == Outcome::Pointless {
            continue;
        }
        assert_eq!(play.take(step).await, expected == Outcome::Done, "{step:?}");
    }
    assert_eq!(play.shown().await, play.expected());
    for at in play.model.containers.keys() {
        assert_eq!(chain::breaks(&site.root, &play.path(*at)).await, [""; 0]);
    }
    assert_eq!(drifts(&site.app).await, []);
}

/// Tries sequences on a stack that is deep enough: each runs in one future, server and all, which takes more than the thread of
/// a test has in a build without optimisation.
fn try_sequences(app: impl Future<Output = TestApp> + Send + 'static) {
    let deep = thread::Builder::new().stack_size(32 << 20);
    let trying = deep.spawn(move || try_each(app)).expect("a thread");
    if let Err(why) = trying.join() {
        panic::resume_unwind(why);
    }
}

/// Tries sequences; the same ones each time.
fn try_each(app: impl Future<Output = TestApp>) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let site = runtime.block_on(async { Site::new(app.await).await });
    let config = Config {
        cases: 12,
        failure_persistence: None,
        max_shrink_iters: 100,
        ..Config::default()
    };
    let mut runner =
        TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let tried = runner.run(&vec(step(), 20..60), |steps| {
        runtime.block_on(play(&site, &steps));
        Ok(())
    });
    if let Err(error) = tried {
        panic!("{error}");
    }
}

#[test]
fn any_sequence_of_steps_leaves_sums_quotas_and_histories_as_a_plain_model_has_them_on_sqlite() {
    try_sequences(TestApp::sqlite());
}

#[test]
fn any_sequence_of_steps_leaves_sums_quotas_and_histories_as_a_plain_model_has_them_on_postgres() {
    try_sequences(TestApp::postgres());
}

fn tag(number: usize) -> String {
    format!("t{number}")
}
