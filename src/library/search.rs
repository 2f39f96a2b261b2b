//! Search.
use poem::{Request, Response};
use serde::Deserialize;

use super::{
    dto::Found,
    error::Result,
    message::{data, query},
    render,
};
use crate::{
    auth,
    registry::search::{self, Search},
};

#[derive(Deserialize)]
struct Query {
    #[serde(default)]
    value: String,
    #[serde(default)]
    arch: String,
    #[serde(default)]
    signed: String,
}

/// `GET v1/search?value=&arch=&signed=`: `arch` may be several, joined by commas.
pub(super) async fn search(request: Request) -> Result<Response> {
    let caller = auth::caller(&request).await?;
    let Query {
        value,
        arch,
        signed,
    } = query(&request)?;
    let archs = arch
        .split(',')
        .map(str::trim)
        .filter(|arch| !arch.is_empty());
    let wanted = Search {
        text: value,
        archs: archs.map(str::to_owned).collect(),
        signed: signed == "true",
    };
    let found = search::search(&caller, &wanted).await?;
    Ok(data(Found {
        entity: render::entities(&caller, &found.namespaces).await?,
        collection: render::collections(&caller, &found.collections).await?,
        container: render::containers(&caller, &found.containers).await?,
        image: render::images(&caller, &found.images).await?,
    }))
}
