//! The class grammar: names a family's rule accepts, listed or not.

use std::borrow::Cow;
use std::sync::OnceLock;

use regex::{Regex, RegexBuilder};

use crate::detect::builtin;
use crate::detect::endings;
use crate::detect::view::{Folded, fold};
use crate::detect::watchlist::ClassRule;
use crate::vocab::terms::Class;

/// A rule, compiled.
#[derive(Debug, Clone)]
struct Rule {
    id: String,
    class: Class,
    subclass: Option<String>,
    pattern: String,
    /// Compiled when a stem of the rule is met for the first time.
    regex: OnceLock<Regex>,
    /// Without spaces.
    except: Vec<String>,
    controls: Vec<String>,
    /// How accepted names can end.
    endings: Endings,
}

/// How the names of a rule can end, without separators.
#[derive(Debug, Clone)]
pub enum Endings {
    /// In one of these ways, one a line.
    Fixed(Cow<'static, str>),
    /// In too many ways to list; they hold one of these stems.
    Open(Vec<String>),
}

/// Why a rule cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ClassRuleError {
    /// Its pattern cannot be read.
    #[error("class rule `{rule}`: {source}")]
    Pattern {
        /// The rule's id.
        rule: String,
        /// The reason.
        source: Box<regex_syntax::Error>,
    },
    /// Its stems cannot be searched for.
    #[error("the stems of class rules: {0}")]
    Stems(#[from] aho_corasick::BuildError),
}

/// A pattern that has to match all of a name.
fn whole(pattern: &str) -> String {
    format!("^(?:{pattern})$")
}

impl Rule {
    fn accepts(&self, name: &str) -> bool {
        let compiled = || {
            RegexBuilder::new(&whole(&self.pattern))
                .size_limit(usize::MAX)
                .build()
                .expect("a pattern that was parsed compiles where its size is not limited")
        };
        self.regex.get_or_init(compiled).is_match(name)
    }

    /// Whether a name is one that the rule would accept and must not, however it is divided into words.
    fn excludes(&self, name: &str) -> bool {
        let letters = || name.bytes().filter(|b| *b != b' ');
        let is_same = self.except.iter().any(|except| except.len() <= name.len() && except.bytes().eq(letters()));
        // A slip of the pen in a medicine's name makes no new substance of it.
        let is_slip = |except: &String| {
            except.len() >= SLIP_LETTERS
                && except.len().abs_diff(name.len()) <= 1
                && except.bytes().all(|b| b.is_ascii_lowercase())
                && strsim::osa_distance(except, name) == 1
        };
        is_same || self.except.iter().any(is_slip)
    }
}

/// Letters a name needs before a slip is read into it.
const SLIP_LETTERS: usize = 7;

/// All rules behind one search for their stems.
pub struct ClassGrammar {
    stems: aho_corasick::AhoCorasick,
    rule_of_stem: Vec<usize>,
    rules: Vec<Rule>,
}

/// A name a rule accepts; offsets are bytes of the folded text.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// Rule id.
    pub rule: String,
    /// Class.
    pub class: Class,
    /// Finer class.
    pub subclass: Option<String>,
    /// Class-wise definitions in law, as control codes.
    pub controls: Vec<String>,
}

/// Bytes of a word on either side of a stem.
const LONGEST_WORD: usize = 128;

/// Names accepted in one field, and places of stems looked at.
const ACCEPTED_LIMIT: usize = 200;
const STEMS_LIMIT: usize = 5_000;

/// Words of a name before its stem, at most: `ortho methyl 4 fluoro …`.
const WORDS_BEFORE: usize = 5;

impl ClassGrammar {
    /// Compiles the rules.
    ///
    /// # Errors
    /// The rule whose pattern cannot be read, with the reason.
    pub fn compile(rules: &[ClassRule]) -> Result<Self, ClassRuleError> {
        let mut compiled = Vec::new();
        let (mut stems, mut rule_of_stem) = (Vec::new(), Vec::new());
        for (at, rule) in rules.iter().enumerate() {
            let pattern = fold_letters(&rule.pattern);
            let known = builtin::endings(&pattern).map(|known| known.map(Cow::Borrowed));
            let worked_out = || endings::of(&pattern).map(|ways| ways.map(Cow::Owned));
            let ways = known
                .map_or_else(worked_out, Ok)
                .map_err(|source| ClassRuleError::Pattern { rule: rule.id.clone(), source })?;
            for stem in rule.stem.split('|') {
                stems.push(fold_letters(stem));
                rule_of_stem.push(at);
            }
            let open = || Endings::Open(rule.stem.split('|').map(fold_letters).collect());
            compiled.push(Rule {
                endings: ways.map_or_else(open, Endings::Fixed),
                id: rule.id.clone(),
                class: rule.class(),
                subclass: rule.subclass.clone(),
                pattern,
                regex: OnceLock::new(),
                except: rule.except.iter().map(|name| fold(name).replace(' ', "")).collect(),
                controls: rule.controls.clone(),
            });
        }
        let stems = aho_corasick::AhoCorasick::new(&stems)?;
        Ok(ClassGrammar { stems, rule_of_stem, rules: compiled })
    }

    /// For each rule how its names can end.
    pub fn endings(&self) -> impl Iterator<Item = &Endings> {
        self.rules.iter().map(|rule| &rule.endings)
    }

    /// Names in a folded text that some rule accepts: for each stem the longest group of words around it; and whether all
    /// of it was looked at.
    pub fn find(&self, folded: &Folded) -> (Vec<Accepted>, bool) {
        let text = folded.text.as_str();
        let mut accepted: Vec<Accepted> = Vec::new();
        for (looked_at, hit) in self.stems.find_overlapping_iter(text).enumerate() {
            if accepted.len() >= ACCEPTED_LIMIT || looked_at >= STEMS_LIMIT {
                return (accepted, false);
            }
            if accepted.iter().any(|held| held.start <= hit.start() && hit.end() <= held.end) {
                continue;
            }
            let rule = &self.rules[self.rule_of_stem[hit.pattern().as_usize()]];
            if let Some((start, end)) = longest(folded, hit.start(), hit.end(), rule) {
                accepted.push(Accepted {
                    start,
                    end,
                    rule: rule.id.clone(),
                    class: rule.class,
                    subclass: rule.subclass.clone(),
                    controls: rule.controls.clone(),
                });
            }
        }
        (accepted, true)
    }
}

/// A pattern whose letters of other scripts are folded one by one, as text is; all else stays.
fn fold_letters(pattern: &str) -> String {
    let mut folded = String::with_capacity(pattern.len());
    for c in pattern.chars() {
        if c.is_ascii() { folded.push(c) } else { folded.push_str(&fold(c.encode_utf8(&mut [0; 4]))) }
    }
    folded
}

/// Common words of English, which stand before names in offers more often than in names.
static ORDINARY: std::sync::LazyLock<std::collections::HashSet<&'static str>> = std::sync::LazyLock::new(|| {
    include_str!("words/english.txt").lines().filter(|word| !word.starts_with('#')).collect()
});

fn is_ordinary(word: &str) -> bool {
    ORDINARY.contains(word)
}

fn longest(folded: &Folded, stem_start: usize, stem_end: usize, rule: &Rule) -> Option<(usize, usize)> {
    let text = folded.text.as_str();
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, ',' | '\'' | '*');
    // Longer words are no names, and looking for their ends would cost their length for each stem in them.
    let after = &text[stem_end..text.floor_char_boundary(stem_end + LONGEST_WORD)];
    let word_end = stem_end + after.find(|c: char| !is_part(c)).unwrap_or(after.len());
    let window = text.ceil_char_boundary(stem_start.saturating_sub(LONGEST_WORD));
    let before = &text[window..stem_start];
    let word_start = before
        .rfind(|c: char| !is_part(c))
        .map_or(window, |at| window + at + before[at..].chars().next().map_or(1, char::len_utf8));
    if (word_end == stem_end + after.len() && word_end < text.len()) || (word_start == window && window > 0) {
        return None;
    }
    let mut starts = vec![word_start];
    for _ in 0..WORDS_BEFORE {
        let Some(last) = starts.last().copied() else { break };
        let Some(head) = text[..last].strip_suffix(' ') else { break };
        let start =
            head.rfind(|c: char| !is_part(c)).map_or(0, |at| at + head[at..].chars().next().map_or(1, char::len_utf8));
        if head.len() - start > LONGEST_WORD {
            break;
        }
        // Neither a line nor an ordinary word in front is part of a name.
        if start == head.len()
            || folded.is_break(last - 1)
            || (!folded.is_glue(last - 1) && is_ordinary(&head[start..]))
        {
            break;
        }
        starts.push(start);
    }
    // Salts and suffixes such as `hcl` do not belong to the name; one further word may (`mdmb 4en pinaca`).
    let mut ends = vec![word_end];
    let mut next = word_end;
    for _ in 0..2 {
        let Some(rest) = text[next..].strip_prefix(' ') else { break };
        let length = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
        if length == 0 || folded.is_break(next) || (!folded.is_glue(next) && is_ordinary(&rest[..length])) {
            break;
        }
        next += 1 + length;
        ends.push(next);
    }
    for &start in starts.iter().rev() {
        for &end in ends.iter().rev() {
            let group = text[start..end].trim_matches(|c| matches!(c, ',' | '\'' | '*'));
            if rule.accepts(group) && !rule.excludes(group) {
                let offset = text[start..end].find(group).unwrap_or(0);
                return Some((start + offset, start + offset + group.len()));
            }
        }
    }
    None
}
