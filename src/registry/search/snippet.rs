//! The place in a document that shows why it was found.
use super::{
    question::{Question, is_asked},
    text::{Word, words},
};

/// About how many characters of text are shown before and after the first match.
const BEFORE: usize = 60;
const AFTER: usize = 180;

/// A stretch of a snippet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Plain text on one line. It is what somebody wrote: escape it before you put it into a page.
    pub text: String,
    /// Whether this is a word that was searched for.
    pub matches: bool,
}

/// The first place with a word that was asked for, of the first text that has one; else the beginning of the first text.
pub(super) fn snippet(question: &Question, texts: [&str; 3]) -> Vec<Piece> {
    for text in texts {
        let words = words(text);
        if let Some(first) = words.iter().find(|word| is_asked(question, &word.text)) {
            return pieces(question, text, &words, first.start);
        }
    }
    pieces(question, texts[0], &[], 0)
}

fn pieces(question: &Question, text: &str, words: &[Word], around: usize) -> Vec<Piece> {
    let (start, end) = (back(text, around), ahead(text, around));
    let mut pieces = Vec::new();
    if start > 0 {
        push(&mut pieces, "… ", false);
    }
    let mut at = start;
    let within = words
        .iter()
        .filter(|word| word.start >= start && word.end <= end);
    for word in within.filter(|word| is_asked(question, &word.text)) {
        push(&mut pieces, &text[at..word.start], false);
        push(&mut pieces, &text[word.start..word.end], true);
        at = word.end;
    }
    push(&mut pieces, text[at..end].trim_end(), false);
    if end < text.trim_end().len() {
        push(&mut pieces, " …", false);
    }
    pieces
}

/// Where the snippet begins: behind a space, if there is one in reach.
fn back(text: &str, from: usize) -> usize {
    let Some((reach, _)) = text[..from].char_indices().rev().nth(BEFORE) else {
        return 0;
    };
    let stretch = &text[reach..from];
    stretch
        .find(char::is_whitespace)
        .map_or(reach, |space| from - stretch[space..].trim_start().len())
}

/// Where it ends: before a space, if there is one in reach.
fn ahead(text: &str, from: usize) -> usize {
    let Some((reach, _)) = text[from..].char_indices().nth(AFTER) else {
        return text.len();
    };
    text[from..from + reach]
        .rfind(char::is_whitespace)
        .filter(|space| *space > 0)
        .map_or(from + reach, |space| from + space)
}

/// Adds text on one line, without what controls terminals or turns the direction of writing.
fn push(pieces: &mut Vec<Piece>, text: &str, matches: bool) {
    let mut clean = String::new();
    for c in text.chars() {
        let hidden = matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
        if c.is_whitespace() || c.is_control() {
            if !clean.ends_with(' ') {
                clean.push(' ');
            }
        } else if !hidden {
            clean.push(c);
        }
    }
    if !clean.is_empty() {
        let text = clean;
        pieces.push(Piece { text, matches });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, texts: [&str; 3]) -> String {
        let question = Question::read(text).expect("a question");
        let pieces = snippet(&question, texts);
        let show = |piece: Piece| match piece.matches {
            true => format!("[{}]", piece.text),
            false => piece.text,
        };
        pieces.into_iter().map(show).collect()
    }

    #[test]
    fn the_first_match_is_shown_with_what_is_around_it() {
        assert_eq!(
            shown("gen*", ["no", "A Génome\n\tbrowser\u{1b}[31m", ""]),
            "A [Génome] browser [31m"
        );
        let long = format!("{} genes {}", "word ".repeat(50), "more ".repeat(90));
        let text = shown("genes", [&long, "", ""]);
        assert!(
            text.starts_with("… word") && text.ends_with("more …"),
            "{text}"
        );
        assert!(text.contains("word [genes] more"), "{text}");
    }

    #[test]
    fn without_a_match_the_beginning_is_shown() {
        assert_eq!(shown("absent", ["About it.", "x", ""]), "About it.");
        assert_eq!(shown("absent", ["", "", ""]), "");
    }

    #[test]
    fn text_that_never_breaks_is_cut_anyway() {
        let text = shown(
            "x",
            [&format!("{} x{}", "ä".repeat(500), "ö".repeat(500)), "", ""],
        );
        assert!(text.chars().count() < 400, "{text}");
    }
}
