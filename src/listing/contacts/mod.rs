//! Contacts and payment addresses in a text: personal data, found so that it can be kept out of what leaves.
//!
//! A value is what identifies somebody: the handle, number, address or name. The word beside it (`Telegram`, `BTC`) is a
//! signal and no value. What looks like a value and is not understood counts as one: hiding a word too many costs little,
//! showing one handle does. Words of goods, their numbers and their measures are no values (`goods`, `numbers`, `ordinary`).
//!
//! A text is searched as its readers see it: `shadow` folds it and keeps every offset, `markup` reads the remains of tags, `signs` the
//! words for `@` and dots. In that, each finder looks for what it knows and none sees what another found:
//!
//! | finder | finds | its words |
//! | --- | --- | --- |
//! | `shapes`, `domains` | addresses of mail, pages and profiles, handles behind `@`, numbers by their form | endings in `domains` |
//! | `numbers` | telephone numbers in groups; tells numbers of goods from them | `numbers` |
//! | `coins` | addresses of coins, keys, bank accounts | |
//! | `led` | values beside a word: messengers, telephones, payments | `messengers`, `words`; all in one automaton in `leads` |
//! | `names`, `people` | names beside a word: who receives, is asked for, signs; who fetches a parcel, and where | their own |
//! | `places` | addresses, boxes, coordinates | `places` |
//! | `spelled`, `encoded` | what is spelled, said in words, written backwards or in a code | their own |
//!
//! `led` goes from a word over `fillers` to a token, which `values` judges and `ends` completes; `edges` and `plain` say whether the
//! word is one that leads. `official` takes back what lies in a link to a text of law. The time of each is proportional to the text.

mod attributes;
mod coins;
mod domains;
mod edges;
mod encoded;
mod ends;
mod fillers;
mod goods;
mod leads;
mod led;
mod markup;
mod messengers;
mod names;
mod numbers;
mod official;
mod ordinary;
mod people;
mod places;
mod plain;
mod shadow;
mod shapes;
mod signs;
mod spelled;
mod tokens;
mod values;
mod words;

use crate::listing::contacts::shadow::Shadow;

/// What an indicator is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IndicatorKind {
    /// E-mail address.
    Email,
    /// Telephone number.
    Phone,
    /// Handle of a messenger.
    Messenger,
    /// Bank account with a valid check.
    Iban,
    /// Bitcoin address with a valid checksum.
    Bitcoin,
    /// Ethereum address by its shape.
    Ethereum,
    /// Monero address by its shape.
    Monero,
    /// Account, card or address of another means of payment.
    Account,
    /// A person's name.
    Name,
    /// Where somebody lives or works.
    Place,
    /// Address of a page, a shop or a profile.
    Link,
    /// Looks like one of these.
    Unknown,
}

impl IndicatorKind {
    /// The name used in every interface.
    pub fn name(self) -> &'static str {
        match self {
            IndicatorKind::Email => "email",
            IndicatorKind::Phone => "phone",
            IndicatorKind::Messenger => "messenger",
            IndicatorKind::Iban => "iban",
            IndicatorKind::Bitcoin => "bitcoin",
            IndicatorKind::Ethereum => "ethereum",
            IndicatorKind::Monero => "monero",
            IndicatorKind::Account => "account",
            IndicatorKind::Name => "name",
            IndicatorKind::Place => "place",
            IndicatorKind::Link => "link",
            IndicatorKind::Unknown => "unknown",
        }
    }
}

/// One contact or payment address; offsets are bytes of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indicator {
    /// What it is.
    pub kind: IndicatorKind,
    /// First byte of the value.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
}

/// Stands for one character of personal data.
pub const BLOT: char = '█';

/// Contacts and payment addresses in the order of the text; none overlap.
pub fn find(text: &str) -> Vec<Indicator> {
    let mut found = found_by(text, Shadow::of(text));
    // Whether a mark parts two words or stands inside of one is not known: each is read.
    if text.contains(['<', '*'])
        && let Some(shadow) = Shadow::joined(text)
    {
        found.extend(found_by(text, shadow));
    }
    joined(found)
}

/// What is found in one reading of a text.
fn found_by(text: &str, shadow: Shadow) -> Vec<Indicator> {
    let lower = tokens::lowered(&shadow.text);
    let (shadow, lower) = match signs::read(&shadow, &lower) {
        Some(read) => {
            let lower = tokens::lowered(&read.text);
            (read, lower)
        }
        None => (shadow, lower),
    };
    let in_source = found_in(&shadow.text, &lower).into_iter().filter_map(|one| {
        let (start, end) = shadow.source(one.start, one.end)?;
        // Blots are no value: what was hidden once is not hidden again.
        let is_hidden = text.get(start..end)?.chars().all(|c| c == BLOT || !c.is_alphanumeric());
        (!is_hidden).then_some(Indicator { kind: one.kind, start, end })
    });
    in_source.collect()
}

/// Everything that is found in a folded text, in any order.
fn found_in(text: &str, lower: &str) -> Vec<Indicator> {
    let apart = spelled::apart(text);
    let has_digits = text.bytes().filter(u8::is_ascii_digit).nth(DIGITS_OF_A_NUMBER - 1).is_some();
    let accounts = coins::find(text, text.bytes().any(|b| b.is_ascii_digit()));
    let mut found = shapes::find(text, has_digits);
    if has_digits {
        // Groups of an account's number are no telephone number.
        let within = |one: &Indicator| accounts.iter().any(|held| held.start <= one.start && one.end <= held.end);
        let is_short = accounts.len() <= ACCOUNTS;
        found.extend(numbers::find(text).into_iter().filter(|one| !is_short || !within(one)));
    }
    found.extend(accounts);
    found.extend(domains::find(text, lower));
    found.extend(spelled::in_words(lower));
    found.extend(spelled::unparted(text));
    found.extend(spelled::values(&apart));
    shapes::without_layers(text, &mut found);
    found.extend(led::find(text, lower, &apart));
    found.extend(names::find(text));
    found.extend(people::find(text, lower));
    found.extend(places::find(text));
    found.extend(spelled::by_example(text));
    found.extend(encoded::find(text, lower));
    official::keep(text, lower, &mut found);
    found
}

/// Accounts of a text among which is looked for one that holds a number: more are a list, whose kinds nobody tells apart.
const ACCOUNTS: usize = 50;

/// Digits of the shortest number that is known by its shape.
const DIGITS_OF_A_NUMBER: usize = 7;

/// Names under which feeds and pushes carry the numbers of goods. They name no account, though `id` does elsewhere.
const NUMBERS_OF_GOODS: [&str; 4] = ["listing id", "sku", "gtin", "mpn"];

/// The value of a named attribute (`WhatsApp`, `Contact person`), whose name says what it is; offsets are bytes of `value`.
pub fn find_in_attribute(name: &str, value: &str) -> Vec<Indicator> {
    if NUMBERS_OF_GOODS.contains(&name) {
        return find(value);
    }
    let whole = format!("{name}: {value}");
    let before = whole.len() - value.len();
    let mut found: Vec<Indicator> = find(&whole)
        .into_iter()
        .filter(|one| one.end > before)
        .map(|one| Indicator { start: one.start.saturating_sub(before), end: one.end - before, ..one })
        .collect();
    if let Some(kind) = attributes::kind_of_attribute(&Shadow::of(name).text)
        && !value.is_empty()
    {
        found.push(Indicator { kind, start: 0, end: value.len() });
    }
    joined(found)
}

/// Values behind a phrase that asks to be written to and ends at byte `at` of the text: `contact me on …`. Which phrases do
/// is for the caller's list to say; a messenger's name is known to [`find`].
pub fn find_behind(text: &str, at: usize) -> Vec<Indicator> {
    let shadow = Shadow::of(text);
    let Some(at) = shadow.place_of(at) else { return Vec::new() };
    let found = led::find_behind(&shadow.text, at);
    let in_source = found.into_iter().filter_map(|one| {
        let (start, end) = shadow.source(one.start, one.end)?;
        Some(Indicator { kind: one.kind, start, end })
    });
    in_source.collect()
}

/// Addresses of messengers: without a path they name nobody.
const MESSENGER_HOSTS: [&str; 7] =
    ["t.me", "wa.me", "telegram.me", "discord.gg", "signal.me", "threema.id", "simplex.chat"];

/// The account in a stretch of text that was recognised as a messenger with an account: all of it, or what stands behind the
/// messenger's word. Offsets are bytes of the stretch.
pub fn account_in(stretch: &str) -> Option<Indicator> {
    if MESSENGER_HOSTS.iter().any(|host| stretch.trim().eq_ignore_ascii_case(host)) {
        return None;
    }
    let word = stretch.find(|c: char| matches!(c, ':' | '=' | '@') || c.is_whitespace()).unwrap_or(0);
    let account = stretch.get(word..)?.trim_start_matches(|c: char| !c.is_alphanumeric());
    Some(Indicator { kind: IndicatorKind::Messenger, start: stretch.len() - account.len(), end: stretch.len() })
}

/// Hides every value, character by character, so that offsets hold; white space stays.
pub fn hidden(text: &str) -> String {
    hide(text, &find(text))
}

/// Hides what was found in a text.
pub fn hide(text: &str, found: &[Indicator]) -> String {
    if found.is_empty() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 2 * found.len());
    let mut from = 0;
    for one in found {
        let (Some(before), Some(value)) = (text.get(from..one.start), text.get(one.start..one.end)) else { continue };
        out.push_str(before);
        out.extend(value.chars().map(|c| if c.is_whitespace() { c } else { BLOT }));
        from = one.end;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out
}

/// Sorted, with what overlaps made one of the more telling kind.
pub fn joined(mut found: Vec<Indicator>) -> Vec<Indicator> {
    found.sort_by_key(|one| (one.start, one.end));
    let mut out: Vec<Indicator> = Vec::with_capacity(found.len());
    for one in found {
        match out.last_mut().filter(|last| one.start < last.end) {
            Some(last) => {
                last.end = last.end.max(one.end);
                last.kind = last.kind.min(one.kind);
            }
            None => out.push(one),
        }
    }
    out
}

#[cfg(test)]
mod tests;
