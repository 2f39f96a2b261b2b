use proptest::prelude::*;

use crate::openpgp::KeyQuery::{self, Fingerprint, LongId, ShortId, Text, V3Fingerprint};

fn query(term: &str) -> KeyQuery {
    term.parse().unwrap()
}

#[test]
fn hex_of_a_known_length_is_an_id_in_any_writing() {
    for prefix in ["", "0x", "0X", " "] {
        assert_eq!(
            query(&format!("{prefix}deadBEEF")),
            ShortId("DEADBEEF".into())
        );
        assert_eq!(
            query(&format!("{prefix}00c0ffee00c0ffee")),
            LongId("00C0FFEE00C0FFEE".into())
        );
        assert_eq!(
            query(&format!("{prefix}{}", "a".repeat(32))),
            V3Fingerprint("A".repeat(32))
        );
        assert_eq!(
            query(&format!("{prefix}{}", "b".repeat(40))),
            Fingerprint("B".repeat(40))
        );
        assert_eq!(
            query(&format!("{prefix}{}", "c".repeat(64))),
            Fingerprint("C".repeat(64))
        );
    }
}

#[test]
fn number_with_lost_zeros_is_a_long_id() {
    assert_eq!(
        query("0xfc8644ce3d3e9d7"),
        LongId("0FC8644CE3D3E9D7".into())
    );
    assert_eq!(query("0x1"), LongId("0000000000000001".into()));
    assert_eq!(query("0x123456789"), LongId("0000000123456789".into()));
}

#[test]
fn hex_of_another_length_is_text_unless_it_says_it_is_a_number() {
    assert_eq!(query("cafe"), Text("cafe".into()));
    assert_eq!(query("deadbeef0"), Text("deadbeef0".into()));
    for digits in [17, 31, 33, 39, 41, 63, 65] {
        assert!(
            format!("0x{}", "1".repeat(digits))
                .parse::<KeyQuery>()
                .is_err()
        );
        assert!(matches!(query(&"1".repeat(digits)), Text(_)));
    }
}

#[test]
fn text_needs_three_characters_and_no_control_characters() {
    assert_eq!(
        query("  Jürgen <j@example.org> "),
        Text("Jürgen <j@example.org>".into())
    );
    assert_eq!(query("0xyz"), Text("0xyz".into()));
    assert_eq!(query("äöü"), Text("äöü".into()));
    for bad in [
        "",
        " ",
        "ab",
        "0x",
        "äö",
        "a\0bc",
        "abc\ndef",
        &"x".repeat(257),
    ] {
        assert!(bad.parse::<KeyQuery>().is_err(), "{bad:?}");
    }
}

proptest! {
    #[test]
    fn any_key_id_printed_as_a_number_finds_its_key(id: u64) {
        let full = format!("{id:016X}");
        match query(&format!("{id:#x}")) {
            LongId(found) => prop_assert_eq!(found, full),
            ShortId(found) => prop_assert!(full.ends_with(&found)),
            other => prop_assert!(false, "{other:?}"),
        }
    }

    #[test]
    fn small_key_id_printed_as_a_number_finds_its_key(id in 0u64..1 << 34) {
        let full = format!("{id:016X}");
        match query(&format!("{id:#x}")) {
            LongId(found) => prop_assert_eq!(found, full),
            ShortId(found) => prop_assert!(full.ends_with(&found)),
            other => prop_assert!(false, "{other:?}"),
        }
    }

    #[test]
    fn ids_are_hex_of_their_length_and_text_is_bounded(term in "\\PC{0,80}|(0x)?[0-9a-fA-F]{0,70}") {
        let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte));
        match term.parse() {
            Ok(ShortId(id)) => prop_assert!(hex(&id) && id.len() == 8),
            Ok(LongId(id)) => prop_assert!(hex(&id) && id.len() == 16),
            Ok(V3Fingerprint(id)) => prop_assert!(hex(&id) && id.len() == 32),
            Ok(Fingerprint(id)) => prop_assert!(hex(&id) && [40, 64].contains(&id.len())),
            Ok(Text(text)) => prop_assert!(text.chars().count() >= 3 && text.trim() == text),
            Err(error) => prop_assert!(error.to_string().starts_with("search: ")),
        }
    }
}
