//! Reads WARC files back: one record by its citation, a whole file in order, a whole file against its digests.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::archive::warc_file::{failed, is_warc_name};
use crate::archive::{ArchiveError, RecordFault, member};
use crate::evidence::warc::{HEAD_LIMIT_BYTES, Record, RecordType, WarcError, WarcRef};

/// A record and where it lies.
#[derive(Debug, Clone)]
pub struct Located {
    /// First byte of its gzip member, or of the record in an uncompressed file.
    pub offset: u64,
    /// Bytes on disk.
    pub length: u64,
    /// The record.
    pub record: Record,
}

/// Reads the record a hit cites, and holds it against the citation.
///
/// # Errors
/// When the file or the record is missing or damaged, or is not the record cited.
pub fn read_cited(dir: &Path, cited: &WarcRef) -> Result<Record, ArchiveError> {
    let record = read_at(dir, &cited.file, cited.offset)?;
    let fault = |fault: WarcError| ArchiveError::Record {
        path: dir.join(&cited.file),
        offset: cited.offset,
        source: RecordFault::Warc(fault),
    };
    record.verify().map_err(fault)?;
    if record.id() != Some(cited.record_id.as_str()) {
        return Err(fault(WarcError::Field("WARC-Record-ID")));
    }
    let digest = record.field("WARC-Payload-Digest").and_then(|text| text.parse().ok());
    if digest != Some(cited.payload_digest) {
        return Err(fault(WarcError::Field("WARC-Payload-Digest")));
    }
    Ok(record)
}

/// Reads whatever record lies at an offset. Private: outside this file a record is read by its citation only.
fn read_at(dir: &Path, file: &str, offset: u64) -> Result<Record, ArchiveError> {
    if !is_warc_name(file) {
        return Err(ArchiveError::Name(file.chars().take(120).collect()));
    }
    let path = dir.join(file);
    let mut reader = WarcReader::open(&path)?;
    reader.input.inner.seek(SeekFrom::Start(offset)).map_err(failed("read", &path))?;
    reader.input.at = offset;
    match reader.next() {
        Some(Ok(located)) => Ok(located.record),
        Some(Err(error)) => Err(error),
        None => Err(ArchiveError::Record { path, offset, source: RecordFault::Warc(WarcError::Head) }),
    }
}

/// Iterates over the records of one file, `.warc.gz` or `.warc`. Ends at the first fault.
pub struct WarcReader {
    path: PathBuf,
    input: Counted<BufReader<File>>,
    compressed: bool,
    pending: VecDeque<Located>,
    ended: bool,
}

impl WarcReader {
    /// Opens a file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open(path: &Path) -> Result<Self, ArchiveError> {
        let fail = failed("read", path);
        let mut inner = BufReader::with_capacity(64 << 10, File::open(path).map_err(&fail)?);
        let compressed = inner.fill_buf().map_err(&fail)?.starts_with(&[0x1f, 0x8b]);
        let input = Counted { inner, at: 0 };
        Ok(WarcReader { path: path.to_owned(), input, compressed, pending: VecDeque::new(), ended: false })
    }

    fn read_next(&mut self) -> Result<Option<Located>, RecordFault> {
        if let Some(located) = self.pending.pop_front() {
            return Ok(Some(located));
        }
        if self.input.fill_buf().map_err(RecordFault::Gzip)?.is_empty() {
            return Ok(None);
        }
        let offset = self.input.at;
        if !self.compressed {
            let record = read_plain(&mut self.input)?;
            return Ok(Some(Located { offset, length: self.input.at - offset, record }));
        }
        let bytes = member::unpack(&mut self.input)?;
        let length = self.input.at - offset;
        let mut rest = bytes.as_slice();
        // One record a member is the rule; files of others may hold several, which then share an offset.
        loop {
            let (record, taken) = Record::parse(rest)?;
            self.pending.push_back(Located { offset, length, record });
            rest = rest.get(taken..).unwrap_or_default();
            if rest.is_empty() {
                return Ok(self.pending.pop_front());
            }
        }
    }
}

impl Iterator for WarcReader {
    type Item = Result<Located, ArchiveError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let offset = self.input.at;
        match self.read_next() {
            Ok(Some(located)) => Some(Ok(located)),
            Ok(None) => None,
            Err(source) => {
                self.ended = true;
                Some(Err(ArchiveError::Record { path: self.path.clone(), offset, source }))
            }
        }
    }
}

/// Reads one uncompressed record: its head, then as much as the head promises.
fn read_plain<R: BufRead>(input: &mut R) -> Result<Record, RecordFault> {
    let mut bytes = Vec::new();
    loop {
        let left = (HEAD_LIMIT_BYTES + 1).saturating_sub(bytes.len()) as u64;
        let read = input.by_ref().take(left).read_until(b'\n', &mut bytes).map_err(RecordFault::Gzip)?;
        if read == 0 {
            return Err(WarcError::Head.into());
        }
        if bytes.ends_with(b"\r\n\r\n") {
            break;
        }
    }
    let promised = match Record::parse(&bytes) {
        Ok(_) => 0,
        Err(WarcError::Short { promised, .. }) => promised,
        Err(error) => return Err(error.into()),
    };
    if promised > member::RECORD_LIMIT_BYTES {
        return Err(RecordFault::TooLarge(member::RECORD_LIMIT_BYTES));
    }
    // The block and the two line breaks that close the record.
    input.by_ref().take(promised + 4).read_to_end(&mut bytes).map_err(RecordFault::Gzip)?;
    Ok(Record::parse(&bytes)?.0)
}

/// Counts what is consumed, so that each member's offset is known.
struct Counted<R> {
    inner: R,
    at: u64,
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.at += amount as u64;
        self.inner.consume(amount);
    }
}

/// What checking a whole file found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Verification {
    /// Records read.
    pub records: u64,
    /// Records by type.
    pub by_type: BTreeMap<&'static str, u64>,
    /// Everything that is wrong.
    pub problems: Vec<VerificationProblem>,
}

/// One thing that is wrong in a file.
#[derive(Debug, Clone, Serialize)]
pub struct VerificationProblem {
    /// Where.
    pub offset: u64,
    /// The record's id, when it has one.
    pub record_id: Option<String>,
    /// What.
    pub message: String,
}

impl Verification {
    /// Whether nothing is wrong.
    pub fn passed(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Reads a whole file and checks structure, mandatory fields, digests, ids, and that requests name a record that is there.
///
/// # Errors
/// When the file cannot be read at all; what is wrong inside is in the answer.
pub fn verify(path: &Path) -> Result<Verification, ArchiveError> {
    let mut found = Verification::default();
    let mut ids = HashSet::new();
    let mut named = Vec::new();
    for item in WarcReader::open(path)? {
        let Located { offset, record, .. } = match item {
            Ok(located) => located,
            Err(ArchiveError::Record { offset, source, .. }) => {
                found.problems.push(VerificationProblem { offset, record_id: None, message: source.to_string() });
                break;
            }
            Err(error) => return Err(error),
        };
        let id = record.id().map(str::to_owned);
        let mut problem = |message: String| {
            found.problems.push(VerificationProblem { offset, record_id: id.clone(), message });
        };
        if let Err(error) = record.verify() {
            problem(error.to_string());
        }
        if found.records == 0 && record.record_type() != RecordType::Warcinfo {
            problem("the file does not begin with a warcinfo record".to_owned());
        }
        if let Some(id) = &id
            && !ids.insert(id.clone())
        {
            problem("another record has the same id".to_owned());
        }
        if let Some(concurrent) = record.field("WARC-Concurrent-To") {
            let concurrent = concurrent.trim_start_matches('<').trim_end_matches('>').to_owned();
            named.push((offset, id.clone(), concurrent));
        }
        found.records += 1;
        *found.by_type.entry(type_name(record.record_type())).or_default() += 1;
    }
    for (offset, record_id, concurrent) in named {
        if !ids.contains(&concurrent) {
            let message = format!("names `{concurrent}`, which is not in this file");
            found.problems.push(VerificationProblem { offset, record_id, message });
        }
    }
    Ok(found)
}

fn type_name(record_type: RecordType) -> &'static str {
    match record_type {
        RecordType::Warcinfo => "warcinfo",
        RecordType::Response => "response",
        RecordType::Request => "request",
        RecordType::Revisit => "revisit",
        RecordType::Metadata => "metadata",
        RecordType::Resource => "resource",
        RecordType::Other => "other",
    }
}
