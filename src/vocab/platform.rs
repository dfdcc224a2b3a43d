//! A platform and the agreement under which it is visited, as the validated form of `seeds/<id>.toml`.

use std::net::IpAddr;
use std::time::Duration;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::vocab::found::FoundUrl;
use crate::vocab::ids::{MandateId, PlatformId};
use crate::vocab::time::Timestamp;

/// One platform that cooperates. Built by `config`, never changed afterwards.
#[derive(Debug, Clone)]
pub struct Platform {
    /// Id, equal to the file's name.
    pub id: PlatformId,
    /// Display name.
    pub name: String,
    /// What kind of site it is.
    pub kind: PlatformKind,
    /// Scope: exact hosts or `*.` wildcards.
    pub hosts: Vec<HostPattern>,
    /// ISO 3166-1 alpha-2, upper case.
    pub country: Option<String>,
    /// BCP 47 languages expected.
    pub languages: Vec<String>,
    /// The legal side.
    pub agreement: Agreement,
    /// How it is crawled.
    pub crawl: CrawlPolicy,
    /// Where its listings say what, in CSS selectors.
    pub listing: Option<ListingSelectors>,
    /// How referrals reach it.
    pub referral: ReferralPolicy,
    /// When it is scanned without being told.
    pub schedule: Option<Schedule>,
}

/// What kind of site a platform is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PlatformKind {
    /// Business-to-business trading site.
    B2b,
    /// Consumer marketplace.
    Marketplace,
    /// Classified advertisements.
    Classifieds,
    /// Social network.
    Social,
    /// Forum.
    Forum,
}

/// One host of the scope. Without a port it matches any port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPattern {
    /// Lower-case host, without the leading `*.` of a wildcard.
    pub host: String,
    /// `*.example.test`: any host below `host`, not `host` itself.
    pub wildcard: bool,
    /// Only this port, if given.
    pub port: Option<u16>,
}

impl std::fmt::Display for HostPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", if self.wildcard { "*." } else { "" }, self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl HostPattern {
    /// Whether `url`'s host (and port, if the pattern has one) matches.
    pub fn matches(&self, url: &FoundUrl) -> bool {
        let url = url.canonical().as_url();
        let Some(host) = url.host_str() else { return false };
        let port_agrees = self.port.is_none_or(|port| url.port_or_known_default() == Some(port));
        let host_agrees = if self.wildcard {
            host.strip_suffix(self.host.as_str()).is_some_and(|head| head.len() > 1 && head.ends_with('.'))
        } else {
            host == self.host
        };
        port_agrees && host_agrees
    }
}

/// The agreement under which a platform is visited.
#[derive(Debug, Clone)]
pub struct Agreement {
    /// What it rests on.
    pub basis: Basis,
    /// Its reference, e.g. `MoU 2026/014`.
    pub reference: String,
    /// The authority that is party to it.
    pub authority: String,
    /// First day in force (UTC).
    pub valid_from: Date,
    /// Last day in force (UTC).
    pub valid_until: Date,
    /// The platform's contact for it.
    pub contact: String,
    /// What its data may be used for.
    pub uses: Vec<Use>,
}

/// An agreement that ends within this many days is worth a warning.
const RENEWAL_NOTICE_DAYS: i64 = 30;

/// Whether an agreement that is in force today ends soon.
pub fn ends_soon(valid_until: Date, today: Date) -> bool {
    valid_until >= today && today.until(valid_until).is_ok_and(|left| i64::from(left.get_days()) <= RENEWAL_NOTICE_DAYS)
}

/// What the data of an agreement may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Use {
    /// Referrals to the platform itself.
    Referral,
    /// The archive for researchers.
    Research,
    /// Showing what sellers do on several platforms.
    Linking,
    /// Notifications to the international incident systems.
    Incident,
    /// Rows for training detection.
    Training,
    /// Drafts to another authority where the platform does not act.
    Escalation,
}

impl Use {
    /// All uses.
    pub const ALL: [Use; 6] =
        [Use::Referral, Use::Research, Use::Linking, Use::Incident, Use::Training, Use::Escalation];

    /// The name used in every interface.
    pub fn name(self) -> &'static str {
        match self {
            Use::Referral => "referral",
            Use::Research => "research",
            Use::Linking => "linking",
            Use::Incident => "incident",
            Use::Training => "training",
            Use::Escalation => "escalation",
        }
    }
}

impl Agreement {
    /// Whether its data may be used so.
    pub fn allows(&self, wanted: Use) -> bool {
        self.uses.contains(&wanted)
    }

    /// Whether the agreement is in force at `now`.
    pub fn in_force(&self, now: Timestamp) -> bool {
        (self.valid_from..=self.valid_until).contains(&now.date())
    }
}

/// What an agreement rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = AgreementBasis)]
pub enum Basis {
    /// A memorandum between platform and authority.
    Memorandum,
    /// The platform's published terms permit it.
    PlatformTerms,
    /// A legal order.
    LegalOrder,
    /// The operator scans a site of its own.
    OwnSite,
}

/// How a platform is crawled.
#[derive(Debug, Clone)]
pub struct CrawlPolicy {
    /// Seeds.
    pub start: Vec<FoundUrl>,
    /// Which sitemaps are read.
    pub sitemaps: SitemapPolicy,
    /// RSS, Atom, JSON Feed and product feeds.
    pub feeds: Vec<FoundUrl>,
    /// Path globs that are in scope.
    pub include: PathGlobs,
    /// Path globs that are out of scope; they win over `include`.
    pub exclude: PathGlobs,
    /// Upper bound of the pace per host.
    pub rate: Rate,
    /// Requests in flight per host, at least 1.
    pub concurrency: usize,
    /// Pages a scan may fetch.
    pub max_pages: u64,
    /// Links followed from a seed.
    pub max_depth: u32,
    /// How long a page counts as fresh.
    pub revisit: Duration,
    /// Private ranges this platform may live in (own-site agreements only).
    pub private_addresses: Vec<IpRange>,
}

/// Path globs (`/**`, `/product/*`), matched against a URL's path.
#[derive(Debug, Clone)]
pub struct PathGlobs {
    raw: Vec<String>,
    set: globset::GlobSet,
}

impl PathGlobs {
    /// Compiles the globs. `*` stays within one path segment, `**` crosses them.
    ///
    /// # Errors
    /// The first glob that is malformed, with the reason.
    pub fn parse(raw: &[String]) -> Result<Self, globset::Error> {
        let mut set = globset::GlobSetBuilder::new();
        for text in raw {
            set.add(globset::GlobBuilder::new(text).literal_separator(true).build()?);
        }
        Ok(PathGlobs { raw: raw.to_vec(), set: set.build()? })
    }

    /// Whether any glob matches `path`.
    pub fn matches(&self, path: &str) -> bool {
        self.set.is_match(path)
    }

    /// The globs as written.
    pub fn as_written(&self) -> &[String] {
        &self.raw
    }
}

/// Which sitemaps are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SitemapPolicy {
    /// Those robots.txt names.
    Robots,
    /// None.
    None,
    /// Exactly these.
    List(Vec<FoundUrl>),
}

/// Upper bound of requests per host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// No pace at all; own-site agreements only.
    Unlimited,
    /// At most one request per this period.
    Every(Duration),
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Rate::Unlimited => f.write_str("unlimited"),
            Rate::Every(period) if !period.is_zero() => write!(f, "{:.0}/min", 60.0 / period.as_secs_f64()),
            Rate::Every(_) => f.write_str("unlimited"),
        }
    }
}

/// A range of IP addresses, `127.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IpRange {
    base: IpAddr,
    prefix_bits: u8,
}

impl IpRange {
    /// Parses `address/bits`; a bare address is a range of one.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().ok()?)),
            None => (text, None),
        };
        let base: IpAddr = address.parse().ok()?;
        let width = if base.is_ipv4() { 32 } else { 128 };
        let prefix_bits = bits.unwrap_or(width);
        (prefix_bits <= width).then_some(IpRange { base, prefix_bits })
    }

    /// Whether `address` lies in the range.
    pub fn contains(&self, address: IpAddr) -> bool {
        fn same(a: u128, b: u128, width: u32, bits: u8) -> bool {
            let shift = width - u32::from(bits);
            shift >= 128 || (a >> shift) == (b >> shift)
        }
        match (self.base, address) {
            (IpAddr::V4(a), IpAddr::V4(b)) => same(u32::from(a).into(), u32::from(b).into(), 32, self.prefix_bits),
            (IpAddr::V6(a), IpAddr::V6(b)) => same(a.into(), b.into(), 128, self.prefix_bits),
            _ => false,
        }
    }
}

/// Where a platform's listing pages say what, in CSS selectors.
#[derive(Debug, Clone)]
pub struct ListingSelectors {
    /// Path globs of listing pages.
    pub pages: PathGlobs,
    /// Title.
    pub title: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// Price.
    pub price: Option<String>,
    /// Seller.
    pub seller: Option<String>,
}

/// How referrals reach a platform.
#[derive(Debug, Clone)]
pub struct ReferralPolicy {
    /// In what ways it receives them.
    pub channels: Vec<Channel>,
    /// Where webhooks go.
    pub webhook: Option<String>,
    /// Where e-mail goes.
    pub email: Option<String>,
    /// BCP 47 language of notices.
    pub language: String,
    /// Jurisdictions whose controls are cited, most general first.
    pub jurisdictions: Vec<String>,
    /// Who approves.
    pub approval: Approval,
    /// How long after a removal answer, or a sent notice, we look again.
    pub recheck: Duration,
    /// How long we wait for an answer before the notice is repeated.
    pub renotice: Duration,
    /// Cases opened in an hour at most; more wait.
    pub cases_per_hour: u32,
}

/// Cases of a platform opened in an hour at most, where its file says nothing.
pub const CASES_PER_HOUR: u32 = 1000;

/// A way referrals reach a platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// The platform pulls a feed.
    Feed,
    /// We call its webhook.
    Webhook,
    /// We write an e-mail.
    Email,
}

/// Who approves a referral.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Approval {
    /// A person, one by one.
    Person,
    /// The platform agreed that `refer` verdicts go out by themselves.
    Automatic,
}

/// When a platform is scanned without being told.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Cron expression, UTC.
    pub cron: String,
    /// The mandate the scheduled scan runs under.
    pub mandate: Option<MandateId>,
}

/// Why a URL is outside a platform's scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutOfScope {
    /// The host is not one of the platform's.
    Host,
    /// No `include` glob matches, or an `exclude` glob does.
    Path,
}

impl Platform {
    /// Whether `url` lies within the agreement's scope.
    ///
    /// # Errors
    /// Which part of the scope excludes it.
    pub fn in_scope(&self, url: &FoundUrl) -> Result<(), OutOfScope> {
        if !self.has_host_of(url) {
            return Err(OutOfScope::Host);
        }
        // A site may serve a page under either form of its path; both must be within what was agreed.
        let (found, canonical) = (url.as_url().path(), url.canonical().as_url().path());
        if !self.has_in_scope(found) || (found != canonical && !self.has_in_scope(canonical)) {
            return Err(OutOfScope::Path);
        }
        Ok(())
    }

    /// Whether the host of an address is the platform's.
    pub fn has_host_of(&self, url: &FoundUrl) -> bool {
        self.hosts.iter().any(|pattern| pattern.matches(url))
    }

    /// Whether a path, as a server is asked for it, is within what was agreed.
    pub fn has_in_scope(&self, path: &str) -> bool {
        self.crawl.include.matches(path) && !self.crawl.exclude.matches(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> FoundUrl {
        FoundUrl::parse(text, None).unwrap()
    }

    #[test]
    fn host_patterns_match_whole_labels() {
        let exact = HostPattern { host: "www.example.test".into(), wildcard: false, port: None };
        let wild = HostPattern { host: "example.test".into(), wildcard: true, port: Some(8443) };
        assert!(exact.matches(&url("http://www.example.test:81/")));
        assert!(!exact.matches(&url("http://evilwww.example.test/")));
        assert!(wild.matches(&url("https://a.b.example.test:8443/")));
        for no in ["https://example.test:8443/", "https://badexample.test:8443/", "https://a.example.test/"] {
            assert!(!wild.matches(&url(no)), "{no}");
        }
    }

    #[test]
    fn ip_ranges_compare_their_prefix_only() {
        let loopback = IpRange::parse("127.0.0.0/8").unwrap();
        assert!(loopback.contains("127.9.9.9".parse().unwrap()));
        assert!(!loopback.contains("128.0.0.1".parse().unwrap()));
        assert!(!loopback.contains("::1".parse().unwrap()));
        assert!(IpRange::parse("0.0.0.0/0").unwrap().contains("8.8.8.8".parse().unwrap()));
        assert!(IpRange::parse("::/0").unwrap().contains("fe80::1".parse().unwrap()));
        assert!(IpRange::parse("1.2.3.4/33").is_none());
    }

    #[test]
    fn path_globs_keep_a_star_within_a_segment() {
        let globs = PathGlobs::parse(&["/product/*".into(), "/a/**".into()]).unwrap();
        assert!(globs.matches("/product/7"));
        assert!(!globs.matches("/product/7/reviews"));
        assert!(globs.matches("/a/b/c"));
    }
}
