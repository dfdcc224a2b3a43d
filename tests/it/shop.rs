//! A small shop on loopback whose listings come and go, and a hub that watches it: the parts of the referral tests.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use listingwatch::app::{App, Paths};
use listingwatch::cli::exit::{Exit, Failure};
use listingwatch::cli::output::{Output, Sink, Word};
use listingwatch::cli::request::Arguments;
use listingwatch::config::settings::{Sender, Settings};
use listingwatch::store::truth::Role;
use listingwatch::telemetry::SystemClock;
use listingwatch::vocab::actor::Actor;
use listingwatch::vocab::ids::PlatformId;
use listingwatch::vocab::time::{Clock, Timestamp};

/// A text that must become a referral.
pub const OFFER: &str =
    "Isotonitazene powder for sale, 99% purity, wholesale price per gram, discreet shipping, bitcoin accepted";

/// The wall clock, set ahead at will.
#[derive(Default)]
pub struct TestClock(AtomicI64);

impl TestClock {
    pub fn advance_hours(&self, hours: i64) {
        self.0.fetch_add(hours * 3_600_000, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(SystemClock.now().as_millis() + self.0.load(Ordering::SeqCst))
    }
}

/// One message a webhook receiver got.
#[derive(Debug, Clone)]
pub struct Received {
    pub id: String,
    pub timestamp: String,
    pub signature: String,
    pub body: String,
}

/// What a listing page says.
#[derive(Clone)]
struct Offer {
    title: String,
    text: String,
    price: String,
    seller: Option<String>,
}

#[derive(Default)]
struct Inner {
    listings: BTreeMap<String, Offer>,
    received: Vec<Received>,
    answers: Vec<u16>,
}

/// The shop: listing pages at `/item/{name}`, a webhook receiver at `/hook`.
#[derive(Clone)]
pub struct Shop {
    pub address: SocketAddr,
    inner: Arc<Mutex<Inner>>,
}

impl Shop {
    pub async fn start() -> Self {
        let inner = Arc::new(Mutex::new(Inner::default()));
        let routes = Router::new()
            .route("/", get(home))
            .route("/item/{name}", get(item))
            .route("/hook", post(hook))
            .with_state(inner.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Shop { address, inner }
    }

    pub fn put(&self, name: &str, title: &str, text: &str) {
        self.put_offer(name, (title, text), "10", None);
    }

    pub fn put_offer(&self, name: &str, (title, text): (&str, &str), price: &str, seller: Option<&str>) {
        let offer = Offer {
            title: title.to_owned(),
            text: text.to_owned(),
            price: price.to_owned(),
            seller: seller.map(str::to_owned),
        };
        self.inner.lock().unwrap().listings.insert(name.to_owned(), offer);
    }

    pub fn remove(&self, name: &str) {
        self.inner.lock().unwrap().listings.remove(name);
    }

    /// The statuses with which the webhook receiver answers next; then 204.
    pub fn hook_answers(&self, statuses: &[u16]) {
        self.inner.lock().unwrap().answers = statuses.to_vec();
    }

    pub fn received(&self) -> Vec<Received> {
        self.inner.lock().unwrap().received.clone()
    }

    /// The shop's platform file. `referral` goes into `[referral]`.
    pub fn platform_file(&self, id: &str, referral: &str) -> String {
        let start = format!("http://127.0.0.1:{}/", self.address.port());
        let crawl = "rate = \"unlimited\"\nrevisit = \"1h\"";
        file_of((id, &format!("Shop {id}")), &start, crawl, referral)
    }
}

/// The platform file of another server on loopback. `referral` goes into `[referral]`.
pub fn platform_file_of(start: &str, referral: &str) -> String {
    file_of(("bazaar", "Bazaar"), start, "rate = \"unlimited\"", referral)
}

fn file_of((id, name): (&str, &str), start: &str, crawl: &str, referral: &str) -> String {
    let host = start.trim_start_matches("http://").trim_end_matches('/');
    format!(
        r#"[platform]
id = "{id}"
name = "{name}"
kind = "marketplace"
hosts = ["{host}"]
[agreement]
basis = "own-site"
reference = "test"
authority = "Office"
valid_from = 2020-01-01
valid_until = 2099-12-31
contact = "ts@shop.example.test"
[crawl]
start = ["{start}"]
{crawl}
private_addresses = ["127.0.0.0/8"]
[referral]
{referral}
"#
    )
}

async fn home(State(inner): State<Arc<Mutex<Inner>>>) -> Html<String> {
    let inner = inner.lock().unwrap();
    let links: Vec<String> =
        inner.listings.keys().map(|name| format!("<li><a href=\"/item/{name}\">{name}</a>")).collect();
    Html(format!("<title>Shop</title><ul>{}</ul>", links.join("\n")))
}

async fn item(State(inner): State<Arc<Mutex<Inner>>>, Path(name): Path<String>) -> Response {
    match inner.lock().unwrap().listings.get(&name) {
        Some(Offer { title, text, price, seller }) => {
            let mut product = serde_json::json!({ "@context": "https://schema.org", "@type": "Product", "name": title,
                "description": text, "offers": { "@type": "Offer", "price": price, "priceCurrency": "EUR" } });
            if let Some(seller) = seller {
                product["offers"]["seller"] = serde_json::json!({ "@type": "Organization", "name": seller });
            }
            // `</` would end the script element early; JSON may write it as `<\/`.
            let product = product.to_string().replace("</", "<\\/");
            Html(format!("<title>item</title><script type=\"application/ld+json\">{product}</script><p>offer"))
                .into_response()
        }
        None => (StatusCode::NOT_FOUND, "gone").into_response(),
    }
}

async fn hook(State(inner): State<Arc<Mutex<Inner>>>, headers: HeaderMap, body: String) -> Response {
    let mut inner = inner.lock().unwrap();
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    inner.received.push(Received {
        id: text("webhook-id"),
        timestamp: text("webhook-timestamp"),
        signature: text("webhook-signature"),
        body,
    });
    let status = if inner.answers.is_empty() { 204 } else { inner.answers.remove(0) };
    let status = StatusCode::from_u16(status).unwrap();
    if status.is_redirection() {
        return (status, [("location", "/elsewhere")]).into_response();
    }
    status.into_response()
}

/// Keeps what a command says.
#[derive(Default)]
struct Heard(Mutex<String>);

impl Sink for Heard {
    fn say(&self, word: Word) -> std::io::Result<()> {
        if let Word::Out(text) = word {
            self.0.lock().unwrap().push_str(&text);
        }
        Ok(())
    }
}

/// A program with its data directory and its hub on loopback.
pub struct Hub {
    pub app: Arc<App>,
    pub clock: Arc<TestClock>,
    pub base: String,
    pub client: reqwest::Client,
    pub folder: tempfile::TempDir,
}

impl Hub {
    /// Opens a data directory with these platform files and serves it.
    pub async fn open(files: &[(&str, String)], change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock::default());
        let platforms = files
            .iter()
            .map(|(id, text)| {
                listingwatch::config::platforms::parse(&format!("{id}.toml"), text, clock.now().date())
                    .unwrap_or_else(|problems| panic!("{problems:?}"))
            })
            .collect();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let mut settings = Settings::default();
        settings.hub.public_url = Some(base.clone());
        settings.sender = Some(Sender {
            name: "Office".to_owned(),
            address: "1 Example Street".to_owned(),
            contact: "office@example.test".to_owned(),
        });
        change(&mut settings);
        let paths = Paths { data: folder.path().join("data"), seeds: None, patterns: None, settings: None };
        let app = Arc::new(App::open(paths, platforms, Some(settings), clock.clone()).unwrap());
        let state = app.hub_state(false, &base);
        tokio::spawn(listingwatch::server::run(listener, state, std::future::pending()));
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Hub { app, clock, base, client, folder }
    }

    /// Runs a command line against the open directory; its words and how it ended.
    pub async fn command(&self, line: &[&str]) -> (String, Result<Exit, Failure>) {
        use clap::Parser;
        let arguments = Arguments::parse_from(["listingwatch", "--json"].iter().chain(line));
        let heard = Arc::new(Heard::default());
        let output = Output::new(heard.clone(), true);
        let result = listingwatch::cli::execute(&self.app, &arguments.request, &output).await;
        let words = heard.0.lock().unwrap().clone();
        (words, result)
    }

    /// The year the clock shows.
    pub fn clock_year(&self) -> String {
        self.clock.now().date().year().to_string()
    }

    /// Scans everything; panics when that fails.
    pub async fn scan(&self) {
        let (_, result) = self.command(&["scan"]).await;
        assert_eq!(result.unwrap(), Exit::Done);
    }

    /// Cases as `referrals list --json` shows them.
    pub async fn cases(&self) -> Vec<serde_json::Value> {
        let (words, result) = self.command(&["referrals", "list"]).await;
        result.unwrap();
        words.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub fn token(&self, role: Role, owner: &str, platform: Option<&str>) -> String {
        let platform = platform.map(|id| PlatformId::parse(id).unwrap());
        let now = self.clock.now();
        self.app
            .rooms
            .truth
            .create_token(role, owner, platform.as_ref(), None, &Actor::named("tester").unwrap(), now)
            .unwrap()
            .1
    }

    pub async fn get(&self, token: &str, path: &str) -> (u16, String) {
        let answer = self.client.get(format!("{}{path}", self.base)).bearer_auth(token).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    pub async fn json(&self, token: &str, path: &str) -> serde_json::Value {
        let (status, text) = self.get(token, path).await;
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    pub async fn post(&self, token: &str, path: &str, body: serde_json::Value) -> (u16, serde_json::Value) {
        let request = self.client.post(format!("{}{path}", self.base)).bearer_auth(token);
        let request = request.header("content-type", "application/json").body(body.to_string());
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default())
    }
}
