//! The decision table: what is named × how it is offered → verdict, as `patterns/decision.toml` says it.

use serde::{Deserialize, Serialize};

use crate::vocab::terms::{DecisionNamed, DecisionRow, Verdict};

/// The table with its rules on lawful signs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionTable {
    /// Rows, in order: a name takes the first that fits it.
    #[serde(rename = "row")]
    pub rows: Vec<Row>,
    /// What lawful signs lower.
    pub lawful: LawfulRules,
}

/// One row.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Row {
    /// Which names take it.
    pub id: DecisionRow,
    /// What a verdict says is named.
    pub named: DecisionNamed,
    /// In words.
    pub about: String,
    /// Offered with evasion.
    pub evasion: Verdict,
    /// Offered for untraceable payment.
    pub payment: Verdict,
    /// Offered with a private contact.
    pub contact: Verdict,
    /// Offered with two signs of a drug trade.
    pub two_signs: Verdict,
    /// Offered without any.
    pub plainly: Verdict,
    /// Named and not offered.
    pub mentioned: Verdict,
    /// The same in news, a thesis, a job, a helpline.
    pub reported: Verdict,
}

/// What lawful signs lower.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LawfulRules {
    /// Steps all signs together lower, at most.
    pub most_steps: u8,
    /// Never below this beside evasion, private contact or untraceable payment.
    pub floor_beside_dealing: Verdict,
    /// Reference material up to this mass, in milligrams, or in solution: two steps.
    pub reference_two_steps_mg: f64,
    /// Up to this mass: one step, beside another laboratory sign.
    pub reference_one_step_mg: f64,
}

/// How something named is offered; each is told apart, and the strongest column that holds counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OfferedHow {
    /// With signs of evasion.
    pub evasion: bool,
    /// For untraceable payment.
    pub payment: bool,
    /// With a private contact.
    pub contact: bool,
    /// With words of the drug trade.
    pub drug_trade: bool,
    /// At all.
    pub offered: bool,
    /// In news, a thesis, a job or a helpline.
    pub reported: bool,
}

impl OfferedHow {
    /// Whether the seller avoids control in any way.
    pub fn is_dealing(&self) -> bool {
        self.evasion || self.payment || self.contact
    }

    /// Signs of a drug trade, counted by kind.
    pub fn signs(&self) -> u8 {
        u8::from(self.evasion) + u8::from(self.payment) + u8::from(self.contact)
    }

    /// Whether two signs of a drug trade meet.
    pub fn has_two_signs(&self) -> bool {
        self.signs() >= 2 || (self.signs() == 1 && self.drug_trade)
    }
}

/// What is wrong with a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// A row is missing.
    #[error("row `{0}` is missing")]
    Missing(DecisionRow),
    /// A row stands twice.
    #[error("row `{0}` is there twice")]
    Twice(DecisionRow),
    /// A weaker case gets a stronger verdict.
    #[error("row `{row}`: `{weaker}` is stronger than `{stronger}`, so more evidence would lower the verdict")]
    Falls {
        /// The row.
        row: DecisionRow,
        /// The column of the weaker case.
        weaker: &'static str,
        /// The column of the stronger case.
        stronger: &'static str,
    },
}

impl DecisionTable {
    /// The table that is compiled in.
    pub fn builtin() -> Self {
        toml::from_str(include_str!("../../patterns/decision.toml"))
            .expect("a test reads the table that is compiled in")
    }

    /// Checks that every row is there once and that more evidence never lowers a verdict.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn check(&self) -> Result<(), Vec<TableError>> {
        let mut errors = Vec::new();
        for id in DecisionRow::ALL {
            match self.rows.iter().filter(|row| row.id == id).count() {
                0 => errors.push(TableError::Missing(id)),
                1 => {}
                _ => errors.push(TableError::Twice(id)),
            }
        }
        for row in &self.rows {
            let rising = [
                (("reported", row.reported), ("mentioned", row.mentioned)),
                (("mentioned", row.mentioned), ("two-signs", row.two_signs)),
                (("plainly", row.plainly), ("two-signs", row.two_signs)),
                (("contact", row.contact), ("two-signs", row.two_signs)),
                (("evasion", row.evasion), ("two-signs", row.two_signs)),
                (("payment", row.payment), ("two-signs", row.two_signs)),
            ];
            for ((weaker, less), (stronger, more)) in rising {
                if less > more {
                    errors.push(TableError::Falls { row: row.id, weaker, stronger });
                }
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// One row.
    ///
    /// # Panics
    /// Never after [`DecisionTable::check`], which every table passes when it is read.
    pub fn row(&self, id: DecisionRow) -> &Row {
        self.rows.iter().find(|row| row.id == id).expect("a checked table has every row")
    }

    /// The verdict of a row before lawful signs: the strongest of the columns that hold.
    pub fn verdict(&self, id: DecisionRow, how: OfferedHow) -> Verdict {
        let row = self.row(id);
        let mention = if how.reported { row.reported } else { row.mentioned };
        if !how.offered {
            return mention;
        }
        let columns = [
            (true, row.plainly),
            (how.contact, row.contact),
            (how.payment, row.payment),
            (how.evasion, row.evasion),
            (how.has_two_signs(), row.two_signs),
        ];
        columns.into_iter().filter(|(holds, _)| *holds).map(|(_, verdict)| verdict).fold(mention, Verdict::max)
    }

    /// A verdict lowered by lawful signs.
    pub fn lowered(&self, verdict: Verdict, steps: u8, how: OfferedHow) -> Verdict {
        let mut lowered = verdict;
        for _ in 0..steps.min(self.lawful.most_steps) {
            lowered = match lowered {
                Verdict::Refer => Verdict::Review,
                Verdict::Review | Verdict::Clear => Verdict::Clear,
            };
        }
        let floor = if how.offered && how.is_dealing() { self.lawful.floor_beside_dealing } else { Verdict::Clear };
        lowered.max(floor.min(verdict))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> DecisionTable {
        toml::from_str(include_str!("../../patterns/decision.toml")).expect("the table that is compiled in can be read")
    }

    fn how(evasion: bool, payment: bool, contact: bool) -> OfferedHow {
        OfferedHow { evasion, payment, contact, offered: true, ..OfferedHow::default() }
    }

    #[test]
    fn the_table_says_what_the_design_says() {
        use DecisionRow as R;
        use Verdict::{Clear, Refer, Review};
        let table = table();
        table.check().expect("the table holds");
        let plainly = how(false, false, false);
        let mentioned = OfferedHow::default();
        let reported = OfferedHow { reported: true, ..mentioned };
        let evasion = how(true, false, false);
        let contact = how(false, false, true);
        for (row, evading, messenger, plain, mention, report) in [
            (R::NoneKnown, Refer, Refer, Refer, Review, Clear),
            (R::Controlled, Refer, Refer, Review, Review, Clear),
            (R::Precursor, Refer, Review, Review, Clear, Clear),
            (R::DualUse, Refer, Review, Review, Clear, Clear),
            (R::FamilyUnderControl, Refer, Review, Review, Clear, Clear),
            (R::Family, Review, Review, Review, Clear, Clear),
            (R::EquipmentWithDrugMarks, Refer, Refer, Review, Clear, Clear),
            (R::Everyday, Review, Review, Clear, Clear, Clear),
            (R::Equipment, Review, Review, Clear, Clear, Clear),
            (R::Ambiguous, Clear, Clear, Clear, Clear, Clear),
        ] {
            let verdicts = [evasion, contact, plainly, mentioned, reported].map(|how| table.verdict(row, how));
            assert_eq!(verdicts, [evading, messenger, plain, mention, report], "{row}");
        }
        assert_eq!(table.verdict(R::Everyday, how(true, false, true)), Refer);
        assert_eq!(table.verdict(R::Ambiguous, how(false, true, true)), Review);
    }

    #[test]
    fn lawful_signs_lower_two_steps_at_most_and_stop_at_review_beside_dealing() {
        let table = table();
        let plainly = how(false, false, false);
        assert_eq!(table.lowered(Verdict::Refer, 1, plainly), Verdict::Review);
        assert_eq!(table.lowered(Verdict::Refer, 5, plainly), Verdict::Clear);
        assert_eq!(table.lowered(Verdict::Refer, 5, how(false, false, true)), Verdict::Review);
        assert_eq!(table.lowered(Verdict::Clear, 2, how(true, false, false)), Verdict::Clear);
    }

    #[test]
    fn a_table_in_which_more_evidence_lowers_a_verdict_is_refused() {
        let mut table = table();
        table.rows[0].mentioned = Verdict::Refer;
        table.rows[0].two_signs = Verdict::Review;
        let errors = table.check().expect_err("the row falls");
        assert!(errors.iter().any(|error| matches!(error, TableError::Falls { .. })), "{errors:?}");
        table.rows.remove(3);
        assert!(table.check().expect_err("a row is missing").contains(&TableError::Missing(DecisionRow::DualUse)));
    }
}
