//! Names of people and places, known by the word beside them: `Contact person …`, `Western Union to …`, `Address: …`.

use std::sync::LazyLock;

use regex::{Captures, Match, Regex};

use crate::listing::contacts::led::{is_ordinary, lowered};
use crate::listing::contacts::shapes::pattern;
use crate::listing::contacts::words::{TRADE_HAN, each};
use crate::listing::contacts::{Indicator, IndicatorKind};

const NAME: &str = r"(?P<value>(?:(?:Mr|Mrs|Ms|Miss|Dr|Herr|Frau|Sr|Sra|Mme)\.?\s)?\p{Lu}(?:\.|[\p{L}'’-]*)(?:[ \t]+(?:(?:van|von|de|der|den|del|la|bin|al|da|dos)[ \t]+){0,2}\p{Lu}(?:\.|[\p{L}'’-]*)){0,3}|[\p{Han}·]{2,5}|\p{Hangul}{2,4}|[\p{Hiragana}\p{Katakana}\p{Han}]{2,8}|[\p{Arabic}]{2,}(?: [\p{Arabic}]{2,}){0,2}|[\p{Hebrew}]{2,}(?: [\p{Hebrew}]{2,}){0,2}|[\p{Devanagari}]{2,}(?: [\p{Devanagari}]{2,}){0,2}|[\p{Thai}]{3,30})";

/// Before a word. `\b` says the same, and takes ten times as long in a text that is not ASCII.
const EDGE: &str = r"(?:^|[^\p{L}\p{N}_])";

/// A name after a word that says so.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"(?:{EDGE}(?i:contact person|contact name|person in charge|kontaktperson|ansprechpartner(?:in)?|attn|ask for|speak to|sales (?:manager|rep|representative)|account manager|manager|persona de contacto|pregunt(?:ar|e) por|pessoa de contato|falar com|personne (?:à|a) contacter|demande[rz]|persona di contatto|chiedere di|referente|contactpersoon|vraag naar|osoba kontaktowa|yetkili(?: kişi)?|ilgili kişi|контактное лицо|спросить|менеджер|обращаться к|my name is|name is|i am called|call me|ich hei(?:ß|ss)e|mein name ist|me llamo|mi nombre es|je m'appelle|mon nom est|meu nome é|me chamo|mi chiamo|mijn naam is|ik heet|меня зовут|nazywam się|mam na imię|benim adım|adım|recipient|receiver(?: name)?|beneficiary|payee|account holder|account name|in the name of|made out to|kontoinhaber|empfänger|inhaber|titular|a nombre de|beneficiario|em nome de|bénéficiaire|au nom de|titulaire|intestato a|op naam van|begunstigde|получатель|на имя|odbiorca|alıcı|hesap sahibi)[\s:=\-–—>.]{{1,4}}|(?:联系人|聯絡人|联络人|連絡人|負責人|负责人|担当者|担当|담당자|예금주|收款人|户名|戶名|姓名|受益人|数取人|我叫|我是|私は|제 이름은|اسمي|الشخص المسؤول|المستلم|باسم|שמי|איש קשר|मेरा नाम|ผู้ติดต่อ|ชื่อ)[\s:=\-–—>.]{{0,4}})(?:(?i:is|ist|es|est|:)\s)?{NAME}"
    ))
});

/// A name that a sign stands before, whatever its case: `contact person: wang xiaoming`.
static NAMED_LOW: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:^|[^\p{L}\p{N}_])(?:contact|contact person|contact name|name|recipient|receiver(?: name)?|beneficiary|payee|account holder|account name|ansprechpartner(?:in)?|kontaktperson|empfänger|kontoinhaber|persona de contacto|beneficiario|titular|nombre|nom|bénéficiaire|контактное лицо|получатель|имя|фио|osoba kontaktowa|odbiorca|ad soyad|yetkili)\s?[:=]\s?(?P<value>[\p{L}'’]+(?:[ \t]+[\p{L}'’]+){0,2})",
    )
});

/// A name that money is sent to.
static PAID_TO: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"(?:{EDGE}(?i:western union|westernunion|w\.?u\.?|money ?gram|ria(?: money)?|money ?transfer|remitly|worldremit|bank transfer|wire(?: transfer)?|paypal|zelle|venmo|überweisung|virement|transferencia|transferência|bonifico|перевод|вестерн юнион)[\s:,\-–—>(]{{1,4}}|(?:西联|西聯汇款|速汇金|汇款)[\s:,\-–—>(]{{0,4}})(?P<to>(?i:to|for|an|für|on|a|al|à|au|para|per|in favour of|in favor of|name|recipient|receiver|на|给|給)[\s:]{{1,3}}|给|給)?{NAME}"
    ))
});

/// The same in lower case, where a word says that a name follows.
static PAID_TO_LOW: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:^|[^\p{L}\p{N}_])(?:western union|westernunion|money ?gram|ria money|remitly|zelle|wu)[\s:,-]{1,3}(?:to|name|recipient|receiver|payee|an|a nombre de|для|на имя)[\s:]{1,3}(?P<value>[\p{L}'’]+(?:[ \t]+[\p{L}'’]+)?)",
    )
});

/// A name after a title.
static TITLED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:^|[^\p{L}\p{N}_])(?:Mr|Mrs|Ms|Miss|Mister|Madam|Herr|Frau|Señora?|Señor|Sra?|Mme|Mlle|Monsieur|Madame|Dr|Signora?|Dhr|Mevr)\.?\s+(?P<value>\p{Lu}[\p{L}'’-]+(?:[ \t]+\p{Lu}[\p{L}'’-]+){0,2})|(?P<east>\p{Han}{1,3})(?:先生|小姐|女士|经理|經理|总|さん)|(?:^|[^\p{L}\p{N}_])(?P<turned>\p{Lu}\p{L}+)\s(?:xiansheng|xiaojie)(?:[^\p{L}\p{N}_]|$)",
    )
});

/// An address of a place, to the end of its line.
static PLACED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:(?:^|[^\p{L}\p{N}_])(?:address|adresse|anschrift|dirección|direccion|endereço|indirizzo|adres|адрес|địa chỉ)|地址|住所|주소|العنوان|כתובת|पता|ที่อยู่)\s?[:=]\s?(?P<value>[^\n;|]{3,160})",
    )
});

/// A street with its number.
static STREET: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:^|[^\p{L}\p{N}_])(?P<value>\d{1,5}[a-zA-Z]?,?\s(?:\p{Lu}[\p{L}'.-]+\s){1,3}(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Boulevard|Blvd|Square|Court|Close|Way)|\p{Lu}[\p{L}-]*(?:straße|strasse|str\.|gasse|weg|allee|platz|straat|laan|gracht)\s\d{1,4}[a-z]?|(?:[Rr]ue|[Cc]alle|[Aa]venida|[Rr]ua|[Vv]ia|[Uu]lica|ul\.|ул\.|улица)\s\p{Lu}?[\p{L}'.-]+(?: [\p{L}'.-]+){0,3},?\s\d{1,4})(?:[^\p{L}\p{N}_]|$)",
    )
});

pub(super) fn find(text: &str) -> Vec<Indicator> {
    let mut found = Vec::new();
    for (regex, kind, sent) in [
        (&*NAMED, IndicatorKind::Name, false),
        (&*NAMED_LOW, IndicatorKind::Name, false),
        (&*PAID_TO, IndicatorKind::Name, true),
        (&*PAID_TO_LOW, IndicatorKind::Name, false),
        (&*TITLED, IndicatorKind::Name, false),
        (&*PLACED, IndicatorKind::Place, false),
        (&*STREET, IndicatorKind::Place, false),
    ] {
        for hit in regex.captures_iter(text) {
            let value = hit.name("value").or_else(|| hit.name("east")).or_else(|| hit.name("turned"));
            let Some(value) = value else { continue };
            let length = match kind {
                IndicatorKind::Name if is_trade(value.as_str()) || (sent && !is_recipient(&hit, value)) => 0,
                IndicatorKind::Name => name_length(value.as_str()),
                _ => value.as_str().len(),
            };
            if length > 0 {
                found.push(Indicator { kind, start: value.start(), end: value.start() + length });
            }
        }
    }
    found
}

/// Whether what follows a way to send money is to whom it goes. Scripts without capitals do not show where a name begins:
/// there a word or a sign must say so (`西联给李美华`, not `西联汇款`).
fn is_recipient(hit: &Captures<'_>, value: Match<'_>) -> bool {
    let before = hit.get(0).and_then(|all| all.as_str().get(..value.start() - all.start())).unwrap_or_default();
    value.as_str().chars().next().is_some_and(char::is_uppercase)
        || hit.name("to").is_some()
        || before.contains([':', '(', '>'])
}

/// Whether a word in Han script speaks of payment or trade.
fn is_trade(value: &str) -> bool {
    each(TRADE_HAN).any(|word| value.contains(word))
}

/// How much of what a pattern took for a name is one: it ends before the first ordinary word or means of payment.
fn name_length(value: &str) -> usize {
    let lower = lowered(value);
    let mut length = 0;
    for (start, word) in words_of(&lower) {
        if is_ordinary(word) {
            break;
        }
        length = start + word.len();
    }
    length
}

/// Words with the bytes they begin at.
fn words_of(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split(char::is_whitespace).scan(0, |at, word| {
        let start = *at;
        *at += word.len() + 1;
        Some((start, word))
    })
}
