//! The encoding of bytes whose declaration is missing or cannot be true.

use std::collections::HashMap;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE};

/// Pairs of bytes looked at for UTF-16.
const PAIRS: usize = 512;

/// UTF-16 without a byte order mark: markup makes every second byte of many a zero.
pub(super) fn wide(bytes: &[u8]) -> Option<&'static Encoding> {
    let pairs = &bytes[..bytes.len().min(2 * PAIRS)];
    let count = pairs.len() / 2;
    let zeros = |odd: usize| pairs.chunks_exact(2).filter(|pair| pair[odd] == 0).count();
    if count < 4 || memchr::memchr(0, pairs).is_none() {
        return None;
    }
    let (first, second) = (zeros(0), zeros(1));
    let many = count.div_ceil(4);
    match (first >= many, second >= many) {
        (true, false) if second * 20 <= count => Some(UTF_16BE),
        (false, true) if first * 20 <= count => Some(UTF_16LE),
        _ => None,
    }
}

/// How well bytes fit UTF-8.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Fit {
    /// Characters of more than one byte.
    right: usize,
    /// Sequences that are none; one cut at the very end does not count.
    wrong: usize,
}

impl Fit {
    /// More fits than not: what does not is damage. Asked where UTF-8 was declared.
    pub(super) fn is_mostly_right(self) -> bool {
        self.right > 0 && self.right >= self.wrong || self.wrong == 0
    }

    /// Nearly all fits, as no other encoding's text does.
    fn is_nearly_all_right(self) -> bool {
        self.right >= self.wrong.saturating_mul(4) && self.right > 0
    }

    /// All fits, and too much for another encoding's text to fit by accident.
    pub(super) fn is_no_accident(self) -> bool {
        self.wrong == 0 && self.right >= 6
    }
}

/// Counts characters of more than one byte and what is none.
pub(super) fn utf8(bytes: &[u8]) -> Fit {
    let mut fit = Fit::default();
    for piece in bytes.utf8_chunks() {
        fit.right += piece.valid().bytes().filter(|byte| *byte >= 0xc0).count();
        fit.wrong += usize::from(!piece.invalid().is_empty());
    }
    let cut = bytes.utf8_chunks().last().is_some_and(|last| is_cut(last.invalid()));
    fit.wrong -= usize::from(cut);
    fit
}

/// Whether bytes are the beginning of a character.
fn is_cut(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
}

/// What switches to Japanese characters in ISO-2022-JP.
const SWITCHES: [&[u8]; 2] = [b"\x1b$B", b"\x1b$@"];

/// Characters of more than a byte among which one of the Japanese syllables stands in Japanese text.
const FOR_EACH_SYLLABLE: usize = 10;

/// ISO-2022-JP, whose bytes are all ASCII. A seller can write what switches to it as well, to turn all that follows into
/// characters that no reader sees; so the text must be whole and Japanese.
pub(super) fn escaped(bytes: &[u8]) -> Option<&'static Encoding> {
    memchr::memchr(0x1b, bytes)?;
    if !SWITCHES.iter().any(|to| memchr::memmem::find(bytes, to).is_some()) {
        return None;
    }
    let text = ISO_2022_JP.decode_without_bom_handling(bytes).0;
    let (mut wide, mut syllables, mut wrong) = (0, 0, 0);
    for c in text.chars().filter(|c| !c.is_ascii()) {
        match c {
            char::REPLACEMENT_CHARACTER => wrong += 1,
            '\u{3041}'..='\u{30ff}' => syllables += 1,
            _ => wide += 1,
        }
    }
    (wrong <= 1 && syllables * FOR_EACH_SYLLABLE >= wide + syllables && syllables > 0).then_some(ISO_2022_JP)
}

/// Pieces tested separately, as one may contain a byte that rules out the right encoding.
const PIECES: usize = 8;

/// Bytes looked at, of text that tells something.
const LOOKED_AT: usize = 64 << 10;

/// Bytes beyond ASCII in a piece below which a guess is no better than chance.
const PIECE_BYTES: usize = 16;

/// Bytes beyond ASCII below which a text is too short to say that one of them is wrong.
const TEXT_BYTES: usize = 64;

/// Bytes beyond ASCII for each that may be wrong.
const RIGHT_FOR_EACH_WRONG: usize = 100;

/// The likeliest encoding. A byte that does not fit rules an encoding out, however well the rest does; so the rest is asked
/// too.
pub(super) fn guess(bytes: &[u8]) -> &'static Encoding {
    if utf8(bytes).is_nearly_all_right() {
        return UTF_8;
    }
    let looked_at = &telling(bytes);
    let whole = by_detector([looked_at.as_slice()]);
    let fits = !whole.is_single_byte() && !whole.decode_without_bom_handling(looked_at).1;
    if fits || beyond_ascii(looked_at) < TEXT_BYTES {
        return whole;
    }
    let pieces: Vec<&[u8]> = pieces(looked_at).collect();
    for left_out in 0..pieces.len() {
        let others = pieces.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, piece)| *piece);
        let guessed = by_detector(others);
        if guessed != whole && was_ruled_out(guessed, looked_at) {
            return guessed;
        }
    }
    // Several bytes do not fit: then most pieces agree on their own.
    let mut votes: HashMap<&'static Encoding, usize> = HashMap::new();
    let mut all = 0;
    for piece in pieces {
        let weight = beyond_ascii(piece);
        if weight >= PIECE_BYTES {
            *votes.entry(by_detector([piece])).or_default() += weight;
            all += weight;
        }
    }
    let best = votes.into_iter().filter(|(encoding, _)| !encoding.is_single_byte()).max_by_key(|(_, weight)| *weight);
    let best = best.filter(|(encoding, weight)| weight * 2 > all && was_ruled_out(encoding, looked_at));
    best.map_or(whole, |(encoding, _)| encoding)
}

/// The texts between tags that hold bytes beyond ASCII, up to a limit: those tell an encoding, wherever they stand.
fn telling(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for text in bytes.split_inclusive(|byte| *byte == b'<') {
        let room = LOOKED_AT - out.len();
        if room == 0 {
            break;
        }
        if !text.is_ascii() {
            out.extend_from_slice(&text[..text.len().min(room)]);
        }
    }
    out
}

fn beyond_ascii(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte >= 0x80).count()
}

/// Whether an encoding fits but for a few bytes, for which it was ruled out.
fn was_ruled_out(encoding: &'static Encoding, bytes: &[u8]) -> bool {
    let (text, had_errors) = encoding.decode_without_bom_handling(bytes);
    let wrong = text.chars().filter(|c| *c == char::REPLACEMENT_CHARACTER).count();
    had_errors && wrong <= 1 + beyond_ascii(bytes) / RIGHT_FOR_EACH_WRONG
}

fn by_detector<'p>(pieces: impl IntoIterator<Item = &'p [u8]>) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    for piece in pieces {
        // Not told that it is the end, the detector takes a cut character for one that goes on.
        detector.feed(piece, false);
    }
    detector.guess(None, Utf8Detection::Allow)
}

/// Pieces of about equal length that begin where no character of several bytes can go on.
fn pieces(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let length = (bytes.len() / PIECES).max(64);
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let from = length.min(rest.len());
        let end =
            rest[from..].iter().position(|byte| matches!(byte, b'<' | b'\n' | b' ')).map_or(rest.len(), |at| from + at);
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(piece)
    })
}
