//! What a function's result holds, as a source schema would say it: a member that it lacks is refused as a column is.

use std::sync::{Arc, LazyLock};

use vrl::value::Kind;

use super::{date_kind, identifier_kind, money_kind};
use crate::platform::definition::{SourceField, SourceType};

static MONEY: LazyLock<SourceType> = LazyLock::new(|| record(&money_kind()));
static DATE: LazyLock<SourceType> = LazyLock::new(|| record(&date_kind()));
static IDENTIFIER: LazyLock<SourceType> = LazyLock::new(|| record(&identifier_kind()));

/// The type of what one of Comity's functions gives; `None` where it depends on its arguments.
pub(crate) fn of(function: &str) -> Option<&'static SourceType> {
    match function {
        "money" | "sum_money" => Some(&MONEY),
        "date" | "earliest" | "latest" | "epoch_ms" | "excel_date" => Some(&DATE),
        "org_id" => Some(&IDENTIFIER),
        "instant" => Some(&SourceType::Integer),
        "squeeze" | "plain" | "capture" | "pad_left" | "pad_right" | "cut" | "digest" | "code" => {
            Some(&SourceType::Text)
        }
        _ => None,
    }
}

/// The fields of an object; each is a number or a text.
fn record(kind: &Kind) -> SourceType {
    let known = kind.as_object().into_iter().flat_map(|object| object.known());
    let field = |(name, kind): (&vrl::value::kind::Field, &Kind)| SourceField {
        name: name.to_string(),
        native: name.to_string(),
        of: if kind.contains_integer() { SourceType::Integer } else { SourceType::Text },
        nullable: kind.contains_null(),
        absent: Arc::from([]),
        several: false,
    };
    SourceType::Record(known.map(field).collect())
}
