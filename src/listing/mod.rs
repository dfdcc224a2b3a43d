//! From the bytes of a page to its listings, links and structured data.
//!
//! Owns: charset, the one-pass page reader, JSON-LD, microdata, RDFa, OpenGraph, selectors, price and contact forms.
//! Never: judges what it reads (that is `detect`), fetches, stores.
//! Start reading: [`read`], then [`page::Page`].

mod assemble;
pub mod budget;
mod cards;
pub mod charset;
pub mod contacts;
mod dom;
mod draft;
pub mod ended;
pub mod entities;
pub mod feed;
mod field;
mod flow;
mod format;
pub mod input;
mod item;
mod json_ld;
mod layout;
mod links;
mod microdata;
pub mod page;
pub mod price;
mod rdfa;
mod reader;
mod regions;
pub mod selectors;
pub mod spellings;
pub mod structured;
pub mod tags;
pub mod tokenizer;

pub use selectors::{CompiledSelectors, SelectorError};

use crate::listing::page::{Format, Page};
use crate::listing::spellings::Spellings;
use crate::vocab::found::FoundUrl;
use crate::vocab::limits::Limits;
use crate::vocab::platform::Platform;
use crate::vocab::time::Deadline;

/// Tells whether a title and a text may name anything. The text of a page that may not need not be kept beside its listings.
#[derive(Clone, Copy)]
pub struct FirstPass<'a>(pub &'a dyn Fn(&str, &str) -> bool);

impl std::fmt::Debug for FirstPass<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FirstPass")
    }
}

/// What reading a page needs besides its bytes.
#[derive(Debug, Clone, Copy)]
pub struct ReadContext<'a> {
    /// The page's own address, base of its links.
    pub url: &'a FoundUrl,
    /// `Content-Type` of the response.
    pub content_type: Option<&'a str>,
    /// `Link` of the response, all its lines as one list.
    pub link: Option<&'a str>,
    /// `Refresh` of the response.
    pub refresh: Option<&'a str>,
    /// The platform's selectors, if it has any.
    pub selectors: Option<&'a CompiledSelectors>,
    /// Caps.
    pub limits: &'a Limits,
    /// When reading must end.
    pub deadline: Deadline<'a>,
    /// Whose page it is: spellings of links count for one owner.
    pub owner: &'a str,
    /// Links that need not be told again, by their spelling; they are left out.
    pub known: Option<&'a Spellings>,
    /// The platform whose links are followed from the page; where there is none, links of the page's host are.
    pub scope: Option<&'a Platform>,
    /// The response says that no link of the page is to be followed.
    pub nofollow: bool,
    /// Which texts of pages are worth keeping beside their listings; where there is none, all are.
    pub first_pass: Option<FirstPass<'a>>,
}

impl<'a> ReadContext<'a> {
    /// A page of which nothing but its address is known.
    pub fn new(url: &'a FoundUrl, limits: &'a Limits) -> Self {
        let deadline = Deadline::NEVER;
        ReadContext {
            url,
            content_type: None,
            link: None,
            refresh: None,
            selectors: None,
            limits,
            deadline,
            owner: "",
            known: None,
            scope: None,
            nofollow: false,
            first_pass: None,
        }
    }
}

/// Reads a page. Never fails and never panics: what could not be read is named in [`Page::problems`].
pub fn read(bytes: &[u8], context: &ReadContext<'_>) -> Page {
    let format = format::of(bytes, context.content_type);
    if matches!(format, Format::WithoutText | Format::Unread) {
        return Page { encoding: "binary", format, problems: vec!["not HTML".to_owned()], ..Page::default() };
    }
    let cut = bytes.len() > context.limits.body_bytes;
    let decoded = charset::decode(&bytes[..bytes.len().min(context.limits.body_bytes)], context.content_type);
    let mut page = match format {
        Format::Text => reader::read_plain(&decoded.text, context),
        Format::Markup | Format::WithoutText | Format::Unread => reader::read(&decoded.text, decoded.encoding, context),
    };
    page.format = format;
    page.encoding = decoded.encoding;
    page.cut |= page.listings.iter().any(|listing| listing.cut);
    if cut {
        page.cut = true;
        page.problems.push(format!("only the first {} bytes were read", context.limits.body_bytes));
    }
    if decoded.had_errors {
        page.problems.push(format!("bytes that are not {}", decoded.encoding));
    }
    page
}
