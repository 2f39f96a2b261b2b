//! Texts beside each other, within bounds: comparing takes time that grows with the product of what differs.
use std::fmt::Write;

use similar::{ChangeTag, TextDiff};

/// So many bytes of each text are compared.
pub const TEXT_MAX: usize = 128 << 10;
/// So many lines of each text are compared.
pub const LINES_MAX: usize = 4096;
/// So many bytes of what differs are told.
pub const DIFF_MAX: usize = 64 << 10;
/// So many lines that are alike are told around those that differ.
const CONTEXT: usize = 3;

/// A text that two images do not have alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextChange {
    /// What text it is.
    pub name: &'static str,
    /// Whether the first image has it.
    pub before: bool,
    /// Whether the second image has it.
    pub after: bool,
    /// What differs, as a unified diff.
    pub unified: String,
    /// How many lines came, of those that were compared.
    pub added: usize,
    /// How many lines went, of those that were compared.
    pub removed: usize,
    /// Whether all of both texts was compared, and all that differs is told.
    pub complete: bool,
}

impl TextChange {
    /// What differs between two texts; nothing if they are the same, or both absent.
    pub(super) fn of(
        name: &'static str,
        before: Option<&str>,
        after: Option<&str>,
    ) -> Option<Self> {
        if before == after {
            return None;
        }
        let (old, new) = (before.unwrap_or_default(), after.unwrap_or_default());
        let (old_part, new_part) = (beginning(old), beginning(new));
        let diff = TextDiff::from_lines(old_part, new_part);
        let (unified, told) = unified(&diff);
        let lines = |tag| {
            diff.iter_all_changes()
                .filter(|line| line.tag() == tag)
                .count()
        };
        Some(Self {
            name,
            before: before.is_some(),
            after: after.is_some(),
            unified,
            added: lines(ChangeTag::Insert),
            removed: lines(ChangeTag::Delete),
            complete: told && old_part.len() == old.len() && new_part.len() == new.len(),
        })
    }
}

/// The diff, and whether it is all of it: whole hunks, as long as they fit.
fn unified(diff: &TextDiff<'_, '_, str>) -> (String, bool) {
    let mut told = String::from("--- from\n+++ to\n");
    for hunk in diff.unified_diff().context_radius(CONTEXT).iter_hunks() {
        let before = told.len();
        // Writing to a string does not fail.
        let _ = write!(told, "{hunk}");
        if told.len() > DIFF_MAX {
            let end = told[..told.floor_char_boundary(DIFF_MAX)].rfind('\n');
            told.truncate(end.map_or(before, |end| end + 1).max(before));
            return (told, false);
        }
    }
    (told, true)
}

/// As much of a text as is compared: whole lines, unless one is longer than that.
fn beginning(text: &str) -> &str {
    let lines = text.match_indices('\n').nth(LINES_MAX - 1);
    let lines = lines.map_or(text.len(), |(at, _)| at + 1);
    if lines <= TEXT_MAX {
        return &text[..lines];
    }
    let part = &text[..text.floor_char_boundary(TEXT_MAX)];
    part.rfind('\n').map_or(part, |at| &part[..=at])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(before: &str, after: &str) -> TextChange {
        TextChange::of("definition", Some(before), Some(after)).expect("they differ")
    }

    #[test]
    fn equal_texts_are_no_change() {
        assert_eq!(TextChange::of("test", Some("a\n"), Some("a\n")), None);
        assert_eq!(TextChange::of("test", None, None), None);
    }

    #[test]
    fn a_line_that_differs_is_told_with_its_surroundings() {
        let change = changed("a\nb\nc\nd\ne\nf\n", "a\nb\nc\nd\nE\nf\n");
        let expected = "--- from\n+++ to\n@@ -2,5 +2,5 @@\n b\n c\n d\n-e\n+E\n f\n";
        assert_eq!(change.unified, expected);
        assert_eq!((change.added, change.removed), (1, 1));
        assert!(change.complete);
    }

    #[test]
    fn a_text_that_one_image_lacks_came_or_went_as_a_whole() {
        let came = TextChange::of("test", None, Some("a\nb\n")).expect("it came");
        assert_eq!((came.before, came.after), (false, true));
        assert_eq!((came.added, came.removed), (2, 0));
        let went = TextChange::of("test", Some(""), None).expect("it went");
        assert_eq!((went.added, went.removed, went.complete), (0, 0, true));
    }

    #[test]
    fn a_missing_newline_at_the_end_is_told() {
        let change = changed("a\n", "a");
        assert!(change.unified.contains("\\ No newline at end of file"));
    }

    #[test]
    fn texts_beyond_the_bounds_are_compared_as_far_as_those_go_and_it_is_said() {
        let lines = |word: &str, count: usize| format!("{word}\n").repeat(count);
        let late = changed(&lines("a", LINES_MAX + 1), &(lines("a", LINES_MAX) + "b\n"));
        assert_eq!((late.added, late.complete), (0, false));
        let long = changed(&"é".repeat(TEXT_MAX), &"è".repeat(TEXT_MAX));
        assert!(!long.complete && long.unified.len() <= DIFF_MAX);
        let (old, new) = (
            lines(&"a".repeat(20), LINES_MAX),
            lines(&"b".repeat(20), LINES_MAX),
        );
        let many = changed(&old, &new);
        assert!(!many.complete && many.unified.len() <= DIFF_MAX && many.unified.ends_with('\n'));
        assert_eq!((many.added, many.removed), (LINES_MAX, LINES_MAX));
    }

    #[test]
    fn exactly_as_much_as_the_bounds_allow_is_complete() {
        let same = "a\n".repeat(LINES_MAX - 1);
        let change = changed(&format!("{same}x\n"), &format!("{same}y\n"));
        assert_eq!(
            (change.added, change.removed, change.complete),
            (1, 1, true)
        );
    }
}
