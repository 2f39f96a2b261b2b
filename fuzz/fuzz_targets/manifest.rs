//! Feeds arbitrary bytes to the reader of manifests: it must not panic, and what it takes it must take again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sifhub::registry::manifest::kind_of;

fuzz_target!(|bytes: &[u8]| {
    let Ok(kind) = kind_of(bytes, None) else {
        return;
    };
    // Space around a document is no part of it.
    let spaced = [b" \n", bytes, b"\n"].concat();
    assert_eq!(kind_of(&spaced, None).ok(), Some(kind));
});
