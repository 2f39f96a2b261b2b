//! Feeds arbitrary text to the readers of `Range` and `Content-Range`: what they take is never empty, and lies in the body.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sifhub::protocol::range::{Wanted, content, parse};

fuzz_target!(|input: (u64, &str)| {
    let (size, text) = input;
    if let Some(Wanted::Part(part)) = parse(text, size) {
        assert!(part.start < part.end && part.end <= size, "{part:?} of {size}");
    }
    if let Some(chunk) = content(text) {
        assert!(chunk.start < chunk.end, "{chunk:?}");
        let written = format!("{}-{}", chunk.start, chunk.end - 1);
        assert_eq!(content(&written), Some(chunk));
    }
});
