//! What the author of a folder still has to decide: the marks that a proposal leaves where only a person knows.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{UNDECIDED, code};
use crate::model::problem::Problem;

/// Problems of one folder that are told; the rest is told when these are gone.
const PROBLEMS_MAX: usize = 50;

/// A problem for each line of the definition and the mappings that holds the mark, with its question where one follows.
pub(super) fn find(files: &BTreeMap<String, Vec<u8>>) -> Vec<Problem> {
    let written = |name: &&String| *name == "platform.toml" || (name.starts_with("mapping") && name.ends_with(".vrl"));
    let mut problems = Vec::new();
    for name in files.keys().filter(written) {
        let Some(Ok(text)) = files.get(name).map(|bytes| std::str::from_utf8(bytes)) else { continue };
        let text: Arc<str> = Arc::from(text);
        for (start, _) in text.match_indices(UNDECIDED).take(PROBLEMS_MAX) {
            let before = text.get(..start).unwrap_or_default();
            let line = before.rfind('\n').map_or(0, |end| end + 1);
            // One line is one question, however often it is marked.
            if before.get(line..).is_some_and(|before| before.contains(UNDECIDED)) {
                continue;
            }
            let rest = text.get(start + UNDECIDED.len()..).unwrap_or_default();
            let number: String = rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
            let why = if number.is_empty() {
                "something is still to be decided".to_owned()
            } else {
                format!("question {number} is still to be decided")
            };
            let help = "answer it here, and take the mark out";
            let problem = Problem::new(code::UNDECIDED, name.clone(), why, help);
            problems.push(problem.at(Arc::clone(&text), start, start + UNDECIDED.len()));
        }
    }
    problems.truncate(PROBLEMS_MAX);
    problems
}
