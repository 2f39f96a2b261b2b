//! Share links are known to those who may share.
use entity::{container, share_link};
use sea_orm::Condition;

use super::{Guarded, inherit};
use crate::access::{Actor, Level};

impl Guarded for share_link::Entity {
    const NOUN: &'static str = "share link";

    fn reach(actor: &Actor, _: Level) -> Condition {
        inherit(
            actor,
            Level::Admin,
            container::Entity,
            container::Column::Id,
            share_link::Column::ContainerId,
        )
    }
}
