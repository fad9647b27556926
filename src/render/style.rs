//! Colour and weight, used sparingly. Writers strip them where they are not wanted.

use std::fmt::{self, Display};

use anstyle::{AnsiColor, Style};

pub(super) const PLAIN: Style = Style::new();
pub(super) const BOLD: Style = Style::new().bold();
pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const ADDED: Style = AnsiColor::Green.on_default();
pub(super) const REMOVED: Style = AnsiColor::Red.on_default();
pub(super) const MONEY: Style = AnsiColor::Yellow.on_default().bold();
pub(super) const SLOT: Style = AnsiColor::Magenta.on_default().bold();
pub(super) const WRONG: Style = AnsiColor::BrightRed.on_default().bold();

/// A text in a style.
pub(super) struct Styled<T>(pub(super) Style, pub(super) T);

impl<T: Display> Display for Styled<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.0.render(), self.1, self.0.render_reset())
    }
}
