//! Which parts of a page speak of the site or of other items: navigation, banners, breadcrumbs, what is recommended beside.

use std::ops::Range;

use crate::listing::entities;
use crate::listing::tags;
use crate::listing::tokenizer::attributes;

/// Places noted, and how far into the text: what a page says of its item stands at its top.
const PLACES: usize = 400;
const FAR: usize = 64 * 1024;

/// Regions of a page while it is read.
#[derive(Debug, Default)]
pub(super) struct Regions {
    open: Option<Open>,
    /// Elements `main` and `article` that are open: their headers are the item's.
    in_main: u32,
    found: Vec<Range<usize>>,
}

/// A region that has begun, by its outermost element.
#[derive(Debug)]
struct Open {
    tag: u64,
    depth: u32,
    from: usize,
    /// A heading of the first order within it makes it the item's.
    may_be_the_items: bool,
}

impl Regions {
    pub fn start(&mut self, tag: u64, inside: &str, at: usize) {
        if matches!(tag, tags::MAIN | tags::ARTICLE) {
            self.in_main += 1;
        }
        match &mut self.open {
            Some(open) if tag == tags::H1 && open.may_be_the_items => self.open = None,
            // The end tag of a paragraph may be left out.
            Some(open) if open.tag == tags::P && tags::is_block(tag) => self.close(at),
            Some(open) if open.tag == tag => open.depth += 1,
            Some(_) => return,
            None => {}
        }
        if self.open.is_none() && self.found.len() < PLACES && at < FAR {
            let may_be_the_items = tag != tags::NAV;
            if self.is_beside(tag, inside) {
                self.open = Some(Open { tag, depth: 1, from: at, may_be_the_items });
            }
        }
    }

    pub fn end(&mut self, tag: u64, at: usize) {
        if matches!(tag, tags::MAIN | tags::ARTICLE) {
            self.in_main = self.in_main.saturating_sub(1);
        }
        if let Some(open) = self.open.as_mut().filter(|open| open.tag == tag) {
            open.depth -= 1;
            if open.depth == 0 {
                self.close(at);
            }
        }
    }

    fn close(&mut self, at: usize) {
        if let Some(open) = self.open.take()
            && open.from < at
        {
            self.found.push(open.from..at);
        }
    }

    /// The regions and the words of links, in order, none overlapping another.
    pub fn beside(mut self, links: impl Iterator<Item = Range<usize>>, end: usize) -> Vec<Range<usize>> {
        self.close(end);
        let mut all = self.found;
        all.extend(links.take_while(|words| words.start < FAR).take(PLACES));
        all.sort_by_key(|place| (place.start, place.end));
        let mut places: Vec<Range<usize>> = Vec::with_capacity(all.len());
        for place in all {
            match places.last_mut().filter(|last| place.start < last.end) {
                Some(last) => last.end = last.end.max(place.end),
                None => places.push(place),
            }
        }
        places
    }

    fn is_beside(&self, tag: u64, inside: &str) -> bool {
        match tag {
            tags::NAV | tags::FOOTER | tags::ASIDE => return true,
            tags::HEADER if self.in_main == 0 => return true,
            tags::HEADER | tags::DIV | tags::SECTION | tags::UL | tags::OL | tags::P | tags::SPAN => {}
            _ => return false,
        }
        attributes(inside).any(|(name, value)| {
            let value = entities::decode(value, true).to_ascii_lowercase();
            if name.eq_ignore_ascii_case("role") {
                return ["navigation", "banner", "contentinfo", "complementary", "search"].contains(&value.trim());
            }
            let words = || value.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
            let is_name = name.eq_ignore_ascii_case("class") || name.eq_ignore_ascii_case("id");
            // A banner may be the one that says what became of the item.
            is_name && words().any(is_of_the_site) && !words().any(is_of_the_item)
        })
    }
}

/// Words of a class or an id of what is not about the page's item.
fn is_of_the_site(word: &str) -> bool {
    const WORDS: [&str; 17] = [
        "nav",
        "navbar",
        "navigation",
        "menu",
        "topbar",
        "sidebar",
        "banner",
        "announcement",
        "promo",
        "ad",
        "ads",
        "related",
        "similar",
        "recommended",
        "recommendations",
        "carousel",
        "cookie",
    ];
    WORDS.contains(&word) || word.starts_with("breadcrumb")
}

/// Words of a class or an id of what is about it all the same.
fn is_of_the_item(word: &str) -> bool {
    ["ended", "expired", "sold", "removed", "unavailable", "status", "listing", "item", "product", "offer", "main"]
        .contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::tags::tag_of;

    /// The name of an element, its attributes, and the bytes of text before it; an end tag begins with a slash.
    fn beside(steps: &[(&str, &str, usize)], end: usize) -> Vec<(usize, usize)> {
        let mut regions = Regions::default();
        for (name, inside, at) in steps {
            match name.strip_prefix('/') {
                Some(name) => regions.end(tag_of(name), *at),
                None => regions.start(tag_of(name), inside, *at),
            }
        }
        regions.beside(std::iter::empty(), end).iter().map(|place| (place.start, place.end)).collect()
    }

    #[test]
    fn navigation_is_beside_and_the_items_own_header_is_not() {
        let of = |steps: &[(&str, &str, usize)]| beside(steps, 100);
        assert_eq!(of(&[("nav", "", 0), ("div", "", 5), ("/div", "", 8), ("/nav", "", 10)]), [(0, 10)]);
        let crumbs = "class=\"page-breadcrumbs small\"";
        assert_eq!(of(&[("div", crumbs, 3), ("div", "", 5), ("/div", "", 8), ("/div", "", 10)]), [(3, 10)]);
        assert!(of(&[("header", "", 0), ("h1", "", 5), ("/header", "", 10)]).is_empty());
        assert!(of(&[("main", "", 0), ("header", "", 0), ("/header", "", 10)]).is_empty());
        assert_eq!(of(&[("header", "", 0), ("/header", "", 10)]), [(0, 10)]);
        assert!(of(&[("div", "class='item-ended banner'", 0), ("/div", "", 10)]).is_empty());
        assert_eq!(of(&[("div", "role=banner", 0), ("/div", "", 10)]), [(0, 10)]);
        assert_eq!(of(&[("p", "class=promo", 0), ("div", "", 10), ("/div", "", 20)]), [(0, 10)]);
        assert_eq!(of(&[("section", "id=related", 40)]), [(40, 100)], "one without an end goes to the end");
    }
}
