//! Looks again whether a referred listing is gone, through the same gate as every request.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::detect::assessment::Verdict;
use crate::engine::rooms::Rooms;
use crate::evidence::capture::Capture;
use crate::examine::{Bench, examine};
use crate::fetch::gate::{Answer, Conditional, Fetched};
use crate::frontier::entry::UrlKind;
use crate::listing::ended::ended;
use crate::listing::{CompiledSelectors, ReadLimits};
use crate::referral::state::{Event, ReferralState};
use crate::store::truth::{Covers, PageRecord, RecheckTarget, Sighted, TruthError};
use crate::vocab::ids::RunId;
use crate::vocab::platform::Platform;
use crate::vocab::url::CanonicalUrl;

/// When a platform that could not be asked is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(3600);

/// What became of one case.
#[derive(Debug, Clone, Serialize)]
pub struct Rechecked {
    /// Case.
    pub referral: String,
    /// `gone`, `live` or `not-seen`.
    pub seen: &'static str,
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

/// Looks at one case now.
///
/// # Errors
/// When the store fails.
pub async fn one(
    rooms: &Arc<Rooms>,
    platforms: &[Arc<Platform>],
    target: &RecheckTarget,
) -> Result<Rechecked, TruthError> {
    let platform = platforms.iter().find(|platform| platform.id == target.platform);
    let sighted = match platform {
        Some(platform) => look(rooms, platform, target).await?,
        None => None,
    };
    let mut rechecked = Rechecked { referral: target.referral.to_string(), seen: "not-seen", state: None };
    let Some((sighted, platform)) = sighted.zip(platform) else {
        rooms.truth.postpone_recheck(&target.referral, rooms.now().after(ASK_AGAIN))?;
        return Ok(rechecked);
    };
    let event = match sighted {
        Sighted::Gone => Event::SeenGone,
        Sighted::Live => Event::SeenLive,
    };
    rechecked.seen = if sighted == Sighted::Gone { "gone" } else { "live" };
    let policy = &platform.referral;
    match rooms.truth.apply(&target.referral, event, "recheck", &policy.channels, policy.recheck, rooms.now()) {
        Ok(state) => rechecked.state = Some(ReferralState::name(&state).to_owned()),
        // A case that no longer waits for an answer needs no look.
        Err(TruthError::Step(_)) => {}
        Err(error) => return Err(error),
    }
    Ok(rechecked)
}

/// Gone only if every page of the cluster is; `None` when some could not be seen and none was live.
async fn look(
    rooms: &Arc<Rooms>,
    platform: &Arc<Platform>,
    target: &RecheckTarget,
) -> Result<Option<Sighted>, TruthError> {
    let mut unseen = false;
    for url in &target.urls {
        let Ok(url) = CanonicalUrl::parse(url, None) else { continue };
        let fetched = match fetch(rooms, platform, &url).await {
            Seen::Answer(fetched) => fetched,
            Seen::Elsewhere(fetched) => {
                mark_gone(rooms, platform, url, &fetched.capture)?;
                continue;
            }
            Seen::Nothing => {
                unseen = true;
                continue;
            }
        };
        let gone = match fetched.kind {
            Answer::Gone | Answer::Redirect(_) => true,
            Answer::Page => {
                let rooms = rooms.clone();
                let platform = platform.clone();
                let capture = fetched.capture.clone();
                let live = tokio::task::spawn_blocking(move || is_offered(&rooms, &platform, &capture)).await;
                !live.unwrap_or(true)
            }
            _ => {
                unseen = true;
                continue;
            }
        };
        if !gone {
            return Ok(Some(Sighted::Live));
        }
        mark_gone(rooms, platform, url, &fetched.capture)?;
    }
    Ok(if unseen { None } else { Some(Sighted::Gone) })
}

/// Redirects followed in search of a listing that may only have moved.
const REDIRECTS: usize = 3;

/// What a look at a listing's address brought.
enum Seen {
    /// An answer from the platform.
    Answer(Box<Fetched>),
    /// The address leads out of the agreement: the listing is not there any more.
    Elsewhere(Box<Fetched>),
    /// No answer that says anything.
    Nothing,
}

/// Fetches the page, following redirects within the platform; each asks for a permit of its own.
async fn fetch(rooms: &Arc<Rooms>, platform: &Arc<Platform>, url: &CanonicalUrl) -> Seen {
    let mut target = url.clone();
    let mut last: Option<Box<Fetched>> = None;
    for _ in 0..=REDIRECTS {
        let permit = match (rooms.gate.admit(platform, &target, UrlKind::Recheck).await, last.take()) {
            (Ok(permit), _) => permit,
            (Err(refusal), Some(before)) if refusal.is_exclusion() => return Seen::Elsewhere(before),
            (Err(_), _) => return Seen::Nothing,
        };
        let Ok(fetched) = rooms.gate.fetch(permit, Conditional::default()).await else { return Seen::Nothing };
        match &fetched.kind {
            Answer::Redirect(Ok(next)) if *next != target => target = next.clone(),
            _ => return Seen::Answer(Box::new(fetched)),
        }
        last = Some(Box::new(fetched));
    }
    last.map_or(Seen::Nothing, Seen::Elsewhere)
}

/// The hit is marked gone; a later scan that finds it again reopens the case.
fn mark_gone(rooms: &Rooms, platform: &Platform, url: CanonicalUrl, capture: &Capture) -> Result<(), TruthError> {
    let record = PageRecord {
        platform: platform.id.clone(),
        url,
        run: RunId::parse("recheck").map_err(|error| TruthError::Value(error.to_string()))?,
        fetched_at: capture.fetched_at,
        // What was handed over under this address is gone with the page.
        status: 410,
        unchanged: false,
        covers: Covers::Page,
        warc: None,
        listings: Vec::new(),
    };
    rooms.truth.record(&[record], rooms.now())?;
    Ok(())
}

/// Whether the page still offers what it was referred for: any listing on it that is not clear. A page that says the item
/// has ended, or another page under the same address, has none.
fn is_offered(rooms: &Rooms, platform: &Platform, capture: &Capture) -> bool {
    let detector = rooms.detector();
    let selectors = platform.listing.as_ref().and_then(|listing| CompiledSelectors::compile(listing).ok());
    let limits = ReadLimits::default();
    let bench = Bench {
        detector: &detector,
        selectors: selectors.as_ref(),
        jurisdictions: &platform.referral.jurisdictions,
        limits: &limits,
        owner: platform.id.as_str(),
        known: None,
    };
    let examination = examine(capture, &bench);
    let read: Vec<_> = examination.listings.iter().map(|one| &one.listing).collect();
    let over = ended(&examination.page, &read).is_some();
    examination.listings.iter().any(|listing| listing.assessment.verdict != Verdict::Clear) && !over
}
