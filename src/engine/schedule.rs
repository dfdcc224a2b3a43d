//! Which platforms are due for a scan by their cron schedule. Times are UTC.

use std::sync::Arc;

use crate::engine::rooms::Rooms;
use crate::store::truth::TruthError;
use crate::vocab::platform::Platform;
use crate::vocab::time::Timestamp;

/// Platforms whose schedule names a moment since their last scheduled scan. A scan missed while nothing ran is made up
/// for once. A platform seen for the first time waits for its next moment.
///
/// # Errors
/// When the store fails.
pub fn due(rooms: &Rooms, platforms: &[Arc<Platform>]) -> Result<Vec<Arc<Platform>>, TruthError> {
    let now = rooms.now();
    let mut due = Vec::new();
    for platform in platforms {
        let Some(schedule) = &platform.schedule else { continue };
        if !platform.agreement.in_force(now) || rooms.truth.is_paused(&platform.id)? {
            continue;
        }
        match rooms.truth.last_scheduled(&platform.id)? {
            None => rooms.truth.note_scheduled(&platform.id, now)?,
            // Noted by a clock that was ahead: nothing is known of the last scan, so it waits for its next moment.
            Some(last) if last > now => rooms.truth.note_scheduled(&platform.id, now)?,
            Some(last) => {
                if next_after(&schedule.cron, last).is_some_and(|next| next <= now) {
                    due.push(platform.clone());
                }
            }
        }
    }
    Ok(due)
}

/// The first moment after `last` that a cron expression names.
pub fn next_after(cron: &str, last: Timestamp) -> Option<Timestamp> {
    let cron: croner::Cron = cron.parse().ok()?;
    let last = last.to_jiff().to_zoned(jiff::tz::TimeZone::UTC);
    let next = cron.find_next_occurrence(&last, false).ok()?;
    Some(Timestamp::from(next.timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_moment_is_in_utc() {
        let last: Timestamp = "2026-03-28T03:00:00Z".parse().unwrap();
        assert_eq!(next_after("0 3 * * *", last).unwrap().to_string(), "2026-03-29T03:00:00.000Z");
        assert_eq!(next_after("nonsense", last), None);
    }
}
