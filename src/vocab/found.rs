//! The address of a page as its site publishes it, which is what is requested, shown and cited.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::vocab::canonical;
use crate::vocab::url::{CanonicalUrl, HostKey, UrlError, resolve};

/// Absolute http(s) address as a site publishes it: resolved, without fragment, encoded as browsers encode it, and nothing
/// else changed. It knows its canonical form, the key under which the page is known.
///
/// Its text reads back as the same address. Two found addresses are equal when their texts are; they mean one page when
/// their [`key`](Self::key)s are equal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FoundUrl {
    canonical: CanonicalUrl,
    /// Only where it reads otherwise than the canonical form: most addresses do not.
    found: Option<Box<Url>>,
}

impl FoundUrl {
    /// Parses `raw`, resolved against `base` where one is given.
    ///
    /// # Errors
    /// When the text is no URL, is not http(s), has no host, carries userinfo or control characters, or is too long.
    pub fn parse(raw: &str, base: Option<&FoundUrl>) -> Result<Self, UrlError> {
        FoundUrl::of(resolve(raw, base.map(FoundUrl::as_url), None)?)
    }

    /// A link of a document in `encoding`. Its query is written in that encoding, as browsers do it. A visitor's session and
    /// the marks of advertisers are left out: they belong to a visit and not to the page, a session ends before a notice is
    /// read, and following the marks would falsify the site's statistics.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn linked(
        raw: &str,
        base: &FoundUrl,
        encoding: Option<&'static encoding_rs::Encoding>,
    ) -> Result<Self, UrlError> {
        let mut url = resolve(raw, Some(base.as_url()), encoding)?;
        if let Some(path) = canonical::path_without_session(url.path()) {
            url.set_path(&path);
        }
        if let Some(query) = url.query().and_then(canonical::query_without_visit) {
            url.set_query(Some(query.as_str()).filter(|query| !query.is_empty()));
        }
        FoundUrl::of(url)
    }

    /// Where the page at `from` redirects to: a link, unless what the server insists on is a session or mark in `from`'s own
    /// address; then its word is kept.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn redirected(raw: &str, from: &FoundUrl) -> Result<Self, UrlError> {
        let target = FoundUrl::linked(raw, from, None)?;
        if target == *from { FoundUrl::parse(raw, Some(from)) } else { Ok(target) }
    }

    fn of(found: Url) -> Result<Self, UrlError> {
        let canonical = CanonicalUrl::of(found.clone())?;
        let found = (found != *canonical.as_url()).then(|| Box::new(found));
        Ok(FoundUrl { canonical, found })
    }

    /// The form under which the page is known.
    pub fn canonical(&self) -> &CanonicalUrl {
        &self.canonical
    }

    /// Whether it reads as its canonical form.
    pub fn is_canonical(&self) -> bool {
        self.found.is_none()
    }

    /// Key of the page, the same for every found form of it.
    pub fn key(&self) -> u128 {
        self.canonical.key()
    }

    /// Key of this form alone.
    pub fn form_key(&self) -> u128 {
        xxhash_rust::xxh3::xxh3_128(self.as_str().as_bytes())
    }

    /// The authority politeness is owed to.
    pub fn host(&self) -> HostKey {
        self.canonical.host()
    }

    /// The parsed address.
    pub fn as_url(&self) -> &Url {
        self.found.as_deref().unwrap_or(self.canonical.as_url())
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        self.as_url().as_str()
    }

    /// Path and query, as the request line has them.
    pub fn path_and_query(&self) -> &str {
        let url = self.as_url();
        &url.as_str()[url[..url::Position::BeforePath].len()..]
    }

    /// The same without the query parameter `name`, which is given in its canonical form; `None` when it has none of that
    /// name.
    #[must_use]
    pub fn without_parameter(&self, name: &str) -> Option<FoundUrl> {
        let query = self.as_url().query()?;
        let kept: Vec<&str> = query.split('&').filter(|pair| canonical::name_of(pair) != name).collect();
        if kept.len() == query.split('&').count() {
            return None;
        }
        let mut url = self.as_url().clone();
        url.set_query((!kept.is_empty()).then(|| kept.join("&")).as_deref());
        FoundUrl::of(url).ok()
    }
}

impl fmt::Display for FoundUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for FoundUrl {
    type Error = UrlError;
    fn try_from(text: String) -> Result<Self, UrlError> {
        FoundUrl::parse(&text, None)
    }
}

impl From<FoundUrl> for String {
    fn from(url: FoundUrl) -> String {
        url.as_str().to_owned()
    }
}

impl From<CanonicalUrl> for FoundUrl {
    fn from(canonical: CanonicalUrl) -> FoundUrl {
        FoundUrl { canonical, found: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn base() -> FoundUrl {
        FoundUrl::parse("https://a.test/shop/index.php?cat=1", None).unwrap()
    }

    fn found(raw: &str) -> String {
        FoundUrl::parse(raw, Some(&base())).map_or_else(|error| error.to_string(), String::from)
    }

    #[test]
    fn what_the_site_wrote_is_kept() {
        for (line, raw, expected) in [
            (line!(), "item.php?b=2&a=1#top", "https://a.test/shop/item.php?b=2&a=1"),
            (line!(), "?id=3", "https://a.test/shop/index.php?id=3"),
            (line!(), "/Index.html", "https://a.test/Index.html"),
            (line!(), "/q?name=a%20b", "https://a.test/q?name=a%20b"),
            (line!(), "/q?name=a+b&&x", "https://a.test/q?name=a+b&&x"),
            (line!(), "/x?", "https://a.test/x?"),
            (line!(), "/x?utm_source=feed&id=1", "https://a.test/x?utm_source=feed&id=1"),
            (line!(), "/%7euser/%c3%a9/100%", "https://a.test/%7euser/%c3%a9/100%"),
            (line!(), "/s?key=%252fx", "https://a.test/s?key=%252fx"),
            (line!(), "/a b/\u{e9}?q=\u{e9} \"'", "https://a.test/a%20b/%C3%A9?q=%C3%A9%20%22%27"),
            (line!(), "/i;jsessionid=1?x=2", "https://a.test/i;jsessionid=1?x=2"),
            (line!(), "HTTPS://A.Test.:443/./b/../c", "https://a.test/c"),
            (line!(), "\\y\\z", "https://a.test/y/z"),
            (line!(), "//b.test", "https://b.test/"),
        ] {
            assert_eq!(found(raw), expected, "line {line}");
        }
    }

    #[test]
    fn forms_of_one_page_have_one_key() {
        let key = |raw: &str| FoundUrl::parse(raw, Some(&base())).unwrap().key();
        for (line, one, other) in [
            (line!(), "/i?b=2&a=1", "/i?a=1&b=2"),
            (line!(), "/", "/index.php"),
            (line!(), "/q?name=a%20b", "/q?name=a+b"),
            (line!(), "/x?", "/x"),
            (line!(), "/x?id=1&utm_source=feed", "/x?id=1"),
            (line!(), "/%7eme", "/~me"),
            (line!(), "/i;jsessionid=1?x=2", "/i?x=2"),
        ] {
            assert_eq!(key(one), key(other), "line {line}");
            assert_ne!(found(one), found(other), "line {line}");
        }
        assert!(FoundUrl::parse("https://a.test/i?a=1", None).unwrap().is_canonical());
        assert!(!FoundUrl::parse("https://a.test/i?b=1&a=1", None).unwrap().is_canonical());
    }

    #[test]
    fn a_query_is_written_in_the_encoding_of_its_page() {
        let linked = |raw: &str, label: &str| {
            let encoding = encoding_rs::Encoding::for_label(label.as_bytes());
            String::from(FoundUrl::linked(raw, &base(), encoding).unwrap())
        };
        for (line, label, raw, expected) in [
            (line!(), "gbk", "/s?q=\u{4f60}&x=1", "https://a.test/s?q=%C4%E3&x=1"),
            (line!(), "gbk", "/\u{4f60}", "https://a.test/%E4%BD%A0"),
            (line!(), "utf-8", "/s?q=\u{4f60}", "https://a.test/s?q=%E4%BD%A0"),
            (line!(), "utf-16le", "/s?q=\u{4f60}", "https://a.test/s?q=%E4%BD%A0"),
            (line!(), "windows-1251", "/s?q=\u{442} \u{442}", "https://a.test/s?q=%F2%20%F2"),
            (line!(), "windows-1252", "/s?q=\u{442}e&x", "https://a.test/s?q=%26%231090%3Be&x"),
            (line!(), "shift_jis", "/s?q=%83%65", "https://a.test/s?q=%83%65"),
            (line!(), "iso-2022-jp", "/s?q=\u{3042}", "https://a.test/s?q=%1B$B$%22%1B(B"),
        ] {
            assert_eq!(linked(raw, label), expected, "line {line}");
        }
    }

    #[test]
    fn slashes_beyond_two_before_a_host_are_ignored() {
        for (raw, expected) in [
            ("///b.test/x", "https://b.test/x"),
            ("/\\//b.test///x", "https://b.test///x"),
            ("//b.test/x", "https://b.test/x"),
            ("https:///b.test/x", "https://b.test/x"),
            ("/b.test", "https://a.test/b.test"),
        ] {
            assert_eq!(String::from(FoundUrl::linked(raw, &base(), None).unwrap()), expected, "{raw}");
        }
        assert!(FoundUrl::linked("///", &base(), None).is_err());
    }

    #[test]
    fn a_link_carries_nothing_of_a_visit_and_a_redirect_may() {
        for (line, raw, expected) in [
            (line!(), "/i;jsessionid=E46.tpd_2?p=v", "https://a.test/i?p=v"),
            (line!(), "/a;JSessionID=1/b;color=red", "https://a.test/a/b;color=red"),
            (line!(), "/i?b=1&PHPSESSID=abc&a=%20", "https://a.test/i?b=1&a=%20"),
            (line!(), "/i?phpsessid=abc", "https://a.test/i"),
            (line!(), "/i?z=1&utm_source=feed&UTM_x&gclid=1&at=2", "https://a.test/i?z=1&at=2"),
            (line!(), "/i?sid=12&scm", "https://a.test/i?sid=12"),
            (line!(), "/i?a=1&sid=f3a99c71", "https://a.test/i?a=1"),
        ] {
            assert_eq!(String::from(FoundUrl::linked(raw, &base(), None).unwrap()), expected, "line {line}");
            assert!(found(raw).contains(raw), "line {line}");
            let target =
                |from: &str| String::from(FoundUrl::redirected(raw, &FoundUrl::parse(from, None).unwrap()).unwrap());
            assert_eq!(target("https://a.test/elsewhere"), expected, "line {line}");
            assert_eq!(target(expected), found(raw), "line {line}: the server insists");
        }
    }

    #[test]
    fn one_parameter_less_in_the_order_found() {
        let url = FoundUrl::parse("https://a.test/i?z=3&r%65f=x&id=%20&ref=y", None).unwrap();
        assert_eq!(url.without_parameter("ref").unwrap().as_str(), "https://a.test/i?z=3&id=%20");
        assert_eq!(url.without_parameter("re"), None);
        let only = FoundUrl::parse("https://a.test/i?ref=x", None).unwrap();
        assert_eq!(only.without_parameter("ref").unwrap().as_str(), "https://a.test/i");
    }

    proptest! {
        #[test]
        fn its_text_reads_back_as_the_same_address(text in "(https?://[a-z.]{1,8})?[/?#;=&%+a-zA-Z0-9 .\u{e9}\u{4f60}()'\"\\\\|-]{0,40}") {
            if let Ok(url) = FoundUrl::parse(&text, Some(&base())) {
                prop_assert_eq!(FoundUrl::parse(url.as_str(), None), Ok(url.clone()));
                let canonical = CanonicalUrl::parse(url.as_str(), None);
                prop_assert_eq!(canonical.as_ref(), Ok(url.canonical()));
            }
            if let Ok(url) = FoundUrl::linked(&text, &base(), Some(encoding_rs::GBK)) {
                prop_assert_eq!(FoundUrl::parse(url.as_str(), None), Ok(url));
            }
        }
    }
}
