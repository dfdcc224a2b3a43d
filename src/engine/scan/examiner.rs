//! The CPU side of a scan: pages in, what they hold out. Runs in a thread beside the IO runtime.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tracing::debug;

use crate::config::settings::Keep;
use crate::detect::assessment::Verdict;
use crate::engine::offered;
use crate::engine::scan::messages::{Done, Fetched, Found, Known, PageDone, Shown};
use crate::engine::scan::state::{PlatformScan, Scans};
use crate::engine::scan::tally::Counts;
use crate::engine::scan::worker::{TRY_AGAIN, Worker, reading_time};
use crate::evidence::capture::{Capture, Truncated};
use crate::examine::{Bench, ExaminedListing, examine, examine_listing};
use crate::fetch::gate::{Answer, Fetched as Response};
use crate::frontier::entry::{Lease, UrlKind, UrlState, body_mark};
use crate::frontier::revisit::{Visit, next_visit};
use crate::frontier::robots_tag;
use crate::frontier::sitemap::{self, Dates, Sitemap, SitemapEntry};
use crate::listing::ended::ended;
use crate::listing::feed::{self, Offered};
use crate::listing::page::{Format, Link, Listing, Page};
use crate::listing::spellings::Spellings;
use crate::vocab::terms::Reason;
use crate::vocab::time::{Deadline, Timestamp};
use crate::vocab::url::CanonicalUrl;

/// Examines pages until the lanes are done. `known` brings spellings of links that need not be told again.
pub fn run(
    worker: &Worker,
    scans: &Scans,
    pages: &Mutex<mpsc::Receiver<Fetched>>,
    committer: &mpsc::Sender<Done>,
    known: &std::sync::mpsc::Receiver<Known>,
) {
    let mut spellings = Spellings::new(SPELLINGS);
    while let Some(page) = next_page(pages) {
        let page = worker.passage.fetched(page);
        let Some(scan) = scans.of(&page.platform, &page.run) else {
            tracing::warn!(platform.id = %page.platform, run = %page.run, "a page of another run is dropped");
            continue;
        };
        known.try_iter().flat_map(|known| known.spellings).for_each(|spelling| spellings.note(spelling));
        let lease = page.lease.clone();
        let now = worker.now();
        let mut examiner = Examiner { worker, scan, now, spellings: &spellings, counts: Counts::default() };
        // All input is hostile: a page that finds a hole in a parser costs that page, not the scan.
        let read = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| examiner.read(page)));
        let done = read.unwrap_or_else(|_| {
            tracing::error!(url = %lease.url, "reading `{}` ended in a panic", lease.url);
            let mut counts = examiner.counts;
            counts.fail(Reason::Unreadable);
            counts.judged.unreadable += 1;
            let due = now.after(scan.platform.crawl.revisit);
            Done::without_page(scan.run.clone(), lease.settle(lease.state.given_up(now), due), counts)
        });
        if committer.blocking_send(done).is_err() {
            scan.break_off(&"the committer has ended");
            return;
        }
    }
}

/// How long a look into an empty queue is put off where pages come fast: being woken for each of them costs more.
const MOMENT: Duration = Duration::from_micros(300);

/// Whoever waits for a page holds the queue; the others wait for it in turn.
fn next_page(pages: &Mutex<mpsc::Receiver<Fetched>>) -> Option<Fetched> {
    let mut pages = pages.lock().unwrap_or_else(PoisonError::into_inner);
    if let Ok(page) = pages.try_recv() {
        return Some(page);
    }
    std::thread::sleep(MOMENT);
    pages.try_recv().ok().or_else(|| pages.blocking_recv())
}

struct Examiner<'a> {
    worker: &'a Worker,
    scan: &'a Arc<PlatformScan>,
    now: Timestamp,
    spellings: &'a Spellings,
    /// What this visit adds to the counts of the scan.
    counts: Counts,
}

/// Spellings of known links remembered during a scan: four megabytes.
const SPELLINGS: usize = 1 << 19;

/// Refusals (429, 503) of a URL after which a scan leaves it to a later one.
const REFUSALS: u16 = 5;

/// How long sitemaps and feeds count as fresh at most; the interval adapts as that of pages does.
const LISTS_REVISIT: Duration = Duration::from_secs(6 * 3600);

/// What became of a page that answered with content.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Offers,
    Text,
    WithoutText,
    GivenUp,
    Unreadable,
}

impl Fate {
    fn of(page: &Page, offers: usize) -> Self {
        match page.format {
            Format::Unread => Fate::Unreadable,
            Format::WithoutText => Fate::WithoutText,
            Format::Markup | Format::Text if page.given_up.is_some() => Fate::GivenUp,
            Format::Markup | Format::Text if offers > 0 => Fate::Offers,
            Format::Markup | Format::Text if !page.text.is_empty() => Fate::Text,
            // What scripts would show was not seen.
            Format::Markup | Format::Text if page.has_scripts => Fate::Unreadable,
            Format::Markup | Format::Text => Fate::WithoutText,
        }
    }
}

/// What a URL is due for after its visit.
struct After {
    state: UrlState,
    due: Timestamp,
    found: Found,
}

impl Examiner<'_> {
    fn read(&mut self, Fetched { lease, fetched, .. }: Fetched) -> Done {
        let Response { capture, kind } = fetched;
        self.counts.pages += 1;
        self.counts.body_bytes += capture.body.len() as u64;
        *self.counts.outcomes.entry(outcome_name(&kind, capture.status)).or_default() += 1;
        self.counts.looked_at(lease.state.last_fetched, self.now);
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
                self.counts.fail_with_status(capture.status);
                let due = self.now.after(self.scan.platform.crawl.revisit.min(TRY_AGAIN));
                After { state: lease.state.given_up(self.now), due, found: Found::default() }
            }
        };
        if let Some(truncated) = capture.truncated {
            self.counts.fail(match truncated {
                Truncated::Length => Reason::BodySizeCap,
                Truncated::Time => Reason::BodyTimeCap,
            });
        }
        let page = PageDone { capture, kind, listings, offers, known_payload: lease.state.payload_digest };
        let sight = page.sight();
        let settlement = lease.settle(after.state, after.due);
        // Most pages leave nothing behind: their bytes are let go here instead of waiting for the disk with the rest.
        let page = page.matters(self.worker.keep, lease.state.hit).then(|| Box::new(page));
        let (platform, run, counts) = (lease.platform, self.scan.run.clone(), std::mem::take(&mut self.counts));
        Done { platform, run, settlement, counts, found: after.found, sight, page }
    }

    fn page(&mut self, lease: &Lease, capture: &Capture) -> (After, Vec<ExaminedListing>) {
        let detector = self.worker.detector();
        let over = reading_time(&self.worker.limits);
        let bench = Bench {
            detector: &detector,
            selectors: self.scan.selectors.as_ref(),
            jurisdictions: &self.scan.platform.referral.jurisdictions,
            languages: &self.scan.platform.languages,
            limits: &self.worker.limits,
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
            self.counts.fail(Reason::TextCap);
        }
        if let Some(spent) = page.given_up {
            self.counts.fail(spent.reason());
        }
        if page.links_cut {
            self.counts.fail(Reason::LinkBudget);
        }
        // What the page says as a whole is no offer that could still stand on a page that says it is gone.
        let offers = || examination.listings.iter().map(|one| &one.listing).filter(|listing| listing.kind.is_none());
        let read: Vec<&Listing> = offers().collect();
        // A start page is what the platform file says it is.
        let over = if lease.kind == UrlKind::Seed { None } else { ended(&page, &read) };
        let seen = what_is_seen(&page, &read);
        let fate = Fate::of(&page, read.len());
        if over.is_none() {
            self.counts.listings += read.len() as u64;
            self.count(fate);
        }
        let has_offers = !read.is_empty() && over.is_none();
        let listings = if over.is_some() { Vec::new() } else { examination.listings };
        let visit = if over.is_some() { Visit::Gone } else { visit_of(&lease.state, capture) };
        let hits = listings.iter().filter(|listing| listing.assessment.verdict != Verdict::Clear).count();
        self.counts.hits += hits as u64;
        if let Some(over) = over {
            // It was counted as a page when it came.
            self.counts.outcomes.clear();
            *self.counts.outcomes.entry(over.reason().to_string()).or_default() += 1;
        }
        let state = UrlState {
            etag: capture.header("etag").map(str::to_owned),
            last_modified: capture.header("last-modified").map(str::to_owned),
            payload_digest: self.is_kept(hits).then(|| capture.payload_digest()),
            body_mark: Some(body_mark(&capture.body)),
            hit: hits > 0,
            ..lease.state.clone()
        };
        // Nor are the validators of a page that was given up or not read kept: unchanged, it is no more readable, and must be
        // told again.
        let state = if over.is_some() || matches!(fate, Fate::GivenUp | Fate::Unreadable) {
            UrlState { hit: state.hit, ..forgotten(&state) }
        } else {
            state
        };
        let mut after = self.visited(lease, visit, state);
        let tags = capture.response_headers.iter().filter(|(name, _)| name == "x-robots-tag");
        let mut found = Found { refused: page.refused.clone(), ..Found::default() };
        let mut has_listing = None;
        if page.robots.nofollow || robots_tag::nofollow(tags.map(|(_, value)| value.as_str())) {
            self.counts.skip(Reason::RobotsMetaNofollow);
        } else {
            let links: Vec<Link> = page.links.into_iter().filter(|link| !link.nofollow).collect();
            found.spellings = links.iter().filter_map(|link| link.spelling).collect();
            // The canonical page is a link like any other: it is fetched once, under its own name.
            found.links = page.canonical.iter().cloned().chain(links.into_iter().map(|link| link.url)).collect();
            has_listing = Some(has_offers);
        }
        found.shown = Some(Shown { canonical: page.canonical, seen, has_listing });
        after.found = found;
        (after, listings)
    }

    fn count(&mut self, fate: Fate) {
        let judged = &mut self.counts.judged;
        match fate {
            Fate::Offers => judged.listings += 1,
            Fate::Text => judged.text += 1,
            Fate::WithoutText => judged.without_text += 1,
            Fate::GivenUp => judged.given_up += 1,
            Fate::Unreadable => {
                judged.unreadable += 1;
                self.counts.fail(Reason::Unreadable);
            }
        }
    }

    /// A sitemap or a feed: the pages it names, those it says have changed, and the offers it carries itself.
    fn sitemap(&mut self, lease: &Lease, capture: &Capture) -> (After, Vec<(CanonicalUrl, ExaminedListing)>) {
        let mut found = Found::default();
        let offers = if lease.kind == UrlKind::Feed { self.offers(capture, &mut found.refused) } else { Vec::new() };
        let sitemap = sitemap::read(&capture.body, self.worker.limits.sitemap_bytes);
        for problem in sitemap.problems.iter().filter(|_| offers.is_empty()) {
            debug!(url = %capture.url, problem, "sitemap `{}` is not whole", capture.url);
            self.counts.fail(Reason::SitemapMalformed);
        }
        found.links = addresses(&sitemap.pages, &capture.url, &mut found.refused);
        found.links.extend(offers.iter().map(|(url, _)| url.clone()));
        if let Some(since) = lease.state.last_fetched {
            found.changed = self.changed(lease, &sitemap, since);
        }
        // An index in an index is as deep as the protocol goes.
        if lease.depth < 2 {
            found.sitemaps = addresses(&sitemap.sitemaps, &capture.url, &mut found.refused);
        }
        let visit = visit_of(&lease.state, capture);
        let state = UrlState {
            etag: capture.header("etag").map(str::to_owned),
            last_modified: capture.header("last-modified").map(str::to_owned),
            payload_digest: self.is_kept(0).then(|| capture.payload_digest()),
            body_mark: Some(body_mark(&capture.body)),
            ..lease.state.clone()
        };
        (After { found, ..self.visited(lease, visit, state) }, offers)
    }

    /// Pages the sitemap says have changed since it was last read.
    fn changed(&mut self, lease: &Lease, sitemap: &Sitemap, since: Timestamp) -> Vec<CanonicalUrl> {
        let Dates::Changed(changed) = sitemap.changed(since, self.now) else {
            self.counts.skip(Reason::SitemapLastmod);
            return Vec::new();
        };
        changed.into_iter().filter_map(|entry| CanonicalUrl::parse(&entry.location, Some(&lease.url)).ok()).collect()
    }

    /// The offers a feed carries, judged as any listing is; those outside the agreement are refused.
    fn offers(&mut self, capture: &Capture, refused: &mut Vec<(u128, Reason)>) -> Vec<(CanonicalUrl, ExaminedListing)> {
        let feed = feed::read(&capture.body, &capture.url, self.worker.limits.listing_bytes);
        for problem in &feed.problems {
            debug!(url = %capture.url, problem, "feed `{}` is not whole", capture.url);
            self.counts.fail(Reason::FeedMalformed);
        }
        let detector = self.worker.detector();
        let bench = Bench {
            detector: &detector,
            selectors: None,
            jurisdictions: &self.scan.platform.referral.jurisdictions,
            languages: &self.scan.platform.languages,
            limits: &self.worker.limits,
            deadline: Deadline::NEVER,
            owner: self.scan.platform.id.as_str(),
            known: None,
        };
        let mut offers = Vec::with_capacity(feed.offers.len());
        for Offered { url, listing } in feed.offers {
            match offered::wanted(&self.scan.platform, &url) {
                Ok(()) => offers.push((url, examine_listing(listing, &bench))),
                Err(offered::Unwanted::Host) => refused.push((url.key(), Reason::ScopeHost)),
            }
        }
        let hits = offers.iter().filter(|(_, examined)| examined.assessment.verdict != Verdict::Clear).count();
        self.counts.listings += offers.len() as u64;
        self.counts.hits += hits as u64;
        offers
    }

    fn redirect(&mut self, lease: &Lease, target: &Result<CanonicalUrl, crate::vocab::url::UrlError>) -> After {
        let mut after = self.visited(lease, Visit::Unchanged, forgotten(&lease.state));
        match target {
            Ok(url) if *url != lease.url => after.found.redirect = Some(url.clone()),
            Ok(_) => self.counts.skip(Reason::RedirectToItself),
            Err(_) => self.counts.skip(Reason::RedirectMalformed),
        }
        after
    }

    /// 429 and 503: the gate has blocked the host already; the URL is due again when the block ends.
    fn refused(&mut self, lease: &Lease) -> After {
        let state = lease.state.failed();
        let host = lease.url.host();
        let until = self.worker.gate.blocked_until(&self.scan.platform, &host);
        let until = until.unwrap_or_else(|| self.now.after(Duration::from_secs(60)));
        self.counts.wait(&host, until, Reason::HostRefused);
        if state.failures.is_multiple_of(REFUSALS) {
            let state = lease.state.given_up(self.now);
            self.counts.fail(Reason::HostRefused);
            let due = self.now.after(self.scan.platform.crawl.revisit.min(TRY_AGAIN)).max(until);
            return After { state, due, found: Found::default() };
        }
        After { state, due: until, found: Found::default() }
    }

    /// Whether evidence of a page with so many hits is kept, which a later record may refer to.
    fn is_kept(&self, hits: usize) -> bool {
        hits > 0 || self.worker.keep == Keep::All
    }

    fn visited(&self, lease: &Lease, visit: Visit, mut state: UrlState) -> After {
        let revisit = self.scan.platform.crawl.revisit;
        // Sitemaps and feeds say what is new; pages need not be asked one by one for that.
        let revisit = match lease.kind {
            UrlKind::Sitemap | UrlKind::Feed => revisit.min(LISTS_REVISIT),
            UrlKind::Seed | UrlKind::Page | UrlKind::Recheck => revisit,
        };
        let due = next_visit(&mut state, visit, revisit, self.now);
        After { state, due, found: Found::default() }
    }
}

/// The state of a URL whose page is no longer there. Validators go too: a page that comes back must come back whole, or
/// its return would pass for no change.
fn forgotten(state: &UrlState) -> UrlState {
    UrlState { etag: None, last_modified: None, payload_digest: None, body_mark: None, hit: false, ..state.clone() }
}

/// The addresses a sitemap or feed names; what is none goes to `refused` with the reason.
fn addresses(entries: &[SitemapEntry], base: &CanonicalUrl, refused: &mut Vec<(u128, Reason)>) -> Vec<CanonicalUrl> {
    let mut addresses = Vec::with_capacity(entries.len());
    for SitemapEntry { location, .. } in entries {
        match CanonicalUrl::parse(location, Some(base)) {
            Ok(url) => addresses.push(url),
            Err(error) => {
                let key = xxhash_rust::xxh3::xxh3_128(location.as_bytes());
                refused.push((key, error.reason().unwrap_or(Reason::LinkMalformed)));
            }
        }
    }
    addresses
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
