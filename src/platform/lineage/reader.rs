//! Follows the result of a mapping back to what it is made of.

use std::collections::{BTreeMap, BTreeSet};

use vrl::parser::ast::{Block, Container, Expr, FunctionCall, Literal, Node, Op, Opcode, Query, QueryTarget};
use vrl::path::{OwnedSegment, OwnedValuePath, PathPrefix};

use super::tree::{Bindings, children, gives_object, inside, of_call, parts, predicate};
use super::{NODES_MAX, Origin};
use crate::platform::syntax::literal;

pub(super) struct Reader<'b> {
    pub(super) bindings: &'b Bindings,
    pub(super) nodes: usize,
    pub(super) fields: BTreeMap<String, Origin>,
}

impl Reader<'_> {
    /// One step less; `None` where enough was looked at.
    fn step(&mut self, steps: usize) -> Option<usize> {
        self.nodes += 1;
        steps.checked_sub(1).filter(|_| self.nodes < NODES_MAX)
    }

    /// Follows what the result at a canonical path can be, under these conditions.
    pub(super) fn result(&mut self, node: &Node<Expr>, path: &str, when: &BTreeSet<String>, steps: usize) {
        let Some(steps) = self.step(steps) else { return };
        match node.inner() {
            Expr::Container(container) => match container.inner() {
                Container::Group(group) => self.result(&group.inner().0, path, when, steps),
                Container::Block(block) => self.last(block.inner(), path, when, steps),
                Container::Array(items) => {
                    items.inner().clone().into_iter().for_each(|item| self.result(&item, path, when, steps));
                }
                Container::Object(object) => {
                    for (key, value) in object.inner().clone() {
                        let dot = if path.is_empty() { "" } else { "." };
                        self.result(&value, &format!("{path}{dot}{}", key.inner()), when, steps);
                    }
                }
            },
            Expr::IfStatement(statement) => {
                let statement = statement.inner();
                let mut when = when.clone();
                for condition in predicate(statement.predicate.inner()) {
                    let mut read = Origin::default();
                    self.value(&condition, &mut read, steps);
                    when.extend(read.reads);
                    when.extend(read.when);
                }
                self.last(statement.if_node.inner(), path, &when, steps);
                if let Some(otherwise) = &statement.else_node {
                    self.last(otherwise.inner(), path, &when, steps);
                }
            }
            Expr::Variable(name) => {
                let assigned = self.bindings.assigned.get(name.inner().as_ref());
                let objects = assigned.into_iter().flatten().any(gives_object);
                if objects {
                    for value in assigned.into_iter().flatten() {
                        self.result(value, path, when, steps);
                    }
                } else {
                    self.field(node, path, when, steps);
                }
            }
            Expr::FunctionCall(call)
                if call.inner().ident.inner().as_ref() == "each" && call.inner().closure.is_some() =>
            {
                let mut when = when.clone();
                for argument in &call.inner().arguments {
                    let mut read = Origin::default();
                    self.value(&argument.inner().expr, &mut read, steps);
                    when.extend(read.when);
                }
                if let Some(closure) = &call.inner().closure {
                    self.last(closure.inner().block.inner(), path, &when, steps);
                }
            }
            Expr::Literal(literal) if matches!(literal.inner(), Literal::Null) => {}
            Expr::Abort(_) | Expr::Break(_) | Expr::Return(_) => {}
            Expr::Literal(_)
            | Expr::Op(_)
            | Expr::Assignment(_)
            | Expr::Query(_)
            | Expr::FunctionCall(_)
            | Expr::Unary(_) => self.field(node, path, when, steps),
        }
    }

    fn last(&mut self, block: &Block, path: &str, when: &BTreeSet<String>, steps: usize) {
        if let Some(last) = block.0.last() {
            self.result(last, path, when, steps);
        }
    }

    /// Notes what one field is made of; the event as a whole is none.
    fn field(&mut self, node: &Node<Expr>, path: &str, when: &BTreeSet<String>, steps: usize) {
        if path.is_empty() {
            return;
        }
        let mut origin = self.fields.remove(path).unwrap_or_default();
        self.value(node, &mut origin, steps);
        origin.when.extend(when.iter().cloned());
        self.fields.insert(path.to_owned(), origin);
    }

    /// What a value comes from.
    fn value(&mut self, node: &Node<Expr>, origin: &mut Origin, steps: usize) {
        let Some(steps) = self.step(steps) else { return };
        match node.inner() {
            Expr::Literal(_) => origin.constants.extend(literal(node.inner()).filter(|text| !text.is_empty())),
            Expr::Container(container) => match container.inner() {
                Container::Block(block) => {
                    block.inner().0.last().into_iter().for_each(|last| self.value(last, origin, steps));
                }
                Container::Group(_) | Container::Array(_) | Container::Object(_) => {
                    inside(container.inner()).iter().for_each(|inner| self.value(inner, origin, steps));
                }
            },
            Expr::IfStatement(statement) => {
                let statement = statement.inner();
                for condition in predicate(statement.predicate.inner()) {
                    let mut read = Origin::default();
                    self.value(&condition, &mut read, steps);
                    origin.when.extend(read.reads);
                    origin.when.extend(read.when);
                }
                let blocks = std::iter::once(&statement.if_node).chain(&statement.else_node);
                for last in blocks.filter_map(|block| block.inner().0.last()) {
                    self.value(last, origin, steps);
                }
            }
            Expr::Op(operation) => {
                let Op(left, opcode, right) = operation.inner();
                // A literal that something is compared with is no value.
                let passes = matches!(opcode.inner(), Opcode::Or | Opcode::Err);
                for side in [left, right] {
                    let mut read = Origin::default();
                    self.value(side, &mut read, steps);
                    if !passes {
                        read.constants.clear();
                    }
                    origin.absorb(read);
                }
            }
            Expr::Query(query) => self.query(query.inner(), origin, steps),
            Expr::Variable(name) => {
                let bases = self.bases(name.inner().as_ref(), steps);
                if bases.is_empty() {
                    for value in self.bindings.assigned.get(name.inner().as_ref()).into_iter().flatten() {
                        self.value(value, origin, steps);
                    }
                } else {
                    origin.reads.extend(bases);
                }
            }
            Expr::FunctionCall(call) => self.call(call.inner(), origin, steps),
            Expr::Assignment(assignment) => self.value(parts(assignment.inner()).1, origin, steps),
            Expr::Unary(_) => children(node.inner()).iter().for_each(|inner| self.value(inner, origin, steps)),
            Expr::Abort(_) | Expr::Break(_) | Expr::Return(_) => {}
        }
    }

    fn call(&mut self, call: &FunctionCall, origin: &mut Origin, steps: usize) {
        let name: &str = call.ident.inner().as_ref();
        let mut read = Origin::default();
        for child in of_call(call) {
            self.value(&child, &mut read, steps);
        }
        // Formats, patterns and schemes are how it is read, not what it is.
        read.constants.clear();
        let first = call.arguments.first().and_then(|first| literal(first.inner().expr.inner()));
        if let (true, Some(table)) = (matches!(name, "code" | "code_list"), first) {
            read.tables.insert(table);
        }
        for argument in &call.arguments {
            let argument = argument.inner();
            if argument.ident.as_ref().is_some_and(|ident| ident.inner().as_ref() == "otherwise") {
                read.constants.extend(literal(argument.expr.inner()));
            }
        }
        origin.absorb(read);
    }

    fn query(&mut self, query: &Query, origin: &mut Origin, steps: usize) {
        let suffix = shown(query.path.inner());
        match query.target.inner() {
            QueryTarget::External(PathPrefix::Event) => {
                origin.reads.insert(suffix);
            }
            QueryTarget::External(PathPrefix::Metadata) => {}
            QueryTarget::Internal(name) => {
                let bases = self.bases(name.as_ref(), steps);
                if bases.is_empty() {
                    for value in self.bindings.assigned.get::<str>(name.as_ref()).into_iter().flatten() {
                        self.value(value, origin, steps);
                    }
                }
                origin.reads.extend(bases.into_iter().map(|base| joined(&base, &suffix)));
            }
            QueryTarget::FunctionCall(call) => self.call(call, origin, steps),
            QueryTarget::Container(container) => {
                inside(container).iter().for_each(|inner| self.value(inner, origin, steps));
            }
        }
    }

    /// The paths of the record that a variable stands for; none where it holds something made.
    fn bases(&mut self, name: &str, steps: usize) -> BTreeSet<String> {
        let mut bases = BTreeSet::new();
        let Some(steps) = self.step(steps) else { return bases };
        let assigned: Vec<Node<Expr>> = self.bindings.assigned.get(name).into_iter().flatten().cloned().collect();
        for value in &assigned {
            let Some(found) = self.base(value, steps) else { return BTreeSet::new() };
            bases.extend(found);
        }
        let items: Vec<Node<Expr>> = self.bindings.items.get(name).into_iter().flatten().cloned().collect();
        for list in &items {
            let mut read = Origin::default();
            self.value(list, &mut read, steps);
            bases.extend(
                read.reads.into_iter().map(|path| if path.ends_with("[]") { path } else { format!("{path}[]") }),
            );
        }
        bases
    }

    fn base(&mut self, node: &Node<Expr>, steps: usize) -> Option<BTreeSet<String>> {
        let steps = self.step(steps)?;
        match node.inner() {
            Expr::Query(query) => {
                let suffix = shown(query.inner().path.inner());
                match query.inner().target.inner() {
                    QueryTarget::External(PathPrefix::Event) => Some(BTreeSet::from([suffix])),
                    QueryTarget::Internal(name) => {
                        let bases = self.bases(name.as_ref(), steps);
                        let bases: BTreeSet<String> = bases.iter().map(|base| joined(base, &suffix)).collect();
                        (!bases.is_empty()).then_some(bases)
                    }
                    QueryTarget::External(PathPrefix::Metadata)
                    | QueryTarget::FunctionCall(_)
                    | QueryTarget::Container(_) => None,
                }
            }
            Expr::Variable(name) => {
                let bases = self.bases(name.inner().as_ref(), steps);
                (!bases.is_empty()).then_some(bases)
            }
            Expr::Literal(_)
            | Expr::Container(_)
            | Expr::IfStatement(_)
            | Expr::Op(_)
            | Expr::Assignment(_)
            | Expr::FunctionCall(_)
            | Expr::Unary(_)
            | Expr::Abort(_)
            | Expr::Return(_)
            | Expr::Break(_) => None,
        }
    }

    /// Every read of a program, and every scheme of identifiers.
    pub(super) fn everything(
        &mut self,
        node: &Node<Expr>,
        all: &mut Origin,
        schemes: &mut BTreeSet<String>,
        steps: usize,
    ) {
        let Some(steps) = self.step(steps) else { return };
        if let Expr::Query(query) = node.inner() {
            self.query(query.inner(), all, steps);
        }
        if let Expr::FunctionCall(call) = node.inner()
            && call.inner().ident.inner().as_ref() == "org_id"
        {
            schemes.extend(call.inner().arguments.first().and_then(|first| literal(first.inner().expr.inner())));
        }
        for child in children(node.inner()) {
            self.everything(&child, all, schemes, steps);
        }
    }

    /// The words of `abort`, each with what decides on it.
    pub(super) fn aborts(
        &mut self,
        node: &Node<Expr>,
        when: &BTreeSet<String>,
        aborts: &mut Vec<(String, BTreeSet<String>)>,
        steps: usize,
    ) {
        let Some(steps) = self.step(steps) else { return };
        let mut when = when.clone();
        if let Expr::Abort(abort) = node.inner()
            && let Some(word) = abort.inner().message.as_ref().and_then(|message| literal(message.inner()))
        {
            aborts.push((word, when.clone()));
        }
        if let Expr::IfStatement(statement) = node.inner() {
            for condition in predicate(statement.inner().predicate.inner()) {
                let mut read = Origin::default();
                self.value(&condition, &mut read, steps);
                when.extend(read.reads);
                when.extend(read.when);
            }
        }
        for child in children(node.inner()) {
            self.aborts(&child, &when, aborts, steps);
        }
    }
}

/// A path as the report shows it: `firm.names[]`, whatever the index.
fn shown(path: &OwnedValuePath) -> String {
    let mut text = String::new();
    for segment in &path.segments {
        match segment {
            OwnedSegment::Field(name) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(name.as_str());
            }
            OwnedSegment::Index(_) => text.push_str("[]"),
        }
    }
    text
}

fn joined(base: &str, suffix: &str) -> String {
    match (base.is_empty(), suffix.is_empty()) {
        (_, true) => base.to_owned(),
        (true, false) => suffix.to_owned(),
        (false, false) if suffix.starts_with("[]") => format!("{base}{suffix}"),
        (false, false) => format!("{base}.{suffix}"),
    }
}
