//! Sitemaps: plain, or an index of gzipped parts.

use std::fmt::Write as _;
use std::io::Write as _;

use crate::demo::markup::escape;

/// Date that pages of the demo carry as their last change.
pub const LAST_CHANGE: &str = "2026-11-02";

/// A `urlset` of full URLs.
pub fn url_set(urls: &[String]) -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
    );
    for url in urls {
        let _ = writeln!(xml, "<url><loc>{}</loc><lastmod>{LAST_CHANGE}</lastmod></url>", escape(url));
    }
    xml.push_str("</urlset>\n");
    xml
}

/// A `sitemapindex` of full URLs.
pub fn index(urls: &[String]) -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
    );
    for url in urls {
        let _ = writeln!(xml, "<sitemap><loc>{}</loc></sitemap>", escape(url));
    }
    xml.push_str("</sitemapindex>\n");
    xml
}

/// `text` as a gzip file, always the same bytes for the same text.
pub fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    // Writing into memory cannot fail; were it to, an empty file would show at once in every test that reads a sitemap.
    encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn a_gzipped_sitemap_unpacks_to_what_was_written() {
        let xml = url_set(&["http://a.example.test/?x=1&y=2".into()]);
        assert!(xml.contains("x=1&amp;y=2"));
        let mut back = String::new();
        flate2::read::GzDecoder::new(gzip(&xml).as_slice()).read_to_string(&mut back).unwrap();
        assert_eq!(back, xml);
        assert_eq!(gzip(&xml), gzip(&xml));
    }
}
