//! What stands in the shops: ordinary goods, lawful look-alikes, planted offers.
//!
//! Every text here is invented trade talk: names, identifiers, prices, shipping. Nothing on making or using anything.

pub mod look_alikes;
pub mod ordinary;
pub mod phrases;
pub mod planted;
mod plantings_retail;
mod plantings_wholesale;

use crate::demo::truth::Disguise;
use crate::detect::assessment::Verdict;

/// One offer before it has a number and a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Key of its host.
    pub host: &'static str,
    /// Path part of its category.
    pub category: &'static str,
    /// Index into the host's sellers.
    pub seller: usize,
    /// Title.
    pub title: String,
    /// Description, paragraphs separated by newlines.
    pub text: String,
    /// Price in hundredths.
    pub cents: u64,
    /// ISO 4217 code.
    pub currency: &'static str,
    /// Unit shown after the price, e.g. `per kg`.
    pub unit: &'static str,
    /// Named attributes.
    pub attributes: Vec<(String, String)>,
    /// BCP 47 language.
    pub language: &'static str,
    /// What it really is.
    pub nature: Nature,
    /// What is odd about its page.
    pub oddity: Oddity,
}

/// What an offer really is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Nature {
    /// Nobody would look twice.
    Ordinary,
    /// Lawful, although it speaks of the same things.
    LookAlike,
    /// Planted.
    Planted(Plant),
}

/// What a planted offer is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plant {
    /// Id in reports, unique; re-postings share it.
    pub id: String,
    /// Id in the fact table of substances.
    pub substance: Option<&'static str>,
    /// Category of a hit.
    pub category: &'static str,
    /// How it hides.
    pub disguise: Disguise,
    /// What a detector should say.
    pub expected: Verdict,
}

/// What is odd about a listing's page or the ways to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oddity {
    /// Nothing.
    None,
    /// No category lists it; only the sitemap does.
    SitemapOnly,
    /// Its page is sent as windows-1251.
    Windows1251,
    /// It also stands under a parameter that only `rel=canonical` explains.
    ExtraParameter,
    /// An old address redirects to it.
    Redirected,
}

impl Offer {
    /// The amount as structured data spells it, `12.50`.
    pub fn amount(&self) -> String {
        format!("{}.{:02}", self.cents / 100, self.cents % 100)
    }

    /// The price as a person reads it.
    pub fn price_shown(&self) -> String {
        let amount = self.amount();
        let amount = match self.language {
            "de" | "es" => amount.replace('.', ","),
            _ => amount,
        };
        let unit = if self.unit.is_empty() { String::new() } else { format!(" {}", self.unit) };
        match self.currency {
            "USD" => format!("${amount}{unit}"),
            "GBP" => format!("£{amount}{unit}"),
            "EUR" => format!("{amount} €{unit}"),
            other => format!("{amount} {other}{unit}"),
        }
    }
}

/// The whole stock, in a fixed order.
pub fn all(dice: &mut crate::demo::dice::Dice) -> Vec<Offer> {
    let mut offers = ordinary::offers(dice);
    offers.extend(look_alikes::offers());
    offers.extend(planted::offers(dice));
    offers
}
