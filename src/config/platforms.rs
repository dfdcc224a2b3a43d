//! `seeds/<id>.toml` → [`Platform`].

use std::str::FromStr;
use std::time::Duration;

use jiff::civil::Date;
use toml::de::DeValue;

use crate::config::forms;
use crate::config::keys;
use crate::config::problem::Problem;
use crate::config::reader::{Document, Placed, Section, Wrong, suggestion};
use crate::config::units;
use crate::referral::language;
use crate::vocab::found::FoundUrl;
use crate::vocab::ids::{MandateId, PlatformId};
use crate::vocab::platform::{
    Agreement, Approval, Basis, CASES_PER_HOUR, Channel, CrawlPolicy, HostPattern, ListingSelectors, PathGlobs,
    Platform, PlatformKind, Rate, ReferralPolicy, Schedule, SitemapPolicy, Use, ends_soon,
};

/// Parses one platform file. `file_name` is named in problems, and its stem must equal the platform's id.
///
/// An agreement outside its period is no problem here: a scan of it is refused, the file is right.
///
/// # Errors
/// Every problem of the file at once, in the order of the text.
pub fn parse(file_name: &str, text: &str, today: Date) -> Result<Platform, Vec<Problem>> {
    let (platform, problems) = examine(file_name, text, today);
    match platform {
        Some(platform) => Ok(platform),
        None => Err(problems.into_iter().filter(Problem::is_error).collect()),
    }
}

/// Parses one platform file and keeps the warnings too. There is a platform exactly when no problem is an error.
pub fn examine(file_name: &str, text: &str, today: Date) -> (Option<Platform>, Vec<Problem>) {
    let document = Document::parse(file_name, text, keys::PLATFORM);
    let platform = read(&document, file_name, today);
    let problems = document.into_problems();
    let platform = platform.filter(|_| !problems.iter().any(Problem::is_error));
    (platform, problems)
}

fn read(document: &Document<'_>, file_name: &str, today: Date) -> Option<Platform> {
    document.only_known_sections();

    let head = document.section("platform");
    let id = head.required("id", "\"example-b2b\"", |text| platform_id(text, file_name));
    let name = head.required("name", "\"Example B2B\"", forms::words);
    let kind = head.required("kind", "\"marketplace\"", |text| one_of(text, &KINDS));
    let hosts = hosts(&head);
    let country = head.text("country", forms::country);
    let languages = head.list("languages", forms::language);
    head.finish();

    let section = document.section("agreement");
    let basis = section.required("basis", "\"memorandum\"", |text| one_of(text, &BASES));
    let agreement = agreement(&section, basis.as_ref(), today);
    let basis = basis.map(|basis| basis.value);

    let section = document.section("crawl");
    let crawl = crawl(&section, basis, hosts.as_deref());
    let listing = listing(&document.section("listing"));
    let country = country.map(|country| country.value);
    let referral = referral(&document.section("referral"), country.as_deref());
    let schedule = schedule(&document.section("schedule"));

    Some(Platform {
        id: id?.value,
        name: name?.value,
        kind: kind?.value,
        hosts: hosts?,
        country,
        languages: values(languages.unwrap_or_default()),
        agreement: agreement?,
        crawl: crawl?,
        listing,
        referral: referral?,
        schedule,
    })
}

const KINDS: [(&str, PlatformKind); 5] = [
    ("b2b", PlatformKind::B2b),
    ("marketplace", PlatformKind::Marketplace),
    ("classifieds", PlatformKind::Classifieds),
    ("social", PlatformKind::Social),
    ("forum", PlatformKind::Forum),
];

const BASES: [(&str, Basis); 4] = [
    ("memorandum", Basis::Memorandum),
    ("platform-terms", Basis::PlatformTerms),
    ("legal-order", Basis::LegalOrder),
    ("own-site", Basis::OwnSite),
];

const CHANNELS: [(&str, Channel); 3] =
    [("feed", Channel::Feed), ("webhook", Channel::Webhook), ("email", Channel::Email)];

const USES: [(&str, Use); 6] = [
    ("referral", Use::Referral),
    ("research", Use::Research),
    ("linking", Use::Linking),
    ("incident", Use::Incident),
    ("training", Use::Training),
    ("escalation", Use::Escalation),
];

const APPROVALS: [(&str, Approval); 2] = [("person", Approval::Person), ("automatic", Approval::Automatic)];

fn platform_id(text: &str, file_name: &str) -> Result<PlatformId, Wrong> {
    let id = PlatformId::parse(text)?;
    let base = file_name.rsplit(['/', '\\']).next().unwrap_or(file_name);
    let stem = base.strip_suffix(".toml").unwrap_or(base);
    if id.as_str() != stem {
        return Err(Wrong::new(format!("`{id}` is not the name of its file"))
            .hint(format!("rename the file to `{id}.toml`, or write `id = \"{stem}\"`")));
    }
    Ok(id)
}

fn one_of<T: Copy>(text: &str, known: &[(&'static str, T)]) -> Result<T, Wrong> {
    known.iter().find(|(name, _)| *name == text).map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
        Wrong::new(format!("`{}` is not known here", forms::cut(text))).hint(suggestion(text, &names))
    })
}

fn values<T>(placed: Vec<Placed<T>>) -> Vec<T> {
    placed.into_iter().map(|placed| placed.value).collect()
}

fn hosts(head: &Section<'_, '_>) -> Option<Vec<HostPattern>> {
    let value = head.required_value("hosts", "[\"www.example.test\"]")?;
    let hosts = head.many("hosts", value, &forms::host_pattern)?;
    if hosts.is_empty() && value.get_ref().as_array().is_some_and(|list| list.is_empty()) {
        let wrong = Wrong::new("`hosts` is empty, so nothing would be in scope");
        head.document().error(value.span().start, wrong.hint("name at least one host of the agreement"));
    }
    Some(values(hosts))
}

fn date(text: &str) -> Result<Date, Wrong> {
    Date::from_str(text).ok().filter(|_| text.len() == 10).ok_or_else(|| {
        Wrong::new(format!("`{}` is not a date", forms::cut(text))).hint("write year, month and day: 2026-01-31")
    })
}

fn agreement(section: &Section<'_, '_>, basis: Option<&Placed<Basis>>, today: Date) -> Option<Agreement> {
    let reference = section.required("reference", "\"MoU 2026/014\"", forms::words);
    let authority = section.required("authority", "\"National Drug Control Office\"", forms::words);
    let valid_from = section.required("valid_from", "2026-01-01", date);
    let valid_until = section.required("valid_until", "2027-12-31", date);
    let contact = section.required("contact", "\"trust-safety@example.test\"", forms::words);
    let uses = section.list("uses", |text| one_of(text, &USES));
    section.finish();

    let document = section.document();
    if let (Some(from), Some(until)) = (&valid_from, &valid_until) {
        if from.value > until.value {
            let wrong = Wrong::new(format!("agreement ends on {} before it begins on {}", until.value, from.value));
            document.error(until.at.start, wrong.hint("exchange the two dates, or correct the year"));
        } else if until.value < today {
            let wrong = Wrong::new(format!("agreement ended on {}", until.value));
            document.warning(until.at.start, wrong.hint("scans are refused until it is renewed"));
        } else if from.value > today {
            let wrong = Wrong::new(format!("agreement begins on {}", from.value));
            document.warning(from.at.start, wrong.hint("scans are refused until then"));
        } else if ends_soon(until.value, today) {
            document.warning(until.at.start, Wrong::new(format!("agreement ends on {}", until.value)));
        }
    }
    Some(Agreement {
        basis: basis?.value,
        reference: reference?.value,
        authority: authority?.value,
        valid_from: valid_from?.value,
        valid_until: valid_until?.value,
        contact: contact?.value,
        uses: match (uses, basis) {
            (Some(uses), _) => uses.into_iter().map(|one| one.value).collect(),
            // A site of one's own needs nobody's leave.
            (None, Some(basis)) if basis.value == Basis::OwnSite => Use::ALL.to_vec(),
            (None, _) => vec![Use::Referral],
        },
    })
}

fn crawl(section: &Section<'_, '_>, basis: Option<Basis>, hosts: Option<&[HostPattern]>) -> Option<CrawlPolicy> {
    let document = section.document();
    let start = section
        .required_value("start", "[\"https://www.example.test/\"]")
        .and_then(|value| Some((value, section.many("start", value, &forms::page_url)?)));
    if let Some((value, urls)) = &start
        && urls.is_empty()
        && value.get_ref().as_array().is_some_and(|list| list.is_empty())
    {
        let wrong = Wrong::new("`start` is empty, so a scan would have nowhere to begin");
        document.error(value.span().start, wrong.hint("name at least one page"));
    }
    let start = start.map(|(_, urls)| urls);
    let feeds = section.list("feeds", forms::page_url).unwrap_or_default();
    let sitemaps = sitemaps(section);
    let include = globs(section, "include", &["/**"]);
    let exclude = globs(section, "exclude", &["/account/**"]);
    let rate = section.text("rate", |text| Ok(units::rate(text)?));
    let concurrency = section.number("concurrency", 1..65).unwrap_or(2);
    let max_pages = section.number("max_pages", 1..1_000_000_000_001).unwrap_or(100_000);
    let max_depth = section.number("max_depth", 0..65_536).unwrap_or(12);
    let revisit = section.text("revisit", positive).map_or(Duration::from_secs(7 * 86_400), |placed| placed.value);
    let private = section.list("private_addresses", forms::private_range).unwrap_or_default();
    section.text("render", render);
    section.finish();

    let own_site = basis.is_none_or(|basis| basis == Basis::OwnSite);
    if let Some(rate) = rate.as_ref().filter(|rate| rate.value == Rate::Unlimited && !own_site) {
        let wrong = Wrong::new("`rate`: `unlimited` is for own-site agreements only");
        document.error(rate.at.start, wrong.hint("write the pace that was agreed, such as `60/min`"));
    }
    if let Some(range) = private.first().filter(|_| !own_site) {
        let wrong = Wrong::new("`private_addresses` is for own-site agreements only");
        document.error(range.at.start, wrong.hint("remove it, or set `basis = \"own-site\"` for a site of your own"));
    }
    if let (Some(hosts), Some(include), Some(exclude)) = (hosts, &include, &exclude) {
        let listed = match &sitemaps {
            Some(Sitemaps::List(urls)) => urls.as_slice(),
            _ => &[],
        };
        let all = start.iter().flatten().map(|url| (url, true));
        for (url, is_page) in
            all.chain(feeds.iter().map(|url| (url, false))).chain(listed.iter().map(|url| (url, false)))
        {
            let host_agrees = hosts.iter().any(|pattern| pattern.matches(&url.value));
            let path = url.value.as_url().path();
            if !host_agrees && !hosts.is_empty() {
                let wrong = Wrong::new(format!("`{}` is on a host outside the scope", forms::cut(url.value.as_str())));
                let host = url.value.as_url().host_str().unwrap_or_default();
                document
                    .error(url.at.start, wrong.hint(format!("add `{host}` to `hosts`, if the agreement covers it")));
            } else if is_page && (!include.matches(path) || exclude.matches(path)) {
                let wrong =
                    Wrong::new(format!("`{}` is excluded by the scope's paths", forms::cut(url.value.as_str())));
                document.error(url.at.start, wrong.hint("change `start`, `include` or `exclude` so that they agree"));
            }
        }
    }
    for url in start.iter().flatten().filter(|url| names_private_address(&url.value)) {
        let listed = url_address(&url.value).is_some_and(|ip| private.iter().any(|range| range.value.contains(ip)));
        if !listed {
            let wrong = Wrong::new(format!("`{}` is a private address", forms::cut(url.value.as_str())));
            document
                .error(url.at.start, wrong.hint("list its range in `private_addresses` (own-site agreements only)"));
        }
    }

    Some(CrawlPolicy {
        start: values(start?),
        sitemaps: match sitemaps? {
            Sitemaps::Robots => SitemapPolicy::Robots,
            Sitemaps::None => SitemapPolicy::None,
            Sitemaps::List(urls) => SitemapPolicy::List(values(urls)),
        },
        feeds: values(feeds),
        include: include?,
        exclude: exclude?,
        rate: rate.map_or(Rate::Every(Duration::from_secs(1)), |rate| rate.value),
        concurrency: usize::try_from(concurrency).ok()?,
        max_pages,
        max_depth: u32::try_from(max_depth).ok()?,
        revisit,
        private_addresses: values(private),
    })
}

enum Sitemaps {
    Robots,
    None,
    List(Vec<Placed<FoundUrl>>),
}

fn sitemaps(section: &Section<'_, '_>) -> Option<Sitemaps> {
    let Some(value) = section.value("sitemaps") else { return Some(Sitemaps::Robots) };
    match value.get_ref() {
        DeValue::Array(_) => section.many("sitemaps", value, &forms::page_url).map(Sitemaps::List),
        DeValue::String(text) if text == "robots" => Some(Sitemaps::Robots),
        DeValue::String(text) if text == "none" => Some(Sitemaps::None),
        _ => {
            let wrong = Wrong::new("`sitemaps` is neither `\"robots\"`, `\"none\"` nor a list of URLs");
            section.document().error(value.span().start, wrong.hint("write `sitemaps = \"robots\"`"));
            None
        }
    }
}

fn globs(section: &Section<'_, '_>, key: &'static str, default: &[&str]) -> Option<PathGlobs> {
    let raw = match section.value(key) {
        Some(value) => values(section.many(key, value, &glob)?),
        None => default.iter().map(|text| (*text).to_owned()).collect(),
    };
    // Each glob compiled by itself above, so only a set too large for one automaton can fail here.
    match PathGlobs::parse(&raw) {
        Ok(globs) => Some(globs),
        Err(error) => {
            section.document().error(section.at(), Wrong::new(format!("`{key}`: {error}")));
            None
        }
    }
}

fn glob(text: &str) -> Result<String, Wrong> {
    if !text.starts_with(['/', '*', '{', '[']) {
        return Err(Wrong::new(format!("`{}` is not a path glob", forms::cut(text)))
            .hint("globs match the path, which starts with `/`: `/product/*`"));
    }
    PathGlobs::parse(&[text.to_owned()])
        .map_err(|error| Wrong::new(format!("`{}`: {}", forms::cut(text), error.kind())))?;
    Ok(text.to_owned())
}

fn positive(text: &str) -> Result<Duration, Wrong> {
    let duration = units::duration(text)?;
    if duration.is_zero() { Err(Wrong::new("a duration of nothing")) } else { Ok(duration) }
}

fn render(text: &str) -> Result<(), Wrong> {
    match text {
        "never" => Ok(()),
        "browser" => Err(Wrong::new("rendering in a browser does not exist yet")
            .hint("write `render = \"never\"`; ask the platform for a feed or for server-rendered pages")),
        other => Err(Wrong::new(format!("`{}` is not known here", forms::cut(other))).hint("one of: never, browser")),
    }
}

fn url_address(url: &FoundUrl) -> Option<std::net::IpAddr> {
    match url.as_url().host()? {
        url::Host::Ipv4(address) => Some(address.into()),
        url::Host::Ipv6(address) => Some(address.into()),
        url::Host::Domain(_) => None,
    }
}

fn names_private_address(url: &FoundUrl) -> bool {
    url_address(url).is_some_and(|address| forms::private_range(&address.to_string()).is_ok())
}

fn listing(section: &Section<'_, '_>) -> Option<ListingSelectors> {
    if !section.present() {
        return None;
    }
    let pages = globs(section, "pages", &["/**"]);
    let [title, description, price, seller] =
        ["title", "description", "price", "seller"].map(|key| section.text(key, selector).map(|text| text.value));
    section.finish();
    Some(ListingSelectors { pages: pages?, title, description, price, seller })
}

fn selector(text: &str) -> Result<String, Wrong> {
    match scraper::Selector::parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(Wrong::new(format!("`{}` is not a CSS selector", forms::cut(text)))
            .hint("try it in a browser's console: document.querySelector(…)")),
    }
}

fn referral(section: &Section<'_, '_>, country: Option<&str>) -> Option<ReferralPolicy> {
    let document = section.document();
    let webhook = section.text("webhook", forms::service_url);
    let email = section.text("email", forms::email);
    let channels = match section.list("channels", |text| one_of(text, &CHANNELS)) {
        Some(channels) => {
            let lacks = [
                (Channel::Webhook, section.has("webhook"), "webhook", "\"https://ts.example.test/hooks/listingwatch\""),
                (Channel::Email, section.has("email"), "email", "\"trust-safety@example.test\""),
            ];
            for (channel, given, key, example) in lacks {
                if let Some(named) = channels.iter().find(|named| named.value == channel).filter(|_| !given) {
                    let wrong = Wrong::new(format!("channel `{key}` needs the key `{key}`"));
                    document.error(named.at.start, wrong.hint(format!("add `{key} = {example}` to `[referral]`")));
                }
            }
            values(channels)
        }
        None => {
            let mut channels = vec![Channel::Feed];
            channels.extend(webhook.as_ref().map(|_| Channel::Webhook));
            channels.extend(email.as_ref().map(|_| Channel::Email));
            channels
        }
    };
    let language = section.text("language", forms::language);
    if let Some(tag) = language.as_ref().filter(|tag| !language::is_known(&tag.value)) {
        let wrong =
            Wrong::new(format!("no notice can be written in `{}`; it will be in English", forms::cut(&tag.value)));
        document.warning(tag.at.start, wrong.hint(format!("languages are {}", language::codes().join(", "))));
    }
    let jurisdictions = section.list("jurisdictions", forms::jurisdiction).map_or_else(
        || {
            let eu = country.filter(|country| forms::is_eu_member(country)).map(|_| "EU");
            ["INT"].into_iter().chain(eu).chain(country).map(str::to_owned).collect()
        },
        values,
    );
    let approval = section.text("approval", |text| one_of(text, &APPROVALS));
    let recheck = section.text("recheck", positive);
    let renotice = section.text("renotice", positive);
    let cases_per_hour = section.number("cases_per_hour", 1..1_000_001).and_then(|n| n.try_into().ok());
    section.finish();
    Some(ReferralPolicy {
        channels,
        webhook: webhook.map(|webhook| webhook.value),
        email: email.map(|email| email.value),
        language: language.map_or_else(|| "en".to_owned(), |language| language.value),
        jurisdictions,
        approval: approval.map_or(Approval::Person, |approval| approval.value),
        recheck: recheck.map_or(Duration::from_secs(24 * 3_600), |recheck| recheck.value),
        renotice: renotice.map_or(Duration::from_secs(72 * 3_600), |renotice| renotice.value),
        cases_per_hour: cases_per_hour.unwrap_or(CASES_PER_HOUR),
    })
}

fn schedule(section: &Section<'_, '_>) -> Option<Schedule> {
    if !section.present() {
        return None;
    }
    let cron = section.text("cron", cron);
    let mandate = section.text("mandate", |text| Ok(MandateId::parse(text)?));
    section.finish();
    Some(Schedule {
        cron: cron.map_or_else(|| "0 3 * * *".to_owned(), |cron| cron.value),
        mandate: mandate.map(|mandate| mandate.value),
    })
}

fn cron(text: &str) -> Result<String, Wrong> {
    const HINT: &str = "minute, hour, day, month, weekday, in UTC: `0 3 * * *` is every night at three";
    let fields = text.split_whitespace().count();
    // With a sixth field the library reads seconds; no platform agreed to a scan every second.
    if fields != 5 && !text.starts_with('@') {
        return Err(Wrong::new(format!("`{}` has {fields} fields, not five", forms::cut(text))).hint(HINT));
    }
    match text.parse::<croner::Cron>() {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(Wrong::new(format!("`{}` is not a cron expression: {error}", forms::cut(text))).hint(HINT)),
    }
}
