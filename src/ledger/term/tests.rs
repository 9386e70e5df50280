//! The calendar against another library's.

use super::*;
use crate::model::code::Bound;
use proptest::prelude::*;

fn dated(date: i32, precision: Precision) -> Dated {
    Dated { date, precision, bound: Bound::Exact, text: None }
}

fn jiff_date(day: i32) -> jiff::civil::Date {
    jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().try_days(day).expect("days")).expect("date")
}

proptest! {
    #[test]
    fn the_calendar_is_that_of_another_library(day in -300_000_i32..900_000, months in 0_i32..1_200, extra in 0_i32..800) {
        let date = jiff_date(day);
        prop_assert_eq!(civil(day.into()), (date.year().into(), date.month().into(), date.day().into()));
        let span = jiff::Span::new().months(months);
        let later = date.checked_add(span).expect("date").checked_add(jiff::Span::new().days(extra)).expect("date");
        let (year, month, of_month) = civil(add(day.into(), Period { months, days: extra }));
        prop_assert_eq!((year, month, of_month), (later.year().into(), later.month().into(), later.day().into()));
        let month_end = date.last_of_month();
        let (year, month, of_month) = civil(last_day(&dated(day, Precision::Month)));
        prop_assert_eq!((year, month, of_month), (month_end.year().into(), month_end.month().into(), month_end.day().into()));
        let (year, month, of_month) = civil(last_day(&dated(day, Precision::Year)));
        prop_assert_eq!((year, month, of_month), (date.year().into(), 12, 31));
    }
}

#[test]
fn no_term_ends_beyond_the_last_instant() {
    let three_years = Period { months: 36, days: 0 };
    let end = end_of_term(&dated(crate::model::limit::DATE_MAX_DAYS, Precision::Day), &[three_years]);
    assert_eq!(end, 253_402_300_799_999); // 9999-12-31T23:59:59.999Z: `date -u -d '9999-12-31 23:59:59' +%s`
    assert_eq!(end_of_term(&dated(2_931_434, Precision::Year), &[three_years, three_years]), INSTANT_MAX_MS);
}

#[test]
fn a_term_of_three_years_from_a_leap_day_ends_with_the_last_of_february() {
    let decided = dated(18_321, Precision::Day); // 2020-02-29
    let end = end_of_term(&decided, &[Period { months: 36, days: 0 }]);
    assert_eq!(end, 1_677_628_800_000); // 2023-03-01T00:00Z
}
