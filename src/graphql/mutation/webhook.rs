//! Changes of webhooks.
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::DeletePayload;
use crate::{
    graphql::{
        error::InField,
        id::{self, GlobalId},
        loader::caller,
        object::{Delivery, Webhook},
        query::event::PlaceInput,
    },
    registry::webhook::{self, NewWebhook, WebhookChange},
};

#[derive(Default)]
pub(super) struct WebhookMutation;

#[Object]
impl WebhookMutation {
    /// Makes a webhook for a place that you administer, and tells its secret, once. Errors: `INVALID` for a URL that leads
    /// to a private address, an action that cannot be one or a secret that is none; `CONFLICT` when the place has as many
    /// as it may.
    async fn create_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it gets.")] input: CreateWebhookInput,
    ) -> Result<CreateWebhookPayload> {
        let caller = caller(ctx);
        let place = PlaceInput {
            namespace: input.namespace,
            collection: input.collection,
            container: input.container,
        };
        let new = NewWebhook {
            place: place.read(caller, "input").await?,
            url: input.url,
            secret: input.secret,
            actions: input.actions.unwrap_or_default(),
        };
        let (webhook, secret) = webhook::create(caller, new).await.in_input()?;
        Ok(CreateWebhookPayload {
            webhook: Webhook(webhook),
            secret,
        })
    }

    /// Changes a webhook of yours. Whoever switches it on answers for it from then on: it is told no more than they may see.
    /// Errors: as for making one.
    async fn update_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one, and what changes.")] input: UpdateWebhookInput,
    ) -> Result<UpdateWebhookPayload> {
        let id = id::webhook(&input.id).in_field("input.id")?;
        let secret = match input.new_secret {
            Some(true) => Some(input.secret),
            _ => input.secret.map(Some),
        };
        let change = WebhookChange {
            url: input.url,
            secret,
            actions: input.actions,
            active: input.active,
        };
        let (webhook, secret) = webhook::update(caller(ctx), id, change).await.in_input()?;
        Ok(UpdateWebhookPayload {
            webhook: Webhook(webhook),
            secret,
        })
    }

    /// Deletes a webhook of yours with its log. What it was not told yet it is never told.
    async fn delete_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: DeleteWebhookInput,
    ) -> Result<DeletePayload> {
        let id = id::webhook(&input.id).in_field("input.id")?;
        webhook::delete(caller(ctx), id).await?;
        Ok(DeletePayload::of(GlobalId::Webhook(id)))
    }

    /// Has the event `webhook.ping` sent to a webhook of yours, whatever actions it wants. Errors: `CONFLICT` while it is
    /// switched off.
    async fn ping_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: PingWebhookInput,
    ) -> Result<DeliveryPayload> {
        let id = id::webhook(&input.id).in_field("input.id")?;
        let delivery = Delivery(webhook::ping(caller(ctx), id).await?);
        Ok(DeliveryPayload { delivery })
    }

    /// Has a delivery sent once more, under the same id. Errors: `CONFLICT` while it is waiting to be sent, and while its
    /// webhook is switched off.
    async fn redeliver(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which delivery.")] input: RedeliverInput,
    ) -> Result<DeliveryPayload> {
        let id = id::delivery(&input.id).in_field("input.id")?;
        let delivery = Delivery(webhook::redeliver(caller(ctx), id).await?);
        Ok(DeliveryPayload { delivery })
    }
}

/// What a new webhook gets.
#[derive(InputObject)]
struct CreateWebhookInput {
    /// The namespace where it listens: its global id or name.
    namespace: Option<ID>,
    /// The collection where it listens: its global id or path. Not beside another place.
    collection: Option<ID>,
    /// The container where it listens: its global id or path. Not beside another place. Without a place, it listens on the
    /// whole site, which only administrators may have.
    container: Option<ID>,
    /// Where it sends: an `https://` or `http://` URL of up to 2000 bytes.
    url: String,
    /// What it signs with: `whsec_` and 24 to 64 bytes in base64; null: a new one.
    secret: Option<String>,
    /// The actions it wants, such as `image.push`, or their first words, such as `image`, up to 50; empty or null: all.
    actions: Option<Vec<String>>,
}

/// What changes in a webhook; what is absent stays.
#[derive(InputObject)]
struct UpdateWebhookInput {
    /// Its global id.
    id: ID,
    /// Where it sends: an `https://` or `http://` URL of up to 2000 bytes.
    url: Option<String>,
    /// What it signs with from now on: `whsec_` and 24 to 64 bytes in base64.
    secret: Option<String>,
    /// True: it gets a new secret, which the payload tells.
    new_secret: Option<bool>,
    /// The actions it wants, such as `image.push`, or their first words, such as `image`, up to 50; empty: all.
    actions: Option<Vec<String>>,
    /// Whether it sends. Switching it on forgets what failed.
    active: Option<bool>,
}

/// Which webhook to delete.
#[derive(InputObject)]
struct DeleteWebhookInput {
    /// Its global id.
    id: ID,
}

/// Which webhook to try.
#[derive(InputObject)]
struct PingWebhookInput {
    /// Its global id.
    id: ID,
}

/// Which delivery to send again.
#[derive(InputObject)]
struct RedeliverInput {
    /// Its global id.
    id: ID,
}

/// What making a webhook answers.
#[derive(SimpleObject)]
struct CreateWebhookPayload {
    /// The webhook.
    webhook: Webhook,
    /// What its requests are signed with. It is told here and never again.
    secret: String,
}

/// What changing a webhook answers.
#[derive(SimpleObject)]
struct UpdateWebhookPayload {
    /// The webhook as it is now.
    webhook: Webhook,
    /// Its new secret, if it got one. It is told here and never again.
    secret: Option<String>,
}

/// What sending something answers.
#[derive(SimpleObject)]
struct DeliveryPayload {
    /// The delivery, which is tried in a moment.
    delivery: Delivery,
}
