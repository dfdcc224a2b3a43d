//! Signals around a name: words of an offer, of evasion, of lawful trade, of a kind of page; and what is read by its shape:
//! quantities, purities, prices, handles and numbers.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::Regex;

use crate::detect::names::{ARABIC_PREFIXES, edges};
use crate::detect::view::{Folded, fold};
use crate::detect::watchlist::{Names, Watchlist};
use crate::vocab::terms::Signal;

/// A signal found; offsets are bytes of the folded text.
#[derive(Debug, Clone, Copy)]
pub struct Sign {
    /// What it points to.
    pub kind: Signal,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// Milligrams, where it is a mass.
    pub milligrams: Option<f64>,
}

/// Signs looked for in one field.
const SIGNS_LIMIT: usize = 500;

/// Signs read by one shape in one field.
const SHAPES_LIMIT: usize = 40;

/// All terms in one automaton.
pub struct SignalIndex {
    terms: AhoCorasick,
    term: Vec<Term>,
}

#[derive(Debug, Clone, Copy)]
struct Term {
    kind: Signal,
    /// The language puts endings on its words (`телеграме`, `telegramdan`).
    inflected: bool,
    /// The language puts an article or a particle in front, joined on (`بالبيتكوين`).
    prefixed: bool,
}

/// Languages whose words take endings that a list of terms cannot spell out.
const INFLECTED: [&str; 11] = ["ru", "uk", "pl", "cs", "tr", "ro", "hi", "id", "fi", "hu", "ar"];

/// Letters of the longest ending, and letters a term needs before an ending is looked for.
const ENDING_LETTERS: usize = 4;
const TERM_LETTERS: usize = 5;

/// Latin units of the quantity rule.
pub const UNITS: [&str; 43] = [
    "mg",
    "g",
    "gr",
    "gm",
    "gms",
    "gram",
    "grams",
    "gramm",
    "gramme",
    "grammes",
    "gramos",
    "gramas",
    "grammi",
    "kg",
    "kgs",
    "kilo",
    "kilos",
    "kilogram",
    "kilograms",
    "oz",
    "ounce",
    "ounces",
    "lb",
    "lbs",
    "ml",
    "ug",
    "mcg",
    "pills",
    "tabs",
    "tablets",
    "blotters",
    "pellets",
    "ton",
    "tons",
    "l",
    "ltr",
    "liter",
    "liters",
    "litre",
    "litres",
    "litro",
    "litros",
    "litri",
];

static MASS: LazyLock<Regex> = LazyLock::new(|| {
    shape(concat!(
        r"(?:\b|x|[^0-9.,a-z])([0-9]{1,6}(?:[.,][0-9]{1,3})?) ?",
        r"(µg|μg|ug|mcg|mg|gramas|gramos|grammi|grammes|gramme|grams|gramm|gram|gms|gm|gr|g|kilograms|kilogram|kilos|kilo|kgs|kg|ounces|ounce|oz|lbs|lb|tons|ton|",
        r"毫克|微克|公斤|千克|克|斤|吨|мкг|мг|грамма|граммов|грамм|гр|г|килограмма|килограммов|килограмм|кило|кг|غرامات|غرام|جرام|غ|كيلوغرام|كيلو|كغ|كجم|ग्राम|किलो|किग्रा)",
        r"(?:$|[^a-zа-яёіїєґ\p{Arabic}])",
    ))
});
static COUNT: LazyLock<Regex> = LazyLock::new(|| {
    shape(concat!(
        r"\b[0-9]{1,6} ?(?:x ?)?(?:pills|pill|tabs|tab|tablets|blotters|blotter|pellets|caps|capsules|pcs|pieces|vials|stk|stuck|pillen|tabletten|tablettes|comprimes|cps|comprimidos|pastillas|compresse|",
        r"tabletek|sztuk|szt|stuks|adet|tabl|табл|таблеток|шт|片|粒|颗|支|حبة|حبوب|ml|milliliter|liters|litres|liter|litre|litros|litro|litri|ltr|l|мл|л|毫升|升)\b"
    ))
});
static PURITY: LazyLock<Regex> = LazyLock::new(|| {
    shape(concat!(
        r"\b(?:[89][0-9](?:[.,][0-9]+)?) ?%|\bpurity\b|\bassay\b|\breinheit\b|\bpurete\b|\bpureza\b|\bpurezza\b|\bzuiverheid\b|\bczystosc\b|\bsaflik\b|",
        r"чистота|纯度|含量|نقاوة|शुद्धता"
    ))
});
static PRICE: LazyLock<Regex> = LazyLock::new(|| {
    shape(concat!(
        r"(?:[$€£¥₽₺₹₴]|\b(?:usd|eur|gbp|cny|rub|pln|try|brl|inr|czk|ron|uah|vnd|idr)\b) ?[0-9]{1,7}(?:[.,][0-9]{1,3})*|",
        r"\b[0-9]{1,7}(?:[.,][0-9]{1,3})* ?(?:[$€£¥₽₺₹₴]|(?:usd|eur|euro|euros|gbp|pounds|dollars|cny|rmb|rub|pln|zl|try|tl|lira|brl|reais|inr|czk|kc|ron|lei|uah|грн|руб|元|人民币|درهم|دولار|ريال|جنيه|rupiah|rb|dong)\b)"
    ))
});
/// A handle, a number with its country code, or an address of a messenger.
static HANDLE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?:^|[^a-z0-9._])@[a-z][a-z0-9_.:]{2,40}|\b(?:t\.me|wa\.me|telegram\.me|discord\.gg|signal\.me|threema\.id|simplex\.chat)\b|",
        r"(?:^|[^0-9a-z])\+ ?[1-9][0-9]{0,2}(?:[ .()]{0,2}[0-9]){7,12}\b|[a-z2-7]{16,56}\.onion\b"
    ))
    .expect("the pattern of handles is a constant that a test compiles")
});

/// A messenger whose name is an ordinary word too, with a handle that is none: `signal exmpl.33`, `snap exmpl94`.
static ACCOUNT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"\b(?:signal|session|wire|tele|tlg|tg|snap|wa|line|kik|icq|element|zangi|zalo|vx|wx|imo|insta|ig)",
        r"[ :.=@]{1,3}(?:id[ :]{1,2})?[a-z][a-z0-9_.]{2,30}[0-9_.][a-z0-9_]{1,30}\b"
    ))
    .expect("the pattern of accounts is a constant that a test compiles")
});

/// The same with a name of two parts: `tg exmpl_rosa`. What joins them was folded to a space.
static JOINED_ACCOUNT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(?:signal|session|wire|tele|tlg|tg|snap|wa|kik|icq|element|zangi|zalo|vx|wx|imo|insta|ig)[ :.=@]{1,3}([a-z][a-z0-9]{2,30}) [a-z0-9]{2,30}\b")
        .expect("the pattern of accounts is a constant that a test compiles")
});

/// A pattern over folded text: its letters of other scripts are folded as the text is.
fn shape(pattern: &str) -> Regex {
    let mut folded = String::with_capacity(pattern.len());
    let mut class = false;
    for c in pattern.chars() {
        class = (class || c == '[') && c != ']';
        if c.is_ascii() || class { folded.push(c) } else { folded.push_str(&fold(c.encode_utf8(&mut [0; 4]))) }
    }
    Regex::new(&folded).expect("the patterns of signs are constants that a test compiles")
}

impl SignalIndex {
    /// Folded terms that point to a deal that avoids control.
    pub fn dealing_terms(watchlist: &Watchlist) -> impl Iterator<Item = String> {
        let is_dealing = |signal: &str| signal.parse().is_ok_and(|signal| Signal::DEALING.contains(&signal));
        let tables = watchlist.context.iter().filter(move |(signal, _)| is_dealing(signal));
        tables
            .flat_map(|(_, names)| names.values().flatten())
            .map(|term| fold(term))
            .filter(|term| term.chars().count() >= 2)
    }

    /// Builds the automaton from signal to language to terms.
    pub fn build(context: &BTreeMap<String, Names>) -> Result<Self, aho_corasick::BuildError> {
        let mut terms: BTreeMap<String, Vec<Term>> = BTreeMap::new();
        for (kind, names) in context {
            // `check` names a signal that is none.
            let Ok(kind) = kind.parse::<Signal>() else { continue };
            for (language, words) in names {
                let inflected = INFLECTED.contains(&language.as_str());
                for word in words {
                    let folded = fold(word);
                    if folded.chars().count() >= 2 {
                        let term = Term { kind, inflected, prefixed: language == "ar" };
                        terms.entry(folded).or_default().push(term);
                    }
                }
            }
        }
        // One word may be a term of two kinds (`HPLC`): it is filed once for each, and the automaton gives the first.
        let mut patterns = Vec::new();
        let mut term = Vec::new();
        for (word, held) in terms {
            for one in held {
                patterns.push(word.clone());
                term.push(one);
            }
        }
        let terms = AhoCorasick::builder().match_kind(MatchKind::Standard).build(patterns)?;
        Ok(SignalIndex { terms, term })
    }

    /// Signs in a folded text, by place. Of two terms of one kind, one inside the other, the longer one counts.
    pub fn find(&self, folded: &Folded) -> Vec<Sign> {
        let text = folded.text.as_str();
        let mut found: Vec<Sign> = Vec::new();
        for hit in self.terms.find_overlapping_iter(text) {
            let term = self.term[hit.pattern().as_usize()];
            let Some(end) = end_of_word(text, hit.start(), hit.end(), term) else { continue };
            found.push(Sign { kind: term.kind, start: hit.start(), end, milligrams: None });
            if found.len() >= SIGNS_LIMIT {
                break;
            }
        }
        found.sort_by_key(|sign| (sign.kind, sign.start, std::cmp::Reverse(sign.end)));
        let mut kept: Vec<Sign> = Vec::with_capacity(found.len());
        for sign in found {
            let inside = kept.last().is_some_and(|last| last.kind == sign.kind && sign.end <= last.end);
            if !inside {
                kept.push(sign);
            }
        }
        done_without(text, &mut kept);
        contradicted(&mut kept);
        shapes(text, &mut kept);
        accounts(folded, &mut kept);
        kept.sort_by_key(|sign| sign.start);
        kept
    }
}

/// Words between a denial and what is done without (`no import permit`, `без лишних вопросов`).
const WORDS_BETWEEN: usize = 3;

/// Bytes around a denial in which another one turns it round (`not sold without a prescription`).
const DENIED_TWICE_BYTES: usize = 40;

/// What lawful trade asks for, behind a denial, is evasion: `no prescription`, `bez zbytečných otázek`. A sentence that
/// denies twice asks for it: `not sold without a prescription`, `ohne Rezept keine Abgabe`.
fn done_without(text: &str, signs: &mut Vec<Sign>) {
    let of = |kind| signs.iter().filter(move |sign: &&Sign| sign.kind == kind);
    let denials: Vec<Sign> = of(Signal::DeniedBefore).copied().collect();
    let required: Vec<Sign> = of(Signal::Requirement).copied().collect();
    let mut pairs: Vec<(Sign, Sign)> = Vec::new();
    for requirement in &required {
        let before = denials.iter().filter(|denial| denial.end <= requirement.start);
        if let Some(denial) = before.max_by_key(|denial| (denial.end, std::cmp::Reverse(denial.start)))
            && is_close(&text[denial.end..requirement.start])
        {
            pairs.push((*denial, *requirement));
            continue;
        }
        // `Kundenerklärung brauchen wir keine`: the denial ends the clause.
        let behind = denials.iter().find(|denial| denial.start >= requirement.end);
        if let Some(denial) = behind
            && is_close(&text[requirement.end..denial.start])
            && ends_here(&text[denial.end..])
        {
            pairs.push((*denial, *requirement));
        }
    }
    let mut twice: Vec<(usize, usize)> = Vec::new();
    for (denial, requirement) in &pairs {
        let (start, end) = (denial.start.min(requirement.start), denial.end.max(requirement.end));
        let others = denials.iter().filter(|other| pairs.iter().all(|(paired, _)| paired.end != other.end));
        let turned = others.into_iter().any(|other| {
            let between = if other.end <= start {
                &text[other.end..start]
            } else if other.start >= end {
                &text[end..other.start]
            } else {
                return false;
            };
            between.len() <= DENIED_TWICE_BYTES && !ends_a_clause(between)
        });
        if turned {
            twice.push((start, end));
        } else {
            signs.push(Sign { kind: Signal::Evasion, start, end, milligrams: None });
        }
    }
    // Who says once that nothing is sold without a prescription means it where he speaks of sales without one, too.
    let without: Vec<(usize, usize)> = if twice.is_empty() {
        Vec::new()
    } else {
        pairs.iter().map(|(a, b)| (a.start.min(b.start), a.end.max(b.end))).collect()
    };
    signs.retain(|sign| {
        sign.kind != Signal::Evasion || !without.iter().any(|(start, end)| sign.start < *end && *start < sign.end)
    });
    signs.sort_by_key(|sign| (sign.kind, sign.start, std::cmp::Reverse(sign.end)));
    signs.dedup_by(|later, kept| later.kind == kept.kind && later.kind == Signal::Evasion && later.end <= kept.end);
}

/// Words that join clauses, folded.
const CONJUNCTIONS: [&str; 9] = ["und", "and", "y", "e", "et", "en", "i", "и", "ve"];

/// Words for what is needed, folded: `prescription not required`.
const NEEDED: [&str; 20] = [
    "required",
    "needed",
    "necessary",
    "asked",
    "erforderlich",
    "notig",
    "nodig",
    "vereist",
    "requise",
    "necessaire",
    "necesaria",
    "necesario",
    "necessaria",
    "necessario",
    "richiesta",
    "wymagana",
    "potrzebna",
    "nutne",
    "necesara",
    "diperlukan",
];

fn is_close(between: &str) -> bool {
    !ends_a_clause(between) && between.split_whitespace().count() <= WORDS_BETWEEN
}

/// Whether a clause ends where this text begins, but for a conjunction.
fn ends_here(text: &str) -> bool {
    let rest = text.trim_start();
    let word = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    rest.is_empty() || word.is_empty() || CONJUNCTIONS.contains(&word) || NEEDED.contains(&word)
}

fn ends_a_clause(text: &str) -> bool {
    text.contains([',', '(', ')', ':', '،', '、', '，', '：']) || ends_a_sentence(text)
}

fn ends_a_sentence(text: &str) -> bool {
    text.contains([';', '!', '?', '|', '\n', '。', '؛', '؟', '।', '！', '？', '；'])
        || text.contains(". ")
        || text.ends_with('.')
}

/// Bytes around words of evasion within which a licence or a prescription is what the seller does without (`we ask for no
/// customer declaration`).
const NEGATED_BYTES: usize = 16;

/// Lawful words inside words of evasion (`no licence required`) speak of evasion, and so do licences and prescriptions beside
/// them.
fn contradicted(signs: &mut Vec<Sign>) {
    let evasion: Vec<(usize, usize)> =
        signs.iter().filter(|sign| sign.kind == Signal::Evasion).map(|sign| (sign.start, sign.end)).collect();
    signs.retain(|sign| {
        let negated = matches!(sign.kind, Signal::Licence | Signal::Pharmacy | Signal::Kit);
        let reach = if negated { NEGATED_BYTES } else { 0 };
        let touched = |(start, end): &(usize, usize)| *start < sign.end + reach && sign.start < *end + reach;
        !sign.kind.is_lawful() || !evasion.iter().any(touched)
    });
}

/// Where the word of a term ends, if the term stands at word edges: with an ending or a prefix where its language has them.
fn end_of_word(text: &str, start: usize, end: usize, term: Term) -> Option<usize> {
    if edges(text, start, end) {
        return Some(end);
    }
    let letters = text[start..end].chars().filter(|c| c.is_alphanumeric()).count();
    if letters < if term.prefixed { 3 } else { TERM_LETTERS } {
        return None;
    }
    let is_letter = |c: char| c.is_alphabetic();
    let tail: usize =
        if term.inflected { text[end..].chars().take_while(|c| is_letter(*c)).map(char::len_utf8).sum() } else { 0 };
    if text[end..end + tail].chars().count() > ENDING_LETTERS {
        return None;
    }
    let head = text[..start].char_indices().rev().take_while(|(_, c)| is_letter(*c)).last().map_or(start, |(at, _)| at);
    let prefix = &text[head..start];
    let prefix_holds = prefix.is_empty() || (term.prefixed && ARABIC_PREFIXES.contains(&prefix));
    (prefix_holds && edges(text, head, end + tail)).then_some(end + tail)
}

/// A messenger and a name in two parts joined by a sign: `tg exmpl_rosa`.
fn accounts(folded: &Folded, found: &mut Vec<Sign>) {
    for hit in JOINED_ACCOUNT.captures_iter(&folded.text).take(SHAPES_LIMIT) {
        let (Some(whole), Some(first)) = (hit.get(0), hit.get(1)) else { continue };
        if folded.is_glue(first.end()) {
            found.push(Sign { kind: Signal::Handle, start: whole.start(), end: whole.end(), milligrams: None });
        }
    }
}

fn shapes(text: &str, found: &mut Vec<Sign>) {
    for hit in MASS.captures_iter(text).take(SHAPES_LIMIT) {
        let (Some(number), Some(unit)) = (hit.get(1), hit.get(2)) else { continue };
        let milligrams =
            number.as_str().replace(',', ".").parse().ok().and_then(|n: f64| Some(n * milligrams(unit.as_str())?));
        // `100 µg/mL` is a strength, no amount.
        let strength = text[unit.end()..].trim_start().starts_with("ml") || text[unit.end()..].starts_with(" l ");
        let kind = if strength { Signal::Strength } else { Signal::Quantity };
        let milligrams = milligrams.filter(|_| !strength);
        found.push(Sign { kind, start: number.start(), end: unit.end(), milligrams });
    }
    let kinds = [
        (Signal::Quantity, &COUNT),
        (Signal::Purity, &PURITY),
        (Signal::Price, &PRICE),
        (Signal::Handle, &HANDLE),
        (Signal::Handle, &ACCOUNT),
    ];
    for (kind, regex) in kinds {
        for hit in regex.find_iter(text).take(SHAPES_LIMIT) {
            found.push(Sign { kind, start: hit.start(), end: hit.end(), milligrams: None });
        }
    }
}

/// Milligrams of a unit of mass.
fn milligrams(unit: &str) -> Option<f64> {
    static UNITS_IN_MG: LazyLock<BTreeMap<String, f64>> = LazyLock::new(|| {
        MASSES.iter().flat_map(|(units, mg)| units.split(' ').map(move |unit| (fold(unit), *mg))).collect()
    });
    UNITS_IN_MG.get(unit).copied()
}

/// Units of mass, with their milligrams.
const MASSES: [(&str, f64); 8] = [
    ("µg μg ug mcg мкг 微克", 0.001),
    ("mg мг 毫克", 1.0),
    (
        "g gr gm gms gram grams gramm gramme grammes gramos gramas grammi 克 г гр грамм грамма граммов غرام غرامات جرام غ ग्राम",
        1e3,
    ),
    ("oz ounce ounces", 28_349.5),
    ("lb lbs", 453_592.0),
    ("斤", 5e5),
    (
        "kg kgs kilo kilos kilogram kilograms 公斤 千克 кг кило килограмм килограмма килограммов كيلو كيلوغرام كغ كجم किलो किग्रा",
        1e6,
    ),
    ("ton tons 吨", 1e9),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masses_are_read_with_their_units() {
        for (text, milligrams) in [
            ("10 g", Some(10_000.0)),
            ("1kg", Some(1e6)),
            ("0,5 кг", Some(5e5)),
            ("500克", Some(5e5)),
            ("100 µg/mL in methanol", None),
            ("25 µg/h", Some(0.025)),
            ("1 mg", Some(1.0)),
        ] {
            let mut found = Vec::new();
            shapes(&Folded::of(text).text, &mut found);
            let mass = found.iter().find(|sign| sign.kind == Signal::Quantity).map(|sign| sign.milligrams);
            assert_eq!(mass.flatten().map(|mg| (mg * 1e4).round() / 1e4), milligrams, "{text}");
        }
    }

    #[test]
    fn what_is_done_without_is_evasion_unless_it_is_denied_twice() {
        let index = SignalIndex::build(&Watchlist::builtin().unwrap().context).unwrap();
        for (text, evasion) in [
            ("no import permit is asked", true),
            ("Трамадол без рецепту і зайвих запитань", true),
            ("bez zbytečných otázek a bez papírů", true),
            ("من غير روشتة", true),
            ("bina KYC", true),
            ("Pas besoin d'ordonnance", true),
            ("no prescription, no questions", true),
            ("Sin factura, sin nombre, sin preguntas", true),
            ("ohne Namen, ohne Fragen", true),
            ("Kundenerklärung brauchen wir keine", true),
            ("prescription not required", true),
            ("nu trebuie reteta", true),
            ("Not sold without a prescription", false),
            ("Ohne Rezept keine Abgabe", false),
            ("Sin receta no vendemos", false),
            ("Без рецепта не отпускается", false),
            ("Nu se eliberează fără rețetă", false),
            ("Prescription required. No returns.", false),
            ("No returns, prescription required", false),
            ("a valid prescription", false),
            ("Nigdy nie sprzedajemy ich bez recepty. Pytania o zakup bez recepty odsyłamy.", false),
        ] {
            let signs = index.find(&Folded::of(text));
            assert_eq!(signs.iter().any(|sign| sign.kind == Signal::Evasion), evasion, "{text}");
        }
    }

    #[test]
    fn handles_and_numbers_are_contacts() {
        for (text, is_one) in [
            ("ask @shop_one", true),
            ("+44 7700 900417", true),
            ("t.me/shop", true),
            ("Signal exmpl.33", true),
            ("snap exmpl94", true),
            ("a signal. The other", false),
            ("line 2.5 mm", false),
            ("a@b.example", false),
            ("28578-16-7", false),
            ("call 101", false),
        ] {
            let mut found = Vec::new();
            shapes(&Folded::of(text).text, &mut found);
            assert_eq!(found.iter().any(|sign| sign.kind == Signal::Handle), is_one, "{text}");
        }
    }
}
