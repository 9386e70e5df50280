//! The syntax tree of a mapping as lineage walks it: the expressions within one, and what each variable can hold.

use std::collections::BTreeMap;

use vrl::parser::ast::{
    Assignment, AssignmentTarget, Container, Expr, FunctionCall, Node, Op, Predicate, QueryTarget, Unary,
};

/// What each variable can hold, and what ends the program early.
#[derive(Default)]
pub(super) struct Bindings {
    pub(super) assigned: BTreeMap<String, Vec<Node<Expr>>>,
    /// The variables of blocks and the lists whose items they are.
    pub(super) items: BTreeMap<String, Vec<Node<Expr>>>,
    pub(super) returns: Vec<Node<Expr>>,
}

impl Bindings {
    pub(super) fn collect(&mut self, node: &Node<Expr>) {
        match node.inner() {
            Expr::Assignment(assignment) => {
                let (targets, expression) = parts(assignment.inner());
                for target in targets {
                    if let Some(name) = variable(target) {
                        self.assigned.entry(name).or_default().push(expression.clone());
                    }
                }
            }
            Expr::FunctionCall(call) => {
                let call = call.inner();
                if let (Some(closure), Some(list)) = (&call.closure, call.arguments.first())
                    && let Some(name) = closure.inner().variables.last()
                {
                    self.items.entry(name.inner().to_string()).or_default().push(list.inner().expr.clone());
                }
            }
            Expr::Return(given) => self.returns.push((*given.inner().expr).clone()),
            Expr::Literal(_)
            | Expr::Container(_)
            | Expr::IfStatement(_)
            | Expr::Op(_)
            | Expr::Query(_)
            | Expr::Variable(_)
            | Expr::Unary(_)
            | Expr::Abort(_)
            | Expr::Break(_) => {}
        }
        children(node.inner()).iter().for_each(|child| self.collect(child));
    }
}

/// What an assignment sets, and to what.
pub(super) fn parts(assignment: &Assignment) -> (Vec<&Node<AssignmentTarget>>, &Node<Expr>) {
    match assignment {
        Assignment::Single { target, expr, .. } => (vec![target], expr),
        Assignment::Infallible { ok, err, expr, .. } => (vec![ok, err], expr),
    }
}

/// The variable that an assignment sets, whole or in part.
fn variable(target: &Node<AssignmentTarget>) -> Option<String> {
    match target.inner() {
        AssignmentTarget::Internal(name, _) => Some(name.to_string()),
        AssignmentTarget::Query(query) => match query.target.inner() {
            QueryTarget::Internal(name) => Some(name.to_string()),
            QueryTarget::External(_) | QueryTarget::FunctionCall(_) | QueryTarget::Container(_) => None,
        },
        AssignmentTarget::Noop | AssignmentTarget::External(_) => None,
    }
}

/// The expressions within one.
pub(super) fn children(expression: &Expr) -> Vec<Node<Expr>> {
    match expression {
        Expr::Literal(_) | Expr::Variable(_) | Expr::Break(_) => Vec::new(),
        Expr::Container(container) => inside(container.inner()),
        Expr::IfStatement(statement) => {
            let statement = statement.inner();
            let mut all = predicate(statement.predicate.inner());
            all.extend(statement.if_node.inner().0.iter().cloned());
            all.extend(statement.else_node.iter().flat_map(|other| other.inner().0.iter().cloned()));
            all
        }
        Expr::Op(operation) => {
            let Op(left, _, right) = operation.inner();
            vec![(**left).clone(), (**right).clone()]
        }
        Expr::Assignment(assignment) => vec![parts(assignment.inner()).1.clone()],
        Expr::Query(query) => match query.inner().target.inner() {
            QueryTarget::FunctionCall(call) => of_call(call),
            QueryTarget::Container(container) => inside(container),
            QueryTarget::Internal(_) | QueryTarget::External(_) => Vec::new(),
        },
        Expr::FunctionCall(call) => of_call(call.inner()),
        Expr::Unary(unary) => match unary.inner() {
            Unary::Not(not) => vec![*not.inner().clone().take().1],
        },
        Expr::Abort(abort) => abort.inner().message.iter().map(|message| (**message).clone()).collect(),
        Expr::Return(given) => vec![(*given.inner().expr).clone()],
    }
}

/// The expressions of a condition.
pub(super) fn predicate(predicate: &Predicate) -> Vec<Node<Expr>> {
    match predicate {
        Predicate::One(one) => vec![(**one).clone()],
        Predicate::Many(many) => many.clone(),
    }
}

pub(super) fn inside(container: &Container) -> Vec<Node<Expr>> {
    match container {
        Container::Group(group) => vec![group.inner().0.clone()],
        Container::Block(block) => block.inner().0.clone(),
        Container::Array(items) => items.inner().clone().into_iter().collect(),
        Container::Object(object) => object.inner().clone().into_iter().map(|(_, value)| value).collect(),
    }
}

/// The arguments of a call, and the expressions of its block.
pub(super) fn of_call(call: &FunctionCall) -> Vec<Node<Expr>> {
    let mut all: Vec<Node<Expr>> = call.arguments.iter().map(|argument| argument.inner().expr.clone()).collect();
    all.extend(call.closure.iter().flat_map(|closure| closure.inner().block.inner().0.iter().cloned()));
    all
}

/// True where an expression is an object, or may be one.
pub(super) fn gives_object(node: &Node<Expr>) -> bool {
    match node.inner() {
        Expr::Container(container) => match container.inner() {
            Container::Object(_) => true,
            Container::Group(_) | Container::Array(_) => inside(container.inner()).iter().any(gives_object),
            Container::Block(block) => block.inner().0.last().is_some_and(gives_object),
        },
        Expr::IfStatement(statement) => {
            let blocks = std::iter::once(&statement.inner().if_node).chain(&statement.inner().else_node);
            blocks.filter_map(|block| block.inner().0.last()).any(gives_object)
        }
        Expr::FunctionCall(call) => call.inner().ident.inner().as_ref() == "each" && call.inner().closure.is_some(),
        Expr::Literal(_)
        | Expr::Op(_)
        | Expr::Assignment(_)
        | Expr::Query(_)
        | Expr::Variable(_)
        | Expr::Unary(_)
        | Expr::Abort(_)
        | Expr::Return(_)
        | Expr::Break(_) => false,
    }
}
