//! Pages that are due again before their time, because they would now be judged differently.

use crate::frontier::entry::{UrlKind, UrlState};
use crate::store::hot::{HotError, HotStore, keys};
use crate::vocab::ids::PlatformId;
use crate::vocab::time::Timestamp;

/// URLs made due in one atomic step.
const AT_ONCE: usize = 512;

/// From what a page is judged again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JudgeFrom {
    /// From its evidence where that was kept, else from the platform.
    Kept,
    /// From the platform.
    Platform,
}

impl HotStore {
    /// By what the pages of a platform were judged at its last scan; `None` where there was none.
    ///
    /// # Errors
    /// When sled fails.
    pub fn judged_by(&self, platform: &PlatformId) -> Result<Option<u64>, HotError> {
        let held = self.tree.get(keys::judged_by(platform))?;
        Ok(held.and_then(|value| value.as_ref().try_into().ok()).map(u64::from_be_bytes))
    }

    /// Notes by what the pages of a platform are judged from now on.
    ///
    /// # Errors
    /// When sled fails.
    pub fn note_judged_by(&self, platform: &PlatformId, mark: u64) -> Result<(), HotError> {
        self.tree.insert(keys::judged_by(platform), &mark.to_be_bytes())?;
        Ok(())
    }

    /// Makes due every page and feed of the platform that was fetched before: asked for without validators, so that it comes
    /// whole, or judged from what was kept of it where `from` allows that. What is owed, put off or left out stays as it is.
    /// Answers how many there are. What was done is kept if it breaks off.
    ///
    /// # Errors
    /// When sled fails.
    pub fn look_again(&self, platform: &PlatformId, from: JudgeFrom, now: Timestamp) -> Result<u64, HotError> {
        let mut count = 0;
        for host in self.hosts(platform) {
            let prefix = keys::due_prefix(platform, &host);
            let mut place = prefix.clone();
            loop {
                // What is made due below `now` lies before where the walk goes on, or is met once more and passed over.
                let range = self.tree.range(place.clone()..keys::due_end(&prefix, Timestamp::NEVER)).keys();
                let met: Vec<sled::IVec> = range.take(AT_ONCE).collect::<Result<_, _>>()?;
                let Some(last) = met.last() else { break };
                place = [last.as_ref(), &[0]].concat();
                count += self.make_due(platform, &met, from, now)?;
            }
        }
        Ok(count)
    }

    fn make_due(
        &self,
        platform: &PlatformId,
        met: &[sled::IVec],
        from: JudgeFrom,
        now: Timestamp,
    ) -> Result<u64, HotError> {
        let memory = self.memory();
        let mut batch = sled::Batch::default();
        let mut count = 0;
        for key in met {
            let url = keys::url_key_of(key);
            let on_its_way = memory.leased.get(&keys::platform_url(platform, url)).is_some_and(|held| held.until > now);
            let Some(mut entry) = self.entry(platform, url)?.filter(|_| !on_its_way) else { continue };
            let stands_here = keys::due_of(key) == Some((keys::minute(entry.due_millis), entry.priority));
            let fetched = !entry.state.is_owed() && !entry.state.excluded && entry.state.given_up.is_none();
            let wanted = match entry.kind {
                UrlKind::Seed | UrlKind::Page | UrlKind::Feed | UrlKind::Recheck => true,
                UrlKind::Sitemap => false,
            };
            let due = Timestamp::from_millis(entry.due_millis);
            let whole = UrlState { etag: None, last_modified: None, asked_next: None, ..entry.state.clone() };
            let waits = from == JudgeFrom::Kept && entry.state.asked_next.is_some();
            if !stands_here || !fetched || !wanted || waits || (whole == entry.state && due <= now) {
                continue;
            }
            let is_page = matches!(entry.kind, UrlKind::Seed | UrlKind::Page);
            entry.state = if from == JudgeFrom::Kept && is_page && due > now && self.is_kept(platform, &entry.state)? {
                UrlState { asked_next: Some(due), ..entry.state }
            } else {
                whole
            };
            entry.due_millis = entry.due_millis.min(now.as_millis());
            batch.remove(key);
            batch.insert(keys::due_beside(key, entry.due_millis, entry.priority), &[]);
            batch.insert(keys::entry(platform, url), serde_json::to_vec(&entry)?);
            count += 1;
        }
        self.tree.apply_batch(batch)?;
        Ok(count)
    }

    /// Whether the page's last body is among the evidence.
    fn is_kept(&self, platform: &PlatformId, state: &UrlState) -> Result<bool, HotError> {
        Ok(match state.payload_digest {
            Some(digest) => self.seen_payload(platform, &digest)?.is_some(),
            None => false,
        })
    }
}
