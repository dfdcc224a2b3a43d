//! One form per page, and the host politeness is owed to.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::vocab::canonical;
use crate::vocab::terms::Reason;

/// Longest URL we keep, in bytes; longer ones are traps or mistakes (the sitemap protocol stops at 2,048 too).
pub const URL_LIMIT_BYTES: usize = 2048;

/// Absolute http(s) URL in canonical form: equal pages compare equal, and there is always a host.
///
/// Canonical means: lower-case scheme and host without a final dot, IDN as punycode, no default port, no dot segments, no
/// userinfo, no fragment, percent-encoding in one form, no default document (`index.html`), tracking and session parameters
/// dropped, the remaining query sorted, each pair once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CanonicalUrl(Url);

/// Why a text is not a URL we would visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum UrlError {
    /// Not a URL at all, or relative without a base.
    #[error("`{0}` is not an absolute URL")]
    Malformed(String),
    /// A scheme that is not http or https.
    #[error("scheme `{0}` is not http or https")]
    Scheme(String),
    /// The URL has no host.
    #[error("`{0}` has no host")]
    NoHost(String),
    /// A control character, as it stands or as an escape.
    #[error("a control character in a URL is refused")]
    ControlCharacter,
    /// A user name or password in the URL.
    #[error("a user name or password in a URL is refused")]
    Userinfo,
    /// Longer than [`URL_LIMIT_BYTES`].
    #[error("URL of {0} bytes passes the limit of {URL_LIMIT_BYTES}")]
    TooLong(usize),
}

impl UrlError {
    /// Name of the reason in the coverage statement; `None` for what leads to no page at all (`mailto:`, `javascript:`).
    pub fn reason(&self) -> Option<Reason> {
        match self {
            UrlError::Scheme(_) => None,
            UrlError::Malformed(_) | UrlError::NoHost(_) => Some(Reason::LinkMalformed),
            UrlError::ControlCharacter => Some(Reason::LinkControlCharacter),
            UrlError::Userinfo => Some(Reason::LinkUserinfo),
            UrlError::TooLong(_) => Some(Reason::LinkTooLong),
        }
    }
}

impl CanonicalUrl {
    /// Parses and canonicalises `raw`, resolved against `base` where one is given.
    ///
    /// # Errors
    /// When the text is no URL, is not http(s), has no host, carries userinfo or control characters, or is too long.
    pub fn parse(raw: &str, base: Option<&CanonicalUrl>) -> Result<Self, UrlError> {
        CanonicalUrl::of(resolve(raw, base.map(|base| &base.0), None)?)
    }

    /// The canonical form of an address that [`resolve`] accepted.
    pub(super) fn of(mut url: Url) -> Result<Self, UrlError> {
        if let Some(path) = canonical::path(url.path()) {
            url.set_path(&path);
        }
        if let Some(query) = url.query() {
            let canonical = canonical::query(query);
            if canonical.as_deref() != Some(query) {
                url.set_query(canonical.as_deref());
            }
        }
        if url.as_str().len() > URL_LIMIT_BYTES {
            return Err(UrlError::TooLong(url.as_str().len()));
        }
        Ok(CanonicalUrl(url))
    }

    /// The same without the query parameter `name`; `None` when it has none of that name.
    #[must_use]
    pub fn without_parameter(&self, name: &str) -> Option<CanonicalUrl> {
        let query = self.0.query()?;
        let of = |pair: &&str| pair.split('=').next() != Some(name);
        let kept: Vec<&str> = query.split('&').filter(of).collect();
        if kept.len() == query.split('&').count() {
            return None;
        }
        let mut url = self.0.clone();
        url.set_query((!kept.is_empty()).then(|| kept.join("&")).as_deref());
        Some(CanonicalUrl(url))
    }

    /// The query's parameters as written, name and value.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.0.query().into_iter().flat_map(|query| query.split('&'));
        pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")))
    }

    /// The URL as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The parsed URL.
    pub fn as_url(&self) -> &Url {
        &self.0
    }

    /// The authority politeness is owed to; infallible because `parse` refused the rest.
    pub fn host(&self) -> HostKey {
        let host = self.0.host_str().unwrap_or_default();
        match self.0.port() {
            Some(port) => HostKey(format!("{}://{host}:{port}", self.0.scheme())),
            None => HostKey(format!("{}://{host}", self.0.scheme())),
        }
    }

    /// Path and query, as a request line and robots rules see it.
    pub fn path_and_query(&self) -> &str {
        &self.0.as_str()[self.0[..url::Position::BeforePath].len()..]
    }

    /// 128-bit key of this URL (xxh3 of its text), stable across versions.
    pub fn key(&self) -> u128 {
        xxhash_rust::xxh3::xxh3_128(self.0.as_str().as_bytes())
    }
}

/// An absolute address as a browser would request it: resolved, without fragment, without the final dot of its host,
/// encoded by the URL standard, its query in `encoding` where the document has another than UTF-8.
///
/// # Errors
/// When the text is no URL, is not http(s), has no host, carries userinfo or control characters, or is too long.
pub(super) fn resolve(
    raw: &str,
    base: Option<&Url>,
    encoding: Option<&'static encoding_rs::Encoding>,
) -> Result<Url, UrlError> {
    let raw = raw.trim();
    // The URL standard drops tabs and line breaks, as browsers do; other control characters are no mistake of layout.
    if raw.bytes().any(|byte| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\r' | b'\n')) {
        return Err(UrlError::ControlCharacter);
    }
    if raw.len() > 4 * URL_LIMIT_BYTES {
        return Err(UrlError::TooLong(raw.len()));
    }
    let shown = || raw.chars().take(120).collect::<String>();
    let in_charset = in_charset(encoding.unwrap_or(encoding_rs::UTF_8));
    let mut url = Url::options()
        .base_url(base)
        .encoding_override(encoding.is_some().then_some(&in_charset))
        .parse(&with_two_slashes(raw))
        .map_err(|_| UrlError::Malformed(shown()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(UrlError::Scheme(url.scheme().to_owned()));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(UrlError::NoHost(shown()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UrlError::Userinfo);
    }
    url.set_fragment(None);
    if canonical::has_control(url.path()) || url.query().is_some_and(canonical::has_control) {
        return Err(UrlError::ControlCharacter);
    }
    if let Some(host) = url.host_str().filter(|host| host.ends_with('.')) {
        let host = host.trim_end_matches('.').to_owned();
        url.set_host(Some(&host)).map_err(|_| UrlError::NoHost(shown()))?;
    }
    if url.as_str().len() > URL_LIMIT_BYTES {
        return Err(UrlError::TooLong(url.as_str().len()));
    }
    Ok(url)
}

/// An address that begins with more than two slashes begins with two (URL standard, "special authority ignore slashes
/// state"); the parser takes it for one without a host.
fn with_two_slashes(raw: &str) -> Cow<'_, str> {
    let rest = raw.trim_start_matches(['/', '\\']);
    if raw.len() - rest.len() > 2 { Cow::Owned(format!("//{rest}")) } else { Cow::Borrowed(raw) }
}

fn in_charset(encoding: &'static encoding_rs::Encoding) -> impl for<'a> Fn(&'a str) -> Cow<'a, [u8]> {
    move |query| query_bytes(query, encoding)
}

/// The bytes of a query in an encoding; what it lacks is written as an escaped character reference, as the URL standard
/// asks (`&#8364;` as `%26%238364%3B`).
fn query_bytes<'a>(query: &'a str, encoding: &'static encoding_rs::Encoding) -> Cow<'a, [u8]> {
    let encoding = encoding.output_encoding();
    if encoding == encoding_rs::UTF_8 || query.is_ascii() {
        return Cow::Borrowed(query.as_bytes());
    }
    let mut encoder = encoding.new_encoder();
    let (mut rest, mut bytes) = (query, Vec::with_capacity(query.len() + 16));
    loop {
        bytes.reserve(encoder.max_buffer_length_from_utf8_without_replacement(rest.len()).unwrap_or(rest.len()) + 16);
        let (result, read) = encoder.encode_from_utf8_to_vec_without_replacement(rest, &mut bytes, true);
        rest = &rest[read..];
        match result {
            encoding_rs::EncoderResult::InputEmpty => return Cow::Owned(bytes),
            encoding_rs::EncoderResult::OutputFull => {}
            encoding_rs::EncoderResult::Unmappable(character) => {
                bytes.extend_from_slice(format!("%26%23{}%3B", u32::from(character)).as_bytes());
            }
        }
    }
}

impl fmt::Display for CanonicalUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for CanonicalUrl {
    type Error = UrlError;
    fn try_from(text: String) -> Result<Self, UrlError> {
        CanonicalUrl::parse(&text, None)
    }
}

impl From<CanonicalUrl> for String {
    fn from(url: CanonicalUrl) -> String {
        url.0.into()
    }
}

/// Scheme, host and port (unless default): `https://www.example.test`, the unit of robots.txt and of politeness.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct HostKey(String);

impl HostKey {
    /// The host key as text, e.g. `http://127.0.0.1:8400`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn canonical(text: &str) -> String {
        CanonicalUrl::parse(text, None).map_or_else(|error| error.to_string(), String::from)
    }

    #[test]
    fn one_form_a_page() {
        for (line, text, expected) in [
            (line!(), "HTTP://Shop.Example.TEST:80", "http://shop.example.test/"),
            (line!(), "https://shop.example.test.:443/a/./b/../c#part", "https://shop.example.test/a/c"),
            (line!(), "https://shop.example.test../a", "https://shop.example.test/a"),
            (line!(), "https://b\u{fc}cher.example.test/", "https://xn--bcher-kva.example.test/"),
            (line!(), "https://xn--bcher-kva.example.test/", "https://xn--bcher-kva.example.test/"),
            (line!(), "https://a.test/%7euser/%41%2f%c3%a9", "https://a.test/~user/A%2F%C3%A9"),
            (line!(), "https://a.test/\u{e9}", "https://a.test/%C3%A9"),
            (line!(), "https://a.test/100%", "https://a.test/100%25"),
            (line!(), "https://a.test/%%36%31", "https://a.test/%2561"),
            (line!(), "https://a.test/shop/index.html", "https://a.test/shop/"),
            (line!(), "https://a.test/Index.PHP?id=3", "https://a.test/?id=3"),
            (line!(), "https://a.test/default.aspx", "https://a.test/"),
            (line!(), "https://a.test/index.html/x", "https://a.test/index.html/x"),
            (line!(), "https://a.test/item;jsessionid=1A2B3C?x=1", "https://a.test/item?x=1"),
            (line!(), "https://a.test/item;color=red", "https://a.test/item;color=red"),
            (line!(), "https://a.test/(S(lit3py55t21z5v55vlm25s55))/cart.aspx", "https://a.test/cart.aspx"),
            (line!(), "https://a.test/(about)", "https://a.test/(about)"),
            (line!(), "https://a.test/?utm_source=x&UTM_medium=y&gclid=1&PHPSESSID=z", "https://a.test/"),
            (line!(), "https://a.test/?b=2&a=1&b=2&&b=1", "https://a.test/?a=1&b=1&b=2"),
            (line!(), "https://a.test/?q=a%20b&r=a+b&s=%7e%2C,", "https://a.test/?q=a+b&r=a+b&s=~,,"),
            (line!(), "https://a.test/?q=%C4%E3", "https://a.test/?q=%C4%E3"),
            (
                line!(),
                "https://a.test/?u=http%3a//b.test/%3fx%3d1&v[]=%2b",
                "https://a.test/?u=http://b.test/?x%3D1&v[]=%2B",
            ),
            (line!(), "https://a.test/?flag", "https://a.test/?flag"),
            (line!(), "https://a.test/?empty=", "https://a.test/?empty="),
            (line!(), "https://a.test/?", "https://a.test/"),
            (line!(), "https://a.test/?sid=12", "https://a.test/?sid=12"),
            (line!(), "https://a.test/?sid=f3a99c71", "https://a.test/"),
            (line!(), "https://a.test/?sid=0123456789012345", "https://a.test/"),
            (line!(), " https://a.test/a\n b ", "https://a.test/a%20b"),
        ] {
            assert_eq!(canonical(text), expected, "line {line}");
        }
    }

    #[test]
    fn what_is_refused_has_a_name() {
        let long = format!("https://a.test/{}", "x".repeat(3000));
        for (text, reason) in [
            ("https://user@a.test/", Some(Reason::LinkUserinfo)),
            ("https://user:pass@a.test/", Some(Reason::LinkUserinfo)),
            ("https://a.test/x%00y", Some(Reason::LinkControlCharacter)),
            ("https://a.test/x?y=%0d%0aset-cookie:", Some(Reason::LinkControlCharacter)),
            ("https://a.test/x\u{1}y", Some(Reason::LinkControlCharacter)),
            ("https://a.test/\u{7f}", Some(Reason::LinkControlCharacter)),
            ("mailto:a@b.example.test", None),
            ("javascript:alert(1)", None),
            ("http://", Some(Reason::LinkMalformed)),
            ("https://../a", Some(Reason::LinkMalformed)),
            (long.as_str(), Some(Reason::LinkTooLong)),
        ] {
            let error = CanonicalUrl::parse(text, None).unwrap_err();
            assert_eq!(error.reason(), reason, "{text}: {error}");
        }
    }

    #[test]
    fn one_parameter_less() {
        let url = CanonicalUrl::parse("https://a.test/i?id=3&ref=x&ref=y&refer=z", None).unwrap();
        assert_eq!(url.without_parameter("ref").unwrap().as_str(), "https://a.test/i?id=3&refer=z");
        assert_eq!(url.without_parameter("no"), None);
        let only = CanonicalUrl::parse("https://a.test/i?ref=x", None).unwrap();
        assert_eq!(only.without_parameter("ref").unwrap().as_str(), "https://a.test/i");
    }

    proptest! {
        #[test]
        fn canonicalising_twice_changes_nothing(
            path in "(/|[a-zA-Z0-9;=().%_~-]|%[0-9a-fA-F]{2}|index\\.html|;jsessionid=1|\\.\\.|\u{e9}){0,24}",
            query in "([a-z=&+%;,\\[\\]]|%[0-9a-fA-F]{2}|utm_x=|sid=|\u{e9}){0,24}",
        ) {
            if let Ok(url) = CanonicalUrl::parse(&format!("https://A.example.test./{path}?{query}"), None) {
                let again = CanonicalUrl::parse(url.as_str(), None);
                prop_assert_eq!(again.as_ref().map(CanonicalUrl::as_str), Ok(url.as_str()));
                for (name, _) in url.parameters() {
                    let less = url.without_parameter(name).unwrap();
                    prop_assert_eq!(CanonicalUrl::parse(less.as_str(), None), Ok(less.clone()));
                }
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "(?s).{0,100}") {
            if let Ok(url) = CanonicalUrl::parse(&text, None) {
                prop_assert_eq!(CanonicalUrl::parse(url.as_str(), None), Ok(url));
            }
        }
    }
}
