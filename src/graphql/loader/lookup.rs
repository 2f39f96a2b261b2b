//! Things by the names under which the outside knows them.
use std::sync::Arc;

use async_graphql::dataloader::Loader;

use super::{Found, Source, wrapped};
use crate::{
    error::Error,
    graphql::id::container_path,
    registry::{
        Digest, container::Container, image::Image, lookup, namespace::Namespace, team::Team,
        user::User,
    },
};

/// An image, by its digest.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(in crate::graphql) struct DigestOf(pub String);

impl Loader<DigestOf> for Source {
    type Value = Image;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[DigestOf]) -> Found<DigestOf, Image> {
        let digests: Vec<Digest> = keys.iter().filter_map(|key| key.0.parse().ok()).collect();
        Ok(wrapped(lookup::images(&self.0, &digests).await?, DigestOf))
    }
}

/// A container, by its path.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(in crate::graphql) struct PathIs(pub String);

impl Loader<PathIs> for Source {
    type Value = Container;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[PathIs]) -> Found<PathIs, Container> {
        let paths: Vec<_> = keys
            .iter()
            .filter_map(|key| container_path(&key.0).ok())
            .collect();
        Ok(wrapped(lookup::containers(&self.0, &paths).await?, PathIs))
    }
}

/// A namespace, by its name.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(in crate::graphql) struct NamespaceName(pub String);

impl Loader<NamespaceName> for Source {
    type Value = Namespace;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[NamespaceName]) -> Found<NamespaceName, Namespace> {
        let names: Vec<_> = keys.iter().map(|key| key.0.clone()).collect();
        Ok(wrapped(
            lookup::namespaces(&self.0, &names).await?,
            NamespaceName,
        ))
    }
}

/// A team, by its name.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(in crate::graphql) struct TeamName(pub String);

impl Loader<TeamName> for Source {
    type Value = Team;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[TeamName]) -> Found<TeamName, Team> {
        let names: Vec<_> = keys.iter().map(|key| key.0.clone()).collect();
        Ok(wrapped(lookup::teams(&self.0, &names).await?, TeamName))
    }
}

/// A user, by their name.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(in crate::graphql) struct NameOf(pub String);

impl Loader<NameOf> for Source {
    type Value = User;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[NameOf]) -> Found<NameOf, User> {
        let names: Vec<_> = keys.iter().map(|key| key.0.clone()).collect();
        Ok(wrapped(lookup::users(&self.0, &names).await?, NameOf))
    }
}
