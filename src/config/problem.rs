//! One thing that is wrong in a configuration file, and where.

use std::fmt;

use serde::Serialize;

/// How bad a [`Problem`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The file is refused.
    Error,
    /// The file is accepted; a person should look.
    Warning,
}

/// One thing that is wrong in a configuration file, where it stands, and what to do about it.
///
/// Prints as `seeds/x.toml:12:8: message`, followed by a line `  hint: …` where there is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Whether the file is refused because of it.
    pub severity: Severity,
    /// The file as the user named it.
    pub file: String,
    /// Line, from 1; 0 when the problem is about the whole file.
    pub line: usize,
    /// Column in characters, from 1; 0 when the problem is about the whole file.
    pub column: usize,
    /// What is wrong: one lower-case clause.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Problem {
    /// An error about a whole file or folder.
    pub fn about(file: impl Into<String>, message: impl Into<String>, hint: Option<String>) -> Self {
        Problem { severity: Severity::Error, file: file.into(), line: 0, column: 0, message: message.into(), hint }
    }

    /// Whether the file is refused because of it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        f.write_str(": ")?;
        if self.severity == Severity::Warning {
            f.write_str("warning: ")?;
        }
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\n  hint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_place_then_hint() {
        let mut problem = Problem::about("seeds/x.toml", "is not readable", None);
        assert_eq!(problem.to_string(), "seeds/x.toml: is not readable");
        (problem.line, problem.column) = (12, 8);
        problem.hint = Some("look at its permissions".into());
        assert_eq!(problem.to_string(), "seeds/x.toml:12:8: is not readable\n  hint: look at its permissions");
        problem.severity = Severity::Warning;
        assert!(problem.to_string().starts_with("seeds/x.toml:12:8: warning: is not readable"));
    }
}
