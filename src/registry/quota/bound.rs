//! A quota that holds somewhere, with what is used of it.
use entity::{
    id::{NamespaceId, UserId},
    namespace, site, user,
};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, QueryFilter};
use serde_json::json;

use super::{Amount, Limits, nearly};
use crate::{
    access::{Actor, Pull, rows, whole},
    config::Quota as Defaults,
    error::{Error, Result},
    event::{Event, Target},
};

/// Whose a quota is.
enum Whose {
    Namespace(NamespaceId, String),
    User(UserId, String),
    /// By the id of the registry.
    Site(String),
}

/// A quota with a limit.
pub(super) struct Bound {
    whose: Whose,
    limits: Limits,
    used: Amount,
}

impl Bound {
    /// `None`: the namespace has no limit.
    pub(super) fn namespace(of: &namespace::Model, defaults: &Defaults) -> Option<Self> {
        let own = (of.quota_bytes, of.quota_images);
        let whose = Whose::Namespace(of.id, of.name.clone());
        Self::new(whose, Limits::new(own, defaults.namespace))
    }

    /// `None`: the user has no limit.
    pub(super) fn user(of: &user::Model, defaults: &Defaults) -> Option<Self> {
        let own = (of.quota_bytes, of.quota_images);
        let whose = Whose::User(of.id, of.name.clone());
        Self::new(whose, Limits::new(own, defaults.user))
    }

    /// `None`: the site has no limit.
    pub(super) fn site(of: &site::Model, defaults: &Defaults) -> Option<Self> {
        let own = (of.quota_bytes, of.quota_images);
        let whose = Whose::Site(of.registry_id.clone());
        Self::new(whose, Limits::new(own, defaults.site))
    }

    fn new(whose: Whose, limits: Limits) -> Option<Self> {
        limits.any().then_some(Self {
            whose,
            limits,
            used: Amount::default(),
        })
    }

    /// The same, of which so much is used.
    pub(super) fn used(self, used: Amount) -> Self {
        Self { used, ..self }
    }

    /// The same, as it was before so much came to it.
    pub(super) fn less(self, change: Amount) -> Self {
        let used = self.used - change;
        self.used(used)
    }

    /// # Errors
    /// [`Error::QuotaExceeded`] when it has no room for `more`.
    pub(super) async fn admit(
        &self,
        db: &impl ConnectionTrait,
        actor: &Actor,
        more: Amount,
    ) -> Result<()> {
        for (limit, used, more, unit) in [
            (self.limits.bytes, self.used.bytes, more.bytes, "bytes"),
            (self.limits.images, self.used.images, more.images, "images"),
        ] {
            let Some(limit) = limit.filter(|limit| more > 0 && used.saturating_add(more) > *limit)
            else {
                continue;
            };
            let known = self.concerns(db, actor).await?;
            let used = known.then_some(used);
            return Err(Error::QuotaExceeded(self.words(limit, used, more, unit)));
        }
        Ok(())
    }

    /// Whether the actor may know what is used.
    async fn concerns(&self, db: &impl ConnectionTrait, actor: &Actor) -> Result<bool> {
        Ok(match &self.whose {
            _ if actor.is_site_admin() => true,
            Whose::Site(_) => false,
            Whose::User(id, _) => actor.account().is_some_and(|account| account.id == *id),
            Whose::Namespace(id, _) => {
                let seen = whole::<Pull, namespace::Entity>(actor);
                let it = seen.narrow(|q| q.filter(namespace::Column::Id.eq(*id)));
                it.one(db).await?.is_some()
            }
        })
    }

    fn words(&self, limit: i64, used: Option<i64>, more: i64, unit: &str) -> String {
        let (whose, remedy) = match &self.whose {
            Whose::Namespace(_, name) => (format!("the namespace {name}"), "its owner"),
            Whose::User(_, name) => (format!("the user {name}"), "them"),
            Whose::Site(_) => ("this server".into(), "its administrator"),
        };
        match used {
            Some(used) => format!(
                "the quota of {whose} is {limit} {unit}: {used} are used and {more} more are needed; delete what is no \
                 longer used, or ask an administrator for a larger quota"
            ),
            None => format!(
                "the quota of {whose}, {limit} {unit}, has no room for the {more} that are needed; ask {remedy} to make \
                 room"
            ),
        }
    }

    /// What to tell when `more` brings it near a limit that it was not near before.
    pub(super) fn warning(&self, more: Amount) -> Option<Event> {
        let now = self.used + more;
        let crosses = |limit, before, now| !nearly(limit, before) && nearly(limit, now);
        let bytes = crosses(self.limits.bytes, self.used.bytes, now.bytes);
        let images = crosses(self.limits.images, self.used.images, now.images);
        let event = match &self.whose {
            Whose::Namespace(id, name) => {
                Event::new("namespace.quota_warning", Target::namespace(*id, name), id)
            }
            Whose::User(id, name) => {
                Event::new("user.quota_warning", Target::account(*id, name), id)
            }
            Whose::Site(id) => Event::new("site.quota_warning", Target::site("site"), id),
        };
        let details = json!({
            "limit_bytes": self.limits.bytes, "used_bytes": now.bytes,
            "limit_images": self.limits.images, "used_images": now.images,
        });
        (bytes || images).then(|| event.details(details))
    }
}

/// Quotas hold for everybody alike, whatever they may see.
pub(super) fn everybody() -> Actor {
    #[expect(
        clippy::disallowed_methods,
        reason = "what holds does not depend on who asks"
    )]
    Actor::system("quota")
}

/// Namespaces with the users they belong to; of a team's, with none.
pub(super) async fn owned(
    db: &impl ConnectionTrait,
    which: Condition,
) -> Result<Vec<(namespace::Model, Option<user::Model>)>> {
    let found = rows::<Pull, namespace::Entity>(&everybody())
        .into_select()
        .filter(which)
        .find_also_related(user::Entity)
        .all(db)
        .await?;
    let of_teams = |(namespace, owner): (namespace::Model, Option<user::Model>)| {
        let owner = owner.filter(|_| namespace.team_id.is_none());
        (namespace, owner)
    };
    Ok(found.into_iter().map(of_teams).collect())
}
