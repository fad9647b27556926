//! Problems as GitHub workflow commands, which show them beside the line of the manifest.

use std::fmt::Write;

use crate::diagnostic::{Problem, SourceMap};
use crate::model::printable;

/// Writes a workflow command: one line, whatever the texts hold.
pub(super) fn workflow_command(problem: &Problem, sources: &SourceMap) -> String {
    let mut command = String::from("::error ");
    if let Some(label) = &problem.primary {
        let (file, position) = sources.locate(label.span);
        let _ = write!(command, "file={},line={},col={},", property(file), position.line, position.column);
    }
    let help = problem.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
    let _ =
        write!(command, "title={}::{}", property(problem.code.as_str()), data(&format!("{}{help}", problem.message)));
    command
}

fn data(text: &str) -> String {
    let text = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    // What is left of control characters would reach the log of the job.
    printable(&text)
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
