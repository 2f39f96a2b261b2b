//! Where log lines go.
use std::io::{IsTerminal, stderr};

use tracing_subscriber::{EnvFilter, fmt};

use crate::{
    config::{Format, Log},
    error::{Error, Result},
};

/// Logs to standard error, as configured.
///
/// # Errors
/// [`Error::Invalid`] for a filter that cannot be understood.
pub(super) fn start(log: &Log) -> Result<()> {
    let filter = EnvFilter::try_new(&log.filter)
        .map_err(|error| Error::invalid("log.filter", error.to_string()))?;
    let builder = fmt()
        .with_env_filter(filter)
        .with_writer(stderr)
        .with_ansi(stderr().is_terminal());
    match log.format {
        Format::Pretty => builder.init(),
        Format::Json => builder.json().flatten_event(true).init(),
    }
    Ok(())
}

/// Logs warnings only, for commands that print an answer.
pub(super) fn quiet() {
    let filter = EnvFilter::new("warn");
    // A second call, in tests, finds the log started.
    let _ = fmt()
        .with_env_filter(filter)
        .with_writer(stderr)
        .with_ansi(stderr().is_terminal())
        .try_init();
}
