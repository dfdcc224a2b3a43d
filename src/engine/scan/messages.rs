//! What the two halves of a scan say to each other: the half that fetches and examines, and the half that keeps.
//!
//! Every message is a plain value that serialises, and names its scan by platform and run. A worker on another machine can
//! send and receive the same ones.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config::settings::Keep;
use crate::detect::assessment::Verdict;
use crate::engine::scan::tally::Counts;
use crate::evidence::capture::Capture;
use crate::evidence::warc::WarcRef;
use crate::examine::ExaminedListing;
use crate::fetch::gate::{Answer, Fetched as Response};
use crate::frontier::entry::{Lease, Settlement};
use crate::vocab::found::FoundUrl;
use crate::vocab::ids::{PlatformId, RunId, Sha256Digest};
use crate::vocab::terms::Reason;
use crate::vocab::time::Timestamp;
use crate::vocab::url::HostKey;

/// A lane asks for work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Want {
    /// Platform.
    pub platform: PlatformId,
    /// Run.
    pub run: RunId,
    /// Whose URLs.
    pub host: HostKey,
    /// Leases wanted at most.
    pub at_most: usize,
    /// How long each must be ours.
    pub lease_for: Duration,
}

/// What a lane is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Granted {
    /// Work; never empty.
    Leases(Vec<Lease>),
    /// Nothing now, something at this moment, which the scan waits for.
    Later(Timestamp),
    /// Nothing is due.
    Nothing,
}

/// A lane asks whether a page that was never had has a shorter name by now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Naming {
    /// Platform.
    pub platform: PlatformId,
    /// Run.
    pub run: RunId,
    /// The page.
    pub url: FoundUrl,
}

/// A lane is about to send a request, which takes a page from the budgets of the scan and of its mandate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spend {
    /// Platform.
    pub platform: PlatformId,
    /// Run.
    pub run: RunId,
}

/// Whether the request may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Spent {
    /// It may.
    Page,
    /// A budget or the mandate ended; the scan ends with it.
    Ended,
}

/// A body came for a request of a lane, which counts towards the budget of its mandate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brought {
    /// Platform.
    pub platform: PlatformId,
    /// Run.
    pub run: RunId,
    /// Its bytes.
    pub bytes: u64,
}

/// A lane asks for what was kept of a page, to have it judged anew without asking the platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keeping {
    /// Platform.
    pub platform: PlatformId,
    /// Run.
    pub run: RunId,
    /// The page, and what is known of it.
    pub lease: Lease,
}

/// What was kept of a page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Kept {
    /// The exchange that brought its last body.
    pub capture: Capture,
    /// Where it lies.
    pub place: WarcRef,
}

/// A fetched page on its way to be examined.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fetched {
    /// Platform.
    pub platform: PlatformId,
    /// Run.
    pub run: RunId,
    /// The lease it answers.
    pub lease: Lease,
    /// The answer.
    pub fetched: Response,
    /// Where it lies among the evidence, when it was read from there and not fetched.
    pub kept: Option<WarcRef>,
}

/// A visit that ended, on its way to the disks.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Done {
    /// Platform.
    pub platform: PlatformId,
    /// Run.
    pub run: RunId,
    /// The end of its lease.
    pub settlement: Settlement,
    /// What it adds to the counts of the scan.
    pub counts: Counts,
    /// What it found for the frontier.
    pub found: Found,
    /// What the control sample would learn from it, if anything.
    pub sight: Option<Sight>,
    /// What must be kept or told to the record of truth, if anything.
    pub page: Option<Box<PageDone>>,
}

/// What a visit found for the frontier. The half that keeps knows which of it is new.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Links in document order.
    pub links: Vec<FoundUrl>,
    /// Numbers of the spellings of those links.
    pub spellings: Vec<u64>,
    /// Sitemaps an index names.
    pub sitemaps: Vec<FoundUrl>,
    /// Pages a sitemap says have changed.
    pub changed: Vec<FoundUrl>,
    /// Links that are no address we would ask for: a hash of what stands there, and the reason.
    pub refused: Vec<(u128, Reason)>,
    /// Where the page redirects to.
    pub redirect: Option<FoundUrl>,
    /// The shorter name the page is had under.
    pub shorter: Option<FoundUrl>,
    /// What a page shows, to learn from.
    pub shown: Option<Shown>,
    /// What became of the form of the page's address that was asked for.
    pub form: Form,
}

/// What a visit tells of the found form of an address it used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Form {
    /// Nothing: it was not asked for, or the host was in trouble.
    #[default]
    Untold,
    /// The host answers under it.
    Answers,
    /// The host has nothing under it, or its rules or the agreement forbid it; another form may do.
    Fails,
}

/// What a page shows, to learn parameters and shapes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// `rel=canonical`.
    pub canonical: Option<FoundUrl>,
    /// Stands for what a reader sees of it.
    pub seen: u64,
    /// Whether it holds a listing; `None` where its links are not followed and its shape tells nothing.
    pub has_listing: Option<bool>,
}

/// What a page shows the control sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sight {
    /// A listing that is not referred.
    Live,
    /// Nothing any more.
    Gone,
    /// A hit.
    Referred,
}

/// A page that was fetched and read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PageDone {
    /// The exchange.
    pub capture: Capture,
    /// What kind of answer it was.
    pub kind: Answer,
    /// Listings with their assessments.
    pub listings: Vec<ExaminedListing>,
    /// Listings of a feed, each with the page it is published at.
    pub offers: Vec<(FoundUrl, ExaminedListing)>,
    /// Digest of the body at the last visit.
    pub known_payload: Option<Sha256Digest>,
    /// An offer that the page does not show is not on it: it was read to its end, or says itself that it is gone.
    pub shows_all: bool,
    /// Where it lies among the evidence, when it was read from there: it says nothing of what the page shows today.
    pub kept: Option<WarcRef>,
}

/// Links whose spellings are known to lead to nothing new: they need not be told again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Numbers of the spellings.
    pub spellings: Vec<u64>,
}

/// The way of messages from one half to the other. Within a process they are handed over as they are; a passage between
/// machines sends what serde makes of them.
pub trait Passage: Send + Sync {
    /// From a lane to an examiner.
    fn fetched(&self, message: Fetched) -> Fetched {
        message
    }
    /// From a lane or an examiner to the committer.
    fn done(&self, message: Done) -> Done {
        message
    }
    /// From the committer to an examiner.
    fn known(&self, message: Known) -> Known {
        message
    }
    /// From a lane to the desk.
    fn want(&self, message: Want) -> Want {
        message
    }
    /// From the desk to a lane.
    fn granted(&self, message: Granted) -> Granted {
        message
    }
    /// From a lane to the desk.
    fn naming(&self, message: Naming) -> Naming {
        message
    }
    /// From the desk to a lane.
    fn shorter_name(&self, message: Option<FoundUrl>) -> Option<FoundUrl> {
        message
    }
    /// From a lane to the desk.
    fn keeping(&self, message: Keeping) -> Keeping {
        message
    }
    /// From the desk to a lane.
    fn kept(&self, message: Option<Kept>) -> Option<Kept> {
        message
    }
    /// From a lane to the desk.
    fn spend(&self, message: Spend) -> Spend {
        message
    }
    /// From a lane to the desk.
    fn brought(&self, message: Brought) -> Brought {
        message
    }
    /// From the desk to a lane.
    fn spent(&self, message: Spent) -> Spent {
        message
    }
}

/// Both halves in one process.
pub struct InProcess;

impl Passage for InProcess {}

/// Memory of a link besides its text.
const LINK_BYTES: usize = 128;

impl Done {
    /// A lease that ended without a page.
    pub fn without_page(run: RunId, settlement: Settlement, counts: Counts) -> Self {
        let platform = settlement.lease.platform.clone();
        Done { platform, run, settlement, counts, found: Found::default(), sight: None, page: None }
    }

    /// Memory its capture and its links hold, about.
    pub fn bytes(&self) -> usize {
        let links = self.found.links.iter().map(|url| url.as_str().len() + LINK_BYTES).sum::<usize>();
        links + self.capture_bytes()
    }

    /// Memory its capture holds.
    pub fn capture_bytes(&self) -> usize {
        self.page.as_ref().map_or(0, |page| page.capture.body.len())
    }
}

impl PageDone {
    /// Whether anything of it must be kept or told to the record of truth.
    pub fn matters(&self, keep: Keep, had_hit: bool) -> bool {
        let offered = self.offers.iter().map(|(_, listing)| listing);
        let found = self.listings.iter().chain(offered).any(|listing| listing.assessment.verdict != Verdict::Clear);
        // What was kept is on file already; of a hit it does not show it says nothing.
        found || self.kept.is_none() && (keep == Keep::All || had_hit)
    }

    /// Whether the answer says what became of a hit: a server in trouble, half a page and one that was not read do not.
    pub fn tells_of_absence(&self) -> bool {
        if self.kept.is_some() {
            return false;
        }
        match self.kind {
            Answer::Redirect(_) if self.leads_to_itself() => false,
            Answer::Page | Answer::Redirect(_) => self.shows_all,
            Answer::NotModified | Answer::Gone => true,
            Answer::Refused | Answer::Other => false,
        }
    }

    /// Whether it redirects to another form of its own address.
    fn leads_to_itself(&self) -> bool {
        matches!(&self.kind, Answer::Redirect(Ok(target)) if target.key() == self.capture.url.key())
    }

    /// What the control sample would learn from it.
    pub fn sight(&self) -> Option<Sight> {
        if self.kept.is_some() {
            return None;
        }
        match &self.kind {
            Answer::Redirect(_) if self.leads_to_itself() || !self.shows_all => None,
            Answer::Gone | Answer::Redirect(_) => Some(Sight::Gone),
            Answer::Page if self.capture.truncated.is_some() => None,
            Answer::Page if self.listings.iter().any(|listing| listing.assessment.verdict != Verdict::Clear) => {
                Some(Sight::Referred)
            }
            Answer::Page if self.listings.iter().any(|one| one.listing.kind.is_none()) => Some(Sight::Live),
            Answer::Page if self.shows_all => Some(Sight::Gone),
            Answer::Page => None,
            Answer::NotModified => Some(Sight::Live),
            Answer::Refused | Answer::Other => None,
        }
    }
}
