//! When a request may start, and what its answer teaches.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::Semaphore;

use crate::evidence::capture::Capture;
use crate::fetch::client::FetchError;
use crate::fetch::flights::Held;
use crate::fetch::gate::{Gate, LONGEST_SLEEP, Refusal};
use crate::frontier::ledger::Urgency;
use crate::frontier::politeness::{HostRecord, Wait};
use crate::frontier::retry_after;
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
    /// Its moments are kept on the wall clock as that shows now: see [`Pace::keep_time`].
    pub(super) record: HostRecord,
    limiter: Option<(Duration, DefaultDirectRateLimiter)>,
    /// No request before this moment, whatever the record says: the wait owed after a crash.
    earliest: Timestamp,
    kept: KeptTime,
    /// Counts requests, so that an answer knows whether a later request was already sent.
    requests: u64,
    /// The latest request that was answered, or failed.
    answered: u64,
    /// Bytes of a body, going by those before.
    body_bytes: usize,
    pub(super) used: Instant,
}

/// The right to send one request to a host now.
#[derive(Debug)]
pub(super) struct Turn {
    /// Which of the host's requests it is.
    number: u64,
    /// Its place among all requests of the process, and room for what it brings.
    held: Held,
}

/// Bytes a host's first body is expected to have. After that as many as the largest had, less this part with each that had
/// fewer.
const FIRST_BODY_BYTES: usize = 1 << 20;
const BODY_SHRINKS: usize = 8;

/// The wall clock beside the clock that nobody can set, since both were first looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeptTime {
    wall: Timestamp,
    steady: Instant,
    /// Milliseconds the wall clock has been set forward since, as far as that was noticed.
    noticed: i64,
}

impl KeptTime {
    /// From a look at both, `steady` first.
    pub(super) fn start(wall: Timestamp, steady: Instant) -> Self {
        KeptTime { wall, steady, noticed: 0 }
    }

    /// Milliseconds by which the wall clock was set forward since the last call, or back if negative. `steady` must have
    /// been read before `wall`: a pause between the two then makes waits longer, not shorter.
    pub(super) fn step(&mut self, wall: Timestamp, steady: Instant) -> i64 {
        let passed = i64::try_from(steady.saturating_duration_since(self.steady).as_millis()).unwrap_or(i64::MAX);
        let shown = wall.as_millis().saturating_sub(self.wall.as_millis());
        let all = shown.saturating_sub(passed);
        let step = all.saturating_sub(self.noticed);
        self.noticed = all;
        step
    }
}

impl Gate {
    /// The pace of a host and the moment, with what is owed moved to the wall clock as it shows now.
    pub(super) fn pace_now<'host>(&self, host: &'host Host) -> (MutexGuard<'host, Pace>, Timestamp) {
        let mut pace = host.pace();
        let steady = Instant::now();
        let now = self.clock.now();
        pace.keep_time(now, steady);
        (pace, now)
    }

    /// Waits until a request may start, and notes that it does.
    pub(super) async fn pace(
        &self,
        platform: &Platform,
        host: &Host,
        crawl_delay: Option<Duration>,
        purpose: Purpose,
    ) -> Result<Turn, Refusal> {
        let mut place = None;
        loop {
            let wait = {
                let (mut pace, now) = self.pace_now(host);
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
                        let why = pace.record.wait(now).filter(|(_, until)| *until == not_before);
                        let why = why.map_or(Wait::Pace, |(why, _)| why);
                        return Err(Refusal::NotBefore { host: host.key.clone(), until: not_before, why });
                    }
                    Ok(wait)
                } else {
                    let bytes = self.flights.share_of(pace.body_bytes);
                    match place.take().or_else(|| self.flights.try_take(bytes)) {
                        None => Err(bytes),
                        Some(held) => match pace.bucket_wait(delay) {
                            None => {
                                pace.record.last_request_at = Some(now);
                                pace.record.delay = delay;
                                pace.requests += 1;
                                pace.used = Instant::now();
                                if !delay.is_zero() {
                                    self.ledger.save_host(&host.key, &pace.record, Urgency::Soon);
                                }
                                return Ok(Turn { number: pace.requests, held });
                            }
                            Some(wait) => Ok(wait),
                        },
                    }
                }
            };
            match wait {
                Ok(wait) => {
                    // Who waits for a host keeps no place from others.
                    place = None;
                    // One millisecond more, because both clocks are cut to milliseconds.
                    tokio::time::sleep(wait + Duration::from_millis(1)).await;
                }
                // The turn is taken when the request can be sent: to take it sooner would shorten the gap to the next.
                Err(bytes) => place = Some(self.flights.take(bytes).await),
            }
        }
    }

    /// A request whose answer is not waited for may have reached the server until now.
    pub(super) fn left(&self, host: &Host, turn: Turn) {
        let (mut pace, now) = self.pace_now(host);
        pace.answered = pace.answered.max(turn.number);
        if pace.requests == turn.number {
            pace.record.last_request_at = Some(now);
            let delay = pace.record.delay;
            pace.restart_bucket(delay);
            if !delay.is_zero() {
                self.ledger.save_host(&host.key, &pace.record, Urgency::Soon);
            }
        }
    }

    /// Learns from an answer, or from none.
    pub(super) fn learn(&self, host: &Host, turn: Turn, result: &Result<Capture, FetchError>) -> Held {
        let Turn { number: turn, mut held } = turn;
        let bytes = result.as_ref().map_or(0, |capture| capture.body.len());
        held.landed(bytes);
        let (mut pace, now) = self.pace_now(host);
        pace.body_bytes = bytes.max(pace.body_bytes - pace.body_bytes / BODY_SHRINKS);
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
                let asked = capture.every("retry-after");
                let asked = asked.and_then(|text| retry_after::parse(&text, capture.header("date"), now));
                pace.record.after_answer(capture.status, latency, asked, now)
            }
            Err(error) if error.is_passing() => pace.record.after_silence(now),
            Err(_) => false,
        };
        if refused {
            self.ledger.save_host(&host.key, &pace.record, Urgency::Now);
        } else if !delay.is_zero() {
            self.ledger.save_host(&host.key, &pace.record, Urgency::Soon);
        }
        held
    }
}

impl Host {
    /// A host met for the first time by this process. No request before `earliest`.
    pub(super) fn new(
        key: HostKey,
        record: HostRecord,
        earliest: Timestamp,
        concurrency: usize,
        kept: KeptTime,
    ) -> Self {
        let used = Instant::now();
        Host {
            key,
            pace: Mutex::new(Pace {
                record,
                limiter: None,
                earliest,
                kept,
                requests: 0,
                answered: 0,
                body_bytes: FIRST_BODY_BYTES,
                used,
            }),
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
    /// Moves what is owed to the wall clock as it shows now, so that setting it neither shortens nor lengthens a wait.
    /// Answers by how many milliseconds it was set forward since the last look.
    pub(super) fn keep_time(&mut self, now: Timestamp, steady: Instant) -> i64 {
        let step = self.kept.step(now, steady);
        if step != 0 {
            self.record = std::mem::take(&mut self.record).on_shifted_clock(step);
            self.earliest = self.earliest.shifted(step);
        }
        step
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_the_wall_clock_are_told_from_time_that_passes() {
        let (wall, steady) = (Timestamp::from_millis(1_700_000_000_000), Instant::now());
        let second = Duration::from_secs(1);
        let mut kept = KeptTime { wall, steady, noticed: 0 };
        let year = 365 * 86_400_000;
        for (name, passed, set, expected) in [
            ("time passes", 1, 0, 0),
            ("set forward", 1, 3_600_000, 3_600_000),
            ("seen once", 2, 3_600_000, 0),
            ("set back to what it was", 3, 0, -3_600_000),
            ("a year back", 9, -year, -year),
            ("a year and an hour forward", 9, 3_600_000, year + 3_600_000),
            ("and right again", 10, 0, -3_600_000),
        ] {
            let step = kept.step(wall.after(second * passed).shifted(set), steady + second * passed);
            assert_eq!(step, expected, "{name}");
        }
    }
}
