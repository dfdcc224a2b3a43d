//! What one page says.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::listing::budget::Spent;
use crate::vocab::found::FoundUrl;
use crate::vocab::money::Price;
use crate::vocab::terms::{PageKind, Reason};

/// One offer, in the words of the page.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Listing {
    /// Title of the offer.
    pub title: String,
    /// Description, as visible text.
    pub description: String,
    /// Price as published.
    pub price: Option<Price>,
    /// Seller's published name (personal data: sealed before it is stored).
    pub seller: Option<String>,
    /// Named identifiers and attributes: `("CAS No.", "…")`, `("sku", "…")`.
    pub identifiers: Vec<(String, String)>,
    /// BCP 47 language, declared or guessed.
    pub language: Option<String>,
    /// Absolute image URLs.
    pub images: Vec<String>,
    /// The description was longer than is read of a field: what is judged is not all of it.
    #[serde(skip)]
    pub cut: bool,
    /// Structured data says that it can be had.
    #[serde(skip)]
    pub in_stock: bool,
    /// An item of a list with a page of its own on the same host: it is judged there.
    #[serde(skip)]
    pub elsewhere: bool,
    /// `page` if no offer was told from the rest of the page, and its text is judged as one listing; of a listing that a
    /// platform hands over, what it says of the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<PageKind>,
    /// Field name to where it came from: `json-ld`, `microdata`, `rdfa`, `opengraph`, `selector`, `page`, `platform`.
    pub source: BTreeMap<String, String>,
}

/// Everything we read from one HTML page.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// Offers on it; a page without any that says something has one of kind `page`.
    pub listings: Vec<Listing>,
    /// Outlinks, canonical, in document order, each once.
    pub links: Vec<Link>,
    /// Links that are no address we would ask for: a hash of what stands there, and the reason's name.
    pub refused: Vec<(u128, Reason)>,
    /// `rel=canonical`, resolved.
    pub canonical: Option<FoundUrl>,
    /// Content of `<title>`.
    pub title: String,
    /// Visible text, blocks separated by newlines.
    pub text: String,
    /// Places in the text, in order, that speak of the site or of other items: navigation, banners, and the words of links.
    pub beside: Vec<Range<usize>>,
    /// Declared language of the document.
    pub language: Option<String>,
    /// Robots directives of `<meta name=robots>` that bear on us.
    pub robots: RobotsMeta,
    /// Name of the encoding used to decode the page.
    pub encoding: &'static str,
    /// What was cut or broken, in words fit for the coverage statement.
    pub problems: Vec<String>,
    /// Text of the page passed a cap: what is judged is not all of it, and a clear verdict says nothing of the rest.
    pub cut: bool,
    /// It has more links than are taken of one page.
    pub links_cut: bool,
    /// It holds scripts, which may show what its text does not.
    pub has_scripts: bool,
    /// It is of a kind that holds no text, such as a picture, or of one that is not read, such as a PDF.
    pub format: Format,
    /// Its text as a whole, where its listings come from elsewhere: what a seller wrote beside them is judged as well.
    pub whole: Option<Listing>,
    /// What reading its structured data cost too much of; then the page's text is a listing of its own.
    pub given_up: Option<Spent>,
}

impl Page {
    /// What the first `end` bytes of the text say of the page's own item: nothing that stands beside it, and no trail of breadcrumbs.
    pub fn of_the_item(&self, end: usize) -> String {
        let end = self.text.floor_char_boundary(end);
        let mut own = String::with_capacity(end);
        let mut from = 0;
        for place in self.beside.iter().take_while(|place| place.start < end) {
            own.push_str(self.text.get(from..place.start).unwrap_or_default());
            from = place.end.min(end);
        }
        own.push_str(self.text.get(from..end).unwrap_or_default());
        own.split('\n').filter(|line| !is_trail(line)).collect::<Vec<_>>().join("\n")
    }
}

/// Whether a line leads through the parts of a site: `Home › Chairs › Oak`.
fn is_trail(line: &str) -> bool {
    let of = |sign: &str| line.match_indices(sign).count();
    of(" › ") + of(" » ") + of(" > ") + of(" → ") >= 1 || of(" / ") >= 2 || of(" | ") >= 2
}

/// What the bytes of a page are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// HTML or XML.
    #[default]
    Markup,
    /// Text without markup.
    Text,
    /// Pictures, sound, styles, scripts: nothing to read.
    WithoutText,
    /// A document that is not read.
    Unread,
}

/// One outlink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Where it leads.
    pub url: FoundUrl,
    /// `rel=nofollow` stands on it.
    pub nofollow: bool,
    /// Number of its spelling, if that means the same on every page of the host.
    pub spelling: Option<u64>,
}

/// Robots directives found in the page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RobotsMeta {
    /// Do not index.
    pub noindex: bool,
    /// Do not follow links.
    pub nofollow: bool,
}
