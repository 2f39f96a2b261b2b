//! Entities, collections and containers: the tree that a push makes as far as it is not there. Only clients that push ask
//! for them, so what was renamed or moved is not there.
use poem::{Request, Response};

use super::{
    dto::{NewCollection, NewContainer, NewEntity},
    error::Result,
    message::{body, data, field, part},
    render,
};
use crate::{
    auth,
    registry::{
        Caller, Visibility,
        collection::{self, Collection},
        container::{self, Container},
        namespace::{self, Namespace},
        path::ContainerPath,
    },
};

/// `GET v1/entities/<entity>`.
pub(super) async fn entity(request: Request) -> Result<Response> {
    let caller = auth::caller(&request).await?;
    let found = namespace::find_here(&caller, &part(&request, "entity").parse()?).await?;
    shown_entity(&caller, found).await
}

/// `POST v1/entities`.
pub(super) async fn create_entity(mut request: Request) -> Result<Response> {
    let caller = auth::caller(&request).await?;
    let new: NewEntity = body(&caller, &mut request).await?;
    let new = namespace::NewNamespace {
        name: new.name.parse()?,
        description: new.description.unwrap_or_default(),
        default_visibility: private(new.default_private),
    };
    let made = namespace::ensure(&caller, new).await?;
    shown_entity(&caller, made).await
}

async fn shown_entity(caller: &Caller, row: Namespace) -> Result<Response> {
    let children = collection::ids_in(caller, row.id).await?;
    let mut shown = render::entities(caller, &[row]).await?;
    for entity in &mut shown {
        entity.collections = Some(children.iter().map(ToString::to_string).collect());
    }
    Ok(data(render::only(shown, "namespace")?))
}

/// `GET v1/collections/<entity>/<collection>`.
pub(super) async fn collection(request: Request) -> Result<Response> {
    let caller = auth::caller(&request).await?;
    let (entity, name) = (
        part(&request, "entity").parse()?,
        part(&request, "collection").parse()?,
    );
    let found = collection::find_here(&caller, &entity, &name).await?;
    shown_collection(&caller, found).await
}

/// `POST v1/collections`.
pub(super) async fn create_collection(mut request: Request) -> Result<Response> {
    let caller = auth::caller(&request).await?;
    let new: NewCollection = body(&caller, &mut request).await?;
    let new = collection::NewCollection {
        namespace: field("entity", &new.entity)?,
        name: new.name.parse()?,
        description: new.description.unwrap_or_default(),
        visibility: private(new.private),
    };
    let made = collection::ensure(&caller, new).await?;
    shown_collection(&caller, made).await
}

async fn shown_collection(caller: &Caller, row: Collection) -> Result<Response> {
    let children = container::ids_in(caller, row.id).await?;
    let mut shown = render::collections(caller, &[row]).await?;
    for collection in &mut shown {
        collection.containers = Some(children.iter().map(ToString::to_string).collect());
    }
    Ok(data(render::only(shown, "collection")?))
}

/// `GET v1/containers/<entity>/<collection>/<container>`, or less of it.
pub(super) async fn container(request: Request) -> Result<Response> {
    let caller = auth::caller(&request).await?;
    let path = ContainerPath::parse(part(&request, "path"), &caller.config().registry)?;
    let found = container::find_here(&caller, &path).await?;
    shown_container(&caller, found).await
}

/// `POST v1/containers`.
pub(super) async fn create_container(mut request: Request) -> Result<Response> {
    let caller = auth::caller(&request).await?;
    let new: NewContainer = body(&caller, &mut request).await?;
    let new = container::NewContainer {
        collection: field("collection", &new.collection)?,
        name: new.name.parse()?,
        description: new.description.unwrap_or_default(),
    };
    let made = container::ensure(&caller, new).await?;
    shown_container(&caller, made).await
}

async fn shown_container(caller: &Caller, row: Container) -> Result<Response> {
    let content = render::content(caller, row.id).await?;
    let mut shown = render::containers(caller, &[row]).await?;
    if let [container] = &mut shown[..] {
        container.content = Some(content);
    }
    Ok(data(render::only(shown, "container")?))
}

/// Clients always send the field, `false` unless told otherwise, so `false` says nothing.
fn private(wanted: Option<bool>) -> Option<Visibility> {
    wanted
        .filter(|private| *private)
        .map(|_| Visibility::Private)
}
