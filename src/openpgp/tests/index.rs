use chrono::{DateTime, Utc};
use proptest::prelude::*;

use super::maker::*;
use crate::openpgp::{IndexEntry, UserId, index};

fn time(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

fn name(text: &str) -> UserId {
    UserId {
        text: text.into(),
        created: time(20),
        expires: None,
        revoked: false,
    }
}

fn entry(user_ids: Vec<UserId>) -> IndexEntry {
    let fingerprint = "0123456789ABCDEF0123456789ABCDEF01234567".into();
    let (created, expires) = (time(10), Some(time(100)));
    IndexEntry {
        fingerprint,
        algorithm: 1,
        bits: 4096,
        created,
        expires,
        revoked: false,
        disabled: false,
        user_ids,
    }
}

#[test]
fn nothing_found_is_an_index_too() {
    assert_eq!(index(&[], time(0)), "info:1:0\n");
}

#[test]
fn every_line_has_all_its_fields() {
    let mut revoked = UserId {
        expires: Some(time(50)),
        revoked: true,
        ..name("Old")
    };
    revoked.created = time(30);
    let mut second = entry(vec![]);
    (second.expires, second.revoked, second.disabled) = (None, true, true);
    assert_eq!(
        index(
            &[
                entry(vec![name("A+B: 100% <ä@example.org>\n"), revoked]),
                second
            ],
            time(60)
        ),
        "info:1:2\n\
         pub:0123456789ABCDEF0123456789ABCDEF01234567:1:4096:10:100:\n\
         uid:A%2BB%3A 100%25 <%C3%A4@example.org>%0A:20::\n\
         uid:Old:30:50:re\n\
         pub:0123456789ABCDEF0123456789ABCDEF01234567:1:4096:10::rd\n"
    );
}

#[test]
fn key_is_expired_from_its_last_second_on() {
    let flags = |now: i64| {
        index(&[entry(vec![])], time(now))
            .trim_end()
            .rsplit(':')
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!((flags(99).as_str(), flags(100).as_str()), ("", "e"));
}

#[test]
fn certificate_becomes_an_entry() {
    let certificate = read(&ALICE.to_public_key());
    let index = index(&[(&certificate).into()], time(0));
    let expected = format!(
        "info:1:1\npub:{}:22:255:{BORN}::\nuid:Alice <alice@example.org>:",
        certificate.fingerprint
    );
    assert!(index.starts_with(&expected), "{index}");
}

/// As Go's `url.QueryUnescape` has it.
fn decode(field: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = field.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        bytes.push(match first {
            b'+' => b' ',
            b'%' => {
                rest = &tail[2..];
                u8::from_str_radix(std::str::from_utf8(&tail[..2]).unwrap(), 16).unwrap()
            }
            other => *other,
        });
    }
    String::from_utf8(bytes).unwrap()
}

proptest! {
    #[test]
    fn any_name_is_one_ascii_field_and_decodes_to_itself(text in any::<String>()) {
        let index = index(&[entry(vec![name(&text)])], time(0));
        let lines: Vec<&str> = index.split_terminator('\n').collect();
        prop_assert!(index.is_ascii() && lines.len() == 3);
        let fields: Vec<&str> = lines[2].split(':').collect();
        prop_assert_eq!(fields.len(), 5);
        prop_assert_eq!(decode(fields[1]), text);
    }
}
