//! From things to listings: which thing is offered, by which offer, and which of the page's things are others' business.

use std::collections::HashSet;

use crate::listing::budget::{Budget, Spent, Work};
use crate::listing::draft::{self, Draft, Place, note_sources};
use crate::listing::field;
use crate::listing::item::{Content, Item, Items};
use crate::listing::page::Listing;
use crate::listing::price;
use crate::vocab::found::FoundUrl;
use crate::vocab::money::Price;

/// Listings read of one page.
const LISTINGS_LIMIT: usize = 200;

/// Things are followed from one to the next at most so far.
const DEPTH_LIMIT: usize = 16;

/// Offers, variants and attributes looked at of one listing.
const PARTS_LIMIT: usize = 200;

/// Attributes read of one listing, as many as a platform may hand over with one.
const ATTRIBUTES_LIMIT: usize = 1000;

/// Images kept of one listing.
const IMAGES_LIMIT: usize = 10;

/// What is offered, by type.
const OFFERED: [&str; 28] = [
    "Product",
    "ProductGroup",
    "ProductModel",
    "ProductCollection",
    "IndividualProduct",
    "SomeProducts",
    "SomeItems",
    "ProductOrService",
    "ProductOrServiceModel",
    "Offering",
    "Service",
    "Drug",
    "DietarySupplement",
    "MedicalDevice",
    "ChemicalSubstance",
    "MolecularEntity",
    "BioChemEntity",
    "Vehicle",
    "Car",
    "Motorcycle",
    "BusOrCoach",
    "MotorizedBicycle",
    "Book",
    "Accommodation",
    "Apartment",
    "House",
    "RealEstateListing",
    "FinancialProduct",
];

const OFFERS: [&str; 5] = ["Offer", "AggregateOffer", "OfferForPurchase", "OfferForLease", "Demand"];

/// What only holds or describes others, even where it has offers and a name.
const CONTAINERS: [&str; 16] = [
    "ItemList",
    "OfferCatalog",
    "BreadcrumbList",
    "ListItem",
    "WebSite",
    "WebPage",
    "ItemPage",
    "ProductPage",
    "CollectionPage",
    "SearchResultsPage",
    "AboutPage",
    "ContactPage",
    "Organization",
    "Store",
    "LocalBusiness",
    "Person",
];

/// Properties that lead to what a page or a shop offers.
const CARRIERS: [&str; 11] = [
    "@graph",
    "mainEntity",
    "mainEntityOfPage",
    "itemListElement",
    "item",
    "itemOffered",
    "itemReviewed",
    "offers",
    "makesOffer",
    "hasOfferCatalog",
    "hasVariant",
];

/// Carriers that lead to many, each with a page of its own.
const LISTS: [&str; 3] = ["itemListElement", "makesOffer", "hasOfferCatalog"];

/// Properties that lead from an offer to others of the shop.
const RELATED: [&str; 5] =
    ["isRelatedTo", "isSimilarTo", "isAccessoryOrSparePartFor", "isConsumableFor", "itemListElement"];

/// Properties that identify an offer, in the order in which they are told.
const IDENTIFIERS: [&str; 18] = [
    "sku",
    "mpn",
    "gtin",
    "gtin13",
    "gtin14",
    "gtin12",
    "gtin8",
    "productID",
    "casNumber",
    "inChIKey",
    "inChI",
    "smiles",
    "molecularFormula",
    "iupacName",
    "alternateName",
    "nonProprietaryName",
    "activeIngredient",
    "model",
];

/// The listings among the things of a page. What passes the budget is told by it; what was read before is kept.
pub(super) fn drafts(items: &Items, origin: &str, base: &FoundUrl, budget: &Budget<'_>) -> Vec<Draft> {
    let Ok(mut assembler) = Assembler::new(items, origin, base, budget) else { return Vec::new() };
    // The budget holds the reason.
    let _ = assembler.walk();
    assembler.attach_stray_offer();
    if assembler.left_out
        && let Some(last) = assembler.found.last_mut()
    {
        last.listing.cut = true;
    }
    let mut drafts = Vec::with_capacity(assembler.found.len());
    draft::add(&mut drafts, assembler.found);
    drafts
}

struct Assembler<'i, 'b, 'a> {
    items: &'i Items,
    origin: &'i str,
    /// What addresses are relative to.
    base: &'i FoundUrl,
    budget: &'b Budget<'a>,
    /// Offers that say themselves what they offer: the thing's place, and theirs.
    offered_by: Vec<(usize, usize)>,
    /// Variants that say themselves of what: the group's place, and theirs.
    variants_of: Vec<(usize, usize)>,
    /// Things that stand in a list, or as related to others.
    listed: HashSet<usize>,
    /// Offers that belong to a thing which names them.
    parts: HashSet<usize>,
    /// Things that a group with a name names as its variants.
    variants: HashSet<usize>,
    /// Groups with a name that stand for themselves.
    groups: HashSet<usize>,
    seen: HashSet<usize>,
    found: Vec<Draft>,
    /// Offers that stand alone, without a name.
    stray: Vec<usize>,
    /// An offer offers more things than are read.
    left_out: bool,
}

/// How a thing was come to.
#[derive(Debug, Clone)]
struct Visit {
    place: Place,
    depth: usize,
    /// Whose offers they are.
    seller: Option<String>,
}

impl Visit {
    fn of(place: Place) -> Self {
        Visit { place, depth: 0, seller: None }
    }
}

impl<'i, 'b, 'a> Assembler<'i, 'b, 'a> {
    fn new(items: &'i Items, origin: &'i str, base: &'i FoundUrl, budget: &'b Budget<'a>) -> Result<Self, Spent> {
        let (mut offered_by, mut variants_of) = (Vec::new(), Vec::new());
        let (mut listed, mut parts, mut variants) = (HashSet::new(), HashSet::new(), HashSet::new());
        let is_group =
            |at: &usize| items.at(*at).is_some_and(|item| is_offered(item) && !item.values("name").is_empty());
        let groups = items.top.iter().copied().filter(is_group).collect();
        for (at, item) in items.iter() {
            budget.charge(Work::Steps, 1 + item.properties.len() as u64)?;
            offered_by.extend(items.below(item, "itemOffered").map(|offered| (offered, at)));
            variants_of.extend(items.below(item, "isVariantOf").map(|group| (group, at)));
            for name in RELATED {
                listed.extend(items.below(item, name));
            }
            if is_offered(item) {
                parts.extend(items.below(item, "offers"));
            }
            if is_offered(item) && !item.values("name").is_empty() {
                variants.extend(items.below(item, "hasVariant").filter(|variant| *variant != at));
            }
        }
        offered_by.sort_unstable();
        variants_of.sort_unstable();
        Ok(Assembler {
            items,
            origin,
            base,
            budget,
            offered_by,
            variants_of,
            listed,
            parts,
            variants,
            groups,
            seen: HashSet::new(),
            found: Vec::new(),
            stray: Vec::new(),
            left_out: false,
        })
    }

    fn walk(&mut self) -> Result<(), Spent> {
        // What a list names may be told before it: then it stands for itself.
        let (listed, own): (Vec<usize>, Vec<usize>) = self.items.top.iter().partition(|at| self.listed.contains(at));
        let is_told = |at: &&usize| self.items.at(**at).is_some_and(is_offered);
        let told: Vec<usize> = own.iter().filter(is_told).copied().collect();
        for at in told.into_iter().chain(own) {
            self.visit(at, Visit::of(Place::Own))?;
        }
        for at in listed {
            self.visit(at, Visit::of(Place::Listed))?;
        }
        Ok(())
    }

    fn visit(&mut self, at: usize, how: Visit) -> Result<(), Spent> {
        self.budget.charge(Work::References, 1)?;
        let Some(item) = self.items.at(at) else { return Ok(()) };
        if how.depth > DEPTH_LIMIT || !self.seen.insert(at) {
            return Ok(());
        }
        if item.is(&["BreadcrumbList"])
            || self.is_told_by_another(at, item)
            || (how.depth == 0 && self.parts.contains(&at))
        {
            return Ok(());
        }
        if self.found.len() >= LISTINGS_LIMIT {
            // What is not read is told as a text that is cut.
            if let Some(last) = self.found.last_mut() {
                last.listing.cut |= is_offered(item);
            }
            return Ok(());
        }
        if is_offered(item) {
            let offers = self.offers_of(at, item);
            let draft = self.draft(item, (at, &offers), &how)?;
            self.found.extend(draft);
            return Ok(());
        }
        if item.is(&OFFERS) {
            return self.visit_offer(at, item, how);
        }
        for carrier in CARRIERS {
            let is_list = LISTS.contains(&carrier) || item.is(&["ItemList", "OfferCatalog"]);
            let below: Vec<usize> = self.items.below(item, carrier).collect();
            let named = |names: &[&str]| names.contains(&carrier).then(|| self.items.text(item, "name")).flatten();
            let seller = named(&["makesOffer", "hasOfferCatalog"]).or_else(|| how.seller.clone());
            for next in below {
                let place = if is_list { Place::Listed } else { how.place };
                self.visit(next, Visit { place, depth: how.depth + 1, seller: seller.clone() })?;
            }
        }
        Ok(())
    }

    /// An offer by itself: what it offers, or, where it says that in words, the offer.
    fn visit_offer(&mut self, at: usize, item: &'i Item, how: Visit) -> Result<(), Spent> {
        let offered: Vec<usize> = self.items.below(item, "itemOffered").take(PARTS_LIMIT + 1).collect();
        self.left_out |= offered.len() > PARTS_LIMIT;
        for next in offered.iter().take(PARTS_LIMIT) {
            self.visit(*next, Visit { depth: how.depth + 1, ..how.clone() })?;
        }
        let words = self.items.text(item, "name").or_else(|| self.items.text(item, "itemOffered"));
        if !offered.is_empty() {
            return Ok(());
        }
        if words.is_none() && self.items.text(item, "description").is_none() {
            self.stray.push(at);
            return Ok(());
        }
        let draft = self.draft(item, (at, &[at]), &how)?;
        self.found.extend(draft);
        Ok(())
    }

    /// A product and its offer side by side, as many templates write them, belong together where there is one of each.
    fn attach_stray_offer(&mut self) {
        let mut own = self.found.iter_mut().filter(|draft| draft.place == Place::Own);
        if let (Some(only), None, [offer]) = (own.next(), own.next(), self.stray.as_slice())
            && only.listing.price.is_none()
            && let Some(item) = self.items.at(*offer)
        {
            only.listing.price = price_of(self.items, item, None, (self.budget, 0));
            if only.listing.price.is_some() {
                only.listing.source.insert("price".to_owned(), self.origin.to_owned());
            }
        }
    }

    /// Whether it is a variant of a group that is told, or a group of which one variant is told.
    fn is_told_by_another(&self, at: usize, item: &Item) -> bool {
        let has_several = |group: usize| pairs(&self.variants_of, group).nth(1).is_some();
        let mut groups = self.items.below(item, "isVariantOf").take(PARTS_LIMIT);
        self.variants.contains(&at)
            || groups.any(|group| group != at && has_several(group) && self.groups.contains(&group))
            || (!has_several(at)
                && pairs(&self.variants_of, at).next().is_some()
                && self.items.below(item, "hasVariant").next().is_none())
    }

    /// Places of the offers of a thing: those it names, and those that name it.
    fn offers_of(&self, at: usize, item: &Item) -> Vec<usize> {
        let named = ["offers", "offerDetails"].into_iter().flat_map(|name| self.items.below(item, name));
        let mut offers: Vec<usize> = named.take(PARTS_LIMIT + 1).collect();
        for offer in pairs(&self.offered_by, at) {
            if !offers.contains(&offer) && offers.len() <= PARTS_LIMIT {
                offers.push(offer);
            }
        }
        offers
    }

    fn variants_of(&self, at: usize, item: &Item) -> Vec<usize> {
        let mut variants: Vec<usize> = self.items.below(item, "hasVariant").take(PARTS_LIMIT + 1).collect();
        for variant in pairs(&self.variants_of, at) {
            if !variants.contains(&variant) && variants.len() <= PARTS_LIMIT {
                variants.push(variant);
            }
        }
        variants
    }

    fn draft(&mut self, item: &'i Item, (at, offers): (usize, &[usize]), how: &Visit) -> Result<Option<Draft>, Spent> {
        let items = self.items;
        let mut variants = self.variants_of(at, item);
        // One more than is read tells that there are more.
        let more = variants.len() > PARTS_LIMIT || offers.len() > PARTS_LIMIT;
        variants.truncate(PARTS_LIMIT);
        let offers = &offers[..offers.len().min(PARTS_LIMIT)];
        self.budget.charge(Work::References, (offers.len() + variants.len()) as u64)?;
        let all = || offers.iter().filter_map(|at| items.at(*at));
        let text = |name: &str| items.text(item, name);
        let seller = all()
            .find_map(|offer| items.text(offer, "seller"))
            .or_else(|| text("seller"))
            .or_else(|| all().find_map(|offer| items.text(offer, "offeredBy")))
            .or_else(|| text("offeredBy"))
            .or_else(|| how.seller.clone())
            .or_else(|| text("provider"))
            .or_else(|| text("manufacturer"));
        let parts: Vec<&Item> = all().chain(variants.iter().filter_map(|at| items.at(*at))).collect();
        let mut said = Said { items, budget: self.budget, cut: more || item.cut || parts.iter().any(|part| part.cut) };
        let mut titles = said.each(&[item], &["name", "title", "itemOffered"])?;
        if titles.is_empty() {
            titles.extend(items.below(item, "isVariantOf").find_map(|group| items.text(items.at(group)?, "name")));
        }
        let mut titles = titles.into_iter().map(|title| field::title(&title)).filter(|title| !title.is_empty());
        let title = titles.next().unwrap_or_default();
        let described: Vec<&Item> = std::iter::once(item).chain(parts.iter().copied()).collect();
        let descriptions = said.each(&described, &["description", "disambiguatingDescription"])?;
        let mut identifiers: Vec<_> = titles.map(|further| ("name".to_owned(), further)).collect();
        identifiers.extend(self.identifiers(item, (offers, &variants), &mut said)?);
        said.cut |= identifiers.len() > ATTRIBUTES_LIMIT;
        identifiers.truncate(ATTRIBUTES_LIMIT);
        let mut listing = Listing {
            title,
            cut: said.cut || descriptions.iter().any(|text| field::is_cut(text)),
            description: joined(&descriptions),
            price: self.price(item, offers, &variants),
            seller: seller.map(|seller| field::title(&seller)).filter(|seller| !seller.is_empty()),
            identifiers,
            language: text("inLanguage"),
            images: self.images(item),
            in_stock: all().any(|offer| is_in_stock(&items.text(offer, "availability").unwrap_or_default())),
            ..Listing::default()
        };
        for variant in &variants {
            self.seen.insert(*variant);
        }
        if listing.title.is_empty() && listing.description.is_empty() {
            return Ok(None);
        }
        note_sources(&mut listing, self.origin);
        Ok(Some(Draft { listing, place: how.place }))
    }

    /// The first price that is asked: of the offers, of the thing itself, of its variants; one of nothing only where there
    /// is no other.
    fn price(&self, item: &Item, offers: &[usize], variants: &[usize]) -> Option<Price> {
        let items = self.items;
        let currency = items.text(item, "priceCurrency");
        let of_offers =
            offers.iter().filter_map(|at| price_of(items, items.at(*at)?, currency.as_deref(), (self.budget, 0)));
        let in_words = item.values("offers").iter().filter_map(|content| match content {
            Content::Text(text) => price::in_line(text),
            Content::Item(_) | Content::Reference(_) => None,
        });
        let own = std::iter::once_with(|| price_of(items, item, None, (self.budget, 0))).flatten();
        let of_variants = variants.iter().filter_map(|at| {
            let variant = items.at(*at)?;
            let offers: Vec<usize> = self.offers_of(*at, variant);
            offers
                .iter()
                .find_map(|at| price_of(items, items.at(*at)?, None, (self.budget, 0)))
                .or_else(|| price_of(items, variant, None, (self.budget, 0)))
        });
        let mut free = None;
        for price in of_offers.chain(in_words).chain(own).chain(of_variants) {
            if price.minor_units > 0 {
                return Some(price);
            }
            free.get_or_insert(price);
        }
        free
    }

    /// What tells the thing and its variants from others, and the names of its offers.
    fn identifiers(
        &self,
        item: &'i Item,
        (offers, variants): (&[usize], &[usize]),
        said: &mut Said<'i, 'b, 'a>,
    ) -> Result<Vec<(String, String)>, Spent> {
        let items = self.items;
        let things = |places: &[usize]| places.iter().filter_map(|at| items.at(*at)).collect::<Vec<_>>();
        let (offers, variants) = (things(offers), things(variants));
        let mut identifiers = Vec::new();
        for key in IDENTIFIERS {
            for text in said.each(&[item], &[key])? {
                identifiers.push((key.to_owned(), field::clean(&text)));
            }
        }
        for thing in std::iter::once(item).chain(variants.iter().copied()) {
            let properties: Vec<usize> = items.below(thing, "additionalProperty").take(PARTS_LIMIT + 1).collect();
            said.cut |= properties.len() > PARTS_LIMIT;
            for property in properties.iter().take(PARTS_LIMIT).filter_map(|at| items.at(*at)) {
                let label = items.text(property, "name").map(|label| field::title(&label)).unwrap_or_default();
                for text in said.each(&[property], &["value", "description"])? {
                    identifiers.push((label.clone(), field::clean(&text)));
                }
            }
        }
        for (label, things) in [("variant", &variants), ("offer", &offers)] {
            for name in said.each(things, &["name", "sku"])? {
                let name = field::title(&name);
                if !identifiers.iter().any(|(_, held)| *held == name) {
                    identifiers.push((label.to_owned(), name));
                }
            }
        }
        Ok(identifiers)
    }

    fn images(&self, item: &Item) -> Vec<String> {
        let address = |content: &Content| match self.items.place(content).and_then(|at| self.items.at(at)) {
            Some(image) => self.items.text(image, "url").or_else(|| self.items.text(image, "contentUrl")),
            None => self.items.text_of(content),
        };
        let images = item.values("image").iter().filter_map(address);
        images.filter_map(|image| self.base.as_url().join(&image).ok().map(String::from)).take(IMAGES_LIMIT).collect()
    }
}

/// Collects what things say in words, as far as the budget allows.
struct Said<'i, 'b, 'a> {
    items: &'i Items,
    budget: &'b Budget<'a>,
    /// There is more than was taken.
    cut: bool,
}

impl Said<'_, '_, '_> {
    /// Every text of these properties of these things, each once, in order.
    fn each(&mut self, things: &[&Item], names: &[&str]) -> Result<Vec<String>, Spent> {
        let mut all: Vec<String> = Vec::new();
        for thing in things {
            for name in names {
                let (texts, cut) = self.items.texts(thing, name, PARTS_LIMIT);
                self.cut |= cut;
                for text in texts {
                    // What is longer than a field may be is cut off.
                    self.budget.charge(Work::Bytes, text.len().min(field::LIMIT_CHARS) as u64 / 2)?;
                    self.budget.charge(Work::Steps, all.len() as u64)?;
                    if !all.contains(&text) {
                        all.push(text);
                    }
                }
            }
        }
        Ok(all)
    }
}

/// Descriptions as one text, each line once.
fn joined(descriptions: &[String]) -> String {
    let mut whole = String::new();
    for text in descriptions.iter().map(|text| field::clean(text)).filter(|text| !text.is_empty()) {
        if whole.is_empty() {
            whole = text;
        } else if !whole.contains(&text) {
            whole.push('\n');
            whole.push_str(&text);
        }
    }
    whole
}

fn is_offered(item: &Item) -> bool {
    item.is(&OFFERED)
        || (!item.values("offers").is_empty()
            && !item.values("name").is_empty()
            && !item.types.is_empty()
            && !item.is(&CONTAINERS)
            && !item.is(&OFFERS))
}

/// Second places of the pairs with this first place.
fn pairs(sorted: &[(usize, usize)], first: usize) -> impl Iterator<Item = usize> {
    let from = sorted.partition_point(|(at, _)| *at < first);
    sorted[from..].iter().take_while(move |(at, _)| *at == first).map(|(_, second)| *second)
}

/// Whether an offer's availability, a word or an address of schema.org, says that the thing can be had.
fn is_in_stock(availability: &str) -> bool {
    let word = availability.trim().rsplit(['/', '#', ':']).next().unwrap_or_default().replace([' ', '_', '-'], "");
    ["InStock", "LimitedAvailability", "OnlineOnly", "InStoreOnly", "PreOrder", "BackOrder"]
        .iter()
        .any(|known| word.eq_ignore_ascii_case(known))
}

/// The price of an offer, of offers within it, or of its specification.
fn price_of(
    items: &Items,
    offer: &Item,
    currency: Option<&str>,
    (budget, depth): (&Budget<'_>, usize),
) -> Option<Price> {
    // What passes the budget is told by it.
    budget.charge(Work::References, 1).ok()?;
    let named = |item: &Item| items.text(item, "priceCurrency").or_else(|| items.text(item, "currency"));
    let currency = named(offer).or_else(|| currency.map(str::to_owned));
    let mut free = None;
    let specified: Vec<&Item> =
        items.below(offer, "priceSpecification").take(PARTS_LIMIT).filter_map(|at| items.at(at)).collect();
    budget.charge(Work::References, specified.len() as u64).ok()?;
    // What was asked before, or is asked elsewhere, is not the price.
    let is_asked = |item: &&&Item| {
        let kind = items.text(item, "priceType").unwrap_or_default();
        !["ListPrice", "StrikethroughPrice", "SRP", "MSRP", "RegularPrice"].iter().any(|other| kind.ends_with(other))
    };
    let asked = specified.iter().filter(is_asked).chain(&specified);
    let own = std::iter::once((offer, ["price", "salePrice", "lowPrice", "minPrice", "highPrice"].as_slice()));
    let candidates = own.chain(asked.map(|item| (*item, ["price", "minPrice", "maxPrice"].as_slice())));
    for (item, names) in candidates {
        let currency = named(item).or_else(|| currency.clone());
        for amount in names.iter().filter_map(|name| items.text(item, name)) {
            budget.charge(Work::Steps, amount.len() as u64).ok()?;
            match price::of_field(&amount, currency.as_deref()) {
                Some(price) if price.minor_units > 0 => return Some(price),
                found => free = free.or(found),
            }
        }
    }
    let within = items.below(offer, "offers").take(PARTS_LIMIT).filter_map(|at| items.at(at));
    let within =
        within.filter(|_| depth < 3).find_map(|inner| price_of(items, inner, currency.as_deref(), (budget, depth + 1)));
    within.or(free)
}

#[cfg(test)]
mod tests;
