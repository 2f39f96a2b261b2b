//! `oras` of PyPI, which scripts use.
use super::*;

/// Begins each script: a client that is logged in as the person whose home this is, or as nobody.
const CLIENT: &str = "
import oras.client
client = oras.client.OrasClient(hostname='localhost:80', insecure=True)
place = 'localhost:80/alice/tools/data:1'
";

fn script(person: &Apptainer, lines: &str) -> crate::support::apptainer::Done {
    person.python(&format!("{CLIENT}{lines}"))
}

#[test]
fn file_comes_back_as_it_was_pushed() {
    let site = Site::new();
    let alice = site.oci_user("alice");
    alice.write("report.txt", "all is well\n");
    script(&alice, "client.push(target=place, files=['report.txt'])").ok();
    assert_eq!(site.tags("alice/tools/data"), ["1"]);
    let bob = site.stranger("bob");
    script(&bob, "print(client.pull(target=place, outdir='.'))").ok();
    assert_eq!(bob.read("report.txt"), b"all is well\n");
    script(&bob, "print(client.get_tags(place))")
        .ok()
        .says("['1']");
}

#[test]
fn script_logs_in_with_token() {
    let site = Site::new();
    site.user("alice");
    let token = site.token("alice", &[]);
    let desk = site.stranger("desk");
    desk.write("report.txt", "all is well\n");
    let lines = format!(
        "client.login(hostname='localhost:80', username='alice', password='{}')\n\
         client.push(target=place, files=['report.txt'])",
        token.trim()
    );
    script(&desk, &lines).ok();
    assert_eq!(site.tags("alice/tools/data"), ["1"]);
}

#[test]
fn stranger_pushes_nothing() {
    let site = Site::new();
    site.user("alice");
    let bob = site.stranger("bob");
    bob.write("report.txt", "all is well\n");
    script(&bob, "client.push(target=place, files=['report.txt'])").fails();
    assert_eq!(site.tags("alice/tools/data"), [""; 0]);
}
