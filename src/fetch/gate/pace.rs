//! When a request may start, and what its answer teaches.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::Semaphore;

use crate::evidence::capture::Capture;
use crate::fetch::client::FetchError;
use crate::fetch::gate::{Gate, LONGEST_SLEEP, Refusal};
use crate::frontier::ledger::Urgency;
use crate::frontier::politeness::HostRecord;
use crate::frontier::robots::RobotsRecord;
use crate::vocab::platform::Platform;
use crate::vocab::time::Timestamp;
use crate::vocab::url::HostKey;

/// What is added to the delay at most while the request before is still on its way.
const LONGEST_SLACK: Duration = Duration::from_secs(1);

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A page, a sitemap, robots.txt.
    Content,
    /// The host's control file, the only thing asked for while it says stop or pause.
    Control,
}

/// What is kept in memory of one host.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) key: HostKey,
    // A few fields, never held across an await.
    pace: Mutex<Pace>,
    pub(super) robots: Mutex<Option<Arc<RobotsRecord>>>,
    /// Held while robots.txt or the control file is fetched, so that each is fetched once.
    pub(super) rules_turn: tokio::sync::Mutex<()>,
    pub(super) slots: Arc<Semaphore>,
}

/// A host's pace: the stored record, and the bucket on the monotonic clock.
#[derive(Debug)]
pub(super) struct Pace {
    pub(super) record: HostRecord,
    limiter: Option<(Duration, DefaultDirectRateLimiter)>,
    /// No request before this moment, whatever the record says: the wait owed after a crash.
    earliest: Timestamp,
    /// Counts requests, so that an answer knows whether a later request was already sent.
    requests: u64,
    /// The latest request that was answered, or failed.
    answered: u64,
    pub(super) used: Instant,
}

impl Gate {
    /// Waits until a request may start, and notes that it does. Answers which request of the host it is.
    pub(super) async fn pace(
        &self,
        platform: &Platform,
        host: &Host,
        crawl_delay: Option<Duration>,
        purpose: Purpose,
    ) -> Result<u64, Refusal> {
        loop {
            let wait = {
                let mut pace = host.pace();
                let now = self.clock.now();
                if purpose != Purpose::Control
                    && let Some((hold, until)) = pace.record.hold(now)
                {
                    return Err(Refusal::Held { host: host.key.clone(), hold, until });
                }
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

    /// Learns from an answer, or from none.
    pub(super) fn learn(&self, host: &Host, turn: u64, result: &Result<Capture, FetchError>) {
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
}

impl Host {
    /// A host met for the first time by this process. No request before `earliest`.
    pub(super) fn new(key: HostKey, record: HostRecord, earliest: Timestamp, concurrency: usize) -> Self {
        Host {
            key,
            pace: Mutex::new(Pace { record, limiter: None, earliest, requests: 0, answered: 0, used: Instant::now() }),
            robots: Mutex::default(),
            rules_turn: tokio::sync::Mutex::default(),
            slots: Arc::new(Semaphore::new(concurrency.max(1))),
        }
    }

    pub(super) fn pace(&self) -> MutexGuard<'_, Pace> {
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
