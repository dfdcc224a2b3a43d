//! A small web server on loopback that logs each request with its moment, and can answer slowly, wrongly or not at all.
//!
//! Written by hand, because a library would refuse to misbehave. One thread a connection; all end when it is dropped.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use listingwatch::frontier::control::CONTROL_PATH;

/// One request as it arrived.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Path and query.
    pub path: String,
    /// When its head was complete.
    pub at: Instant,
    /// The head's lines after the first.
    pub headers: Vec<String>,
}

impl Asked {
    /// The value of a header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|line| {
            let (held, value) = line.split_once(':')?;
            held.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// How a request is answered.
#[derive(Debug, Clone)]
pub enum Reply {
    /// As HTTP asks for.
    Whole { status: u16, headers: Vec<(&'static str, String)>, body: Vec<u8> },
    /// These bytes, then the connection is closed.
    Raw(Vec<u8>),
    /// These bytes, then `piece` again and again with a pause between, for ever.
    Stream { head: Vec<u8>, piece: Vec<u8>, pause: Duration },
    /// Nothing, ever.
    Never,
    /// Half of what was announced, then the connection breaks.
    Break,
}

impl Reply {
    /// A page.
    pub fn html(body: impl Into<String>) -> Self {
        Reply::of(200, "text/html; charset=utf-8", body.into())
    }

    /// Plain text, such as robots.txt.
    pub fn text(body: impl Into<String>) -> Self {
        Reply::of(200, "text/plain", body.into())
    }

    /// Any status with a type and a body.
    pub fn of(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        Reply::Whole { status, headers: vec![("content-type", kind.to_owned())], body: body.into() }
    }

    /// A status and nothing else.
    pub fn status(status: u16) -> Self {
        Reply::of(status, "text/plain", format!("status {status}\n"))
    }

    /// A redirect.
    pub fn redirect(to: impl Into<String>) -> Self {
        Reply::Whole { status: 302, headers: vec![("location", to.into())], body: Vec::new() }
    }

    /// The same with one more header.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        if let Reply::Whole { headers, .. } = &mut self {
            headers.push((name, value.into()));
        }
        self
    }
}

type Handler = dyn Fn(&Asked) -> Reply + Send + Sync;

/// A server; ends when dropped.
pub struct MockServer {
    address: SocketAddr,
    log: Arc<Mutex<Vec<Asked>>>,
    stop: Arc<AtomicBool>,
    accepting: Option<std::thread::JoinHandle<()>>,
}

impl MockServer {
    /// Serves on a free port of 127.0.0.1.
    pub fn start(handler: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        MockServer::start_at(Ipv4Addr::LOCALHOST, handler)
    }

    /// Serves on a free port of another loopback address.
    pub fn start_at(address: Ipv4Addr, handler: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((IpAddr::V4(address), 0)).expect("a loopback port is free");
        let address = listener.local_addr().expect("bound");
        let (log, stop): (Arc<Mutex<Vec<Asked>>>, Arc<AtomicBool>) = Default::default();
        let handler: Arc<Handler> = Arc::new(handler);
        let (held_log, held_stop) = (log.clone(), stop.clone());
        let accepting = std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                if held_stop.load(Ordering::Acquire) {
                    return;
                }
                let (handler, log, stop) = (handler.clone(), held_log.clone(), held_stop.clone());
                std::thread::spawn(move || Connection { stream, handler, log, stop }.serve());
            }
        });
        MockServer { address, log, stop, accepting: Some(accepting) }
    }

    /// `http://127.0.0.1:port` followed by `path`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What was asked so far, in order, without the control file, for which each host is asked once an hour.
    pub fn log(&self) -> Vec<Asked> {
        self.everything().into_iter().filter(|asked| asked.path != CONTROL_PATH).collect()
    }

    /// Everything that was asked so far, in order.
    pub fn everything(&self) -> Vec<Asked> {
        self.log.lock().expect("no handler panics").clone()
    }

    /// The paths asked so far, in order.
    pub fn paths(&self) -> Vec<String> {
        self.log().into_iter().map(|asked| asked.path).collect()
    }

    /// How often `path` was asked for.
    pub fn count(&self, path: &str) -> usize {
        self.log().iter().filter(|asked| asked.path == path).count()
    }

    /// Waits until the log satisfies `enough`.
    pub fn wait_for(&self, what: &str, enough: impl Fn(&[Asked]) -> bool) {
        let began = Instant::now();
        while !enough(&self.log()) {
            assert!(began.elapsed() < Duration::from_secs(30), "waited in vain for {what}: {:?}", self.paths());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// The shortest time between two requests in a row.
    pub fn shortest_gap(&self) -> Duration {
        let mut moments: Vec<Instant> = self.everything().iter().map(|asked| asked.at).collect();
        moments.sort();
        moments.windows(2).map(|pair| pair[1] - pair[0]).min().unwrap_or(Duration::MAX)
    }
}

impl Drop for MockServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

struct Connection {
    stream: TcpStream,
    handler: Arc<Handler>,
    log: Arc<Mutex<Vec<Asked>>>,
    stop: Arc<AtomicBool>,
}

/// How soon a thread notices that its server was dropped.
const LOOK_UP: Duration = Duration::from_millis(50);

impl Connection {
    fn serve(mut self) {
        let _ = self.stream.set_nodelay(true);
        let _ = self.stream.set_read_timeout(Some(LOOK_UP));
        let _ = self.stream.set_write_timeout(Some(Duration::from_secs(5)));
        while let Some(asked) = self.head() {
            self.log.lock().expect("no handler panics").push(asked.clone());
            let reply = (self.handler)(&asked);
            if self.answer(reply).is_none() {
                return;
            }
        }
    }

    /// The head of the next request on this connection. GET has no body.
    fn head(&mut self) -> Option<Asked> {
        let mut bytes = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            if self.stop.load(Ordering::Acquire) {
                return None;
            }
            match self.stream.read(&mut buffer) {
                Ok(0) => return None,
                Ok(count) => bytes.extend_from_slice(&buffer[..count]),
                Err(error) if is_timeout(&error) => continue,
                Err(_) => return None,
            }
            if bytes.ends_with(b"\r\n\r\n") {
                break;
            }
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let mut lines = text.lines();
        let path = lines.next()?.split(' ').nth(1)?.to_owned();
        let headers = lines.filter(|line| !line.is_empty()).map(str::to_owned).collect();
        Some(Asked { path, at: Instant::now(), headers })
    }

    /// `None` when the connection is over.
    fn answer(&mut self, reply: Reply) -> Option<()> {
        match reply {
            Reply::Whole { status, headers, body } => {
                let mut head = format!("HTTP/1.1 {status} -\r\ncontent-length: {}\r\n", body.len());
                for (name, value) in headers {
                    head.push_str(&format!("{name}: {value}\r\n"));
                }
                head.push_str("\r\n");
                let mut bytes = head.into_bytes();
                bytes.extend_from_slice(&body);
                self.stream.write_all(&bytes).ok()
            }
            Reply::Raw(bytes) => {
                let _ = self.stream.write_all(&bytes);
                let _ = self.stream.shutdown(std::net::Shutdown::Both);
                None
            }
            Reply::Stream { head, piece, pause } => {
                self.stream.write_all(&head).ok()?;
                while !self.stop.load(Ordering::Acquire) {
                    self.stream.write_all(&piece).ok()?;
                    self.pause(pause)?;
                }
                None
            }
            Reply::Never => {
                while self.pause(LOOK_UP).is_some() {}
                None
            }
            Reply::Break => {
                // A body that breaks off in the middle of what was announced.
                let _ = self.stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf");
                let _ = self.stream.shutdown(std::net::Shutdown::Both);
                None
            }
        }
    }

    /// `None` when the client has gone or the server ends.
    fn pause(&mut self, length: Duration) -> Option<()> {
        let began = Instant::now();
        let mut byte = [0];
        while began.elapsed() < length {
            if self.stop.load(Ordering::Acquire) {
                return None;
            }
            let left = length.saturating_sub(began.elapsed()).clamp(Duration::from_millis(1), LOOK_UP);
            let _ = self.stream.set_read_timeout(Some(left));
            match self.stream.read(&mut byte) {
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) if is_timeout(&error) => {}
                Err(_) => return None,
            }
        }
        Some(())
    }
}

fn is_timeout(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut)
}
