//! What a text does without, and what it denies twice.

use std::sync::LazyLock;

use crate::detect::signals::Sign;
use crate::detect::view::{Folded, fold};
use crate::vocab::terms::Signal;

/// Words between a denial and what is done without (`no import permit`, `без лишних вопросов`).
const WORDS_BETWEEN: usize = 3;

/// Bytes around a denial in which another one turns it round (`not sold without a prescription`).
const DENIED_TWICE_BYTES: usize = 40;

/// Bytes behind a denial in which selling is spoken of.
const SELLING_BYTES: usize = 28;

/// Stems of words for selling and handing out.
static SELLING: LazyLock<Vec<String>> = LazyLock::new(|| {
    let stems = "sold sell sale ship dispens deliver suppl verkauf abgabe abgegeb liefer vend vent dispensa envia entreg \
                 verkoop verstrek lever sprzeda wydaj wydaw отпуск выполн отгруж виконує відвантаж продаж продае прода выда відпуск eliber vand prode vyd \
                 satil satis veril jual bán 销售 出售 发货 يباع يصرف نبيع बेच बिक्री";
    stems.split_whitespace().map(fold).collect()
});

/// Beginnings of words that say by themselves that nothing is sold: `bez licence objednávku nevyřídíme`, `orders without a
/// permit are rejected`.
static REFUSED: LazyLock<Vec<String>> = LazyLock::new(|| {
    let stems = "cancelled canceled refused rejected declined storniert abgelehnt zurückgewiesen annulé annulées refusé rejeté \
                 cancelará cancelarán rechaz denegad annullat rifiutat respint cancelad recusad rejeitad geannuleerd geweigerd \
                 afgewezen anulow odrzuc отмен отклон скасов відхил anulat respins refuzat iptal redded dibatalkan ditolak \
                 रद्द अस्वीकार مرفوض ترفض يرفض تلغى يلغى nevyříd neprodá neprodej nedodá nedodej nevydá nevydej nezasíl nepošl neexped nepřij nedorou \
                 satılmaz satmıyor satmayız gönderilmez göndermiyor göndermeyiz verilmez vermiyor vermeyiz edilmez etmiyor";
    stems.split_whitespace().map(fold).collect()
});

/// Words that except what follows from a denial: `not sold but on prescription`, `لا يصرف إلا بوصفة`.
static EXCEPT: LazyLock<Vec<String>> = LazyLock::new(|| {
    let words = "but except only unless nur ausser außer seulement sauf sólo solo salvo excepto somente apenas \
                 soltanto tranne alleen behalve tylko oprócz pouze kromě doar decât только кроме лише крім sadece yalnızca \
                 dışında إلا hanya kecuali chỉ trừ केवल सिवाय";
    words.split_whitespace().map(fold).collect()
});

pub(super) fn has_exception(between: &str) -> bool {
    let mut words = between.split(|c: char| !c.is_alphanumeric());
    words.any(|word| EXCEPT.iter().any(|except| except == word)) || between.contains(['只', '仅'])
}

/// What lawful trade asks for, behind a denial, is evasion: `no prescription`, `bez zbytečných otázek`. A sentence that
/// denies twice asks for it: `not sold without a prescription`, `ohne Rezept keine Abgabe`.
/// Neither reaches over the end of a line: what stands on the next one is said of itself, in whatever order they come.
pub(super) fn done_without(folded: &Folded, signs: &mut Vec<Sign>) {
    let text = folded.text.as_str();
    let in_line = |from: usize, to: usize| !folded.breaks_within(from, to);
    let of = |kind| signs.iter().filter(move |sign: &&Sign| sign.kind == kind);
    let denials: Vec<Sign> = of(Signal::DeniedBefore).copied().collect();
    let required: Vec<Sign> = of(Signal::Requirement).copied().collect();
    let mut pairs: Vec<(Sign, Sign)> = Vec::new();
    for requirement in &required {
        let before = denials.iter().filter(|denial| denial.end <= requirement.start);
        if let Some(denial) = before.max_by_key(|denial| (denial.end, std::cmp::Reverse(denial.start)))
            && is_close(&text[denial.end..requirement.start])
            && in_line(denial.end, requirement.start)
            && !has_exception(&text[denial.end..requirement.start])
        {
            pairs.push((*denial, *requirement));
            continue;
        }
        // `Kundenerklärung brauchen wir keine`: the denial ends the clause.
        let behind = denials.iter().find(|denial| denial.start >= requirement.end);
        if let Some(denial) = behind
            && is_close(&text[requirement.end..denial.start])
            && in_line(requirement.end, denial.start)
            && (folded.is_break(denial.end) || ends_here(&text[denial.end..]))
        {
            pairs.push((*denial, *requirement));
        }
    }
    let mut twice: Vec<(usize, usize)> = Vec::new();
    for (denial, requirement) in &pairs {
        let (start, end) = (denial.start.min(requirement.start), denial.end.max(requirement.end));
        let others = denials.iter().filter(|other| pairs.iter().all(|(paired, _)| paired.end != other.end));
        let turned = others.into_iter().any(|other| {
            // `not sold without a prescription`, `ohne Rezept keine Abgabe`: it has to speak of selling, or sellers would take
            // back what they say (`no problem without a prescription`).
            let (between, said) = if other.end <= start && in_line(other.end, start) {
                let between = &text[other.end..start];
                (between, between)
            } else if other.start >= end && in_line(end, other.start) {
                let far = text.floor_char_boundary(other.end + SELLING_BYTES);
                let until = (other.end..far).find(|at| folded.is_break(*at)).unwrap_or(far);
                (&text[end..other.start], &text[other.end..until])
            } else {
                return false;
            };
            // `nicht ohne Rezept`.
            let not_without = other.end <= start && between.trim().is_empty();
            let speaks_of_selling = not_without || SELLING.iter().any(|stem| said.contains(stem.as_str()));
            between.len() <= DENIED_TWICE_BYTES && !ends_a_clause(between) && speaks_of_selling
        });
        let behind = &text[end..text.floor_char_boundary(end + DENIED_TWICE_BYTES)];
        // In the same clause: `no licence needed. Rejected parcels are sent again` refuses nobody.
        let refused = behind
            .split(|c: char| !c.is_alphanumeric())
            .find(|word| REFUSED.iter().any(|stem| word.starts_with(stem.as_str())))
            .and_then(|word| behind.find(word))
            .is_some_and(|at| !ends_a_clause(&behind[..at]) && in_line(end, end + at));
        if turned || (refused && denial.end <= requirement.start) {
            twice.push((start, end));
        } else {
            signs.push(Sign { kind: Signal::Evasion, start, end, milligrams: None });
        }
    }
    signs.retain(|sign| {
        sign.kind != Signal::Evasion || !twice.iter().any(|(start, end)| sign.start < *end && *start < sign.end)
    });
    signs.sort_by_key(|sign| (sign.kind, sign.start, std::cmp::Reverse(sign.end)));
    signs.dedup_by(|later, kept| later.kind == kept.kind && later.kind == Signal::Evasion && later.end <= kept.end);
}

/// Words that join clauses, folded.
const CONJUNCTIONS: [&str; 9] = ["und", "and", "y", "e", "et", "en", "i", "и", "ve"];

/// Words for what is needed, folded: `prescription not required`.
const NEEDED: [&str; 20] = [
    "required",
    "needed",
    "necessary",
    "asked",
    "erforderlich",
    "notig",
    "nodig",
    "vereist",
    "requise",
    "necessaire",
    "necesaria",
    "necesario",
    "necessaria",
    "necessario",
    "richiesta",
    "wymagana",
    "potrzebna",
    "nutne",
    "necesara",
    "diperlukan",
];

fn is_close(between: &str) -> bool {
    !ends_a_clause(between) && between.split_whitespace().count() <= WORDS_BETWEEN
}

/// Whether a clause ends where this text begins, but for a conjunction.
fn ends_here(text: &str) -> bool {
    let rest = text.trim_start();
    let word = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    rest.is_empty() || word.is_empty() || CONJUNCTIONS.contains(&word) || NEEDED.contains(&word)
}

fn ends_a_clause(text: &str) -> bool {
    text.contains([',', '(', ')', ':', '،', '、', '，', '：']) || ends_a_sentence(text)
}

fn ends_a_sentence(text: &str) -> bool {
    text.contains([';', '!', '?', '|', '\n', '。', '؛', '؟', '।', '！', '？', '；'])
        || text.contains(". ")
        || text.ends_with('.')
}

/// Bytes around words of evasion within which a licence or a prescription is what the seller does without (`we ask for no
/// customer declaration`).
const NEGATED_BYTES: usize = 16;

/// Lawful words inside words of evasion (`no licence required`) speak of evasion, and so do licences and prescriptions beside
/// them on their line.
pub(super) fn contradicted(folded: &Folded, signs: &mut Vec<Sign>) {
    let evasion: Vec<(usize, usize)> =
        signs.iter().filter(|sign| sign.kind == Signal::Evasion).map(|sign| (sign.start, sign.end)).collect();
    signs.retain(|sign| {
        let negated = matches!(sign.kind, Signal::Licence | Signal::Pharmacy | Signal::Veterinary | Signal::Kit);
        let reach = if negated { NEGATED_BYTES } else { 0 };
        let touched = |(start, end): &(usize, usize)| {
            let between = if *end <= sign.start { *end..sign.start } else { sign.end..(*start).max(sign.end) };
            *start < sign.end + reach && sign.start < *end + reach && !folded.breaks_within(between.start, between.end)
        };
        !sign.kind.is_lawful() || !evasion.iter().any(touched)
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::phrases::tokens;
    use crate::detect::signals::SignalIndex;
    use crate::detect::watchlist::Watchlist;

    #[test]
    fn what_is_done_without_is_evasion_unless_it_is_denied_twice() {
        let index = SignalIndex::build(&Watchlist::builtin().unwrap().context);
        for (text, evasion) in [
            ("no import permit is asked", true),
            ("Трамадол без рецепту і зайвих запитань", true),
            ("bez zbytečných otázek a bez papírů", true),
            ("من غير روشتة", true),
            ("bina KYC", true),
            ("Pas besoin d'ordonnance", true),
            ("no prescription, no questions", true),
            ("Sin factura, sin nombre, sin preguntas", true),
            ("ohne Namen, ohne Fragen", true),
            ("Kundenerklärung brauchen wir keine", true),
            ("prescription not required", true),
            ("nu trebuie reteta", true),
            ("Not sold without a prescription", false),
            ("Ohne Rezept keine Abgabe", false),
            ("Sin receta no vendemos", false),
            ("Без рецепта не отпускается", false),
            ("Nu se eliberează fără rețetă", false),
            ("Prescription required. No returns.", false),
            ("No returns, prescription required", false),
            ("a valid prescription", false),
            ("لا يصرف إلا بوصفة", false),
            ("not dispensed except on prescription", false),
            ("bez krabice\nlicence k nahlédnutí", false),
            ("licence k nahlédnutí\nbez krabice", false),
            ("ohne Rezept keine Probleme", true),
            ("Wir geben sie nicht ohne Rezept ab", false),
            ("No licence required. Not sold without a licence.", true),
        ] {
            let folded = Folded::of(text);
            let signs = index.find(&folded, &tokens(&folded.text));
            assert_eq!(signs.iter().any(|sign| sign.kind == Signal::Evasion), evasion, "{text}");
        }
    }
}
