//! A client that costs little: HTTP/1.1 with keep-alive over one connection, bodies by length or in chunks.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// What came back.
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

pub struct Connection(BufReader<TcpStream>);

impl Connection {
    pub async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        stream.set_nodelay(true).expect("a socket");
        Connection(BufReader::with_capacity(64 << 10, stream))
    }

    pub async fn get(&mut self, path: &str, header: &str) -> Answer {
        let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{header}\r\n\r\n");
        self.0.get_mut().write_all(request.as_bytes()).await.expect("written");
        let mut line = String::new();
        self.0.read_line(&mut line).await.expect("a status line");
        let status = line.split(' ').nth(1).and_then(|text| text.parse().ok()).unwrap_or(0);
        let (mut length, mut chunked) = (0, false);
        loop {
            line.clear();
            self.0.read_line(&mut line).await.expect("a header");
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            match name {
                "content-length" => length = value.trim().parse().expect("a length"),
                "transfer-encoding" => chunked = true,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await.expect("the body");
        while chunked {
            line.clear();
            self.0.read_line(&mut line).await.expect("a chunk");
            let size = usize::from_str_radix(line.trim_end(), 16).expect("a size");
            let mut part = vec![0; size + 2];
            self.0.read_exact(&mut part).await.expect("the chunk");
            body.extend_from_slice(&part[..size]);
            chunked = size > 0;
        }
        Answer { status, body }
    }
}

/// Latencies and failures.
#[derive(Default)]
pub struct Figures {
    micros: Vec<u64>,
    bytes: usize,
    failed: Vec<u16>,
}

impl Figures {
    pub fn add(&mut self, took: Duration, answer: Answer) {
        self.micros.push(took.as_micros().try_into().unwrap_or(u64::MAX));
        self.bytes += answer.body.len();
        if answer.status != 200 {
            self.failed.push(answer.status);
        }
    }

    pub fn join(&mut self, other: Figures) {
        self.micros.extend(other.micros);
        self.bytes += other.bytes;
        self.failed.extend(other.failed);
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sorted = self.micros.clone();
        sorted.sort_unstable();
        let at = |part: usize| sorted.get((sorted.len() * part / 1000).min(sorted.len().saturating_sub(1))).copied();
        let ms = |part| at(part).unwrap_or(0) as f64 / 1000.0;
        let kib = self.bytes / sorted.len().max(1) / 1024;
        write!(out, "p50 {:.2} ms, p90 {:.2}, p99 {:.2}, max {:.2}; {kib} KiB", ms(500), ms(900), ms(990), ms(1000))?;
        if self.failed.is_empty() {
            Ok(())
        } else {
            write!(out, "; {} FAILED: {:?}", self.failed.len(), &self.failed[..self.failed.len().min(5)])
        }
    }
}
