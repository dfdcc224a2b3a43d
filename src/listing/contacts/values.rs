//! Whether the token beside a leading word is a value of what the word leads to, and where it ends.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::listing::contacts::ends::{number_end, prefixed_end};
use crate::listing::contacts::fillers::{is_common, is_ordinary, is_unspaced_or_mark};
use crate::listing::contacts::goods::is_thing;
use crate::listing::contacts::leads::{FoldedSet, Lead, folded, folded_set};
use crate::listing::contacts::numbers::{is_goods, is_hours, is_numbered, is_of_batch};
use crate::listing::contacts::ordinary::{STEMS, UNSPACED};
use crate::listing::contacts::shapes::{is_quantity, is_registry_number};
use crate::listing::contacts::tokens::{
    Sign, Token, is_account_name, is_latin, is_letters_then_digits, is_mark, is_shaped, is_unspaced,
};
use crate::listing::contacts::words::all;

static IS_STEM: FoldedSet = LazyLock::new(|| folded_set(STEMS));
static OF_ORDINARY: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::new(all(UNSPACED).map(folded)).expect("a few hundred pieces of words make an automaton")
});

/// Where the value that begins with `token` ends; `None` when it is none. `word` is as written and in lower case; `close`:
/// nothing but white space parts it from what leads it.
pub(super) fn value_end(
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
    let common = sign == Sign::None && is_common(low);
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
                && (!is_thing(low) || goes_on(text, token.end))
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

/// Whether a word in lower case of another script with spaces is none of the ordinary ones that follow a messenger's name.
pub(super) fn is_foreign_name(low: &str) -> bool {
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
