//! Writes `*.warc.gz`: append-only, one gzip member a record, a new file for each run and whenever one is full.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::archive::repair::{self, Repair};
use crate::archive::{ArchiveError, member, warc_reader};
use crate::evidence::capture::Capture;
use crate::evidence::warc::form::{self, Original, RevisitProfile};
use crate::evidence::warc::{Record, WarcRef};
use crate::vocab::found::FoundUrl;
use crate::vocab::ids::Sha256Digest;
use crate::vocab::time::Timestamp;

/// Names the file being written, so that a process that died leaves word of which file to look at.
const MARKER: &str = "OPEN";

/// How files are written.
#[derive(Debug, Clone)]
pub struct WriterOptions {
    /// A file that reaches this size is closed and the next one begun.
    pub max_file_bytes: u64,
    /// Fields of the `warcinfo` record besides `software` and `format`: operator, user agent, robots policy.
    pub about: Vec<(String, String)>,
}

impl Default for WriterOptions {
    fn default() -> Self {
        WriterOptions { max_file_bytes: 1 << 30, about: Vec::new() }
    }
}

/// Appends records to the files of one folder. One writer owns the folder.
#[derive(Debug)]
pub struct WarcWriter {
    dir: PathBuf,
    options: WriterOptions,
    current: Option<OpenFile>,
    serial: u32,
    repaired: Option<Repair>,
}

#[derive(Debug)]
struct OpenFile {
    name: String,
    path: PathBuf,
    warcinfo: Uuid,
    appender: Appender<File>,
    synced_bytes: u64,
}

impl WarcWriter {
    /// Takes over a folder, made if it is missing. A file that a killed process left torn is cut back to its last whole
    /// record. The first file is begun with the first record.
    ///
    /// # Errors
    /// When the folder cannot be made, read or written.
    pub fn open(dir: &Path, options: WriterOptions) -> Result<Self, ArchiveError> {
        make_private_folder(dir).map_err(failed("create", dir))?;
        let marker = dir.join(MARKER);
        let mut repaired = None;
        match fs::read_to_string(&marker) {
            Ok(name) => {
                let name = name.trim();
                if is_warc_name(name) && dir.join(name).exists() {
                    repaired = Some(repair::repair(&dir.join(name))?);
                }
                fs::remove_file(&marker).map_err(failed("remove", &marker))?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed("read", &marker)(error)),
        }
        Ok(WarcWriter { dir: dir.to_owned(), options, current: None, serial: 0, repaired })
    }

    /// What was done to the file of a process that did not close it.
    pub fn repaired(&self) -> Option<&Repair> {
        self.repaired.as_ref()
    }

    /// The folder of its files.
    pub fn folder(&self) -> &Path {
        &self.dir
    }

    /// Whether the record a citation names is still there and is that record. Retention may have destroyed its file.
    pub fn holds(&self, cited: &WarcRef) -> bool {
        warc_reader::read_cited(&self.dir, cited).is_ok()
    }

    /// Appends a response, its request, and a metadata record with `about`. Cite the answer only after [`Self::sync`].
    ///
    /// # Errors
    /// When the disk refuses; then the file holds what it held before.
    pub fn write_exchange(&mut self, capture: &Capture, about: &[(&str, &str)]) -> Result<WarcRef, ArchiveError> {
        let warcinfo = self.file_for(capture.fetched_at)?.warcinfo;
        let [response, request, metadata] = [Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4()];
        let first = form::response(capture, response, warcinfo);
        let beside = [
            form::request(capture, request, response, warcinfo),
            form::metadata(capture, about, metadata, response, warcinfo),
        ];
        self.append(capture.fetched_at, &first, &beside, capture.payload_digest())
    }

    /// Appends a revisit record for a page that came back unchanged, and its request.
    ///
    /// # Errors
    /// When the disk refuses; then the file holds what it held before.
    pub fn write_revisit(
        &mut self,
        capture: &Capture,
        original: &Original,
        profile: RevisitProfile,
    ) -> Result<WarcRef, ArchiveError> {
        let warcinfo = self.file_for(capture.fetched_at)?.warcinfo;
        let [revisit, request] = [Uuid::new_v4(), Uuid::new_v4()];
        let first = form::revisit(capture, original, profile, revisit, warcinfo);
        let beside = [form::request(capture, request, revisit, warcinfo)];
        self.append(capture.fetched_at, &first, &beside, original.payload_digest)
    }

    /// Appends a resource record for bytes that were handed to us, and a metadata record with `about`. Cite the answer only
    /// after [`Self::sync`].
    ///
    /// # Errors
    /// When the disk refuses; then the file holds what it held before.
    pub fn write_resource(
        &mut self,
        url: &FoundUrl,
        at: Timestamp,
        kind: &str,
        body: &[u8],
        about: &[(&str, &str)],
    ) -> Result<WarcRef, ArchiveError> {
        let warcinfo = self.file_for(at)?.warcinfo;
        let [first, beside] = form::resource(url, at, kind, body, about, [Uuid::new_v4(), Uuid::new_v4(), warcinfo]);
        self.append(at, &first, &[beside], Sha256Digest::of(body))
    }

    /// Waits until everything written lies on the disk. Nothing is acknowledged before.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn sync(&mut self) -> Result<(), ArchiveError> {
        let Some(current) = &mut self.current else { return Ok(()) };
        if current.synced_bytes == current.appender.length {
            return Ok(());
        }
        current.appender.sync().map_err(failed("sync", &current.path))?;
        current.synced_bytes = current.appender.length;
        Ok(())
    }

    /// Closes the current file; the next record begins a new one.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn close(&mut self) -> Result<(), ArchiveError> {
        self.sync()?;
        if self.current.take().is_some() {
            let marker = self.dir.join(MARKER);
            fs::remove_file(&marker).map_err(failed("remove", &marker))?;
        }
        Ok(())
    }

    fn append(
        &mut self,
        at: Timestamp,
        first: &Record,
        beside: &[Record],
        payload_digest: Sha256Digest,
    ) -> Result<WarcRef, ArchiveError> {
        let current = self.file_for(at)?;
        let fail = failed("write", &current.path);
        let mut bytes = member::pack(&first.to_bytes()).map_err(&fail)?;
        let length = bytes.len() as u64;
        for record in beside {
            bytes.extend_from_slice(&member::pack(&record.to_bytes()).map_err(&fail)?);
        }
        let offset = current.appender.append(&bytes).map_err(&fail)?;
        Ok(WarcRef {
            file: current.name.clone(),
            offset,
            length,
            record_id: first.id().unwrap_or_default().to_owned(),
            payload_digest,
        })
    }

    /// The file the next record goes to; begins one where none is open or the open one is full.
    fn file_for(&mut self, now: Timestamp) -> Result<&mut OpenFile, ArchiveError> {
        if self.current.as_ref().is_some_and(|file| file.appender.length >= self.options.max_file_bytes) {
            self.close()?;
        }
        let file = match self.current.take() {
            Some(file) => file,
            None => self.begin(now)?,
        };
        Ok(self.current.insert(file))
    }

    fn begin(&mut self, now: Timestamp) -> Result<OpenFile, ArchiveError> {
        loop {
            self.serial += 1;
            let name = format!("listingwatch-{}-{:05}.warc.gz", compact(now), self.serial);
            let path = self.dir.join(&name);
            if path.exists() {
                continue;
            }
            write_marker(&self.dir, &name)?;
            let mut create = OpenOptions::new();
            create.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut create, 0o600);
            let file = create.open(&path).map_err(failed("create", &path))?;
            sync_folder(&self.dir).map_err(failed("sync", &self.dir))?;
            let warcinfo = Uuid::new_v4();
            let mut about = vec![
                ("software", concat!("listingwatch/", env!("CARGO_PKG_VERSION"))),
                ("format", "WARC File Format 1.1"),
                ("robots", "RFC 9309"),
            ];
            about.extend(self.options.about.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            let mut appender = Appender { storage: file, length: 0, torn: false };
            let record = form::warcinfo(warcinfo, now, &name, &about);
            if let Err(error) = member::pack(&record.to_bytes()).and_then(|bytes| appender.append(&bytes)) {
                // The file holds nothing; a full disk is not the moment to leave empty files about.
                let _ = fs::remove_file(&path);
                return Err(failed("write", &path)(error));
            }
            return Ok(OpenFile { name, path, warcinfo, appender, synced_bytes: 0 });
        }
    }
}

impl Drop for WarcWriter {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            tracing::warn!("closing a WARC file: {error}; it is checked when the folder is next opened");
        }
    }
}

/// What an [`Appender`] writes to.
trait Storage {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    fn truncate(&mut self, length: u64) -> io::Result<()>;
    fn sync(&mut self) -> io::Result<()>;
}

impl Storage for File {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.seek(SeekFrom::Start(offset))?;
        self.write_all(bytes)
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// Appends whole pieces: a piece that does not fit leaves the length as it was.
#[derive(Debug)]
struct Appender<S> {
    storage: S,
    length: u64,
    /// Bytes of a failed piece may still lie behind `length`.
    torn: bool,
}

impl<S: Storage> Appender<S> {
    /// Where the piece begins.
    fn append(&mut self, piece: &[u8]) -> io::Result<u64> {
        if self.torn {
            self.storage.truncate(self.length)?;
            self.torn = false;
        }
        if let Err(error) = self.storage.write_at(self.length, piece) {
            self.torn = self.storage.truncate(self.length).is_err();
            return Err(error);
        }
        let offset = self.length;
        self.length += piece.len() as u64;
        Ok(offset)
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.torn {
            self.storage.truncate(self.length)?;
            self.torn = false;
        }
        self.storage.sync()
    }
}

/// Whether `name` is one of ours or another plain WARC file name: no folders, no surprises.
pub(super) fn is_warc_name(name: &str) -> bool {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    plain && !name.starts_with('.') && (name.ends_with(".warc.gz") || name.ends_with(".warc"))
}

pub(super) fn failed<'p>(action: &'static str, path: &'p Path) -> impl Fn(io::Error) -> ArchiveError + use<'p> {
    move |source| ArchiveError::Io { action, path: path.to_owned(), source }
}

/// `20261124083000120`: sorts like time.
fn compact(at: Timestamp) -> String {
    at.to_string().chars().filter(char::is_ascii_digit).collect()
}

fn make_private_folder(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    // Captured pages are a restricted class of data.
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

fn write_marker(dir: &Path, name: &str) -> Result<(), ArchiveError> {
    let marker = dir.join(MARKER);
    let draft = dir.join("OPEN.tmp");
    let write = || {
        let mut file = File::create(&draft)?;
        file.write_all(name.as_bytes())?;
        file.sync_data()?;
        fs::rename(&draft, &marker)
    };
    write().map_err(failed("write", &marker))
}

pub(super) fn sync_folder(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk with room for `room` bytes, that may refuse to truncate.
    struct SmallDisk {
        bytes: Vec<u8>,
        room: usize,
        truncates: bool,
    }

    impl Storage for SmallDisk {
        fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
            let offset = usize::try_from(offset).unwrap();
            let fits = bytes.len().min(self.room.saturating_sub(offset));
            self.bytes.truncate(offset);
            self.bytes.extend_from_slice(&bytes[..fits]);
            if fits < bytes.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
        }

        fn truncate(&mut self, length: u64) -> io::Result<()> {
            if !self.truncates {
                return Err(io::ErrorKind::Other.into());
            }
            self.bytes.truncate(usize::try_from(length).unwrap());
            Ok(())
        }

        fn sync(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_leaves_whole_pieces_only() {
        for truncates in [true, false] {
            let disk = SmallDisk { bytes: Vec::new(), room: 10, truncates };
            let mut appender = Appender { storage: disk, length: 0, torn: false };
            assert_eq!(appender.append(b"12345678").unwrap(), 0);
            assert_eq!(appender.append(b"abcdef").unwrap_err().kind(), io::ErrorKind::StorageFull);
            assert_eq!(appender.length, 8);
            assert_eq!(appender.torn, !truncates);
            (appender.storage.room, appender.storage.truncates) = (100, true);
            assert_eq!(appender.append(b"abcdef").unwrap(), 8);
            assert_eq!(appender.storage.bytes, b"12345678abcdef");
        }
    }

    #[test]
    fn names_stay_in_their_folder() {
        for good in ["listingwatch-20261124083000120-00001.warc.gz", "a.warc"] {
            assert!(is_warc_name(good), "{good}");
        }
        for bad in ["", "../a.warc.gz", "/etc/passwd", "a/b.warc.gz", ".warc.gz", "OPEN", "a.warc.gz\n"] {
            assert!(!is_warc_name(bad), "{bad}");
        }
    }
}
