//! Where a key's value stands in a TOML file, so that a problem found later can still be shown at its place.

use std::ops::Range;

use toml_edit::{ImDocument, Item, TableLike, Value};

/// The bytes of the value at a dotted path such as `policy.expires_after`; `None` where the file does not say it.
pub(crate) fn of(text: &str, path: &str) -> Option<Range<usize>> {
    find(&ImDocument::parse(text).ok()?, path)?.span()
}

/// The bytes of the last element of a list that is this text, or a table with this `code`.
pub(super) fn of_last(text: &str, path: &str, element: &str) -> Option<Range<usize>> {
    let document = ImDocument::parse(text).ok()?;
    let list = find(&document, path)?.as_array()?;
    let code = |value: &Value| value.as_inline_table().and_then(|table| table.get("code")?.as_str()) == Some(element);
    let found = list.iter().filter(|value| value.as_str() == Some(element) || code(value)).last();
    found.and_then(Value::span)
}

fn find<'d>(document: &'d ImDocument<&str>, path: &str) -> Option<&'d Item> {
    let mut parts = path.split('.');
    let mut item = document.as_table().get(parts.next()?)?;
    for part in parts {
        let table: &dyn TableLike = item.as_table_like()?;
        item = table.get(part)?;
    }
    Some(item)
}

/// The file as problems may show it: what stands in `kafka.properties` may be secret, so its values are stars, byte for
/// byte.
pub(super) fn shown(text: &str) -> String {
    let mut inside = false;
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let start = line.trim_start();
        if start.starts_with('[') {
            inside = start.starts_with("[kafka.properties");
            out.push_str(line);
            continue;
        }
        let key = line.split('=').next().unwrap_or_default();
        let secret = inside || key.contains("properties");
        let open = if secret { line.find('=').map_or(0, |at| at + 1) } else { line.len() };
        let (open, hidden) = line.split_at(open);
        out.push_str(open);
        out.extend(hidden.chars().flat_map(|letter| {
            let kept = letter.is_whitespace();
            std::iter::repeat_n(if kept { letter } else { '*' }, if kept { 1 } else { letter.len_utf8() })
        }));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{of, of_last, shown};

    #[test]
    fn a_value_is_found_where_it_stands() {
        let text =
            "[federation]\njurisdictions = [\"DE\", { code = \"FR\" }, \"DE\"]\n[policy]\nexpires_after = \"P3Y\"\n";
        let word = |place: Option<std::ops::Range<usize>>| place.map(|place| &text[place]);
        assert_eq!(word(of(text, "policy.expires_after")), Some("\"P3Y\""));
        assert_eq!(word(of(text, "policy.forget_after")), None);
        assert_eq!(word(of_last(text, "federation.jurisdictions", "FR")), Some("{ code = \"FR\" }"));
        assert_eq!(of_last(text, "federation.jurisdictions", "DE").map(|place| place.start), text.rfind("\"DE\""));
    }

    #[test]
    fn what_may_be_secret_is_not_shown() {
        let text = "[kafka]\nproperties = { x = \"hüsh\" }\nsingle_broker = 1\n[kafka.properties]\nsasl.password = \"hush\"\n\
                    a = \"\"\"\nhush\n\"\"\"\n[http]\nlisten = \"x\"\n";
        let shown = shown(text);
        assert!(!shown.contains("hush") && !shown.contains("hüsh"), "{shown}");
        assert!(shown.contains("sasl.password = ******\n") && shown.contains("listen = \"x\""), "{shown}");
        assert_eq!(shown.len(), text.len(), "places stay right");
    }
}
