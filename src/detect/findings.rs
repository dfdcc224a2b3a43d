//! What a verdict shows: substances and equipment with the places of their names, and the words around them.

use std::collections::BTreeMap;

use crate::detect::Detector;
use crate::detect::assessment::{ContextFinding, Control, NameMatch, SubstanceFinding};
use crate::detect::found::{Field, Named, cut};
use crate::detect::judge::Mention;
use crate::vocab::terms::{Class, LegitimateUse, Verdict};

/// Findings shown of one substance.
const MATCHES_LIMIT: usize = 20;

/// Context findings shown of one listing.
const CONTEXT_LIMIT: usize = 60;

impl Detector {
    /// Equipment in the shape of substances: materials and equipment fall under article 13 of the 1988 Convention.
    pub(super) fn equipment_findings(
        &self,
        fields: &[Field<'_>],
        found: &BTreeMap<u32, Vec<(&Mention, &Named)>>,
    ) -> Vec<SubstanceFinding> {
        let article = Control {
            instrument: "UN1988".to_owned(),
            schedule: "article 13".to_owned(),
            since: None,
            jurisdiction: "INT".to_owned(),
        };
        let item_of = |(at, names): (&u32, &Vec<(&Mention, &Named)>)| {
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

    pub(super) fn substance_findings(
        &self,
        fields: &[Field<'_>],
        found: &BTreeMap<u32, Vec<(&Mention, &Named)>>,
        jurisdictions: &[String],
    ) -> Vec<SubstanceFinding> {
        let mut findings: Vec<((Verdict, u8), SubstanceFinding)> = Vec::new();
        for (at, names) in found {
            let substance = &self.watchlist.substances[*at as usize];
            let strength = names.iter().map(|(mention, _)| (mention.verdict, mention.rank)).max();
            findings.push((
                strength.unwrap_or((Verdict::Clear, 0)),
                SubstanceFinding {
                    id: substance.id.clone(),
                    name: substance.name.clone(),
                    class: substance.class(),
                    subclass: substance.subclass.clone(),
                    legitimate_use: substance.legitimate_use(),
                    controls: substance.controls_in(jurisdictions),
                    matches: matches_of(fields, names),
                },
            ));
        }
        findings.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.id.cmp(&b.1.id)));
        findings.into_iter().map(|(_, finding)| finding).collect()
    }
}

/// Places of a name, as shown.
fn matches_of(fields: &[Field<'_>], names: &[(&Mention, &Named)]) -> Vec<NameMatch> {
    let shown = |(mention, name): &(&Mention, &Named)| NameMatch {
        field: fields[name.field].name.clone(),
        start: name.span.0,
        end: name.span.1,
        surface: cut(fields[name.field].source, name.span.0, name.span.1),
        how: name.how,
        role: Some(mention.role),
        rule: name.rule.clone(),
    };
    names.iter().take(MATCHES_LIMIT).map(shown).collect()
}

/// Signs of a listing, as shown.
pub(super) fn context(fields: &[Field<'_>], weight: impl Fn(&str) -> f64) -> Vec<ContextFinding> {
    let mut context = Vec::new();
    for field in fields {
        for sign in &field.signs {
            if context.len() >= CONTEXT_LIMIT {
                return context;
            }
            let (start, end) = field.folded.span(sign.start, sign.end);
            context.push(ContextFinding {
                field: field.name.clone(),
                start,
                end,
                surface: cut(field.source, start, end),
                signal: sign.kind,
                weight: weight(sign.kind.as_str()),
            });
        }
    }
    context
}
