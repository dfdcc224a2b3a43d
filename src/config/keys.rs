//! Every key of the two kinds of files, declared once. The parser accepts these and no others, `check` warns of those
//! without effect, and a test looks for the code outside `config` that reads the value of each.

/// A key of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Its section, without brackets.
    pub section: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What its value does.
    pub effect: Effect,
}

/// What the value of a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Code outside `config` reads it by this expression.
    ReadAs(&'static str),
    /// It decides here what another key's value is, or is only checked.
    Within,
    /// Nothing yet; the words say what happens instead.
    NotYet(&'static str),
}

const fn read_as(section: &'static str, name: &'static str, expression: &'static str) -> Key {
    Key { section, name, effect: Effect::ReadAs(expression) }
}

const fn within(section: &'static str, name: &'static str) -> Key {
    Key { section, name, effect: Effect::Within }
}

const fn not_yet(section: &'static str, name: &'static str, instead: &'static str) -> Key {
    Key { section, name, effect: Effect::NotYet(instead) }
}

const ONE_MACHINE: &str = "scans run on one machine";

/// Keys of `listingwatch.toml`.
pub const SETTINGS: &[Key] = &[
    read_as("hub", "public_url", "hub.public_url"),
    read_as("hub", "listen", "hub.listen"),
    read_as("sender", "name", "sender.name"),
    read_as("sender", "address", "sender.address"),
    read_as("sender", "contact", "sender.contact"),
    read_as("report", "independence", "report.independence"),
    read_as("report", "designation", "report.designation"),
    read_as("crawler", "contact_url", "crawler.contact_url"),
    read_as("smtp", "url", "smtp.url"),
    read_as("smtp", "from", "smtp.from"),
    read_as("timestamps", "authority", "timestamps.authority"),
    read_as("timestamps", "roots", "timestamps.roots"),
    read_as("timestamps", "every", "timestamps.every"),
    read_as("evidence", "keep", "evidence.keep"),
    read_as("evidence", "warc_file", "evidence.warc_file_bytes"),
    read_as("privacy", "captures", "privacy.captures"),
    read_as("privacy", "personal_data", "privacy.personal_data"),
    read_as("privacy", "hits", "privacy.hits"),
    read_as("privacy", "referrals", "privacy.referrals"),
    not_yet("privacy", "audit", "the audit log is kept whole"),
    not_yet("cluster", "url", ONE_MACHINE),
    not_yet("cluster", "credentials", ONE_MACHINE),
    not_yet("cluster", "replicas", ONE_MACHINE),
    read_as("limits", "body", "limits.body_bytes"),
    read_as("limits", "page_deadline", "limits.page_deadline"),
    read_as("limits", "connect_deadline", "limits.connect_deadline"),
    read_as("limits", "parse_deadline", "limits.parse_deadline"),
    read_as("limits", "redirects", "limits.redirects"),
    read_as("limits", "links_per_page", "limits.links_per_page"),
    read_as("limits", "sitemap", "limits.sitemap_bytes"),
    read_as("limits", "sitemaps_per_host", "limits.sitemaps_per_host"),
    read_as("limits", "filter", "limits.filter_bytes"),
    read_as("limits", "sled_cache", "limits.sled_cache_bytes"),
    read_as("limits", "listing", "limits.listing_bytes"),
    read_as("limits", "free_disk", "limits.free_disk_bytes"),
    read_as("limits", "requests", "limits.requests"),
    read_as("limits", "bodies", "limits.bodies_bytes"),
    read_as("limits", "examiners", "limits.examiners"),
];

/// Keys of `seeds/<id>.toml`.
pub const PLATFORM: &[Key] = &[
    read_as("platform", "id", "platform.id"),
    read_as("platform", "name", "platform.name"),
    read_as("platform", "kind", "platform.kind"),
    read_as("platform", "hosts", "self.hosts"),
    // The default of `[referral] jurisdictions`.
    within("platform", "country"),
    read_as("platform", "languages", "platform.languages"),
    read_as("agreement", "basis", "agreement.basis"),
    read_as("agreement", "reference", "agreement.reference"),
    read_as("agreement", "authority", "agreement.authority"),
    read_as("agreement", "valid_from", "agreement.valid_from"),
    read_as("agreement", "valid_until", "agreement.valid_until"),
    read_as("agreement", "contact", "agreement.contact"),
    read_as("agreement", "uses", "agreement.uses"),
    read_as("crawl", "start", "crawl.start"),
    read_as("crawl", "feeds", "crawl.feeds"),
    read_as("crawl", "sitemaps", "crawl.sitemaps"),
    read_as("crawl", "include", "crawl.include"),
    read_as("crawl", "exclude", "crawl.exclude"),
    read_as("crawl", "rate", "crawl.rate"),
    read_as("crawl", "concurrency", "crawl.concurrency"),
    read_as("crawl", "max_pages", "crawl.max_pages"),
    read_as("crawl", "max_depth", "crawl.max_depth"),
    read_as("crawl", "revisit", "crawl.revisit"),
    read_as("crawl", "private_addresses", "crawl.private_addresses"),
    // One value is accepted: pages are read as served.
    within("crawl", "render"),
    read_as("listing", "pages", "listing.pages"),
    read_as("listing", "title", "listing.title"),
    read_as("listing", "description", "listing.description"),
    read_as("listing", "price", "listing.price"),
    read_as("listing", "seller", "listing.seller"),
    read_as("referral", "channels", "policy.channels"),
    read_as("referral", "webhook", "policy.webhook"),
    read_as("referral", "email", "policy.email"),
    read_as("referral", "language", "referral.language"),
    read_as("referral", "jurisdictions", "referral.jurisdictions"),
    read_as("referral", "approval", "referral.approval"),
    read_as("referral", "recheck", "referral.recheck"),
    read_as("referral", "renotice", "policy.renotice"),
    read_as("referral", "cases_per_hour", "referral.cases_per_hour"),
    read_as("schedule", "cron", "schedule.cron"),
    read_as("schedule", "mandate", "schedule.mandate"),
];
