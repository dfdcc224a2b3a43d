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
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Sitemap {
        super::read(bytes, None, crate::vocab::limits::Limits::default().sitemap_bytes)
    }
    use std::io::Write;

    #[test]
    fn reads_pages_and_indexes_and_decodes_references() {
        let xml = r#"<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="x">
            <url><loc> https://a.example.test/?a=1&amp;b=2 </loc><lastmod>2026-01-02</lastmod>
              <image:image><image:loc>https://a.example.test/i.jpg</image:loc></image:image></url>
            <url><loc><![CDATA[https://a.example.test/c]]></loc></url></urlset>"#;
        let sitemap = read(xml.as_bytes());
        let pages: Vec<_> = sitemap.pages.iter().map(|p| p.location.as_str()).collect();
        assert_eq!(pages, ["https://a.example.test/?a=1&b=2", "https://a.example.test/c"]);
        assert_eq!(sitemap.pages[0].modified.unwrap().to_string(), "2026-01-02T00:00:00.000Z");

        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(b"<sitemapindex><sitemap><loc>https://a.example.test/s1.xml</loc></sitemap></sitemapindex>")
            .unwrap();
        let index = read(&gzip.finish().unwrap());
        assert_eq!(index.sitemaps[0].location, "https://a.example.test/s1.xml");
    }

    #[test]
    fn reads_feeds_and_plain_lists() {
        let atom = r#"<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><id>i</id><updated>2026-01-01T00:00:00Z</updated>
            <entry><title>x</title><id>1</id><updated>2026-01-01T00:00:00Z</updated><link href="https://a.example.test/1"/></entry></feed>"#;
        assert_eq!(read(atom.as_bytes()).pages[0].location, "https://a.example.test/1");
        assert_eq!(read(b"https://a.example.test/x\nnonsense\n").pages.len(), 1);
    }

    #[test]
    fn dates_are_believed_unless_everything_changed() {
        let at = |day: i64| Timestamp::from_millis(day * 86_400_000);
        let page =
            |n: usize, day: i64| SitemapEntry { location: format!("https://a.test/{n}"), modified: Some(at(day)) };
        let honest =
            Sitemap { pages: (0..100).map(|n| page(n, if n < 7 { 99 } else { 10 })).collect(), ..Sitemap::default() };
        assert!(matches!(honest.changed(at(90), at(100)), Dates::Changed(changed) if changed.len() == 7));
        assert!(matches!(honest.changed(at(101), at(102)), Dates::Changed(changed) if changed.is_empty()));
        let liar = Sitemap { pages: (0..100).map(|n| page(n, 100)).collect(), ..Sitemap::default() };
        assert_eq!(liar.changed(at(90), at(100)), Dates::Unbelievable);
        let future = Sitemap { pages: (0..10).map(|n| page(n, 5000)).collect(), ..Sitemap::default() };
        assert!(matches!(future.changed(at(90), at(100)), Dates::Changed(changed) if changed.is_empty()));
    }

    #[test]
    fn the_protocol_s_limits_hold_and_extensions_are_passed_over() {
        let mut xml = "<urlset xmlns:news='n' xmlns:video='v' xmlns:xhtml='x'>".to_owned();
        for n in 0..50_010 {
            xml.push_str(&format!(
                "<url><loc>https://a.test/{n}</loc><news:news><news:title>x</news:title></news:news>\
                <video:video><video:player_loc>https://a.test/v</video:player_loc></video:video></url>"
            ));
        }
        let sitemap = read(xml.as_bytes());
        assert_eq!((sitemap.pages.len(), sitemap.problems.len()), (ENTRIES_LIMIT, 1));
        let index = "<sitemapindex>".to_owned() + &"<sitemap><loc>https://a.test/s</loc></sitemap>".repeat(60_000);
        let index = read(index.as_bytes());
        assert_eq!((index.sitemaps.len(), index.problems.len()), (ENTRIES_LIMIT, 1));
        let with_links = "<urlset xmlns:xhtml='x'><url><loc>https://a.test/en</loc><xhtml:link rel='alternate' \
            hreflang='de' href='https://a.test/de'/><priority>0.5</priority></url></urlset>";
        assert_eq!(read(with_links.as_bytes()).pages.len(), 1);
    }

    #[test]
    fn every_kind_of_feed_names_pages() {
        let rss = "<rss version='2.0'><channel><title>t</title><link>https://a.test</link><description>d</description>\
            <item><title>x</title><link>https://a.test/1</link><pubDate>Mon, 24 Nov 2025 16:00:00 GMT</pubDate></item></channel></rss>";
        let sitemap = read(rss.as_bytes());
        assert_eq!(sitemap.pages[0].location, "https://a.test/1");
        assert!(sitemap.pages[0].modified.is_some());
        let json = "{\"version\": \"https://jsonfeed.org/version/1.1\", \"title\": \"t\", \"items\": [{\"id\": \"1\", \"url\": \"https://a.test/1\", \"content_text\": \"x\"}]}";
        assert_eq!(read(json.as_bytes()).pages[0].location, "https://a.test/1");
    }

    fn told(text: &str) -> (Vec<String>, Vec<String>, Vec<String>) {
        let read = read(text.as_bytes());
        let names = |list: Vec<SitemapEntry>| list.into_iter().map(|entry| entry.location).collect();
        (names(read.pages), names(read.sitemaps), names(read.alternates))
    }

    #[test]
    fn mistakes_of_those_who_write_them_by_hand_or_by_script() {
        let (one, two) = ("<url><loc>https://a.test/1</loc></url>", "<url><loc>https://a.test/2</loc></url>");
        for (name, text) in [
            (
                "prefixes",
                format!("<x:urlset>{}{}</x:urlset>", one, two).replace("<url>", "<x:url>").replace("loc>", "x:loc>"),
            ),
            ("a prefix on some", format!("<s:urlset>{}{two}</s:urlset>", one.replace("url>", "s:url>"))),
            (
                "upper case",
                format!("<urlset>{one}{two}</urlset>").to_uppercase().replace("HTTPS://A.TEST", "https://a.test"),
            ),
            ("entries never closed", format!("<urlset>{one}{two}</urlset>").replace("</url>", "")),
            ("addresses never closed", format!("<urlset>{one}{two}</urlset>").replace("</loc>", "")),
            ("two in one entry", format!("<urlset>{one}{two}</urlset>").replace("</url><url>", "")),
            ("no entries around", format!("<urlset>{one}{two}</urlset>").replace("<url>", "").replace("</url>", "")),
            ("no root", format!("{one}{two}")),
            ("root not closed", format!("<urlset>{one}{two}")),
            ("another root", format!("<pages><x/>{one}{two}</pages>")),
            ("root twice", format!("<urlset><urlset>{one}{two}</urlset></urlset>")),
            ("cut within an address", format!("<urlset>{one}{two}<url><loc>https://a.te")),
            ("cut after an address", format!("<urlset>{one}<url><loc>https://a.test/2</loc><lastmod>2026")),
            ("an attribute without its quote", format!("<urlset xmlns=\"x>{one}{two}</urlset>")),
            ("an attribute without quotes", format!("<urlset xmlns=http://x.test/0.9>{one}{two}</urlset>")),
            ("markup within", format!("<urlset>{one}{two}</urlset>").replace("/2", "<b>/</b>2<br/>")),
            (
                "words before it",
                format!("Notice: x <br />\n<b>y</b>: z<?xml version='1.0'?><urlset>{one}{two}</urlset>"),
            ),
            ("white space", format!("\n\n\u{feff} <urlset>{one}{two}</urlset>").replace("<loc>", "<loc>\n  ")),
            (
                "sections",
                format!("<urlset>{one}{two}</urlset>")
                    .replace("<loc>", "<loc><![CDATA[ ")
                    .replace("</loc>", " ]]></loc>"),
            ),
            (
                "comments",
                format!("<urlset><!-- <url><loc>https://a.test/0</loc></url> -->{one}{two}</urlset>")
                    .replace("/2", "/<!-- x -->2"),
            ),
            (
                "an extension never closed",
                format!(
                    "<urlset><url><loc>https://a.test/1</loc><i:image><i:loc>https://a.test/i</i:loc></url>{two}</urlset>"
                ),
            ),
            (
                "an extension without a prefix",
                format!(
                    "<urlset><url><loc>https://a.test/1</loc><image><loc>https://a.test/i</loc></image></url>{two}</urlset>"
                ),
            ),
            (
                "an extension first",
                format!(
                    "<urlset><url><v:video><v:loc>https://a.test/v</v:loc></v:video><loc>https://a.test/1</loc></url>{two}</urlset>"
                ),
            ),
            (
                "an extension outside of its element",
                format!("<urlset><url><loc>https://a.test/1</loc><i:loc>https://a.test/i</i:loc></url>{two}</urlset>"),
            ),
            ("lines", "https://a.test/1\r\nhttps://a.test/2 2026-01-02\r\n# https://a.test/3".to_owned()),
            ("lines of old systems", "\u{feff}\"https://a.test/1\"\rhttps://a.test/2\t2026-01-02\r".to_owned()),
        ] {
            let (pages, sitemaps, alternates) = told(&text);
            assert_eq!(pages, ["https://a.test/1", "https://a.test/2"], "{name}: {text}");
            assert!(sitemaps.is_empty() && alternates.is_empty(), "{name}");
        }
        let upper = told("HTTP://a.test/1\nftp://a.test/2\nHttps://a.test/3 b");
        assert_eq!(upper.0, ["HTTP://a.test/1", "Https://a.test/3 b"]);
        assert_eq!(
            told("<urlset><url><loc>https://a.test/?a=1&b=2&amp;c=3&copy=4</loc></url></urlset>").0,
            ["https://a.test/?a=1&b=2&c=3&copy=4"]
        );
    }

    #[test]
    fn indexes_with_the_same_mistakes() {
        for (name, text) in [
            ("prefixes", "<s:sitemapindex><s:sitemap><s:loc>https://a.test/s</s:loc></s:sitemap></s:sitemapindex>"),
            ("within a list", "<urlset><sitemap><loc>https://a.test/s</loc></sitemap></urlset>"),
            ("no entries around", "<sitemapindex><loc>https://a.test/s</loc></sitemapindex>"),
            ("another root", "<list><sitemap><loc>https://a.test/s</loc></sitemap></list>"),
            ("never closed", "<SiteMapIndex><SiteMap><loc>https://a.test/s</loc>"),
        ] {
            assert_eq!(told(text).1, ["https://a.test/s"], "{name}");
        }
    }

    #[test]
    fn only_what_is_not_whole_is_a_problem() {
        for (text, problems) in [
            ("<urlset/>", 0),
            ("<urlset></urlset>", 0),
            ("<urlset><url><loc>/a</loc><url><loc>/b</urlset>", 0),
            ("<rss><channel></channel></rss>", 0),
            ("<urlset><url><loc>/a</loc></url>", 1),
            ("<urlset><url><loc>/a", 1),
            ("<html><p>not found</html>", 1),
            ("<nothing/>", 1),
        ] {
            assert_eq!(read(text.as_bytes()).problems.len(), problems, "{text}");
        }
    }

    #[test]
    fn other_languages_are_pages_too() {
        let text = "<urlset xmlns:h='x'><url><loc>/en</loc><h:link rel='alternate' hreflang='de' href='/de?a=1&amp;b=2'/>\
            <h:link rel='alternate' hreflang='en' href='/en'/><h:link rel='alternate' media='handheld' href='/mobile'/></url>\
            <url><loc>/en2</loc><h:link rel=alternate hreflang=de href=/de?a=1&amp;b=2></h:link></url></urlset>";
        assert_eq!(told(text), (vec!["/en".into(), "/en2".into()], vec![], vec!["/de?a=1&b=2".into()]));
    }

    #[test]
    fn feeds_with_the_mistakes_of_their_writers() {
        for (name, text) in [
            (
                "a reference of HTML",
                "<rss><channel><link>/home</link><item><title>a&nbsp;b & c</title><link>/1</link></item></channel></rss>",
            ),
            ("a guid alone", "<rss><channel><item><guid>https://a.test/1</guid></item></channel></rss>"),
            (
                "a guid beside its link",
                "<rss><channel><item><link>https://a.test/1</link><guid isPermaLink='TRUE'>https://a.test/1</guid></item></channel></rss>",
            ),
            (
                "a guid that is none",
                "<rss><channel><item><link>/1</link><guid isPermaLink='false'>https://a.test/2</guid></item></channel></rss>",
            ),
            ("a guid that is a number", "<rss><channel><item><link>/1</link><guid>4711</guid></item></channel></rss>"),
            (
                "markup in a text",
                "<rss><channel><item><description>x <a href='/2'>y<br> <link>/3</link></description><link>/1</link></item></channel></rss>",
            ),
            (
                "a link of Atom",
                "<rss><channel><item><atom:link rel='self' href='/2'/><atom:link href='/1'/></item></channel></rss>",
            ),
            (
                "a link of its source",
                "<rss><channel><image><url>/i</url><link>/home</link></image><item><source url='/s'>x</source><link>/1</link></item></channel></rss>",
            ),
            ("an empty link and its text", "<rss><channel><item><link/>/1<title>x</title></item></channel></rss>"),
            (
                "Atom",
                "<feed><link href='/home'/><entry><link rel='enclosure' href='/e.mp3'/><link rel='alternate' href='/1'/><source><link href='/s'/></source></entry></feed>",
            ),
            (
                "Atom under a prefix",
                "<a:feed><a:entry><a:updated>bad</a:updated><a:link href='/1'/></a:entry></a:feed>",
            ),
            (
                "RDF",
                "<rdf:RDF><channel rdf:about='/home'><link>/home</link></channel><item rdf:about='/1'><link>/1</link></item></rdf:RDF>",
            ),
            ("RDF by name only", "<rdf:RDF><item rdf:about='/1'><title>x</title></item></rdf:RDF>"),
            ("items never closed", "<rss><channel><item><link>/1</link></channel></rss>"),
        ] {
            let (pages, _, _) = told(text);
            let pages: Vec<_> = pages.iter().map(|page| page.trim_start_matches("https://a.test")).collect();
            assert_eq!(pages, ["/1"], "{name}");
        }
        let based = read(b"<feed xml:base='/shop/'><entry><link href='1'/></entry></feed>");
        assert_eq!((based.base.as_deref(), based.pages[0].location.as_str()), (Some("/shop/"), "1"));
        let dated = read(b"<rss><channel><item><link>/1</link><pubDate>Mon, 24 Nov 2025 16:00:00 GMT</pubDate></item></channel></rss>");
        assert_eq!(dated.pages[0].modified.unwrap().to_string(), "2025-11-24T16:00:00.000Z");
    }

    #[test]
    fn a_web_page_in_their_place_is_told_from_them() {
        for (text, expected) in [
            ("<!DOCTYPE html><html><body>x", true),
            ("\u{feff}\n<HTML lang=en>", true),
            ("<?xml version='1.0'?><!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0'><html xmlns='x'>", true),
            ("<urlset><url><loc>/a</loc></url></urlset>", false),
            ("<?xml version='1.0'?><rss><channel><item><description>&lt;html></description>", false),
            ("<rss><channel><item><description><html></description>", false),
            ("https://a.test/1", false),
            ("", false),
        ] {
            assert_eq!(is_web_page(text.as_bytes(), None), expected, "{text}");
            let sitemap = text.starts_with("<urlset");
            assert_eq!(is_sitemap(text.as_bytes()), sitemap, "{text}");
        }
    }

    #[test]
    fn packed_once_more_than_is_said_and_with_bytes_after_it() {
        let gzip = |bytes: &[u8]| {
            let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            out.write_all(bytes).unwrap();
            out.finish().unwrap()
        };
        let text = b"<urlset><url><loc>/a</loc></url></urlset>";
        for (packed, problems) in [
            (gzip(&gzip(text)), 0),
            ([gzip(text), vec![0; 9]].concat(), 0),
            (gzip(text)[..gzip(text).len() - 9].to_vec(), 1),
        ] {
            let read = read(&packed);
            assert_eq!((read.pages.len(), read.problems.len()), (1, problems), "{:?}", read.problems);
        }
    }

    #[test]
    fn a_bomb_is_cut_and_nonsense_is_named() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        let block = vec![b'a'; 1 << 20];
        for _ in 0..60 {
            gzip.write_all(&block).unwrap();
        }
        let sitemap = read(&gzip.finish().unwrap());
        assert!(sitemap.pages.is_empty());
        assert!(!read(b"<html><p>not found").problems.is_empty());
        for bytes in [&b""[..], b"<", b"{", b"\x1f\x8b", b"<a><b></a>"] {
            let _ = read(bytes);
        }
    }

    #[test]
    fn a_feed_of_more_entries_than_a_sitemap_may_have_is_not_built() {
        let item = "<item><link>/x</link></item>";
        let rss = format!("<rss version='2.0'><channel>{}</channel></rss>", item.repeat(ENTRIES_LIMIT + 7));
        let json =
            format!(r#"{{"version":"https://jsonfeed.org/version/1.1","items":[{}{{}}]}}"#, "{},".repeat(300_000));
        let exact = format!("<rss version='2.0'><channel>{}</channel></rss>", item.repeat(ENTRIES_LIMIT));
        let more = vec![format!("more than {ENTRIES_LIMIT} entries")];
        for (feed, pages, problems) in
            [(rss, ENTRIES_LIMIT, more.clone()), (json, 0, more), (exact, ENTRIES_LIMIT, vec![])]
        {
            let read = read(feed.as_bytes());
            assert_eq!((read.pages.len(), read.problems), (pages, problems));
        }
    }
}
