//! References to images, as people write them at the end of an address.
use super::{ContainerPath, Reference, TagName};
use crate::{config, error::Result};

/// Parses `container`, `collection/container` or `namespace/collection/container`, followed by `:<tag>`,
/// `:<tag>,<tag>…`, `:sha256.<hex>`, `:sha256:<hex>`, `@sha256:<hex>` or nothing, which means `latest`. Of several
/// tags the first counts; a digest behind a tag counts before it.
///
/// # Errors
/// [`Error::Invalid`](crate::error::Error::Invalid) for what is outside the grammar.
pub fn parse(text: &str, defaults: &config::Registry) -> Result<(ContainerPath, Reference)> {
    let end = text.find([':', '@']).unwrap_or(text.len());
    let (path, rest) = text.split_at(end);
    let path = ContainerPath::parse(path, defaults)?;
    if let Some((_, digest)) = rest.split_once('@') {
        let digest = digest.replacen('.', ":", 1).parse()?;
        return Ok((path, Reference::Digest(digest)));
    }
    let first = rest
        .strip_prefix(':')
        .and_then(|tags| tags.split(',').next());
    match first {
        None | Some("") => Ok((path, Reference::Tag(TagName::latest()))),
        Some(text) => Ok((path, text.parse()?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "5074c2e8e8e6f5ffab9ab0ae5b8c6e2dfc8dc2f7df6e0f0e5d1d8f5a0f0d3c21";

    fn parsed(text: &str) -> String {
        let (path, reference) = parse(text, &config::Registry::default()).expect(text);
        format!("{path} {reference}")
    }

    #[test]
    fn a_short_path_is_in_the_defaults_of_the_site() {
        assert_eq!(parsed("alpine"), "library/default/alpine latest");
        assert_eq!(parsed("tools/alpine:3"), "library/tools/alpine 3");
        assert_eq!(parsed("alice/tools/alpine:3"), "alice/tools/alpine 3");
    }

    #[test]
    fn the_first_of_several_tags_counts() {
        assert_eq!(parsed("a/b/c:1,2,latest"), "a/b/c 1");
        assert_eq!(parsed("a/b/c:"), "a/b/c latest");
    }

    #[test]
    fn a_digest_may_be_written_in_each_way() {
        let expected = format!("a/b/c sha256:{HEX}");
        for text in [
            format!("a/b/c:sha256.{HEX}"),
            format!("a/b/c:sha256:{HEX}"),
            format!("a/b/c@sha256:{HEX}"),
            format!("a/b/c@sha256.{HEX}"),
            format!("a/b/c:1@sha256:{HEX}"),
        ] {
            assert_eq!(parsed(&text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_outside_the_grammar_is_refused() {
        for text in [
            "",
            "a/b/c/d",
            "A/b/c:1",
            "a//c:1",
            "a/b/c:.x",
            "a/b/c@1",
            "a/b/c@sha256:12",
            "a/b/c:ü",
        ] {
            assert!(parse(text, &config::Registry::default()).is_err(), "{text}");
        }
    }
}
