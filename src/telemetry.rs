//! Tracing set-up and the clock of the process.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::vocab::time::{Clock, Timestamp};

/// How much the log says on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verbosity {
    /// Errors only.
    Quiet,
    /// Warnings and errors.
    Normal,
    /// What happens, page by page.
    Verbose,
}

/// Sends log lines to standard error. `LISTINGWATCH_LOG` overrides the level in `tracing-subscriber`'s filter syntax.
pub fn start(verbosity: Verbosity) {
    let level = match verbosity {
        Verbosity::Quiet => "error",
        Verbosity::Normal => "warn",
        Verbosity::Verbose => "listingwatch=debug,warn",
    };
    let filter = EnvFilter::try_from_env("LISTINGWATCH_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    // A second call (tests run several programs in one process) keeps the first subscriber.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .try_init();
}

/// The wall clock. The only place of the library that reads it.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one clock every driver is handed")]
    fn now(&self) -> Timestamp {
        Timestamp::from(jiff::Timestamp::now())
    }
}
