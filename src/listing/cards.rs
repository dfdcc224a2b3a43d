//! The items of a category page without markup: headings, each with a price between it and the next.

use std::ops::Range;

use crate::listing::ReadContext;
use crate::listing::draft::note_sources;
use crate::listing::field::one_line;
use crate::listing::flow::Marks;
use crate::listing::links::leads_on;
use crate::listing::page::{Listing, Page};
use crate::listing::price;

/// Lines behind a heading that belong to its item, at most.
const ITEM_LINES: usize = 12;

/// A title longer than this is prose.
const TITLE_BYTES: usize = 200;

/// The items, where there are several. Those that have a page of their own are told so: they are judged there.
pub(super) fn cards(page: &Page, marks: &Marks<'_>, context: &ReadContext<'_>) -> Vec<Listing> {
    let text = page.text.as_str();
    let mut items = Vec::new();
    let is_followed = !page.robots.nofollow && !context.nofollow;
    for (at, heading) in marks.headings.iter().enumerate() {
        let next = marks.headings.get(at + 1).map_or(text.len(), |next| next.start);
        let title = one_line(text.get(heading.clone()).unwrap_or_default());
        let Some(rest) = text.get(heading.end..next.max(heading.end)) else { continue };
        if title.is_empty() || title.len() > TITLE_BYTES {
            continue;
        }
        let (mut end, mut price) = (heading.end, None);
        for line in rest.split_inclusive('\n').take(ITEM_LINES + 1) {
            let range = end..end + line.len();
            end = range.end;
            price = price.or_else(|| price::in_line(&marks.as_read(line, &range)));
        }
        let Some(price) = price else { continue };
        let description = text.get(heading.end..end).unwrap_or_default().trim();
        let leads = leads_on(marks, context);
        let is_of_item = |range: &Range<usize>| heading.start < range.end && range.start < end;
        let mut listing = Listing {
            title,
            description: description.to_owned(),
            price: Some(price::in_language(price, page.language.as_deref())),
            language: page.language.clone(),
            elsewhere: is_followed && marks.links.iter().any(|(range, href)| is_of_item(range) && leads(href)),
            ..Listing::default()
        };
        note_sources(&mut listing, "page");
        items.push(listing);
    }
    // One heading with a price is no list of items.
    if items.len() > 1 { items } else { Vec::new() }
}
