//! A small SMTP server on loopback: it takes mail, or refuses as it is told, and keeps what it took.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

/// What the server does with the next message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manners {
    /// Takes it.
    Take,
    /// Refuses the recipient for now: 451.
    Later,
    /// Refuses the recipient for good: 550.
    Never,
    /// Refuses the message after it was sent: 554.
    RefuseContent,
    /// Closes the connection in the middle of the message.
    HangUp,
    /// Takes it, and goes away before saying so.
    TakeAndHangUp,
}

/// A message as it was taken.
#[derive(Debug, Clone)]
pub struct Taken {
    pub from: String,
    pub to: String,
    pub data: String,
}

#[derive(Default)]
struct Inner {
    taken: Vec<Taken>,
    manners: Vec<Manners>,
}

/// The server.
#[derive(Clone)]
pub struct MailServer {
    pub url: String,
    inner: Arc<Mutex<Inner>>,
}

impl MailServer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = MailServer { url: format!("smtp://{}", listener.local_addr().unwrap()), inner: Arc::default() };
        let inner = server.inner.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let inner = inner.clone();
                tokio::spawn(async move {
                    // A client that goes away ends its conversation only.
                    let _ = converse(stream, inner).await;
                });
            }
        });
        server
    }

    /// What it does with the next messages; then it takes them.
    pub fn behaves(&self, manners: &[Manners]) {
        self.inner.lock().unwrap().manners = manners.to_vec();
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.inner.lock().unwrap().taken.clone()
    }
}

async fn converse(stream: tokio::net::TcpStream, inner: Arc<Mutex<Inner>>) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 mail.example.test\r\n").await?;
    let (mut from, mut to) = (String::new(), String::new());
    let mut manners = Manners::Take;
    while let Some(line) = lines.next_line().await? {
        let word = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer = match word.as_str() {
            "EHLO" => "250-mail.example.test\r\n250 8BITMIME\r\n",
            "MAIL" => {
                let mut inner = inner.lock().unwrap();
                manners = if inner.manners.is_empty() { Manners::Take } else { inner.manners.remove(0) };
                from = line.clone();
                "250 OK\r\n"
            }
            "RCPT" => {
                to = line.clone();
                match manners {
                    Manners::Later => "451 4.3.0 try again\r\n",
                    Manners::Never => "550 5.1.1 no such mailbox\r\n",
                    _ => "250 OK\r\n",
                }
            }
            "DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                let mut data = String::new();
                while let Some(line) = lines.next_line().await? {
                    if line == "." {
                        break;
                    }
                    data.push_str(&line);
                    data.push('\n');
                    if manners == Manners::HangUp {
                        return Ok(());
                    }
                }
                if matches!(manners, Manners::Take | Manners::TakeAndHangUp) {
                    let taken = Taken { from: from.clone(), to: to.clone(), data };
                    inner.lock().unwrap().taken.push(taken);
                }
                match manners {
                    Manners::TakeAndHangUp => return Ok(()),
                    Manners::RefuseContent => "554 5.7.1 refused\r\n",
                    _ => "250 2.0.0 queued as ABC123\r\n",
                }
            }
            "QUIT" => {
                write.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            "RSET" | "NOOP" => "250 OK\r\n",
            _ => "502 not known\r\n",
        };
        write.write_all(answer.as_bytes()).await?;
    }
    Ok(())
}
