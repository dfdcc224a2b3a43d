use super::*;
use proptest::prelude::*;

#[test]
fn disguises_fold_to_the_plain_name() {
    for text in [
        "Metonitazene",
        "METONITAZENE",
        "Меtоnіtаzene",
        "meto\u{200b}nita\u{ad}zene",
        "ｍｅｔｏｎｉｔａｚｅｎｅ",
        "m\u{301}etoni\u{308}tazene",
        "𝐦𝐞𝐭𝐨𝐧𝐢𝐭𝐚𝐳𝐞𝐧𝐞",
        "mεtonitazene",
        "m&#101;t&shy;onit&#x61;zene",
    ] {
        assert_eq!(fold(text), "metonitazene", "{text}");
    }
    assert_eq!(fold("MDMB-4en–PINACA"), "mdmb 4en pinaca");
    assert_eq!(fold("α-PVP"), fold("a-PVP"));
    assert_eq!(fold("對氟芬太尼"), fold("对氟芬太尼"));
}

#[test]
fn spans_are_what_the_seller_wrote() {
    let source = "neu: Мето\u{200b}ни 10 g";
    let folded = Folded::of(source);
    let start = folded.text.find("meto").unwrap_or_else(|| folded.text.find('м').unwrap_or(5));
    let (from, to) = folded.span(start, start + 4);
    let cut: String = source.chars().skip(from).take(to - from).collect();
    assert!(cut.starts_with('М'), "{cut}");
}

#[test]
fn the_first_pass_folds_alike_and_entities_are_cut_whole() {
    for source in [
        "fent&#97;ny&#108;!",
        "carfen<b>ta</b>nil<br>10 g",
        "<p class='x'>a</p><!-- b -->c < d <3",
        "α-PVP – ５ｇ",
        "a & b &amp; c",
        "&unknown; &#xffffffff; &",
        "x\u{1}y\u{200b}z",
    ] {
        let (mut quick, folded) = (String::new(), Folded::of(source));
        fold_quickly(source, &mut quick);
        let bare = |text: &str| text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect::<String>();
        assert_eq!(bare(&quick), bare(&folded.text), "{source}");
    }
    let folded = Folded::of("fent&#97;ny&#108;!");
    assert_eq!((folded.text.as_str(), folded.span(0, 8)), ("fentanyl!", (0, 17)));
}

#[test]
fn tags_are_read_as_a_browser_shows_them() {
    for (source, folded) in [
        ("carfen<b>tanil</b>", "carfentanil"),
        ("carfen<!-- x -->tanil", "carfentanil"),
        ("car<span style='x'>fen</span>ta<wbr>nil", "carfentanil"),
        ("<p>carfentanil</p><p>10 g</p>", "carfentanil 10 g"),
        ("carfentanil<BR/>10 g", "carfentanil 10 g"),
        ("carfen<x-y>tanil", "carfentanil"),
        ("a < b, i <3 it, <me@example.test>, <b", "a < b, i <3 it, <me@example.test>, <b"),
        ("x <b y", "x <b y"),
    ] {
        assert_eq!(fold(source), folded, "{source}");
    }
    let folded = Folded::of("carfen<b>tanil</b> 10 g");
    assert_eq!(folded.span(0, 11), (0, 14));
    assert!(Folded::of("one<br>two").breaks_within(3, 4));
}

proptest! {
    #[test]
    fn names_are_folded_as_texts_are(source in "([ -~\\t\\n\\x00\\x7f]|\\PC){0,40}") {
        let folded = Folded::of(&source);
        prop_assert_eq!(fold(&source), folded.text.trim());
    }

    #[test]
    fn folding_never_panics_and_spans_stay_inside(source in "\\PC{0,80}") {
        let folded = Folded::of(&source);
        let chars = source.chars().count();
        for (at, c) in folded.text.char_indices() {
            let (from, to) = folded.span(at, at + c.len_utf8());
            prop_assert!(from < to && to <= chars);
        }
        prop_assert_eq!(folded.at.len(), folded.text.len());
    }
}
