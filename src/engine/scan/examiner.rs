//! The CPU side of a scan: a page in, what it holds out. Runs in a thread beside the IO runtime.

use std::sync::Arc;
use std::time::Duration;

use tracing::debug;

use crate::config::settings::Keep;
use crate::detect::assessment::Verdict;
use crate::engine::examiners::GivenUp;
use crate::engine::offered;
use crate::engine::scan::messages::{Done, Fetched, Form, Found, PageDone, Shown};
use crate::engine::scan::state::PlatformScan;
use crate::engine::scan::tally::Counts;
use crate::engine::scan::worker::{TRY_AGAIN, Worker, reading_time};
use crate::evidence::capture::{Capture, Truncated};
use crate::examine::{Bench, Examination, ExaminedListing, Fate, examine, examine_listing};
use crate::fetch::gate::{Answer, Fetched as Response};
use crate::frontier::entry::{Lease, UrlKind, UrlState, body_mark};
use crate::frontier::revisit::{Visit, next_visit};
use crate::frontier::robots_tag;
use crate::frontier::sitemap::{self, Dates, Sitemap, SitemapEntry};
use crate::listing::ended::Ended;
use crate::listing::feed::{self, Offered};
use crate::listing::page::{Link, Listing, Page};
use crate::listing::spellings::Spellings;
use crate::report::coverage::Judged;
use crate::vocab::found::FoundUrl;
use crate::vocab::platform::SitemapPolicy;
use crate::vocab::terms::Reason;
use crate::vocab::time::{Deadline, Timestamp};

/// Reads and judges a page. `known` has the spellings of links that need not be told again.
pub fn examined(worker: &Worker, scan: &Arc<PlatformScan>, known: &Spellings, page: Fetched) -> Done {
    let page = worker.passage.fetched(page);
    let now = worker.now();
    let counts = arrived(&page, now);
    Examiner { worker, scan, now, spellings: known, counts }.read(page)
}

/// What is counted of a page whatever becomes of it.
fn arrived(page: &Fetched, now: Timestamp) -> Counts {
    let Response { capture, kind } = &page.fetched;
    if page.kept.is_some() {
        return Counts { judged: Judged { from_evidence: 1, ..Judged::default() }, ..Counts::default() };
    }
    let mut counts = Counts { pages: 1, body_bytes: capture.body.len() as u64, ..Counts::default() };
    *counts.outcomes.entry(outcome_name(kind, capture.status)).or_default() += 1;
    counts.looked_at(page.lease.state.last_fetched, now);
    counts
}

/// What is needed of a page to settle it without having read it.
pub struct Unread {
    lease: Lease,
    counts: Counts,
    /// The exchange, where every one is kept.
    fetched: Option<Response>,
}

impl Unread {
    /// Of a page that is about to be read.
    pub fn of(page: &Fetched, keep: Keep, now: Timestamp) -> Self {
        let fetched = (keep == Keep::All && page.kept.is_none()).then(|| page.fetched.clone());
        Unread { lease: page.lease.clone(), counts: arrived(page, now), fetched }
    }

    /// The page.
    pub fn url(&self) -> &FoundUrl {
        &self.lease.url
    }

    /// Its lease's end. A page that could not be read is left alone for as long as one that was; one that a scan ended on
    /// is due as it was.
    pub fn done(self, scan: &PlatformScan, why: GivenUp, now: Timestamp) -> Done {
        let Unread { lease, mut counts, fetched } = self;
        counts.fail(match why {
            GivenUp::Panic => Reason::Unreadable,
            GivenUp::Time | GivenUp::Ended => Reason::GivenUp,
        });
        // Of what was kept, the fetch was judged when it came.
        if lease.state.asked_next.is_none() {
            match why {
                GivenUp::Panic => counts.judged.unreadable += 1,
                GivenUp::Time | GivenUp::Ended => counts.judged.given_up += 1,
            }
        }
        let settlement = match why {
            GivenUp::Ended => lease.settle(lease.state.clone(), lease.due),
            GivenUp::Panic | GivenUp::Time => {
                let due = lease.state.asked_next.unwrap_or_else(|| now.after(scan.platform.crawl.revisit));
                lease.settle(UrlState { asked_next: None, ..lease.state.given_up(now) }, due)
            }
        };
        let page = fetched.map(|Response { capture, kind }| {
            Box::new(PageDone {
                capture,
                kind,
                listings: Vec::new(),
                offers: Vec::new(),
                known_payload: lease.state.payload_digest,
                shows_all: false,
                kept: None,
            })
        });
        Done { page, ..Done::without_page(scan.run.clone(), settlement, counts) }
    }
}

struct Examiner<'a> {
    worker: &'a Worker,
    scan: &'a Arc<PlatformScan>,
    now: Timestamp,
    spellings: &'a Spellings,
    /// What this visit adds to the counts of the scan.
    counts: Counts,
}

/// Refusals (429, 503) of a URL after which a scan leaves it to a later one.
const REFUSALS: u16 = 5;

/// How long sitemaps and feeds count as fresh at most; the interval adapts as that of pages does.
const LISTS_REVISIT: Duration = Duration::from_secs(6 * 3600);

/// What a URL is due for after its visit.
struct After {
    state: UrlState,
    due: Timestamp,
    found: Found,
    /// See [`PageDone::shows_all`].
    shows_all: bool,
}

impl Examiner<'_> {
    fn read(&mut self, Fetched { lease, fetched, kept, .. }: Fetched) -> Done {
        let Response { capture, kind } = fetched;
        let (mut listings, mut offers) = (Vec::new(), Vec::new());
        let is_list = matches!(lease.kind, UrlKind::Sitemap | UrlKind::Feed);
        // Known as a page from a link to it before it was named as a sitemap.
        let is_sitemap = || self.reads_sitemaps() && sitemap::is_sitemap(&capture.body);
        let mut after = match kind {
            // A web page in place of a list is read as one, with its links; the list is missing all the same.
            Answer::Page if is_list && sitemap::is_web_page(&capture.body, capture.header("content-type")) => {
                self.counts.fail(Reason::SitemapMalformed);
                let (after, found) = self.page(&lease, &capture);
                listings = found;
                after
            }
            Answer::Page if is_list || is_sitemap() => {
                let (after, found) = self.sitemap(&lease, &capture);
                offers = found;
                after
            }
            Answer::Page => {
                let (after, found) = self.page(&lease, &capture);
                listings = found;
                after
            }
            Answer::NotModified => {
                let mut after = self.visited(&lease, Visit::Unchanged, lease.state.clone());
                after.found.form = Form::Answers;
                after
            }
            Answer::Gone => {
                let mut after = self.visited(&lease, Visit::Gone, forgotten(&lease.state));
                after.found.form = Form::Fails;
                after
            }
            Answer::Redirect(ref target) => self.redirect(&lease, target),
            Answer::Refused => self.refused(&lease),
            Answer::Other => {
                self.counts.fail_with_status(capture.status);
                let due = self.now.after(self.scan.platform.crawl.revisit.min(TRY_AGAIN));
                let form = if (400..500).contains(&capture.status) { Form::Fails } else { Form::Untold };
                let found = Found { form, ..Found::default() };
                After { state: lease.state.given_up(self.now), due, found, shows_all: false }
            }
        };
        if let Some(truncated) = capture.truncated {
            self.counts.fail(match truncated {
                Truncated::Length => Reason::BodySizeCap,
                Truncated::Time => Reason::BodyTimeCap,
                Truncated::Disconnect => Reason::MalformedResponse,
            });
        }
        match after.found.form {
            Form::Answers => after.state.answered = true,
            Form::Fails => after.state.answered = false,
            Form::Untold => {}
        }
        let (known_payload, shows_all) = (lease.state.payload_digest, after.shows_all);
        let page = PageDone { capture, kind, listings, offers, known_payload, shows_all, kept };
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
            selectors: self.scan.selectors.as_ref(),
            deadline: Deadline::new(&over),
            known: Some(self.spellings),
            scope: Some(&self.scan.platform),
            ..Bench::of(&detector, &self.scan.platform, &self.worker.limits)
        };
        let examination = examine(capture, &bench);
        // A start page is what the platform file says it is.
        let over = if lease.kind == UrlKind::Seed { None } else { examination.ended() };
        let page = &examination.page;
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
        let read: Vec<&Listing> = examination.offers().collect();
        let seen = what_is_seen(page, &read);
        let fate = Fate::of(page, read.len());
        let again = lease.state.asked_next;
        if over.is_none() && again.is_none() {
            self.counts.listings += read.len() as u64;
            self.count(fate);
        }
        let shows_all = capture.truncated.is_none() && (over.is_some() || fate.tells_of_absence(page));
        let has_offers = !read.is_empty() && over.is_none();
        let Examination { page, listings, .. } = examination;
        let listings = if over.is_some() { Vec::new() } else { listings };
        let visit = if over.is_some() { Visit::Gone } else { visit_of(&lease.state, capture) };
        let hits = listings.iter().filter(|listing| listing.assessment.verdict != Verdict::Clear).count();
        self.counts.hits += hits as u64;
        if let Some(over) = over.filter(|_| again.is_none()) {
            // It was counted as a page when it came.
            self.counts.outcomes.clear();
            *self.counts.outcomes.entry(over.reason().to_string()).or_default() += 1;
        }
        let state = UrlState {
            etag: capture.header("etag").map(str::to_owned),
            last_modified: capture.header("last-modified").map(str::to_owned),
            payload_digest: self.is_kept(hits).then(|| capture.payload_digest()),
            body_mark: Some(body_mark(&capture.body)),
            // What was not seen gone is still looked for.
            hit: hits > 0 || lease.state.hit && !shows_all,
            ..lease.state.clone()
        };
        // Nor are the validators of a page that was given up or not read kept, or of one that may still hold a hit it did not
        // show: unchanged, it is no more readable, and must be told again.
        let unseen = state.hit && hits == 0;
        let state = if over.is_some() || unseen || matches!(fate, Fate::GivenUp | Fate::Unreadable) {
            UrlState { hit: state.hit, ..forgotten(&state) }
        } else {
            state
        };
        let mut after = match again {
            None => After { shows_all, ..self.visited(lease, visit, state) },
            // The page was not asked: nothing else is known of it than before.
            Some(due) => {
                let state = UrlState { asked_next: None, hit: lease.state.hit || hits > 0, ..lease.state.clone() };
                After { state, due, found: Found::default(), shows_all: false }
            }
        };
        let tags = capture.response_headers.iter().filter(|(name, _)| name == "x-robots-tag");
        let mut found = Found { refused: page.refused.clone(), form: Form::Answers, ..Found::default() };
        let mut has_listing = None;
        if over == Some(Ended::NotFound) {
            // Pages of a form that is not found lead to more of them, without end.
            self.counts.skip(Reason::SoftNotFound);
            has_listing = Some(false);
        } else if page.robots.nofollow || robots_tag::nofollow(tags.map(|(_, value)| value.as_str())) {
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
    fn sitemap(&mut self, lease: &Lease, capture: &Capture) -> (After, Vec<(FoundUrl, ExaminedListing)>) {
        let mut found = Found { form: Form::Answers, ..Found::default() };
        let offers = if lease.kind == UrlKind::Feed { self.offers(capture, &mut found.refused) } else { Vec::new() };
        let content_type = capture.header("content-type");
        let sitemap = sitemap::read(&capture.body, content_type, self.worker.limits.sitemap_bytes);
        for problem in sitemap.problems.iter().filter(|_| offers.is_empty()) {
            debug!(url = %capture.url, problem, "sitemap `{}` is not whole", capture.url);
            self.counts.fail(Reason::SitemapMalformed);
        }
        let base = sitemap.base.as_deref().and_then(|base| FoundUrl::parse(base, Some(&capture.url)).ok());
        let base = base.as_ref().unwrap_or(&capture.url);
        found.links = addresses(&sitemap.pages, base, &mut found.refused);
        found.links.extend(addresses(&sitemap.alternates, base, &mut found.refused));
        found.links.extend(offers.iter().map(|(url, _)| url.clone()));
        if let Some(since) = lease.state.last_fetched {
            found.changed = self.changed(base, &sitemap, since);
        }
        // An index in an index is as deep as the protocol goes. The depth of a page is that of the links to it.
        if lease.depth < 2 || lease.kind == UrlKind::Page {
            found.sitemaps = addresses(&sitemap.sitemaps, base, &mut found.refused);
        } else if !sitemap.sitemaps.is_empty() {
            self.counts.fail(Reason::SitemapBudget);
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

    /// Whether the platform's file lets sitemaps be read.
    fn reads_sitemaps(&self) -> bool {
        match self.scan.platform.crawl.sitemaps {
            SitemapPolicy::Robots | SitemapPolicy::List(_) => true,
            SitemapPolicy::None => false,
        }
    }

    /// Pages the sitemap says have changed since it was last read.
    fn changed(&mut self, base: &FoundUrl, sitemap: &Sitemap, since: Timestamp) -> Vec<FoundUrl> {
        let Dates::Changed(changed) = sitemap.changed(since, self.now) else {
            self.counts.skip(Reason::SitemapLastmod);
            return Vec::new();
        };
        changed.into_iter().filter_map(|entry| FoundUrl::linked(&entry.location, base, None).ok()).collect()
    }

    /// The offers a feed carries, judged as any listing is; those outside the agreement are refused.
    fn offers(&mut self, capture: &Capture, refused: &mut Vec<(u128, Reason)>) -> Vec<(FoundUrl, ExaminedListing)> {
        let feed = feed::read(&capture.body, &capture.url, self.worker.limits.listing_bytes);
        for problem in &feed.problems {
            debug!(url = %capture.url, problem, "feed `{}` is not whole", capture.url);
            self.counts.fail(Reason::FeedMalformed);
        }
        let detector = self.worker.detector();
        let bench = Bench {
            scope: Some(&self.scan.platform),
            ..Bench::of(&detector, &self.scan.platform, &self.worker.limits)
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

    fn redirect(&mut self, lease: &Lease, target: &Result<FoundUrl, crate::vocab::url::UrlError>) -> After {
        if target.as_ref().is_ok_and(|target| *target == lease.url) {
            // It may show a page to visitors who carry what it hands out; we see none.
            self.counts.fail(Reason::RedirectToItself);
            let due = self.now.after(self.scan.platform.crawl.revisit.min(TRY_AGAIN));
            let state = lease.state.given_up(self.now);
            return After { state, due, found: Found::default(), shows_all: false };
        }
        // Another form of the page's address is the page.
        let same_page = target.as_ref().is_ok_and(|target| target.key() == lease.url.key());
        // What the platform shows where we may not look may be the listing.
        let platform = &self.scan.platform;
        let is_hidden =
            |target: &FoundUrl| platform.has_host_of(target) && self.worker.gate.may_be_hidden(platform, target);
        let is_hidden = target.as_ref().is_ok_and(is_hidden);
        let state = UrlState { hit: lease.state.hit && (same_page || is_hidden), ..forgotten(&lease.state) };
        let mut after = self.visited(lease, Visit::Unchanged, state);
        after.shows_all = !is_hidden;
        after.found.form = Form::Answers;
        match target {
            Ok(url) => after.found.redirect = Some(url.clone()),
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
            return After { state, due, found: Found::default(), shows_all: false };
        }
        After { state, due: until, found: Found::default(), shows_all: false }
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
        After { state, due, found: Found::default(), shows_all: false }
    }
}

/// The state of a URL whose page is no longer there. Validators go too: a page that comes back must come back whole, or
/// its return would pass for no change.
fn forgotten(state: &UrlState) -> UrlState {
    UrlState { etag: None, last_modified: None, payload_digest: None, body_mark: None, hit: false, ..state.clone() }
}

/// The addresses a sitemap or feed names; what is none goes to `refused` with the reason.
fn addresses(entries: &[SitemapEntry], base: &FoundUrl, refused: &mut Vec<(u128, Reason)>) -> Vec<FoundUrl> {
    let mut addresses = Vec::with_capacity(entries.len());
    for SitemapEntry { location, .. } in entries {
        match FoundUrl::linked(location, base, None) {
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
