//! Cuts a file that a killed process left torn back to its last whole record.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::archive::ArchiveError;
use crate::archive::member::{self, HEADER_BYTES};
use crate::archive::warc_file::failed;
use crate::evidence::warc::Record;

/// How much of a file's end is inflated and checked. What lies before it was synced long before the process died.
const CHECKED_TAIL_BYTES: u64 = 32 << 20;
/// How far behind a break we look for a record that is whole.
const SEARCHED_BYTES: u64 = 64 << 20;

/// What was found at the end of a file, and what was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// The file.
    pub path: PathBuf,
    /// Whole records in it, as far as it could be walked.
    pub records: u64,
    /// What was done.
    pub outcome: RepairOutcome,
}

/// What was done to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RepairOutcome {
    /// Nothing: every record is whole.
    Whole,
    /// The torn end was cut off; nothing in it had been acknowledged.
    Cut {
        /// Bytes that stay.
        kept_bytes: u64,
        /// Bytes that went.
        cut_bytes: u64,
    },
    /// It held no whole record and was removed.
    Removed,
    /// Something in the middle is damaged: nothing was touched, records behind it are still whole.
    Damaged {
        /// Where the damage begins.
        offset: u64,
    },
}

/// Checks the end of a file and cuts off what is torn.
///
/// # Errors
/// When the file cannot be read or cut.
pub fn repair(path: &Path) -> Result<Repair, ArchiveError> {
    let fail = failed("repair", path);
    let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(&fail)?;
    let size = file.metadata().map_err(&fail)?.len();
    let members = walk(&mut file, size).map_err(&fail)?;
    let walked_to = members.last().map_or(0, |(offset, length)| offset + length);
    let mut whole = members.len();
    let mut end = walked_to;
    // The lengths fit; now the ends must inflate too, for a crash of the machine can leave holes within the length.
    let tail_start = walked_to.saturating_sub(CHECKED_TAIL_BYTES);
    let first_checked = members.iter().position(|(offset, length)| offset + length > tail_start).unwrap_or(whole);
    for (index, (offset, length)) in members.iter().enumerate().skip(first_checked) {
        if !is_whole(&mut file, *offset, *length) {
            (whole, end) = (index, *offset);
            break;
        }
    }
    let outcome = if end == size && size > 0 {
        RepairOutcome::Whole
    } else if whole_record_behind(&mut file, end + 1, size).map_err(&fail)? {
        RepairOutcome::Damaged { offset: end }
    } else if end == 0 {
        fs::remove_file(path).map_err(&fail)?;
        RepairOutcome::Removed
    } else {
        file.set_len(end).map_err(&fail)?;
        file.sync_all().map_err(&fail)?;
        RepairOutcome::Cut { kept_bytes: end, cut_bytes: size - end }
    };
    Ok(Repair { path: path.to_owned(), records: whole as u64, outcome })
}

/// Offset and length of each member, as long as the lengths lead from one to the next.
fn walk(file: &mut File, size: u64) -> std::io::Result<Vec<(u64, u64)>> {
    let mut members = Vec::new();
    let mut offset = 0;
    let mut header = [0; HEADER_BYTES];
    while offset + HEADER_BYTES as u64 <= size {
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(&mut header)?;
        let Some(length) = member::promised_length(&header) else { break };
        let Some(next) = offset.checked_add(length).filter(|next| *next <= size) else { break };
        members.push((offset, length));
        offset = next;
    }
    Ok(members)
}

fn is_whole(file: &mut File, offset: u64, length: u64) -> bool {
    if file.seek(SeekFrom::Start(offset)).is_err() {
        return false;
    }
    let input = std::io::BufReader::new(file.take(length));
    member::unpack(input).is_ok_and(|bytes| Record::parse(&bytes).is_ok())
}

/// Whether a whole record of ours begins somewhere at or behind `from`.
fn whole_record_behind(file: &mut File, from: u64, size: u64) -> std::io::Result<bool> {
    if from >= size {
        return Ok(false);
    }
    let mut window = Vec::new();
    file.seek(SeekFrom::Start(from))?;
    file.take(SEARCHED_BYTES).read_to_end(&mut window)?;
    for at in memchr::memmem::find_iter(&window, &[0x1f, 0x8b, 8, 4]) {
        let candidate = &window[at..];
        let length = member::promised_length(candidate).filter(|length| from + at as u64 + length <= size);
        if length.is_some_and(|length| is_whole(file, from + at as u64, length)) {
            return Ok(true);
        }
    }
    Ok(false)
}
