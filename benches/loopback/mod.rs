//! What the crawl benches share: servers on loopback that keep a log, the program run beside them, and what `/proc` says.
//!
//! Servers bind to port 0 of 127.0.0.1 and end with the process. Each bench uses a part of this.
#![expect(dead_code, reason = "each bench is a program of its own and uses a part of this")]

pub mod bazaar;

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// One request as a server saw it.
pub struct Asked {
    /// Which server.
    pub host: usize,
    /// When its head was read.
    pub at: Instant,
    /// Path and query.
    pub path: String,
    /// Status it was answered with.
    pub status: u16,
    /// No request was to come before this moment.
    pub blocked_until: Option<Instant>,
}

/// An answer.
pub struct Reply {
    pub status: u16,
    /// Header lines, each with its line end.
    pub headers: String,
    pub body: Arc<Vec<u8>>,
    /// Waits before it answers.
    pub after: Duration,
    /// Hangs up after so many bytes of the body.
    pub cut: Option<usize>,
    /// What a `Retry-After` asked for.
    pub stay_away: Option<Duration>,
}

impl Reply {
    pub fn html(body: impl Into<Arc<Vec<u8>>>) -> Self {
        Reply {
            status: 200,
            headers: "Content-Type: text/html; charset=utf-8\r\n".to_owned(),
            body: body.into(),
            after: Duration::ZERO,
            cut: None,
            stay_away: None,
        }
    }

    pub fn status(status: u16) -> Self {
        Reply { status, ..Reply::html(Vec::new()) }
    }

    /// 429 or 503 with `Retry-After`.
    pub fn refused(status: u16, seconds: u64) -> Self {
        let headers = format!("Retry-After: {seconds}\r\n");
        Reply { headers, stay_away: Some(Duration::from_secs(seconds)), ..Reply::status(status) }
    }
}

type Behaviour = dyn Fn(usize, &str, u64) -> Reply + Send + Sync;

/// Servers on loopback with one log.
pub struct Servers {
    pub ports: Vec<u16>,
    log: Arc<Mutex<Vec<Asked>>>,
    _runtime: tokio::runtime::Runtime,
}

impl Servers {
    /// Starts `count` servers; `behaviour` is told which server, the path, and how many requests came before.
    pub fn start(count: usize, behaviour: impl Fn(usize, &str, u64) -> Reply + Send + Sync + 'static) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime for the servers");
        let log: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let behaviour: Arc<Behaviour> = Arc::new(behaviour);
        let ports = (0..count)
            .map(|host| {
                let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
                let port = listener.local_addr().expect("its address").port();
                runtime.spawn(serve(listener, host, behaviour.clone(), log.clone()));
                port
            })
            .collect();
        Servers { ports, log, _runtime: runtime }
    }

    /// Looks at the log.
    pub fn log<T>(&self, look: impl FnOnce(&[Asked]) -> T) -> T {
        look(&self.log.lock().expect("the log is whole"))
    }
}

async fn serve(listener: TcpListener, host: usize, behaviour: Arc<Behaviour>, log: Arc<Mutex<Vec<Asked>>>) {
    let asked = Arc::new(AtomicU64::new(0));
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let _ = stream.set_nodelay(true);
        tokio::spawn(talk(stream, host, behaviour.clone(), log.clone(), asked.clone()));
    }
}

async fn talk(
    mut stream: TcpStream,
    host: usize,
    behaviour: Arc<Behaviour>,
    log: Arc<Mutex<Vec<Asked>>>,
    asked: Arc<AtomicU64>,
) {
    let mut held: Vec<u8> = Vec::with_capacity(2048);
    loop {
        let end = loop {
            if let Some(end) = held.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            match stream.read_buf(&mut held).await {
                Ok(read) if read > 0 && held.len() < 64 << 10 => {}
                _ => return,
            }
        };
        let at = Instant::now();
        let head = String::from_utf8_lossy(&held[..end]).into_owned();
        held.drain(..end);
        let path = head.split(' ').nth(1).unwrap_or("/").to_owned();
        let reply = behaviour(host, &path, asked.fetch_add(1, Ordering::Relaxed));
        let blocked_until = reply.stay_away.map(|away| at + reply.after + away);
        log.lock().expect("the log is whole").push(Asked { host, at, path, status: reply.status, blocked_until });
        if !reply.after.is_zero() {
            tokio::time::sleep(reply.after).await;
        }
        let mut answer = format!("HTTP/1.1 {} X\r\n{}Content-Length: ", reply.status, reply.headers);
        let _ = write!(answer, "{}\r\n\r\n", reply.body.len());
        let mut bytes = answer.into_bytes();
        bytes.extend_from_slice(&reply.body[..reply.cut.unwrap_or(reply.body.len()).min(reply.body.len())]);
        if stream.write_all(&bytes).await.is_err() || reply.cut.is_some() {
            return;
        }
    }
}

/// Writes the file of a platform of our own on one port.
pub fn platform_file(folder: &Path, id: &str, port: u16, crawl: &str) {
    std::fs::create_dir_all(folder).expect("a folder for platform files");
    let text = format!(
        "[platform]\nid = \"{id}\"\nname = \"{id}\"\nkind = \"marketplace\"\nhosts = [\"127.0.0.1:{port}\"]\n\
         country = \"NL\"\nlanguages = [\"en\"]\n\n[agreement]\nbasis = \"own-site\"\nreference = \"bench\"\n\
         authority = \"bench\"\nvalid_from = 2020-01-01\nvalid_until = 2099-12-31\ncontact = \"bench@example.test\"\n\n\
         [crawl]\nstart = [\"http://127.0.0.1:{port}/\"]\nsitemaps = \"none\"\n\
         private_addresses = [\"127.0.0.0/8\"]\n{crawl}\n\n\
         [referral]\nchannels = [\"feed\"]\njurisdictions = [\"INT\"]\napproval = \"person\"\n"
    );
    std::fs::write(folder.join(format!("{id}.toml")), text).expect("a platform file");
}

/// The program with a data directory and platform files in `folder`.
pub fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_listingwatch"));
    command
        .current_dir(folder)
        .args(["--data", "data", "--seeds", "seeds", "--json"])
        .args(arguments)
        .env_remove("LISTINGWATCH_DATA")
        .env_remove("LISTINGWATCH_SEEDS")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// How a run of the program went.
pub struct Ran {
    pub seconds: f64,
    /// Processor seconds, user and system; zero where the system does not tell.
    pub cpu: f64,
    pub peak_megabytes: u64,
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// Waits for the program's end.
pub fn wait(mut child: Child) -> Ran {
    let before = children_cpu();
    let started = Instant::now();
    let read = |from: Option<Box<dyn std::io::Read + Send>>| {
        std::thread::spawn(move || {
            let mut text = String::new();
            if let Some(mut from) = from {
                let _ = from.read_to_string(&mut text);
            }
            text
        })
    };
    let out = read(child.stdout.take().map(|pipe| Box::new(pipe) as Box<dyn std::io::Read + Send>));
    let err = read(child.stderr.take().map(|pipe| Box::new(pipe) as Box<dyn std::io::Read + Send>));
    let mut peak_megabytes = 0;
    let code = loop {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        peak_megabytes = peak_megabytes.max(kilobytes(&status, "VmHWM").unwrap_or(0) / 1024);
        if let Some(status) = child.try_wait().expect("the program can be waited for") {
            break status.code();
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let seconds = started.elapsed().as_secs_f64();
    let (out, err) = (out.join().unwrap_or_default(), err.join().unwrap_or_default());
    Ran { seconds, cpu: children_cpu() - before, peak_megabytes, code, out, err }
}

fn kilobytes(status: &str, line: &str) -> Option<u64> {
    let value = status.lines().find_map(|held| held.strip_prefix(line)?.strip_prefix(':'))?;
    value.split_whitespace().next()?.parse().ok()
}

/// Processor seconds of children that were waited for.
fn children_cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(13).take(2).filter_map(|text| text.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// One line of a result.
pub fn print(what: &str, value: impl std::fmt::Display) {
    println!("{what:<52} {value:>14}");
}

/// A number as an argument, or what it is otherwise.
pub fn argument(at: usize, otherwise: u64) -> u64 {
    let given = std::env::args().skip(1).filter(|argument| argument != "--bench").nth(at);
    given.map_or(otherwise, |text| text.replace('_', "").parse().expect("a number"))
}
