//! What only the author can decide: a numbered list, whose marks stand where the answers belong.

use crate::platform::UNDECIDED;

/// Letters of a line of a comment.
const LINE_LETTERS_MAX: usize = 116;

/// The questions so far.
#[derive(Debug, Default)]
pub(super) struct Questions {
    /// Each with the file where its answer belongs.
    pub(super) asked: Vec<(&'static str, String)>,
}

impl Questions {
    /// A comment that asks, to be taken out with the answer.
    pub(super) fn comment(&mut self, file: &'static str, question: &str) -> String {
        self.asked.push((file, shown(question)));
        comment(&format!("{UNDECIDED} {}: {question}", self.asked.len()), "")
    }

    /// A comment with the question, and the mark for the value below it, which the answer replaces.
    pub(super) fn value(&mut self, file: &'static str, question: &str) -> (String, String) {
        self.asked.push((file, shown(question)));
        let number = self.asked.len();
        (comment(&format!("{number}: {question}"), ""), format!("{UNDECIDED} {number}"))
    }
}

/// A text without what would move the cursor of a terminal: the name of a column may hold anything.
fn shown(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// A text as lines of a comment, ended with a line end.
pub(super) fn comment(text: &str, indent: &str) -> String {
    let mut lines = String::new();
    let mut line = format!("{indent}#");
    for word in shown(text).split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > LINE_LETTERS_MAX {
            lines.push_str(&line);
            lines.push('\n');
            line = format!("{indent}#  ");
        }
        line.push(' ');
        line.push_str(word);
    }
    lines.push_str(&line);
    lines.push('\n');
    lines
}
