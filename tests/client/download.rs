//! Images as plain files, with the real `curl`, `wget` and Apptainer.
use crate::support::{
    SifBuilder,
    apptainer::{Apptainer, Site, arch},
};

const PAGE: &str = include_str!("../../docs/download.md");
/// Stops at the first line that fails, and names it.
const PREAMBLE: &str = r#"export APPTAINER_NOHTTPS=true; set -E -e -o pipefail; trap 'echo "docs/download.md:$LINENO: $BASH_COMMAND" >&2' ERR"#;
const HELLO: &str = "http://localhost/sif/alice/tools/hello:1.0";

/// A site where alice has pushed `alice/tools/hello:1.0`, which really runs, and `alice/secret/plan:1`, which is private.
pub fn site() -> Site {
    let site = Site::new();
    let alice = site.user("alice");
    alice.build("hello.sif");
    alice
        .run("push -U hello.sif library://alice/tools/hello:1.0,latest")
        .ok();
    let private = r#"
        ask() { curl -fsS -H "Authorization: Bearer $(cat token)" "http://localhost/v1/$@"; }
        id=$(ask entities/alice | sed 's/.*"id":"\([^"]*\)".*/\1/')
        ask collections -d "{\"name\": \"secret\", \"entity\": \"$id\", \"private\": true}""#;
    alice.shell(private).ok();
    alice.put("plan.sif", SifBuilder::new(arch()).payload(3 << 20, 4));
    alice
        .run("push -U plan.sif library://alice/secret/plan:1")
        .ok();
    drop(alice);
    site
}

/// The fenced blocks of the page in that language, each line with the number that it has in the page.
pub fn blocks(language: &str) -> String {
    let (mut inside, fence) = (false, format!("```{language}"));
    let line = |line: &str| {
        let edge = line.starts_with("```");
        let kept = inside && !edge;
        inside = if edge { line == fence } else { inside };
        if kept { here(line) } else { String::new() }
    };
    PAGE.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// What the page says of a server elsewhere, said of the one in this network, which has no certificate.
fn here(text: &str) -> String {
    text.replace("https://hub.example.org", "http://localhost")
        .replace("hub.example.org", "localhost")
}

fn same(person: &Apptainer<'_>, file: &str, other: (&Apptainer<'_>, &str)) {
    assert!(person.read(file) == other.0.read(other.1), "{file} differs");
}

#[test]
fn page_works_as_it_is_written() {
    let site = site();
    let reader = site.visitor("reader");
    reader.write("token", site.token("alice", &[]));
    let script = blocks("sh");
    let (_, script) = script.split_once('\n').expect("a first line");
    reader
        .shell(&format!("{PREAMBLE}\n{script}"))
        .ok()
        .says("sif: OK")
        .says("it runs");
    let alice = site.stranger("alice");
    let named = format!("hello_1.0_{}.sif", arch());
    for file in [
        &named,
        "hello.sif",
        "again.sif",
        "by-tag.sif",
        "from-shub.sif",
    ] {
        same(&reader, file, (&alice, "hello.sif"));
    }
    same(
        &reader,
        &format!("hello_latest_{}.sif", arch()),
        (&alice, "hello.sif"),
    );
    same(&reader, "plan.sif", (&alice, "plan.sif"));
    let digest = sifhub::registry::Digest::of(&alice.read("plan.sif")).hex();
    let shared = format!("plan_{}.sif", &digest[..12]);
    for file in [&*shared, "part.sif"] {
        same(&reader, file, (&alice, "plan.sif"));
    }
    let secrets = site.requests_of(|| {
        let again = reader.shell("curl -fsSO http://localhost/share/guess/plan.sif");
        again.fails().says("404");
    });
    assert_eq!(secrets, ["GET /share/… 404"]);
    same(
        &reader,
        &format!("plan_1_{}.sif", arch()),
        (&alice, "plan.sif"),
    );
}

#[test]
fn download_that_broke_off_is_not_begun_again() {
    let site = site();
    let alice = site.stranger("alice");
    alice.write(
        "netrc",
        format!(
            "machine localhost login alice password {}",
            site.token("alice", &[])
        ),
    );
    let url = "http://localhost/sif/alice/secret/plan:1";
    for go_on in [
        format!("curl -fsS --netrc-file netrc -C - -o part.sif {url}"),
        format!("cp netrc .netrc && wget -q -c -O part.sif {url}"),
    ] {
        let requests = site.requests_of(|| {
            alice
                .shell(&format!("head -c 2000000 plan.sif > part.sif && {go_on}"))
                .ok();
        });
        let last = requests.last().expect("a request");
        assert!(last.ends_with("plan:1 206"), "{go_on}: {requests:#?}");
        same(&alice, "part.sif", (&alice, "plan.sif"));
        // Once whole, nothing is left to fetch, which only wget takes for a success.
        let again = alice.shell(&go_on);
        if go_on.starts_with("curl") {
            again.fails().says("416");
        } else {
            again.ok();
        }
        same(&alice, "part.sif", (&alice, "plan.sif"));
    }
}

#[test]
fn visitor_without_token_is_refused_and_saves_nothing() {
    let site = site();
    let bob = site.visitor("bob");
    let plan = "http://localhost/sif/alice/secret/plan:1";
    bob.shell(&format!("curl -fsSOJ {plan}"))
        .fails()
        .says("401");
    bob.shell(&format!("wget -nv {plan}"))
        .fails()
        .says("Authentication Failed");
    bob.shell("test \"$(ls *plan* 2>/dev/null)\" = ''").ok();
    bob.run(&format!("pull plan.sif {plan}"))
        .fails()
        .says("there is no such image, or it is not public");
    bob.run(&format!("pull hello.sif {HELLO}?arch=s390x"))
        .fails()
        .says("the requested image was not found");
    bob.run("pull --no-https plan.sif shub://localhost/alice/secret/plan:1")
        .fails()
        .says("the requested manifest was not found");
}

#[test]
fn digest_comes_out_of_the_cache_and_tag_is_always_current() {
    let site = site();
    let alice = site.user("carol");
    alice.put("a.sif", SifBuilder::new(arch()).payload(4096, 1));
    alice.put("b.sif", SifBuilder::new(arch()).payload(4096, 2));
    let (a, b) = (alice.read("a.sif"), alice.read("b.sif"));
    alice.run("push -U a.sif library://carol/tools/x:1").ok();
    let tagged = "pull -F got.sif http://localhost/sif/carol/tools/x:1";
    alice.run(tagged).ok();
    assert!(alice.read("got.sif") == a);
    let digest = sifhub::registry::Digest::of(&a);
    let pinned = format!("pull -F got.sif http://localhost/sif/carol/tools/x@{digest}");
    alice.run(&pinned).ok();
    alice.run("push -U b.sif library://carol/tools/x:1").ok();
    alice.run(tagged).ok();
    assert!(alice.read("got.sif") == b, "the tag has moved");
    let requests = site.requests_of(|| {
        alice.run(&pinned).ok();
    });
    assert!(alice.read("got.sif") == a, "the digest has not");
    assert!(
        requests.iter().all(|request| request.starts_with("HEAD ")),
        "{requests:#?}"
    );
}

#[test]
fn shub_pulls_from_the_default_namespace_and_by_version() {
    let site = Site::new();
    let root = site.admin("root");
    let hash = root.put("a.sif", SifBuilder::new(arch()));
    root.run("push -U a.sif library://library/tools/a:1").ok();
    let bob = site.visitor("bob");
    let version = &hash.trim_start_matches("sha256.")[..40];
    for (file, reference) in [
        ("a.sif", "tools/a:1"),
        ("b.sif", "library/tools/a:1"),
        ("c.sif", &*format!("tools/a:1@{version}")),
    ] {
        bob.run(&format!(
            "pull --no-https --disable-cache {file} shub://localhost/{reference}"
        ))
        .ok();
        same(&bob, file, (&root, "a.sif"));
    }
    bob.run("pull --no-https shub://localhost/tools/a:1").ok();
    same(&bob, "a_1.sif", (&root, "a.sif"));
}
