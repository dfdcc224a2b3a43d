//! The durable side of a scan: what is done, made permanent in one order. Runs in a thread of its own.
//!
//! WARC records are written and synced, then one SQLite transaction, then one sled batch flushed; only then is a lease
//! settled. Work is taken in groups: whatever is waiting is committed together, so a slow crawl commits page by page and
//! a fast one does not wait for the disk at each page.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::config::settings::Keep;
use crate::detect::assessment::Verdict;
use crate::engine::record::{HandedOver, RecordError, Recording, Revisit, Sighting, Told};
use crate::engine::rooms::Rooms;
use crate::engine::scan::examining::{Examining, Settled};
use crate::engine::scan::follow::{Followed, Following, Followings};
use crate::engine::scan::messages::{Done, Form, Known, PageDone, Passage};
use crate::engine::scan::sample;
use crate::fetch::gate::Answer;
use crate::frontier::entry::{NewEntry, UrlKind};
use crate::store::hot::{HotError, SettleBatch};
use crate::store::truth::TruthError;
use crate::vocab::found::FoundUrl;
use crate::vocab::ids::PlatformId;

/// Pages committed together at most, and the bytes of the captures they keep.
const GROUP: usize = 512;
const GROUP_BYTES: usize = 16 << 20;

/// Commits follow each other no faster than this, unless a group is full.
const BETWEEN_COMMITS: Duration = Duration::from_millis(100);

/// How often a group that waits takes in what came.
const LOOK: Duration = Duration::from_millis(10);

/// Why a group could not be committed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Evidence, hits or cases could not be recorded.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The record of truth refused.
    #[error(transparent)]
    Truth(#[from] TruthError),
    /// The frontier store refused.
    #[error(transparent)]
    Hot(#[from] HotError),
    /// A fault of this program.
    #[error("committing ended in a panic")]
    Panic,
}

/// A visit with the scan it belongs to, and what of its finds the frontier should hear of.
struct Taken {
    following: Arc<Following>,
    done: Done,
    entries: Vec<NewEntry>,
    /// What became of the form of the address that was asked for.
    form: Form,
    /// The form in which the page is asked for next, where the visit was not the last word on it.
    renamed: Option<FoundUrl>,
    /// Keeps its room until it is committed.
    _room: Box<dyn Send>,
}

/// Where visits come in, and where examiners hear what need not be told again.
pub struct Ends {
    /// Visits that ended.
    pub done: mpsc::UnboundedReceiver<Settled>,
    /// One for each platform.
    pub examining: HashMap<PlatformId, Weak<Examining>>,
    /// The way they come and go.
    pub passage: Arc<dyn Passage>,
}

/// Commits until the stages before are done.
pub fn run(rooms: &Rooms, followings: &Followings, Ends { mut done, examining, passage }: Ends) {
    let mut last_began: Option<Instant> = None;
    while let Some(first) = done.blocking_recv() {
        let (examining, passage) = (&examining, passage.as_ref());
        let mut group = Group { rooms, followings, examining, passage, taken: Vec::new(), bytes: 0 };
        group.take(first);
        // Each commit waits for the disk a few times whatever its size. Pages that come one by one are committed at once;
        // where they come fast, a moment's patience makes one commit of many.
        if let Some(began) = last_began {
            let mut patience = BETWEEN_COMMITS.saturating_sub(began.elapsed());
            while !patience.is_zero() && group.gather(&mut done) && group.more_may_come() {
                std::thread::sleep(patience.min(LOOK));
                patience = BETWEEN_COMMITS.saturating_sub(began.elapsed());
            }
        }
        group.gather(&mut done);
        last_began = Some(Instant::now());
        group.settle();
    }
    let closed = rooms.warc.lock().unwrap_or_else(std::sync::PoisonError::into_inner).close();
    if let Err(error) = closed {
        tracing::error!(%error, "WARC file could not be closed");
    }
}

/// Visits that are committed together.
struct Group<'a> {
    rooms: &'a Rooms,
    followings: &'a Followings,
    examining: &'a HashMap<PlatformId, Weak<Examining>>,
    passage: &'a dyn Passage,
    taken: Vec<Taken>,
    bytes: usize,
}

impl Group<'_> {
    /// Takes a visit in, and takes up what it found. A visit of another run is dropped; its lease
    /// ends with its time.
    fn take(&mut self, settled: Settled) {
        let (done, room) = settled.parts();
        let mut done = self.passage.done(done);
        let Some(following) = self.followings.of(&done.platform, &done.run).cloned() else {
            tracing::warn!(platform.id = %done.platform, run = %done.run, "a visit of another run is dropped");
            return;
        };
        let (found, lease) = (std::mem::take(&mut done.found), &done.settlement.lease);
        let (limits, form) = (&self.rooms.settings.limits, found.form);
        // A panic here must not leave the lanes waiting for leases that never end.
        let followed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            following.take_up(&self.rooms.hot, lease, found, limits, self.rooms.now())
        }));
        let followed = match followed {
            Ok(Ok(followed)) => followed,
            Ok(Err(error)) => {
                following.scan.break_off(&error);
                Default::default()
            }
            Err(_) => {
                following.scan.break_off(&CommitError::Panic);
                Default::default()
            }
        };
        if !followed.spellings.is_empty() {
            let known = self.passage.known(Known { spellings: followed.spellings });
            if let Some(examining) = self.examining.get(&done.platform).and_then(Weak::upgrade) {
                known.spellings.iter().for_each(|spelling| examining.known.note(*spelling));
            }
        }
        self.bytes += done.capture_bytes();
        let Followed { entries, renamed, .. } = followed;
        self.taken.push(Taken { following, done, entries, form, renamed, _room: Box::new(room) });
    }

    /// Has pages asked for in another form of their address where the one that was tried did not answer, and counts what the
    /// visits counted. Until now a page's lease keeps a form that is met from being claimed: whichever of a page's visits and
    /// the link with its other form came first, the form is not lost.
    fn name_anew(&mut self) {
        for Taken { following, done, form, renamed, .. } in &mut self.taken {
            let url = &done.settlement.lease.url;
            *renamed = renamed.take().or_else(|| following.visited(url, *form));
            if let Some(form) = renamed {
                // The page is still on its way: neither left out nor failed, nor seen to be gone.
                done.counts.skipped.clear();
                done.counts.failures.clear();
                done.sight = None;
                done.settlement = done.settlement.clone().renamed(form.clone(), self.rooms.now());
            }
            following.scan.tally.add(&done.counts);
        }
    }

    /// Whether anything else is on its way in the scans of this group.
    fn more_may_come(&self) -> bool {
        self.taken.iter().any(|one| {
            let held = self.taken.iter().filter(|other| Arc::ptr_eq(&one.following, &other.following)).count();
            usize::try_from(one.following.scan.outstanding()).is_ok_and(|outstanding| outstanding > held)
        })
    }

    /// Takes what is waiting. Says whether the group may grow further.
    fn gather(&mut self, done: &mut mpsc::UnboundedReceiver<Settled>) -> bool {
        while self.taken.len() < GROUP && self.bytes < GROUP_BYTES {
            let Ok(next) = done.try_recv() else { return true };
            self.take(next);
        }
        false
    }

    /// Commits, and tells the lanes that their leases ended.
    fn settle(mut self) {
        // A panic here must not leave the lanes waiting for leases that never end.
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            self.name_anew();
            commit(self.rooms, &mut self.taken)
        }))
        .unwrap_or(Err(CommitError::Panic));
        let mut ended: HashMap<PlatformId, (Arc<Following>, usize)> = HashMap::new();
        for one in self.taken {
            ended.entry(one.done.platform).or_insert_with(|| (one.following, 0)).1 += 1;
        }
        for (following, leases) in ended.into_values() {
            if let Err(error) = &result {
                following.scan.break_off(error);
            }
            following.offered();
            following.scan.ended(leases);
        }
    }
}

fn commit(rooms: &Rooms, group: &mut [Taken]) -> Result<(), CommitError> {
    let mut recording = Recording::begin(rooms);
    let mut controls = Vec::new();
    for Taken { following, done, renamed, .. } in group.iter_mut() {
        if let Some(page) = &done.page {
            record(rooms, following, (done, renamed.is_some()), page, &mut recording)?;
        }
        if let Some(look) = sample::look(rooms, &following.scan, done) {
            controls.push(look);
            sample::come_back(&following.scan, done, rooms.now());
        }
    }
    for (platform, recorded) in recording.commit()? {
        if let Some(one) = group.iter().find(|one| one.done.platform == platform) {
            one.following.scan.tally.count(|counts| counts.referrals_new += recorded.referrals_new);
        }
    }
    if !controls.is_empty() {
        rooms.truth.record_control(&controls, rooms.now())?;
    }
    let mut batch = SettleBatch::default();
    for one in group.iter_mut() {
        batch.settled.push(one.done.settlement.clone());
    }
    // Of what is found twice the first counts: what one visit calls a list and another links to is a list.
    let is_list = |entry: &NewEntry| matches!(entry.kind, UrlKind::Sitemap | UrlKind::Feed);
    for one in group.iter_mut() {
        let lists: Vec<NewEntry> = one.entries.extract_if(.., |entry| is_list(entry)).collect();
        if !lists.is_empty() {
            batch.offered.push((one.done.platform.clone(), lists));
        }
    }
    for one in group.iter_mut().filter(|one| !one.entries.is_empty()) {
        batch.offered.push((one.done.platform.clone(), std::mem::take(&mut one.entries)));
    }
    rooms.hot.settle(&batch)?;
    rooms.hot.flush()?;
    Ok(())
}

/// Records what a page and the offers of a feed hold; the feed as it was fetched is the evidence of each of its offers. A page
/// that is asked for again in another form of its address (`renamed`) is not gone yet.
fn record(
    rooms: &Rooms,
    following: &Following,
    (done, renamed): (&Done, bool),
    page: &PageDone,
    recording: &mut Recording<'_>,
) -> Result<(), RecordError> {
    let scan = &following.scan;
    let PageDone { capture, kind, listings, offers, known_payload, shows_all, kept } = page;
    let (at, status) = (capture.fetched_at, capture.status);
    let seen = Sighting { platform: &done.platform, url: &capture.url, run: &done.run, at, status };
    let unchanged = *kind == Answer::NotModified;
    let revisit = if unchanged { Revisit::NotModified { known: *known_payload } } else { Revisit::Answered };
    let hits = listings.iter().any(|listing| listing.assessment.verdict != Verdict::Clear);
    let tells = hits || (done.settlement.lease.state.hit && !renamed && page.tells_of_absence());
    let told = match kind {
        _ if kept.is_some() => Told::Kept,
        Answer::NotModified => Told::Unchanged,
        Answer::Page if !shows_all => Told::Part,
        Answer::Page | Answer::Redirect(_) | Answer::Gone | Answer::Refused | Answer::Other => Told::All,
    };
    let under = (&done.run, &scan.mandate);
    let mut evidence = kept.clone();
    if evidence.is_none() && (tells || rooms.settings.evidence.keep == Keep::All) {
        evidence = recording.exchange(&done.platform, under, capture, revisit)?;
    }
    if tells {
        recording.page(seen, told, listings, evidence.clone())?;
    }
    // Only hits: a feed that no longer offers a listing says nothing of it.
    for (url, examined) in offers.iter().filter(|(_, examined)| examined.assessment.verdict != Verdict::Clear) {
        if evidence.is_none() {
            evidence = recording.exchange(&done.platform, under, capture, revisit)?;
        }
        let held = evidence.clone();
        recording.handed_over(Sighting { url, ..seen }, HandedOver::Feed, examined, |_| Ok(held))?;
    }
    Ok(())
}
