//! The reasons of a verdict: one plain sentence for each of the three answers, then the details.

use crate::detect::assessment::{ContextFinding, Control, Decision, EmergingFinding, SubstanceFinding};
use crate::detect::decision::OfferedHow;
use crate::detect::judge::Mention;
use crate::vocab::terms::{Class, DecisionOffered, How, LegitimateUse, MentionRole, Signal};

/// What the reasons are made of.
pub(super) struct Told<'a> {
    pub decision: Decision,
    pub strongest: &'a Mention,
    pub how: OfferedHow,
    /// Whether the use of the entry with this id was reviewed.
    pub is_reviewed: &'a dyn Fn(&str) -> bool,
    pub substances: &'a [SubstanceFinding],
    pub emerging: &'a [EmergingFinding],
    pub context: &'a [ContextFinding],
    pub parts: &'a [(String, f64)],
}

/// Names told one by one.
const NAMED: usize = 5;

/// The reasons in sentences.
pub(super) fn reasons(told: &Told<'_>) -> Vec<String> {
    let mut reasons = Vec::new();
    reasons.extend(told.substances.iter().take(NAMED).filter_map(|found| substance(found, told)));
    reasons.extend(told.emerging.iter().take(3).map(emerging));
    if reasons.is_empty() {
        return reasons;
    }
    reasons.push(offered(told));
    reasons.push(lawful(told));
    let sum: Vec<String> = told.parts.iter().take(6).map(|(name, weight)| format!("{name} {weight:+.1}")).collect();
    reasons.push(format!("score from {}", sum.join(", ")));
    reasons
}

fn substance(found: &SubstanceFinding, told: &Told<'_>) -> Option<String> {
    let place = found.matches.first()?;
    let how = match place.how {
        How::Identifier => "gives the identifier",
        How::Obfuscated => "writes in disguise",
        How::Street if found.class == Class::Equipment => "names",
        How::Street => "uses the street name",
        How::Fuzzy => "has a near spelling,",
        How::Name | How::Class => "names",
    };
    let legal = match found.legitimate_use {
        _ if found.class == Class::ClassTerm => "the word for a whole family",
        LegitimateUse::NoneKnown if (told.is_reviewed)(&found.id) => "a substance without known legitimate use",
        LegitimateUse::NoneKnown => "a substance whose legitimate use was not reviewed",
        LegitimateUse::Licensed if found.controls.is_empty() => "a medicine under no control on record",
        LegitimateUse::Licensed => "a controlled substance that needs a licence",
        LegitimateUse::DualUse => "goods with lawful uses, watched for diversion",
    };
    let controls = in_brackets(&found.controls);
    let of = if place.how == How::Fuzzy { "of " } else { "" };
    Some(format!("the {} {how} \"{}\": {of}{}, {legal}{controls}", place.field, place.surface, found.name))
}

fn emerging(found: &EmergingFinding) -> String {
    let family = found.subclass.as_deref().unwrap_or(found.class.as_str());
    let controls = in_brackets(&found.controls);
    let listed = if found.controls.is_empty() {
        "which no list has and whose form is that of"
    } else {
        "which is not listed by name and whose form is that of"
    };
    format!("the {} names \"{}\", {listed} the {family} family{controls}", found.field, found.surface)
}

fn offered(told: &Told<'_>) -> String {
    let words = |kinds: &[Signal]| {
        let mut words: Vec<String> = Vec::new();
        for found in told.context.iter().filter(|found| kinds.contains(&found.signal)) {
            let word = format!("\"{}\"", found.surface.trim());
            if words.len() < 3 && !words.contains(&word) {
                words.push(word);
            }
        }
        if words.is_empty() { String::new() } else { format!(" ({})", words.join(", ")) }
    };
    let how = told.how;
    match told.decision.offered {
        DecisionOffered::WithEvasion => {
            let mut signs = Vec::new();
            if how.evasion {
                signs.push(format!("signs of evasion{}", words(&[Signal::Evasion, Signal::Disclaimer])));
            }
            if how.payment {
                signs.push(format!("untraceable payment{}", words(&[Signal::Payment])));
            }
            if how.contact {
                signs.push(format!("a private contact{}", words(&[Signal::Contact, Signal::Handle])));
            }
            format!("it is offered with {}", signs.join(" and "))
        }
        DecisionOffered::Plainly => {
            format!("it is offered{}", words(&[Signal::Offer, Signal::Price, Signal::Quantity, Signal::Purity]))
        }
        DecisionOffered::Mentioned if told.strongest.role == MentionRole::Tested => {
            "a test for it is offered, not the substance".to_owned()
        }
        DecisionOffered::Mentioned => "it is mentioned, not offered".to_owned(),
        DecisionOffered::Denied => "the text says that it is not in the goods".to_owned(),
        DecisionOffered::No => "nothing is offered".to_owned(),
    }
}

fn lawful(told: &Told<'_>) -> String {
    let Mention { by_table, verdict, lawful, .. } = *told.strongest;
    match lawful {
        None if told.context.iter().any(|found| found.signal == Signal::Licit) => {
            "no sign of lawful trade was strong enough".to_owned()
        }
        None => "no sign of lawful trade was found".to_owned(),
        Some(kind) if verdict < by_table => {
            format!("signs of a lawful trade, above all `{kind}`, lower the verdict from {by_table} to {verdict}")
        }
        Some(kind) if verdict > by_table => {
            format!(
                "the page looks like `{kind}` by its words, and speaks of evasion, contact or payment: a person should look"
            )
        }
        Some(kind) => format!("signs of a lawful trade (`{kind}`) do not change the verdict"),
    }
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
