//! How a command ended.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Exit codes, as the README lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exit {
    /// Done.
    Done,
    /// Internal failure.
    Internal,
    /// Wrong usage.
    Usage,
    /// Configuration refused.
    Configuration,
    /// Something in scope could not be fetched or processed.
    Partial,
    /// Refused by policy: no agreement, no mandate, no approval.
    Policy,
}

impl Exit {
    /// The number the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Internal => 1,
            Exit::Usage => 2,
            Exit::Configuration => 3,
            Exit::Partial => 4,
            Exit::Policy => 5,
        }
    }
}

/// Why a command did not do what was asked, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// How the program ends.
    pub exit: Exit,
    /// One lower-case clause.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure without a hint.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Failure { exit, message: message.into(), hint: None }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A mistake in the arguments.
    pub fn usage(message: impl Into<String>) -> Self {
        Failure::new(Exit::Usage, message)
    }

    /// Something policy forbids.
    pub fn policy(message: impl Into<String>) -> Self {
        Failure::new(Exit::Policy, message)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        match error.downcast::<Failure>() {
            Ok(failure) => failure,
            Err(error) => Failure::new(Exit::Internal, format!("{error:#}")),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        // A reader such as `head` that has seen enough is no failure of ours.
        let exit = if error.kind() == std::io::ErrorKind::BrokenPipe { Exit::Done } else { Exit::Internal };
        Failure::new(exit, error.to_string())
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Failure::new(Exit::Internal, format!("cannot write JSON: {error}"))
    }
}
