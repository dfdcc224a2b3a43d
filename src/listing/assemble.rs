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
pub(super) fn drafts(items: &Items, origin: &str, url: &FoundUrl, budget: &Budget<'_>) -> Vec<Draft> {
    let Ok(mut assembler) = Assembler::new(items, origin, url, budget) else { return Vec::new() };
    // The budget holds the reason.
    let _ = assembler.walk();
    assembler.attach_stray_offer();
    let mut drafts = Vec::with_capacity(assembler.found.len());
    draft::add(&mut drafts, assembler.found);
    drafts
}

struct Assembler<'i, 'b, 'a> {
    items: &'i Items,
    origin: &'i str,
    url: &'i FoundUrl,
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
    fn new(items: &'i Items, origin: &'i str, url: &'i FoundUrl, budget: &'b Budget<'a>) -> Result<Self, Spent> {
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
            url,
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
        let offered: Vec<usize> = self.items.below(item, "itemOffered").take(PARTS_LIMIT).collect();
        for next in &offered {
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
        let mut offers: Vec<usize> = named.take(PARTS_LIMIT).collect();
        for offer in pairs(&self.offered_by, at) {
            if !offers.contains(&offer) && offers.len() < PARTS_LIMIT {
                offers.push(offer);
            }
        }
        offers
    }

    fn variants_of(&self, at: usize, item: &Item) -> Vec<usize> {
        let mut variants: Vec<usize> = self.items.below(item, "hasVariant").take(PARTS_LIMIT).collect();
        for variant in pairs(&self.variants_of, at) {
            if !variants.contains(&variant) && variants.len() < PARTS_LIMIT {
                variants.push(variant);
            }
        }
        variants
    }

    fn draft(&mut self, item: &'i Item, (at, offers): (usize, &[usize]), how: &Visit) -> Result<Option<Draft>, Spent> {
        let items = self.items;
        let variants = self.variants_of(at, item);
        self.budget.charge(Work::References, (offers.len() + variants.len()) as u64)?;
        let all = || offers.iter().filter_map(|at| items.at(*at));
        let text = |name: &str| items.text(item, name);
        let description = text("description").or_else(|| all().find_map(|offer| items.text(offer, "description")));
        let seller = all()
            .find_map(|offer| items.text(offer, "seller"))
            .or_else(|| text("seller"))
            .or_else(|| all().find_map(|offer| items.text(offer, "offeredBy")))
            .or_else(|| text("offeredBy"))
            .or_else(|| how.seller.clone())
            .or_else(|| text("provider"))
            .or_else(|| text("manufacturer"));
        let named = ["name", "title", "itemOffered"].into_iter().find_map(text);
        let title =
            named.or_else(|| items.below(item, "isVariantOf").find_map(|group| items.text(items.at(group)?, "name")));
        let mut listing = Listing {
            title: title.map(|title| field::title(&title)).unwrap_or_default(),
            description: description.as_deref().map(field::clean).unwrap_or_default(),
            cut: description.as_deref().is_some_and(field::is_cut),
            price: self.price(item, offers, &variants),
            seller: seller.map(|seller| field::title(&seller)).filter(|seller| !seller.is_empty()),
            identifiers: self.identifiers(item, &variants),
            language: text("inLanguage"),
            images: self.images(item),
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

    fn identifiers(&self, item: &Item, variants: &[usize]) -> Vec<(String, String)> {
        let items = self.items;
        let mut identifiers = Vec::new();
        for key in IDENTIFIERS {
            if let Some(content) = items.text(item, key) {
                identifiers.push((key.to_owned(), field::clean(&content)));
            }
        }
        for property in items.below(item, "additionalProperty").take(60).filter_map(|at| items.at(at)) {
            if let (Some(label), Some(content)) = (items.text(property, "name"), items.text(property, "value")) {
                identifiers.push((field::title(&label), field::clean(&content)));
            }
        }
        for variant in variants.iter().filter_map(|at| items.at(*at)) {
            if let Some(name) = items.text(variant, "name") {
                identifiers.push(("variant".to_owned(), field::title(&name)));
            }
        }
        identifiers
    }

    fn images(&self, item: &Item) -> Vec<String> {
        let address = |content: &Content| match self.items.place(content).and_then(|at| self.items.at(at)) {
            Some(image) => self.items.text(image, "url").or_else(|| self.items.text(image, "contentUrl")),
            None => self.items.text_of(content),
        };
        let images = item.values("image").iter().filter_map(address);
        images.filter_map(|image| self.url.as_url().join(&image).ok().map(String::from)).take(IMAGES_LIMIT).collect()
    }
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
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::listing::draft::listings;
    use crate::vocab::limits::Limits;
    use crate::vocab::time::Deadline;

    fn read(blocks: Value) -> Vec<Listing> {
        let limits = Limits::default();
        let budget = Budget::new(&limits, Deadline::NEVER);
        let members = if let Value::Array(members) = blocks { members } else { vec![blocks] };
        let url = FoundUrl::parse("https://shop.example.test/p", None).unwrap();
        listings(drafts(&Items::from_json_ld(members, &budget).unwrap(), "json-ld", &url, &budget))
    }

    /// Title, price and seller of each listing.
    fn told(blocks: Value) -> Vec<(String, String, String)> {
        let price = |listing: &Listing| listing.price.as_ref().map(ToString::to_string).unwrap_or_default();
        read(blocks).into_iter().map(|one| (one.title.clone(), price(&one), one.seller.unwrap_or_default())).collect()
    }

    fn offer(price: &str) -> Value {
        json!({"@type": "Offer", "price": price, "priceCurrency": "EUR"})
    }

    #[test]
    fn offers_are_found_wherever_they_are_said() {
        for (name, blocks, expected) in [
            ("in place", json!({"@type": "Product", "name": "Oar", "offers": offer("9")}), ("Oar", "9.00", "")),
            (
                "by reference",
                json!({"@graph": [{"@type": "Product", "name": "Oar", "offers": {"@id": "#o"}},
                {"@type": "Offer", "@id": "#o", "price": 9, "seller": {"@id": "#s"}},
                {"@type": "Organization", "@id": "#s", "name": "Boathouse"}]}),
                ("Oar", "9.00", "Boathouse"),
            ),
            (
                "naming its product",
                json!([{"@type": "Product", "@id": "#p", "name": "Oar"},
                {"@type": "Offer", "price": "9", "itemOffered": {"@id": "#p"}}]),
                ("Oar", "9.00", ""),
            ),
            (
                "before its product",
                json!([{"@type": "Offer", "@id": "#o", "name": "Sale", "price": "9"},
                {"@type": "Product", "name": "Oar", "offers": [{"@id": "#o"}]}]),
                ("Oar", "9.00", ""),
            ),
            (
                "reversed",
                json!({"@type": "Product", "name": "Oar", "@reverse": {"itemOffered": offer("9")}}),
                ("Oar", "9.00", ""),
            ),
            ("beside it", json!([{"@type": "Product", "name": "Oar"}, offer("9")]), ("Oar", "9.00", "")),
            (
                "with its product inside",
                json!({"@type": "Offer", "price": "9", "itemOffered": {"@type": "Product", "name": "Oar"}}),
                ("Oar", "9.00", ""),
            ),
            (
                "with its product in words",
                json!({"@type": "Offer", "price": "9", "itemOffered": "Oar"}),
                ("Oar", "9.00", ""),
            ),
            (
                "of a shop",
                json!({"@type": "Store", "name": "Boathouse", "makesOffer": {"@type": "Offer", "price": "9",
                "itemOffered": {"@type": "Product", "name": "Oar"}}}),
                ("Oar", "9.00", "Boathouse"),
            ),
            (
                "in a catalogue of a catalogue",
                json!({"@type": "Organization", "name": "Boathouse", "hasOfferCatalog": {"@type": "OfferCatalog", "itemListElement":
                [{"@type": "OfferCatalog", "name": "Oars", "itemListElement": [{"@type": "Offer", "price": "9",
                "itemOffered": {"@type": "Service", "name": "Oar"}}]}]}}),
                ("Oar", "9.00", "Boathouse"),
            ),
            (
                "of a page",
                json!({"@type": "ItemPage", "mainEntity": {"@type": "Product", "name": "Oar", "offers": offer("9")}}),
                ("Oar", "9.00", ""),
            ),
            (
                "of a thing of another type",
                json!({"@type": "Boat", "name": "Oar", "offers": offer("9")}),
                ("Oar", "9.00", ""),
            ),
            ("in words", json!({"@type": "Product", "name": "Oar", "offers": "9 EUR"}), ("Oar", "9.00", "")),
            ("on the product", json!({"@type": "Product", "name": "Oar", "price": "9"}), ("Oar", "9.00", "")),
        ] {
            let (title, price, seller) = expected;
            assert_eq!(told(blocks), [(title.to_owned(), price.to_owned(), seller.to_owned())], "{name}");
        }
    }

    #[test]
    fn the_price_that_is_asked() {
        let of = |offers: Value| told(json!({"@type": "Product", "name": "Oar", "offers": offers}))[0].1.clone();
        for (name, offers, expected) in [
            ("first without one", json!([{"@type": "Offer", "availability": "InStock"}, offer("9")]), "9.00"),
            ("none before some", json!([offer("0"), offer("9")]), "9.00"),
            ("nothing else", offer("0"), "0.00"),
            ("empty", json!({"price": "", "lowPrice": "9", "highPrice": "12"}), "9.00"),
            (
                "within an aggregate",
                json!({"@type": "AggregateOffer", "offerCount": 2, "offers": [{"@type": "Offer"}, offer("9")]}),
                "9.00",
            ),
            (
                "not the struck one",
                json!({"@type": "Offer", "priceSpecification": [
                {"@type": "UnitPriceSpecification", "price": "12", "priceType": "https://schema.org/ListPrice"},
                {"@type": "UnitPriceSpecification", "price": "9", "priceCurrency": "EUR"}]}),
                "9.00",
            ),
            ("three decimals", offer("9.000"), "9.00"),
        ] {
            assert_eq!(of(offers), expected, "{name}");
        }
    }

    #[test]
    fn variants_are_told_by_their_group_and_a_lone_one_by_itself() {
        let small = json!({"@type": "Product", "name": "Oar, short", "offers": offer("9")});
        let long = json!({"@type": "Product", "name": "Oar, long", "offers": offer("12")});
        let group = read(json!({"@type": "ProductGroup", "name": "Oar", "hasVariant": [small, long]}));
        assert_eq!((group.len(), group[0].title.as_str()), (1, "Oar"));
        assert_eq!(group[0].price.as_ref().unwrap().to_string(), "9.00");
        let named: Vec<&str> = group[0].identifiers.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(named, ["Oar, short", "Oar, long"]);
        let by_reference = json!([
            {"@type": "ProductGroup", "@id": "#g", "name": "Oar"},
            {"@type": "Product", "name": "Oar, short", "isVariantOf": {"@id": "#g"}, "offers": offer("9")},
            {"@type": "Product", "name": "Oar, long", "isVariantOf": {"@id": "#g"}},
        ]);
        assert_eq!(told(by_reference), [("Oar".to_owned(), "9.00".to_owned(), String::new())]);
        let lone =
            json!({"@type": "Product", "name": "Oar, short", "isVariantOf": {"@type": "ProductGroup", "name": "Oar"}});
        assert_eq!(told(lone)[0].0, "Oar, short");
        let nameless =
            json!({"@type": "Product", "offers": offer("9"), "isVariantOf": {"@type": "ProductGroup", "name": "Oar"}});
        assert_eq!(told(nameless)[0].0, "Oar");
    }

    #[test]
    fn lists_are_the_page_where_it_has_nothing_of_its_own() {
        let item = |name: &str| json!({"@type": "ListItem", "item": {"@type": "Product", "name": name}});
        let list = json!({"@type": "ItemList", "itemListElement": [item("Oar"), item("Sail")]});
        let titles = |blocks: Value| read(blocks).into_iter().map(|one| one.title).collect::<Vec<_>>();
        assert_eq!(titles(list.clone()), ["Oar", "Sail"]);
        assert_eq!(titles(json!([list, {"@type": "Product", "name": "Boat"}])), ["Boat"]);
        let related = json!({"@type": "Product", "name": "Boat", "isRelatedTo": [{"@type": "Product", "name": "Oar"}]});
        assert_eq!(titles(related), ["Boat"]);
        let flat = json!({"@graph": [
        {"@type": "ItemList", "itemListElement": [{"@id": "#a"}, {"@id": "#b"}]},
        {"@type": "Product", "@id": "#a", "name": "Oar"}, {"@type": "Product", "@id": "#b", "name": "Sail"}]});
        assert_eq!(titles(flat), ["Oar", "Sail"]);
        let crumbs = json!([
        {"@type": "BreadcrumbList", "itemListElement": [{"@type": "ListItem", "item": {"@id": "#p", "name": "Boat"}}]},
        {"@type": "Product", "@id": "#p", "name": "Boat"}]);
        assert_eq!(titles(crumbs), ["Boat"]);
    }

    #[test]
    fn one_offer_said_twice_is_one_listing_and_two_are_two() {
        let oar = json!({"@type": "Product", "name": "Oar", "sku": "1"});
        assert_eq!(read(json!([oar, oar])).len(), 1);
        let priced = json!({"@type": "Product", "name": "OAR", "offers": offer("9")});
        assert_eq!(told(json!([oar, priced])), [("Oar".to_owned(), "9.00".to_owned(), String::new())]);
        assert_eq!(read(json!([oar, {"@type": "Product", "name": "Oar", "sku": "2"}])).len(), 2);
        let dearer = json!({"@type": "Product", "name": "Oar", "offers": offer("12")});
        assert_eq!(read(json!([priced, dearer])).len(), 2);
        let same_name = json!([{"@type": "Product", "@id": "#product", "name": "Oar"}, {"@type": "Product", "@id": "#product", "name": "Sail"}]);
        assert_eq!(read(same_name).len(), 2);
    }

    #[test]
    fn items_beyond_those_read_of_a_page_are_told() {
        let many = |count: usize| {
            (0..count).map(|n| json!({"@type": "Product", "name": format!("Oar {n}")})).collect::<Vec<_>>()
        };
        for (count, is_cut) in [(LISTINGS_LIMIT, false), (LISTINGS_LIMIT + 1, true)] {
            for blocks in [json!(many(count)), json!({"@type": "ItemList", "itemListElement": many(count)})] {
                let read = read(blocks);
                assert_eq!((read.len(), read.iter().any(|one| one.cut)), (LISTINGS_LIMIT, is_cut));
            }
        }
    }

    #[test]
    fn offers_that_contain_each_other_end_by_counting() {
        let all: Vec<Value> = (0..150).map(|n| json!({"@id": format!("#{n}")})).collect();
        let mut blocks: Vec<Value> =
            (0..150).map(|n| json!({"@type": "AggregateOffer", "@id": format!("#{n}"), "offers": all})).collect();
        blocks.push(json!({"@type": "Product", "name": "Oar", "offers": all}));
        let limits = Limits::default();
        let budget = Budget::new(&limits, Deadline::NEVER);
        let url = FoundUrl::parse("https://shop.example.test/p", None).unwrap();
        let items = Items::from_json_ld(blocks, &budget).unwrap();
        let kept = drafts(&items, "json-ld", &url, &budget);
        assert_eq!((kept.len(), kept[0].listing.title.as_str()), (1, "Oar"));
        assert_eq!(budget.spent(), Some(Spent::References));
    }

    #[test]
    fn markup_and_references_leave_titles() {
        let one = &read(
            json!({"@type": "Product", "name": "<b>4</b>-seat &#8211; sofa", "description": "&lt;p&gt;Oak&lt;/p&gt;"}),
        )[0];
        assert_eq!((one.title.as_str(), one.description.as_str()), ("4-seat – sofa", "Oak"));
    }

    #[test]
    fn circles_and_chains_end() {
        let circle = json!([{"@type": "WebPage", "@id": "#a", "mainEntity": {"@id": "#b"}},
        {"@type": "WebPage", "@id": "#b", "mainEntity": {"@id": "#a"}},
        {"@type": "Offer", "@id": "#o", "offers": {"@id": "#o"}, "itemOffered": {"@id": "#o"}, "name": "Oar"}]);
        assert!(read(circle).len() <= 1);
        let mut chain = json!({"@type": "Product", "name": "Oar"});
        for _ in 0..60 {
            chain = json!({"@type": "WebPage", "mainEntity": chain});
        }
        assert_eq!(read(chain).len(), 0);
    }
}
