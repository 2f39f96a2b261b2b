//! `apptainer remote …`.
use crate::support::apptainer::Site;

#[test]
fn user_logs_in_with_token() {
    let site = Site::new();
    let alice = site.user("alice");
    alice
        .run("remote list")
        .ok()
        .says("hub            localhost");
    let status = alice.run("remote status hub").ok();
    let status = status
        .says("Logged in as: alice")
        .says("Access Token Verified!");
    let services = status.stdout.lines().filter(|line| line.contains("  OK  "));
    let version = concat!("v", env!("CARGO_PKG_VERSION"));
    assert_eq!(
        services.filter(|line| line.contains(version)).count(),
        3,
        "{status}"
    );
}

#[test]
fn user_logs_in_while_adding_the_remote() {
    let site = Site::new();
    site.user("alice");
    let desk = site.stranger("desk");
    desk.write("token", site.token("alice", &[]));
    desk.run("remote add --insecure --tokenfile token hub http://localhost")
        .ok()
        .says("Access Token Verified!");
    desk.run("remote status hub")
        .ok()
        .says("Logged in as: alice");
}

#[test]
fn wrong_token_is_refused() {
    let site = Site::new();
    let alice = site.user("alice");
    let mut token = site.token("alice", &[]).into_bytes();
    token[20] = if token[20] == b'x' { b'y' } else { b'x' };
    alice.write("wrong", token);
    alice
        .run("remote login --tokenfile wrong hub")
        .fails()
        .says("Invalid Credentials");
}

#[test]
fn user_logs_out() {
    let site = Site::new();
    let alice = site.user("alice");
    alice.build("hello.sif");
    alice.run("remote logout hub").ok();
    alice
        .run("remote status hub")
        .ok()
        .keeps_silent_about("alice")
        .keeps_silent_about("Verified");
    alice
        .run("push -U hello.sif library://alice/tools/hello:1")
        .fails()
        .says("no authentication token");
    assert_eq!(site.get("/v1/containers/alice/tools/hello").0, 404);
}

#[test]
fn visitor_sees_the_state_of_the_services() {
    let site = Site::new();
    let bob = site.visitor("bob");
    let status = bob.run("remote status hub").ok();
    for service in ["Keyserver", "Library", "Token"] {
        let line = status.stdout.lines().find(|line| line.starts_with(service));
        assert!(line.is_some_and(|line| line.contains("OK")), "{status}");
    }
}
