//! Telephone numbers whose digits are set in groups, whatever sign parts them, and numbers of goods that resemble them.

use std::sync::LazyLock;

use crate::listing::contacts::shapes::is_date;
use crate::listing::contacts::words::{self, WordSet, all, set};
use crate::listing::contacts::{Indicator, IndicatorKind};

/// Digits of a number that is called, with its country's code (ITU-T E.164 allows fifteen), and of a card.
const DIGITS: std::ops::RangeInclusive<usize> = 9..=16;

/// Groups that are looked at in a row.
const GROUPS: usize = 24;

/// Signs between two groups at most.
const SIGNS_BETWEEN: usize = 3;

/// A number in groups.
#[derive(Default)]
struct Run {
    groups: Vec<(usize, usize)>,
    /// The sign between groups besides spaces and brackets.
    sign: Option<char>,
    /// Whether there are several such signs.
    is_mixed: bool,
}

/// Numbers in groups in a text of folded digits.
pub(super) fn find(text: &str) -> Vec<Indicator> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(offset) = bytes.get(at..).and_then(|rest| rest.iter().position(u8::is_ascii_digit)) {
        let start = at + offset;
        let run = run_at(text, start);
        let end = run.groups.last().map_or(start + 1, |(_, end)| *end);
        at = end;
        let before = |back: usize| start.checked_sub(back).and_then(|at| bytes.get(at)).copied().unwrap_or(b' ');
        let is_of_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        // `EU/1/97/041/001`, `XK13-010-00012`: pieces of a code.
        let is_piece = is_of_word(before(1)) || (matches!(before(1), b'-' | b'/') && is_code_before(bytes, start - 1));
        let goes_on = bytes.get(end).is_some_and(|next| next.is_ascii_alphabetic() || *next == b'_');
        if !is_piece && !goes_on && run.is_number(text) {
            found.push(Indicator { kind: IndicatorKind::Phone, start, end });
        }
    }
    found
}

/// Whether what ends at `at` is the head of a code: capitals with figures or without.
fn is_code_before(bytes: &[u8], at: usize) -> bool {
    let head = bytes.get(..at).unwrap_or_default();
    let length = head.iter().rev().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let word = head.get(head.len() - length..).unwrap_or_default();
    (2..=6).contains(&length)
        && word.first().is_some_and(u8::is_ascii_uppercase)
        && !word.iter().any(u8::is_ascii_lowercase)
        && word != b"TEL"
}

/// The groups of digits that begin at `start`.
fn run_at(text: &str, start: usize) -> Run {
    let mut run = Run::default();
    let mut at = start;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        run.groups.push((at, at + digits));
        at += digits;
        if run.groups.len() == GROUPS {
            return run;
        }
        let (mut signs, mut sign) = (0, None);
        let mut several = false;
        for c in text.get(at..).unwrap_or_default().chars() {
            if !is_between(c) || signs == SIGNS_BETWEEN {
                break;
            }
            if !c.is_whitespace() && !matches!(c, '(' | ')' | '[' | ']') {
                several |= sign.is_some_and(|one| one != c);
                sign = Some(c);
            }
            signs += 1;
            at += c.len_utf8();
        }
        if signs == 0 || !text.as_bytes().get(at).is_some_and(u8::is_ascii_digit) {
            return run;
        }
        run.is_mixed |=
            several || (run.groups.len() > 1 && sign != run.sign && !(run.groups.len() == 2 && run.sign.is_none()));
        run.sign = sign.or(run.sign);
    }
}

/// Signs that part the groups of a number.
fn is_between(c: char) -> bool {
    c == ' '
        || c == '\u{a0}'
        || matches!(
            c,
            '.' | '-' | '/' | '(' | ')' | '[' | ']' | '·' | '•' | '_' | '*' | '~' | ':' | '|' | ',' | '\\' | '+' | '='
        )
        || matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}')
}

impl Run {
    fn is_number(&self, text: &str) -> bool {
        let (Some((start, _)), Some((_, end))) = (self.groups.first().copied(), self.groups.last().copied()) else {
            return false;
        };
        let all = text.get(start..end).unwrap_or_default();
        let groups: Vec<&str> = self.groups.iter().filter_map(|(start, end)| text.get(*start..*end)).collect();
        let digits: usize = groups.iter().map(|group| group.len()).sum();
        let is_local = self.sign == Some('-') && all.len() == 8 && groups.len() == 2;
        if self.is_mixed || groups.len() < 2 || !(is_local || DIGITS.contains(&digits)) {
            return false;
        }
        // A CAS number, whatever dash or stop it is written with.
        if let [head, pair, check] = groups.as_slice()
            && pair.len() == 2
            && check.len() == 1
            && (2..=7).contains(&head.len())
        {
            return false;
        }
        if is_date(all) || is_hours(all) || is_goods(text, start, end) {
            return false;
        }
        // Sizes in a row rise.
        let sizes: Vec<u32> = groups.iter().filter_map(|group| group.parse().ok()).collect();
        let are_sizes = groups.iter().all(|group| group.len() <= 3 && !group.starts_with('0'));
        if matches!(self.sign, Some('/' | ','))
            && groups.len() >= 4
            && are_sizes
            && sizes.windows(2).all(|pair| pair[0] < pair[1])
        {
            return false;
        }
        // The index of the European list of dangerous substances (regulation 1272/2008): `011-002-00-6`.
        if self.sign == Some('-') && groups.iter().map(|group| group.len()).eq([3, 3, 2, 1]) {
            return false;
        }
        // A local number of North America. Ranges end in a round number, and none begins with a zero.
        if is_local && let [area, rest] = groups.as_slice() {
            return area.len() == 3 && !area.starts_with('0') && rest.starts_with('0');
        }
        if is_ladder(&groups) {
            return false;
        }
        let begins_as_number = groups[0].starts_with('0') && groups[0].len() > 1;
        match (self.sign, groups.as_slice()) {
            (None, [one, two]) => {
                one.len().min(two.len()) >= 3 && ![one, two].iter().any(|group| group.ends_with("000"))
            }
            (None, _) => groups.iter().all(|group| group.len() <= 5) && !are_thousands(&groups),
            (Some('/' | ':' | ',' | '*' | '+' | '='), _) => {
                let is_time = self.sign == Some(':') && groups.iter().all(|group| group.len() <= 2);
                let least = if begins_as_number { 3 } else { 4 };
                // Behind a comma with a space, another of a list.
                !all.contains(", ") && groups.len() >= least && !are_thousands(&groups) && !is_time
            }
            // These two are known by their shape: decimals and dates have them too.
            (Some('.' | '-'), _) => {
                groups.len() >= 3 && all.contains(' ') && groups.iter().all(|group| (2..=5).contains(&group.len()))
            }
            (Some(_), _) => groups.len() >= 3,
        }
    }
}

/// Groups of three behind the first, as thousands are set.
fn are_thousands(groups: &[&str]) -> bool {
    groups[0].len() <= 3
        && groups.iter().skip(1).all(|group| group.len() == 3)
        && groups.last().is_some_and(|last| last.ends_with("00"))
        || groups.len() <= 4 && groups[0].len() <= 3 && groups.iter().skip(1).all(|group| *group == "000")
}

/// Amounts in a row, as sizes and prices are listed: mostly round, or small and rising.
fn is_ladder(groups: &[&str]) -> bool {
    let amounts: Vec<u64> = groups
        .iter()
        .filter(|group| !group.starts_with('0') || group.len() == 1)
        .filter_map(|group| group.parse().ok())
        .collect();
    if amounts.len() < groups.len() {
        return false;
    }
    let is_round = |amount: &u64| *amount <= 12 || amount.is_multiple_of(5) || amount.is_multiple_of(12);
    let round = amounts.iter().filter(|amount| is_round(amount)).count();
    let rises = amounts.windows(2).all(|pair| pair[0] < pair[1]) || amounts.windows(2).all(|pair| pair[0] > pair[1]);
    (rises && round * 10 >= amounts.len() * 7) || amounts.iter().all(|amount| amount.is_multiple_of(5))
}

/// Words before the number of a thing: numbers that carry a check digit.
const CHECKED: &[&str] = &[
    "ean, isbn, issn, gtin, upc, jan, barcode, bar code, strichcode, code-barres, codice a barre, código de barras, kod kreskowy, barkod, \
     čárový kód, cod de bare, mã vạch, штрихкод, штрих-код, 条码, 条形码, バーコード, 바코드, باركود, बारकोड, jancode, jan code, janコード",
];

/// Words before other numbers of things.
const NUMBERED: &[&str] = &[
    "cas, cas no, cas number, einecs, ec, hs, hs code, hts, taric, un, pmid, cid, pubchem, doi, chembl, chebi, unii, iso, din, astm, \
     iec, lot, batch, charge, chargen-nr, part, part no, part number, p/n, pn, model, art, art.-nr, article, artikel, artikelnummer, item, item no, cat, cat no, catalog, \
     catalog no, catalogue, ref, référence, referencia, referência, serial, s/n, sn, sku, mpn, asin, pzn, patent, oem, nsn, артикул, арт, партия, модель, серия, \
     item number, model no, model number, serial no, serial number, reference, artikelnr, artikel-nr, bestelnr, bestelnummer, nr kat, nr katalogowy, ürün kodu, \
     codice, codice articolo, código, registro, license, licence, reg, fda reg, anvisa, ndc, index, zulassung, 製品コード, 商品コード, 商品番号, 상품번호, 제품번호, 许可证, \
     заводской, заводской номер, зав, серийный, каталожный, регистрационный, гост р, 海关编码, 税号, 税则号, hs编码, 海關編碼, 货号, 型号, 批号, 编号, 品番, 型番, 품번, 모델, mfg, fda, nmpa, gost, гост, ту, order, bestellnummer, bestell-nr, numéro d'article",
];

/// Units behind a number.
const UNITS: &[&str] = &[
    "g, kg, mg, µg, μg, mcg, ml, l, ltr, t, ton, tons, mt, pcs, pc, pieces, units, unit, usd, eur, gbp, cny, rmb, rub, pln, czk, try, inr, idr, vnd, \
     iu, ui, mm, cm, m, nm, km, mol, mmol, ppm, ppb, rpm, hz, khz, mhz, ghz, w, kw, v, kv, mah, gb, mb, tb, lb, lbs, oz, tablets, tabs, caps, capsules, vials, \
     boxes, bags, bottles, drums, stück, stk, piezas, unidades, pièces, pezzi, stuks, sztuk, szt, adet, buah, viên, bucăți, buc, kusů, ks, шт, г, кг, мг, мл, л, т, \
     руб, грн, таблеток, штук, рублей, 克, 公斤, 千克, 毫克, 毫升, 升, 吨, 元, 个, 片, 粒, 件, 箱, 袋, 瓶, 桶, 개, 정, 원, 円, 個, 錠, 本, قطعة, كجم, جرام, غرام, कि.ग्रा, ग्राम",
];

/// Words before numbers of things that stand before the number of somebody as well: `to order 0612345678`.
static IS_ASKED: WordSet = LazyLock::new(|| set(&["order, charge, un, ec, hs, item, art, reg, código, registro"]));

static IS_CHECKED: WordSet = LazyLock::new(|| set(CHECKED));
static IS_NUMBERED: WordSet = LazyLock::new(|| set(NUMBERED));
static IS_REGISTER: WordSet = LazyLock::new(|| set(REGISTERS));
static IS_BATCH: WordSet = LazyLock::new(|| set(BATCHES));
static IS_UNIT: WordSet = LazyLock::new(|| set(UNITS));

/// Units of scripts without capitals: a text goes on behind them with no space.
static CASELESS_UNITS: LazyLock<Vec<&str>> =
    LazyLock::new(|| all(UNITS).filter(|one| !one.is_ascii() && !one.chars().any(char::is_lowercase)).collect());

/// Characters before a number among which the word for it is looked for.
const BEFORE: usize = 24;

/// Whether a number is one of goods: it carries a unit, a sign of money, or stands behind a word for such numbers.
pub(super) fn is_goods(text: &str, start: usize, end: usize) -> bool {
    let behind = text.get(end..).unwrap_or_default();
    let spaceless = behind.strip_prefix([' ', '\u{a0}']).unwrap_or(behind);
    if spaceless.starts_with(['%', '€', '$', '£', '¥', '₽', '₹', '₩', '°', '‰', '₺', '₫', '₴']) {
        return true;
    }
    let unit: String =
        spaceless.chars().take(12).take_while(|c| c.is_alphabetic() || *c == '.').collect::<String>().to_lowercase();
    if !unit.is_empty()
        && (IS_UNIT.contains(unit.trim_end_matches('.'))
            || (!unit.is_ascii() && CASELESS_UNITS.iter().any(|one| unit.starts_with(one))))
    {
        return true;
    }
    let head = text.get(..start).unwrap_or_default();
    if head.trim_end().ends_with(['€', '$', '£', '¥', '₽', '₹', '₩']) {
        return true;
    }
    let before = before_number(text, start);
    let digits = text.get(start..end).unwrap_or_default();
    ends_with_word(&before, &IS_NUMBERED)
        || (ends_with_word(&before, &IS_CHECKED) && has_check_digit(digits))
        || is_book(digits)
}

/// Whether a row of digits that would be a number of somebody is one of a thing whose register says so: of a book, of goods with
/// a valid check digit, of a publication or a substance.
pub(super) fn is_registered(text: &str, start: usize, end: usize) -> bool {
    let digits = text.get(start..end).unwrap_or_default();
    if is_book(digits) || is_hours(digits) || is_of_batch(text, start, end) {
        return true;
    }
    let count = figures(digits).len();
    if count <= DIGITS_OF_GOODS && is_numbered(text, start) {
        return true;
    }
    let is_checked = count <= 14 && has_check_digit(digits);
    if count > DIGITS_OF_A_REGISTER && !is_checked {
        return false;
    }
    let before = before_number(text, start);
    if is_checked && ends_with_word(&before, &IS_CHECKED) {
        return true;
    }
    // The identifier of a publication holds rows of digits of its own.
    let head = text.get(..start).unwrap_or_default();
    let token: String = head.chars().rev().take(LONGEST_IDENTIFIER).take_while(|c| !c.is_whitespace()).collect();
    let is_publication =
        token.contains('/') && token.ends_with(|c: char| c == '1' || !c.is_alphanumeric()) && token.contains(".01");
    count <= DIGITS_OF_A_REGISTER && (is_publication || ends_with_word(&before, &IS_REGISTER))
}

/// Digits of the longest number of a thing.
const DIGITS_OF_GOODS: usize = 14;

/// Whether a number stands behind a word for the number of a thing.
pub(super) fn is_numbered(text: &str, start: usize) -> bool {
    let before = before_number(text, start);
    ends_with_word(&before, &IS_NUMBERED) && !words::ends_with_one(&before, &IS_ASKED)
}

/// Words for a batch of goods.
const BATCHES: &[&str] = &[
    "batch, batch no, lot, lot no, charge, chargennummer, chargen-nr, ch.-b, losnummer, lote, número de lote, lotto, numero di lotto, numéro de lot, lot n, partij, partijnummer, \
     batchnummer, partia, partii, numer partii, seria, serii, parti, seri, šarže, č. šarže, šarže č, lotul, lot nr, nomor bets, bets, kode produksi, số lô, lô, \
     партия, партии, номер партии, серия, серии, партія, партії, номер партії, серія, серії, बैच, बैच नंबर, बैच संख्या, لوت, تشغيلة, رقم التشغيلة, رقم الدفعة, دفعة, \
     批号, 批次, 批次号, 生产批号, 批號, ロット, 로트",
];

/// Digits of the number of a batch: a date and the number of the day.
const DIGITS_OF_A_BATCH: std::ops::RangeInclusive<usize> = 5..=14;

/// Whether a number is one of a batch: it stands behind the word, and is written as no number that is called.
pub(super) fn is_of_batch(text: &str, start: usize, end: usize) -> bool {
    let value = text.get(start..end).unwrap_or_default();
    let count = value.bytes().filter(u8::is_ascii_digit).count();
    let is_row = value.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'/' | b'.'));
    is_row
        && DIGITS_OF_A_BATCH.contains(&count)
        && (count <= DIGITS_OF_A_REGISTER || value.starts_with("20"))
        && !value.starts_with('0')
        && ends_with_word(&before_number(text, start), &IS_BATCH)
}

/// Whether a row of digits is one of hours of the day: `09.30-11.00`.
pub(super) fn is_hours(value: &str) -> bool {
    let mut times = 0;
    let all =
        value.trim().split(['-', '–', '—', '−', ' ', ',', '\u{2010}', '\u{2011}']).filter(|time| !time.is_empty());
    let are_times = all.inspect(|_| times += 1).all(|time| {
        let Some((hour, minute)) = time.split_once([':', '.']) else { return false };
        let fits = |part: &str, least: usize, top: u32| {
            (least..=2).contains(&part.len()) && part.parse::<u32>().is_ok_and(|number| number < top)
        };
        fits(hour, 1, 25) && fits(minute, 2, 60)
    });
    // Each range has two; the minutes of a time are told in quarters.
    are_times && times == 2 && value.contains(['-', '–', '—', '−', '\u{2010}', '\u{2011}'])
}

/// Digits of a number of a register at most.
const DIGITS_OF_A_REGISTER: usize = 10;

/// Characters of the identifier of a publication that are looked back at.
const LONGEST_IDENTIFIER: usize = 80;

/// Registers of substances and publications.
const REGISTERS: &[&str] = &[
    "cas, cas no, einecs, pmid, pmcid, cid, sid, pubchem, pubchem cid, doi, chembl, chebi, chemspider, unii, drugbank, hs code, hs, taric, patent, nct",
];

/// Whether a word in lower case is a unit of goods.
pub(super) fn is_unit(word: &str) -> bool {
    IS_UNIT.contains(word)
}

/// What stands before a number, in lower case, without signs.
fn before_number(text: &str, start: usize) -> String {
    let head = text.get(..start).unwrap_or_default();
    let trimmed = head.trim_end_matches([' ', '\u{a0}', ':', '#', '.', '=', '-', '(']);
    let before: String =
        trimmed.chars().rev().take(BEFORE).collect::<Vec<_>>().into_iter().rev().collect::<String>().to_lowercase();
    before.trim_end_matches([' ', '\u{a0}', ':', '.', '-', '#']).to_owned()
}

/// The same without a word for `number`.
fn without_number(before: &str) -> &str {
    let words = ["no", "nr", "number", "num", "№", "n°", "nº", "code", "#", "номер", "号"];
    let before = words.iter().find_map(|word| before.strip_suffix(word)).unwrap_or(before);
    before.trim_end_matches([' ', '\u{a0}', ':', '.', '-', '#'])
}

/// Whether a text in lower case ends with one of the words, or with one and a word for `number`.
fn ends_with_word(text: &str, words: &WordSet) -> bool {
    words::ends_with_one(text, words) || words::ends_with_one(without_number(text), words)
}

fn figures(text: &str) -> Vec<u32> {
    text.chars().filter_map(|c| c.to_digit(10)).collect()
}

/// GS1: the weighted sum of a number with its check digit is a multiple of ten.
fn has_check_digit(text: &str) -> bool {
    let digits = figures(text);
    let sum: u32 =
        digits.iter().rev().enumerate().map(|(at, digit)| if at % 2 == 1 { digit * 3 } else { *digit }).sum();
    let isbn: u32 = digits.iter().rev().enumerate().map(|(at, digit)| digit * u32::try_from(at + 1).unwrap_or(0)).sum();
    (matches!(digits.len(), 8 | 12 | 13 | 14) && sum.is_multiple_of(10))
        || (digits.len() == 10 && isbn.is_multiple_of(11))
        || digits.len() == 9
}

/// An international standard book number: its prefixes are no country's code.
fn is_book(text: &str) -> bool {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    digits.len() == 13 && (digits.starts_with("978") || digits.starts_with("979")) && has_check_digit(&digits)
}
