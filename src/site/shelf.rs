//! What is in a namespace, and what is in a collection, as plain lists.
use askama::Template;
use poem::{Request, Response};

use super::{
    failure::Failure,
    frame::Frame,
    query, render,
    text::{brief, description},
};
use crate::{
    auth,
    error::Result,
    registry::{
        Visibility,
        collection::{self, CollectionFilter},
        container::{self, ContainerFilter},
        namespace,
        page::{Cursor, Page as Rows, PageArgs},
        path::Name,
    },
};

/// How many things a page lists.
const LISTED: u64 = 100;

#[derive(Template)]
#[template(path = "site/shelf.html")]
struct Page {
    frame: Frame,
    path: String,
    /// What it is in, if anything.
    above: Option<String>,
    description: String,
    /// What it holds, in words.
    nouns: &'static str,
    items: Vec<Item>,
    /// Where the next page begins.
    more: Option<String>,
}

struct Item {
    name: String,
    description: String,
    /// Who sees it, if not everybody: ` (private)`.
    hidden: &'static str,
}

/// Lists the collections of a namespace that the visitor may see.
pub(super) async fn namespace(request: Request) -> Result<Response, Failure> {
    let caller = auth::caller(&request).await?;
    let name = name(&request, "namespace")?;
    let found = namespace::find(&caller, &name).await;
    let namespace = found.map_err(|error| Failure::hiding(error, &caller))?;
    let filter = CollectionFilter {
        namespace: Some(namespace.id),
        ..CollectionFilter::default()
    };
    let page = collection::list(&caller, filter, &args(&request)?).await?;
    let (rows, more) = split(page);
    let items = rows.iter().map(|row| Item {
        name: row.name.clone(),
        description: brief(&row.description),
        hidden: match row.visibility {
            Visibility::Public => "",
            Visibility::Internal => " (internal)",
            Visibility::Private => " (private)",
        },
    });
    render(&Page {
        frame: Frame::new(&request, &caller).await,
        path: name.to_string(),
        above: None,
        description: description(&namespace.description).to_owned(),
        nouns: "collections",
        items: items.collect(),
        more,
    })
}

/// Lists the containers of a collection.
pub(super) async fn collection(request: Request) -> Result<Response, Failure> {
    let caller = auth::caller(&request).await?;
    let (above, name) = (name(&request, "namespace")?, name(&request, "collection")?);
    let found = collection::find(&caller, &above, &name).await;
    let collection = found.map_err(|error| Failure::hiding(error, &caller))?;
    let filter = ContainerFilter {
        collection: Some(collection.id),
        ..ContainerFilter::default()
    };
    let page = container::list(&caller, &filter, &args(&request)?).await?;
    let (rows, more) = split(page);
    let items = rows.iter().map(|row| Item {
        name: row.name.clone(),
        description: brief(&row.description),
        hidden: "",
    });
    render(&Page {
        frame: Frame::new(&request, &caller).await,
        path: format!("{above}/{name}"),
        above: Some(above.to_string()),
        description: description(&collection.description).to_owned(),
        nouns: "containers",
        items: items.collect(),
        more,
    })
}

fn name(request: &Request, part: &str) -> Result<Name> {
    request.raw_path_param(part).unwrap_or_default().parse()
}

fn args<S: Default>(request: &Request) -> Result<PageArgs<S>> {
    let after = query(request, "after");
    let after = (!after.is_empty()).then(|| Cursor::decode(&after));
    Ok(PageArgs {
        after: after.transpose()?,
        limit: LISTED,
        ..PageArgs::default()
    })
}

/// The rows of a page, and where the next one begins.
fn split<T>(page: Rows<T>) -> (Vec<T>, Option<String>) {
    let last = page.items.last().map(|(place, _)| place.encode());
    let rows = page.items.into_iter().map(|(_, row)| row).collect();
    (rows, last.filter(|_| page.has_next))
}
