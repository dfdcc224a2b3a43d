//! Clients that begin and do not end: they cost themselves, not the hub.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use listingwatch::server::ConnectionLimits;

use crate::program::{Place, Running};
use crate::shop::Hub;

const HALF_A_HEAD: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: hub\r\nX-Half: ";

/// The real program with so many descriptors, and where it listens.
fn serve(place: &Place, descriptors: u32) -> (Running, SocketAddr) {
    // A port that was free a moment ago.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let listen = address.to_string();
    let running = place.spawn_after(&format!("ulimit -n {descriptors}"), &["serve", "--listen", &listen]);
    let began = Instant::now();
    while ask(address, "/healthz").is_none() {
        assert!(began.elapsed() < Duration::from_secs(40), "it does not answer");
        std::thread::sleep(Duration::from_millis(50));
    }
    (running, address)
}

/// One request on a connection of its own; the status and how long it took.
fn ask(address: SocketAddr, path: &str) -> Option<(u16, Duration)> {
    let began = Instant::now();
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(10)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n").as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some((answer.split(' ').nth(1)?.parse().ok()?, began.elapsed()))
}

/// Whether the other end closed the connection, waiting for it at most so long. An answer of the server counts as its end.
fn is_closed(stream: &TcpStream, within: Duration) -> bool {
    stream.set_read_timeout(Some(within.max(Duration::from_millis(1)))).unwrap();
    let mut stream = stream;
    let mut bytes = [0; 1024];
    loop {
        match stream.read(&mut bytes) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => {
                return !matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut);
            }
        }
    }
}

#[test]
fn hundreds_of_half_heads_keep_nobody_from_an_answer() {
    let place = Place::new();
    let (running, address) = serve(&place, 200);
    let stop = Arc::new(AtomicBool::new(false));
    let ended = stop.clone();
    // Holds what it has and goes on opening more.
    let attack = std::thread::spawn(move || {
        let mut held = Vec::new();
        while !ended.load(Ordering::SeqCst) {
            if held.len() >= 400 {
                held.drain(..100);
            }
            match TcpStream::connect_timeout(&address, Duration::from_secs(5)) {
                Ok(mut stream) => {
                    let _ = stream.write_all(HALF_A_HEAD);
                    held.push(stream);
                }
                Err(_) => std::thread::sleep(Duration::from_millis(5)),
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        held
    });
    std::thread::sleep(Duration::from_secs(2));
    let mut slowest = Duration::ZERO;
    for round in 0..60 {
        let (status, took) = ask(address, "/readyz").unwrap_or_else(|| panic!("no answer in round {round}"));
        assert_eq!(status, 200);
        slowest = slowest.max(took);
    }
    assert!(slowest < Duration::from_secs(2), "an honest client waited {slowest:?}");
    // The stores have descriptors of their own.
    place.run(&["mandate", "list"]).expect(0);
    place.run(&["audit", "verify"]).expect(0);
    stop.store(true, Ordering::SeqCst);
    let held = attack.join().unwrap();
    let mut last = TcpStream::connect(address).unwrap();
    last.write_all(HALF_A_HEAD).unwrap();
    let began = Instant::now();
    assert!(is_closed(&last, Duration::from_secs(20)), "half a head is open for ever");
    assert!(began.elapsed() > Duration::from_secs(5), "it had its time: {:?}", began.elapsed());
    for stream in &held {
        assert!(is_closed(stream, Duration::from_secs(2)));
    }
    running.kill();
}

#[test]
fn stopping_waits_for_no_half_request() {
    let place = Place::new();
    let (running, address) = serve(&place, 256);
    let mut half = TcpStream::connect(address).unwrap();
    half.write_all(HALF_A_HEAD).unwrap();
    let silent = TcpStream::connect(address).unwrap();
    let mut upload = TcpStream::connect(address).unwrap();
    upload
        .write_all(
            b"POST /console/sign-in HTTP/1.1\r\nHost: hub\r\nContent-Type: application/x-www-form-urlencoded\r\n\
              Content-Length: 1000\r\n\r\ntoken=abc",
        )
        .unwrap();
    let mut kept = TcpStream::connect(address).unwrap();
    kept.write_all(b"GET /healthz HTTP/1.1\r\nHost: hub\r\n\r\n").unwrap();
    std::thread::sleep(Duration::from_millis(500));
    let began = Instant::now();
    running.ask_to_stop();
    let ended = running.end();
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(began.elapsed() < Duration::from_secs(8), "it took {:?} to stop", began.elapsed());
    drop((half, silent, upload, kept));
}

/// The hub's routes under other limits, with TLS if wanted.
async fn within(hub: &Hub, limits: ConnectionLimits, tls: bool) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls");
    let config = tls.then(|| listingwatch::server::tls_config(&data.join("chain.pem"), &data.join("key.pem")).unwrap());
    let state = hub.app.hub_state(tls, &format!("http://{address}"));
    tokio::spawn(listingwatch::server::run_within(listener, config, limits, state, std::future::pending()));
    address
}

fn limits(total: usize, per_address: usize) -> ConnectionLimits {
    let second = Duration::from_secs(1);
    ConnectionLimits { total, per_address, head: second, idle: second, stall: Duration::from_secs(60) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_has_its_time_however_it_drips_and_an_idle_connection_ends() {
    let hub = Hub::open(&[], |_| {}).await;
    let address = within(&hub, limits(50, 50), false).await;
    let drip = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        let began = Instant::now();
        stream.write_all(HALF_A_HEAD).unwrap();
        while began.elapsed() < Duration::from_secs(15) {
            if stream.write_all(b"x").is_err() || is_closed(&stream, Duration::from_millis(100)) {
                return began.elapsed();
            }
        }
        panic!("a dripping head is open for ever");
    });
    let took = drip.await.unwrap();
    assert!(took > Duration::from_millis(900) && took < Duration::from_secs(8), "{took:?}");
    let idle = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: hub\r\n\r\n").unwrap();
        let began = Instant::now();
        assert!(is_closed(&stream, Duration::from_secs(10)), "kept for ever");
        began.elapsed()
    });
    assert!(idle.await.unwrap() > Duration::from_millis(900));
    // The first bytes of HTTP/2, and no more.
    let preface = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"PRI * HT").unwrap();
        is_closed(&stream, Duration::from_secs(10))
    });
    assert!(preface.await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_handshakes_are_no_queue() {
    let hub = Hub::open(&[], |_| {}).await;
    let address = within(&hub, ConnectionLimits { head: Duration::from_secs(4), ..limits(40, 40) }, true).await;
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(include_bytes!("../data/tls/chain.pem")).unwrap()])
        .resolve("hub.example.test", address)
        .pool_max_idle_per_host(0)
        .build()
        .unwrap();
    let dead: Vec<TcpStream> = (0..200).map(|_| TcpStream::connect(address).unwrap()).collect();
    for _ in 0..10 {
        let began = Instant::now();
        let url = format!("https://hub.example.test:{}/healthz", address.port());
        assert_eq!(client.get(url).send().await.unwrap().status(), 200);
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    }
    let ended = tokio::task::spawn_blocking(move || dead.iter().all(|one| is_closed(one, Duration::from_secs(10))));
    assert!(ended.await.unwrap(), "a handshake that does not end is given up");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_takes_its_share_only() {
    let hub = Hub::open(&[], |_| {}).await;
    let address = within(&hub, ConnectionLimits { head: Duration::from_secs(30), ..limits(40, 5) }, false).await;
    let from_elsewhere = tokio::net::TcpSocket::new_v4().unwrap();
    from_elsewhere.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let elsewhere = from_elsewhere.connect(address).await.unwrap().into_std().unwrap();
    elsewhere.set_nonblocking(false).unwrap();
    tokio::task::spawn_blocking(move || {
        let held: Vec<TcpStream> = (0..12)
            .map(|_| {
                let mut stream = TcpStream::connect(address).unwrap();
                stream.write_all(HALF_A_HEAD).unwrap();
                std::thread::sleep(Duration::from_millis(20));
                stream
            })
            .collect();
        let closed: Vec<bool> = held.iter().map(|one| is_closed(one, Duration::from_millis(200))).collect();
        let open = closed.iter().filter(|closed| !**closed).count();
        assert_eq!(open, 5, "{closed:?}");
        assert!(closed[..7].iter().all(|closed| *closed), "the oldest made room: {closed:?}");
        assert!(!is_closed(&elsewhere, Duration::from_millis(200)), "another address keeps its place");
    })
    .await
    .unwrap();
}
