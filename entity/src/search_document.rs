//! What is searched: the texts of a container, a collection or a namespace.
use sea_orm::entity::prelude::*;

use crate::id::{CollectionId, ContainerId, DocumentId, NamespaceId};

/// The texts of one thing, which is one of three kinds. Each database keeps an index of the words beside it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "search_document")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DocumentId,
    #[sea_orm(unique)]
    pub container_id: Option<ContainerId>,
    #[sea_orm(unique)]
    pub collection_id: Option<CollectionId>,
    #[sea_orm(unique)]
    pub namespace_id: Option<NamespaceId>,
    /// The name of the thing, for what begins with it.
    pub name: String,
    /// The names on the way to it. Counts most.
    #[sea_orm(column_type = "Text")]
    pub title: String,
    /// What is said of it in few words, in lines.
    #[sea_orm(column_type = "Text")]
    pub about: String,
    /// What is said of it in many words.
    #[sea_orm(column_type = "Text")]
    pub readme: String,
    /// What it was built from. Counts least.
    #[sea_orm(column_type = "Text")]
    pub definition: String,
}

impl ActiveModelBehavior for ActiveModel {}
