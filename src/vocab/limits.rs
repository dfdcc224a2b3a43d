//! Every cap against hostile or broken input, defined once. `config` fills [`Limits`] from the settings file, and each
//! room is handed the one that is in force.

use std::num::NonZeroUsize;
use std::time::Duration;

/// The caps of an installation: the keys of `[limits]`, and those that are not set by anyone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a page's body after decoding: what is fetched is read.
    pub body_bytes: usize,
    /// From sending a request to the last byte of the body.
    pub page_deadline: Duration,
    /// From sending a request to the end of the response head; never more than `page_deadline`.
    pub head_deadline: Duration,
    /// Until a connection stands.
    pub connect_deadline: Duration,
    /// Bytes a second below which a body that has run five seconds is cut.
    pub floor_bytes_per_second: u64,
    /// Time to read one page: the last line behind [`PageBudget`], which does not depend on the machine.
    pub parse_deadline: Duration,
    /// Redirects followed in a row, each a request of its own.
    pub redirects: u16,
    /// Outlinks taken from one page.
    pub links_per_page: usize,
    /// Bytes of visible text kept of one page.
    pub text_bytes: usize,
    /// Work one page may cost.
    pub page: PageBudget,
    /// Bytes of one sitemap or feed after decoding (the sitemap protocol's own cap).
    pub sitemap_bytes: usize,
    /// Sitemaps read of one host.
    pub sitemaps_per_host: u64,
    /// Memory of the filter in front of the frontier.
    pub filter_bytes: usize,
    /// Memory of sled's cache. Its resident size is a multiple of this.
    pub sled_cache_bytes: u64,
    /// Bytes of title, text and attributes of one listing that is screened, pushed, labelled or carried by a feed.
    pub listing_bytes: usize,
    /// Free disk space below which scans pause.
    pub free_disk_bytes: u64,
    /// Requests in flight at once, over all platforms.
    pub requests: usize,
    /// Bytes of bodies in memory beyond which no request is sent.
    pub bodies_bytes: usize,
    /// Threads that read pages; `None`: as many as there are processors less one, at least one.
    pub examiners: Option<NonZeroUsize>,
}

/// Work one page may cost before its structured data is given up. Counted, not timed, so that a page is read alike on
/// every machine. Each figure is at least ten times what the largest page among the saved samples needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageBudget {
    /// Elements and comments of a DOM; eight attributes count as one more.
    pub nodes: u64,
    /// Depth of a DOM; beyond it building one takes quadratic time.
    pub depth: usize,
    /// Attributes of one tag; the tokenizer compares each with all before it.
    pub attributes: usize,
    /// Steps of building and searching a DOM.
    pub steps: u64,
    /// References followed: `itemref`, RDFa subjects.
    pub references: u64,
    /// Values of JSON-LD.
    pub values: u64,
    /// Depth of JSON-LD; serde_json stops one level deeper.
    pub values_depth: usize,
    /// Bytes of the values that are built, copies counted.
    pub bytes: u64,
}

impl Limits {
    /// Bytes of one line that holds a listing as JSON, so that a line without end does not take all memory. Escapes take up
    /// to six bytes for each, and other keys stand beside the listing.
    pub fn line_bytes(&self) -> usize {
        self.listing_bytes.saturating_mul(8).max(32 << 20)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            body_bytes: 10 << 20,
            page_deadline: Duration::from_secs(60),
            head_deadline: Duration::from_secs(20),
            connect_deadline: Duration::from_secs(10),
            floor_bytes_per_second: 64,
            parse_deadline: Duration::from_secs(2),
            redirects: 5,
            links_per_page: 5_000,
            text_bytes: 400_000,
            page: PageBudget::default(),
            sitemap_bytes: 50 << 20,
            sitemaps_per_host: 1_000,
            filter_bytes: 64 << 20,
            sled_cache_bytes: 32 << 20,
            listing_bytes: 1 << 20,
            free_disk_bytes: 256 << 20,
            requests: 64,
            bodies_bytes: 64 << 20,
            examiners: None,
        }
    }
}

impl Default for PageBudget {
    fn default() -> Self {
        PageBudget {
            nodes: 60_000,
            depth: 400,
            attributes: 256,
            steps: 8_000_000,
            references: 10_000,
            values: 100_000,
            values_depth: 126,
            bytes: 8 << 20,
        }
    }
}
