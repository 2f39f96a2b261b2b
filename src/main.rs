//! The program `sifhub`.
use std::process::ExitCode;

use clap::Parser;
use sifhub::command::Cli;

fn main() -> ExitCode {
    // Two TLS libraries are in the tree; this one serves.
    let installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    debug_assert!(installed.is_ok(), "nothing else runs yet");
    Cli::parse().run()
}
