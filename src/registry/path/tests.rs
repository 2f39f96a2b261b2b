use proptest::prelude::*;

use super::*;

fn path(text: &str) -> Result<ContainerPath> {
    ContainerPath::parse(text, &config::Registry::default())
}

/// `<name>` of the distribution-spec 1.1, "Pulling manifests".
fn is_name_of_the_specification(text: &str) -> bool {
    let part = |part: &str| {
        let alphanumeric = |c: char| c.is_ascii_digit() || c.is_ascii_lowercase();
        let separators = part
            .split(alphanumeric)
            .filter(|between| !between.is_empty());
        let known = |between: &str| {
            matches!(between, "." | "_" | "__") || between.chars().all(|c| c == '-')
        };
        part.starts_with(alphanumeric)
            && part.ends_with(alphanumeric)
            && separators.into_iter().all(known)
    };
    text.split('/').all(part)
}

/// A part of a name, as clients can push it.
const PART: &str = "[a-z0-9]{1,9}([._-][a-z0-9]{1,9}){0,3}";

proptest! {
    #[test]
    fn no_text_makes_the_readers_of_names_panic(text in "\\PC*") {
        let _ = path(&text);
        let _ = text.parse::<TagName>();
        let _ = text.parse::<Reference>();
        let _ = text.parse::<Digest>();
        let _ = parse(&text, &config::Registry::default());
    }

    #[test]
    fn what_is_taken_for_a_name_is_one_of_the_specification(text in "[a-zA-Z0-9._/-]{0,24}") {
        if let Ok(path) = path(&text) {
            prop_assert!(is_name_of_the_specification(&text), "{}", text);
            prop_assert!(path.to_string().ends_with(&text));
        }
    }

    #[test]
    fn a_name_of_one_to_three_parts_is_taken_and_comes_back(parts in prop::collection::vec(PART, 1..=3)) {
        prop_assume!(!parts.iter().any(|part| RESERVED.contains(&&**part)));
        let whole = path(&parts.join("/")).expect("a name");
        prop_assert!(whole.to_string().ends_with(&parts.join("/")));
        prop_assert_eq!(path(&whole.to_string()).expect("a whole name"), whole);
    }

    #[test]
    fn a_deeper_name_is_refused(parts in prop::collection::vec(PART, 4..=9)) {
        prop_assert!(path(&parts.join("/")).is_err());
    }

    #[test]
    fn a_tag_of_the_specification_is_taken_and_comes_back(text in "[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}") {
        prop_assert_eq!(text.parse::<TagName>().expect("a tag").to_string(), text);
    }

    #[test]
    fn a_digest_is_taken_and_comes_back(hex in "[0-9a-f]{128}", long: bool) {
        let text = match long {
            true => format!("sha512:{hex}"),
            false => format!("sha256:{}", &hex[..64]),
        };
        let digest: Digest = text.parse().expect("a digest");
        prop_assert_eq!(digest.to_string(), &*text);
        let reference: Reference = text.parse().expect("a reference");
        prop_assert_eq!(reference, Reference::Digest(digest));
    }
}
