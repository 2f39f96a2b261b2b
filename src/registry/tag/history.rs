//! Where tags have been. What is told outlives tags and images: digests stay.
use entity::tag_move;
use sea_orm::{ColumnTrait, ExprTrait, QueryFilter};

use crate::{
    access::{Granted, Pull, Rows, rows},
    error::Result,
    registry::{
        Caller, ContainerId,
        page::{Page, PageArgs, Sort, page},
    },
};

/// A move of a tag that the caller may see.
pub type TagMove = Granted<Pull, tag_move::Model>;

/// The order of a history: as it happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByMove;

impl Sort<tag_move::Entity> for ByMove {
    fn column(self) -> Option<tag_move::Column> {
        None
    }
    fn key(self, _: &tag_move::Model) -> String {
        String::new()
    }
    fn id(row: &tag_move::Model) -> i64 {
        row.id.0
    }
    fn id_column() -> tag_move::Column {
        tag_move::Column::Id
    }
}

/// Which moves a history holds; absent fields do not narrow it.
#[derive(Clone, Copy, Debug)]
pub struct Moves<'a> {
    /// Those in this container.
    pub container: ContainerId,
    /// Those of this name.
    pub name: Option<&'a str>,
    /// Those of images of this architecture, and those of no image.
    pub arch: Option<&'a str>,
}

/// The moves of tags in a container.
pub async fn history(
    caller: &Caller,
    moves: Moves<'_>,
    args: &PageArgs<ByMove>,
) -> Result<Page<TagMove>> {
    page(caller, of(caller, moves), moves, args).await
}

/// How many [`history`] lists.
pub async fn history_count(caller: &Caller, moves: Moves<'_>) -> Result<u64> {
    of(caller, moves).count(caller.db()).await
}

fn of(caller: &Caller, moves: Moves<'_>) -> Rows<Pull, tag_move::Entity> {
    let mut rows = rows::<Pull, tag_move::Entity>(caller.actor())
        .narrow(|q| q.filter(tag_move::Column::ContainerId.eq(moves.container)));
    if let Some(name) = moves.name {
        rows = rows.narrow(|q| q.filter(tag_move::Column::Name.eq(name)));
    }
    if let Some(arch) = moves.arch {
        let of_it = tag_move::Column::Arch
            .eq(arch)
            .or(tag_move::Column::Arch.is_null());
        rows = rows.narrow(|q| q.filter(of_it));
    }
    rows
}
