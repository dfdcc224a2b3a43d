//! Listings while they are put together: what two syntaxes say of one offer, and which of a page's offers are its own.

use crate::listing::field::one_line;
use crate::listing::page::Listing;

/// A listing, and what the page says of its place on it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Draft {
    pub listing: Listing,
    pub place: Place,
}

/// Where a page speaks of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// On its own: the page is about it.
    Own,
    /// In a list, or as something related: it has a page of its own where it has any.
    Listed,
}

/// Notes where the fields came from.
pub(super) fn note_sources(listing: &mut Listing, origin: &str) {
    let filled = [
        ("title", !listing.title.is_empty()),
        ("description", !listing.description.is_empty()),
        ("price", listing.price.is_some()),
        ("seller", listing.seller.is_some()),
        ("identifiers", !listing.identifiers.is_empty()),
        ("language", listing.language.is_some()),
        ("images", !listing.images.is_empty()),
    ];
    for (field, _) in filled.into_iter().filter(|(_, filled)| *filled) {
        listing.source.insert(field.to_owned(), origin.to_owned());
    }
}

/// Adds drafts of another syntax. What both name is one listing, of which the first to speak is believed.
pub(super) fn add(drafts: &mut Vec<Draft>, more: Vec<Draft>) {
    let folded = |draft: &Draft| one_line(&draft.listing.title).to_lowercase();
    let mut titles: Vec<String> = drafts.iter().map(folded).collect();
    for draft in more {
        let title = folded(&draft);
        let mut held = drafts.iter_mut().zip(&titles).filter(|(_, held)| **held == title);
        match held.find(|(held, _)| do_agree(&held.listing, &draft.listing)) {
            Some((held, _)) => {
                if draft.place == Place::Own {
                    held.place = Place::Own;
                }
                fill(&mut held.listing, draft.listing);
            }
            None => {
                drafts.push(draft);
                titles.push(title);
            }
        }
    }
}

/// The listings a page gives: its own, or, where it has none, those of its lists.
pub(super) fn listings(drafts: Vec<Draft>) -> Vec<Listing> {
    let has_own = drafts.iter().any(|draft| draft.place == Place::Own);
    let given = drafts.into_iter().filter(|draft| draft.place == Place::Own || !has_own);
    given.map(|draft| draft.listing).collect()
}

/// Whether two listings of one title do not contradict each other.
fn do_agree(one: &Listing, other: &Listing) -> bool {
    let agree = |a: &str, b: &str| a.is_empty() || b.is_empty() || a == b;
    let value = |listing: &Listing, key: &str| {
        listing.identifiers.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let of_one_price = match (&one.price, &other.price) {
        (Some(one), Some(other)) => one.minor_units == other.minor_units,
        (None, _) | (_, None) => true,
    };
    of_one_price
        && ["sku", "gtin", "mpn"].iter().all(|key| agree(&value(one, key), &value(other, key)))
        && (one.source.get("title") != other.source.get("title") || agree(&one.description, &other.description))
}

/// Fills what `listing` leaves open.
fn fill(listing: &mut Listing, from: Listing) {
    let mut filled = Vec::new();
    listing.cut |= from.cut;
    listing.in_stock |= from.in_stock;
    if listing.description.is_empty() && !from.description.is_empty() {
        listing.description = from.description;
        filled.push("description");
    } else if !one_line(&listing.description).contains(&one_line(&from.description)) {
        // What another syntax says beside is judged as well.
        listing.description.push('\n');
        listing.description.push_str(&from.description);
    }
    if listing.price.is_none() && from.price.is_some() {
        listing.price = from.price;
        filled.push("price");
    }
    if listing.seller.is_none() && from.seller.is_some() {
        listing.seller = from.seller;
        filled.push("seller");
    }
    if listing.images.is_empty() && !from.images.is_empty() {
        listing.images = from.images;
        filled.push("images");
    }
    if listing.language.is_none() && from.language.is_some() {
        listing.language = from.language;
        filled.push("language");
    }
    for identifier in from.identifiers {
        if !listing.identifiers.iter().any(|(held, value)| *held == identifier.0 && *value == identifier.1) {
            listing.identifiers.push(identifier);
            filled.push("identifiers");
        }
    }
    for field in filled {
        if let Some(origin) = from.source.get(field) {
            listing.source.entry(field.to_owned()).or_insert_with(|| origin.clone());
        }
    }
}
