//! Content codings, undone once a body is here. Servers name them in any case and number, under old names, name one and
//! send another, or send packed bytes without a name: where the bytes say clearly what they are, they are believed.

use std::io::Read;

use flate2::{Decompress, FlushDecompress, Status};

/// Codings of one body. More are no mistake of a server but an attack.
const CODINGS_LIMIT: usize = 5;

/// Bytes looked at to tell text from packed bytes.
const LOOKED_AT: usize = 512;

/// A body without its codings.
#[derive(Debug, PartialEq, Eq)]
pub struct Undone {
    /// What was packed.
    pub body: Vec<u8>,
    /// Whether that is all of it.
    pub end: End,
}

/// How a body ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// All of it is here.
    Whole,
    /// There is more than may be kept.
    TooLong,
    /// What was packed breaks off, or is broken from there on.
    BrokenOff,
}

/// Why the codings of a body cannot be undone.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodingError {
    /// Too many of them.
    #[error("{0} content codings, more than {CODINGS_LIMIT}")]
    TooMany(usize),
    /// One that we did not ask for.
    #[error("the content coding `{0}` was not asked for")]
    Unknown(String),
    /// Bytes that are not what they are said to be, nor anything else.
    #[error("the body is not in the content coding `{0}`")]
    Broken(&'static str),
}

/// One coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Gzip,
    Deflate,
    Brotli,
}

impl Coding {
    fn name(self) -> &'static str {
        match self {
            Coding::Gzip => "gzip",
            Coding::Deflate => "deflate",
            Coding::Brotli => "br",
        }
    }
}

/// Whether there is anything to undo: most bodies are sent as they are.
pub fn is_packed<'a>(body: &[u8], mut encodings: impl Iterator<Item = &'a str>) -> bool {
    encodings.any(|value| !value.trim().is_empty()) || is_gzip(body)
}

/// Undoes the codings that the values of `Content-Encoding` and `Transfer-Encoding` name, in the order in which they were
/// applied, and keeps at most `limit_bytes`. `is_text` says that the body is meant to be text: gzip without a name is
/// undone then.
///
/// # Errors
/// When nothing of the body can be read.
pub fn undo<'a>(
    body: Vec<u8>,
    encodings: impl Iterator<Item = &'a str>,
    is_text: bool,
    limit_bytes: usize,
) -> Result<Undone, CodingError> {
    let mut codings = Vec::new();
    for name in encodings.flat_map(|value| value.split(',')) {
        let name = name.trim().trim_matches('"').to_ascii_lowercase();
        match name.as_str() {
            "gzip" | "x-gzip" | "gz" | "x-gz" => codings.push(Coding::Gzip),
            "deflate" | "x-deflate" | "zlib" => codings.push(Coding::Deflate),
            "br" | "brotli" => codings.push(Coding::Brotli),
            "zstd" | "dcb" | "dcz" | "compress" | "x-compress" | "exi" | "pack200-gzip" if !is_text_like(&body) => {
                return Err(CodingError::Unknown(name));
            }
            // `identity`, `chunked`, and what is no coding at all: `none`, `utf-8`, `8bit`.
            _ => {}
        }
    }
    if codings.len() > CODINGS_LIMIT {
        return Err(CodingError::TooMany(codings.len()));
    }
    let mut undone = Undone { body, end: End::Whole };
    for coding in codings.into_iter().rev() {
        undone = undone.then(|body| undo_one(coding, body, limit_bytes))?;
    }
    // A file that was packed on disk, or once more by a proxy.
    for _ in 0..2 {
        if is_text && is_gzip(&undone.body) {
            undone = undone.then(|body| {
                let unpacked = gunzip(&body, limit_bytes);
                if unpacked.body.is_empty() { Err(CodingError::Broken("gzip")) } else { Ok(unpacked) }
            })?;
        }
    }
    Ok(undone)
}

impl Undone {
    /// What is left after one more coding; broken off or too long once is so for good.
    fn then(self, undo: impl FnOnce(Vec<u8>) -> Result<Undone, CodingError>) -> Result<Self, CodingError> {
        let end = self.end;
        let next = undo(self.body)?;
        Ok(Undone { end: if end == End::Whole { next.end } else { end }, ..next })
    }
}

fn undo_one(coding: Coding, body: Vec<u8>, limit_bytes: usize) -> Result<Undone, CodingError> {
    if body.is_empty() {
        return Ok(Undone { body, end: End::Whole });
    }
    // gzip says clearly what it is, whatever the header says.
    let unpacked = if is_gzip(&body) {
        gunzip(&body, limit_bytes)
    } else {
        match coding {
            Coding::Brotli => unbrotli(&body, limit_bytes),
            // What is called gzip and is not may be zlib; what is called deflate may be without its wrapper.
            Coding::Gzip | Coding::Deflate => {
                let wrapped = is_zlib(&body).then(|| inflate_all(&body[2..], limit_bytes));
                let whole = wrapped.filter(|unpacked| unpacked.end == End::Whole || !unpacked.body.is_empty());
                whole.unwrap_or_else(|| inflate_all(&body, limit_bytes))
            }
        }
    };
    match unpacked.end {
        End::Whole | End::TooLong => Ok(unpacked),
        // Said to be packed, and sent as it is.
        End::BrokenOff if is_text_like(&body) => Ok(Undone { body, end: End::Whole }),
        End::BrokenOff if unpacked.body.is_empty() => Err(CodingError::Broken(coding.name())),
        End::BrokenOff => Ok(unpacked),
    }
}

/// Whether bytes begin as a gzip file does.
pub fn is_gzip(body: &[u8]) -> bool {
    body.starts_with(&[0x1f, 0x8b, 8])
}

/// A zlib header (RFC 1950): the method, and a check of both bytes.
fn is_zlib(body: &[u8]) -> bool {
    let [method, flags, ..] = *body else { return false };
    method & 0xf == 8 && method >> 4 <= 7 && u16::from_be_bytes([method, flags]) % 31 == 0
}

/// Text has no control characters besides white space; two bytes of a character may be any others. UTF-16 has zeros, and
/// tells itself by a byte order mark.
fn is_text_like(body: &[u8]) -> bool {
    let head = &body[..body.len().min(LOOKED_AT)];
    let control = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b) || *byte == 0x7f;
    head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) || !head.iter().any(control)
}

/// All members of a gzip file; what follows them is no part of it. Checksums are not looked at: browsers do not either, and
/// many servers send none.
pub fn gunzip(mut packed: &[u8], limit_bytes: usize) -> Undone {
    let mut body = Vec::new();
    let mut inflater = Inflater::new();
    loop {
        let Some(data) = after_gzip_header(packed) else { return Undone { body, end: End::BrokenOff } };
        let (end, used) = inflater.append(data, &mut body, limit_bytes);
        // Checksum and length.
        packed = data.get(used + 8..).unwrap_or_default();
        if end != End::Whole || !is_gzip(packed) {
            return Undone { body, end };
        }
    }
}

/// What follows the header of a gzip member (RFC 1952).
fn after_gzip_header(packed: &[u8]) -> Option<&[u8]> {
    let flags = *packed.get(3)?;
    let mut rest = packed.get(10..)?;
    if flags & 4 != 0 {
        let length = usize::from(u16::from_le_bytes([*rest.first()?, *rest.get(1)?]));
        rest = rest.get(2 + length..)?;
    }
    // File name and comment, each up to a zero.
    for flag in [8, 16] {
        if flags & flag != 0 {
            rest = &rest[memchr::memchr(0, rest)? + 1..];
        }
    }
    if flags & 2 != 0 { rest.get(2..) } else { Some(rest) }
}

fn inflate_all(packed: &[u8], limit_bytes: usize) -> Undone {
    let mut body = Vec::new();
    let (end, _) = Inflater::new().append(packed, &mut body, limit_bytes);
    Undone { body, end }
}

/// Undoes raw deflate. A file may have half a million members of nothing, so its room is made once.
struct Inflater {
    stream: Decompress,
    piece: Box<[u8; 16 << 10]>,
}

impl Inflater {
    fn new() -> Self {
        Inflater { stream: Decompress::new(false), piece: Box::new([0; 16 << 10]) }
    }

    /// Appends what a stream holds, up to `limit_bytes` in all. Also answers how many bytes it takes.
    fn append(&mut self, packed: &[u8], body: &mut Vec<u8>, limit_bytes: usize) -> (End, usize) {
        let Inflater { stream, piece } = self;
        stream.reset(false);
        loop {
            let (used, held) = (stream.total_in(), stream.total_out());
            let at = usize::try_from(used).unwrap_or(usize::MAX);
            let result = stream.decompress(packed.get(at..).unwrap_or_default(), &mut piece[..], FlushDecompress::None);
            let new = usize::try_from(stream.total_out() - held).unwrap_or(0);
            let room = limit_bytes.saturating_sub(body.len());
            body.extend_from_slice(&piece[..new.min(room)]);
            let at = usize::try_from(stream.total_in()).unwrap_or(usize::MAX);
            match result {
                _ if new > room => return (End::TooLong, at),
                Ok(Status::StreamEnd) => return (End::Whole, at),
                Ok(Status::Ok | Status::BufError) if new > 0 || stream.total_in() > used => {}
                Ok(Status::Ok | Status::BufError) | Err(_) => return (End::BrokenOff, at),
            }
        }
    }
}

fn unbrotli(packed: &[u8], limit_bytes: usize) -> Undone {
    let mut body = Vec::new();
    let stream = brotli_decompressor::Decompressor::new(packed, 4096);
    // One byte more than is kept tells whether there is more.
    let read = stream.take(limit_bytes as u64 + 1).read_to_end(&mut body);
    let end = match read {
        _ if body.len() > limit_bytes => End::TooLong,
        Ok(_) => End::Whole,
        Err(_) => End::BrokenOff,
    };
    body.truncate(limit_bytes);
    Undone { body, end }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use proptest::prelude::*;

    use super::*;

    const PAGE: &[u8] = "<!doctype html><p>Oak table, <b>hardly</b> used; caf\u{e9}.</p>".as_bytes();

    /// `<p>hello` in brotli.
    const HELLO_BROTLI: &[u8] = &[0x8b, 3, 0x80, b'<', b'p', b'>', b'h', b'e', b'l', b'l', b'o', 3];

    fn gzip(body: &[u8]) -> Vec<u8> {
        let mut out = GzEncoder::new(Vec::new(), Compression::default());
        out.write_all(body).unwrap();
        out.finish().unwrap()
    }

    fn zlib(body: &[u8]) -> Vec<u8> {
        let mut out = ZlibEncoder::new(Vec::new(), Compression::default());
        out.write_all(body).unwrap();
        out.finish().unwrap()
    }

    fn deflate(body: &[u8]) -> Vec<u8> {
        let mut out = DeflateEncoder::new(Vec::new(), Compression::default());
        out.write_all(body).unwrap();
        out.finish().unwrap()
    }

    fn undo_as(body: Vec<u8>, encodings: &[&str], limit_bytes: usize) -> Result<Undone, CodingError> {
        undo(body, encodings.iter().copied(), true, limit_bytes)
    }

    #[test]
    fn every_coding_under_every_name_and_mislabelled() {
        let long: Vec<u8> = PAGE.repeat(2000);
        let named = |head: &[u8], body: &[u8]| [head, &gzip(body)[10..]].concat();
        let cut_trailer = |mut packed: Vec<u8>| {
            packed.truncate(packed.len() - 8);
            packed
        };
        for (name, body, encodings, expected) in [
            ("as it is", PAGE.to_vec(), &["identity"][..], PAGE),
            ("no coding at all", PAGE.to_vec(), &["UTF-8"], PAGE),
            ("none", PAGE.to_vec(), &["none", ""], PAGE),
            ("gzip", gzip(PAGE), &["gzip"], PAGE),
            ("upper case", gzip(PAGE), &["GZip"], PAGE),
            ("old name", gzip(PAGE), &["X-GZIP"], PAGE),
            ("white space", gzip(PAGE), &[" gzip\t"], PAGE),
            ("long", gzip(&long), &["gzip"], &long),
            ("twice in one header", gzip(&gzip(PAGE)), &["gzip, gzip"], PAGE),
            ("twice in two headers", gzip(&gzip(PAGE)), &["gzip", "gzip"], PAGE),
            ("twice and named once", gzip(&gzip(PAGE)), &["gzip"], PAGE),
            ("once and named twice", gzip(PAGE), &["gzip", "gzip"], PAGE),
            ("without a name", gzip(PAGE), &[], PAGE),
            ("in order", zlib(&gzip(PAGE)), &["gzip, deflate"], PAGE),
            ("with identity between", zlib(&gzip(PAGE)), &["gzip, identity, deflate"], PAGE),
            ("as a transfer coding", gzip(PAGE), &["gzip, chunked"], PAGE),
            ("deflate", zlib(PAGE), &["deflate"], PAGE),
            ("nothing, deflated", zlib(b""), &["deflate"], b""),
            ("nothing, in gzip", gzip(b""), &["gzip"], b""),
            ("deflate without its wrapper", deflate(PAGE), &["deflate"], PAGE),
            ("deflate, long, without its wrapper", deflate(&long), &["Deflate"], &long),
            ("gzip called deflate", gzip(PAGE), &["deflate"], PAGE),
            ("zlib called gzip", zlib(PAGE), &["gzip"], PAGE),
            ("gzip called br", gzip(PAGE), &["br"], PAGE),
            ("brotli", HELLO_BROTLI.to_vec(), &["BR"], b"<p>hello"),
            ("brotli within gzip", gzip(HELLO_BROTLI), &["br, gzip"], b"<p>hello"),
            ("plain called gzip", PAGE.to_vec(), &["gzip"], PAGE),
            ("plain called deflate", PAGE.to_vec(), &["deflate"], PAGE),
            ("plain called br", PAGE.to_vec(), &["br"], PAGE),
            ("plain called zstd", PAGE.to_vec(), &["zstd"], PAGE),
            (
                "robots.txt called gzip",
                b"User-agent: *\nDisallow: /a\n".to_vec(),
                &["gzip"],
                b"User-agent: *\nDisallow: /a\n",
            ),
            ("bytes after the end", [gzip(PAGE), vec![0; 7]].concat(), &["gzip"], PAGE),
            ("two members", [gzip(PAGE), gzip(b"!")].concat(), &["gzip"], &[PAGE, b"!"].concat()),
            ("without its checksum", cut_trailer(gzip(PAGE)), &["gzip"], PAGE),
            ("with a file name", named(b"\x1f\x8b\x08\x08\0\0\0\0\0\x03a.html\0", PAGE), &["gzip"], PAGE),
            (
                "with everything a header may hold",
                named(b"\x1f\x8b\x08\x1e\0\0\0\0\0\x03\x02\0xyname\0comment\0cc", PAGE),
                &["gzip"],
                PAGE,
            ),
            ("nothing", Vec::new(), &["gzip"], b""),
        ] {
            let undone = undo_as(body, encodings, 1 << 20).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!((undone.end, undone.body == expected), (End::Whole, true), "{name}");
        }
    }

    #[test]
    fn what_is_cut_is_kept_as_far_as_it_goes_and_what_cannot_be_read_is_named() {
        let long: Vec<u8> = (0..60_000_u32).flat_map(|n| format!("{n} ").into_bytes()).collect();
        for (name, packed, encoding) in
            [("gzip", gzip(&long), "gzip"), ("zlib", zlib(&long), "deflate"), ("deflate", deflate(&long), "deflate")]
        {
            let half = undo_as(packed[..packed.len() / 2].to_vec(), &[encoding], 1 << 20).unwrap();
            assert_eq!(half.end, End::BrokenOff, "{name}");
            assert!(half.body.len() > 10_000 && long.starts_with(&half.body), "{name}");
        }
        let noise = b"\x01\x02\x03\xff\xfe\0\0\x07".to_vec();
        for (body, encoding, error) in [
            (b"\x1f\x8b\x08 no gzip".to_vec(), "gzip", CodingError::Broken("gzip")),
            (b"\x1f\x8b\x08".to_vec(), "", CodingError::Broken("gzip")),
            (noise.clone(), "br", CodingError::Broken("br")),
            (b"\x28\xb5\x2f\xfd\0".to_vec(), "zstd", CodingError::Unknown("zstd".to_owned())),
            (gzip(PAGE), "gzip,gzip,gzip,gzip,gzip,gzip", CodingError::TooMany(6)),
        ] {
            assert_eq!(undo_as(body, &[encoding], 1 << 20), Err(error), "{encoding}");
        }
    }

    #[test]
    fn what_expands_is_cut_at_every_layer() {
        let bomb = gzip(&vec![b' '; 8 << 20]);
        for (name, body, encodings) in [
            ("once", bomb.clone(), &["gzip"][..]),
            ("twice", gzip(&bomb), &["gzip, gzip"]),
            ("without a name", bomb.clone(), &[]),
            ("many members", gzip(b"12345678").repeat(4096), &["gzip"]),
            ("a middle layer that grows and ends as nothing", gzip(&gzip(b"").repeat(1 << 16)), &["gzip, gzip"]),
        ] {
            let undone = undo_as(body, encodings, 10_000).unwrap();
            assert_eq!(undone.end, End::TooLong, "{name}");
            assert!(undone.body.len() <= 10_000, "{name}");
        }
        let exact = undo_as(gzip(&[b'x'; 10_000]), &["gzip"], 10_000).unwrap();
        assert_eq!((exact.end, exact.body.len()), (End::Whole, 10_000));
    }

    #[test]
    fn half_a_million_members_of_nothing_take_no_time() {
        let packed = gzip(b"").repeat(500_000);
        let start = std::time::Instant::now();
        let undone = gunzip(&packed, 1 << 20);
        assert_eq!((undone.end, undone.body.len()), (End::Whole, 0));
        assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
    }

    #[test]
    fn a_file_that_is_meant_to_be_packed_stays_packed() {
        let packed = gzip(PAGE);
        let kept = undo(packed.clone(), std::iter::empty(), false, 1 << 20).unwrap();
        assert_eq!(kept.body, packed);
    }

    proptest! {
        #[test]
        fn packed_and_undone_is_the_same(body in prop::collection::vec(any::<u8>(), 0..3000)) {
            for (packed, encoding) in [(gzip(&body), "gzip"), (zlib(&body), "deflate")] {
                let undone = undo(packed, [encoding].into_iter(), false, 1 << 20).unwrap();
                prop_assert_eq!((undone.end, undone.body), (End::Whole, body.clone()));
            }
        }

        #[test]
        fn no_bytes_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..300), magic in any::<bool>(), at in 0_usize..8) {
            let body = if magic { [&[0x1f, 0x8b, 8][..], &body].concat() } else { body };
            let encodings = ["gzip", "deflate", "br", "zstd", "gzip, br", "compress", "", "a,b,,"];
            let _ = undo(body, [encodings[at]].into_iter(), true, 1000);
        }
    }
}
