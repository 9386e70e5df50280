//! Lists: `each`.

use std::fmt;

use vrl::compiler::function::closure::{Definition, Input, Output, Runner, Variable, VariableKind};
use vrl::compiler::function::{ArgumentList, Closure, Example};
use vrl::compiler::state::TypeState;
use vrl::compiler::value::kind;
use vrl::compiler::{Context, Expression, FunctionExpression, Parameter, Resolved, TypeDef};
use vrl::value::kind::Collection;
use vrl::value::{Kind, Value};

use super::{Call, CallError, Knowledge};

pub(super) const CALLS: &[Call] = &[Call {
    name: "each",
    gives: "A list of what the block gives for each item, nulls dropped.",
    example: "each(split(.words || \"\", \";\")) -> |word| { squeeze(word) }",
    parameters: &[Parameter::required("list", kind::ARRAY, "The list.")],
    block: true,
    compile: each,
}];

/// The block `-> |item| { … }`: it may give anything.
pub(super) fn block() -> Definition {
    let example = Example {
        title: "each",
        source: "each([1]) -> |item| { item }",
        input: None,
        result: Ok("[1]"),
        file: file!(),
        line: line!(),
        deterministic: true,
        skip: true,
    };
    let input = Input {
        parameter_keyword: "list",
        kind: Kind::array(Collection::any()),
        variables: vec![Variable { kind: VariableKind::TargetInnerValue }],
        output: Output::Kind(Kind::any()),
        example,
    };
    Definition { inputs: vec![input], is_iterator: true, supports_break: false }
}

fn each(_: &Knowledge, _: &TypeState, arguments: &ArgumentList) -> Result<Box<dyn Expression>, CallError> {
    let wrong = |_| CallError::new("`each` has no block", "write each(list) -> |item| { … }");
    let closure = arguments.required_closure().map_err(wrong)?;
    let list = arguments.required("list");
    Ok(Each { list, closure }.as_expr())
}

#[derive(Clone)]
struct Each {
    list: Box<dyn Expression>,
    closure: Closure,
}

impl fmt::Debug for Each {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Each").field("list", &self.list).finish_non_exhaustive()
    }
}

impl FunctionExpression for Each {
    fn resolve(&self, context: &mut Context) -> Resolved {
        let Value::Array(mut items) = self.list.resolve(context)? else { return Ok(Value::Array(Vec::new())) };
        let runner = Runner::new(&self.closure.variables, |context| self.closure.block.resolve(context));
        for item in &mut items {
            runner.map_value(context, item)?;
        }
        items.retain(|item| !item.is_null());
        Ok(Value::Array(items))
    }

    fn type_def(&self, _: &TypeState) -> TypeDef {
        let mut item = self.closure.block_type_def.kind().clone();
        item.remove_null();
        item.remove_undefined();
        TypeDef::array(Collection::from_unknown(item)).infallible()
    }
}
