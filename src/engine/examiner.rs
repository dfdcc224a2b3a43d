//! The CPU side of a scan: pages in, what they hold out. Runs in a thread beside the IO runtime.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tracing::debug;

use crate::engine::commit::{Done, PageDone};
use crate::engine::lane::TRY_AGAIN;
use crate::engine::rooms::Rooms;
use crate::engine::scan::PlatformScan;
use crate::examine::{Bench, ExaminedListing, examine};
use crate::fetch::gate::{Answer, Fetched as Response};
use crate::frontier::entry::{Lease, NewEntry, UrlKind, UrlState};
use crate::frontier::revisit::{Visit, next_visit};
use crate::frontier::sitemap;
use crate::listing::ReadLimits;
use crate::vocab::time::Timestamp;
use crate::vocab::url::CanonicalUrl;

/// A fetched page on its way to be read.
pub struct Fetched {
    /// The scan it belongs to.
    pub scan: Arc<PlatformScan>,
    /// The lease it answers.
    pub lease: Lease,
    /// The answer.
    pub fetched: Response,
}

/// Reads pages until the lanes are done.
pub fn run(rooms: &Rooms, mut pages: mpsc::Receiver<Fetched>, committer: &mpsc::Sender<Done>) {
    while let Some(page) = pages.blocking_recv() {
        let (scan, lease) = (page.scan.clone(), page.lease.clone());
        let now = rooms.now();
        let examiner = Examiner { rooms, scan: &scan, now };
        // All input is hostile: a page that finds a hole in a parser costs that page, not the scan.
        let read = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| examiner.read(page)));
        let done = read.unwrap_or_else(|_| {
            tracing::error!(url = %lease.url, "reading `{}` ended in a panic", lease.url);
            scan.tally.fail("unreadable");
            let due = now.after(scan.platform.crawl.revisit);
            Done::without_page(scan.clone(), lease.settle(lease.state.given_up(now), due))
        });
        if committer.blocking_send(done).is_err() {
            scan.break_off(&"the committer has ended");
            return;
        }
    }
}

struct Examiner<'a> {
    rooms: &'a Rooms,
    scan: &'a Arc<PlatformScan>,
    now: Timestamp,
}

/// Refusals (429, 503) of a URL after which a scan leaves it to a later one.
const REFUSALS: u16 = 5;

/// What a URL is due for after its visit.
struct After {
    state: UrlState,
    due: Timestamp,
    links: Vec<NewEntry>,
}

impl Examiner<'_> {
    fn read(&self, Fetched { lease, fetched, .. }: Fetched) -> Done {
        let Response { capture, kind } = fetched;
        self.scan.tally.count(|counts| {
            counts.pages += 1;
            counts.body_bytes += capture.body.len() as u64;
            *counts.outcomes.entry(outcome_name(&kind, capture.status)).or_default() += 1;
        });
        let mut listings = Vec::new();
        let after = match kind {
            Answer::Page if matches!(lease.kind, UrlKind::Sitemap | UrlKind::Feed) => self.sitemap(&lease, &capture),
            Answer::Page => {
                let (after, found) = self.page(&lease, &capture);
                listings = found;
                after
            }
            Answer::NotModified => self.visited(Visit::Unchanged, lease.state.clone()),
            Answer::Gone => self.visited(Visit::Gone, forgotten(&lease.state)),
            Answer::Redirect(ref target) => self.redirect(&lease, target),
            Answer::Refused => self.refused(&lease),
            Answer::Other => {
                self.scan.tally.fail(&format!("status-{}", capture.status));
                let due = self.now.after(self.scan.platform.crawl.revisit.min(TRY_AGAIN));
                After { state: lease.state.given_up(self.now), due, links: Vec::new() }
            }
        };
        if let Some(truncated) = capture.truncated {
            self.scan.tally.fail(match truncated {
                crate::evidence::capture::Truncated::Length => "body-size-cap",
                crate::evidence::capture::Truncated::Time => "body-time-cap",
            });
        }
        let page = PageDone { capture, kind, listings, known_payload: lease.state.payload_digest };
        let settlement = lease.settle(after.state, after.due);
        Done { scan: self.scan.clone(), settlement, links: after.links, page: Some(Box::new(page)) }
    }

    fn page(&self, lease: &Lease, capture: &crate::evidence::capture::Capture) -> (After, Vec<ExaminedListing>) {
        let detector = self.rooms.detector();
        let limits = ReadLimits::default();
        let bench = Bench {
            detector: &detector,
            selectors: self.scan.selectors.as_ref(),
            jurisdictions: &self.scan.platform.referral.jurisdictions,
            limits: &limits,
        };
        let examination = examine(capture, &bench);
        let page = examination.page;
        for problem in &page.problems {
            debug!(url = %capture.url, problem, "page of `{}` is not whole", capture.url);
        }
        let digest = capture.payload_digest();
        let visit = if lease.state.payload_digest == Some(digest) { Visit::Unchanged } else { Visit::Changed };
        let hits = examination
            .listings
            .iter()
            .filter(|listing| listing.assessment.verdict != crate::detect::assessment::Verdict::Clear)
            .count();
        self.scan.tally.count(|counts| {
            counts.listings += examination.listings.len() as u64;
            counts.hits += hits as u64;
        });
        let state = UrlState {
            etag: capture.header("etag").map(str::to_owned),
            last_modified: capture.header("last-modified").map(str::to_owned),
            payload_digest: Some(digest),
            hit: hits > 0,
            ..lease.state.clone()
        };
        let mut after = self.visited(visit, state);
        if page.robots.nofollow || header_says(capture, "nofollow") {
            self.scan.tally.skip("robots-meta-nofollow");
        } else {
            let links = page.links.into_iter().filter(|link| !link.nofollow).map(|link| link.url);
            // The canonical page is a link like any other: it is fetched once, under its own name.
            after.links = self.follow(lease, page.canonical.into_iter().chain(links));
        }
        (after, examination.listings)
    }

    fn sitemap(&self, lease: &Lease, capture: &crate::evidence::capture::Capture) -> After {
        let sitemap = sitemap::read(&capture.body);
        for problem in &sitemap.problems {
            debug!(url = %capture.url, problem, "sitemap `{}` is not whole", capture.url);
            self.scan.tally.fail("sitemap-malformed");
        }
        let pages =
            sitemap.pages.iter().filter_map(|page| CanonicalUrl::parse(&page.location, Some(&capture.url)).ok());
        let mut links = self.follow(lease, pages);
        // An index in an index is as deep as the protocol goes.
        if lease.depth < 2 {
            for entry in &sitemap.sitemaps {
                if let Ok(url) = CanonicalUrl::parse(&entry.location, Some(&capture.url)) {
                    let kind = UrlKind::Sitemap;
                    let depth = lease.depth + 1;
                    links.push(NewEntry { url, depth, kind, priority: kind.priority(), due: self.now });
                }
            }
        }
        let digest = capture.payload_digest();
        let visit = if lease.state.payload_digest == Some(digest) { Visit::Unchanged } else { Visit::Changed };
        let state = UrlState { payload_digest: Some(digest), ..lease.state.clone() };
        After { links, ..self.visited(visit, state) }
    }

    fn redirect(&self, lease: &Lease, target: &Result<CanonicalUrl, crate::vocab::url::UrlError>) -> After {
        let mut after = self.visited(Visit::Unchanged, forgotten(&lease.state));
        match target {
            // The target is a new URL, one link deeper, so that a chain ends at the depth limit.
            Ok(url) if *url != lease.url => after.links = self.follow(lease, [url.clone()].into_iter()),
            Ok(_) => self.scan.tally.skip("redirect-to-itself"),
            Err(_) => self.scan.tally.skip("redirect-malformed"),
        }
        after
    }

    /// 429 and 503: the gate has blocked the host already; the URL is due again when the block ends.
    fn refused(&self, lease: &Lease) -> After {
        let state = lease.state.failed();
        let host = lease.url.host();
        let until = self.rooms.gate.blocked_until(&self.scan.platform, &host);
        let until = until.unwrap_or_else(|| self.now.after(Duration::from_secs(60)));
        self.scan.tally.wait(&host, until, "host-refused");
        if state.failures.is_multiple_of(REFUSALS) {
            let state = lease.state.given_up(self.now);
            self.scan.tally.fail("host-refused");
            let due = self.now.after(self.scan.platform.crawl.revisit.min(TRY_AGAIN)).max(until);
            return After { state, due, links: Vec::new() };
        }
        After { state, due: until, links: Vec::new() }
    }

    fn follow(&self, lease: &Lease, links: impl Iterator<Item = CanonicalUrl>) -> Vec<NewEntry> {
        self.scan.follow(&self.rooms.hot, lease, links, self.now).unwrap_or_else(|error| {
            self.scan.break_off(&error);
            Vec::new()
        })
    }

    fn visited(&self, visit: Visit, mut state: UrlState) -> After {
        let due = next_visit(&mut state, visit, self.scan.platform.crawl.revisit, self.now);
        After { state, due, links: Vec::new() }
    }
}

/// The state of a URL whose page is no longer there. Validators go too: a page that comes back must come back whole, or
/// its return would pass for no change.
fn forgotten(state: &UrlState) -> UrlState {
    UrlState { etag: None, last_modified: None, payload_digest: None, hit: false, ..state.clone() }
}

fn header_says(capture: &crate::evidence::capture::Capture, word: &str) -> bool {
    capture
        .header("x-robots-tag")
        .is_some_and(|value| value.split(',').any(|part| part.trim().eq_ignore_ascii_case(word)))
}

fn outcome_name(kind: &Answer, status: u16) -> String {
    match kind {
        Answer::Page => "page".to_owned(),
        Answer::NotModified => "not-modified".to_owned(),
        Answer::Redirect(_) => "redirect".to_owned(),
        Answer::Gone => "gone".to_owned(),
        Answer::Refused => "refused".to_owned(),
        Answer::Other => format!("status-{status}"),
    }
}
