//! What a scan follows and what it leaves out: links under their learned names, budgets of URL shapes, traps.

use crate::engine::scan::{HOSTS_LIMIT, Patterns, PlatformScan, ScanError};
use crate::frontier::entry::{Lease, NewEntry, UrlKind};
use crate::frontier::parameters::ParameterBook;
use crate::frontier::shapes::{PageKind, Shapes};
use crate::frontier::traps::{TrapDetector, TrapReason};
use crate::store::hot::filter::Seen;
use crate::store::hot::{HotError, HotStore};
use crate::vocab::platform::OutOfScope;
use crate::vocab::terms::Reason;
use crate::vocab::time::Timestamp;
use crate::vocab::url::{CanonicalUrl, HostKey};
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};

/// Targets of redirects of which it is noted how many led there: four megabytes.
const REDIRECTS_NOTED: usize = 1 << 17;

impl PlatformScan {
    /// The links of a page that the frontier should hear of: in scope, not known yet, neither too deep nor into a trap.
    /// What is left out is counted, each URL once however many pages name it. Also answers how many were left out for
    /// their depth or a budget: another page may bring them back.
    ///
    /// # Errors
    /// When the frontier store fails.
    pub fn follow(
        &self,
        hot: &HotStore,
        from: &Lease,
        links: impl Iterator<Item = CanonicalUrl>,
        now: Timestamp,
    ) -> Result<(Vec<NewEntry>, usize), HotError> {
        let mut within: Vec<CanonicalUrl> = self
            .shortened(links, now)
            .into_iter()
            .filter(|url| match self.platform.in_scope(url) {
                Ok(()) => true,
                Err(OutOfScope::Host) => self.leave_out(url, Reason::ScopeHost),
                Err(OutOfScope::Path) => self.leave_out(url, Reason::ScopePath),
            })
            .collect();
        hot.retain_unknown(&self.platform.id, &mut within)?;
        let depth = from.depth.saturating_add(1);
        if u32::from(depth) > self.platform.crawl.max_depth {
            within.iter().for_each(|url| {
                self.leave_out(url, Reason::Depth);
            });
            return Ok((Vec::new(), within.len()));
        }
        let pages = self.platform.crawl.max_pages;
        let (mut cut, mut entries) = (0, Vec::with_capacity(within.len()));
        let mut patterns = self.patterns();
        for url in within {
            match admit(&mut patterns, &url, pages) {
                Ok(page) => {
                    entries.push(NewEntry { url, depth, kind: UrlKind::Page, priority: page.priority(), due: now });
                }
                Err(reason) => {
                    cut += 1;
                    self.leave_out(&url, reason);
                }
            }
        }
        drop(patterns);
        self.note_found(entries.iter().map(|entry| &entry.url));
        Ok((entries, cut))
    }

    pub(super) fn patterns(&self) -> MutexGuard<'_, HashMap<HostKey, Patterns>> {
        self.patterns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Learns what stood behind a URL: whether it held a listing, and which new links it brought.
    pub fn learn(&self, url: &CanonicalUrl, has_listing: bool, links: &[NewEntry]) {
        let new_listings = links.iter().filter(|link| link.priority == PageKind::Listing.priority()).count();
        if let Some(patterns) = patterns_of(&mut self.patterns(), url.host(), self.platform.crawl.max_pages) {
            patterns.shapes.visited(url, has_listing, new_listings);
        }
    }

    /// Links without the parameters that were learned to change nothing.
    pub(super) fn shortened(&self, links: impl Iterator<Item = CanonicalUrl>, now: Timestamp) -> Vec<CanonicalUrl> {
        let mut book = self.parameters();
        links.map(|url| book.shorten(&url, true, now).unwrap_or(url)).collect()
    }

    /// The shorter name of a page that was found before its parameters were learned to change nothing.
    pub fn shorter_name(&self, url: &CanonicalUrl, now: Timestamp) -> Option<CanonicalUrl> {
        self.parameters().shorten(url, false, now)
    }

    /// Learns from a page what its parameters change. `seen` stands for what a reader sees of it.
    pub fn learn_parameters(&self, url: &CanonicalUrl, canonical: Option<&CanonicalUrl>, seen: u64, now: Timestamp) {
        self.parameters().observe(url, canonical, seen, now);
    }

    pub(in crate::engine) fn parameters(&self) -> MutexGuard<'_, ParameterBook> {
        self.parameters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes up what earlier scans learned; what cannot be read is learned again.
    pub(super) fn recall(&self, hot: &HotStore) -> Result<(), HotError> {
        if let Some(held) = hot.run_state(&self.platform.id)?
            && let Ok(book) = serde_json::from_slice(&held)
        {
            *self.parameters() = book;
        }
        Ok(())
    }

    /// Keeps what was learned for later scans.
    pub(in crate::engine) fn keep_learned(&self, hot: &HotStore) -> Result<(), ScanError> {
        let book = self.parameters();
        if !book.is_empty() {
            hot.put_run_state(&self.platform.id, Some(&serde_json::to_vec(&*book)?))?;
        }
        Ok(())
    }

    /// Counts URLs that are to be asked for, each once.
    pub(super) fn note_found<'a>(&self, urls: impl Iterator<Item = &'a CanonicalUrl>) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        for url in urls {
            if found.seen(url.key()) == Seen::No {
                found.insert(url.key());
                self.known.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Counts a link that is no address we would ask for, once however many pages carry it.
    pub fn leave_out_text(&self, key: u128, reason: Reason) {
        let mut left_out = self.left_out.lock().unwrap_or_else(PoisonError::into_inner);
        if left_out.seen(key) == Seen::No {
            left_out.insert(key);
            self.tally.skip(reason);
        }
    }

    /// Whether one more sitemap may be read; beyond `limit` of one scan they are counted and left out.
    pub fn another_sitemap(&self, url: &CanonicalUrl, limit: u64) -> bool {
        self.sitemaps.fetch_add(1, Ordering::Relaxed) < limit || self.leave_out(url, Reason::SitemapBudget)
    }

    /// Whether one more redirect may be followed after those that led to `from`.
    pub fn another_redirect(&self, from: &CanonicalUrl, to: &CanonicalUrl, limit: u16) -> bool {
        let mut redirects = self.redirects.lock().unwrap_or_else(PoisonError::into_inner);
        let count = redirects.remove(&from.key()).unwrap_or(0).saturating_add(1);
        if count > limit {
            return false;
        }
        // Past the limit a chain is counted from its middle; depth ends it all the same.
        if redirects.len() < REDIRECTS_NOTED {
            redirects.insert(to.key(), count);
        }
        true
    }

    /// Makes a page due that was had before and is said to have changed since.
    ///
    /// # Errors
    /// When the frontier store fails.
    pub fn look_again(&self, hot: &HotStore, from: &Lease, url: CanonicalUrl, now: Timestamp) -> Result<(), HotError> {
        let url = self.parameters().shorten(&url, false, now).unwrap_or(url);
        let mut unknown = vec![url.clone()];
        hot.retain_unknown(&self.platform.id, &mut unknown)?;
        if unknown.is_empty() && self.platform.in_scope(&url).is_ok() {
            let kind = UrlKind::Page;
            let depth = from.depth.saturating_add(1);
            hot.requeue(&self.platform.id, &NewEntry { url, depth, kind, priority: kind.priority(), due: now })?;
        }
        Ok(())
    }

    /// Counts a URL that is not followed, unless it was counted before; always answers false.
    pub(super) fn leave_out(&self, url: &CanonicalUrl, reason: Reason) -> bool {
        let mut left_out = self.left_out.lock().unwrap_or_else(PoisonError::into_inner);
        if left_out.seen(url.key()) == Seen::No {
            left_out.insert(url.key());
            self.tally.skip(reason);
        }
        false
    }
}

/// The patterns of a host, unless there are too many hosts already.
fn patterns_of(all: &mut HashMap<HostKey, Patterns>, host: HostKey, pages: u64) -> Option<&mut Patterns> {
    if all.len() >= HOSTS_LIMIT && !all.contains_key(&host) {
        return None;
    }
    let fresh = || Patterns { traps: TrapDetector::for_pages(pages), shapes: Shapes::default() };
    Some(all.entry(host).or_insert_with(fresh))
}

/// What a new link promises, unless it leads into a trap.
fn admit(all: &mut HashMap<HostKey, Patterns>, url: &CanonicalUrl, pages: u64) -> Result<PageKind, Reason> {
    let Some(Patterns { traps, shapes }) = patterns_of(all, url.host(), pages) else {
        return Err(Reason::TrapHosts);
    };
    let kind = shapes.kind_of(url);
    match traps.admit(url) {
        // A shape whose pages hold listings is what we came for, however many there are; the page budget ends it.
        Err(TrapReason::Shape) if kind == PageKind::Listing => Ok(kind),
        Err(trap) => Err(trap.reason()),
        Ok(()) => Ok(kind),
    }
}
