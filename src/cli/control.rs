//! The local socket by which a command asks the owner of a locked data directory.
//!
//! One connection carries one request: a JSON line with the request, then JSON lines of frames back, the last of which
//! says how the command ended. The socket lies in the data directory, so whoever may write there may ask.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream as BlockingStream;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;

use crate::app::App;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::{Output, Sink, Word};
use crate::cli::request::Request;
use crate::cli::same_files::{self, Expected};

/// Longest request line; real ones are some kilobytes, with a digest for each file of the configuration.
const REQUEST_LIMIT_BYTES: u64 = 1 << 20;

/// What a client asks.
#[derive(Debug, Serialize, Deserialize)]
struct Ask {
    request: Request,
    json: bool,
    /// What the client would use itself; a client of an earlier version does not say.
    #[serde(default)]
    expected: Option<Expected>,
}

/// What the owner answers, line by line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Frame {
    Word(Word),
    End(Result<Exit, Failure>),
}

/// Asks the owner to run `request`, passing its words on to `sink`. `None` when nobody owns the socket.
///
/// # Errors
/// What the command itself failed with, or that the owner went away in the middle.
pub fn ask(
    socket: &Path,
    request: &Request,
    expected: &Expected,
    json: bool,
    sink: &dyn Sink,
) -> Option<Result<Exit, Failure>> {
    let stream = BlockingStream::connect(socket).ok()?;
    let ask = Ask { request: request.clone(), json, expected: Some(expected.clone()) };
    Some(converse(stream, &ask, sink))
}

fn converse(mut stream: BlockingStream, ask: &Ask, sink: &dyn Sink) -> Result<Exit, Failure> {
    let mut line = serde_json::to_string(ask)?;
    line.push('\n');
    stream.write_all(line.as_bytes())?;
    for line in BufReader::new(stream).lines() {
        match serde_json::from_str::<Frame>(&line?)? {
            Frame::Word(word) => sink.say(word)?,
            Frame::End(result) => return result,
        }
    }
    Err(Failure::new(Exit::Internal, "the running process ended before it answered")
        .hint("run the command again; nothing acknowledged is lost"))
}

/// Answers clients until `shutdown` resolves. Each connection runs in a task of its own.
///
/// # Errors
/// When the socket cannot be made.
pub async fn serve(app: Arc<App>, shutdown: impl Future<Output = ()>) -> std::io::Result<()> {
    let path = app.paths().control_socket();
    // A socket left by a killed owner; we hold the directory's lock, so nobody listens on it.
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    let mut conversations = tokio::task::JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => { conversations.spawn(answer(app.clone(), stream)); }
                Err(error) => tracing::warn!(%error, "control socket could not accept"),
            },
            Some(_) = conversations.join_next() => {}
        }
    }
    drop(listener);
    let _ = std::fs::remove_file(&path);
    conversations.shutdown().await;
    Ok(())
}

async fn answer(app: Arc<App>, stream: UnixStream) {
    let (reader, mut writer) = stream.into_split();
    let mut line = String::new();
    let mut reader = tokio::io::BufReader::new(reader.take(REQUEST_LIMIT_BYTES));
    if reader.read_line(&mut line).await.is_err() {
        return;
    }
    let (sender, mut words) = mpsc::channel(WORDS_IN_FLIGHT);
    let sink = Arc::new(Channel(sender.clone()));
    // A task of its own, because a full channel blocks the thread it runs on.
    let work = tokio::spawn(async move {
        let result = match serde_json::from_str::<Ask>(&line) {
            Ok(ask) => match same_files::agree(&app, &ask.request, ask.expected.as_ref()) {
                Ok(()) => crate::cli::execute(&app, &ask.request, &Output::new(sink, ask.json)).await,
                Err(refused) => Err(refused),
            },
            Err(error) => Err(Failure::usage(format!("the request could not be read: {error}"))
                .hint("use the same version of the program on both ends")),
        };
        let _ = sender.send(Frame::End(result)).await;
    });
    while let Some(frame) = words.recv().await {
        let Ok(mut text) = serde_json::to_string(&frame) else { break };
        text.push('\n');
        if writer.write_all(text.as_bytes()).await.is_err() {
            break;
        }
    }
    let _ = writer.shutdown().await;
    // The command ends with its client.
    work.abort();
}

/// Words a command may be ahead of its reader.
const WORDS_IN_FLIGHT: usize = 256;

struct Channel(mpsc::Sender<Frame>);

impl Sink for Channel {
    fn say(&self, word: Word) -> std::io::Result<()> {
        match self.0.try_send(Frame::Word(word)) {
            Ok(()) => Ok(()),
            Err(mpsc::error::TrySendError::Full(frame)) => tokio::task::block_in_place(|| self.0.blocking_send(frame))
                .map_err(|_| std::io::ErrorKind::BrokenPipe.into()),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(std::io::ErrorKind::BrokenPipe.into()),
        }
    }
}
