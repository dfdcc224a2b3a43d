//! Names of people by what they do in a sale: who receives or holds an account, who is asked for, who fetches a parcel.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::listing::contacts::fillers::{is_common, is_ordinary};
use crate::listing::contacts::numbers::is_goods;
use crate::listing::contacts::shapes::is_quantity;
use crate::listing::contacts::tokens::{
    LONGEST_WORD, Token, is_mark, last_token, lowered, next_token, stands_alone, token_within,
};
use crate::listing::contacts::words::{WordSet, all, set};
use crate::listing::contacts::{Indicator, IndicatorKind};

/// Words for who receives money or holds an account; behind a colon a name in small letters follows as well.
const RECIPIENTS: &[&str] = &[
    "account holder, account name, card holder, cardholder, holder name, recipient, recipient name, receiver, receiver name, payee, beneficiary, beneficiary name, in the name of, \
     cash to, money to, payment to, funds to, made out to, addressed to, \
     kontoinhaber, kontoinhaberin, kontoinhaber(in), karteninhaber, empfänger, empfängerin, inhaber, inhaberin, bargeld an, geld an, lautend auf, zu händen, z. hd., z.hd., \
     titular, titular de la cuenta, nombre del titular, a nombre de, destinatario, destinataria, efectivo a, dinero a, beneficiario, beneficiaria, \
     titular da conta, nome do titular, em nome de, destinatário, favorecido, favorecida, dinheiro para, beneficiário",
    "bénéficiaire, titulaire, titulaire du compte, au nom de, destinataire, espèces à, argent à, à l'ordre de, \
     t.n.v., tnv, t.n.v, ten name van, op naam van, rekeninghouder, begunstigde, ontvanger, contant aan, geld aan, \
     intestata a, intestato a, intestatario, intestataria, intestazione, a.n., contanti a, soldi a, beneficiario del bonifico, \
     na nazwisko, na nazwisku, odbiorca, odbiorczyni, właściciel konta, właścicielka konta, posiadacz konta, posiadacz rachunku, gotówka dla, pieniądze dla, przelew dla, adresat, \
     hesap sahibi, hesap adı, alıcı, alıcı adı, adına, hesap adına, kart sahibi",
    "chủ tk, chủ tài khoản, tên tk, tên tài khoản, người nhận, người thụ hưởng, đứng tên, tiền mặt cho, chuyển cho, gửi tiền cho, tên người nhận, \
     beneficiar, beneficiara, titular cont, titularul contului, titularul cardului, pe numele, destinatar, destinatarul, \
     majitel účtu, majitelka účtu, příjemce, příjemkyně, na jméno, adresátka, hotovost pro, \
     atas nama, a/n, a.n, an. rekening, penerima, nama penerima, pemilik rekening, nama rekening, tunai ke",
    "получатель, получательница, держатель карты, владелец карты, владелец счета, на имя, имя получателя, фио, ф.и.о., фио получателя, наличные для, деньги для, \
     отримувач, отримувачка, одержувач, власник картки, власник рахунку, на ім'я, на ім’я, піб, піб отримувача, готівка для, \
     खाता नाम, खाताधारक, खाता धारक, खाताधारक का नाम, प्राप्तकर्ता, प्राप्तकर्ता का नाम, लाभार्थी, \
     باسم, اسم المستفيد, المستفيد, اسم الحساب, صاحب الحساب, صاحبة الحساب, المستلم, اسم المستلم, على اسم",
];

/// Words for asking after somebody.
const ASKED: &[&str] = &[
    "ask for, asking for, ask after, ring for, frag nach, frage nach, fragt nach, fragen sie nach, klingeln bei, melden bei, pregunta por, pregunte por, preguntar por, preguntad por, \
     pergunte por, perguntar por, procurar por, demander, demandez, demande, s'adresser à, chiedi di, chiedete di, chiedere di, vraag naar, bel aan bij, aanbellen bij, vragen naar, \
     pytać o, pytaj o, proszę pytać o, zapytaj o, ptejte se na, ptej se na, zeptejte se na, zvoňte na, întrebați de, întrebaţi de, intrebati de, întreabă de, tanya, tanyakan, cari pak, cari bu, \
     hỏi anh, hỏi chị, hỏi cô, hỏi chú, gặp anh, gặp chị, gặp cô",
    "спросить, спросите, спросить у, спрашивать, спрашивайте, позвать, питати, питайте, запитати, запитайте, спитати, покликати, اسأل عن",
];

/// Words that follow words for asking and are no name, besides those of trade.
const NO_NAMES: &[&str] = &[
    "jawab, stok, harga, detail, admin, ongkir, devis, tarif, preisen, preis, preise, muster, coa, msds, katalog, prezzo, cenu, cenę, stock, цену, наличие, ціну, giá",
];

/// Words that stand behind the name.
const BEHIND: &[&str] = &["adına, के नाम, के नाम पर, को पूछें, से पूछें, को पूछिए"];

/// Words behind a name that asks for itself with a word before it: `nach … fragen`.
const BEHIND_ASKED: &[&str] = &["fragen, vragen"];
const BEFORE_ASKED: &[&str] = &["nach, naar"];

/// Titles, which in brackets stand before a name.
const TITLES: &[&str] = &[
    "bay, bayan, herr, frau, hr, fr, mr, mrs, ms, miss, sr, sra, srta, señor, señora, senhor, senhora, dona, don, doña, pan, pani, paní, mme, mlle, monsieur, madame, sig, sig.ra, signor, signora, \
     dhr, mevr, mevrouw, meneer, de heer, dl, dna, d-na, domnul, doamna, pak, bapak, ibu, bu, mas, mbak, anh, chị, ông, bà, cô, dr",
    "г-н, г-жа, господин, госпожа, пан, пані, السيد, السيدة, الأستاذ, استاذ, श्री, श्रीमती, श्रीमान, सुश्री",
];

/// Places a parcel is fetched from, which may be named by words alone.
const LOCKERS: &[&str] = &[
    "packstation, dhl packstation, paketbox, paczkomat, paczkomat inpost, paczkomacie, paczkomatu, zásilkovna, zasilkovna, zásilkovny, z-box, zbox, balíkovna, alzabox, easybox, fanbox, inpost, \
     postnummer, post-nr",
];

/// Places of which a number must follow.
const BRANCHES: &[&str] = &[
    "postfiliale, paketshop, parcel locker, locker, mondial relay, point relais, relais colis, pakketpunt, postnl punt, punto pack, citypaq, oficina de correos, ponto de recolha, cacifo, oficiul poștal, \
     pošta, urząd pocztowy, ptt şubesi, ptt şube, kargo şubesi, bưu cục, kantor pos, पोस्ट ऑफिस, डाकघर, مكتب بريد, \
     відділення, поштомат, нова пошта, укрпошта, отделение, почтомат, постамат, новая почта, почта россии, пункт выдачи, сдэк, cdek, 丰巢, 驿站",
];

/// Words between a place of parcels and what stands in it.
const LABELS: &[&str] = &[
    "nr, no, n°, nº, number, nummer, numer, kod, code, codice, código, cod, id, postnummer, post-nr, postnr, kundennummer, odbiorca, imię, empfänger, recipient, receiver, name, ontvanger, destinatario, destinatário, \
     destinataire, příjemce, jméno, destinatar, alıcı, penerima, inpost, dhl, packeta, paket, č, p, telefon, tel",
    "отримувач, одержувач, получатель, адресат, індекс, индекс, код, номер, нова, пошта, нової, пошти, новая, почта, новой, почты, почты россии, україни, المستلم, प्राप्तकर्ता, người nhận",
];

/// Words between such a word and the name.
const FILLERS: &[&str] = &[
    "is, ist, es, est, è, é, to, the, name, nome, nom, nombre, nazwisko, imię, jméno, nume, nama, tên, adı, имя, ім'я, नाम, है, هو, اسم, da conta, de la cuenta, du compte, del conto",
];

/// Small words inside of a name.
const PARTICLES: &[&str] = &[
    "van, von, vom, zu, zum, zur, de, der, den, del, della, di, da, das, do, dos, du, la, le, las, los, el, al, bin, bint, ibn, ben, ter, ten, te, y, e, af, av, بن, ابن, بنت, أبو, ابو, أم, آل, عبد",
];

static IS_FILLER: WordSet = LazyLock::new(|| set(FILLERS));
static IS_TITLE: WordSet = LazyLock::new(|| set(TITLES));
static IS_PARTICLE: WordSet = LazyLock::new(|| set(PARTICLES));
static IS_NO_NAME: WordSet = LazyLock::new(|| set(NO_NAMES));
static IS_LABEL: WordSet = LazyLock::new(|| set(LABELS));
static IS_BEFORE_ASKED: WordSet = LazyLock::new(|| set(BEFORE_ASKED));

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Recipient,
    Asked,
    Behind,
    BehindAsked,
    Title,
    Locker,
    Branch,
}

static WORDS: LazyLock<(AhoCorasick, Vec<Use>)> = LazyLock::new(|| {
    let lists = [
        (RECIPIENTS, Use::Recipient),
        (ASKED, Use::Asked),
        (BEHIND, Use::Behind),
        (BEHIND_ASKED, Use::BehindAsked),
        (TITLES, Use::Title),
        (LOCKERS, Use::Locker),
        (BRANCHES, Use::Branch),
    ];
    let words: Vec<(String, Use)> =
        lists.into_iter().flat_map(|(list, of)| all(list).map(move |word| (lowered(word), of))).collect();
    let automaton = AhoCorasick::builder().match_kind(MatchKind::Standard).build(words.iter().map(|(word, _)| word));
    (automaton.expect("a few hundred words make an automaton"), words.into_iter().map(|(_, of)| of).collect())
});

/// Names of people and the places where they fetch parcels; `lower` is the text in lower case.
pub(super) fn find(text: &str, lower: &str) -> Vec<Indicator> {
    let mut found = Vec::new();
    let (automaton, uses) = &*WORDS;
    for hit in automaton.find_overlapping_iter(lower) {
        if !stands_alone(lower, hit.start(), hit.end()) {
            continue;
        }
        let (start, end) = (hit.start(), hit.end());
        match uses[hit.pattern().as_usize()] {
            // `Card holder leather brown`.
            Use::Recipient if is_thing_for_cards(text, lower, start, end) => {}
            Use::Recipient => found.extend(name_behind(text, lower, end, true)),
            Use::Asked => found.extend(name_behind(text, lower, end, false)),
            Use::Behind => found.extend(name_before(text, lower, start).map(|(start, _)| start)),
            Use::BehindAsked => {
                let asked =
                    name_before(text, lower, start).filter(|(_, before)| IS_BEFORE_ASKED.contains(before.as_str()));
                found.extend(asked.map(|(name, _)| name));
            }
            Use::Title => {
                let head = text.get(..start).unwrap_or_default();
                if head.ends_with(['(', '[', '{']) {
                    found.extend(name_behind(text, lower, end, false));
                }
            }
            Use::Locker => parcel(text, lower, end, true, &mut found),
            Use::Branch => parcel(text, lower, end, false, &mut found),
        }
    }
    found
}

/// Characters before `card holder` among which a card's number stands.
const BEFORE_HOLDER: usize = 48;

/// Whether what is called the holder of a card is a thing: no sign follows and no number stands before it.
fn is_thing_for_cards(text: &str, lower: &str, start: usize, end: usize) -> bool {
    let is_of_cards = matches!(lower.get(start..end), Some("card holder" | "cardholder" | "karteninhaber"));
    let head = text.get(..start).unwrap_or_default();
    let digits = head.chars().rev().take(BEFORE_HOLDER).filter(char::is_ascii_digit).count();
    let behind = text.get(end..).unwrap_or_default().trim_start();
    is_of_cards && digits < 8 && !behind.starts_with([':', '=', '>', '—', '–'])
}

/// Words between a word and the name.
const FILLERS_IN_A_ROW: usize = 3;

/// Bytes of a token within which it is known whether it is such a word.
const BYTES_OF_A_FILLER: usize = 40;

/// The name that follows a word; `low`: in small letters too where a sign announces it.
fn name_behind(text: &str, lower: &str, at: usize, low: bool) -> Option<Indicator> {
    let mut at = at;
    let mut is_announced = false;
    for _ in 0..FILLERS_IN_A_ROW {
        let (token, _) = token_within(text, at, 4, BYTES_OF_A_FILLER)?;
        let gap = text.get(at..token.start)?;
        if gap.contains(['\n', ',', ';', '!', '?', '/', ')']) && !gap.contains(':') {
            return None;
        }
        is_announced |= gap.contains([':', '=']);
        let word = lower.get(token.start..token.end)?;
        if IS_FILLER.contains(word) || IS_TITLE.contains(word) {
            at = token.end;
            continue;
        }
        let end = name_end(text, lower, token.start, low && is_announced)?;
        return Some(Indicator { kind: IndicatorKind::Name, start: token.start, end });
    }
    None
}

/// Words of a name, and those of a script without capitals or written without them.
const WORDS_OF_A_NAME: usize = 6;
const WORDS_WITHOUT_CAPITALS: usize = 3;

/// Where the name ends that begins at `start`.
fn name_end(text: &str, lower: &str, start: usize, low: bool) -> Option<usize> {
    let first = text.get(start..)?.chars().next()?;
    let is_caseless = is_caseless(first);
    if !(first.is_uppercase() || is_caseless || (low && first.is_lowercase())) {
        return None;
    }
    let is_capital = first.is_uppercase();
    let most = if is_capital { WORDS_OF_A_NAME } else { WORDS_WITHOUT_CAPITALS };
    let (mut at, mut end, mut count) = (start, None, 0);
    while count < most {
        let rest = text.get(at..)?;
        let letters = rest.chars().take(LONGEST_WORD).take_while(|c| is_of_name(*c));
        let length: usize = letters.map(char::len_utf8).sum();
        let word = rest.get(..length)?;
        let small = lower.get(at..at + length)?;
        let follows = rest.get(length..).unwrap_or_default();
        // A handle, a number or a unit is no word of a name.
        if length == 0 || follows.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '@' | '/')) {
            break;
        }
        let is_particle = count > 0 && IS_PARTICLE.contains(small);
        if !is_particle {
            let fits =
                if is_capital { word.starts_with(char::is_uppercase) } else { !word.starts_with(char::is_uppercase) };
            if !fits || is_ordinary(small) || (count == 0 && (is_common(small) || IS_NO_NAME.contains(small))) {
                break;
            }
            end = Some(at + length);
        }
        count += usize::from(!is_particle || is_capital);
        let initial = follows.starts_with('.') && word.chars().count() <= 2;
        let gap = usize::from(initial);
        if !follows.get(gap..).is_some_and(|rest| rest.starts_with([' ', '\u{a0}'])) {
            break;
        }
        at += length + gap + follows.get(gap..)?.chars().next().map_or(1, char::len_utf8);
    }
    // A word of two capitals is a country or an abbreviation.
    let name = text.get(start..end?)?;
    let is_short = name.chars().count() <= 3 && name.chars().all(char::is_uppercase);
    (!is_short).then_some(end).flatten()
}

fn is_of_name(c: char) -> bool {
    c.is_alphabetic() || is_mark(c) || matches!(c, '\'' | '’' | '-')
}

/// Letters of Hebrew, Arabic and the languages of India, which know no capitals.
fn is_caseless(c: char) -> bool {
    matches!(u32::from(c), 0x590..=0x6FF | 0x900..=0xDFF)
}

/// The name that ends before `at`, and the word before it in lower case.
fn name_before(text: &str, lower: &str, at: usize) -> Option<(Indicator, String)> {
    let mut start = at;
    let mut end = None;
    let mut before = String::new();
    for _ in 0..WORDS_OF_A_NAME {
        let Some((token, sign)) = last_token(text, start) else { break };
        let (word, small) = (text.get(token.start..token.end)?, lower.get(token.start..token.end)?);
        let first = word.chars().next()?;
        if text.get(token.end..start)?.contains([':', '=', '،']) {
            break;
        }
        let is_word = first.is_uppercase() || (is_caseless(first) && !is_ordinary(small));
        if sign || !is_word || word.chars().any(|c| c.is_ascii_digit()) || is_ordinary(small) {
            small.clone_into(&mut before);
            break;
        }
        end = end.or(Some(token.end));
        start = token.start;
        if is_caseless(first) && text.get(start..end?)?.split(' ').count() >= WORDS_WITHOUT_CAPITALS {
            break;
        }
    }
    Some((Indicator { kind: IndicatorKind::Name, start, end: end? }, before))
}

/// Pieces of a parcel's address that are looked at.
const PIECES: usize = 12;

/// Hides the numbers, codes and names of a place where a parcel is fetched, and of who fetches it; `named`: the place may have
/// a name without a number.
fn parcel(text: &str, lower: &str, at: usize, named: bool, found: &mut Vec<Indicator>) {
    let (mut at, mut is_labelled, mut any, mut first) = (at, false, false, true);
    for _ in 0..PIECES {
        let Some((token, _)) = next_token(text, at, 5) else { return };
        let Token { start, end } = token;
        let gap = text.get(at..start).unwrap_or_default();
        if gap.contains(['\n', ';', '!', '?']) {
            return;
        }
        let low = lower.get(start..end).unwrap_or_default();
        if IS_LABEL.contains(low) {
            (at, is_labelled) = (end, true);
            continue;
        }
        is_labelled |= gap.contains(['#', '№', ':', '°', 'º']);
        let digits = low.bytes().filter(u8::is_ascii_digit).count();
        let piece_end = if digits > 0 {
            let is_bare = low.bytes().all(|b| b.is_ascii_digit());
            let is_small = is_bare
                && digits < 3
                && !is_labelled
                && !any
                && !text.get(end..).is_some_and(|rest| rest.starts_with(','));
            let has_unit = !is_bare && is_quantity(low) && low.ends_with(|c: char| !c.is_ascii_digit()) && digits < 4;
            // `InPost 12,99 zł`, `24/7`.
            let rest = text.get(end..).unwrap_or_default();
            let goes_on =
                |sign: char| rest.strip_prefix(sign).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
            let is_price = is_bare && digits < 4 && (goes_on(',') || (goes_on('/') && !is_labelled));
            if is_small || is_price || is_goods(text, start, end) || (has_unit && !named) || low.contains('.') {
                return;
            }
            end
        } else {
            let may_be_name = any || is_labelled || (first && named && !gap.contains(','));
            let Some(end) = name_end(text, lower, start, false).filter(|_| may_be_name) else { return };
            end
        };
        found.push(Indicator { kind: IndicatorKind::Place, start, end: piece_end });
        (at, any, first, is_labelled) = (piece_end, true, false, false);
    }
}
