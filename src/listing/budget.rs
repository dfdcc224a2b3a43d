//! What reading one page has cost so far, and when it is given up. Counters decide; the clock is the last line.

use std::cell::Cell;
use std::fmt;

use serde::Serialize;

use crate::vocab::limits::{Limits, PageBudget};
use crate::vocab::terms::Reason;
use crate::vocab::time::Deadline;

/// What ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spent {
    /// Elements of the DOM.
    Nodes,
    /// Depth of the DOM.
    Depth,
    /// Attributes of one tag.
    Attributes,
    /// Steps of building and searching the DOM.
    Steps,
    /// References followed.
    References,
    /// Values of JSON-LD.
    Values,
    /// Depth of JSON-LD.
    ValuesDepth,
    /// Bytes of values built.
    Bytes,
    /// Time.
    Time,
}

impl Spent {
    /// Name of the outcome in the coverage statement.
    pub fn reason(self) -> Reason {
        match self {
            Spent::Nodes
            | Spent::Depth
            | Spent::Attributes
            | Spent::Steps
            | Spent::References
            | Spent::Values
            | Spent::ValuesDepth
            | Spent::Bytes => Reason::WorkBudget,
            Spent::Time => Reason::ParseDeadline,
        }
    }
}

impl fmt::Display for Spent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Spent::Nodes => "too many elements",
            Spent::Depth => "elements nested too deeply",
            Spent::Attributes => "a tag with too many attributes",
            Spent::Steps => "elements that take too many steps to put in order",
            Spent::References => "too many references between its items",
            Spent::Values => "too many values in JSON-LD",
            Spent::ValuesDepth => "JSON-LD nested too deeply",
            Spent::Bytes => "structured data that grows far beyond the page",
            Spent::Time => "no end within the time allowed",
        })
    }
}

/// One kind of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Elements and comments made.
    Nodes,
    /// Steps of building and searching the DOM.
    Steps,
    /// References followed.
    References,
    /// Values of JSON-LD.
    Values,
    /// Bytes of values built.
    Bytes,
}

/// Charges between two looks at the clock.
const CHARGES_BETWEEN_LOOKS: u32 = 1024;

/// What one page may still cost. Once something has run out, nothing more is granted.
#[derive(Debug)]
pub struct Budget<'a> {
    allowed: &'a PageBudget,
    deadline: Deadline<'a>,
    nodes: Cell<u64>,
    steps: Cell<u64>,
    references: Cell<u64>,
    values: Cell<u64>,
    bytes: Cell<u64>,
    charges: Cell<u32>,
    spent: Cell<Option<Spent>>,
}

impl<'a> Budget<'a> {
    /// All of it.
    pub fn new(limits: &'a Limits, deadline: Deadline<'a>) -> Self {
        Budget {
            allowed: &limits.page,
            deadline,
            nodes: Cell::new(0),
            steps: Cell::new(0),
            references: Cell::new(0),
            values: Cell::new(0),
            bytes: Cell::new(0),
            charges: Cell::new(0),
            spent: Cell::new(None),
        }
    }

    /// What ran out, if anything did.
    pub fn spent(&self) -> Option<Spent> {
        self.spent.get()
    }

    /// Whether more work may be done.
    ///
    /// # Errors
    /// What ran out.
    pub fn left(&self) -> Result<(), Spent> {
        self.spent.get().map_or(Ok(()), Err)
    }

    /// Counts work before it is done.
    ///
    /// # Errors
    /// What ran out: this, or something before.
    pub fn charge(&self, work: Work, amount: u64) -> Result<(), Spent> {
        self.left()?;
        let allowed = self.allowed;
        let (held, most, name) = match work {
            Work::Nodes => (&self.nodes, allowed.nodes, Spent::Nodes),
            Work::Steps => (&self.steps, allowed.steps, Spent::Steps),
            Work::References => (&self.references, allowed.references, Spent::References),
            Work::Values => (&self.values, allowed.values, Spent::Values),
            Work::Bytes => (&self.bytes, allowed.bytes, Spent::Bytes),
        };
        held.set(held.get().saturating_add(amount));
        if held.get() > most {
            return self.give_up(name);
        }
        self.charges.set(self.charges.get().wrapping_add(1));
        if self.charges.get().is_multiple_of(CHARGES_BETWEEN_LOOKS) { self.look_at_the_clock() } else { Ok(()) }
    }

    /// Whether the time is over.
    ///
    /// # Errors
    /// When it is.
    pub fn look_at_the_clock(&self) -> Result<(), Spent> {
        self.left()?;
        if self.deadline.is_over() { self.give_up(Spent::Time) } else { Ok(()) }
    }

    /// Whether a DOM may be so deep.
    ///
    /// # Errors
    /// When it may not.
    pub fn depth(&self, depth: usize) -> Result<(), Spent> {
        if depth > self.allowed.depth { self.give_up(Spent::Depth) } else { Ok(()) }
    }

    /// Whether JSON-LD may be so deep.
    ///
    /// # Errors
    /// When it may not.
    pub fn values_depth(&self, depth: usize) -> Result<(), Spent> {
        if depth > self.allowed.values_depth { self.give_up(Spent::ValuesDepth) } else { Ok(()) }
    }

    /// Counts the attributes of one tag. The standard's tokenizer compares each with those before it.
    ///
    /// # Errors
    /// When one tag has too many, or all tags together cost too much.
    pub fn attributes(&self, count: usize) -> Result<(), Spent> {
        if count > self.allowed.attributes {
            return self.give_up(Spent::Attributes);
        }
        self.charge(Work::Steps, (count * count / 16) as u64)
    }

    /// Attributes a tag may have.
    pub fn attributes_allowed(&self) -> usize {
        self.allowed.attributes
    }

    fn give_up(&self, what: Spent) -> Result<(), Spent> {
        // What ran out first is the reason that is told.
        let first = self.spent.get().unwrap_or(what);
        self.spent.set(Some(first));
        Err(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_out_first_is_told_and_nothing_is_granted_after_it() {
        let limits = Limits { page: PageBudget { references: 2, ..PageBudget::default() }, ..Limits::default() };
        let budget = Budget::new(&limits, Deadline::NEVER);
        assert_eq!(budget.charge(Work::References, 2), Ok(()));
        assert_eq!(budget.charge(Work::References, 1), Err(Spent::References));
        assert_eq!(budget.charge(Work::Nodes, 1), Err(Spent::References));
        assert_eq!(budget.depth(usize::MAX), Err(Spent::References));
        assert_eq!(budget.spent(), Some(Spent::References));
    }

    #[test]
    fn the_clock_is_looked_at_only_now_and_then() {
        let limits = Limits::default();
        let looks = Cell::new(0);
        let over = || {
            looks.set(looks.get() + 1);
            looks.get() > 1
        };
        let budget = Budget::new(&limits, Deadline::new(&over));
        let granted = (0..10_000).take_while(|_| budget.charge(Work::Steps, 1).is_ok()).count();
        assert_eq!((granted, looks.get()), (2 * CHARGES_BETWEEN_LOOKS as usize - 1, 2));
        assert_eq!(budget.spent(), Some(Spent::Time));
    }
}
