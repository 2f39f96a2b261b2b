//! Search by words in names and descriptions.
use entity::{collection, container, image, namespace, tag};
use sea_orm::{
    ColumnTrait, Condition, ExprTrait, JoinType, QueryFilter, QueryOrder, QuerySelect,
    RelationTrait,
    sea_query::{Expr, Func, LikeExpr, Query},
};

use super::{
    Caller, collection::Collection, container::Container, image::Image, namespace::Namespace,
    path::plain,
};
use crate::{
    access::{Pull, rows},
    error::{Error, Result},
};

/// The shortest text that is searched for, in characters, as clients demand.
pub const TEXT_MIN: usize = 3;
/// The longest text that is searched for, in bytes. SQLite refuses patterns that are much longer.
pub const TEXT_MAX: usize = 1024;
/// The most architectures that one search names.
pub const ARCHS_MAX: usize = 32;
/// The most things of one kind that a search finds.
pub const FOUND_MAX: u64 = 100;

/// What is searched for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Found anywhere in the path of a thing, or in its description, in upper or lower case.
    pub text: String,
    /// Images of these architectures only; empty: of all.
    pub archs: Vec<String>,
    /// Signed images only.
    pub signed: bool,
}

/// What was found, newest first, never more than [`FOUND_MAX`] of a kind.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Namespaces, by name or description.
    pub namespaces: Vec<Namespace>,
    /// Collections, by name or description.
    pub collections: Vec<Collection>,
    /// Containers, by name or description.
    pub containers: Vec<Container>,
    /// Images with a tag, by any part of their path or description.
    pub images: Vec<Image>,
}

/// Finds what the caller may see.
///
/// # Errors
/// [`Error::Invalid`] when the text is shorter than [`TEXT_MIN`] or longer than [`TEXT_MAX`], or names too many
/// architectures.
pub async fn search(caller: &Caller, search: &Search) -> Result<Found> {
    let text = search.text.trim().to_lowercase();
    if text.chars().count() < TEXT_MIN {
        return Err(Error::invalid(
            "value",
            format!("search for at least {TEXT_MIN} characters"),
        ));
    }
    plain("value", &text, TEXT_MAX)?;
    check_archs(&search.archs)?;
    let pattern = pattern(&text);
    Ok(Found {
        namespaces: namespaces(caller, &pattern).await?,
        collections: collections(caller, &pattern).await?,
        containers: containers(caller, &pattern).await?,
        images: images(caller, &pattern, search).await?,
    })
}

fn check_archs(archs: &[String]) -> Result<()> {
    if archs.len() > ARCHS_MAX {
        return Err(Error::invalid("arch", format!("name {ARCHS_MAX} at most")));
    }
    archs
        .iter()
        .try_for_each(|arch| plain("arch", arch, TEXT_MAX))
}

/// `LIKE` pattern for anything that holds the text; its wildcards stand for themselves.
pub(in crate::registry) fn pattern(text: &str) -> String {
    let escaped = text
        .replace('\\', r"\\")
        .replace('%', r"\%")
        .replace('_', r"\_");
    format!("%{escaped}%")
}

pub(in crate::registry) fn like(column: impl ColumnTrait, pattern: &str) -> Expr {
    Expr::expr(Func::lower(Expr::col(column.as_column_ref())))
        .like(LikeExpr::new(pattern).escape('\\'))
}

async fn namespaces(caller: &Caller, pattern: &str) -> Result<Vec<Namespace>> {
    use namespace::Column;
    let matches = Condition::any()
        .add(like(Column::Name, pattern))
        .add(like(Column::Description, pattern));
    rows::<Pull, namespace::Entity>(caller.actor())
        .narrow(|q| q.filter(matches).order_by_desc(Column::Id).limit(FOUND_MAX))
        .all(caller.db())
        .await
}

async fn collections(caller: &Caller, pattern: &str) -> Result<Vec<Collection>> {
    use collection::Column;
    let matches = Condition::any()
        .add(like(Column::Name, pattern))
        .add(like(Column::Description, pattern));
    rows::<Pull, collection::Entity>(caller.actor())
        .narrow(|q| q.filter(matches).order_by_desc(Column::Id).limit(FOUND_MAX))
        .all(caller.db())
        .await
}

async fn containers(caller: &Caller, pattern: &str) -> Result<Vec<Container>> {
    use container::Column;
    let matches = Condition::any()
        .add(like(Column::Name, pattern))
        .add(like(Column::Description, pattern));
    rows::<Pull, container::Entity>(caller.actor())
        .narrow(|q| q.filter(matches).order_by_desc(Column::Id).limit(FOUND_MAX))
        .all(caller.db())
        .await
}

async fn images(caller: &Caller, pattern: &str, search: &Search) -> Result<Vec<Image>> {
    let matches = Condition::any()
        .add(like(namespace::Column::Name, pattern))
        .add(like(collection::Column::Name, pattern))
        .add(like(container::Column::Name, pattern))
        .add(like(container::Column::Description, pattern))
        .add(like(image::Column::Description, pattern));
    let mut narrowed = rows::<Pull, image::Entity>(caller.actor()).narrow(|q| {
        q.join(JoinType::InnerJoin, image::Relation::Container.def())
            .join(JoinType::InnerJoin, container::Relation::Collection.def())
            .join(JoinType::InnerJoin, collection::Relation::Namespace.def())
            .filter(image::Column::Blob.is_not_null())
            .filter(has_tag())
            .filter(matches)
    });
    if !search.archs.is_empty() {
        narrowed = narrowed.narrow(|q| {
            q.filter(image::Column::Arch.is_in(search.archs.iter().map(String::as_str)))
        });
    }
    if search.signed {
        narrowed = narrowed.narrow(|q| q.filter(image::Column::Signed.eq(true)));
    }
    narrowed
        .narrow(|q| q.order_by_desc(image::Column::Id).limit(FOUND_MAX))
        .all(caller.db())
        .await
}

/// What no tag names is old; it can be pulled by digest, but is not offered.
fn has_tag() -> Expr {
    let tags = Query::select()
        .expr(Expr::val(1))
        .from(tag::Entity)
        .and_where(
            Expr::col((tag::Entity, tag::Column::ImageId))
                .equals((image::Entity, image::Column::Id)),
        )
        .to_owned();
    Expr::exists(tags)
}
