//! Sitemaps and feeds as lists of URLs. Pure: bytes in, entries out.

use std::collections::HashSet;
use std::time::Duration;

use crate::frontier::coding::{self, End};
use crate::frontier::markup::{Piece, Pieces, Tag, local, prefix, text_of};
use crate::vocab::time::Timestamp;

/// The protocol's limit of entries.
pub const ENTRIES_LIMIT: usize = 50_000;

/// Markup that editors leave within an address.
const INLINE: &[&str] = &["a", "b", "br", "em", "font", "i", "p", "span", "strong", "u", "wbr"];

/// Links taken of one entry of a feed.
const LINKS_PER_ENTRY: usize = 5;

/// Bytes kept of an address or a date: somewhat more than any address that is asked for has.
const LOCATION_BYTES: usize = 8192;

/// Objects of an entry of a JSON Feed: itself, authors, attachments.
const OBJECTS_PER_ENTRY: usize = 4;

/// One `<url>` or `<sitemap>` entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SitemapEntry {
    /// `<loc>` as written.
    pub location: String,
    /// `<lastmod>`, if it can be read.
    pub modified: Option<Timestamp>,
}

/// A sitemap, read as far as it can be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sitemap {
    /// Pages.
    pub pages: Vec<SitemapEntry>,
    /// The same pages in other languages, as far as they have no entry of their own.
    pub alternates: Vec<SitemapEntry>,
    /// Further sitemaps, of an index.
    pub sitemaps: Vec<SitemapEntry>,
    /// Against what its addresses are resolved, where it says so (`xml:base`).
    pub base: Option<String>,
    /// What was wrong or cut.
    pub problems: Vec<String>,
}

/// Entries from which on a sitemap can be caught claiming too much.
const JUDGED_FROM: usize = 50;

/// Dates are often days without a time: a page dated on the day of the last look may have changed after it.
const A_DAY: Duration = Duration::from_secs(86_400);

/// Times a file may be packed: on disk, by a server, by a proxy.
const PACKED: usize = 3;

/// Bytes in which the root of a document is looked for, after what a script of the shop wrote before it.
const ROOT_WITHIN: usize = 16 << 10;

/// Bytes within which a sitemap known as a page names its root.
const ROOT_BYTES: usize = 1024;

/// What a sitemap's dates say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dates<'a> {
    /// Pages that changed since the last look.
    Changed(Vec<&'a SitemapEntry>),
    /// It claims that nearly everything did: a generator that writes today's date everywhere.
    Unbelievable,
}

impl Sitemap {
    /// The pages whose dates lie after the last look at `since`. Dates in the future say nothing.
    pub fn changed(&self, since: Timestamp, now: Timestamp) -> Dates<'_> {
        let from = since.before(A_DAY);
        let changed: Vec<&SitemapEntry> = self
            .pages
            .iter()
            .filter(|page| page.modified.is_some_and(|at| at > from && at <= now.after(A_DAY)))
            .collect();
        if self.pages.len() >= JUDGED_FROM && changed.len() * 10 > self.pages.len() * 9 {
            return Dates::Unbelievable;
        }
        Dates::Changed(changed)
    }
}

/// Reads XML (gzipped or not) or plain-text sitemaps, and RSS, Atom or JSON feeds; of what is packed, `limit_bytes`.
pub fn read(bytes: &[u8], content_type: Option<&str>, limit_bytes: usize) -> Sitemap {
    let mut sitemap = Sitemap::default();
    let mut unpacked = None;
    for _ in 0..PACKED {
        let packed: &[u8] = unpacked.as_deref().unwrap_or(bytes);
        if coding::is_gzip(packed) {
            unpacked = Some(gunzip(packed, limit_bytes, &mut sitemap.problems));
        }
    }
    let text = text_of(unpacked.as_deref().unwrap_or(bytes), content_type);
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if text.starts_with('{') {
        read_json_feed(text, &mut sitemap);
    } else if let Some(root) = Root::of(text) {
        Reader::new(root, &mut sitemap).run(text);
    } else if text.starts_with('<') {
        sitemap.problems.push("neither sitemap nor feed".to_owned());
    } else {
        read_lines(text, &mut sitemap);
    }
    sitemap
}

/// Whether an answer is a web page, and neither a sitemap nor a feed.
pub fn is_web_page(bytes: &[u8], content_type: Option<&str>) -> bool {
    // What does not begin as markup needs no closer look.
    if coding::is_gzip(bytes) || memchr::memchr(b'<', &bytes[..bytes.len().min(ROOT_WITHIN)]).is_none() {
        return false;
    }
    let text = text_of(bytes, content_type);
    let head = &text[..text.floor_char_boundary(ROOT_WITHIN)].to_ascii_lowercase();
    (head.contains("<html") || head.contains("<!doctype html")) && Root::of(&text).is_none()
}

/// Whether an answer to the request for a page is a sitemap.
pub fn is_sitemap(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(ROOT_BYTES)];
    let names = || ["urlset", "sitemapindex"].iter().any(|name| memchr::memmem::find(head, name.as_bytes()).is_some());
    let starts = head.trim_ascii_start();
    let starts = starts.strip_prefix(b"\xef\xbb\xbf").unwrap_or(starts);
    // Pages are asked by the thousand, so that the document is walked only where it names what it may be.
    (starts.starts_with(b"<?xml") || starts.starts_with(b"<urlset") || starts.starts_with(b"<sitemapindex"))
        && names()
        && matches!(Root::of(&text_of(head, None)), Some(Root::Pages | Root::Index))
}

fn gunzip(packed: &[u8], limit_bytes: usize, problems: &mut Vec<String>) -> Vec<u8> {
    let unpacked = coding::gunzip(packed, limit_bytes);
    match unpacked.end {
        End::Whole => {}
        End::TooLong => problems.push(format!("more than {limit_bytes} bytes")),
        End::BrokenOff => problems.push("its packed bytes break off".to_owned()),
    }
    unpacked.body
}

/// Adds an entry; past the protocol's limit it answers false, and says so once.
fn push(list: &mut Vec<SitemapEntry>, location: &str, modified: Option<Timestamp>, problems: &mut Vec<String>) -> bool {
    let location = location.trim();
    if location.is_empty() {
        return true;
    }
    if list.len() >= ENTRIES_LIMIT {
        let problem = format!("more than {ENTRIES_LIMIT} entries");
        if problems.last() != Some(&problem) {
            problems.push(problem);
        }
        return false;
    }
    list.push(SitemapEntry { location: location.to_owned(), modified });
    true
}

/// One address a line; a date may follow it.
fn read_lines(text: &str, sitemap: &mut Sitemap) {
    for line in text.split(['\n', '\r']) {
        let line = line.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '\u{feff}' | '\0'));
        let dated = line
            .split_once(char::is_whitespace)
            .and_then(|(address, date)| Some((address, parse_modified(date.trim())?)));
        let (address, modified) = dated.map_or((line, None), |(address, date)| (address, Some(date)));
        if is_absolute(address) && !push(&mut sitemap.pages, address, modified, &mut sitemap.problems) {
            return;
        }
    }
}

fn is_absolute(address: &str) -> bool {
    let starts = |scheme: &str| address.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    starts("http://") || starts("https://")
}

/// What a document says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Root {
    /// `urlset`.
    Pages,
    /// `sitemapindex`.
    Index,
    /// RSS, RDF or Atom.
    Feed,
}

impl Root {
    fn named(name: &str) -> Option<Self> {
        match local(name).to_ascii_lowercase().as_str() {
            "urlset" => Some(Root::Pages),
            "sitemapindex" => Some(Root::Index),
            "rss" | "rdf" | "feed" => Some(Root::Feed),
            _ => None,
        }
    }

    /// The root of a document, or the first that stands after what does not belong there. A document that lost its root, or
    /// calls it otherwise, is known by its entries.
    fn of(text: &str) -> Option<Self> {
        let head = &text[..text.floor_char_boundary(ROOT_WITHIN)];
        let mut by_entries = None;
        let mut is_html = false;
        for piece in Pieces::new(head) {
            let Piece::Start(tag) = piece else { continue };
            if let Some(root) = Root::named(tag.name) {
                return Some(root);
            }
            let name = local(tag.name).to_ascii_lowercase();
            is_html |= matches!(name.as_str(), "html" | "head" | "body");
            by_entries = by_entries.or(match name.as_str() {
                "url" | "loc" => Some(Root::Pages),
                "sitemap" => Some(Root::Index),
                "channel" | "item" | "entry" => Some(Root::Feed),
                _ => None,
            });
        }
        by_entries.filter(|_| !is_html)
    }
}

/// What is being read of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Location,
    Modified,
    /// An RSS guid that is an address where it looks like one.
    Guid,
}

/// An entry while it is read.
#[derive(Debug, Default)]
struct Entry<'a> {
    is_sitemap: bool,
    prefix: &'a str,
    location: String,
    modified: String,
    guid: String,
    /// Addresses that stand in attributes.
    links: Vec<String>,
}

/// Reads sitemaps and feeds with the mistakes of those who write them by hand or by script: prefixes of every kind, names
/// in upper case, tags that are never closed, entries that stand where they should not.
struct Reader<'a, 's> {
    root: Root,
    sitemap: &'s mut Sitemap,
    entry: Option<Entry<'a>>,
    /// And the name of the element that fills it.
    field: Option<(Field, &'a str)>,
    /// An element of an extension that is open within the entry: what it says of addresses is about pictures and videos.
    foreign: Option<&'a str>,
    is_open: bool,
    is_full: bool,
    alternates: Vec<String>,
}

impl<'a, 's> Reader<'a, 's> {
    fn new(root: Root, sitemap: &'s mut Sitemap) -> Self {
        let (is_open, is_full) = (false, false);
        Reader { root, sitemap, entry: None, field: None, foreign: None, is_open, is_full, alternates: Vec::new() }
    }

    fn run(mut self, text: &'a str) {
        for piece in Pieces::new(text) {
            match piece {
                Piece::Start(tag) => self.start(tag),
                Piece::End(name) => self.end(name),
                Piece::Text(text) => self.text(&text),
            }
            if self.is_full {
                return;
            }
        }
        // An address that is cut is another address.
        if self.field.is_none_or(|(field, _)| field == Field::Modified) {
            self.finish();
        }
        if self.is_open {
            self.sitemap.problems.push("it ends in the middle".to_owned());
        }
        let held: HashSet<&str> = self.sitemap.pages.iter().map(|page| page.location.as_str()).collect();
        let mut told = HashSet::new();
        for alternate in self.alternates.iter().map(|alternate| alternate.trim()) {
            if !held.contains(alternate) && told.insert(alternate) {
                push(&mut self.sitemap.alternates, alternate, None, &mut self.sitemap.problems);
            }
        }
    }

    fn start(&mut self, tag: Tag<'a>) {
        let name = local(tag.name).to_ascii_lowercase();
        if Root::named(tag.name).is_some() {
            self.is_open |= !tag.is_empty;
            self.sitemap.base = tag.attribute("base").map(String::from).or_else(|| self.sitemap.base.take());
        }
        let before = self.field.take();
        match (self.root, name.as_str()) {
            (Root::Pages | Root::Index, "url" | "sitemap") | (Root::Feed, "item" | "entry") => {
                self.finish();
                if !tag.is_empty {
                    self.open(name == "sitemap", tag);
                }
            }
            (Root::Pages | Root::Index, "link") => self.alternate(tag),
            (Root::Feed, "link") if self.foreign.is_none() => self.link(tag),
            _ if self.foreign.is_some() => {}
            (Root::Pages | Root::Index, "loc") if !tag.is_empty => self.location(tag),
            (Root::Pages | Root::Index, "lastmod") | (Root::Feed, "updated" | "pubdate" | "published" | "date") => {
                self.field = Some((Field::Modified, tag.name));
                if let Some(entry) = &mut self.entry {
                    entry.modified.clear();
                }
            }
            (Root::Feed, "guid") => {
                let permanent = tag.attribute("isPermaLink");
                if permanent.is_none_or(|value| !value.trim().eq_ignore_ascii_case("false")) {
                    self.field = Some((Field::Guid, tag.name));
                }
            }
            (Root::Feed, "origlink") => self.field = Some((Field::Location, tag.name)),
            (Root::Pages | Root::Index, "changefreq" | "priority") => {}
            (_, name) if before.is_some() && INLINE.contains(&name) => self.field = before,
            _ if self.entry.is_some() && !tag.is_empty => self.foreign = Some(tag.name),
            _ => {}
        }
    }

    fn open(&mut self, is_sitemap: bool, tag: Tag<'a>) {
        let mut entry = Entry { is_sitemap, prefix: prefix(tag.name), ..Entry::default() };
        // RSS 1.0 names its items by their address.
        entry.links.extend(tag.attribute("about").map(String::from));
        self.entry = Some(entry);
    }

    fn location(&mut self, tag: Tag<'a>) {
        // Pictures and videos have addresses under a prefix of their own.
        if self.entry.as_ref().is_some_and(|entry| !["", entry.prefix].contains(&prefix(tag.name))) {
            return;
        }
        // An address without an entry around it, and one that begins where the entry before it should have ended.
        if self.entry.as_ref().is_none_or(|entry| !entry.location.trim().is_empty()) {
            let is_sitemap = self.entry.as_ref().map_or(self.root == Root::Index, |entry| entry.is_sitemap);
            self.finish();
            self.entry = Some(Entry { is_sitemap, prefix: prefix(tag.name), ..Entry::default() });
        }
        self.field = Some((Field::Location, tag.name));
    }

    /// The page in another language.
    fn alternate(&mut self, tag: Tag<'a>) {
        let is_alternate = tag.attribute("rel").is_some_and(|rel| rel.trim().eq_ignore_ascii_case("alternate"));
        if let Some(href) = tag.attribute("href").filter(|_| is_alternate && tag.attribute("hreflang").is_some())
            && self.alternates.len() < ENTRIES_LIMIT * 4
        {
            self.alternates.push(href.into_owned());
        }
    }

    /// A link of a feed's entry: text in RSS, an attribute in Atom.
    fn link(&mut self, tag: Tag<'a>) {
        let Some(entry) = &mut self.entry else { return };
        match tag.attribute("href") {
            Some(href) => {
                let rel = tag.attribute("rel").unwrap_or_default();
                if ["", "alternate", "http://www.iana.org/assignments/relation/alternate"]
                    .contains(&&*rel.trim().to_ascii_lowercase())
                    && entry.links.len() < LINKS_PER_ENTRY
                {
                    entry.links.push(href.into_owned());
                }
            }
            // The text follows even where the tag says that it is empty.
            None => self.field = Some((Field::Location, tag.name)),
        }
    }

    fn end(&mut self, name: &'a str) {
        if self.field.is_some_and(|(_, filled_by)| local(filled_by).eq_ignore_ascii_case(local(name))) {
            self.field = None;
        }
        self.is_open &= Root::named(name).is_none();
        match (self.root, local(name).to_ascii_lowercase().as_str()) {
            (Root::Pages | Root::Index, "url" | "sitemap" | "urlset" | "sitemapindex")
            | (Root::Feed, "item" | "entry" | "channel" | "feed" | "rss") => self.finish(),
            _ if self.foreign == Some(name) => self.foreign = None,
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        let (Some((field, _)), Some(entry)) = (self.field, &mut self.entry) else { return };
        let held = match field {
            Field::Location => &mut entry.location,
            Field::Modified => &mut entry.modified,
            Field::Guid => &mut entry.guid,
        };
        // Beyond this it is no address.
        if held.len() < LOCATION_BYTES {
            held.push_str(text);
        }
    }

    fn finish(&mut self) {
        (self.foreign, self.field) = (None, None);
        let Some(entry) = self.entry.take() else { return };
        let modified = parse_modified(entry.modified.trim());
        let list = if entry.is_sitemap { &mut self.sitemap.sitemaps } else { &mut self.sitemap.pages };
        let guid = Some(entry.guid.trim()).filter(|guid| is_absolute(guid));
        let links = entry.links.iter().map(|link| link.trim());
        let mut told: Vec<&str> = Vec::new();
        for address in [entry.location.trim()].into_iter().chain(guid).chain(links) {
            if !told.contains(&address) {
                told.push(address);
                self.is_full |= !push(list, address, modified, &mut self.sitemap.problems);
            }
        }
    }
}

fn read_json_feed(text: &str, sitemap: &mut Sitemap) {
    // What is made of a feed takes a hundred times its text, so its entries are counted before.
    let entries = memchr::memmem::find_iter(text.as_bytes(), b"{").count() / OBJECTS_PER_ENTRY;
    if entries > ENTRIES_LIMIT {
        sitemap.problems.push(format!("more than {ENTRIES_LIMIT} entries"));
        return;
    }
    match feed_rs::parser::parse(text.as_bytes()) {
        Ok(feed) => {
            for entry in feed.entries {
                let modified =
                    entry.updated.or(entry.published).map(|at| Timestamp::from_millis(at.timestamp_millis()));
                for link in entry.links.into_iter().take(LINKS_PER_ENTRY) {
                    push(&mut sitemap.pages, &link.href, modified, &mut sitemap.problems);
                }
            }
        }
        Err(error) => sitemap.problems.push(format!("neither sitemap nor feed: {error}")),
    }
}

/// The forms of sitemaps and Atom, and those of RSS.
fn parse_modified(text: &str) -> Option<Timestamp> {
    let day = || format!("{}T00:00:00Z", text.get(..10)?).parse().ok();
    let mail = || Some(Timestamp::from(jiff::fmt::rfc2822::parse(text).ok()?.timestamp()));
    text.parse().ok().or_else(day).or_else(mail)
}

#[cfg(test)]
mod tests;
