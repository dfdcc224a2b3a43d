//! Charts as inline SVG from plain numbers: they work without scripts, print, follow the page's colours, and every mark is
//! also a row of a table beside them.

use std::fmt::Write;

/// One bar with its label, and its value as people read it.
pub(super) struct Bar {
    pub label: String,
    pub value: u64,
    pub words: String,
}

/// One part of a stacked column. `class` chooses the colour, the same in every column.
pub(super) struct Part {
    pub class: usize,
    pub name: String,
    pub value: u64,
}

/// Colours that the style sheet knows.
const COLOURS: usize = 6;

const BAR_STEP: u64 = 30;
const BAR_HEIGHT: u64 = 18;
const WIDTH: u64 = 560;
const LABEL_WIDTH: u64 = 150;
const VALUE_WIDTH: u64 = 70;

/// Horizontal bars, in the order given. The text is escaped.
pub(super) fn bars(title: &str, bars: &[Bar]) -> String {
    let most = bars.iter().map(|bar| bar.value).max().unwrap_or(0).max(1);
    let height = BAR_STEP * bars.len() as u64 + 4;
    let mut out = head(title, height);
    for (at, bar) in bars.iter().enumerate() {
        let y = BAR_STEP * at as u64 + 4;
        let full = WIDTH - LABEL_WIDTH - VALUE_WIDTH;
        let width = (u128::from(full) * u128::from(bar.value) / u128::from(most)) as u64;
        let width = if bar.value > 0 { width.max(2) } else { 0 };
        let (label, text_y, value_x) = (escape(&bar.label), y + 14, LABEL_WIDTH + width + 8);
        let _ = write!(
            out,
            "<text class=\"label\" x=\"{}\" y=\"{text_y}\" text-anchor=\"end\">{label}</text>\
             <rect class=\"track\" x=\"{LABEL_WIDTH}\" y=\"{y}\" width=\"{full}\" height=\"{BAR_HEIGHT}\" rx=\"3\"></rect>\
             <rect class=\"bar\" x=\"{LABEL_WIDTH}\" y=\"{y}\" width=\"{width}\" height=\"{BAR_HEIGHT}\" rx=\"3\"></rect>\
             <text x=\"{value_x}\" y=\"{text_y}\">{}</text>",
            LABEL_WIDTH - 10,
            escape(&bar.words)
        );
    }
    out.push_str("</svg>");
    out
}

const COLUMN_AREA: u64 = 190;
const COLUMN_TOP: u64 = 12;
const AXIS_WIDTH: u64 = 52;

/// Stacked columns, one a label, with a scale at the left. The text is escaped.
pub(super) fn columns(title: &str, stacks: &[(String, Vec<Part>)]) -> String {
    let totals = stacks.iter().map(|(_, parts)| parts.iter().map(|part| part.value).sum::<u64>());
    let top = ceiling(totals.max().unwrap_or(0));
    let mut out = head(title, COLUMN_TOP + COLUMN_AREA + 34);
    let base = COLUMN_TOP + COLUMN_AREA;
    for quarter in 0..=2 {
        let value = top * quarter / 2;
        let y = base - COLUMN_AREA * quarter / 2;
        let _ = write!(
            out,
            "<line class=\"grid\" x1=\"{AXIS_WIDTH}\" x2=\"{WIDTH}\" y1=\"{y}\" y2=\"{y}\"></line>\
             <text class=\"label\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{value}</text>",
            AXIS_WIDTH - 8,
            y + 4
        );
    }
    let step = (WIDTH - AXIS_WIDTH) / (stacks.len() as u64).max(1);
    let width = (step * 2 / 3).clamp(4, 56);
    // Labels that would run into each other are left out; the table has them all.
    let every = (46 / step.max(1) + 1) as usize;
    for (at, (label, parts)) in stacks.iter().enumerate() {
        let x = AXIS_WIDTH + step * at as u64 + (step - width) / 2;
        let mut below = 0;
        for part in parts {
            let y_of = |value: u64| base - (u128::from(COLUMN_AREA) * u128::from(value) / u128::from(top)) as u64;
            let (y, end) = (y_of(below + part.value), y_of(below));
            below += part.value;
            let _ = write!(
                out,
                "<rect class=\"c{}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{}\"><title>{}, {}: {}</title></rect>",
                part.class % COLOURS,
                end - y,
                escape(label),
                escape(&part.name),
                part.value
            );
        }
        if at.is_multiple_of(every) {
            let _ = write!(
                out,
                "<text class=\"label\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                x + width / 2,
                base + 20,
                escape(label)
            );
        }
    }
    out.push_str("</svg>");
    out
}

fn head(title: &str, height: u64) -> String {
    format!("<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{}\">", escape(title))
}

/// The next round number: 1, 2 or 5 and noughts, at least 2 so that its half is whole.
fn ceiling(value: u64) -> u64 {
    let mut round = 2;
    for factor in [2u64, 4, 10].iter().cycle().take(60) {
        if round >= value {
            break;
        }
        round = match factor {
            2 => round.saturating_mul(2),
            4 => round / 4 * 10,
            _ => round.saturating_mul(2),
        };
    }
    round.max(value)
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(label: &str, value: u64) -> Bar {
        Bar { label: label.to_owned(), value, words: value.to_string() }
    }

    #[test]
    fn the_longest_bar_fills_the_width_and_labels_are_text() {
        let svg = bars("Hits", &[bar("<b>", 4), bar("x", 2)]);
        assert!(
            svg.contains("class=\"bar\" x=\"150\" y=\"4\" width=\"340\"") && svg.contains("width=\"170\""),
            "{svg}"
        );
        assert!(svg.contains("&lt;b&gt;") && !svg.contains("<b>"));
        assert!(bars("none", &[]).starts_with("<svg"));
    }

    #[test]
    fn columns_stack_without_gaps() {
        let part = |class, value| Part { class, name: "nps".into(), value };
        let svg = columns("Hits", &[("2026-01".to_owned(), vec![part(0, 5), part(1, 5)])]);
        assert!(svg.contains("class=\"c0\"") && svg.contains("class=\"c1\""), "{svg}");
        let heights: Vec<u64> =
            svg.split("height=\"").skip(1).map(|rest| rest.split('"').next().unwrap().parse().unwrap()).collect();
        assert_eq!(heights, [95, 95]);
    }

    #[test]
    fn scales_end_at_round_numbers() {
        for (value, top) in
            [(0, 2), (2, 2), (3, 4), (5, 10), (11, 20), (21, 40), (41, 100), (101, 200), (999_999, 1_000_000)]
        {
            assert_eq!(ceiling(value), top, "{value}");
        }
    }
}
