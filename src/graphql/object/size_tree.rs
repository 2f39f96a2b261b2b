//! What takes how much.
use async_graphql::{Context, Enum, ID, Object};

use crate::{
    graphql::{id::GlobalId, loader::caller, scalar::Bytes},
    registry::size_tree::{By, Node, Place},
};

/// A node of the tree.
pub(in crate::graphql) struct SizeTreeNode(pub Node);

/// A thing in a tree of sizes, or the rest of what is in one. Counts and bytes are of what you may see.
#[Object]
impl SizeTreeNode {
    /// The global id of what it is, `site`, or `others:` and the id of what the rest is in. Unique in the tree.
    async fn id(&self) -> ID {
        let id = id_of(self.0.place);
        match self.0.others {
            Some(_) => ID(format!("others:{id}")),
            None => ID(id),
        }
    }

    /// The id of the node it is in; null for the root.
    async fn parent_id(&self) -> Option<ID> {
        self.0.parent.map(id_of).map(ID)
    }

    /// What it is.
    async fn kind(&self) -> SizeTreeKind {
        match (self.0.others, self.0.place) {
            (Some(_), _) => SizeTreeKind::Others,
            (None, Place::Site) => SizeTreeKind::Site,
            (None, Place::Namespace(_)) => SizeTreeKind::Namespace,
            (None, Place::Collection(_)) => SizeTreeKind::Collection,
            (None, Place::Container(_)) => SizeTreeKind::Container,
        }
    }

    /// What it is called; empty for the site and for the rest.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Its path, such as `namespace/collection`; null for the site and for the rest.
    async fn path(&self) -> Option<&str> {
        self.0.path.as_deref()
    }

    /// How much it takes, by what was asked for, in bytes. By `STORED`, a blob counts once in each thing, so children may
    /// add up to more than their parent; where you do not see all that is in a thing, and for the rest, it is the sum of
    /// what is directly in it.
    async fn bytes(&self) -> Bytes {
        Bytes(self.0.bytes)
    }

    /// Of the rest, how many things are gathered in it; null for all else.
    async fn others_count(&self) -> Option<u64> {
        self.0.others
    }

    /// How many containers.
    async fn container_count(&self) -> u64 {
        self.0.containers
    }

    /// How many images.
    async fn image_count(&self) -> u64 {
        self.0.images
    }

    /// How many manifests that were pushed and describe no SIF image.
    async fn manifest_count(&self) -> u64 {
        self.0.manifests
    }

    /// A number to colour it by; null where there is nothing to tell it of.
    async fn measure(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.", default_with = "SizeTreeMeasure::Age")] of: SizeTreeMeasure,
    ) -> Option<f64> {
        match of {
            SizeTreeMeasure::Age => self.0.age(caller(ctx).now()),
            #[expect(clippy::cast_precision_loss, reason = "a colour is not counted")]
            SizeTreeMeasure::Downloads => Some(self.0.downloads as f64),
            SizeTreeMeasure::UnsignedShare => self.0.unsigned_share(),
        }
    }
}

fn id_of(place: Place) -> String {
    match place {
        Place::Site => "site".into(),
        Place::Namespace(id) => GlobalId::Namespace(id).to_string(),
        Place::Collection(id) => GlobalId::Collection(id).to_string(),
        Place::Container(id) => GlobalId::Container(id).to_string(),
    }
}

/// What a node of a tree of sizes is.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum SizeTreeKind {
    /// The whole site.
    Site,
    /// A namespace.
    Namespace,
    /// A collection.
    Collection,
    /// A container.
    Container,
    /// What is beyond the biggest children of a node.
    Others,
}

/// What makes things big.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "By")]
pub(in crate::graphql) enum SizeBy {
    /// The sum of the sizes of images, and of manifests that describe none: what shares its bytes counts each.
    Size,
    /// The bytes of all blobs in a thing, each once.
    Stored,
}

/// By what a tree of sizes can be coloured.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum SizeTreeMeasure {
    /// How long ago its images and manifests were pushed, on average, in days; null where there are none.
    Age,
    /// How often something in it was pulled, of what is still there: a whole number, counted within seconds.
    Downloads,
    /// Which share of its images has no signature, from 0 to 1; null where there are none.
    UnsignedShare,
}
