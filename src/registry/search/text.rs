//! Words of texts, the same for both databases, for documents and for questions.
use sea_orm::{
    ColumnTrait, ExprTrait,
    sea_query::{Expr, Func, LikeExpr},
};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// The longest word that is kept, in characters; longer ones are cut.
const WORD_MAX: usize = 64;

/// A word, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// In lower case and without accents.
    pub(super) text: String,
    /// Its bytes in the text it comes from.
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The words of a text: runs of letters and digits. In scripts without spaces each character is a word.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut open: Option<(usize, usize)> = None;
    let mut close = |open: &mut Option<(usize, usize)>| {
        if let Some((start, end)) = open.take() {
            let folded = fold(&text[start..end]);
            if !folded.is_empty() {
                let text = folded;
                words.push(Word { text, start, end });
            }
        }
    };
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        if is_ideograph(c) {
            close(&mut open);
            open = Some((at, end));
            close(&mut open);
        } else if c.is_alphanumeric() || (is_combining_mark(c) && open.is_some()) {
            open = Some((open.map_or(at, |(start, _)| start), end));
        } else {
            close(&mut open);
        }
    }
    close(&mut open);
    words
}

/// The words alone.
pub(super) fn folded(text: &str) -> Vec<String> {
    words(text).into_iter().map(|word| word.text).collect()
}

/// In lower case, without accents, ligatures and wide forms.
fn fold(word: &str) -> String {
    word.nfkd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .filter(|c| c.is_alphanumeric())
        .take(WORD_MAX)
        .collect()
}

/// Chinese characters and Japanese syllables.
fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// The beginning of a text, at most so many bytes of it.
pub(super) fn head(text: &str, max: usize) -> &str {
    let mut end = max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// `LIKE` pattern for anything that holds the text; its wildcards stand for themselves.
pub(in crate::registry) fn pattern(text: &str) -> String {
    let escaped = text
        .replace('\\', r"\\")
        .replace('%', r"\%")
        .replace('_', r"\_");
    format!("%{escaped}%")
}

/// Whether the values of a column, in lower case, are like a pattern. For short lists: no index helps.
pub(in crate::registry) fn like(column: impl ColumnTrait, pattern: &str) -> Expr {
    Expr::expr(Func::lower(Expr::col(column.as_column_ref())))
        .like(LikeExpr::new(pattern).escape('\\'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded_alike_however_they_are_written() {
        let expected = ["bwa", "mem2", "muller", "cafe", "fi"];
        assert_eq!(
            folded("BWA-MEM2, Müller's".trim_end_matches("'s")),
            expected[..3]
        );
        assert_eq!(folded("cafe\u{301} \u{fb01}"), expected[3..]);
        assert_eq!(folded("ＷＩＤＥ İstanbul"), ["wide", "istanbul"]);
    }

    #[test]
    fn what_has_no_letters_has_no_words() {
        assert!(folded("%%% 🧬 \u{301} --").is_empty());
    }

    #[test]
    fn ideographs_are_words_of_their_own() {
        assert_eq!(folded("生物tools"), ["生", "物", "tools"]);
    }

    #[test]
    fn words_know_where_they_stand() {
        let text = "é, Zoë!";
        let at: Vec<_> = words(text)
            .iter()
            .map(|word| &text[word.start..word.end])
            .collect();
        assert_eq!(at, ["é", "Zoë"]);
    }

    #[test]
    fn long_words_are_cut() {
        assert_eq!(folded(&"a".repeat(1000)), ["a".repeat(WORD_MAX)]);
        assert_eq!(head("aé", 2), "a");
    }
}
