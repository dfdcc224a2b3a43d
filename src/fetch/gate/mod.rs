//! The permit: agreement, scope, robots.txt, control file and pace, asked before every request.
//!
//! A [`Permit`] can only be had from [`Gate::admit`] and is consumed by [`Gate::fetch`]; nothing else in the program sends
//! a request to a platform. The gate is the one place where pace is enforced: a governor bucket of one per host on the
//! monotonic clock, and the stored record's `not before` on the wall clock. The later of the two counts.

mod pace;
mod rules;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::sync::OwnedSemaphorePermit;

use crate::evidence::capture::{Capture, Truncated};
use crate::fetch::client::{Client, FetchError, Received};
use crate::fetch::flights::{Flights, Held};
use crate::fetch::gate::pace::{Host, KeptTime, Purpose, Turn};
use crate::frontier::control::Hold;
use crate::frontier::entry::UrlKind;
use crate::frontier::ledger::{Ledger, Urgency};
use crate::frontier::politeness::Wait;
use crate::frontier::robots::{RobotsRecord, RobotsStatus};
use crate::vocab::found::FoundUrl;
use crate::vocab::ids::PlatformId;
use crate::vocab::platform::{OutOfScope, Platform};
use crate::vocab::terms::Reason;
use crate::vocab::time::{Clock, Timestamp};
use crate::vocab::url::{HostKey, UrlError};

/// A wait longer than this is an answer ("come back then"), not a sleep.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// Hosts without a request for this long are forgotten here; the ledger remembers them.
const IDLE_HOST: Duration = Duration::from_secs(3600);

/// Steps of the clock below this are not written down at once.
const SMALL_STEP_MILLIS: u64 = 1000;

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
        url: FoundUrl,
    },
    /// The URL lies outside the platform's paths.
    #[error("the path of `{url}` is outside the agreement")]
    ScopePath {
        /// What was asked for.
        url: FoundUrl,
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
        /// Why.
        why: Wait,
    },
    /// The host's control file asks us to stay away now.
    #[error("the control file of `{host}` asks for no request now ({})", hold.reason())]
    Held {
        /// The host.
        host: HostKey,
        /// What it asks for.
        hold: Hold,
        /// When to ask again.
        until: Timestamp,
    },
}

impl Refusal {
    /// Name of the reason in the coverage statement.
    pub fn reason(&self) -> Reason {
        match self {
            Refusal::Agreement { .. } => Reason::Agreement,
            Refusal::ScopeHost { .. } => Reason::ScopeHost,
            Refusal::ScopePath { .. } => Reason::ScopePath,
            Refusal::Disallowed { .. } => Reason::Robots,
            Refusal::RobotsUnreachable { .. } => Reason::RobotsUnreachable,
            Refusal::PrivateAddress { .. } => Reason::PrivateAddress,
            Refusal::NotBefore { why, .. } => why.reason(),
            Refusal::Held { hold, .. } => hold.reason(),
        }
    }

    /// When asking again may succeed; `None` if asking again is pointless.
    pub fn retry_at(&self) -> Option<Timestamp> {
        match self {
            Refusal::RobotsUnreachable { retry_at, .. } => Some(*retry_at),
            Refusal::NotBefore { until, .. } | Refusal::Held { until, .. } => Some(*until),
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
            Refusal::RobotsUnreachable { .. }
            | Refusal::PrivateAddress { .. }
            | Refusal::NotBefore { .. }
            | Refusal::Held { .. } => false,
        }
    }
}

/// The right to send one request for one URL now.
#[derive(Debug)]
pub struct Permit {
    url: FoundUrl,
    kind: UrlKind,
    platform: Arc<Platform>,
    host: Arc<Host>,
    turn: Turn,
    /// Keeps the number of requests in flight; given back when the fetch ends.
    _slot: OwnedSemaphorePermit,
}

/// A request on its way. Where nobody waits for its answer any more, the delay to the next counts from that moment.
struct Sent<'a> {
    gate: &'a Gate,
    host: &'a Host,
    turn: Option<Turn>,
}

impl Drop for Sent<'_> {
    fn drop(&mut self) {
        if let Some(turn) = self.turn.take() {
            self.gate.left(self.host, turn);
        }
    }
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
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fetched {
    /// The exchange.
    pub capture: Capture,
    /// What kind of answer it is.
    pub kind: Answer,
}

/// Kinds of answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// 2xx with a body.
    Page,
    /// 304.
    NotModified,
    /// 3xx with a target, which must ask for a permit of its own.
    Redirect(Result<FoundUrl, UrlError>),
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
    flights: Arc<Flights>,
    ledger: Arc<dyn Ledger>,
    clock: Arc<dyn Clock>,
    started: Instant,
    after_crash: bool,
    // Handles only, never held across an await.
    hosts: Mutex<HashMap<HostKey, Arc<Host>>>,
    // A few numbers, never held across an await.
    kept: Mutex<KeptTime>,
    /// Platforms whose files changed since: `None` where the file is gone. Handles only, never held across an await.
    newest: RwLock<HashMap<PlatformId, Option<Arc<Platform>>>>,
}

impl Gate {
    /// A gate over `client` that keeps its promises in `ledger`. `after_crash` says that the last process did not end
    /// well: every host is then owed its whole delay from now.
    pub fn new(client: Client, ledger: Arc<dyn Ledger>, clock: Arc<dyn Clock>, after_crash: bool) -> Self {
        let started = Instant::now();
        let kept = Mutex::new(KeptTime::start(clock.now(), started));
        let flights = client.flights();
        Gate {
            client,
            flights,
            ledger,
            clock,
            started,
            after_crash,
            hosts: Mutex::default(),
            kept,
            newest: RwLock::default(),
        }
    }

    /// The client's User-Agent, for the about page.
    pub fn user_agent(&self) -> &str {
        self.client.user_agent()
    }

    /// Asks for a permit, waiting for robots.txt, a free slot and the pace.
    ///
    /// # Errors
    /// When agreement, scope or robots.txt forbid it, or the wait would be longer than a minute.
    pub async fn admit(&self, platform: &Arc<Platform>, url: &FoundUrl, kind: UrlKind) -> Result<Permit, Refusal> {
        let platform = &self.newest(platform)?;
        self.in_scope(platform, url, kind)?;
        let host = self.host(platform, &url.host());
        if self.held(&host).is_err() {
            // The platform may have changed its mind; if not, nothing else is asked for.
            self.refresh_control(platform, &host, None).await?;
            self.held(&host)?;
        }
        let robots = self.robots(platform, &host).await?;
        if robots.status == RobotsStatus::Unreachable {
            return Err(Refusal::RobotsUnreachable { host: host.key.clone(), retry_at: robots.expires_at });
        }
        if !robots.allows(url) {
            return Err(Refusal::Disallowed { host: host.key.clone(), path: url.path_and_query().to_owned() });
        }
        self.refresh_control(platform, &host, Some(&robots)).await?;
        self.held(&host)?;
        // The semaphore is never closed; if it were, waiting for the host is the safe answer.
        let Ok(slot) = host.slots.clone().acquire_owned().await else {
            let until = self.clock.now().after(LONGEST_SLEEP);
            return Err(Refusal::NotBefore { host: host.key.clone(), until, why: Wait::Pace });
        };
        let turn = self.pace(platform, &host, robots.crawl_delay, Purpose::Content).await?;
        // The wait may have crossed midnight.
        if !platform.agreement.in_force(self.clock.now()) {
            return Err(Refusal::Agreement { platform: platform.id.to_string() });
        }
        Ok(Permit { url: url.clone(), kind, platform: platform.clone(), host, turn, _slot: slot })
    }

    /// Room among the bodies in flight for one that was not fetched.
    pub async fn room_for(&self, bytes: usize) -> Held {
        let mut held = self.flights.take(bytes).await;
        held.landed(bytes);
        held
    }

    /// Takes up platforms as their files are now; those in use before that are not among them get no permit any more. Whoever
    /// works with an older file asks by the newer one from the next request on.
    pub fn obey(&self, before: &[Arc<Platform>], now: &[Arc<Platform>]) {
        let mut newest = self.newest.write().unwrap_or_else(PoisonError::into_inner);
        newest.extend(before.iter().map(|platform| (platform.id.clone(), None)));
        newest.extend(now.iter().map(|platform| (platform.id.clone(), Some(platform.clone()))));
    }

    fn newest(&self, platform: &Arc<Platform>) -> Result<Arc<Platform>, Refusal> {
        match self.newest.read().unwrap_or_else(PoisonError::into_inner).get(&platform.id) {
            None => Ok(platform.clone()),
            Some(Some(newest)) => Ok(newest.clone()),
            Some(None) => Err(Refusal::Agreement { platform: platform.id.to_string() }),
        }
    }

    /// Sends the permitted request and learns from its answer. The body counts as held until the [`Held`] is dropped. What came
    /// of it is in `received` even where no capture comes back, or this is not waited for.
    ///
    /// # Errors
    /// When no capture came back.
    pub async fn fetch(
        &self,
        permit: Permit,
        conditional: Conditional,
        received: &Received,
    ) -> Result<(Fetched, Held), FetchError> {
        let Permit { url, kind, platform, host, turn, _slot: slot } = permit;
        let mut extra = Vec::new();
        extra.extend(conditional.etag.map(|value| ("if-none-match", value)));
        extra.extend(conditional.last_modified.map(|value| ("if-modified-since", value)));
        let private = &platform.crawl.private_addresses;
        let request = self.client.get(&url, private, &extra, self.client.body_limit_bytes(kind), received);
        let (result, held) = self.send(&host, turn, request).await;
        drop(slot);
        let capture = result?;
        // Half a page must not be judged; half a list still names pages.
        if capture.truncated == Some(Truncated::Disconnect) && !matches!(kind, UrlKind::Sitemap | UrlKind::Feed) {
            return Err(FetchError::Malformed { url, reason: "its packed bytes break off".to_owned() });
        }
        let kind = match capture.status {
            304 => Answer::NotModified,
            200..=299 => Answer::Page,
            300..=303 | 307 | 308 => match capture.header("location") {
                Some(target) => Answer::Redirect(FoundUrl::redirected(target, &url)),
                None => Answer::Other,
            },
            404 | 410 => Answer::Gone,
            429 | 503 => Answer::Refused,
            _ => Answer::Other,
        };
        Ok((Fetched { capture, kind }, held))
    }

    /// Sends one request in its turn, and learns from its answer or from nobody waiting for it any more.
    async fn send(
        &self,
        host: &Host,
        turn: Turn,
        request: impl Future<Output = Result<Capture, FetchError>>,
    ) -> (Result<Capture, FetchError>, Held) {
        let mut sent = Sent { gate: self, host, turn: Some(turn) };
        let result = request.await;
        let held = sent.turn.take().map(|turn| self.learn(host, turn, &result)).unwrap_or_default();
        (result, held)
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
        let host = self.host(platform, host);
        let (pace, _) = self.pace_now(&host);
        pace.record.blocked_until
    }

    /// Why `url` would be refused, as far as scope and the stored robots.txt tell; nothing is asked.
    pub fn foreseen(&self, platform: &Platform, url: &FoundUrl) -> Option<Reason> {
        if let Err(refusal) = self.in_scope(platform, url, UrlKind::Page) {
            return Some(refusal.reason());
        }
        let robots = self.ledger.load_robots(&url.host())?;
        (robots.status == RobotsStatus::Available && !robots.allows(url)).then_some(Reason::Robots)
    }

    /// Whether something may stand at `url` that we may not look at: it is out of scope, robots.txt excludes it, or it is not known
    /// whether it does. Nothing is asked.
    pub fn may_be_hidden(&self, platform: &Platform, url: &FoundUrl) -> bool {
        self.in_scope(platform, url, UrlKind::Page).is_err()
            || self.ledger.load_robots(&url.host()).is_none_or(|robots| match robots.status {
                RobotsStatus::Available => !robots.allows(url),
                RobotsStatus::Unavailable => false,
                RobotsStatus::Unreachable => true,
            })
    }

    /// Why `host` may not be asked now, as the coverage statement names it, and until when where that is known.
    pub fn stands_in_the_way(&self, platform: &Platform, host: &HostKey) -> Option<(Reason, Option<Timestamp>)> {
        let host = self.host(platform, host);
        {
            let (pace, now) = self.pace_now(&host);
            if let Some((hold, until)) = pace.record.hold(now) {
                return Some((hold.reason(), Some(until)));
            }
            if let Some((why, until)) = pace.record.wait(now) {
                return Some((why.reason(), Some(until)));
            }
        }
        let record = host.robots.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let status = record.map(|record| record.status);
        let status = status.or_else(|| self.ledger.load_robots(&host.key).map(|record| record.status));
        (status == Some(RobotsStatus::Unreachable)).then_some((Reason::RobotsUnreachable, None))
    }

    /// What the host's control file asks for and what of it could not be read, in words for the coverage statement.
    pub fn control_in_words(&self, platform: &Platform, host: &HostKey) -> Vec<String> {
        let host = self.host(platform, host);
        let pace = host.pace();
        let Some(control) = &pace.record.control else { return Vec::new() };
        let asked = control.in_words().map(|asked| format!("the control file of {} asks for: {asked}", host.key));
        let wrong = control
            .notes
            .iter()
            .map(|note| format!("the control file of {} was not obeyed in one point: {note}", host.key));
        asked.into_iter().chain(wrong).collect()
    }

    fn held(&self, host: &Host) -> Result<(), Refusal> {
        let (pace, now) = self.pace_now(host);
        match pace.record.hold(now) {
            Some((hold, until)) => Err(Refusal::Held { host: host.key.clone(), hold, until }),
            None => Ok(()),
        }
    }

    fn in_scope(&self, platform: &Platform, url: &FoundUrl, kind: UrlKind) -> Result<(), Refusal> {
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
        self.notice_step(&hosts);
        if let Some(host) = hosts.get(key) {
            return host.clone();
        }
        if hosts.len() > 10_000 {
            hosts.retain(|_, host| Arc::strong_count(host) > 1 || host.pace().used.elapsed() < IDLE_HOST);
        }
        let record = self.ledger.load_host(key).unwrap_or_default();
        let steady = Instant::now();
        let now = self.clock.now();
        // The last notes of the process before may be lost, even those of a host met for the first time.
        let earliest = if self.after_crash {
            let owed = record.delay.max(record.delay(platform.crawl.rate, None));
            now.after(owed.saturating_sub(self.started.elapsed()))
        } else {
            Timestamp::EPOCH
        };
        let host = Arc::new(Host::new(
            key.clone(),
            record,
            earliest,
            platform.crawl.concurrency,
            KeptTime::start(now, steady),
        ));
        hosts.insert(key.clone(), host.clone());
        host
    }

    /// When the wall clock was set: writes what is owed to each blocked host as it reads on the clock as it shows now, so
    /// that a process that starts on that clock keeps away as long.
    fn notice_step(&self, hosts: &HashMap<HostKey, Arc<Host>>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (steady, now) = (Instant::now(), self.clock.now());
        let before = *kept;
        if kept.step(now, steady).unsigned_abs() < SMALL_STEP_MILLIS {
            // Small differences add up until they are worth writing.
            *kept = before;
            return;
        }
        tracing::warn!("the clock was set to {now}; every host is still owed what it was owed before");
        for host in hosts.values() {
            let (pace, now) = self.pace_now(host);
            if pace.record.wait(now).is_some() {
                self.ledger.save_host(&host.key, &pace.record, Urgency::Now);
            }
        }
    }
}
