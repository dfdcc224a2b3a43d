//! Tracing set-up and the clock of the process.
