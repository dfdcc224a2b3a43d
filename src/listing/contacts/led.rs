//! Values that are known by the word beside them: `Telegram: …`, `… on wickr`, `account number …`.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::listing::contacts::edges::{disguised_messengers, edges_of};
use crate::listing::contacts::ends::{number_end, prefixed_end, run_end, spliced_end};
use crate::listing::contacts::goods::is_thing;
use crate::listing::contacts::leads::{LEADS, Lead, folded};
use crate::listing::contacts::messengers::MESSENGERS;
use crate::listing::contacts::numbers::{is_goods, is_hours, is_numbered, is_of_batch};
use crate::listing::contacts::ordinary::{COMMON, PLAIN, STEMS, UNSPACED};
use crate::listing::contacts::plain::{Spoken, is_plain};
use crate::listing::contacts::shapes::{is_quantity, is_registry_number};
use crate::listing::contacts::spelled::Apart;
use crate::listing::contacts::tokens::{
    LONGEST_WORD, Reach, Sign, Token, is_account_name, is_alphanumeric, is_latin, is_letters_then_digits, is_mark,
    is_shaped, is_unspaced, last_token_within, lowered, next_token, token_within,
};
use crate::listing::contacts::words::{FILLERS, JOINS, NAMING, TO, VERBS, Words, all};
use crate::listing::contacts::{Indicator, IndicatorKind};

/// Values in a row that one word leads.
const IN_A_ROW: usize = 4;

/// Fillers between a word and its value.
const FILLERS_IN_A_ROW: usize = 4;

type FoldedSet = LazyLock<Words<String>>;

fn set(lists: &'static [&'static str]) -> Words<String> {
    all(lists).map(folded).collect()
}

static IS_FILLER: FoldedSet = LazyLock::new(|| set(FILLERS));
static IS_NAMING: FoldedSet = LazyLock::new(|| set(NAMING));
static IS_PLAIN: FoldedSet = LazyLock::new(|| set(PLAIN));
static IS_COMMON: FoldedSet = LazyLock::new(|| set(COMMON));
static IS_VERB: FoldedSet = LazyLock::new(|| set(VERBS));
static IS_JOIN: FoldedSet = LazyLock::new(|| set(JOINS));
static IS_TO: FoldedSet = LazyLock::new(|| set(TO));
static IS_MESSENGER: FoldedSet = LazyLock::new(|| set(MESSENGERS));
static IS_STEM: FoldedSet = LazyLock::new(|| set(STEMS));
static OF_ORDINARY: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::new(all(UNSPACED).map(folded)).expect("a few hundred pieces of words make an automaton")
});

/// Values beside a leading word. `lower` is the text in lower case, `apart` are the letters set apart in it.
pub(super) fn find(text: &str, lower: &str, apart: &[Apart]) -> Vec<Indicator> {
    let mut found: Vec<Indicator> = Vec::new();
    let mut names_a_messenger = false;
    let mut reach = Reach::default();
    let spoken = Spoken::of(lower);
    let (automaton, leads) = &*LEADS;
    for word in automaton.find_overlapping_iter(lower) {
        let lead = leads[word.pattern().as_usize()];
        let Some((start, end)) = edges_of(lower, word.start(), word.end(), lead) else { continue };
        if is_plain(lower, (start, end), lead, &spoken) {
            continue;
        }
        names_a_messenger |= matches!(lead, Lead::Messenger | Lead::Short);
        let reach = reach.at(lower, word.end());
        // Deep inside of what is hidden already, or before the same word, which is looked at itself.
        let is_hidden = || found.last().is_some_and(|last| last.start <= start && end + LONGEST_WORD < last.end);
        let is_repeated =
            || lower.get(word.end()..).zip(lower.get(word.range())).is_some_and(|(b, w)| b.starts_with(w));
        if reach < LONGEST_WORD && (is_hidden() || is_repeated()) {
            continue;
        }
        if lead != Lead::Behind {
            after(text, lower, (end, reach), lead, &mut found);
        }
        if matches!(lead, Lead::Messenger | Lead::Short | Lead::Ambiguous | Lead::Noun | Lead::Behind) {
            before(text, lower, (start, reach), lead, &mut found);
        }
    }
    let spelled = apart.iter().filter(|run| names_messenger(run)).map(|run| (run.start, run.end));
    let mut reach = Reach::default();
    for (start, end) in disguised_messengers(lower).into_iter().chain(spelled) {
        names_a_messenger = true;
        let reach = reach.at(lower, end);
        after(text, lower, (end, reach), Lead::Messenger, &mut found);
        before(text, lower, (start, reach), Lead::Messenger, &mut found);
    }
    if names_a_messenger {
        found.extend(underscored(text));
    }
    found
}

/// Whether letters set apart spell a messenger's name: it leads to a value, and is none.
pub(super) fn names_messenger(run: &Apart) -> bool {
    IS_MESSENGER.contains(&run.spelled)
}

/// Whether a word in lower case is one of trade that follows a messenger's name.
pub(super) fn is_common(word: &str) -> bool {
    IS_COMMON.contains(word)
}

/// Words joined by an underscore, as nobody writes but an account's name, in whatever place of a text that speaks of messengers.
fn underscored(text: &str) -> impl Iterator<Item = Indicator> + '_ {
    let is_part = |c: char| is_alphanumeric(c) || c == '_' || c == '.';
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
    after(text, &lowered(text), (at, LONGEST_WORD), Lead::Phrase, &mut found);
    found
}

/// Whether a word in lower case is ordinary, a means of payment or one that leads to a value itself.
pub(super) fn is_ordinary(word: &str) -> bool {
    word.len() <= LEADS.0.max_pattern_len() + BYTES_OF_A_FILLER
        && (IS_PLAIN.contains(word)
            || LEADS.0.find_overlapping_iter(word).filter(|lead| lead.start() == 0).any(|lead| {
                // Scripts without spaces run a word and what follows it together: `飞机号`.
                let rest = word.get(lead.end()..).unwrap_or_default();
                rest.is_empty() || (rest.chars().all(is_unspaced) && filler(rest).is_some())
            }))
}

/// Bytes of the fillers that scripts without spaces run together with the word before them.
const BYTES_OF_A_FILLER: usize = 24;

/// What ends a clause.
const ENDS_OF_CLAUSES: [char; 10] = [',', ';', '.', '!', '?', '，', '。', '；', '！', '、'];

/// Hides the values behind a leading word.
fn after(text: &str, lower: &str, (at, reach): (usize, usize), lead: Lead, found: &mut Vec<Indicator>) {
    let (mut at, mut announced) = (at, Sign::None);
    let mut fillers = 0;
    let mut values = 0;
    let mut clause_ended = false;
    let (mut is_named, mut is_signed) = (false, false);
    while let Some((token, sign)) = token_within(text, at, 8, reach) {
        let (Some(word), Some(low)) = (text.get(token.start..token.end), lower.get(token.start..token.end)) else {
            return;
        };
        announced = announced.max(sign);
        is_signed |= sign == Sign::Strong;
        clause_ended |= text.get(at..token.start).is_some_and(|between| between.contains(ENDS_OF_CLAUSES));
        let filler = filler(low).filter(|_| fillers < FILLERS_IN_A_ROW);
        if let Some(names) = filler {
            is_named |= names;
            if names {
                announced = Sign::Strong;
            }
            fillers += 1;
            at = token.end;
            continue;
        }
        // `号北…`: a filler that no space parts from the value.
        if fillers < FILLERS_IN_A_ROW
            && !matches!(lead, Lead::Payment | Lead::PaymentNoun)
            && let Some((length, names)) = filler_before_value(low)
        {
            if names {
                announced = announced.max(Sign::Weak);
            }
            fillers += 1;
            at = token.start + length;
            continue;
        }
        let close = text.get(at..token.start).is_some_and(|between| between.chars().all(char::is_whitespace));
        // A word for an account announces what is written in Latin letters. Of another script, an ordinary word may follow.
        let by_word = is_named && !is_latin(word) && !is_signed;
        if by_word && !is_shaped(word) && !is_foreign_name(low) && !low.chars().any(is_unspaced) {
            return;
        }
        let Some(end) = value_end(text, token, (word, low), lead, (announced, close)) else { return };
        let end = if word.len() >= reach { run_end(text, end, found) } else { end };
        let end = spliced_end(text, lower, end, announced);
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
            lower.get(next.start..next.end).is_some_and(|low| {
                matches!(
                    low,
                    "or" | "and"
                        | "und"
                        | "oder"
                        | "y"
                        | "o"
                        | "et"
                        | "ou"
                        | "и"
                        | "или"
                        | "e"
                        | "lub"
                        | "veya"
                        | "atau"
                        | "hoặc"
                        | "sau"
                        | "nebo"
                        | "або"
                        | "و"
                        | "या"
                )
            })
        });
        if !goes_on && !or {
            return;
        }
    }
}

/// Whether a token in lower case stands between a word and its value, and if so, whether it says that a value follows.
/// Scripts without spaces run fillers together (`号是`).
fn filler(low: &str) -> Option<bool> {
    if IS_FILLER.contains(low) {
        return Some(IS_NAMING.contains(low));
    }
    if low.len() > BYTES_OF_A_FILLER || !low.chars().all(is_unspaced) || low.chars().count() > LONGEST_FILLER {
        return None;
    }
    fillers_within(low).find_map(|(end, names)| (end == low.len()).then_some(names))
}

/// Where fillers that are run together at the beginning of a text may end, and whether they say that a value follows; the
/// longest first.
fn fillers_within(low: &str) -> impl Iterator<Item = (usize, bool)> {
    let mut reached = [None; LONGEST_FILLER + 1];
    reached[0] = Some((0, false));
    let ends = low.char_indices().map(|(at, _)| at).chain([low.len()]).skip(1).take(LONGEST_FILLER);
    for (count, end) in ends.enumerate() {
        // Each filler begins where another ends.
        let joined = reached.iter().take(count + 1).flatten().find_map(|(start, names)| {
            let word = low.get(*start..end).filter(|word| IS_FILLER.contains(*word))?;
            Some((end, *names || IS_NAMING.contains(word)))
        });
        if let Some(reached) = reached.get_mut(count + 1) {
            *reached = joined;
        }
    }
    reached.into_iter().skip(1).rev().flatten()
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
        Lead::Short | Lead::Ambiguous | Lead::Noun | Lead::Payment | Lead::PaymentNoun => digits >= 2,
        Lead::Messenger | Lead::Phrase => digits >= 4,
        Lead::Unspaced | Lead::Ordinary | Lead::Behind => false,
    };
    if leads_a_number {
        // A number may be set in groups.
        let end = number_end(text, token);
        let all = text.get(token.start..end)?.chars().filter(char::is_ascii_digit).count();
        let least = match lead {
            Lead::Phone => 5,
            Lead::Payment => 6,
            Lead::PaymentNoun => {
                if sign > Sign::None {
                    6
                } else {
                    DIGITS_OF_A_CARD
                }
            }
            Lead::Phrase => 7,
            _ => 5,
        };
        let number = text.get(token.start..end)?;
        let begins = number.starts_with('0') || text.get(..token.start).is_some_and(|head| head.ends_with(['+', '(']));
        // `Phone 4000 4999 mAh`, `Card SD 128 GB`: an amount. Numbers with letters among them are models.
        let may_be_goods = matches!(lead, Lead::Phone | Lead::PaymentNoun | Lead::Noun | Lead::Ambiguous);
        let is_amount =
            may_be_goods && (is_numbered(text, token.start) || (!begins && is_goods(text, token.start, end)));
        let has_letters = number.chars().any(|c| c.is_alphabetic() && !"oOlIоО".contains(c));
        let is_model = !begins && has_letters && matches!(lead, Lead::Phone | Lead::PaymentNoun) && sign == Sign::None;
        if all >= least && !is_amount && !is_model && !is_hours(number) && !is_of_batch(text, token.start, end) {
            return Some(end);
        }
        if is_amount || is_model {
            return None;
        }
    }
    if is_quantity(low) || is_ordinary(low) {
        return None;
    }
    // In scripts without spaces words run together: one that holds an ordinary one is no account.
    let is_han = low.chars().all(is_unspaced_or_mark);
    if is_han && sign < Sign::Strong && OF_ORDINARY.is_match(low) {
        return None;
    }
    let shaped = is_shaped(word);
    let long = |least| word.chars().count() >= least;
    let marked = digits > 0 || word.contains(['_', '#', '@']);
    let common = sign == Sign::None && IS_COMMON.contains(low);
    // `LM358`, `B12`: few capitals with figures are a code.
    let is_code = sign < Sign::Strong
        && !word.contains(|c: char| c.is_lowercase() || c == '_')
        && word.chars().filter(|c| c.is_alphabetic()).count() <= LETTERS_OF_A_CODE;
    let ambiguous = !is_code && ((shaped && (sign > Sign::None || marked)) || (sign > Sign::None && long(3)));
    let is_value = match lead {
        Lead::Messenger => {
            shaped || (!common && (sign > Sign::None || is_latin(word) || (close && is_foreign_name(low))) && long(3))
        }
        Lead::Unspaced => {
            let letters = word.chars().filter(|c| !is_mark(*c)).count();
            close && is_han && (3..=LETTERS_OF_HAN).contains(&letters)
        }
        Lead::Short => ambiguous || (close && !common && (is_account_name(word) || is_foreign_name(low))),
        Lead::Ordinary => is_account(word),
        Lead::Behind => false,
        Lead::Ambiguous => ambiguous,
        // `Handle: walnut`, `Trading bot - Pivot`.
        Lead::Noun => {
            ambiguous
                && !(is_thing(low) && !goes_on(text, token.end))
                && !(sign == Sign::Weak && !shaped && begins_with_capital(word))
        }
        Lead::Phone => false,
        Lead::PaymentNoun => {
            is_bank_code(word, sign) || (sign == Sign::Strong && is_latin(word) && shaped && digits > 0 && long(6))
        }
        // Accounts are written in Latin letters and digits: what follows in another script are words.
        Lead::Payment => is_latin(word) && ((shaped && digits > 0 && long(6)) || (sign == Sign::Strong && long(5))),
        // Codes of substances have digits and hyphens, and stand behind such phrases too.
        Lead::Phrase => {
            word.contains(['_', '#', '@']) || (shaped && !word.contains('-') && is_letters_then_digits(word))
        }
    };
    is_value.then(|| prefixed_end(text, token))
}

/// Hides a value that stands before its messenger: `… on telegram`, `… (wickr)`.
fn before(text: &str, lower: &str, (at, reach): (usize, usize), lead: Lead, found: &mut Vec<Indicator>) {
    let last_token = |at| last_token_within(text, at, reach);
    let Some((mut token, mut sign)) = last_token(at) else { return };
    let low = |token: Token| lower.get(token.start..token.end).unwrap_or_default();
    let mut joined = false;
    // `… toe op telegram`: two at most.
    for _ in 0..2 {
        if lead == Lead::Behind || !IS_JOIN.contains(low(token)) {
            break;
        }
        joined = true;
        let Some((earlier, gap)) = last_token(token.start) else { return };
        (token, sign) = (earlier, gap);
    }
    let word = text.get(token.start..token.end).unwrap_or_default();
    let lowered = low(token);
    if is_quantity(lowered) || is_ordinary(lowered) || word.chars().count() < 3 {
        return;
    }
    let bracketed = sign && !joined;
    let led = last_token(token.start).is_some_and(|(verb, _)| {
        // `write to …`.
        let (verb, is_to) = (low(verb), IS_TO.contains(low(verb)).then_some(verb));
        let earlier = is_to.and_then(|to| last_token(to.start));
        IS_VERB.contains(verb) || earlier.is_some_and(|(verb, _)| IS_VERB.contains(low(verb)))
    });
    // Codes of substances have hyphens, handles of messengers have none.
    let shaped = is_shaped(word) && !word.contains('-');
    let is_value = match lead {
        Lead::Messenger => (shaped && (joined || bracketed || led)) || ((joined || bracketed) && led),
        Lead::Short | Lead::Ambiguous | Lead::Noun => (joined || bracketed) && (shaped || led),
        Lead::Behind => true,
        _ => false,
    };
    if is_value {
        found.push(Indicator { kind: IndicatorKind::Messenger, start: token.start, end: token.end });
    }
}

/// Digits of the shortest number of a card or an account behind a word that has other meanings.
const DIGITS_OF_A_CARD: usize = 8;

/// Whether a sign or a bracket joins another piece: `oak + reef`, `oak(underscore)reef`.
fn goes_on(text: &str, at: usize) -> bool {
    let rest = text.get(at..).unwrap_or_default();
    rest.starts_with(['(', '[', '{', '_']) || rest.trim_start().starts_with('+')
}

fn begins_with_capital(word: &str) -> bool {
    word.starts_with(char::is_uppercase)
}

/// Whether a word is the code of a bank (ISO 9362): eight or eleven characters, of which the first six are letters.
fn is_bank_code(word: &str, sign: Sign) -> bool {
    matches!(word.len(), 8 | 11)
        && word.bytes().all(|b| b.is_ascii_alphanumeric())
        && word.bytes().take(6).all(|b| b.is_ascii_alphabetic())
        && (sign == Sign::Strong
            || (word.bytes().any(|b| b.is_ascii_digit()) && !word.bytes().any(|b| b.is_ascii_lowercase())))
}

/// Letters of a code of goods.
const LETTERS_OF_A_CODE: usize = 3;

/// Letters of an account's name in a script without spaces.
const LETTERS_OF_HAN: usize = 10;

/// Letters of an account's name in another script with spaces.
const LETTERS_OF_FOREIGN: usize = 4;

fn is_unspaced_or_mark(c: char) -> bool {
    is_unspaced(c) || is_mark(c)
}

/// Whether a word in lower case of another script with spaces is none of the ordinary ones that follow a messenger's name.
fn is_foreign_name(low: &str) -> bool {
    let letters = low.chars().filter(|c| c.is_alphabetic()).count();
    letters >= LETTERS_OF_FOREIGN
        && !is_latin(low)
        && low.chars().all(|c| c.is_alphabetic() || is_mark(c))
        && !low.chars().any(is_unspaced)
        && !IS_STEM.contains(low)
        // Arabic and Hebrew join `and`, `the` and `to` to a word.
        && !low.starts_with(['و', 'ו', 'ה', 'ב', 'ל'])
        && !["ال", "لل", "بال", "وال"].iter().any(|joined| low.starts_with(joined))
        // A short beginning is a word by itself only.
        && !low.char_indices().skip(LETTERS_OF_STEM).any(|(at, _)| low.get(..at).is_some_and(|head| IS_STEM.contains(head)))
}

/// Letters of a stem that counts as the beginning of longer words.
const LETTERS_OF_STEM: usize = 3;

/// Whether a word is written as accounts are: letters with an underscore, small letters with figures behind them, or names
/// run together. Codes of substances are capitals or have hyphens.
fn is_account(word: &str) -> bool {
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    let small = word.chars().filter(|c| c.is_lowercase()).count();
    letters >= 4
        && small >= 3
        && !word.contains('-')
        && (word.contains(['_', '#', '@'])
            || (is_letters_then_digits(word) && small >= 4)
            || (small == letters && letters >= 5 && has_inner_figure(word))
            || (word.chars().all(char::is_alphabetic) && small >= 8 && is_shaped(word)))
}

/// Figures for letters inside of a word: `n0rth`.
fn has_inner_figure(word: &str) -> bool {
    let inner = word.trim_matches(|c: char| !c.is_ascii_digit());
    word.starts_with(|c: char| c.is_alphabetic()) && !inner.is_empty() && !word.contains('.')
}

/// How long the filler is that a token of a script without spaces begins with, and whether it says that a value follows.
fn filler_before_value(low: &str) -> Option<(usize, bool)> {
    if !low.chars().all(is_unspaced_or_mark) {
        return None;
    }
    // All of it would be no value.
    fillers_within(low).find(|(end, _)| *end < low.len())
}

/// Characters of a filler in a script without spaces.
const LONGEST_FILLER: usize = 6;
