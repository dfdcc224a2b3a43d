//! A platform's CSS selectors, for pages whose structured data is missing or wrong.

use scraper::{Html, Selector};

use crate::listing::budget::{Budget, Spent};
use crate::listing::field::one_line;
use crate::listing::page::{Listing, Page};
use crate::listing::{dom, price};
use crate::vocab::found::FoundUrl;
use crate::vocab::platform::{ListingSelectors, PathGlobs};

/// A selector that does not parse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("CSS selector `{selector}` cannot be read: {reason}")]
pub struct SelectorError {
    /// The selector as written.
    pub selector: String,
    /// What is wrong with it.
    pub reason: String,
}

/// Selectors, compiled once for a scan.
#[derive(Debug, Clone)]
pub struct CompiledSelectors {
    pages: PathGlobs,
    title: Option<Selector>,
    description: Option<Selector>,
    price: Option<Selector>,
    seller: Option<Selector>,
}

impl CompiledSelectors {
    /// Compiles the selectors of a platform file.
    ///
    /// # Errors
    /// The first selector that does not parse.
    pub fn compile(listing: &ListingSelectors) -> Result<Self, SelectorError> {
        let compile = |text: &Option<String>| {
            text.as_deref()
                .map(|text| {
                    Selector::parse(text)
                        .map_err(|error| SelectorError { selector: text.to_owned(), reason: error.to_string() })
                })
                .transpose()
        };
        Ok(CompiledSelectors {
            pages: listing.pages.clone(),
            title: compile(&listing.title)?,
            description: compile(&listing.description)?,
            price: compile(&listing.price)?,
            seller: compile(&listing.seller)?,
        })
    }

    /// Whether the page is a listing by its path.
    pub fn apply_to(&self, url: &FoundUrl) -> bool {
        [url.as_url(), url.canonical().as_url()].iter().any(|url| self.pages.matches(url.path()))
    }

    /// Reads the selected fields; they win over what structured data says.
    ///
    /// # Errors
    /// What reading them cost too much of; then the page is as it was.
    pub(super) fn read(&self, document: &Html, budget: &Budget<'_>, page: &mut Page) -> Result<(), Spent> {
        let text_of = |selector: &Option<Selector>| -> Result<Option<String>, Spent> {
            let Some(selector) = selector else { return Ok(None) };
            let Some(element) = dom::first(document, selector, budget)? else { return Ok(None) };
            let text = one_line(&dom::text(element, budget)?);
            Ok(Some(text).filter(|text| !text.is_empty()))
        };
        let (title, description) = (text_of(&self.title)?, text_of(&self.description)?);
        let (price, seller) = (text_of(&self.price)?, text_of(&self.seller)?);
        let mut listing = page.listings.drain(..).next().unwrap_or_default();
        let mut set = |field: &str, value: Option<String>, into: fn(&mut Listing, String)| {
            if let Some(value) = value {
                into(&mut listing, value);
                listing.source.insert(field.to_owned(), "selector".to_owned());
            }
        };
        set("title", title, |listing, value| listing.title = value);
        set("description", description, |listing, value| listing.description = value);
        set("price", price, |listing, value| listing.price = price::parse(&value, None));
        set("seller", seller, |listing, value| listing.seller = Some(value));
        if !listing.title.is_empty() || !listing.description.is_empty() {
            page.listings.push(listing);
        }
        Ok(())
    }
}
