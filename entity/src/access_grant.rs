//! Grants: what somebody was let into by those whose it is.
use sea_orm::entity::prelude::*;

use crate::{
    id::{CollectionId, ContainerId, GrantId, NamespaceId, TeamId, UserId},
    kind::GrantLevel,
};

/// A grant to one user or one team, on one namespace, collection or container; one for each two of them.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "access_grant")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: GrantId,
    pub user_id: Option<UserId>,
    pub team_id: Option<TeamId>,
    pub namespace_id: Option<NamespaceId>,
    pub collection_id: Option<CollectionId>,
    pub container_id: Option<ContainerId>,
    pub level: GrantLevel,
    pub created_at: DateTimeUtc,
    pub created_by: Option<UserId>,
}

impl ActiveModelBehavior for ActiveModel {}
