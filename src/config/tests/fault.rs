//! What is said about a wrong configuration.
use super::{
    super::{Flag, Sources},
    complaint, env, file,
};

#[test]
fn wrong_value_is_named_with_its_key_origin_and_expectation() {
    for (name, value, expected) in [
        (
            "SIFHUB__HTTP__LISTEN",
            "8080",
            r#"http.listen: expected address and port such as 127.0.0.1:8080, got "8080" from env SIFHUB__HTTP__LISTEN"#,
        ),
        (
            "SIFHUB__LOG__FORMAT",
            "xml",
            r#"log.format: expected pretty or json, got "xml" from env SIFHUB__LOG__FORMAT"#,
        ),
        (
            "SIFHUB__GRAPHQL__GRAPHIQL",
            "yes",
            r#"graphql.graphiql: expected true or false, got "yes" from env SIFHUB__GRAPHQL__GRAPHIQL"#,
        ),
        (
            "SIFHUB__DATABASE__MAX_CONNECTIONS",
            "0",
            "database.max_connections: expected whole number, at least 1, got 0 from env SIFHUB__DATABASE__MAX_CONNECTIONS",
        ),
        (
            "SIFHUB__AUTH__SESSION_LIFETIME",
            "12",
            r#"auth.session_lifetime: expected duration such as 90d, 12h, 15m or 30s, got "12" from env SIFHUB__AUTH__SESSION_LIFETIME"#,
        ),
        (
            "SIFHUB__AUTH__REGISTRY_TOKEN_LIFETIME",
            "30s",
            r#"auth.registry_token_lifetime: must be 1m or longer, got "30s" from env SIFHUB__AUTH__REGISTRY_TOKEN_LIFETIME"#,
        ),
        (
            "SIFHUB__HTTP__TRUSTED_PROXIES",
            "10.0.0.0/33",
            r#"http.trusted_proxies: expected list of address or network such as 10.0.0.0/8 or ::1, got ["10.0.0.0/33"] from env SIFHUB__HTTP__TRUSTED_PROXIES"#,
        ),
        (
            "SIFHUB__REGISTRY__PART_SIZE",
            "1 MiB",
            r#"registry.part_size: must be from 5 MiB to 5 GiB, got "1 MiB" from env SIFHUB__REGISTRY__PART_SIZE"#,
        ),
    ] {
        assert_eq!(complaint(&env(&[(name, value)])), expected);
    }
}

#[test]
fn keys_that_need_each_other_are_asked_for() {
    let certificate = env(&[("SIFHUB__HTTP__TLS__CERTIFICATE", "/c.pem")]);
    let expected = "http.tls.private_key: must be set together with http.tls.certificate, got nothing from default";
    assert_eq!(complaint(&certificate), expected);
    let bucket = complaint(&env(&[("SIFHUB__STORAGE__BACKEND", "s3")]));
    assert!(
        bucket.starts_with("storage.s3.bucket: must name the bucket"),
        "{bucket}"
    );
    let secret = complaint(&env(&[("SIFHUB__STORAGE__S3__ACCESS_KEY_ID", "id")]));
    assert!(
        secret.starts_with("storage.s3.secret_access_key: must be set together with"),
        "{secret}"
    );
    let lifetime = complaint(&env(&[("SIFHUB__AUTH__MAX_TOKEN_LIFETIME", "30d")]));
    assert!(
        lifetime
            .starts_with("auth.token_lifetime: must not be longer than auth.max_token_lifetime"),
        "{lifetime}"
    );
}

#[test]
fn unknown_variable_is_refused_with_the_nearest_name() {
    let expected = "htp.listen: there is no such key, got it from env SIFHUB__HTP__LISTEN; did you mean SIFHUB__HTTP__LISTEN?";
    assert_eq!(
        complaint(&env(&[("SIFHUB__HTP__LISTEN", "127.0.0.1:1")])),
        expected
    );
    let section = complaint(&env(&[("SIFHUB__HTTP", "x")]));
    assert!(
        section.starts_with("http: there is no such key"),
        "{section}"
    );
    let small = complaint(&env(&[("SIFHUB__http__listen", "127.0.0.1:1")]));
    assert!(
        small.ends_with("did you mean SIFHUB__HTTP__LISTEN?"),
        "{small}"
    );
}

#[test]
fn unknown_key_in_a_file_is_refused_with_the_nearest_name() {
    for (text, name, near) in [
        (
            "[http]\nlisen = 'x'",
            "http.lisen",
            "; did you mean http.listen?",
        ),
        ("[htpp]\nlisten = 'x'", "htpp", "; did you mean http?"),
        ("listen = 'x'", "listen", "; did you mean http.listen?"),
        (
            "[storage.s3]\nbukcet = 'x'",
            "storage.s3.bukcet",
            "; did you mean storage.s3.bucket?",
        ),
        ("zzzzzz = 1", "zzzzzz", ""),
    ] {
        let (_directory, sources) = file(text);
        let complaint = complaint(&sources);
        assert!(
            complaint.starts_with(&format!("{name}: there is no such key, got it from file /")),
            "{complaint}"
        );
        assert!(
            complaint.ends_with(&format!("sifhub.toml{near}")),
            "{complaint}"
        );
    }
}

#[test]
fn unknown_key_or_wrong_value_in_a_flag_is_refused() {
    let sources = Sources {
        flags: vec!["http.listn=x".parse().unwrap()],
        ..Sources::default()
    };
    let expected =
        "http.listn: there is no such key, got it from flag --set; did you mean http.listen?";
    assert_eq!(complaint(&sources), expected);
    let sources = Sources {
        flags: vec!["registry.default_namespace=".parse().unwrap()],
        ..Sources::default()
    };
    let expected =
        "registry.default_namespace: expected text that is not empty, got \"\" from flag --set";
    assert_eq!(complaint(&sources), expected);
    assert!("http.listen".parse::<Flag>().is_err());
}

#[test]
fn value_in_place_of_a_section_and_section_in_place_of_a_value_are_refused() {
    let (_directory, sources) = file("auth = 'hunter2hunter2'");
    let message = complaint(&sources);
    assert!(
        message.starts_with("auth: expected a table of keys"),
        "{message}"
    );
    assert!(!message.contains("hunter2"), "{message}");
    let (_directory, sources) = file("[auth.secret]\nvalue = 'hunter2hunter2'");
    let message = complaint(&sources);
    assert!(
        message.starts_with("auth.secret: expected text, got ******** from file"),
        "{message}"
    );
}

#[test]
fn broken_toml_is_named_by_its_line_without_showing_it() {
    let (_directory, sources) = file("[auth]\nsecret = 'hunter2hunter2\n");
    let message = complaint(&sources);
    assert!(
        message.contains("sifhub.toml: no valid TOML in line 2: "),
        "{message}"
    );
    assert!(!message.contains("hunter2"), "{message}");
}
