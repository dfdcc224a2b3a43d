//! What a listing says besides names: how it offers, what speaks for a lawful trade, what kind of page it is.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::detect::decision::OfferedHow;
use crate::detect::found::Field;
use crate::detect::signals::Sign;
use crate::detect::view::fold;
use crate::vocab::terms::{LawfulKind, PageKind, Signal};

/// What a listing says besides names.
#[derive(Debug, Clone, Default)]
pub(super) struct Setting {
    /// How the listing offers, whatever it offers.
    pub how: OfferedHow,
    /// Lawful signs by kind, each with the different words that say so.
    pub lawful: BTreeMap<LawfulKind, usize>,
    /// Lawful goods that only carry a name: the title names them, and nothing else is offered.
    pub thing: Option<LawfulKind>,
    /// The heaviest mass named, in milligrams.
    pub most_milligrams: Option<f64>,
    /// The text reads like a report, a vacancy or a helpline by its words alone, and speaks of evasion, contact or payment, or
    /// offers in the sentence of the name, all the same: a seller may have put such words in. How it would be offered if it
    /// were an offer.
    pub doubt: Option<OfferedHow>,
    /// Something is sold in solution.
    pub in_solution: bool,
}

/// What the caller knows of the listing besides its text.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Known {
    /// Kind of page, where the caller knows it.
    pub page: Option<PageKind>,
    /// A price is given.
    pub has_price: bool,
    /// An unambiguous name stands beside its number, an amount or a form.
    pub substance: bool,
    /// An unambiguous name stands beside an amount.
    pub weighed: bool,
    /// An unambiguous name stands in a sentence that a seller would write.
    pub in_an_offer: bool,
}

/// What stands beside an unambiguous name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dosed {
    /// An amount or a form of a substance.
    pub dosed: bool,
    /// A mass such as substances are sold in.
    pub heavy: bool,
}

/// Different words of one kind that make a page one of news, jobs, theses.
const WORDS_OF_A_PAGE: usize = 2;

/// Different words of a vacancy or a company's report that make one of a text with a price in it.
const WORDS_BESIDE_A_PRICE: usize = 3;

/// Different words of books that say what is sold, wherever they stand.
const WORDS_OF_A_BOOK: usize = 3;

/// Different words of news that make a text a report although it speaks of messengers and money: it tells what others did.
const WORDS_OF_A_REPORT: usize = 3;

/// Different words of news beside which a seller's own words are quotations, as long as the text gives neither price nor handle.
const WORDS_OF_A_LONG_REPORT: usize = 4;

/// Milligrams from which a quantity is an amount of a substance, not the strength of a medicine.
const STRENGTH_MILLIGRAMS: f64 = 1000.0;

/// Stems of the word `anonymous`.
static ANONYMOUS: LazyLock<Vec<String>> =
    LazyLock::new(|| "anonym anonim anônim anoniem аноним анонім 匿名 गुमनाम مجهول".split(' ').map(fold).collect());

/// Bytes of a text that tell what is offered where there is no title.
const OPENING_BYTES: usize = 120;

impl Setting {
    /// Reads the signs of all fields.
    pub(super) fn of(fields: &[Field<'_>], known: Known, dosed: Dosed) -> Self {
        let words = Words::of(fields);
        let handle = words.has(Signal::Handle);
        let quantity = words.has(Signal::Quantity);
        let priced = known.has_price || words.has(Signal::Price);
        let shop = matches!(known.page, Some(PageKind::Product | PageKind::Category));
        let offers = words.count(Signal::Offer) + words.count(Signal::Shipping);
        let page = kind_of_page(&words, known, handle, priced);
        let is_report = matches!(page, Some(PageKind::News | PageKind::Job | PageKind::Thesis));
        let helps = words.has(Signal::HarmReduction)
            && !handle
            && !priced
            && !known.weighed
            && !words.has(Signal::Payment)
            && !shop;
        let is_prose =
            page.is_some_and(|page| matches!(page, PageKind::Article | PageKind::Forum)) || is_report || helps;
        let mut setting = Setting::default();
        // In a text that tells, words of evasion, contact and payment are what others said.
        let speaks = !is_prose;
        let laboratory =
            [Signal::ReferenceMaterial, Signal::Laboratory, Signal::Licence, Signal::Kit, Signal::Antibody]
                .into_iter()
                .any(|kind| words.has(kind));
        setting.how = OfferedHow {
            evasion: speaks && (words.has(Signal::Evasion) || (words.has(Signal::Disclaimer) && !laboratory)),
            payment: speaks && words.has(Signal::Payment),
            contact: speaks && (handle || words.has(Signal::Contact)),
            drug_trade: speaks && words.has(Signal::DrugTrade),
            offered: false,
            reported: is_report || helps,
        };
        setting.how.offered = speaks
            && (priced
                || shop
                || known.substance
                || quantity
                || offers > 0
                || words.has(Signal::Purity)
                || setting.how.is_dealing());
        let meant = OfferedHow {
            evasion: words.has(Signal::Evasion),
            payment: words.has(Signal::Payment),
            contact: handle || words.has(Signal::Contact),
            drug_trade: words.has(Signal::DrugTrade),
            offered: true,
            reported: false,
        };
        let news = words.count(Signal::News);
        // A report that gives no way to buy may quote what the seller said.
        let told_at_length = news >= WORDS_OF_A_LONG_REPORT && !handle && !priced && offers < news
            || news >= WORDS_OF_A_REPORT && offers == 0 && (meant.signs() < 3 || !handle && !priced)
            || [Signal::Thesis, Signal::Job].into_iter().any(|kind| words.count(kind) >= WORDS_OF_A_LONG_REPORT)
                && !handle
                && !known.weighed
            || words.count(Signal::HarmReduction) >= WORDS_OF_A_PAGE && !known.weighed && meant.signs() < 2
            || helps && meant.signs() < 2 && words.evades_by_anonymity_alone() && offers == 0 && !quantity;
        let by_words_alone = known.page.is_none_or(|page| page == PageKind::Page);
        let may_sell = meant.is_dealing() && !told_at_length || known.in_an_offer;
        setting.doubt = (is_prose && by_words_alone && may_sell).then_some(meant);
        // Who sells without a prescription or a licence has neither, whatever else the text says.
        let without = words.sells_without();
        for (signal, kind) in LAWFUL {
            let count = words.count(signal);
            let is_void =
                without && matches!(kind, LawfulKind::Licence | LawfulKind::Pharmacy | LawfulKind::Veterinary);
            if count > 0 && !is_void {
                setting.lawful.insert(kind, count);
            }
        }
        for (page_kind, kind) in [
            (PageKind::News, LawfulKind::News),
            (PageKind::Job, LawfulKind::Job),
            (PageKind::Thesis, LawfulKind::Thesis),
            (PageKind::Article, LawfulKind::Article),
        ] {
            if page == Some(page_kind) {
                setting.lawful.insert(kind, WORDS_OF_A_PAGE);
            }
        }
        setting.most_milligrams =
            words.signs(Signal::Quantity).filter_map(|(_, sign)| sign.milligrams).reduce(f64::max);
        setting.in_solution = words.in_solution;
        setting.thing = thing(fields, &words, setting.how, dosed);
        setting
    }
}

/// Signals that speak for a lawful trade.
const LAWFUL: [(Signal, LawfulKind); 12] = [
    (Signal::ReferenceMaterial, LawfulKind::ReferenceMaterial),
    (Signal::Laboratory, LawfulKind::Laboratory),
    (Signal::Licence, LawfulKind::Licence),
    (Signal::Pharmacy, LawfulKind::Pharmacy),
    (Signal::Veterinary, LawfulKind::Veterinary),
    (Signal::Kit, LawfulKind::Kit),
    (Signal::Antibody, LawfulKind::Antibody),
    (Signal::Book, LawfulKind::Book),
    (Signal::Merchandise, LawfulKind::Merchandise),
    (Signal::Trade, LawfulKind::Trade),
    (Signal::Training, LawfulKind::Training),
    (Signal::HarmReduction, LawfulKind::HarmReduction),
];

/// Goods that carry a name and are not the substance.
const THINGS: [(Signal, LawfulKind); 5] = [
    (Signal::Antibody, LawfulKind::Antibody),
    (Signal::Kit, LawfulKind::Kit),
    (Signal::Book, LawfulKind::Book),
    (Signal::Merchandise, LawfulKind::Merchandise),
    (Signal::Training, LawfulKind::Training),
];

/// What is sold, where the title (or the opening of a text without one) says it is a kit, an antibody, a book or the like,
/// and neither an amount beside a name nor a sign of dealing says otherwise.
fn thing(fields: &[Field<'_>], words: &Words<'_>, how: OfferedHow, dosed: Dosed) -> Option<LawfulKind> {
    if how.evasion || how.payment {
        return None;
    }
    let untitled = fields.first().is_none_or(|title| title.source.trim().is_empty());
    // What a test is for may be named with its form (`whether a pill of MDMA …`), not with an amount.
    let is_free = |kind| if kind == LawfulKind::Kit { !dosed.heavy } else { !dosed.dosed };
    THINGS.into_iter().filter(|(_, kind)| is_free(*kind)).find_map(|(signal, kind)| {
        let in_title = words
            .signs(signal)
            .any(|(field, sign)| field == 0 || (untitled && field == 1 && sign.start < OPENING_BYTES));
        let is_described = signal == Signal::Book && !how.contact && words.count(signal) >= WORDS_OF_A_BOOK;
        (in_title || is_described).then_some(kind)
    })
}

/// What kind of page the text is of, by what the caller knows and by words that sellers' own pages lack.
fn kind_of_page(words: &Words<'_>, known: Known, handle: bool, priced: bool) -> Option<PageKind> {
    // A way to reach the seller and a price make an offer of any text.
    if handle && (priced || words.has(Signal::Payment) || words.count(Signal::Offer) > 0) {
        return known.page.filter(|page| matches!(page, PageKind::Product | PageKind::Category));
    }
    if let Some(page) = known.page.filter(|page| *page != PageKind::Page) {
        return Some(page);
    }
    // A text that says how to buy nothing may speak of payment and messengers all the same: who tells of a sale does.
    let is_concrete = priced
        || handle
        || known.weighed
        || [Signal::Offer, Signal::Shipping, Signal::Quantity, Signal::Purity].into_iter().any(|kind| words.has(kind));
    let is_told_in_passing =
        !is_concrete && !words.has(Signal::Evasion) && (words.has(Signal::Payment) || words.has(Signal::Contact));
    let sells = priced || words.has(Signal::Payment) || words.count(Signal::Offer) >= 2 || handle;
    let news = words.count(Signal::News);
    if news >= WORDS_OF_A_REPORT
        || (news >= WORDS_OF_A_PAGE && !sells)
        || (news >= WORDS_OF_A_PAGE && is_told_in_passing)
    {
        let own_terms = handle || words.count(Signal::Offer) > news || known.has_price;
        return (!own_terms).then_some(PageKind::News);
    }
    // A vacancy names a salary, a company's report its turnover: the price of neither is that of goods.
    let told_beside_a_price = |signal| {
        let count = words.count(signal);
        let hidden = handle || known.has_price || known.weighed || words.has(Signal::Payment);
        count >= WORDS_BESIDE_A_PRICE && count > words.count(Signal::Offer) && !hidden
    };
    // A thesis may say `sample` and `available` too.
    let deals = priced || words.has(Signal::Payment) || handle;
    let told = |signal| {
        // What a text without anything to buy is called weighs as much as a word more.
        let titled = !is_concrete && words.signs(signal).any(|(field, _)| field == 0);
        let count = words.count(signal) + usize::from(titled);
        count >= WORDS_OF_A_PAGE && (!sells || (!deals && count > words.count(Signal::Offer)))
    };
    if told(Signal::Job) || told_beside_a_price(Signal::Job) {
        return Some(PageKind::Job);
    }
    if told(Signal::Thesis) {
        return Some(PageKind::Thesis);
    }
    // A leaflet names the strength of a tablet.
    let weighs =
        words.signs(Signal::Quantity).any(|(_, sign)| sign.milligrams.is_none_or(|mass| mass >= STRENGTH_MILLIGRAMS));
    if (told(Signal::Article) || told_beside_a_price(Signal::Article)) && !weighs {
        return Some(PageKind::Article);
    }
    let says_how_to_buy = priced
        || handle
        || known.weighed
        || [Signal::Shipping, Signal::Quantity, Signal::Purity, Signal::Payment, Signal::Contact, Signal::Evasion]
            .into_iter()
            .any(|kind| words.has(kind));
    ((told(Signal::Forum) && !words.has(Signal::Quantity)) || (words.asks && !says_how_to_buy))
        .then_some(PageKind::Forum)
}

/// Whether a sign tells what kind of page the text is of.
fn tells_of_a_page(kind: Signal) -> bool {
    matches!(
        kind,
        Signal::News | Signal::Article | Signal::Job | Signal::Thesis | Signal::Forum | Signal::HarmReduction
    )
}

/// The signs that tell of a kind of page and lie inside no other such sign, by place.
fn phrases_of_pages(field: &Field<'_>) -> Vec<Sign> {
    let mut signs: Vec<Sign> = field.signs.iter().filter(|sign| tells_of_a_page(sign.kind)).copied().collect();
    signs.sort_by_key(|sign| (sign.start, std::cmp::Reverse(sign.end)));
    let mut reached = 0;
    signs.retain(|sign| {
        let is_outer = sign.end > reached;
        reached = reached.max(sign.end);
        is_outer
    });
    signs
}

/// Signs by kind, with the different words that say each.
struct Words<'a> {
    by_kind: BTreeMap<Signal, Vec<(usize, Sign)>>,
    different: BTreeMap<Signal, std::collections::BTreeSet<&'a str>>,
    in_solution: bool,
    /// The title is a question.
    asks: bool,
}

impl<'a> Words<'a> {
    fn of(fields: &'a [Field<'_>]) -> Self {
        let mut words = Words { by_kind: BTreeMap::new(), different: BTreeMap::new(), in_solution: false, asks: false };
        words.asks = fields.first().is_some_and(|title| title.source.trim_end().ends_with(['?', '？', '؟']));
        for (at, field) in fields.iter().enumerate() {
            let phrases = phrases_of_pages(field);
            for sign in &field.signs {
                words.by_kind.entry(sign.kind).or_default().push((at, *sign));
                // Two words of one phrase are said once: `nařízení vlády`.
                let whole = phrases.iter().find(|phrase| phrase.start <= sign.start && sign.end <= phrase.end);
                let (start, end) = whole
                    .filter(|_| tells_of_a_page(sign.kind))
                    .map_or((sign.start, sign.end), |one| (one.start, one.end));
                words.different.entry(sign.kind).or_default().insert(&field.folded.text[start..end]);
                // A strength (`100 µg/mL`) is a quantity without a mass of its own.
                words.in_solution |= sign.kind == Signal::Strength;
            }
        }
        words
    }

    /// Whether something that lawful trade asks for is done without.
    fn sells_without(&self) -> bool {
        self.signs(Signal::Evasion).any(|(field, evasion)| {
            self.signs(Signal::Requirement)
                .any(|(at, sign)| at == field && sign.start < evasion.end && evasion.start < sign.end)
        })
    }

    /// Whether nothing but the word `anonymous` speaks of evasion: counsel is anonymous as well.
    fn evades_by_anonymity_alone(&self) -> bool {
        let mut words = self.different.get(&Signal::Evasion).into_iter().flatten();
        words.all(|word| !word.contains(' ') && ANONYMOUS.iter().any(|stem| word.starts_with(stem.as_str())))
    }

    fn has(&self, kind: Signal) -> bool {
        self.by_kind.contains_key(&kind)
    }

    fn count(&self, kind: Signal) -> usize {
        self.different.get(&kind).map_or(0, std::collections::BTreeSet::len)
    }

    fn signs(&self, kind: Signal) -> impl Iterator<Item = (usize, Sign)> {
        self.by_kind.get(&kind).into_iter().flatten().copied()
    }
}
