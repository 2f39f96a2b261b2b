use serde_json::{Value, json};
use sifhub::registry::Scope;

use super::{code, field, id, mutate, refused};
use crate::support::{Client, SifBuilder, TestApp, on_each_database};

/// Root, who made the team `lab`; alice maintains it, bob is a member, and carol has nothing to do with it.
struct Lab {
    root: Client,
    alice: Client,
    bob: Client,
    carol: Client,
}

impl Lab {
    async fn new(app: &TestApp) -> Self {
        let root = app.admin("root").await;
        assert_eq!(
            refused(&root, "createTeam", json!({"name": "lab"})).await,
            ""
        );
        let lab = Self {
            alice: app.user("alice").await,
            bob: app.user("bob").await,
            carol: app.user("carol").await,
            root,
        };
        for (user, role) in [("alice", "MAINTAINER"), ("bob", "MEMBER")] {
            let input = json!({"team": "lab", "user": user, "role": role});
            assert_eq!(refused(&lab.root, "addTeamMember", input).await, "");
        }
        assert_eq!(
            refused(&lab.root, "leaveTeam", json!({"team": "lab"})).await,
            ""
        );
        lab
    }
}

/// Who is in the team `lab`, as somebody sees it.
async fn members(who: &Client) -> Value {
    let query = r#"{ team(name: "lab") { members { totalCount nodes { role user { name } } } } }"#;
    who.graphql(query, json!({})).await["team"]["members"].clone()
}

/// Invites whoever shows the secret that comes back.
async fn link(who: &Client) -> String {
    let made = who
        .graphql(
            r#"mutation { inviteToTeam(input: {team: "lab"}) { secret } }"#,
            json!({}),
        )
        .await;
    made["inviteToTeam"]["secret"]
        .as_str()
        .expect("a secret")
        .to_owned()
}

on_each_database! {
    async fn open_team_is_joined_by_whoever_is_signed_in(app) {
        let lab = Lab::new(&app).await;
        let join = json!({"team": "lab"});
        let push = async |who: &Client, seed| crate::consistency::push(who, "lab/tools/box", "1", SifBuilder::new("amd64").payload(64, seed)).await.status;
        assert_eq!(refused(&lab.carol, "joinTeam", join.clone()).await, "FORBIDDEN");
        for who in [&lab.bob, &lab.carol] {
            assert_eq!(refused(who, "updateTeam", json!({"id": "lab", "open": true})).await, "FORBIDDEN");
        }
        assert_eq!(refused(&lab.alice, "inviteToTeam", json!({"team": "lab", "user": "carol"})).await, "");
        assert_eq!(refused(&lab.alice, "updateTeam", json!({"id": "lab", "open": true})).await, "");
        assert_eq!(lab.carol.graphql(r#"{ team(name: "lab") { open } }"#, json!({})).await["team"]["open"], true);
        let reader = app.holding("carol", Scope::Read).await;
        assert_eq!(refused(&reader, "joinTeam", join.clone()).await, "FORBIDDEN");
        assert_eq!(refused(&app.anonymous(), "joinTeam", join.clone()).await, "UNAUTHENTICATED");
        assert_eq!(push(&lab.carol, 1).await, 404);
        assert_eq!(refused(&lab.carol, "joinTeam", join.clone()).await, "");
        assert_eq!(push(&lab.carol, 1).await, 200);
        assert_eq!(members(&lab.carol).await["nodes"][2], json!({"role": "MEMBER", "user": {"name": "carol"}}));
        // An invitation is of no use any more, and nobody is in a team twice.
        let invited = lab.carol.graphql("{ viewer { invitations { totalCount } } }", json!({})).await;
        assert_eq!(invited["viewer"]["invitations"]["totalCount"], 0);
        assert_eq!(refused(&lab.carol, "joinTeam", join.clone()).await, "CONFLICT");
        assert_eq!(refused(&lab.alice, "joinTeam", join.clone()).await, "CONFLICT");
        assert_eq!(refused(&lab.alice, "updateTeam", json!({"id": "lab", "open": false})).await, "");
        assert_eq!(refused(&app.user("dave").await, "joinTeam", join).await, "FORBIDDEN");
    }

    async fn members_push_to_the_namespace_of_their_team_and_maintainers_change_it(app) {
        let lab = Lab::new(&app).await;
        lab.bob.push("lab/tools/hello", "1.0", SifBuilder::new("amd64")).await;
        assert_eq!(refused(&lab.bob, "deleteContainer", json!({"id": "lab/tools/hello", "withContent": true})).await, "FORBIDDEN");
        assert_eq!(refused(&lab.carol, "createContainer", json!({"collection": "lab/tools", "name": "c"})).await, "FORBIDDEN");
        let query = r#"{ namespace(name: "lab") { viewerPermission owner { name } team { name viewerRole } } }"#;
        for (who, permission, role) in [(&lab.alice, "ADMIN", json!("MAINTAINER")), (&lab.bob, "WRITE", json!("MEMBER")),
            (&lab.carol, "READ", json!(null)), (&lab.root, "ADMIN", json!(null))] {
            let seen = who.graphql(query, json!({})).await;
            assert_eq!(seen["namespace"], json!({"viewerPermission": permission, "owner": null, "team": {"name": "lab", "viewerRole": role}}));
        }
        assert_eq!(refused(&lab.alice, "updateCollection", json!({"id": "lab/tools", "visibility": "PRIVATE"})).await, "");
        assert_eq!(lab.carol.get("/v1/containers/lab/tools/hello").await.status, 404);
        assert_eq!(lab.bob.get("/v1/containers/lab/tools/hello").await.status, 200);
        let reader = app.holding("bob", Scope::Read).await;
        assert_eq!(refused(&reader, "createContainer", json!({"collection": "lab/tools", "name": "c"})).await, "FORBIDDEN");
        assert_eq!(refused(&lab.alice, "removeTeamMember", json!({"team": "lab", "user": "bob"})).await, "");
        assert_eq!(lab.bob.get("/v1/containers/lab/tools/hello").await.status, 404);
    }

    async fn whoever_made_a_team_namespace_does_not_own_it(app) {
        let lab = Lab::new(&app).await;
        lab.bob.push("lab/tools/hello", "1.0", SifBuilder::new("amd64")).await;
        let root = app.holding("root", Scope::Write).await;
        assert_eq!(refused(&root, "updateNamespace", json!({"id": "lab", "description": "mine"})).await, "FORBIDDEN");
    }

    async fn members_know_each_other_and_nobody_else_does(app) {
        let lab = Lab::new(&app).await;
        let all = json!({"totalCount": 2, "nodes": [
            {"role": "MAINTAINER", "user": {"name": "alice"}}, {"role": "MEMBER", "user": {"name": "bob"}}]});
        for who in [&lab.alice, &lab.bob, &lab.root] {
            assert_eq!(members(who).await, all);
        }
        assert_eq!(members(&lab.carol).await, json!({"totalCount": 0, "nodes": []}));
        let nobody = app.anonymous().graphql(r#"{ team(name: "lab") { id } teams { totalCount } }"#, json!({})).await;
        assert_eq!(nobody, json!({"team": null, "teams": {"totalCount": 0}}));
        let teams = "{ viewer { teams { totalCount nodes { name } } } }";
        assert_eq!(lab.bob.graphql(teams, json!({})).await["viewer"]["teams"], json!({"totalCount": 1, "nodes": [{"name": "lab"}]}));
        assert_eq!(lab.carol.graphql(teams, json!({})).await["viewer"]["teams"]["totalCount"], 0);
    }

    async fn last_maintainer_stays(app) {
        let lab = Lab::new(&app).await;
        assert_eq!(refused(&lab.alice, "leaveTeam", json!({"team": "lab"})).await, "CONFLICT");
        assert_eq!(refused(&lab.root, "removeTeamMember", json!({"team": "lab", "user": "alice"})).await, "CONFLICT");
        assert_eq!(refused(&lab.alice, "setTeamRole", json!({"team": "lab", "user": "alice", "role": "MEMBER"})).await, "CONFLICT");
        assert_eq!(refused(&lab.alice, "setTeamRole", json!({"team": "lab", "user": "bob", "role": "MAINTAINER"})).await, "");
        assert_eq!(refused(&lab.alice, "leaveTeam", json!({"team": "lab"})).await, "");
        assert_eq!(refused(&lab.alice, "leaveTeam", json!({"team": "lab"})).await, "NOT_FOUND");
    }

    async fn of_two_maintainers_who_leave_at_once_one_stays(app) {
        let lab = Lab::new(&app).await;
        assert_eq!(refused(&lab.alice, "setTeamRole", json!({"team": "lab", "user": "bob", "role": "MAINTAINER"})).await, "");
        let leave = |who: Client| async move { refused(&who, "leaveTeam", json!({"team": "lab"})).await };
        let (one, other) = tokio::join!(leave(lab.alice.clone()), leave(lab.bob.clone()));
        let mut both = [one, other];
        both.sort();
        assert_eq!(both, ["", "CONFLICT"]);
        assert_eq!(members(&lab.root).await["totalCount"], 1);
    }

    async fn only_maintainers_say_who_is_in_a_team(app) {
        let lab = Lab::new(&app).await;
        for (who, why) in [(&lab.bob, "FORBIDDEN"), (&lab.carol, "FORBIDDEN"), (&app.anonymous(), "NOT_FOUND")] {
            assert_eq!(refused(who, "addTeamMember", json!({"team": "lab", "user": "carol"})).await, why);
            assert_eq!(refused(who, "inviteToTeam", json!({"team": "lab"})).await, why);
            assert_eq!(refused(who, "updateTeam", json!({"id": "lab", "description": "d"})).await, why);
            assert_eq!(refused(who, "deleteTeam", json!({"id": "lab"})).await, why);
        }
        let reader = app.holding("alice", Scope::Read).await;
        assert_eq!(refused(&reader, "addTeamMember", json!({"team": "lab", "user": "carol"})).await, "FORBIDDEN");
        assert_eq!(refused(&lab.alice, "addTeamMember", json!({"team": "lab", "user": "bob"})).await, "CONFLICT");
        assert_eq!(refused(&lab.alice, "createTeam", json!({"name": "mine"})).await, "FORBIDDEN");
    }

    async fn team_goes_only_when_its_namespaces_are_empty(app) {
        let lab = Lab::new(&app).await;
        lab.bob.push("lab/tools/hello", "1.0", SifBuilder::new("amd64")).await;
        assert_eq!(refused(&lab.alice, "deleteTeam", json!({"id": "lab"})).await, "CONFLICT");
        assert_eq!(refused(&lab.alice, "deleteCollection", json!({"id": "lab/tools", "withContent": true})).await, "");
        // What is in the trash may come back.
        assert_eq!(refused(&lab.alice, "deleteTeam", json!({"id": "lab"})).await, "CONFLICT");
        assert_eq!(refused(&lab.alice, "emptyTrash", json!({"namespace": "lab"})).await, "");
        assert_eq!(refused(&lab.alice, "deleteTeam", json!({"id": "lab"})).await, "");
        let gone = lab.root.graphql(r#"{ team(name: "lab") { id } namespace(name: "lab") { id } }"#, json!({})).await;
        assert_eq!(gone, json!({"team": null, "namespace": null}));
    }

    async fn names_of_teams_are_unique_and_within_the_grammar(app) {
        let lab = Lab::new(&app).await;
        for name in ["lab", "alice"] {
            assert_eq!(refused(&lab.root, "createTeam", json!({"name": name})).await, "CONFLICT", "{name}");
        }
        for name in ["", "Lab", "l\u{0}b", "lа b", &"l".repeat(129)] {
            let answer = mutate(&lab.root, "createTeam", json!({"name": name})).await;
            assert_eq!((code(&answer), field(&answer)), ("INVALID", "input.name"), "{name:?}");
        }
    }

    async fn link_lets_one_person_in_once(app) {
        let lab = Lab::new(&app).await;
        let secret = link(&lab.alice).await;
        assert!(secret.starts_with("sifhub_invitation_"));
        assert_eq!(refused(&app.anonymous(), "acceptInvitation", json!({"secret": secret})).await, "UNAUTHENTICATED");
        assert_eq!(refused(&lab.bob, "acceptInvitation", json!({"secret": secret})).await, "CONFLICT");
        let reader = app.holding("carol", Scope::Read).await;
        assert_eq!(refused(&reader, "acceptInvitation", json!({"secret": secret})).await, "FORBIDDEN");
        assert_eq!(refused(&lab.carol, "acceptInvitation", json!({"secret": secret})).await, "");
        let dave = app.user("dave").await;
        for wrong in [secret.as_str(), "", "sifhub_invitation_guess", "\u{0}"] {
            assert_eq!(refused(&dave, "acceptInvitation", json!({"secret": wrong})).await, "NOT_FOUND", "{wrong:?}");
        }
    }

    async fn of_many_who_show_a_link_at_once_one_gets_in(app) {
        let lab = Lab::new(&app).await;
        let secret = link(&lab.alice).await;
        let mut people = Vec::new();
        for number in 0..8 {
            people.push(app.user(&format!("person{number}")).await);
        }
        let show = people.iter().map(|who| refused(who, "acceptInvitation", json!({"secret": secret})));
        let answers = futures::future::join_all(show).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_empty()).count(), 1, "{answers:?}");
        assert_eq!(members(&lab.root).await["totalCount"], 3);
    }

    async fn invited_user_accepts_or_declines_and_nobody_else_does(app) {
        let lab = Lab::new(&app).await;
        let invite = json!({"team": "lab", "user": "carol", "role": "MAINTAINER"});
        let invitations = "{ viewer { invitations { totalCount nodes { id role team { name } createdBy { name } } } } }";
        for answer in ["declineInvitation", "acceptInvitation"] {
            assert_eq!(refused(&lab.alice, "inviteToTeam", invite.clone()).await, "");
            let seen = lab.carol.graphql(invitations, json!({})).await["viewer"]["invitations"].clone();
            assert_eq!(seen["totalCount"], 1);
            assert_eq!(seen["nodes"][0]["team"]["name"], "lab");
            let id = seen["nodes"][0]["id"].clone();
            assert_eq!(refused(&lab.bob, answer, json!({"id": id})).await, "NOT_FOUND");
            assert_eq!(refused(&lab.root, answer, json!({"id": id})).await, "NOT_FOUND");
            assert_eq!(refused(&lab.carol, answer, json!({"id": id})).await, "");
            assert_eq!(refused(&lab.carol, answer, json!({"id": id})).await, "NOT_FOUND");
        }
        assert_eq!(members(&lab.carol).await["totalCount"], 3);
    }

    async fn revoked_link_and_link_of_a_former_maintainer_are_good_no_longer(app) {
        let lab = Lab::new(&app).await;
        let secret = link(&lab.alice).await;
        let list = r#"{ team(name: "lab") { invitations { totalCount nodes { id } } } }"#;
        assert_eq!(lab.bob.graphql(list, json!({})).await["team"]["invitations"]["totalCount"], 0);
        let open = lab.alice.graphql(list, json!({})).await["team"]["invitations"].clone();
        let first = json!({"id": open["nodes"][0]["id"]});
        assert_eq!(refused(&lab.bob, "revokeInvitation", first.clone()).await, "NOT_FOUND");
        assert_eq!(refused(&lab.alice, "revokeInvitation", first).await, "");
        assert_eq!(refused(&lab.carol, "acceptInvitation", json!({"secret": secret})).await, "NOT_FOUND");
        let secret = link(&lab.alice).await;
        assert_eq!(refused(&lab.alice, "setTeamRole", json!({"team": "lab", "user": "bob", "role": "MAINTAINER"})).await, "");
        assert_eq!(refused(&lab.bob, "removeTeamMember", json!({"team": "lab", "user": "alice"})).await, "");
        assert_eq!(refused(&lab.alice, "acceptInvitation", json!({"secret": secret})).await, "NOT_FOUND");
    }

    async fn invitation_is_good_for_a_time_within_bounds(app) {
        let lab = Lab::new(&app).await;
        for at in ["2020-01-01T00:00:00Z", "2199-01-01T00:00:00Z"] {
            let answer = mutate(&lab.alice, "inviteToTeam", json!({"team": "lab", "expiresAt": at})).await;
            assert_eq!((code(&answer), field(&answer)), ("INVALID", "input.expiresAt"), "{at}");
        }
        use sea_orm::ConnectionTrait;
        let secret = link(&lab.alice).await;
        let past = "update invitation set expires_at = created_at";
        app.db.execute_unprepared(past).await.expect("time goes by");
        assert_eq!(refused(&lab.carol, "acceptInvitation", json!({"secret": secret})).await, "NOT_FOUND");
    }

    async fn namespace_is_given_to_a_team_by_its_owner_and_to_others_by_administrators(app) {
        let lab = Lab::new(&app).await;
        let to_lab = json!({"id": "alice", "team": "lab"});
        lab.alice.push("alice/tools/hello", "1.0", SifBuilder::new("amd64")).await;
        assert_eq!(refused(&lab.carol, "transferNamespace", to_lab.clone()).await, "FORBIDDEN");
        assert_eq!(refused(&lab.alice, "transferNamespace", json!({"id": "alice", "user": "bob"})).await, "FORBIDDEN");
        let grant = json!({"user": "carol", "namespace": "alice", "level": "ADMIN"});
        assert_eq!(refused(&lab.alice, "setGrant", grant).await, "");
        assert_eq!(refused(&lab.carol, "transferNamespace", json!({"id": "alice", "user": "carol"})).await, "FORBIDDEN");
        assert_eq!(refused(&lab.alice, "transferNamespace", to_lab).await, "");
        lab.bob.push("alice/tools/bye", "1.0", SifBuilder::new("amd64")).await;
        let owned = r#"{ team(name: "lab") { namespaces { nodes { name } } } }"#;
        assert_eq!(lab.bob.graphql(owned, json!({})).await["team"]["namespaces"]["nodes"], json!([{"name": "alice"}, {"name": "lab"}]));
        assert_eq!(refused(&lab.root, "transferNamespace", json!({"id": "alice", "user": "bob"})).await, "");
        assert_eq!(refused(&lab.alice, "updateNamespace", json!({"id": "alice", "description": "mine"})).await, "FORBIDDEN");
        for input in [json!({"id": "alice"}), json!({"id": "alice", "user": "bob", "team": "lab"})] {
            assert_eq!(refused(&lab.root, "transferNamespace", input).await, "INVALID");
        }
    }

    async fn team_is_a_node(app) {
        let lab = Lab::new(&app).await;
        let team = id(&lab.bob, r#"team(name: "lab")"#).await;
        assert!(team.starts_with("team:"));
        let node = "query($id: ID!) { node(id: $id) { id ... on Team { name } } }";
        assert_eq!(lab.carol.graphql(node, json!({"id": team})).await["node"]["name"], "lab");
        assert_eq!(app.anonymous().graphql(node, json!({"id": team})).await["node"], json!(null));
    }
}

#[tokio::test]
async fn anybody_makes_teams_where_the_site_says_so() {
    let users = |config: &mut sifhub::config::Config| {
        config.registry.team_creation = sifhub::config::TeamCreation::Users;
    };
    let app = TestApp::configured(users).await;
    let alice = app.user("alice").await;
    assert_eq!(
        refused(&alice, "createTeam", json!({"name": "lab"})).await,
        ""
    );
    let reader = app.holding("alice", Scope::Read).await;
    assert_eq!(
        refused(&reader, "createTeam", json!({"name": "more"})).await,
        "FORBIDDEN"
    );
    assert_eq!(
        refused(&app.anonymous(), "createTeam", json!({"name": "more"})).await,
        "UNAUTHENTICATED"
    );
}
