//! What webhooks are told, as JSON.
use serde_json::{Value, json};

use crate::registry::webhook::Sending;

/// The largest message. Details beyond that are left out; the graph tells them.
const MESSAGE_MAX: usize = 256 << 10;

/// The body of a delivery: what happened, where, and who did it. Ids are those of the graph.
pub(super) fn message(sending: &Sending) -> String {
    let whole = body(sending, &sending.event.payload);
    match whole.len() {
        ..=MESSAGE_MAX => whole,
        _ => body(sending, &Value::Null),
    }
}

fn body(sending: &Sending, details: &Value) -> String {
    let event = &sending.event;
    let (kind, rest) = event.actor.split_once(':').unwrap_or((&event.actor, ""));
    let noun = event.action.split('.').next().unwrap_or_default();
    let message = json!({
        "type": event.action,
        "timestamp": event.at,
        "data": {
            "id": format!("event:{}", event.id),
            "target": event.target,
            "targetId": format!("{noun}:{}", event.target_id),
            "namespace": event.namespace_id.map(|id| format!("namespace:{id}")),
            "collection": event.collection_id.map(|id| format!("collection:{id}")),
            "container": event.container_id.map(|id| format!("container:{id}")),
            "actor": {
                "kind": kind,
                "id": event.actor_id.map(|id| format!("user:{id}")),
                "name": sending.actor,
                "job": (kind == "system").then_some(rest),
            },
            "requestId": event.request_id,
            "details": details,
        },
    });
    message.to_string()
}
