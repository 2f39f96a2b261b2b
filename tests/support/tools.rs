//! Where `make test-tools` puts the real servers and clients.
use std::path::PathBuf;

/// `$SIFHUB_TEST_TOOLS`, or the folder that the Makefile chooses without it.
pub fn tools() -> PathBuf {
    let chosen = std::env::var_os("SIFHUB_TEST_TOOLS").map(PathBuf::from);
    chosen.unwrap_or_else(|| {
        let home = std::env::var_os("HOME").expect("HOME or SIFHUB_TEST_TOOLS is set");
        PathBuf::from(home).join(".cache/sifhub/test-tools")
    })
}
