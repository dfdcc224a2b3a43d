//! Figures that only made data can give: by technique of disguise, and over names that are on no list.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::detect::evaluate::figures::{share, wilson};
use crate::detect::evaluate::label::Judged;

/// The technique of rows whose name is written as it is.
const PLAIN: &str = "plain";

/// All rows with two techniques, counted together beside each pair.
const ALL_PAIRS: &str = "pairs";

/// Rows of one technique, in scope.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct TechniqueFigures {
    /// Rows.
    pub rows: u64,
    /// Referred or reviewed.
    pub called: u64,
    /// All substances the row names were found, whatever the verdict.
    pub same_substance: u64,
    /// `same_substance` of `rows`.
    pub recall: f64,
    /// 95 % interval of the recall.
    pub recall_interval: (f64, f64),
    /// The recall, by that of the rows written plain; none without such rows.
    pub ratio_to_plain: Option<f64>,
    /// `called`, by that of the rows written plain.
    pub called_ratio_to_plain: Option<f64>,
}

/// Figures by technique, of the rows in scope that carry one and name their substances.
pub fn by_technique(counted: &[&Judged]) -> BTreeMap<String, TechniqueFigures> {
    let mut out: BTreeMap<String, TechniqueFigures> = BTreeMap::new();
    for one in counted.iter().filter(|one| one.label.target == 1 && !one.label.substances.is_empty()) {
        let Some(technique) = &one.label.technique else { continue };
        let together = technique.contains('+').then_some(ALL_PAIRS);
        for name in [Some(technique.as_str()), together].into_iter().flatten() {
            let figures = out.entry(name.to_owned()).or_default();
            figures.rows += 1;
            figures.called += u64::from(one.is_called());
            figures.same_substance += u64::from(names_all(one));
        }
    }
    let plain = out.get(PLAIN).cloned();
    for figures in out.values_mut() {
        figures.recall = share(figures.same_substance, figures.rows);
        figures.recall_interval = wilson(figures.same_substance, figures.rows);
        let ratio = |part: u64, plain_part: u64, plain_rows: u64| {
            (plain_part > 0).then(|| share(part, figures.rows) / share(plain_part, plain_rows))
        };
        figures.ratio_to_plain =
            plain.as_ref().and_then(|plain| ratio(figures.same_substance, plain.same_substance, plain.rows));
        figures.called_ratio_to_plain =
            plain.as_ref().and_then(|plain| ratio(figures.called, plain.called, plain.rows));
    }
    out
}

fn names_all(one: &Judged) -> bool {
    one.label.substances.iter().all(|id| one.assessment.substances.iter().any(|found| found.id == *id))
}

/// Names of known families that are on no list, and names taken for such that are none.
#[derive(Debug, Clone, Default, Serialize)]
pub struct EmergingReport {
    /// Rows that name one.
    pub rows: u64,
    /// Referred or reviewed.
    pub called: u64,
    /// Reported as emerging, with the right class.
    pub right_class: u64,
    /// And with the right finer class, where the row says one.
    pub right_subclass: u64,
    /// `right_class` of `rows`.
    pub recall: f64,
    /// 95 % interval of the recall.
    pub recall_interval: (f64, f64),
    /// By class and finer class: rows, right class.
    pub by_family: BTreeMap<String, (u64, u64)>,
    /// Rows of neither target in which something is reported as emerging, of how many: ordinary goods, look-alikes.
    pub false_emerging: BTreeMap<String, (u64, u64)>,
    /// Rows not recognised: id, title, what was found instead.
    pub missed: Vec<(String, String, String)>,
    /// Rows of neither target with an emerging name: id, title, the name.
    pub mistaken: Vec<(String, String, String)>,
}

/// Figures over emerging names.
pub fn emerging(counted: &[&Judged]) -> EmergingReport {
    let mut out = EmergingReport::default();
    for one in counted {
        let found = &one.assessment.emerging;
        if let Some(family) = &one.label.emerging {
            let right = found.iter().any(|name| family.class.known() == Some(name.class));
            out.rows += 1;
            out.called += u64::from(one.is_called());
            out.right_class += u64::from(right);
            out.right_subclass += u64::from(found.iter().any(|name| {
                family.class.known() == Some(name.class)
                    && (family.subclass.is_none() || name.subclass == family.subclass)
            }));
            let name = [family.class.as_str(), family.subclass.as_deref().unwrap_or_default()].join(" ");
            let counts = out.by_family.entry(name.trim().to_owned()).or_default();
            counts.0 += 1;
            counts.1 += u64::from(right);
            if !right {
                let names = found.iter().map(|name| format!("{} ({})", name.surface, name.class));
                let listed = one.assessment.substances.iter().map(|found| format!("{} (listed)", found.id));
                let instead = names.chain(listed).collect::<Vec<_>>().join(", ");
                out.missed.push((one.id.clone(), one.title.clone(), instead));
            }
        } else if one.label.target == 0 {
            let kind = if one.label.is_look_alike() { "look-alike" } else { "ordinary" };
            let counts = out.false_emerging.entry(kind.to_owned()).or_default();
            counts.0 += u64::from(!found.is_empty());
            counts.1 += 1;
            if let Some(first) = found.first() {
                out.mistaken.push((one.id.clone(), one.title.clone(), first.surface.clone()));
            }
        }
    }
    out.recall = share(out.right_class, out.rows);
    out.recall_interval = wilson(out.right_class, out.rows);
    out
}
