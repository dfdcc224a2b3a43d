//! Names of people, known by the word beside them: `Contact person …`, `Western Union to …`.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::{Captures, Match, Regex};

use crate::listing::contacts::fillers::{is_common, is_ordinary};
use crate::listing::contacts::goods;
use crate::listing::contacts::numbers::is_goods;
use crate::listing::contacts::ordinary::TRADE_HAN;
use crate::listing::contacts::shapes::pattern;
use crate::listing::contacts::tokens::{is_unspaced, last_token, lowered};
use crate::listing::contacts::words::{WordSet, all, set};
use crate::listing::contacts::{Indicator, IndicatorKind};

const NAME: &str = r"(?P<value>(?:(?:Mr|Mrs|Ms|Miss|Dr|Herr|Frau|Sr|Sra|Mme)\.?\s)?\p{Lu}(?:\.|[\p{L}'’-]*)(?:[ \t]+(?:(?:van|von|de|der|den|del|la|bin|al|da|dos)[ \t]+){0,2}\p{Lu}(?:\.|[\p{L}'’-]*)){0,3}|[\p{Han}·]{2,5}|\p{Hangul}{2,4}|[\p{Hiragana}\p{Katakana}\p{Han}]{2,8}|[\p{Arabic}]{2,}(?: [\p{Arabic}]{2,}){0,2}|[\p{Hebrew}]{2,}(?: [\p{Hebrew}]{2,}){0,2}|[\p{Devanagari}]{2,}(?: [\p{Devanagari}]{2,}){0,2}|[\p{Thai}]{3,30})";

/// Before a word. `\b` says the same, and takes ten times as long in a text that is not ASCII.
const EDGE: &str = r"(?:^|[^\p{L}\p{N}_])";

/// Words a name follows, whatever comes between: who is to be asked for, and who says so of himself. The languages of the
/// listings that are read: English, German, Spanish, Portuguese, French, Italian, Dutch, Polish, Turkish, Czech, Romanian,
/// Indonesian, Vietnamese, Russian, Ukrainian.
const NAMED_WORDS: &[&str] = &[
    r"contact person|contact name|person in charge|attn|ask for|speak to|talk with|talk to|speak with|sales (?:manager|rep|representative)|account manager|manager|my name is|name is|i am called|call me",
    r"kontaktperson|ansprechpartner(?:in)?|ich hei(?:ß|ss)e|mein name ist|verlangen sie",
    r"persona de contacto|pregunt(?:ar|e) por|me llamo|mi nombre es|pessoa de contato|pessoa de contacto|falar com|fale com|meu nome é|me chamo",
    r"personne (?:à|a) contacter|demande[rz]|je m'appelle|mon nom est|persona di contatto|chiedere di|referente|mi chiamo|il mio nome è",
    r"contactpersoon|vraag naar|mijn naam is|ik heet|osoba kontaktowa|proszę pytać o|nazywam się|mam na imię|yetkili(?: kişi)?|ilgili kişi|benim adım|adım",
    r"kontaktní osoba|jmenuji se|persoană de contact|persoana de contact|mă numesc|numele meu este|narahubung|nama saya|người liên hệ|tên tôi là|gặp anh|gặp chị",
    r"контактное лицо|спросить|спрашивать|менеджер|обращаться к|меня зовут|контактна особа|мене звати|звертатися до|запитати",
    r"recipient|receiver(?: name)?|beneficiary|payee|account holder|account name|in the name of|made out to|kontoinhaber|empfänger|inhaber|titular|a nombre de|beneficiario",
    r"em nome de|bénéficiaire|au nom de|titulaire|intestato a|op naam van|begunstigde|получатель|на имя|одержувач|на ім'я|odbiorca|alıcı|hesap sahibi|příjemce|majitel účtu|beneficiar|titular cont|penerima|atas nama|a/n|người nhận|chủ tài khoản",
];

/// Closings of a letter: the name of who wrote it follows.
const CLOSINGS: &str = r"(?:best |kind |warm )?regards|sincerely(?: yours)?|yours (?:truly|faithfully)|signed|mit freundlichen grüßen|viele grüße|mfg|saludos|atentamente|atenciosamente|abraços|cordialement|bien à vous|cordiali saluti|distinti saluti|met vriendelijke groet|pozdrawiam|z poważaniem|saygılarımla|с уважением|з повагою|hormat kami|trân trọng|cu stimă|s pozdravem";

/// Words a name follows in scripts whose words are not parted, or that stand before it without a sign.
const NAMED_UNPARTED: &str = r"联系人|聯絡人|联络人|連絡人|負責人|负责人|找|担当者|担当|담당자|예금주|대표자|收款人|户名|戶名|姓名|开户名|受益人|名義人|受取人|我叫|我是|私は|제 이름은|اسمي|الشخص المسؤول|مسؤول المبيعات|المستلم|باسم|صاحب الحساب|نام من|گیرنده|به نام|שמי|איש קשר|על שם|मेरा नाम|संपर्क व्यक्ति|खाताधारक|ผู้ติดต่อ|ชื่อบัญชี|ชื่อ";

/// A name after a word that says so.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    let words = NAMED_WORDS.join("|");
    pattern(&format!(
        r"(?:{EDGE}(?i:{words})[\s:=\-–—>.]{{1,4}}|{EDGE}(?i:{CLOSINGS})[\s,:\-–—]{{1,4}}|(?:{NAMED_UNPARTED})[\s:=\-–—>.]{{0,4}})(?:(?i:is|ist|es|est|:|为|為|是)\s?)?{NAME}"
    ))
});

/// A name of two words or more after one that others follow as well: `ask …`, `this is … speaking`.
static NAMED_IN_FULL: LazyLock<Regex> = LazyLock::new(|| {
    let full = r"(?P<value>\p{Lu}\p{Ll}[\p{L}'’-]*(?:[ \t]+\p{Lu}\p{Ll}[\p{L}'’-]*){1,2})";
    pattern(&format!(
        r"{EDGE}(?:(?i:ask|money goes to|pay to|payable to|payment to|transfer to|zahlbar an|zahlung an|zahlen an|pago a|paiement à|pagamento (?:a|para)|betaling aan|betalen aan|płatność dla|à l'ordre de|a favor de)[\s:]{{1,2}}{full}|(?:contact|(?i:this is|please contact|i am|i'm|hier ist|soy|sono|je suis|ik ben))\s{})",
        r"(?P<east>\p{Lu}\p{Ll}[\p{L}'’-]*(?:[ \t]+\p{Lu}\p{Ll}[\p{L}'’-]*){1,2})(?:[.,!]| from | speaking| here| for | via | on | at | aus | de | von |$)"
    ))
});

/// A name that a sign stands before, whatever its case: `contact person: wang xiaoming`.
static NAMED_LOW: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:^|[^\p{L}\p{N}_])(?:contact|contact person|contact name|name|recipient|receiver(?: name)?|beneficiary|payee|account holder|account name|ansprechpartner(?:in)?|kontaktperson|contactpersoon|persona di contatto|pessoa de contato|kontaktní osoba|persoană de contact|personne à contacter|empfänger|kontoinhaber|persona de contacto|beneficiario|titular|nombre|nom|bénéficiaire|контактное лицо|контактна особа|получатель|одержувач|имя|ім'я|фио|osoba kontaktowa|odbiorca|ad soyad|yetkili|jméno|příjemce|nume|beneficiar|nama|penerima|họ tên|người nhận)\s?[:=]\s?(?P<value>[\p{L}'’]+(?:[ \t]+[\p{L}'’]+){0,2})",
    )
});

/// A name that money is sent to.
static PAID_TO: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"(?:{EDGE}(?i:western union|westernunion|w\.?u\.?|money ?gram|ria(?: money)?|money ?transfer|remitly|worldremit|bank transfer|wire(?: transfer)?|paypal|zelle|venmo|interac|e-?transfer|überweisung|virement|transferencia|transferência|bonifico|перевод|переказ|вестерн юнион)[\s:,\-–—>(]{{1,4}}|(?:西联|西聯汇款|速汇金|汇款)[\s:,\-–—>(]{{0,4}})(?P<to>(?i:to|for|an|für|on|a|al|à|au|para|per|do|ke|cho|na|in favour of|in favor of|name|recipient|receiver|на|给|給)[\s:]{{1,3}}|给|給)?{NAME}"
    ))
});

/// The same in lower case, where a word says that a name follows.
static PAID_TO_LOW: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:^|[^\p{L}\p{N}_])(?:(?:western union|westernunion|money ?gram|ria money|remitly|zelle|venmo|interac|e-?transfer|revolut|wu)[\s:,-]{1,3}(?:to|name|recipient|receiver|payee|an|a nombre de|для|на имя)|money goes to|payable to)[\s:]{1,3}(?P<value>[\p{L}'’]+(?:[ \t]+[\p{L}'’]+)?)",
    )
});

/// A name after a title.
static TITLED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:^|[^\p{L}\p{N}_])(?:Mr|Mrs|Ms|Miss|Mister|Madam|Herr|Frau|Señora?|Señor|Sra?|Mme|Mlle|Monsieur|Madame|Dr|Signora?|Dhr|Mevr)\.?\s+(?P<value>\p{Lu}[\p{L}'’-]+(?:[ \t]+\p{Lu}[\p{L}'’-]+){0,2})|(?P<east>\p{Han}{1,3})(?:先生|小姐|女士|经理|經理|总|さん)|(?:^|[^\p{L}\p{N}_])(?P<turned>\p{Lu}\p{L}+)\s(?:xiansheng|xiaojie)(?:[^\p{L}\p{N}_]|$)",
    )
});

pub(super) fn find(text: &str) -> Vec<Indicator> {
    let mut found = Vec::new();
    for (regex, sent) in [
        (&*NAMED, false),
        (&*NAMED_LOW, false),
        (&*PAID_TO, true),
        (&*PAID_TO_LOW, false),
        (&*NAMED_IN_FULL, false),
        (&*TITLED, false),
    ] {
        for hit in regex.captures_iter(text) {
            let value = hit.name("value").or_else(|| hit.name("east")).or_else(|| hit.name("turned"));
            let Some(value) = value else { continue };
            let length = match value.as_str() {
                // `Zelle B12`: a letter with figures behind it is none.
                _ if text.get(value.end()..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) => 0,
                name if is_trade(name) || (sent && !is_recipient(&hit, value)) => 0,
                name if sent && words_of(name).next().is_some_and(|(_, word)| is_common(&lowered(word))) => 0,
                _ if is_of_goods(text, &hit, value) => 0,
                name if std::ptr::eq(regex, &raw const *NAMED_IN_FULL) => full_name_length(name),
                name => name_length(name),
            };
            if length > 0 {
                found.push(Indicator { kind: IndicatorKind::Name, start: value.start(), end: value.start() + length });
            }
        }
    }
    found
}

/// Whether what a pattern took for a name is of goods: `Product name: …`, `signed first edition`, `Dr Martens 1460`,
/// `找平砂浆`.
fn is_of_goods(text: &str, hit: &Captures<'_>, value: Match<'_>) -> bool {
    let Some(all) = hit.get(0) else { return false };
    let (head, label) = (text.get(..all.start()), text.get(all.start()..value.start()));
    let (Some(head), Some(label)) = (head, label) else { return false };
    let tail = text.get(value.end()..).unwrap_or_default();
    let is_signed = label.contains([':', '=', '-', '–', '—', '>', ',', '\n']);
    let small = lowered(label);
    let word = small.trim_matches(|c: char| !c.is_alphanumeric());
    // The edge before a label is part of it.
    if goods::is_name_of_goods(text.get(..value.start() - label.trim_start().len()).unwrap_or(head), label, tail) {
        return true;
    }
    let first = lowered(words_of(value.as_str()).next().map_or("", |(_, word)| word));
    if value.as_str().starts_with(char::is_lowercase) && goods::is_thing(&first) {
        return true;
    }
    // A thing that somebody signed.
    if word == "signed" && !is_signed {
        return true;
    }
    // More capitals than a name has are a title.
    if IS_NOUN.contains(word)
        && !label.contains([':', '=', '>'])
        && words_of(value.as_str()).count() >= WORDS_OF_A_TITLE
    {
        return true;
    }
    // Makers call themselves doctors at the head of a title; of a doctor who is to be asked, a sentence speaks.
    if word == "dr" {
        return !speaks_of_somebody(text, value.start() - label.trim_start().len());
    }
    // `Miss Dior EDP 50 ml`, at the head of a title.
    let measure =
        tail.strip_prefix(' ').map(|rest| rest.chars().take_while(|c| c.is_ascii_digit() || matches!(c, '.' | ',')));
    let digits = measure.map_or(0, Iterator::count);
    let is_head = || !speaks_of_somebody(text, value.start() - label.trim_start().len());
    if digits > 0 && IS_TITLE.contains(word) && is_goods(text, value.end() + 1, value.end() + 1 + digits) && is_head() {
        return true;
    }
    // These words are pieces of others where nothing parts them from what follows.
    NAMED_BY_PIECES.contains(&label)
        && value.as_str().chars().all(is_unspaced)
        && !goods::begins_with_surname(value.as_str())
}

/// Words for who receives that are nouns of goods too.
static IS_NOUN: WordSet = LazyLock::new(|| {
    set(&[
        "manager, account manager, recipient, receiver, beneficiary, payee, inhaber, empfänger, titular, referente, beneficiario, titulaire, менеджер, получатель",
    ])
});

static IS_TITLE: WordSet = LazyLock::new(|| {
    set(&[
        "mr, mrs, ms, miss, mister, madam, madame, monsieur, mme, mlle, herr, frau, señor, señora, sr, sra, signor, signora, dhr, mevr",
    ])
});

/// Words of a title, all of which are written in capitals.
const WORDS_OF_A_TITLE: usize = 4;

/// Words before a name that are pieces of longer words where a name follows right behind.
const NAMED_BY_PIECES: [&str; 11] =
    ["找", "我叫", "我是", "私は", "担当者", "負責人", "负责人", "姓名", "名義人", "担当", "受取人"];

/// Whether what ends at `at` is a sentence about somebody: a word in small letters, a word of trade or a sign stands before.
fn speaks_of_somebody(text: &str, at: usize) -> bool {
    let head = text.get(..at).unwrap_or_default().trim_end_matches([' ', '\t']);
    if head.ends_with([':', '(', '=', '>', '→']) {
        return true;
    }
    // Another title.
    let title = head.trim_end_matches('.').rsplit(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    if ["prof", "mr", "mrs", "ms", "herr", "frau", "pan", "pani", "sr", "sra"].contains(&lowered(title).as_str()) {
        return true;
    }
    last_token(text, at).is_some_and(|(token, _)| {
        let word = text.get(token.start..token.end).unwrap_or_default();
        let has_digits = word.contains(|c: char| c.is_ascii_digit());
        !has_digits && (word.starts_with(char::is_lowercase) || is_ordinary(&lowered(word)))
    })
}

/// Whether what follows a way to send money is to whom it goes. Scripts without capitals do not show where a name begins:
/// there a word or a sign must say so (`西联给李美华`, not `西联汇款`); so must it behind means of payment other than those that
/// pay out to a name (`Western Union Anna Bell`, but `PayPal Invoice Template`).
fn is_recipient(hit: &Captures<'_>, value: Match<'_>) -> bool {
    let before = hit.get(0).and_then(|all| all.as_str().get(..value.start() - all.start())).unwrap_or_default();
    let small = lowered(before);
    let pays_to_a_name = ["western", "вестерн", "gram", "wu", "w.u"].iter().any(|word| small.contains(word));
    hit.name("to").is_some()
        || before.contains([':', '(', '>'])
        || (value.as_str().starts_with(char::is_uppercase) && (pays_to_a_name || before.contains(['-', '–', '—'])))
}

/// Whether a word in Han script speaks of payment or trade.
fn is_trade(value: &str) -> bool {
    !value.is_ascii() && OF_TRADE.is_match(value)
}

static OF_TRADE: LazyLock<AhoCorasick> =
    LazyLock::new(|| AhoCorasick::new(all(TRADE_HAN)).expect("a few dozen words make an automaton"));

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

/// The same of a name of two words or more; one word of trade, and it is none.
fn full_name_length(value: &str) -> usize {
    let lower = lowered(value);
    let is_name =
        words_of(&lower).count() >= 2 && words_of(&lower).all(|(_, word)| !is_ordinary(word) && !is_common(word));
    if is_name { value.len() } else { 0 }
}

/// Words with the bytes they begin at.
fn words_of(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split(char::is_whitespace).scan(0, |at, word| {
        let start = *at;
        *at += word.len() + 1;
        Some((start, word))
    })
}
