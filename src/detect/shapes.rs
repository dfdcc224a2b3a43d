//! Signs that are read by their shape: quantities, purities, prices, handles and numbers.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use crate::detect::signals::Sign;
use crate::detect::view::{Folded, fold};
use crate::vocab::terms::Signal;

/// Signs read by one shape in one field.
const SHAPES_LIMIT: usize = 40;

/// Latin units of the quantity rule.
pub const UNITS: [&str; 62] = [
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
    "gramo",
    "grammo",
    "gramow",
    "gramy",
    "gramu",
    "grame",
    "gam",
    "kilogramm",
    "kilogrammes",
    "kilogramos",
    "kilogramas",
    "kilogramow",
    "kilogramy",
    "kilogramu",
    "kilograme",
    "chilo",
    "chili",
    "quilo",
    "quilos",
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
        r"(µg|μg|ug|mcg|mg|gramas|gramos|gramo|grammi|grammo|grammes|gramme|grams|gramm|gramow|gramy|gramu|grame|gram|gam|gms|gm|gr|g|kilogramas|kilogramos|kilogrammes|kilogramm|kilogramow|kilogramy|kilogramu|kilograme|kilograms|kilogram|kilos|kilo|chili|chilo|quilos|quilo|kgs|kg|ounces|ounce|oz|lbs|lb|tons|ton|",
        r"毫克|微克|公斤|千克|克|斤|吨|мкг|мг|грамма|граммов|грамм|грама|грамів|грам|гр|г|кілограмів|кілограма|кілограм|килограмма|килограммов|килограмм|кило|кг|ملليغرام|ميليغرام|ملليجرام|ملغم|ملغ|ملجم|مجم|مغ|ميكروغرام|غرامات|جرامات|غراما|جراما|غرام|جرام|جم|غ|كيلوغرامات|كيلوجرامات|كيلوجرام|كيلوغرام|كيلو|كغ|كجم|मिलीग्राम|मिग्रा|ग्राम|किलोग्राम|किलो|किग्रा)",
        r"(?:$|[^a-zа-яёіїєґ\p{Arabic}])",
    ))
});
static HAN_MASS: LazyLock<Regex> =
    LazyLock::new(|| shape(r"([零一二两三四五六七八九十百千万]{1,6}|半)(毫克|微克|公斤|千克|克|斤|吨)"));
static COUNT: LazyLock<Regex> = LazyLock::new(|| {
    shape(concat!(
        r"\b[0-9]{1,6} ?(?:x ?)?(?:pills|pill|tabs|tab|tablets|blotters|blotter|pellets|caps|capsules|pcs|pieces|vials|stk|stuck|pillen|tabletten|tablettes|comprimes|cps|comprimidos|pastillas|compresse|",
        r"tabletek|sztuk|szt|stuks|adet|tabl|табл|таблеток|шт|片|粒|颗|支|حبة|حبوب|ml|milliliter|liters|litres|liter|litre|litros|litro|litri|ltr|l|мл|л|毫升|升)\b"
    ))
});
static PERCENT: LazyLock<Regex> = LazyLock::new(|| shape(r"\b(?:[89][0-9](?:[.,][0-9]+)?) ?%"));
static PURITY: LazyLock<Regex> = LazyLock::new(|| {
    shape(concat!(
        r"\b(?:purity|assay|reinheit|purete|pureza|purezza|zuiverheid|czystosc|saflik)\b|",
        r"чистота|纯度|含量|نقاوة|शुद्धता"
    ))
});
static PRICE: LazyLock<Regex> = LazyLock::new(|| {
    shape(concat!(
        r"(?:[$€£¥₽₺₹₴]|\b(?:usd|eur|gbp|cny|rub|pln|try|brl|inr|czk|ron|uah|vnd|idr|rp)) ?[0-9]{1,7}(?:[.,][0-9]{1,3})*|",
        r"\b[0-9]{1,7}(?:[.,][0-9]{1,3})* ?(?:[$€£¥₽₺₹₴]|(?:usd|eur|euro|euros|gbp|pounds|dollars|chf|sek|nok|dkk|bgn|cny|rmb|rub|pln|zl|zlotych|try|tl|lira|brl|reais|inr|czk|kc|korun|ron|lei|uah|грн|гривень|гривен|гривні|рублей|рубля|руб|р|元|人民币|درهم|دولار|ريال|جنيه|rupiah|rb|ribu|juta|dong|đồng|vnđ|đ|dinar|dinars|dirham|دينار|دينارا|درهما|دولارا|ريالا|جنيها)\b)"
    ))
});
/// What every handle has somewhere: quick to look for.
static HANDLE_SIGN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"@|\+|\.me|\.gg|\.id|\.chat|\.onion").expect("the pattern of signs is a constant that a test compiles")
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
        r"[ :.,=@]{1,3}(?:(?:id|jmeno|name|nick|nickname|username|user|nom|nombre|nome|naam|nazwa|nume|nama|adi|handle|account|konto|conta|cuenta|compte)[ :]{1,2})?[a-z][a-z0-9_.]{2,30}[0-9_.][a-z0-9_]{1,30}\b"
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

/// A number behind the name of a messenger: `wa only 0700 900 412`.
static MESSENGER_NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"\b(?:wa|whatsapp|telegram|signal|viber|zalo|imo)\b[ :.]{1,3}(?:[a-z]{2,8}[ :.]{1,2}){0,2}",
        r"(\+?[0-9](?:[ .()]{0,2}[0-9]){7,12})\b"
    ))
    .expect("the pattern of numbers is a constant that a test compiles")
});

/// A handle whose first part is too short to be one: `@x_exmpl`.
static JOINED_HANDLE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:^|[^a-z0-9._])(@[a-z0-9][a-z0-9]?) [a-z0-9]{2,30}")
        .expect("the pattern of handles is a constant that a test compiles")
});

/// A messenger and a name in two parts joined by a sign: `tg exmpl_rosa`.
pub(super) fn accounts(folded: &Folded, found: &mut Vec<Sign>) {
    let handles = folded.text.contains('@').then(|| JOINED_HANDLE.captures_iter(&folded.text)).into_iter().flatten();
    for hit in JOINED_ACCOUNT.captures_iter(&folded.text).chain(handles).take(SHAPES_LIMIT) {
        let (Some(whole), Some(first)) = (hit.get(0), hit.get(1)) else { continue };
        if folded.is_glue(first.end()) {
            found.push(Sign { kind: Signal::Handle, start: whole.start(), end: whole.end(), milligrams: None });
        }
    }
}

/// Words beside a number that may belong to it, and digits of the longest that is looked at.
const WORDS_BESIDE: usize = 2;

/// Stretches of a text around its digits, at spaces: quantities and prices are nowhere else.
fn around_digits(text: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut stretches: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    while let Some(digit) = bytes[at..].iter().position(u8::is_ascii_digit).map(|digit| at + digit) {
        let mut start = digit;
        for _ in 0..=WORDS_BESIDE {
            start = text[..start].trim_end_matches(' ').rfind(' ').map_or(0, |space| space + 1);
        }
        let word_end = |from: usize| {
            let rest = &text[from..];
            let spaces = rest.len() - rest.trim_start_matches(' ').len();
            from + spaces + rest[spaces..].find(' ').unwrap_or(rest.len() - spaces)
        };
        at = word_end(digit);
        let end = (0..WORDS_BESIDE).fold(at, |end, _| word_end(end));
        match stretches.last_mut().filter(|(_, held)| *held >= start) {
            Some((_, held)) => *held = end,
            None => stretches.push((start, end)),
        }
    }
    stretches
}

/// Quantities, purities, prices and handles of a folded text.
pub(super) fn shapes(text: &str, found: &mut Vec<Sign>) {
    let limit = found.len() + SHAPES_LIMIT;
    for (from, until) in around_digits(text) {
        if found.len() >= limit {
            break;
        }
        numbers(&text[from..until], from, found);
    }
    if text.contains(['克', '斤', '吨']) {
        han_masses(text, found);
    }
    for hit in MESSENGER_NUMBER.captures_iter(text).take(SHAPES_LIMIT) {
        if let Some(number) = hit.get(1) {
            found.push(Sign { kind: Signal::Handle, start: number.start(), end: number.end(), milligrams: None });
        }
    }
    let wanted = [
        (Signal::Purity, &PERCENT, text.contains('%')),
        (Signal::Purity, &PURITY, true),
        (Signal::Handle, &HANDLE, HANDLE_SIGN.is_match(text)),
        (Signal::Handle, &ACCOUNT, true),
    ];
    for (kind, regex, _) in wanted.into_iter().filter(|(.., may_be)| *may_be) {
        for hit in regex.find_iter(text).take(SHAPES_LIMIT) {
            found.push(Sign { kind, start: hit.start(), end: hit.end(), milligrams: None });
        }
    }
}

/// Masses, counts and prices of a stretch of a text that begins at byte `from`.
fn numbers(text: &str, from: usize, found: &mut Vec<Sign>) {
    for hit in MASS.captures_iter(text).take(SHAPES_LIMIT) {
        let (Some(number), Some(unit)) = (hit.get(1), hit.get(2)) else { continue };
        let milligrams =
            number.as_str().replace(',', ".").parse().ok().and_then(|n: f64| Some(n * milligrams(unit.as_str())?));
        // `100 µg/mL` is a strength, no amount.
        let strength = text[unit.end()..].trim_start().starts_with("ml") || text[unit.end()..].starts_with(" l ");
        let kind = if strength { Signal::Strength } else { Signal::Quantity };
        let milligrams = milligrams.filter(|_| !strength);
        found.push(Sign { kind, start: from + number.start(), end: from + unit.end(), milligrams });
    }
    for (kind, regex) in [(Signal::Quantity, &COUNT), (Signal::Price, &PRICE)] {
        for hit in regex.find_iter(text).take(SHAPES_LIMIT) {
            found.push(Sign { kind, start: from + hit.start(), end: from + hit.end(), milligrams: None });
        }
    }
}

/// Masses in Chinese numerals: `五十克`, `半斤`.
fn han_masses(text: &str, found: &mut Vec<Sign>) {
    for hit in HAN_MASS.captures_iter(text).take(SHAPES_LIMIT) {
        let (Some(number), Some(unit)) = (hit.get(1), hit.get(2)) else { continue };
        let milligrams = han_number(number.as_str()).zip(milligrams(unit.as_str())).map(|(number, mg)| number * mg);
        found.push(Sign { kind: Signal::Quantity, start: number.start(), end: unit.end(), milligrams });
    }
}

/// A number below a million in Chinese numerals.
fn han_number(text: &str) -> Option<f64> {
    let (mut sum, mut section, mut digit) = (0.0, 0.0, None);
    for c in text.chars() {
        let value = "零一二三四五六七八九".chars().position(|one| one == c).or((c == '两').then_some(2));
        let scale = match c {
            '半' => return (text.chars().count() == 1).then_some(0.5),
            '十' => 10.0,
            '百' => 100.0,
            '千' => 1_000.0,
            '万' => 10_000.0,
            _ => {
                digit = Some(value? as f64);
                continue;
            }
        };
        if c == '万' {
            sum += (section + digit.take().unwrap_or(0.0)) * scale;
            section = 0.0;
        } else {
            section += digit.take().unwrap_or(1.0) * scale;
        }
    }
    Some(sum + section + digit.unwrap_or(0.0))
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
    ("µg μg ug mcg мкг 微克 ميكروغرام", 0.001),
    ("mg мг 毫克 ملليغرام ميليغرام ملليجرام ملغم ملغ ملجم مجم مغ मिलीग्राम मिग्रा", 1.0),
    (
        "g gr gm gms gram grams gramm gramme grammes gramo gramos gramas grammo grammi gramow gramy gramu grame gam 克 г гр грамм грамма граммов грам грама грамів غرام غرامات غراما جرام جرامات جراما جم غ ग्राम",
        1e3,
    ),
    ("oz ounce ounces", 28_349.5),
    ("lb lbs", 453_592.0),
    ("斤", 5e5),
    (
        "kg kgs kilo kilos kilogram kilograms kilogramm kilogrammes kilogramos kilogramas kilogramow kilogramy kilogramu kilograme chilo chili quilo quilos 公斤 千克 кілограм кілограма кілограмів кг кило килограмм килограмма килограммов كيلو كيلوغرام كيلوغرامات كيلوجرام كيلوجرامات كغ كجم किलोग्राम किलो किग्रा",
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
            ("500 ملغ", Some(500.0)),
            ("10 gramów", Some(10_000.0)),
            ("五十克起", Some(50_000.0)),
            ("一百二十克", Some(120_000.0)),
            ("半斤", Some(250_000.0)),
            ("两公斤", Some(2e6)),
            ("5 грамів", Some(5_000.0)),
            ("1 mg", Some(1.0)),
        ] {
            let mut found = Vec::new();
            shapes(&Folded::of(text).text, &mut found);
            let mass = found.iter().find(|sign| sign.kind == Signal::Quantity).map(|sign| sign.milligrams);
            assert_eq!(mass.flatten().map(|mg| (mg * 1e4).round() / 1e4), milligrams, "{text}");
        }
    }

    #[test]
    fn every_number_of_a_text_is_read() {
        let mut found = Vec::new();
        shapes(&Folded::of("1 g 80 €, 5 g 320 € and 100 g in 2026, 30 x 5 ml").text, &mut found);
        let of = |kind| found.iter().filter(|sign| sign.kind == kind).count();
        assert_eq!((of(Signal::Quantity), of(Signal::Price)), (4, 2), "{found:?}");
    }

    #[test]
    fn handles_and_numbers_are_contacts() {
        for (text, is_one) in [
            ("ask @shop_one", true),
            ("+44 7700 900417", true),
            ("t.me/shop", true),
            ("Signal exmpl.33", true),
            ("snap exmpl94", true),
            ("wa only 0700 900 412", true),
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
