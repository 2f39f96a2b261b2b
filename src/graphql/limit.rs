//! How much one operation may ask for.
//!
//! Each field costs 1; a list costs its page size times what it asks for of each row, and its statement. Before any of the library's own
//! walks over an operation, [`Limits::check`] bounds what its fragments unfold to, since those walks follow every spread.
use std::{collections::HashMap, sync::Arc};

use async_graphql::{
    Name, Positioned, ServerError, ValidationResult,
    async_trait::async_trait,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation},
    parser::types::{ExecutableDocument, Selection, SelectionSet},
};

use super::error::{TOO_COMPLEX, TOO_DEEP, coded};
use crate::config;

/// How deep selections and fragments may be nested in each other.
pub(super) const RECURSION_MAX: usize = 64;
/// How deep brackets of all kinds may be nested in the text of an operation: selections, arguments and lists in them.
const NESTING_MAX: usize = 3 * RECURSION_MAX;
/// How many directives one field may have.
pub(super) const DIRECTIVES_MAX: usize = 16;

/// What the lists of the schema about itself may cost together, each counted by [`schema_rows`]. The query by which tools
/// learn the schema costs two thirds of it.
const INTROSPECTION_MAX: usize = 500_000;

/// How many rows a list of the schema about itself has, about. The library counts such lists as single fields, but each
/// type lists types, which list types.
fn schema_rows(field: &str) -> usize {
    match field {
        "types" => 100,
        "args" | "enumValues" | "fields" | "inputFields" | "interfaces" | "possibleTypes" => 10,
        _ => 1,
    }
}

/// The number of fields that selections unfold to, each fragment walked through once.
struct Sizes<'a> {
    document: &'a ExecutableDocument,
    known: HashMap<&'a Name, usize>,
    rows: fn(&str) -> usize,
}

impl<'a> Sizes<'a> {
    /// The number for a whole document, where a field has so many rows.
    fn total(
        document: &'a ExecutableDocument,
        rows: fn(&str) -> usize,
    ) -> Result<usize, ServerError> {
        let mut sizes = Self {
            document,
            known: HashMap::new(),
            rows,
        };
        let mut total: usize = 0;
        for (_, operation) in document.operations.iter() {
            total = total.saturating_add(sizes.of(&operation.node.selection_set, 0)?);
        }
        Ok(total)
    }

    fn of(
        &mut self,
        set: &'a Positioned<SelectionSet>,
        depth: usize,
    ) -> Result<usize, ServerError> {
        if depth > RECURSION_MAX {
            let words = format!("the operation is nested deeper than {RECURSION_MAX} levels");
            return Err(coded(words, TOO_DEEP));
        }
        let mut total: usize = 0;
        for item in &set.node.items {
            let size = match &item.node {
                Selection::Field(field) => self
                    .of(&field.node.selection_set, depth + 1)?
                    .saturating_mul((self.rows)(&field.node.name.node))
                    .saturating_add(1),
                Selection::InlineFragment(inline) => {
                    self.of(&inline.node.selection_set, depth + 1)?
                }
                // A spread counts even if its fragment is empty or missing: following it is work, too.
                Selection::FragmentSpread(spread) => self
                    .fragment(&spread.node.fragment_name.node, depth + 1)?
                    .saturating_add(1),
            };
            total = total.saturating_add(size);
        }
        Ok(total)
    }

    fn fragment(&mut self, name: &'a Name, depth: usize) -> Result<usize, ServerError> {
        if let Some(size) = self.known.get(name) {
            return Ok(*size);
        }
        let Some(fragment) = self.document.fragments.get(name) else {
            return Ok(0);
        };
        let size = self.of(&fragment.node.selection_set, depth)?;
        self.known.insert(name, size);
        Ok(size)
    }
}

/// How many fields have another name, in the text as it stands.
fn aliases(document: &ExecutableDocument) -> usize {
    let operations = document.operations.iter();
    let operations = operations.map(|(_, operation)| &operation.node.selection_set.node);
    let fragments = document.fragments.values();
    let fragments = fragments.map(|fragment| &fragment.node.selection_set.node);
    operations.chain(fragments).map(aliases_in).sum()
}

fn aliases_in(set: &SelectionSet) -> usize {
    let in_item = |item: &Positioned<Selection>| match &item.node {
        Selection::Field(field) => {
            let field = &field.node;
            usize::from(field.alias.is_some()) + aliases_in(&field.selection_set.node)
        }
        Selection::InlineFragment(inline) => aliases_in(&inline.node.selection_set.node),
        Selection::FragmentSpread(_) => 0,
    };
    set.items.iter().map(in_item).sum()
}

/// Refuses a text whose brackets are nested so deep that the parser, which goes down with them, would run out of room.
pub(super) fn check_nesting(text: &str) -> Result<(), ServerError> {
    if nesting(text) <= NESTING_MAX {
        return Ok(());
    }
    let words = format!("the operation nests brackets deeper than {NESTING_MAX} levels");
    Err(coded(words, TOO_DEEP))
}

/// How deep brackets are nested in a text, other than in strings and comments.
fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest): (usize, usize) = (0, 0);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        rest = match first {
            '#' => rest.split_once('\n').map_or("", |(_, after)| after),
            '"' => after_string(rest),
            _ => {
                match first {
                    '{' | '(' | '[' => depth += 1,
                    '}' | ')' | ']' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                deepest = deepest.max(depth);
                &rest[first.len_utf8()..]
            }
        };
    }
    deepest
}

/// What follows the string with which a text begins.
fn after_string(text: &str) -> &str {
    let (quote, body) = match text.strip_prefix("\"\"\"") {
        Some(body) => ("\"\"\"", body),
        None => ("\"", &text[1..]),
    };
    let mut escaped = false;
    for (at, letter) in body.char_indices() {
        if !escaped && body[at..].starts_with(quote) {
            return &body[at + quote.len()..];
        }
        // Strings of one line end with it, whatever comes of them.
        if letter == '\n' && quote.len() == 1 {
            return &body[at..];
        }
        escaped = letter == '\\' && !escaped;
    }
    ""
}

/// Refuses operations beyond the configured depth and cost.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    depth: usize,
    complexity: usize,
    aliases: usize,
}

impl Limits {
    pub(super) fn new(config: &config::Graphql) -> Self {
        Self {
            depth: config.max_depth,
            complexity: config.max_complexity,
            aliases: config.max_aliases,
        }
    }

    /// Refuses an operation whose fragments unfold to more fields than it may cost, in time proportional to its text.
    pub(super) fn check(&self, document: &ExecutableDocument) -> Result<(), ServerError> {
        let total = Sizes::total(document, |_| 1)?;
        if total > self.complexity {
            let words = format!(
                "the operation unfolds to {total} fields where {} are allowed; ask for fewer",
                self.complexity
            );
            return Err(coded(words, TOO_COMPLEX));
        }
        let aliases = aliases(document);
        if aliases > self.aliases {
            let words = format!(
                "the operation gives {aliases} fields other names where {} are allowed; ask in several steps",
                self.aliases
            );
            return Err(coded(words, TOO_COMPLEX));
        }
        if Sizes::total(document, schema_rows)? > INTROSPECTION_MAX {
            let words = "the operation asks for too much of the schema; ask in several steps";
            return Err(coded(words, TOO_COMPLEX));
        }
        Ok(())
    }
}

impl ExtensionFactory for Limits {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(*self)
    }
}

#[async_trait]
impl Extension for Limits {
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let result = next.run(ctx).await?;
        if result.depth > self.depth {
            let words = format!(
                "the operation is {} levels deep where {} are allowed; ask in several steps",
                result.depth, self.depth
            );
            return Err(vec![coded(words, TOO_DEEP)]);
        }
        if result.complexity > self.complexity {
            let words = format!(
                "the operation costs {} where {} are allowed; ask for smaller pages or fewer fields",
                result.complexity, self.complexity
            );
            return Err(vec![coded(words, TOO_COMPLEX)]);
        }
        Ok(result)
    }
}
