//! Things by the names under which the outside knows them, many at once, in one statement. What cannot be a name, what is
//! not there and what the caller may not see is absent alike.
use std::collections::HashMap;

use entity::{collection, container, image, namespace, team, user};
use sea_orm::{
    ColumnTrait, Condition, FromQueryResult, JoinType, QueryFilter, QuerySelect, QueryTrait,
    RelationTrait,
    sea_query::{Expr, ExprTrait},
};

use super::{
    Caller, ContainerId, Digest,
    container::{self as containers, Container},
    image::{self as images, Image},
    namespace::Namespace,
    path::{ContainerPath, Name},
    team::Team,
    user::User,
};
use crate::{
    access::{Pull, rows},
    error::Result,
};

/// Users by their names.
pub async fn users(caller: &Caller, texts: &[String]) -> Result<HashMap<String, User>> {
    let names = names(texts);
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let found = rows::<Pull, user::Entity>(caller.actor())
        .narrow(|q| q.filter(user::Column::Name.is_in(names)))
        .all(caller.db())
        .await?;
    Ok(found
        .into_iter()
        .map(|row| (row.name.clone(), row))
        .collect())
}

/// Namespaces by their names.
pub async fn namespaces(caller: &Caller, texts: &[String]) -> Result<HashMap<String, Namespace>> {
    let names = names(texts);
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let found = rows::<Pull, namespace::Entity>(caller.actor())
        .narrow(|q| q.filter(namespace::Column::Name.is_in(names)))
        .all(caller.db())
        .await?;
    Ok(found
        .into_iter()
        .map(|row| (row.name.clone(), row))
        .collect())
}

/// Teams by their names.
pub async fn teams(caller: &Caller, texts: &[String]) -> Result<HashMap<String, Team>> {
    let names = names(texts);
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let found = rows::<Pull, team::Entity>(caller.actor())
        .narrow(|q| q.filter(team::Column::Name.is_in(names)))
        .all(caller.db())
        .await?;
    Ok(found
        .into_iter()
        .map(|row| (row.name.clone(), row))
        .collect())
}

fn names(texts: &[String]) -> Vec<String> {
    let is_name = |text: &&String| text.parse::<Name>().is_ok();
    texts.iter().filter(is_name).cloned().collect()
}

#[derive(FromQueryResult)]
struct PathRow {
    id: ContainerId,
    namespace: String,
    collection: String,
    container: String,
}

/// Containers by their paths. Two statements, however many.
pub async fn containers(
    caller: &Caller,
    paths: &[ContainerPath],
) -> Result<HashMap<String, Container>> {
    if paths.is_empty() {
        return Ok(HashMap::new());
    }
    let any = paths.iter().fold(Condition::any(), |any, path| {
        any.add(
            Condition::all()
                .add(namespace::Column::Name.eq(path.namespace.as_str()))
                .add(collection::Column::Name.eq(path.collection.as_str()))
                .add(container::Column::Name.eq(path.container.as_str())),
        )
    });
    let found = containers::of_collection(caller, None)
        .into_select()
        .join(JoinType::InnerJoin, container::Relation::Collection.def())
        .join(JoinType::InnerJoin, collection::Relation::Namespace.def())
        .filter(any)
        .select_only()
        .column(container::Column::Id)
        .column_as(namespace::Column::Name, "namespace")
        .column_as(collection::Column::Name, "collection")
        .column_as(container::Column::Name, "container")
        .into_model::<PathRow>()
        .all(caller.db())
        .await?;
    let ids: Vec<_> = found.iter().map(|row| row.id).collect();
    let mut rows = containers::by_ids(caller, &ids).await?;
    let place = |row: PathRow| {
        let path = format!("{}/{}/{}", row.namespace, row.collection, row.container);
        Some((path, rows.remove(&row.id)?))
    };
    Ok(found.into_iter().filter_map(place).collect())
}

/// Images by their digests. The same bytes may be in many containers; the first image that was announced there and that
/// the caller may see stands for all.
pub async fn images(caller: &Caller, digests: &[Digest]) -> Result<HashMap<String, Image>> {
    if digests.is_empty() {
        return Ok(HashMap::new());
    }
    let digests = digests.iter().map(ToString::to_string);
    let first = images::uploaded(caller, None)
        .into_select()
        .filter(image::Column::Digest.is_in(digests))
        .select_only()
        .column_as(image::Column::Id.min(), "first")
        .group_by(image::Column::Digest)
        .into_query();
    let found = images::uploaded(caller, None)
        .narrow(|q| q.filter(Expr::col(image::Column::Id.as_column_ref()).in_subquery(first)))
        .all(caller.db())
        .await?;
    Ok(found
        .into_iter()
        .map(|row| (row.digest.clone(), row))
        .collect())
}
