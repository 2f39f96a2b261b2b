//! Changes of what holds for the whole server.
use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};

use crate::{
    graphql::{
        error::InField,
        loader::caller,
        object::{Banner, BannerLevel, Server, Terms},
    },
    registry::site::{self, IdentityChange, Site, terms},
};

#[derive(Default)]
pub(super) struct ServerMutation;

#[Object]
impl ServerMutation {
    /// Changes who runs this server, as everybody sees it. Errors: `FORBIDDEN` unless you administer it.
    async fn update_server(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes.")] input: UpdateServerInput,
    ) -> Result<ServerPayload> {
        let change = IdentityChange {
            name: input.name,
            description: input.description,
            contact: input.contact,
            country: input.country,
            logo_url: input.logo_url,
        };
        answer(site::update(caller(ctx), change).await.in_input())
    }

    /// Puts up a banner for everybody, in place of the one that is there, or takes it down. Errors: `FORBIDDEN` unless you
    /// administer this server.
    async fn set_banner(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The banner.")] input: SetBannerInput,
    ) -> Result<BannerPayload> {
        let banner = input.message.map(|message| site::Banner {
            message,
            level: input.level.into(),
            from: input.from,
            until: input.until,
        });
        let shown = banner.clone().map(Into::into);
        let site = site::set_banner(caller(ctx), banner).await.in_input()?;
        Ok(BannerPayload {
            banner: shown,
            server: Server(site),
        })
    }

    /// Makes this server take no changes, or take them again. While it takes none, every change is refused at every door
    /// with `READ_ONLY`, or the status 503; pulling and signing in go on, and administrators may still change accounts and
    /// what is set here. Errors: `FORBIDDEN` unless you administer this server.
    async fn set_read_only(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whether, and why.")] input: SetReadOnlyInput,
    ) -> Result<ServerPayload> {
        let reason = input.reason.unwrap_or_default();
        let set = site::set_read_only(caller(ctx), input.on, &reason).await;
        answer(set.in_input())
    }

    /// Puts other terms of use into force, or takes them away. Until they agree, users pull but change nothing. Errors:
    /// `FORBIDDEN` unless you administer this server.
    async fn publish_terms(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The terms.")] input: PublishTermsInput,
    ) -> Result<TermsPayload> {
        let terms = terms::publish(caller(ctx), input.text).await.in_input()?;
        Ok(TermsPayload {
            terms: terms.map(Terms),
        })
    }

    /// Agrees to the terms of use, in your name. Errors: `CONFLICT` when they are not the ones that hold now.
    async fn agree_to_terms(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "To which.")] input: AgreeToTermsInput,
    ) -> Result<TermsPayload> {
        let caller = caller(ctx);
        terms::agree(caller, input.version).await.in_input()?;
        Ok(TermsPayload {
            terms: terms::terms(caller).await?.map(Terms),
        })
    }
}

fn answer(changed: crate::error::Result<Site>) -> Result<ServerPayload> {
    Ok(ServerPayload {
        server: Server(changed?),
    })
}

/// What changes about who runs this server. What is left out or null stays; an empty text takes away what was there.
#[derive(InputObject)]
struct UpdateServerInput {
    /// What it is called: one line, up to 1000 bytes.
    name: Option<String>,
    /// What it is for, up to 65536 bytes.
    description: Option<String>,
    /// Where people turn to: one line, up to 1000 bytes.
    contact: Option<String>,
    /// The country it is in: two capital letters of ISO 3166-1, such as `DE`.
    country: Option<String>,
    /// Where its logo is: an `https` or `http` URL, up to 2048 bytes.
    logo_url: Option<String>,
}

/// A banner.
#[derive(InputObject)]
struct SetBannerInput {
    /// One line of plain text, up to 1000 bytes; null takes the banner down.
    message: Option<String>,
    /// How much it matters.
    #[graphql(default_with = "BannerLevel::Info")]
    level: BannerLevel,
    /// From when on it is shown; null: at once.
    from: Option<DateTime<Utc>>,
    /// Until when it is shown; null: until it is taken down. Later than `from`.
    until: Option<DateTime<Utc>>,
}

/// Whether changes are taken.
#[derive(InputObject)]
struct SetReadOnlyInput {
    /// True: no changes are taken.
    on: bool,
    /// Why, for everybody to read: one line, up to 1000 bytes.
    reason: Option<String>,
}

/// Terms of use.
#[derive(InputObject)]
struct PublishTermsInput {
    /// The text, plain or in Markdown, up to 65536 bytes; null: there are to be none.
    text: Option<String>,
}

/// Which terms of use.
#[derive(InputObject)]
struct AgreeToTermsInput {
    /// The version that you have read.
    version: i32,
}

/// What changing this server answers.
#[derive(SimpleObject)]
pub(super) struct ServerPayload {
    /// The server as it is now.
    pub(super) server: Server,
}

/// What changing the banner answers.
#[derive(SimpleObject)]
struct BannerPayload {
    /// The banner as it was put up, whether or not its time has come; null: none.
    banner: Option<Banner>,
    /// The server as it is now.
    server: Server,
}

/// What changing terms of use, or agreeing to them, answers.
#[derive(SimpleObject)]
struct TermsPayload {
    /// The terms that hold now; null: none.
    terms: Option<Terms>,
}
