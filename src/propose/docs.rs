//! What a proposed schema says of each field: shapes and counts, never a value.

use super::fields::{Field, Of};
use super::values::share;

/// One line about a field.
pub(super) fn of(field: &Field<'_>, day_first: bool) -> String {
    let seen = field.seen;
    let values = &seen.values;
    let mut said: Vec<String> = Vec::new();
    if field.person {
        return "Tells of a natural person by its name: not mapped, and not to be.".to_owned();
    }
    if seen.is_empty() {
        return "Without a value in the sample.".to_owned();
    }
    match &field.of {
        Of::Array(_) => said.push(format!("A list, of at most {} in the sample.", seen.items_max)),
        Of::Record(_) => said.push("An object.".to_owned()),
        Of::Boolean => said.push("True or false.".to_owned()),
        Of::Integer | Of::Double | Of::Text => said.push(scalar(field, day_first)),
    }
    if values.given > 0 && matches!(field.of, Of::Integer | Of::Double | Of::Text) {
        let distinct = values.distinct();
        if values.counts_rows() {
            said.push("Counts the rows.".to_owned());
        } else if distinct == values.given && values.given > 1 {
            said.push("All different.".to_owned());
        } else {
            said.push(format!("{distinct} different."));
        }
    }
    let lacking = seen.chances.saturating_sub(seen.present());
    if lacking > 0 {
        said.push(format!("Absent in {lacking} of {}.", seen.chances));
    }
    let blank = seen.texts.saturating_sub(values.given);
    if matches!(field.of, Of::Text) && blank > 0 {
        said.push(format!("Blank in {blank}."));
    }
    if values.padded > 0 && share(values.padded, values.given) > 0.05 {
        said.push("Blanks at its ends.".to_owned());
    }
    said.join(" ")
}

fn scalar(field: &Field<'_>, day_first: bool) -> String {
    let values = &field.seen.values;
    if values.is_date() {
        let (formats, unread) = values.date_formats(day_first);
        let rest = if unread > 0 { format!("; {unread} different ones are no such dates") } else { String::new() };
        return format!("Dates: {}{rest}.", formats.join(", "));
    }
    if values.whole_numbers == values.compared {
        return "Whole numbers.".to_owned();
    }
    if values.links > 0 && 2 * values.links > values.compared {
        return "Links.".to_owned();
    }
    if values.is_amount() {
        let comma = values.only_comma > values.only_point;
        let mark = if comma { "a comma" } else { "a point" };
        let sign = if values.signs.is_empty() { "" } else { ", with the sign of a currency" };
        return format!("Numbers with {mark} before decimals{sign}.");
    }
    if values.several_lines > 0 {
        return format!("Prose of up to {} bytes, several lines in {}.", values.bytes_max, values.several_lines);
    }
    format!("Text of up to {} bytes, about {} words.", values.bytes_max, values.words_mean().max(1))
}
