use serde_json::{Value, json};

use super::{alice, code, field, mutate, refused};
use crate::support::{Client, SifBuilder, TestApp, on_each_database};

const KEY: &str = "8883491F4268F173C6E5DC49EDECE4F3F38D871E";

const SEARCH: &str = "query($text: String!, $filter: SearchFilter, $first: Int! = 20, $after: String) {
    search(text: $text, filter: $filter, first: $first, after: $after) {
        nodes { cursor container { path } score snippet { text matches } }
        pageInfo { hasNextPage endCursor }
        totalCount hasMore
        namespaces { name } collections { name } images { arch container { path } }
        facets { arch { value count } labels { value count } namespaces { value count } signedBy { value count } }
    } }";

/// The same, cheap enough for the largest page.
const BARE: &str =
    "query($text: String!, $filter: SearchFilter, $first: Int! = 20, $after: String) {
    search(text: $text, filter: $filter, first: $first, after: $after) { nodes { score } } }";

async fn ask(who: &Client, variables: Value) -> Value {
    who.graphql(SEARCH, variables).await["search"].clone()
}

/// The names of the containers that a text finds, in their order.
async fn names(who: &Client, text: &str) -> String {
    let found = ask(who, json!({ "text": text })).await;
    named(&found)
}

fn named(found: &Value) -> String {
    let nodes = found["nodes"].as_array().expect("nodes");
    let name = |node: &Value| {
        let path = node["container"]["path"].as_str().expect("a path");
        path.rsplit('/').next().expect("a name").to_owned()
    };
    nodes.iter().map(name).collect::<Vec<_>>().join(" ")
}

fn snippet(found: &Value) -> String {
    let pieces = found["nodes"][0]["snippet"].as_array().expect("a snippet");
    let show = |piece: &Value| {
        let text = piece["text"].as_str().expect("text");
        match piece["matches"].as_bool() {
            Some(true) => format!("[{text}]"),
            _ => text.to_owned(),
        }
    };
    pieces.iter().map(show).collect()
}

async fn describe(who: &Client, path: &str, description: &str) {
    let input = json!({"id": path, "description": description});
    assert_eq!(refused(who, "updateContainer", input).await, "");
}

/// A shelf on which the shared list of questions is tried.
async fn shelf(app: &TestApp) -> Client {
    let alice = app.user("alice").await;
    let image = |seed| SifBuilder::new("amd64").payload(4096, seed);
    let definition = "Bootstrap: docker\nFrom: debian:12\n%post\n    apt-get install -y zlib1g-dev";
    alice
        .push(
            "alice/genomics/samtools",
            "1.20",
            image(1).definition(definition),
        )
        .await;
    alice
        .push(
            "alice/genomics/bwa-mem2",
            "2.2.1",
            image(2).label("maintainer", "Zoë Müller"),
        )
        .await;
    alice
        .push(
            "alice/genomics/bowtie",
            "latest",
            image(3).app("aligner", "Aligns reads in a hurry."),
        )
        .await;
    alice.push("alice/climate/samples", "1", image(4)).await;
    describe(
        &alice,
        "alice/genomics/samtools",
        "Reads, writes and indexes alignment files. Not a gene browser.",
    )
    .await;
    describe(
        &alice,
        "alice/genomics/bwa-mem2",
        "Maps sequences against a large génome; 生物学の道具",
    )
    .await;
    describe(
        &alice,
        "alice/climate/samples",
        "Drill cores. Compare samtools.",
    )
    .await;
    app.indexed().await;
    alice
}

/// What is asked, and the names of what is found, best first: one list for all databases.
const QUESTIONS: &[(&str, &str)] = &[
    // Names, in whatever case, and parts of paths.
    ("samtools", "samtools samples"),
    ("SamTools", "samtools samples"),
    ("alice/genomics/bowtie", "bowtie"),
    ("library://alice/genomics/samtools:1.20", "samtools"),
    ("bwa-mem2", "bwa-mem2"),
    ("bwamem2", "bwa-mem2"),
    ("bwa mem2", "bwa-mem2"),
    // All words, anywhere.
    ("genomics alignment", "samtools"),
    ("genomics nowhere", ""),
    // The last word may go on, others with a star.
    ("sampl", "samples"),
    ("writ* ind", "samtools"),
    ("writ indexes", "samtools"),
    // Phrases.
    ("\"gene browser\"", "samtools"),
    ("\"browser gene\"", ""),
    ("\"gene brow\"", ""),
    ("\"gene brow\"*", "samtools"),
    // What must not be there.
    ("samtools -drill", "samtools"),
    ("samtools -\"drill cores\"", "samtools"),
    ("-drill", ""),
    // Accents and scripts without spaces.
    ("genome", "bwa-mem2"),
    ("GÉNOME", "bwa-mem2"),
    ("muller", "bwa-mem2"),
    ("生物", "bwa-mem2"),
    ("道具", "bwa-mem2"),
    ("具道", ""),
    // Labels, definition files, apps and tags.
    ("maintainer=\"zoe muller\"", "bwa-mem2"),
    ("zlib1g-dev", "samtools"),
    ("aligner", "bowtie"),
    ("hurry", "bowtie"),
    ("2.2.1", "bwa-mem2"),
    // One letter wrong, missing, too many, or in the wrong place; parts of words.
    ("bowtje", "bowtie"),
    ("bowti", "bowtie"),
    ("bowtiie", "bowtie"),
    ("bwotie", "bowtie"),
    ("bowtei", "bowtie"),
    ("xowtie", "bowtie"),
    ("genomisc alignmen files", "samtools"),
    ("mtoo", "samtools samples"),
    ("\"bowtje\"", ""),
    ("bxxtie", ""),
    // Nothing in it is an operator.
    ("%%%", ""),
    ("*", ""),
    ("🧬", ""),
    ("🧬 bowtie", "bowtie"),
    ("' OR 1=1 --", ""),
    ("NEAR(bowtie)", ""),
    ("title:bowtie", ""),
    ("bowtie OR samtools", ""),
    ("NOT bowtie", ""),
    ("bowtie & !samtools | x", ""),
    ("\"bowtie", "bowtie"),
    ("bow\\tie", ""),
    ("'bowtie':*", "bowtie"),
    ("<bowtie>", "bowtie"),
    ("^bowtie", "bowtie"),
    ("{title} : bowtie", ""),
];

on_each_database! {
    async fn edges_of_a_search_are_its_nodes_with_their_places(app) {
        let alice = alice(&app).await;
        for name in ["hello-two", "hello-three"] {
            alice.push(&format!("alice/tools/{name}"), "1", SifBuilder::new("amd64").payload(64, name.len() as u64)).await;
        }
        app.indexed().await;
        let query = r#"query($at: String) { search(text: "hello", first: 2, after: $at) {
            edges { cursor node { container { path } } } nodes { cursor container { path } } pageInfo { endCursor hasNextPage } } }"#;
        let page = alice.graphql(query, json!({})).await["search"].clone();
        let edges = page["edges"].as_array().expect("edges");
        assert_eq!(edges.len(), 2);
        for (edge, node) in edges.iter().zip(page["nodes"].as_array().expect("nodes")) {
            assert_eq!((&edge["cursor"], &edge["node"]["container"]), (&node["cursor"], &node["container"]));
        }
        assert_eq!(page["pageInfo"]["endCursor"], edges[1]["cursor"]);
        let rest = alice.graphql(query, json!({"at": edges[0]["cursor"]})).await["search"].clone();
        assert_eq!(rest["edges"][0], edges[1]);
    }

    async fn each_question_has_the_same_answer_on_each_database(app) {
        let alice = shelf(&app).await;
        let mut wrong = Vec::new();
        for (text, expected) in QUESTIONS {
            let got = names(&alice, text).await;
            if got != *expected {
                wrong.push(format!("{text}: {got:?} rather than {expected:?}"));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    async fn no_text_finds_whatever_the_filter_lets_through(app) {
        let alice = shelf(&app).await;
        assert_eq!(names(&alice, " ").await.split(' ').count(), 4);
        let climate = ask(&alice, json!({"text": "", "filter": {"namespaces": ["alice"], "labels": ["maintainer=Zoë Müller"]}})).await;
        assert_eq!(named(&climate), "bwa-mem2");
        let none = ask(&alice, json!({"text": "", "filter": {"topics": ["none"]}})).await;
        assert_eq!((named(&none).as_str(), &none["totalCount"]), ("", &json!(0)));
    }

    async fn readmes_and_topics_are_found_until_they_go(app) {
        let alice = shelf(&app).await;
        let path = "alice/genomics/bowtie";
        for (mutation, input) in [
            ("describe", json!({"id": path, "readme": "# Usage\n\nBurrows and Wheeler would be proud."})),
            ("describe", json!({"id": "alice/genomics", "readme": "Everything from the sequencing facility."})),
            ("setTopics", json!({"container": path, "topics": ["short-reads"]})),
        ] {
            assert_eq!(refused(&alice, mutation, input).await, "", "{mutation}");
        }
        app.indexed().await;
        assert_eq!((names(&alice, "wheeler").await, names(&alice, "short reads").await), ("bowtie".into(), "bowtie".into()));
        let facility = ask(&alice, json!({"text": "facility"})).await;
        assert_eq!(facility["collections"], json!([{"name": "genomics"}]));
        let topic = json!({"text": "", "filter": {"topics": ["short-reads"]}});
        assert_eq!(named(&ask(&alice, topic.clone()).await), "bowtie");
        let query = "{ search(text: \"bowtie\") { facets { topics { value count } } } }";
        let counted = alice.graphql(query, json!({})).await;
        assert_eq!(counted["search"]["facets"]["topics"], json!([{"value": "short-reads", "count": 1}]));
        for (mutation, input) in [
            ("describe", json!({"id": path, "readme": ""})), ("setTopics", json!({"container": path, "topics": []})),
        ] {
            assert_eq!(refused(&alice, mutation, input).await, "", "{mutation}");
        }
        app.indexed().await;
        assert_eq!((names(&alice, "wheeler").await, names(&alice, "short reads").await), (String::new(), String::new()));
        assert_eq!(named(&ask(&alice, topic).await), "");
    }

    async fn what_people_star_and_pull_comes_first_among_equals(app) {
        let alice = app.user("alice").await;
        for (seed, name) in (0..).zip(["one", "two", "three"]) {
            alice.push(&format!("alice/plain/{name}"), "1", SifBuilder::new("amd64").payload(4096, seed)).await;
            describe(&alice, &format!("alice/plain/{name}"), "Aligns reads.").await;
        }
        app.indexed().await;
        assert_eq!(names(&alice, "aligns").await, "three two one", "the newest first");
        for who in ["bob", "carol", "dave"] {
            let input = json!({"id": "alice/plain/one"});
            let visible = json!({"id": "alice/plain", "visibility": "PUBLIC"});
            assert_eq!(refused(&alice, "updateCollection", visible).await, "");
            assert_eq!(refused(&app.user(who).await, "star", input).await, "");
        }
        assert_eq!(names(&alice, "aligns").await, "one three two");
        assert_eq!(names(&alice, "").await, "three two one", "without words, the newest first");
    }

    async fn scores_tell_nothing_of_what_is_hidden(app) {
        let alice = alice(&app).await;
        let bob = app.user("bob").await;
        for (seed, (name, text)) in (0..).zip([("gamma", "Has delta."), ("delta", "Of gamma, gamma and gamma rays."), ("other", "The gamma delta, at length.")]) {
            alice.push(&format!("alice/tools/{name}"), "1", SifBuilder::new("amd64").payload(4096, seed)).await;
            describe(&alice, &format!("alice/tools/{name}"), text).await;
        }
        app.indexed().await;
        let found = async || {
            let found = ask(&bob, json!({"text": "gamma delta"})).await;
            let nodes = found["nodes"].as_array().expect("nodes").iter();
            nodes.map(|node| (node["container"]["path"].clone(), node["score"].clone())).collect::<Vec<_>>()
        };
        let before = found().await;
        assert_eq!(before.len(), 3);
        for seed in 0..5 {
            let path = format!("alice/secret/gamma{seed}");
            alice.push(&path, "1", SifBuilder::new("amd64").payload(4096, 50 + seed)).await;
            describe(&alice, &path, &"gamma rays everywhere ".repeat(20)).await;
        }
        app.indexed().await;
        assert_eq!(found().await, before);
    }

    async fn a_snippet_shows_the_words_that_were_found(app) {
        let alice = shelf(&app).await;
        assert_eq!(snippet(&ask(&alice, json!({"text": "indexes"})).await),
            "Reads, writes and [indexes] alignment files. Not a gene browser.");
        assert_eq!(snippet(&ask(&alice, json!({"text": "genome"})).await),
            "Maps sequences against a large [génome]; 生物学の道具 maintainer Zoë Müller");
        assert_eq!(snippet(&ask(&alice, json!({"text": "debian"})).await),
            "Bootstrap: docker From: [debian]:12 %post apt-get install -y zlib1g-dev");
    }

    async fn what_is_sorted_out_by_is_counted(app) {
        let alice = alice(&app).await;
        alice.push("alice/tools/hello", "arm", SifBuilder::new("arm64").payload(4096, 9).label("group", "ours").signed_by(KEY)).await;
        app.indexed().await;
        let all = ask(&alice, json!({"text": "hello"})).await;
        assert_eq!((&all["totalCount"], &all["hasMore"]), (&json!(2), &json!(false)));
        assert_eq!(all["facets"], json!({
            "arch": [{"value": "amd64", "count": 2}, {"value": "arm64", "count": 1}],
            "labels": [{"value": "group=ours", "count": 1}],
            "namespaces": [{"value": "alice", "count": 2}],
            "signedBy": [{"value": KEY, "count": 1}],
        }));
        let arm = json!([{"arch": "arm64", "container": {"path": "alice/tools/hello"}}]);
        for filter in [json!({"arch": ["arm64"]}), json!({"signed": true, "arch": ["s390x", "arm64"]})] {
            let narrow = ask(&alice, json!({"text": "hello", "filter": filter})).await;
            assert_eq!((&narrow["images"], &narrow["totalCount"]), (&arm, &json!(1)), "{filter}");
        }
        for (filter, total) in [
            (json!({"signedBy": [KEY.to_lowercase()]}), 1), (json!({"signedBy": ["A".repeat(40)]}), 0),
            (json!({"labels": ["group=ours"]}), 1), (json!({"labels": ["group=ours", "group=theirs"]}), 0),
            (json!({"namespaces": ["bob"]}), 0), (json!({"signedByUser": ["alice"]}), 0),
        ] {
            let narrow = ask(&alice, json!({"text": "hello", "filter": filter})).await;
            assert_eq!(narrow["totalCount"], total, "{filter}");
        }
    }

    async fn nothing_hints_at_what_a_stranger_may_not_see(app) {
        let alice = alice(&app).await;
        let secret = SifBuilder::new("arm64").payload(4096, 7).label("clearance", "zaphod").signed_by(KEY);
        alice.push("alice/secret/heartofgold", "1.0", secret).await;
        describe(&alice, "alice/secret/heartofgold", "Improbability hello").await;
        app.indexed().await;
        let suggest = "query($p: String!) { searchSuggestions(prefix: $p) }";
        assert_eq!(names(&alice, "heartofgold").await, "heartofgold");
        assert_eq!(alice.graphql(suggest, json!({"p": "heart"})).await["searchSuggestions"], json!(["heartofgold"]));
        for stranger in [app.anonymous(), app.user("bob").await] {
            for text in ["heartofgold", "hartofgold", "eartofgol", "improbability", "improbabilitz", "zaphod", "secret", "secert", "alice/secret"] {
                let found = ask(&stranger, json!({ "text": text })).await;
                let told = found.to_string();
                assert_eq!((named(&found).as_str(), &found["totalCount"]), ("", &json!(0)), "{text}");
                assert!(!told.contains("secret") && !told.contains("heart"), "{text}: {told}");
            }
            for text in ["hello", ""] {
                let found = ask(&stranger, json!({ "text": text })).await;
                assert_eq!(found["totalCount"], 1, "{text}");
                assert_eq!(found["facets"], json!({
                    "arch": [{"value": "amd64", "count": 1}], "labels": [], "signedBy": [],
                    "namespaces": [{"value": "alice", "count": 1}],
                }), "{text}");
            }
            for filter in [json!({"arch": ["arm64"]}), json!({"signedBy": [KEY]}), json!({"labels": ["clearance=zaphod"]})] {
                assert_eq!(ask(&stranger, json!({"text": "", "filter": filter})).await["totalCount"], 0);
            }
            for prefix in ["heart", "sec", "zap"] {
                assert_eq!(stranger.graphql(suggest, json!({"p": prefix})).await["searchSuggestions"], json!([]), "{prefix}");
            }
        }
    }

    async fn a_hidden_match_does_not_keep_a_stranger_from_being_understood(app) {
        let alice = alice(&app).await;
        alice.push("alice/secret/helo", "1.0", SifBuilder::new("amd64").payload(4096, 7)).await;
        app.indexed().await;
        assert_eq!(names(&alice, "helo").await, "helo");
        assert_eq!(names(&app.anonymous(), "helo").await, "hello");
    }

    async fn what_is_called_so_comes_first(app) {
        let alice = app.user("alice").await;
        for (name, seed) in [("tree", 1), ("treehouse", 2), ("forest", 3), ("oak", 4)] {
            alice.push(&format!("alice/plants/{name}"), "1", SifBuilder::new("amd64").payload(4096, seed)).await;
        }
        describe(&alice, "alice/plants/forest", "Many of them, each a tree.").await;
        alice.push("alice/plants/oak", "2", SifBuilder::new("amd64").payload(4096, 5).definition("%help\n    a tree")).await;
        app.indexed().await;
        assert_eq!(names(&alice, "tree").await, "tree treehouse forest oak");
    }

    async fn pages_go_on_where_the_last_one_ended(app) {
        let alice = shelf(&app).await;
        let all = names(&alice, "alice").await;
        let (mut got, mut after) = (Vec::new(), json!(null));
        for page in 0..4 {
            let found = ask(&alice, json!({"text": "alice", "first": 1, "after": after})).await;
            got.push(named(&found));
            assert_eq!((&found["totalCount"], &found["pageInfo"]["hasNextPage"]), (&json!(4), &json!(page < 3)));
            after = found["pageInfo"]["endCursor"].clone();
        }
        assert_eq!(got.join(" "), all);
        let other = alice.try_graphql(SEARCH, json!({"text": "samtools", "after": after})).await;
        assert_eq!((code(&other), field(&other)), ("INVALID", "after"));
    }

    async fn changes_are_found_and_what_is_gone_is_not(app) {
        let alice = shelf(&app).await;
        let change = async |mutation: &str, input: Value| {
            assert_eq!(code(&mutate(&alice, mutation, input).await), "");
            app.indexed().await;
        };
        change("updateContainer", json!({"id": "alice/genomics/bowtie", "name": "crossbow"})).await;
        assert_eq!((names(&alice, "\"bowtie\"").await, names(&alice, "crossbow").await), (String::new(), "crossbow".into()));
        change("updateCollection", json!({"id": "alice/genomics", "name": "proteomics"})).await;
        assert_eq!(names(&alice, "\"genomics\"").await, "");
        assert_eq!(names(&alice, "proteomics").await.split(' ').count(), 3);
        change("updateCollection", json!({"id": "alice/climate", "visibility": "PRIVATE"})).await;
        assert_eq!(names(&app.anonymous(), "samples").await, "");
        change("deleteContainer", json!({"id": "alice/proteomics/samtools", "withContent": true})).await;
        assert_eq!(names(&alice, "samtools").await, "samples");
        change("deleteCollection", json!({"id": "alice/climate", "withContent": true})).await;
        assert_eq!(names(&alice, "samtools").await, "");
        let root = app.admin("root").await;
        assert_eq!(refused(&root, "updateNamespace", json!({"id": "alice", "name": "wonderland"})).await, "");
        app.indexed().await;
        assert_eq!(names(&root, "wonderland").await.split(' ').count(), 2);
        assert_eq!(ask(&root, json!({"text": "wonderland"})).await["namespaces"], json!([{"name": "wonderland"}]));
    }

    async fn a_search_has_a_fixed_number_of_statements(app) {
        let alice = shelf(&app).await;
        let (_, few) = app.statements_of(ask(&alice, json!({"text": "bowtie"}))).await;
        let (_, many) = app.statements_of(ask(&alice, json!({"text": "alice"}))).await;
        assert_eq!(few, many);
    }

    async fn bad_questions_are_invalid_inputs(app) {
        let nobody = app.anonymous();
        for (variables, wrong) in [
            (json!({"text": "abc", "first": 101}), "first"),
            (json!({"text": "abc", "first": 0}), "first"),
            (json!({"text": "a".repeat(1025)}), "text"),
            (json!({"text": "a ".repeat(33)}), "text"),
            (json!({"text": "a\u{0}b"}), "text"),
            (json!({"text": "abc", "after": "nonsense"}), "after"),
            (json!({"text": "abc", "filter": {"arch": vec!["x"; 33]}}), "arch"),
            (json!({"text": "abc", "filter": {"labels": ["a\u{0}"]}}), "labels"),
        ] {
            let answer = nobody.try_graphql(BARE, variables.clone()).await;
            assert_eq!((code(&answer), field(&answer)), ("INVALID", wrong), "{variables}");
        }
        let answer = nobody.try_graphql(r#"{ searchSuggestions(prefix: "a", first: 21) }"#, json!({})).await;
        assert_eq!((code(&answer), field(&answer)), ("INVALID", "first"));
        for prefix in ["", "%", "_", "'", "\u{10ffff}"] {
            let data = nobody.graphql("query($p: String!) { searchSuggestions(prefix: $p) }", json!({"p": prefix})).await;
            assert_eq!(data["searchSuggestions"], json!([]), "{prefix}");
        }
    }

    async fn names_are_completed(app) {
        let alice = shelf(&app).await;
        let suggest = async |prefix: &str| {
            let data = alice.graphql("query($p: String!) { searchSuggestions(prefix: $p, first: 3) }", json!({"p": prefix})).await;
            data["searchSuggestions"].clone()
        };
        assert_eq!(suggest("SAM").await, json!(["samples", "samtools"]));
        assert_eq!(suggest("gen").await, json!(["genomics"]));
        assert_eq!(suggest("amtools").await, json!([]));
    }
}
