//! Names of attributes that hold a contact.

use crate::listing::contacts::IndicatorKind;
use crate::listing::contacts::leads::Lead;
use crate::listing::contacts::messengers::{AMBIGUOUS, MESSENGERS, NOUNS, SHORT};
use crate::listing::contacts::tokens::{is_unspaced, lowered};
use crate::listing::contacts::words::{PAYMENT_NOUNS, PAYMENTS, PHONES, all};

/// Names of attributes that say who sells, or where, as the fields of shops and directories are called.
const HOLDERS: &[&str] = &[
    "contact, seller, vendor, supplier, manufacturer, company, company name, store, shop, owner, author, person, manager, brand owner, name, sold by, posted by, advertiser, address, location address, website, url, web, link, 联系, 卖家, 公司, 店铺, 地址, 网址, продавец, поставщик, контакт, адрес, сайт, verkäufer, anbieter, hersteller, vendedor, proveedor, vendeur, fournisseur, venditore, verkoper, sprzedawca, satıcı, البائع",
    "kontaktperson, ansprechpartner, persona de contacto, pessoa de contato, contactpersoon, osoba kontaktowa, kontaktní osoba, persoană de contact, kontak, người liên hệ, địa chỉ, adresse, anschrift, dirección, endereço, indirizzo, adres, adresa, alamat, nom, nombre, nome, imię",
    "контактное лицо, контактна особа, имя, продавець, постачальник, адреса, поставщика, 姓名, 负责人, 商家, 担当者, 会社, 판매자, 담당자, 주소, اسم, العنوان, المورد, نام, فروشنده, विक्रेता, पता, ผู้ขาย, ที่อยู่",
];

/// What an attribute of this name holds, where the name says that it is a contact.
pub(super) fn kind_of_attribute(name: &str) -> Option<IndicatorKind> {
    let lower = lowered(name);
    let name = lower.trim().trim_end_matches([':', '.', '#']).trim();
    let led = [
        (MESSENGERS, Lead::Messenger),
        (PHONES, Lead::Phone),
        (SHORT, Lead::Short),
        (AMBIGUOUS, Lead::Ambiguous),
        (NOUNS, Lead::Noun),
        (PAYMENTS, Lead::Payment),
        (PAYMENT_NOUNS, Lead::PaymentNoun),
    ]
    .into_iter()
    .find(|(list, _)| all(list).any(|word| name == word || starts_with_word(name, word)))
    .map(|(_, lead)| lead.kind());
    led.or_else(|| {
        all(HOLDERS).any(|word| name == word || starts_with_word(name, word)).then_some(IndicatorKind::Unknown)
    })
}

/// Whether `text` begins with `word` and ends it there.
fn starts_with_word(text: &str, word: &str) -> bool {
    text.strip_prefix(word).is_some_and(|rest| {
        rest.chars().next().is_none_or(|next| !next.is_alphanumeric())
            || word.chars().next_back().is_some_and(is_unspaced)
    })
}
