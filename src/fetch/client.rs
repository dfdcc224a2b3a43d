//! The HTTP client: one request, capped in bytes, time and rate. Redirects are answers, not followed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::evidence::capture::{Capture, Truncated};
use crate::fetch::address::{AddressGuard, PRIVATE_ADDRESS};
use crate::fetch::flights::Flights;
use crate::frontier::coding::{self, End};
use crate::frontier::entry::UrlKind;
use crate::vocab::found::FoundUrl;
use crate::vocab::identity::{Identity, NONCE_BYTES};
use crate::vocab::limits::Limits;
use crate::vocab::platform::IpRange;
use crate::vocab::terms::Reason;
use crate::vocab::time::{Clock, Timestamp};

/// A body may be as slow as it likes for this long.
const GRACE: Duration = Duration::from_secs(5);

/// Why a request brought no capture.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The address is private and not listed for the platform.
    #[error("`{url}` leads to a private address")]
    PrivateAddress {
        /// What was asked for.
        url: FoundUrl,
    },
    /// The connection could not be made or broke.
    #[error("no answer from `{url}`: {reason}")]
    Connection {
        /// What was asked for.
        url: FoundUrl,
        /// The chain of causes, in one line.
        reason: String,
    },
    /// No response head in time.
    #[error("`{url}` did not answer within {seconds} s")]
    Timeout {
        /// What was asked for.
        url: FoundUrl,
        /// The limit.
        seconds: u64,
    },
    /// The response is not HTTP we can read.
    #[error("malformed response from `{url}`: {reason}")]
    Malformed {
        /// What was asked for.
        url: FoundUrl,
        /// What is wrong with it.
        reason: String,
    },
}

impl FetchError {
    /// Name of the outcome in the coverage statement.
    pub fn reason(&self) -> Reason {
        match self {
            FetchError::PrivateAddress { .. } => Reason::PrivateAddress,
            FetchError::Connection { .. } => Reason::Connection,
            FetchError::Timeout { .. } => Reason::Timeout,
            FetchError::Malformed { .. } => Reason::MalformedResponse,
        }
    }

    /// Whether another attempt may succeed.
    pub fn is_passing(&self) -> bool {
        matches!(self, FetchError::Connection { .. } | FetchError::Timeout { .. })
    }
}

/// Bytes of a body as they came, whatever becomes of the request: one that breaks off, or that nobody waits for any more, came
/// so far.
#[derive(Debug, Default)]
pub struct Received(AtomicU64);

impl Received {
    /// Bytes so far, as they were sent.
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn add(&self, bytes: usize) {
        self.0.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// HTTP clients by the private ranges they may reach: one for all public platforms, one for each set of own ranges.
pub struct Client {
    user_agent: String,
    limits: Limits,
    pub(super) clock: Arc<dyn Clock>,
    identity: Option<Arc<Identity>>,
    // Handles only, never held across an await.
    clients: Mutex<HashMap<String, reqwest::Client>>,
}

impl Client {
    /// A client that names `contact_url` to the sites it visits.
    pub fn new(contact_url: &str, limits: Limits, clock: Arc<dyn Clock>) -> Self {
        // The second install of a process is an error that changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let version = env!("CARGO_PKG_VERSION");
        let user_agent = format!("{}/{version} (+{contact_url})", crate::frontier::robots::PRODUCT_TOKEN);
        Client { user_agent, limits, clock, identity: None, clients: Mutex::default() }
    }

    /// The same, with every GET signed (RFC 9421, Web Bot Auth), so that a platform can tell us from those who use our name.
    #[must_use]
    pub fn signing_as(mut self, identity: Arc<Identity>) -> Self {
        self.identity = Some(identity);
        self
    }

    /// Room for requests and bodies, as the limits allow it.
    pub(super) fn flights(&self) -> Arc<Flights> {
        Flights::new(self.limits.requests, self.limits.bodies_bytes)
    }

    /// The User-Agent header sent.
    pub fn user_agent(&self) -> &str {
        &self.user_agent
    }

    /// Sends one GET. Visible in this room only: outside it a request needs a permit.
    pub(super) async fn get(
        &self,
        url: &FoundUrl,
        private_addresses: &[IpRange],
        extra: &[(&'static str, String)],
        body_limit_bytes: usize,
        received: &Received,
    ) -> Result<Capture, FetchError> {
        let guard = AddressGuard::new(private_addresses);
        if !guard.admits_literal(url) {
            return Err(FetchError::PrivateAddress { url: url.clone() });
        }
        let client = self.client(&guard, private_addresses).map_err(|error| connection(url, &error))?;
        let mut headers = self.headers(extra);
        self.sign(url, &mut headers);
        let request_headers =
            headers.iter().map(|(n, v)| (n.to_string(), String::from_utf8_lossy(v.as_bytes()).into_owned())).collect();
        let started = Instant::now();
        let request = client.get(url.as_url().clone()).headers(headers).send();
        let mut response = match tokio::time::timeout(self.limits.head_deadline, request).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(connection(url, &error)),
            Err(_) => {
                return Err(FetchError::Timeout { url: url.clone(), seconds: self.limits.head_deadline.as_secs() });
            }
        };
        let fetched_at = self.clock.now();
        let remote = response.remote_addr().map(|address| address.ip());
        if remote.is_some_and(|address| !guard.admits(address)) {
            return Err(FetchError::PrivateAddress { url: url.clone() });
        }
        let status = response.status().as_u16();
        let response_headers: Vec<(String, String)> =
            response.headers().iter().map(|(n, v)| (n.as_str().to_owned(), header_text(n, v.as_bytes()))).collect();
        let (body, truncated) = self.body(&mut response, (started, received), body_limit_bytes, url).await?;
        let (body, truncated) = undone(body, truncated, &response_headers, body_limit_bytes, url).await?;
        Ok(Capture {
            url: url.clone(),
            fetched_at,
            remote,
            status,
            request_headers,
            response_headers,
            body: body.into(),
            truncated,
            elapsed: started.elapsed(),
        })
    }

    /// Cap of a body, as it is sent and decoded: sitemaps and feeds list a whole site and have one of their own.
    pub(super) fn body_limit_bytes(&self, kind: UrlKind) -> usize {
        match kind {
            UrlKind::Sitemap | UrlKind::Feed => self.limits.sitemap_bytes,
            UrlKind::Seed | UrlKind::Page | UrlKind::Recheck => self.limits.body_bytes,
        }
    }

    async fn body(
        &self,
        response: &mut reqwest::Response,
        (started, received): (Instant, &Received),
        limit_bytes: usize,
        url: &FoundUrl,
    ) -> Result<(Vec<u8>, Option<Truncated>), FetchError> {
        let deadline = tokio::time::Instant::from_std(started + self.limits.page_deadline);
        let expected = response.content_length().and_then(|n| usize::try_from(n).ok()).unwrap_or(32 << 10);
        let mut body: Vec<u8> = Vec::with_capacity(expected.min(1 << 20));
        loop {
            match tokio::time::timeout_at(deadline, response.chunk()).await {
                Err(_) => return Ok((body, Some(Truncated::Time))),
                Ok(Ok(None)) => return Ok((body, None)),
                Ok(Ok(Some(chunk))) => {
                    received.add(chunk.len());
                    let room = limit_bytes.saturating_sub(body.len());
                    body.extend_from_slice(&chunk[..chunk.len().min(room)]);
                    if chunk.len() > room {
                        return Ok((body, Some(Truncated::Length)));
                    }
                    let ran = started.elapsed();
                    if ran > GRACE && (body.len() as u64) < ran.as_secs() * self.limits.floor_bytes_per_second {
                        return Ok((body, Some(Truncated::Time)));
                    }
                }
                // A body that breaks in the middle is no page: half a listing must not be judged.
                Ok(Err(error)) => return Err(connection(url, &error)),
            }
        }
    }

    fn headers(&self, extra: &[(&'static str, String)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let fixed = [
            ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.5"),
            ("accept-encoding", "gzip, br, deflate"),
            ("user-agent", &self.user_agent),
        ];
        for (name, value) in fixed.into_iter().chain(extra.iter().map(|(name, value)| (*name, value.as_str()))) {
            // A stored validator with bytes that fit no header is left out; the page is then simply fetched whole.
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        headers
    }

    /// Adds the signature's headers, where there is a key and the system gives randomness for the nonce.
    fn sign(&self, url: &FoundUrl, headers: &mut HeaderMap) {
        let Some(identity) = &self.identity else { return };
        let mut nonce = [0; NONCE_BYTES];
        if getrandom::fill(&mut nonce).is_err() {
            return;
        }
        let host = url.host();
        let authority = host.as_str().split_once("://").map_or("", |(_, authority)| authority);
        let now: Timestamp = self.clock.now();
        for (name, value) in identity.keys().request_headers(authority, identity.agent(), now, &nonce) {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }

    pub(super) fn client(&self, guard: &AddressGuard, ranges: &[IpRange]) -> Result<reqwest::Client, reqwest::Error> {
        let key = format!("{ranges:?}");
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&key) {
            return Ok(client.clone());
        }
        let client = reqwest::Client::builder()
            .no_proxy()
            .referer(false)
            .redirect(reqwest::redirect::Policy::none())
            .dns_resolver(Arc::new(guard.clone()))
            .connect_timeout(self.limits.connect_deadline)
            .pool_idle_timeout(Duration::from_secs(60))
            .tcp_nodelay(true)
            // Old servers and scripts of shops send such heads; browsers read them.
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .http1_allow_spaces_after_header_name_in_responses(true)
            .http1_ignore_invalid_headers_in_responses(true)
            .build()?;
        clients.insert(key, client.clone());
        Ok(client)
    }
}

/// Headers whose values hold addresses: what is not UTF-8 in them is percent-encoded, as browsers do, not replaced.
const ADDRESSES: [&str; 4] = ["location", "link", "refresh", "content-location"];

fn header_text(name: &HeaderName, value: &[u8]) -> String {
    if !ADDRESSES.contains(&name.as_str()) {
        return String::from_utf8_lossy(value).into_owned();
    }
    let mut text = String::with_capacity(value.len());
    for chunk in value.utf8_chunks() {
        text.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("%{byte:02X}")));
    }
    text
}

/// Packed bodies from this size on are unpacked beside the runtime.
const LARGE_BYTES: usize = 64 << 10;

/// The body without its codings.
async fn undone(
    body: Vec<u8>,
    truncated: Option<Truncated>,
    headers: &[(String, String)],
    limit_bytes: usize,
    url: &FoundUrl,
) -> Result<(Vec<u8>, Option<Truncated>), FetchError> {
    let values = |wanted: &'static str| headers.iter().filter(move |(name, _)| name == wanted).map(|(_, value)| value);
    let encodings = || values("content-encoding").chain(values("transfer-encoding")).map(String::as_str);
    if !coding::is_packed(&body, encodings()) {
        return Ok((body, truncated));
    }
    let is_text = values("content-type").all(|kind| {
        let kind = kind.to_ascii_lowercase();
        kind.starts_with("text/") || kind.contains("html") || kind.contains("xml") || kind.contains("json")
    });
    let result = if body.len() < LARGE_BYTES {
        coding::undo(body, encodings(), is_text, limit_bytes)
    } else {
        let encodings: Vec<String> = encodings().map(str::to_owned).collect();
        let work = move || coding::undo(body, encodings.iter().map(String::as_str), is_text, limit_bytes);
        // Only a panic ends the work early, and the decoders cost that page, not the scan.
        let ended =
            |error: tokio::task::JoinError| FetchError::Malformed { url: url.clone(), reason: error.to_string() };
        tokio::task::spawn_blocking(work).await.map_err(ended)?
    };
    let undone = result.map_err(|error| FetchError::Malformed { url: url.clone(), reason: error.to_string() })?;
    let truncated = match undone.end {
        End::Whole => truncated,
        // What was cut on its way breaks off for that reason.
        End::TooLong => truncated.or(Some(Truncated::Length)),
        End::BrokenOff => truncated.or(Some(Truncated::Disconnect)),
    };
    Ok((undone.body, truncated))
}

pub(super) fn connection(url: &FoundUrl, error: &reqwest::Error) -> FetchError {
    let mut reason = String::new();
    let mut broke = error.is_connect() || error.is_timeout();
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(error) = cause {
        broke |= error.downcast_ref::<std::io::Error>().is_some_and(is_broken);
        if !reason.is_empty() {
            reason.push_str(": ");
        }
        reason.push_str(&error.to_string());
        cause = error.source();
    }
    if reason.is_empty() {
        reason = error.to_string();
    }
    reason.truncate(reason.floor_char_boundary(300));
    if reason.contains(PRIVATE_ADDRESS) {
        FetchError::PrivateAddress { url: url.clone() }
    } else if broke || BROKEN_OFF.iter().any(|words| reason.contains(words)) {
        FetchError::Connection { url: url.clone(), reason }
    } else {
        FetchError::Malformed { url: url.clone(), reason }
    }
}

/// How the client words a peer that hangs up; it gives these causes no type of their own.
const BROKEN_OFF: [&str; 3] =
    ["end of file before message length reached", "connection closed before message completed", "unexpected EOF"];

fn is_broken(error: &std::io::Error) -> bool {
    use std::io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::ConnectionReset
            | Kind::ConnectionAborted
            | Kind::ConnectionRefused
            | Kind::BrokenPipe
            | Kind::NotConnected
    )
}
