//! What comes into the frontier and how leases end.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::frontier::entry::{Lease, NewEntry, Settlement, UrlKind, UrlState};
use crate::store::hot::block::{self, BLOCK_URLS};
use crate::store::hot::keys::{self, LaneKey};
use crate::store::hot::known::KeySet;
use crate::store::hot::{Claim, Entry, HotError, HotStore, Memory, Offered, SettleBatch};
use crate::vocab::found::FoundUrl;
use crate::vocab::ids::PlatformId;
use crate::vocab::time::Timestamp;
use crate::vocab::url::HostKey;

/// What was put into a batch and must be noted in memory once that is applied.
#[derive(Default)]
struct Staged {
    offered: Offered,
    keys: Vec<u128>,
    met: KeySet,
    number: u64,
    lanes: Vec<(PlatformId, HostKey)>,
    blocks: Vec<(LaneKey, Vec<u8>)>,
}

impl HotStore {
    /// Takes in links; known ones change nothing.
    ///
    /// # Errors
    /// When sled fails.
    pub fn offer(&self, platform: &PlatformId, entries: &[NewEntry]) -> Result<Offered, HotError> {
        let mut memory = self.memory();
        let mut batch = sled::Batch::default();
        let mut staged = Staged::default();
        self.stage(&mut memory, &mut batch, &mut staged, [(platform, entries)])?;
        self.apply(&mut memory, batch, staged)
    }

    /// Puts a URL back with what is remembered of it, when the store was lost. A known URL is left as it is.
    ///
    /// # Errors
    /// When sled fails.
    pub fn restore(&self, platform: &PlatformId, entry: &NewEntry, state: &UrlState) -> Result<(), HotError> {
        let mut memory = self.memory();
        let url_key = entry.url.key();
        let held = keys::platform_url(platform, url_key);
        if memory.known.contains(held)? {
            return Ok(());
        }
        let mut batch = sled::Batch::default();
        let mut staged = Staged { keys: vec![held], number: self.db.generate_id()?, ..Staged::default() };
        memory.known.log(&mut batch, &staged.keys, staged.number);
        let host = entry.url.host();
        stage_lane(&memory, &mut batch, &mut staged, platform, &host)?;
        batch.insert(keys::due(platform, &host, entry.due.as_millis(), entry.priority, url_key), &[]);
        batch.insert(keys::entry(platform, url_key), serde_json::to_vec(&Entry::new(entry, state.clone()))?);
        memory.latest.note(entry.due);
        memory.latest.stage(&mut batch);
        self.apply(&mut memory, batch, staged)?;
        Ok(())
    }

    /// Keeps of `urls` those never offered before, each once.
    ///
    /// # Errors
    /// When sled fails.
    pub fn retain_unknown(&self, platform: &PlatformId, urls: &mut Vec<FoundUrl>) -> Result<(), HotError> {
        let mut memory = self.memory();
        let mut failed = None;
        let mut met = KeySet::default();
        urls.retain(|url| {
            let key = keys::platform_url(platform, url.key());
            let known = memory.known.contains(key).unwrap_or_else(|error| {
                failed = Some(error);
                true
            });
            !known && met.insert(key)
        });
        failed.map_or(Ok(()), Err)
    }

    /// Makes a known or new URL due at `due` as `kind`, keeping what is remembered of it.
    ///
    /// # Errors
    /// When sled fails.
    pub fn requeue(&self, platform: &PlatformId, entry: &NewEntry) -> Result<(), HotError> {
        let url_key = entry.url.key();
        let held = keys::platform_url(platform, url_key);
        if !self.memory().known.contains(held)? {
            self.offer(platform, std::slice::from_ref(entry))?;
            return Ok(());
        }
        self.put(platform, entry, |_| ())
    }

    /// Makes a known URL due as `entry` has it, with `change` made to what is stored of it.
    fn put(&self, platform: &PlatformId, entry: &NewEntry, change: impl FnOnce(&mut Entry)) -> Result<(), HotError> {
        let url_key = entry.url.key();
        let held = keys::platform_url(platform, url_key);
        let mut memory = self.memory();
        let host = entry.url.host();
        let mut batch = sled::Batch::default();
        let mut stored = match self.entry(platform, url_key)? {
            Some(stored) => {
                batch.remove(keys::due(platform, &host, stored.due_millis, stored.priority, url_key));
                stored
            }
            None => {
                // It waits in a block: from now on it has an entry of its own, and its place there counts as settled.
                let lane = keys::lane_key(platform, &host);
                let queue = memory.queues.entry(lane).or_default();
                match queue.find(&lane, url_key) {
                    Some(place) => {
                        if queue.end(&place) {
                            batch.remove(place.block);
                        }
                    }
                    None => {
                        memory.requeued.insert(held);
                    }
                }
                Entry::new(entry, UrlState::default())
            }
        };
        stored.kind = entry.kind;
        stored.priority = entry.priority;
        stored.due_millis = entry.due.as_millis();
        change(&mut stored);
        batch.insert(keys::due(platform, &host, stored.due_millis, stored.priority, url_key), &[]);
        batch.insert(keys::entry(platform, url_key), serde_json::to_vec(&stored)?);
        self.tree.apply_batch(batch)?;
        Ok(())
    }

    /// Has a known page asked for in another form of its address, at `now`, unless the form it has answered.
    ///
    /// # Errors
    /// When sled fails.
    pub fn claim(&self, platform: &PlatformId, url: &FoundUrl, now: Timestamp) -> Result<Claim, HotError> {
        let memory = self.memory();
        let (standing, stored) = self.stands(&memory, platform, url, now)?;
        let Some(mut stored) = stored.filter(|_| standing == Claim::Taken) else { return Ok(standing) };
        let (url_key, host) = (url.key(), url.host());
        let mut batch = sled::Batch::default();
        batch.remove(keys::due(platform, &host, stored.due_millis, stored.priority, url_key));
        stored.url = url.clone();
        stored.state = stored.state.renamed();
        stored.due_millis = now.as_millis();
        batch.insert(keys::due(platform, &host, stored.due_millis, stored.priority, url_key), &[]);
        batch.insert(keys::entry(platform, url_key), serde_json::to_vec(&stored)?);
        self.tree.apply_batch(batch)?;
        Ok(Claim::Taken)
    }

    /// What a claim of `url` would come to; nothing is changed.
    ///
    /// # Errors
    /// When sled fails.
    pub fn standing(&self, platform: &PlatformId, url: &FoundUrl, now: Timestamp) -> Result<Claim, HotError> {
        Ok(self.stands(&self.memory(), platform, url, now)?.0)
    }

    fn stands(
        &self,
        memory: &Memory,
        platform: &PlatformId,
        url: &FoundUrl,
        now: Timestamp,
    ) -> Result<(Claim, Option<Entry>), HotError> {
        let url_key = url.key();
        if memory.leased.get(&keys::platform_url(platform, url_key)).is_some_and(|lease| lease.until > now) {
            return Ok((Claim::Waits, None));
        }
        let stored = self.entry(platform, url_key)?;
        let standing = match &stored {
            None => Claim::Waits,
            Some(stored) if stored.url == *url => Claim::Held,
            // It answered before and is asked for again now: it may no longer.
            Some(stored) if stored.state.has_answered() && stored.due_millis <= now.as_millis() => Claim::Waits,
            Some(stored) if stored.state.has_answered() => Claim::Held,
            Some(_) => Claim::Taken,
        };
        Ok((standing, stored))
    }

    /// Has a known URL read as the list that `entry` says it is, as soon as that is due: a list may move to an address known as
    /// a page. What is remembered of the page goes, so that the list comes whole, even in a scan that had the page. Answers
    /// whether the URL is known; if not, nothing is changed.
    ///
    /// # Errors
    /// When sled fails.
    pub fn read_as_list(&self, platform: &PlatformId, entry: &NewEntry) -> Result<bool, HotError> {
        let held = keys::platform_url(platform, entry.url.key());
        {
            let mut memory = self.memory();
            if !memory.known.contains(held)? {
                return Ok(false);
            }
            if let Some(lease) = memory.leased.get_mut(&held).filter(|lease| lease.until > entry.due) {
                lease.list = Some(entry.kind);
                return Ok(true);
            }
        }
        // A list is read as one already, and a start page stays what the platform file says it is.
        let stays = |kind| matches!(kind, UrlKind::Sitemap | UrlKind::Feed | UrlKind::Seed);
        if !self.entry(platform, entry.url.key())?.is_some_and(|stored| stays(stored.kind)) {
            self.put(platform, entry, |stored| stored.state = stored.state.renamed())?;
        }
        Ok(true)
    }

    /// Ends a lease without a visit: the URL is due again at `due`, as it was.
    ///
    /// # Errors
    /// When sled fails.
    pub fn release(&self, lease: &Lease, due: Timestamp) -> Result<(), HotError> {
        self.settle(&SettleBatch { settled: vec![lease.settle(lease.state.clone(), due)], offered: Vec::new() })?;
        Ok(())
    }

    /// Ends leases and takes in the links found, in one atomic step.
    ///
    /// # Errors
    /// When sled fails.
    pub fn settle(&self, work: &SettleBatch) -> Result<Offered, HotError> {
        let mut memory = self.memory();
        let mut batch = sled::Batch::default();
        let mut staged = Staged::default();
        let offered = work.offered.iter().map(|(platform, entries)| (platform, entries.as_slice()));
        self.stage(&mut memory, &mut batch, &mut staged, offered)?;
        for settlement in &work.settled {
            self.stage_settlement(&mut memory, &mut batch, settlement)?;
        }
        memory.latest.stage(&mut batch);
        let offered = self.apply(&mut memory, batch, staged)?;
        for Settlement { lease, .. } in &work.settled {
            memory.leased.remove(&keys::platform_url(&lease.platform, lease.url.key()));
        }
        Ok(offered)
    }

    fn stage_settlement(
        &self,
        memory: &mut Memory,
        batch: &mut sled::Batch,
        Settlement { lease, state, due }: &Settlement,
    ) -> Result<(), HotError> {
        let key = lease.url.key();
        let host = lease.url.host();
        let held = memory.leased.get(&keys::platform_url(&lease.platform, key));
        let (place, list) = (held.and_then(|held| held.place.clone()), held.and_then(|held| held.list));
        let list = list.filter(|_| matches!(lease.kind, UrlKind::Page | UrlKind::Recheck));
        match place {
            Some(place) => {
                let queue = memory.queues.entry(place.lane).or_default();
                if *state == lease.state && *due == lease.due && list.is_none() {
                    // It was not tried: it stands where it stood, and nothing is written.
                    queue.give_back(&place);
                    return Ok(());
                }
                if queue.end(&place) {
                    batch.remove(place.block);
                }
            }
            None => batch.remove(keys::due(&lease.platform, &host, lease.due.as_millis(), lease.priority, key)),
        }
        let (kind, priority) = match lease.kind {
            UrlKind::Recheck => (UrlKind::Page, UrlKind::Page.priority()),
            kind => (kind, lease.priority),
        };
        let mut entry = Entry {
            url: lease.url.clone(),
            depth: lease.depth,
            kind,
            priority,
            due_millis: due.as_millis(),
            state: state.clone(),
        };
        if let Some(list) = list {
            // It was asked for as a page while a list moved to its address.
            (entry.kind, entry.priority) = (list, list.priority());
            entry.due_millis = due.min(&lease.due.after(Duration::from_millis(1))).as_millis();
            entry.state = entry.state.renamed();
        }
        batch.insert(keys::due(&lease.platform, &host, entry.due_millis, entry.priority, key), &[]);
        batch.insert(keys::entry(&lease.platform, key), serde_json::to_vec(&entry)?);
        Ok(())
    }

    /// Puts what is new into `batch`: in blocks by host, due minute and priority, in the order found.
    fn stage<'a>(
        &self,
        memory: &mut Memory,
        batch: &mut sled::Batch,
        staged: &mut Staged,
        offers: impl IntoIterator<Item = (&'a PlatformId, &'a [NewEntry])>,
    ) -> Result<(), HotError> {
        let mut groups: BTreeMap<(LaneKey, u32, u8), Vec<&NewEntry>> = BTreeMap::new();
        for (platform, entries) in offers {
            // The links of a page mostly lead to one host.
            let mut last: Option<(HostKey, LaneKey)> = None;
            for entry in entries {
                let held = keys::platform_url(platform, entry.url.key());
                if !staged.met.insert(held) || memory.known.contains(held)? {
                    staged.offered.known += 1;
                    continue;
                }
                staged.offered.discovered += 1;
                staged.keys.push(held);
                let host = entry.url.host();
                let lane = match &last {
                    Some((held, lane)) if *held == host => *lane,
                    _ => {
                        let lane = keys::lane_key(platform, &host);
                        stage_lane(memory, batch, staged, platform, &host)?;
                        last = Some((host, lane));
                        lane
                    }
                };
                let rank = keys::rank(entry.due.as_millis(), entry.priority);
                groups.entry((lane, rank, entry.priority)).or_default().push(entry);
            }
        }
        if staged.keys.is_empty() {
            return Ok(());
        }
        for ((lane, rank, priority), entries) in groups {
            for part in entries.chunks(BLOCK_URLS) {
                let key = keys::queue_block(&lane, rank, priority, self.db.generate_id()?);
                batch.insert(key.as_slice(), block::pack(part.iter().copied()));
                staged.blocks.push((lane, key));
            }
        }
        staged.number = self.db.generate_id()?;
        memory.known.log(batch, &staged.keys, staged.number);
        Ok(())
    }

    fn apply(&self, memory: &mut Memory, batch: sled::Batch, staged: Staged) -> Result<Offered, HotError> {
        self.tree.apply_batch(batch)?;
        for (platform, host) in staged.lanes {
            memory.lanes.entry(platform).or_default().push(host);
        }
        for (lane, block) in staged.blocks {
            memory.queues.entry(lane).or_default().written(block);
        }
        memory.known.added(&staged.keys, staged.number)?;
        Ok(staged.offered)
    }
}

fn stage_lane(
    memory: &Memory,
    batch: &mut sled::Batch,
    staged: &mut Staged,
    platform: &PlatformId,
    host: &HostKey,
) -> Result<(), HotError> {
    let known = memory.lanes.get(platform).is_some_and(|hosts| hosts.contains(host));
    if !known && !staged.lanes.iter().any(|(id, held)| id == platform && held == host) {
        batch.insert(keys::lane(platform, host), serde_json::to_vec(&(platform, host))?);
        staged.lanes.push((platform.clone(), host.clone()));
    }
    Ok(())
}

impl Entry {
    fn new(entry: &NewEntry, state: UrlState) -> Self {
        Entry {
            url: entry.url.clone(),
            depth: entry.depth,
            kind: entry.kind,
            priority: entry.priority,
            due_millis: entry.due.as_millis(),
            state,
        }
    }
}
