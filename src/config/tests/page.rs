//! What is printed: values, schema and documentation.
use super::{
    super::{docs, key::Keys, schema},
    env, file, load,
};

#[test]
fn print_shows_every_key_as_toml_with_derived_values() {
    let printed = load(&env(&[
        ("SIFHUB__DATA_DIR", "/srv"),
        ("SIFHUB__HTTP__LISTEN", "[::]:80"),
    ]))
    .print();
    assert!(
        printed.contains("http.listen = \"[::]:80\"  # env SIFHUB__HTTP__LISTEN\n"),
        "{printed}"
    );
    assert!(
        printed.contains("database.url = \"sqlite:///srv/sifhub.db?mode=rwc\"  # default\n"),
        "{printed}"
    );
    assert!(
        printed.contains("storage.fs.root = \"/srv/blobs\"  # default\n"),
        "{printed}"
    );
    assert!(
        printed.contains("# http.public_url is not set\n"),
        "{printed}"
    );
    assert_eq!(printed.lines().count(), Keys::new().iter().count());
    let (_directory, sources) = file(&printed);
    assert_eq!(load(&sources).config.http.listen.port(), 80);
}

#[test]
fn schema_describes_every_key_and_refuses_others() {
    let schema: serde_json::Value = serde_json::from_str(&schema()).unwrap();
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["properties"]["http"]["additionalProperties"], false);
    assert_eq!(
        schema["properties"]["auth"]["properties"]["secret"]["writeOnly"],
        true
    );
    assert!(!schema.to_string().contains("$ref"));
    for section in Keys::new().sections() {
        assert!(!section.description.is_empty(), "{}", section.name);
        for key in &section.keys {
            assert!(
                !key.description().is_empty() && !key.expected().is_empty(),
                "{}",
                key.name
            );
        }
    }
}

#[test]
fn page_has_a_row_for_every_key() {
    let page = docs();
    for key in Keys::new().iter() {
        assert!(
            page.contains(&format!("| `{}` |", key.name)),
            "{}",
            key.name
        );
        assert!(
            page.contains(&format!("| `{}` |", key.variable())),
            "{}",
            key.name
        );
    }
    assert!(
        page.contains(
            "| `http.listen` | address and port such as 127.0.0.1:8080 | `\"127.0.0.1:8080\"` |"
        ),
        "{page}"
    );
    assert!(
        page.contains("| `database.url` |")
            && page.contains("| not set | `SIFHUB__DATABASE__URL` |"),
        "{page}"
    );
    assert_eq!(page, docs());
}
