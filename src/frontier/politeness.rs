//! The pace owed to a host, as a record that survives the process.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::frontier::control::{Control, Hold};
use crate::vocab::platform::Rate;
use crate::vocab::terms::Reason;
use crate::vocab::time::Timestamp;

/// Back-off never asks for more than this between two requests; beyond it the host is blocked instead.
const LONGEST_DELAY: Duration = Duration::from_secs(300);

/// A `Retry-After` beyond this is cut: a host cannot lock us out for years by one header.
const LONGEST_BLOCK: Duration = Duration::from_secs(7 * 86_400);

/// Block after a 429 or 503 without `Retry-After`, doubled with each in a row.
const FIRST_BLOCK: Duration = Duration::from_secs(10);

/// Requests without any answer after which the host is left alone, and for how long; doubled with each further stretch.
const SILENCES: u16 = 8;
const SILENT_BLOCK: Duration = Duration::from_secs(600);
const LONGEST_SILENT_BLOCK: Duration = Duration::from_secs(6 * 3600);

/// The delay is at least this many times the host's latency: a slow host is a busy host.
const LATENCY_FACTOR: u32 = 2;

/// A last request this far in the future may come from a checkpoint that lags; one beyond it was noted by a clock that
/// was ahead.
const CLOCK_SLACK: Duration = Duration::from_secs(60);

/// Why a host may not be asked yet, besides what its control file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// It answered 429 or 503.
    Asked,
    /// It does not answer.
    Silent,
    /// The pace promised to it.
    Pace,
}

impl Wait {
    /// Name of the reason in the coverage statement.
    pub fn reason(self) -> Reason {
        match self {
            Wait::Asked => Reason::HostBlocked,
            Wait::Silent => Reason::HostSilent,
            Wait::Pace => Reason::HostPaced,
        }
    }
}

/// What is owed to one host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostRecord {
    /// Start of the last request.
    pub last_request_at: Option<Timestamp>,
    /// The delay promised when the record was written.
    pub delay: Duration,
    /// No request before this moment (`Retry-After` or a block after 429 and 503).
    pub blocked_until: Option<Timestamp>,
    /// Refusals (429, 503) in a row; each doubles the block and slows the pace.
    pub refusals: u16,
    /// Doublings of the delay that refusals left behind; falls by one after each quiet stretch.
    pub slowdown: u8,
    /// Answers since the last refusal.
    pub quiet_answers: u16,
    /// Smoothed time to answer.
    pub latency: Duration,
    /// Requests in a row that brought no answer at all.
    #[serde(default)]
    pub silences: u16,
    /// What its control file asks for, once it was looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<Box<Control>>,
}

impl HostRecord {
    /// The delay between two requests: the strictest of the agreement's rate, robots' `Crawl-delay`, the control file and
    /// back-off.
    ///
    /// An unlimited rate (own site) has no back-off for latency; refusals still slow it down.
    pub fn delay(&self, rate: Rate, crawl_delay: Option<Duration>) -> Duration {
        let control = self.control.as_ref().and_then(|control| control.delay);
        let asked = crawl_delay.unwrap_or_default().max(control.unwrap_or_default());
        let (base, latency) = match rate {
            Rate::Unlimited => (Duration::ZERO, Duration::ZERO),
            Rate::Every(period) => (period, self.latency.saturating_mul(LATENCY_FACTOR).min(Duration::from_secs(30))),
        };
        let calm = base.max(asked).max(latency);
        if self.slowdown == 0 {
            return calm;
        }
        let slowed = calm.max(Duration::from_millis(500)).saturating_mul(1 << self.slowdown.min(10));
        // What robots.txt asks for is never cut, however long it is.
        slowed.min(LONGEST_DELAY.max(calm))
    }

    /// Why the host's control file asks for no request at `now`, and when to ask again.
    pub fn hold(&self, now: Timestamp) -> Option<(Hold, Timestamp)> {
        self.control.as_ref()?.hold(now)
    }

    /// Whether the control file must be looked for.
    pub fn control_is_due(&self, now: Timestamp) -> bool {
        self.control.as_ref().is_none_or(|control| control.is_due(now))
    }

    /// The earliest moment of the next request, from what is stored. After a clock that stepped back a last request in
    /// the future counts as one made now, so a step never shortens the delay.
    pub fn not_before(&self, delay: Duration, now: Timestamp) -> Timestamp {
        let paced = self.last_request_at.map_or(Timestamp::EPOCH, |at| at.min(now).after(delay));
        paced.max(self.blocked_until.unwrap_or(Timestamp::EPOCH))
    }

    /// Why no request may be made at `now`, where a block and not only the delay since the last request says so.
    pub fn wait(&self, now: Timestamp) -> Option<(Wait, Timestamp)> {
        let until = self.blocked_until.filter(|until| *until > now)?;
        let paced = self.last_request_at.map_or(Timestamp::EPOCH, |at| at.after(self.delay));
        let why = match () {
            () if self.is_silent() => Wait::Silent,
            () if until <= paced => Wait::Pace,
            () => Wait::Asked,
        };
        Some((why, until))
    }

    /// The record on a clock that was set forward by `millis`, or back if negative: what is owed stays as long as it was.
    #[must_use]
    pub fn on_shifted_clock(mut self, millis: i64) -> Self {
        self.last_request_at = self.last_request_at.map(|at| at.shifted(millis));
        self.blocked_until = self.blocked_until.map(|until| until.shifted(millis));
        self
    }

    /// The record as another process must read it at `now`, not knowing whether the clock was set in between. A last
    /// request in the future was noted by a clock that was ahead, and counts as made now: what was owed after it is owed
    /// from now. No block is longer than the longest there is.
    #[must_use]
    pub fn as_read_at(self, now: Timestamp) -> Self {
        let ahead = self.last_request_at.map_or(0, |at| at.as_millis().saturating_sub(now.as_millis()));
        let too_far = u128::try_from(ahead).is_ok_and(|ahead| ahead > CLOCK_SLACK.as_millis());
        let mut read = if too_far { self.on_shifted_clock(-ahead) } else { self };
        // A checkpoint that lags adds the delay of the host to its own interval; a delay may be longer than any block.
        let longest = LONGEST_BLOCK.max(read.delay).saturating_add(CLOCK_SLACK);
        read.blocked_until = read.blocked_until.map(|until| until.min(now.after(longest)));
        if let Some(control) = &mut read.control {
            control.look_in_time(now);
        }
        read
    }

    /// The record as it must be read when requests up to `latest` may have followed it: as if the last had been made then.
    #[must_use]
    pub fn asked_until(mut self, latest: Timestamp) -> Self {
        let owed = latest.after(self.delay);
        self.blocked_until = Some(self.blocked_until.map_or(owed, |until| until.max(owed)));
        self.last_request_at = Some(self.last_request_at.map_or(latest, |at| at.max(latest)));
        self
    }

    /// Learns that a request brought no answer. A host that stays silent is down: it is left alone for a while instead of
    /// being tried for each of its pages. Says whether it is.
    pub fn after_silence(&mut self, now: Timestamp) -> bool {
        self.silences = self.silences.saturating_add(1);
        if !self.silences.is_multiple_of(SILENCES) {
            return false;
        }
        let stretch = u32::from(self.silences / SILENCES - 1).min(6);
        let until = now.after(SILENT_BLOCK.saturating_mul(1 << stretch).min(LONGEST_SILENT_BLOCK));
        self.blocked_until = Some(self.blocked_until.map_or(until, |earlier| earlier.max(until)));
        true
    }

    /// Whether the host was left alone because it was silent.
    pub fn is_silent(&self) -> bool {
        self.silences >= SILENCES
    }

    /// Learns from an answer. `retry_after` is what the header asks for. Says whether the host asked us to stay away.
    pub fn after_answer(
        &mut self,
        status: u16,
        latency: Duration,
        retry_after: Option<Duration>,
        now: Timestamp,
    ) -> bool {
        self.silences = 0;
        let latency = latency.min(LONGEST_DELAY);
        // Rises soon, falls slowly: a site in trouble shows it by its latency before it says 503.
        self.latency = match self.latency {
            Duration::ZERO => latency,
            known if latency > known => (known.saturating_mul(3) + latency) / 4,
            known => (known.saturating_mul(15) + latency) / 16,
        };
        if matches!(status, 429 | 503) {
            let own = FIRST_BLOCK.saturating_mul(1 << self.refusals.min(9));
            let until = now.after(retry_after.unwrap_or(own).min(LONGEST_BLOCK));
            self.blocked_until = Some(self.blocked_until.map_or(until, |earlier| earlier.max(until)));
            self.refusals = self.refusals.saturating_add(1);
            self.slowdown = (self.slowdown + 1).min(6);
            self.quiet_answers = 0;
            return true;
        }
        // A redirect may ask for time before it is followed (RFC 9110, 10.2.3).
        if let (300..=399, Some(asked)) = (status, retry_after) {
            let until = now.after(asked.min(LONGEST_BLOCK));
            self.blocked_until = Some(self.blocked_until.map_or(until, |earlier| earlier.max(until)));
            return true;
        }
        self.refusals = 0;
        self.quiet_answers = self.quiet_answers.saturating_add(1);
        // Rises at once, falls slowly: one step back after twenty answers without a refusal.
        if self.quiet_answers >= 20 && self.slowdown > 0 {
            self.slowdown -= 1;
            self.quiet_answers = 0;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn the_strictest_wins() {
        let record = HostRecord::default();
        assert_eq!(record.delay(Rate::Every(SECOND), Some(5 * SECOND)), 5 * SECOND);
        assert_eq!(record.delay(Rate::Every(9 * SECOND), Some(5 * SECOND)), 9 * SECOND);
        assert_eq!(record.delay(Rate::Unlimited, Some(2 * SECOND)), 2 * SECOND);
        assert_eq!(record.delay(Rate::Unlimited, None), Duration::ZERO);
        let slow = HostRecord { latency: 4 * SECOND, ..HostRecord::default() };
        assert_eq!(slow.delay(Rate::Every(SECOND), None), 8 * SECOND);
    }

    #[test]
    fn a_redirect_may_ask_for_time() {
        let mut record = HostRecord::default();
        assert!(!record.after_answer(302, SECOND, None, at(0)));
        assert_eq!(record.blocked_until, None);
        assert!(record.after_answer(302, SECOND, Some(60 * SECOND), at(0)));
        assert_eq!((record.blocked_until, record.refusals), (Some(at(60)), 0));
    }

    #[test]
    fn a_control_file_only_ever_lowers_the_pace() {
        let control = |text: &str| Some(Box::new(Control::parse(text.as_bytes(), at(0))));
        for (text, rate, crawl_delay, expected) in [
            ("Delay: 7", Rate::Every(SECOND), None, 7 * SECOND),
            ("Delay: 7", Rate::Unlimited, None, 7 * SECOND),
            ("Delay: 7", Rate::Every(9 * SECOND), None, 9 * SECOND),
            ("Delay: 7", Rate::Every(SECOND), Some(11 * SECOND), 11 * SECOND),
            ("Rate: 1000/s", Rate::Every(SECOND), Some(2 * SECOND), 2 * SECOND),
            ("nonsense", Rate::Every(SECOND), None, SECOND),
        ] {
            let record = HostRecord { control: control(text), ..HostRecord::default() };
            assert_eq!(record.delay(rate, crawl_delay), expected, "{text} with {rate}");
            assert!(record.delay(rate, crawl_delay) >= HostRecord::default().delay(rate, crawl_delay));
        }
        let backing_off = HostRecord { slowdown: 2, control: control("Delay: 7"), ..HostRecord::default() };
        assert_eq!(backing_off.delay(Rate::Every(SECOND), None), 28 * SECOND);
    }

    #[test]
    fn latency_slows_us_soon_and_is_forgotten_slowly() {
        let mut record = HostRecord::default();
        for _ in 0..20 {
            record.after_answer(200, SECOND / 10, None, at(0));
        }
        assert_eq!(record.delay(Rate::Every(SECOND), None), SECOND);
        let mut slow = 0;
        while record.delay(Rate::Every(SECOND), None) < 4 * SECOND {
            record.after_answer(200, 4 * SECOND, None, at(0));
            slow += 1;
        }
        assert!(slow <= 4, "{slow} slow answers halve our pace twice");
        let mut calm = 0;
        while record.delay(Rate::Every(SECOND), None) > SECOND {
            record.after_answer(200, SECOND / 10, None, at(0));
            calm += 1;
        }
        assert!(calm > 4 * slow, "{calm} calm answers after {slow} slow ones");
        record.after_answer(200, Duration::MAX, None, at(0));
        assert!(record.delay(Rate::Every(SECOND), None) <= Duration::from_secs(30));
    }

    #[test]
    fn a_long_crawl_delay_survives_the_cap_of_back_off() {
        let record = HostRecord { slowdown: 3, ..HostRecord::default() };
        assert_eq!(record.delay(Rate::Every(SECOND), Some(1000 * SECOND)), 1000 * SECOND);
        assert_eq!(record.delay(Rate::Every(SECOND), None), 8 * SECOND);
    }

    #[test]
    fn refusals_block_and_slow_down_and_calm_returns_slowly() {
        let mut record = HostRecord::default();
        assert!(record.after_answer(429, SECOND, Some(120 * SECOND), at(0)));
        assert_eq!(record.blocked_until, Some(at(120)));
        assert!(record.after_answer(503, SECOND, None, at(0)));
        assert_eq!(record.blocked_until, Some(at(120)), "a shorter block does not replace a longer one");
        assert!(record.delay(Rate::Every(SECOND), None) >= 4 * SECOND);
        for _ in 0..19 {
            assert!(!record.after_answer(200, SECOND, None, at(200)));
        }
        assert_eq!(record.slowdown, 2);
        record.after_answer(200, SECOND, None, at(200));
        assert_eq!(record.slowdown, 1);
    }

    #[test]
    fn a_checkpoint_that_lags_is_read_as_if_a_request_had_just_been_made() {
        let record = HostRecord { last_request_at: Some(at(0)), delay: 20 * SECOND, ..HostRecord::default() };
        let restored = record.asked_until(at(30));
        assert_eq!(restored.not_before(20 * SECOND, at(10)), at(50));
        assert_eq!(restored.not_before(20 * SECOND, at(50)), at(50));
        assert_eq!(restored.not_before(SECOND, at(49)), at(50), "the delay promised before counts");
    }

    #[test]
    fn a_silent_host_is_left_alone_until_it_answers() {
        let mut record = HostRecord::default();
        let blocks = (0..16).filter(|_| record.after_silence(at(0))).count();
        assert_eq!((blocks, record.blocked_until), (2, Some(at(1200))));
        assert!(record.is_silent());
        record.after_answer(200, SECOND, None, at(1300));
        assert!(!record.is_silent() && !record.after_silence(at(1400)));
    }

    #[test]
    fn a_clock_step_back_does_not_shorten_the_delay() {
        let record = HostRecord { last_request_at: Some(at(1000)), ..HostRecord::default() };
        assert_eq!(record.not_before(5 * SECOND, at(400)), at(405));
        assert_eq!(record.not_before(5 * SECOND, at(1001)), at(1005));
    }

    const HOUR: i64 = 3_600_000;
    const DAY: i64 = 24 * HOUR;

    /// A host that answered 429 with `Retry-After: 1800` at `now`, promised 5 s between requests.
    fn refused(now: Timestamp) -> HostRecord {
        let mut record = HostRecord { last_request_at: Some(now), delay: 5 * SECOND, ..HostRecord::default() };
        assert!(record.after_answer(429, SECOND, Some(1800 * SECOND), now));
        record
    }

    #[test]
    fn a_clock_that_was_ahead_costs_no_more_than_what_was_owed() {
        let today = at(1_000_000);
        for ahead in [2 * 60_000, HOUR, DAY, 365 * DAY, i64::MAX] {
            let noted = today.shifted(ahead);
            // Paced only: as if the request had been made now.
            let paced = HostRecord { last_request_at: Some(noted), delay: 5 * SECOND, ..HostRecord::default() };
            assert_eq!(paced.as_read_at(today).not_before(5 * SECOND, today), today.after(5 * SECOND), "{ahead}");
            // Blocked: the whole block from now, even after a second crash.
            let read = refused(noted).as_read_at(today);
            if ahead < i64::MAX {
                assert_eq!(read.wait(today), Some((Wait::Asked, today.after(1800 * SECOND))), "{ahead}");
                let later = today.after(600 * SECOND);
                assert_eq!(read.clone().as_read_at(later), read, "{ahead}: what was read once counts down");
            }
            assert!(read.not_before(5 * SECOND, today) <= today.after(1800 * SECOND), "{ahead}");
        }
        // Without a last request to count from, the longest block there is.
        let bare = HostRecord { blocked_until: Some(Timestamp::NEVER), ..HostRecord::default() };
        assert!(bare.as_read_at(today).not_before(Duration::ZERO, today) <= today.after(LONGEST_BLOCK + CLOCK_SLACK));
    }

    #[test]
    fn what_is_owed_is_read_whole_where_the_clock_is_right_or_behind() {
        let today = at(1_000_000);
        let record = refused(today);
        for later in [0, 60_000, 1_799_000, HOUR] {
            assert_eq!(record.clone().as_read_at(today.shifted(later)), record, "{later}");
        }
        // A clock slightly behind: the checkpoint's own future is no error.
        assert_eq!(record.clone().as_read_at(today.shifted(-30_000)), record);
        let slow = HostRecord { last_request_at: Some(today), delay: LONGEST_BLOCK * 2, ..HostRecord::default() };
        assert_eq!(slow.clone().as_read_at(today), slow, "a promised delay is never cut");
    }

    #[test]
    fn a_step_of_the_clock_within_a_process_changes_nothing_that_is_owed() {
        let before = at(1_000_000);
        for step in [-365 * DAY, -DAY, -HOUR, -1, 0, 1, HOUR, DAY, 365 * DAY] {
            let stepped = refused(before).on_shifted_clock(step);
            let now = before.shifted(step);
            assert_eq!(stepped.wait(now), Some((Wait::Asked, now.after(1800 * SECOND))), "{step}");
            assert_eq!(stepped.not_before(5 * SECOND, now), now.after(1800 * SECOND), "{step}");
            // Forward and back, with a crash while the clock was off.
            let back = stepped.as_read_at(now).on_shifted_clock(-step);
            assert_eq!(back, refused(before), "{step}");
        }
    }

    #[test]
    fn a_wait_says_truly_why() {
        let now = at(1000);
        let record = HostRecord { last_request_at: Some(at(0)), delay: 20 * SECOND, ..HostRecord::default() };
        assert_eq!(record.wait(now), None);
        let rebuilt = record.clone().asked_until(now.after(30 * SECOND));
        assert_eq!(rebuilt.wait(now), Some((Wait::Pace, at(1050))), "the host did not ask for it");
        assert_eq!(refused(now).asked_until(now).wait(now), Some((Wait::Asked, now.after(1800 * SECOND))));
        let mut silent = record;
        (0..SILENCES).for_each(|_| {
            silent.after_silence(now);
        });
        assert_eq!(silent.wait(now), Some((Wait::Silent, now.after(SILENT_BLOCK))));
    }
}
