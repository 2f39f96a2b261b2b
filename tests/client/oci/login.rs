//! Logging in, by the client's own command.
use crate::support::{
    apptainer::{Apptainer, Done, Site},
    oci::HOST,
};

/// What `site.user` gives to everybody.
const PASSWORD: &str = "correct horse battery";

fn apptainer(person: &Apptainer, password: &str) -> Done {
    let url = format!("oras://{HOST}");
    person.args(&["registry", "login", "-u", "alice", "-p", password, &url])
}

fn oras(person: &Apptainer, password: &str) -> Done {
    person.outside("oras", &["login", "-u", "alice", "-p", password, HOST])
}

fn skopeo(person: &Apptainer, password: &str) -> Done {
    let login = ["login", "--tls-verify=false", "-u", "alice", "-p", password];
    person.outside("skopeo", &[&login[..], &[HOST]].concat())
}

fn podman(person: &Apptainer, password: &str) -> Done {
    let login = [
        "login",
        "--tls-verify=false",
        "-u",
        "alice",
        "-p",
        password,
        HOST,
    ];
    person.podman_args(&login)
}

fn helm(person: &Apptainer, password: &str) -> Done {
    let login = [
        "registry",
        "login",
        "--plain-http",
        "-u",
        "alice",
        "-p",
        password,
        HOST,
    ];
    person.outside("helm", &login)
}

type LogIn = fn(&Apptainer, &str) -> Done;
/// Each client, and what it says of a wrong password.
const CLIENTS: [(LogIn, &str); 5] = [
    (apptainer, "the name or the password is wrong"),
    (oras, "the name or the password is wrong"),
    (skopeo, "invalid username/password"),
    (podman, "invalid username/password"),
    (helm, "the name or the password is wrong"),
];

#[test]
fn user_logs_in_with_password_or_token() {
    let site = Site::new();
    site.user("alice");
    let token = site.token("alice", &[]);
    for (log_in, _) in CLIENTS {
        for password in [PASSWORD, token.trim()] {
            log_in(&site.stranger("desk"), password).ok();
        }
    }
}

#[test]
fn wrong_password_is_refused() {
    for wrong in ["wrong horse battery", "sifhub_wrong"] {
        // Each a site of its own: after a few wrong passwords, further ones have to wait.
        let site = Site::new();
        site.user("alice");
        for (log_in, words) in CLIENTS {
            log_in(&site.stranger("desk"), wrong).fails().says(words);
        }
    }
}

#[test]
fn revoked_token_is_refused() {
    let site = Site::new();
    let alice = site.oci_user("alice");
    alice.write("data.txt", "text\n");
    let push = format!("push {HOST}/alice/tools/data:1 data.txt");
    alice.oras(&push).ok();
    let tokens = site.server.cli(&["token", "list", "--user", "alice"]);
    for token in tokens.lines().skip(1) {
        let id = token.split_whitespace().next().expect("an id");
        site.server.cli(&["token", "revoke", id]);
    }
    alice.write("data.txt", "other text\n");
    alice.oras(&push).fails().says("expired or revoked");
}

#[test]
fn token_for_reading_pulls_and_does_not_push() {
    let site = Site::with(&[("registry.default_visibility", "private")]);
    let alice = site.oci_user("alice");
    alice.write("data.txt", "text\n");
    alice
        .oras(&format!("push {HOST}/alice/tools/data:1 data.txt"))
        .ok();
    let desk = site.stranger("desk");
    desk.registry_log_in("alice", site.token("alice", &["--scope", "read"]).trim());
    desk.oras(&format!("pull {HOST}/alice/tools/data:1")).ok();
    assert_eq!(desk.read("data.txt"), b"text\n");
    desk.write("data.txt", "other text\n");
    desk.oras(&format!("push {HOST}/alice/tools/data:2 data.txt"))
        .fails()
        .says("the token was not granted this");
    assert_eq!(alice.digest("alice/tools/data:2"), None);
}
