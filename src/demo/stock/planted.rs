//! The planted offers, plain and disguised, and their re-postings.
//!
//! Names and identifiers are facts from the public schedules and lists; sellers, lots, prices and handles are invented.

use crate::demo::dice::Dice;
use crate::demo::disguise;
use crate::demo::stock::phrases::{ENGLISH, GERMAN};
use crate::demo::stock::{Nature, Oddity, Offer, Plant, plantings_retail, plantings_wholesale};
use crate::demo::truth::Disguise;
use crate::detect::assessment::Verdict;

/// One planted offer as it is written down here. `{N}` in title and opening stands for the name as the seller writes it.
pub struct Planting {
    /// Key of its host.
    pub host: &'static str,
    /// Path part of its category.
    pub category: &'static str,
    /// Language.
    pub language: &'static str,
    /// Id in the fact table of substances.
    pub substance: Option<&'static str>,
    /// Short word for the report's id.
    pub word: &'static str,
    /// Category of a hit.
    pub class: &'static str,
    /// How the name hides.
    pub disguise: Disguise,
    /// The name (or number) before it is disguised.
    pub name: &'static str,
    /// Title.
    pub title: &'static str,
    /// First sentence; for English and German the trade talk follows by itself.
    pub opening: &'static str,
    /// Price in whole units.
    pub price: u64,
    /// Unit of the price.
    pub unit: &'static str,
    /// How often it was posted again.
    pub reposts: usize,
    /// What is odd about its page.
    pub oddity: Oddity,
}

/// All planted offers, re-postings included.
pub fn offers(dice: &mut Dice) -> Vec<Offer> {
    let mut offers = Vec::new();
    // Where the talk starts depends on the seed; the distance between two offers does not.
    let (mut english, mut german) = (dice.below(3), dice.below(3));
    for planting in plantings() {
        let talk = match planting.language {
            "en" => Some((&ENGLISH, &mut english)),
            "de" => Some((&GERMAN, &mut german)),
            _ => None,
        };
        let talk = talk.map(|(phrases, at)| {
            *at += 1;
            phrases.compose(*at)
        });
        let first = write(planting, talk.as_deref(), dice);
        for copy in 1..=planting.reposts {
            offers.push(repost(&first, copy));
        }
        offers.push(first);
    }
    offers
}

fn plantings() -> impl Iterator<Item = &'static Planting> {
    plantings_wholesale::PLANTINGS.iter().chain(plantings_retail::PLANTINGS)
}

fn write(planting: &Planting, talk: Option<&str>, dice: &mut Dice) -> Offer {
    let name = disguised(planting.name, planting.disguise);
    let fill = |text: &str| text.replace("{N}", &name);
    let text = match talk {
        Some(talk) => format!("{} {talk}", fill(planting.opening)),
        None => fill(planting.opening),
    };
    let currency = match planting.host {
        "bazaar" => "USD",
        "pinboard" => "GBP",
        _ => "EUR",
    };
    Offer {
        host: planting.host,
        category: planting.category,
        seller: dice.below(3),
        title: fill(planting.title),
        text,
        cents: planting.price * 100,
        currency,
        unit: planting.unit,
        attributes: Vec::new(),
        language: planting.language,
        nature: Nature::Planted(Plant {
            id: format!("{}-{}", planting.host, planting.word),
            substance: planting.substance,
            category: planting.class,
            disguise: planting.disguise,
            expected: if planting.disguise == Disguise::Unlisted { Verdict::Review } else { Verdict::Refer },
        }),
        oddity: planting.oddity,
    }
}

/// The same offer again a week later: another number, a touched-up title, a new price, two more words.
fn repost(first: &Offer, copy: usize) -> Offer {
    let (mark, sentence) = match (first.language, copy) {
        ("de", _) => ("neu", "Wieder vorrätig."),
        (_, 1) => ("restock", "Hurry."),
        _ => ("again", "Last call."),
    };
    Offer {
        title: format!("{} ({mark})", first.title),
        text: format!("{} {sentence}", first.text),
        cents: first.cents * (100 - 4 * copy as u64) / 100,
        oddity: Oddity::None,
        ..first.clone()
    }
}

fn disguised(name: &str, how: Disguise) -> String {
    match how {
        Disguise::LookAlikeLetters => disguise::look_alike_letters(name),
        Disguise::ZeroWidth => disguise::zero_width(name),
        Disguise::Spaced => disguise::spaced(name, if name.len() > 10 { "." } else { " " }),
        Disguise::FullWidth => disguise::full_width(name),
        Disguise::Leet => disguise::leet(name),
        Disguise::Plain
        | Disguise::OtherLanguage
        | Disguise::Misspelt
        | Disguise::CasOnly
        | Disguise::DualUse
        | Disguise::Unlisted => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn shingles(offer: &Offer) -> BTreeSet<Vec<String>> {
        let text = format!("{} {}", offer.title, offer.text).to_lowercase();
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        words.windows(3).map(<[String]>::to_vec).collect()
    }

    fn similarity(one: &Offer, other: &Offer) -> f64 {
        let (one, other) = (shingles(one), shingles(other));
        one.intersection(&other).count() as f64 / one.union(&other).count() as f64
    }

    fn id(offer: &Offer) -> &str {
        match &offer.nature {
            Nature::Planted(plant) => &plant.id,
            _ => panic!("only planted offers here"),
        }
    }

    #[test]
    fn repostings_are_near_duplicates_and_nothing_else_is() {
        for seed in [1, 2, 2026] {
            let offers = offers(&mut Dice::new(seed));
            for (at, one) in offers.iter().enumerate() {
                for other in &offers[..at] {
                    let similarity = similarity(one, other);
                    if id(one) == id(other) {
                        assert!(similarity > 0.84, "{}: {similarity:.2}", id(one));
                    } else {
                        assert!(similarity < 0.35, "{} and {}: {similarity:.2}", id(one), id(other));
                    }
                }
            }
        }
    }

    #[test]
    fn every_kind_of_disguise_occurs_and_changes_the_text() {
        let offers = offers(&mut Dice::new(1));
        let kinds: BTreeSet<Disguise> = offers
            .iter()
            .filter_map(|offer| match &offer.nature {
                Nature::Planted(plant) => Some(plant.disguise),
                _ => None,
            })
            .collect();
        assert_eq!(kinds.len(), 11);
        for planting in plantings() {
            let hidden = matches!(
                planting.disguise,
                Disguise::LookAlikeLetters
                    | Disguise::ZeroWidth
                    | Disguise::Spaced
                    | Disguise::FullWidth
                    | Disguise::Leet
            );
            assert_eq!(disguised(planting.name, planting.disguise) != planting.name, hidden, "{}", planting.word);
            assert!(planting.title.contains("{N}") || planting.opening.contains("{N}"), "{}", planting.word);
        }
    }
}
