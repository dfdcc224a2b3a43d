//! The hosts of the marketplace: what each is called, how it writes its pages, what it promises and forbids.

use std::time::Duration;

use crate::demo::robots::{RobotsFile, RobotsForm};

/// One host. All fields are fixed; only its address is chosen at run time.
#[derive(Debug, PartialEq, Eq)]
pub struct HostSpec {
    /// Short name, used in ids.
    pub key: &'static str,
    /// Id of the platform it belongs to.
    pub platform: &'static str,
    /// Name in the page head.
    pub name: &'static str,
    /// One line below the name.
    pub motto: &'static str,
    /// Language of its chrome.
    pub language: &'static str,
    /// Colour of its header, so that people see which host they are on.
    pub colour: &'static str,
    /// How listing pages mark up what they say.
    pub template: Template,
    /// Path prefixes.
    pub paths: Paths,
    /// robots.txt.
    pub robots: RobotsFile,
    /// Rate of the platform file, `200/min`.
    pub agreed_rate: &'static str,
    /// The same as a pause.
    pub agreed_pause: Duration,
    /// What a listing that was taken down answers.
    pub ended: Ended,
    /// Categories: path part, title.
    pub categories: &'static [(&'static str, &'static str)],
    /// Sellers: path part, name, place.
    pub sellers: &'static [(&'static str, &'static str, &'static str)],
    /// Words of the chrome.
    pub words: &'static Words,
}

/// How a listing page says what it offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Template {
    /// A JSON-LD block.
    JsonLd,
    /// Microdata attributes.
    Microdata,
    /// RDFa and OpenGraph.
    Rdfa,
    /// Nothing but HTML; the platform file has selectors.
    PlainHtml,
}

/// What a listing answers after it was taken down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// 410 Gone.
    Gone,
    /// 404 Not Found.
    NotFound,
    /// 200 and a page that says so.
    Page,
}

/// Path prefixes of a host.
#[derive(Debug, PartialEq, Eq)]
pub struct Paths {
    /// Listings.
    pub listing: &'static str,
    /// Categories.
    pub category: &'static str,
    /// Sellers.
    pub seller: &'static str,
}

/// The words of a host's chrome.
#[derive(Debug, PartialEq, Eq)]
pub struct Words {
    /// Above the newest listings.
    pub newest: &'static str,
    /// Label of the seller.
    pub seller: &'static str,
    /// Label of the price.
    pub price: &'static str,
    /// Next page.
    pub next: &'static str,
    /// Previous page.
    pub previous: &'static str,
    /// The search field.
    pub search: &'static str,
    /// The contact button.
    pub contact: &'static str,
    /// The account link.
    pub account: &'static str,
    /// The about link.
    pub about: &'static str,
    /// Sort by price.
    pub sort: &'static str,
    /// Says that a listing is over.
    pub ended: &'static str,
    /// A neutral sentence about this host.
    pub story: &'static str,
}

const ENGLISH: Words = Words {
    newest: "Newest offers",
    seller: "Seller",
    price: "Price",
    next: "Next page",
    previous: "Previous page",
    search: "Search",
    contact: "Contact seller",
    account: "My account",
    about: "About us",
    sort: "Sort by price",
    ended: "This listing has ended. The item is no longer available.",
    story: "A small trading place for people who like to know whom they buy from. Every seller is listed with a page of their own.",
};

const GERMAN: Words = Words {
    newest: "Neueste Angebote",
    seller: "Anbieter",
    price: "Preis",
    next: "Nächste Seite",
    previous: "Vorherige Seite",
    search: "Suche",
    contact: "Anbieter anschreiben",
    account: "Mein Konto",
    about: "Über uns",
    sort: "Nach Preis sortieren",
    ended: "Dieses Angebot wurde beendet. Der Artikel ist nicht mehr verfügbar.",
    story: "Der deutschsprachige Marktplatz für Werkstatt, Garten, Labor und Haushalt. Jeder Anbieter hat seine eigene Seite.",
};

/// All hosts, in the order in which they get their addresses.
pub static HOSTS: &[HostSpec] = &[
    HostSpec {
        key: "bazaar",
        platform: "demo-bazaar",
        name: "Lindgate Bazaar",
        motto: "Wholesale, straight from the maker",
        language: "en",
        colour: "#14532d",
        template: Template::JsonLd,
        paths: Paths { listing: "/product/", category: "/category/", seller: "/supplier/" },
        robots: RobotsFile {
            disallow: &["/account/", "/search", "/*?sort=", "/*&sort=", "/img/", "/assets/"],
            allow: &["/account/help"],
            crawl_delay: Duration::from_millis(300),
            sitemaps: &["/sitemap_index.xml.gz"],
            form: RobotsForm::Plain,
        },
        agreed_rate: "300/min",
        agreed_pause: Duration::from_millis(200),
        ended: Ended::Gone,
        categories: &[
            ("electronics", "Consumer electronics"),
            ("garden", "Garden and farm"),
            ("laboratory", "Laboratory supplies"),
            ("chemicals", "Chemicals and raw materials"),
            ("machinery", "Machinery and packaging"),
        ],
        sellers: &[
            ("northpier-trading", "Northpier Trading Ltd", "Rotterdam"),
            ("hollow-oak-supplies", "Hollow Oak Supplies", "Leeds"),
            ("jadewell-materials", "Jadewell Materials Co.", "Ningbo"),
            ("clearbrook-instruments", "Clearbrook Instruments", "Utrecht"),
        ],
        words: &ENGLISH,
    },
    HostSpec {
        key: "markt",
        platform: "demo-bazaar",
        name: "Lindgate Markt",
        motto: "Gewerblich handeln, freundlich bleiben",
        language: "de",
        colour: "#7c2d12",
        template: Template::Microdata,
        paths: Paths { listing: "/angebot/", category: "/kategorie/", seller: "/anbieter/" },
        robots: RobotsFile {
            disallow: &["/account/", "/search", "/*?sort=", "/*&sort=", "/img/", "/assets/"],
            allow: &[],
            crawl_delay: Duration::from_millis(300),
            sitemaps: &["/sitemap.xml"],
            form: RobotsForm::ByteOrderMark,
        },
        agreed_rate: "300/min",
        agreed_pause: Duration::from_millis(200),
        ended: Ended::Page,
        categories: &[
            ("elektronik", "Elektronik"),
            ("garten", "Haus und Garten"),
            ("labor", "Laborbedarf"),
            ("rohstoffe", "Rohstoffe und Feinchemikalien"),
        ],
        sellers: &[
            ("weidenhof-handel", "Weidenhof Handel GmbH", "Kassel"),
            ("laborkontor-elster", "Laborkontor Elster", "Halle"),
            ("brennerstein", "Brennerstein Import", "Aachen"),
        ],
        words: &GERMAN,
    },
    HostSpec {
        key: "plaza",
        platform: "demo-plaza",
        name: "Plaza Veleta",
        motto: "Something for everybody, de todo para todos",
        language: "en",
        colour: "#1e3a8a",
        template: Template::Rdfa,
        paths: Paths { listing: "/item/", category: "/c/", seller: "/shop/" },
        robots: RobotsFile {
            disallow: &["/account/", "/search", "/*?sort=", "/*&sort=", "/img/", "/assets/"],
            allow: &[],
            crawl_delay: Duration::from_millis(300),
            sitemaps: &["/sitemap_index.xml.gz"],
            form: RobotsForm::Plain,
        },
        agreed_rate: "300/min",
        agreed_pause: Duration::from_millis(200),
        ended: Ended::NotFound,
        categories: &[
            ("home", "Home and kitchen"),
            ("books", "Books and museum shop"),
            ("beauty", "Beauty and wellness"),
            ("collectors", "Collectors and curiosities"),
        ],
        sellers: &[
            ("casa-almendro", "Casa Almendro", "Valencia"),
            ("blue-kettle", "Blue Kettle Goods", "Cork"),
            ("severny-dvor", "Северный двор", "Рига"),
        ],
        words: &ENGLISH,
    },
    HostSpec {
        key: "pinboard",
        platform: "demo-pinboard",
        name: "The Pinboard",
        motto: "Free small ads since last Tuesday",
        language: "en",
        colour: "#581c87",
        template: Template::PlainHtml,
        paths: Paths { listing: "/ad/", category: "/board/", seller: "/member/" },
        robots: RobotsFile {
            disallow: &["/account/", "/search", "/*?sort=", "/*&sort=", "/img/", "/assets/"],
            allow: &[],
            crawl_delay: Duration::from_millis(400),
            sitemaps: &[],
            form: RobotsForm::NamedGroup,
        },
        agreed_rate: "120/min",
        agreed_pause: Duration::from_millis(500),
        ended: Ended::Page,
        categories: &[
            ("tools", "Tools and bicycles"),
            ("household", "Furniture and household"),
            ("misc", "Everything else"),
        ],
        sellers: &[
            ("marten", "Marten K.", "Bristol"),
            ("odile", "Odile R.", "Ghent"),
            ("quietlab", "quietlab", "no place given"),
        ],
        words: &ENGLISH,
    },
];

impl HostSpec {
    /// The pause a visitor owes between two requests: the longer of robots.txt and agreement.
    pub fn promised_pause(&self) -> Duration {
        self.robots.crawl_delay.max(self.agreed_pause)
    }
}
