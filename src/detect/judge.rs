//! From what was found to a verdict: three questions answered apart, and the table.

use std::collections::BTreeMap;

use crate::detect::Detector;
use crate::detect::assessment::{Assessment, Control, Decision, EmergingFinding};
use crate::detect::controls::{control, holds_in};
use crate::detect::decision::OfferedHow;
use crate::detect::explain;
use crate::detect::findings::context;
use crate::detect::found::{Emerging, Field, Named, cut, deals};
use crate::detect::marks::SignalWords;
use crate::detect::names::{Meaning, Strength};
use crate::detect::roles::{Place, has_a_sentence_of_an_offer, is_part_number, is_sure, tells};
use crate::detect::score::Features;
use crate::detect::setting::{Dosed, Known, Setting};
use crate::detect::view::{fold, mixes_scripts};
use crate::detect::watchlist::Substance;
use crate::vocab::terms::{
    Category, Class, DecisionNamed, DecisionOffered, DecisionRow, How, LawfulKind, LegitimateUse, MentionRole, Verdict,
};

/// Bytes of folded text between street names that stand together.
const MENU_WINDOW_BYTES: usize = 120;

/// Bytes of the shortest street name that counts in a menu: shorter ones are words and sizes more often.
const MENU_BYTES: usize = 3;

/// Bytes between two street names side by side.
const PAIR_BYTES: usize = 6;

/// Bytes of a text of a few words.
const FEW_WORDS_BYTES: usize = 240;

/// Milligrams above which a laboratory's words say nothing: laboratories do not buy by the kilo.
const LABORATORY_MILLIGRAMS: f64 = 10_000.0;

/// One thing named, with the answers to the three questions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mention {
    pub row: DecisionRow,
    pub role: MentionRole,
    pub verdict: Verdict,
    /// The table's verdict before lawful signs.
    pub by_table: Verdict,
    /// Steps of lawful signs.
    pub steps: u8,
    /// The lawful sign that counts most.
    pub lawful: Option<LawfulKind>,
    /// Index in the names, or in the emerging names.
    pub of: Of,
    pub rank: u8,
}

/// What a mention is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Name(usize),
    Emerging(usize),
}

impl Detector {
    /// The assessment of what was found, and what its score is made of.
    pub(super) fn judge(
        &self,
        fields: &[Field<'_>],
        named: &[Named],
        emerging: &[Emerging],
        known: Known,
        jurisdictions: &[String],
    ) -> (Assessment, Features) {
        let deals = deals(fields);
        let sure: Vec<bool> = named.iter().map(|name| is_sure(fields, name, deals)).collect();
        let dosed = named.iter().zip(&sure).any(|(name, sure)| *sure && Place::of(fields, name).is_dosed())
            || emerging.iter().any(|one| Place::of_emerging(fields, one).is_dosed());
        let substance = named
            .iter()
            .zip(&sure)
            .any(|(name, sure)| *sure && (name.how == How::Identifier || Place::of(fields, name).is_a_substance()));
        let weighed = named.iter().zip(&sure).any(|(name, sure)| *sure && Place::of(fields, name).has_amount())
            || emerging.iter().any(|one| Place::of_emerging(fields, one).has_amount());
        let heavy = named.iter().zip(&sure).any(|(name, sure)| *sure && Place::of(fields, name).has_mass());
        let denied = denied(fields, named);
        let in_an_offer = is_in_an_offer(fields, named, emerging, |at| sure[at] && !denied[at]);
        let known = Known { substance, weighed, in_an_offer, ..known };
        let setting = Setting::of(fields, known, Dosed { dosed, heavy });
        let menu = self.menu(fields, named, &sure, &denied, &setting);
        let beside = is_beside_the_goods(fields, named);
        let mut mentions: Vec<Mention> = Vec::new();
        for (at, name) in named.iter().enumerate() {
            let place = Place::of(fields, name);
            let name = &Named { marked: self.equipment_has_marks(fields, name), ..name.clone() };
            if self.is_a_brand_on_a_die(fields, named, name) {
                continue;
            }
            if !name.marked && self.says_nothing_without_marks(fields, name) {
                continue;
            }
            let row = self.row_of(name, sure[at] || menu.contains(&at), jurisdictions);
            // Whoever gives a number means the substance.
            let beside = beside && name.how != How::Identifier;
            let role = role(&place, row, (denied[at], beside), &setting);
            let mut mention = self.mention(row, role, Of::Name(at), &setting);
            if menu.contains(&at) && !place.has_amount() {
                mention.verdict = mention.verdict.min(Verdict::Review);
            }
            if row == DecisionRow::Ambiguous && !self.may_be_meant(fields, name) {
                mention.verdict = Verdict::Clear;
            }
            if name.how == How::Fuzzy && !setting.how.has_two_signs() && !is_hidden(fields, name) {
                mention.verdict = mention.verdict.min(Verdict::Review);
            }
            mention.rank = self.rank(name, row);
            mentions.push(mention);
        }
        for (at, one) in emerging.iter().enumerate() {
            let place = Place::of_emerging(fields, one);
            if is_part_number(&place, deals) {
                continue;
            }
            let covered = one.finding.controls.iter().any(|control| governs(control, jurisdictions));
            let row = if covered { DecisionRow::FamilyUnderControl } else { DecisionRow::Family };
            let is_denied = place.is_denied(&[]);
            let mut mention =
                self.mention(row, role(&place, row, (is_denied, false), &setting), Of::Emerging(at), &setting);
            mention.rank = 8 + if one.at == 0 { 8 } else { 0 };
            mentions.push(mention);
        }
        self.assess_mentions(fields, named, emerging, &mentions, &setting, jurisdictions)
    }

    /// Whether equipment stands beside the brands of known pills: `press` and `die`, `Tesla`.
    fn equipment_has_marks(&self, fields: &[Field<'_>], name: &Named) -> bool {
        if !matches!(name.meaning, Meaning::Equipment(_)) {
            return false;
        }
        let found = |words: &SignalWords| fields.iter().any(|field| words.is_in(&field.folded.text));
        let has_brand = || fields.iter().any(|field| self.marks.has_brand(&field.folded.text));
        (found(&self.marks.dies) || found(&self.marks.logos)) && has_brand()
    }

    /// Whether a name is the brand on a die that is offered (`Captagon logo`), and no substance in an amount.
    fn is_a_brand_on_a_die(&self, fields: &[Field<'_>], named: &[Named], name: &Named) -> bool {
        let has_die =
            |other: &Named| matches!(other.meaning, Meaning::Equipment(_)) && self.equipment_has_marks(fields, other);
        if matches!(name.meaning, Meaning::Equipment(_)) || !named.iter().any(has_die) {
            return false;
        }
        let surface = &fields[name.field].folded.text[name.folded.0..name.folded.1];
        let is_brand = self.watchlist.marks.brands.iter().any(|brand| fold(brand) == surface);
        is_brand && !Place::of(fields, name).has_any_mass()
    }

    /// Whether it is a term of equipment that other goods have too (`TDP`, the power of a processor).
    fn says_nothing_without_marks(&self, fields: &[Field<'_>], name: &Named) -> bool {
        let Meaning::Equipment(at) = name.meaning else { return false };
        let surface = &fields[name.field].folded.text[name.folded.0..name.folded.1];
        self.watchlist.equipment[at as usize].with_marks.values().flatten().any(|term| fold(term) == surface)
    }

    fn mention(&self, row: DecisionRow, role: MentionRole, of: Of, setting: &Setting) -> Mention {
        let table = &self.watchlist.decision;
        let how = match role {
            MentionRole::Offered => setting.how,
            MentionRole::Mentioned | MentionRole::Tested | MentionRole::Denied => {
                OfferedHow { offered: false, ..setting.how }
            }
        };
        let (steps, lawful) = self.steps(row, role, setting);
        let by_table = table.verdict(row, how);
        let verdict = match role {
            MentionRole::Denied => Verdict::Clear,
            MentionRole::Tested if !setting.how.is_dealing() && setting.doubt.is_none() => Verdict::Clear,
            MentionRole::Offered | MentionRole::Mentioned | MentionRole::Tested => {
                let verdict = table.lowered(by_table, steps, how);
                // Lawful words never lower below this beside evasion, contact or payment, whatever page they make of a text.
                let floor = setting.doubt.map(|meant| table.verdict(row, meant).min(table.lawful.floor_beside_dealing));
                // A book or a test that is offered off the platform may be neither: a person looks.
                let off_platform = setting.thing.is_some() && setting.how.is_dealing();
                let least = table.verdict(row, setting.how).min(table.lawful.floor_beside_dealing);
                let verdict = if off_platform { verdict.max(least) } else { verdict };
                verdict.max(floor.unwrap_or(Verdict::Clear))
            }
        };
        Mention { row, role, verdict, by_table, steps, lawful, of, rank: 0 }
    }

    /// How far lawful signs lower a row, and the one that counts most.
    fn steps(&self, row: DecisionRow, role: MentionRole, setting: &Setting) -> (u8, Option<LawfulKind>) {
        let rules = &self.watchlist.decision.lawful;
        let without_use = row == DecisionRow::NoneKnown;
        let company = matches!(row, DecisionRow::DualUse | DecisionRow::Everyday | DecisionRow::Equipment);
        let small = setting.most_milligrams.is_none_or(|mass| mass <= LABORATORY_MILLIGRAMS);
        let plain = |kind: LawfulKind, count: usize| setting.thing == Some(kind) && (!without_use || count >= 2);
        let has = |kind: LawfulKind| setting.lawful.contains_key(&kind);
        let between = has(LawfulKind::ReferenceMaterial)
            && setting.most_milligrams.is_some_and(|mass| mass > rules.reference_two_steps_mg);
        let mut sum = 0;
        let mut first = None;
        for (&kind, &count) in &setting.lawful {
            let steps = match kind {
                LawfulKind::ReferenceMaterial => match setting.most_milligrams {
                    Some(mass) if mass > rules.reference_one_step_mg => 0,
                    Some(mass) if mass > rules.reference_two_steps_mg => {
                        u8::from(has(LawfulKind::Laboratory) || has(LawfulKind::Licence))
                    }
                    None if !setting.in_solution && !has(LawfulKind::Laboratory) && !has(LawfulKind::Licence) => 1,
                    Some(_) | None => 2,
                },
                // The sign that lets more than a little reference material count is not counted again.
                LawfulKind::Laboratory if between => 0,
                LawfulKind::Laboratory => u8::from(small),
                LawfulKind::Licence | LawfulKind::Pharmacy | LawfulKind::Veterinary => u8::from(!without_use || small),
                LawfulKind::Kit | LawfulKind::Antibody | LawfulKind::Book | LawfulKind::Merchandise => {
                    u8::from(plain(kind, count))
                }
                LawfulKind::Training | LawfulKind::HarmReduction => {
                    u8::from(role != MentionRole::Offered || (count >= 2 && !without_use))
                }
                LawfulKind::Trade => u8::from(company),
                LawfulKind::News | LawfulKind::Job | LawfulKind::Thesis => 1,
                LawfulKind::Article => u8::from(!without_use),
            };
            if steps > 0 && first.is_none_or(|(held, _)| steps > held) {
                first = Some((steps, kind));
            }
            sum += steps;
        }
        (sum.min(rules.most_steps), first.map(|(_, kind)| kind))
    }

    /// The row of the table a name takes.
    fn row_of(&self, name: &Named, sure: bool, jurisdictions: &[String]) -> DecisionRow {
        match name.meaning {
            Meaning::Equipment(_) if name.strength == Strength::Street => DecisionRow::EquipmentWithDrugMarks,
            Meaning::Equipment(_) if name.marked => DecisionRow::EquipmentWithDrugMarks,
            Meaning::Equipment(_) => DecisionRow::Equipment,
            Meaning::Substance(at) => {
                let substance = &self.watchlist.substances[at as usize];
                if !sure { DecisionRow::Ambiguous } else { row_of_substance(substance, jurisdictions) }
            }
        }
    }

    /// Which name decides on a listing's category among equal verdicts: the title says what is offered, then an unambiguous
    /// name before others, then what the mandate is about before other drugs.
    fn rank(&self, name: &Named, row: DecisionRow) -> u8 {
        let in_title = u8::from(name.field == 0 && row != DecisionRow::Ambiguous) * 16;
        let strength = match name.strength {
            Strength::Distinct => 4,
            Strength::Street => 2,
            Strength::Ambiguous => 0,
        };
        let in_scope = match name.meaning {
            Meaning::Substance(at) => {
                let substance = &self.watchlist.substances[at as usize];
                // The substance itself goes before the word for its family.
                u8::from(substance.category() != Category::OtherControlled) * 8
                    + u8::from(substance.class() != Class::ClassTerm)
            }
            Meaning::Equipment(_) => 0,
        };
        in_title + strength + in_scope
    }

    /// Street names that count together: two of them as items with amounts of their own, or two near each other beside evasion
    /// or untraceable payment.
    fn menu(
        &self,
        fields: &[Field<'_>],
        named: &[Named],
        sure: &[bool],
        denied: &[bool],
        setting: &Setting,
    ) -> Vec<usize> {
        let soft: Vec<usize> = (0..named.len())
            .filter(|at| !sure[*at] && !denied[*at] && matches!(named[*at].meaning, Meaning::Substance(_)))
            .filter(|at| {
                named[*at].folded.1 - named[*at].folded.0 >= MENU_BYTES && !Place::of(fields, &named[*at]).is_a_sign()
            })
            .collect();
        let different = |group: &[usize]| {
            let mut patterns: Vec<usize> = group.iter().map(|at| named[*at].pattern).collect();
            patterns.sort_unstable();
            patterns.dedup();
            patterns.len()
        };
        let dosed: Vec<usize> =
            soft.iter().copied().filter(|at| Place::of(fields, &named[*at]).has_any_mass()).collect();
        let paired = self.paired(fields, named, &soft);
        if !paired.is_empty() {
            return paired;
        }
        if setting.how.offered && different(&dosed) >= 2 && setting.how.is_dealing() {
            return dosed;
        }
        if !(setting.how.evasion || setting.how.payment) {
            return Vec::new();
        }
        let near = |one: usize, other: usize| {
            let (a, b) = (&named[one], &named[other]);
            a.field == b.field && a.pattern != b.pattern && a.folded.0.abs_diff(b.folded.0) <= MENU_WINDOW_BYTES
        };
        // Ordinary words stand beside each other anywhere; names that are none do not.
        let told: Vec<usize> =
            soft.into_iter().filter(|at| named[*at].strength == Strength::Street || named[*at].code).collect();
        told.iter().copied().filter(|one| told.iter().any(|other| near(*one, *other))).collect()
    }

    /// Two street names of one family side by side, in a field that says a mass: `M-CAT (meow meow) 10 g`.
    fn paired(&self, fields: &[Field<'_>], named: &[Named], soft: &[usize]) -> Vec<usize> {
        let family = |at: usize| match named[at].meaning {
            Meaning::Substance(substance) => {
                let substance = &self.watchlist.substances[substance as usize];
                (substance.category() != Category::OtherControlled).then(|| substance.class())
            }
            Meaning::Equipment(_) => None,
        };
        let weighed = |at: usize| fields[named[at].field].signs.iter().any(|sign| sign.milligrams.is_some());
        let side_by_side = |one: usize, other: usize| {
            let (a, b) = (&named[one], &named[other]);
            a.field == b.field
                && a.pattern != b.pattern
                && a.folded.1 <= b.folded.0 + PAIR_BYTES
                && b.folded.0 <= a.folded.1 + PAIR_BYTES
                && a.folded != b.folded
                && family(one).is_some_and(|class| family(other) == Some(class))
        };
        soft.iter()
            .copied()
            .filter(|one| {
                weighed(*one) && soft.iter().any(|other| side_by_side(*one, *other) || side_by_side(*other, *one))
            })
            .collect()
    }

    /// Whether an ambiguous name may count beside two signs of a drug trade: in a few words any may be meant; in a long text,
    /// and where it is a word of everyday language, only one with an amount or a form beside it.
    fn may_be_meant(&self, fields: &[Field<'_>], name: &Named) -> bool {
        let place = Place::of(fields, name);
        let in_few_words = place.field.source.len() <= FEW_WORDS_BYTES && !self.names.is_common(name.pattern);
        (in_few_words || place.is_a_substance()) && !place.is_a_sign()
    }

    fn assess_mentions(
        &self,
        fields: &[Field<'_>],
        named: &[Named],
        emerging: &[Emerging],
        mentions: &[Mention],
        setting: &Setting,
        jurisdictions: &[String],
    ) -> (Assessment, Features) {
        let weights = &self.watchlist.weights;
        let strongest = mentions.iter().max_by_key(|mention| {
            let counts = !matches!(mention.role, MentionRole::Denied);
            (mention.verdict, counts, mention.row != DecisionRow::Ambiguous, mention.rank)
        });
        let Some(strongest) = strongest else { return (self.clear(), Features::default()) };
        let features = self.features_of(fields, named, mentions, setting);
        let score = features.score(weights);
        let verdict = strongest.verdict;
        let shown = |mention: &&Mention| {
            mention.row != DecisionRow::Ambiguous || (verdict != Verdict::Clear && mention.verdict == verdict)
        };
        let mut substances: BTreeMap<u32, Vec<(&Mention, &Named)>> = BTreeMap::new();
        let mut equipment: BTreeMap<u32, Vec<(&Mention, &Named)>> = BTreeMap::new();
        for mention in mentions.iter().filter(shown) {
            let Of::Name(at) = mention.of else { continue };
            match named[at].meaning {
                Meaning::Substance(substance) => substances.entry(substance).or_default().push((mention, &named[at])),
                Meaning::Equipment(item) if verdict != Verdict::Clear => {
                    equipment.entry(item).or_default().push((mention, &named[at]));
                }
                Meaning::Equipment(_) => {}
            }
        }
        let mut findings = self.substance_findings(fields, &substances, jurisdictions);
        findings.extend(self.equipment_findings(fields, &equipment));
        let mut emerging_findings: Vec<EmergingFinding> = Vec::new();
        for mention in mentions {
            let Of::Emerging(at) = mention.of else { continue };
            if matches!(mention.role, MentionRole::Denied | MentionRole::Tested) {
                continue;
            }
            let mut finding = emerging[at].finding.clone();
            finding.controls.retain(|control| holds_in(control, jurisdictions));
            emerging_findings.push(finding);
        }
        let context = context(fields, |kind| weights.features.get(kind).copied().unwrap_or(0.0));
        let decision = decision(strongest, setting);
        let category = (verdict != Verdict::Clear).then(|| self.category(strongest, named, emerging));
        let reasons = explain::reasons(&explain::Told {
            decision,
            strongest,
            how: setting.how,
            is_reviewed: &|id| self.watchlist.get(id).is_none_or(Substance::is_use_reviewed),
            substances: &findings,
            emerging: &emerging_findings,
            context: &context,
            parts: &features.explain(weights),
        });
        let assessment = Assessment {
            verdict,
            score,
            category,
            decision: Some(decision),
            substances: findings,
            context,
            emerging: emerging_findings,
            reasons,
            watchlist: self.watchlist.version().to_owned(),
        };
        (assessment, features)
    }

    fn category(&self, strongest: &Mention, named: &[Named], emerging: &[Emerging]) -> Category {
        match strongest.of {
            Of::Name(at) => match named[at].meaning {
                Meaning::Substance(at) => self.watchlist.substances[at as usize].category(),
                Meaning::Equipment(_) => Category::Equipment,
            },
            Of::Emerging(at) => match emerging[at].finding.class {
                Class::SyntheticOpioid => Category::SyntheticOpioid,
                Class::Precursor => Category::Precursor,
                _ => Category::Nps,
            },
        }
    }

    /// What the score is made of: the strongest name's answers, and the evidence beside it. Dealing only adds, lawful signs
    /// only take away.
    fn features_of(&self, fields: &[Field<'_>], named: &[Named], mentions: &[Mention], setting: &Setting) -> Features {
        let mut features = Features::default();
        let open = |mention: &&Mention| mention.role != MentionRole::Denied;
        let Some(strongest) = mentions
            .iter()
            .filter(open)
            .max_by_key(|mention| (mention.verdict, std::cmp::Reverse(mention.row), mention.rank))
        else {
            return features;
        };
        features.add(strongest.row.as_str(), 1.0);
        features.add(
            match strongest.verdict {
                Verdict::Refer => "refer",
                Verdict::Review => "review",
                Verdict::Clear => "clear",
            },
            1.0,
        );
        let offered = strongest.role == MentionRole::Offered && setting.how.offered;
        for (name, holds) in [
            ("offered", offered),
            ("evasion", offered && setting.how.evasion),
            ("payment", offered && setting.how.payment),
            ("contact", offered && setting.how.contact),
            ("drug-trade", offered && setting.how.drug_trade),
        ] {
            if holds {
                features.add(name, 1.0);
            }
        }
        let name_of = |mention: &Mention| match mention.of {
            Of::Name(at) => Some(&named[at]),
            Of::Emerging(_) => None,
        };
        if mentions.iter().filter(open).any(|mention| name_of(mention).is_some_and(|name| name.how == How::Identifier))
        {
            features.add("identifier", 1.0);
        }
        if mentions.iter().filter(open).any(|mention| name_of(mention).is_some_and(|name| name.disguised)) {
            features.add("disguise", 1.0);
        }
        if mentions.iter().filter(open).filter_map(name_of).any(|name| Place::of(fields, name).is_a_substance()) {
            features.add("amount", 1.0);
        }
        if strongest.steps > 0 {
            features.add("lawful", 2.0);
            if strongest.steps > 1 {
                features.add("lawful", 2.0);
            }
        }
        features
    }
}

/// Whether a name that counts stands in a sentence of a seller's, or is what a title names above such a sentence.
fn is_in_an_offer(
    fields: &[Field<'_>],
    named: &[Named],
    emerging: &[Emerging],
    counts: impl Fn(usize) -> bool,
) -> bool {
    let names = (0..named.len()).filter(|at| counts(*at)).map(|at| (named[at].field, Place::of(fields, &named[at])));
    let mut places = names.chain(emerging.iter().map(|one| (one.at, Place::of_emerging(fields, one))));
    let mut entitled = false;
    let beside = places.any(|(field, place)| {
        entitled |= field == 0;
        place.is_in_an_offer()
    });
    let below = || {
        fields.split_first().is_some_and(|(title, rest)| !tells(title) && rest.iter().any(has_a_sentence_of_an_offer))
    };
    beside || (entitled && below())
}

/// Whether a name is hidden from whoever searches for it.
fn is_hidden(fields: &[Field<'_>], name: &Named) -> bool {
    mixes_scripts(&cut(fields[name.field].source, name.span.0, name.span.1))
}

/// The row of an unambiguous name. Controls are those of the jurisdictions, else of the treaties.
fn row_of_substance(substance: &Substance, jurisdictions: &[String]) -> DecisionRow {
    let controlled =
        substance.controls.iter().filter_map(|code| control(code)).any(|control| governs(&control, jurisdictions));
    match (substance.class(), substance.legitimate_use()) {
        (Class::ClassTerm, _) => DecisionRow::Family,
        (Class::Precursor, LegitimateUse::DualUse) if is_everyday(substance) => DecisionRow::Everyday,
        (_, LegitimateUse::NoneKnown) => DecisionRow::NoneKnown,
        (Class::Precursor, _) => DecisionRow::Precursor,
        (_, LegitimateUse::Licensed) if controlled => DecisionRow::Controlled,
        (_, LegitimateUse::Licensed | LegitimateUse::DualUse) => DecisionRow::DualUse,
    }
}

/// Whether a control is one of the jurisdictions', or of the treaties.
fn governs(control: &Control, jurisdictions: &[String]) -> bool {
    control.jurisdiction == "INT" || jurisdictions.contains(&control.jurisdiction)
}

/// Solvents and reagents of every household and workshop, outside the strictest controls.
fn is_everyday(substance: &Substance) -> bool {
    let strict = ["UN1988-T1", "EU-cat1", "EU-cat2A", "US-L1"];
    let is_strict = |code: &String| strict.contains(&code.split('@').next().unwrap_or_default());
    matches!(substance.subclass.as_deref(), Some("solvent" | "reagent")) && !substance.controls.iter().any(is_strict)
}

/// Names of one kind of goods in a description, at most, that may be what other goods were made of or with.
const MADE_OF: usize = 2;

/// Whether a title says what is sold, and names nothing watched; what the description names may then be part of the goods.
fn is_beside_the_goods(fields: &[Field<'_>], named: &[Named]) -> bool {
    let has_title = fields.iter().any(|field| field.name == "title" && field.tokens.len() > 1);
    let mut patterns: Vec<usize> = named.iter().map(|name| name.pattern).collect();
    patterns.sort_unstable();
    patterns.dedup();
    has_title && patterns.len() <= MADE_OF && named.iter().all(|name| fields[name.field].name != "title")
}

fn role(place: &Place<'_>, row: DecisionRow, (denied, beside): (bool, bool), setting: &Setting) -> MentionRole {
    let lawful_goods =
        matches!(row, DecisionRow::Controlled | DecisionRow::Precursor | DecisionRow::DualUse | DecisionRow::Everyday);
    if denied {
        return MentionRole::Denied;
    }
    if place.is_tested() || matches!(setting.thing, Some(LawfulKind::Kit | LawfulKind::Antibody)) {
        return MentionRole::Tested;
    }
    let chemical = matches!(row, DecisionRow::Precursor | DecisionRow::DualUse | DecisionRow::Everyday);
    let is_part = lawful_goods
        && !setting.how.is_dealing()
        && !place.has_mass()
        && (place.is_an_ingredient() || (chemical && beside && place.is_in_passing()));
    if setting.thing.is_some() || is_part || !setting.how.offered {
        return MentionRole::Mentioned;
    }
    MentionRole::Offered
}

fn denied(fields: &[Field<'_>], named: &[Named]) -> Vec<bool> {
    let mut order: Vec<usize> = (0..named.len()).collect();
    order.sort_by_key(|at| (named[*at].field, named[*at].folded));
    let (mut denied, mut in_row) = (vec![false; named.len()], vec![false; named.len()]);
    let mut places: Vec<(usize, usize)> = Vec::new();
    let mut field = usize::MAX;
    for at in order.iter().copied() {
        let name = &named[at];
        if name.field != field {
            field = name.field;
            places.clear();
        }
        denied[at] = Place::of(fields, name).is_denied(&places);
        if denied[at] {
            places.push(name.folded);
        }
    }
    // What a word behind the last name of a row denies, it denies of the whole row (`THC, HHC veya ... yoktur`).
    for pair in (1..order.len()).rev() {
        let (at, next) = (order[pair - 1], order[pair]);
        let follows = named[at].field == named[next].field;
        let behind = denied[next] && (in_row[next] || Place::of(fields, &named[next]).is_denied_behind());
        if follows && behind && !denied[at] && Place::of(fields, &named[at]).goes_on_to(named[next].folded) {
            (denied[at], in_row[at]) = (true, true);
        }
    }
    denied
}

fn decision(strongest: &Mention, setting: &Setting) -> Decision {
    let offered = match strongest.role {
        MentionRole::Denied => DecisionOffered::Denied,
        MentionRole::Mentioned | MentionRole::Tested => DecisionOffered::Mentioned,
        MentionRole::Offered if setting.how.is_dealing() => DecisionOffered::WithEvasion,
        MentionRole::Offered => DecisionOffered::Plainly,
    };
    Decision { named: named_as(strongest.row), offered, lawful: strongest.lawful }
}

fn named_as(row: DecisionRow) -> DecisionNamed {
    match row {
        DecisionRow::NoneKnown => DecisionNamed::NoneKnown,
        DecisionRow::Controlled => DecisionNamed::Controlled,
        DecisionRow::Precursor => DecisionNamed::Precursor,
        DecisionRow::DualUse => DecisionNamed::DualUse,
        DecisionRow::FamilyUnderControl | DecisionRow::Family => DecisionNamed::Family,
        DecisionRow::EquipmentWithDrugMarks | DecisionRow::Equipment => DecisionNamed::Equipment,
        DecisionRow::Everyday => DecisionNamed::Everyday,
        DecisionRow::Ambiguous => DecisionNamed::Ambiguous,
    }
}
