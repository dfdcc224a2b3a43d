//! Looks again whether a referred listing is gone, through the same gate as every request.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::dedup::minhash::MinHash;
use crate::engine::rooms::Rooms;
use crate::evidence::capture::Capture;
use crate::examine::{Bench, examine};
use crate::fetch::gate::{Answer, Conditional};
use crate::frontier::entry::UrlKind;
use crate::listing::CompiledSelectors;
use crate::referral::recheck::{Reached, Sight, judge};
use crate::referral::state::{Event, Intervals, ReferralState};
use crate::store::truth::{Covers, Look, PageRecord, RecheckTarget, TruthError};
use crate::vocab::actor::{Actor, Job};
use crate::vocab::ids::RunId;
use crate::vocab::platform::Platform;
use crate::vocab::terms::CaseSight;
use crate::vocab::time::Deadline;
use crate::vocab::url::CanonicalUrl;

/// When a platform that could not be asked is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(3600);

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
}

/// Looks at the cases that are due.
///
/// # Errors
/// When the store fails.
pub async fn step(rooms: &Arc<Rooms>, platforms: &[Arc<Platform>], limit: usize) -> Result<Vec<Rechecked>, TruthError> {
    let mut done = Vec::new();
    for target in rooms.truth.due_rechecks(rooms.now(), limit)? {
        done.push(one(rooms, platforms, &target).await?);
    }
    Ok(done)
}

/// Looks at one case now. Gone only if every page of the cluster is; not seen when some could not be asked and none was
/// live.
///
/// # Errors
/// When the store fails.
pub async fn one(
    rooms: &Arc<Rooms>,
    platforms: &[Arc<Platform>],
    target: &RecheckTarget,
) -> Result<Rechecked, TruthError> {
    let mut rechecked =
        Rechecked { referral: target.referral.to_string(), seen: CaseSight::NotSeen, pages: Vec::new(), state: None };
    let Some(platform) = platforms.iter().find(|platform| platform.id == target.platform) else {
        rooms.truth.postpone_recheck(&target.referral, rooms.now().after(ASK_AGAIN))?;
        return Ok(rechecked);
    };
    for url in &target.urls {
        let Ok(url) = CanonicalUrl::parse(url, None) else { continue };
        let (sight, status) = look(rooms, platform, &url, &target.fingerprints).await?;
        let page = Look { url: url.to_string(), seen: sight, status, at: rooms.now() };
        rechecked.pages.push(page);
        if sight == Sight::Live {
            rechecked.seen = CaseSight::Live;
            break;
        }
    }
    rooms.truth.note_looks(&target.referral, &rechecked.pages)?;
    let unseen = rechecked.pages.iter().any(|page| page.seen == Sight::NotSeen) || rechecked.pages.is_empty();
    if rechecked.seen != CaseSight::Live && unseen {
        rooms.truth.postpone_recheck(&target.referral, rooms.now().after(ASK_AGAIN))?;
        return Ok(rechecked);
    }
    let event = if rechecked.seen == CaseSight::Live { Event::SeenLive } else { Event::SeenGone };
    if event == Event::SeenGone {
        rechecked.seen = CaseSight::Gone;
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
        Err(error) => return Err(error),
    }
    Ok(rechecked)
}

/// Looks at one page, following redirects within the agreement.
async fn look(
    rooms: &Arc<Rooms>,
    platform: &Arc<Platform>,
    url: &CanonicalUrl,
    fingerprints: &[Vec<u8>],
) -> Result<(Sight, Option<u16>), TruthError> {
    let mut at = url.clone();
    let mut reached = Reached::Directly;
    let mut first_status = None;
    // Each asks the gate as an address of its own.
    for _ in 0..=rooms.settings.limits.redirects {
        let permit = match rooms.gate.admit(platform, &at, UrlKind::Recheck).await {
            Ok(permit) => permit,
            // A redirect to where we may not go leads away from the listing.
            Err(refusal) if reached == Reached::ByRedirect && refusal.is_exclusion() => {
                return conclude(rooms, platform, url, Sight::Redirected, first_status);
            }
            Err(_) => return Ok((Sight::NotSeen, first_status)),
        };
        let Ok(fetched) = rooms.gate.fetch(permit, Conditional::default()).await else {
            return Ok((Sight::NotSeen, first_status));
        };
        let status = fetched.capture.status;
        let first = *first_status.get_or_insert(status);
        let sight = match fetched.kind {
            Answer::Redirect(Ok(next)) => {
                reached = Reached::ByRedirect;
                at = next;
                continue;
            }
            Answer::Redirect(Err(_)) => Sight::Redirected,
            Answer::Gone if reached == Reached::ByRedirect => Sight::Redirected,
            Answer::Gone if status == 410 => Sight::Removed,
            Answer::Gone => Sight::NotFound,
            Answer::Page if fetched.capture.truncated.is_none() => {
                judged(rooms, platform, fetched.capture, fingerprints, reached).await
            }
            _ => Sight::NotSeen,
        };
        return conclude(rooms, platform, url, sight, Some(first));
    }
    conclude(rooms, platform, url, Sight::Redirected, first_status)
}

/// Marks the page's hits gone where they are; a later scan that finds them again reopens the case.
fn conclude(
    rooms: &Rooms,
    platform: &Platform,
    url: &CanonicalUrl,
    sight: Sight,
    status: Option<u16>,
) -> Result<(Sight, Option<u16>), TruthError> {
    if sight.is_gone() {
        let record = PageRecord {
            platform: platform.id.clone(),
            url: url.clone(),
            run: RunId::parse("recheck").map_err(|error| TruthError::Value(error.to_string()))?,
            fetched_at: rooms.now(),
            // What was handed over under this address is gone with the page.
            status: 410,
            unchanged: false,
            covers: Covers::Page,
            warc: None,
            listings: Vec::new(),
        };
        rooms.truth.record(&[record], rooms.now())?;
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
    let read = tokio::task::spawn_blocking(move || {
        let detector = rooms.detector();
        let selectors = platform.listing.as_ref().and_then(|listing| CompiledSelectors::compile(listing).ok());
        let over = rooms.reading_time();
        let bench = Bench {
            detector: &detector,
            selectors: selectors.as_ref(),
            jurisdictions: &platform.referral.jurisdictions,
            languages: &platform.languages,
            limits: &rooms.settings.limits,
            deadline: Deadline::new(&over),
            owner: platform.id.as_str(),
            known: None,
        };
        judge(&examine(&capture, &bench), &known, reached)
    });
    // A page our reader stumbles over was not seen.
    read.await.unwrap_or(Sight::NotSeen)
}
