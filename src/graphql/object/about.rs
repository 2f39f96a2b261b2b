//! What people say about things.
use async_graphql::{Context, Object, Result};
use chrono::{DateTime, Utc};

use super::User;
use crate::{
    graphql::{
        loader::{ReadmeOf, load},
        scalar::ContainerPath,
    },
    registry::about,
};

/// What is said about a thing that the caller may see.
#[derive(Clone)]
pub(in crate::graphql) struct About(pub about::About);

/// What is said about a collection or a container, beside its short description.
#[Object]
impl About {
    /// The long text; null when there is none.
    #[graphql(complexity = "10 + child_complexity")]
    async fn readme(&self, ctx: &Context<'_>) -> Result<Option<Readme>> {
        Ok(load(ctx, ReadmeOf(self.0.id)).await?.map(Readme))
    }

    /// The licence, an SPDX expression such as `Apache-2.0`; null when nobody said.
    async fn licence(&self) -> Option<&str> {
        said(&self.0.licence)
    }

    /// Where the source is: an address that begins with `https://` or `http://`; null when nobody said.
    async fn source(&self) -> Option<&str> {
        said(&self.0.source)
    }

    /// How to cite it: a DOI or free text, up to 4096 bytes; null when nobody said.
    async fn citation(&self) -> Option<&str> {
        said(&self.0.citation)
    }

    /// The DOI that the citation is, such as `10.5281/zenodo.1234`; null when it is something else.
    async fn doi(&self) -> Option<&str> {
        about::doi(&self.0.citation)
    }

    /// When any of this, or its deprecation, changed last.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }

    /// Who changed it last; null unless you are signed in, and when the account is gone.
    async fn updated_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        match self.0.updated_by {
            Some(id) => Ok(load(ctx, id).await?.map(User)),
            None => Ok(None),
        }
    }
}

/// A long text.
#[derive(Clone)]
pub(super) struct Readme(String);

/// A long text about a thing, up to 512 KiB.
#[Object]
impl Readme {
    /// As it was written, in Markdown.
    async fn markdown(&self) -> &str {
        &self.0
    }

    /// As HTML that may stand in a page: without scripts, styles and forms; links go to the web or to mail only, and say
    /// `nofollow noopener noreferrer`; images are those of the web.
    #[graphql(complexity = 50)]
    async fn html(&self) -> Result<String> {
        Ok(about::html(self.0.clone()).await?)
    }
}

/// That a thing is deprecated.
#[derive(Clone)]
pub(in crate::graphql) struct Deprecation(about::About);

impl Deprecation {
    /// The deprecation in what is said about a thing, if it is deprecated.
    pub(super) fn of(about: about::About) -> Option<Self> {
        about.deprecated_at.is_some().then_some(Self(about))
    }
}

/// That a thing is no longer what to use. Clients of the registry protocol are warned when they pull.
#[Object]
impl Deprecation {
    /// Why, and what to do; up to 1024 bytes.
    async fn message(&self) -> &str {
        &self.0.deprecation
    }

    /// The path of the container to use instead; null when there is none. It need not be there, or be seen by you.
    async fn superseded_by(&self) -> Option<ContainerPath> {
        said(&self.0.superseded_by).map(|path| ContainerPath(path.to_owned()))
    }

    /// Since when it is deprecated.
    async fn since(&self) -> Option<DateTime<Utc>> {
        self.0.deprecated_at
    }

    /// When it ends, as its owner says; null when nobody said. Nothing happens by itself then.
    async fn ends_at(&self) -> Option<DateTime<Utc>> {
        self.0.ends_at
    }
}

fn said(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}
