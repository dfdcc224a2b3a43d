//! Sitemaps and feeds as lists of URLs. Pure: bytes in, entries out.

use std::io::Read;
use std::time::Duration;

use quick_xml::events::Event;

use crate::vocab::time::Timestamp;

/// The protocol's limit of entries.
pub const ENTRIES_LIMIT: usize = 50_000;

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
    /// Further sitemaps, of an index.
    pub sitemaps: Vec<SitemapEntry>,
    /// What was wrong or cut.
    pub problems: Vec<String>,
}

/// Entries from which on a sitemap can be caught claiming too much.
const JUDGED_FROM: usize = 50;

/// Dates are often days without a time: a page dated on the day of the last look may have changed after it.
const A_DAY: Duration = Duration::from_secs(86_400);

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
pub fn read(bytes: &[u8], limit_bytes: usize) -> Sitemap {
    let mut sitemap = Sitemap::default();
    let unpacked;
    let text = if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut out = Vec::new();
        // MultiGzDecoder, because concatenated members are legal; capped, because they expand.
        let mut reader = flate2::read::MultiGzDecoder::new(bytes).take(limit_bytes as u64);
        if let Err(error) = reader.read_to_end(&mut out) {
            sitemap.problems.push(format!("gzip: {error}"));
        }
        unpacked = out;
        &unpacked[..]
    } else {
        bytes
    };
    let head = text.trim_ascii_start();
    if head.starts_with(b"<") || head.starts_with(b"\xef\xbb\xbf<") {
        read_xml(text, &mut sitemap);
        if sitemap.pages.is_empty() && sitemap.sitemaps.is_empty() {
            read_feed(text, &mut sitemap);
        }
    } else if head.starts_with(b"{") {
        read_feed(text, &mut sitemap);
    } else {
        for line in String::from_utf8_lossy(text).lines().map(str::trim).filter(|line| line.starts_with("http")) {
            push(&mut sitemap.pages, line.to_owned(), None);
        }
    }
    sitemap
}

fn push(list: &mut Vec<SitemapEntry>, location: String, modified: Option<Timestamp>) {
    if list.len() < ENTRIES_LIMIT && !location.is_empty() {
        list.push(SitemapEntry { location, modified });
    }
}

fn read_xml(text: &[u8], sitemap: &mut Sitemap) {
    let mut reader = quick_xml::Reader::from_reader(text);
    reader.config_mut().check_end_names = false;
    let mut buffer = Vec::new();
    let (mut location, mut modified) = (String::new(), String::new());
    let mut field: Option<&'static str> = None;
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(tag)) => match tag.local_name().as_ref() {
                "url" | "sitemap" => {
                    location.clear();
                    modified.clear();
                    field = None;
                }
                // Only the sitemap's own `loc`; image and news extensions have theirs with a prefix.
                "loc" if matches!(tag.name().as_ref(), "loc" | "sm:loc") => field = Some("loc"),
                "lastmod" => field = Some("lastmod"),
                _ => field = None,
            },
            Ok(Event::Text(content)) => {
                if let Some(field) = field {
                    let target = if field == "loc" { &mut location } else { &mut modified };
                    target.push_str(&content);
                }
            }
            Ok(Event::GeneralRef(reference)) => {
                if let Some(field) = field {
                    let target = if field == "loc" { &mut location } else { &mut modified };
                    match &*reference {
                        "amp" => target.push('&'),
                        "lt" => target.push('<'),
                        "gt" => target.push('>'),
                        "quot" => target.push('"'),
                        "apos" => target.push('\''),
                        _ => {
                            if let Ok(Some(c)) = reference.resolve_char_ref() {
                                target.push(c);
                            }
                        }
                    }
                }
            }
            Ok(Event::CData(content)) => {
                if field == Some("loc") {
                    location.push_str(&content);
                }
            }
            Ok(Event::End(tag)) => {
                field = None;
                let list = match tag.local_name().as_ref() {
                    "url" => &mut sitemap.pages,
                    "sitemap" => &mut sitemap.sitemaps,
                    _ => continue,
                };
                push(list, location.trim().to_owned(), parse_lastmod(modified.trim()));
                if sitemap.pages.len() >= ENTRIES_LIMIT || sitemap.sitemaps.len() >= ENTRIES_LIMIT {
                    sitemap.problems.push(format!("more than {ENTRIES_LIMIT} entries"));
                    return;
                }
            }
            Ok(Event::Eof) => return,
            Ok(_) => {}
            Err(error) => {
                sitemap.problems.push(format!("xml: {error}"));
                return;
            }
        }
    }
}

fn read_feed(text: &[u8], sitemap: &mut Sitemap) {
    // What is made of a feed takes a hundred times its text, so its entries are counted before.
    let count = |word: &[u8]| memchr::memmem::find_iter(text, word).count();
    let entries = (count(b"<item") + count(b"<entry")).max(count(b"{") / OBJECTS_PER_ENTRY);
    if entries > ENTRIES_LIMIT {
        sitemap.problems.push(format!("more than {ENTRIES_LIMIT} entries"));
        return;
    }
    match feed_rs::parser::parse(text) {
        Ok(feed) => {
            for entry in feed.entries {
                let modified =
                    entry.updated.or(entry.published).map(|at| Timestamp::from_millis(at.timestamp_millis()));
                for link in entry.links.into_iter().take(5) {
                    push(&mut sitemap.pages, link.href, modified);
                }
            }
        }
        Err(error) => sitemap.problems.push(format!("neither sitemap nor feed: {error}")),
    }
}

fn parse_lastmod(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| format!("{}T00:00:00Z", text.get(..10)?).parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Sitemap {
        super::read(bytes, crate::vocab::limits::Limits::default().sitemap_bytes)
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
        let rss = format!("<rss version='2.0'><channel>{}</channel></rss>", "<item/>".repeat(ENTRIES_LIMIT + 1));
        let json =
            format!(r#"{{"version":"https://jsonfeed.org/version/1.1","items":[{}{{}}]}}"#, "{},".repeat(300_000));
        for feed in [rss, json] {
            let read = read(feed.as_bytes());
            assert_eq!((read.pages.len(), read.problems), (0, vec![format!("more than {ENTRIES_LIMIT} entries")]));
        }
    }
}
