//! Timestamps of a trusted authority over the end of the audit log and the digests of captured pages, and checking them.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::config::settings::Timestamps;
use crate::engine::rooms::Rooms;
use crate::evidence::audit::checkpoint::Checkpoint;
use crate::evidence::timestamp::{self, Roots, Stamp, StampError};
use crate::fetch::client::FetchError;
use crate::store::private;
use crate::store::truth::{CaptureDigest, Covered, Stamped, TimestampRow, TruthError};
use crate::vocab::found::FoundUrl;
use crate::vocab::ids::Sha256Digest;
use crate::vocab::platform::IpRange;

/// How the files of either kind begin.
const LOG_NAME: &str = "log-";
const CAPTURES_NAME: &str = "captures-";

/// Digests in one file at most.
const CAPTURES: usize = 1_000_000;

/// Bytes of a reply that are read.
const REPLY_BYTES: usize = 256 * 1024;

/// Why no timestamp was taken.
#[derive(Debug, thiserror::Error)]
pub enum TimestampError {
    /// No authority is named.
    #[error("no authority for timestamps is named in the settings")]
    NotSet,
    /// The record of truth failed.
    #[error(transparent)]
    Truth(#[from] TruthError),
    /// The authority could not be asked.
    #[error("the authority for timestamps cannot be asked: {0}")]
    Fetch(Box<FetchError>),
    /// It answered with an error.
    #[error("the authority for timestamps answered {0}")]
    Status(u16),
    /// Its reply proves nothing.
    #[error(transparent)]
    Stamp(#[from] StampError),
    /// A file could not be read or written.
    #[error("`{path}`: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: String,
    },
    /// The address of the authority.
    #[error("the address of the authority for timestamps: {0}")]
    Address(String),
}

/// Why a timestamp proves nothing of what is on record.
#[derive(Debug, thiserror::Error)]
enum Unproven {
    /// The file it is of is missing or cannot be read as one.
    #[error("it was timestamped and is not on record")]
    NotOnRecord,
    /// A file cannot be read.
    #[error("`{path}`: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The file is another one than was timestamped.
    #[error("`{0}` was changed since it was timestamped")]
    Changed(PathBuf),
    /// The reply is not of the file, or not of the authority.
    #[error(transparent)]
    Stamp(#[from] StampError),
    /// The reply is another one than was taken.
    #[error("the reply is not the one on record")]
    OtherReply,
    /// The file of captured pages has lines that are no digests.
    #[error("its file is no list of digests")]
    NoList,
    /// The file of an end of the log is none.
    #[error("its file is no end of the log: {0}")]
    NoEnd(#[from] serde_json::Error),
    /// Captured pages on record have other digests.
    #[error("{0} captured pages on record have another digest than was timestamped")]
    OtherDigests(u64),
    /// The list made of what is on record is another one.
    #[error("the digests on record are not those of its file")]
    OtherList,
    /// The record of truth failed.
    #[error(transparent)]
    Truth(#[from] TruthError),
}

fn read(path: &Path) -> Result<Vec<u8>, Unproven> {
    fs::read(path).map_err(|error| Unproven::File { path: path.to_path_buf(), error })
}

impl From<FetchError> for TimestampError {
    fn from(error: FetchError) -> Self {
        TimestampError::Fetch(Box::new(error))
    }
}

fn file_error(path: &Path, error: &dyn std::fmt::Display) -> TimestampError {
    TimestampError::File { path: path.to_path_buf(), error: error.to_string() }
}

/// The folder of a data directory in which timestamps lie.
pub fn folder(data: &Path) -> PathBuf {
    data.join("timestamps")
}

fn roots(timestamps: &Timestamps) -> Result<Roots, TimestampError> {
    let text = fs::read(&timestamps.roots).map_err(|error| file_error(&timestamps.roots, &error))?;
    Roots::from_pem(&text).map_err(|error| file_error(&timestamps.roots, &error))
}

/// Timestamps what grew since the last time: the end of the log, and the digests of captured pages.
///
/// # Errors
/// When no authority is named, it does not answer, or its reply proves nothing. What was taken before that stays.
pub async fn take(rooms: &Rooms, data: &Path) -> Result<Vec<TimestampRow>, TimestampError> {
    let timestamps = rooms.settings.timestamps.as_ref().ok_or(TimestampError::NotSet)?;
    let roots = roots(timestamps)?;
    let folder = folder(data);
    private::make(&folder).map_err(|error| file_error(&folder, &error))?;
    let before = rooms.truth.timestamps()?;
    let last = before.iter().filter(|row| row.of == Stamped::Log).map(|row| row.count).max().unwrap_or(0);
    let mut taken = Vec::new();
    let captures = rooms.truth.captures_without_timestamp(CAPTURES)?;
    if !captures.is_empty() {
        let text: String = captures.iter().map(CaptureDigest::line).collect();
        let name = format!("{CAPTURES_NAME}{}", rooms.now().as_millis());
        let file = folder.join(format!("{name}.txt"));
        let (stamp, digest) = stamped(rooms, timestamps, &roots, &file, text.as_bytes()).await?;
        let row = row(name, (Stamped::Captures, captures.len() as u64), stamp, &digest);
        rooms.truth.note_timestamp(&row, &captures)?;
        taken.push(row);
    }
    if let Some(end) = rooms.truth.checkpoint_audit(rooms.now())?.filter(|end| end.seq > last) {
        let name = format!("{LOG_NAME}{}", end.seq);
        let file = folder.join(format!("{name}.json"));
        let text = serde_json::to_string(&end).map_err(TruthError::from)? + "\n";
        let (stamp, digest) = stamped(rooms, timestamps, &roots, &file, text.as_bytes()).await?;
        let row = row(name, (Stamped::Log, end.seq), stamp, &digest);
        rooms.truth.note_timestamp(&row, &[])?;
        taken.push(row);
    }
    Ok(taken)
}

fn row(name: String, (of, count): (Stamped, u64), stamp: Stamp, digest: &Sha256Digest) -> TimestampRow {
    let Stamp { at, authority, serial } = stamp;
    TimestampRow { name, of, count, at, authority, serial, digest: digest.to_string() }
}

/// Writes a file and the timestamp of it beside it.
async fn stamped(
    rooms: &Rooms,
    timestamps: &Timestamps,
    roots: &Roots,
    file: &Path,
    bytes: &[u8],
) -> Result<(Stamp, Sha256Digest), TimestampError> {
    private::write_whole(file, bytes).map_err(|error| file_error(file, &error))?;
    let digest = Sha256Digest::of(bytes);
    let mut nonce = [0; 8];
    getrandom::fill(&mut nonce).map_err(|error| file_error(file, &error))?;
    let nonce = u64::from_be_bytes(nonce);
    let url =
        FoundUrl::parse(&timestamps.authority, None).map_err(|error| TimestampError::Address(error.to_string()))?;
    // The operator names the authority; one in their own network is given by its address.
    let address = url.as_url().host_str().map(|host| host.trim_matches(['[', ']'])).unwrap_or_default();
    let whole = address.parse::<std::net::IpAddr>().map(|address| if address.is_ipv4() { 32 } else { 128 });
    let own: Vec<IpRange> =
        whole.ok().and_then(|bits| IpRange::parse(&format!("{address}/{bits}"))).into_iter().collect();
    let media = ("application/timestamp-query", "application/timestamp-reply");
    let query = timestamp::query(&digest, nonce)?;
    let (status, reply) = rooms.poster.post_bytes(&url, &own, media, query, REPLY_BYTES).await?;
    if status != 200 {
        return Err(TimestampError::Status(status));
    }
    let stamp = timestamp::read(&reply, &digest, Some(nonce), roots)?;
    let beside = file.with_extension("tsr");
    private::write_whole(&beside, &reply).map_err(|error| file_error(&beside, &error))?;
    Ok((stamp, digest))
}

/// What checking the timestamps on record came to.
#[derive(Debug, Default, Serialize)]
pub struct Checked {
    /// Timestamps on record.
    pub timestamps: u64,
    /// The last one of the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<TimestampRow>,
    /// How captured pages and their timestamps agree.
    pub captures: Covered,
    /// Timestamps of which only the file was checked: no roots are named or can be read, so that
    /// nothing says who gave them.
    #[serde(skip_serializing_if = "is_none")]
    pub unchecked: u64,
    /// Replies that no row names: a kill cut their recording off, or an older record of truth lies here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without_row: Vec<String>,
    /// What does not hold, with the name of the timestamp.
    pub broken: Vec<String>,
}

/// Whether a count need not be told.
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// Reads every timestamp on record and the file it is of. Answers also with the ends of the log they are of, which the log must
/// have passed.
///
/// # Errors
/// When a store fails.
pub fn check(rooms: &Rooms, data: &Path) -> Result<(Checked, Vec<Checkpoint>), TruthError> {
    let rows = rooms.truth.timestamps()?;
    let mut checked = Checked { timestamps: rows.len() as u64, ..Checked::default() };
    let mut ends = Vec::new();
    let names: HashSet<String> = rows.iter().map(|row| row.name.clone()).collect();
    // Without roots nothing says who gave a timestamp, so that each on record is told as one that was not checked.
    let roots = rooms.settings.timestamps.as_ref().map(roots).transpose();
    let roots = match roots {
        Ok(roots) => roots,
        Err(error) => {
            checked.broken.push(error.to_string());
            None
        }
    };
    if roots.is_none() {
        checked.unchecked = rows.len() as u64;
    }
    for row in rows {
        match check_one(rooms, &folder(data), &row, roots.as_ref()) {
            Ok(end) => ends.extend(end),
            Err(error) => checked.broken.push(format!("{}: {error}", row.name)),
        }
        if row.of == Stamped::Log {
            checked.log = Some(row);
        }
    }
    // What was stamped and is not on record: an older record of truth lies in the place of the one that was.
    for name in without_row(&folder(data), &names) {
        if name.starts_with(CAPTURES_NAME) {
            match check_without_row(rooms, &folder(data).join(&name), roots.as_ref()) {
                Ok(held) => {
                    let of = held.covered + held.uncovered;
                    checked
                        .without_row
                        .push(format!("{name}: {} of its {of} captured pages are on record", held.covered));
                }
                Err(error) => checked.broken.push(format!("{name}: {error}")),
            }
            continue;
        }
        checked.without_row.push(name.clone());
        let file = folder(data).join(format!("{name}.json"));
        match fs::read(&file).ok().and_then(|bytes| serde_json::from_slice::<Checkpoint>(&bytes).ok()) {
            Some(end) => ends.push(end),
            None => checked.broken.push(format!("{name}: {}", Unproven::NotOnRecord)),
        }
    }
    if checked.timestamps > 0 {
        checked.captures = rooms.truth.covered_captures()?;
        if checked.captures.different > 0 {
            let text = format!("{} hits cite another digest than was timestamped", checked.captures.different);
            checked.broken.push(text);
        }
    }
    Ok((checked, ends))
}

/// Names of replies in the folder that no row names. A reply is written before its row, so that one which a kill cut off is told too:
/// what it is of holds all the same.
fn without_row(folder: &Path, names: &HashSet<String>) -> Vec<String> {
    let files =
        fs::read_dir(folder).into_iter().flatten().filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut found: Vec<String> = files
        .filter_map(|name| name.strip_suffix(".tsr").map(str::to_owned))
        .filter(|name| (name.starts_with(LOG_NAME) || name.starts_with(CAPTURES_NAME)) && !names.contains(name))
        .collect();
    found.sort();
    found
}

/// Holds captured pages that were timestamped, and of which no row says so, against the pages on record. `files` are the reply and the
/// digests it is of, without their endings.
fn check_without_row(rooms: &Rooms, files: &Path, roots: Option<&Roots>) -> Result<Covered, Unproven> {
    let bytes = fs::read(files.with_extension("txt")).map_err(|_| Unproven::NotOnRecord)?;
    if let Some(roots) = roots {
        let reply = read(&files.with_extension("tsr"))?;
        timestamp::read(&reply, &Sha256Digest::of(&bytes), None, roots)?;
    }
    let text = String::from_utf8(bytes).map_err(|_| Unproven::NoList)?;
    let captures: Option<Vec<CaptureDigest>> = text.lines().map(CaptureDigest::parse).collect();
    let held = rooms.truth.compare_captures(&captures.ok_or(Unproven::NoList)?)?;
    match held.different {
        0 => Ok(held),
        different => Err(Unproven::OtherDigests(different)),
    }
}

fn check_one(
    rooms: &Rooms,
    folder: &Path,
    row: &TimestampRow,
    roots: Option<&Roots>,
) -> Result<Option<Checkpoint>, Unproven> {
    let ending = match row.of {
        Stamped::Log => "json",
        Stamped::Captures => "txt",
    };
    let file = folder.join(format!("{}.{ending}", row.name));
    let bytes = read(&file)?;
    let digest = Sha256Digest::of(&bytes);
    if digest.to_string() != row.digest {
        return Err(Unproven::Changed(file));
    }
    let reply = read(&file.with_extension("tsr"))?;
    // That there are none is told once for all.
    if let Some(roots) = roots {
        let stamp = timestamp::read(&reply, &digest, None, roots)?;
        if (stamp.at, &stamp.serial) != (row.at, &row.serial) {
            return Err(Unproven::OtherReply);
        }
    }
    match row.of {
        Stamped::Log => Ok(Some(serde_json::from_slice(&bytes)?)),
        Stamped::Captures if rooms.truth.digest_of_captures(&row.name)? == digest => Ok(None),
        Stamped::Captures => Err(Unproven::OtherList),
    }
}
