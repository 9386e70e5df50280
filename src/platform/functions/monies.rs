//! Money: `money`, `sum_money`.

use std::collections::BTreeMap;

use vrl::compiler::function::ArgumentList;
use vrl::compiler::state::TypeState;
use vrl::compiler::value::kind;
use vrl::compiler::{Expression, Parameter, Resolved};
use vrl::value::kind::{Collection, Field};
use vrl::value::{Kind, ObjectMap, Value};

use super::amount::{exponent, float_units, minor_units};
use super::{
    Apply, Call, CallError, Knowledge, SCALAR, as_text, field, literal_code, literal_flag, literal_text, literal_texts,
    refuse, stated,
};
use crate::model::code::{Code, Qualifier};
use crate::model::rejection::Reason;
use crate::platform::text;

pub(super) const CALLS: &[Call] = &[
    Call {
        name: "money",
        gives: "An amount in exact minor units (ISO 4217), or null for a blank one and the texts in `absent`. The currency's sign or code may stand in the text; what else does is a rejection. `float: true` reads 586.8399999999999 as 586.84.",
        example: "money(.due, \"USD\", absent: [\"n/a\"])",
        parameters: &[
            Parameter::required("amount", SCALAR, "What the source says."),
            Parameter::required("currency", kind::BYTES | kind::NULL | kind::UNDEFINED, "ISO 4217."),
            Parameter::optional("decimal", kind::BYTES, "The decimal mark."),
            Parameter::optional("qualifier", kind::BYTES, "How the amount is to be read."),
            Parameter::optional("absent", kind::BYTES | kind::ARRAY, "Texts that state no amount."),
            Parameter::optional("float", kind::BOOLEAN, "Whether amounts went through a binary number."),
        ],
        block: false,
        compile: money,
    },
    Call {
        name: "sum_money",
        gives: "The sum of amounts in one currency; null where there is none.",
        example: "sum_money([money(.due, \"USD\"), money(.paid, \"USD\")])",
        parameters: &[Parameter::required("amounts", kind::ARRAY, "What money(…) returned.")],
        block: false,
        compile: sum_money,
    },
];

/// The kind of an amount.
pub(crate) fn money_kind() -> Kind {
    let fields = [
        (Field::from("amount_minor"), Kind::integer()),
        (Field::from("currency"), Kind::bytes()),
        (Field::from("qualifier"), Kind::bytes()),
    ];
    Kind::object(Collection::from(fields.into_iter().collect::<BTreeMap<_, _>>()))
}

fn money(_: &Knowledge, state: &TypeState, arguments: &ArgumentList) -> Result<Box<dyn Expression>, CallError> {
    let currency = arguments.required("currency");
    if let Some(literal) = currency.resolve_constant(state)
        && as_text(&literal).and_then(exponent).is_none()
    {
        return Err(CallError::new("`currency` is no currency of ISO 4217", "write a code such as \"EUR\""));
    }
    let decimal = match literal_text(arguments, "decimal", state)?.as_deref() {
        None | Some(".") => '.',
        Some(",") => ',',
        Some(_) => return Err(CallError::new("`decimal` is no decimal mark", "write \".\" or \",\"")),
    };
    let qualifier = literal_code(arguments, "qualifier", state)?.unwrap_or(Qualifier::Exact);
    let absent = literal_texts(arguments, "absent", state)?;
    let float = literal_flag(arguments, "float", state)?;
    let work = move |amount: Value, currency: Value| -> Resolved {
        let Some(written) = stated(&amount) else { return Ok(Value::Null) };
        let squeezed = text::squeeze(&written);
        if absent.iter().any(|word| word.as_str() == squeezed) {
            return Ok(Value::Null);
        }
        // A number has a point for its decimals, whatever the texts of this source have.
        let decimal = if matches!(amount, Value::Float(_) | Value::Integer(_)) { '.' } else { decimal };
        let currency = as_text(&currency).map(text::trim).unwrap_or_default();
        let meant = float.then(|| float_units(&written, currency, decimal)).flatten();
        let units = meant.or_else(|| minor_units(&written, currency, decimal));
        let units = units.ok_or_else(|| refuse(Reason::UnreadableMoney))?;
        Ok(amount_of(units, currency, qualifier))
    };
    Ok(Apply::two(arguments.required("amount"), Some(currency), money_kind().or_null(), work))
}

fn amount_of(units: i64, currency: &str, qualifier: Qualifier) -> Value {
    let mut amount = ObjectMap::new();
    amount.insert("amount_minor".into(), Value::Integer(units));
    amount.insert("currency".into(), Value::from(currency));
    amount.insert("qualifier".into(), Value::from(qualifier.name()));
    Value::Object(amount)
}

fn sum_money(_: &Knowledge, _: &TypeState, arguments: &ArgumentList) -> Result<Box<dyn Expression>, CallError> {
    Ok(Apply::one(arguments.required("amounts"), money_kind().or_null(), |amounts| sum(&amounts)))
}

/// The sum; exact only if every part is, otherwise with the first other qualifier.
fn sum(amounts: &Value) -> Resolved {
    let unreadable = || refuse(Reason::UnreadableMoney);
    let Value::Array(amounts) = amounts else { return Err(unreadable()) };
    let mut total: Option<(i64, &str, Qualifier)> = None;
    for amount in amounts.iter().filter(|amount| !amount.is_null()) {
        let units = field(amount, "amount_minor").and_then(Value::as_integer).ok_or_else(unreadable)?;
        let currency = field(amount, "currency").and_then(as_text).ok_or_else(unreadable)?;
        let stated = field(amount, "qualifier").and_then(as_text).and_then(Qualifier::parse).ok_or_else(unreadable)?;
        total = Some(match total {
            None => (units, currency, stated),
            Some((before, same, qualifier)) if same == currency => {
                let qualifier = if qualifier == Qualifier::Exact { stated } else { qualifier };
                (before.checked_add(units).ok_or_else(unreadable)?, currency, qualifier)
            }
            Some(_) => return Err(unreadable()),
        });
    }
    Ok(total.map_or(Value::Null, |(units, currency, qualifier)| amount_of(units, currency, qualifier)))
}
