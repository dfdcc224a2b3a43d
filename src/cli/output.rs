//! Where a command's words go: the terminal of this process, or a client on the control socket.

use std::io::Write;
use std::sync::Arc;

use serde::Serialize;

use crate::cli::exit::Failure;
use crate::vocab::visible::{Keep, escaped_json, visible};

/// One piece of what a command says.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Word {
    /// Result text for standard output, written as it is.
    Out(String),
    /// A line for standard error.
    Err(String),
    /// A progress line, replaced by the next one on a terminal.
    Progress(String),
}

/// Takes what a command says.
pub trait Sink: Send + Sync {
    /// Passes one word on. An error means nobody listens any more.
    ///
    /// # Errors
    /// When the reader is gone.
    fn say(&self, word: Word) -> std::io::Result<()>;
}

/// A command's view of its output.
#[derive(Clone)]
pub struct Output {
    sink: Arc<dyn Sink>,
    /// One JSON document, or JSON Lines for lists, instead of tables.
    pub json: bool,
}

impl Output {
    /// Output into `sink`.
    pub fn new(sink: Arc<dyn Sink>, json: bool) -> Self {
        Output { sink, json }
    }

    /// Result text, with a newline. What a seller wrote steers no terminal: control characters and marks that cannot be seen
    /// are shown as what they are.
    ///
    /// # Errors
    /// When the reader is gone.
    pub fn line(&self, text: impl Into<String>) -> Result<(), Failure> {
        let mut text = visible(&text.into(), Keep::Lines).into_owned();
        text.push('\n');
        Ok(self.sink.say(Word::Out(text))?)
    }

    /// Text as it is, without a line break of ours.
    ///
    /// # Errors
    /// When the reader is gone.
    pub fn bytes(&self, text: &str) -> Result<(), Failure> {
        Ok(self.sink.say(Word::Out(text.to_owned()))?)
    }

    /// One JSON value on a line of its own.
    ///
    /// # Errors
    /// When the value cannot be written as JSON or the reader is gone.
    pub fn json_line(&self, value: &impl Serialize) -> Result<(), Failure> {
        self.line(escaped_json(&serde_json::to_string(value)?))
    }

    /// One JSON document over several lines.
    ///
    /// # Errors
    /// When the value cannot be written as JSON or the reader is gone.
    pub fn json_document(&self, value: &impl Serialize) -> Result<(), Failure> {
        self.line(escaped_json(&serde_json::to_string_pretty(value)?))
    }

    /// A hint or notice on standard error. Lost if nobody listens: it is not the result.
    pub fn note(&self, text: impl Into<String>) {
        let _ = self.sink.say(Word::Err(visible(&text.into(), Keep::Lines).into_owned()));
    }

    /// How far the work is. Lost if nobody listens.
    pub fn progress(&self, text: impl Into<String>) {
        let _ = self.sink.say(Word::Progress(visible(&text.into(), Keep::Lines).into_owned()));
    }
}

/// Standard output and error of this process.
pub struct Terminal {
    bar: Option<indicatif::ProgressBar>,
    quiet: bool,
    last_progress: std::sync::Mutex<Option<std::time::Instant>>,
}

impl Terminal {
    /// A spinner line on a terminal; plain lines, at most one in five seconds, elsewhere.
    pub fn new(quiet: bool) -> Self {
        let bar =
            (!quiet && std::io::IsTerminal::is_terminal(&std::io::stderr())).then(indicatif::ProgressBar::new_spinner);
        Terminal { bar, quiet, last_progress: std::sync::Mutex::new(None) }
    }

    fn progress(&self, text: String) {
        if let Some(bar) = &self.bar {
            bar.set_message(text);
            bar.tick();
            return;
        }
        if self.quiet {
            return;
        }
        // Small data, no await under the lock.
        let mut last = self.last_progress.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if last.is_none_or(|at| at.elapsed() >= std::time::Duration::from_secs(5)) {
            *last = Some(std::time::Instant::now());
            eprintln!("{text}");
        }
    }
}

impl Sink for Terminal {
    fn say(&self, word: Word) -> std::io::Result<()> {
        match word {
            Word::Out(text) => {
                let write = || {
                    let mut stdout = std::io::stdout().lock();
                    stdout.write_all(text.as_bytes())?;
                    stdout.flush()
                };
                match &self.bar {
                    Some(bar) => bar.suspend(write),
                    None => write(),
                }
            }
            Word::Err(text) => {
                if !self.quiet {
                    match &self.bar {
                        Some(bar) => bar.suspend(|| eprintln!("{text}")),
                        None => eprintln!("{text}"),
                    }
                }
                Ok(())
            }
            Word::Progress(text) => {
                self.progress(text);
                Ok(())
            }
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
