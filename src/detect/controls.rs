//! Controls on record: codes such as `UN1961-S1@2021`, read.

use crate::detect::assessment::Control;

/// Whether a control is cited for the given jurisdictions: international ones always, all where none is given.
pub fn holds_in(control: &Control, jurisdictions: &[String]) -> bool {
    control.jurisdiction == "INT" || jurisdictions.is_empty() || jurisdictions.contains(&control.jurisdiction)
}

/// A control code as instrument, schedule, jurisdiction, and the year where the code ends in one: `UN1961-S1@2021`.
pub fn control(code: &str) -> Option<Control> {
    if let Some((code, year)) = code.split_once('@') {
        let since = (year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit())).then(|| year.to_owned())?;
        return control(code).map(|control| Control { since: Some(since), ..control });
    }
    let made = |instrument: &str, schedule: &str, jurisdiction: &str| {
        Some(Control {
            instrument: instrument.to_owned(),
            schedule: schedule.to_owned(),
            since: None,
            jurisdiction: jurisdiction.to_owned(),
        })
    };
    let roman = |digit: &str| {
        match digit {
            "1" => "I",
            "2" => "II",
            "3" => "III",
            "4" => "IV",
            "5" => "V",
            other => other,
        }
        .to_owned()
    };
    if let Some((instrument, schedule)) = code.split_once('-').filter(|(instrument, _)| instrument.starts_with("UN")) {
        let schedule = schedule.strip_prefix(['S', 'T']).unwrap_or(schedule);
        return made(instrument, &roman(schedule), "INT");
    }
    if code == "ISSL" {
        return made("INCB special surveillance list", "listed", "INT");
    }
    let (country, rest) = code.split_once('-')?;
    match country {
        "EU" => made("EU 273/2004", rest.strip_prefix("cat").unwrap_or(rest), "EU"),
        "US" if rest.starts_with('L') => made("US CSA list", &roman(&rest[1..]), "US"),
        "US" => made("US CSA", &roman(rest.strip_prefix('S').unwrap_or(rest)), "US"),
        "UK" => made("UK MDA 1971", rest, "GB"),
        "DE" => made("DE", rest, "DE"),
        "CA" => made("CA CDSA", rest, "CA"),
        "CN" => {
            let since = rest.strip_prefix("suppl-").map(str::to_owned);
            Some(Control {
                instrument: "CN".to_owned(),
                schedule: match rest {
                    "class" => "class-wise control".to_owned(),
                    "nonmedical" => "list of substances without medical use".to_owned(),
                    _ if since.is_some() => "supplementary list".to_owned(),
                    rest => rest.to_owned(),
                },
                since,
                jurisdiction: "CN".to_owned(),
            })
        }
        other => made(other, rest, other),
    }
}
