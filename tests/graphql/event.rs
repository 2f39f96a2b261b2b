use serde_json::{Value, json};
use sifhub::registry::Scope;

use super::{alice, code, field, id, refused};
use crate::support::{Client, on_each_database};

const EVENTS: &str = "query($filter: EventFilterInput, $first: Int, $after: String) {
    events(filter: $filter, first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes {
        id at action actor { name } actorKind job targetName requestId clientAddress details target { id __typename } } } }";

async fn events(who: &Client, filter: Value) -> Vec<Value> {
    let data = who
        .graphql(EVENTS, json!({"filter": filter, "first": 100}))
        .await;
    data["events"]["nodes"].as_array().expect("nodes").clone()
}

fn actions(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event["action"].as_str().expect("an action"))
        .collect()
}

on_each_database! {
    async fn whoever_owns_a_namespace_reads_what_happened_in_it(app) {
        let alice = alice(&app).await;
        let container = id(&alice, r#"container(path: "alice/secret/hello")"#).await;
        let read = events(&alice, json!({"container": container})).await;
        assert_eq!(actions(&read), ["tag.set", "image.push", "image.create", "container.create"]);
        let tag = &read[0];
        assert_eq!(tag["actor"]["name"], "alice");
        assert_eq!(tag["actorKind"], "USER");
        assert_eq!(tag["targetName"], "alice/secret/hello");
        assert_eq!(tag["target"]["__typename"], "Tag");
        assert_eq!(tag["details"]["tag"], "1.0");
        let all = events(&alice, Value::Null).await;
        assert!(actions(&all).contains(&"collection.create"), "{all:#?}");
    }

    async fn nobody_reads_of_what_they_do_not_administer(app) {
        let alice = alice(&app).await;
        let bob = app.user("bob").await;
        for place in [json!({"container": "alice/tools/hello"}), json!({"collection": "alice/tools"}), json!({"namespace": "alice"})] {
            assert_eq!(code(&bob.try_graphql(EVENTS, json!({"filter": place})).await), "FORBIDDEN");
            assert_eq!(code(&app.anonymous().try_graphql(EVENTS, json!({"filter": place})).await), "UNAUTHENTICATED");
        }
        for hidden in [json!({"container": "alice/secret/hello"}), json!({"container": "alice/secret/nothing"})] {
            assert_eq!(code(&bob.try_graphql(EVENTS, json!({"filter": hidden})).await), "NOT_FOUND");
        }
        let told = json!(events(&bob, Value::Null).await).to_string();
        assert!(!told.contains("alice"), "{told}");
        assert_eq!(events(&app.anonymous(), Value::Null).await, Vec::<Value>::new());
        let one = events(&alice, json!({"action": "image.push"})).await[0]["id"].clone();
        let node = "query($id: ID!) { node(id: $id) { id } }";
        assert_eq!(bob.graphql(node, json!({"id": one})).await["node"], Value::Null);
        assert_eq!(alice.graphql(node, json!({"id": one})).await["node"]["id"], one);
    }

    async fn read_only_tokens_read_of_their_account_alone(app) {
        alice(&app).await;
        let reader = app.holding("alice", Scope::Read).await;
        let answer = reader.try_graphql(EVENTS, json!({"filter": {"namespace": "alice"}})).await;
        assert_eq!(code(&answer), "FORBIDDEN");
        let own = events(&reader, Value::Null).await;
        assert!(actions(&own).iter().all(|action| action.starts_with("token.") || action.starts_with("user.")), "{own:#?}");
    }

    async fn administrators_read_everything_also_of_what_is_gone(app) {
        let alice = alice(&app).await;
        let root = app.admin("root").await;
        let container = id(&alice, r#"container(path: "alice/secret/hello")"#).await;
        assert_eq!(refused(&alice, "deleteContainer", json!({"id": container, "withContent": true})).await, "");
        let read = events(&root, json!({"container": container})).await;
        assert_eq!(actions(&read)[0], "container.delete");
        assert_eq!(read[0]["target"], Value::Null);
        assert_eq!(events(&root, json!({"target": container})).await.len(), 2);
        // Its owner reads of it where it was.
        let of_namespace = events(&alice, json!({"namespace": "alice", "target": container})).await;
        assert_eq!(actions(&of_namespace), ["container.delete", "container.create"]);
        assert!(actions(&events(&root, Value::Null).await).contains(&"user.create"));
    }

    async fn events_are_narrowed_by_who_did_what_when(app) {
        let alice = alice(&app).await;
        let root = app.admin("root").await;
        app.user("bob").await;
        assert_eq!(refused(&root, "updateContainer", json!({"id": "alice/tools/hello", "description": "x"})).await, "");
        let by_root = events(&alice, json!({"namespace": "alice", "actor": "root"})).await;
        assert_eq!(actions(&by_root), ["container.update"]);
        let tags = events(&alice, json!({"namespace": "alice", "action": "tag"})).await;
        assert_eq!(actions(&tags), ["tag.set", "tag.set"]);
        let at = by_root[0]["at"].clone();
        let since = events(&alice, json!({"namespace": "alice", "since": at})).await;
        assert_eq!(actions(&since)[0], "container.update");
        let until = events(&alice, json!({"namespace": "alice", "until": at})).await;
        assert!(!actions(&until).contains(&"container.update"));
        assert!(actions(&until).contains(&"collection.create"));
    }

    async fn events_are_paged_newest_first(app) {
        let alice = alice(&app).await;
        let mut read = Vec::new();
        let mut after = Value::Null;
        loop {
            let data = alice.graphql(EVENTS, json!({"filter": {"namespace": "alice"}, "first": 3, "after": after})).await;
            let page = &data["events"];
            read.extend(page["nodes"].as_array().expect("nodes").iter().map(|event| event["id"].clone()));
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                assert_eq!(page["totalCount"], read.len());
                break;
            }
        }
        let sorted = { let mut ids: Vec<_> = read.iter().map(Value::to_string).collect(); ids.sort(); ids.reverse(); ids };
        assert_eq!(read.iter().map(Value::to_string).collect::<Vec<_>>(), sorted);
    }

    async fn the_address_is_told_to_whoever_did_it_and_to_administrators(app) {
        let alice = alice(&app).await;
        let root = app.admin("root").await;
        assert_eq!(refused(&root, "updateContainer", json!({"id": "alice/tools/hello", "description": "x"})).await, "");
        sea_orm::ConnectionTrait::execute_unprepared(&app.db, "update event set client = '192.0.2.7'").await.expect("addresses");
        let addresses = async |who: &Client, by: &str| {
            let read = events(who, json!({"container": "alice/tools/hello", "actor": by})).await;
            read[0]["clientAddress"].clone()
        };
        assert_eq!(addresses(&alice, "alice").await, "192.0.2.7");
        assert_eq!(addresses(&alice, "root").await, Value::Null);
        assert_eq!(addresses(&root, "alice").await, "192.0.2.7");
    }

    async fn filters_that_make_no_sense_are_named(app) {
        let alice = alice(&app).await;
        for (filter, wrong) in [
            (json!({"action": "image.push; drop"}), "filter.action"),
            (json!({"action": "a".repeat(65)}), "filter.action"),
            (json!({"action": "%"}), "filter.action"),
            (json!({"action": "image\u{0}"}), "filter.action"),
            (json!({"target": "nothing"}), "filter.target"),
            (json!({"container": "image:0000000000a1b2c3d4e5f607"}), "filter.container"),
            (json!({"namespace": "alice", "collection": "alice/tools"}), "filter"),
        ] {
            let answer = alice.try_graphql(EVENTS, json!({"filter": filter})).await;
            assert_eq!((code(&answer), field(&answer)), ("INVALID", wrong), "{filter}");
        }
    }

    async fn a_page_of_events_costs_the_same_number_of_statements_whatever_its_length(app) {
        let alice = alice(&app).await;
        let ask = |first: u32| alice.graphql(EVENTS, json!({"filter": {"namespace": "alice"}, "first": first}));
        let (_, few) = app.statements_of(ask(4)).await;
        let (_, many) = app.statements_of(ask(100)).await;
        assert!(many <= few + 3, "{few} statements for four events, {many} for all");
    }
}
