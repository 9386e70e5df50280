//! What a mapping's result is made of, as far as it is written out: where each field stands, and which literal texts
//! a field can get, directly or through a table of `[codes]`.

use std::collections::BTreeMap;
use std::ops::Range;

use vrl::parser::ast::{Block, Container, Expr, Node, Op, Opcode};

use super::syntax::{Findings, literal, range};

/// Steps from a field to its literals, through variables, blocks and conditions.
const STEPS_MAX: usize = 32;
/// Nodes looked at for one mapping.
const NODES_MAX: usize = 100_000;

/// The written-out parts of a result.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Each field by its path from the event down, and where its value stands; elements of lists count as their list.
    pub(super) fields: Vec<(Vec<String>, Range<usize>)>,
    /// Each text that a field can get.
    pub(super) texts: Vec<(Vec<String>, String, Range<usize>)>,
}

/// Looks through the expressions that can be the result.
pub(super) fn of(findings: &Findings, tables: &BTreeMap<String, BTreeMap<String, String>>) -> Outcome {
    let mut looker = Looker { findings, tables, nodes: 0, path: Vec::new(), outcome: Outcome::default() };
    for result in &findings.results {
        looker.look(result, STEPS_MAX);
    }
    looker.outcome
}

struct Looker<'f> {
    findings: &'f Findings,
    tables: &'f BTreeMap<String, BTreeMap<String, String>>,
    nodes: usize,
    path: Vec<String>,
    outcome: Outcome,
}

impl Looker<'_> {
    fn look(&mut self, node: &Node<Expr>, steps: usize) {
        self.nodes += 1;
        let Some(steps) = steps.checked_sub(1).filter(|_| self.nodes < NODES_MAX) else { return };
        match node.inner() {
            Expr::Literal(_) => {
                if let Some(text) = literal(node.inner()) {
                    self.outcome.texts.push((self.path.clone(), text, range(node)));
                }
            }
            Expr::Container(container) => match container.inner() {
                Container::Group(group) => self.look(&group.inner().0, steps),
                Container::Block(block) => self.last(block.inner(), steps),
                Container::Array(items) => items.inner().clone().into_iter().for_each(|item| self.look(&item, steps)),
                Container::Object(object) => {
                    for (key, value) in object.inner().clone() {
                        self.path.push(key.inner().clone());
                        self.outcome.fields.push((self.path.clone(), range(&value)));
                        self.look(&value, steps);
                        self.path.pop();
                    }
                }
            },
            Expr::IfStatement(statement) => {
                self.last(statement.inner().if_node.inner(), steps);
                if let Some(otherwise) = &statement.inner().else_node {
                    self.last(otherwise.inner(), steps);
                }
            }
            Expr::Op(operation) => {
                let Op(left, opcode, right) = operation.inner();
                if matches!(opcode.inner(), Opcode::Or | Opcode::Err) {
                    self.look(left, steps);
                    self.look(right, steps);
                }
            }
            Expr::Variable(name) => {
                let assigned = self.findings.assigned.get(name.inner().as_ref());
                assigned.into_iter().flatten().for_each(|value| self.look(value, steps));
            }
            Expr::Assignment(_)
            | Expr::Query(_)
            | Expr::Unary(_)
            | Expr::Abort(_)
            | Expr::Return(_)
            | Expr::Break(_) => {}
            Expr::FunctionCall(call) => {
                let call = call.inner();
                let name: &str = call.ident.inner().as_ref();
                if matches!(name, "code" | "code_list") {
                    self.table(node, call.arguments.first().and_then(|first| literal(first.inner().expr.inner())));
                    let otherwise = call.arguments.iter().find(|argument| {
                        argument.inner().ident.as_ref().is_some_and(|ident| ident.inner().as_ref() == "otherwise")
                    });
                    if let Some(otherwise) = otherwise {
                        self.look(&otherwise.inner().expr, steps);
                    }
                }
                if let (true, Some(closure)) = (name == "each", &call.closure) {
                    self.last(closure.inner().block.inner(), steps);
                }
                if let (true, Some(first)) = (name == "required", call.arguments.first()) {
                    self.look(&first.inner().expr, steps);
                }
            }
        }
    }

    fn last(&mut self, block: &Block, steps: usize) {
        if let Some(last) = block.0.last() {
            self.look(last, steps);
        }
    }

    fn table(&mut self, call: &Node<Expr>, name: Option<String>) {
        let table = name.and_then(|name| self.tables.get(&name));
        for code in table.into_iter().flat_map(BTreeMap::values).filter(|code| !code.is_empty()) {
            self.outcome.texts.push((self.path.clone(), code.clone(), range(call)));
        }
    }
}
