//! Work that takes long.
use sea_orm::entity::prelude::*;

use crate::{
    id::{JobId, UserId},
    kind::{JobKind, JobState},
};

/// Work that takes long, and how far it has come.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: JobId,
    pub kind: JobKind,
    pub state: JobState,
    /// Who asked for it; absent for the clock, the command line and accounts that are gone.
    pub asked_by: Option<UserId>,
    /// What was looked at since then is left alone.
    pub before: DateTimeUtc,
    /// At most so many bytes in a second.
    pub rate: Option<i64>,
    /// Put right what is wrong.
    pub mend: bool,
    pub created_at: DateTimeUtc,
    pub started_at: Option<DateTimeUtc>,
    /// When whoever runs it was last heard of.
    pub seen_at: Option<DateTimeUtc>,
    pub ended_at: Option<DateTimeUtc>,
    /// How many things were looked at.
    pub done: i64,
    /// Of how many; absent where nobody knows.
    pub total: Option<i64>,
    /// How many of them were wrong, or went.
    pub found: i64,
    /// Why it broke off.
    pub failure: Option<String>,
    /// Whoever runs it is to stop.
    pub cancelled: bool,
}

impl ActiveModelBehavior for ActiveModel {}
