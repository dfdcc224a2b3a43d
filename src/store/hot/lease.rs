//! What is due: taking it, and looking at it without taking it.

use std::time::Duration;

use crate::frontier::entry::{Lease, NewEntry, UrlState};
use crate::store::hot::keys::{self, LaneKey};
use crate::store::hot::queue::Place;
use crate::store::hot::{Entry, Held, HotError, HotStore, Memory, block};
use crate::vocab::found::FoundUrl;
use crate::vocab::ids::PlatformId;
use crate::vocab::time::Timestamp;
use crate::vocab::url::HostKey;

/// Entries looked at in search of what was put off.
const PUT_OFF_LOOKED_AT: usize = 10_000;

/// A URL of the due index that can be taken: its rank, its key and its entry.
type Old = (u32, u128, Entry);

impl HotStore {
    /// Hands out at most `max` URLs of `host` that are due, what is due earlier and more important first. They stay due in
    /// the store until settled, and are not handed out again before `now + lease_for`.
    ///
    /// # Errors
    /// When sled fails.
    pub fn lease(
        &self,
        platform: &PlatformId,
        host: &HostKey,
        max: usize,
        now: Timestamp,
        lease_for: Duration,
    ) -> Result<Vec<Lease>, HotError> {
        self.lease_not_done(platform, host, max, (now, lease_for), Timestamp::NEVER)
    }

    /// The same without what a scan that began at `since` is done with: it asks for a page once, however soon it is due.
    /// The pair is the moment and how long the lease holds.
    ///
    /// # Errors
    /// When sled fails.
    pub fn lease_not_done(
        &self,
        platform: &PlatformId,
        host: &HostKey,
        max: usize,
        (now, lease_for): (Timestamp, Duration),
        since: Timestamp,
    ) -> Result<Vec<Lease>, HotError> {
        let mut memory = self.memory();
        self.follow_clock(&mut memory, now)?;
        let until = now.after(lease_for);
        let lane = keys::lane_key(platform, host);
        let prefix = keys::due_prefix(platform, host);
        let mut index = self.tree.range(prefix.clone()..keys::due_end(&prefix, now)).keys();
        let mut old = self.next_old(&memory, &mut index, platform, now, since)?;
        let mut leases = Vec::new();
        while leases.len() < max {
            let new = self.next_new(&mut memory, platform, &lane, now)?;
            let new_rank = new.as_ref().map(|place| keys::rank_of(&place.block));
            if old.as_ref().is_some_and(|(rank, _, _)| new_rank.is_none_or(|new| *rank <= new)) {
                let Some((_, key, entry)) = old.take() else { break };
                memory.leased.insert(keys::platform_url(platform, key), Held { until, place: None, list: None });
                leases.push(Lease {
                    platform: platform.clone(),
                    url: entry.url,
                    depth: entry.depth,
                    kind: entry.kind,
                    due: Timestamp::from_millis(entry.due_millis),
                    priority: entry.priority,
                    state: entry.state,
                });
                old = self.next_old(&memory, &mut index, platform, now, since)?;
                continue;
            }
            let Some(place) = new else { break };
            let queue = memory.queues.entry(lane).or_default();
            let Some((NewEntry { url, depth, kind, priority, due }, key)) = queue.take(&place, until) else { break };
            let lease = Lease {
                platform: platform.clone(),
                url: url.clone(),
                depth: *depth,
                kind: *kind,
                due: *due,
                priority: *priority,
                state: UrlState::default(),
            };
            memory.leased.insert(keys::platform_url(platform, key), Held { until, place: Some(place), list: None });
            leases.push(lease);
        }
        Ok(leases)
    }

    /// The next URL of the due index that can be taken.
    fn next_old(
        &self,
        memory: &Memory,
        index: &mut impl Iterator<Item = sled::Result<sled::IVec>>,
        platform: &PlatformId,
        now: Timestamp,
        since: Timestamp,
    ) -> Result<Option<Old>, HotError> {
        for key in index {
            let key = key?;
            let url_key = keys::url_key_of(&key);
            let held = keys::platform_url(platform, url_key);
            if memory.leased.get(&held).is_some_and(|lease| lease.until > now) {
                continue;
            }
            let Some(entry) = self.entry(platform, url_key)? else { continue };
            let Some((minute, priority)) = keys::due_of(&key) else { continue };
            if (minute, priority) != (keys::minute(entry.due_millis), entry.priority) {
                // Left over from a URL that was made due while it was on its way.
                self.tree.remove(&key)?;
                continue;
            }
            if entry.due_millis > now.as_millis() || entry.state.is_done_since(since, now) {
                continue;
            }
            return Ok(Some((keys::rank_of_minute(minute, priority), url_key, entry)));
        }
        Ok(None)
    }

    /// The next URL that was never tried and can be taken. Opens blocks as they are needed.
    fn next_new(
        &self,
        memory: &mut Memory,
        platform: &PlatformId,
        lane: &LaneKey,
        now: Timestamp,
    ) -> Result<Option<Place>, HotError> {
        loop {
            let queue = memory.queues.entry(*lane).or_default();
            let open = queue.available(lane, now);
            let first = match queue.first_unopened(now) {
                Some(first) => first,
                None => {
                    let mut first = None;
                    for key in self.tree.range(keys::queue_prefix(lane)..keys::queue_end(lane, now)).keys() {
                        let key = key?;
                        if keys::minute_of(&key) <= keys::minute(now.as_millis()) && !queue.is_open(&key) {
                            first = Some(key.to_vec());
                            break;
                        }
                    }
                    queue.looked(now, first.clone());
                    first
                }
            };
            match (open, first) {
                (Some(place), Some(first)) if place.block <= first => return Ok(Some(place)),
                (place, None) => return Ok(place),
                (_, Some(first)) => self.open_block(memory, platform, lane, first)?,
            }
        }
    }

    fn open_block(
        &self,
        memory: &mut Memory,
        platform: &PlatformId,
        lane: &LaneKey,
        key: Vec<u8>,
    ) -> Result<(), HotError> {
        let stored = self.tree.get(&key)?.unwrap_or_default();
        let Ok(entries) = block::unpack(&stored) else {
            // It must not stop the rest, and it is not thrown away: whoever repairs it finds it under `x`.
            tracing::error!("a block of new URLs cannot be read and is set aside");
            let mut aside = sled::Batch::default();
            aside.insert([b"x", key.as_slice()].concat(), stored);
            aside.remove(key.as_slice());
            self.tree.apply_batch(aside)?;
            memory.queues.entry(*lane).or_default().open(key, Vec::new());
            return Ok(());
        };
        let earlier = keys::number_of(&key) < self.first_number;
        let mut slots = Vec::with_capacity(entries.len());
        for entry in entries {
            let url_key = entry.url.key();
            let looked_at = earlier || memory.requeued.remove(&keys::platform_url(platform, url_key));
            let settled = looked_at && self.tree.contains_key(keys::entry(platform, url_key))?;
            slots.push((entry, url_key, settled));
        }
        if !memory.queues.entry(*lane).or_default().open(key.clone(), slots) {
            self.tree.remove(key)?;
        }
        Ok(())
    }

    /// Whether a URL of `host` that is not leased is due at `now`, other than what a scan that began at `since` is done with.
    ///
    /// # Errors
    /// When sled fails.
    pub fn is_due(
        &self,
        platform: &PlatformId,
        host: &HostKey,
        now: Timestamp,
        since: Timestamp,
    ) -> Result<bool, HotError> {
        let mut memory = self.memory();
        self.follow_clock(&mut memory, now)?;
        if self.next_new(&mut memory, platform, &keys::lane_key(platform, host), now)?.is_some() {
            return Ok(true);
        }
        let prefix = keys::due_prefix(platform, host);
        let mut index = self.tree.range(prefix.clone()..keys::due_end(&prefix, now)).keys();
        Ok(self.next_old(&memory, &mut index, platform, now, since)?.is_some())
    }

    /// URLs of `host` that are owed and due after `now`, until `until`: put off by a block, a failure or an unreadable
    /// robots.txt, but not given up at `since` or later. At most `limit` due times; looks at a bounded number of entries.
    ///
    /// # Errors
    /// When sled fails.
    pub fn put_off(
        &self,
        platform: &PlatformId,
        host: &HostKey,
        (now, until): (Timestamp, Timestamp),
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<Timestamp>, HotError> {
        let mut found = Vec::new();
        let prefix = keys::due_prefix(platform, host);
        let range = keys::due_start(&prefix, now)..keys::due_end(&prefix, until);
        for key in self.tree.range(range).keys().take(PUT_OFF_LOOKED_AT) {
            if found.len() >= limit {
                break;
            }
            if let Some(entry) = self.entry(platform, keys::url_key_of(&key?))? {
                let due = Timestamp::from_millis(entry.due_millis);
                if due > now && due <= until && entry.state.is_owed() && !entry.state.is_done_since(since, now) {
                    found.push(due);
                }
            }
        }
        Ok(found)
    }

    /// URLs of the platform due at `now`, at most `limit`, without leasing them.
    ///
    /// # Errors
    /// When sled fails.
    pub fn due(&self, platform: &PlatformId, now: Timestamp, limit: usize) -> Result<Vec<FoundUrl>, HotError> {
        let mut urls = Vec::new();
        for host in self.hosts(platform) {
            let prefix = keys::due_prefix(platform, &host);
            for key in self.tree.range(prefix.clone()..keys::due_end(&prefix, now)).keys() {
                if urls.len() >= limit {
                    return Ok(urls);
                }
                if let Some(entry) = self.entry(platform, keys::url_key_of(&key?))?
                    && entry.due_millis <= now.as_millis()
                {
                    urls.push(entry.url);
                }
            }
            let lane = keys::lane_key(platform, &host);
            for block in self.tree.range(keys::queue_prefix(&lane)..keys::queue_end(&lane, now)).values() {
                for entry in block::unpack(&block?).unwrap_or_default() {
                    if urls.len() >= limit {
                        return Ok(urls);
                    }
                    if entry.due <= now && !self.tree.contains_key(keys::entry(platform, entry.url.key()))? {
                        urls.push(entry.url);
                    }
                }
            }
        }
        Ok(urls)
    }
}
