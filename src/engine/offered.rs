//! Whether the agreement covers a listing that a platform hands over, in a feed or by posting it.

use crate::vocab::found::FoundUrl;
use crate::vocab::platform::{OutOfScope, Platform};

/// Why a listing is not taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unwanted {
    /// Its page lies outside the platform.
    #[error("`url` is on a host outside the agreement")]
    Host,
}

/// Whether the agreement covers the page a listing is published at. Paths say what is crawled; what a platform hands over
/// it may hand over.
///
/// # Errors
/// When the page lies on a host that is not the platform's.
pub fn wanted(platform: &Platform, url: &FoundUrl) -> Result<(), Unwanted> {
    match platform.in_scope(url) {
        Ok(()) | Err(OutOfScope::Path) => Ok(()),
        Err(OutOfScope::Host) => Err(Unwanted::Host),
    }
}
