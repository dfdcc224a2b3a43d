//! The marketplace as a value: every page of every host, and what is true about it. Pure and repeatable.

use std::collections::BTreeMap;

use crate::demo::dice::Dice;
use crate::demo::hosts::{HOSTS, HostSpec};
use crate::demo::markup;
use crate::demo::sitemap;
use crate::demo::stock::{self, Nature, Oddity, Offer};
use crate::demo::templates::{self, Card, origin_mark};
use crate::demo::truth::{PlantedOffer, Truth};
use crate::vocab::url::CanonicalUrl;

/// Listings on one page of a category.
const CATEGORY_PAGE: usize = 10;

/// The marketplace: hosts with their pages, and the listings with their nature.
#[derive(Debug, PartialEq, Eq)]
pub struct Site {
    /// In the order of [`HOSTS`].
    pub hosts: Vec<Host>,
    listings: Vec<PlacedListing>,
}

/// The pages of one host, by path and query.
#[derive(Debug, PartialEq, Eq)]
pub struct Host {
    /// What is fixed about it.
    pub spec: &'static HostSpec,
    /// Pages.
    pub pages: BTreeMap<String, Page>,
    /// Redirects: path to status and target (a path, or a URL with origin marks).
    pub redirects: BTreeMap<String, (u16, String)>,
}

/// One page. Its text may carry origin marks (see [`templates::origin_mark`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// What kind of page it is.
    pub kind: PageKind,
    /// `Content-Type` header.
    pub content_type: &'static str,
    /// Text before encoding.
    pub text: String,
    /// How the text becomes bytes.
    pub encoding: Encoding,
}

/// What kind of page a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageKind {
    /// Home, about.
    Front,
    /// A page of a category or of a seller.
    Index,
    /// A listing.
    Listing,
    /// A sitemap.
    Sitemap,
    /// robots.txt.
    Robots,
    /// What robots.txt disallows: account pages, search, pictures, style.
    Disallowed,
}

/// How text becomes bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As it is.
    Utf8,
    /// Cyrillic of the nineties.
    Windows1251,
    /// A gzip file.
    Gzip,
}

/// A listing with its place.
#[derive(Debug, PartialEq, Eq)]
struct PlacedListing {
    host: usize,
    number: u32,
    path: String,
    aliases: Vec<String>,
    offer: Offer,
}

impl Site {
    /// Builds the marketplace. The same seed always gives the same site.
    pub fn build(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let mut offers = stock::all(&mut dice);
        dice.shuffle(&mut offers);
        let mut listings: Vec<PlacedListing> = Vec::with_capacity(offers.len());
        for (at, offer) in offers.into_iter().enumerate() {
            let Some(host) = HOSTS.iter().position(|spec| spec.key == offer.host) else { continue };
            let number = 41_000 + (at as u32) * 7 + dice.below(7) as u32;
            listings.push(place(host, number, offer));
        }
        let hosts = (0..HOSTS.len()).map(|host| build_host(host, &listings)).collect();
        Site { hosts, listings }
    }

    /// What is true about the site when its hosts answer at `origins` (`http://host:port`, in the order of [`HOSTS`]).
    pub fn truth(&self, origins: &[String]) -> Truth {
        let mut planted: BTreeMap<&str, PlantedOffer> = BTreeMap::new();
        let mut truth = Truth { planted: Vec::new(), ordinary: Vec::new(), look_alikes: Vec::new() };
        for listing in &self.listings {
            let Some(origin) = origins.get(listing.host) else { continue };
            let url = |path: &str| CanonicalUrl::parse(&format!("{origin}{path}"), None).ok();
            let (urls, aliases) = (url(&listing.path), listing.aliases.iter().filter_map(|alias| url(alias)));
            match &listing.offer.nature {
                Nature::Ordinary => truth.ordinary.extend(urls),
                Nature::LookAlike => truth.look_alikes.extend(urls),
                Nature::Planted(plant) => {
                    let entry = planted.entry(plant.id.as_str()).or_insert_with(|| PlantedOffer {
                        id: plant.id.clone(),
                        urls: Vec::new(),
                        aliases: Vec::new(),
                        substance: plant.substance.map(str::to_owned),
                        category: plant.category.to_owned(),
                        disguise: plant.disguise,
                        language: listing.offer.language.to_owned(),
                        host: origin.clone(),
                        expected: plant.expected,
                    });
                    entry.urls.extend(urls);
                    entry.aliases.extend(aliases);
                    entry.urls.sort();
                }
            }
        }
        truth.planted = planted.into_values().collect();
        truth
    }

    /// Number of pages a visitor may read: neither disallowed, nor robots.txt, nor sitemaps, nor the endless calendar.
    pub fn readable_pages(&self) -> usize {
        let readable = |page: &&Page| matches!(page.kind, PageKind::Front | PageKind::Index | PageKind::Listing);
        self.hosts.iter().map(|host| host.pages.values().filter(readable).count()).sum()
    }
}

impl Host {
    /// The key under which a requested path is stored: dot segments resolved, parameters that choose no page dropped.
    pub fn page_key(requested: &str) -> String {
        const NOISE: &[&str] = &["sid", "ref", "gclid", "fbclid"];
        let (path, query) = requested.split_once('?').unwrap_or((requested, ""));
        let mut path = path.to_owned();
        while path.contains("/./") {
            path = path.replace("/./", "/");
        }
        let mut kept: Vec<&str> = query
            .split('&')
            .filter(|pair| {
                let name = pair.split('=').next().unwrap_or_default();
                !name.is_empty() && !name.starts_with("utm_") && !NOISE.contains(&name)
            })
            .collect();
        kept.sort_unstable();
        if kept.is_empty() { path } else { format!("{path}?{}", kept.join("&")) }
    }
}

fn place(host: usize, number: u32, offer: Offer) -> PlacedListing {
    let spec = &HOSTS[host];
    let slug = slug_of(&offer.title);
    // The wholesale host writes titles into its addresses, the others only numbers, as shops do.
    let path = if host == 0 && !slug.is_empty() {
        format!("{}{number}-{slug}", spec.paths.listing)
    } else {
        format!("{}{number}", spec.paths.listing)
    };
    let aliases = match offer.oddity {
        Oddity::Redirected => vec![format!("/go/{number}")],
        Oddity::ExtraParameter => vec![format!("{path}?variant=list")],
        Oddity::None | Oddity::SitemapOnly | Oddity::Windows1251 => Vec::new(),
    };
    PlacedListing { host, number, path, aliases, offer }
}

/// The first words of a title in ASCII; names that hide do not show up in the address either.
fn slug_of(title: &str) -> String {
    let mut slug = String::new();
    for word in title.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| word.len() > 1).take(4) {
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(&word.to_ascii_lowercase());
    }
    slug
}

fn build_host(host: usize, listings: &[PlacedListing]) -> Host {
    let spec = &HOSTS[host];
    let own: Vec<&PlacedListing> = listings.iter().filter(|listing| listing.host == host).collect();
    let mut pages = BTreeMap::new();
    let mut redirects = BTreeMap::new();
    for listing in &own {
        let (seller_slug, seller_name, _) = spec.sellers[listing.offer.seller % spec.sellers.len()];
        let text = templates::listing(spec, &listing.offer, &listing.path, listing.number, seller_slug, seller_name);
        let page = if listing.offer.oddity == Oddity::Windows1251 {
            let text = text.replace("<meta charset=\"utf-8\">", "<meta charset=\"windows-1251\">");
            Page {
                kind: PageKind::Listing,
                content_type: "text/html; charset=windows-1251",
                text,
                encoding: Encoding::Windows1251,
            }
        } else {
            html(PageKind::Listing, text)
        };
        for alias in &listing.aliases {
            match listing.offer.oddity {
                Oddity::Redirected => redirects.insert(alias.clone(), (301, listing.path.clone())),
                _ => pages.insert(alias.clone(), page.clone()).map(|_| (0, String::new())),
            };
        }
        pages.insert(listing.path.clone(), page);
        let picture = markup::picture(listing.number, &listing.offer.title);
        pages.insert(format!("/img/{}.svg", listing.number), disallowed("image/svg+xml", picture));
    }
    add_indexes(spec, &own, &mut pages);
    add_front(host, &own, &mut pages, &mut redirects);
    add_sitemaps(spec, &own, &mut pages);
    add_disallowed(spec, &mut pages);
    Host { spec, pages, redirects }
}

fn html(kind: PageKind, text: String) -> Page {
    Page { kind, content_type: "text/html; charset=utf-8", text, encoding: Encoding::Utf8 }
}

fn disallowed(content_type: &'static str, text: String) -> Page {
    Page { kind: PageKind::Disallowed, content_type, text, encoding: Encoding::Utf8 }
}

fn card(listing: &PlacedListing, suffix: &str) -> Card {
    Card {
        href: format!("{}{suffix}", listing.path),
        number: listing.number,
        title: listing.offer.title.clone(),
        price: listing.offer.price_shown(),
    }
}

/// Category and seller pages. Links carry the session and tracking parameters that shops put there.
fn add_indexes(spec: &HostSpec, own: &[&PlacedListing], pages: &mut BTreeMap<String, Page>) {
    for (at, (slug, name)) in spec.categories.iter().enumerate() {
        let members: Vec<&&PlacedListing> = own
            .iter()
            .filter(|listing| listing.offer.category == *slug && listing.offer.oddity != Oddity::SitemapOnly)
            .collect();
        let last_page = members.len().div_ceil(CATEGORY_PAGE).max(1);
        for page in 1..=last_page {
            let shown = members.iter().skip((page - 1) * CATEGORY_PAGE).take(CATEGORY_PAGE);
            let cards: Vec<Card> = shown
                .enumerate()
                .map(|(place, listing)| match (listing.offer.oddity, place % 4) {
                    (Oddity::Redirected, _) => Card { href: format!("/go/{}", listing.number), ..card(listing, "") },
                    (_, 1) => card(listing, &format!("?sid=f3a9{at}{page}c71")),
                    _ => card(listing, ""),
                })
                .collect();
            let key = if page == 1 {
                format!("{}{slug}", spec.paths.category)
            } else {
                format!("{}{slug}?page={page}", spec.paths.category)
            };
            pages.insert(key, html(PageKind::Index, templates::category(spec, slug, name, &cards, page, last_page)));
        }
    }
    for (at, (slug, name, town)) in spec.sellers.iter().enumerate() {
        let cards: Vec<Card> = own
            .iter()
            .filter(|listing| {
                listing.offer.seller % spec.sellers.len() == at && listing.offer.oddity != Oddity::SitemapOnly
            })
            .take(8)
            .map(|listing| card(listing, "?utm_source=seller&utm_medium=profile"))
            .collect();
        let main =
            format!("<h1>{}</h1>\n<p>{}</p>\n{}", markup::escape(name), markup::escape(town), templates::grid(&cards));
        pages.insert(
            format!("{}{slug}", spec.paths.seller),
            html(PageKind::Index, markup::frame(spec, spec.language, name, "", &main)),
        );
    }
}

/// Home and about, with the ways out of the host and into the calendar.
fn add_front(
    host: usize,
    own: &[&PlacedListing],
    pages: &mut BTreeMap<String, Page>,
    redirects: &mut BTreeMap<String, (u16, String)>,
) {
    let spec = &HOSTS[host];
    let mut cards: Vec<Card> = own
        .iter()
        .filter(|listing| listing.offer.oddity != Oddity::SitemapOnly)
        .take(8)
        .map(|listing| card(listing, "?utm_source=home&utm_campaign=newest"))
        .collect();
    for listing in own.iter().filter(|listing| listing.offer.oddity == Oddity::ExtraParameter) {
        cards.push(card(listing, "?variant=list"));
    }
    let sellers: String = spec
        .sellers
        .iter()
        .map(|(slug, name, _)| {
            format!("<li><a href=\"{}{slug}\">{}</a></li>\n", spec.paths.seller, markup::escape(name))
        })
        .collect();
    let mut main = format!(
        "<h1>{}</h1>\n{}<h2>{}</h2>\n<ul>\n{sellers}</ul>\n",
        spec.words.newest,
        templates::grid(&cards),
        spec.words.seller
    );
    if let Some((slug, name)) = spec.categories.first() {
        // The same category once more, as a careless template writes it.
        main.push_str(&format!("<p><a href=\"/.{}{slug}\">{}</a></p>\n", spec.paths.category, markup::escape(name)));
    }
    if spec.key == "plaza" {
        main.push_str("<p><a href=\"/calendar/2026/11/\">Market days</a></p>\n");
    }
    if let Some(sister) = HOSTS.iter().find(|other| other.platform == spec.platform && other.key != spec.key) {
        main.push_str(&format!(
            "<p><a href=\"{}/\">{}</a> <a href=\"/partner\">+</a></p>\n",
            origin_mark(sister.key),
            sister.name
        ));
        redirects.insert("/partner".into(), (302, format!("{}/about", origin_mark(sister.key))));
    } else {
        main.push_str("<p><a href=\"/partner\">Partner shop</a></p>\n");
        redirects.insert("/partner".into(), (302, "https://www.example.test/partner".into()));
    }
    pages.insert("/".into(), html(PageKind::Front, markup::frame(spec, spec.language, spec.words.newest, "", &main)));
    let main = format!(
        "<h1>{}</h1>\n<p>{}</p>\n<p>Robots: {}.</p>\n<p><a href=\"/account/help\">?</a></p>\n",
        spec.words.about,
        markup::escape(spec.words.story),
        markup::escape(&spec.robots.summary())
    );
    pages.insert(
        "/about".into(),
        html(PageKind::Front, markup::frame(spec, spec.language, spec.words.about, "", &main)),
    );
}

fn add_sitemaps(spec: &HostSpec, own: &[&PlacedListing], pages: &mut BTreeMap<String, Page>) {
    let origin = origin_mark(spec.key);
    pages.insert(
        "/robots.txt".into(),
        Page {
            kind: PageKind::Robots,
            content_type: "text/plain; charset=utf-8",
            text: spec.robots.render(&origin),
            encoding: Encoding::Utf8,
        },
    );
    let urls: Vec<String> = own.iter().map(|listing| format!("{origin}{}", listing.path)).collect();
    let sitemap = |content_type, text, encoding| Page { kind: PageKind::Sitemap, content_type, text, encoding };
    for path in spec.robots.sitemaps {
        if path.ends_with(".gz") {
            let mut parts = Vec::new();
            for (at, part) in urls.chunks(urls.len().div_ceil(2).max(1)).enumerate() {
                let part_path = format!("/sitemaps/listings-{}.xml.gz", at + 1);
                parts.push(format!("{origin}{part_path}"));
                pages.insert(part_path, sitemap("application/gzip", sitemap::url_set(part), Encoding::Gzip));
            }
            pages.insert((*path).to_owned(), sitemap("application/gzip", sitemap::index(&parts), Encoding::Gzip));
        } else {
            pages.insert((*path).to_owned(), sitemap("application/xml", sitemap::url_set(&urls), Encoding::Utf8));
        }
    }
}

/// What robots.txt keeps robots from, but people may open.
fn add_disallowed(spec: &HostSpec, pages: &mut BTreeMap<String, Page>) {
    pages.insert("/assets/shop.css".into(), disallowed("text/css; charset=utf-8", markup::STYLE.into()));
    for (path, title) in [
        ("/account/login", spec.words.account),
        ("/account/message", spec.words.contact),
        ("/search", spec.words.search),
    ] {
        let text =
            markup::frame(spec, spec.language, title, "", &format!("<h1>{}</h1>\n<p>-</p>\n", markup::escape(title)));
        pages.insert(path.into(), disallowed("text/html; charset=utf-8", text));
    }
    if spec.robots.allows("/account/help") {
        let text =
            markup::frame(spec, spec.language, "?", "", "<h1>?</h1>\n<p>Write to us and a person will answer.</p>\n");
        pages.insert("/account/help".into(), html(PageKind::Front, text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::DEFAULT_SEED;
    use crate::detect::assessment::Verdict;

    fn origins() -> Vec<String> {
        (1..=HOSTS.len()).map(|at| format!("http://127.0.0.{at}:8400")).collect()
    }

    #[test]
    fn the_same_seed_builds_the_same_site() {
        assert_eq!(Site::build(5), Site::build(5));
        assert_ne!(Site::build(5), Site::build(6));
    }

    #[test]
    fn the_site_is_as_large_as_promised() {
        for seed in [DEFAULT_SEED, 1, 99] {
            let site = Site::build(seed);
            let truth = site.truth(&origins());
            let planted = truth.planted.iter().filter(|offer| offer.expected == Verdict::Refer).count();
            assert!(site.readable_pages() >= 200, "{} pages", site.readable_pages());
            assert!(planted >= 30, "{planted} planted");
            assert!(truth.look_alikes.len() >= 12, "{} look-alikes", truth.look_alikes.len());
            assert!(truth.planted.iter().filter(|offer| offer.urls.len() > 1).count() >= 4, "re-postings");
        }
    }

    #[test]
    fn parameters_that_choose_no_page_lead_to_the_same_page() {
        for (requested, key) in [
            ("/ad/1?utm_source=home&utm_campaign=newest", "/ad/1"),
            ("/./category/x?page=2&sid=9", "/category/x?page=2"),
            ("/c/x?page=2&a=1", "/c/x?a=1&page=2"),
            ("/", "/"),
        ] {
            assert_eq!(Host::page_key(requested), key);
        }
    }
}
