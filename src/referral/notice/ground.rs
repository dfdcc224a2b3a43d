//! Why a listing is believed to be illegal: what was found in it, and the legal ground, as data and in words.

use serde::{Deserialize, Serialize};

use crate::detect::assessment::{Assessment, Control};
use crate::referral::language::Catalogue;
use crate::vocab::terms::{Class, How, LegitimateUse, NoticeHow, Signal};

/// One substance named in a listing, with its legal ground.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NoticeSubstance {
    /// Preferred name.
    pub name: String,
    /// Words of the listing that name it.
    pub words: Vec<String>,
    /// What it is used for lawfully.
    pub legitimate_use: LegitimateUse,
    /// Controls in the platform's jurisdictions; of a name on no list those of its family as a class.
    pub controls: Vec<NoticeControl>,
    /// No list has the name; its form is that of a family.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unlisted: bool,
    /// That family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
}

/// A control and where it can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NoticeControl {
    /// Instrument, schedule, since when and where it applies.
    #[serde(flatten)]
    pub control: Control,
    /// Where the text of the control stands.
    #[serde(default)]
    pub source: String,
}

impl From<&Control> for NoticeControl {
    fn from(control: &Control) -> Self {
        NoticeControl { source: source_of(control), control: control.clone() }
    }
}

impl NoticeSubstance {
    /// Whether there is a ground on which it may be referred: a control, or no known legitimate use. Goods with lawful uses
    /// that the platform's jurisdictions do not control have none.
    pub fn has_ground(&self) -> bool {
        !self.controls.is_empty() || self.legitimate_use == LegitimateUse::NoneKnown
    }

    /// Its use in words.
    pub fn use_in_words(&self, words: &Catalogue) -> String {
        match &self.family {
            Some(family) => words.fill("use.family", &[("family", family)]),
            None => words.word(use_key(self.legitimate_use)).to_owned(),
        }
    }

    /// Its grounds in words, one a line.
    pub fn grounds(&self, words: &Catalogue) -> Vec<String> {
        if !self.controls.is_empty() {
            let in_words = |held: &NoticeControl| {
                let control = control_in_words(&held.control, words);
                let control =
                    if self.unlisted { words.fill("control.class_control", &[("control", &control)]) } else { control };
                let source = words.fill("control.source", &[("source", &held.source)]);
                if held.source.is_empty() { control } else { format!("{control} ({source})") }
            };
            return self.controls.iter().map(in_words).collect();
        }
        vec![words.word(if self.unlisted { "control.unlisted" } else { "control.none_known" }).to_owned()]
    }
}

/// One thing found in a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[schema(as = NoticeFinding)]
pub enum Finding {
    /// A substance of the watchlist.
    Substance {
        /// `title`, `text`, or `attributes.<key>`.
        field: String,
        /// As written.
        words: String,
        /// How it is written.
        how: NoticeHow,
        /// Preferred name.
        substance: String,
        /// What it is used for lawfully.
        legitimate_use: LegitimateUse,
    },
    /// A name that only a class rule accepts.
    Class {
        /// Field.
        field: String,
        /// As written.
        words: String,
        /// Family.
        family: String,
    },
    /// Signs around the names.
    Signal {
        /// What they point to.
        signal: Signal,
        /// As written.
        words: Vec<String>,
    },
}

/// Signals that a notice names; licit ones and quantities weigh in the score only.
const SIGNALS: [Signal; 5] = [Signal::Evasion, Signal::Offer, Signal::Contact, Signal::Payment, Signal::Shipping];

/// Substances and families named in the reasons of one listing.
const NAMED: usize = 8;

/// What was found in the listings, each thing once.
pub fn findings_of(assessments: &[Assessment]) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    let mut add = |one: Finding| {
        if !found.contains(&one) {
            found.push(one);
        }
    };
    for assessment in assessments {
        for substance in assessment.substances.iter().take(NAMED) {
            let Some(place) = substance.matches.first() else { continue };
            let how = match place.how {
                How::Identifier => NoticeHow::Identifier,
                How::Obfuscated => NoticeHow::Disguise,
                How::Fuzzy => NoticeHow::Near,
                // Goods have terms, no street names.
                How::Street if substance.class != Class::Equipment => NoticeHow::Street,
                How::Name | How::Class | How::Street => NoticeHow::Name,
            };
            add(Finding::Substance {
                field: place.field.clone(),
                words: place.surface.clone(),
                how,
                substance: substance.name.clone(),
                legitimate_use: substance.legitimate_use,
            });
        }
        for emerging in assessment.emerging.iter().take(NAMED) {
            add(Finding::Class {
                field: emerging.field.clone(),
                words: emerging.surface.clone(),
                family: emerging.subclass.clone().unwrap_or_else(|| emerging.class.to_string()),
            });
        }
    }
    for signal in SIGNALS {
        let mut words: Vec<String> = Vec::new();
        for one in assessments.iter().flat_map(|a| &a.context).filter(|one| one.signal == signal) {
            if words.len() < 3 && !words.contains(&one.surface) {
                words.push(one.surface.clone());
            }
        }
        if !words.is_empty() {
            add(Finding::Signal { signal, words });
        }
    }
    found
}

impl Finding {
    /// Whether it names what is offered: signals alone are no reason.
    pub fn names_a_substance(&self) -> bool {
        !matches!(self, Finding::Signal { .. })
    }

    /// Whether the name may mean something else: it is only close to a listed one, or on no list.
    pub fn is_unsure(&self) -> bool {
        match self {
            Finding::Substance { how, .. } => *how == NoticeHow::Near,
            Finding::Class { .. } => true,
            Finding::Signal { .. } => false,
        }
    }

    /// The finding as a sentence.
    pub fn sentence(&self, words: &Catalogue) -> String {
        match self {
            Finding::Substance { field, words: surface, how, substance, legitimate_use } => words.fill(
                &format!("reason.{how}"),
                &[
                    ("field", &field_in_words(field, words)),
                    ("words", surface),
                    ("substance", substance),
                    ("use", words.word(use_key(*legitimate_use))),
                ],
            ),
            Finding::Class { field, words: surface, family } => words.fill(
                "reason.class",
                &[("field", &field_in_words(field, words)), ("words", surface), ("family", family)],
            ),
            Finding::Signal { signal, words: surfaces } => {
                let quoted: Vec<String> = surfaces.iter().map(|word| format!("“{word}”")).collect();
                words.fill(&format!("reason.{signal}"), &[("words", &words.list(&quoted))])
            }
        }
    }
}

fn use_key(legitimate_use: LegitimateUse) -> &'static str {
    match legitimate_use {
        LegitimateUse::Licensed => "use.licensed",
        LegitimateUse::DualUse => "use.dual_use",
        LegitimateUse::NoneKnown => "use.none_known",
    }
}

fn field_in_words(field: &str, words: &Catalogue) -> String {
    match field.strip_prefix("attributes.") {
        Some(name) => format!("{} {name}", words.word("field.attribute")),
        None => words.maybe(&format!("field.{field}")).unwrap_or(field).to_owned(),
    }
}

/// A control in words: the instrument by its title, the schedule as the instrument calls it. National laws keep the name
/// they have at home.
fn control_in_words(control: &Control, words: &Catalogue) -> String {
    let n = control.schedule.as_str();
    let numbered = |key: &str| words.fill(key, &[("n", n)]);
    let (instrument, schedule) = match control.instrument.as_str() {
        "UN1961" => (words.word("control.un1961").to_owned(), numbered("control.schedule")),
        "UN1971" => (words.word("control.un1971").to_owned(), numbered("control.schedule")),
        "UN1988" if n.starts_with("article ") => {
            let article = words.fill("control.article", &[("n", n.trim_start_matches("article "))]);
            (words.word("control.un1988").to_owned(), article)
        }
        "UN1988" => (words.word("control.un1988").to_owned(), numbered("control.table")),
        "INCB special surveillance list" => (words.word("control.incb").to_owned(), String::new()),
        "EU 273/2004" => (words.word("control.eu273").to_owned(), numbered("control.category")),
        _ => match law_of(control) {
            Some(Law { title, part, .. }) => {
                let schedule = match part {
                    Part::Named(key) => numbered(key),
                    Part::AtHome(part) => part,
                };
                (format!("{title} ({})", control.jurisdiction), schedule)
            }
            None => (format!("{} ({})", control.instrument, control.jurisdiction), n.to_owned()),
        },
    };
    let mut parts = vec![instrument];
    parts.extend((!schedule.is_empty()).then_some(schedule));
    parts.extend(control.since.as_ref().map(|year| words.fill("control.since", &[("year", year)])));
    words.list(&parts)
}

/// A national law: its title, how it calls the part a substance stands in, and where that can be read.
struct Law {
    title: &'static str,
    part: Part,
    source: &'static str,
}

/// A part of a law.
enum Part {
    /// Numbered, in the words of a language file.
    Named(&'static str),
    /// As the law calls it.
    AtHome(String),
}

/// The law that a national code of the watchlist stands for (`patterns/README.md` has the codes).
fn law_of(control: &Control) -> Option<Law> {
    let n = control.schedule.as_str();
    let law = |title, part, source| Some(Law { title, part, source });
    let annex = |n: &str| Part::AtHome(format!("Anlage {n}"));
    match (control.instrument.as_str(), n.split_once('-').unwrap_or((n, ""))) {
        ("US CSA", _) => {
            law("Controlled Substances Act, 21 U.S.C. 812", Part::Named("control.schedule"), "21 CFR Part 1308")
        }
        ("US CSA list", _) => {
            law("Controlled Substances Act, 21 U.S.C. 802", Part::Named("control.list"), "21 CFR Part 1310")
        }
        ("UK MDA 1971", _) => {
            law("Misuse of Drugs Act 1971", Part::Named("control.class"), "Misuse of Drugs Act 1971, Schedule 2")
        }
        ("CA CDSA", _) => law(
            "Controlled Drugs and Substances Act, S.C. 1996, c. 19",
            Part::Named("control.schedule"),
            "Controlled Drugs and Substances Act, Schedules I to VI",
        ),
        ("DE", ("BtMG", number)) => law("Betäubungsmittelgesetz", annex(number), "BtMG, Anlagen I bis III"),
        ("DE", ("NpSG", number)) => law("Neue-psychoaktive-Stoffe-Gesetz", annex(number), "NpSG, Anlage"),
        ("CN", ("narcotic", _)) => {
            law("麻醉药品品种目录", Part::AtHome(String::new()), "麻醉药品品种目录（2013年版）及其后公告")
        }
        ("CN", ("psych1", _)) => law("精神药品品种目录", Part::AtHome("第一类".to_owned()), CN_PSYCHOTROPIC),
        ("CN", ("psych2", _)) => law("精神药品品种目录", Part::AtHome("第二类".to_owned()), CN_PSYCHOTROPIC),
        ("CN", ("precursor", number)) => {
            let class = match number {
                "1" => "第一类",
                "2" => "第二类",
                _ => "第三类",
            };
            law("易制毒化学品管理条例", Part::AtHome(class.to_owned()), "易制毒化学品的分类和品种目录")
        }
        ("CN", ("class", _)) => {
            law(CN_NON_MEDICAL, Part::AtHome("整类列管".to_owned()), "国家禁毒委员会办公室等部门的整类列管公告")
        }
        ("CN", _) if control.schedule.starts_with("list of") => law(
            "麻醉药品和精神药品管理条例",
            Part::AtHome("没有医疗用途的品种".to_owned()),
            "国家药品监督管理局等部门公布的没有医疗用途的麻醉药品和精神药品目录",
        ),
        ("CN", _) => {
            law(CN_NON_MEDICAL, Part::AtHome("增补目录".to_owned()), "非药用类麻醉药品和精神药品管制品种增补目录")
        }
        ("HK", _) => {
            law("Dangerous Drugs Ordinance, Cap. 134", Part::AtHome(String::new()), "Cap. 134, First Schedule")
        }
        ("JP", _) => law(
            "医薬品、医療機器等の品質、有効性及び安全性の確保等に関する法律",
            Part::AtHome("指定薬物".to_owned()),
            "厚生労働省令による指定薬物の指定",
        ),
        ("RU", _) => law(
            "Постановление Правительства РФ от 30.06.1998 № 681",
            Part::AtHome(format!("Список {n}")),
            "Перечень наркотических средств, психотропных веществ и их прекурсоров",
        ),
        ("SG", _) => {
            law("Misuse of Drugs Act 1973", Part::Named("control.class"), "Misuse of Drugs Act 1973, First Schedule")
        }
        ("VN", _) => law(
            "Nghị định về danh mục chất ma túy và tiền chất",
            Part::AtHome(format!("Danh mục {n}")),
            "Nghị định của Chính phủ quy định các danh mục chất ma túy và tiền chất",
        ),
        _ => None,
    }
}

const CN_PSYCHOTROPIC: &str = "精神药品品种目录（2013年版）及其后公告";
const CN_NON_MEDICAL: &str = "非药用类麻醉药品和精神药品列管办法";

/// Where the text of a control can be read: the list of the body that keeps it.
fn source_of(control: &Control) -> String {
    match control.instrument.as_str() {
        "UN1961" => "INCB, List of Narcotic Drugs under International Control (Yellow List)",
        "UN1971" => "INCB, List of Psychotropic Substances under International Control (Green List)",
        // Equipment stands in an article of the treaty and in no table.
        "UN1988" if control.schedule.starts_with("article ") => "United Nations Convention of 1988, article 13",
        "UN1988" => "INCB, List of Precursors and Chemicals under International Control (Red List)",
        "INCB special surveillance list" => "INCB, limited international special surveillance list",
        "EU 273/2004" => "Regulation (EC) No 273/2004, Annex I",
        _ => law_of(control).map_or("", |law| law.source),
    }
    .to_owned()
}

/// The substances named in the listings with their grounds, each once.
pub fn substances_of(assessments: &[Assessment]) -> Vec<NoticeSubstance> {
    let mut found: Vec<NoticeSubstance> = Vec::new();
    for substance in assessments.iter().flat_map(|assessment| &assessment.substances) {
        let words = substance.matches.iter().map(|m| m.surface.clone());
        match found.iter_mut().find(|held| held.name == substance.name) {
            Some(held) => held.words.extend(words),
            None => found.push(NoticeSubstance {
                name: substance.name.clone(),
                words: words.collect(),
                legitimate_use: substance.legitimate_use,
                controls: substance.controls.iter().map(NoticeControl::from).collect(),
                unlisted: false,
                family: None,
            }),
        }
    }
    // A name that only a class rule accepts is offered as well; the class is its legal ground.
    for emerging in assessments.iter().flat_map(|assessment| &assessment.emerging) {
        if !found.iter().any(|held| held.name.eq_ignore_ascii_case(&emerging.surface)) {
            found.push(NoticeSubstance {
                name: emerging.surface.clone(),
                words: vec![emerging.surface.clone()],
                legitimate_use: LegitimateUse::NoneKnown,
                controls: emerging.controls.iter().map(NoticeControl::from).collect(),
                unlisted: true,
                family: Some(emerging.subclass.clone().unwrap_or_else(|| emerging.class.to_string())),
            });
        }
    }
    for substance in &mut found {
        substance.words.sort();
        substance.words.dedup();
        substance.words.truncate(8);
    }
    found
}
