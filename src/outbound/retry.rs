//! When a delivery is tried again. Pure: the caller brings the moment and the dice.

use std::time::Duration;

use crate::vocab::time::Timestamp;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// Pauses between attempts: the example schedule of the Standard Webhooks specification, cut at three days in all.
const PAUSES_SECONDS: [u64; 9] =
    [5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];

/// How long a delivery is tried before it counts as undeliverable.
pub const GIVE_UP_AFTER: Duration = Duration::from_secs(3 * 24 * HOUR);

/// Part of a pause that chance may add, so that many deliveries do not come back at one moment.
const JITTER: f64 = 0.2;

/// When to try again after `attempts` attempts, the first of which was due at `created`. `dice` lies in `0.0..1.0`;
/// `asked` is the pause the other side asked for, and is never shortened. `None`: give up.
pub fn next_attempt(
    attempts: u32,
    created: Timestamp,
    now: Timestamp,
    dice: f64,
    asked: Option<Duration>,
) -> Option<Timestamp> {
    let index = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let pause = Duration::from_secs(*PAUSES_SECONDS.get(index).or(PAUSES_SECONDS.last())?);
    let dice = if dice.is_finite() { dice.clamp(0.0, 1.0) } else { 0.0 };
    let pause = pause.mul_f64(1.0 + JITTER * dice).max(asked.unwrap_or_default());
    let at = now.after(pause);
    (at.since(created) <= GIVE_UP_AFTER).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: Timestamp = Timestamp::from_millis(1_000_000_000_000);

    #[test]
    fn the_schedule_widens_and_ends_after_three_days() {
        let mut now = START;
        let mut pauses = Vec::new();
        for attempts in 1.. {
            let Some(at) = next_attempt(attempts, START, now, 0.0, None) else { break };
            pauses.push(at.since(now).as_secs());
            now = at;
        }
        assert_eq!(pauses, [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000]);
    }

    #[test]
    fn the_other_sides_wish_is_kept() {
        let asked = Duration::from_secs(3600);
        assert_eq!(next_attempt(1, START, START, 0.9, Some(asked)), Some(START.after(asked)));
    }

    proptest! {
        #[test]
        fn never_in_the_past_and_never_past_the_end(attempts in 0u32..50, elapsed in 0u64..400_000, dice in 0.0f64..1.0) {
            let now = START.after(Duration::from_secs(elapsed));
            if let Some(at) = next_attempt(attempts, START, now, dice, None) {
                prop_assert!(at > now);
                prop_assert!(at.since(START) <= GIVE_UP_AFTER);
            }
        }
    }
}
