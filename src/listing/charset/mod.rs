//! Bytes to text: byte order mark, HTTP header, the HTML standard's prescan, then detection that one bad byte or a cut does
//! not mislead.

mod declared;
mod detect;

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// Text and how it was read.
#[derive(Debug, Clone)]
pub struct Decoded<'a> {
    /// The text.
    pub text: Cow<'a, str>,
    /// Name of the encoding.
    pub encoding: &'static str,
    /// Some bytes did not fit the encoding and were replaced.
    pub had_errors: bool,
}

/// Decodes a page. Never fails.
pub fn decode<'a>(bytes: &'a [u8], content_type: Option<&str>) -> Decoded<'a> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return as_said(encoding, &bytes[mark..]);
    }
    let in_header = content_type.and_then(declared::in_content_type);
    let declared = in_header.or_else(|| declared::in_page(bytes));
    let wide = declared.is_none_or(|encoding| [UTF_8, UTF_16LE, UTF_16BE].contains(&encoding));
    let undeclared = |bytes| declared.is_none().then(|| detect::escaped(bytes)).flatten();
    if wide && let Some(encoding) = detect::wide(bytes).or_else(|| undeclared(bytes)) {
        return as_said(encoding, bytes);
    }
    // Bytes that are valid UTF-8 are UTF-8, whatever a server with one setting for all pages says about ASCII ones.
    if declared.is_none_or(|encoding| encoding == UTF_8)
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        return Decoded { text: Cow::Borrowed(text), encoding: UTF_8.name(), had_errors: false };
    }
    let encoding = match declared {
        None => detect::guess(bytes),
        Some(encoding) if encoding == UTF_8 => {
            if detect::utf8(bytes).is_mostly_right() {
                UTF_8
            } else {
                detect::guess(bytes)
            }
        }
        Some(_) if detect::utf8(bytes).is_no_accident() => UTF_8,
        Some(encoding) => encoding,
    };
    as_said(encoding, bytes)
}

fn as_said<'a>(encoding: &'static Encoding, bytes: &'a [u8]) -> Decoded<'a> {
    let (text, had_errors) = encoding.decode_without_bom_handling(bytes);
    Decoded { text, encoding: encoding.name(), had_errors }
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::{BIG5, EUC_JP, EUC_KR, GBK, ISO_8859_2, SHIFT_JIS, WINDOWS_1251};

    const CHINESE: &str = "实验室清仓 全新玻璃器皿 支持自提和快递";

    #[test]
    fn each_declaration_is_heard_in_its_order() {
        let russian = WINDOWS_1251.encode("Продам тестовые полоски, доставка по городу").0.into_owned();
        for (line, bytes, header, encoding, part) in [
            (line!(), "naïve".as_bytes().to_vec(), None, "UTF-8", "naïve"),
            (line!(), b"\xef\xbb\xbfna\xc3\xafve".to_vec(), Some("text/html; charset=latin1"), "UTF-8", "naïve"),
            (line!(), russian.clone(), Some("text/html; charset=\"windows-1251\""), "windows-1251", "Продам"),
            (
                line!(),
                [b"<meta charset=windows-1251>".to_vec(), russian.clone()].concat(),
                None,
                "windows-1251",
                "Продам",
            ),
            (line!(), russian.clone(), None, "windows-1251", "Продам"),
            (line!(), b"<meta charset='utf-16'>abc".to_vec(), None, "UTF-8", "abc"),
            (line!(), b"\xff\xfea\0b\0".to_vec(), Some("text/html; charset=utf-8"), "UTF-16LE", "ab"),
        ] {
            let decoded = decode(&bytes, header);
            assert_eq!(decoded.encoding, encoding, "line {line}");
            assert!(decoded.text.contains(part), "line {line}");
        }
    }

    #[test]
    fn only_a_meta_element_of_the_page_declares_its_charset() {
        let chinese = GBK.encode(CHINESE).0.into_owned();
        for head in [
            "<script charset=utf-8 src=/a.js></script><meta charset=gbk>",
            "<script>var a = '<meta charset=utf-8>'</script><meta charset=gbk>",
            "<!-- <meta charset=utf-8> --><meta charset=gbk>",
            "<!--><meta charset=gbk>",
            "<link rel=stylesheet charset=utf-8 href=/a.css><meta charset='GB2312'>",
            "<meta name=description content='how to set charset=utf-8'><meta http-equiv=Content-Type content='text/html;charset=gbk'>",
            "<meta http-equiv=refresh content='5; charset=utf-8'><meta charset=gb_2312-80>",
            "<meta content='text/html; charset = \"x-gbk\"' http-equiv='content-type'>",
            "<meta charset=nonsense><meta charset=gbk>",
            "<META CHARSET=CP936>",
            "<?xml version='1.0' encoding='gbk'?><html>",
        ] {
            let page = [head.as_bytes(), b"<h1>", &chinese].concat();
            let decoded = decode(&page, None);
            assert!(decoded.text.ends_with(CHINESE), "{head}: {} {}", decoded.encoding, decoded.text);
        }
        let late = format!("<head><!--{}--><style>{}</style><meta charset=gbk>", "x".repeat(1500), "p{}".repeat(900));
        assert!(decode(&[late.as_bytes(), &chinese].concat(), None).text.ends_with(CHINESE));
    }

    #[test]
    fn one_bad_byte_or_a_cut_changes_no_encoding() {
        let long = CHINESE.repeat(6);
        let russian = "Продаю стеклянную посуду, самовывоз или доставка. ".repeat(4);
        for (encoding, text) in [
            (UTF_8, long.as_str()),
            (UTF_8, &russian),
            (GBK, &long),
            (EUC_KR, &"실험실 유리 기구 판매, 직접 수령 가능합니다 ".repeat(6)),
            (EUC_JP, &"実験用ガラス器具をまとめて販売します、引き取り可 ".repeat(6)),
            (SHIFT_JIS, &"実験用ガラス器具をまとめて販売します、引き取り可 ".repeat(6)),
            (BIG5, &"實驗室玻璃器皿出清,可面交或寄送 ".repeat(6)),
            (WINDOWS_1251, &russian),
            (encoding_rs::ISO_8859_7, &"Πώληση γυάλινων σκευών, παραλαβή ή αποστολή ".repeat(6)),
            (encoding_rs::WINDOWS_874, &"ขายเครื่องแก้วมือสอง รับเองหรือส่งได้ ".repeat(6)),
            (encoding_rs::ISO_2022_JP, &"実験用ガラス器具をまとめて販売します、引き取り可 ".repeat(6)),
        ] {
            let bytes = encoding.encode(text).0.into_owned();
            let page = |inner: &[u8]| [b"<html><title>x</title><h1>", inner, b"</h1><p>", inner].concat();
            let whole = page(&bytes);
            let bad = [&whole[..], b"</p><p>\xff</p><p>a</p>"].concat();
            let cut = whole[..whole.len() - 1].to_vec();
            for (name, page) in [("whole", whole), ("bad", bad), ("cut", cut)] {
                let decoded = decode(&page, None);
                assert!(decoded.text.contains(text), "{} {name}: {}", encoding.name(), decoded.encoding);
            }
        }
    }

    #[test]
    fn text_far_behind_the_head_tells_the_encoding() {
        let text = "Продаю стеклянную посуду, самовывоз или доставка. ".repeat(4);
        let russian = WINDOWS_1251.encode(&text).0.into_owned();
        let page = ["<p>oak chair</p>".repeat(20_000).as_bytes(), b"<h1>", &russian].concat();
        assert!(decode(&page, None).text.ends_with(&text));
    }

    #[test]
    fn a_declaration_that_cannot_be_true_is_not_believed() {
        let chinese = GBK.encode(CHINESE).0.into_owned();
        let labelled = [b"<meta charset=utf-8><h1>", &chinese[..]].concat();
        assert!(decode(&labelled, None).text.ends_with(CHINESE));
        assert!(decode(&labelled, Some("text/html; charset=utf-8")).text.ends_with(CHINESE));
        for header in ["text/html; charset=iso-8859-1", "text/html; charset=gbk"] {
            let decoded = decode(CHINESE.as_bytes(), Some(header));
            assert_eq!((decoded.text.as_ref(), decoded.encoding), (CHINESE, "UTF-8"), "{header}");
        }
        // A switch to Japanese in a page of another encoding hides nothing that follows.
        let switched = b"<h1>Oak chair\x1b$B</h1><p>solid oak, 40 EUR, \x1b$B(pick up)";
        for header in [None, Some("text/html; charset=utf-8"), Some("text/html; charset=latin1")] {
            assert!(decode(switched, header).text.contains("solid oak, 40 EUR"), "{header:?}");
        }
        // What is declared is believed where it can be true.
        let polish = ISO_8859_2.encode("Sprzedam żółtą łódź").0.into_owned();
        assert!(decode(&polish, Some("text/html; charset=iso-8859-2")).text.contains("żółtą łódź"));
        assert_eq!(decode(b"caf\xe9", Some("text/html; charset=latin1")).text, "café");
    }

    #[test]
    fn two_bytes_a_character_without_a_mark() {
        let text = "<html><p>Oak chair, 40 \u{20ac}, \u{751f}\u{7523}";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for (bytes, encoding) in [(little, "UTF-16LE"), (big, "UTF-16BE")] {
            for header in [None, Some("text/html; charset=utf-8"), Some("text/html; charset=utf-16")] {
                let decoded = decode(&bytes, header);
                assert_eq!((decoded.text.as_ref(), decoded.encoding), (text, encoding), "{header:?}");
            }
        }
    }

    #[test]
    fn labels_outside_the_standard_that_shops_write() {
        for (label, encoding) in [
            ("utf8mb4", "UTF-8"),
            ("UTF-8-SIG", "UTF-8"),
            ("cp936", "GBK"),
            ("GB_18030", "gb18030"),
            ("win-1251", "windows-1251"),
            ("cp949", "EUC-KR"),
            ("CP932", "Shift_JIS"),
            ("eucJP-win", "EUC-JP"),
            ("iso8859_2", "ISO-8859-2"),
            (" 'koi8-r' ", "KOI8-R"),
        ] {
            let found = declared::in_content_type(&format!("text/html; charset={label}"));
            assert_eq!(found.map(Encoding::name), Some(encoding), "{label}");
        }
        for header in ["text/html", "text/html; charset=", "text/html; charset=none", "text/html; accept-charsets"] {
            assert_eq!(declared::in_content_type(header), None, "{header}");
        }
    }
}
