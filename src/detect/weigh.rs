//! From what was found to a verdict: which names count, what they add up to, and the reasons in sentences.

use std::collections::BTreeMap;

use crate::detect::Detector;
use crate::detect::assessment::{
    Assessment, ContextFinding, Control, EmergingFinding, NameMatch, SubstanceFinding, Verdict,
};
use crate::detect::detector::{Field, Named, cut};
use crate::detect::names::{Meaning, Strength};
use crate::detect::score::Features;
use crate::detect::watchlist::{Substance, holds_in};
use crate::vocab::terms::{Category, Class, How, LegitimateUse, Signal};

/// Characters of folded text within which a licit signal excuses a name.
const LICIT_WINDOW_BYTES: usize = 48;

/// Findings shown of one substance.
const MATCHES_LIMIT: usize = 20;

impl Detector {
    /// The assessment of what was found, and what its score is made of.
    pub(super) fn weigh(
        &self,
        fields: &[Field<'_>],
        named: Vec<Named>,
        emerging: Vec<(EmergingFinding, (usize, usize), usize)>,
        jurisdictions: &[String],
    ) -> (Assessment, Features) {
        let weights = &self.watchlist.weights;
        let mut features = Features::default();
        let deals = fields.iter().flat_map(|field| &field.signals).any(|signal| Signal::DEALING.contains(&signal.kind));
        // The title says what is offered: where it says a test kit, a book or an antidote, and nothing shuns the light, the
        // names in the text are what that is about.
        let lawful_title = !deals
            && fields.first().is_some_and(|title| title.signals.iter().any(|signal| signal.kind == Signal::Licit))
            && !named.iter().any(|name| {
                name.strength == Strength::Distinct && (name.field == 0 || is_dosed(&fields[name.field], name))
            })
            && !emerging.iter().any(|(_, _, at)| *at == 0);
        let excuses = |field: usize, place| (lawful_title && field > 0) || licit_near(&fields[field], place);
        let (excused, open): (Vec<Named>, Vec<Named>) =
            named.into_iter().partition(|name| excuses(name.field, name.folded));
        let (licit, kept): (Vec<_>, Vec<_>) = emerging.into_iter().partition(|(_, place, at)| excuses(*at, *place));
        let says_it = |name: &Named| name.strength == Strength::Distinct;
        // Beside a name that says it by itself, a street name is as likely an ordinary word. Alone it counts with signs of a
        // deal, with a second one for the same family, or as a code with a drug's quantity beside it.
        let said = !kept.is_empty() || open.iter().any(says_it);
        let paired = !said && self.is_paired(&open);
        let substance_of = |name: &Named| match name.meaning {
            Meaning::Substance(at) => self.watchlist.substances.get(at as usize),
            Meaning::Equipment(_) => None,
        };
        let is_everyday = |name: &Named| substance_of(name).is_some_and(is_everyday_chemical);
        let counts = |name: &Named| {
            (says_it(name) && (deals || !is_everyday(name)))
                || is_equipment_in_a_deal(name, deals)
                || (!said && (deals || paired || is_dosed_code(&fields[name.field], name)))
        };
        let open: Vec<Named> = open.into_iter().filter(counts).collect();
        if paired {
            features.add("soft-pair", 1.0);
        }
        let mut substances: BTreeMap<u32, Vec<&Named>> = BTreeMap::new();
        let mut equipment: BTreeMap<u32, Vec<&Named>> = BTreeMap::new();
        let mut strongest: Option<(u8, &Substance)> = None;
        let mut in_title = kept.iter().any(|(_, _, at)| *at == 0);
        for name in &open {
            in_title |= name.field == 0;
            let at = match name.meaning {
                Meaning::Substance(at) => at,
                Meaning::Equipment(at) => {
                    let kind = if name.strength == Strength::Ambiguous { "equipment-ambiguous" } else { "equipment" };
                    features.add(kind, 1.0);
                    equipment.entry(at).or_default().push(name);
                    continue;
                }
            };
            let Some(substance) = self.watchlist.substances.get(at as usize) else { continue };
            substances.entry(at).or_default().push(name);
            features.add(feature_of(name, substance), 1.0);
            if name.strength == Strength::Ambiguous && is_dosed_code(&fields[name.field], name) {
                features.add("code", 1.0);
            }
            if name.disguised {
                features.add("disguise", 1.0);
            }
            let rank = rank(name, substance);
            if strongest.is_none_or(|(held, _)| rank > held) {
                strongest = Some((rank, substance));
            }
        }
        for _ in &kept {
            features.add("class", 1.0);
        }
        if in_title {
            features.add("in-title", 1.0);
        }
        if substances.len() > 1 {
            features.add("more-names", 1.0);
        }
        for name in &excused {
            if let Meaning::Substance(at) = name.meaning {
                substances.entry(at).or_default().push(name);
            }
        }
        let mut context = Vec::new();
        for field in fields {
            for signal in &field.signals {
                features.add(signal.kind.as_str(), if signal.kind == Signal::Licit { 2.0 } else { 1.0 });
                if context.len() < CONTEXT_LIMIT {
                    let (start, end) = field.folded.span(signal.start, signal.end);
                    context.push(ContextFinding {
                        field: field.name.clone(),
                        start,
                        end,
                        surface: cut(field.source, start, end),
                        signal: signal.kind,
                        weight: weights.features.get(signal.kind.as_str()).copied().unwrap_or(0.0),
                    });
                }
            }
        }
        if !excused.is_empty() || !licit.is_empty() {
            features.add("licit-at-name", 1.0);
        }
        let mut kept: Vec<EmergingFinding> = kept.into_iter().map(|(finding, ..)| finding).collect();
        kept.iter_mut().for_each(|finding| finding.controls.retain(|control| holds_in(control, jurisdictions)));
        let score = features.score(weights);
        let mut substance_findings = self.substance_findings(fields, &substances, jurisdictions);
        substance_findings.extend(self.equipment_findings(fields, &equipment));
        let category = category(strongest.map(|(_, substance)| substance), &kept, &features);
        let mut verdict = match score {
            _ if open.is_empty() && kept.is_empty() => Verdict::Clear,
            _ if score >= weights.refer => Verdict::Refer,
            _ if score >= weights.review => Verdict::Review,
            _ => Verdict::Clear,
        };
        // Other controlled drugs are not what the mandate is about; an unlisted name is for a person to judge.
        let only_other = category == Some(Category::OtherControlled);
        // The name of a family stands in news as often as in offers.
        let only_family = kept.is_empty()
            && [Signal::Offer, Signal::Quantity, Signal::Payment, Signal::Contact]
                .iter()
                .all(|kind| !features.0.contains_key(kind.as_str()))
            && open.iter().all(|name| matches!(name.meaning, Meaning::Substance(at) if self.is_family(at)));
        // A chemical with lawful uses is a referral in a deal that shuns the light; else a person looks.
        let only_dual_use = kept.is_empty()
            && !deals
            && open
                .iter()
                .filter_map(substance_of)
                .all(|substance| substance.legitimate_use() == LegitimateUse::DualUse);
        let only_emerging = strongest.is_none() && !kept.is_empty();
        if verdict == Verdict::Refer && (only_other || only_emerging || only_family || only_dual_use) {
            verdict = Verdict::Review;
        }
        if only_emerging && verdict == Verdict::Clear && licit.is_empty() && excused.is_empty() {
            verdict = Verdict::Review;
        }
        if verdict == Verdict::Clear {
            let counted = if open.is_empty() && kept.is_empty() { Features::default() } else { features };
            return (Assessment { score, context, substances: substance_findings, ..self.clear() }, counted);
        }
        let reasons = reasons(&substance_findings, &kept, &context, &features.explain(weights));
        let assessment = Assessment {
            verdict,
            score,
            category,
            substances: substance_findings,
            context,
            emerging: kept,
            reasons,
            watchlist: self.watchlist.version().to_owned(),
        };
        (assessment, features)
    }

    fn is_family(&self, at: u32) -> bool {
        self.watchlist.substances.get(at as usize).is_some_and(|substance| substance.class() == Class::ClassTerm)
    }

    /// Whether two different street names or ambiguous ones stand side by side for one family the mandate is about:
    /// `K2 spice`, `M-CAT (meow)`. Further apart, ordinary words meet by chance.
    fn is_paired(&self, open: &[Named]) -> bool {
        let family = |name: &Named| match name.meaning {
            Meaning::Substance(at) => {
                let substance = self.watchlist.substances.get(at as usize)?;
                (substance.category() != Category::OtherControlled).then_some(substance.class.as_str())
            }
            Meaning::Equipment(_) => None,
        };
        open.iter().enumerate().any(|(at, one)| {
            open[at + 1..].iter().any(|other| {
                one.field == other.field
                    && one.pattern != other.pattern
                    && one.folded.1 < other.folded.0.saturating_add(PAIR_WINDOW_BYTES)
                    && other.folded.0 < one.folded.1.saturating_add(PAIR_WINDOW_BYTES)
                    && one.folded != other.folded
                    && family(one).is_some_and(|class| family(other) == Some(class))
            })
        })
    }

    /// Equipment named in a deal, in the shape of substances: materials and equipment fall under article 13 of the 1988
    /// Convention.
    fn equipment_findings(&self, fields: &[Field<'_>], found: &BTreeMap<u32, Vec<&Named>>) -> Vec<SubstanceFinding> {
        let article = Control {
            instrument: "UN1988".to_owned(),
            schedule: "article 13".to_owned(),
            since: None,
            jurisdiction: "INT".to_owned(),
        };
        let item_of = |(at, names): (&u32, &Vec<&Named>)| {
            let item = self.watchlist.equipment.get(*at as usize)?;
            Some(SubstanceFinding {
                id: item.id.clone(),
                name: item.name().to_owned(),
                class: Class::Equipment,
                subclass: Some(item.category.clone()),
                legitimate_use: LegitimateUse::DualUse,
                controls: vec![article.clone()],
                matches: matches_of(fields, names),
            })
        };
        found.iter().filter_map(item_of).collect()
    }

    fn substance_findings(
        &self,
        fields: &[Field<'_>],
        found: &BTreeMap<u32, Vec<&Named>>,
        jurisdictions: &[String],
    ) -> Vec<SubstanceFinding> {
        let mut findings: Vec<(usize, SubstanceFinding)> = Vec::new();
        for (at, names) in found {
            let Some(substance) = self.watchlist.substances.get(*at as usize) else { continue };
            let matches = matches_of(fields, names);
            let weight = names
                .iter()
                .map(|name| match name.strength {
                    Strength::Distinct => 4,
                    Strength::Street => 2,
                    Strength::Ambiguous => 1,
                })
                .max();
            findings.push((
                weight.unwrap_or(0),
                SubstanceFinding {
                    id: substance.id.clone(),
                    name: substance.name.clone(),
                    class: substance.class(),
                    subclass: substance.subclass.clone(),
                    legitimate_use: substance.legitimate_use(),
                    controls: substance.controls_in(jurisdictions),
                    matches,
                },
            ));
        }
        findings.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.id.cmp(&b.1.id)));
        findings.into_iter().map(|(_, finding)| finding).collect()
    }
}

/// Places of a name, as shown.
fn matches_of(fields: &[Field<'_>], names: &[&Named]) -> Vec<NameMatch> {
    let shown = |name: &&Named| NameMatch {
        field: fields[name.field].name.clone(),
        start: name.span.0,
        end: name.span.1,
        surface: cut(fields[name.field].source, name.span.0, name.span.1),
        how: name.how,
        rule: name.rule.clone(),
    };
    names.iter().take(MATCHES_LIMIT).map(shown).collect()
}

/// Context findings shown of one listing.
const CONTEXT_LIMIT: usize = 60;

/// Equipment is lawful goods: it counts in a deal that shuns the light, and dies with a brand's logo always.
fn is_equipment_in_a_deal(name: &Named, deals: bool) -> bool {
    matches!(name.meaning, Meaning::Equipment(_)) && (deals || name.strength != Strength::Ambiguous)
}

/// Bytes of folded text between two names that stand side by side.
const PAIR_WINDOW_BYTES: usize = 6;

/// Bytes of folded text within which a quantity belongs to a code.
const QUANTITY_WINDOW_BYTES: usize = 24;

/// Whether a quantity such as drugs are sold in stands beside a code. Codes of letters only (`MXE`) are written in capitals.
fn is_dosed_code(field: &Field<'_>, name: &Named) -> bool {
    if !name.code || name.strength == Strength::Distinct {
        return false;
    }
    let Some(text) = field.folded.text.get(name.folded.0..name.folded.1) else { return false };
    let capitals = || field.folded.is_in_capitals(name.folded.0, name.folded.1);
    if !text.bytes().any(|b| b.is_ascii_digit()) && !capitals() {
        return false;
    }
    is_dosed(field, name)
}

/// Whether a quantity stands beside a name.
fn is_dosed(field: &Field<'_>, name: &Named) -> bool {
    field.signals.iter().any(|signal| {
        signal.kind == Signal::Quantity
            && signal.start < name.folded.1 + QUANTITY_WINDOW_BYTES
            && name.folded.0 < signal.end + QUANTITY_WINDOW_BYTES
            && (signal.start >= name.folded.1 || signal.end <= name.folded.0)
    })
}

fn feature_of(name: &Named, substance: &Substance) -> &'static str {
    use LegitimateUse::{DualUse, Licensed, NoneKnown};
    match (name.how, name.strength, substance.legitimate_use()) {
        (How::Identifier, _, Licensed) => "identifier-licensed",
        (How::Identifier, _, DualUse) if is_core_precursor(substance) => "identifier-precursor",
        (How::Identifier, _, DualUse) => "identifier-dual-use",
        (How::Identifier, _, NoneKnown) => "identifier-none-known",
        (How::Fuzzy, ..) => "fuzzy",
        // The name of a whole family stands in news and books as often as in offers.
        (_, Strength::Distinct, _) if substance.class() == Class::ClassTerm => "family",
        (_, Strength::Street, _) => "street",
        (_, Strength::Ambiguous, _) => "ambiguous",
        (_, _, Licensed) => "name-licensed",
        (_, _, DualUse) if is_core_precursor(substance) => "name-precursor",
        (_, _, DualUse) => "name-dual-use",
        (_, _, NoneKnown) if name.brief => "name-code",
        (_, _, NoneKnown) => "name-none-known",
    }
}

/// Precursors under the strictest controls: Table I of the 1988 Convention and its counterparts. Solvents and acids of
/// Table II are everyday goods.
fn is_core_precursor(substance: &Substance) -> bool {
    let strict = ["UN1988-T1", "EU-cat1", "EU-cat2A", "US-L1"];
    let is_strict = |code: &String| strict.contains(&code.split('@').next().unwrap_or_default());
    substance.class() == Class::Precursor && substance.controls.iter().any(is_strict)
}

/// Solvents and reagents of every household and workshop, outside the strictest controls: they count in a deal only.
fn is_everyday_chemical(substance: &Substance) -> bool {
    substance.class() == Class::Precursor
        && substance.legitimate_use() == LegitimateUse::DualUse
        && matches!(substance.subclass.as_deref(), Some("solvent" | "reagent"))
        && !is_core_precursor(substance)
}

/// Which name decides on a listing's category: the title says what is offered, the text what else the seller has; then a
/// name that says it by itself before others; then what the mandate is about before other drugs.
fn rank(name: &Named, substance: &Substance) -> u8 {
    let strength = match name.strength {
        Strength::Distinct => 4,
        Strength::Street => 2,
        Strength::Ambiguous => 0,
    };
    let in_title = if name.field == 0 && name.strength == Strength::Distinct { 8 } else { 0 };
    in_title + strength + u8::from(substance.category() != Category::OtherControlled)
}

/// Whether a licit signal stands within the window of a name: it excuses that name, not the page.
fn licit_near(field: &Field<'_>, name: (usize, usize)) -> bool {
    field.signals.iter().any(|signal| {
        signal.kind == Signal::Licit
            && signal.start < name.1.saturating_add(LICIT_WINDOW_BYTES)
            && name.0 < signal.end.saturating_add(LICIT_WINDOW_BYTES)
    })
}

fn category(substance: Option<&Substance>, emerging: &[EmergingFinding], features: &Features) -> Option<Category> {
    if let Some(substance) = substance {
        return Some(substance.category());
    }
    if let Some(found) = emerging.first() {
        // A name that no list has is new, whatever its class.
        return Some(match Category::of(found.class) {
            said @ (Category::SyntheticOpioid | Category::Precursor) => said,
            Category::Nps | Category::Equipment | Category::OtherControlled => Category::Nps,
        });
    }
    (features.0.contains_key("equipment") || features.0.contains_key("equipment-ambiguous"))
        .then_some(Category::Equipment)
}

/// The first controls in words: ` (UN1961 I since 2021, CN class-wise control)`.
fn in_brackets(controls: &[Control]) -> String {
    let in_words = |control: &Control| {
        let since = control.since.as_ref().map_or_else(String::new, |year| format!(" since {year}"));
        format!("{} {}{since}", control.instrument, control.schedule)
    };
    match controls.iter().take(4).map(in_words).collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => none,
        some => format!(" ({some})"),
    }
}

fn reasons(
    substances: &[SubstanceFinding],
    emerging: &[EmergingFinding],
    context: &[ContextFinding],
    parts: &[(String, f64)],
) -> Vec<String> {
    let mut reasons = Vec::new();
    for substance in substances.iter().take(5) {
        let Some(place) = substance.matches.first() else { continue };
        let how = match place.how {
            How::Identifier => "gives the identifier",
            How::Obfuscated => "writes in disguise",
            How::Street => "uses the street name",
            How::Name | How::Class | How::Fuzzy => "names",
        };
        let legal = match substance.legitimate_use {
            LegitimateUse::Licensed => "a controlled substance that needs a licence",
            LegitimateUse::DualUse if substance.class == Class::Equipment => {
                "goods with lawful uses, watched for diversion"
            }
            LegitimateUse::DualUse => "a chemical with lawful uses, watched for diversion",
            LegitimateUse::NoneKnown => "a substance without known legitimate use",
        };
        let controls = in_brackets(&substance.controls);
        reasons.push(format!("the {} {how} \"{}\": {}, {legal}{controls}", place.field, place.surface, substance.name));
    }
    for found in emerging.iter().take(3) {
        let family = found.subclass.as_deref().unwrap_or(found.class.as_str());
        let controls = in_brackets(&found.controls);
        reasons.push(format!(
            "the {} names \"{}\", which no list has and whose form is that of the {family} family{controls}",
            found.field, found.surface
        ));
    }
    for kind in [Signal::Evasion, Signal::Offer, Signal::Contact, Signal::Payment, Signal::Shipping, Signal::Licit] {
        let words: Vec<String> =
            context.iter().filter(|f| f.signal == kind).take(3).map(|f| format!("\"{}\"", f.surface)).collect();
        if !words.is_empty() {
            reasons.push(format!("{kind} signals: {}", words.join(", ")));
        }
    }
    let sum: Vec<String> = parts.iter().take(6).map(|(name, weight)| format!("{name} {weight:+.1}")).collect();
    reasons.push(format!("score from {}", sum.join(", ")));
    reasons
}
