//! What a text does with a name: offers it, denies it, offers a test for it, or names it as part of other goods.

use crate::detect::found::{Emerging, Field, Named};
use crate::detect::names::{Meaning, Strength};
use crate::detect::signals::Sign;
use crate::vocab::terms::{How, Signal};

/// Characters of folded text within which an amount or a form belongs to a name.
const AMOUNT_WINDOW: usize = 24;

/// Characters between a name and the word of a test for it.
const TEST_WINDOW: usize = 28;

/// Characters between a name and goods it is an ingredient of.
const INGREDIENT_WINDOW: usize = 60;

/// Bytes of a letter, at most.
const WIDEST_LETTER: usize = 4;

/// Words between a denial and the name it denies: `contains no traces of ephedrine`.
const WORDS_DENIED: usize = 2;

/// Bytes that a code is longer than: one letter and a digit are sizes and vitamins too.
const SHORTEST_CODE: usize = 2;

/// Characters between two names of a row: a comma and a word that joins.
const LONGEST_JOINT: usize = 10;

/// Characters of an item of a list that may be any word.
const LONGEST_ITEM: usize = 16;

/// Bytes of the shortest street name that counts as an item.
const STREET_BYTES: usize = 3;

/// Bytes of the longest name that may be the number of a part.
const PART_NUMBER_BYTES: usize = 10;

/// Bytes of a sentence on either side of what stands in it, at most.
const SENTENCE_BYTES: usize = 600;

/// Different words of an offer that make a sentence a seller's.
const WORDS_OF_AN_OFFER: usize = 2;

/// Milligrams from which an amount beside a name is that of a substance, not of a test or a standard.
const DOSED_MILLIGRAMS: f64 = 500.0;

/// Where a name stands among the signs of its field.
pub(super) struct Place<'a> {
    pub field: &'a Field<'a>,
    pub start: usize,
    pub end: usize,
}

impl<'a> Place<'a> {
    pub(super) fn of(fields: &'a [Field<'a>], name: &Named) -> Self {
        Place { field: &fields[name.field], start: name.folded.0, end: name.folded.1 }
    }

    pub(super) fn of_emerging(fields: &'a [Field<'a>], one: &Emerging) -> Self {
        Place { field: &fields[one.at], start: one.folded.0, end: one.folded.1 }
    }

    fn signs(&self, kind: Signal) -> impl Iterator<Item = &'a Sign> {
        let (start, end) = (self.start, self.end);
        self.field.signs.iter().filter(move |sign| sign.kind == kind && (sign.start >= end || sign.end <= start))
    }

    fn has_near(&self, kind: Signal, window: usize) -> bool {
        self.signs(kind).any(|sign| self.is_near(sign, window))
    }

    fn is_near(&self, sign: &Sign, window: usize) -> bool {
        // Bytes of Latin text; letters of other scripts have two or three.
        let most = window * WIDEST_LETTER;
        let text = self.field.folded.text.as_str();
        let near = sign.start < self.end.saturating_add(most) && self.start < sign.end.saturating_add(most);
        near && {
            let between = text.get(self.end.min(sign.end)..self.start.max(sign.start)).unwrap_or_default();
            (between.len() < window || between.chars().count() < window) && !self.is_parted(sign)
        }
    }

    /// Whether a sentence or a line ends between the name and a sign.
    fn is_parted(&self, sign: &Sign) -> bool {
        let text = self.field.folded.text.as_str();
        let between = if sign.start >= self.end { &text[self.end..sign.start] } else { &text[sign.end..self.start] };
        between.contains([';', '\n', '|', '。', '؛']) || between.contains(". ")
    }

    /// Whether an amount of a substance, or the form of one, stands beside the name.
    pub(super) fn is_dosed(&self) -> bool {
        self.has_mass() || self.has_near(Signal::Form, AMOUNT_WINDOW)
    }

    /// Whether an amount such as substances are sold in stands beside the name.
    pub(super) fn has_mass(&self) -> bool {
        self.signs(Signal::Quantity).any(|sign| {
            sign.milligrams.is_some_and(|mass| mass >= DOSED_MILLIGRAMS) && self.is_near(sign, AMOUNT_WINDOW)
        })
    }

    /// Whether a mass of any size stands beside the name.
    pub(super) fn has_any_mass(&self) -> bool {
        self.signs(Signal::Quantity).any(|sign| sign.milligrams.is_some() && self.is_near(sign, AMOUNT_WINDOW))
    }

    /// Whether an amount of any kind stands beside the name: a mass, a count of tablets.
    pub(super) fn has_amount(&self) -> bool {
        self.has_near(Signal::Quantity, AMOUNT_WINDOW)
    }

    /// Whether the text says that it is a substance: a mass, a form, a purity.
    pub(super) fn is_a_substance(&self) -> bool {
        self.has_amount() || self.has_near(Signal::Form, AMOUNT_WINDOW) || self.has_near(Signal::Purity, AMOUNT_WINDOW)
    }

    /// Whether the strength of a tablet follows at once: `Concerta 36 mg`.
    fn is_dosed_as_a_medicine(&self) -> bool {
        self.signs(Signal::Quantity).any(|sign| {
            sign.start >= self.end
                && sign.start <= self.end + 1
                && sign.milligrams.is_some_and(|mass| mass < DOSED_MILLIGRAMS)
                && self.field.folded.text[..sign.end].ends_with("mg")
        })
    }

    /// Whether the name is itself a word of an offer (`polvo`, `rock`): then it says how the goods look, not what they are. Nor
    /// does a word of a longer phrase (`special line`, `food grade`) name anything, unless the phrase is of the drug trade.
    pub(super) fn is_a_sign(&self) -> bool {
        let says_how = |kind| {
            matches!(
                kind,
                Signal::Form
                    | Signal::Offer
                    | Signal::Shipping
                    | Signal::Quantity
                    | Signal::Price
                    | Signal::Contact
                    | Signal::Payment
            )
        };
        let is_longer = |sign: &Sign| sign.end - sign.start > self.end - self.start;
        self.field.signs.iter().any(|sign| {
            let of_a_phrase = sign.kind != Signal::DrugTrade && is_longer(sign);
            (says_how(sign.kind) || of_a_phrase) && sign.start <= self.start && self.end <= sign.end
        })
    }

    /// Whether a test for it is what is sold.
    pub(super) fn is_tested(&self) -> bool {
        let text = self.field.folded.text.as_str();
        let anti = text[..self.start].trim_end().ends_with("anti");
        let tested = [Signal::Kit, Signal::Antibody].into_iter().any(|kind| self.has_near(kind, TEST_WINDOW));
        (tested || anti) && !self.has_mass()
    }

    /// Whether it is named as an ingredient of other goods.
    pub(super) fn is_an_ingredient(&self) -> bool {
        self.has_near(Signal::Ingredient, INGREDIENT_WINDOW)
    }

    /// Whether the description of other goods names it on the way: in a sentence that offers nothing and gives no amount of it
    /// (`the wood is treated with acetic anhydride`).
    pub(super) fn is_in_passing(&self) -> bool {
        if self.field.name != "text" {
            return false;
        }
        let text = self.field.folded.text.as_str();
        let ends = |c: char| matches!(c, '.' | '!' | '?' | ';' | '。' | '！' | '？' | '；' | '\n' | '|');
        let from = text[..self.start].rfind(ends).map_or(0, |at| at + 1);
        let until = text[self.end..].find(ends).map_or(text.len(), |at| self.end + at);
        let offers = [Signal::Quantity, Signal::Price, Signal::Offer, Signal::Purity, Signal::Form];
        !self.field.signs.iter().any(|sign| offers.contains(&sign.kind) && sign.start < until && from < sign.end)
    }

    /// Whether its own sentence is a seller's.
    pub(super) fn is_in_an_offer(&self) -> bool {
        let (from, until) = sentence(self.field, self.start, self.end);
        is_an_offer(self.field, from, until)
    }

    /// Whether the text says that it is not in the goods: `free of ephedrine`, `ephedrine-free`, `not fentanyl`. What stands
    /// in a row with a denied name is denied with it.
    pub(super) fn is_denied(&self, denied: &[(usize, usize)]) -> bool {
        self.is_denied_before() || self.is_denied_after() || denied.iter().any(|other| self.is_in_a_row_with(*other))
    }

    fn is_denied_before(&self) -> bool {
        let text = self.field.folded.text.as_str();
        self.signs(Signal::DeniedBefore).filter(|sign| sign.end <= self.start).any(|sign| {
            let between = text[sign.end..self.start].trim();
            has_at_most(between, WORDS_DENIED)
                && !self.field.folded.breaks_within(sign.end, self.start)
                && !between.contains(['.', ',', ';', ':', '!', '?', '|', '\n', '('])
                && !self.has_sign_between(sign.end, self.start)
        })
    }

    fn is_denied_after(&self) -> bool {
        let text = self.field.folded.text.as_str();
        self.signs(Signal::DeniedAfter).filter(|sign| sign.start >= self.end).any(|sign| {
            let between = &text[self.end..sign.start];
            // `ephedrine-free` is one word; `ephedrine free shipping` is not.
            let joined = between == " " && self.field.folded.is_glue(self.end);
            let ends = text[sign.end..].trim_start().chars().next().is_none_or(|c| !c.is_alphanumeric());
            // In some languages the verb that denies stands behind all that it denies.
            let verb = sign.end - sign.start > 5
                && has_at_most(between, 3)
                && !between.contains(['.', ';', ':', '!', '?', '|', '(']);
            (joined || between.is_empty() || (between == " " && ends) || verb)
                && !self.field.folded.breaks_within(self.end, sign.start)
                && !self.is_followed_on(sign)
        })
    }

    /// Whether the word of a denial is a part of something else (`free shipping`, `drug-free campaign`).
    fn is_followed_on(&self, sign: &Sign) -> bool {
        self.field.signs.iter().any(|other| {
            !matches!(other.kind, Signal::DeniedBefore | Signal::DeniedAfter)
                && other.start <= sign.start
                && sign.end <= other.end
                && other.end - other.start > sign.end - sign.start
        })
    }

    fn has_sign_between(&self, start: usize, end: usize) -> bool {
        let says_else = |kind| {
            matches!(
                kind,
                Signal::Offer
                    | Signal::Evasion
                    | Signal::Disclaimer
                    | Signal::Contact
                    | Signal::Payment
                    | Signal::Licence
                    | Signal::Pharmacy
            )
        };
        self.field
            .signs
            .iter()
            .any(|sign| says_else(sign.kind) && sign.end > start.saturating_sub(1) && sign.start < end)
    }

    fn is_in_a_row_with(&self, other: (usize, usize)) -> bool {
        if other.1 > self.start {
            return false;
        }
        let between = self.field.folded.text[other.1..self.start].trim();
        between.chars().nth(LONGEST_JOINT).is_none()
            && (between.is_empty()
                || between
                    .split([' ', ',', '(', ')', ':', '/'])
                    .all(|word| word.is_empty() || CONJUNCTIONS.contains(&word)))
            || is_and_others(between)
            || (is_one_more_item(between) && !self.has_mass() && !self.has_sign_between(other.1, self.start))
    }

    /// Whether a row of names goes on from here to `next`.
    pub(super) fn goes_on_to(&self, next: (usize, usize)) -> bool {
        Place { field: self.field, start: next.0, end: next.1 }.is_in_a_row_with((self.start, self.end))
    }

    /// Whether a word behind it says that it is not in the goods.
    pub(super) fn is_denied_behind(&self) -> bool {
        self.is_denied_after()
    }
}

/// Whether a sentence of a field is a seller's.
pub(super) fn has_a_sentence_of_an_offer(field: &Field<'_>) -> bool {
    let mut until = 0;
    let offers = field.signs.iter().filter(|sign| matches!(sign.kind, Signal::Offer | Signal::Shipping));
    offers.into_iter().any(|sign| {
        if sign.start < until {
            return false;
        }
        let (from, end) = sentence(field, sign.start, sign.end);
        until = end;
        is_an_offer(field, from, end)
    })
}

/// Whether a field has words of a report, a vacancy, a thesis, a helpline, a laboratory or the like.
pub(super) fn tells(field: &Field<'_>) -> bool {
    field.signs.iter().any(|sign| is_of_a_report(sign.kind))
}

fn is_of_a_report(kind: Signal) -> bool {
    matches!(
        kind,
        Signal::News
            | Signal::Job
            | Signal::Thesis
            | Signal::Article
            | Signal::Forum
            | Signal::HarmReduction
            | Signal::ReferenceMaterial
            | Signal::Laboratory
            | Signal::Licence
            | Signal::Kit
            | Signal::Antibody
            | Signal::Book
            | Signal::Training
    )
}

/// The sentence around bytes of a field: from the end of the one before to its own end.
fn sentence(field: &Field<'_>, start: usize, end: usize) -> (usize, usize) {
    let text = field.folded.text.as_str();
    let ends = |at: usize, c: char| match c {
        '!' | '?' | ';' | '。' | '！' | '？' | '；' | '؟' | '؛' | '।' | '\n' | '|' => true,
        '.' => text[at + 1..].starts_with(' '),
        _ => false,
    };
    // Without an end in reach a part of the sentence is looked at, or each name would cost the length of the text.
    let (near, far) =
        (text.ceil_char_boundary(start.saturating_sub(SENTENCE_BYTES)), text.floor_char_boundary(end + SENTENCE_BYTES));
    let before = text[near..start].char_indices().rev().find(|(at, c)| ends(near + at, *c));
    let from = before.map_or(near, |(at, _)| near + at);
    let until = text[end..far].char_indices().find(|(at, c)| ends(end + at, *c)).map_or(far, |(at, _)| end + at);
    (from, until)
}

/// Whether different words of an offer or of shipping stand in a sentence, and none of a report.
fn is_an_offer(field: &Field<'_>, from: usize, until: usize) -> bool {
    let text = field.folded.text.as_str();
    let within = || field.signs.iter().filter(|sign| sign.start < until && from < sign.end);
    let mut words: Vec<&str> = within()
        .filter(|sign| matches!(sign.kind, Signal::Offer | Signal::Shipping))
        .map(|sign| &text[sign.start..sign.end])
        .collect();
    words.sort_unstable();
    words.dedup();
    words.len() >= WORDS_OF_AN_OFFER && !within().any(|sign| is_of_a_report(sign.kind))
}

/// Words that join names in a row, folded, in the languages of the list. None of them may mean `but` or `there is` in another
/// language (`не фентанил, а карфентанил`, `no fentanilo, sí ketamina`): what follows is what is offered.
const CONJUNCTIONS: [&str; 46] = [
    "or",
    "and",
    "nor",
    "&",
    "+",
    "oder",
    "und",
    "noch",
    "o",
    "y",
    "ni",
    "u",
    "ou",
    "et",
    "e",
    "of",
    "en",
    "lub",
    "i",
    "albo",
    "ani",
    "или",
    "и",
    "ни",
    "або",
    "veya",
    "ve",
    "atau",
    "и/или",
    "и,",
    "dan",
    "maupun",
    "ataupun",
    "serta",
    "va",
    "hoac",
    "nebo",
    "ci",
    "sau",
    "nici",
    "या",
    "और",
    "او",
    "та",
    "чи",
    "ne",
];

/// Words for what else a row holds, folded: `frei von HHC und sonstigen synthetischen Cannabinoiden`.
const OTHERS: [&str; 26] = [
    "other",
    "others",
    "any",
    "sonstige",
    "sonstigen",
    "andere",
    "anderen",
    "weitere",
    "weiteren",
    "autre",
    "autres",
    "otros",
    "otras",
    "altri",
    "altre",
    "outros",
    "outras",
    "overige",
    "inne",
    "innych",
    "jine",
    "alte",
    "diger",
    "baska",
    "lainnya",
    "khac",
];

/// `, DMAA, `: a word of a list between two others.
fn is_one_more_item(between: &str) -> bool {
    let Some(inside) = between.strip_prefix(',').and_then(|rest| rest.strip_suffix(',')) else { return false };
    let item = inside.trim();
    item.chars().nth(LONGEST_ITEM).is_none()
        && !item.is_empty()
        && item.chars().all(|c| c.is_alphanumeric() || c == ' ')
        && item.split(' ').count() == 1
        && !crate::detect::denial::has_exception(item)
}

/// Whether a text has so many words at most. What is beyond them is not looked at.
fn has_at_most(text: &str, words: usize) -> bool {
    text.split(' ').filter(|word| !word.is_empty()).nth(words).is_none()
}

/// `and other`, and one word more: `or other synthetic`.
fn is_and_others(between: &str) -> bool {
    // Four are too many; the rest of a long text is not looked at.
    let words: Vec<&str> = between.split([' ', ',']).filter(|word| !word.is_empty()).take(4).collect();
    match words.as_slice() {
        [first, other] | [first, other, _] => CONJUNCTIONS.contains(first) && OTHERS.contains(other),
        _ => false,
    }
}

/// Whether a listing says anywhere how much there is of a substance, or how it looks.
fn sells_a_substance(fields: &[Field<'_>]) -> bool {
    let says = |kind| matches!(kind, Signal::Quantity | Signal::Form | Signal::Purity);
    fields.iter().flat_map(|field| &field.signs).any(|sign| says(sign.kind))
}

/// Whether a name on no list that has the form of a code is the number of a machine or a part: the text speaks of such, and
/// neither of a mass nor of a deal.
pub(super) fn is_part_number(place: &Place<'_>, deals: bool) -> bool {
    let name = &place.field.folded.text[place.start..place.end];
    let has_form = name.bytes().any(|b| b.is_ascii_digit()) && name.len() <= PART_NUMBER_BYTES;
    let hardware = place.field.signs.iter().any(|sign| sign.kind == Signal::Hardware);
    has_form && hardware && !deals && !place.has_any_mass() && !place.has_near(Signal::Purity, AMOUNT_WINDOW)
}

/// Whether a name says by itself what it stands for here: an unambiguous name, or a code with a sign of a substance.
pub(super) fn is_sure(fields: &[Field<'_>], name: &Named, deals: bool) -> bool {
    match name.strength {
        // Beside the words of machines, parts and collectors' goods a code is a number of theirs, unless the text says it is a
        // substance.
        Strength::Distinct if name.brief => {
            let place = Place::of(fields, name);
            let signs = || fields.iter().flat_map(|field| field.signs.iter().map(|sign| (&field.folded.text, sign)));
            let mut goods: Vec<&str> = signs()
                .filter(|(_, sign)| sign.kind == Signal::Merchandise)
                .filter_map(|(text, sign)| text.get(sign.start..sign.end))
                .collect();
            goods.sort_unstable();
            goods.dedup();
            // One word such as `sticker` is soon said.
            let hardware = goods.len() >= 2 || signs().any(|(_, sign)| sign.kind == Signal::Hardware);
            // A word of letters alone (`MDPV-1203`) is told from a part's number by a form too; others stand beside tablets and
            // sticks of another kind.
            let surface = &place.field.folded.text[place.start..place.end];
            let has_form =
                || !surface.bytes().any(|b| b.is_ascii_digit()) && place.has_near(Signal::Form, AMOUNT_WINDOW);
            !hardware || deals || place.has_any_mass() || place.has_near(Signal::Purity, AMOUNT_WINDOW) || has_form()
        }
        Strength::Distinct => true,
        // A street name beside an amount or a form, in a deal: an item of its own.
        Strength::Street if matches!(name.meaning, Meaning::Equipment(_)) => true,
        Strength::Street => {
            let place = Place::of(fields, name);
            deals && name.folded.1 - name.folded.0 >= STREET_BYTES && place.is_a_substance() && !place.is_a_sign()
        }
        Strength::Ambiguous if name.how == How::Identifier => sells_a_substance(fields),
        Strength::Ambiguous if !name.code && Place::of(fields, name).is_dosed_as_a_medicine() => true,
        Strength::Ambiguous => {
            name.code && name.folded.1 - name.folded.0 > SHORTEST_CODE && {
                let place = Place::of(fields, name);
                let text = &place.field.folded.text[name.folded.0..name.folded.1];
                let written = text.bytes().any(|b| b.is_ascii_digit())
                    || place.field.folded.is_in_capitals(name.folded.0, name.folded.1);
                written && (place.is_a_substance() || deals && sells_a_substance(fields))
            }
        }
    }
}
