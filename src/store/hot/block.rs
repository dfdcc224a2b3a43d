//! Many new URLs of one host in one stored value.
//!
//! sled keeps sixteen values in a leaf whatever their size, so a URL of its own costs a leaf's share, a random place and a
//! hundred bytes; a hundred URLs found together and packed together cost the bytes they are made of.
//!
//! Stored form, version 1: the version, then for each URL as varints: bytes shared with the URL before, bytes that follow,
//! those bytes, depth, kind, priority, and its due time less that of the URL before (zigzag).

use crate::frontier::entry::{NewEntry, UrlKind};
use crate::store::hot::error::HotError;
use crate::vocab::found::FoundUrl;
use crate::vocab::time::Timestamp;

/// URLs of one block at most: what is held in memory for one URL on its way.
pub const BLOCK_URLS: usize = 128;

const VERSION: u8 = 1;

/// Packs URLs in the order given.
pub fn pack<'a>(entries: impl Iterator<Item = &'a NewEntry>) -> Vec<u8> {
    let mut out = vec![VERSION];
    let (mut before, mut due_before) = ("", 0_i64);
    for entry in entries {
        let url = entry.url.as_str();
        let shared = url.bytes().zip(before.bytes()).take_while(|(a, b)| a == b).count();
        put(&mut out, shared as u64);
        put(&mut out, (url.len() - shared) as u64);
        out.extend_from_slice(&url.as_bytes()[shared..]);
        put(&mut out, u64::from(entry.depth));
        out.push(kind_number(entry.kind));
        out.push(entry.priority);
        let due = entry.due.as_millis();
        put(&mut out, zigzag(due.wrapping_sub(due_before)));
        (before, due_before) = (url, due);
    }
    out
}

/// The URLs of a block. One that no longer parses (the canonical form grew stricter) is left out.
///
/// # Errors
/// When the bytes are no block.
pub fn unpack(block: &[u8]) -> Result<Vec<NewEntry>, HotError> {
    let Some((&VERSION, mut rest)) = block.split_first() else { return Err(HotError::Block) };
    let mut entries = Vec::with_capacity(BLOCK_URLS);
    let (mut url, mut due_before) = (Vec::new(), 0_i64);
    while !rest.is_empty() {
        let shared = length(take(&mut rest)?)?;
        let follows = length(take(&mut rest)?)?;
        if shared > url.len() || follows > rest.len() {
            return Err(HotError::Block);
        }
        url.truncate(shared);
        url.extend_from_slice(&rest[..follows]);
        rest = &rest[follows..];
        let depth = u16::try_from(take(&mut rest)?).map_err(|_| HotError::Block)?;
        let Some(([kind, priority], after)) = rest.split_first_chunk() else { return Err(HotError::Block) };
        rest = after;
        let due = due_before.wrapping_add(unzigzag(take(&mut rest)?));
        due_before = due;
        let kind = kind_of(*kind).ok_or(HotError::Block)?;
        let text = std::str::from_utf8(&url).map_err(|_| HotError::Block)?;
        if let Ok(url) = FoundUrl::parse(text, None) {
            entries.push(NewEntry { url, depth, kind, priority: *priority, due: Timestamp::from_millis(due) });
        }
    }
    Ok(entries)
}

/// Stored, so a number is never used again for another kind.
fn kind_number(kind: UrlKind) -> u8 {
    match kind {
        UrlKind::Seed => 0,
        UrlKind::Sitemap => 1,
        UrlKind::Feed => 2,
        UrlKind::Page => 3,
        UrlKind::Recheck => 4,
    }
}

fn kind_of(number: u8) -> Option<UrlKind> {
    [UrlKind::Seed, UrlKind::Sitemap, UrlKind::Feed, UrlKind::Page, UrlKind::Recheck].get(usize::from(number)).copied()
}

fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn take(rest: &mut &[u8]) -> Result<u64, HotError> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let Some((byte, after)) = rest.split_first() else { return Err(HotError::Block) };
        *rest = after;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(HotError::Block)
}

fn length(value: u64) -> Result<usize, HotError> {
    usize::try_from(value).map_err(|_| HotError::Block)
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

fn unzigzag(value: u64) -> i64 {
    ((value >> 1) as i64) ^ -((value & 1) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(path: &str, depth: u16, priority: u8, due: i64) -> NewEntry {
        let url = FoundUrl::parse(&format!("https://shop.example.test/{path}"), None).unwrap();
        NewEntry { url, depth, kind: UrlKind::Page, priority, due: Timestamp::from_millis(due) }
    }

    #[test]
    fn the_stored_form_is_fixed() {
        let block = pack([entry("a", 1, 4, 1000), entry("ab", 300, 2, 999)].iter());
        let url = b"https://shop.example.test/a";
        let mut expected = vec![1, 0, 27];
        expected.extend_from_slice(url);
        expected.extend_from_slice(&[1, 3, 4, 0xd0, 0x0f, 27, 1, b'b', 0xac, 0x02, 3, 2, 1]);
        assert_eq!(block, expected);
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_back(paths in prop::collection::vec(("[a-z0-9/é-]{0,40}", any::<u16>(), any::<u8>(), any::<i64>()), 0..40)) {
            let entries: Vec<NewEntry> = paths.iter().map(|(path, depth, priority, due)| entry(path, *depth, *priority, *due)).collect();
            prop_assert_eq!(unpack(&pack(entries.iter())).unwrap(), entries);
        }

        #[test]
        fn hostile_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = unpack(&bytes);
        }
    }
}
