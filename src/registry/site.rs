//! The site itself: who runs it, what it tells everybody, and whether it takes changes.
//!
//! It is one row, which every change needs and every page shows. So each replica keeps it in memory: it is read once, again
//! after each change that this replica makes, and once a second by a job, for the changes of others. No request pays for it.
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use entity::{kind::BannerLevel, site};
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QuerySelect, Set,
    sea_query::OnConflict,
};
use serde_json::{Value, json};
use url::Url;

use super::{
    Caller, Tx,
    caller::now,
    path::{description, plain},
    secret::random_bytes,
};
use crate::{
    access::{Actor, internal},
    error::{Error, Result},
    event::{Change, Event, Target},
};

pub mod terms;

/// The longest name, contact, banner or reason, in bytes.
pub const LINE_MAX: usize = 1000;
/// The longest URL of a logo, in bytes.
const URL_MAX: usize = 2048;
/// The id of the only row.
const ONLY: i32 = 1;

/// The site as it was known a moment ago.
pub type Site = Arc<site::Model>;

/// What a replica knows of the site.
#[derive(Default)]
pub(in crate::registry) struct Known(RwLock<Option<Site>>);

impl Known {
    fn get(&self) -> Option<Site> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn set(&self, row: site::Model) -> Site {
        let site = Arc::new(row);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(site.clone());
        site
    }
}

/// What everybody is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Banner {
    /// Plain text.
    pub message: String,
    /// How much it matters.
    pub level: BannerLevel,
    /// From when on; absent: at once.
    pub from: Option<DateTime<Utc>>,
    /// Until when; absent: until it is taken down.
    pub until: Option<DateTime<Utc>>,
}

impl Banner {
    /// Whether something is wrong now.
    pub fn is_critical(&self) -> bool {
        self.level == BannerLevel::Critical
    }

    /// How much it matters, in a word for people.
    pub fn word(&self) -> &'static str {
        match self.level {
            BannerLevel::Info => "Note",
            BannerLevel::Warning => "Warning",
            BannerLevel::Critical => "Important",
        }
    }
}

/// What changes about who runs the site; absent fields stay, empty texts are taken away.
#[derive(Clone, Debug, Default)]
pub struct IdentityChange {
    /// What it is called.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Where people turn to.
    pub contact: Option<String>,
    /// Two letters of ISO 3166-1.
    pub country: Option<String>,
    /// `https://…` or `http://…`.
    pub logo_url: Option<String>,
}

/// The site, as this replica knows it.
pub async fn current(caller: &Caller) -> Result<Site> {
    match caller.known_site().get() {
        Some(site) => Ok(site),
        None => refresh(caller).await,
    }
}

/// The same, for steps: what is not known yet they read themselves.
pub(in crate::registry) async fn known(caller: &Caller, db: &impl ConnectionTrait) -> Result<Site> {
    match caller.known_site().get() {
        Some(site) => Ok(site),
        None => Ok(Arc::new(load(db).await?)),
    }
}

/// Reads again what other replicas may have changed.
pub async fn refresh(caller: &Caller) -> Result<Site> {
    let row = load(caller.db()).await?;
    Ok(caller.known_site().set(row))
}

/// The row; made with an id for ever if it is not there. Of two who make it at once, one does.
async fn load(db: &impl ConnectionTrait) -> Result<site::Model> {
    if let Some(row) = internal::<site::Entity>().one(db).await? {
        return Ok(row);
    }
    let unless_there = OnConflict::column(site::Column::Id).do_nothing().to_owned();
    site::Entity::insert(fresh())
        .on_conflict(unless_there)
        .try_insert()
        .exec_without_returning(db)
        .await?;
    let row = internal::<site::Entity>().one(db).await?;
    row.ok_or_else(|| anyhow::anyhow!("the row of the site is not there").into())
}

fn fresh() -> site::ActiveModel {
    site::ActiveModel {
        id: Set(ONLY),
        registry_id: Set(HEXLOWER.encode(&random_bytes::<16>())),
        name: Set(String::new()),
        description: Set(String::new()),
        contact: Set(String::new()),
        country: Set(None),
        logo_url: Set(None),
        banner: Set(None),
        banner_level: Set(BannerLevel::Info),
        banner_from: Set(None),
        banner_until: Set(None),
        read_only: Set(None),
        read_only_since: Set(None),
        terms_version: Set(0),
        updated_at: Set(now()),
        quota_bytes: Set(None),
        quota_images: Set(None),
    }
}

/// What is shown now.
pub fn banner(site: &site::Model, now: DateTime<Utc>) -> Option<Banner> {
    let begun = site.banner_from.is_none_or(|from| from <= now);
    let over = site.banner_until.is_some_and(|until| until <= now);
    let message = site.banner.clone().filter(|_| begun && !over)?;
    Some(Banner {
        message,
        level: site.banner_level,
        from: site.banner_from,
        until: site.banner_until,
    })
}

/// What every page tells.
#[derive(Clone, Debug, Default)]
pub struct Notices {
    /// What the site is called; empty if it has no name of its own.
    pub name: String,
    /// What everybody is told.
    pub banner: Option<Banner>,
    /// Why no changes are taken, perhaps in no words.
    pub read_only: Option<String>,
}

/// What every page tells; nothing while the database does not answer, since pages about that must be shown, too.
pub async fn notices(caller: &Caller) -> Notices {
    match current(caller).await {
        Err(_) => Notices::default(),
        Ok(site) => Notices {
            name: site.name.clone(),
            banner: banner(&site, caller.now()),
            read_only: site.read_only.clone(),
        },
    }
}

/// Whether the caller may change anything now: the site takes changes, and they agreed to its terms. The house's own jobs
/// and the console may always.
///
/// # Errors
/// [`Error::ReadOnly`]; [`Error::TermsNotAgreed`].
pub(in crate::registry) async fn admit(caller: &Caller) -> Result<()> {
    check_open(caller).await?;
    terms::check(caller).await
}

/// # Errors
/// [`Error::ReadOnly`] while the site takes no changes, but for its own jobs.
pub(in crate::registry) async fn check_open(caller: &Caller) -> Result<()> {
    if matches!(caller.actor(), Actor::System(_)) {
        return Ok(());
    }
    match &current(caller).await?.read_only {
        None => Ok(()),
        Some(reason) => Err(Error::ReadOnly {
            reason: reason.clone(),
        }),
    }
}

/// Whether the site takes no changes at the moment.
pub async fn is_read_only(caller: &Caller) -> Result<bool> {
    Ok(current(caller).await?.read_only.is_some())
}

/// Changes who runs the site, as people see it.
///
/// # Errors
/// [`Error::Forbidden`] for anybody but administrators; [`Error::Invalid`] for what is too long, or no country or URL.
pub async fn update(caller: &Caller, change: IdentityChange) -> Result<Site> {
    may_administer(caller)?;
    let change = checked(change)?;
    settle(caller, "site.update", |row, _| {
        let put = |field: &mut String, new: Option<String>| {
            if let Some(new) = new {
                *field = new;
            }
        };
        put(&mut row.name, change.name);
        put(&mut row.description, change.description);
        put(&mut row.contact, change.contact);
        let given = |new: String| Some(new).filter(|new| !new.is_empty());
        row.country = change.country.map_or(row.country.take(), given);
        row.logo_url = change.logo_url.map_or(row.logo_url.take(), given);
        json!({"name": row.name, "contact": row.contact, "country": row.country})
    })
    .await
}

fn checked(change: IdentityChange) -> Result<IdentityChange> {
    let trim = |text: Option<String>| text.map(|text| text.trim().to_owned());
    let change = IdentityChange {
        name: trim(change.name),
        description: change.description.map(description).transpose()?,
        contact: trim(change.contact),
        country: trim(change.country),
        logo_url: trim(change.logo_url),
    };
    for (what, text) in [("name", &change.name), ("contact", &change.contact)] {
        line(what, text.as_deref().unwrap_or_default())?;
    }
    let country = change.country.as_deref().unwrap_or_default();
    let letters = country.len() == 2 && country.bytes().all(|c| c.is_ascii_uppercase());
    if !country.is_empty() && !letters {
        let why = "give the two capital letters of ISO 3166-1, such as DE";
        return Err(Error::invalid("country", why));
    }
    let logo = change.logo_url.as_deref().unwrap_or_default();
    plain("logoUrl", logo, URL_MAX)?;
    let web = Url::parse(logo).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if !logo.is_empty() && !web {
        return Err(Error::invalid(
            "logoUrl",
            "give a URL that begins with https://",
        ));
    }
    Ok(change)
}

/// One line of text.
fn line(what: &str, text: &str) -> Result<()> {
    plain(what, text, LINE_MAX)?;
    match text.chars().any(char::is_control) {
        true => Err(Error::invalid(what, "give one line of plain text")),
        false => Ok(()),
    }
}

/// Puts a banner up, or takes it down.
///
/// # Errors
/// [`Error::Forbidden`] for anybody but administrators; [`Error::Invalid`] for a message that is empty, too long or of
/// several lines, and for an end before the beginning.
pub async fn set_banner(caller: &Caller, banner: Option<Banner>) -> Result<Site> {
    may_administer(caller)?;
    if let Some(banner) = &banner {
        check_banner(banner)?;
    }
    settle(caller, "site.banner", |row, _| {
        row.banner_level = banner.as_ref().map_or(row.banner_level, |new| new.level);
        row.banner_from = banner.as_ref().and_then(|new| new.from);
        row.banner_until = banner.as_ref().and_then(|new| new.until);
        row.banner = banner.map(|new| new.message.trim().to_owned());
        json!({"message": row.banner, "level": row.banner_level})
    })
    .await
}

fn check_banner(banner: &Banner) -> Result<()> {
    line("message", &banner.message)?;
    if banner.message.trim().is_empty() {
        let why = "it is empty; leave it out to take the banner down";
        return Err(Error::invalid("message", why));
    }
    match (banner.from, banner.until) {
        (Some(from), Some(until)) if until <= from => {
            Err(Error::invalid("until", "it is not after from"))
        }
        _ => Ok(()),
    }
}

/// Takes no changes from now on, for `reason`, perhaps in no words; or takes them again.
///
/// # Errors
/// [`Error::Forbidden`] for anybody but administrators; [`Error::Invalid`] for a reason that is too long or of several
/// lines.
pub async fn set_read_only(caller: &Caller, on: bool, reason: &str) -> Result<Site> {
    may_administer(caller)?;
    line("reason", reason.trim())?;
    let reason = on.then(|| reason.trim().to_owned());
    settle(caller, "site.read_only", |row, now| {
        let since = row.read_only_since.take().or(Some(now));
        row.read_only_since = since.filter(|_| on);
        row.read_only = reason;
        json!({"on": on, "reason": row.read_only})
    })
    .await
}

/// # Errors
/// [`Error::Forbidden`] for anybody but administrators, or [`Error::Unauthenticated`] for nobody.
fn may_administer(caller: &Caller) -> Result<()> {
    if caller.actor().is_site_admin() {
        return Ok(());
    }
    caller.account()?;
    Err(Error::Forbidden(
        "only an administrator may change the site".into(),
    ))
}

/// Changes the row, also while the site takes no other changes.
pub(in crate::registry) async fn settle(
    caller: &Caller,
    action: &'static str,
    edit: impl FnOnce(&mut site::Model, DateTime<Utc>) -> Value,
) -> Result<Site> {
    current(caller).await?;
    let row = caller
        .change_always(async |tx| {
            let before = locked(tx).await?;
            let mut row = before.clone();
            let details = edit(&mut row, tx.now());
            if row == before {
                return Ok(Change::none(row));
            }
            let row = keep(tx, row).await?;
            Ok(Event::new(action, Target::site("site"), &row.registry_id)
                .details(details)
                .with(row))
        })
        .await?;
    Ok(caller.known_site().set(row))
}

/// The row, which nobody else changes until the end of the transaction.
pub(in crate::registry) async fn locked(tx: &Tx) -> Result<site::Model> {
    let row = internal::<site::Entity>()
        .lock_exclusive()
        .one(tx.db())
        .await?;
    row.ok_or_else(|| anyhow::anyhow!("the row of the site is not there").into())
}

async fn keep(tx: &Tx, mut row: site::Model) -> Result<site::Model> {
    row.updated_at = tx.now();
    Ok(row.into_active_model().reset_all().update(tx.db()).await?)
}
