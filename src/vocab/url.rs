//! One form per page, and the host politeness is owed to.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

/// Longest URL we keep, in bytes; longer ones are traps or mistakes (the sitemap protocol stops at 2,048 too).
pub const URL_LIMIT_BYTES: usize = 2048;

/// Absolute http(s) URL in canonical form: equal pages compare equal, and there is always a host.
///
/// Canonical means: lower-case scheme and host, IDN as punycode, no default port, no dot segments, no userinfo, no fragment,
/// percent-encoding in one form, tracking and session parameters dropped, the remaining query sorted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CanonicalUrl(Url);

/// Why a text is not a URL we would visit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
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
    /// A user name or password in the URL.
    #[error("a user name or password in a URL is refused")]
    Userinfo,
    /// Longer than [`URL_LIMIT_BYTES`].
    #[error("URL of {0} bytes passes the limit of {URL_LIMIT_BYTES}")]
    TooLong(usize),
}

impl CanonicalUrl {
    /// Parses and canonicalises `raw`, resolved against `base` where one is given.
    ///
    /// # Errors
    /// When the text is no URL, is not http(s), has no host, carries userinfo, or is too long.
    pub fn parse(raw: &str, base: Option<&CanonicalUrl>) -> Result<Self, UrlError> {
        let raw = raw.trim();
        if raw.len() > 4 * URL_LIMIT_BYTES {
            return Err(UrlError::TooLong(raw.len()));
        }
        let shown = || raw.chars().take(120).collect::<String>();
        let mut url = match base {
            Some(base) => base.0.join(raw),
            None => Url::parse(raw),
        }
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
        canonical_query(&mut url);
        if url.as_str().len() > URL_LIMIT_BYTES {
            return Err(UrlError::TooLong(url.as_str().len()));
        }
        Ok(CanonicalUrl(url))
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

fn canonical_query(url: &mut Url) {
    if url.query().is_none() {
        return;
    }
    let mut pairs: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| !is_tracking(name))
        .map(|(k, v)| (k.into_owned(), v.into_owned()))
        .collect();
    pairs.sort();
    if pairs.is_empty() {
        url.set_query(None);
    } else {
        url.query_pairs_mut().clear().extend_pairs(pairs);
    }
}

fn is_tracking(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("utm_")
        || matches!(name.as_str(), "gclid" | "fbclid" | "sid" | "sessionid" | "phpsessid" | "jsessionid")
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
