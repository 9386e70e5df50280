//! What the functions that a mapping may call are told as: their arguments, what they give, an example.

use vrl::compiler::{Function, Parameter};

use super::{NOT_OFFERED, own};

/// One function, as it is told.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) name: &'static str,
    /// True for one of Comity's, false for one of VRL's.
    pub(crate) own: bool,
    pub(crate) arguments: Vec<Argument>,
    /// True where a block `-> |item| { … }` follows.
    pub(crate) block: bool,
    /// What it gives, in sentences.
    pub(crate) gives: String,
    /// A call of it.
    pub(crate) example: String,
}

/// One argument.
#[derive(Debug)]
pub(crate) struct Argument {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    pub(crate) about: String,
}

impl Listed {
    /// The name with its arguments, those in brackets that may be left out: `money(amount, currency [, decimal, …])`.
    pub(crate) fn signature(&self) -> String {
        let names = |required: bool| -> Vec<&str> {
            let some = self.arguments.iter().filter(|argument| argument.required == required);
            some.map(|argument| argument.name).collect()
        };
        let (needed, more) = (names(true), names(false));
        let comma = if needed.is_empty() { "" } else { ", " };
        let more = if more.is_empty() {
            String::new()
        } else {
            format!("{}[{comma}{}]", comma.get(1..).unwrap_or_default(), more.join(", "))
        };
        let block = if self.block { " -> |item| { … }" } else { "" };
        format!("{}({}{more}){block}", self.name, needed.join(", "))
    }
}

/// Every function that a mapping may call, Comity's own first.
pub(crate) fn all() -> Vec<Listed> {
    let arguments = |parameters: &[Parameter]| parameters.iter().map(argument).collect();
    let mut all: Vec<Listed> = own()
        .map(|call| Listed {
            name: call.name,
            own: true,
            arguments: arguments(call.parameters),
            block: call.block,
            gives: call.gives.to_owned(),
            example: call.example.to_owned(),
        })
        .collect();
    let mut others: Vec<Box<dyn Function>> = vrl::stdlib::all()
        .into_iter()
        .filter(|function| NOT_OFFERED.iter().all(|(name, _)| *name != function.identifier()))
        .collect();
    others.sort_by_key(|function| function.identifier());
    all.extend(others.iter().map(|function| Listed {
        name: function.identifier(),
        own: false,
        arguments: arguments(function.parameters()),
        block: function.closure().is_some(),
        gives: sentence(function.usage()),
        example: function.examples().first().map(|example| line(example.source)).unwrap_or_default(),
    }));
    all
}

/// The function of that name.
pub(crate) fn find(name: &str) -> Option<Listed> {
    all().into_iter().find(|function| function.name == name)
}

fn argument(parameter: &Parameter) -> Argument {
    Argument { name: parameter.keyword, required: parameter.required, about: line(parameter.description) }
}

/// A text on one line.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first sentence of a text.
fn sentence(text: &str) -> String {
    let text = line(text);
    let end = text.find(". ").map_or(text.len(), |end| end + 1);
    text.get(..end).unwrap_or_default().to_owned()
}
