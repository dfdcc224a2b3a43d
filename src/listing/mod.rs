//! From the bytes of a page to its listings, links and structured data.
//!
//! Owns: charset, the one-pass page reader, JSON-LD, microdata, RDFa, OpenGraph, selectors, price and contact forms.
//! Never: judges what it reads (that is `detect`), fetches, stores.
//! Start reading: [`page::Page`].

pub mod page;
