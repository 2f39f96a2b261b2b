//! What a document is made of. What else is to be found goes into one of its four texts here, by one line.
use std::collections::{BTreeMap, BTreeSet, HashMap};

use entity::{id::ContainerId, image, search_document, tag};
use sea_orm::{
    ColumnTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationTrait,
};

use super::text::{folded, head};
use crate::{
    access::{Pull, rows},
    error::Result,
    registry::{
        Caller, CollectionId, NamespaceId,
        about::{self, Subject},
        collection::{self, Collection},
        container::{self, Place},
        namespace,
        sif::{self, Inspection},
        topic,
    },
};

/// How many bytes of each text are kept; more does not make anything easier to find.
const ABOUT_MAX: usize = 16 << 10;
const README_MAX: usize = 32 << 10;
const DEFINITION_MAX: usize = 16 << 10;
/// How many of a container's tags are looked at, newest first.
const TAGS_MAX: u64 = 200;
/// How many of its images are read, newest first: what is in older ones is mostly in newer ones, too.
const READ_MAX: usize = 8;
/// How many digests one statement names.
const DIGESTS: usize = 1000;
/// The longest value that containers are sorted out by, in bytes; longer ones are texts.
const VALUE_MAX: usize = 200;
/// How many values containers are sorted out by each has at most.
const VALUES_MAX: usize = 500;
/// What Apptainer sends when nobody wrote a description.
const NO_DESCRIPTION: &str = "No description";

/// What a document is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Target {
    Container(ContainerId),
    Collection(CollectionId),
    Namespace(NamespaceId),
}

impl Target {
    /// The column of documents that names it, and its id.
    pub(super) fn column(self) -> (search_document::Column, i64) {
        match self {
            Self::Container(id) => (search_document::Column::ContainerId, id.0),
            Self::Collection(id) => (search_document::Column::CollectionId, id.0),
            Self::Namespace(id) => (search_document::Column::NamespaceId, id.0),
        }
    }
}

/// What containers are sorted out by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FacetKind {
    /// The architecture of an image with a tag, as Go names it.
    Arch,
    /// A label of such an image: `key=value`.
    Label,
    /// The name of the namespace.
    Namespace,
    /// `yes` when such an image carries a signature.
    Signed,
    /// The fingerprint that a signature of such an image names.
    SignedBy,
    /// A topic.
    Topic,
}

impl FacetKind {
    /// As the table has it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Arch => "arch",
            Self::Label => "label",
            Self::Namespace => "namespace",
            Self::Signed => "signed",
            Self::SignedBy => "signed_by",
            Self::Topic => "topic",
        }
    }
}

/// The texts of one thing.
#[derive(Clone, Debug, Default)]
pub(super) struct Document {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) about: String,
    pub(super) readme: String,
    pub(super) definition: String,
    pub(super) facets: BTreeSet<(FacetKind, String)>,
}

impl Document {
    /// The words of the title; a name of several words is also there as one.
    pub(super) fn title_words(&self) -> Vec<String> {
        let mut words = folded(&self.title);
        for part in self.title.split('/') {
            let parts = folded(part);
            if parts.len() > 1 {
                words.push(parts.concat());
            }
        }
        words
    }

    fn named(name: &str, title: String, description: &str) -> Self {
        let mut document = Self {
            name: name.to_lowercase(),
            title,
            ..Self::default()
        };
        if description.trim() != NO_DESCRIPTION {
            line(&mut document.about, description, ABOUT_MAX);
        }
        document
    }

    /// What the text of a container's images and tags adds.
    fn take_images(&mut self, images: &[Tagged]) {
        let lines: BTreeSet<_> = images
            .iter()
            .map(|image| image.description.trim())
            .collect();
        for text in lines.into_iter().filter(|text| *text != NO_DESCRIPTION) {
            line(&mut self.readme, text, README_MAX);
        }
        for image in images {
            line(&mut self.readme, &image.tag, README_MAX);
            if let Some(arch) = &image.arch {
                self.sort_out_by(FacetKind::Arch, arch);
            }
            if image.signed {
                self.sort_out_by(FacetKind::Signed, "yes");
            }
        }
    }

    /// What was read out of its images adds.
    fn take_inspections<'a>(&mut self, inspections: impl Iterator<Item = &'a Inspection>) {
        let (mut labels, mut definitions) = (BTreeMap::new(), BTreeSet::new());
        for inspection in inspections {
            let metadata = &inspection.metadata;
            labels.extend(metadata.labels.iter());
            for (name, value) in &metadata.labels {
                self.sort_out_by(FacetKind::Label, &format!("{name}={value}"));
            }
            for (name, app) in &metadata.apps {
                line(&mut self.readme, name, README_MAX);
                line(
                    &mut self.readme,
                    app.help.as_deref().unwrap_or_default(),
                    README_MAX,
                );
            }
            line(
                &mut self.readme,
                metadata.help.as_deref().unwrap_or_default(),
                README_MAX,
            );
            definitions.extend(inspection.definition.as_deref());
        }
        for (name, value) in labels {
            line(&mut self.about, &format!("{name} {value}"), ABOUT_MAX);
        }
        for definition in definitions {
            line(&mut self.definition, definition, DEFINITION_MAX);
        }
    }

    fn sort_out_by(&mut self, kind: FacetKind, value: &str) {
        let fits = value.len() <= VALUE_MAX && self.facets.len() < VALUES_MAX;
        if !value.is_empty() && fits && !value.contains('\0') {
            self.facets.insert((kind, value.to_owned()));
        }
    }
}

/// Adds a text as lines of their own, as far as there is room. Databases do not take a NUL.
fn line(to: &mut String, text: &str, max: usize) {
    let text = text.trim();
    let room = max.saturating_sub(to.len() + 1);
    if !text.is_empty() && room > 0 {
        to.extend(head(text, room).chars().filter(|c| *c != '\0'));
        to.push('\n');
    }
}

/// What makes a document of a container, besides names.
#[derive(FromQueryResult)]
struct Tagged {
    digest: String,
    description: String,
    arch: Option<String>,
    signed: bool,
    tag: String,
}

/// The documents of things as they are now; those of what is gone are absent.
pub(super) async fn gather(
    caller: &Caller,
    targets: &[Target],
) -> Result<HashMap<Target, Document>> {
    let (mut containers, mut collections, mut namespaces) = (Vec::new(), Vec::new(), Vec::new());
    for target in targets {
        match *target {
            Target::Container(id) => containers.push(id),
            Target::Collection(id) => collections.push(id),
            Target::Namespace(id) => namespaces.push(id),
        }
    }
    let mut found = of_containers(caller, &containers).await?;
    found.extend(of_collections(caller, &collections).await?);
    let named = namespace::by_ids(caller, &namespaces).await?;
    found.extend(named.into_iter().map(|(id, row)| {
        let document = Document::named(&row.name, row.name.clone(), &row.description);
        (Target::Namespace(id), document)
    }));
    Ok(found)
}

async fn of_collections(
    caller: &Caller,
    ids: &[CollectionId],
) -> Result<HashMap<Target, Document>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = collection::by_ids(caller, ids).await?;
    let readmes = readmes(caller, ids.iter().copied().map(Subject::Collection)).await?;
    let document = |(id, row): (CollectionId, Collection)| {
        let mut document = Document::named(&row.name, row.name.clone(), &row.description);
        if let Some(readme) = readmes.get(&Subject::Collection(id)) {
            line(&mut document.readme, readme, README_MAX);
        }
        (Target::Collection(id), document)
    };
    Ok(rows.into_iter().map(document).collect())
}

/// The long texts of things, as they were written; nothing of those that have none.
async fn readmes(
    caller: &Caller,
    subjects: impl Iterator<Item = Subject>,
) -> Result<HashMap<Subject, String>> {
    let abouts = about::of(caller, &subjects.collect::<Vec<_>>()).await?;
    let ids: Vec<_> = abouts.values().map(|about| about.id).collect();
    let mut texts = about::readmes(caller, &ids).await?;
    let text = |(subject, about): (_, about::About)| Some((subject, texts.remove(&about.id)?));
    Ok(abouts.into_iter().filter_map(text).collect())
}

async fn of_containers(caller: &Caller, ids: &[ContainerId]) -> Result<HashMap<Target, Document>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let places = container::places(caller, ids).await?;
    let topics = topic::of(caller, ids).await?;
    let readmes = readmes(caller, ids.iter().copied().map(Subject::Container)).await?;
    let mut images = HashMap::new();
    for id in ids {
        images.insert(*id, tagged(caller, *id).await?);
    }
    let (mut signers, mut read) = (HashMap::new(), HashMap::new());
    for some in digests(images.values(), usize::MAX).chunks(DIGESTS) {
        signers.extend(sif::fingerprints(caller, some).await?);
    }
    for some in digests(images.values(), READ_MAX).chunks(DIGESTS) {
        read.extend(sif::by_digests(caller, some).await?);
    }
    let document = |(id, place): (ContainerId, Place)| {
        let mut document = Document::named(&place.container, place.to_string(), &place.description);
        document.sort_out_by(FacetKind::Namespace, &place.namespace);
        for topic in topics.get(&id).into_iter().flatten() {
            line(&mut document.about, topic, ABOUT_MAX);
            document.sort_out_by(FacetKind::Topic, topic);
        }
        if let Some(readme) = readmes.get(&Subject::Container(id)) {
            line(&mut document.readme, readme, README_MAX / 2);
        }
        let images = images.get(&id).map(Vec::as_slice).unwrap_or_default();
        document.take_images(images);
        let own = digests([images], usize::MAX);
        for fingerprint in own
            .iter()
            .filter_map(|digest| signers.get(digest))
            .flatten()
        {
            document.sort_out_by(FacetKind::SignedBy, fingerprint);
        }
        let newest = digests([images], READ_MAX);
        document.take_inspections(newest.iter().filter_map(|digest| read.get(digest)));
        (Target::Container(id), document)
    };
    Ok(places.into_iter().map(document).collect())
}

/// The digests of the images of each container, up to `most` of the newest, each once as long as its tags follow each other.
fn digests(containers: impl IntoIterator<Item = impl AsRef<[Tagged]>>, most: usize) -> Vec<String> {
    let mut all = Vec::new();
    for images in containers {
        let mut own: Vec<_> = images
            .as_ref()
            .iter()
            .map(|image| image.digest.clone())
            .collect();
        own.dedup();
        own.truncate(most);
        all.extend(own);
    }
    all
}

/// The uploaded images that tags point at, those of the newest tags first.
async fn tagged(caller: &Caller, id: ContainerId) -> Result<Vec<Tagged>> {
    let images = rows::<Pull, image::Entity>(caller.actor())
        .narrow(|q| {
            q.join(JoinType::InnerJoin, tag::Relation::Image.def().rev())
                .filter(image::Column::ContainerId.eq(id))
                .filter(image::Column::Blob.is_not_null())
                .order_by_desc(tag::Column::UpdatedAt)
                .order_by_desc(tag::Column::Id)
                .limit(TAGS_MAX)
        })
        .into_select()
        .select_only()
        .columns([
            image::Column::Digest,
            image::Column::Description,
            image::Column::Arch,
            image::Column::Signed,
        ])
        .column_as(tag::Column::Name, "tag");
    Ok(images.into_model().all(caller.db()).await?)
}
