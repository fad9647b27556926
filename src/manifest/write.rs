//! The one writer of YAML: keys and scalars of a manifest on one line each.

use std::fmt::{self, Write as _};
use std::net::IpAddr;

use crate::diagnostic::is_hidden;
use crate::model::{LOG_COMMAND, ProxyIp};

/// An address as a YAML key.
pub struct Key(pub ProxyIp);

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.address() {
            // Never taken for a number.
            IpAddr::V4(address) => address.fmt(f),
            IpAddr::V6(address) => f.write_str(&scalar(&address.to_string())),
        }
    }
}

/// Writes a text as a YAML scalar on one line, quoted where it has to be.
pub fn scalar(text: &str) -> String {
    // The writer leaves some characters as they are that end a line, vanish, or reorder what is around them.
    if text.contains(needs_escape) || text.contains(LOG_COMMAND) {
        return double_quoted(text);
    }
    serde_yaml::to_string(text).map_or_else(|_| double_quoted(text), |written| written.trim_end().to_owned())
}

fn double_quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            _ if needs_escape(character) || completes_command(&quoted, character) => {
                _ = write!(quoted, "\\U{:08X}", u32::from(character));
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

fn needs_escape(character: char) -> bool {
    let is_space = character.is_whitespace() && character != ' ';
    is_space || is_hidden(character) || matches!(character, '\u{fffe}' | '\u{ffff}')
}

/// Returns whether a text ends with what begins a command of a log once the character is added.
fn completes_command(text: &str, character: char) -> bool {
    LOG_COMMAND.strip_suffix(character).is_some_and(|start| text.ends_with(start))
}
