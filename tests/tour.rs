//! README's five-minute tour, as a reader types it: every shell line, in order, in one shell.
//!
//! What the reader has at hand is given: the programs, an image `hello.sif`, and root. A line that ends in `&` starts the
//! server; whoever types the next one has seen it start, so that is waited for.
use crate::support::apptainer::Site;

const README: &str = include_str!("../README.md");
const HEADING: &str = "## Five-minute tour";
/// Stops at the first line that fails, and names it.
const PREAMBLE: &str = r#"set -E -e -o pipefail; trap 'echo "README.md:$LINENO: $BASH_COMMAND" >&2' ERR; trap 'kill $(jobs -p)' EXIT; served() { for _ in {1..600}; do curl -fso /dev/null http://localhost/healthz && return; sleep 0.1; done; return 1; }"#;

#[test]
fn five_minute_tour_works_as_it_is_written() {
    let site = Site::closed(&[]);
    let reader = site.stranger("reader");
    reader.build("hello.sif");
    reader.write("tour.sh", script());
    let tour = reader.bash("tour.sh").ok();
    tour.says("it runs").keeps_silent_about(r#""errors""#);
}

/// A script in which every line has the number that it has in README.
fn script() -> String {
    let (mut in_tour, mut in_block, mut commands) = (false, false, 0);
    let line = |line: &str| {
        if line.starts_with("## ") {
            in_tour = line == HEADING;
        }
        let fence = line.starts_with("```");
        let command = in_tour && in_block && !fence;
        in_block = if fence { line == "```sh" } else { in_block };
        commands += usize::from(command);
        match command {
            true if line.ends_with('&') => format!("{line} served"),
            true => line.to_owned(),
            false => String::new(),
        }
    };
    let lines: Vec<String> = README.lines().map(line).collect();
    assert!(commands > 5, "README has no tour under {HEADING:?}");
    [PREAMBLE.to_owned(), lines[1..].join("\n")].join("\n")
}
