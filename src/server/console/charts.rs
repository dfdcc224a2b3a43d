//! Bar charts as inline SVG from plain numbers: they work without scripts, print, and every bar is also a table row.

use std::fmt::Write;

/// One bar with its label.
pub(super) struct Bar {
    pub label: String,
    pub value: u64,
}

const BAR_HEIGHT: u64 = 22;
const WIDTH: u64 = 640;
const LABEL_WIDTH: u64 = 190;

/// Horizontal bars, in the order given. The text is escaped.
pub(super) fn bars(title: &str, bars: &[Bar]) -> String {
    let most = bars.iter().map(|bar| bar.value).max().unwrap_or(0).max(1);
    let height = BAR_HEIGHT * bars.len() as u64 + 6;
    let mut out = String::new();
    let _ = write!(
        out,
        "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{}\">",
        escape(title)
    );
    for (at, bar) in bars.iter().enumerate() {
        let y = BAR_HEIGHT * at as u64 + 3;
        let width = (WIDTH - LABEL_WIDTH - 60) * bar.value / most;
        let (label, text_y, value_x) = (escape(&bar.label), y + 14, LABEL_WIDTH + width + 6);
        let _ = write!(
            out,
            "<text x=\"{}\" y=\"{text_y}\" text-anchor=\"end\">{label}</text>\
             <rect x=\"{LABEL_WIDTH}\" y=\"{y}\" width=\"{width}\" height=\"{}\"></rect>\
             <text x=\"{value_x}\" y=\"{text_y}\">{}</text>",
            LABEL_WIDTH - 8,
            BAR_HEIGHT - 5,
            bar.value
        );
    }
    out.push_str("</svg>");
    out
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

    #[test]
    fn the_longest_bar_fills_the_width_and_labels_are_text() {
        let svg = bars("Hits", &[Bar { label: "<b>".into(), value: 4 }, Bar { label: "x".into(), value: 2 }]);
        assert!(svg.contains("width=\"390\"") && svg.contains("width=\"195\""), "{svg}");
        assert!(svg.contains("&lt;b&gt;") && !svg.contains("<b>"));
        assert!(bars("none", &[]).starts_with("<svg"));
    }
}
