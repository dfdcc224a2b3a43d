//! How templates write texts into HTML: escaped, and with what cannot be seen shown as what it is.

use std::fmt;

use askama::filters::{Escaper, Html};

use crate::vocab::visible::{Keep, visible};

/// The escaper of every HTML template.
#[derive(Debug, Clone, Copy)]
pub struct Shown;

impl Escaper for Shown {
    fn write_escaped_str<W: fmt::Write>(&self, dest: W, text: &str) -> fmt::Result {
        Html.write_escaped_str(dest, &visible(text, Keep::LinesAndIsolates))
    }
}
