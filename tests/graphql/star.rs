use futures::future::join_all;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use sifhub::registry::Scope;

use super::{alice, code, field, mutate, refused};
use crate::support::{Client, on_each_database};

const HELLO: &str = "alice/tools/hello";

/// Stars or bookmarks something, or takes that back.
async fn does(who: &Client, mutation: &str, what: &str) {
    assert_eq!(
        refused(who, mutation, json!({ "id": what })).await,
        "",
        "{mutation} {what}"
    );
}

/// The names of what somebody has starred (`stars`) or bookmarked (`bookmarks`), the newest first, and their number.
async fn own(who: &Client, field: &str) -> (Vec<String>, u64) {
    let query = format!(
        "{{ viewer {{ {field} {{ totalCount nodes {{ subject {{
            ... on Container {{ name: path }} ... on Collection {{ label: path }} }} }} }} }} }}"
    );
    let list = who.graphql(&query, json!({})).await["viewer"][field].clone();
    let name = |node: &Value| {
        let subject = &node["subject"];
        let name = subject["name"].as_str().or(subject["label"].as_str());
        name.expect("a path").to_owned()
    };
    let nodes = list["nodes"].as_array().expect("nodes");
    (
        nodes.iter().map(name).collect(),
        list["totalCount"].as_u64().expect("a number"),
    )
}

/// How many stars a container shows to somebody.
async fn stars(who: &Client, path: &str) -> Value {
    let query = "query($path: ContainerPath!) { container(path: $path) { starCount } }";
    who.graphql(query, json!({ "path": path })).await["container"]["starCount"].clone()
}

async fn set_visibility(owner: &Client, collection: &str, visibility: &str) {
    let input = json!({"id": collection, "visibility": visibility});
    assert_eq!(refused(owner, "updateCollection", input).await, "");
}

on_each_database! {
    async fn stars_count_each_user_once_and_can_be_taken_back(app) {
        let (alice, bob) = (alice(&app).await, app.user("bob").await);
        let star = "mutation($id: ID!) { star(input: {id: $id}) { subject { id starCount viewerHasStarred viewerHasBookmarked } } }";
        for _ in 0..2 {
            let starred = bob.graphql(star, json!({"id": HELLO})).await["star"]["subject"].clone();
            assert_eq!((&starred["starCount"], &starred["viewerHasStarred"], &starred["viewerHasBookmarked"]), (&json!(1), &json!(true), &json!(false)));
        }
        does(&alice, "star", HELLO).await;
        does(&bob, "star", "alice/tools").await;
        assert_eq!(stars(&app.anonymous(), HELLO).await, 2);
        assert_eq!(own(&bob, "stars").await, (vec!["alice/tools".into(), HELLO.into()], 2));
        let unstar = "mutation($id: ID!) { unstar(input: {id: $id}) { subject { starCount viewerHasStarred } } }";
        for _ in 0..2 {
            let gone = bob.graphql(unstar, json!({"id": HELLO})).await["unstar"]["subject"].clone();
            assert_eq!(gone, json!({"starCount": 1, "viewerHasStarred": false}));
        }
        assert_eq!(own(&bob, "stars").await, (vec!["alice/tools".into()], 1));
    }

    async fn whoever_is_signed_in_sees_who_has_starred_what_they_see(app) {
        let (alice, bob) = (alice(&app).await, app.user("bob").await);
        for who in [&bob, &alice] {
            does(who, "star", HELLO).await;
        }
        let query = r#"{ container(path: "alice/tools/hello") { starCount viewerHasStarred stargazers { totalCount nodes { user { name } } } } }"#;
        let seen = app.user("carol").await.graphql(query, json!({})).await["container"].clone();
        assert_eq!(seen, json!({"starCount": 2, "viewerHasStarred": false, "stargazers":
            {"totalCount": 2, "nodes": [{"user": {"name": "alice"}}, {"user": {"name": "bob"}}]}}));
        let seen = app.anonymous().graphql(query, json!({})).await["container"].clone();
        assert_eq!(seen, json!({"starCount": 2, "viewerHasStarred": false, "stargazers": {"totalCount": 0, "nodes": []}}));
    }

    async fn a_star_on_what_is_hidden_is_not_shown_until_it_is_seen_again(app) {
        let (alice, bob) = (alice(&app).await, app.user("bob").await);
        for what in [HELLO, "alice/tools"] {
            does(&bob, "star", what).await;
            does(&bob, "bookmark", what).await;
        }
        set_visibility(&alice, "alice/tools", "PRIVATE").await;
        for list in ["stars", "bookmarks"] {
            assert_eq!(own(&bob, list).await, (vec![], 0), "{list}");
        }
        for mutation in ["star", "unstar", "bookmark", "removeBookmark"] {
            for what in [HELLO, "alice/tools", "alice/secret/hello", "alice/none", "alice/none/none"] {
                assert_eq!(refused(&bob, mutation, json!({"id": what})).await, "NOT_FOUND", "{mutation} {what}");
            }
        }
        set_visibility(&alice, "alice/tools", "PUBLIC").await;
        for list in ["stars", "bookmarks"] {
            assert_eq!(own(&bob, list).await, (vec!["alice/tools".into(), HELLO.into()], 2), "{list}");
        }
    }

    async fn nobody_else_knows_of_a_bookmark(app) {
        let (alice, bob, root) = (alice(&app).await, app.user("bob").await, app.admin("root").await);
        does(&bob, "bookmark", HELLO).await;
        assert_eq!(own(&bob, "bookmarks").await, (vec![HELLO.into()], 1));
        assert_eq!(own(&bob, "stars").await, (vec![], 0));
        let query = r#"{ container(path: "alice/tools/hello") { starCount viewerHasBookmarked stargazers { totalCount } }
            users { nodes { name bookmarks { totalCount nodes { createdAt } } stars { totalCount } } } }"#;
        for who in [&alice, &root] {
            let seen = who.graphql(query, json!({})).await;
            assert_eq!(seen["container"], json!({"starCount": 0, "viewerHasBookmarked": false, "stargazers": {"totalCount": 0}}));
            let none = json!({"bookmarks": {"totalCount": 0, "nodes": []}, "stars": {"totalCount": 0}});
            for user in seen["users"]["nodes"].as_array().expect("users") {
                assert_eq!((&user["bookmarks"], &user["stars"]), (&none["bookmarks"], &none["stars"]), "{user}");
            }
        }
        let events = app.db.query_all_raw(sea_orm::Statement::from_string(app.db.get_database_backend(),
            "SELECT 1 FROM event WHERE action LIKE 'star%' OR action LIKE 'bookmark%'")).await.expect("events");
        assert!(events.is_empty(), "the log tells of a bookmark");
        does(&bob, "removeBookmark", HELLO).await;
        assert_eq!(own(&bob, "bookmarks").await, (vec![], 0));
    }

    async fn two_hundred_stars_at_once_are_counted_exactly(app) {
        let alice = alice(&app).await;
        let mut fans = vec![alice];
        for number in 0..19 {
            fans.push(app.user(&format!("fan{number}")).await);
        }
        let all = fans.iter().flat_map(|fan| (0..10).map(move |turn| {
            let mutation = if turn % 3 == 1 { "unstar" } else { "star" };
            does(fan, mutation, HELLO)
        }));
        join_all(all).await;
        let left = stars(&fans[0], HELLO).await;
        let query = r#"{ container(path: "alice/tools/hello") { stargazers { totalCount } } }"#;
        let rows = fans[0].graphql(query, json!({})).await["container"]["stargazers"]["totalCount"].clone();
        assert_eq!(left, rows);
        join_all(fans.iter().map(|fan| does(fan, "star", HELLO))).await;
        assert_eq!(stars(&fans[0], HELLO).await, 20);
        join_all(fans.iter().map(|fan| does(fan, "unstar", HELLO))).await;
        assert_eq!(stars(&fans[0], HELLO).await, 0);
    }

    async fn an_account_that_goes_takes_its_stars_along(app) {
        let (alice, bob) = (alice(&app).await, app.user("bob").await);
        for what in [HELLO, "alice/tools"] {
            does(&bob, "star", what).await;
            does(&bob, "bookmark", what).await;
            does(&alice, "star", what).await;
        }
        app.db.execute_unprepared("DELETE FROM namespace WHERE name = 'bob'").await.expect("it goes");
        app.db.execute_unprepared(r#"DELETE FROM "user" WHERE name = 'bob'"#).await.expect("it goes");
        assert_eq!(stars(&alice, HELLO).await, 1);
        let query = r#"{ collection(path: "alice/tools") { starCount stargazers { totalCount } } }"#;
        let left = alice.graphql(query, json!({})).await["collection"].clone();
        assert_eq!(left, json!({"starCount": 1, "stargazers": {"totalCount": 1}}));
    }

    async fn the_most_starred_come_first_page_by_page(app) {
        let (alice, bob, carol) = (alice(&app).await, app.user("bob").await, app.user("carol").await);
        for name in ["a", "b", "c", "d"] {
            assert_eq!(refused(&alice, "createContainer", json!({"collection": "alice/tools", "name": name})).await, "");
        }
        for who in [&bob, &carol] {
            does(who, "star", "alice/tools/c").await;
        }
        for (who, what) in [(&bob, "alice/tools/a"), (&alice, "alice/secret/hello"), (&carol, "alice/tools")] {
            does(who, "star", what).await;
        }
        let query = "query($after: String) { containers(first: 2, after: $after, orderBy: {field: STARS, direction: DESC}) {
            nodes { name starCount } pageInfo { endCursor hasNextPage } } }";
        let (mut seen, mut after) = (Vec::new(), Value::Null);
        loop {
            let page = bob.graphql(query, json!({"after": after})).await["containers"].clone();
            seen.extend(page["nodes"].as_array().expect("nodes").clone());
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        let names: Vec<_> = seen.iter().map(|row| row["name"].as_str().expect("a name")).collect();
        assert_eq!(names, ["c", "a", "d", "b", "hello"]);
        let query = "{ collections(orderBy: {field: STARS, direction: DESC}) { nodes { path starCount } } }";
        let seen = alice.graphql(query, json!({})).await["collections"]["nodes"].clone();
        assert_eq!(seen, json!([{"path": "alice/tools", "starCount": 1}, {"path": "alice/secret", "starCount": 0}]));
    }

    async fn a_cursor_whose_number_is_none_is_an_invalid_input(app) {
        let alice = alice(&app).await;
        for key in ["", "x", "1.5", "99999999999999999999"] {
            let forged = data_encoding::BASE64URL_NOPAD.encode(json!({"o": "containerstars-", "k": key, "i": 1}).to_string().as_bytes());
            let answer = alice.try_graphql("query($after: String) { containers(after: $after, orderBy: {field: STARS, direction: DESC}) { nodes { id } } }",
                json!({"after": forged})).await;
            assert_eq!((code(&answer), field(&answer)), ("INVALID", "after"), "{key}");
        }
    }

    async fn only_somebody_with_an_account_and_more_than_a_reading_token_stars(app) {
        alice(&app).await;
        let reader = app.holding("alice", Scope::Read).await;
        for mutation in ["star", "unstar", "bookmark", "removeBookmark"] {
            assert_eq!(refused(&app.anonymous(), mutation, json!({"id": HELLO})).await, "UNAUTHENTICATED", "{mutation}");
            assert_eq!(refused(&reader, mutation, json!({"id": HELLO})).await, "FORBIDDEN", "{mutation}");
        }
    }

    async fn what_cannot_be_starred_is_an_invalid_input(app) {
        let alice = alice(&app).await;
        let user = super::id(&alice, "viewer").await;
        for wrong in ["", "alice", "alice/tools/hello/more", "Alice/tools", "alice/tools\0", "container:x", "container:000000000000000000000000ff",
            &user, &"a/".repeat(500), "аlice/tools"] {
            let answer = mutate(&alice, "star", json!({"id": wrong})).await;
            assert_eq!((code(&answer), field(&answer)), ("INVALID", "input.id"), "{wrong}");
        }
        for wrong in [json!({}), json!({"id": null}), json!({"id": HELLO, "more": 1})] {
            assert_eq!(code(&mutate(&alice, "star", wrong).await), "INVALID");
        }
        for absent in ["container:000000000000000000000001", "collection:000000000000000000000001"] {
            assert_eq!(refused(&alice, "star", json!({"id": absent})).await, "NOT_FOUND");
        }
    }

    async fn stars_cost_the_same_number_of_statements_whatever_the_page(app) {
        let alice = alice(&app).await;
        let query = "{ containers { nodes { starCount viewerHasStarred viewerHasBookmarked } }
            viewer { stars { nodes { user { name } subject { id } } } } }";
        does(&alice, "star", HELLO).await;
        let (_, few) = app.statements_of(alice.graphql(query, json!({}))).await;
        for number in 0..8 {
            let path = format!("alice/tools/c{number}");
            let input = json!({"collection": "alice/tools", "name": format!("c{number}")});
            assert_eq!(refused(&alice, "createContainer", input).await, "");
            does(&alice, "star", &path).await;
        }
        let (data, many) = app.statements_of(alice.graphql(query, json!({}))).await;
        assert_eq!(data["viewer"]["stars"]["nodes"].as_array().expect("stars").len(), 9);
        assert_eq!(many, few);
    }
}
