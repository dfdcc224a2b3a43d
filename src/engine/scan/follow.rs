//! What a scan follows and what it leaves out: links under their learned names, budgets of URL shapes, traps. Part of the
//! half that keeps: only it knows which links are new.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::engine::scan::messages::{Form, Found, Shown};
use crate::engine::scan::names::Names;
use crate::engine::scan::order::ScanError;
use crate::engine::scan::state::PlatformScan;
use crate::frontier::entry::{Lease, NewEntry, UrlKind};
use crate::frontier::parameters::ParameterBook;
use crate::frontier::shapes::{PageKind, Shapes};
use crate::frontier::traps::{TrapDetector, TrapReason};
use crate::frontier::yields::{Brought, GivenUp, Yields};
use crate::store::hot::filter::{KeyFilter, Seen};
use crate::store::hot::{Claim, HotError, HotStore};
use crate::vocab::found::FoundUrl;
use crate::vocab::ids::{PlatformId, RunId};
use crate::vocab::limits::Limits;
use crate::vocab::platform::OutOfScope;
use crate::vocab::terms::Reason;
use crate::vocab::time::Timestamp;
use crate::vocab::url::HostKey;

/// Memory by which URLs that are left out are counted once each; past a hundred thousand a few go uncounted.
const LEFT_OUT_BYTES: usize = 1 << 20;

/// Hosts of a platform that links may lead to: a name server that answers for every name is a trap like any other.
const HOSTS_LIMIT: usize = 10_000;

/// Targets of redirects of which it is noted which pages led there: sixteen megabytes.
const REDIRECTS_NOTED: usize = 1 << 17;

/// What is known of the shapes of one host's URLs.
struct Patterns {
    traps: TrapDetector,
    shapes: Shapes,
    yields: Yields,
}

/// What the half that keeps knows of one platform's links during a scan.
pub struct Following {
    /// The scan.
    pub scan: Arc<PlatformScan>,
    // Small sets, never held across an await.
    patterns: Mutex<HashMap<HostKey, Patterns>>,
    left_out: Mutex<KeyFilter>,
    parameters: Mutex<ParameterBook>,
    /// Links on their way to the frontier: they are not new a second time.
    on_their_way: Mutex<HashSet<u128>>,
    sitemaps: AtomicU64,
    /// Pages whose redirects led to a URL, one to the next, while it waits to be asked for.
    redirects: Mutex<HashMap<u128, Vec<u128>>>,
    /// URLs due at the start or found since.
    known: AtomicU64,
    found: Mutex<KeyFilter>,
    names: Mutex<Names>,
}

/// What became of the links of one visit.
#[derive(Debug, Default)]
pub struct Followed {
    /// Entries the frontier should hear of.
    pub entries: Vec<NewEntry>,
    /// Spellings that need not be told again.
    pub spellings: Vec<u64>,
    /// Another form of the page's own address, to which it redirects.
    pub renamed: Option<FoundUrl>,
}

impl Following {
    /// Nothing is known yet.
    pub fn new(scan: Arc<PlatformScan>) -> Self {
        let filter = || {
            let mut filter = KeyFilter::new(LEFT_OUT_BYTES);
            filter.complete();
            Mutex::new(filter)
        };
        Following {
            scan,
            patterns: Mutex::default(),
            left_out: filter(),
            parameters: Mutex::default(),
            on_their_way: Mutex::default(),
            sitemaps: AtomicU64::new(0),
            redirects: Mutex::default(),
            known: AtomicU64::new(0),
            found: filter(),
            names: Mutex::default(),
        }
    }

    /// Takes up what a visit found: learns from it, and answers what the frontier should hear of. Sitemaps and
    /// redirects beyond `limits` are counted and left out.
    ///
    /// # Errors
    /// When the frontier store fails.
    pub fn take_up(
        &self,
        hot: &HotStore,
        from: &Lease,
        found: Found,
        limits: &Limits,
        now: Timestamp,
    ) -> Result<Followed, HotError> {
        let Found { mut links, spellings, sitemaps, changed, refused, redirect, shorter, shown, form: _ } = found;
        if let Some(Shown { canonical, seen, .. }) = &shown {
            let canonical = canonical.as_ref().map(FoundUrl::canonical);
            self.parameters().observe(from.url.canonical(), canonical, *seen, now);
        }
        for (key, reason) in &refused {
            self.leave_out_text(*key, *reason);
        }
        let mut followed = Followed::default();
        let mut moved = None;
        if let Some(target) = redirect {
            let same_page = target.key() == from.url.key();
            match (self.another_redirect(&from.url, &target, limits.redirects), from.kind) {
                (Err(reason), _) => self.scan.tally.fail(reason),
                // The host names the form it wants the page asked for in.
                (Ok(()), _) if same_page => followed.renamed = Some(target),
                // A list that moved is a list, as deep as it was; robots.txt and scope are asked as for any other.
                (Ok(()), UrlKind::Sitemap | UrlKind::Feed) => {
                    let (depth, kind) = (from.depth, from.kind);
                    let entry = NewEntry { url: target, depth, kind, priority: kind.priority(), due: now };
                    if !hot.read_as_list(&self.scan.platform.id, &entry)? {
                        moved = Some(entry);
                    }
                }
                // The target is a new URL, one link deeper.
                (Ok(()), UrlKind::Seed | UrlKind::Page | UrlKind::Recheck) => links.push(target),
            }
        }
        let cut;
        (followed.entries, cut) = self.follow(hot, from, links, now)?;
        followed.entries.extend(moved);
        if let Some(Shown { has_listing: Some(has_listing), seen, .. }) = shown {
            self.learn(from, has_listing, seen, &followed.entries);
        }
        // What was cut for depth or a budget may be followed from another page; otherwise the same links need not be looked
        // at again.
        if cut == 0 {
            followed.spellings = spellings;
        }
        for url in changed {
            self.look_again(hot, from, url, now)?;
        }
        for url in sitemaps {
            if self.another_sitemap(&url, limits.sitemaps_per_host) {
                let kind = UrlKind::Sitemap;
                let depth = from.depth.saturating_add(1);
                followed.entries.push(NewEntry { url, depth, kind, priority: kind.priority(), due: now });
            }
        }
        if let Some(url) = shorter {
            let (depth, kind, priority) = (from.depth, from.kind, from.priority);
            followed.entries.push(NewEntry { url, depth, kind, priority, due: now });
        }
        Ok(followed)
    }

    /// What was taken up so far is in the frontier now.
    pub fn offered(&self) {
        self.on_their_way.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// URLs due at the start or found since.
    pub fn known(&self) -> u64 {
        self.known.load(Ordering::Relaxed)
    }

    /// The links of a page that the frontier should hear of: in scope, not known yet, neither too deep nor into a trap.
    /// What is left out is counted, each URL once however many pages name it. Also answers how many were left out for
    /// their depth or a budget: another page may bring them back.
    fn follow(
        &self,
        hot: &HotStore,
        from: &Lease,
        links: Vec<FoundUrl>,
        now: Timestamp,
    ) -> Result<(Vec<NewEntry>, usize), HotError> {
        let mut within: Vec<FoundUrl> = self
            .shortened(links, now)
            .into_iter()
            .filter(|url| match self.scan.platform.in_scope(url) {
                Ok(()) => true,
                Err(OutOfScope::Host) => self.leave_out(url, Reason::ScopeHost),
                Err(OutOfScope::Path) => self.leave_out(url, Reason::ScopePath),
            })
            .collect();
        let mut other_forms = self.names().other_forms(&within);
        // The page itself has just answered.
        other_forms.retain(|form| form.key() != from.url.key());
        hot.retain_unknown(&self.scan.platform.id, &mut within)?;
        let mut on_their_way = self.on_their_way.lock().unwrap_or_else(PoisonError::into_inner);
        within.retain(|url| !on_their_way.contains(&url.key()));
        let depth = from.depth.saturating_add(1);
        if u32::from(depth) > self.scan.platform.crawl.max_depth {
            within.iter().for_each(|url| {
                self.leave_out(url, Reason::Depth);
            });
            return Ok((Vec::new(), within.len()));
        }
        let pages = self.scan.platform.crawl.max_pages;
        let (mut cut, mut entries) = (0, Vec::with_capacity(within.len()));
        let mut patterns = self.patterns();
        // A list that a platform hands out has an end.
        let by_list = matches!(from.kind, UrlKind::Sitemap | UrlKind::Feed);
        for url in within {
            match admit(&mut patterns, &url, by_list, pages) {
                Ok(page) => {
                    on_their_way.insert(url.key());
                    entries.push(NewEntry { url, depth, kind: UrlKind::Page, priority: page.priority(), due: now });
                }
                Err(reason) => {
                    cut += 1;
                    self.leave_out(&url, reason);
                }
            }
        }
        drop((patterns, on_their_way));
        self.note_found(entries.iter().map(|entry| &entry.url));
        entries.iter().for_each(|entry| self.names().offered(&entry.url));
        for form in other_forms {
            self.claim_linked(hot, form, by_list, now)?;
        }
        Ok((entries, cut))
    }

    /// Has a page asked for in a form it is linked in, where the form the frontier holds did not answer. Forms of an address
    /// can be made without end: each counts as a link does, and of one page a few are tried.
    fn claim_linked(&self, hot: &HotStore, form: FoundUrl, by_list: bool, now: Timestamp) -> Result<(), HotError> {
        if !self.names().is_news(&form) {
            return Ok(());
        }
        match hot.standing(&self.scan.platform.id, &form, now)? {
            Claim::Held => {}
            Claim::Waits => self.names().keep(form),
            Claim::Taken => {
                let pages = self.scan.platform.crawl.max_pages;
                if let Err(reason) = admit(&mut self.patterns(), &form, by_list, pages) {
                    self.leave_out(&form, reason);
                } else if !self.names().may_try(&form) {
                    self.leave_out(&form, Reason::TrapShape);
                } else {
                    hot.claim(&self.scan.platform.id, &form, now)?;
                    self.names().asked_for(&form);
                }
            }
        }
        Ok(())
    }

    /// A visit ended that asked for a page in this form of its address. Answers the form to ask for next, where the host has
    /// nothing under this one and another is known.
    pub fn visited(&self, url: &FoundUrl, form: Form) -> Option<FoundUrl> {
        let pages = self.scan.platform.crawl.max_pages;
        loop {
            let Some(next) = self.names().visited(url, form) else { break };
            match admit(&mut self.patterns(), &next, false, pages) {
                Ok(_) => return Some(next),
                Err(reason) => self.leave_out(&next, reason),
            };
        }
        if form == Form::Fails && self.names().has_passed_over(url) {
            self.leave_out(url, Reason::TrapShape);
        }
        None
    }

    /// Pages are asked for in these forms of their addresses.
    pub(super) fn asked_for<'a>(&self, urls: impl Iterator<Item = &'a FoundUrl>) {
        let mut names = self.names();
        urls.for_each(|url| names.asked_for(url));
    }

    /// Has pages asked for in the forms the platform file names, where the form the frontier holds did not answer.
    pub(super) fn claim(
        &self,
        hot: &HotStore,
        forms: impl IntoIterator<Item = FoundUrl>,
        now: Timestamp,
    ) -> Result<(), HotError> {
        for form in forms {
            if !self.names().is_news(&form) {
                continue;
            }
            match hot.claim(&self.scan.platform.id, &form, now)? {
                Claim::Waits => self.names().keep(form),
                Claim::Taken | Claim::Held => {}
            }
        }
        Ok(())
    }

    fn names(&self) -> MutexGuard<'_, Names> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn patterns(&self) -> MutexGuard<'_, HashMap<HostKey, Patterns>> {
        self.patterns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Learns what stood behind a URL: whether it held a listing, what was seen, and which new links it brought.
    fn learn(&self, from: &Lease, has_listing: bool, seen: u64, links: &[NewEntry]) {
        let new_listings = links.iter().filter(|link| link.priority == PageKind::Listing.priority()).count();
        let (url, pages) = (&from.url, self.scan.platform.crawl.max_pages);
        if let Some(patterns) = patterns_of(&mut self.patterns(), url.host(), pages) {
            patterns.shapes.visited(url.canonical(), has_listing, new_listings);
            // A page that is visited again has brought what it had.
            if from.state.last_fetched.is_none() {
                patterns.yields.visited(url.canonical(), Brought { listing: has_listing || new_listings > 0, seen });
            }
        }
    }

    /// Patterns of URLs that were given up for bringing no listings, by host.
    pub(super) fn given_up(&self) -> Vec<(HostKey, GivenUp)> {
        let patterns = self.patterns();
        let of_host = |(host, patterns): (&HostKey, &Patterns)| {
            patterns.yields.given_up().into_iter().map(|given_up| (host.clone(), given_up)).collect::<Vec<_>>()
        };
        let mut all: Vec<(HostKey, GivenUp)> = patterns.iter().flat_map(of_host).collect();
        all.sort_by(|a, b| b.1.left_out.cmp(&a.1.left_out).then_with(|| a.1.pattern.cmp(&b.1.pattern)));
        all
    }

    /// Links without the parameters that were learned to change nothing.
    fn shortened(&self, links: Vec<FoundUrl>, now: Timestamp) -> Vec<FoundUrl> {
        let mut book = self.parameters();
        links.into_iter().map(|url| book.shorten(&url, true, now).unwrap_or(url)).collect()
    }

    /// The shorter name of a page that was found before its parameters were learned to change nothing.
    pub fn shorter_name(&self, url: &FoundUrl, now: Timestamp) -> Option<FoundUrl> {
        self.parameters().shorten(url, false, now)
    }

    /// What was learned of parameters.
    pub(super) fn parameters(&self) -> MutexGuard<'_, ParameterBook> {
        self.parameters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes up what earlier scans learned; what cannot be read is learned again.
    pub(super) fn recall(&self, hot: &HotStore) -> Result<(), HotError> {
        if let Some(held) = hot.run_state(&self.scan.platform.id)?
            && let Ok(book) = serde_json::from_slice(&held)
        {
            *self.parameters() = book;
        }
        Ok(())
    }

    /// Keeps what was learned for later scans.
    pub(super) fn keep_learned(&self, hot: &HotStore) -> Result<(), ScanError> {
        let book = self.parameters();
        if !book.is_empty() {
            hot.put_run_state(&self.scan.platform.id, Some(&serde_json::to_vec(&*book)?))?;
        }
        Ok(())
    }

    /// Counts URLs that are to be asked for, each once.
    pub(super) fn note_found<'a>(&self, urls: impl Iterator<Item = &'a FoundUrl>) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        for url in urls {
            if found.seen(url.key()) == Seen::No {
                found.insert(url.key());
                self.known.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Counts a link that is no address we would ask for, once however many pages carry it.
    fn leave_out_text(&self, key: u128, reason: Reason) {
        let mut left_out = self.left_out.lock().unwrap_or_else(PoisonError::into_inner);
        if left_out.seen(key) == Seen::No {
            left_out.insert(key);
            self.scan.tally.skip(reason);
        }
    }

    /// Whether one more sitemap may be read; beyond `limit` of one scan they are counted and left out.
    fn another_sitemap(&self, url: &FoundUrl, limit: u64) -> bool {
        if self.sitemaps.fetch_add(1, Ordering::Relaxed) < limit {
            return true;
        }
        // What a sitemap names is not known until it is read, so that the scan cannot be complete.
        let mut left_out = self.left_out.lock().unwrap_or_else(PoisonError::into_inner);
        if left_out.seen(url.key()) == Seen::No {
            left_out.insert(url.key());
            self.scan.tally.fail(Reason::SitemapBudget);
        }
        false
    }

    /// Whether one more redirect may be followed after those that led to `from`; if not, why.
    fn another_redirect(&self, from: &FoundUrl, to: &FoundUrl, limit: u16) -> Result<(), Reason> {
        let mut redirects = self.redirects.lock().unwrap_or_else(PoisonError::into_inner);
        let mut chain = redirects.remove(&from.key()).unwrap_or_default();
        if chain.len() >= usize::from(limit) {
            return Err(Reason::RedirectLimit);
        }
        // A circle of several pages is a page that redirects to itself, in a few steps. Forms of one page take turns until the
        // limit: one of them may be the one the host means.
        if from.key() != to.key() && chain.contains(&to.key()) {
            return Err(Reason::RedirectToItself);
        }
        chain.push(from.key());
        // Past the limit a chain is counted from its middle; depth ends it all the same.
        if redirects.len() < REDIRECTS_NOTED {
            redirects.insert(to.key(), chain);
        }
        Ok(())
    }

    /// Makes a page due that was fetched before and is said to have changed since.
    fn look_again(&self, hot: &HotStore, from: &Lease, url: FoundUrl, now: Timestamp) -> Result<(), HotError> {
        let url = self.parameters().shorten(&url, false, now).unwrap_or(url);
        let mut unknown = vec![url.clone()];
        hot.retain_unknown(&self.scan.platform.id, &mut unknown)?;
        if unknown.is_empty() && self.scan.platform.in_scope(&url).is_ok() {
            let kind = UrlKind::Page;
            let depth = from.depth.saturating_add(1);
            hot.requeue(&self.scan.platform.id, &NewEntry { url, depth, kind, priority: kind.priority(), due: now })?;
        }
        Ok(())
    }

    /// Counts a URL that is not followed, unless it was counted before; always answers false.
    fn leave_out(&self, url: &FoundUrl, reason: Reason) -> bool {
        let mut left_out = self.left_out.lock().unwrap_or_else(PoisonError::into_inner);
        if left_out.seen(url.key()) == Seen::No {
            left_out.insert(url.key());
            self.scan.tally.skip(reason);
        }
        false
    }
}

/// The platforms of one run, as the half that keeps knows them.
pub struct Followings(HashMap<PlatformId, Arc<Following>>);

impl Followings {
    /// The scans of a run.
    pub fn new(all: impl IntoIterator<Item = Arc<Following>>) -> Self {
        Followings(all.into_iter().map(|one| (one.scan.platform.id.clone(), one)).collect())
    }

    /// The scan that a message speaks of; `None` when it is of another run.
    pub fn of(&self, platform: &PlatformId, run: &RunId) -> Option<&Arc<Following>> {
        self.0.get(platform).filter(|following| following.scan.run == *run)
    }
}

/// The patterns of a host, unless there are too many hosts already.
fn patterns_of(all: &mut HashMap<HostKey, Patterns>, host: HostKey, pages: u64) -> Option<&mut Patterns> {
    if all.len() >= HOSTS_LIMIT && !all.contains_key(&host) {
        return None;
    }
    let traps = || TrapDetector::for_pages(pages);
    let fresh = || Patterns { traps: traps(), shapes: Shapes::default(), yields: Yields::default() };
    Some(all.entry(host).or_insert_with(fresh))
}

/// What a new link promises, unless it leads into a trap.
fn admit(all: &mut HashMap<HostKey, Patterns>, url: &FoundUrl, by_list: bool, pages: u64) -> Result<PageKind, Reason> {
    let Some(Patterns { traps, shapes, yields }) = patterns_of(all, url.host(), pages) else {
        return Err(Reason::TrapHosts);
    };
    let url = url.canonical();
    let kind = shapes.kind_of(url);
    if !by_list && kind != PageKind::Listing && !yields.admits(url) {
        return Err(Reason::TrapYield);
    }
    match traps.admit(url) {
        // A shape whose pages hold listings is what we came for, however many there are; the page budget ends it.
        Err(TrapReason::Shape) if kind == PageKind::Listing => {}
        Err(trap) => return Err(trap.reason()),
        Ok(()) => {}
    }
    if !by_list {
        yields.admitted(url);
    }
    Ok(kind)
}
