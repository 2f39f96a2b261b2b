//! Columns that hold one word of a few.
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// Who may see a collection and pull from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Everybody, signed in or not.
    Public,
    /// Those who own it, and site administrators.
    Private,
}

/// How far a token reaches. Each scope includes those before it.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    EnumIter,
    DeriveActiveEnum,
    Serialize,
    Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// See and pull what its user may see and pull.
    Read,
    /// Also push, tag, change and delete what its user may.
    Write,
    /// Also what its user may do as a site administrator.
    Admin,
}
