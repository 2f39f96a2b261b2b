//! Values as people read them.

/// The longest description in a list, in characters.
const BRIEF: usize = 200;
/// What Apptainer sends when nobody wrote a description.
const NO_DESCRIPTION: &str = "No description";

/// A description, unless it says nothing.
pub(super) fn description(text: &str) -> &str {
    Some(text.trim())
        .filter(|text| *text != NO_DESCRIPTION)
        .unwrap_or_default()
}

/// The beginning of a description, for a list.
pub(super) fn brief(text: &str) -> String {
    let text = description(text);
    match text.char_indices().nth(BRIEF) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

/// A size in bytes, to one decimal of the largest unit that it fills.
pub(super) fn size(bytes: i64) -> String {
    let bytes = bytes.unsigned_abs();
    let units = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
    match units.iter().find(|(_, power)| bytes >> power > 0) {
        Some((unit, power)) => {
            let tenths = (u128::from(bytes) * 10) >> power;
            format!("{}.{} {unit}", tenths / 10, tenths % 10)
        }
        None => format!("{bytes} B"),
    }
}

/// An architecture.
pub(super) fn arch(name: &str) -> &str {
    if name.is_empty() { "unknown" } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_in_the_largest_unit_that_they_fill() {
        let sizes = [0, 1023, 1024, 1_572_864, (1 << 30) - 1, 5 << 40, i64::MAX];
        let texts = sizes.map(size);
        let expected = [
            "0 B",
            "1023 B",
            "1.0 KiB",
            "1.5 MiB",
            "1023.9 MiB",
            "5.0 TiB",
            "8388607.9 TiB",
        ];
        assert_eq!(texts, expected);
    }

    #[test]
    fn a_long_description_is_cut_between_characters() {
        let text = brief(&"é".repeat(300));
        assert_eq!(text.chars().count(), BRIEF + 1);
        assert_eq!(brief("No description"), "");
    }
}
