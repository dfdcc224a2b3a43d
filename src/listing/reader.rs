//! The one pass: links, title, text, language, robots, JSON-LD blocks and OpenGraph from the token stream.

use std::collections::HashSet;
use std::sync::LazyLock;

use encoding_rs::Encoding;
use memchr::memmem::Finder;
use scraper::Html;
use serde_json::Value;

use crate::listing::budget::{Budget, Spent};
use crate::listing::draft::{self, Draft, Place};
use crate::listing::field::one_line;
use crate::listing::flow::{Flow, Marks};
use crate::listing::item::Items;
use crate::listing::layout::Given;
use crate::listing::page::{Link, Page, RobotsMeta};
use crate::listing::regions::Regions;
use crate::listing::spellings::Site;
use crate::listing::tags::{self, tag_of};
use crate::listing::tokenizer::{Token, Tokenizer, attributes};
use crate::listing::{ReadContext, assemble, dom, entities, json_ld, layout, links, microdata, rdfa};
use crate::vocab::found::FoundUrl;

/// Links that lead nowhere and are noted of one page.
const REFUSED_LIMIT: usize = 100;

/// Links looked at for each that may be kept: most spellings of a page without end lead to the same few addresses.
const LOOKS_PER_LINK: usize = 8;

/// Blocks of JSON-LD read of one page.
const BLOCKS_LIMIT: usize = 100;

/// Places noted of struck and raised text: offers have a few.
const MARKS_LIMIT: usize = 200;

/// Tokens read between two looks at the clock.
const TOKENS_BETWEEN_LOOKS: usize = 4096;

/// What the pass collects besides the page itself.
#[derive(Debug, Default)]
pub(super) struct Raw<'a> {
    /// Contents of JSON-LD scripts.
    pub json_ld: Vec<&'a str>,
    /// `<meta property>` pairs in order, decoded.
    pub meta: Vec<(String, String)>,
    /// `<meta name>` pairs that describe the page or its offer.
    pub named: Vec<(String, String)>,
    /// An `itemscope` attribute was seen.
    pub has_microdata: bool,
    /// A `typeof` attribute was seen.
    pub has_rdfa: bool,
    /// First `<h1>`.
    pub heading: String,
    /// Pairs of label and value from tables and definition lists.
    pub pairs: Vec<(String, String)>,
}

/// What takes an amount away without an element of its own: struck by its style, or not shown.
static NOT_SHOWN: LazyLock<[Finder<'static>; 3]> =
    LazyLock::new(|| ["line-through", " hidden", "display:"].map(Finder::new));
/// Words that tell of microdata and RDFa.
static ITEMSCOPE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("itemscope"));
static TYPEOF: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("typeof"));

/// A `<base>`, in the ways its name is written.
static BASES: LazyLock<[Finder<'static>; 3]> = LazyLock::new(|| ["<base", "<BASE", "<Base"].map(Finder::new));

/// Reads a page that is text already and was decoded from `encoding`.
pub fn read(html: &str, encoding: &'static str, context: &ReadContext<'_>) -> Page {
    let budget = Budget::new(context.limits, context.deadline);
    let mut pass = Pass::new(context);
    pass.encoding = Encoding::for_label(encoding.as_bytes()).filter(|encoding| *encoding != encoding_rs::UTF_8);
    pass.run(html, &budget);
    let Pass { mut page, raw, flow, marks, regions, .. } = pass;
    page.text = flow.into_text();
    page.beside = regions.beside(marks.links.iter().map(|(words, _)| words.clone()), page.text.len());
    let blocks = json_ld::read(&raw.json_ld, &budget, &mut page.problems);
    // What passes the budget is told by it below, whoever noticed.
    let base = marks.base.as_ref().unwrap_or(context.url);
    let mut drafts = from_json_ld(blocks, base, &budget, &mut page).unwrap_or_default();
    let selected = context.selectors.filter(|selectors| selectors.apply_to(context.url));
    // A DOM costs eight times the pass; it is built only where nothing cheaper says what is offered.
    let told = told(&drafts, &raw, &page);
    let wanted = told != Told::Whole && (raw.has_microdata || raw.has_rdfa);
    let document = if wanted || selected.is_some() { dom::parse(html, &budget).ok() } else { None };
    if let Some(document) = document.as_ref().filter(|_| wanted) {
        if raw.has_microdata {
            let more = from_microdata(document, base, &budget, &mut page).unwrap_or_default();
            add(&mut drafts, more, told);
        }
        if raw.has_rdfa && !drafts.iter().any(|draft| draft.place == Place::Own && told != Told::InPart) {
            let more = from_rdfa(document, base, &budget, &mut page).unwrap_or_default();
            add(&mut drafts, more, told);
        }
    }
    if !drafts.iter().any(|draft| draft.place == Place::Own) {
        draft::add(&mut drafts, layout::from_meta(&raw, base).into_iter().collect());
    } else if told == Told::InPart {
        add(&mut drafts, layout::from_meta(&raw, base).into_iter().collect(), told);
    }
    let has_own = drafts.is_empty() || drafts.iter().any(|draft| draft.place == Place::Own);
    let mut given = if has_own { Given::Own } else { Given::Lists };
    page.listings = draft::listings(drafts);
    if let (Some(selectors), Some(document)) = (selected, &document) {
        let _ = selectors.read(document, &budget, &mut page);
        given = Given::Selected;
    }
    page.given_up = budget.spent();
    if let Some(spent) = page.given_up {
        page.problems.push(format!("structured data was given up: {spent}"));
    }
    layout::complete(&mut page, &raw, &marks, (context, given));
    page
}

/// Reads text without markup.
pub(super) fn read_plain(text: &str, context: &ReadContext<'_>) -> Page {
    let mut page = Page::default();
    let mut flow = Flow::default();
    let kept = &text[..text.floor_char_boundary(context.limits.text_bytes)];
    flow.push(kept);
    if kept.len() < text.len() {
        page.cut = true;
        page.problems.push(format!("only the first {} bytes of text were read", context.limits.text_bytes));
    }
    page.text = flow.into_text();
    layout::complete(&mut page, &Raw::default(), &Marks::default(), (context, Given::Own));
    page
}

/// How much of what a page offers JSON-LD tells.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    /// The page's own offer with its price.
    Whole,
    /// The page's own offer without its price.
    InPart,
    /// Nothing, or offers that the page's heading and title do not name.
    Others,
}

fn told(drafts: &[Draft], raw: &Raw<'_>, page: &Page) -> Told {
    let folded = |text: &str| one_line(text).to_lowercase();
    let (heading, title) = (folded(&raw.heading), folded(&page.title));
    let names_page = |draft: &&Draft| layout::is_named(&folded(&draft.listing.title), &heading, &title);
    let own: Vec<&Draft> = drafts.iter().filter(|draft| draft.place == Place::Own).filter(names_page).collect();
    match own.as_slice() {
        [] => Told::Others,
        own if own.iter().any(|draft| draft.listing.price.is_some()) => Told::Whole,
        _ => Told::InPart,
    }
}

/// Adds what another syntax tells. Where the page's own offer is known, only what is said of it.
fn add(drafts: &mut Vec<Draft>, more: Vec<Draft>, told: Told) {
    let known = drafts.len();
    draft::add(drafts, more);
    if told == Told::InPart {
        drafts.truncate(known);
    }
}

fn from_json_ld(
    blocks: Vec<Value>,
    base: &FoundUrl,
    budget: &Budget<'_>,
    page: &mut Page,
) -> Result<Vec<Draft>, Spent> {
    if blocks.is_empty() {
        return Ok(Vec::new());
    }
    Ok(drafts(&Items::from_json_ld(blocks, budget)?, "json-ld", base, budget, page))
}

fn from_microdata(document: &Html, base: &FoundUrl, budget: &Budget<'_>, page: &mut Page) -> Result<Vec<Draft>, Spent> {
    let items = Items::from_microdata(microdata::items(document, base, budget)?, budget)?;
    Ok(drafts(&items, "microdata", base, budget, page))
}

fn from_rdfa(document: &Html, base: &FoundUrl, budget: &Budget<'_>, page: &mut Page) -> Result<Vec<Draft>, Spent> {
    let items = Items::from_json_ld(rdfa::subjects(document, base, budget)?, budget)?;
    Ok(drafts(&items, "rdfa", base, budget, page))
}

fn drafts(items: &Items, syntax: &str, base: &FoundUrl, budget: &Budget<'_>, page: &mut Page) -> Vec<Draft> {
    if items.cut {
        page.cut = true;
        page.problems.push(format!("{syntax} with more properties of one thing than are read"));
    }
    assemble::drafts(items, syntax, base, budget)
}

/// The pass alone, for `extract`.
pub(super) fn raw<'a>(html: &'a str, context: &ReadContext<'_>, budget: &Budget<'_>) -> Raw<'a> {
    let mut pass = Pass::new(context);
    pass.run(html, budget);
    pass.raw
}

struct Pass<'a, 'c> {
    context: &'c ReadContext<'c>,
    page: Page,
    raw: Raw<'a>,
    flow: Flow,
    marks: Marks<'a>,
    /// Where what is struck out, what is raised, and the words of a link begin, while they are read.
    struck_from: Option<usize>,
    raised_from: Option<usize>,
    item_from: Option<usize>,
    link_from: Option<(usize, &'a str)>,
    base: FoundUrl,
    /// In which queries of links are written; `None` for UTF-8.
    encoding: Option<&'static Encoding>,
    site: Site,
    /// Paths begin at the page's own host: no `<base>` was met.
    at_home: bool,
    seen_raw: HashSet<u64>,
    seen: HashSet<u128>,
    looks: usize,
    hidden: u32,
    /// Elements `svg` that are open: their titles are not the page's.
    in_picture: u32,
    in_heading: bool,
    look_for_microdata: bool,
    look_for_rdfa: bool,
    look_for_styles: bool,
    /// The element whose style strikes out what is in it.
    struck_by: Option<u64>,
    regions: Regions,
    label: Option<String>,
    cell: Option<String>,
}

impl<'a, 'c> Pass<'a, 'c> {
    fn new(context: &'c ReadContext<'c>) -> Self {
        Pass {
            context,
            page: Page::default(),
            raw: Raw::default(),
            flow: Flow::default(),
            marks: Marks::default(),
            struck_from: None,
            raised_from: None,
            item_from: None,
            link_from: None,
            base: context.url.clone(),
            encoding: None,
            site: Site::new(context.owner, context.url.host().as_str()),
            at_home: true,
            seen_raw: HashSet::new(),
            seen: HashSet::new(),
            looks: 0,
            hidden: 0,
            in_picture: 0,
            in_heading: false,
            look_for_microdata: false,
            look_for_rdfa: false,
            look_for_styles: false,
            struck_by: None,
            regions: Regions::default(),
            label: None,
            cell: None,
        }
    }

    fn run(&mut self, html: &'a str, budget: &Budget<'_>) {
        // Most pages say neither word anywhere, and then no tag need be searched for them.
        self.look_for_microdata = ITEMSCOPE.find(html.as_bytes()).is_some();
        self.look_for_rdfa = TYPEOF.find(html.as_bytes()).is_some();
        // What the headers name is meant as seen from the page's own address.
        self.header_links();
        self.find_base(html);
        self.look_for_styles = NOT_SHOWN.iter().any(|sign| sign.find(html.as_bytes()).is_some());
        let xml = self.context.content_type.is_some_and(|kind| kind.trim_start().starts_with("application/xhtml+xml"));
        for (at, token) in Tokenizer::new(html).as_xml(xml).enumerate() {
            if at % TOKENS_BETWEEN_LOOKS == TOKENS_BETWEEN_LOOKS - 1 && budget.look_at_the_clock().is_err() {
                self.page.problems.push("the page was read in part".to_owned());
                break;
            }
            match token {
                Token::Text(text) => self.text(text),
                Token::Start { name, attributes } => self.start(name, attributes),
                Token::End { name, .. } => self.end(name),
                Token::Raw { name, content } => self.raw_element(name, content),
            }
        }
    }

    fn header_links(&mut self) {
        if let Some(target) = self.context.refresh.and_then(links::refresh_target) {
            self.push_link(target, false, None);
        }
        for link in self.context.link.map(links::header_links).unwrap_or_default() {
            if link.is("canonical") {
                self.canonical(link.target);
            } else if link.leads_to_a_page() {
                self.push_link(link.target, link.is("nofollow"), None);
            }
        }
    }

    /// The first `<base>` with an address counts for all links, those before it too (HTML standard, document base URL).
    fn find_base(&mut self, html: &str) {
        if BASES.iter().all(|base| base.find(html.as_bytes()).is_none()) {
            return;
        }
        let href = Tokenizer::new(html).find_map(|token| match token {
            Token::Start { name, attributes } if tag_of(name) == tags::BASE => attribute(attributes, "href"),
            Token::Start { .. } | Token::Text(_) | Token::End { .. } | Token::Raw { .. } => None,
        });
        if let Some(base) = href.and_then(|href| FoundUrl::parse(&href, Some(self.context.url)).ok()) {
            self.marks.base = Some(base.clone());
            self.base = base;
            self.at_home = false;
        }
    }

    /// Honoured on the same site only: a page cannot speak for another host.
    fn canonical(&mut self, href: &str) {
        let canonical = FoundUrl::linked(href, &self.base, self.encoding).ok();
        self.page.canonical = canonical.filter(|url| url.host() == self.context.url.host());
    }

    fn text(&mut self, text: &str) {
        if self.hidden > 0 || text.is_empty() {
            return;
        }
        self.shown(&entities::decode(text, false));
    }

    /// What a reader sees, references resolved.
    fn shown(&mut self, decoded: &str) {
        if self.in_heading && self.raw.heading.len() < 1000 {
            self.raw.heading.push_str(decoded);
        }
        if let Some(cell) = &mut self.cell
            && cell.len() < 2000
        {
            cell.push_str(decoded);
        }
        if self.flow.len() < self.context.limits.text_bytes {
            self.flow.push(decoded);
        } else if !self.page.cut && !decoded.trim().is_empty() {
            self.page.cut = true;
            self.page
                .problems
                .push(format!("only the first {} bytes of text were read", self.context.limits.text_bytes));
        }
    }

    fn start(&mut self, name: &'a str, inside: &'a str) {
        let tag = tag_of(name);
        self.regions.start(tag, inside, self.flow.len());
        match tag {
            tags::A | tags::AREA => self.link(inside),
            tags::LINK => self.link_element(inside),
            tags::META => self.meta(inside),
            tags::FRAME | tags::IFRAME => {
                if let Some((_, src)) = attributes(inside).find(|(name, _)| name.eq_ignore_ascii_case("src")) {
                    self.push_link(src, false, None);
                }
            }
            tags::HTML => self.page.language = attribute(inside, "lang").filter(|lang| !lang.is_empty()),
            tags::H1 => self.in_heading = self.raw.heading.is_empty(),
            tags::H2 | tags::H3 | tags::H4 => self.item_from = Some(self.flow.len()),
            tags::SVG => self.in_picture += 1,
            // A template is shown only as the shadow tree of an element.
            tags::TEMPLATE if attribute(inside, "shadowrootmode").is_none() => self.hidden += 1,
            tags::INPUT => self.input(inside),
            tags::DEL | tags::S | tags::STRIKE => self.struck_from = self.struck_from.or(Some(self.flow.len())),
            tags::SUP | tags::SMALL => self.raised_from = Some(self.flow.len()),
            tags::SCRIPT => {
                let kind = attribute(inside, "type").unwrap_or_default();
                self.label =
                    kind.trim().to_ascii_lowercase().starts_with("application/ld+json").then(|| "ld+json".to_owned());
            }
            tags::TD | tags::DD => self.cell = Some(String::new()),
            tags::TH | tags::DT if self.cell.is_none() => self.cell = Some(String::new()),
            tags::TR | tags::DL => self.label = None,
            _ => {}
        }
        if self.look_for_styles && self.struck_from.is_none() && tags::is_inline(tag) && is_not_shown(inside) {
            (self.struck_from, self.struck_by) = (Some(self.flow.len()), Some(tag));
        }
        if self.look_for_microdata && ITEMSCOPE.find(inside.as_bytes()).is_some() {
            (self.raw.has_microdata, self.look_for_microdata) = (true, false);
        }
        if self.look_for_rdfa && TYPEOF.find(inside.as_bytes()).is_some() {
            (self.raw.has_rdfa, self.look_for_rdfa) = (true, false);
        }
        if tags::is_block(tag) {
            self.flow.end_line();
            if self.in_heading && !self.raw.heading.is_empty() {
                self.raw.heading.push(' ');
            }
        }
    }

    fn end_struck(&mut self) {
        let ended = self.struck_from.take().map(|from| from..self.flow.len());
        self.marks.struck.extend(ended.filter(|_| self.marks.struck.len() < MARKS_LIMIT));
    }

    fn end(&mut self, name: &str) {
        let tag = tag_of(name);
        self.regions.end(tag, self.flow.len());
        if self.struck_by == Some(tag) {
            self.struck_by = None;
            self.end_struck();
        }
        match tag {
            tags::H1 => self.in_heading = false,
            tags::H2 | tags::H3 | tags::H4 => {
                let ended = self.item_from.take().map(|from| from..self.flow.len());
                self.marks.headings.extend(ended.filter(|_| self.marks.headings.len() < MARKS_LIMIT));
            }
            tags::A => self.end_link(),
            tags::DEL | tags::S | tags::STRIKE => self.end_struck(),
            tags::SUP | tags::SMALL => {
                let ended = self.raised_from.take().map(|from| from..self.flow.len());
                self.marks.raised.extend(ended.filter(|_| self.marks.raised.len() < MARKS_LIMIT));
            }
            tags::SVG => self.in_picture = self.in_picture.saturating_sub(1),
            tags::TEMPLATE => self.hidden = self.hidden.saturating_sub(1),
            tags::TH | tags::DT => self.label = self.cell.take().map(|text| one_line(&text)),
            tags::TD | tags::DD => {
                let value = self.cell.take().map(|text| one_line(&text)).unwrap_or_default();
                match self.label.take() {
                    Some(label) if !label.is_empty() && !value.is_empty() && self.raw.pairs.len() < 200 => {
                        self.raw.pairs.push((label.trim_end_matches(':').trim().to_owned(), value));
                    }
                    _ => self.label = Some(value),
                }
            }
            _ => {}
        }
        if tags::is_block(tag) {
            self.flow.end_line();
        }
    }

    /// The words of a button or of a field that is filled in already.
    fn input(&mut self, inside: &str) {
        let kind = attribute(inside, "type").unwrap_or_default().to_ascii_lowercase();
        let is_shown =
            matches!(kind.trim(), "" | "text" | "search" | "submit" | "button" | "reset" | "url" | "email" | "tel");
        let is_shown = is_shown && self.hidden == 0;
        if let Some((_, value)) = attributes(inside).find(|(name, _)| is_shown && name.eq_ignore_ascii_case("value")) {
            self.flow.end_line();
            self.shown(&entities::decode(value, true));
            self.flow.end_line();
        }
    }

    fn end_link(&mut self) {
        if let Some((from, href)) = self.link_from.take()
            && from < self.flow.len()
            && self.marks.links.len() < self.context.limits.links_per_page
        {
            self.marks.links.push((from..self.flow.len(), href));
        }
    }

    fn raw_element(&mut self, name: &str, content: &'a str) {
        if name.eq_ignore_ascii_case("script") {
            self.page.has_scripts |= self.label.is_none();
            if self.label.as_deref() == Some("ld+json") {
                self.label = None;
                if self.raw.json_ld.len() < BLOCKS_LIMIT {
                    self.raw.json_ld.push(content);
                } else if !self.page.cut {
                    self.page.cut = true;
                    self.page.problems.push(format!("only the first {BLOCKS_LIMIT} blocks of JSON-LD were read"));
                }
            }
        } else if name.eq_ignore_ascii_case("title") {
            if self.page.title.is_empty() && self.hidden == 0 && self.in_picture == 0 {
                self.page.title = one_line(&entities::decode(content, false));
            }
        } else if name.eq_ignore_ascii_case("textarea") || name.eq_ignore_ascii_case("xmp") {
            self.text(content);
        } else if name.eq_ignore_ascii_case("noframes") {
            // Pages made of frames name their parts here again.
            for token in Tokenizer::new(content) {
                if let Token::Start { name, attributes } = token
                    && matches!(tag_of(name), tags::A | tags::AREA)
                {
                    self.link(attributes);
                }
            }
        }
    }

    fn link(&mut self, inside: &'a str) {
        // A link ends where the next begins.
        self.end_link();
        let (mut href, mut nofollow) = (None, false);
        for (name, value) in attributes(inside) {
            if name.eq_ignore_ascii_case("href") && href.is_none() {
                href = Some(value);
            } else if name.eq_ignore_ascii_case("rel") {
                nofollow = value.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case("nofollow"));
            }
        }
        // Links in pictures have the attribute of an older standard.
        let older = || attributes(inside).find(|(name, _)| name.eq_ignore_ascii_case("xlink:href"));
        let href = href.or_else(|| if self.in_picture > 0 { older().map(|(_, value)| value) } else { None });
        let Some(href) = href else { return };
        if !nofollow {
            self.link_from = Some((self.flow.len(), href));
        }
        let spelling = self.site.spelling(href);
        // A path from the root means the same on every page of the host.
        let in_any_encoding = self.encoding.is_none() || href.is_ascii();
        let rooted = self.at_home && href.starts_with('/') && !href.starts_with("//") && in_any_encoding;
        if rooted && self.context.known.is_some_and(|known| known.knows(spelling)) {
            return;
        }
        // The same spelling again is the same link: most pages repeat their navigation. `nofollow` belongs to a link and not to
        // the page it leads to.
        if !self.seen_raw.insert(if nofollow { !spelling } else { spelling }) {
            return;
        }
        self.push_link(href, nofollow, rooted.then_some(spelling));
    }

    fn push_link(&mut self, href: &str, nofollow: bool, spelling: Option<u64>) {
        let most = self.context.limits.links_per_page;
        self.looks += 1;
        if self.page.links.len() >= most || self.looks > most.saturating_mul(LOOKS_PER_LINK) {
            if !self.page.links_cut {
                self.page.links_cut = true;
                self.page.problems.push(format!("more than {most} links"));
            }
            return;
        }
        let href = entities::decode(href, true);
        let href = href.trim();
        if href.is_empty() || href.starts_with('#') || href.len() > 4096 {
            return;
        }
        match FoundUrl::linked(href, &self.base, self.encoding) {
            Ok(url) if self.seen.insert(if nofollow { !url.form_key() } else { url.form_key() }) => {
                self.page.links.push(Link { url, nofollow, spelling })
            }
            Ok(_) => {}
            Err(error) => {
                if let Some(reason) = error.reason()
                    && self.page.refused.len() < REFUSED_LIMIT
                {
                    self.page.refused.push((xxhash_rust::xxh3::xxh3_128(href.as_bytes()), reason));
                }
            }
        }
    }

    fn link_element(&mut self, inside: &'a str) {
        let rel = attribute(inside, "rel").unwrap_or_default().to_ascii_lowercase();
        let Some(href) = attribute(inside, "href") else { return };
        let media_type = attribute(inside, "type");
        if rel.split_ascii_whitespace().any(|word| word == "canonical") {
            self.canonical(&href);
        }
        if rel.split_ascii_whitespace().any(|word| links::leads_to_a_page(word, media_type.as_deref())) {
            self.push_link(&href, false, None);
        }
    }

    fn meta(&mut self, inside: &str) {
        let (mut key, mut content, mut property, mut is_refresh) = (String::new(), None, None, false);
        for (name, value) in attributes(inside) {
            if name.eq_ignore_ascii_case("name") {
                key = entities::decode(value, true).trim().to_ascii_lowercase();
            } else if name.eq_ignore_ascii_case("http-equiv") {
                is_refresh = value.trim().eq_ignore_ascii_case("refresh");
            } else if name.eq_ignore_ascii_case("property") {
                property = Some(entities::decode(value, true).trim().to_owned());
            } else if name.eq_ignore_ascii_case("content") {
                content = Some(entities::decode(value, true).into_owned());
            }
        }
        let Some(content) = content else { return };
        if is_refresh && let Some(target) = links::refresh_target(&content) {
            self.push_link(target, false, None);
        }
        if matches!(key.as_str(), "robots" | "listingwatch") {
            for word in content.split(',') {
                let word = word.trim();
                let none = word.eq_ignore_ascii_case("none");
                self.page.robots = RobotsMeta {
                    noindex: self.page.robots.noindex || none || word.eq_ignore_ascii_case("noindex"),
                    nofollow: self.page.robots.nofollow || none || word.eq_ignore_ascii_case("nofollow"),
                };
            }
        }
        if self.raw.meta.len() + self.raw.named.len() < 200 {
            if let Some(property) = property {
                self.raw.meta.push((property, content));
            } else if key == "description" || key.starts_with("og:") || key.starts_with("product:") {
                self.raw.named.push((key, content));
            }
        }
    }
}

/// First attribute of that name, decoded.
fn attribute(inside: &str, wanted: &str) -> Option<String> {
    attributes(inside)
        .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
        .map(|(_, value)| entities::decode(value, true).into_owned())
}

/// Whether the attributes of an element strike out what is in it, or do not show it.
fn is_not_shown(inside: &str) -> bool {
    attributes(inside).any(|(name, value)| {
        let style = || value.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect::<Vec<u8>>();
        let says = |what: &str| memchr::memmem::find(&style(), what.as_bytes()).is_some();
        name.eq_ignore_ascii_case("hidden")
            || (name.eq_ignore_ascii_case("style") && (says("line-through") || says("display:none")))
    })
}

#[cfg(test)]
mod tests;
