//! Values that are known by the word beside them: `Telegram: …`, `… on wickr`, `account number …`.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::listing::contacts::shapes::{is_quantity, is_registry_number};
use crate::listing::contacts::words::{
    AMBIGUOUS, COMMON, FILLERS, MESSENGERS, NAMING, PAYMENTS, PHONES, PLAIN, SHORT, VERBS, each,
};
use crate::listing::contacts::{Indicator, IndicatorKind};
use aho_corasick::AhoCorasick;

/// Values in a row that one word leads.
const IN_A_ROW: usize = 4;

/// Fillers between a word and its value.
const FILLERS_IN_A_ROW: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lead {
    Messenger,
    /// A short name of a messenger.
    Short,
    Ambiguous,
    Phone,
    Payment,
    /// Any other phrase by which a seller asks to be written to.
    Phrase,
}

impl Lead {
    fn kind(self) -> IndicatorKind {
        match self {
            Lead::Messenger | Lead::Short | Lead::Ambiguous | Lead::Phrase => IndicatorKind::Messenger,
            Lead::Phone => IndicatorKind::Phone,
            Lead::Payment => IndicatorKind::Account,
        }
    }
}

/// Every leading word, found in one pass. One may lie over another (`加微` and `微信` in `加微信`): each counts, for what
/// follows it.
static LEADS: LazyLock<(AhoCorasick, Vec<Lead>)> = LazyLock::new(|| {
    let mut words: Vec<(&str, Lead)> = Vec::new();
    for (list, lead) in [
        (MESSENGERS, Lead::Messenger),
        (SHORT, Lead::Short),
        (AMBIGUOUS, Lead::Ambiguous),
        (PHONES, Lead::Phone),
        (PAYMENTS, Lead::Payment),
    ] {
        words.extend(each(list).map(|word| (word, lead)));
    }
    let automaton =
        AhoCorasick::new(words.iter().map(|(word, _)| word)).expect("a few hundred words make an automaton");
    (automaton, words.into_iter().map(|(_, lead)| lead).collect())
});

type WordSet = LazyLock<HashSet<&'static str>>;

fn set(list: &'static str) -> HashSet<&'static str> {
    each(list).collect()
}

static IS_FILLER: WordSet = LazyLock::new(|| set(FILLERS));
static IS_NAMING: WordSet = LazyLock::new(|| set(NAMING));
static IS_PLAIN: WordSet = LazyLock::new(|| set(PLAIN));
static IS_COMMON: WordSet = LazyLock::new(|| set(COMMON));
static IS_VERB: WordSet = LazyLock::new(|| set(VERBS));

pub(super) fn find(text: &str) -> Vec<Indicator> {
    let mut found = Vec::new();
    let mut names_a_messenger = false;
    let lower = lowered(text);
    let (automaton, leads) = &*LEADS;
    for word in automaton.find_overlapping_iter(&lower) {
        let lead = leads[word.pattern().as_usize()];
        let Some((start, end)) = edges_of(&lower, word.start(), word.end(), lead) else { continue };
        names_a_messenger |= matches!(lead, Lead::Messenger | Lead::Short);
        after(text, &lower, end, lead, &mut found);
        if matches!(lead, Lead::Messenger | Lead::Short | Lead::Ambiguous) {
            before(text, &lower, start, lead, &mut found);
        }
    }
    for (start, end) in disguised_messengers(&lower) {
        names_a_messenger = true;
        after(text, &lower, end, Lead::Messenger, &mut found);
        before(text, &lower, start, Lead::Messenger, &mut found);
    }
    if names_a_messenger {
        found.extend(underscored(text));
    }
    found
}

/// Words joined by an underscore, as nobody writes but an account's name, in whatever place of a text that speaks of messengers.
fn underscored(text: &str) -> impl Iterator<Item = Indicator> + '_ {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    text.split(move |c: char| !is_part(c)).filter_map(|word| {
        let word = word.trim_matches(['.', '_']);
        let joined = word.split_once('_').is_some_and(|(head, tail)| !head.is_empty() && !tail.is_empty());
        let letters = word.chars().filter(|c| c.is_alphabetic()).count();
        let start = word.as_ptr().addr() - text.as_ptr().addr();
        let found = Indicator { kind: IndicatorKind::Unknown, start, end: start + word.len() };
        (joined && letters >= 3).then_some(found)
    })
}

/// Values behind a phrase that ends at `at` and asks to be written to (`contact me on`), as a list of such phrases has it.
pub(super) fn find_behind(text: &str, at: usize) -> Vec<Indicator> {
    let mut found = Vec::new();
    after(text, &lowered(text), at, Lead::Phrase, &mut found);
    found
}

/// Letters of an ending or a prefix that a language joins to a messenger's name, and letters of a name that takes one.
const JOINED_LETTERS: usize = 4;
const NAME_LETTERS: usize = 5;

/// Where a leading word and what its language joins to it begin and end: `телеграме`, `Telegram'dan`, `بالواتساب`. `None`
/// where the letters are a piece of another word.
fn edges_of(lower: &str, start: usize, end: usize, lead: Lead) -> Option<(usize, usize)> {
    let word = lower.get(start..end)?;
    let takes_endings = lead == Lead::Messenger && word.chars().count() >= NAME_LETTERS;
    if stands_alone(lower, start, end) {
        // The ending behind an apostrophe is no value.
        let rest = lower.get(end..)?;
        let ending = rest.strip_prefix(['\'', '’']).filter(|_| takes_endings && !word.ends_with(is_unspaced));
        let letters: usize = ending.map_or(0, |rest| {
            rest.chars().take(JOINED_LETTERS + 1).take_while(|c| c.is_alphabetic()).map(char::len_utf8).sum()
        });
        let short = ending.is_some_and(|rest| rest[..letters].chars().count() <= JOINED_LETTERS);
        let mark = rest.chars().next().map_or(0, char::len_utf8);
        return Some((start, if letters > 0 && short { end + mark + letters } else { end }));
    }
    if !takes_endings {
        return None;
    }
    let letters = |text: &mut dyn Iterator<Item = char>| -> (usize, usize) {
        let letters = text.take(JOINED_LETTERS + 1).take_while(|c| c.is_alphabetic());
        letters.fold((0, 0), |(count, bytes), c| (count + 1, bytes + c.len_utf8()))
    };
    let (tail, tail_bytes) = letters(&mut lower.get(end..)?.chars());
    let (head, head_bytes) = letters(&mut lower.get(..start)?.chars().rev());
    let takes_prefixes = word.chars().all(|c| matches!(u32::from(c), 0x590..=0x6FF));
    let joined = tail <= JOINED_LETTERS && head <= if takes_prefixes { JOINED_LETTERS } else { 0 };
    joined.then_some((start - head_bytes, end + tail_bytes))
}

/// Places of messengers' names in which digits and signs stand for letters: `t3legram`, `wh@tsapp`, `w1ckr`.
fn disguised_messengers(lower: &str) -> Vec<(usize, usize)> {
    let mut places = Vec::new();
    let (automaton, leads) = &*LEADS;
    for one in ['i', 'l'] {
        let read: String = lower.chars().map(|c| as_letter(c, one)).collect();
        for word in automaton.find_overlapping_iter(&read) {
            let place = (word.start(), word.end());
            let is_changed = lower.get(word.range()) != read.get(word.range());
            let is_messenger = leads[word.pattern().as_usize()] == Lead::Messenger;
            if is_changed && is_messenger && stands_alone(lower, place.0, place.1) {
                places.push(place);
            }
        }
    }
    places.sort_unstable();
    places.dedup();
    places
}

/// The letter an ASCII digit or sign stands for, of the same length; `1` is read as `one`.
fn as_letter(c: char, one: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' | '|' => one,
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        c => c,
    }
}

/// Whether a word in lower case is ordinary, a means of payment or one that leads to a value itself.
pub(super) fn is_ordinary(word: &str) -> bool {
    word.len() <= LONGEST_WORD
        && (IS_PLAIN.contains(word)
            || LEADS.0.find_overlapping_iter(word).filter(|lead| lead.start() == 0).any(|lead| {
                // Scripts without spaces run a word and what follows it together: `飞机号`.
                let rest = word.get(lead.end()..).unwrap_or_default();
                rest.is_empty() || (rest.chars().all(is_unspaced) && filler(rest).is_some())
            }))
}

/// What an attribute of this name holds, where the name says that it is a contact.
pub(super) fn kind_of_attribute(name: &str) -> Option<IndicatorKind> {
    let lower = lowered(name);
    let name = lower.trim().trim_end_matches([':', '.', '#']).trim();
    let led = [
        (MESSENGERS, Lead::Messenger),
        (PHONES, Lead::Phone),
        (SHORT, Lead::Short),
        (AMBIGUOUS, Lead::Ambiguous),
        (PAYMENTS, Lead::Payment),
    ]
    .into_iter()
    .find(|(list, _)| each(list).any(|word| name == word || starts_with_word(name, word)))
    .map(|(_, lead)| lead.kind());
    let named = [
        "contact",
        "seller",
        "vendor",
        "supplier",
        "manufacturer",
        "company",
        "company name",
        "store",
        "shop",
        "owner",
        "author",
        "person",
        "manager",
        "brand owner",
        "name",
        "sold by",
        "posted by",
        "advertiser",
        "address",
        "location address",
        "website",
        "url",
        "web",
        "link",
        "联系",
        "卖家",
        "公司",
        "店铺",
        "地址",
        "网址",
        "продавец",
        "поставщик",
        "контакт",
        "адрес",
        "сайт",
        "verkäufer",
        "anbieter",
        "hersteller",
        "vendedor",
        "proveedor",
        "vendeur",
        "fournisseur",
        "venditore",
        "verkoper",
        "sprzedawca",
        "satıcı",
        "البائع",
    ];
    led.or_else(|| {
        named.iter().any(|word| name == *word || starts_with_word(name, word)).then_some(IndicatorKind::Unknown)
    })
}

/// Whether `text` begins with `word` and ends it there.
fn starts_with_word(text: &str, word: &str) -> bool {
    text.strip_prefix(word).is_some_and(|rest| {
        rest.chars().next().is_none_or(|next| !next.is_alphanumeric())
            || word.chars().next_back().is_some_and(is_unspaced)
    })
}

/// Lower case where that keeps every offset.
pub(super) fn lowered(text: &str) -> String {
    text.chars()
        .map(|c| {
            let mut lower = c.to_lowercase();
            match (lower.next(), lower.next()) {
                (Some(one), None) if one.len_utf8() == c.len_utf8() => one,
                _ => c,
            }
        })
        .collect()
}

/// Scripts that put no spaces between words.
fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c), 0x0E00..=0x0E7F | 0x3040..=0x30FF | 0x3400..=0x9FFF | 0xAC00..=0xD7AF)
}

/// Whether a word found in the middle of text is one: its neighbours are no letters, in scripts that space their words.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let parted = |inner: Option<char>, outer: Option<char>| match (inner, outer) {
        (Some(inner), Some(outer)) => {
            is_unspaced(inner) || is_unspaced(outer) || !(outer.is_alphabetic() && inner.is_alphabetic())
        }
        _ => true,
    };
    let (Some(word), Some(head), Some(tail)) = (text.get(start..end), text.get(..start), text.get(end..)) else {
        return false;
    };
    parted(word.chars().next(), head.chars().next_back()) && parted(word.chars().next_back(), tail.chars().next())
}

/// Bytes of the longest piece that is looked at as a word. A longer one is none, and its length is all that is known of it:
/// a seller who writes a messenger's name a thousand times in a row makes a thousand of them.
const LONGEST_WORD: usize = 200;

/// Groups of a number set in groups.
const GROUPS: usize = 12;

/// A piece of text between separators.
#[derive(Clone, Copy)]
struct Token {
    start: usize,
    end: usize,
}

/// Characters of a handle, a number or an address.
fn is_inner(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '#' | '@' | '+' | '\'')
}

/// How a value is announced by what stands before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sign {
    None,
    /// A dash or bracket, which may mean anything.
    Weak,
    /// A colon, an equals sign, an arrow.
    Strong,
}

/// The token that begins at or behind `at`, over at most `gap` separators; and the strongest sign among them.
fn next_token(text: &str, at: usize, gap: usize) -> Option<(Token, Sign)> {
    let (mut announced, mut start) = (Sign::None, None);
    for (count, (offset, c)) in text.get(at..)?.char_indices().enumerate() {
        if c.is_alphanumeric() || c == '_' {
            start = Some(at + offset);
            break;
        }
        if count >= gap {
            return None;
        }
        announced = announced.max(match c {
            ':' | '=' | '@' | '#' | '>' | '→' | '➡' | '⇒' | '~' | '"' | '«' | '“' | '|' => Sign::Strong,
            '-' | '–' | '—' | '(' | '[' => Sign::Weak,
            _ => Sign::None,
        });
    }
    let start = start?;
    let rest = text.get(start..)?;
    let mut end = start;
    let mut script = None;
    for (offset, c) in rest.char_indices() {
        // What is so long is hidden to here, and the next piece begins here.
        if offset > LONGEST_WORD {
            break;
        }
        // A script without spaces ends a token of one with spaces, and the other way round.
        let unspaced = is_unspaced(c);
        if !is_inner(c) || (c.is_alphanumeric() && *script.get_or_insert(unspaced) != unspaced) {
            break;
        }
        end = start + offset + c.len_utf8();
    }
    let token = rest.get(..end - start)?.trim_end_matches(['.', '-', '+', '@', '#', '\'']);
    Some((Token { start, end: start + token.len() }, announced))
}

/// What ends a clause.
const ENDS_OF_CLAUSES: [char; 10] = [',', ';', '.', '!', '?', '，', '。', '；', '！', '、'];

/// Hides the values behind a leading word.
fn after(text: &str, lower: &str, at: usize, lead: Lead, found: &mut Vec<Indicator>) {
    let (mut at, mut announced) = (at, Sign::None);
    let mut fillers = 0;
    let mut values = 0;
    let mut clause_ended = false;
    while let Some((token, sign)) = next_token(text, at, 8) {
        let (Some(word), Some(low)) = (text.get(token.start..token.end), lower.get(token.start..token.end)) else {
            return;
        };
        announced = announced.max(sign);
        clause_ended |= text.get(at..token.start).is_some_and(|between| between.contains(ENDS_OF_CLAUSES));
        let filler = filler(low).filter(|_| fillers < FILLERS_IN_A_ROW);
        if let Some(names) = filler {
            if names {
                announced = Sign::Strong;
            }
            fillers += 1;
            at = token.end;
            continue;
        }
        let close = text.get(at..token.start).is_some_and(|between| between.chars().all(char::is_whitespace));
        let Some(end) = value_end(text, token, (word, low), lead, (announced, close)) else { return };
        let end = if word.len() >= LONGEST_WORD { run_end(text, end, found) } else { end };
        // Another clause, or one more of a row, is taken for a value only where it looks like one.
        if (clause_ended || values > 0) && announced == Sign::None && !is_shaped(word) {
            return;
        }
        found.push(Indicator { kind: lead.kind(), start: token.start, end });
        values += 1;
        if values == IN_A_ROW {
            return;
        }
        // `a / b`, `a or b`: what follows must look like a value by itself.
        (at, announced, fillers, clause_ended) = (end, Sign::None, 0, false);
        let gap = text.get(at..).unwrap_or_default().chars().take(3).collect::<String>();
        let goes_on = gap.trim_start().starts_with(['/', ',', '|', '&', '+', '、', '，']);
        let or = next_token(lower, at, 2).is_some_and(|(next, _)| {
            lower
                .get(next.start..next.end)
                .is_some_and(|low| matches!(low, "or" | "and" | "und" | "oder" | "y" | "o" | "et" | "ou" | "и" | "или"))
        });
        if !goes_on && !or {
            return;
        }
    }
}

/// Where the run of characters of a value ends that goes on at `at`: what is longer than a word is hidden whole. Where one
/// found before ends there already, it is not walked again.
fn run_end(text: &str, at: usize, found: &[Indicator]) -> usize {
    if let Some(last) = found.last().filter(|last| last.start <= at && at <= last.end) {
        return last.end;
    }
    let rest = text.get(at..).unwrap_or_default();
    at + rest.find(|c: char| !is_inner(c)).unwrap_or(rest.len())
}

/// Whether a token in lower case stands between a word and its value, and if so, whether it says that a value follows.
/// Scripts without spaces run fillers together (`号是`).
fn filler(low: &str) -> Option<bool> {
    if IS_FILLER.contains(low) {
        return Some(IS_NAMING.contains(low));
    }
    if !low.chars().all(is_unspaced) || low.chars().count() > 6 {
        return None;
    }
    low.char_indices().skip(1).find_map(|(at, _)| {
        let (head, tail) = low.split_at(at);
        let names = IS_FILLER.contains(head).then(|| IS_NAMING.contains(head))?;
        filler(tail).map(|more| names || more)
    })
}

/// Where the value that begins with `token` ends; `None` when it is none. `word` is as written and in lower case; `close`:
/// nothing but white space parts it from what leads it.
fn value_end(
    text: &str,
    token: Token,
    (word, low): (&str, &str),
    lead: Lead,
    (sign, close): (Sign, bool),
) -> Option<usize> {
    // Registry numbers of substances are no telephone numbers.
    if is_registry_number(word) {
        return None;
    }
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let leads_a_number = match lead {
        Lead::Phone => digits >= 1,
        Lead::Short | Lead::Ambiguous | Lead::Payment => digits >= 2,
        Lead::Messenger | Lead::Phrase => digits >= 4,
    };
    if leads_a_number {
        // A number may be set in groups.
        let end = number_end(text, token);
        let all = text.get(token.start..end)?.chars().filter(char::is_ascii_digit).count();
        let least = match lead {
            Lead::Phone => 5,
            Lead::Payment => 6,
            Lead::Phrase => 7,
            Lead::Messenger | Lead::Short | Lead::Ambiguous => 5,
        };
        if all >= least {
            return Some(end);
        }
    }
    if is_quantity(low) || is_ordinary(low) {
        return None;
    }
    let shaped = is_shaped(word);
    let long = |least| word.chars().count() >= least;
    let marked = digits > 0 || word.contains(['_', '#', '@']);
    let common = sign == Sign::None && IS_COMMON.contains(low);
    let ambiguous = (shaped && (sign > Sign::None || marked)) || (sign > Sign::None && long(3));
    let is_value = match lead {
        Lead::Messenger => shaped || (!common && (sign > Sign::None || is_latin(word)) && long(3)),
        Lead::Short => ambiguous || (close && !common && is_account_name(word)),
        Lead::Ambiguous => ambiguous,
        Lead::Phone => false,
        // Accounts are written in Latin letters and digits: what follows in another script are words.
        Lead::Payment => is_latin(word) && ((shaped && digits > 0 && long(6)) || (sign == Sign::Strong && long(5))),
        // Codes of substances have digits and hyphens, and stand behind such phrases too.
        Lead::Phrase => {
            word.contains(['_', '#', '@']) || (shaped && !word.contains('-') && is_letters_then_digits(word))
        }
    };
    is_value.then(|| prefixed_end(text, token))
}

/// The end of a handle with a prefix of its own: `live:.cid.…`.
fn prefixed_end(text: &str, token: Token) -> usize {
    let rest = text.get(token.end..).unwrap_or_default();
    let behind = rest.strip_prefix(':').and_then(|rest| rest.chars().next());
    match (behind, next_token(text, token.end, 3)) {
        (Some(c), Some((next, _))) if c.is_alphanumeric() || c == '.' => next.end,
        _ => token.end,
    }
}

/// The end of a number that is set in groups.
fn number_end(text: &str, token: Token) -> usize {
    let mut end = token.end;
    for _ in 0..GROUPS {
        let Some((next, _)) = next_token(text, end, 2) else { break };
        let group = text.get(next.start..next.end).unwrap_or_default();
        let between = text.get(end..next.start).unwrap_or_default();
        let is_group = group.chars().any(|c| c.is_ascii_digit())
            && group.chars().count() <= 14
            && !between.contains(['\n', ',', ';', ':'])
            && !(is_quantity(group) && group.ends_with(|c: char| c.is_alphabetic() || c == '%'));
        if !is_group {
            break;
        }
        end = next.end;
    }
    end
}

/// Whether a token looks like a handle rather than like a word.
fn is_shaped(word: &str) -> bool {
    let chars: Vec<char> = word.chars().collect();
    let inner_capital = chars.windows(2).any(|pair| pair[0].is_lowercase() && pair[1].is_uppercase());
    let inner_dot =
        chars.windows(3).any(|three| three[1] == '.' && three[0].is_alphanumeric() && three[2].is_alphanumeric());
    chars.iter().any(|c| c.is_ascii_digit() || matches!(c, '_' | '#' | '@' | '+'))
        || inner_capital
        || inner_dot
        || chars.len() >= 20
}

/// Whether a token reads as an account's name where a messenger's short name stands right before it: Latin letters, not all
/// of them capitals, as codes have.
fn is_account_name(word: &str) -> bool {
    word.chars().count() >= 4 && word.chars().all(|c| c.is_ascii_alphabetic()) && word.chars().any(char::is_lowercase)
}

/// At least three letters, then digits: `northpier77`.
fn is_letters_then_digits(word: &str) -> bool {
    let head = word.trim_end_matches(|c: char| c.is_ascii_digit());
    head.len() + 2 <= word.len() && head.chars().count() >= 3 && head.chars().all(char::is_alphabetic)
}

fn is_latin(word: &str) -> bool {
    word.chars().all(|c| !c.is_alphabetic() || u32::from(c) < 0x250)
}

/// Hides a value that stands before its messenger: `… on telegram`, `… (wickr)`.
fn before(text: &str, lower: &str, at: usize, lead: Lead, found: &mut Vec<Indicator>) {
    let Some((mut token, mut sign)) = last_token(text, at) else { return };
    let low = |token: Token| lower.get(token.start..token.end).unwrap_or_default();
    let joins = [
        "on",
        "via",
        "in",
        "at",
        "by",
        "auf",
        "über",
        "bei",
        "en",
        "por",
        "sur",
        "no",
        "op",
        "na",
        "w",
        "su",
        "в",
        "на",
        "через",
        "по",
        "ile",
    ];
    let mut joined = false;
    if joins.contains(&low(token)) {
        joined = true;
        let Some((earlier, gap)) = last_token(text, token.start) else { return };
        (token, sign) = (earlier, gap);
    }
    let word = text.get(token.start..token.end).unwrap_or_default();
    let lowered = low(token);
    if is_quantity(lowered) || is_ordinary(lowered) || word.chars().count() < 3 {
        return;
    }
    let bracketed = sign && !joined;
    let led = last_token(text, token.start).is_some_and(|(verb, _)| IS_VERB.contains(low(verb)));
    // Codes of substances have hyphens, handles of messengers have none.
    let shaped = is_shaped(word) && !word.contains('-');
    let is_value = match lead {
        Lead::Messenger => (shaped && (joined || bracketed || led)) || ((joined || bracketed) && led),
        Lead::Short | Lead::Ambiguous => (joined || bracketed) && (shaped || led),
        Lead::Phone | Lead::Payment | Lead::Phrase => false,
    };
    if is_value {
        found.push(Indicator { kind: IndicatorKind::Messenger, start: token.start, end: token.end });
    }
}

/// The token that ends before `at`, over a few separators; and whether a bracket, a colon or a dash is among them.
fn last_token(text: &str, at: usize) -> Option<(Token, bool)> {
    let head = text.get(..at)?;
    let mut sign = false;
    let mut end = None;
    for (count, (offset, c)) in head.char_indices().rev().enumerate() {
        if c.is_alphanumeric() || c == '_' {
            end = Some(offset + c.len_utf8());
            break;
        }
        if count >= 5 || matches!(c, '\n' | '.' | '!' | '?' | ';' | ',') {
            return None;
        }
        sign |= matches!(c, '(' | '[' | '-' | '–' | '—' | '@' | '/' | '"' | '|');
    }
    let end = end?;
    let inner = head.get(..end)?.char_indices().rev().take_while(|(_, c)| is_inner(*c)).take(LONGEST_WORD);
    let start = inner.last().map(|(offset, _)| offset)?;
    Some((Token { start, end }, sign))
}
