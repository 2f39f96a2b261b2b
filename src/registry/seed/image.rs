//! Images, with what is read out of them, their manifests and their tags.
use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use entity::{
    blob, container_blob, container_topic, download_day,
    id::{ImageId, ManifestId, TagId},
    image, image_label,
    kind::Door,
    manifest, manifest_content, manifest_part, manifest_tag, sif, tag,
};
use sea_orm::Set;
use serde_json::json;

use super::{
    Chance, Plan, Progress,
    insert::{insert, make_room, unmarked},
    tree::{Place, Tree},
    word,
};
use crate::{
    error::Result,
    event::Change,
    registry::{
        Caller, Digest, Tx, label,
        manifest::{EMPTY, Made},
        sif::{Inspection, Metadata, Signature},
    },
};

/// So many images go into one transaction.
const BATCH: usize = 5_000;
/// People who sign.
const SIGNERS: usize = 50;
/// The most topics of a container.
const TOPICS: usize = 3;

/// Rows that wait to be written.
#[derive(Default)]
struct Rows {
    blobs: Vec<blob::ActiveModel>,
    sifs: Vec<sif::ActiveModel>,
    images: Vec<image::ActiveModel>,
    labels: Vec<image_label::ActiveModel>,
    topics: Vec<container_topic::ActiveModel>,
    tags: Vec<tag::ActiveModel>,
    held: Vec<container_blob::ActiveModel>,
    manifests: Vec<manifest::ActiveModel>,
    contents: Vec<manifest_content::ActiveModel>,
    parts: Vec<manifest_part::ActiveModel>,
    names: Vec<manifest_tag::ActiveModel>,
    pulls: Vec<download_day::ActiveModel>,
}

impl Rows {
    async fn write(self, tx: &Tx) -> Result<()> {
        insert(tx, self.blobs).await?;
        insert(tx, self.sifs).await?;
        insert(tx, self.images).await?;
        insert(tx, self.labels).await?;
        insert(tx, self.topics).await?;
        insert(tx, self.tags).await?;
        insert(tx, self.held).await?;
        insert(tx, self.manifests).await?;
        insert(tx, self.contents).await?;
        insert(tx, self.parts).await?;
        insert(tx, self.names).await?;
        insert(tx, self.pulls).await
    }
}

/// Makes them, container by container.
pub(super) async fn make(
    caller: &Caller,
    plan: &Plan,
    chance: &mut Chance,
    (tree, tell): (&Tree, &mut impl FnMut(Progress)),
) -> Result<()> {
    let empty = Digest::of(EMPTY).to_string();
    let config = Rows {
        blobs: vec![stored(&empty, EMPTY.len() as u64, chance.end)],
        ..Rows::default()
    };
    write(caller, config).await?;
    let mut maker = Maker {
        chance,
        signers: Vec::new(),
        known: Vec::new(),
        config: empty,
        rows: Rows::default(),
    };
    maker.signers = (0..SIGNERS).map(|_| maker.fingerprint()).collect();
    let mut done = 0;
    for (place, count) in tree.containers.iter().zip(shares(plan, maker.chance)) {
        maker.fill(place, count)?;
        done += count;
        if maker.rows.images.len() >= BATCH {
            write(caller, std::mem::take(&mut maker.rows)).await?;
            tell(Progress {
                noun: "images",
                done,
                all: plan.images,
            });
        }
    }
    write(caller, maker.rows).await?;
    tell(Progress {
        noun: "images",
        done,
        all: plan.images,
    });
    Ok(())
}

/// How many images each container gets: one, as long as there are some, and the popular more.
fn shares(plan: &Plan, chance: &mut Chance) -> Vec<u64> {
    let containers = usize::try_from(plan.containers).expect("a plan is checked");
    let mut shares = vec![0; containers];
    for number in 0..usize::try_from(plan.images).expect("a plan is checked") {
        let place = match number < containers {
            true => number,
            false => chance.popular(containers),
        };
        shares[place] += 1;
    }
    shares
}

async fn write(caller: &Caller, rows: Rows) -> Result<()> {
    caller
        .change(async |tx| {
            make_room(tx).await?;
            unmarked(tx, rows.write(tx)).await?;
            Ok(Change::none(()))
        })
        .await
}

fn stored(digest: &str, size: u64, at: DateTime<Utc>) -> blob::ActiveModel {
    blob::ActiveModel {
        digest: Set(digest.to_owned()),
        size: Set(i64::try_from(size).expect("made here")),
        touched_at: Set(at),
        removing: Set(false),
        ..Default::default()
    }
}

/// The bytes of an image, as far as anybody asks.
#[derive(Clone)]
struct File {
    digest: String,
    size: u64,
    arch: &'static str,
    signed: bool,
    labels: BTreeMap<String, String>,
}

struct Maker<'a> {
    chance: &'a mut Chance,
    signers: Vec<String>,
    /// Some of the files so far, which others may copy.
    known: Vec<File>,
    config: String,
    rows: Rows,
}

impl Maker<'_> {
    /// Gives a container so many images, one version after the other.
    fn fill(&mut self, place: &Place, count: u64) -> Result<()> {
        if count > 0 {
            self.hold(place, &self.config.clone(), place.since);
            self.topics(place);
        }
        let arch = match self.chance.percent(88) {
            true => "amd64",
            false => "arm64",
        };
        let mut at = place.since;
        let mut held: HashSet<String> = HashSet::new();
        for number in 0..count {
            at = self.chance.after(at);
            // A container has bytes once.
            let file = match self.copy() {
                Some(file) if !held.contains(&file.digest) => file,
                _ => self.file(place, arch, (number, at)),
            };
            held.insert(file.digest.clone());
            self.image(place, &file, (number + 1 == count, number, at))?;
        }
        Ok(())
    }

    /// Says of half of the containers what they are about.
    fn topics(&mut self, place: &Place) {
        if !self.chance.percent(50) {
            return;
        }
        let count = self.chance.rng.usize(1..=TOPICS);
        let topics: BTreeSet<&str> = (0..count).map(|_| self.chance.of(&word::TOPIC)).collect();
        let row = |topic: &str| container_topic::ActiveModel {
            container_id: Set(place.id),
            topic: Set(topic.to_owned()),
        };
        self.rows.topics.extend(topics.into_iter().map(row));
    }

    /// In one case of twenty, the file of an earlier image.
    fn copy(&mut self) -> Option<File> {
        let copies = !self.known.is_empty() && self.chance.percent(5);
        copies.then(|| self.known[self.chance.rng.usize(..self.known.len())].clone())
    }

    /// A new file.
    fn file(
        &mut self,
        place: &Place,
        arch: &'static str,
        (number, at): (u64, DateTime<Utc>),
    ) -> File {
        let mut file = File {
            digest: self.chance.digest(),
            size: self.size(),
            arch,
            signed: self.chance.percent(30),
            labels: BTreeMap::new(),
        };
        self.rows.blobs.push(stored(&file.digest, file.size, at));
        let inspection = self.inspection(place, &file, (number, at));
        file.labels.clone_from(&inspection.metadata.labels);
        self.rows.sifs.push(sif::ActiveModel {
            digest: Set(file.digest.clone()),
            fingerprints: Set(inspection.fingerprints().into()),
            inspection: Set(json!(inspection)),
        });
        if self.known.len() < 1000 || self.chance.percent(1) {
            self.known.push(file.clone());
        }
        file
    }

    /// From 4 MiB to 16 GiB, each doubling as likely as the next.
    fn size(&mut self) -> u64 {
        let doubling = self.chance.rng.u32(22..34);
        (1 << doubling) + self.chance.rng.u64(..1 << doubling)
    }

    fn fingerprint(&mut self) -> String {
        let parts = [self.chance.rng.u64(..), self.chance.rng.u64(..)];
        format!(
            "{:016X}{:016X}{:08X}",
            parts[0],
            parts[1],
            self.chance.rng.u32(..)
        )
    }

    fn inspection(
        &mut self,
        place: &Place,
        file: &File,
        (number, at): (u64, DateTime<Utc>),
    ) -> Inspection {
        let (base, tool) = (self.chance.of(&word::BASE), &place.tool);
        let label = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let labels = BTreeMap::from([
            label("org.label-schema.build-arch", file.arch),
            label("org.label-schema.usage.singularity.deffile.from", base),
            label(
                "org.opencontainers.image.licenses",
                self.chance.of(&word::LICENCE),
            ),
            label("org.opencontainers.image.version", &version(number)),
        ]);
        let from =
            format!("Bootstrap: docker\nFrom: {base}\n\n%post\n    apt-get install -y {tool}\n");
        let signature = |fingerprint: &String| Signature {
            id: 2,
            hash: "sha256".into(),
            fingerprint: Some(fingerprint.clone()),
            kind: crate::sif::SignatureKind::PgpClearsign,
            signs: None,
        };
        let signer = self.chance.popular(self.signers.len());
        Inspection {
            created: at.timestamp(),
            modified: at.timestamp(),
            arch: file.arch.parse().ok(),
            definition: self.chance.percent(60).then_some(from),
            metadata: Metadata {
                labels,
                ..Metadata::default()
            },
            signatures: self
                .signers
                .get(signer)
                .filter(|_| file.signed)
                .map(signature)
                .into_iter()
                .collect(),
            ..Inspection::default()
        }
    }

    fn image(
        &mut self,
        place: &Place,
        file: &File,
        (last, number, at): (bool, u64, DateTime<Utc>),
    ) -> Result<()> {
        let id = ImageId(self.chance.id(at));
        let (downloads, last_pulled_at) = self.pull(place, id, (&version(number), at));
        self.rows.images.push(image::ActiveModel {
            downloads: Set(downloads),
            last_pulled_at: Set(last_pulled_at),
            id: Set(id),
            container_id: Set(place.id),
            digest: Set(file.digest.clone()),
            description: Set(String::new()),
            blob: Set(Some(file.digest.clone())),
            size: Set(i64::try_from(file.size).expect("made here")),
            arch: Set(Some(file.arch.to_owned())),
            signed: Set(file.signed),
            encrypted: Set(false),
            created_at: Set(at),
            uploaded_at: Set(Some(at)),
            created_by: Set(Some(place.owner)),
        });
        self.rows.labels.extend(label::rows_of(id, &file.labels));
        self.hold(place, &file.digest, at);
        let manifest = ManifestId(self.chance.id(at));
        let made = Made {
            id: manifest,
            container: place.id,
            at,
            by: Some(place.owner),
        };
        let arch = Some(file.arch.to_owned());
        let (row, content, parts) = made.of_sif(id, (&file.digest, file.size), arch)?;
        self.rows.manifests.push(row);
        self.rows.contents.push(content);
        self.rows.parts.extend(parts);
        self.tag(place, (id, manifest, file.arch), (&version(number), at));
        if last {
            self.tag(place, (id, manifest, file.arch), ("latest", at));
        }
        Ok(())
    }

    /// Two images of five were pulled on some days after they came: how often, and when last.
    fn pull(
        &mut self,
        place: &Place,
        image: ImageId,
        (tag, since): (&str, DateTime<Utc>),
    ) -> (i64, Option<DateTime<Utc>>) {
        let days = match self.chance.percent(40) {
            true => 1 + self.chance.popular(4),
            false => 0,
        };
        let mut pulled: BTreeMap<NaiveDate, (i64, DateTime<Utc>)> = BTreeMap::new();
        for _ in 0..days {
            let at = self.chance.after(since);
            let often = 1 + i64::try_from(self.chance.popular(100)).expect("below a hundred");
            pulled.insert(at.date_naive(), (often, at));
        }
        let of_day = |(day, (count, _)): (&NaiveDate, &(i64, _))| download_day::ActiveModel {
            container_id: Set(place.id),
            day: Set(*day),
            item_id: Set(image.0),
            tag: Set(tag.to_owned()),
            door: Set(Door::Library),
            signed_in: Set(false),
            count: Set(*count),
        };
        self.rows.pulls.extend(pulled.iter().map(of_day));
        let last = pulled.last_key_value().map(|(_, (_, at))| *at);
        (pulled.values().map(|(count, _)| count).sum(), last)
    }

    /// Notes that a container holds a blob.
    fn hold(&mut self, place: &Place, digest: &str, at: DateTime<Utc>) {
        self.rows.held.push(container_blob::ActiveModel {
            container_id: Set(place.id),
            digest: Set(digest.to_owned()),
            linked_at: Set(at),
        });
    }

    /// A name, as the library and as OCI clients know it.
    fn tag(
        &mut self,
        place: &Place,
        (image, manifest, arch): (ImageId, ManifestId, &str),
        (name, at): (&str, DateTime<Utc>),
    ) {
        self.rows.tags.push(tag::ActiveModel {
            id: Set(TagId(self.chance.id(at))),
            container_id: Set(place.id),
            arch: Set(arch.to_owned()),
            name: Set(name.to_owned()),
            image_id: Set(image),
            created_at: Set(at),
            updated_at: Set(at),
            updated_by: Set(Some(place.owner)),
        });
        self.rows.names.push(manifest_tag::ActiveModel {
            container_id: Set(place.id),
            name: Set(name.to_owned()),
            manifest_id: Set(manifest),
            updated_at: Set(at),
            updated_by: Set(Some(place.owner)),
        });
    }
}

/// 1.0, 1.1, … 1.9, 2.0, …
fn version(number: u64) -> String {
    format!("{}.{}", number / 10 + 1, number % 10)
}
