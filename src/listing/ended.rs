//! Pages that answer 200 and yet say that there is nothing: "not found" pages, and offers that are over.
//!
//! Words of a seller do not count: a description that says "no longer available" must not hide an offer.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::listing::page::{Listing, Page};
use crate::vocab::terms::Reason;

/// What a page that was served says of what should be on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The page was not found, though the status says otherwise.
    NotFound,
    /// The offer is over: sold, ended, taken down.
    Over,
}

impl Ended {
    /// The outcome as the coverage statement names it.
    pub fn reason(self) -> Reason {
        match self {
            Ended::NotFound => Reason::SoftNotFound,
            Ended::Over => Reason::ItemEnded,
        }
    }
}

/// Titles and headings of pages that were not found; compared in lower case, as whole phrases.
const NOT_FOUND: &[&str] = &[
    "404",
    "not found",
    "page not found",
    "does not exist",
    "doesn't exist",
    "cannot be found",
    "can't be found",
    "could not be found",
    "couldn't find",
    "nicht gefunden",
    "existiert nicht",
    "seite nicht verfügbar",
    "no encontrada",
    "no encontrado",
    "no existe",
    "introuvable",
    "n'existe pas",
    "non trovata",
    "niet gevonden",
    "não encontrada",
    "não existe",
    "nie znaleziono",
    "не найдена",
    "не найдено",
    "не существует",
    "页面不存在",
    "找不到",
    "未找到",
    "頁面不存在",
    "見つかりません",
    "찾을 수 없",
    "غير موجودة",
    "bulunamadı",
];

/// Words by which shops say that an offer is over.
const OVER: &[&str] = &[
    "this listing has ended",
    "listing has ended",
    "listing has expired",
    "listing is no longer",
    "item has ended",
    "item ended",
    "auction has ended",
    "offer has ended",
    "offer has expired",
    "ad has expired",
    "advert has expired",
    "this item is sold",
    "item has been sold",
    "no longer available",
    "no longer for sale",
    "has been removed",
    "was removed by",
    "has been deleted",
    "has been discontinued",
    "angebot beendet",
    "anzeige wurde gelöscht",
    "anzeige ist nicht mehr",
    "nicht mehr verfügbar",
    "nicht mehr erhältlich",
    "ya no está disponible",
    "anuncio eliminado",
    "n'est plus disponible",
    "annonce a été supprimée",
    "non è più disponibile",
    "annuncio scaduto",
    "niet meer beschikbaar",
    "não está mais disponível",
    "anúncio removido",
    "ogłoszenie nieaktualne",
    "объявление снято",
    "объявление удалено",
    "больше не доступ",
    "снято с публикации",
    "已下架",
    "已失效",
    "已删除",
    "已售完",
    "已結束",
    "販売終了",
    "판매종료",
    "artık mevcut değil",
];

/// Text looked at: what is not said at the top of a page is said of something else.
const HEAD_CHARS: usize = 1500;

/// A line longer than this is prose, not a message of the shop.
const MESSAGE_CHARS: usize = 160;

/// A page that was not found says little else.
const NOT_FOUND_CHARS: usize = 2500;

static OVER_WORDS: LazyLock<AhoCorasick> =
    LazyLock::new(|| AhoCorasick::new(OVER).expect("a few dozen short phrases make an automaton"));

/// What the page says, if it says that there is nothing. `listings` are those read from it.
pub fn ended(page: &Page, listings: &[&Listing]) -> Option<Ended> {
    let title: String = page.title.chars().take(HEAD_CHARS).collect::<String>().to_lowercase();
    if listings.is_empty() && page.text.chars().take(NOT_FOUND_CHARS + 1).count() <= NOT_FOUND_CHARS {
        let first = page.text.lines().take(3).map(|line| line.len() + 1).sum();
        let first = page.of_the_item(first).to_lowercase();
        if NOT_FOUND.iter().any(|words| has_words(&title, words) || has_words(&first, words)) {
            return Some(Ended::NotFound);
        }
    }
    // A page full of offers says of one of them that it is over, not of itself.
    if listings.len() > 1 {
        return None;
    }
    // On a page without offers a shop says it in a line of its own; in a longer one somebody tells of something.
    let is_message = |line: &&str| !listings.is_empty() || line.chars().nth(MESSAGE_CHARS).is_none();
    let head = head_of(page);
    // Where structured data has it in stock, a message in passing is said of something else.
    let is_for_sale = matches!(listings, [only] if only.in_stock);
    let head = if is_for_sale { String::new() } else { head };
    let head = head.split('\n').filter(is_message).collect::<Vec<_>>().join("\n").to_lowercase();
    let said = OVER_WORDS.find_overlapping_iter(&head).chain(OVER_WORDS.find_overlapping_iter(&title));
    let mut said: BTreeSet<usize> = said.map(|found| found.pattern().as_usize()).collect();
    if said.is_empty() {
        return None;
    }
    for listing in listings {
        for field in chosen_by_seller(listing) {
            said.retain(|at| !field.contains(OVER[*at]));
        }
    }
    (!said.is_empty()).then_some(Ended::Over)
}

/// What the top of the page says of its item.
fn head_of(page: &Page) -> String {
    let end = page.text.char_indices().nth(HEAD_CHARS).map_or(page.text.len(), |(at, _)| at);
    page.of_the_item(end)
}

/// Whether the page says above its offers that they are over, in a sentence that ends there. Above the title stands what the
/// shop says; a seller writes below it.
pub fn is_said_above(page: &Page, offers: &[&Listing]) -> bool {
    let head = head_of(page).to_lowercase();
    let titles = offers.iter().map(|offer| offer.title.trim().to_lowercase()).filter(|title| !title.is_empty());
    let Some(end) = titles.filter_map(|title| head.find(&title)).min() else { return false };
    let ends = |rest: &str| rest.trim_start().chars().next().is_none_or(|c| !c.is_alphanumeric());
    let chosen: Vec<String> = offers.iter().flat_map(|offer| chosen_by_seller(offer)).collect();
    let messages = head[..end].lines().filter(|line| line.chars().nth(MESSAGE_CHARS).is_none());
    let messages = messages.filter(|line| !chosen.iter().any(|text| text.contains(line.trim())));
    messages.into_iter().any(|line| OVER_WORDS.find_overlapping_iter(line).any(|found| ends(&line[found.end()..])))
}

/// What of a listing a seller chooses, in lower case: a name or a brand may read like a message of the shop.
pub fn chosen_by_seller(listing: &Listing) -> Vec<String> {
    let values = listing.identifiers.iter().map(|(_, value)| value);
    let fields = [&listing.title, &listing.description].into_iter().chain(values).chain(&listing.seller);
    fields.map(|field| field.trim().to_lowercase()).filter(|field| !field.is_empty()).collect()
}

/// Whether `words` stand in `text` with no letter or digit beside them: "404" is not part of "Model 4042".
fn has_words(text: &str, words: &str) -> bool {
    text.match_indices(words).any(|(at, found)| {
        let before = text[..at].chars().next_back();
        let after = text[at + found.len()..].chars().next();
        let open = |c: Option<char>| c.is_none_or(|c| !c.is_ascii_alphanumeric());
        open(before) && open(after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(title: &str, text: &str) -> Page {
        Page { title: title.to_owned(), text: text.to_owned(), ..Page::default() }
    }

    fn listing(title: &str, description: &str) -> Listing {
        Listing { title: title.to_owned(), description: description.to_owned(), ..Listing::default() }
    }

    #[test]
    fn pages_that_were_not_found_in_many_languages() {
        for (title, text) in [
            ("404 Not Found", "Sorry"),
            ("Oops", "Page not found\nGo home"),
            ("Seite nicht gefunden", "Startseite"),
            ("Página no encontrada", ""),
            ("错误", "抱歉,页面不存在\n返回首页"),
            ("Ошибка", "Страница не найдена"),
        ] {
            assert_eq!(ended(&page(title, text), &[]), Some(Ended::NotFound), "{title}");
        }
        for (title, text) in [
            ("Model 4042 camera", "A camera"),
            ("Garden chair", "Oak, hardly used"),
            ("What we found", "x ".repeat(3000).as_str()),
            ("", ""),
        ] {
            assert_eq!(ended(&page(title, text), &[]), None, "{title}");
        }
        let long = format!("Not found\n{}", "an article about pages that were lost ".repeat(100));
        assert_eq!(ended(&page("Essays", &long), &[]), None);
    }

    #[test]
    fn what_a_shop_says_stands_above_the_title() {
        let chair = listing("Garden chair", "Oak, hardly used");
        for (text, above) in [
            ("Home\nThis listing has ended.\nGarden chair\nOak", true),
            ("Garden chair\nOak\nThis listing has ended.", false),
            ("The old one is no longer available elsewhere\nGarden chair", false),
            ("This listing has ended.\nOak", false),
        ] {
            assert_eq!(is_said_above(&page("x", text), &[&chair]), above, "{text}");
        }
        // A name that reads like a message is a name.
        let sly = Listing { seller: Some("This listing has ended".to_owned()), ..chair };
        let text = "Home\nThis listing has ended\nGarden chair\nOak";
        assert!(!is_said_above(&page("x", text), &[&sly]));
        assert_eq!(ended(&page("x", text), &[&sly]), None);
    }

    #[test]
    fn what_is_said_beside_the_item_is_not_said_of_it() {
        let chair = listing("Garden chair", "Oak, hardly used");
        let text = "Home\nNo longer available\nGarden chair\nOak, hardly used";
        let mut shop = page("Garden chair", text);
        assert_eq!(ended(&shop, &[&chair]), Some(Ended::Over));
        assert!(is_said_above(&shop, &[&chair]));
        shop.beside.push(4..24);
        assert_eq!(ended(&shop, &[&chair]), None);
        assert!(!is_said_above(&shop, &[&chair]));
        // A trail of breadcrumbs is known without markup.
        for trail in ["Home › Item ended › Chairs", "Home / No longer available / Chairs", "Shop > item ended"] {
            let text = format!("{trail}\nGarden chair\nOak, hardly used");
            assert_eq!(ended(&page("Garden chair", &text), &[&chair]), None, "{trail}");
        }
        // What structured data has in stock is over only where the page is called so.
        let sold = Listing { in_stock: true, ..chair.clone() };
        assert_eq!(ended(&page("Garden chair", text), &[&sold]), None);
        assert_eq!(ended(&page("Item ended: Garden chair", text), &[&sold]), Some(Ended::Over));
    }

    #[test]
    fn offers_that_are_over_are_told_from_sellers_who_say_so() {
        let chair = listing("Garden chair", "Oak, hardly used");
        assert_eq!(ended(&page("Chair", "Home\nThis listing has ended.\nSimilar items"), &[&chair]), Some(Ended::Over));
        assert_eq!(ended(&page("x", "Dieses Angebot ist leider nicht mehr verfügbar"), &[]), Some(Ended::Over));
        assert_eq!(ended(&page("Garden chair", "Garden chair, available now"), &[&chair]), None);
        let sly = listing("Powder", "The old batch is no longer available, the new one is better");
        let text = "Powder\nThe old batch is no longer available, the new one is better";
        assert_eq!(ended(&page("Powder", text), &[&sly]), None, "a seller's words do not hide an offer");
        let far = format!("{}\nThis listing has ended", "word ".repeat(400));
        assert_eq!(ended(&page("x", &far), &[&chair]), None, "said of something else");
        let told = format!("Jug\nClay, thrown by hand; the older one {}is no longer available.", "of 2019 ".repeat(20));
        assert_eq!(ended(&page("Jug", &told), &[]), None, "a sentence of a longer text");
        let table = listing("Table", "Oak");
        assert_eq!(ended(&page("Garden", "Chair\nitem has been sold\nTable"), &[&chair, &table]), None);
    }
}
