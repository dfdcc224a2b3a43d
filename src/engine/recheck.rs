//! Looks again whether a referred listing is gone, through the same gate as every request.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::task::JoinSet;

use crate::dedup::minhash::MinHash;
use crate::engine::examiners::Patience;
use crate::engine::mandate::{self, Under};
use crate::engine::record::{self, RecordError};
use crate::engine::rooms::Rooms;
use crate::engine::scan::worker::reading_time;
use crate::evidence::capture::Capture;
use crate::examine::{Bench, examine};
use crate::fetch::client::Received;
use crate::fetch::gate::{Answer, Conditional};
use crate::frontier::entry::UrlKind;
use crate::listing::CompiledSelectors;
use crate::referral::pages::seen_together;
use crate::referral::recheck::{Reached, Sight, judge};
use crate::referral::state::{Event, Intervals, ReferralState};
use crate::store::truth::{DueRecheck, Look, MandateEnd, RecheckTarget, TruthError};
use crate::vocab::actor::{Actor, Job};
use crate::vocab::found::FoundUrl;
use crate::vocab::ids::{PlatformId, ReferralId, RunId};
use crate::vocab::platform::Platform;
use crate::vocab::terms::{CaseSight, Reason};
use crate::vocab::time::{Deadline, Timestamp};

/// When a platform that could not be asked is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(3600);

/// Why rechecks could not go on.
#[derive(Debug, thiserror::Error)]
pub enum RecheckError {
    /// The record of truth failed.
    #[error(transparent)]
    Truth(#[from] TruthError),
    /// What was seen could not be recorded.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A fault of this program.
    #[error("looking at the cases of a host ended in a panic")]
    Panic,
}

/// What became of one case.
#[derive(Debug, Clone, Serialize)]
pub struct Rechecked {
    /// Case.
    pub referral: String,
    /// What its pages showed together.
    pub seen: CaseSight,
    /// What each page showed.
    pub pages: Vec<Look>,
    /// State afterwards.
    pub state: Option<String>,
    /// Whether the look counted; one before the next is due only informs.
    pub counts: bool,
    /// From when a look counts, where this one did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Timestamp>,
    /// Why nothing was asked, where no mandate allows it: `mandate-budget`, `mandate-expired` or `mandate-revoked`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<Reason>,
}

/// Cases of one host that are due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Platform.
    pub platform: PlatformId,
    /// The host of their first pages.
    pub host: String,
    cases: Vec<ReferralId>,
}

/// The cases that are due, of each host the first `of_a_host`.
///
/// # Errors
/// When the store fails.
pub fn due(rooms: &Rooms, of_a_host: usize) -> Result<Vec<Row>, RecheckError> {
    let mut rows: Vec<Row> = Vec::new();
    for DueRecheck { referral, platform, host } in rooms.truth.due_rechecks(rooms.now(), of_a_host)? {
        match rows.last_mut().filter(|row| row.platform == platform && row.host == host) {
            Some(row) => row.cases.push(referral),
            None => rows.push(Row { platform, host, cases: vec![referral] }),
        }
    }
    Ok(rows)
}

/// Pages of a case after which it holds no place of its host any more: another case is begun beside it.
const PAGES_OF_A_PLACE: usize = 10;

/// Cases of one host begun in a row at most, in multiples of its places, so that what came of it is heard of.
const ROUNDS: usize = 10;

/// Looks at the cases of one host, a page of each in turn, `places` of them at a time: a case with many pages holds up no other.
///
/// # Errors
/// When the store fails.
pub async fn row(
    rooms: &Arc<Rooms>,
    platforms: &[Arc<Platform>],
    row: &Row,
    places: usize,
) -> Result<Vec<Rechecked>, RecheckError> {
    let mut done = Vec::with_capacity(row.cases.len());
    let mut begun = row.cases.clone();
    let mut turns = VecDeque::with_capacity(row.cases.len());
    // What fails for one case is told at the end: the others are looked at to their last page, and what they showed is recorded.
    let mut failed = None;
    for case in &row.cases {
        let looking = rooms.truth.recheck_target(case).map_err(RecheckError::from);
        turns.extend(kept(looking.and_then(|target| Looking::begin(rooms, platforms, target)), &mut failed));
    }
    while let Some(mut one) = turns.pop_front() {
        let looked = kept(one.next_page().await, &mut failed);
        let freed = looked != Some(false) || one.rechecked.pages.len() == PAGES_OF_A_PLACE;
        match looked {
            Some(true) => done.extend(kept(one.end(), &mut failed)),
            Some(false) => turns.push_back(one),
            None => {}
        }
        if freed && failed.is_none() && begun.len() < places.saturating_mul(ROUNDS) {
            let next = rooms.truth.due_rechecks_of((&row.platform, &row.host), &begun, rooms.now(), 1);
            for case in kept(next.map_err(RecheckError::from), &mut failed).into_iter().flatten() {
                let looking = rooms.truth.recheck_target(&case).map_err(RecheckError::from);
                turns.extend(kept(looking.and_then(|target| Looking::begin(rooms, platforms, target)), &mut failed));
                begun.push(case);
            }
        }
    }
    failed.map_or(Ok(done), Err)
}

/// What came of a part; of what failed the first is remembered.
fn kept<T>(result: Result<T, RecheckError>, failed: &mut Option<RecheckError>) -> Option<T> {
    result.map_err(|error| failed.get_or_insert(error)).ok()
}

/// Looks at the cases that are due, those of different hosts side by side, of each host the first `of_a_host`.
///
/// # Errors
/// When the store fails.
pub async fn step(
    rooms: &Arc<Rooms>,
    platforms: &[Arc<Platform>],
    of_a_host: usize,
) -> Result<Vec<Rechecked>, RecheckError> {
    let mut running = JoinSet::new();
    for one in due(rooms, of_a_host)? {
        let (rooms, platforms) = (rooms.clone(), platforms.to_vec());
        running.spawn(async move { row(&rooms, &platforms, &one, of_a_host).await });
    }
    let (mut done, mut failed) = (Vec::new(), None);
    while let Some(ended) = running.join_next().await {
        done.extend(kept(ended.unwrap_or(Err(RecheckError::Panic)), &mut failed).into_iter().flatten());
    }
    failed.map_or(Ok(done), Err)
}

/// Looks at each page of one case now. What that says of the case is in [`seen_together`].
///
/// # Errors
/// When the store fails.
pub async fn one(
    rooms: &Arc<Rooms>,
    platforms: &[Arc<Platform>],
    target: RecheckTarget,
) -> Result<Rechecked, RecheckError> {
    let mut looking = Looking::begin(rooms, platforms, target)?;
    while !looking.next_page().await? {}
    looking.end()
}

/// A case whose pages are being looked at.
struct Looking<'a> {
    target: RecheckTarget,
    /// None where there is no file of the platform any more.
    platform: Option<Arc<Platform>>,
    spending: Spending<'a>,
    next: usize,
    rechecked: Rechecked,
}

impl<'a> Looking<'a> {
    fn begin(rooms: &'a Arc<Rooms>, platforms: &[Arc<Platform>], target: RecheckTarget) -> Result<Self, RecheckError> {
        let platform = platforms.iter().find(|platform| platform.id == target.platform).cloned();
        let under = match &platform {
            Some(platform) => mandate::for_recheck(&rooms.truth, platform, &target.referral, rooms.now())?,
            None => Under::Agreement,
        };
        let rechecked = Rechecked {
            referral: target.referral.to_string(),
            seen: CaseSight::NotSeen,
            pages: Vec::new(),
            state: None,
            counts: false,
            next: None,
            refused: None,
        };
        Ok(Looking { target, platform, spending: Spending { rooms, under }, next: 0, rechecked })
    }

    /// Looks at the case's next page; true when none is left.
    async fn next_page(&mut self) -> Result<bool, RecheckError> {
        let Some(platform) = &self.platform else { return Ok(true) };
        if let Some(url) = self.target.urls.get(self.next) {
            self.next += 1;
            if let Ok(url) = FoundUrl::parse(url, None) {
                let (seen, status) = look(&mut self.spending, platform, &url, &self.target.fingerprints).await?;
                let at = self.spending.rooms.now();
                self.rechecked.pages.push(Look { url: url.to_string(), seen, status, at });
            }
        }
        Ok(self.next >= self.target.urls.len())
    }

    /// Records what the pages showed, and moves the case.
    fn end(self) -> Result<Rechecked, RecheckError> {
        let Looking { target, platform, spending, mut rechecked, .. } = self;
        let rooms = spending.rooms;
        let Some(platform) = platform else {
            rooms.truth.postpone_recheck(&target.referral, rooms.now().after(ASK_AGAIN))?;
            return Ok(rechecked);
        };
        rechecked.refused = spending.end().map(MandateEnd::reason);
        rooms.purses.give_back(&rooms.truth)?;
        // Looks that count are spaced, whoever asks: one in between informs and moves nothing.
        let is_due = target.counts_from.is_some_and(|from| from <= rooms.now());
        let counts = target.is_draft || is_due;
        let spacing = counts.then_some(platform.referral.recheck);
        let pages = rooms.truth.note_looks(&target.referral, &rechecked.pages, spacing)?;
        let (seen, checks) = seen_together(&pages);
        rechecked.seen = seen;
        let event = match seen {
            CaseSight::Live => Event::SeenLive,
            CaseSight::Gone => Event::SeenGone { checks },
            CaseSight::NotSeen => {
                if is_due {
                    rooms.truth.postpone_recheck(&target.referral, rooms.now().after(ASK_AGAIN))?;
                }
                return Ok(rechecked);
            }
        };
        rechecked.counts = counts;
        if !rechecked.counts {
            rechecked.next = target.counts_from;
            return Ok(rechecked);
        }
        let policy = &platform.referral;
        match rooms.truth.apply(
            &target.referral,
            event,
            &Actor::Job(Job::Recheck),
            &policy.channels,
            Intervals::of(policy),
            rooms.now(),
        ) {
            Ok(state) => rechecked.state = Some(ReferralState::name(&state).to_owned()),
            // A case that no longer waits for an answer needs no look.
            Err(TruthError::Step(_)) => rooms.truth.end_rechecks(&target.referral)?,
            Err(error) => return Err(error.into()),
        }
        Ok(rechecked)
    }
}

/// The mandate a recheck is done under, as its pages are taken from it.
struct Spending<'a> {
    rooms: &'a Arc<Rooms>,
    under: Under,
}

impl Spending<'_> {
    /// Takes a page for the next request; false when the mandate allows none.
    fn page(&mut self) -> Result<bool, TruthError> {
        let Under::Mandate(id) = &self.under else { return Ok(self.under == Under::Agreement) };
        match self.rooms.purses.spend(&self.rooms.truth, id, self.rooms.now())? {
            Ok(()) => Ok(true),
            Err(end) => {
                self.under = Under::Ended(end);
                Ok(false)
            }
        }
    }

    /// Notes what a request brought.
    fn brought(&self, bytes: u64) {
        if let Under::Mandate(id) = &self.under {
            self.rooms.purses.brought(id, bytes);
        }
    }

    fn end(&self) -> Option<MandateEnd> {
        match self.under {
            Under::Ended(end) => Some(end),
            Under::Mandate(_) | Under::Agreement => None,
        }
    }
}

/// Looks at one page, following redirects within the agreement.
async fn look(
    spending: &mut Spending<'_>,
    platform: &Arc<Platform>,
    url: &FoundUrl,
    fingerprints: &[Vec<u8>],
) -> Result<(Sight, Option<u16>), RecheckError> {
    let rooms = spending.rooms;
    if spending.end().is_some() {
        return Ok((Sight::NotSeen, None));
    }
    let mut at = url.clone();
    let mut reached = Reached::Directly;
    let mut first_status = None;
    let mut asked: Vec<FoundUrl> = Vec::new();
    // Each asks the gate as an address of its own.
    for _ in 0..=rooms.settings.limits.redirects {
        let permit = match rooms.gate.admit(platform, &at, UrlKind::Recheck).await {
            Ok(permit) => permit,
            // A redirect to where we may not go leads away from the listing. On a host of the platform people may well see it there.
            Err(refusal) if reached == Reached::ByRedirect && refusal.is_exclusion() && !platform.has_host_of(&at) => {
                return conclude(rooms, platform, url, Sight::Redirected, first_status);
            }
            Err(_) => return Ok((Sight::NotSeen, first_status)),
        };
        if !spending.page()? {
            return Ok((Sight::NotSeen, first_status));
        }
        let received = Received::default();
        let Ok((fetched, held)) = rooms.gate.fetch(permit, Conditional::default(), &received).await else {
            // What came of a body that broke off came all the same.
            spending.brought(received.bytes());
            return Ok((Sight::NotSeen, first_status));
        };
        spending.brought(fetched.capture.body.len() as u64);
        let status = fetched.capture.status;
        let first = *first_status.get_or_insert(status);
        let sight = match fetched.kind {
            Answer::Redirect(Ok(next)) => {
                // Another form of the page's own address is the page.
                if next.key() != at.key() {
                    reached = Reached::ByRedirect;
                }
                asked.push(std::mem::replace(&mut at, next));
                // A circle, such as that of a page for visitors with cookies, shows nothing of what is behind it.
                if asked.contains(&at) {
                    return Ok((Sight::NotSeen, first_status));
                }
                continue;
            }
            Answer::Redirect(Err(_)) => Sight::Redirected,
            Answer::Gone if reached == Reached::ByRedirect => Sight::Redirected,
            Answer::Gone if status == 410 => Sight::Removed,
            Answer::Gone => Sight::NotFound,
            Answer::Page if fetched.capture.truncated.is_none() => {
                let sight = judged(rooms, platform, fetched.capture, fingerprints, reached).await;
                drop(held);
                sight
            }
            _ => Sight::NotSeen,
        };
        return conclude(rooms, platform, url, sight, Some(first));
    }
    // Where the redirects end was not seen.
    Ok((Sight::NotSeen, first_status))
}

/// Marks the page's hits gone where they are; a later scan that finds them again reopens the case.
fn conclude(
    rooms: &Rooms,
    platform: &Platform,
    url: &FoundUrl,
    sight: Sight,
    status: Option<u16>,
) -> Result<(Sight, Option<u16>), RecheckError> {
    if sight.is_gone() {
        let run = RunId::parse("recheck").map_err(|error| TruthError::Value(error.to_string()))?;
        record::gone(rooms, &platform.id, url, &run)?;
    }
    Ok((sight, status))
}

async fn judged(
    rooms: &Arc<Rooms>,
    platform: &Arc<Platform>,
    capture: Capture,
    fingerprints: &[Vec<u8>],
    reached: Reached,
) -> Sight {
    let known: Vec<MinHash> = fingerprints.iter().filter_map(|bytes| MinHash::from_bytes(bytes)).collect();
    let (rooms, platform) = (rooms.clone(), platform.clone());
    let (examiners, time) = (rooms.examiners.clone(), Patience::of(&rooms.settings.limits, capture.body.len()));
    let read = examiners.examined(time, move || {
        let detector = rooms.detector();
        let selectors = platform.listing.as_ref().and_then(|listing| CompiledSelectors::compile(listing).ok());
        let over = reading_time(&rooms.settings.limits);
        let bench = Bench {
            selectors: selectors.as_ref(),
            deadline: Deadline::new(&over),
            scope: Some(&platform),
            ..Bench::of(&detector, &platform, &rooms.settings.limits)
        };
        judge(&examine(&capture, &bench), &known, reached)
    });
    // A page our reader stumbles over, or does not come back from, was not seen.
    read.await.unwrap_or(Sight::NotSeen)
}
