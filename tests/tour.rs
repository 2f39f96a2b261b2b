//! README's five-minute tour, as a reader types it: every shell line, in order, in one shell.
//!
//! What the reader has at hand is given: the programs and root. So is the image `hello.sif`, since [`FETCH`] needs the internet. A line that ends in `&` starts the
//! server; whoever types the next one has seen it start, so that is waited for.
use crate::support::apptainer::Site;

const README: &str = include_str!("../README.md");
const HEADING: &str = "## Five-minute tour";
/// The one line that is not run: there is no internet here. The image that it would fetch is there already.
const FETCH: &str = "apptainer build hello.sif docker://busybox";
/// Stops at the first line that fails, and names it.
const PREAMBLE: &str = r#"set -E -e -o pipefail; trap 'echo "README.md:$LINENO: $BASH_COMMAND" >&2' ERR; trap 'kill $(jobs -p)' EXIT; served() { for _ in {1..600}; do curl -fso /dev/null http://localhost/healthz && return; sleep 0.1; done; return 1; }"#;

#[test]
fn five_minute_tour_works_as_it_is_written() {
    let site = Site::closed(&[]);
    let reader = site.stranger("reader");
    reader.build("hello.sif");
    reader.write("tour.sh", script());
    let tour = reader.bash("tour.sh").ok();
    let told = tour.says("it runs").keeps_silent_about(r#""errors""#);
    told.says("others: 404").says("alice: 200");
}

/// A script in which every line has the number that it has in README.
fn script() -> String {
    let (mut in_tour, mut in_block, mut commands, mut fetches) = (false, false, 0, 0);
    let line = |line: &str| {
        if line.starts_with("## ") {
            in_tour = line == HEADING;
        }
        let fence = line.starts_with("```");
        let command = in_tour && in_block && !fence;
        in_block = if fence { line == "```sh" } else { in_block };
        commands += usize::from(command);
        fetches += usize::from(command && line == FETCH);
        match command {
            true if line == FETCH => String::new(),
            true if line.ends_with('&') => format!("{line} served"),
            true => line.to_owned(),
            false => String::new(),
        }
    };
    let lines: Vec<String> = README.lines().map(line).collect();
    assert!(commands > 5, "README has no tour under {HEADING:?}");
    assert_eq!(fetches, 1, "README does not say {FETCH:?}");
    [PREAMBLE.to_owned(), lines[1..].join("\n")].join("\n")
}
