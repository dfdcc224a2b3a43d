//! The marketplace on loopback: one small server a host, a log of every request, listings that can be taken down.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request as HttpRequest, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::demo::audit::{self, HostPromise, PolitenessAudit, Request, Visitor};
use crate::demo::hosts::{Ended, HOSTS};
use crate::demo::site::{Encoding, Host, PageKind, Site};
use crate::demo::templates;
use crate::demo::truth::Truth;
use crate::demo::{platform_file, sitemap};
use crate::vocab::ids::Sha256Digest;
use crate::vocab::time::Timestamp;
use crate::vocab::url::CanonicalUrl;

/// When every page of the demo was last changed, as an HTTP date.
const LAST_MODIFIED: &str = "Mon, 02 Nov 2026 08:00:00 GMT";
/// The log stops growing here, so that a demo left running for weeks stays small.
const LOG_LIMIT: usize = 200_000;
/// How long `shutdown` waits for answers under way.
const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(2);

/// Which ports the hosts listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortChoice {
    /// Any free one.
    Any,
    /// This one (hosts that must share 127.0.0.1 take the next ones), or an error.
    Fixed(u16),
    /// This one if it is free, any other if not. Stable addresses let a second run continue a first.
    Prefer(u16),
}

/// Why the marketplace cannot open.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// An address is taken or refused.
    #[error("cannot listen on {address} for the demo marketplace")]
    Bind {
        /// Address asked for.
        address: SocketAddr,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
}

/// The marketplace, open for visitors until [`Marketplace::shutdown`] or drop.
#[derive(Debug)]
pub struct Marketplace {
    shared: Arc<Shared>,
    truth: Truth,
    origins: Vec<String>,
    stop: watch::Sender<bool>,
    servers: Vec<JoinHandle<()>>,
}

/// A page as it goes out.
#[derive(Debug)]
struct Rendered {
    bytes: Vec<u8>,
    tag: String,
}

#[derive(Debug)]
struct Shared {
    site: Arc<Site>,
    /// Every page, rendered once for the chosen addresses.
    rendered: Vec<BTreeMap<String, Rendered>>,
    redirects: Vec<BTreeMap<String, (u16, String)>>,
    opened: Instant,
    opened_at: Timestamp,
    // Both guard small data and are never held across an await.
    log: Mutex<Vec<Request>>,
    ended: Mutex<BTreeSet<(usize, String)>>,
}

impl Marketplace {
    /// Opens all hosts: on 127.0.0.1, 127.0.0.2 and so on with one port, or on more ports of 127.0.0.1 where the system
    /// has only that address. `now` dates the log.
    ///
    /// # Errors
    /// When an address cannot be listened on.
    pub async fn start(site: Arc<Site>, ports: PortChoice, now: Timestamp) -> Result<Self, DemoError> {
        let listeners = match bind_all(ports).await {
            Err(_) if matches!(ports, PortChoice::Prefer(_)) => bind_all(PortChoice::Any).await,
            result => result,
        }?;
        let origins: Vec<String> = listeners.iter().map(|(_, address)| format!("http://{address}")).collect();
        let shared = Arc::new(Shared {
            rendered: site.hosts.iter().map(|host| render(host, &origins)).collect(),
            redirects: site.hosts.iter().map(|host| fill_redirects(host, &origins)).collect(),
            opened: Instant::now(),
            opened_at: now,
            log: Mutex::new(Vec::new()),
            ended: Mutex::new(BTreeSet::new()),
            site: Arc::clone(&site),
        });
        let (stop, stopped) = watch::channel(false);
        let mut servers = Vec::with_capacity(listeners.len());
        for (host, (listener, _)) in listeners.into_iter().enumerate() {
            let router = Router::new().fallback(answer).with_state((Arc::clone(&shared), host));
            let mut stopped = stopped.clone();
            servers.push(tokio::spawn(async move {
                let until_stopped = async move {
                    // An error means that the sender is gone, which ends the server as well.
                    let _ = stopped.wait_for(|stop| *stop).await;
                };
                if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(until_stopped).await {
                    tracing::warn!(host, %error, "demo host {host} stopped");
                }
            }));
        }
        let truth = site.truth(&origins);
        Ok(Marketplace { shared, truth, origins, stop, servers })
    }

    /// Where the hosts answer: `http://host:port`, in the order of [`HOSTS`].
    pub fn origins(&self) -> &[String] {
        &self.origins
    }

    /// File name and text of the platform files that describe this marketplace.
    pub fn platform_files(&self) -> Vec<(String, String)> {
        platform_file::platform_files(&self.origins)
    }

    /// What really stands in it.
    pub fn truth(&self) -> &Truth {
        &self.truth
    }

    /// Takes a listing down, as a platform does after a notice. Says whether there was such a listing.
    ///
    /// Depending on the host the page then answers 410, 404, or 200 with a sentence that the listing has ended.
    pub fn take_down(&self, url: &str) -> bool {
        let Some(place) = self.find_listing(url) else { return false };
        locked(&self.shared.ended).insert(place);
        true
    }

    /// Puts a listing back that was taken down, as a seller does. Says whether it had been down.
    pub fn put_back(&self, url: &str) -> bool {
        let Some(place) = self.find_listing(url) else { return false };
        locked(&self.shared.ended).remove(&place)
    }

    fn find_listing(&self, url: &str) -> Option<(usize, String)> {
        let url = CanonicalUrl::parse(url, None).ok()?;
        let host = self.origins.iter().position(|origin| *origin == url.host().as_str())?;
        let mut key = Host::page_key(url.path_and_query());
        if let Some((_, target)) = self.shared.redirects[host].get(&key) {
            key.clone_from(target);
        }
        let key = without_variant(&key);
        let page = self.shared.site.hosts[host].pages.get(&key)?;
        (page.kind == PageKind::Listing).then_some((host, key))
    }

    /// Every request so far, in the order of arrival.
    pub fn requests(&self) -> Vec<Request> {
        locked(&self.shared.log).clone()
    }

    /// Judges the visitors' manners from the log.
    pub fn audit(&self) -> PolitenessAudit {
        let log = self.requests();
        let allows: Vec<_> = HOSTS.iter().map(|host| |path: &str| host.robots.allows(path)).collect();
        let promises: Vec<HostPromise<'_>> = HOSTS
            .iter()
            .zip(&allows)
            .map(|(host, allows)| HostPromise { delay: host.promised_pause(), allows })
            .collect();
        audit::audit(&log, &promises)
    }

    /// Closes all hosts; answers under way get two seconds.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        for mut server in std::mem::take(&mut self.servers) {
            if tokio::time::timeout(SHUTDOWN_PATIENCE, &mut server).await.is_err() {
                server.abort();
            }
        }
    }
}

impl Drop for Marketplace {
    fn drop(&mut self) {
        for server in &self.servers {
            server.abort();
        }
    }
}

async fn bind_all(ports: PortChoice) -> Result<Vec<(TcpListener, SocketAddr)>, DemoError> {
    let mut bound: Vec<(TcpListener, SocketAddr)> = Vec::new();
    let mut port = match ports {
        PortChoice::Any => 0,
        PortChoice::Fixed(port) | PortChoice::Prefer(port) => port,
    };
    for host in 0..HOSTS.len() {
        let own = Ipv4Addr::new(127, 0, 0, u8::try_from(host + 1).unwrap_or(1));
        let shared_port = if ports == PortChoice::Any { 0 } else { port.saturating_add(host as u16) };
        let own = SocketAddr::from((own, port));
        let listener = match TcpListener::bind(own).await {
            Ok(listener) => listener,
            Err(source) if host == 0 => return Err(DemoError::Bind { address: own, source }),
            Err(_) => {
                let address = SocketAddr::from((Ipv4Addr::LOCALHOST, shared_port));
                TcpListener::bind(address).await.map_err(|source| DemoError::Bind { address, source })?
            }
        };
        let address = listener.local_addr().map_err(|source| DemoError::Bind { address: own, source })?;
        if host == 0 {
            port = address.port();
        }
        bound.push((listener, address));
    }
    Ok(bound)
}

fn fill_marks(text: &str, origins: &[String]) -> String {
    let mut text = text.to_owned();
    for (host, origin) in HOSTS.iter().zip(origins) {
        text = text.replace(&templates::origin_mark(host.key), origin);
    }
    text
}

fn render(host: &Host, origins: &[String]) -> BTreeMap<String, Rendered> {
    host.pages
        .iter()
        .map(|(key, page)| {
            let text = fill_marks(&page.text, origins);
            let bytes = match page.encoding {
                Encoding::Utf8 => text.into_bytes(),
                Encoding::Windows1251 => encoding_rs::WINDOWS_1251.encode(&text).0.into_owned(),
                Encoding::Gzip => sitemap::gzip(&text),
            };
            let tag = format!("\"{}\"", &Sha256Digest::of(&bytes).hex()[..16]);
            (key.clone(), Rendered { bytes, tag })
        })
        .collect()
}

fn fill_redirects(host: &Host, origins: &[String]) -> BTreeMap<String, (u16, String)> {
    host.redirects.iter().map(|(from, (status, to))| (from.clone(), (*status, fill_marks(to, origins)))).collect()
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere cannot leave a list or a set half changed, so its content is still good.
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn without_variant(key: &str) -> String {
    key.strip_suffix("?variant=list").unwrap_or(key).to_owned()
}

type Served = (Arc<Shared>, usize);

async fn answer(State((shared, host)): State<Served>, request: HttpRequest) -> Response {
    let since_open = shared.opened.elapsed();
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let response = respond(&shared, host, &path, request.method(), request.headers());
    let visitor = if request.headers().contains_key("sec-fetch-mode") { Visitor::Browser } else { Visitor::Program };
    let mut log = locked(&shared.log);
    if log.len() < LOG_LIMIT {
        let at = shared.opened_at.after(since_open);
        log.push(Request { since_open, at, host, path, status: response.status().as_u16(), visitor });
    }
    response
}

fn respond(shared: &Shared, host: usize, path: &str, method: &Method, headers: &HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return reply(StatusCode::METHOD_NOT_ALLOWED, &[(header::ALLOW, "GET, HEAD")], Vec::new());
    }
    let spec = shared.site.hosts[host].spec;
    let key = Host::page_key(path);
    let html = "text/html; charset=utf-8";
    if let Some((status, target)) = shared.redirects[host].get(&key) {
        let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::FOUND);
        return reply(status, &[(header::LOCATION, target)], Vec::new());
    }
    if locked(&shared.ended).contains(&(host, without_variant(&key))) {
        let (status, page) = match spec.ended {
            Ended::Gone => (StatusCode::GONE, templates::ended(spec)),
            Ended::NotFound => (StatusCode::NOT_FOUND, templates::not_found(spec)),
            Ended::Page => (StatusCode::OK, templates::ended(spec)),
        };
        return reply(status, &[(header::CONTENT_TYPE, html)], page.into_bytes());
    }
    let site_page = shared.site.hosts[host].pages.get(&key).or_else(|| {
        // Search and account pages look the same whatever is asked of them.
        let bare = key.split('?').next().unwrap_or_default();
        shared.site.hosts[host].pages.get(bare).filter(|page| page.kind != PageKind::Listing)
    });
    if let Some(page) = site_page {
        let bare = key.split('?').next().unwrap_or_default();
        let Some(Rendered { bytes, tag }) = shared.rendered[host].get(&key).or_else(|| shared.rendered[host].get(bare))
        else {
            return reply(StatusCode::NOT_FOUND, &[], Vec::new());
        };
        let validators = [(header::ETAG, tag.as_str()), (header::LAST_MODIFIED, LAST_MODIFIED)];
        if unchanged(headers, tag) {
            return reply(StatusCode::NOT_MODIFIED, &validators, Vec::new());
        }
        let mut all = vec![(header::CONTENT_TYPE, page.content_type)];
        all.extend(validators);
        return reply(StatusCode::OK, &all, bytes.clone());
    }
    if let Some((year, month)) = calendar_month(&key).filter(|_| spec.key == "plaza") {
        return reply(
            StatusCode::OK,
            &[(header::CONTENT_TYPE, html)],
            templates::calendar(spec, year, month).into_bytes(),
        );
    }
    reply(StatusCode::NOT_FOUND, &[(header::CONTENT_TYPE, html)], templates::not_found(spec).into_bytes())
}

/// Whether the visitor already has this version (RFC 9110, 13.1: the entity tag decides where both are given).
fn unchanged(headers: &HeaderMap, tag: &str) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    match text(header::IF_NONE_MATCH) {
        Some(tags) => tags.split(',').any(|known| known.trim().trim_start_matches("W/") == tag || known.trim() == "*"),
        None => text(header::IF_MODIFIED_SINCE) == Some(LAST_MODIFIED),
    }
}

fn calendar_month(key: &str) -> Option<(u32, u32)> {
    let (year, month) = key.strip_prefix("/calendar/")?.strip_suffix('/')?.split_once('/')?;
    let (year, month) = (year.parse().ok()?, month.parse().ok()?);
    ((1..=12).contains(&month) && (1900..10_000).contains(&year)).then_some((year, month))
}

fn reply(status: StatusCode, headers: &[(header::HeaderName, &str)], body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    for (name, value) in headers {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
