//! Pages that would now be read or judged differently than at their last visit are due again.

use tracing::info;

use crate::engine::rooms::Rooms;
use crate::engine::scan::order::Looks;
use crate::engine::scan::state::PlatformScan;
use crate::examine::READER_VERSION;
use crate::store::hot::{HotError, JudgeFrom};

/// Makes the pages of a scan's platform due that were judged by another watchlist, reader or selectors, or all that were
/// fetched before where the order says so. They stay due if the scan ends before it comes to them.
pub fn make_due(rooms: &Rooms, scan: &PlatformScan, looks: Looks) -> Result<(), HotError> {
    let platform = &scan.platform.id;
    let mark = judged_by(rooms, scan);
    if looks == Looks::Due && rooms.hot.judged_by(platform)? == Some(mark) {
        return Ok(());
    }
    let from = match looks {
        Looks::Due => JudgeFrom::Kept,
        Looks::Again => JudgeFrom::Platform,
    };
    let pages = rooms.hot.look_again(platform, from, rooms.now())?;
    rooms.hot.note_judged_by(platform, mark)?;
    rooms.hot.flush()?;
    scan.judged_again(pages);
    if pages > 0 {
        info!(platform.id = %platform, pages, "{pages} known pages of `{platform}` are judged again");
    }
    Ok(())
}

/// Stands for everything besides the page that decides how it is judged. A number that changes without need costs a visit
/// to each page, no more.
fn judged_by(rooms: &Rooms, scan: &PlatformScan) -> u64 {
    let detector = rooms.detector();
    let text = format!("{READER_VERSION}\n{}\n{:?}", detector.watchlist().version(), scan.platform.listing);
    xxhash_rust::xxh3::xxh3_64(text.as_bytes())
}
