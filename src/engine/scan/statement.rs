//! What a scan says at its end: the coverage statement of each platform, and what was learned.

use std::time::Duration;

use tracing::info;

use crate::engine::rooms::Rooms;
use crate::engine::scan::follow::Following;
use crate::engine::scan::order::{PlatformResult, ScanError};
use crate::engine::scan::state::PlatformScan;
use crate::report::coverage::{Coverage, Freshness, HostWaiting, is_complete, span};
use crate::store::truth::ScanSummary;
use crate::vocab::terms::{Reason, Written};

/// Pages still due that are counted at the end of a scan that was cut short, or known at its start.
pub(super) const STILL_DUE: usize = 10_000;

/// URLs of one host that were put off and are counted at the end of a scan.
const PUT_OFF_COUNTED: usize = 10_000;

/// How far ahead the end of a scan looks for them where no block says how long.
const PUT_OFF_AHEAD: Duration = Duration::from_secs(3600);

/// A block is kept on a clock that moves it by milliseconds: what is due at its end may be due just after it.
const PUT_OFF_SLACK: Duration = Duration::from_secs(60);

/// Notes of a coverage statement at most: a platform may have many hosts.
const NOTES: usize = 200;

/// Counts what is owed and was put off beyond the end of this scan, by this scan or by one before it.
fn count_put_off(rooms: &Rooms, scan: &PlatformScan) -> Result<(), ScanError> {
    let now = rooms.now();
    for host in rooms.hot.hosts(&scan.platform.id) {
        let (reason, blocked) =
            rooms.gate.stands_in_the_way(&scan.platform, &host).unwrap_or((Reason::FailedBefore, None));
        let until = blocked.map_or(now, |until| until.after(PUT_OFF_SLACK)).max(now.after(PUT_OFF_AHEAD));
        for _ in rooms.hot.put_off(&scan.platform.id, &host, (now, until), scan.started_at, PUT_OFF_COUNTED)? {
            scan.tally.fail(reason);
        }
    }
    Ok(())
}

/// Pages due and not asked for, because the scan ended first.
fn still_due(rooms: &Rooms, scan: &PlatformScan) -> Result<u64, ScanError> {
    // A scan that came to its natural end has nothing left that is due.
    if !scan.is_stopping() {
        return Ok(0);
    }
    Ok(rooms.hot.due(&scan.platform.id, rooms.now(), STILL_DUE)?.len() as u64)
}

fn hosts_waiting(rooms: &Rooms, scan: &PlatformScan) -> Vec<HostWaiting> {
    let waiting = rooms.hot.hosts(&scan.platform.id).into_iter().filter_map(|host| {
        let (reason, until) = rooms.gate.stands_in_the_way(&scan.platform, &host)?;
        Some(HostWaiting { host: host.to_string(), reason: Written::Known(reason), until })
    });
    waiting.take(NOTES).collect()
}

/// What the coverage statement says besides counts.
fn notes(rooms: &Rooms, following: &Following) -> Vec<String> {
    let scan = &following.scan;
    let hosts = rooms.hot.hosts(&scan.platform.id);
    let asked = hosts.iter().flat_map(|host| rooms.gate.control_in_words(&scan.platform, host));
    let pauses = match scan.pauses(rooms.now()) {
        (Duration::ZERO, false) => None,
        (length, still) => {
            let still = if still { ", and still is" } else { "" };
            Some(format!("fetching was paused for {} because the disk was nearly full{still}", span(length.as_secs())))
        }
    };
    let again = match scan.to_judge_again() {
        0 => None,
        pages => {
            let kept = scan.tally.snapshot().judged.from_evidence;
            Some(format!(
                "{pages} known pages were due to be judged again; {kept} were, from the evidence kept of them"
            ))
        }
    };
    let dropped = following.parameters().dropped(rooms.now());
    let dropped = dropped.into_iter().map(|dropped| {
        format!(
            "the parameter `{}` of {} changes nothing ({} comparisons): left out of {} links",
            dropped.name, dropped.place, dropped.comparisons, dropped.links
        )
    });
    let given_up = following.given_up().into_iter().map(|(host, given_up)| {
        format!(
            "links to {} of {host} were left out after {} pages without a listing",
            given_up.pattern, given_up.visits
        )
    });
    again.into_iter().chain(pauses).chain(asked).chain(dropped).chain(given_up).take(NOTES).collect()
}

/// Stores and returns what one platform's scan brought.
pub(super) fn finish(rooms: &Rooms, following: &Following) -> Result<PlatformResult, ScanError> {
    let scan = &following.scan;
    count_put_off(rooms, scan)?;
    if scan.pauses(rooms.now()).1 {
        scan.tally.fail(Reason::FreeDisk);
    }
    following.keep_learned(&rooms.hot)?;
    let counts = scan.tally.snapshot();
    let ended_at = rooms.now();
    let coverage = Coverage {
        platform: scan.platform.id.clone(),
        run: scan.run.clone(),
        mandate: scan.mandate.clone(),
        started_at: scan.started_at,
        ended_at,
        fetched: counts.pages,
        judged: Some(counts.judged),
        outcomes: counts.outcomes.clone(),
        skipped: counts.skipped.clone(),
        complete: is_complete(&counts.skipped, &counts.failures),
        failures: counts.failures.clone(),
        freshness: Freshness {
            first_looks: counts.first_looks,
            looks_again: counts.looks_again,
            unseen_seconds_mean: counts.unseen_for.as_secs().checked_div(counts.looks_again).unwrap_or(0),
            unseen_seconds_most: counts.unseen_longest.as_secs(),
            still_due: still_due(rooms, scan)?,
        },
        hosts_waiting: hosts_waiting(rooms, scan),
        notes: notes(rooms, following),
    };
    info!(platform.id = %scan.platform.id, pages = counts.pages, hits = counts.hits, "scanned `{}`", scan.platform.id);
    let result = PlatformResult {
        platform: scan.platform.id.clone(),
        pages: counts.pages,
        listings: counts.listings,
        hits: counts.hits,
        referrals_new: counts.referrals_new,
        coverage,
    };
    let summary = ScanSummary {
        pages: result.pages,
        listings: result.listings,
        hits: result.hits,
        referrals_new: result.referrals_new,
    };
    rooms.truth.record_scan(&result.coverage, &summary)?;
    Ok(result)
}
