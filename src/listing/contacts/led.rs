//! Values that are known by the word beside them: `Telegram: …`, `… on wickr`, `account number …`.

use std::sync::LazyLock;

use crate::listing::contacts::edges::{disguised_messengers, edges_of};
use crate::listing::contacts::ends::{run_end, spliced_end};
use crate::listing::contacts::fillers::{filler, filler_before_value, is_ordinary};
use crate::listing::contacts::leads::{FoldedSet, LEADS, Lead, folded_set};
use crate::listing::contacts::messengers::MESSENGERS;
use crate::listing::contacts::plain::{Spoken, is_plain};
use crate::listing::contacts::shapes::is_quantity;
use crate::listing::contacts::spelled::Apart;
use crate::listing::contacts::tokens::{
    LONGEST_WORD, Reach, Sign, Token, is_alphanumeric, is_latin, is_shaped, is_unspaced, last_token_within, lowered,
    next_token, token_within,
};
use crate::listing::contacts::values::{is_foreign_name, value_end};
use crate::listing::contacts::words::{JOINS, TO, VERBS};
use crate::listing::contacts::{Indicator, IndicatorKind};

/// Values in a row that one word leads.
const IN_A_ROW: usize = 4;

/// Fillers between a word and its value.
const FILLERS_IN_A_ROW: usize = 4;

static IS_VERB: FoldedSet = LazyLock::new(|| folded_set(VERBS));
static IS_JOIN: FoldedSet = LazyLock::new(|| folded_set(JOINS));
static IS_TO: FoldedSet = LazyLock::new(|| folded_set(TO));
static IS_MESSENGER: FoldedSet = LazyLock::new(|| folded_set(MESSENGERS));

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
