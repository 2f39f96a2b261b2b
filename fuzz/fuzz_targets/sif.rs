//! Feeds arbitrary bytes to the SIF reader: it must not panic, hang, or ask for more memory than its limits allow.
//!
//! Install the runner once, by `cargo install cargo-fuzz --locked`. Then, in the directory above this crate's:
//!
//! ```text
//! mkdir -p fuzz/corpus/sif
//! SIF_CORPUS=$PWD/fuzz/corpus/sif cargo test --lib sif::tests::seeds_are_written_for_the_fuzzer
//! cargo +nightly fuzz run sif -- -max_len=65536 -rss_limit_mb=512
//! ```
//!
//! The test writes small images of each sort as seeds. A stable compiler does as well: `RUSTC_BOOTSTRAP=1 cargo fuzz run …`.
#![no_main]

use futures::executor::block_on;
use libfuzzer_sys::fuzz_target;
use sifhub::sif;

fuzz_target!(|bytes: &[u8]| {
    let sniffed = sif::sniff(bytes);
    if let Ok(seen) = block_on(sif::inspect(bytes, bytes.len() as u64)) {
        assert_eq!(
            sniffed,
            Ok(()),
            "what can be inspected is not refused at its first bytes"
        );
        assert!(seen.fingerprints().len() <= seen.signatures.len());
    }
});
