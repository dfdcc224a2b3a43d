//! The CPU side of a scan: pages in, what they hold out. Runs in a thread beside the IO runtime.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tracing::debug;

use crate::config::settings::Keep;
use crate::detect::assessment::Verdict;
use crate::engine::intake;
use crate::engine::rooms::Rooms;
use crate::engine::scan::PlatformScan;
use crate::engine::scan::committer::{Done, PageDone};
use crate::engine::scan::lane::TRY_AGAIN;
use crate::evidence::capture::Capture;
use crate::examine::{Bench, ExaminedListing, examine, examine_listing};
use crate::fetch::gate::{Answer, Fetched as Response};
use crate::frontier::entry::{Lease, NewEntry, UrlKind, UrlState, body_mark};
use crate::frontier::revisit::{Visit, next_visit};
use crate::frontier::robots_tag;
use crate::frontier::sitemap::{self, Dates, Sitemap};
use crate::listing::ended::ended;
use crate::listing::feed;
use crate::listing::page::{Link, Listing, Page};
use crate::listing::spellings::Spellings;
use crate::vocab::terms::Reason;
use crate::vocab::time::{Deadline, Timestamp};
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
    let mut spellings = Spellings::new(SPELLINGS);
    while let Some(page) = next_page(&mut pages) {
        let (scan, lease) = (page.scan.clone(), page.lease.clone());
        let now = rooms.now();
        let mut examiner = Examiner { rooms, scan: &scan, now, spellings: &mut spellings };
        // All input is hostile: a page that finds a hole in a parser costs that page, not the scan.
        let read = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| examiner.read(page)));
        let done = read.unwrap_or_else(|_| {
            tracing::error!(url = %lease.url, "reading `{}` ended in a panic", lease.url);
            scan.tally.fail(Reason::Unreadable);
            let due = now.after(scan.platform.crawl.revisit);
            Done::without_page(scan.clone(), lease.settle(lease.state.given_up(now), due))
        });
        if committer.blocking_send(done).is_err() {
            scan.break_off(&"the committer has ended");
            return;
        }
    }
}

/// How long a look into an empty queue is put off where pages come fast: being woken for each of them costs more.
const MOMENT: Duration = Duration::from_micros(300);

fn next_page(pages: &mut mpsc::Receiver<Fetched>) -> Option<Fetched> {
    if let Ok(page) = pages.try_recv() {
        return Some(page);
    }
    std::thread::sleep(MOMENT);
    pages.try_recv().ok().or_else(|| pages.blocking_recv())
}

struct Examiner<'a> {
    rooms: &'a Rooms,
    scan: &'a Arc<PlatformScan>,
    now: Timestamp,
    spellings: &'a mut Spellings,
}

/// Spellings of known links remembered during a scan: four megabytes.
const SPELLINGS: usize = 1 << 19;

/// Refusals (429, 503) of a URL after which a scan leaves it to a later one.
const REFUSALS: u16 = 5;

/// How long sitemaps and feeds count as fresh at most; the interval adapts as that of pages does.
const LISTS_REVISIT: Duration = Duration::from_secs(6 * 3600);

/// What a URL is due for after its visit.
struct After {
    state: UrlState,
    due: Timestamp,
    links: Vec<NewEntry>,
}

impl Examiner<'_> {
    fn read(&mut self, Fetched { lease, fetched, .. }: Fetched) -> Done {
        let Response { capture, kind } = fetched;
        self.scan.tally.count(|counts| {
            counts.pages += 1;
            counts.body_bytes += capture.body.len() as u64;
            *counts.outcomes.entry(outcome_name(&kind, capture.status)).or_default() += 1;
        });
        self.scan.tally.looked_at(lease.state.last_fetched, self.now);
        let (mut listings, mut offers) = (Vec::new(), Vec::new());
        let after = match kind {
            Answer::Page if matches!(lease.kind, UrlKind::Sitemap | UrlKind::Feed) => {
                let (after, found) = self.sitemap(&lease, &capture);
                offers = found;
                after
            }
            Answer::Page => {
                let (after, found) = self.page(&lease, &capture);
                listings = found;
                after
            }
            Answer::NotModified => self.visited(&lease, Visit::Unchanged, lease.state.clone()),
            Answer::Gone => self.visited(&lease, Visit::Gone, forgotten(&lease.state)),
            Answer::Redirect(ref target) => self.redirect(&lease, target),
            Answer::Refused => self.refused(&lease),
            Answer::Other => {
                self.scan.tally.fail_with_status(capture.status);
                let due = self.now.after(self.scan.platform.crawl.revisit.min(TRY_AGAIN));
                After { state: lease.state.given_up(self.now), due, links: Vec::new() }
            }
        };
        if let Some(truncated) = capture.truncated {
            self.scan.tally.fail(match truncated {
                crate::evidence::capture::Truncated::Length => Reason::BodySizeCap,
                crate::evidence::capture::Truncated::Time => Reason::BodyTimeCap,
            });
        }
        let page = PageDone { capture, kind, listings, offers, known_payload: lease.state.payload_digest };
        let settlement = lease.settle(after.state, after.due);
        // Most pages leave nothing behind: their bytes are let go here instead of waiting for the disk with the rest.
        // Those of the control sample only tell whether they are still there.
        let drawn = self.rooms.truth.control_digest(&lease.platform, &page.capture.url).is_some();
        let matters = drawn || page.matters(self.rooms.settings.evidence.keep, lease.state.hit);
        let page = matters.then(|| Box::new(page));
        Done { scan: self.scan.clone(), settlement, links: after.links, page }
    }

    fn page(&mut self, lease: &Lease, capture: &Capture) -> (After, Vec<ExaminedListing>) {
        let detector = self.rooms.detector();
        let over = self.rooms.reading_time();
        let bench = Bench {
            detector: &detector,
            selectors: self.scan.selectors.as_ref(),
            jurisdictions: &self.scan.platform.referral.jurisdictions,
            languages: &self.scan.platform.languages,
            limits: &self.rooms.settings.limits,
            deadline: Deadline::new(&over),
            owner: self.scan.platform.id.as_str(),
            known: Some(self.spellings),
        };
        let examination = examine(capture, &bench);
        let page = examination.page;
        for problem in &page.problems {
            debug!(url = %capture.url, problem, "page of `{}` is not whole", capture.url);
        }
        if page.cut {
            self.scan.tally.fail(Reason::TextCap);
        }
        if let Some(spent) = page.given_up {
            self.scan.tally.fail(spent.reason());
        }
        if page.links_cut {
            self.scan.tally.fail(Reason::LinkBudget);
        }
        let read: Vec<&Listing> = examination.listings.iter().map(|one| &one.listing).collect();
        // A start page is what the platform file says it is.
        let over = if lease.kind == UrlKind::Seed { None } else { ended(&page, &read) };
        self.scan.learn_parameters(&capture.url, page.canonical.as_ref(), what_is_seen(&page, &read), self.now);
        let listings = if over.is_some() { Vec::new() } else { examination.listings };
        let visit = if over.is_some() { Visit::Gone } else { visit_of(&lease.state, capture) };
        let hits = listings.iter().filter(|listing| listing.assessment.verdict != Verdict::Clear).count();
        self.scan.tally.count(|counts| {
            counts.listings += listings.len() as u64;
            counts.hits += hits as u64;
            if let Some(over) = over {
                // It was counted as a page when it came.
                counts.outcomes.entry("page".to_owned()).and_modify(|pages| *pages = pages.saturating_sub(1));
                counts.outcomes.retain(|_, count| *count > 0);
                *counts.outcomes.entry(over.reason().to_string()).or_default() += 1;
            }
        });
        let state = UrlState {
            etag: capture.header("etag").map(str::to_owned),
            last_modified: capture.header("last-modified").map(str::to_owned),
            payload_digest: self.is_kept(hits).then(|| capture.payload_digest()),
            body_mark: Some(body_mark(&capture.body)),
            hit: hits > 0,
            ..lease.state.clone()
        };
        // Nor are the validators of a page that was given up kept: unchanged, it is no more readable, and must be told again.
        let state = if over.is_some() || page.given_up.is_some() {
            UrlState { hit: state.hit, ..forgotten(&state) }
        } else {
            state
        };
        let mut after = self.visited(lease, visit, state);
        let tags = capture.response_headers.iter().filter(|(name, _)| name == "x-robots-tag");
        for (key, reason) in &page.refused {
            self.scan.leave_out_text(*key, *reason);
        }
        if page.robots.nofollow || robots_tag::nofollow(tags.map(|(_, value)| value.as_str())) {
            self.scan.tally.skip(Reason::RobotsMetaNofollow);
        } else {
            let links: Vec<Link> = page.links.into_iter().filter(|link| !link.nofollow).collect();
            let spelled: Vec<u64> = links.iter().filter_map(|link| link.spelling).collect();
            // The canonical page is a link like any other: it is fetched once, under its own name.
            let urls = links.into_iter().map(|link| link.url);
            let cut;
            (after.links, cut) = self.follow(lease, page.canonical.into_iter().chain(urls));
            self.scan.learn(&capture.url, !listings.is_empty(), &after.links);
            // What was cut for depth or a budget may be followed from another page; otherwise the same links need not be
            // looked at again.
            if cut == 0 {
                spelled.into_iter().for_each(|spelling| self.spellings.note(spelling));
            }
        }
        (after, listings)
    }

    /// A sitemap or a feed: the pages it names, those it says have changed, and the offers it carries itself.
    fn sitemap(&self, lease: &Lease, capture: &Capture) -> (After, Vec<(CanonicalUrl, ExaminedListing)>) {
        let offers = if lease.kind == UrlKind::Feed { self.offers(capture) } else { Vec::new() };
        let sitemap = sitemap::read(&capture.body, self.rooms.settings.limits.sitemap_bytes);
        for problem in sitemap.problems.iter().filter(|_| offers.is_empty()) {
            debug!(url = %capture.url, problem, "sitemap `{}` is not whole", capture.url);
            self.scan.tally.fail(Reason::SitemapMalformed);
        }
        let pages =
            sitemap.pages.iter().filter_map(|page| CanonicalUrl::parse(&page.location, Some(&capture.url)).ok());
        let (mut links, _) = self.follow(lease, pages.chain(offers.iter().map(|(url, _)| url.clone())));
        if let Some(since) = lease.state.last_fetched {
            self.changed(lease, &sitemap, since);
        }
        // An index in an index is as deep as the protocol goes.
        if lease.depth < 2 {
            for entry in &sitemap.sitemaps {
                if let Ok(url) = CanonicalUrl::parse(&entry.location, Some(&capture.url))
                    && self.scan.another_sitemap(&url, self.rooms.settings.limits.sitemaps_per_host)
                {
                    let kind = UrlKind::Sitemap;
                    let depth = lease.depth + 1;
                    links.push(NewEntry { url, depth, kind, priority: kind.priority(), due: self.now });
                }
            }
        }
        let visit = visit_of(&lease.state, capture);
        let state = UrlState {
            etag: capture.header("etag").map(str::to_owned),
            last_modified: capture.header("last-modified").map(str::to_owned),
            payload_digest: self.is_kept(0).then(|| capture.payload_digest()),
            body_mark: Some(body_mark(&capture.body)),
            ..lease.state.clone()
        };
        (After { links, ..self.visited(lease, visit, state) }, offers)
    }

    /// Makes pages due that the sitemap says have changed since it was last read.
    fn changed(&self, lease: &Lease, sitemap: &Sitemap, since: Timestamp) {
        let Dates::Changed(changed) = sitemap.changed(since, self.now) else {
            self.scan.tally.skip(Reason::SitemapLastmod);
            return;
        };
        for entry in changed {
            let Ok(url) = CanonicalUrl::parse(&entry.location, Some(&lease.url)) else { continue };
            if let Err(error) = self.scan.look_again(&self.rooms.hot, lease, url, self.now) {
                self.scan.break_off(&error);
                return;
            }
        }
    }

    /// The offers a feed carries, judged as any listing is.
    fn offers(&self, capture: &Capture) -> Vec<(CanonicalUrl, ExaminedListing)> {
        let feed = feed::read(&capture.body, &capture.url, self.rooms.settings.limits.listing_bytes);
        for problem in &feed.problems {
            debug!(url = %capture.url, problem, "feed `{}` is not whole", capture.url);
            self.scan.tally.fail(Reason::FeedMalformed);
        }
        let detector = self.rooms.detector();
        let bench = Bench {
            detector: &detector,
            selectors: None,
            jurisdictions: &self.scan.platform.referral.jurisdictions,
            languages: &self.scan.platform.languages,
            limits: &self.rooms.settings.limits,
            deadline: Deadline::NEVER,
            owner: self.scan.platform.id.as_str(),
            known: None,
        };
        let within =
            feed.offers.into_iter().filter(|offered| intake::wanted(&self.scan.platform, &offered.url).is_ok());
        let offers: Vec<_> = within.map(|offered| (offered.url, examine_listing(offered.listing, &bench))).collect();
        let hits = offers.iter().filter(|(_, examined)| examined.assessment.verdict != Verdict::Clear).count();
        self.scan.tally.count(|counts| {
            counts.listings += offers.len() as u64;
            counts.hits += hits as u64;
        });
        offers
    }

    fn redirect(&self, lease: &Lease, target: &Result<CanonicalUrl, crate::vocab::url::UrlError>) -> After {
        let mut after = self.visited(lease, Visit::Unchanged, forgotten(&lease.state));
        match target {
            Ok(url) if *url != lease.url => {
                match self.scan.another_redirect(&lease.url, url, self.rooms.settings.limits.redirects) {
                    // The target is a new URL, one link deeper.
                    true => after.links = self.follow(lease, [url.clone()].into_iter()).0,
                    false => self.scan.tally.fail(Reason::RedirectLimit),
                }
            }
            Ok(_) => self.scan.tally.skip(Reason::RedirectToItself),
            Err(_) => self.scan.tally.skip(Reason::RedirectMalformed),
        }
        after
    }

    /// 429 and 503: the gate has blocked the host already; the URL is due again when the block ends.
    fn refused(&self, lease: &Lease) -> After {
        let state = lease.state.failed();
        let host = lease.url.host();
        let until = self.rooms.gate.blocked_until(&self.scan.platform, &host);
        let until = until.unwrap_or_else(|| self.now.after(Duration::from_secs(60)));
        self.scan.tally.wait(&host, until, Reason::HostRefused);
        if state.failures.is_multiple_of(REFUSALS) {
            let state = lease.state.given_up(self.now);
            self.scan.tally.fail(Reason::HostRefused);
            let due = self.now.after(self.scan.platform.crawl.revisit.min(TRY_AGAIN)).max(until);
            return After { state, due, links: Vec::new() };
        }
        After { state, due: until, links: Vec::new() }
    }

    /// Whether evidence of a page with so many hits is kept, which a later record may refer to.
    fn is_kept(&self, hits: usize) -> bool {
        hits > 0 || self.rooms.settings.evidence.keep == Keep::All
    }

    /// The links the frontier should hear of, and how many were cut that may be followed from elsewhere.
    fn follow(&self, lease: &Lease, links: impl Iterator<Item = CanonicalUrl>) -> (Vec<NewEntry>, usize) {
        self.scan.follow(&self.rooms.hot, lease, links, self.now).unwrap_or_else(|error| {
            self.scan.break_off(&error);
            Default::default()
        })
    }

    fn visited(&self, lease: &Lease, visit: Visit, mut state: UrlState) -> After {
        let revisit = self.scan.platform.crawl.revisit;
        // Sitemaps and feeds say what is new; pages need not be asked one by one for that.
        let revisit = match lease.kind {
            UrlKind::Sitemap | UrlKind::Feed => revisit.min(LISTS_REVISIT),
            UrlKind::Seed | UrlKind::Page | UrlKind::Recheck => revisit,
        };
        let due = next_visit(&mut state, visit, revisit, self.now);
        After { state, due, links: Vec::new() }
    }
}

/// The state of a URL whose page is no longer there. Validators go too: a page that comes back must come back whole, or
/// its return would pass for no change.
fn forgotten(state: &UrlState) -> UrlState {
    UrlState { etag: None, last_modified: None, payload_digest: None, body_mark: None, hit: false, ..state.clone() }
}

fn visit_of(state: &UrlState, capture: &crate::evidence::capture::Capture) -> Visit {
    if state.is_same_body(&capture.body) == Some(true) { Visit::Unchanged } else { Visit::Changed }
}

/// Stands for what a reader sees of a page: its title, text and offers, not its links.
fn what_is_seen(page: &Page, listings: &[&Listing]) -> u64 {
    let mut seen = xxhash_rust::xxh3::Xxh3::new();
    seen.update(page.title.as_bytes());
    seen.update(page.text.as_bytes());
    for listing in listings {
        seen.update(listing.title.as_bytes());
        seen.update(listing.description.as_bytes());
    }
    seen.digest()
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
