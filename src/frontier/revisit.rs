//! When a page is looked at again.

use std::time::Duration;

use crate::frontier::entry::UrlState;
use crate::vocab::time::Timestamp;

/// What a visit brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visit {
    /// The content differs from last time, or this was the first time.
    Changed,
    /// The content is the same.
    Unchanged,
    /// The page is gone (404, 410).
    Gone,
}

/// Shortest and longest multiples of the platform's revisit interval.
const FASTEST: u32 = 4;
const SLOWEST: u32 = 4;

/// Notes the visit in `state` and answers when to come back: the interval halves after a change and grows by half after
/// none, within a quarter and four times of `revisit`; pages with a hit come back four times sooner.
pub fn next_visit(state: &mut UrlState, visit: Visit, revisit: Duration, now: Timestamp) -> Timestamp {
    let known = state.last_fetched.is_some();
    let last = state.interval.unwrap_or(revisit);
    let interval = match visit {
        Visit::Changed if known => last / 2,
        Visit::Changed => revisit,
        Visit::Unchanged => last.saturating_mul(3) / 2,
        Visit::Gone => revisit.saturating_mul(SLOWEST),
    }
    .clamp(revisit / FASTEST, revisit.saturating_mul(SLOWEST));
    state.unchanged = if visit == Visit::Unchanged { state.unchanged.saturating_add(1) } else { 0 };
    state.last_fetched = Some(now);
    state.interval = Some(interval);
    state.failures = 0;
    state.excluded = false;
    state.given_up = None;
    now.after(if state.hit { interval.min(revisit / FASTEST) } else { interval })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn change_brings_us_back_sooner_and_stillness_later() {
        let day = Duration::from_secs(86_400);
        let now = Timestamp::from_millis(0);
        let mut state = UrlState::default();
        assert_eq!(next_visit(&mut state, Visit::Changed, 8 * day, now), now.after(8 * day));
        assert_eq!(next_visit(&mut state, Visit::Unchanged, 8 * day, now), now.after(12 * day));
        for _ in 0..10 {
            next_visit(&mut state, Visit::Unchanged, 8 * day, now);
        }
        assert_eq!(state.interval, Some(32 * day));
        assert_eq!(next_visit(&mut state, Visit::Changed, 8 * day, now), now.after(16 * day));
        state.hit = true;
        assert_eq!(next_visit(&mut state, Visit::Unchanged, 8 * day, now), now.after(2 * day));
    }
}
