//! The program as it is started: its commands, its log, its certificate, and how it refuses a bad configuration.
use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use rcgen::CertifiedKey;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{
    postgres::free_port,
    server::{PROGRAM, Server},
};

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// A server on a port of its own, and its address.
fn server(dir: &TempDir, settings: &[(&str, &str)]) -> (Server, String) {
    let address = format!("127.0.0.1:{}", free_port());
    let listen = [("http.listen", &*address)];
    let server = Server::new(dir.path(), None, &[&listen, settings].concat());
    (server, address)
}

fn refused(server: &Server, args: &[&str]) -> String {
    let output = server.try_cli("", args);
    assert!(!output.status.success(), "sifhub {args:?} should fail");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_schema_that_was_cut_short_is_finished_at_the_next_start() {
    for wait in [1, 3, 10, 30, 60, 100, 200, 400] {
        let dir = folder();
        let (server, _) = server(&dir, &[]);
        let mut cut = server.begin_cli(&["migrate"]);
        thread::sleep(Duration::from_millis(wait));
        cut.kill().expect("it is killed, or has ended");
        cut.wait().expect("it has ended");
        server.cli(&["migrate"]);
    }
}

#[test]
fn whoever_reads_only_the_beginning_of_a_long_text_ends_the_command_quietly() {
    for args in [&["schema"][..], &["config", "schema"]] {
        let mut command = Command::new(PROGRAM);
        command
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut running = command.spawn().expect("the program runs");
        drop(running.stdout.take());
        let ended = running.wait_with_output().expect("it ends");
        assert!(
            ended.status.success() && ended.stderr.is_empty(),
            "{args:?}: {ended:?}"
        );
    }
}

#[test]
fn a_token_is_printed_once_and_alone_and_can_be_listed_and_revoked() {
    let dir = folder();
    let (server, _) = server(&dir, &[]);
    server.cli_reading(
        "correct horse battery\n",
        &["user", "add", "alice", "--password-stdin"],
    );
    let token = server.cli(&[
        "token",
        "create",
        "--user",
        "alice",
        "--name",
        "laptop",
        "--expires",
        "90d",
        "--scope",
        "read",
    ]);
    assert_eq!(token.lines().count(), 1);
    assert!(token.starts_with("sifhub_") && token.trim_end().len() >= 200);
    let list = server.cli(&["token", "list", "--user", "alice"]);
    assert!(list.contains("laptop") && list.contains("read") && !list.contains(token.trim_end()));
    let id = list
        .lines()
        .nth(1)
        .and_then(|line| line.split_whitespace().next())
        .expect("an id");
    server.cli(&["token", "revoke", id]);
    assert!(
        !server
            .cli(&["token", "list", "--user", "alice"])
            .contains("laptop")
    );
}

#[test]
fn accounts_are_listed_disabled_and_enabled() {
    let dir = folder();
    let (server, _) = server(&dir, &[]);
    server.cli_reading(
        "correct horse battery\n",
        &["user", "add", "alice", "--password-stdin"],
    );
    server.cli(&["user", "disable", "alice"]);
    assert!(server.cli(&["user", "list"]).contains("disabled"));
    server.cli(&["user", "enable", "alice"]);
    server.cli_reading(
        "another good password\n",
        &["user", "passwd", "alice", "--password-stdin"],
    );
    assert!(server.cli(&["user", "list"]).contains("active"));
    let words = refused(&server, &["user", "disable", "bob"]);
    assert!(words.contains("there is no user bob in "), "{words}");
    assert!(
        words.contains("sifhub.db; see `sifhub user list`"),
        "{words}"
    );
    assert!(
        refused(&server, &["user", "add", "Alice", "--password-stdin"])
            .contains("lower-case letters")
    );
}

#[test]
fn a_command_in_the_wrong_folder_makes_no_server_there() {
    let dir = folder();
    let (server, _) = server(&dir, &[]);
    let commands: [&[&str]; 8] = [
        &["user", "list"],
        &["user", "passwd", "alice", "--password-stdin"],
        &["user", "disable", "alice"],
        &["user", "enable", "alice"],
        &["token", "list", "--user", "alice"],
        &["token", "create", "--user", "alice"],
        &["token", "revoke", "1"],
        &["gc"],
    ];
    for command in commands {
        let words = refused(&server, command);
        assert!(words.contains("there is no database at "), "{words}");
        assert!(words.contains("SIFHUB__DATA_DIR"), "{words}");
        assert!(!dir.path().join("data").try_exists().expect("an answer"));
    }
    server.cli(&["migrate"]);
    server.cli(&["user", "list"]);
}

#[test]
fn what_the_program_keeps_is_for_its_user_alone() {
    let mode = |path: &Path| {
        let about = fs::metadata(path).expect("it is there");
        about.permissions().mode() & 0o777
    };
    let dir = folder();
    let data = dir.path().join("data");
    server(&dir, &[]).0.cli(&["migrate"]);
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&data.join("blobs")), 0o700);
    let dir = folder();
    let data = dir.path().join("data");
    fs::create_dir(&data).expect("a folder");
    fs::set_permissions(&data, Permissions::from_mode(0o750)).expect("a mode");
    server(&dir, &[]).0.cli(&["migrate"]);
    assert_eq!(mode(&data), 0o750);
    assert_eq!(mode(&data.join("blobs")), 0o700);
}

#[test]
fn an_expired_token_is_listed_as_such() {
    let dir = folder();
    let (server, _) = server(&dir, &[]);
    let add = ["user", "add", "alice", "--password-stdin"];
    server.cli_reading("correct horse battery\n", &add);
    server.cli(&["token", "create", "--user", "alice", "--expires", "1ms"]);
    let list = server.cli(&["token", "list", "--user", "alice"]);
    assert!(list.contains("(expired)"), "{list}");
    server.cli(&["token", "create", "--user", "alice", "--expires", "1d"]);
    let list = server.cli(&["token", "list", "--user", "alice"]);
    assert_eq!(list.matches("(expired)").count(), 1, "{list}");
}

#[test]
fn every_command_explains_itself() {
    let dir = folder();
    let (server, _) = server(&dir, &[]);
    let commands: [&[&str]; 16] = [
        &[],
        &["serve"],
        &["migrate"],
        &["schema"],
        &["user"],
        &["user", "add"],
        &["user", "list"],
        &["user", "passwd"],
        &["token"],
        &["token", "create"],
        &["token", "revoke"],
        &["config"],
        &["config", "print"],
        &["gc"],
        &["scrub"],
        &["version"],
    ];
    for command in commands {
        let help = server.cli(&[command, &["--help"]].concat());
        assert!(help.contains("Usage: sifhub"), "{command:?}: {help}");
    }
    assert!(server.cli(&["version"]).starts_with("sifhub "));
    assert!(server.cli(&["schema"]).contains("type Query"));
    let subgraph = server.cli(&["schema", "--federation"]);
    assert!(subgraph.contains("https://specs.apollo.dev/federation/v2"));
    for key in ["type Team", "type Image"] {
        let kind = subgraph
            .split(key)
            .nth(1)
            .and_then(|rest| rest.lines().next());
        assert!(
            kind.is_some_and(|kind| kind.contains("@key(fields: ")),
            "{key}"
        );
    }
    let site = server.cli(&["schema", "--federation", "--site", "north"]);
    assert!(site.contains("type NorthContainer") && site.contains("northContainers"));
}

#[test]
fn a_bad_setting_stops_the_start_and_names_key_value_and_what_was_expected() {
    let dir = folder();
    let (server, _) = server(&dir, &[("http.drain_timeout", "soon")]);
    let words = refused(&server, &["serve"]);
    for part in [
        "http.drain_timeout",
        "soon",
        "expected",
        "SIFHUB__HTTP__DRAIN_TIMEOUT",
    ] {
        assert!(words.contains(part), "{part:?} is not in {words:?}");
    }
    assert!(refused(&server, &["config", "check"]).contains("http.drain_timeout"));
}

#[test]
fn printed_configuration_shows_where_values_come_from_and_masks_secrets() {
    let dir = folder();
    let url = "postgres://hub:hunter2@db.example.org/hub";
    let (server, address) = server(&dir, &[("database.url", url)]);
    let page = server.cli(&["config", "print"]);
    assert!(page.contains(&address) && page.contains("SIFHUB__HTTP__LISTEN"));
    assert!(page.contains("db.example.org") && !page.contains("hunter2"));
}

#[test]
fn an_address_in_use_is_named() {
    let dir = folder();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let server = Server::new(dir.path(), None, &[("http.listen", &address)]);
    let words = refused(&server, &["serve"]);
    assert!(
        words.contains("http.listen") && words.contains(&address),
        "{words}"
    );
    assert!(
        words.contains("--listen") && words.contains("ss -ltnp"),
        "{words}"
    );
}

#[tokio::test]
async fn the_first_start_logs_a_link_that_makes_the_first_administrator_once() {
    let dir = folder();
    let (mut server, address) = server(&dir, &[]);
    server.start();
    let log = server.log();
    let link = log
        .split_whitespace()
        .find(|word| word.contains("/auth/setup/"))
        .expect("a link");
    let link = link.split('"').next().expect("a link");
    assert!(link.starts_with(&format!("http://{address}/auth/setup/")));
    let http = reqwest::Client::new();
    let form = "name=root&password=correct+horse+battery&again=correct+horse+battery";
    let answer = http
        .post(link)
        .header("origin", format!("http://{address}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
        .send()
        .await
        .expect("an answer");
    assert!(
        answer.status().is_success() || answer.status().is_redirection(),
        "{}",
        answer.status()
    );
    assert!(server.cli(&["user", "list"]).contains("root"));
    assert_eq!(
        http.get(link).send().await.expect("an answer").status(),
        404
    );
    server.stop();
    server.start();
    let invitations = server.log().matches("make the first administrator").count();
    assert_eq!(invitations, 1, "nobody is invited once there is an account");
}

#[tokio::test]
async fn each_request_is_one_line_of_the_log_with_the_id_that_the_client_got() {
    let dir = folder();
    let (mut server, address) = server(&dir, &[]);
    server.start();
    let answer = reqwest::get(format!("http://{address}/version"))
        .await
        .expect("an answer");
    let id = answer.headers()["x-request-id"]
        .to_str()
        .expect("an id")
        .to_owned();
    server.stop();
    let log = server.log();
    let lines = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let about: Vec<Value> = lines
        .filter(|line| line.to_string().contains(&id))
        .collect();
    assert_eq!(about.len(), 1, "{about:#?}");
    assert_eq!(about[0]["path"], "/version");
    assert_eq!(about[0]["status"], 200);
}

#[tokio::test]
async fn who_connects_and_asks_for_nothing_is_let_go() {
    let dir = folder();
    let (mut server, address) = server(&dir, &[("http.stall_timeout", "1s")]);
    server.start();
    for words in [
        "",
        "G",
        "GET /version HTTP/1.1\r\nHost: ",
        "PRI * HTTP/2.0\r\n",
    ] {
        let mut socket = TcpStream::connect(&address).await.expect("a connection");
        socket
            .write_all(words.as_bytes())
            .await
            .expect("it is sent");
        let mut answer = Vec::new();
        let end = socket.read_to_end(&mut answer);
        let end = tokio::time::timeout(Duration::from_secs(20), end).await;
        assert!(end.is_ok(), "{words:?} is waited for");
    }
}

/// Writes a new certificate for this machine, and gives it as PEM.
fn certify(dir: &Path) -> String {
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    fs::write(dir.join("key.pem"), signing_key.serialize_pem()).expect("the key is written");
    fs::write(dir.join("cert.pem"), cert.pem()).expect("the certificate is written");
    cert.pem()
}

fn trusting(certificate: &str) -> reqwest::Client {
    let certificate =
        reqwest::Certificate::from_pem(certificate.as_bytes()).expect("a certificate");
    reqwest::Client::builder()
        .tls_certs_only([certificate])
        .build()
        .expect("a client")
}

#[tokio::test]
async fn tls_is_served_and_a_changed_certificate_is_taken_without_a_restart() {
    let dir = folder();
    let first = certify(dir.path());
    let path = |name: &str| dir.path().join(name).display().to_string();
    let (certificate, key) = (path("cert.pem"), path("key.pem"));
    let (mut server, address) = server(
        &dir,
        &[
            ("http.tls.certificate", &certificate),
            ("http.tls.private_key", &key),
        ],
    );
    server.start();
    let url = format!(
        "https://localhost:{}/assets/config/config.prod.json",
        address.rsplit(':').next().expect("a port")
    );
    let config: Value = trusting(&first)
        .get(&url)
        .send()
        .await
        .expect("TLS")
        .json()
        .await
        .expect("JSON");
    assert!(
        config["libraryAPI"]["uri"]
            .as_str()
            .expect("a URL")
            .starts_with("https://localhost:")
    );
    let second = certify(dir.path());
    let mut taken = false;
    for _ in 0..150 {
        taken = trusting(&second).get(&url).send().await.is_ok();
        if taken {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(
        taken,
        "the new certificate is not served after 30 s: {}",
        server.log()
    );
    assert!(trusting(&first).get(&url).send().await.is_err());
}

#[test]
fn a_certificate_that_cannot_be_read_stops_the_start_and_is_named() {
    let dir = folder();
    let (server, _) = server(
        &dir,
        &[
            ("http.tls.certificate", "/nowhere/cert.pem"),
            ("http.tls.private_key", "/nowhere/key.pem"),
        ],
    );
    let words = refused(&server, &["serve"]);
    assert!(
        words.contains("http.tls.certificate") && words.contains("/nowhere/cert.pem"),
        "{words}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn recount_names_sums_that_are_wrong_and_mends_them_when_told() {
    use sea_orm::{ConnectionTrait, Database};
    let dir = folder();
    let (server, _) = server(&dir, &[]);
    server.cli_reading(
        "correct horse battery\n",
        &["user", "add", "alice", "--password-stdin"],
    );
    assert_eq!(server.cli(&["recount"]), "");
    let file = format!("sqlite://{}", dir.path().join("data/sifhub.db").display());
    let db = Database::connect(file).await.expect("the database");
    let harm = "UPDATE usage SET images = 7 WHERE extent = 'namespace'";
    db.execute_unprepared(harm).await.expect("harm");
    let told = server.try_cli("", &["recount"]);
    assert!(!told.status.success());
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(
        told.starts_with("namespace:") && told.contains(": images is 7, and should be 0"),
        "{told}"
    );
    let mended = server.cli(&["recount", "--mend"]);
    assert!(!mended.is_empty() && told.starts_with(&mended), "{mended}");
    assert_eq!(server.cli(&["recount"]), "");
}

#[tokio::test]
async fn numbers_may_have_an_address_of_their_own_where_nothing_else_is() {
    let dir = folder();
    let numbers = format!("127.0.0.1:{}", free_port());
    let settings = [("metrics.listen", &*numbers), ("metrics.access", "public")];
    let (mut server, address) = server(&dir, &settings);
    server.start();
    let status = async |address: &str, path: &str| {
        let answer = reqwest::get(format!("http://{address}{path}")).await;
        answer.expect("an answer").status().as_u16()
    };
    assert_eq!(status(&numbers, "/metrics").await, 200);
    assert_eq!(status(&numbers, "/healthz").await, 404);
    assert_eq!(status(&address, "/metrics").await, 404);
    assert!(server.stop().success());
}

#[tokio::test]
async fn a_command_waits_for_whoever_writes_longer_than_a_server_does() {
    use sea_orm::{ConnectOptions, ConnectionTrait, Database};
    let dir = folder();
    let (server, _) = server(&dir, &[("database.busy_timeout", "50ms")]);
    let add = ["user", "add", "alice", "--password-stdin"];
    server.cli_reading("correct horse battery\n", &add);
    let file = format!("sqlite://{}", dir.path().join("data/sifhub.db").display());
    let mut options = ConnectOptions::new(file);
    let writer = Database::connect(options.max_connections(1).to_owned()).await;
    let writer = writer.expect("the database");
    writer
        .execute_unprepared("BEGIN IMMEDIATE")
        .await
        .expect("a turn");
    let mut command = server.begin_cli(&["token", "create", "--user", "alice"]);
    tokio::time::sleep(Duration::from_millis(500)).await;
    writer.execute_unprepared("COMMIT").await.expect("an end");
    let ended = tokio::task::spawn_blocking(move || command.wait()).await;
    assert!(ended.expect("a thread").expect("an end").success());
}
