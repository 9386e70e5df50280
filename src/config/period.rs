//! Calendar periods as ISO 8601 writes them: `P3Y`, `P18M`, `P1Y6M`, `P2W`, `P10D`.

use crate::model::rules::Period;

/// The longest period: a thousand years.
const MONTHS_MAX: i32 = 12_000;

/// Reads a period of at least a day; a part of a day (`T…`) is none.
pub(super) fn parse(text: &str) -> Option<Period> {
    let mut rest = text.strip_prefix('P')?;
    let mut period = Period { months: 0, days: 0 };
    let mut units = "YMWD";
    while !rest.is_empty() {
        let digits = rest.find(|sign: char| !sign.is_ascii_digit())?;
        let number: i32 = rest[..digits].parse().ok()?;
        let unit = rest[digits..].chars().next()?;
        // Units come in falling order, each at most once.
        let place = units.find(unit)?;
        units = &units[place + unit.len_utf8()..];
        match unit {
            'Y' => period.months = number.checked_mul(12)?,
            'M' => period.months = period.months.checked_add(number)?,
            'W' => period.days = number.checked_mul(7)?,
            _ => period.days = period.days.checked_add(number)?,
        }
        rest = &rest[digits + unit.len_utf8()..];
    }
    let within = period.months <= MONTHS_MAX && period.days <= MONTHS_MAX * 30;
    (within && (period.months > 0 || period.days > 0)).then_some(period)
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::model::rules::Period;

    #[test]
    fn periods_are_read_or_refused() {
        let check = |text: &str, expect: Option<(i32, i32)>| {
            assert_eq!(parse(text), expect.map(|(months, days)| Period { months, days }), "{text}");
        };
        check("P3Y", Some((36, 0)));
        check("P1Y6M", Some((18, 0)));
        check("P2W", Some((0, 14)));
        check("P1M10D", Some((1, 10)));
        check("P50Y", Some((600, 0)));
        for wrong in ["", "P", "3Y", "P3", "PT3H", "P3YT1H", "P1D1Y", "P1Y1Y", "P-1Y", "P0D", "P99999999Y", "P3y"] {
            check(wrong, None);
        }
    }
}
