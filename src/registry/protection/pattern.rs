//! Patterns of tags.
use std::{fmt, str::FromStr};

use crate::{
    error::{Error, Result},
    registry::path::TAG_MAX,
};

/// A pattern of tags: `*` stands for any characters, `?` for one; behind `!` it excepts what the patterns before it name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it says anything about a tag: `Some(true)`, that it is meant, `Some(false)`, that it is not.
    fn says(&self, name: &str) -> Option<bool> {
        match self.0.strip_prefix('!') {
            Some(pattern) => matches(pattern, name).then_some(false),
            None => matches(&self.0, name).then_some(true),
        }
    }
}

/// The pattern by which a tag is meant; of several that match, the last one decides.
pub(super) fn meant<'a>(patterns: &'a [Pattern], name: &str) -> Option<&'a Pattern> {
    let last = patterns
        .iter()
        .rev()
        .find_map(|pattern| Some((pattern, pattern.says(name)?)));
    last.filter(|(_, meant)| *meant).map(|(pattern, _)| pattern)
}

impl FromStr for Pattern {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = |why: String| Err(Error::invalid("immutableTags", why));
        let pattern = text.strip_prefix('!').unwrap_or(text);
        let allowed = |c: u8| c.is_ascii_alphanumeric() || b"_.-*?".contains(&c);
        if pattern.is_empty() || pattern.len() > TAG_MAX {
            return wrong(format!("a pattern has 1 to {TAG_MAX} bytes"));
        }
        if !pattern.bytes().all(allowed) {
            let why = "use letters, digits, '_', '.' and '-', '*' for any characters, '?' for one, and '!' in front for exceptions";
            return wrong(format!("{text:?} is not a pattern of tags; {why}"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a pattern stands for all of a name. After a wrong guess what a `*` stands for grows by one; only the last one need
/// grow, so the steps are never more than both lengths multiplied.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == b'?' || *c == name[n] => (p, n) = (p + 1, n + 1),
            _ => {
                let Some((at, from)) = star else { return false };
                (p, n) = (at + 1, from + 1);
                star = Some((at, from + 1));
            }
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(texts: &[&str]) -> Vec<Pattern> {
        let parse = |text: &&str| text.parse().expect("a pattern");
        texts.iter().map(parse).collect()
    }

    #[test]
    fn stars_stand_for_any_characters_and_question_marks_for_one() {
        for (pattern, name) in [
            ("*", "x"),
            ("v*", "v1.0"),
            ("v*", "v"),
            ("v?", "v1"),
            ("*.*.*", "1.2.3"),
            ("*-rc*", "1-rc-rc2"),
            ("a*b*c", "aXbXbXc"),
            ("latest", "latest"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("v*", "1v"),
            ("v?", "v"),
            ("v?", "v10"),
            ("*.*.*", "1.2"),
            ("a*b*c", "aXbX"),
            ("latest", "Latest"),
            ("a.c", "abc"),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn the_last_pattern_that_matches_decides() {
        let all = patterns(&["*", "!latest", "!nightly-*", "nightly-2026*"]);
        let meant = |name: &str| meant(&all, name).map(Pattern::as_str);
        assert_eq!(meant("1.0"), Some("*"));
        assert_eq!(meant("latest"), None);
        assert_eq!(meant("nightly-2025"), None);
        assert_eq!(meant("nightly-2026-01"), Some("nightly-2026*"));
    }

    #[test]
    fn a_pattern_of_many_stars_ends_soon() {
        let pattern = "*a".repeat(64);
        assert!(!matches(&pattern, &"a".repeat(63)));
        assert!(matches(&pattern, &"a".repeat(128)));
    }

    #[test]
    fn what_no_tag_can_have_is_no_pattern() {
        for text in [
            "",
            "!",
            "a b",
            "é*",
            "v[0-9]",
            "a/b",
            "!!x",
            "\0",
            &"v".repeat(129),
        ] {
            assert!(text.parse::<Pattern>().is_err(), "{text:?}");
        }
    }
}
