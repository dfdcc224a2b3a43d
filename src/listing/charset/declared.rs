//! What the header and the page say of their charset.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};

use crate::listing::entities;
use crate::listing::tags::{self, tag_of};
use crate::listing::tokenizer::{Token, Tokenizer, attributes};

/// Bytes looked through for a declaration. The standard asks for 1,024; browsers go on until the head ends.
const HEAD_BYTES: usize = 16 << 10;

/// Labels that the standard does not know and pages carry, without hyphens.
const LABELS: [(&str, &Encoding); 17] = [
    ("utf8mb4", UTF_8),
    ("utf8mb3", UTF_8),
    ("utf8sig", UTF_8),
    ("utf8bom", UTF_8),
    ("cp936", encoding_rs::GBK),
    ("ms936", encoding_rs::GBK),
    ("gb231280", encoding_rs::GBK),
    ("gb18030", encoding_rs::GB18030),
    ("cp950", encoding_rs::BIG5),
    ("cp949", encoding_rs::EUC_KR),
    ("uhc", encoding_rs::EUC_KR),
    ("cp932", encoding_rs::SHIFT_JIS),
    ("sjiswin", encoding_rs::SHIFT_JIS),
    ("eucjpwin", encoding_rs::EUC_JP),
    ("win1251", encoding_rs::WINDOWS_1251),
    ("windows1251", encoding_rs::WINDOWS_1251),
    ("win1252", WINDOWS_1252),
];

/// The charset of a `Content-Type`.
pub(super) fn in_content_type(header: &str) -> Option<&'static Encoding> {
    let mut from = 0;
    let lower = header.to_ascii_lowercase();
    // The standard's extraction: the first `charset` with an equals sign after it.
    while let Some(at) = lower[from..].find("charset") {
        from += at + "charset".len();
        if let Some(value) = header[from..].trim_start().strip_prefix('=') {
            return label(value);
        }
    }
    None
}

/// What the page itself declares: the first `<meta>` of its head with a charset, or the XML declaration. Comments, scripts
/// and other elements declare nothing.
pub(super) fn in_page(bytes: &[u8]) -> Option<&'static Encoding> {
    // Only ASCII matters here, and every byte is some character of windows-1252.
    let (head, _) = WINDOWS_1252.decode_without_bom_handling(&bytes[..bytes.len().min(HEAD_BYTES)]);
    let in_markup = || {
        for token in Tokenizer::new(&head) {
            let Token::Start { name, attributes } = token else { continue };
            match tag_of(name) {
                tags::META => match in_meta(attributes) {
                    None => {}
                    // A page that could be read this far is not UTF-16, whatever it says.
                    Some(wide) if wide == UTF_16LE || wide == UTF_16BE => return Some(UTF_8),
                    Some(found) if found == X_USER_DEFINED => return Some(WINDOWS_1252),
                    Some(found) => return Some(found),
                },
                tags::BODY => break,
                _ => {}
            }
        }
        None
    };
    in_markup().or_else(|| in_xml_declaration(&head))
}

fn in_meta(inside: &str) -> Option<&'static Encoding> {
    let (mut charset, mut content, mut is_pragma, mut says_other) = (None, None, false, false);
    for (name, value) in attributes(inside) {
        let value = entities::decode(value, true);
        if name.eq_ignore_ascii_case("charset") {
            charset = charset.or_else(|| label(&value));
        } else if name.eq_ignore_ascii_case("content") {
            content = content.or_else(|| in_content_type(&value));
        } else if name.eq_ignore_ascii_case("http-equiv") {
            is_pragma = value.trim().eq_ignore_ascii_case("content-type");
            says_other = !is_pragma;
        } else if name.eq_ignore_ascii_case("name") || name.eq_ignore_ascii_case("property") {
            says_other = true;
        }
    }
    // `content` counts where the element says that it stands for a header, or misspells that.
    charset.or(content.filter(|_| is_pragma || !says_other))
}

fn in_xml_declaration(head: &str) -> Option<&'static Encoding> {
    let declaration = head.trim_start().strip_prefix("<?xml")?;
    let declaration = &declaration[..declaration.find('>')?];
    let after = declaration[declaration.find("encoding")? + "encoding".len()..].trim_start();
    label(after.strip_prefix('=')?)
}

/// An encoding by its label, with whatever quotes and white space stand around it.
fn label(value: &str) -> Option<&'static Encoding> {
    let value = value.trim_start().trim_start_matches(['"', '\'']).trim_start();
    let end = value
        .find(|c: char| matches!(c, '"' | '\'' | ';' | '>' | '/' | ',') || c.is_whitespace())
        .unwrap_or(value.len());
    let value = &value[..end];
    Encoding::for_label(value.as_bytes()).or_else(|| {
        let bare: String = value.chars().filter(|c| !matches!(c, '-' | '_')).collect::<String>().to_ascii_lowercase();
        let known = LABELS.iter().find(|(label, _)| *label == bare).map(|(_, encoding)| *encoding);
        known
            .or_else(|| Encoding::for_label(value.replace('_', "-").as_bytes()))
            .or_else(|| Encoding::for_label(bare.replace("iso8859", "iso-8859-").as_bytes()))
    })
}
