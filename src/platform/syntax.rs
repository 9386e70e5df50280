//! A mapping's syntax tree: what the types alone do not tell. Which paths it reads, with which words it aborts, which
//! calls can fail, and which literal codes it can give.

use std::collections::BTreeMap;
use std::ops::Range;

use vrl::parser::ast::{
    Assignment, AssignmentTarget, Block, Container, Expr, FunctionCall, Literal, Node, Op, Opcode, Predicate, Program,
    Query, QueryTarget, RootExpr, Unary,
};
use vrl::path::{OwnedSegment, OwnedValuePath, PathPrefix};

use super::definition::{SourceField, SourceType};
use super::functions::members;

/// Turns of looking for the schema's type behind a variable.
const VARIABLE_TURNS: usize = 8;

/// A path that the source schema lacks, or the result of a function.
#[derive(Debug)]
pub(super) struct UnknownPath {
    pub(super) at: Range<usize>,
    pub(super) path: String,
    /// The function whose result lacks it.
    pub(super) function: Option<String>,
    /// The names that stand at that level.
    pub(super) known: Vec<String>,
}

/// What a walk over the tree found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) unknown_paths: Vec<UnknownPath>,
    /// The message of each `abort`, where it is a literal.
    pub(super) aborts: Vec<(Option<String>, Range<usize>)>,
    /// Calls with `!`.
    pub(super) failing_calls: Vec<(String, Range<usize>)>,
    /// Assignments to the record, and reads of what is no part of it.
    pub(super) outside: Vec<Range<usize>>,
    /// The expressions that can be the result.
    pub(super) results: Vec<Node<Expr>>,
    /// What is assigned to each variable, by name.
    pub(super) assigned: BTreeMap<String, Vec<Node<Expr>>>,
}

/// Walks a program whose input has these fields.
pub(super) fn walk(program: &Program, input: &[SourceField]) -> Findings {
    let expressions: Vec<Node<Expr>> = program
        .0
        .iter()
        .filter_map(|node| match node.inner() {
            RootExpr::Expr(expression) => Some(expression.clone()),
            RootExpr::Error(_) => None,
        })
        .collect();
    let root = SourceType::Record(input.to_vec());
    let mut walker = Walker { root: &root, findings: Findings::default(), items: BTreeMap::new(), reading: false };
    for expression in &expressions {
        walker.expression(expression);
    }
    // The second walk knows every assignment, so paths behind variables can be followed.
    walker.reading = true;
    for expression in &expressions {
        walker.expression(expression);
    }
    if let Some(last) = expressions.last() {
        walker.findings.results.push(last.clone());
    }
    walker.findings
}

/// The bytes of a node.
pub(super) fn range<T>(node: &Node<T>) -> Range<usize> {
    node.start()..node.end()
}

/// The text of a literal without templates.
pub(super) fn literal(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Literal(literal) => match literal.inner() {
            Literal::RawString(text) => Some(text.clone()),
            Literal::String(template) if template.0.is_empty() => Some(String::new()),
            Literal::String(template) => template.as_literal_string().map(str::to_owned),
            Literal::Integer(_)
            | Literal::Float(_)
            | Literal::Boolean(_)
            | Literal::Regex(_)
            | Literal::Timestamp(_)
            | Literal::Null => None,
        },
        Expr::Container(container) => match container.inner() {
            Container::Group(group) => literal(group.inner().0.inner()),
            Container::Block(_) | Container::Array(_) | Container::Object(_) => None,
        },
        Expr::IfStatement(_)
        | Expr::Op(_)
        | Expr::Assignment(_)
        | Expr::Query(_)
        | Expr::FunctionCall(_)
        | Expr::Variable(_)
        | Expr::Unary(_)
        | Expr::Abort(_)
        | Expr::Return(_)
        | Expr::Break(_) => None,
    }
}

struct Walker<'s> {
    root: &'s SourceType,
    findings: Findings,
    /// The variables of blocks, and the list whose items they are.
    items: BTreeMap<String, Vec<Node<Expr>>>,
    /// False on the first walk, which collects assignments; true on the second, which checks.
    reading: bool,
}

impl<'s> Walker<'s> {
    fn expression(&mut self, node: &Node<Expr>) {
        match node.inner() {
            Expr::Literal(_) | Expr::Variable(_) | Expr::Break(_) => {}
            Expr::Container(container) => self.container(container.inner()),
            Expr::IfStatement(statement) => {
                match statement.inner().predicate.inner() {
                    Predicate::One(one) => self.expression(one),
                    Predicate::Many(many) => many.iter().for_each(|each| self.expression(each)),
                }
                self.block(statement.inner().if_node.inner());
                if let Some(otherwise) = &statement.inner().else_node {
                    self.block(otherwise.inner());
                }
            }
            Expr::Op(operation) => {
                let Op(left, _, right) = operation.inner();
                self.expression(left);
                self.expression(right);
            }
            Expr::Assignment(assignment) => self.assignment(assignment.inner(), range(node)),
            Expr::Query(query) => self.query(query.inner(), range(node)),
            Expr::FunctionCall(call) => self.call(call.inner(), range(node)),
            Expr::Unary(unary) => match unary.inner() {
                Unary::Not(not) => self.expression(&not.inner().clone().take().1),
            },
            Expr::Abort(abort) => {
                let message = abort.inner().message.as_ref();
                if let Some(message) = message {
                    self.expression(message);
                }
                if self.reading {
                    let word = message.and_then(|message| literal(message.inner()));
                    self.findings.aborts.push((word, message.map_or(range(node), |message| range(message))));
                }
            }
            Expr::Return(given) => {
                self.expression(&given.inner().expr);
                if self.reading {
                    self.findings.results.push((*given.inner().expr).clone());
                }
            }
        }
    }

    fn block(&mut self, block: &Block) {
        block.0.iter().for_each(|expression| self.expression(expression));
    }

    fn container(&mut self, container: &Container) {
        match container {
            Container::Group(group) => self.expression(&group.inner().0),
            Container::Block(block) => self.block(block.inner()),
            Container::Array(array) => array.inner().clone().into_iter().for_each(|item| self.expression(&item)),
            Container::Object(object) => {
                object.inner().clone().into_iter().for_each(|(_, value)| self.expression(&value));
            }
        }
    }

    fn assignment(&mut self, assignment: &Assignment, at: Range<usize>) {
        let (targets, expression) = match assignment {
            Assignment::Single { target, expr, .. } => (vec![target], expr),
            Assignment::Infallible { ok, err, expr, .. } => (vec![ok, err], expr),
        };
        self.expression(expression);
        for (place, target) in targets.into_iter().enumerate() {
            let name = match target.inner() {
                AssignmentTarget::Noop => None,
                AssignmentTarget::External(_) => {
                    self.outside(at.clone());
                    None
                }
                AssignmentTarget::Internal(name, None) if place == 0 => Some(name.to_string()),
                AssignmentTarget::Internal(name, _) => {
                    self.forget(name);
                    None
                }
                AssignmentTarget::Query(query) => {
                    match query.target.inner() {
                        QueryTarget::External(_) => self.outside(at.clone()),
                        QueryTarget::Internal(name) => self.forget(name),
                        QueryTarget::FunctionCall(_) | QueryTarget::Container(_) => {}
                    }
                    None
                }
            };
            if let Some(name) = name.filter(|_| !self.reading) {
                self.findings.assigned.entry(name).or_default().push((**expression).clone());
            }
        }
    }

    /// A variable that is changed from inside is followed no more: an empty literal stands for "anything".
    fn forget(&mut self, name: &str) {
        if !self.reading {
            let nothing = Node::new(vrl::parser::Span::default(), Literal::Null);
            let anything = Node::new(vrl::parser::Span::default(), Expr::Literal(nothing));
            self.findings.assigned.entry(name.to_owned()).or_default().push(anything);
        }
    }

    fn outside(&mut self, at: Range<usize>) {
        if self.reading {
            self.findings.outside.push(at);
        }
    }

    fn call(&mut self, call: &FunctionCall, at: Range<usize>) {
        if call.abort_on_error && self.reading {
            self.findings.failing_calls.push((call.ident.inner().to_string(), at));
        }
        call.arguments.iter().for_each(|argument| self.expression(&argument.inner().expr));
        let Some(closure) = &call.closure else { return };
        if !self.reading
            && let (Some(variable), Some(list)) = (closure.inner().variables.last(), call.arguments.first())
        {
            self.items.entry(variable.inner().to_string()).or_default().push(list.inner().expr.clone());
        }
        self.block(closure.inner().block.inner());
    }

    fn query(&mut self, query: &Query, at: Range<usize>) {
        let start = match query.target.inner() {
            QueryTarget::External(PathPrefix::Event) => Some(self.root),
            QueryTarget::External(PathPrefix::Metadata) => {
                self.outside(at);
                return;
            }
            QueryTarget::Internal(name) => self.variable(name, VARIABLE_TURNS),
            QueryTarget::FunctionCall(call) => {
                self.call(call, at.clone());
                self.result(call, VARIABLE_TURNS)
            }
            QueryTarget::Container(container) => {
                self.container(container);
                return;
            }
        };
        let Some(start) = start.filter(|_| self.reading) else { return };
        if let Err((path, known)) = follow(start, query.path.inner()) {
            let function = self.function(query.target.inner(), VARIABLE_TURNS);
            self.findings.unknown_paths.push(UnknownPath { at, path, function, known });
        }
    }

    /// The type of what a call gives, where it is known.
    fn result(&self, call: &FunctionCall, turns: usize) -> Option<&'s SourceType> {
        let name: &str = call.ident.inner().as_ref();
        if matches!(name, "filter" | "required") {
            return self.behind(&call.arguments.first()?.inner().expr, turns);
        }
        members::of(name)
    }

    /// The function whose result is read, called here or assigned to the variable.
    fn function(&self, target: &QueryTarget, turns: usize) -> Option<String> {
        let turns = turns.checked_sub(1)?;
        let named = |call: &FunctionCall| {
            let name: &str = call.ident.inner().as_ref();
            members::of(name).map(|_| name.to_owned())
        };
        match target {
            QueryTarget::FunctionCall(call) => named(call),
            QueryTarget::Internal(name) => match self.findings.assigned.get(&name.to_string())?.first()?.inner() {
                Expr::FunctionCall(call) => named(call.inner()),
                Expr::Query(query) => self.function(query.inner().target.inner(), turns),
                Expr::Variable(other) => self.function(&QueryTarget::Internal(other.inner().clone()), turns),
                Expr::Literal(_)
                | Expr::Container(_)
                | Expr::IfStatement(_)
                | Expr::Op(_)
                | Expr::Assignment(_)
                | Expr::Unary(_)
                | Expr::Abort(_)
                | Expr::Return(_)
                | Expr::Break(_) => None,
            },
            QueryTarget::External(_) | QueryTarget::Container(_) => None,
        }
    }

    /// The schema's type behind a variable, where all that is assigned to it has one.
    fn variable(&self, name: &str, turns: usize) -> Option<&'s SourceType> {
        let turns = turns.checked_sub(1)?;
        let assigned = self.findings.assigned.get(name).into_iter().flatten().map(|node| self.behind(node, turns));
        let items = self.items.get(name).into_iter().flatten().map(|list| match self.behind(list, turns)? {
            SourceType::Array(item) | SourceType::Map(item) => Some(&item.of),
            SourceType::Boolean
            | SourceType::Integer
            | SourceType::Double
            | SourceType::Text
            | SourceType::Bytes
            | SourceType::Record(_) => None,
        });
        let mut all = assigned.chain(items);
        let first = all.next()??;
        all.all(|other| other == Some(first)).then_some(first)
    }

    /// The schema's type that an expression passes on unchanged.
    fn behind(&self, node: &Node<Expr>, turns: usize) -> Option<&'s SourceType> {
        match node.inner() {
            Expr::Query(query) => {
                let start = match query.inner().target.inner() {
                    QueryTarget::External(PathPrefix::Event) => self.root,
                    QueryTarget::Internal(name) => self.variable(name, turns)?,
                    QueryTarget::FunctionCall(call) => self.result(call, turns)?,
                    QueryTarget::External(PathPrefix::Metadata) | QueryTarget::Container(_) => return None,
                };
                follow(start, query.inner().path.inner()).ok()?
            }
            Expr::Variable(name) => self.variable(name.inner(), turns),
            Expr::Op(operation) => {
                let Op(left, opcode, _) = operation.inner();
                matches!(opcode.inner(), Opcode::Or | Opcode::Err).then(|| self.behind(left, turns)).flatten()
            }
            Expr::FunctionCall(call) => self.result(call.inner(), turns),
            Expr::Container(container) => match container.inner() {
                Container::Group(group) => self.behind(&group.inner().0, turns),
                Container::Block(_) | Container::Array(_) | Container::Object(_) => None,
            },
            Expr::Literal(_)
            | Expr::IfStatement(_)
            | Expr::Assignment(_)
            | Expr::Unary(_)
            | Expr::Abort(_)
            | Expr::Return(_)
            | Expr::Break(_) => None,
        }
    }
}

/// Follows a path through the schema: the type there, `None` where it ends in the open, or the first part that is not
/// there and the names that are.
fn follow<'s>(start: &'s SourceType, path: &OwnedValuePath) -> Result<Option<&'s SourceType>, (String, Vec<String>)> {
    let mut at = start;
    for segment in &path.segments {
        at = match (segment, at) {
            (OwnedSegment::Field(name), SourceType::Record(fields)) => {
                let found = fields.iter().find(|field| field.name == name.as_str());
                let known = || fields.iter().map(|field| field.name.clone()).collect();
                &found.ok_or_else(|| (name.to_string(), known()))?.of
            }
            (OwnedSegment::Field(_), SourceType::Map(item)) | (OwnedSegment::Index(_), SourceType::Array(item)) => {
                &item.of
            }
            (OwnedSegment::Field(name), _) => return Err((name.to_string(), Vec::new())),
            (OwnedSegment::Index(index), _) => return Err((format!("[{index}]"), Vec::new())),
        };
    }
    Ok(Some(at))
}
