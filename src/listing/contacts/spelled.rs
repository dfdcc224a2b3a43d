//! Values that are spelled: letters and digits set apart, digits as words, the words of the spelling alphabet.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::listing::contacts::led;
use crate::listing::contacts::tokens::is_alphanumeric;
use crate::listing::contacts::words::all;
use crate::listing::contacts::{Indicator, IndicatorKind};
use regex::Regex;

/// Letters or digits set apart by the same kind of separator: `n o r t h`, `4-4-7-7`.
#[derive(Debug)]
pub(super) struct Apart {
    pub start: usize,
    pub end: usize,
    /// What is spelled, in lower case.
    pub spelled: String,
    /// Whether the separators are those of lists too; the second character says so.
    listed: Option<bool>,
    /// Whether a capital is among them.
    has_capitals: bool,
    /// Whether an underscore is one of the characters.
    has_underscore: bool,
}

/// Characters of a run at least: the shortest name of a messenger that is spelled.
const SHORTEST: usize = 5;

/// What parts the characters of a run, and what parts those of lists as well.
const PARTS: &[char] = &[' ', '.', '-', '_', '*', '·', '•', '~', '–', '\u{a0}'];
const PARTS_OF_LISTS: &[char] = &['/', '|', ',', '+', '\\', ':', ';'];

/// All runs of characters set apart.
pub(super) fn apart(text: &str) -> Vec<Apart> {
    let mut runs = Vec::new();
    let mut run: Option<Apart> = None;
    let mut count = 0;
    let (mut parts, mut is_list) = (0, false);
    let mut close = |run: Option<Apart>, count: usize| {
        if let Some(run) = run.filter(|_| count >= SHORTEST) {
            runs.push(run);
        }
    };
    let mut chars = text.char_indices().peekable();
    let mut before: Option<char> = None;
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        let is_single =
            is_alphanumeric(c) && !before.is_some_and(is_part_of_word) && !next.is_some_and(is_part_of_word);
        before = Some(c);
        if is_single {
            let end = at + c.len_utf8();
            match &mut run {
                Some(run) if parts > 0 && run.listed.is_none_or(|listed| listed == is_list) => {
                    run.end = end;
                    run.spelled.extend(c.to_lowercase());
                    run.has_capitals |= c.is_uppercase();
                    run.listed = Some(is_list);
                    count += 1;
                }
                _ => {
                    close(run.take(), count);
                    run = Some(Apart {
                        start: at,
                        end,
                        spelled: c.to_lowercase().collect(),
                        listed: None,
                        has_capitals: c.is_uppercase(),
                        has_underscore: false,
                    });
                    count = 1;
                }
            }
            (parts, is_list) = (0, false);
            continue;
        }
        if run.is_none() {
            continue;
        }
        let listed = PARTS_OF_LISTS.contains(&c);
        // An underscore among letters that are set apart is one of them.
        if c == '_' && parts > 0 && !listed {
            if let Some(run) = &mut run {
                run.has_underscore = true;
            }
            continue;
        }
        parts += 1;
        if parts <= 2 && (listed || PARTS.contains(&c)) && next.is_some() {
            is_list |= listed;
            continue;
        }
        close(run.take(), count);
        (parts, is_list) = (0, false);
    }
    close(run, count);
    runs
}

fn is_part_of_word(c: char) -> bool {
    is_alphanumeric(c)
}

impl Apart {
    /// Whether this is a value that somebody spells: no list of letters, and no row of amounts.
    pub fn is_value(&self) -> bool {
        let letters = self.spelled.chars().filter(|c| c.is_alphabetic()).count();
        let digits = self.spelled.chars().filter(char::is_ascii_digit).count();
        let all = letters + digits;
        if self.has_underscore {
            return letters >= 4;
        }
        if all < 7 {
            return false;
        }
        if self.listed != Some(true) {
            return letters >= 4 || digits >= 7;
        }
        let rises = self.spelled.chars().zip(self.spelled.chars().skip(1)).filter(|(one, next)| one < next).count();
        // Lists of letters and sizes rise; the elements of an analysis are few letters.
        letters >= 7
            && digits == 0
            && !self.has_capitals
            && rises + 2 < all
            && self.spelled.chars().any(|c| "aeiouyаеиоу".contains(c))
    }
}

/// The runs that are values and no messenger's name.
pub(super) fn values(runs: &[Apart]) -> impl Iterator<Item = Indicator> + '_ {
    runs.iter().filter(|run| run.is_value() && !led::names_messenger(run)).map(|run| Indicator {
        kind: IndicatorKind::Unknown,
        start: run.start,
        end: run.end,
    })
}

/// Digits as words, each with the languages it is of.
const DIGIT_WORDS: &[&str] = &[
    // English, German, Dutch.
    "zero, oh, nought, one, two, three, four, five, six, seven, eight, nine, double, triple, null, eins, zwei, zwo, \
     drei, vier, fünf, sechs, sieben, acht, neun, nul, een, twee, drie, vijf, zes, zeven, negen",
    // Spanish, French, Portuguese, Italian, Romanian.
    "cero, uno, dos, tres, cuatro, cinco, seis, siete, ocho, nueve, zéro, un, deux, trois, quatre, cinq, sept, huit, neuf, \
     um, dois, três, quatro, oito, nove, meia, due, tre, quattro, cinque, sei, sette, otto, unu, doi, trei, patru, cinci, șase, șapte, opt, nouă",
    // Polish, Czech, Russian, Ukrainian.
    "jeden, jedna, jedno, dwa, trzy, cztery, pięć, sześć, siedem, osiem, dziewięć, nula, dva, tři, čtyři, pět, šest, sedm, osm, devět, \
     ноль, нуль, один, два, три, четыре, пять, шесть, семь, восемь, девять, чотири, п'ять, шість, сім, вісім, дев'ять",
    // Turkish, Indonesian, Vietnamese.
    "sıfır, bir, iki, üç, dört, beş, altı, yedi, sekiz, dokuz, nol, kosong, satu, dua, tiga, empat, lima, enam, tujuh, \
     delapan, sembilan, không, một, hai, ba, bốn, năm, sáu, bảy, tám, chín",
    // Arabic, Persian, Hebrew, Hindi.
    "صفر, واحد, اثنان, اثنين, ثلاثة, أربعة, اربعة, خمسة, ستة, سبعة, ثمانية, تسعة, یک, دو, سه, چهار, پنج, شش, هفت, هشت, نه, \
     אפס, אחת, שתיים, שלוש, ארבע, חמש, שש, שבע, שמונה, תשע, शून्य, एक, दो, तीन, चार, पांच, पाँच, छह, छः, सात, आठ, नौ",
    // Pinyin and Japanese in Latin letters.
    "shunya, ek, teen, char, chaar, paanch, panch, chhe, chhah, saat, aath, nau, ज़ीरो, जीरो, डबल",
    "ling, yao, liang, san, wu, liu, qi, jiu, rei, ichi, ni, yon, roku, nana, hachi, kyuu",
];

/// Words for a zero among them: amounts have none.
const ZEROS: &[&str] = &[
    "zero, oh, nought, null, nul, cero, zéro, nula, ноль, нуль, sıfır, nol, kosong, không, صفر, אפס, शून्य, ज़ीरो, जीरो, shunya, ling, rei",
];

/// Words for two digits.
const TENS: &[&str] = &[
    "ten, eleven, twelve, thirteen, fourteen, fifteen, sixteen, seventeen, eighteen, nineteen, twenty, thirty, forty, fifty, sixty, seventy, eighty, ninety, hundred, \
     cent, cento, honderd, hundert, cien, ciento, sto, stovky, yüz, ratus, trăm, सौ, مئة, مية, sau, \
     zehn, elf, zwölf, zwanzig, dreißig, vierzig, fünfzig, sechzig, siebzig, achtzig, neunzig, diez, once, doce, veinte, treinta, cuarenta, cincuenta, sesenta, setenta, ochenta, noventa, \
     dix, onze, douze, vingt, trente, quarante, cinquante, soixante, dez, doze, vinte, trinta, quarenta, cinquenta, sessenta, oitenta, dieci, undici, dodici, venti, trenta, quaranta, cinquanta, \
     sessanta, settanta, ottanta, novanta, tien, twaalf, twintig, dertig, veertig, vijftig, zestig, zeventig, tachtig, negentig, dziesięć, dwadzieścia, trzydzieści, czterdzieści, pięćdziesiąt, \
     sześćdziesiąt, siedemdziesiąt, osiemdziesiąt, dziewięćdziesiąt, deset, dvacet, třicet, čtyřicet, padesát, šedesát, sedmdesát, osmdesát, devadesát, on, yirmi, otuz, kırk, elli, altmış, yetmiş, seksen, doksan, \
     zece, douăzeci, treizeci, patruzeci, cincizeci, șaizeci, șaptezeci, optzeci, nouăzeci",
    "десять, одиннадцать, двенадцать, тринадцать, четырнадцать, пятнадцать, шестнадцать, семнадцать, восемнадцать, девятнадцать, двадцать, тридцать, сорок, пятьдесят, шестьдесят, семьдесят, \
     восемьдесят, девяносто, одинадцять, дванадцять, тринадцять, чотирнадцять, п'ятнадцять, шістнадцять, сімнадцять, вісімнадцять, дев'ятнадцять, двадцять, тридцять, п'ятдесят, шістдесят, сімдесят, \
     вісімдесят, дев'яносто",
];

/// Words for three digits.
const HUNDREDS: &[&str] = &[
    "сто, двести, триста, четыреста, пятьсот, шестьсот, семьсот, восемьсот, девятьсот, двісті, чотириста, п'ятсот, шістсот, сімсот, вісімсот, дев'ятсот, \
     dwieście, trzysta, czterysta, pięćset, sześćset, siedemset, osiemset, dziewięćset, doscientos, trescientos, cuatrocientos, quinientos, seiscientos, setecientos, ochocientos, novecientos, \
     duzentos, trezentos, quatrocentos, quinhentos, seiscentos, oitocentos, duecento, trecento, quattrocento, cinquecento, seicento, settecento, ottocento, novecento, \
     zweihundert, dreihundert, vierhundert, fünfhundert, sechshundert, siebenhundert, achthundert, neunhundert, tweehonderd, driehonderd, vierhonderd, vijfhonderd, zeshonderd, zevenhonderd, achthonderd, negenhonderd",
];

/// The spelling alphabet of ICAO and its common variants.
const ALPHABET: &[&str] = &[
    "alfa, alpha, bravo, charlie, delta, echo, foxtrot, golf, hotel, india, juliet, juliett, kilo, \
     lima, mike, november, oscar, papa, quebec, romeo, sierra, tango, uniform, victor, whiskey, whisky, xray, yankee, zulu",
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Spelling {
    Digit,
    Zero,
    Letter,
    /// A word for tens or hundreds: as many digits.
    Amount(usize),
}

static SPELLINGS: LazyLock<HashMap<&str, Spelling>> = LazyLock::new(|| {
    let letters = all(ALPHABET).map(|word| (word, Spelling::Letter));
    // `lima` is five in Indonesian too: as a digit it counts in both.
    let amounts = [(TENS, 2), (HUNDREDS, 3)]
        .into_iter()
        .flat_map(|(list, digits)| all(list).map(move |word| (word, Spelling::Amount(digits))));
    let zeros = all(ZEROS).map(|word| (word, Spelling::Zero));
    letters.chain(amounts).chain(all(DIGIT_WORDS).map(|word| (word, Spelling::Digit))).chain(zeros).collect()
});

/// Digits in words and figures that make a number somebody calls.
const DIGITS_OF_A_NUMBER: usize = 6;
/// Words among them at least: one word is an amount.
const DIGIT_WORDS_OF_A_NUMBER: usize = 3;
/// Letters in words that make a handle.
const LETTERS_OF_A_HANDLE: usize = 4;
/// Bytes of the longest of the words.
const LONGEST_SPELLING: usize = 24;
/// Characters between two of them at most.
const GAP: usize = 3;

/// A run of words that each stand for one character.
struct Row {
    start: usize,
    end: usize,
    words: usize,
    digits: usize,
    letters: usize,
    /// Whether a word for tens or hundreds is among them, as amounts have.
    has_amount: bool,
    /// Whether something is among them that amounts do not have: a zero, figures in a group of their own.
    has_zero: bool,
}

impl Row {
    /// Whether the digits are a number that somebody calls.
    fn is_number(&self) -> bool {
        let words = self.words - self.letters;
        let plain = !self.has_amount && words >= DIGIT_WORDS_OF_A_NUMBER;
        let said = self.has_zero && words >= 1;
        (plain && self.digits >= DIGITS_OF_A_NUMBER)
            || (said && self.digits >= DIGITS_OF_A_MIXED_NUMBER)
            || (said && words >= DIGIT_WORDS_OF_A_NUMBER && self.digits > DIGITS_OF_A_NUMBER)
    }
}

/// Digits of a number most of which are figures, and which has words all the same.
const DIGITS_OF_A_MIXED_NUMBER: usize = 9;

/// What a word says.
#[derive(Default, Clone, Copy)]
struct Said {
    words: usize,
    digits: usize,
    letters: usize,
    is_amount: bool,
    is_zero: bool,
}

/// Runs of digits or letters that are written as words: `zero six one two …`, `november oscar …`. The text is in lower case.
pub(super) fn in_words(lower: &str) -> Vec<Indicator> {
    let mut found = Vec::new();
    let mut row: Option<Row> = None;
    let mut end_row = |row: Option<Row>| {
        let Some(row) = row else { return };
        let number = row.is_number();
        if number || row.letters >= LETTERS_OF_A_HANDLE {
            let kind = if number { IndicatorKind::Phone } else { IndicatorKind::Unknown };
            found.push(Indicator { kind, start: row.start, end: row.end });
        }
    };
    let mut at = 0;
    for piece in lower.split_inclusive(|c: char| !is_of_word(c)) {
        let word = piece.trim_end_matches(|c: char| !is_of_word(c));
        let start = at;
        at += piece.len();
        if word.is_empty() {
            continue;
        }
        let said = counted(word);
        let Said { words, digits, letters, is_amount, is_zero } = said;
        let goes_on = row.as_ref().is_some_and(|row| is_gap(lower.get(row.end..start).unwrap_or_default()));
        if words == 0 && !(goes_on && digits > 0) {
            end_row(row.take());
            continue;
        }
        let end = start + word.len();
        match &mut row {
            Some(row) if goes_on => {
                row.end = end;
                row.words += words;
                row.digits += digits;
                row.letters += letters;
                row.has_amount |= is_amount;
                row.has_zero |= is_zero;
            }
            _ => {
                end_row(row.take());
                row = Some(Row { start, end, words, digits, letters, has_amount: is_amount, has_zero: is_zero });
            }
        }
    }
    end_row(row);
    found
}

/// What a word that stands for characters says, with the figures behind it.
fn counted(word: &str) -> Said {
    let none = Said::default();
    if word.len() > LONGEST_SPELLING {
        return none;
    }
    let figures = word.trim_start_matches(|c: char| !c.is_ascii_digit());
    let name = &word[..word.len() - figures.len()];
    if !figures.bytes().all(|b| b.is_ascii_digit()) || figures.len() > 4 {
        return none;
    }
    if name.is_empty() {
        return Said { digits: figures.len(), is_zero: figures.len() > 1 && figures.starts_with('0'), ..none };
    }
    match SPELLINGS.get(name) {
        Some(Spelling::Digit) => Said { words: 1, digits: 1 + figures.len(), ..none },
        Some(Spelling::Zero) => Said { words: 1, digits: 1 + figures.len(), is_zero: true, ..none },
        Some(Spelling::Letter) if figures.is_empty() => Said { words: 1, letters: 1, ..none },
        Some(Spelling::Amount(digits)) if figures.is_empty() => {
            Said { words: 1, digits: *digits, is_amount: true, ..none }
        }
        _ => none,
    }
}

/// Letters of a word, with the marks that scripts of India write with them.
fn is_of_word(c: char) -> bool {
    is_alphanumeric(c) || c == '\'' || crate::listing::contacts::tokens::is_mark(c)
}

/// Whether two words are parted as those of one number are.
fn is_gap(between: &str) -> bool {
    between.chars().count() <= GAP
        && between.chars().all(|c| c.is_whitespace() || matches!(c, ',' | '.' | '-' | '/' | '–' | '_' | '·' | '*'))
}

/// Digits of scripts whose words are not parted.
static UNPARTED: LazyLock<Regex> = LazyLock::new(|| {
    super::shapes::pattern(
        r"[零〇○一二两三四五六七八九幺壹贰叁肆伍陆柒捌玖貳參陸]{6,}|(?:[零〇一二两三四五六七八九幺壹贰叁肆伍陆柒捌玖][ \-.、·]?){7,}|(?:[공영일이삼사오육륙칠팔구][ \-.·]?){8,}|(?:(?:ศูนย์|หนึ่ง|เอก|สอง|โท|สาม|ตรี|สี่|ห้า|หก|เจ็ด|แปด|เก้า)[ \-]?){6,}|(?:(?:ゼロ|れい|いち|に|さん|よん|ご|ろく|なな|はち|きゅう)[ 、・]?){8,}",
    )
});

/// Runs of digits as words that no space parts: `一三九…`, `공일공…`.
pub(super) fn unparted(text: &str) -> impl Iterator<Item = Indicator> + '_ {
    UNPARTED.find_iter(text).map(|hit| {
        let value = hit
            .as_str()
            .trim_end_matches(|c: char| !c.is_alphanumeric() && !crate::listing::contacts::tokens::is_mark(c));
        Indicator { kind: IndicatorKind::Phone, start: hit.start(), end: hit.start() + value.len() }
    })
}

/// A letter with a word that begins with it: `N as in north`, `N wie Nordpol`. Words between, of the eighteen languages.
const EXAMPLE: &str = r"(?:as in|like in|like|for|wie in|wie|comme|como en|como|come|de|di|da|zoals in|zoals|van|jak w|jak|jako|ca în|ca|de la|gibi|seperti|untuk|như|như trong|как в|как|як у|як|像|如|फॉर|जैसे|مثل|كما في)";

static BY_EXAMPLE: LazyLock<Regex> = LazyLock::new(|| {
    let pair = format!(
        r"(?:[\p{{L}}\p{{N}}]\s{{0,2}},?\s{{0,2}}{EXAMPLE}\s{{0,2}}[\p{{L}}\p{{M}}]+|underscore|dash|dot|\d{{1,4}})"
    );
    super::shapes::pattern(&format!(
        r"(?i)(?:^|[^\p{{L}}\p{{N}}])(?P<value>{pair}(?:[\s,;./·،，、-]{{1,3}}(?:(?:and|und|y|et|e|en|i|и|a)\s)?{pair}){{2,}})"
    ))
});

static PAIR: LazyLock<Regex> = LazyLock::new(|| {
    super::shapes::pattern(&format!(
        r"(?i)(?:^|[^\p{{L}}\p{{N}}])(\p{{L}})\s{{0,2}},?\s{{0,2}}{EXAMPLE}\s{{0,2}}([\p{{L}}\p{{M}}]+)"
    ))
});

/// Letters that must begin their words, so that the row is none of ordinary words.
const EXAMPLES: usize = 3;

/// Handles spelled letter by letter with a word for each.
pub(super) fn by_example(text: &str) -> impl Iterator<Item = Indicator> + '_ {
    // Most texts have no letters by themselves.
    let text = if has_single_letters(text) { text } else { "" };
    let hits = BY_EXAMPLE.captures_iter(text).filter_map(|hit| hit.name("value"));
    hits.filter(|value| {
        let pairs = PAIR.captures_iter(value.as_str());
        let fitting = pairs.filter(|pair| {
            let letter = |at: usize| pair.get(at).and_then(|part| part.as_str().chars().next());
            letter(1).zip(letter(2)).is_some_and(|(one, two)| one.to_lowercase().eq(two.to_lowercase()))
        });
        fitting.count() >= EXAMPLES
    })
    .map(|value| Indicator { kind: IndicatorKind::Unknown, start: value.start(), end: value.end() })
}

/// Whether as many letters stand by themselves before a space or comma as a spelled handle has.
fn has_single_letters(text: &str) -> bool {
    let mut earlier = (' ', ' ');
    let singles = text.chars().filter(|&c| {
        let is_single = !is_alphanumeric(c) && earlier.1.is_alphabetic() && !is_alphanumeric(earlier.0);
        earlier = (earlier.1, c);
        is_single
    });
    singles.take(EXAMPLES).count() == EXAMPLES
}
