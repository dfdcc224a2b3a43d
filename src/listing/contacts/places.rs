//! Addresses of places: behind a word that says so, and by the words of streets.
//!
//! The words of streets are those of each country's postal addresses as the Universal Postal Union describes them.

use std::sync::LazyLock;

use regex::Regex;

use crate::listing::contacts::shapes::pattern;
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
    EASTERN = r"(?P<value>(?:\p{Han}{2,8}(?:省|市|区|區|县|縣|镇|鎮|州))*\p{Han}{1,8}(?:路|街|大道|巷|弄|胡同|段)[0-9一二三四五六七八九十百]{1,6}(?:号|號|弄)(?:[\p{Han}0-9A-Za-z-]{0,12}(?:楼|樓|室|栋|幢|层|座|单元))?|[\p{Han}\p{Katakana}\p{Hiragana}]{1,12}[0-9]{1,3}丁目[0-9]{1,3}(?:番地?|-)[0-9]{0,4}号?|(?:\p{Hangul}{1,6}(?:시|도|구|군|동|읍|면)\s){1,3}\p{Hangul}{1,10}(?:로|길|동)\s?\d{1,4}(?:번길|번지|-\d{1,4})?)";
    BOX = r"(?i)(?:^|[^\p{L}\p{N}_])(?:p\.?\s?o\.?\s?box|postfach|apartado(?: de correos)?|caixa postal|boîte postale|casella postale|postbus|skrytka pocztowa|posta kutusu|poštovní přihrádka|căsuța poștală|а/я|абонентский ящик|абонентська скринька|hộp thư|kotak pos|صندوق بريد|信箱|私書箱|사서함)\s?(?:no\.?|nr\.?|[:#№])?\s?(?P<value>\d{2,8})";
}

/// Addresses in a text.
pub(super) fn find(text: &str) -> Vec<Indicator> {
    let mut found = Vec::new();
    let mut scan = |regex: &Regex| {
        for hit in regex.captures_iter(text).filter_map(|hit| hit.name("value")) {
            found.push(Indicator { kind: IndicatorKind::Place, start: hit.start(), end: hit.end() });
        }
    };
    if text.contains([':', '=']) {
        scan(&PLACED);
    }
    if text.bytes().any(|b| b.is_ascii_digit()) {
        for regex in [&*STREET, &*STREET_IN_ONE_WORD, &*STREET_AFTER, &*BOX] {
            scan(regex);
        }
        if !text.is_ascii() {
            scan(&EASTERN);
        }
    }
    found
}
