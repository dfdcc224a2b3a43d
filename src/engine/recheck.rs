//! Looks again whether a referred listing is gone, through the same gate as every request.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::detect::assessment::Verdict;
use crate::engine::rooms::Rooms;
use crate::examine::{Bench, examine};
use crate::fetch::gate::{Answer, Conditional};
use crate::frontier::entry::UrlKind;
use crate::listing::{CompiledSelectors, ReadLimits};
use crate::referral::state::{Event, ReferralState};
use crate::store::truth::{PageRecord, RecheckTarget, Sighted, TruthError};
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
        let Ok(permit) = rooms.gate.admit(platform, &url, UrlKind::Recheck).await else {
            unseen = true;
            continue;
        };
        let Ok(fetched) = rooms.gate.fetch(permit, Conditional::default()).await else {
            unseen = true;
            continue;
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
        // The hit is marked gone; a later scan that finds it again reopens the case.
        let record = PageRecord {
            platform: platform.id.clone(),
            url,
            run: RunId::parse("recheck").map_err(|error| TruthError::Value(error.to_string()))?,
            fetched_at: fetched.capture.fetched_at,
            status: fetched.capture.status,
            unchanged: false,
            warc: None,
            listings: Vec::new(),
        };
        rooms.truth.record(&[record], rooms.now())?;
    }
    Ok(if unseen { None } else { Some(Sighted::Gone) })
}

/// Whether the page still offers what it was referred for: any listing on it that is not clear. A page that says the item
/// has ended, or another page under the same address, has none.
fn is_offered(rooms: &Rooms, platform: &Platform, capture: &crate::evidence::capture::Capture) -> bool {
    let detector = rooms.detector();
    let selectors = platform.listing.as_ref().and_then(|listing| CompiledSelectors::compile(listing).ok());
    let limits = ReadLimits::default();
    let bench = Bench {
        detector: &detector,
        selectors: selectors.as_ref(),
        jurisdictions: &platform.referral.jurisdictions,
        limits: &limits,
    };
    let examination = examine(capture, &bench);
    let ended = says_ended(&examination.page.text);
    examination.listings.iter().any(|listing| listing.assessment.verdict != Verdict::Clear) && !ended
}

/// Words by which shops say that an item is over, at the top of a page.
fn says_ended(text: &str) -> bool {
    let head: String = text.chars().take(1500).collect::<String>().to_lowercase();
    [
        "this listing has ended",
        "listing has ended",
        "item ended",
        "no longer available",
        "has been removed",
        "offer has ended",
        "listing is no longer",
        "angebot beendet",
        "nicht mehr verfügbar",
        "anzeige wurde gelöscht",
        "ya no está disponible",
        "n'est plus disponible",
        "объявление снято",
        "已下架",
        "已失效",
    ]
    .iter()
    .any(|words| head.contains(words))
}

#[cfg(test)]
mod tests {
    use super::says_ended;

    #[test]
    fn ended_is_said_in_many_ways() {
        assert!(says_ended("Home\nThis listing has ended.\nSimilar items"));
        assert!(says_ended("Dieses Angebot ist leider nicht mehr verfügbar"));
        assert!(!says_ended("Garden chair, available now"));
    }
}
