//! Parameters of URLs whose change never changes the page, learned per host, path shape and name.
//!
//! Two pages whose URLs differ in one parameter only are compared by what a reader sees of them. A page's own `rel=canonical`
//! that differs from its URL in one parameter only counts the same. One difference is enough to keep a parameter; dropping
//! one takes several comparisons on several pages. Everything is bounded; what was learned is stored, runs out after a
//! month, and is learned again.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::frontier::traps::shape_of;
use crate::vocab::found::FoundUrl;
use crate::vocab::time::Timestamp;
use crate::vocab::url::CanonicalUrl;

/// Equal pages that teach that a parameter changes nothing, on at least [`PAGES`] different pages.
const EQUAL: u16 = 5;

/// See [`EQUAL`]: an empty result list looks the same on each of its pages, and must not teach that pages do not matter.
const PAGES: usize = 3;

/// Equal pages that teach the same on a single page: a counter that leads to itself.
const EQUAL_ON_ONE_PAGE: u16 = 20;

/// How long what was learned holds.
const LIFE: Duration = Duration::from_secs(30 * 24 * 3600);

/// Parameters kept of one platform; past it no new ones are looked at.
const RULES_LIMIT: usize = 2_000;

/// Pages remembered for comparison; when they are full all are forgotten at once.
const SAMPLES_LIMIT: usize = 20_000;

/// Parameters of one URL that are looked at.
const PARAMETERS_LOOKED_AT: usize = 8;

/// What one platform's URLs taught.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct ParameterBook {
    /// By host, shape and name.
    rules: BTreeMap<String, Rule>,
    /// Page without the parameter → its value and what the page said.
    #[serde(skip)]
    samples: HashMap<u64, (u64, u64)>,
}

#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Rule {
    /// Comparisons that found the same page.
    #[serde(rename = "n")]
    equal: u16,
    /// Hashes of the first pages they were made on.
    #[serde(rename = "p")]
    pages: Vec<u64>,
    /// A comparison found another page: the parameter counts.
    #[serde(rename = "d", default, skip_serializing_if = "std::ops::Not::not")]
    differs: bool,
    /// When the last comparison was made.
    #[serde(rename = "t")]
    at: Option<Timestamp>,
    /// Links whose URLs were shortened by it.
    #[serde(rename = "l", default)]
    links: u64,
}

impl Rule {
    fn drops(&self, now: Timestamp) -> bool {
        let holds = self.at.is_some_and(|at| now.since(at) < LIFE);
        let enough = (self.equal >= EQUAL && self.pages.len() >= PAGES) || self.equal >= EQUAL_ON_ONE_PAGE;
        holds && enough && !self.differs
    }
}

/// A parameter that is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// Host and shape of the path.
    pub place: String,
    /// Name as written in URLs.
    pub name: String,
    /// Comparisons that showed it changes nothing.
    pub comparisons: u16,
    /// Links shortened so far.
    pub links: u64,
}

impl ParameterBook {
    /// Learns from a page: its URL, its `rel=canonical` on the same host, and a hash of what a reader sees of it. Says
    /// whether a parameter was learned to change nothing just now.
    pub fn observe(&mut self, url: &CanonicalUrl, canonical: Option<&CanonicalUrl>, seen: u64, now: Timestamp) -> bool {
        let place = place_of(url);
        self.remember(page_of(url, ""), (ABSENT, seen));
        let names: Vec<String> = url.parameters().map(|(name, _)| name.to_owned()).take(PARAMETERS_LOOKED_AT).collect();
        let mut learned = false;
        for name in &names {
            let Some(rest) = url.without_parameter(name) else { continue };
            let value: String = url.parameters().filter(|(held, _)| held == name).map(|(_, value)| value).collect();
            let page = page_of(&rest, name);
            let mut verdict = canonical.filter(|canonical| **canonical == rest).map(|_| true);
            if let Some((other, before)) = self.remember(page, (hash(&value), seen))
                && other != hash(&value)
            {
                // What the pages say counts more than what one of them says of itself.
                verdict = Some(before == seen);
            } else if let Some((_, before)) = self.samples.get(&page_of(&rest, "")) {
                verdict = Some(*before == seen);
            }
            if let Some(equal) = verdict {
                learned |= self.compared(&place, name, page, equal, now);
            }
        }
        // The page without a parameter that its sisters carry is a page with another value of it.
        let absent: Vec<String> = self
            .rules_of(&place)
            .filter(|name| !names.iter().any(|held| held == name))
            .take(PARAMETERS_LOOKED_AT)
            .map(str::to_owned)
            .collect();
        for name in absent {
            let page = page_of(url, &name);
            if let Some((other, before)) = self.remember(page, (ABSENT, seen))
                && other != ABSENT
            {
                learned |= self.compared(&place, &name, page, before == seen, now);
            }
        }
        learned
    }

    /// The URL without the parameters that change nothing, if it has any. `linked` counts it as a link that was shortened.
    pub fn shorten(&mut self, url: &FoundUrl, linked: bool, now: Timestamp) -> Option<FoundUrl> {
        if self.rules.is_empty() || url.canonical().as_url().query().is_none() {
            return None;
        }
        let place = place_of(url.canonical());
        let mut short: Option<FoundUrl> = None;
        for (name, _) in url.canonical().parameters() {
            let Some(rule) = self.rules.get_mut(&key_of(&place, name)).filter(|rule| rule.drops(now)) else { continue };
            if linked {
                rule.links = rule.links.saturating_add(1);
            }
            if let Some(shorter) = short.as_ref().unwrap_or(url).without_parameter(name) {
                short = Some(shorter);
            }
        }
        short
    }

    /// The parameters that are left out at `now`.
    pub fn dropped(&self, now: Timestamp) -> Vec<Dropped> {
        let left_out = self.rules.iter().filter(|(_, rule)| rule.drops(now));
        left_out
            .filter_map(|(key, rule)| {
                let (place, name) = key.split_once(' ')?;
                Some(Dropped {
                    place: place.to_owned(),
                    name: name.to_owned(),
                    comparisons: rule.equal,
                    links: rule.links,
                })
            })
            .collect()
    }

    /// Whether anything was learned that is worth keeping.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    fn rules_of<'a>(&'a self, place: &'a str) -> impl Iterator<Item = &'a str> {
        let start = key_of(place, "");
        self.rules.range(start.clone()..).map_while(move |(key, _)| key.strip_prefix(&start))
    }

    fn remember(&mut self, page: u64, sample: (u64, u64)) -> Option<(u64, u64)> {
        if self.samples.len() >= SAMPLES_LIMIT {
            self.samples.clear();
        }
        self.samples.insert(page, sample)
    }

    fn compared(&mut self, place: &str, name: &str, page: u64, equal: bool, now: Timestamp) -> bool {
        let key = key_of(place, name);
        if self.rules.len() >= RULES_LIMIT && !self.rules.contains_key(&key) {
            return false;
        }
        let rule = self.rules.entry(key).or_default();
        // What ran out is learned from the start, so that a site that changed is heard.
        if rule.at.is_some_and(|at| now.since(at) >= LIFE) {
            *rule = Rule::default();
        }
        let before = rule.drops(now);
        rule.at = Some(now);
        rule.differs |= !equal;
        if equal {
            rule.equal = rule.equal.saturating_add(1);
            if rule.pages.len() < PAGES && !rule.pages.contains(&page) {
                rule.pages.push(page);
            }
        }
        !before && rule.drops(now)
    }
}

/// Stands for a parameter that is not there.
const ABSENT: u64 = 0;

fn place_of(url: &CanonicalUrl) -> String {
    format!("{}/{}", url.host(), shape_of(url.as_url().path()).trim_start_matches('/'))
}

fn key_of(place: &str, name: &str) -> String {
    format!("{place} {name}")
}

fn page_of(rest: &CanonicalUrl, name: &str) -> u64 {
    hash(&format!("{rest} {name}"))
}

fn hash(text: &str) -> u64 {
    xxhash_rust::xxh3::xxh3_64(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn url(path: &str) -> FoundUrl {
        FoundUrl::parse(&format!("https://x.example.test{path}"), None).unwrap()
    }

    const NOW: Timestamp = Timestamp::from_millis(1_770_000_000_000);

    /// Five items, each seen with two values of `ref`.
    fn taught() -> ParameterBook {
        let mut book = ParameterBook::default();
        for item in 0..5_u64 {
            for from in ["home", "search"] {
                book.observe(url(&format!("/item/{item}?id={item}&ref={from}")).canonical(), None, item, NOW);
            }
        }
        book
    }

    #[test]
    fn a_parameter_that_changes_nothing_is_dropped_and_one_that_chooses_the_page_is_not() {
        let mut book = taught();
        let short = book.shorten(&url("/item/77?id=77&ref=mail"), true, NOW);
        assert_eq!(short, Some(url("/item/77?id=77")));
        assert_eq!(book.shorten(&url("/item/77?id=77"), true, NOW), None);
        assert_eq!(book.shorten(&url("/other/77?ref=mail"), true, NOW), None, "another shape of path");
        let dropped = book.dropped(NOW);
        assert_eq!((dropped.len(), dropped[0].name.as_str(), dropped[0].links), (1, "ref", 1));
        for item in 0..50_u64 {
            book.observe(url(&format!("/show?item={item}")).canonical(), None, item, NOW);
        }
        assert_eq!(book.shorten(&url("/show?item=9"), true, NOW), None);
    }

    #[test]
    fn one_difference_keeps_a_parameter_for_good() {
        let mut book = taught();
        book.observe(url("/item/9?ref=a").canonical(), None, 1, NOW);
        book.observe(url("/item/9?ref=b").canonical(), None, 2, NOW);
        assert_eq!(book.shorten(&url("/item/77?ref=mail"), true, NOW), None);
        assert!(book.dropped(NOW).is_empty());
    }

    #[test]
    fn pages_of_an_empty_result_list_do_not_teach_that_pages_do_not_matter() {
        let mut book = ParameterBook::default();
        for page in 0..15 {
            book.observe(url(&format!("/search?page={page}&q=nothing")).canonical(), None, 7, NOW);
        }
        assert_eq!(book.shorten(&url("/search?page=2&q=chairs"), true, NOW), None);
        for page in 0..30 {
            book.observe(url(&format!("/loop?n={page}")).canonical(), None, 7, NOW);
        }
        assert_eq!(book.shorten(&url("/loop?n=99"), true, NOW), Some(url("/loop")), "a counter that leads to itself");
    }

    #[test]
    fn a_page_s_own_canonical_and_the_page_without_the_parameter_teach_too() {
        let mut book = ParameterBook::default();
        for item in 0..5 {
            let plain = url(&format!("/item/{item}"));
            book.observe(url(&format!("/item/{item}?ref=rel")).canonical(), Some(plain.canonical()), item, NOW);
        }
        assert_eq!(book.shorten(&url("/item/8?ref=x"), true, NOW), Some(url("/item/8")));
        let mut book = ParameterBook::default();
        book.observe(url("/item/0?ref=rel").canonical(), Some(url("/item/0").canonical()), 0, NOW);
        for item in 1..5 {
            book.observe(url(&format!("/item/{item}")).canonical(), None, item, NOW);
            book.observe(url(&format!("/item/{item}?ref=rel")).canonical(), None, item, NOW);
            book.observe(url(&format!("/item/{item}")).canonical(), None, item, NOW);
        }
        assert_eq!(book.shorten(&url("/item/8?ref=x"), true, NOW), Some(url("/item/8")));
        // A page that claims another page for its own is believed only as long as what they say agrees.
        let mut liar = ParameterBook::default();
        for item in 0..9 {
            liar.observe(url("/show?id=0").canonical(), Some(url("/show").canonical()), 0, NOW);
            liar.observe(url(&format!("/show?id={item}")).canonical(), Some(url("/show").canonical()), item, NOW);
        }
        assert_eq!(liar.shorten(&url("/show?id=3"), true, NOW), None);
    }

    #[test]
    fn what_was_learned_is_stored_runs_out_and_stays_small() {
        let mut book: ParameterBook = serde_json::from_str(&serde_json::to_string(&taught()).unwrap()).unwrap();
        assert!(book.shorten(&url("/item/77?ref=mail"), false, NOW).is_some());
        let later = NOW.after(LIFE);
        assert_eq!(book.shorten(&url("/item/77?ref=mail"), false, later), None);
        assert!(book.dropped(later).is_empty());
        for n in 0..50_000_u64 {
            let value = n % 2;
            book.observe(url(&format!("/a{}/b?p{}={value}", n / 2, n / 2)).canonical(), None, n / 2, NOW);
        }
        assert!(book.rules.len() <= RULES_LIMIT && book.samples.len() <= SAMPLES_LIMIT);
    }

    proptest! {
        #[test]
        fn shortening_twice_changes_nothing(query in "(ref|id|q)=[a-z0-9]{0,3}(&(ref|id|q)=[a-z0-9]{0,3}){0,4}") {
            let mut book = taught();
            let long = url(&format!("/item/5?{query}"));
            if let Some(short) = book.shorten(&long, false, NOW) {
                prop_assert_eq!(book.shorten(&short, false, NOW), None);
                prop_assert!(!short.canonical().parameters().any(|(name, _)| name == "ref"));
                prop_assert_eq!(FoundUrl::parse(short.as_str(), None), Ok(short));
            }
        }
    }
}
