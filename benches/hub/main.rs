//! The hub under load, by real HTTP on loopback, client and server on the same cores: `cargo bench --bench hub`.
//!
//! A store of a million referrals (`LISTINGWATCH_BENCH_REFERRALS` for another number) is made once under `target/` and
//! used again. The feed of referrals is asked 500 times a second for 20 seconds at an even pace; latency counts from the
//! moment a request was due, so a server that falls behind cannot hide it. Then pages, feeds and search, one after the
//! other. The bench ends by itself and talks to loopback only.

mod client;
mod seed;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use client::{Connection, Figures};
use listingwatch::detect::Detector;
use listingwatch::detect::watchlist::Watchlist;
use listingwatch::outbound::links::{LinkKey, NoticeDesk};
use listingwatch::referral::notice::NoticeSender;
use listingwatch::server::{Exposure, HubSettings, ServerHooks, ServerState};
use listingwatch::store::keys::KeyRing;
use listingwatch::store::truth::{Role, Truth};
use listingwatch::telemetry::SystemClock;
use listingwatch::vocab::actor::Actor;
use listingwatch::vocab::identity::Identity;
use listingwatch::vocab::ids::PlatformId;
use listingwatch::vocab::platform::Platform;
use listingwatch::vocab::time::Clock;

/// Requests a second.
const RATE: u64 = 500;

/// How long.
const SECONDS: u64 = 20;

/// Connections of the client.
const CONNECTIONS: usize = 32;

fn main() {
    let referrals: u64 =
        std::env::var("LISTINGWATCH_BENCH_REFERRALS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("target/hub-bench-{referrals}"));
    let started = Instant::now();
    seed::fill(&folder, referrals);
    println!(
        "store of {referrals} referrals in {}, ready after {:.0} s",
        folder.display(),
        started.elapsed().as_secs_f64()
    );
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(measure(&folder, referrals));
}

async fn measure(folder: &std::path::Path, referrals: u64) {
    let truth = Arc::new(Truth::open(&folder.join("truth.db")).expect("the store opens"));
    let clock = Arc::new(SystemClock);
    let now = clock.now();
    let bench = Actor::named("bench").expect("a name");
    let token = |role, platform: Option<&str>| {
        let platform = platform.map(|id| PlatformId::parse(id).expect("an id"));
        truth.create_token(role, "bench", platform.as_ref(), None, &bench, now).expect("a token").1
    };
    let admin = token(Role::Admin, None);
    let moderators: Vec<String> = seed::PLATFORMS.iter().map(|id| token(Role::Moderator, Some(id))).collect();
    let (session, _) = {
        let who = truth.principal(&admin, now).expect("readable").expect("in force");
        truth.open_session(&who, now.after(Duration::from_secs(3600)), now).expect("a session")
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let state = ServerState::new(truth, clock, hooks(), settings(folder));
    let server = tokio::spawn(listingwatch::server::run(listener, state, std::future::pending()));

    let mut tokens = vec![admin.clone()];
    tokens.extend(moderators.clone());
    // A server that has run for a while has its pages in memory; the first round is not counted.
    let _ = even_pace(address, &tokens, referrals, false).await;
    for (name, newest) in [("a place chosen at random", false), ("the newest thousand changes", true)] {
        let figures = even_pace(address, &tokens, referrals, newest).await;
        println!("GET /api/v1/referrals?since=, {name}, {RATE} a second for {SECONDS} s: {figures}");
    }

    println!(
        "GET /api/v1/referrals?since=, none of the file in memory, one after the other: {}",
        cold(address, folder, &admin, referrals).await
    );

    let cookie = format!("Cookie: lw_session={session}");
    let case = format!("/console/referrals/{}", seed::id(referrals - 11));
    println!("console pages, 30 times each, one after the other:");
    for path in [
        "/console/inbox",
        "/console/inbox?group=all",
        "/console/inbox?group=answered&category=precursor",
        "/console/inbox?platform=shop-b&group=platform",
        "/console/inbox?q=protonitazene",
        "/console/queue",
        &case,
        &format!("{case}/notice"),
        "/console/overview",
        "/console/archive",
        "/console/archive?q=protonitazene",
        "/console/archive?q=protonitazene+platform%3Ashop-b+seen%3A2026-01..2026-03",
        "/console/watchlist?q=isotonitazene",
        "/console/platforms",
        "/console/scans",
        "/console/audit",
        &format!("/console/audit?subject={}", seed::id(referrals / 2)),
        "/console/tokens",
    ] {
        repeat(address, &cookie, path, 30).await;
    }
    scroll(address, &cookie).await;
    println!("feeds and search, 30 times each:");
    let bearer = format!("Authorization: Bearer {}", moderators[1]);
    for path in [
        "/feeds/shop-b.json".to_owned(),
        "/feeds/shop-b.atom".to_owned(),
        format!("/feeds/shop-b.ndjson?limit=100&since={}", referrals / 2),
    ] {
        repeat(address, &bearer, &path, 30).await;
    }
    let bearer = format!("Authorization: Bearer {admin}");
    for path in [
        "/api/v1/hits",
        "/api/v1/hits?q=protonitazene",
        "/api/v1/hits?q=protonitazene+platform%3Ashop-c+state%3Adecided",
        "/api/v1/hits?q=%22lot+4711%22",
        "/api/v1/hits?q=category%3Aprecursor+sort%3A-score",
        "/api/v1/hits/series",
        "/api/v1/hits/facets?q=%22lot+4711%22",
        "/api/v1/hits/facets?q=protonitazene",
        "/api/v1/hits/facets",
    ] {
        repeat(address, &bearer, path, 30).await;
    }
    server.abort();
}

/// Asks at an even pace; each request is due at its moment whether or not the one before was answered.
async fn even_pace(address: std::net::SocketAddr, tokens: &[String], referrals: u64, newest: bool) -> Figures {
    let begin = Instant::now() + Duration::from_millis(200);
    let mut tasks = Vec::new();
    for lane in 0..CONNECTIONS {
        let bearer = format!("Authorization: Bearer {}", tokens[lane % tokens.len()]);
        tasks.push(tokio::spawn(async move {
            let mut connection = Connection::open(address).await;
            let mut figures = Figures::default();
            let mut number = lane as u64;
            while number < RATE * SECONDS {
                let due = begin + Duration::from_nanos(1_000_000_000 * number / RATE);
                tokio::time::sleep_until(due.into()).await;
                let dice = seed::dice(number);
                let since = if newest { referrals - dice % 1000 } else { dice % referrals };
                let answer = connection.get(&format!("/api/v1/referrals?since={since}"), &bearer).await;
                figures.add(due.elapsed(), answer);
                number += CONNECTIONS as u64;
            }
            figures
        }));
    }
    let mut figures = Figures::default();
    for task in tasks {
        figures.join(task.await.expect("a lane ends"));
    }
    figures
}

/// Asks at places chosen at random; before each request the kernel forgets what it holds of the file.
async fn cold(address: std::net::SocketAddr, folder: &std::path::Path, token: &str, referrals: u64) -> Figures {
    let bearer = format!("Authorization: Bearer {token}");
    let mut connection = Connection::open(address).await;
    let mut figures = Figures::default();
    for number in 0..300 {
        let file = std::fs::File::open(folder.join("truth.db")).expect("the store");
        file.sync_all().expect("synced");
        rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).expect("forgotten");
        let since = seed::dice(1_000_000 + number) % referrals;
        let started = Instant::now();
        let answer = connection.get(&format!("/api/v1/referrals?since={since}"), &bearer).await;
        figures.add(started.elapsed(), answer);
    }
    figures
}

async fn repeat(address: std::net::SocketAddr, header: &str, path: &str, times: usize) {
    let mut connection = Connection::open(address).await;
    let mut figures = Figures::default();
    for _ in 0..times {
        let started = Instant::now();
        let answer = connection.get(path, header).await;
        figures.add(started.elapsed(), answer);
    }
    println!("  {path:<78} {figures}");
}

/// Follows the link to older cases until 10,000 were shown.
async fn scroll(address: std::net::SocketAddr, cookie: &str) {
    let mut connection = Connection::open(address).await;
    let mut figures = Figures::default();
    let mut path = "/console/inbox?group=review".to_owned();
    let (mut shown, started) = (0, Instant::now());
    while shown < 10_000 {
        let asked = Instant::now();
        let answer = connection.get(&path, cookie).await;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        figures.add(asked.elapsed(), answer);
        shown += text.matches("name=\"ids\"").count();
        let Some(next) = text.split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next()) else {
            break;
        };
        path = next.replace("&#38;", "&").replace("&amp;", "&");
    }
    println!(
        "inbox scrolled by cursor: {shown} cases in {:.2} s, a page of 50: {figures}",
        started.elapsed().as_secs_f64()
    );
}

fn platforms() -> Vec<Arc<Platform>> {
    let today = SystemClock.now().date();
    let one = |id: &str| {
        let text = format!(
            "[platform]\nid = \"{id}\"\nname = \"{id}\"\nkind = \"marketplace\"\nhosts = [\"{id}.example.test\"]\n[agreement]\n\
             basis = \"memorandum\"\nreference = \"bench\"\nauthority = \"Office\"\nvalid_from = 2020-01-01\nvalid_until = 2099-12-31\n\
             contact = \"ts@{id}.example.test\"\n[crawl]\nstart = [\"https://{id}.example.test/\"]\n"
        );
        let parsed = listingwatch::config::platforms::parse(&format!("{id}.toml"), &text, today);
        Arc::new(parsed.unwrap_or_else(|problems| panic!("{problems:?}")))
    };
    seed::PLATFORMS.iter().map(|id| one(id)).collect()
}

fn hooks() -> ServerHooks {
    let detector = Arc::new(Detector::compile(Arc::new(Watchlist::builtin().expect("whole"))).expect("compiles"));
    let platforms = platforms();
    ServerHooks {
        platforms: Box::new(move |()| platforms.clone()),
        detector: Box::new(move |()| detector.clone()),
        answered: Box::new(|_| ()),
        next_scan: Box::new(|_| None),
        take_in: Box::new(|_| Err("the bench takes no listings in".to_owned())),
        progress: Box::new(|()| Vec::new()),
    }
}

fn settings(folder: &std::path::Path) -> HubSettings {
    let sender = NoticeSender {
        name: "Office".to_owned(),
        address: "1 Example Street".to_owned(),
        contact: "office@example.test".to_owned(),
    };
    HubSettings {
        desk: NoticeDesk {
            sender: Some(sender),
            public_url: "https://hub.example.test".to_owned(),
            key: LinkKey::derive(b"bench"),
        },
        exposure: Exposure::Loopback,
        report: listingwatch::config::settings::Report::default(),
        warc: folder.join("warc"),
        listing_bytes: 1 << 20,
        user_agent: "listingwatch".to_owned(),
        identity: Arc::new(Identity::new(KeyRing::of(folder).crawler(SystemClock.now()).expect("keys"), None)),
        contact: "office@example.test".to_owned(),
        requests_per_second: 600,
        burst: 1200,
    }
}
