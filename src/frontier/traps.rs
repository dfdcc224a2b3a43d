//! Places that never end: calendars, facets, path loops. Each host has one detector of bounded size.

use std::collections::HashMap;

use crate::vocab::terms::Reason;
use crate::vocab::url::CanonicalUrl;

/// URLs of one shape a host may have at least before further ones are a trap. Listings live under one shape too, so the budget is
/// far above any sane facet and below what a calendar can make in a day.
const SHAPE_BUDGET: u32 = 200_000;

/// Distinct query-parameter combinations of one path shape.
const COMBINATIONS_BUDGET: u32 = 500;

/// URLs of a calendar shape (a year and a month or day in the path or query).
const CALENDAR_BUDGET: u32 = 60;

/// Shapes remembered; past it new shapes share one budget.
const SHAPES_LIMIT: usize = 20_000;

/// The same path segment this often in one URL is a loop.
const REPEATS_LIMIT: usize = 3;

/// Path segments of a URL.
const SEGMENTS_LIMIT: usize = 24;

/// Query parameters of a URL.
const PARAMETERS_LIMIT: usize = 10;

/// Why a URL is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TrapReason {
    /// A path segment repeats.
    PathRepetition,
    /// The path is too deep.
    PathDepth,
    /// Too many parameters, or too many combinations of them.
    Parameters,
    /// Dates without end.
    Calendar,
    /// Too many URLs of one shape.
    Shape,
}

impl TrapReason {
    /// The reason as coverage statements name it.
    pub fn reason(self) -> Reason {
        match self {
            TrapReason::PathRepetition => Reason::TrapPathRepetition,
            TrapReason::PathDepth => Reason::TrapPathDepth,
            TrapReason::Parameters => Reason::TrapParameters,
            TrapReason::Calendar => Reason::TrapCalendar,
            TrapReason::Shape => Reason::TrapShape,
        }
    }
}

/// Counts the shapes of one host's URLs.
#[derive(Debug)]
pub struct TrapDetector {
    shapes: HashMap<u64, u32>,
    combinations: HashMap<u64, u32>,
    shape_budget: u32,
}

impl Default for TrapDetector {
    fn default() -> Self {
        TrapDetector::for_pages(0)
    }
}

impl TrapDetector {
    /// A detector for a scan of at most `pages` pages: on a platform of a million listings a shape of a million is no trap,
    /// and the scan's own budget ends it.
    pub fn for_pages(pages: u64) -> Self {
        let shape_budget = u32::try_from(pages).unwrap_or(u32::MAX).max(SHAPE_BUDGET);
        TrapDetector { shapes: HashMap::new(), combinations: HashMap::new(), shape_budget }
    }

    /// Whether a newly discovered `url` leads into a trap. Counts it.
    ///
    /// # Errors
    /// The reason not to follow it.
    pub fn admit(&mut self, url: &CanonicalUrl) -> Result<(), TrapReason> {
        let path = url.as_url().path();
        let segments: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
        if segments.len() > SEGMENTS_LIMIT {
            return Err(TrapReason::PathDepth);
        }
        if segments.iter().any(|s| segments.iter().filter(|other| other == &s).count() > REPEATS_LIMIT) {
            return Err(TrapReason::PathRepetition);
        }
        let shape = shape_of(path);
        if let Some(query) = url.as_url().query() {
            let names: Vec<&str> = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default()).collect();
            if names.len() > PARAMETERS_LIMIT {
                return Err(TrapReason::Parameters);
            }
            // One parameter is pagination or an id; several are facets, whose combinations multiply.
            if names.len() > 2 && count(&mut self.combinations, hash(&shape)) > COMBINATIONS_BUDGET {
                return Err(TrapReason::Parameters);
            }
        }
        let calendar = is_calendar(url.path_and_query());
        let budget = if calendar { CALENDAR_BUDGET } else { self.shape_budget };
        if count(&mut self.shapes, hash(&shape)) > budget {
            return Err(if calendar { TrapReason::Calendar } else { TrapReason::Shape });
        }
        Ok(())
    }
}

fn count(counts: &mut HashMap<u64, u32>, key: u64) -> u32 {
    let key = if counts.len() < SHAPES_LIMIT || counts.contains_key(&key) { key } else { 0 };
    let held = counts.entry(key).or_default();
    *held = held.saturating_add(1);
    *held
}

fn hash(text: &str) -> u64 {
    xxhash_rust::xxh3::xxh3_64(text.as_bytes())
}

/// The path with runs of digits as `0`, and long mixed segments (slugs, hashes) as `~`.
pub(super) fn shape_of(path: &str) -> String {
    let mut shape = String::with_capacity(path.len());
    for segment in path.split('/') {
        if !shape.is_empty() || segment.is_empty() {
            shape.push('/');
        }
        if segment.len() > 20 || segment.matches('-').count() > 1 {
            shape.push('~');
            continue;
        }
        let mut in_digits = false;
        for c in segment.chars() {
            if c.is_ascii_digit() {
                if !in_digits {
                    shape.push('0');
                }
                in_digits = true;
            } else {
                in_digits = false;
                shape.push(c);
            }
        }
    }
    shape
}

/// A year followed by a month: `/2026/11`, `2026-11`, `year=2026&month=11`.
fn is_calendar(text: &str) -> bool {
    let numbers: Vec<&str> = text.split(|c: char| !c.is_ascii_digit()).filter(|s| !s.is_empty()).collect();
    let word = text.contains("calendar") || text.contains("month") || text.contains("date") || text.contains("day=");
    numbers.windows(2).any(|pair| {
        let year = pair[0].len() == 4 && (1900..2200).contains(&pair[0].parse::<u32>().unwrap_or(0));
        let month = pair[1].len() <= 2 && (1..=12).contains(&pair[1].parse::<u32>().unwrap_or(0));
        year && month && word
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(path: &str) -> CanonicalUrl {
        CanonicalUrl::parse(&format!("https://x.example.test{path}"), None).unwrap()
    }

    #[test]
    fn names_each_trap() {
        let mut traps = TrapDetector::default();
        assert_eq!(traps.admit(&url("/a/b/a/b/a/b/a/b")), Err(TrapReason::PathRepetition));
        let deep: String = (0..30).map(|n| format!("/d{n}")).collect();
        assert_eq!(traps.admit(&url(&deep)), Err(TrapReason::PathDepth));
        let many: Vec<String> = (0..12).map(|n| format!("p{n}=1")).collect();
        assert_eq!(traps.admit(&url(&format!("/x?{}", many.join("&")))), Err(TrapReason::Parameters));
    }

    #[test]
    fn a_calendar_ends_and_listings_do_not() {
        let mut traps = TrapDetector::default();
        let cut =
            (0..400).filter(|n| traps.admit(&url(&format!("/calendar/{}/{}", 2000 + n / 12, n % 12 + 1))).is_err());
        assert_eq!(cut.count(), 400 - CALENDAR_BUDGET as usize);
        for n in 0..5000 {
            assert_eq!(traps.admit(&url(&format!("/l/{n}-some-thing-for-sale"))), Ok(()));
        }
    }

    #[test]
    fn facet_combinations_are_budgeted() {
        let mut traps = TrapDetector::default();
        let refused = (0..2000).filter(|n| traps.admit(&url(&format!("/shop?a={n}&b=1&c=2"))).is_err()).count();
        assert_eq!(refused, 2000 - COMBINATIONS_BUDGET as usize);
    }
}
