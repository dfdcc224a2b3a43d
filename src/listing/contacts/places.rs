//! Addresses of places: behind a word that says so, and by the words of streets.
//!
//! The words of streets are those of each country's postal addresses as the Universal Postal Union describes them.

use std::sync::LazyLock;

use regex::Regex;

use crate::listing::contacts::fillers::{is_common, is_ordinary};
use crate::listing::contacts::numbers::{is_goods, is_unit};
use crate::listing::contacts::shapes::{is_quantity, pattern};
use crate::listing::contacts::tokens::{is_mark, lowered};
use crate::listing::contacts::words::{self, WordSet, set};
use crate::listing::contacts::{Indicator, IndicatorKind};

macro_rules! patterns {
    ($($name:ident = $text:expr;)*) => { $(static $name: LazyLock<Regex> = LazyLock::new(|| pattern($text));)* };
}

patterns! {
    // To the end of its line.
    PLACED = r"(?i)(?:(?:^|[^\p{L}\p{N}_])(?:address|adresse|anschrift|dirección|direccion|endereço|indirizzo|adres|adresa|alamat|адрес|адреса|địa chỉ)|地址|住所|주소|العنوان|آدرس|כתובת|पता|ที่อยู่)\s?[:=]\s?(?P<value>[^\n;|]{3,160})";
    STREET = r"(?:^|[^\p{L}\p{N}_])(?P<value>(?:Unit |Suite |Flat |Apt\.? |Block )?\d{1,5}[a-zA-Z]?,?\s(?:\p{Lu}[\p{L}'.-]+\s){1,3}(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Boulevard|Blvd|Square|Court|Close|Way|Quay|Wharf|Estate|Terrace|Crescent|Highway|Parkway)|(?:\p{Lu}[\p{L}'-]+\s){1,3}(?:Street|Road|Avenue|Lane|Boulevard|Quay|Wharf)\s\d{1,4}[a-z]?)(?:[^\p{L}\p{N}_]|$)";
    STREET_IN_ONE_WORD = r"(?:^|[^\p{L}\p{N}_])(?P<value>\p{Lu}[\p{L}-]*(?:straße|strasse|str\.|gasse|weg|allee|platz|damm|kai|[^ä\P{L}]ufer|chaussee|steig|graben|straat|laan|gracht|kade|singel|gatan|vägen)\s\d{1,4}[a-z]?)(?:[^\p{L}\p{N}_]|$)";
    STREET_AFTER = r"(?:^|[^\p{L}\p{N}_])(?P<value>(?:[Rr]ue|[Cc]alle|[Aa]venida|[Rr]ua|[Vv]ia|[Vv]iale|[Pp]iazza|[Uu]lica|ul\.|[Aa]l\.|ул\.|улица|вул\.|вулиця|проспект|пр-т|переулок|пер\.|шоссе|бульвар|наб\.|[Ss]trada|[Ss]tr\.|[Bb]ulevardul|[Nn]áměstí|[Jj]alan|[Jj]l\.|đường|phố)\s\p{Lu}?[\p{L}'.-]+(?: [\p{L}'.-]+){0,3},?\s(?:[Nn]o\.?:?\s|д\.\s?|nr\.?\s|буд\.\s?)?\d{1,4}(?:[a-zA-Z]|/\d{1,4})?|\d{1,4}(?:\sbis)?,?\s(?:rue|avenue|boulevard|chemin|quai|impasse|allée|đường|phố)\s(?:(?:de|du|des|la|le)\s){0,2}(?:l'|d')?\p{Lu}[\p{L}'-]+(?:\s\p{Lu}[\p{L}'-]+){0,2}|(?:\p{Lu}[\p{L}]+\s){1,3}(?:Caddesi|Cad\.|Sokak|Sokağı|Sok\.|Bulvarı)\s(?:No\s?[:.]?\s?)?\d{1,4}|(?:\p{Lu}[\p{L}]+\s){1,3}(?:Mahallesi|Mah\.)\sNo\s?[:.]?\s?\d{1,4})(?:[^\p{L}\p{N}_]|$)";
    // A street of any name with its number, and behind it the code and name of a town, as most of Europe writes them.
    STREET_AND_TOWN = r"(?:^|[^\p{L}\p{N}_])(?P<value>\p{Lu}[\p{L}'’-]+(?:\s\p{L}[\p{L}'’.-]+){0,2}\s\d{1,4}(?:[a-zA-Z]|/\d{1,4}[a-z]?)?,\s(?:[A-Z]{1,2}-)?(?:\d{5}|\d{3}\s\d{2}|\d{2}-\d{3}|\d{4}(?:\s[A-Z]{2})?)\s\p{Lu}\p{Ll}{2,}(?:[ -]\p{Lu}\p{Ll}+)?)(?:[^\p{L}\p{N}_]|$)";
    // A name of two or three words right before an address.
    NAME_BEFORE = r"(?:^|[^\p{L}\p{N}_])(?P<value>\p{Lu}\p{Ll}[\p{L}'’-]*(?: (?:(?:van|von|de|der|den|del|la|bin|al|da|dos) ){0,2}\p{Lu}\p{Ll}[\p{L}'’-]*){1,2})[,;:]? ?\n?$";
    EASTERN = r"(?P<value>(?:\p{Han}{2,8}(?:省|市|区|區|县|縣|镇|鎮|州))*\p{Han}{1,8}(?:路|街|大道|巷|弄|胡同|段)[0-9一二三四五六七八九十百]{1,6}(?:号|號|弄)(?:[\p{Han}0-9A-Za-z-]{0,12}(?:楼|樓|室|栋|幢|层|座|单元))?|[\p{Han}\p{Katakana}\p{Hiragana}]{1,12}[0-9]{1,3}丁目[0-9]{1,3}(?:番地?|-)[0-9]{0,4}号?|(?:\p{Hangul}{1,6}(?:시|도|구|군|동|읍|면)\s){1,3}\p{Hangul}{1,10}(?:로|길|동)\s?\d{1,4}(?:번길|번지|-\d{1,4})?)";
    COORDINATES = r"(?-u:\b)(?P<value>(?P<degrees>\d{1,3})[.,](?P<first>\d{2,8})\s?°?\s?(?:[NSnsСЮ]\s?)?[\s,;/|]\s?[-−]?(?P<others>\d{1,3})[.,](?P<second>\d{2,8})(?:\s?°(?:\s?[EWOewВЗ])?|\s?[EWOew])?)(?:[^\p{L}\p{N}%]|$)";
    BOX = r"(?i)(?:^|[^\p{L}\p{N}_])(?:p\.?\s?o\.?\s?box|postfach|apartado(?: de correos)?|caixa postal|boîte postale|casella postale|postbus|skrytka pocztowa|posta kutusu|poštovní přihrádka|căsuța poștală|а/я|абонентский ящик|абонентська скринька|hộp thư|kotak pos|صندوق بريد|信箱|私書箱|사서함)\s?(?:no\.?|nr\.?|[:#№])?\s?(?P<value>\d{2,8})";
}

/// Words before coordinates.
const COORDINATES_OF: &[&str] = &[
    "gps, coord, coords, coordinate, coordinates, lat, latitude, geo, koordinaten, koordinate, coordenadas, coordonnées, coordinate, coördinaten, współrzędne, koordinat, koordinatlar, koordinaty, souřadnice, coordonate, tọa độ, \
     координаты, координати, निर्देशांक, إحداثيات, 坐标",
];

static IS_OF_COORDINATES: WordSet = LazyLock::new(|| set(COORDINATES_OF));

/// Decimals of a degree that name a house, and characters before a pair in which its word stands.
const DECIMALS: usize = 4;
const BEFORE: usize = 24;

/// Pairs of decimal degrees: of many decimals, or behind a word for them.
fn coordinates(text: &str) -> impl Iterator<Item = Indicator> + '_ {
    COORDINATES.captures_iter(text).filter_map(move |hit| {
        let value = hit.name("value")?;
        let are_long = ["first", "second"].iter().all(|part| hit.name(part).is_some_and(|part| part.len() >= DECIMALS));
        // Indices and ratios have one digit before their decimals.
        let are_long =
            are_long && ["degrees", "others"].iter().any(|part| hit.name(part).is_some_and(|part| part.len() > 1));
        let before: String = text.get(..value.start())?.chars().rev().take(BEFORE).collect();
        let before = lowered(&before.chars().rev().collect::<String>());
        let before = before.trim_end_matches(|c: char| !c.is_alphabetic() && !is_mark(c));
        let is_named = words::ends_with_one(before, &IS_OF_COORDINATES);
        // A pair of masses or of prices is on no map.
        let degrees = |part: &str| hit.name(part).and_then(|part| part.as_str().parse::<u32>().ok());
        let is_on_map = degrees("degrees")
            .zip(degrees("others"))
            .is_some_and(|(one, other)| one.min(other) <= 90 && one.max(other) <= 180);
        ((are_long && is_on_map) || is_named).then_some(Indicator {
            kind: IndicatorKind::Place,
            start: value.start(),
            end: value.end(),
        })
    })
}

/// Parts of an address behind its street, which a code follows, and additions to the number of a house.
const PARTS: &[&str] = &[
    "unit, apt, apartment, flat, suite, ste, room, floor, block, building, bis, ter, whg, wohnung, etage, og, hinterhaus, zimmer, piso, planta, puerta, escalera, esc, apto, andar, bloco, appartement, appt, étage, \
     bâtiment, bât, int, interno, scala, sc, verdieping, bus, m, lok, lokal, mieszkanie, kat, daire, d, no, byt, patro, lantai, lt, rt, rw, blok, tầng, phòng, phường, quận, ap, et, bl, scara, bloc, sector, \
     кв, квартира, оф, офис, корп, к, стр, подъезд, эт, этаж, під'їзд, поверх, оф., д, д., буд, कमरा, मंज़िल, शقة, شقة, طابق",
];

static IS_PART: WordSet = LazyLock::new(|| set(PARTS));

/// Pieces behind a street.
const PIECES: usize = 10;

/// Where an address ends whose street ends at `end`: its flat, the code and name of its town stand behind it.
fn continued(text: &str, end: usize) -> usize {
    let mut all = end;
    let (mut at, mut is_part, mut any) = (end, false, false);
    for _ in 0..PIECES {
        let rest = text.get(at..).unwrap_or_default();
        let gap: usize =
            rest.chars().take(3).take_while(|c| matches!(c, ' ' | ',' | '-' | '/' | '.')).map(char::len_utf8).sum();
        let between = rest.get(..gap).unwrap_or_default();
        if gap == 0 || (between.contains('.') && !is_part) {
            break;
        }
        let piece = rest.get(gap..).unwrap_or_default();
        let is_inner = |c: char| c.is_alphanumeric() || matches!(c, '-' | '\'' | '’') || is_mark(c);
        let length: usize = piece.chars().take(LONGEST_PIECE).take_while(|c| is_inner(*c)).map(char::len_utf8).sum();
        let word = piece.get(..length).unwrap_or_default();
        let low = lowered(word);
        let start = at + gap;
        let behind = piece.get(length..).unwrap_or_default();
        if word.is_empty() || behind.starts_with(['@', '_', ':']) {
            break;
        }
        let has_digit = word.bytes().any(|b| b.is_ascii_digit());
        let is_code = has_digit
            && !is_goods(text, start, start + length)
            && !(is_quantity(&low) && word.ends_with(|c: char| c.is_lowercase()));
        let is_large = word.bytes().filter(u8::is_ascii_digit).count() >= 4;
        let is_word_of_part = IS_PART.contains(low.as_str());
        let is_name = word.starts_with(char::is_uppercase) && !is_ordinary(&low) && !is_common(&low);
        let follows = any || between.contains([',', '-', '/']);
        if (is_code && (is_part || follows || is_large)) || (is_name && follows && !has_digit) {
            (all, any, is_part) = (start + length, true, false);
        } else if is_word_of_part {
            (is_part, any) = (true, any || between.contains('-'));
            if between.contains('-') {
                all = start + length;
            }
        } else {
            break;
        }
        at = start + length;
    }
    all
}

/// Characters of a piece of an address.
const LONGEST_PIECE: usize = 40;

/// Whether what has the form of a street and a town is none of goods: `Model 44, 12345 Stück`.
fn is_town(value: &str) -> bool {
    let mut words = value.rsplit([' ', '-']).map(lowered);
    words.all(|word| !IS_MEASURE.contains(word.as_str()) && !is_ordinary(&word) && !is_unit(&word))
}

/// Bytes before an address in which a name stands.
const BYTES_OF_A_NAME: usize = 80;

/// The name of two words or more that stands right before an address; one ordinary word, and it is none.
fn name_before(text: &str, at: usize) -> Option<Indicator> {
    let mut from = at.saturating_sub(BYTES_OF_A_NAME);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let value = NAME_BEFORE.captures(text.get(from..at)?)?.name("value")?;
    let is_name = value.as_str().split(' ').map(lowered).all(|word| !is_ordinary(&word) && !is_common(&word));
    is_name.then_some(Indicator { kind: IndicatorKind::Name, start: from + value.start(), end: from + value.end() })
}

/// Whether what has the form of a street is a measure of goods: `1/4 Inch Drive`, `Pack of 4 Linen Square`.
fn is_measure(text: &str, start: usize, value: &str) -> bool {
    // `via hdmi 5`: the street of that name begins with a capital.
    if value.strip_prefix("via ").is_some_and(|rest| rest.starts_with(char::is_lowercase)) {
        return true;
    }
    let number = value.trim_start_matches(|c: char| c.is_ascii_digit());
    if number.len() == value.len() {
        return false;
    }
    let unit: String = number.trim_start_matches([' ', ',']).chars().take_while(|c| c.is_alphabetic()).collect();
    let head = text.get(..start).unwrap_or_default();
    let before = lowered(&head.chars().rev().take(BEFORE).collect::<Vec<_>>().into_iter().rev().collect::<String>());
    IS_MEASURE.contains(lowered(&unit).as_str()) || words::ends_with_one(before.trim_end(), &IS_COUNT)
}

static IS_MEASURE: WordSet = LazyLock::new(|| {
    set(&[
        "inch, inches, in, ft, feet, foot, mm, cm, pc, pcs, piece, pieces, pack, packs, set, sets, way, ways, port, pin, pole, speed",
    ])
});
static IS_COUNT: WordSet = LazyLock::new(|| set(&["of, pack, set, x, qty, size, sizes"]));

/// Addresses in a text.
pub(super) fn find(text: &str) -> Vec<Indicator> {
    let mut found = Vec::new();
    let scan = |regex: &Regex, found: &mut Vec<Indicator>| {
        for hit in regex.captures_iter(text).filter_map(|hit| hit.name("value")) {
            if is_measure(text, hit.start(), hit.as_str()) {
                continue;
            }
            found.push(Indicator { kind: IndicatorKind::Place, start: hit.start(), end: continued(text, hit.end()) });
        }
    };
    if text.contains([':', '=']) {
        scan(&PLACED, &mut found);
    }
    if text.bytes().any(|b| b.is_ascii_digit()) {
        for regex in [&*STREET, &*STREET_IN_ONE_WORD, &*STREET_AFTER, &*BOX] {
            scan(regex, &mut found);
        }
        let towns = STREET_AND_TOWN.captures_iter(text).filter_map(|hit| hit.name("value"));
        found.extend(towns.filter(|town| is_town(town.as_str())).map(|town| Indicator {
            kind: IndicatorKind::Place,
            start: town.start(),
            end: town.end(),
        }));
        let names: Vec<Indicator> = found.iter().filter_map(|place| name_before(text, place.start)).collect();
        found.extend(names);
        if !text.is_ascii() {
            scan(&EASTERN, &mut found);
        }
        found.extend(coordinates(text));
    }
    found
}
