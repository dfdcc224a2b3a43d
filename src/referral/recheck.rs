//! What a look at a referred listing saw: still there, or gone, and how. Pure: the answer is judged, not fetched.

use crate::dedup::cluster::SAME_OFFER;
use crate::dedup::minhash::MinHash;
use crate::detect::assessment::Verdict;
use crate::examine::{Examination, Fate};
use crate::listing::ended::{Ended, chosen_by_seller};

pub use crate::vocab::terms::Sight;

/// How a page was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// Under the address that was referred.
    Directly,
    /// By a redirect from it: a page that offers other things says nothing of ours.
    ByRedirect,
}

/// Judges a page that answered 2xx. `known` are the fingerprints of the case's listings.
pub fn judge(examination: &Examination, known: &[MinHash], reached: Reached) -> Sight {
    let ended = examination.ended().map(|ended| match ended {
        Ended::NotFound => Sight::SoftNotFound,
        Ended::Over => Sight::Ended,
    });
    let said = said(examination).filter(|_| examination.may_have_ended());
    if let Some(sight) = said.or(ended) {
        return sight;
    }
    let fate = Fate::of(&examination.page, examination.offers().count());
    let offers = examination.listings.iter().filter(|listing| listing.assessment.verdict != Verdict::Clear);
    let live = match reached {
        Reached::Directly => offers.count() > 0,
        Reached::ByRedirect => offers
            .filter_map(|listing| listing.prints.as_ref())
            .any(|now| known.iter().any(|held| held.similarity(&now.minhash) >= SAME_OFFER)),
    };
    match (live, reached) {
        (true, _) => Sight::Live,
        // What was not read may still hold the offer.
        (false, _) if !fate.tells_of_absence(&examination.page) => Sight::NotSeen,
        (false, Reached::ByRedirect) => Sight::Redirected,
        (false, Reached::Directly) => Sight::Changed,
    }
}

/// Lines at the top of a page in which a shop says what became of an item. Beyond them other items begin.
const HEAD_LINES: usize = 40;

/// A line longer than this is prose, not a message of the shop.
const MESSAGE_CHARS: usize = 160;

/// What the page itself says, in its title or in a short line of its own. What the seller wrote does not count: "no longer
/// available elsewhere" in a description is advertising.
fn said(examination: &Examination) -> Option<Sight> {
    let page = &examination.page;
    let by_seller: Vec<String> = examination
        .offers()
        .flat_map(chosen_by_seller)
        .map(|text| squeeze(&text))
        .filter(|text| !text.is_empty())
        .collect();
    let is_message = |line: &str| {
        let line = squeeze(line);
        !line.is_empty()
            && line.chars().count() <= MESSAGE_CHARS
            && !by_seller.iter().any(|text| text.contains(line.as_str()))
    };
    // The top of the page, and of it what is not said beside the item. Where structured data has it in stock, only what the page is
    // called counts.
    let end = page.text.match_indices('\n').map(|(at, _)| at).chain([page.text.len()]);
    let lines = page.text.lines().zip(end).filter(|(line, _)| is_message(line)).take(HEAD_LINES);
    let end = lines.last().map_or(0, |(_, end)| end);
    let is_for_sale = matches!(examination.offers().collect::<Vec<_>>().as_slice(), [only] if only.in_stock);
    let head = if is_for_sale { String::new() } else { page.of_the_item(end) };
    let lines = std::iter::once(page.title.as_str()).chain(head.lines());
    let messages = lines.filter(|line| is_message(line)).map(squeeze);
    for line in messages {
        for (phrases, sight) in
            [(ENDED, Sight::Ended), (SELLER_GONE, Sight::SellerGone), (NOT_FOUND, Sight::SoftNotFound)]
        {
            if phrases.iter().any(|phrase| line.contains(phrase)) {
                return Some(sight);
            }
        }
    }
    None
}

fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Phrases by which shops say that an item is over.
const ENDED: &[&str] = &[
    "this listing has ended",
    "listing has ended",
    "listing ended",
    "item ended",
    "offer has ended",
    "auction has ended",
    "no longer available",
    "no longer for sale",
    "has been removed",
    "was removed",
    "has been deleted",
    "listing is no longer",
    "listing expired",
    "angebot beendet",
    "angebot wurde beendet",
    "nicht mehr verfügbar",
    "anzeige wurde gelöscht",
    "anzeige ist nicht mehr",
    "ya no está disponible",
    "anuncio eliminado",
    "n'est plus disponible",
    "n’est plus disponible",
    "annonce expirée",
    "annonce supprimée",
    "объявление снято",
    "объявление удалено",
    "товар снят с продажи",
    "больше не доступ",
    "已下架",
    "已失效",
    "商品不存在",
    "لم يعد متاح",
    "تم حذف الإعلان",
];

/// Phrases by which shops say that the seller is gone.
const SELLER_GONE: &[&str] = &[
    "seller is no longer",
    "user is no longer registered",
    "account has been suspended",
    "account was suspended",
    "account has been closed",
    "shop is closed",
    "shop has been closed",
    "store is closed",
    "store has been closed",
    "verkäufer ist nicht mehr",
    "konto wurde gesperrt",
    "shop geschlossen",
    "tienda cerrada",
    "cuenta suspendida",
    "boutique fermée",
    "compte suspendu",
    "магазин закрыт",
    "аккаунт заблокирован",
    "店铺已关闭",
    "账号已被封",
    "المتجر مغلق",
    "تم تعليق الحساب",
];

/// Phrases of pages that are not there and answer 200 all the same.
const NOT_FOUND: &[&str] = &[
    "page not found",
    "404 not found",
    "error 404",
    "does not exist",
    "doesn't exist",
    "could not be found",
    "couldn't find",
    "nothing found",
    "seite nicht gefunden",
    "existiert nicht",
    "página no encontrada",
    "no existe",
    "page introuvable",
    "n'existe pas",
    "n’existe pas",
    "страница не найдена",
    "не существует",
    "页面不存在",
    "找不到页面",
    "الصفحة غير موجودة",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::assessment::Assessment;
    use crate::examine::{ExaminedListing, Fingerprints};
    use crate::listing::page::{Listing, Page};
    use crate::vocab::terms::PageKind;

    fn listing(title: &str, description: &str, verdict: Verdict) -> ExaminedListing {
        let assessment = Assessment {
            verdict,
            score: 0.5,
            category: None,
            decision: None,
            substances: vec![],
            context: vec![],
            emerging: vec![],
            reasons: vec![],
            watchlist: "1".into(),
        };
        ExaminedListing {
            listing: Listing { title: title.into(), description: description.into(), ..Listing::default() },
            assessment,
            prints: Some(Fingerprints::of(title, description)),
        }
    }

    fn page(text: &str, listings: Vec<ExaminedListing>) -> Examination {
        let of_text = listings.iter().filter(|one| one.listing.kind.is_some()).map(|one| one.assessment.verdict).max();
        Examination { page: Page { text: text.into(), ..Page::default() }, listings, text: of_text }
    }

    const OFFER: &str = "powder for sale, bulk price per gram, ships from our own lab within a day, discreet";

    #[test]
    fn an_offer_beyond_what_is_read_of_a_page_is_not_gone() {
        let read = |cut| {
            let mut examination = page("A long page about oak", vec![]);
            examination.page.cut = cut;
            [Reached::Directly, Reached::ByRedirect].map(|reached| judge(&examination, &[], reached))
        };
        assert_eq!(read(false), [Sight::Changed, Sight::Redirected]);
        assert_eq!(read(true), [Sight::NotSeen, Sight::NotSeen]);
    }

    #[test]
    fn a_page_says_what_became_of_the_listing() {
        let offer = || vec![listing("Abcd", OFFER, Verdict::Refer)];
        for (line, text, listings, sight) in [
            (line!(), "Abcd\npowder for sale", offer(), Sight::Live),
            (line!(), "Home\nThis listing has ended.\nSimilar items", offer(), Sight::Ended),
            (line!(), "Dieses Angebot ist leider nicht mehr verfügbar", vec![], Sight::Ended),
            (line!(), "This shop is closed", offer(), Sight::SellerGone),
            (line!(), "Oops\nThe page you asked for does not exist", vec![], Sight::SoftNotFound),
            (line!(), "Страница не найдена", vec![], Sight::SoftNotFound),
            (line!(), "Garden chair", vec![listing("Garden chair", "of oak", Verdict::Clear)], Sight::Changed),
            (line!(), "Welcome", vec![], Sight::Changed),
        ] {
            assert_eq!(judge(&page(text, listings), &[], Reached::Directly), sight, "line {line}");
        }
    }

    #[test]
    fn what_the_seller_wrote_does_not_end_a_listing() {
        let text = "Isotonitazene, no longer available elsewhere";
        let offer = vec![listing(text, OFFER, Verdict::Refer)];
        assert_eq!(judge(&page(&format!("Shop\n{text}\n{OFFER}"), offer), &[], Reached::Directly), Sight::Live);
    }

    #[test]
    fn a_message_in_a_text_does_not_hide_what_the_text_offers() {
        let text = |verdict| {
            let mut text = listing("Abcd", OFFER, verdict);
            text.listing.kind = Some(PageKind::Page);
            vec![text]
        };
        let long = format!("Abcd\n{}\nno longer available elsewhere", OFFER.repeat(10));
        for (line, said, listings, sight) in [
            (line!(), "Abcd\nno longer available elsewhere", text(Verdict::Refer), Sight::Live),
            (line!(), "Page not found\nAbcd", text(Verdict::Refer), Sight::Live),
            (line!(), long.as_str(), text(Verdict::Review), Sight::Live),
            (line!(), "Abcd\nThis listing has ended", text(Verdict::Review), Sight::Ended),
            (line!(), "Page not found\nAbcd", text(Verdict::Clear), Sight::SoftNotFound),
        ] {
            let examination = page(said, listings);
            assert_eq!(judge(&examination, &[], Reached::Directly), sight, "line {line}");
            assert_eq!(examination.ended().is_some(), sight != Sight::Live, "line {line}: as a scan sees it");
        }
    }

    #[test]
    fn behind_a_redirect_only_the_same_offer_counts() {
        let known = [MinHash::of(&format!("Abcd\n{OFFER}"))];
        let same = page("Abcd", vec![listing("Abcd", OFFER, Verdict::Refer)]);
        let other =
            page("x", vec![listing("Wxyz", "quite another thing that is sold by somebody else", Verdict::Refer)]);
        assert_eq!(judge(&same, &known, Reached::ByRedirect), Sight::Live);
        assert_eq!(judge(&other, &known, Reached::ByRedirect), Sight::Redirected);
        assert_eq!(
            judge(&other, &known, Reached::Directly),
            Sight::Live,
            "the same address with another offer is an offer"
        );
    }
}
