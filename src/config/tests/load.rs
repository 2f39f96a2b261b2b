//! Joining the sources.
use std::{fs, path::Path};

use super::{
    super::{ByteSize, Flag, Format, Loaded, Sources, Visibility, source::choose},
    complaint, env, file, load,
};

#[test]
fn nothing_given_is_a_working_configuration() {
    let Loaded { config, .. } = load(&Sources::default());
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.http.drain_timeout.get().as_secs(), 300);
    assert_eq!(
        config.database_url().as_str(),
        "sqlite://./data/sifhub.db?mode=rwc"
    );
    assert_eq!(config.blob_root(), Path::new("./data/blobs"));
    assert_eq!(config.registry.part_size.bytes(), 64 * 1024 * 1024);
    assert_eq!(config.auth.argon2.memory_kib(), 19 * 1024);
}

#[test]
fn file_beats_default_and_environment_beats_file_and_flag_beats_environment() {
    let text = "data_dir = '/f'\n[http]\nlisten = '127.0.0.1:1'\n[log]\nfilter = 'file'\nformat = 'json'\n";
    let (_directory, mut sources) = file(text);
    sources.env = env(&[
        ("SIFHUB__HTTP__LISTEN", "127.0.0.1:2"),
        ("SIFHUB__LOG__FILTER", "env"),
    ])
    .env;
    let listen = Flag {
        name: "--listen".into(),
        key: "http.listen".into(),
        value: "127.0.0.1:3".into(),
    };
    sources.flags = vec![listen, "auth.password_min_length=12".parse().unwrap()];
    let loaded = load(&sources);
    assert_eq!(loaded.config.http.listen.port(), 3);
    assert_eq!(loaded.config.log.filter, "env");
    assert_eq!(loaded.config.log.format, Format::Json);
    assert_eq!(loaded.config.auth.password_min_length, 12);
    assert_eq!(loaded.origin("http.listen"), Some("flag --listen"));
    assert_eq!(
        loaded.origin("auth.password_min_length"),
        Some("flag --set")
    );
    assert_eq!(loaded.origin("log.filter"), Some("env SIFHUB__LOG__FILTER"));
    assert!(
        loaded.origin("data_dir").unwrap().starts_with("file /"),
        "{loaded:?}"
    );
    assert_eq!(loaded.origin("http.public_url"), Some("default"));
    assert_eq!(loaded.origin("http.nothing"), None);
}

#[test]
fn flag_names_the_file_before_the_environment_does() {
    let directory = tempfile::tempdir().unwrap();
    let usual = directory.path().join("sifhub.toml");
    let variable = [("SIFHUB_CONFIG".to_owned(), "/env.toml".to_owned())];
    assert_eq!(
        choose(Some("/flag.toml".into()), &variable, &usual),
        Some("/flag.toml".into())
    );
    assert_eq!(choose(None, &variable, &usual), Some("/env.toml".into()));
    assert_eq!(choose(None, &[], &usual), None);
    fs::write(&usual, "").unwrap();
    assert_eq!(choose(None, &[], &usual), Some(usual));
}

#[test]
fn named_file_must_exist() {
    let sources = Sources {
        file: Some("/nowhere/sifhub.toml".into()),
        ..Sources::default()
    };
    let complaint = complaint(&sources);
    assert!(
        complaint.starts_with(
            "file /nowhere/sifhub.toml: the configuration cannot be read: No such file"
        ),
        "{complaint}"
    );
}

#[test]
fn environment_text_takes_the_type_of_its_key() {
    let config = load(&env(&[
        ("SIFHUB__DATABASE__MAX_CONNECTIONS", "7"),
        ("SIFHUB__GRAPHQL__GRAPHIQL", "false"),
        ("SIFHUB__HTTP__TRUSTED_PROXIES", r#"[10.0.0.0/8, "::1"]"#),
        ("SIFHUB__HTTP__REQUEST_BODY_LIMIT", "2048"),
        ("SIFHUB__STORAGE__S3__VIRTUAL_HOST_STYLE", "true"),
        ("SIFHUB__REGISTRY__MAX_IMAGE_SIZE", "5 GB"),
        ("SIFHUB__REGISTRY__DEFAULT_VISIBILITY", "private"),
    ]))
    .config;
    assert_eq!(config.database.max_connections, 7);
    assert!(!config.graphql.graphiql);
    assert!(config.storage.s3.virtual_host_style);
    assert_eq!(config.http.request_body_limit.bytes(), 2048);
    assert_eq!(
        config.registry.max_image_size,
        Some(ByteSize::from_bytes(5_000_000_000))
    );
    assert_eq!(config.registry.default_visibility, Visibility::Private);
    let proxies = config
        .http
        .trusted_proxies
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>();
    assert_eq!(proxies, ["10.0.0.0/8", "::1"]);
}

#[test]
fn list_in_the_environment_needs_no_brackets() {
    let config = load(&env(&[("SIFHUB__HTTP__TRUSTED_PROXIES", "10.0.0.0/8,::1")])).config;
    assert_eq!(config.http.trusted_proxies.len(), 2);
}

#[test]
fn text_that_looks_like_a_number_stays_text() {
    let config = load(&env(&[
        ("SIFHUB__STORAGE__BACKEND", "s3"),
        ("SIFHUB__STORAGE__S3__BUCKET", "123"),
        ("SIFHUB__STORAGE__S3__PREFIX", "true"),
        ("SIFHUB__STORAGE__S3__ACCESS_KEY_ID", "[1]"),
        ("SIFHUB__STORAGE__S3__SECRET_ACCESS_KEY", "0042"),
    ]))
    .config;
    assert_eq!(config.storage.s3.bucket.as_deref(), Some("123"));
    assert_eq!(config.storage.s3.prefix, "true");
    assert_eq!(config.storage.s3.access_key_id.as_deref(), Some("[1]"));
    assert_eq!(
        config.storage.s3.secret_access_key.unwrap().reveal(),
        "0042"
    );
}

#[test]
fn empty_variable_and_foreign_variables_are_ignored() {
    let foreign = [
        ("SIFHUB__HTTP__PUBLIC_URL", ""),
        ("SIFHUB_PORT", "tcp://10.0.0.1:80"),
        ("PATH", "/bin"),
    ];
    assert_eq!(load(&env(&foreign)).config.http.public_url, None);
}
