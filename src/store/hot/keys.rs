//! Layout of the keys of the frontier's tree. One letter says what a key is; see `docs/DATA.md`.

use crate::vocab::ids::{PlatformId, Sha256Digest};
use crate::vocab::time::Timestamp;
use crate::vocab::url::HostKey;

/// URLs that were visited, or at least tried: `u`, platform (8), URL key (16).
pub const URL: u8 = b'u';
/// Blocks of URLs that were not: `q`, platform (8), host (8), rank (4), priority (1), number (8).
pub const QUEUE: u8 = b'q';
/// Keys of one batch that are in no run yet: `k`, number (8).
pub const KEY_LOG: u8 = b'k';
/// The runs of known keys that count.
pub const RUNS: &[u8] = b"m";
/// Due index: `d`, platform (8), host (8), minute (4), priority (1), URL key (16).
pub const DUE: u8 = b'd';
/// Hosts of a platform: `l`, platform (8), host (8).
pub const LANE: u8 = b'l';
/// Stands while a process owns the store.
pub const OPEN_MARK: &[u8] = b"!open";

/// The latest moment the store was shown, in milliseconds.
pub const LATEST: &[u8] = b"!latest";

fn hash(text: &str) -> [u8; 8] {
    xxhash_rust::xxh3::xxh3_64(text.as_bytes()).to_be_bytes()
}

fn key(letter: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + parts.iter().map(|part| part.len()).sum::<usize>());
    key.push(letter);
    for part in parts {
        key.extend_from_slice(part);
    }
    key
}

/// The minute a due time falls into. Within a minute priority decides, so that links found one after another do not
/// push a more important one back. Times before 1970 are due at once.
pub fn minute(due_millis: i64) -> u32 {
    u32::try_from(due_millis.max(0) / 60_000).unwrap_or(u32::MAX)
}

/// Minutes a URL of each priority stands back behind what is due at the same time. So listing pages go before category
/// pages and those before the rest, and yet nothing waits for ever.
const STANDS_BACK: [u32; 5] = [0, 0, 1, 60, 120];

fn stands_back(priority: u8) -> u32 {
    STANDS_BACK.get(usize::from(priority)).copied().unwrap_or(LONGEST_BACK)
}

const LONGEST_BACK: u32 = 240;

/// Where a URL stands in its host's queue: the minute it is due, and so many later by its priority.
pub fn rank(due_millis: i64, priority: u8) -> u32 {
    rank_of_minute(minute(due_millis), priority)
}

/// The same from the minute.
pub fn rank_of_minute(minute: u32, priority: u8) -> u32 {
    minute.saturating_add(stands_back(priority))
}

/// Host of a platform, in memory.
pub type LaneKey = [u8; 16];

/// Key of a host of a platform, in memory.
pub fn lane_key(platform: &PlatformId, host: &HostKey) -> LaneKey {
    let mut key = [0; 16];
    key[..8].copy_from_slice(&hash(platform.as_str()));
    key[8..].copy_from_slice(&hash(host.as_str()));
    key
}

/// Key of a block of new URLs; all of them are due in one minute and have one priority.
pub fn queue_block(lane: &LaneKey, rank: u32, priority: u8, number: u64) -> Vec<u8> {
    key(QUEUE, &[lane, &rank.to_be_bytes(), &[priority], &number.to_be_bytes()])
}

/// Key of the same block once its URLs are due at `now`.
pub fn queue_block_beside(block: &[u8], now: Timestamp) -> Vec<u8> {
    let priority = block.get(21).copied().unwrap_or(u8::MAX);
    let mut key = block.to_vec();
    if let Some(bytes) = key.get_mut(17..21) {
        bytes.copy_from_slice(&rank(now.as_millis(), priority).to_be_bytes());
    }
    key
}

/// The host of a platform that a block belongs to.
pub fn lane_of(block: &[u8]) -> Option<LaneKey> {
    block.get(1..17)?.try_into().ok()
}

/// Start of a host's blocks.
pub fn queue_prefix(lane: &LaneKey) -> Vec<u8> {
    key(QUEUE, &[lane])
}

/// End of a host's blocks that may hold something due by `now`.
pub fn queue_end(lane: &LaneKey, now: Timestamp) -> Vec<u8> {
    let rank = minute(now.as_millis()).saturating_add(LONGEST_BACK + 1);
    key(QUEUE, &[lane, &rank.to_be_bytes()])
}

/// Rank of a block.
pub fn rank_of(block: &[u8]) -> u32 {
    block.get(17..21).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_be_bytes)
}

/// The minute in which the URLs of a block are due.
pub fn minute_of(block: &[u8]) -> u32 {
    rank_of(block).saturating_sub(stands_back(block.get(21).copied().unwrap_or(u8::MAX)))
}

/// The number at the end of a block's or log record's key.
pub fn number_of(key: &[u8]) -> u64 {
    key.last_chunk::<8>().map_or(0, |tail| u64::from_be_bytes(*tail))
}

/// Key of a log record of known keys.
pub fn key_log(number: u64) -> Vec<u8> {
    key(KEY_LOG, &[&number.to_be_bytes()])
}

/// Key of a URL's entry.
pub fn entry(platform: &PlatformId, url: u128) -> Vec<u8> {
    key(URL, &[&hash(platform.as_str()), &url.to_be_bytes()])
}

/// The URL key at the end of an entry's or due key.
pub fn url_key_of(key: &[u8]) -> u128 {
    key.last_chunk::<16>().map_or(0, |tail| u128::from_be_bytes(*tail))
}

/// Key of a URL among all platforms, for the filter and the leases.
pub fn platform_url(platform: &PlatformId, url: u128) -> u128 {
    mix(hash(platform.as_str()), url)
}

/// The same, from an entry's key.
pub fn filter_key_of(entry: &[u8]) -> u128 {
    filter_key_beside(entry, url_key_of(entry))
}

/// The same for a URL of the platform that `key` belongs to.
pub fn filter_key_beside(key: &[u8], url: u128) -> u128 {
    let platform = key.get(1..9).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
    mix(platform, url)
}

fn mix(platform: [u8; 8], url: u128) -> u128 {
    let platform = u128::from(u64::from_be_bytes(platform));
    url ^ ((platform << 64) | platform)
}

/// Key of a URL in the due index.
pub fn due(platform: &PlatformId, host: &HostKey, due_millis: i64, priority: u8, url: u128) -> Vec<u8> {
    let minute = minute(due_millis).to_be_bytes();
    key(DUE, &[&hash(platform.as_str()), &hash(host.as_str()), &minute, &[priority], &url.to_be_bytes()])
}

/// Key in the due index of the same URL, due at another time.
pub fn due_beside(key: &[u8], due_millis: i64, priority: u8) -> Vec<u8> {
    let mut key = key.to_vec();
    if let Some(bytes) = key.get_mut(17..22) {
        bytes[..4].copy_from_slice(&minute(due_millis).to_be_bytes());
        bytes[4] = priority;
    }
    key
}

/// Key of the entry that a key of the due index belongs to.
pub fn entry_of_due(due: &[u8]) -> Vec<u8> {
    let platform = due.get(1..9).unwrap_or_default();
    key(URL, &[platform, &url_key_of(due).to_be_bytes()])
}

/// Start of a host's part of the due index.
pub fn due_prefix(platform: &PlatformId, host: &HostKey) -> Vec<u8> {
    key(DUE, &[&hash(platform.as_str()), &hash(host.as_str())])
}

/// Due minute and priority of a key of the due index.
pub fn due_of(key: &[u8]) -> Option<(u32, u8)> {
    let minute = key.get(17..21)?.try_into().ok().map(u32::from_be_bytes)?;
    Some((minute, *key.get(21)?))
}

/// Start of the part due in the minute of `now` or later.
pub fn due_start(prefix: &[u8], now: Timestamp) -> Vec<u8> {
    let mut start = prefix.to_vec();
    start.extend_from_slice(&minute(now.as_millis()).to_be_bytes());
    start
}

/// End of the part that may be due at `now`.
pub fn due_end(prefix: &[u8], now: Timestamp) -> Vec<u8> {
    let mut end = prefix.to_vec();
    end.extend_from_slice(&minute(now.as_millis()).saturating_add(1).to_be_bytes());
    end
}

/// Key of a host of a platform.
pub fn lane(platform: &PlatformId, host: &HostKey) -> Vec<u8> {
    key(LANE, &[&hash(platform.as_str()), &hash(host.as_str())])
}

/// Key of a host's politeness record.
pub fn host_record(host: &HostKey) -> Vec<u8> {
    key(b'h', &[host.as_str().as_bytes()])
}

/// Key of a host's robots record.
pub fn robots(host: &HostKey) -> Vec<u8> {
    key(b'r', &[host.as_str().as_bytes()])
}

/// Start of the entries of one minhash band.
pub fn band(platform: &PlatformId, band: usize, value: u64) -> Vec<u8> {
    let band = u8::try_from(band).unwrap_or(u8::MAX);
    key(b'b', &[&hash(platform.as_str()), &[band], &value.to_be_bytes()])
}

/// Key of a payload digest.
pub fn payload(platform: &PlatformId, digest: &Sha256Digest) -> Vec<u8> {
    key(b'p', &[&hash(platform.as_str()), &digest.0])
}

/// Key of what the pages of a platform were judged by.
pub fn judged_by(platform: &PlatformId) -> Vec<u8> {
    key(b'j', &[platform.as_str().as_bytes()])
}

/// Key of an engine's note about a platform.
pub fn run_state(platform: &PlatformId) -> Vec<u8> {
    key(b's', &[platform.as_str().as_bytes()])
}
