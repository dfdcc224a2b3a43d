//! `listingwatch.toml` → [`Settings`]. Every key has a default that works for the demo.

use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::config::forms;
use crate::config::keys;
use crate::config::problem::Problem;
use crate::config::reader::{Document, Section, Wrong};
use crate::config::units;
use crate::vocab::limits::Limits;

const DAY: Duration = Duration::from_secs(86_400);

/// Everything that is set for an installation as a whole.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings {
    /// Where the hub listens and how others reach it.
    pub hub: Hub,
    /// Who signs notices; `None` until set, and then no notice is sent.
    pub sender: Option<Sender>,
    /// What reports say of the sender.
    pub report: Report,
    /// How the crawler introduces itself.
    pub crawler: Crawler,
    /// Where e-mail goes out; `None` until set, and then no e-mail is sent.
    pub smtp: Option<Smtp>,
    /// Which pages are kept.
    pub evidence: Evidence,
    /// How long each class of data is kept.
    pub privacy: Privacy,
    /// Who timestamps the audit log and evidence; `None` until set, and then the hub's own signature stands alone.
    pub timestamps: Option<Timestamps>,
    /// The distributed engine.
    pub cluster: Cluster,
    /// Caps against hostile or broken input.
    pub limits: Limits,
}

/// `[hub]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hub {
    /// Address in links of notices and feeds, without a slash at the end.
    pub public_url: Option<String>,
    /// Address to listen on.
    pub listen: SocketAddr,
}

/// `[sender]`: who signs notices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// Name of the authority or service.
    pub name: String,
    /// Postal address.
    pub address: String,
    /// E-mail address for questions and answers.
    pub contact: String,
}

/// `[report]`: what the yearly report says of the sender besides its name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// The procedures that keep the sender independent of providers.
    pub independence: Option<String>,
    /// Who awarded the sender its status, and for what.
    pub designation: Option<String>,
}

/// `[crawler]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Crawler {
    /// Page or mailbox that stands in the User-Agent; `None` means the hub's `/about-crawler`.
    pub contact_url: Option<String>,
}

/// `[timestamps]`: a trusted authority after RFC 3161.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timestamps {
    /// Where it is asked.
    pub authority: String,
    /// File of the certificates it is believed by, in PEM.
    pub roots: PathBuf,
    /// How often it is asked.
    pub every: Duration,
}

/// `[smtp]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Smtp {
    /// `smtps://user:password@host:465` or `smtp://host:25?tls=required`.
    pub url: SecretUrl,
    /// Address mail comes from.
    pub from: String,
}

/// A URL that may hold a password: prints without it.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUrl(Url);

impl SecretUrl {
    /// The whole URL, for the client that connects.
    pub fn expose(&self) -> &Url {
        &self.0
    }
}

impl fmt::Display for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.0.scheme(), self.0.host_str().unwrap_or_default())?;
        self.0.port().map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretUrl({self})")
    }
}

/// `[evidence]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Which pages get WARC records.
    pub keep: Keep,
    /// A WARC file is closed when it reaches this size.
    pub warc_file_bytes: u64,
}

/// Which pages get WARC records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Those that became hits.
    Hits,
    /// Every page.
    All,
}

/// How long one class of data is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// Destroyed this long after it was stored.
    For(Duration),
    /// Kept until somebody erases it.
    Forever,
}

/// `[privacy]`: retention per data class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Privacy {
    /// Captured pages (WARC files): restricted.
    pub captures: Retention,
    /// Sealed personal data (seller names, contacts, payment addresses).
    pub personal_data: Retention,
    /// Hits: what was found, without personal data.
    pub hits: Retention,
    /// Referrals and the platforms' answers.
    pub referrals: Retention,
    /// The audit log.
    pub audit: Retention,
}

/// `[cluster]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// `nats://…` or `tls://…`; `None` means one machine.
    pub url: Option<SecretUrl>,
    /// Credentials file.
    pub credentials: Option<PathBuf>,
    /// Copies of each stream.
    pub replicas: u64,
}

impl Default for Hub {
    fn default() -> Self {
        Hub { public_url: None, listen: SocketAddr::from(([127, 0, 0, 1], 8080)) }
    }
}

impl Default for Evidence {
    fn default() -> Self {
        Evidence { keep: Keep::Hits, warc_file_bytes: 1 << 30 }
    }
}

impl Default for Privacy {
    fn default() -> Self {
        Privacy {
            captures: Retention::For(DAY * 730),
            personal_data: Retention::For(DAY * 180),
            hits: Retention::For(DAY * 1_825),
            referrals: Retention::For(DAY * 1_825),
            audit: Retention::Forever,
        }
    }
}

impl Default for Cluster {
    fn default() -> Self {
        Cluster { url: None, credentials: None, replicas: 3 }
    }
}

/// Parses a settings file. `file_name` is named in problems.
///
/// # Errors
/// Every error of the file at once, in the order of the text.
pub fn parse(file_name: &str, text: &str) -> Result<Settings, Vec<Problem>> {
    let (settings, problems) = examine(file_name, text);
    settings.ok_or_else(|| problems.into_iter().filter(Problem::is_error).collect())
}

/// Parses a settings file and keeps the warnings too. There are settings exactly when no problem is an error.
pub fn examine(file_name: &str, text: &str) -> (Option<Settings>, Vec<Problem>) {
    let document = Document::parse(file_name, text, keys::SETTINGS);
    let settings = read(&document);
    let problems = document.into_problems();
    let right = !problems.iter().any(Problem::is_error);
    (right.then_some(settings), problems)
}

fn read(document: &Document<'_>) -> Settings {
    document.only_known_sections();
    Settings {
        hub: hub(&document.section("hub")),
        sender: sender(&document.section("sender")),
        report: report(&document.section("report")),
        crawler: crawler(&document.section("crawler")),
        smtp: smtp(&document.section("smtp")),
        timestamps: timestamps(&document.section("timestamps")),
        evidence: evidence(&document.section("evidence")),
        privacy: privacy(&document.section("privacy")),
        cluster: cluster(&document.section("cluster")),
        limits: limits(&document.section("limits")),
    }
}

fn hub(section: &Section<'_, '_>) -> Hub {
    let default = Hub::default();
    let public_url = section.text("public_url", |text| Ok(forms::service_url(text)?.trim_end_matches('/').to_owned()));
    let listen = section.text("listen", |text| {
        text.parse::<SocketAddr>().map_err(|_| {
            Wrong::new(format!("`{}` is not an address and port", forms::cut(text))).hint("write `127.0.0.1:8080`")
        })
    });
    section.finish();
    Hub { public_url: public_url.map(|url| url.value), listen: listen.map_or(default.listen, |listen| listen.value) }
}

fn sender(section: &Section<'_, '_>) -> Option<Sender> {
    if !section.present() {
        return None;
    }
    let name = section.required("name", "\"National Drug Control Office\"", forms::words);
    let address = section.required("address", "\"1 Example Street, Example City\"", forms::words);
    let contact = section.required("contact", "\"referrals@authority.example.test\"", forms::email);
    section.finish();
    Some(Sender { name: name?.value, address: address?.value, contact: contact?.value })
}

fn report(section: &Section<'_, '_>) -> Report {
    let independence = section.text("independence", forms::words);
    let designation = section.text("designation", forms::words);
    section.finish();
    Report { independence: independence.map(|text| text.value), designation: designation.map(|text| text.value) }
}

fn crawler(section: &Section<'_, '_>) -> Crawler {
    let contact_url = section.text("contact_url", |text| match text.strip_prefix("mailto:") {
        Some(address) => Ok(format!("mailto:{}", forms::email(address)?)),
        None => forms::service_url(text),
    });
    section.finish();
    Crawler { contact_url: contact_url.map(|url| url.value) }
}

fn smtp(section: &Section<'_, '_>) -> Option<Smtp> {
    if !section.present() {
        return None;
    }
    let url = section.required("url", "\"smtps://user:password@mail.example.test:465\"", |text| {
        secret_url(text, &["smtp", "smtps"])
    });
    let from = section.required("from", "\"referrals@authority.example.test\"", forms::email);
    section.finish();
    Some(Smtp { url: url?.value, from: from?.value })
}

fn timestamps(section: &Section<'_, '_>) -> Option<Timestamps> {
    if !section.present() {
        return None;
    }
    // What it answers is signed, so that it may be asked in clear, as many are.
    let authority = section.required("authority", "\"https://tsa.example.test/\"", forms::timestamp_authority);
    let roots = section.required("roots", "\"tsa-roots.pem\"", |text| Ok(PathBuf::from(forms::words(text)?)));
    let every = span(section, "every", Duration::from_secs(24 * 3600));
    section.finish();
    Some(Timestamps { authority: authority?.value, roots: roots?.value, every })
}

/// Never shows the text: it may hold a password.
fn secret_url(text: &str, schemes: &[&str]) -> Result<SecretUrl, Wrong> {
    let hint =
        || format!("it begins with {}", schemes.iter().map(|s| format!("`{s}://`")).collect::<Vec<_>>().join(" or "));
    let url = Url::parse(text).map_err(|error| Wrong::new(format!("not a URL: {error}")).hint(hint()))?;
    if !schemes.contains(&url.scheme()) {
        return Err(Wrong::new(format!("scheme `{}` is not known here", url.scheme())).hint(hint()));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(Wrong::new("the URL has no host").hint(hint()));
    }
    Ok(SecretUrl(url))
}

fn evidence(section: &Section<'_, '_>) -> Evidence {
    let default = Evidence::default();
    let keep = section.text("keep", |text| match text {
        "hits" => Ok(Keep::Hits),
        "all" => Ok(Keep::All),
        other => Err(Wrong::new(format!("`{}` is not known here", forms::cut(other))).hint("known here: hits, all")),
    });
    let warc_file_bytes = bytes(section, "warc_file", 1 << 20, default.warc_file_bytes);
    section.finish();
    Evidence { keep: keep.map_or(default.keep, |keep| keep.value), warc_file_bytes }
}

fn privacy(section: &Section<'_, '_>) -> Privacy {
    let default = Privacy::default();
    let read = |key, default| {
        let retention = section.text(key, |text| match text {
            "forever" => Ok(Retention::Forever),
            text => match units::duration(text) {
                Ok(duration) if duration >= DAY => Ok(Retention::For(duration)),
                Ok(_) => Err(Wrong::new("less than a day").hint("write at least `1d`")),
                Err(error) => Err(Wrong::from(error).hint("write days, or `forever`")),
            },
        });
        retention.map_or(default, |retention| retention.value)
    };
    let privacy = Privacy {
        captures: read("captures", default.captures),
        personal_data: read("personal_data", default.personal_data),
        hits: read("hits", default.hits),
        referrals: read("referrals", default.referrals),
        audit: read("audit", default.audit),
    };
    section.finish();
    privacy
}

fn cluster(section: &Section<'_, '_>) -> Cluster {
    let default = Cluster::default();
    let url = section.text("url", |text| secret_url(text, &["nats", "tls"]));
    let credentials = section.text("credentials", |text| Ok(PathBuf::from(forms::words(text)?)));
    let replicas = section.number("replicas", 1..6).unwrap_or(default.replicas);
    section.finish();
    Cluster { url: url.map(|url| url.value), credentials: credentials.map(|path| path.value), replicas }
}

fn limits(section: &Section<'_, '_>) -> Limits {
    let default = Limits::default();
    let page_deadline = span(section, "page_deadline", default.page_deadline);
    let limits = Limits {
        body_bytes: memory(section, "body", 1 << 10, default.body_bytes),
        page_deadline,
        head_deadline: page_deadline.min(default.head_deadline),
        connect_deadline: span(section, "connect_deadline", default.connect_deadline),
        parse_deadline: span(section, "parse_deadline", default.parse_deadline),
        redirects: section.number("redirects", 0..21).and_then(|n| n.try_into().ok()).unwrap_or(default.redirects),
        links_per_page: section
            .number("links_per_page", 1..1_000_001)
            .and_then(|n| n.try_into().ok())
            .unwrap_or(default.links_per_page),
        sitemap_bytes: memory(section, "sitemap", 1 << 10, default.sitemap_bytes),
        sitemaps_per_host: section.number("sitemaps_per_host", 0..50_001).unwrap_or(default.sitemaps_per_host),
        filter_bytes: memory(section, "filter", 1 << 16, default.filter_bytes),
        sled_cache_bytes: bytes(section, "sled_cache", 1 << 20, default.sled_cache_bytes),
        listing_bytes: memory(section, "listing", 1 << 10, default.listing_bytes),
        free_disk_bytes: bytes(section, "free_disk", 0, default.free_disk_bytes),
        requests: section.number("requests", 1..10_001).and_then(|n| n.try_into().ok()).unwrap_or(default.requests),
        bodies_bytes: memory(section, "bodies", 1 << 20, default.bodies_bytes),
        examiners: section
            .number("examiners", 1..257)
            .and_then(|n| usize::try_from(n).ok())
            .and_then(NonZeroUsize::new)
            .or(default.examiners),
        ..default
    };
    section.finish();
    limits
}

fn bytes(section: &Section<'_, '_>, key: &'static str, least: u64, default: u64) -> u64 {
    let size = section.text(key, |text| match units::size(text)? {
        size if size < least => {
            Err(Wrong::new(format!("`{}` is less than the least of {least} bytes", forms::cut(text))))
        }
        size if size > 1 << 44 => Err(Wrong::new(format!("`{}` is more than 16TiB", forms::cut(text)))),
        size => Ok(size),
    });
    size.map_or(default, |size| size.value)
}

/// A size that is held in memory.
fn memory(section: &Section<'_, '_>, key: &'static str, least: u64, default: usize) -> usize {
    let size = bytes(section, key, least, u64::try_from(default).unwrap_or(u64::MAX));
    usize::try_from(size).unwrap_or(usize::MAX)
}

fn span(section: &Section<'_, '_>, key: &'static str, default: Duration) -> Duration {
    let duration = section.text(key, |text| match units::duration(text)? {
        Duration::ZERO => Err(Wrong::new("a duration of nothing")),
        duration if duration > DAY => Err(Wrong::new("more than a day")),
        duration => Ok(duration),
    });
    duration.map_or(default, |duration| duration.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_the_defaults() {
        assert_eq!(parse("listingwatch.toml", "").unwrap(), Settings::default());
        assert_eq!(parse("x", "[hub]\n[limits]\n[privacy]\n").unwrap(), Settings::default());
    }

    #[test]
    fn every_key_is_read() {
        let text = r#"
[hub]
public_url = "https://hub.example.test/"
listen = "0.0.0.0:9000"
[sender]
name = "Office"
address = "1 Example Street"
contact = "office@example.test"
[report]
independence = "No provider pays us"
designation = "Decision 7"
[crawler]
contact_url = "https://hub.example.test/about"
[smtp]
url = "smtps://robot:hunter2@mail.example.test"
from = "office@example.test"
[evidence]
keep = "all"
warc_file = "2GiB"
[privacy]
captures = "90d"
personal_data = "30d"
hits = "forever"
referrals = "1000d"
audit = "3650d"
[cluster]
url = "nats://a.example.test:4222"
credentials = "keys/cluster.creds"
replicas = 1
[limits]
body = "1MiB"
page_deadline = "5s"
connect_deadline = "1s"
parse_deadline = "500ms"
redirects = 3
links_per_page = 10
sitemap = "1MiB"
sitemaps_per_host = 5
filter = "1MiB"
sled_cache = "16MiB"
listing = "64KiB"
free_disk = "1GiB"
requests = 8
bodies = "4MiB"
examiners = 3
"#;
        let settings = parse("listingwatch.toml", text).unwrap();
        assert_eq!(settings.hub.public_url.as_deref(), Some("https://hub.example.test"));
        assert_eq!(settings.hub.listen.port(), 9000);
        assert_eq!(settings.sender.unwrap().contact, "office@example.test");
        assert_eq!(settings.report.independence.as_deref(), Some("No provider pays us"));
        assert_eq!(settings.evidence, Evidence { keep: Keep::All, warc_file_bytes: 2 << 30 });
        assert_eq!(settings.privacy.captures, Retention::For(DAY * 90));
        assert_eq!(settings.privacy.hits, Retention::Forever);
        assert_eq!(settings.cluster.replicas, 1);
        assert_eq!(settings.limits.body_bytes, 1 << 20);
        assert_eq!(settings.limits.parse_deadline, Duration::from_millis(500));
        assert_eq!(settings.limits.free_disk_bytes, 1 << 30);
        assert_eq!((settings.limits.requests, settings.limits.bodies_bytes), (8, 4 << 20));
        assert_eq!(settings.limits.examiners, NonZeroUsize::new(3));
        let smtp = settings.smtp.unwrap();
        assert_eq!(smtp.url.expose().password(), Some("hunter2"));
        assert!(!format!("{smtp:?}").contains("hunter2"), "{smtp:?}");
    }

    #[test]
    fn problems_never_show_a_password() {
        let problems = parse("x", "[smtp]\nurl = \"robot:hunter2@mail.example.test\"\nfrom = \"a\"\n").unwrap_err();
        assert_eq!(problems.len(), 2);
        assert!(problems.iter().all(|problem| !problem.to_string().contains("hunter2")), "{problems:?}");
    }
}
