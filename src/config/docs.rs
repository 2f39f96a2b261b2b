//! The page about the configuration, made from its schema.
use super::{
    key::{Key, Keys, Section},
    print::literal,
};

/// How values are given, which no schema says.
const INTRODUCTION: &str = "\
<!-- Made by `sifhub config docs` from the doc comments in src/config. Change those, not this page. -->
# Configuration

Every key has a default; a server starts without any configuration. Values are taken from these sources, and a later one wins:

1. the default;
2. the file `sifhub.toml` in the working directory, or the one that `--config` or the variable `SIFHUB_CONFIG` names;
3. the environment variable of the key, such as `SIFHUB__HTTP__LISTEN` for `http.listen`; an empty one counts as not set;
4. the flags `--set key=value` and those that stand for a key.

A key that does not exist, or a value that does not fit, stops the start. `sifhub config check` tells in advance, and
`sifhub config print` shows the values in effect, where each came from, and masks the secrets.

- A **size** is a number of bytes or a text such as `\"64 MiB\"`, with B, KiB, MiB, GiB, TiB (1024) or kB, MB, GB, TB (1000).
- A **duration** is a text such as `\"90d\"`, with d, h, m, s or ms.
- A **list** in a variable or flag is separated by commas.
- A **secret** can be kept in a file of its own: the key with `_file` names it, and a line end at its end is ignored. Giving
  both is an error.
";

/// The page `docs/configuration.md`.
pub fn docs() -> String {
    let keys = Keys::new();
    let sections = keys
        .sections()
        .iter()
        .filter(|section| !section.keys.is_empty());
    INTRODUCTION.to_owned() + &sections.map(section).collect::<String>()
}

/// A heading and a table.
fn section(section: &Section) -> String {
    let (title, text) = match section.name.as_str() {
        "" => ("Top level".to_owned(), "Keys outside of any section."),
        name => (format!("`[{name}]`"), section.description.as_str()),
    };
    let rows = section.keys.iter().map(row).collect::<String>();
    format!(
        "\n## {title}\n\n{text}\n\n| Key | Value | Default | Variable | Meaning |\n|---|---|---|---|---|\n{rows}"
    )
}

/// The row of one key.
fn row(key: &Key) -> String {
    let default = key
        .default()
        .and_then(literal)
        .map_or_else(|| "not set".into(), |text| format!("`{text}`"));
    let cells = [
        format!("`{}`", key.name),
        key.expected(),
        default,
        format!("`{}`", key.variable()),
        key.description(),
    ];
    format!(
        "| {} |\n",
        cells.map(|cell| cell.replace('|', "\\|")).join(" | ")
    )
}
