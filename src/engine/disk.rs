//! Whether there is disk space enough to go on fetching.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a look at the disk counts.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Reads how many bytes are free; `None` where that cannot be known.
pub type FreeSpace = Box<dyn Fn() -> Option<u64> + Send + Sync>;

/// The disk that holds the data directory.
pub struct Disk {
    free: FreeSpace,
    least_bytes: u64,
    // A moment and an answer, never held across an await.
    looked: Mutex<Option<(Instant, bool)>>,
}

impl Disk {
    /// The disk `folder` lies on, of which `least_bytes` are to stay free.
    pub fn of(folder: PathBuf, least_bytes: u64) -> Self {
        let free = move || {
            let held = rustix::fs::statvfs(&folder).ok()?;
            held.f_bavail.checked_mul(held.f_frsize)
        };
        Disk::reading(Box::new(free), least_bytes)
    }

    /// A disk whose free space is read by `free`.
    pub fn reading(free: FreeSpace, least_bytes: u64) -> Self {
        Disk { free, least_bytes, looked: Mutex::default() }
    }

    /// Bytes that are free, where that can be known, and how many are to stay free.
    pub fn room(&self) -> (Option<u64>, u64) {
        ((self.free)(), self.least_bytes)
    }

    /// Whether less is free than should stay free. A disk that cannot be asked is not waited for.
    pub fn is_low(&self) -> bool {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, low)) = *looked
            && at.elapsed() < LOOK_AGAIN
        {
            return low;
        }
        let low = (self.free)().is_some_and(|free| free < self.least_bytes);
        if looked.is_some_and(|(_, before)| before != low) || looked.is_none() && low {
            let least = self.least_bytes;
            if low {
                tracing::warn!(
                    least_bytes = least,
                    "the disk is nearly full: nothing is fetched until {least} bytes are free"
                );
            } else {
                tracing::warn!(least_bytes = least, "{least} bytes of the disk are free again: fetching goes on");
            }
        }
        *looked = Some((Instant::now(), low));
        low
    }
}

impl std::fmt::Debug for Disk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Disk").field("least_bytes", &self.least_bytes).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_not_waited_for() {
        assert!(Disk::reading(Box::new(|| Some(10)), 11).is_low());
        assert!(!Disk::reading(Box::new(|| Some(10)), 10).is_low());
        assert!(!Disk::reading(Box::new(|| None), 10).is_low());
        assert!(!Disk::of(std::env::temp_dir(), 0).is_low());
    }
}
