//! Secrets: where they come from, and that nobody sees them.
use std::{
    collections::BTreeSet,
    fs,
    io::{Error as IoError, ErrorKind},
    thread,
};

use super::{
    super::{
        Config, DatabaseUrl,
        key::Keys,
        secret_key::{make, unusable},
    },
    complaint, env, file, load,
};

#[test]
fn secret_comes_from_its_file_without_the_line_end() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("url");
    fs::write(&path, "postgres://u:hunter2@h/d\n").unwrap();
    let loaded = load(&env(&[(
        "SIFHUB__DATABASE__URL_FILE",
        path.to_str().unwrap(),
    )]));
    assert_eq!(
        loaded.config.database_url().as_str(),
        "postgres://u:hunter2@h/d"
    );
    let expected = format!("file {} (env SIFHUB__DATABASE__URL_FILE)", path.display());
    assert_eq!(loaded.origin("database.url"), Some(expected.as_str()));
}

#[test]
fn every_secret_has_a_file_twin() {
    let keys = Keys::new();
    let secrets = keys
        .iter()
        .filter(|key| key.is_secret())
        .map(|key| key.name.as_str())
        .collect::<Vec<_>>();
    assert_eq!(
        secrets,
        [
            "auth.secret",
            "database.url",
            "metrics.token",
            "storage.s3.secret_access_key"
        ]
    );
    for secret in secrets {
        assert!(keys.get(&format!("{secret}_file")).is_some(), "{secret}");
    }
}

#[test]
fn secret_and_its_file_exclude_each_other() {
    let (_directory, mut sources) = file("[auth]\nsecret_file = '/run/secret'");
    sources.env = env(&[(
        "SIFHUB__AUTH__SECRET",
        "hunter2hunter2hunter2hunter2hunter2",
    )])
    .env;
    let message = complaint(&sources);
    assert!(
        message.starts_with(
            "auth.secret: got it from env SIFHUB__AUTH__SECRET, and auth.secret_file from file"
        ),
        "{message}"
    );
    assert!(!message.contains("hunter2"), "{message}");
}

#[test]
fn secret_file_that_cannot_be_read_or_is_empty_is_named() {
    let message = complaint(&env(&[("SIFHUB__AUTH__SECRET_FILE", "/nowhere/key")]));
    assert!(
        message.starts_with("auth.secret_file: cannot be read: No such file"),
        "{message}"
    );
    assert!(
        message.ends_with(r#"got "/nowhere/key" from env SIFHUB__AUTH__SECRET_FILE"#),
        "{message}"
    );
    let message = complaint(&env(&[("SIFHUB__AUTH__SECRET_FILE", "/dev/null")]));
    assert!(
        message.starts_with("auth.secret_file: must not be an empty file"),
        "{message}"
    );
}

#[test]
fn wrong_secrets_are_not_shown() {
    let message = complaint(&env(&[("SIFHUB__AUTH__SECRET", "hunter2")]));
    assert_eq!(
        message,
        "auth.secret: must be at least 32 bytes long, got ******** from env SIFHUB__AUTH__SECRET"
    );
    let message = complaint(&env(&[("SIFHUB__DATABASE__URL", "mysql://u:hunter2@h/d")]));
    assert!(
        message.starts_with("database.url: expected URL such as postgres://"),
        "{message}"
    );
    assert!(
        message.ends_with("got ******** from env SIFHUB__DATABASE__URL"),
        "{message}"
    );
}

/// Variables whose values contain a secret that must never be shown.
const SECRETS: [(&str, &str); 4] = [
    (
        "SIFHUB__AUTH__SECRET",
        "hunter2hunter2hunter2hunter2hunter2",
    ),
    (
        "SIFHUB__DATABASE__URL",
        "postgres://sifhub:hunter2@db.example:5432/sifhub?sslmode=require",
    ),
    ("SIFHUB__STORAGE__S3__ACCESS_KEY_ID", "AKIA"),
    ("SIFHUB__STORAGE__S3__SECRET_ACCESS_KEY", "hunter2"),
];

#[test]
fn secrets_are_masked_in_print_and_debug_and_json() {
    let loaded = load(&env(&SECRETS));
    let printed = loaded.print();
    for text in [
        &printed,
        &format!("{loaded:?}"),
        &serde_json::to_string(&loaded.config).unwrap(),
    ] {
        assert!(!text.contains("hunter2"), "{text}");
    }
    assert!(
        printed.contains("auth.secret = \"********\"  # env SIFHUB__AUTH__SECRET\n"),
        "{printed}"
    );
    let url =
        "database.url = \"postgres://sifhub:********@db.example:5432/sifhub?sslmode=require\"";
    assert!(printed.contains(url), "{printed}");
}

#[test]
fn password_is_masked_wherever_it_hides_in_a_database_url() {
    for url in [
        "postgres://u:hunter2@h/d",
        "postgres://h/d?user=u&password=hunter2",
        "postgres://u:12#hunter2@h/d",
        "postgres://u:1?hunter2@h/d",
        "postgres://u:1/hunter2@h/d",
        "postgres://u@server:1#hunter2@h/d",
        "postgres://u@server:1?hunter2@h/d",
        "postgres://u@server:1#hunter2",
        "postgres://u:hun/hunter2@h/d",
    ] {
        let shown = url.parse::<DatabaseUrl>().unwrap().to_string();
        assert!(
            !shown.contains("hunter2") && shown.contains("********"),
            "{shown}"
        );
    }
    let harmless = "sqlite:///var/lib/sifhub.db?mode=rwc";
    assert_eq!(
        harmless.parse::<DatabaseUrl>().unwrap().to_string(),
        harmless
    );
}

#[test]
fn processes_that_start_at_once_agree_on_the_made_secret() {
    let directory = tempfile::tempdir().unwrap();
    let config = Config {
        data_dir: directory.path().join("new"),
        ..Config::default()
    };
    let secrets = thread::scope(|scope| {
        let threads = (0..8)
            .map(|_| scope.spawn(|| config.secret().unwrap()))
            .collect::<Vec<_>>();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect::<BTreeSet<_>>()
    });
    assert_eq!(secrets.len(), 1);
    assert!(secrets.first().unwrap().len() >= 32);
    assert_eq!(config.secret().unwrap(), *secrets.first().unwrap());
    let names = fs::read_dir(&config.data_dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect::<Vec<_>>();
    assert_eq!(names, ["secret.key"]);
}

#[test]
fn made_secret_never_replaces_one_that_another_process_made() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("secret.key");
    fs::write(&path, "theirs").unwrap();
    assert_eq!(make(directory.path(), &path).unwrap(), "theirs");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn a_secret_that_cannot_be_read_is_named_with_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let config = Config {
        data_dir: directory.path().into(),
        ..Config::default()
    };
    let path = directory.path().join("secret.key");
    fs::create_dir(&path).unwrap();
    let words = config.secret().unwrap_err().to_string();
    assert!(words.contains(&path.display().to_string()), "{words}");
    let denied = unusable(&path, &IoError::from(ErrorKind::PermissionDenied)).to_string();
    assert!(
        denied.contains("run sifhub as the user who owns it"),
        "{denied}"
    );
}

#[test]
fn only_one_line_end_of_a_secret_file_is_dropped() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key");
    for (text, secret) in [("s\n", "s"), ("s\r\n", "s"), ("s \n\n", "s \n"), ("s", "s")] {
        let filler = "x".repeat(32);
        fs::write(&path, format!("{filler}{text}")).unwrap();
        let config = load(&env(&[(
            "SIFHUB__AUTH__SECRET_FILE",
            path.to_str().unwrap(),
        )]))
        .config;
        assert_eq!(
            config.auth.secret.unwrap().reveal(),
            format!("{filler}{secret}")
        );
    }
}

#[cfg(unix)]
#[test]
fn made_secret_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let config = Config {
        data_dir: directory.path().into(),
        ..Config::default()
    };
    config.secret().unwrap();
    let mode = fs::metadata(directory.path().join("secret.key"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn damaged_secret_is_refused_and_given_secret_makes_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let mut config = Config {
        data_dir: directory.path().into(),
        ..Config::default()
    };
    fs::write(directory.path().join("secret.key"), "short\n").unwrap();
    assert!(
        config
            .secret()
            .unwrap_err()
            .to_string()
            .contains("secret.key: must hold at least 32 bytes")
    );
    fs::remove_file(directory.path().join("secret.key")).unwrap();
    config.auth.secret = Some("s".repeat(32).into());
    assert_eq!(config.secret().unwrap(), "s".repeat(32).as_bytes());
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}
