//! Share links: one image for whoever has the link, for a time, and for as often as its maker says.
//!
//! The secret is told once and not kept. A link is good as long as whoever made it may share the image; when it is over,
//! for whatever reason, it is as if there were none.
//!
//! A use is a transfer that begins at the first byte. What begins elsewhere goes on with one, if it comes from the same
//! address within a day; or else it is a use, too, lest somebody who leaves out the first byte needs none.
use std::{collections::HashMap, ops::Range};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    container,
    id::{ImageId, ShareLinkId},
    image, share_link, share_use, user,
};
use futures::Stream;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, ExprTrait, IntoActiveModel, QueryFilter,
    Select, Set,
    sea_query::{Expr, OnConflict},
};
use serde_json::json;

use super::{
    Caller, Door, Tx, blob, container as containers,
    download::{self, Via},
    fresh_id,
    image::{self as images, Image},
    page::Sort,
    path::{ContainerPath, Reference, plain},
    secret::random_text,
    user::account,
};
use crate::{
    access::{Actor, Admin, Granted, Pull, identity, internal, open, rows},
    error::{Error, Result},
    event::{Change, Event},
};

/// How long a link lasts when nobody says.
const LIFETIME: TimeDelta = TimeDelta::days(7);
/// For how long a download may be gone on with.
const RESUMPTION: TimeDelta = TimeDelta::days(1);
/// The most uses that a link may be limited to.
pub const USES_MAX: i32 = 10_000;
/// The longest note, in bytes.
pub const NOTE_MAX: usize = 1000;

/// A link that the caller may see; not its secret.
pub type ShareLink = Granted<Pull, share_link::Model>;

/// What a new link gets.
#[derive(Clone, Debug)]
pub struct NewShareLink {
    /// The image.
    pub image: ImageId,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
    /// In how many seconds it ends, if that is not said as a time; seven days if neither is.
    pub expires_in: Option<i32>,
    /// How often it may be used, if not as often as anybody likes.
    pub max_uses: Option<i32>,
    /// What it is for.
    pub note: String,
}

/// A link that was just made.
pub struct Made {
    /// The link.
    pub link: ShareLink,
    /// Its secret.
    pub secret: String,
    /// What the image is called as a file.
    pub file_name: String,
}

/// The order of a list of links: as they were made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByCreation;

impl Sort<share_link::Entity> for ByCreation {
    fn column(self) -> Option<share_link::Column> {
        None
    }
    fn key(self, _: &share_link::Model) -> String {
        String::new()
    }
    fn id(row: &share_link::Model) -> i64 {
        row.id.0
    }
    fn id_column() -> share_link::Column {
        share_link::Column::Id
    }
}

/// Those of `ids` that the caller may see. One statement.
pub async fn by_ids(
    caller: &Caller,
    ids: &[ShareLinkId],
) -> Result<HashMap<ShareLinkId, ShareLink>> {
    let rows = rows::<Pull, share_link::Entity>(caller.actor())
        .narrow(|q| q.filter(share_link::Column::Id.is_in(ids.iter().copied())))
        .all(caller.db())
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// Whether a link is neither over, nor revoked, nor used up. Its maker may still have lost the right to share.
pub fn is_open(caller: &Caller, link: &ShareLink) -> bool {
    is_current(caller, link) && has_uses(link)
}

fn is_current(caller: &Caller, link: &share_link::Model) -> bool {
    link.revoked_at.is_none() && link.expires_at > caller.now()
}

fn has_uses(link: &share_link::Model) -> bool {
    link.max_uses.is_none_or(|most| link.uses < i64::from(most))
}

/// Makes a link to an image, and tells its secret, once.
///
/// # Errors
/// [`Error::Invalid`] for an end, a number of uses or a note that the site does not take; [`Error::Forbidden`] when it would
/// outlive the token that makes it; [`Error::Conflict`] for an image that is not uploaded; those of [`open`] for the image.
pub async fn create(caller: &Caller, new: NewShareLink) -> Result<Made> {
    let maker = caller.account()?.id;
    plain("note", &new.note, NOTE_MAX)?;
    let in_range = |most| (1..=USES_MAX).contains(&most);
    if !new.max_uses.is_none_or(in_range) {
        let why = format!("must be 1 to {USES_MAX}, or absent for no limit");
        return Err(Error::invalid("maxUses", why));
    }
    let expires_at = end(caller, &new)?;
    let secret = random_text::<32>();
    let hash = caller.secret().hash_share(&secret);
    caller
        .change(async |tx| {
            let image = open::<Admin, image::Entity>(tx.db(), tx.actor(), new.image).await?;
            if image.blob.is_none() {
                let why = "the image is not uploaded yet; push it again, then share it";
                return Err(Error::Conflict(why.into()));
            }
            let container =
                open::<Pull, container::Entity>(tx.db(), tx.actor(), image.container_id).await?;
            let row = share_link::ActiveModel {
                id: Set(ShareLinkId(fresh_id())),
                image_id: Set(image.id),
                container_id: Set(image.container_id),
                created_by: Set(maker),
                hash: Set(hash),
                note: Set(new.note),
                created_at: Set(tx.now()),
                expires_at: Set(expires_at),
                max_uses: Set(new.max_uses),
                uses: Set(0),
                last_used_at: Set(None),
                revoked_at: Set(None),
            };
            let row = row.insert(tx.db()).await?;
            let link = open::<Pull, share_link::Entity>(tx.db(), tx.actor(), row.id).await?;
            let event = told(tx, "share.create", &row).await?;
            let details = json!({"digest": image.digest, "expires_at": row.expires_at, "max_uses": row.max_uses});
            Ok(event.details(details).with(Made {
                link,
                file_name: file_name(&container.name, &image.digest),
                secret,
            }))
        })
        .await
}

/// When a link ends.
fn end(caller: &Caller, new: &NewShareLink) -> Result<DateTime<Utc>> {
    let now = caller.now();
    let until = caller.account()?.until;
    let (field, at) = match (new.expires_at, new.expires_in) {
        (Some(_), Some(_)) => {
            let why = "cannot stand beside expiresAt; say one of them";
            return Err(Error::invalid("expiresIn", why));
        }
        (Some(at), None) => ("expiresAt", at),
        (None, Some(seconds)) => ("expiresIn", now + TimeDelta::seconds(seconds.into())),
        (None, None) => {
            let most = until.map_or(LIFETIME, |until| until - now);
            ("expiresAt", now + LIFETIME.min(most).min(longest(caller)))
        }
    };
    if at <= now {
        return Err(Error::invalid(
            field,
            "the time has passed; choose one to come",
        ));
    }
    let latest = now.checked_add_signed(longest(caller));
    if latest.is_some_and(|latest| at > latest) {
        let most = caller.config().registry.max_share_lifetime;
        let why = format!("links of this site last {most} at most");
        return Err(Error::invalid(field, why));
    }
    if until.is_some_and(|until| at > until) {
        let why = "a token that expires cannot make a link that lasts longer than itself";
        return Err(Error::Forbidden(why.into()));
    }
    Ok(at)
}

fn longest(caller: &Caller) -> TimeDelta {
    let longest = caller.config().registry.max_share_lifetime.get();
    TimeDelta::from_std(longest).unwrap_or(TimeDelta::MAX)
}

/// Ends a link; it stays ended.
///
/// # Errors
/// Those of [`open`].
pub async fn revoke(caller: &Caller, id: ShareLinkId) -> Result<()> {
    caller
        .change(async |tx| {
            let link = open::<Admin, share_link::Entity>(tx.db(), tx.actor(), id).await?;
            if link.revoked_at.is_some() {
                return Ok(Change::none(()));
            }
            let mut row = (*link).clone().into_active_model();
            row.revoked_at = Set(Some(tx.now()));
            row.update(tx.db()).await?;
            Ok(told(tx, "share.revoke", &link).await?.with(()))
        })
        .await
}

/// What happened to a link, where its image is.
async fn told(tx: &Tx, action: &'static str, link: &share_link::Model) -> Result<Event> {
    let container = open::<Pull, container::Entity>(tx.db(), &site(), link.container_id).await?;
    let path = containers::path(tx, &container).await?;
    Ok(Event::new(action, path, link.id))
}

/// An image, for whoever showed the secret of a link to it.
pub struct Shared {
    link: share_link::Model,
    image: Image,
    /// What the image is called as a file.
    pub file_name: String,
    /// Whether whoever asks began a download lately.
    may_resume: bool,
}

impl Shared {
    /// The image, as its link's maker sees it.
    pub fn image(&self) -> &Image {
        &self.image
    }
}

/// What a link opens for the caller.
///
/// # Errors
/// [`Error::NotFound`] for a secret of no link, and for links that are over: past their end, revoked, used up, or made by
/// somebody who may no longer share the image.
pub async fn find(caller: &Caller, secret: &str) -> Result<Shared> {
    let found = match is_well_formed(secret) {
        true => find_open(caller, secret).await?,
        false => None,
    };
    found.ok_or(Error::NotFound("share link"))
}

/// The same for the address of an image, which must be the one that the link opens.
///
/// # Errors
/// [`Error::NotFound`] where it is another, there is none, or the link is over; [`Error::Invalid`] for an `arch` that no image can
/// have.
pub async fn find_at(
    caller: &Caller,
    secret: &str,
    (path, reference, arch): (&ContainerPath, &Reference, Option<&str>),
) -> Result<Shared> {
    let shared = find(caller, secret).await?;
    let named = images::find(&caller.known_as(site()), path, reference, arch).await;
    match named {
        Ok(named) if named.id == shared.image.id => Ok(shared),
        // Of others nothing is told.
        Ok(_) | Err(Error::NotFound(_)) => Err(Error::NotFound("share link")),
        Err(error) => Err(error),
    }
}

/// Whether the text has the form of a link's secret. No token has it.
pub fn is_well_formed(secret: &str) -> bool {
    let plain = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    secret.len() == 43 && secret.bytes().all(plain)
}

async fn find_open(caller: &Caller, secret: &str) -> Result<Option<Shared>> {
    let hash = caller.secret().hash_share(secret);
    let link = rows::<Pull, share_link::Entity>(&site())
        .narrow(|q: Select<share_link::Entity>| q.filter(share_link::Column::Hash.eq(hash)))
        .one(caller.db())
        .await?;
    let Some(link) = link.filter(|link| is_current(caller, link)) else {
        return Ok(None);
    };
    let may_resume = may_resume(caller, &link).await?;
    if !has_uses(&link) && !may_resume {
        return Ok(None);
    }
    let Some(image) = as_maker(caller, &link).await? else {
        return Ok(None);
    };
    let container =
        open::<Pull, container::Entity>(caller.db(), &site(), link.container_id).await?;
    Ok(Some(Shared {
        file_name: file_name(&container.name, &image.digest),
        link: link.into_row(),
        image,
        may_resume,
    }))
}

/// The image, if whoever made the link may still share it.
async fn as_maker(caller: &Caller, link: &share_link::Model) -> Result<Option<Image>> {
    let maker = identity::<user::Entity>()
        .filter(user::Column::Id.eq(link.created_by))
        .filter(user::Column::DisabledAt.is_null())
        .one(caller.db())
        .await?;
    let Some(maker) = maker else {
        return Ok(None);
    };
    let maker = Actor::User(account(maker));
    match open::<Admin, image::Entity>(caller.db(), &maker, link.image_id).await {
        Ok(image) => Ok(Some(image.for_pull())),
        Err(Error::NotFound(_) | Error::Forbidden(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What an image is called as a file, whatever happens to its tags.
fn file_name(container: &str, digest: &str) -> String {
    let digits = digest.trim_start_matches("sha256:");
    let digits = digits.get(..12).unwrap_or(digits);
    format!("{container}_{digits}.sif")
}

/// Whoever has the secret sees the link, and through it the image.
fn site() -> Actor {
    #[expect(
        clippy::disallowed_methods,
        reason = "whoever has the secret of a link may see it, signed in or not"
    )]
    Actor::system("share")
}

/// Reads a range of a shared image's bytes, in large pieces, and counts the use and the pull.
///
/// # Errors
/// [`Error::NotFound`] when the link was used up or revoked meanwhile; those of [`blob::read`].
pub async fn read(
    caller: &Caller,
    shared: &Shared,
    range: Range<u64>,
) -> Result<impl Stream<Item = std::io::Result<Bytes>> + Send + 'static + use<>> {
    let begins = range.start == 0;
    let bytes = blob::read(caller, &shared.image, range).await?;
    let unlimited = shared.link.max_uses.is_none();
    if begins || !(unlimited || shared.may_resume) {
        take(caller, shared).await?;
    }
    if begins {
        download::begun(caller, &shared.image, &Via::door(Door::Share));
    }
    Ok(bytes)
}

/// Takes a use, if one is left: of those who race for the last one, one gets it.
async fn take(caller: &Caller, shared: &Shared) -> Result<()> {
    use share_link::Column;
    let link = &shared.link;
    // Downloading goes on while the site takes no changes, and for whoever did not agree to its terms.
    caller
        .change_always(async |tx| {
            let left = Condition::any()
                .add(Column::MaxUses.is_null())
                .add(Expr::col(Column::Uses).lt(Expr::col(Column::MaxUses)));
            let taken = share_link::Entity::update_many()
                .col_expr(Column::Uses, Expr::col(Column::Uses).add(1))
                .col_expr(Column::LastUsedAt, Expr::value(tx.now()))
                .filter(Column::Id.eq(link.id))
                .filter(Column::RevokedAt.is_null())
                .filter(Column::ExpiresAt.gt(tx.now()))
                .filter(left)
                .exec(tx.db())
                .await?;
            if taken.rows_affected == 0 {
                return Err(Error::NotFound("share link"));
            }
            if link.max_uses.is_some() {
                remember(tx, caller, link).await?;
            }
            let details = json!({"digest": shared.image.digest});
            let event = told(tx, "share.use", link).await?;
            Ok(event.details(details).with(()))
        })
        .await
}

/// Notes from where a link was used, and forgets what is older than anybody may go on with.
async fn remember(tx: &Tx, caller: &Caller, link: &share_link::Model) -> Result<()> {
    share_use::Entity::delete_many()
        .filter(share_use::Column::LinkId.eq(link.id))
        .filter(share_use::Column::At.lt(tx.now() - RESUMPTION))
        .exec(tx.db())
        .await?;
    let row = share_use::ActiveModel {
        link_id: Set(link.id),
        client: Set(client(caller, link)),
        at: Set(tx.now()),
    };
    let renew = OnConflict::columns([share_use::Column::LinkId, share_use::Column::Client])
        .update_column(share_use::Column::At)
        .to_owned();
    share_use::Entity::insert(row)
        .on_conflict(renew)
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}

async fn may_resume(caller: &Caller, link: &share_link::Model) -> Result<bool> {
    if link.max_uses.is_none() {
        return Ok(true);
    }
    let used = internal::<share_use::Entity>()
        .filter(share_use::Column::LinkId.eq(link.id))
        .filter(share_use::Column::Client.eq(client(caller, link)))
        .filter(share_use::Column::At.gt(caller.now() - RESUMPTION))
        .one(caller.db())
        .await?;
    Ok(used.is_some())
}

/// What stands for the address of whoever asks. Nobody can read the address out of it, nor compare it between links.
fn client(caller: &Caller, link: &share_link::Model) -> String {
    let address = caller.client().map(|address| address.to_canonical());
    let address = address.map(|address| address.to_string());
    let text = format!("{} {}", link.id, address.unwrap_or_default());
    caller.secret().hash_share(&text)
}
