//! What is asked, read once and written in the language of each database.
//!
//! Only letters and digits of a text come this far, so nothing of it can be taken for an operator.
use super::text::{folded, words};
use crate::{
    error::{Error, Result},
    registry::path::plain,
};

/// The longest text that is searched for, in bytes.
pub const TEXT_MAX: usize = 1024;
/// The most words that are searched for at once.
pub const WORDS_MAX: usize = 32;

/// How clients write where an image is, before its path.
const SCHEMES: [&str; 3] = ["library://", "oras://", "docker://"];

/// Words that stand beside each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Phrase {
    /// At least one.
    pub(super) words: Vec<String>,
    /// The last word may go on.
    pub(super) open: bool,
}

/// One thing that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Term {
    /// Any of these will do; the first is what was written.
    pub(super) any: Vec<Phrase>,
    /// It was in quotes, so it means itself.
    pub(super) quoted: bool,
}

/// What is asked: all of some things, and none of others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) all: Vec<Term>,
    pub(super) none: Vec<Phrase>,
    /// There was no text at all: everything will do.
    pub(super) anything: bool,
}

impl Question {
    /// Reads a text: words, `"phrases"`, `begin*` and `-excluded`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for texts longer than [`TEXT_MAX`] bytes or [`WORDS_MAX`] words, and for a NUL.
    pub(super) fn read(text: &str) -> Result<Self> {
        plain("text", text, TEXT_MAX)?;
        let text = text.trim();
        let mut question = Self {
            anything: text.is_empty(),
            ..Self::default()
        };
        for piece in pieces(text) {
            question.take(&piece);
        }
        if let Some(last) = question.all.last_mut().filter(|last| !last.quoted) {
            last.any[0].open |= last.any[0].can_go_on();
        }
        let count = |phrase: &Phrase| phrase.words.len();
        let asked: usize = question.all.iter().map(|term| count(&term.any[0])).sum();
        if asked + question.none.iter().map(count).sum::<usize>() > WORDS_MAX {
            let why = format!("search for {WORDS_MAX} words at most");
            return Err(Error::invalid("text", why));
        }
        Ok(question)
    }

    fn take(&mut self, piece: &Piece) {
        let words = folded(piece.text);
        if words.is_empty() {
            return;
        }
        let mut phrase = Phrase { words, open: false };
        phrase.open = piece.open && phrase.can_go_on();
        if piece.minus {
            self.none.push(phrase);
        } else {
            let (any, quoted) = (vec![phrase], piece.quoted);
            self.all.push(Term { any, quoted });
        }
    }

    /// Nothing can answer it: the text had no words.
    pub(super) fn is_void(&self) -> bool {
        self.all.is_empty() && !self.anything
    }

    /// As SQLite's FTS5 reads it; of the title alone, if wanted.
    pub(super) fn fts5(&self, in_title: bool) -> String {
        let all = join(
            self.all
                .iter()
                .map(|term| any(&term.any, " OR ", Phrase::fts5)),
            " AND ",
        );
        let mut query = match in_title {
            true => format!("(title : ({all}))"),
            false => format!("({all})"),
        };
        for phrase in &self.none {
            query += &format!(" NOT {}", phrase.fts5());
        }
        query
    }

    /// What all must have, as PostgreSQL's `tsquery` reads it.
    pub(super) fn tsquery_of_all(&self) -> String {
        join(
            self.all
                .iter()
                .map(|term| any(&term.any, " | ", Phrase::tsquery)),
            " & ",
        )
    }

    /// What none may have, as PostgreSQL's `tsquery` reads it; empty when everything may.
    pub(super) fn tsquery_of_none(&self) -> String {
        join(self.none.iter().map(Phrase::tsquery), " | ")
    }

    /// The whole of what was written as one name, for what is called just so; and what else a single word may have meant.
    pub(super) fn as_names(&self) -> Vec<String> {
        match &self.all[..] {
            [only] => only
                .any
                .iter()
                .map(|phrase| phrase.words.concat())
                .collect(),
            all => vec![
                all.iter()
                    .flat_map(|term| &term.any[0].words)
                    .map(String::as_str)
                    .collect(),
            ],
        }
    }

    /// Every phrase that makes a match.
    pub(super) fn phrases(&self) -> impl Iterator<Item = &Phrase> {
        self.all.iter().flat_map(|term| &term.any)
    }
}

impl Phrase {
    /// One word as it is.
    pub(super) fn word(word: String) -> Self {
        let (words, open) = (vec![word], false);
        Self { words, open }
    }

    /// A single letter may not go on: half of all words begin with it.
    fn can_go_on(&self) -> bool {
        self.words
            .last()
            .is_some_and(|word| word.chars().count() > 1 || !word.is_ascii())
    }

    fn fts5(&self) -> String {
        let star = if self.open { " *" } else { "" };
        format!("\"{}\"{star}", self.words.join(" "))
    }

    fn tsquery(&self) -> String {
        let words = self.words.iter().map(|word| format!("'{word}'"));
        let star = if self.open { ":*" } else { "" };
        format!("({}{star})", join(words, " <-> "))
    }
}

fn any(phrases: &[Phrase], or: &str, write: impl Fn(&Phrase) -> String) -> String {
    format!("({})", join(phrases.iter().map(write), or))
}

fn join(parts: impl Iterator<Item = String>, between: &str) -> String {
    parts.collect::<Vec<_>>().join(between)
}

/// A stretch of the text between spaces or quotes.
struct Piece<'a> {
    text: &'a str,
    minus: bool,
    quoted: bool,
    open: bool,
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let minus = rest.starts_with('-');
        let body = rest.strip_prefix('-').unwrap_or(rest);
        let (piece, after) = match body.strip_prefix('"') {
            Some(quoted) => (quoted, quoted.split_once('"')),
            None => (body, None),
        };
        let quoted = body.starts_with('"');
        let (piece, after) = match after {
            Some((piece, after)) => (piece, after),
            None if quoted => (piece, ""),
            None => body.split_at(
                body.find([' ', '\t', '\n', '\r', '"', '\u{3000}'])
                    .unwrap_or(body.len()),
            ),
        };
        match quoted {
            true => pieces.push(Piece {
                text: piece,
                minus,
                quoted,
                open: after.starts_with('*'),
            }),
            false => pieces.extend(unquoted(piece, minus)),
        }
        rest = after.trim_start();
    }
    pieces
}

/// A path with a tag is a path and a tag.
fn unquoted(piece: &str, minus: bool) -> impl Iterator<Item = Piece<'_>> {
    let piece = SCHEMES
        .iter()
        .find_map(|scheme| piece.strip_prefix(scheme))
        .unwrap_or(piece);
    piece.split(':').map(move |text| Piece {
        text,
        minus,
        quoted: false,
        open: text.ends_with('*'),
    })
}

/// Whether a word of a text is one that was asked for.
pub(super) fn is_asked(question: &Question, word: &str) -> bool {
    question.phrases().any(|phrase| {
        let (last, others) = phrase.words.split_last().expect("a phrase has words");
        last == word
            || others.iter().any(|other| other == word)
            || (phrase.open && word.starts_with(last.as_str()))
    })
}

/// The words of a name, and all of them as one: `bwa-mem2` is also asked for as `bwamem2`.
pub(super) fn name_as_one(name: &str) -> String {
    words(name).into_iter().map(|word| word.text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fts5(text: &str) -> String {
        Question::read(text).expect("a question").fts5(false)
    }

    #[test]
    fn words_phrases_beginnings_and_exclusions_are_told_apart() {
        let text = r#"Sam* "gene tree" -old bwa-mem2"#;
        assert_eq!(
            fts5(text),
            r#"(("sam" *) AND ("gene tree") AND ("bwa mem2" *)) NOT "old""#
        );
        let question = Question::read(text).expect("a question");
        assert_eq!(
            question.tsquery_of_all(),
            "(('sam':*)) & (('gene' <-> 'tree')) & (('bwa' <-> 'mem2':*))"
        );
        assert_eq!(question.tsquery_of_none(), "('old')");
    }

    #[test]
    fn operators_are_words() {
        assert_eq!(fts5("a NEAR(b c)"), r#"(("a") AND ("near b") AND ("c"))"#);
        assert_eq!(
            fts5("title:x' OR 1"),
            r#"(("title") AND ("x") AND ("or") AND ("1"))"#
        );
        assert_eq!(fts5("\"open"), r#"(("open"))"#);
        assert_eq!(
            fts5("library://alice/x/y:1.0"),
            r#"(("alice x y") AND ("1 0"))"#
        );
    }

    #[test]
    fn text_without_words_asks_for_nothing_and_no_text_for_everything() {
        for text in ["%%%", "🧬", "\"\"", "-", "*"] {
            assert!(
                Question::read(text).expect("a question").is_void(),
                "{text}"
            );
        }
        assert!(Question::read("  ").expect("a question").anything);
    }

    #[test]
    fn too_much_at_once_is_refused() {
        assert!(Question::read(&"a ".repeat(WORDS_MAX + 1)).is_err());
        assert!(Question::read(&"a".repeat(TEXT_MAX + 1)).is_err());
        assert!(Question::read("a\0b").is_err());
        assert!(Question::read(&"a ".repeat(WORDS_MAX)).is_ok());
    }
}
