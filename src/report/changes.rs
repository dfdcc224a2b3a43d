//! What changed in listings, by date, for a terminal.

use crate::referral::changes::{Change, Field};
use crate::vocab::time::Timestamp;

/// Prints changes that come in order: a heading for each day, and one for each listing and visit.
#[derive(Default)]
pub struct ByDate {
    day: Option<jiff::civil::Date>,
    visit: Option<(Timestamp, String)>,
}

impl ByDate {
    /// The lines of the next change.
    pub fn lines(&mut self, change: &Change) -> Vec<String> {
        let mut lines = Vec::new();
        let day = change.at.date();
        if self.day != Some(day) {
            if self.day.replace(day).is_some() {
                lines.push(String::new());
            }
            lines.push(day.to_string());
        }
        let visit = (change.at, change.hit.clone());
        if self.visit.as_ref() != Some(&visit) {
            self.visit = Some(visit);
            let time = change.at.to_jiff().strftime("%H:%M");
            lines.push(format!("  {time}  {}  {}  {}", change.platform, change.referral, plain(&change.url)));
        }
        lines.extend(of(change));
        lines
    }
}

fn of(change: &Change) -> Vec<String> {
    let named = |what: &str| format!("         {:<13} {what}", change.field.name());
    let (before, after) = (change.before.as_deref(), change.after.as_deref());
    let value = |side: Option<&str>| side.map_or_else(|| "none".to_owned(), plain);
    match change.field {
        Field::Title | Field::Price => vec![named(&format!("{} -> {}", value(before), value(after)))],
        Field::Seller | Field::Availability => vec![named(&value(after))],
        Field::Text => {
            let removed = before.into_iter().flat_map(str::lines).map(|line| format!("- {}", plain(line)));
            let added = after.into_iter().flat_map(str::lines).map(|line| format!("+ {}", plain(line)));
            let mut lines: Vec<String> = Vec::new();
            for line in removed.chain(added) {
                lines.push(if lines.is_empty() { named(&line) } else { format!("{:23}{line}", "") });
            }
            lines
        }
    }
}

/// Text of a listing without what a terminal obeys: control characters, and marks that turn the direction of writing.
fn plain(text: &str) -> String {
    let obeyed = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if obeyed(c) { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(at: i64, field: Field, before: Option<&str>, after: Option<&str>) -> Change {
        Change {
            id: 1,
            at: Timestamp::from_millis(at),
            platform: "bazaar".into(),
            referral: "R-1".into(),
            hit: "H-1".into(),
            url: "https://shop.example.test/1".into(),
            run: "run-1".into(),
            field,
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
        }
    }

    #[test]
    fn changes_stand_under_their_day_and_their_visit() {
        let day = 86_400_000;
        let mut by_date = ByDate::default();
        let mut printed = Vec::new();
        for one in [
            change(0, Field::Price, Some("10.00 EUR"), None),
            change(0, Field::Text, Some("old\nlines"), Some("new \u{1b}[2Jline\u{202e}")),
            change(day, Field::Availability, None, Some("gone")),
        ] {
            printed.extend(by_date.lines(&one));
        }
        assert_eq!(
            printed,
            [
                "1970-01-01",
                "  00:00  bazaar  R-1  https://shop.example.test/1",
                "         price         10.00 EUR -> none",
                "         text          - old",
                "                       - lines",
                "                       + new  [2Jline ",
                "",
                "1970-01-02",
                "  00:00  bazaar  R-1  https://shop.example.test/1",
                "         availability  gone",
            ]
        );
    }
}
