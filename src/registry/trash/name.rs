//! The tags of what is in the trash: written down, and set again where they are free.
use entity::{container, manifest, manifest_tag, tag};
use sea_orm::{ColumnTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationTrait};
use serde::{Deserialize, Serialize};

use super::content::Content;
use crate::{
    access::{Granted, Includes, Pull, Push, rows},
    error::Result,
    registry::{ManifestKind, Tx, manifest as manifests},
};

/// A tag that something had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Name {
    pub(super) name: String,
    /// The architecture for which the library had it; absent where it did not.
    arch: Option<String>,
    /// The manifest that it named for OCI clients, if that goes, too.
    pub(super) manifest: Option<String>,
}

/// The tags of what is about to go, in the order of their names.
pub(super) async fn names(tx: &Tx, content: &Content) -> Result<Vec<Name>> {
    let ids = content.manifests.iter().map(|manifest| manifest.id);
    let of_manifests: Vec<(String, String)> = rows::<Pull, manifest_tag::Entity>(tx.actor())
        .into_select()
        .join(JoinType::InnerJoin, manifest_tag::Relation::Manifest.def())
        .filter(manifest_tag::Column::ManifestId.is_in(ids))
        .order_by_asc(manifest_tag::Column::Name)
        .select_only()
        .column(manifest_tag::Column::Name)
        .column(manifest::Column::Digest)
        .into_tuple()
        .all(tx.db())
        .await?;
    let of_image: Vec<(String, String)> = match &content.image {
        None => Vec::new(),
        Some(image) => {
            rows::<Pull, tag::Entity>(tx.actor())
                .into_select()
                .filter(tag::Column::ImageId.eq(image.id))
                .select_only()
                .column(tag::Column::Name)
                .column(tag::Column::Arch)
                .into_tuple()
                .all(tx.db())
                .await?
        }
    };
    let mut names: Vec<Name> = of_manifests
        .into_iter()
        .map(|(name, digest)| Name {
            name,
            arch: None,
            manifest: Some(digest),
        })
        .collect();
    for (name, arch) in of_image {
        match names.iter_mut().find(|known| known.name == name) {
            Some(known) => known.arch = Some(arch),
            None => names.push(Name {
                name,
                arch: Some(arch),
                manifest: None,
            }),
        }
    }
    names.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(names)
}

impl Name {
    /// Sets the tag again on what is back in its container; false: something else has it by now.
    pub(super) async fn set(
        &self,
        tx: &Tx,
        container: &Granted<impl Includes<Push>, container::Model>,
        content: &Content,
    ) -> Result<bool> {
        let tagged = rows::<Pull, tag::Entity>(tx.actor())
            .narrow(|q| {
                q.filter(tag::Column::ContainerId.eq(container.id))
                    .filter(tag::Column::Name.eq(&self.name))
            })
            .all(tx.db())
            .await?;
        let named = self.manifest_now(tx, container).await?;
        let ours = |digest: &String| content.manifests.iter().find(|row| row.digest == *digest);
        match (named, &self.manifest, &self.arch, &content.image) {
            (None, Some(digest), _, _) if tagged.is_empty() => match ours(digest) {
                Some(manifest) => manifests::lead(tx, container, &self.name, manifest).await?,
                None => return Ok(false),
            },
            // Of an index that was pushed the name says what is in it.
            (Some(index), _, Some(_), _)
                if index.kind == ManifestKind::Index && !index.generated =>
            {
                manifests::lead(tx, container, &self.name, &index).await?;
            }
            (None, _, Some(arch), Some(image)) if tagged.is_empty() => {
                manifests::lead_one(tx, container.id, (&self.name, arch.clone()), image.id).await?;
                manifests::follow(tx, container, &self.name).await?;
            }
            // Images for other architectures have the name: this one joins them.
            (Some(_), _, Some(arch), Some(image))
                if !tagged.is_empty() && tagged.iter().all(|tag| tag.arch != *arch) =>
            {
                manifests::lead_one(tx, container.id, (&self.name, arch.clone()), image.id).await?;
                manifests::follow(tx, container, &self.name).await?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// What the name is to OCI clients now.
    async fn manifest_now(
        &self,
        tx: &Tx,
        container: &container::Model,
    ) -> Result<Option<manifest::Model>> {
        let row = rows::<Pull, manifest::Entity>(tx.actor())
            .narrow(|q| {
                q.join(
                    JoinType::InnerJoin,
                    manifest_tag::Relation::Manifest.def().rev(),
                )
                .filter(manifest_tag::Column::ContainerId.eq(container.id))
                .filter(manifest_tag::Column::Name.eq(&self.name))
            })
            .one(tx.db())
            .await?;
        Ok(row.map(Granted::into_row))
    }
}
