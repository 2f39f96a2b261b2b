//! The arrows drawn in `src/lib.rs` are the only arrows.
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Each room, and the rooms it may use.
const MAY_USE: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("config", &["error"]),
    ("event", &["error"]),
    ("protocol", &["error"]),
    ("page", &["error", "protocol"]),
    ("sif", &["error"]),
    ("openpgp", &["error"]),
    ("markdown", &[]),
    ("metrics", &[]),
    ("storage", &["config", "error"]),
    ("access", &["error"]),
    (
        "registry",
        &[
            "access", "config", "error", "event", "markdown", "metrics", "openpgp", "sif",
            "storage",
        ],
    ),
    (
        "auth",
        &["access", "config", "error", "page", "protocol", "registry"],
    ),
    (
        "graphql",
        &["auth", "config", "error", "page", "protocol", "registry"],
    ),
    (
        "library",
        &["auth", "config", "error", "protocol", "registry"],
    ),
    ("oci", &["auth", "error", "protocol", "registry"]),
    ("hkp", &["auth", "error", "protocol", "registry"]),
    ("download", &["auth", "error", "protocol", "registry"]),
    ("shub", &["auth", "error", "protocol", "registry"]),
    (
        "site",
        &["auth", "config", "error", "page", "protocol", "registry"],
    ),
    (
        "jobs",
        &["access", "config", "error", "protocol", "registry"],
    ),
    (
        "http",
        &[
            "auth", "config", "download", "error", "graphql", "hkp", "library", "metrics", "oci",
            "page", "protocol", "registry", "shub", "site",
        ],
    ),
    (
        "app",
        &[
            "access", "config", "error", "http", "jobs", "registry", "storage",
        ],
    ),
    (
        "command",
        &["app", "auth", "config", "error", "graphql", "registry"],
    ),
];

#[test]
fn every_arrow_is_drawn() {
    let rooms: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let mut wrong = BTreeSet::new();
    for file in files(Path::new("src")) {
        let room = room_of(&file);
        let Some(may) = rooms.get(room.as_str()) else {
            continue;
        };
        for used in rooms_used(&fs::read_to_string(&file).expect("a source file")) {
            if used != room && rooms.contains_key(used.as_str()) && !may.contains(&used.as_str()) {
                wrong.insert(format!("{} uses {used}", file.display()));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "arrows that src/lib.rs does not draw: {wrong:#?}"
    );
}

#[test]
fn every_room_is_in_the_table() {
    let table: BTreeSet<String> = MAY_USE.iter().map(|(room, _)| (*room).to_owned()).collect();
    let rooms: BTreeSet<String> = files(Path::new("src"))
        .iter()
        .map(|file| room_of(file))
        .collect();
    let unlisted: Vec<_> = rooms
        .difference(&table)
        .filter(|room| !["lib", "main"].contains(&room.as_str()))
        .collect();
    assert!(unlisted.is_empty(), "rooms without arrows: {unlisted:?}");
}

#[test]
fn only_the_rooms_of_data_know_the_tables() {
    let allowed = ["access", "registry"];
    let known_ids = |line: &str| line.contains("entity::id") || line.contains("entity::kind");
    let mut wrong = Vec::new();
    for file in files(Path::new("src")) {
        let text = fs::read_to_string(&file).expect("a source file");
        let uses = |line: &&str| {
            let line = line.trim_start();
            !line.starts_with("//")
                && (line.contains("entity::") || line.contains("sea_orm::"))
                && !known_ids(line)
        };
        if !allowed.contains(&room_of(&file).as_str()) && text.lines().any(|line| uses(&line)) {
            wrong.push(file);
        }
    }
    assert!(wrong.is_empty(), "SQL outside the registry: {wrong:?}");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .collect()
}

/// The first folder or file below `src`.
fn room_of(file: &Path) -> String {
    let first = file
        .strip_prefix("src")
        .expect("below src")
        .components()
        .next()
        .expect("a name");
    let name = first.as_os_str().to_string_lossy();
    name.trim_end_matches(".rs").to_owned()
}

/// The rooms named behind `crate::`, in `use crate::{a::…, b}` too.
fn rooms_used(text: &str) -> Vec<String> {
    let code: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    code.split("crate::")
        .skip(1)
        .flat_map(first_names)
        .collect()
}

fn first_names(rest: &str) -> Vec<String> {
    let word = |text: &str| {
        text.trim_start()
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect::<String>()
    };
    let Some(group) = rest.strip_prefix('{') else {
        return vec![word(rest)];
    };
    let (mut depth, mut names, mut start) = (0, Vec::new(), 0);
    for (place, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                names.push(word(&group[start..place]));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.push(word(&group[start..place]));
                start = place + 1;
            }
            _ => {}
        }
    }
    names
}
