//! The permit: agreement, scope, robots.txt and pace, asked before every request.
//!
//! A [`Permit`] can only be had from [`Gate::admit`] and is consumed by [`Gate::fetch`]; nothing else in the program sends
//! a request to a platform. The gate is the one place where pace is enforced: a governor bucket of one per host on the
//! monotonic clock, and the stored record's `not before` on the wall clock. The later of the two counts.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::evidence::capture::{Capture, Truncated};
use crate::fetch::client::{Client, FetchError};
use crate::frontier::entry::UrlKind;
use crate::frontier::ledger::{Ledger, Urgency};
use crate::frontier::politeness::HostRecord;
use crate::frontier::robots::{ROBOTS_LIMIT_BYTES, RobotsRecord, RobotsStatus};
use crate::vocab::platform::{OutOfScope, Platform};
use crate::vocab::time::{Clock, Timestamp};
use crate::vocab::url::{CanonicalUrl, HostKey, UrlError};

/// A wait longer than this is an answer ("come back then"), not a sleep.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// What is added to the delay at most while the request before is still on its way.
const LONGEST_SLACK: Duration = Duration::from_secs(1);

/// Redirects followed for robots.txt (RFC 9309 section 2.3.1.2).
const ROBOTS_REDIRECTS: usize = 5;

/// Hosts without a request for this long are forgotten here; the ledger remembers them.
const IDLE_HOST: Duration = Duration::from_secs(3600);

/// Why no permit was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The agreement is not in force today.
    #[error("the agreement with `{platform}` is not in force")]
    Agreement {
        /// The platform.
        platform: String,
    },
    /// The URL lies outside the platform's hosts.
    #[error("`{url}` is on a host outside the agreement")]
    ScopeHost {
        /// What was asked for.
        url: CanonicalUrl,
    },
    /// The URL lies outside the platform's paths.
    #[error("the path of `{url}` is outside the agreement")]
    ScopePath {
        /// What was asked for.
        url: CanonicalUrl,
    },
    /// robots.txt disallows it.
    #[error("robots.txt of `{host}` disallows `{path}`")]
    Disallowed {
        /// The host.
        host: HostKey,
        /// Path and query.
        path: String,
    },
    /// robots.txt could not be read, so everything is disallowed for now.
    #[error("robots.txt of `{host}` is unreachable until {retry_at}")]
    RobotsUnreachable {
        /// The host.
        host: HostKey,
        /// When it will be asked for again.
        retry_at: Timestamp,
    },
    /// The host lives at a private address the platform file does not list.
    #[error("`{host}` leads to a private address")]
    PrivateAddress {
        /// The host.
        host: HostKey,
    },
    /// The host asked us to stay away, or its pace is slower than a caller should sleep.
    #[error("`{host}` may not be asked before {until}")]
    NotBefore {
        /// The host.
        host: HostKey,
        /// The earliest moment.
        until: Timestamp,
    },
}

impl Refusal {
    /// Name of the reason in the coverage statement.
    pub fn reason(&self) -> &'static str {
        match self {
            Refusal::Agreement { .. } => "agreement",
            Refusal::ScopeHost { .. } => "scope-host",
            Refusal::ScopePath { .. } => "scope-path",
            Refusal::Disallowed { .. } => "robots",
            Refusal::RobotsUnreachable { .. } => "robots-unreachable",
            Refusal::PrivateAddress { .. } => "private-address",
            Refusal::NotBefore { .. } => "host-blocked",
        }
    }

    /// When asking again may succeed; `None` if asking again is pointless.
    pub fn retry_at(&self) -> Option<Timestamp> {
        match self {
            Refusal::RobotsUnreachable { retry_at, .. } => Some(*retry_at),
            Refusal::NotBefore { until, .. } => Some(*until),
            Refusal::Agreement { .. }
            | Refusal::ScopeHost { .. }
            | Refusal::ScopePath { .. }
            | Refusal::Disallowed { .. }
            | Refusal::PrivateAddress { .. } => None,
        }
    }

    /// Whether agreement, scope or robots.txt leave the URL out. Everything else is in scope and could not be had.
    pub fn is_exclusion(&self) -> bool {
        match self {
            Refusal::Agreement { .. }
            | Refusal::ScopeHost { .. }
            | Refusal::ScopePath { .. }
            | Refusal::Disallowed { .. } => true,
            Refusal::RobotsUnreachable { .. } | Refusal::PrivateAddress { .. } | Refusal::NotBefore { .. } => false,
        }
    }
}

/// The right to send one request for one URL now.
#[derive(Debug)]
pub struct Permit {
    url: CanonicalUrl,
    platform: Arc<Platform>,
    host: Arc<Host>,
    /// Which of the host's requests it is.
    turn: u64,
    /// Keeps the number of requests in flight; given back when the fetch ends.
    _slot: OwnedSemaphorePermit,
}

/// Validators of an earlier visit.
#[derive(Debug, Clone, Default)]
pub struct Conditional {
    /// `If-None-Match`.
    pub etag: Option<String>,
    /// `If-Modified-Since`.
    pub last_modified: Option<String>,
}

/// What a permitted request brought.
#[derive(Debug)]
pub struct Fetched {
    /// The exchange.
    pub capture: Capture,
    /// What kind of answer it is.
    pub kind: Answer,
}

/// Kinds of answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// 2xx with a body.
    Page,
    /// 304.
    NotModified,
    /// 3xx with a target, which must ask for a permit of its own.
    Redirect(Result<CanonicalUrl, UrlError>),
    /// 404 or 410.
    Gone,
    /// 429 or 503: the host wants less of us.
    Refused,
    /// Any other status.
    Other,
}

/// Where robots.txt, pace and scope are enforced. One for a process.
pub struct Gate {
    client: Client,
    ledger: Arc<dyn Ledger>,
    clock: Arc<dyn Clock>,
    started_at: Timestamp,
    after_crash: bool,
    // Handles only, never held across an await.
    hosts: Mutex<HashMap<HostKey, Arc<Host>>>,
}

#[derive(Debug)]
struct Host {
    key: HostKey,
    // A few fields, never held across an await.
    pace: Mutex<Pace>,
    robots: Mutex<Option<Arc<RobotsRecord>>>,
    /// Held while robots.txt is fetched, so that it is fetched once.
    robots_turn: tokio::sync::Mutex<()>,
    slots: Arc<Semaphore>,
}

#[derive(Debug)]
struct Pace {
    record: HostRecord,
    limiter: Option<(Duration, DefaultDirectRateLimiter)>,
    /// No request before this moment, whatever the record says: the wait owed after a crash.
    earliest: Timestamp,
    /// Counts requests, so that an answer knows whether a later request was already sent.
    requests: u64,
    /// The latest request that was answered, or failed.
    answered: u64,
    used: Instant,
}

impl Gate {
    /// A gate over `client` that keeps its promises in `ledger`. `after_crash` says that the last process did not end
    /// well: every host is then owed its whole delay from now.
    pub fn new(client: Client, ledger: Arc<dyn Ledger>, clock: Arc<dyn Clock>, after_crash: bool) -> Self {
        let started_at = clock.now();
        Gate { client, ledger, clock, started_at, after_crash, hosts: Mutex::default() }
    }

    /// The client's User-Agent, for the about page.
    pub fn user_agent(&self) -> &str {
        self.client.user_agent()
    }

    /// Asks for a permit, waiting for robots.txt, a free slot and the pace.
    ///
    /// # Errors
    /// When agreement, scope or robots.txt forbid it, or the wait would be longer than a minute.
    pub async fn admit(&self, platform: &Arc<Platform>, url: &CanonicalUrl, kind: UrlKind) -> Result<Permit, Refusal> {
        self.in_scope(platform, url, kind)?;
        let host = self.host(platform, &url.host());
        let robots = self.robots(platform, &host).await?;
        if robots.status == RobotsStatus::Unreachable {
            return Err(Refusal::RobotsUnreachable { host: host.key.clone(), retry_at: robots.expires_at });
        }
        if !robots.allows(url) {
            return Err(Refusal::Disallowed { host: host.key.clone(), path: url.path_and_query().to_owned() });
        }
        // The semaphore is never closed; if it were, waiting for the host is the safe answer.
        let Ok(slot) = host.slots.clone().acquire_owned().await else {
            return Err(Refusal::NotBefore { host: host.key.clone(), until: self.clock.now().after(LONGEST_SLEEP) });
        };
        let turn = self.pace(platform, &host, robots.crawl_delay).await?;
        // The wait may have crossed midnight.
        if !platform.agreement.in_force(self.clock.now()) {
            return Err(Refusal::Agreement { platform: platform.id.to_string() });
        }
        Ok(Permit { url: url.clone(), platform: platform.clone(), host, turn, _slot: slot })
    }

    /// Sends the permitted request and learns from its answer.
    ///
    /// # Errors
    /// When no capture came back.
    pub async fn fetch(&self, permit: Permit, conditional: Conditional) -> Result<Fetched, FetchError> {
        let Permit { url, platform, host, turn, _slot: slot } = permit;
        let mut extra = Vec::new();
        extra.extend(conditional.etag.map(|value| ("if-none-match", value)));
        extra.extend(conditional.last_modified.map(|value| ("if-modified-since", value)));
        let private = &platform.crawl.private_addresses;
        let result = self.client.get(&url, private, &extra, self.client.body_limit_bytes()).await;
        self.learn(&host, turn, &result);
        drop(slot);
        let capture = result?;
        let kind = match capture.status {
            304 => Answer::NotModified,
            200..=299 => Answer::Page,
            301 | 302 | 303 | 307 | 308 => match capture.header("location") {
                Some(target) => Answer::Redirect(CanonicalUrl::parse(target, Some(&url))),
                None => Answer::Other,
            },
            404 | 410 => Answer::Gone,
            429 | 503 => Answer::Refused,
            _ => Answer::Other,
        };
        Ok(Fetched { capture, kind })
    }

    /// The host's robots record, fetched if it is missing or stale.
    ///
    /// # Errors
    /// When the host may not be asked now.
    pub async fn robots_of(&self, platform: &Arc<Platform>, host: &HostKey) -> Result<Arc<RobotsRecord>, Refusal> {
        let host = self.host(platform, host);
        self.robots(platform, &host).await
    }

    /// The delay now owed between two requests to `host`.
    pub fn delay_of(&self, platform: &Platform, host: &HostKey) -> Duration {
        let host = self.host(platform, host);
        let crawl_delay =
            host.robots.lock().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(|record| record.crawl_delay);
        host.pace().record.delay(platform.crawl.rate, crawl_delay)
    }

    /// Until when `host` asked us to stay away, if it did.
    pub fn blocked_until(&self, platform: &Platform, host: &HostKey) -> Option<Timestamp> {
        self.host(platform, host).pace().record.blocked_until
    }

    /// Why `host` may not be asked now, as the coverage statement names it, and until when where that is known.
    pub fn stands_in_the_way(&self, platform: &Platform, host: &HostKey) -> Option<(&'static str, Option<Timestamp>)> {
        let host = self.host(platform, host);
        let (blocked, silent) = {
            let pace = host.pace();
            (pace.record.blocked_until.filter(|until| *until > self.clock.now()), pace.record.is_silent())
        };
        if blocked.is_some() {
            return Some((if silent { "host-silent" } else { "host-blocked" }, blocked));
        }
        let record = host.robots.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let status = record.map(|record| record.status);
        let status = status.or_else(|| self.ledger.load_robots(&host.key).map(|record| record.status));
        (status == Some(RobotsStatus::Unreachable)).then_some(("robots-unreachable", None))
    }

    fn in_scope(&self, platform: &Platform, url: &CanonicalUrl, kind: UrlKind) -> Result<(), Refusal> {
        if !platform.agreement.in_force(self.clock.now()) {
            return Err(Refusal::Agreement { platform: platform.id.to_string() });
        }
        match platform.in_scope(url) {
            Ok(()) => Ok(()),
            // Sitemaps and feeds say where pages are; the path globs speak of pages.
            Err(OutOfScope::Path) if matches!(kind, UrlKind::Sitemap | UrlKind::Feed) => Ok(()),
            Err(OutOfScope::Path) => Err(Refusal::ScopePath { url: url.clone() }),
            Err(OutOfScope::Host) => Err(Refusal::ScopeHost { url: url.clone() }),
        }
    }

    fn host(&self, platform: &Platform, key: &HostKey) -> Arc<Host> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(host) = hosts.get(key) {
            return host.clone();
        }
        if hosts.len() > 10_000 {
            hosts.retain(|_, host| Arc::strong_count(host) > 1 || host.pace().used.elapsed() < IDLE_HOST);
        }
        let record = self.ledger.load_host(key).unwrap_or_default();
        // The last notes of the process before may be lost, even those of a host met for the first time.
        let earliest = if self.after_crash {
            self.started_at.after(record.delay.max(record.delay(platform.crawl.rate, None)))
        } else {
            Timestamp::EPOCH
        };
        let host = Arc::new(Host {
            key: key.clone(),
            pace: Mutex::new(Pace { record, limiter: None, earliest, requests: 0, answered: 0, used: Instant::now() }),
            robots: Mutex::default(),
            robots_turn: tokio::sync::Mutex::default(),
            slots: Arc::new(Semaphore::new(platform.crawl.concurrency.max(1))),
        });
        hosts.insert(key.clone(), host.clone());
        host
    }

    /// Waits until a request may start, and notes that it does. Answers which request of the host it is.
    async fn pace(&self, platform: &Platform, host: &Host, crawl_delay: Option<Duration>) -> Result<u64, Refusal> {
        loop {
            let wait = {
                let mut pace = host.pace();
                let now = self.clock.now();
                let delay = pace.record.delay(platform.crawl.rate, crawl_delay);
                // A request that is not answered yet may have reached the server later than it was sent.
                let on_its_way = pace.answered < pace.requests;
                let slack = if on_its_way { (delay / 2).min(LONGEST_SLACK) } else { Duration::ZERO };
                let not_before = pace.record.not_before(delay.saturating_add(slack), now).max(pace.earliest);
                if not_before > now {
                    let wait = not_before.since(now);
                    if wait > LONGEST_SLEEP.max(delay.saturating_mul(2)) {
                        return Err(Refusal::NotBefore { host: host.key.clone(), until: not_before });
                    }
                    wait
                } else {
                    match pace.bucket_wait(delay) {
                        None => {
                            pace.record.last_request_at = Some(now);
                            pace.record.delay = delay;
                            pace.requests += 1;
                            pace.used = Instant::now();
                            if !delay.is_zero() {
                                self.ledger.save_host(&host.key, &pace.record, Urgency::Soon);
                            }
                            return Ok(pace.requests);
                        }
                        Some(wait) => wait,
                    }
                }
            };
            // One millisecond more, because both clocks are cut to milliseconds.
            tokio::time::sleep(wait + Duration::from_millis(1)).await;
        }
    }

    fn learn(&self, host: &Host, turn: u64, result: &Result<Capture, FetchError>) {
        let mut pace = host.pace();
        let now = self.clock.now();
        // The request reached the server some time between its start and its answer. Counting the delay from the answer,
        // unless a later request is already out, keeps the gap as the server sees it at least as long as promised.
        pace.answered = pace.answered.max(turn);
        let delay = pace.record.delay;
        if pace.requests == turn {
            pace.record.last_request_at = Some(now);
            pace.restart_bucket(delay);
        }
        let refused = match result {
            Ok(capture) => {
                let latency = capture.elapsed;
                pace.record.after_answer(capture.status, latency, capture.header("retry-after"), now)
            }
            Err(error) if error.is_passing() => pace.record.after_silence(now),
            Err(_) => false,
        };
        if refused {
            self.ledger.save_host(&host.key, &pace.record, Urgency::Now);
        } else if !delay.is_zero() {
            self.ledger.save_host(&host.key, &pace.record, Urgency::Soon);
        }
    }

    async fn robots(&self, platform: &Arc<Platform>, host: &Arc<Host>) -> Result<Arc<RobotsRecord>, Refusal> {
        if let Some(record) = self.fresh_robots(host) {
            return Ok(record);
        }
        let _turn = host.robots_turn.lock().await;
        if let Some(record) = self.fresh_robots(host) {
            return Ok(record);
        }
        let record = match self.ledger.load_robots(&host.key) {
            Some(record) if !record.is_stale(self.clock.now()) => record,
            _ => {
                let record = self.fetch_robots(platform, host).await?;
                self.ledger.save_robots(&host.key, &record);
                record
            }
        };
        let record = Arc::new(record);
        *host.robots.lock().unwrap_or_else(PoisonError::into_inner) = Some(record.clone());
        Ok(record)
    }

    fn fresh_robots(&self, host: &Host) -> Option<Arc<RobotsRecord>> {
        let held = host.robots.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        (!held.is_stale(self.clock.now())).then_some(held)
    }

    async fn fetch_robots(&self, platform: &Arc<Platform>, host: &Arc<Host>) -> Result<RobotsRecord, Refusal> {
        let unreachable = |now| RobotsRecord::from_answer(None, b"", now);
        let address = format!("{}/robots.txt", host.key);
        let Ok(mut url) = CanonicalUrl::parse(&address, None) else { return Ok(unreachable(self.clock.now())) };
        // What the last record asked for still counts while a new one is fetched.
        let known_delay = self.ledger.load_robots(&host.key).and_then(|record| record.crawl_delay);
        for _ in 0..=ROBOTS_REDIRECTS {
            self.in_scope(platform, &url, UrlKind::Sitemap)?;
            let target = self.host(platform, &url.host());
            let turn = self.pace(platform, &target, known_delay).await?;
            let private = &platform.crawl.private_addresses;
            let answer = self.client.get(&url, private, &[], ROBOTS_LIMIT_BYTES).await;
            self.learn(&target, turn, &answer);
            let now = self.clock.now();
            let capture = match answer {
                // Rules cut by the clock are not the rules: what was not read may forbid everything.
                Ok(capture) if capture.truncated == Some(Truncated::Time) => return Ok(unreachable(now)),
                Ok(capture) => capture,
                Err(FetchError::PrivateAddress { url }) if url.host() == host.key => {
                    return Err(Refusal::PrivateAddress { host: host.key.clone() });
                }
                Err(_) => return Ok(unreachable(now)),
            };
            if !(300..400).contains(&capture.status) {
                return Ok(RobotsRecord::from_answer(Some(capture.status), &capture.body, now));
            }
            match capture.header("location").map(|target| CanonicalUrl::parse(target, Some(&url))) {
                Some(Ok(next)) if self.in_scope(platform, &next, UrlKind::Sitemap).is_ok() => url = next,
                // A redirect out of scope, nowhere, or in circles: no rules were read, so nothing is allowed.
                _ => return Ok(unreachable(now)),
            }
        }
        Ok(unreachable(self.clock.now()))
    }
}

impl Host {
    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pace {
    /// `None` when the bucket has room (and now has not), else how long until it does.
    fn bucket_wait(&mut self, delay: Duration) -> Option<Duration> {
        if delay.is_zero() {
            return None;
        }
        // A quota cannot change: a new delay is a new bucket, filled as the old one was left.
        if self.limiter.as_ref().is_none_or(|(held, _)| *held != delay) {
            let fresh = self.requests == 0 && self.limiter.is_none();
            self.restart_bucket(delay);
            if fresh {
                return None;
            }
        }
        let (_, limiter) = self.limiter.as_ref()?;
        limiter.check().err().map(|not_until| {
            use governor::clock::Clock as _;
            not_until.wait_time_from(governor::clock::DefaultClock::default().now())
        })
    }

    /// A bucket without room until one delay from now.
    fn restart_bucket(&mut self, delay: Duration) {
        let quota = Quota::with_period(delay).map(|quota| quota.allow_burst(NonZeroU32::MIN));
        self.limiter = quota.map(|quota| {
            let limiter = RateLimiter::direct(quota);
            let _ = limiter.check();
            (delay, limiter)
        });
    }
}
