//! The readings that decide: amounts, dates, lists. What is expected was written down from the sources' own texts.

use jiff::tz::TimeZone;

use super::amount::{exponent, float_units, minor_units};
use super::day;
use super::lookup::Table;
use crate::model::code::Precision;
use crate::platform::text;

#[track_caller]
fn amount(written: &str, currency: &str, decimal: char, units: impl Into<Option<i64>>) {
    assert_eq!(minor_units(written, currency, decimal), units.into(), "{written} {currency}");
}

#[test]
fn amounts_are_exact_or_refused() {
    amount("1227.56", "USD", '.', 122_756);
    amount("$1,227.56", "USD", '.', 122_756);
    amount("1,227", "USD", '.', 122_700);
    amount("0", "USD", '.', 0);
    amount("608016,54", "BRL", ',', 60_801_654);
    amount("R$ 1.608.016,54", "BRL", ',', 160_801_654);
    amount("1\u{a0}234,50 €", "EUR", ',', 123_450);
    amount("1\u{202f}234,50\u{a0}EUR", "EUR", ',', 123_450);
    amount("CHF 1'234.05", "CHF", '.', 123_405);
    amount("USD $5", "USD", '.', 500);
    amount("1500", "JPY", '.', 1_500);
    amount("1.500", "TND", '.', 1_500);
    amount("12.5000", "USD", '.', 1_250);
    amount("92233720368547758.07", "USD", '.', i64::MAX);
}

#[test]
fn a_binary_number_is_read_as_what_it_stood_for_and_nothing_else_is() {
    let check = |written: &str, currency: &str, units: Option<i64>| {
        assert_eq!(float_units(written, currency, '.'), units, "{written} {currency}");
    };
    check("586.8399999999999", "USD", Some(58_684));
    check("8404.130000000001", "USD", Some(840_413));
    check("302269.04000000004", "USD", Some(30_226_904));
    check("1999.9999999999998", "USD", Some(200_000));
    check("0.30000000000000004", "USD", Some(30));
    check("1500.0000000000002", "JPY", Some(1_500));
    check("1.2349999999999999", "TND", Some(1_235));
    // Few digits: somebody wrote them.
    check("12345.6799999", "USD", None);
    for written in ["586.84", "586.839", "0.001", "586.8399999", "12345.678", "586", "", "586.", ".8399999999999999"] {
        check(written, "USD", None);
    }
    // Many digits that are no noise, marks, and more digits before the point than can be trusted.
    for written in
        ["586.8359999999999", "586.8390000000001", "586.8412345678901", "58,684.129999999999", "-1.2999999999999998"]
    {
        check(written, "USD", None);
    }
    check("12345678.109999999", "USD", None);
    check("586.8399999999999", "XXX", None);
}

/// Sums of amounts in cents, kept and printed as binary numbers, come back.
#[test]
fn sums_of_binary_cents_come_back() {
    let mut noisy = 0;
    for step in 1..=20_000_i64 {
        let cents = [step, step * 7 % 9_973, step * 3_001 % 999_983];
        let sum: f64 = cents.iter().map(|cents| f64::from(i32::try_from(*cents).unwrap()) / 100.0).sum();
        let written = format!("{sum}");
        let meant = float_units(&written, "USD", '.');
        noisy += usize::from(meant.is_some());
        let units = meant.or_else(|| minor_units(&written, "USD", '.'));
        assert_eq!(units, Some(cents.iter().sum()), "{written}");
    }
    assert!(noisy > 1_000, "{noisy} of them show that they were binary");
}

#[test]
fn an_amount_that_could_be_read_in_two_ways_is_refused() {
    for written in [
        "undet.",
        "undetermined",
        "",
        "$",
        "-5",
        "(5.00)",
        "$1800.00 +",
        "12,34",
        "1,2345",
        "1,23,456",
        ",500",
        "5.",
        ".5",
        "1.2.3",
        "1 234 56",
        "5 000,5 0",
        "12.345",
        "1.000",
        "12.500",
        "0,500",
        "000,123.00",
        "1e5",
        "٣",
        "2019-03-01 00:00:00",
        "5€",
        "5 USD USD",
        "92233720368547758.08",
        "1,234'567",
    ] {
        amount(written, "USD", '.', None);
    }
    amount("5", "XXX", '.', None);
    amount("1500.5", "JPY", '.', None);
    amount("1.234", "EUR", ',', 123_400);
    amount("1.23", "EUR", ',', None);
}

#[test]
fn exponents_are_those_of_iso_4217() {
    for (currency, digits) in [("USD", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("KRW", 0), ("HUF", 2), ("ISK", 0)] {
        assert_eq!(exponent(currency), Some(digits), "{currency}");
    }
    assert_eq!((exponent("usd"), exponent("EURO"), exponent("XAU")), (None, None, None));
}

#[track_caller]
fn reads(written: &str, format: &str, date: &str) {
    assert_eq!(day::fault(format), None);
    let read = day::parse(written, format, &TimeZone::UTC).map(|date| date.to_string());
    assert_eq!(read.as_deref().unwrap_or("nothing"), date, "{written} as {format}");
}

#[test]
fn dates_are_read_by_their_format_or_refused() {
    reads("2010-01-04 00:00:00", "%Y-%m-%d %H:%M:%S", "2010-01-04");
    reads("2024-10-30 09:40:12.123456", "%Y-%m-%d %H:%M:%S%.f", "2024-10-30");
    reads("2024-10-30 09:40:12", "%Y-%m-%d %H:%M:%S%.f", "2024-10-30");
    reads("6/14/2016", "%m/%d/%Y", "2016-06-14");
    reads("01/04/2010", "%m/%d/%Y", "2010-01-04");
    reads("20161026", "%Y%m%d", "2016-10-26");
    reads("Oct 30, 2024", "%b %d, %Y", "2024-10-30");
    reads("10/20/16", "%m/%d/%y", "2016-10-20");
    reads("2024-12", "%Y-%m", "2024-12-01");
    reads("1999", "%Y", "1999-01-01");
    reads("0001-01-01", "%Y-%m-%d", "0001-01-01");
    reads("31/01/26", "%d/%m/%y", "2026-01-31");
    reads("20240130 0940", "%Y%m%d %H%M", "2024-01-30");
    for (written, format) in [
        ("10/20/16", "%m/%d/%Y"),
        ("2023-02-29", "%Y-%m-%d"),
        ("13/01/2010", "%m/%d/%Y"),
        ("2010-01-04 extra", "%Y-%m-%d"),
        ("Not Closed", "%Y-%m-%d"),
        ("0000-01-01", "%Y-%m-%d"),
        ("2026111", "%Y%m%d"),
        ("11126", "%d%m%y"),
        ("3/4/6", "%m/%d/%y"),
        ("10000-01-01", "%Y-%m-%d"),
        ("`", "%m/%d/%Y"),
    ] {
        reads(written, format, "nothing");
    }
}

#[test]
fn a_date_with_an_offset_is_the_day_in_the_time_zone_of_the_platform() {
    let toronto = super::super::zone::find("America/Toronto").unwrap();
    let read = |text: &str, format: &str| day::parse(text, format, &toronto).map(|date| date.to_string());
    assert_eq!(read("2024-01-01T03:00:00Z", "%Y-%m-%dT%H:%M:%SZ").as_deref(), Some("2023-12-31"));
    assert_eq!(read("2024-01-01T03:00:00Z", "%Y-%m-%dT%H:%M:%S"), None);
    assert_eq!(read("2024-01-01T03:00:00+00:00", "%Y-%m-%dT%H:%M:%S%:z").as_deref(), Some("2023-12-31"));
    assert_eq!(read("2024-01-01T03:00:00", "%Y-%m-%dT%H:%M:%S").as_deref(), Some("2024-01-01"));
    // `TZ=America/Toronto date -d 2024-01-01T03:00 +%s`
    let instant = day::parse_instant("2024-01-01T03:00:00", "%Y-%m-%dT%H:%M:%S", &toronto);
    assert_eq!(instant, Some(1_704_096_000_000));
}

#[test]
fn a_format_states_a_day_a_month_or_a_year() {
    assert_eq!(day::precision("%Y-%m-%d %H:%M"), Precision::Day);
    assert_eq!(day::precision("%B %Y"), Precision::Month);
    assert_eq!(day::precision("%Y"), Precision::Year);
    assert_eq!(day::precision("%-d.%-m.%Y"), Precision::Day);
    for format in ["%Q", "%H:%M", "%Y-%", "x", "%B"] {
        assert!(day::fault(format).is_some(), "{format}");
    }
}

#[test]
fn days_count_from_1970_and_back() {
    for (text, days) in [
        ("1970-01-01", 0),
        ("1969-12-31", -1),
        ("2024-10-30", 20_026),
        ("0001-01-01", -719_162),
        ("9999-12-31", 2_932_896),
    ] {
        let date: jiff::civil::Date = text.parse().unwrap();
        assert_eq!((day::days(date), day::date(days)), (Some(days), Some(date)), "{text}");
    }
    assert_eq!((day::date(2_932_897), day::date(-719_163), day::date(i32::MAX)), (None, None, None));
}

#[test]
fn a_list_is_cut_where_its_entries_end() {
    let rows = [
        ("Bonaire, Sint Eustatius and Saba", "BQ"),
        ("Bonaire", "XY"),
        ("Saba", "XX"),
        ("Italy", "IT"),
        ("New York", "US-NY"),
        ("York", "GB"),
        ("INFOSAN", ""),
    ];
    let rows: Vec<(String, String)> = rows.map(|(value, code)| (value.to_owned(), code.to_owned())).to_vec();
    let table = Table::new(rows.iter().map(|(value, code)| (value, code)));
    let separators = [",".to_owned(), " and ".to_owned()];
    let list = |text: &str| table.list(text, &separators);
    assert_eq!(list("Italy, Bonaire, Sint Eustatius and Saba,New\u{a0}York"), Some(vec!["IT", "BQ", "US-NY"]));
    assert_eq!(list("Italy and Saba, INFOSAN, Italy,"), Some(vec!["IT", "XX"]));
    assert_eq!(list(" , "), Some(vec![]));
    assert_eq!(list("Italy, Sint Eustatius"), None);
    assert_eq!(list("Italy Saba"), None);
    // No list costs more than its length: a thousand entries, then the rest as one that is unknown.
    assert_eq!(list(&"Italy,".repeat(100_000)), None);
}

#[test]
fn blanks_say_nothing() {
    assert_eq!(text::squeeze("\u{feff} 602-703-7\u{a0}\n"), "602-703-7");
    assert_eq!(text::squeeze("a \u{a0}\t b\u{3000}c"), "a b c");
    assert_eq!(text::squeeze("a b"), "a b");
    assert_eq!(text::squeeze("a  b"), "a b");
    assert_eq!(text::squeeze(" \u{200b}"), "");
}

/// What is told of a function compiles as it is told.
#[test]
fn each_example_of_a_function_is_a_call_of_it() {
    let toml = r#"title = "x"
origin = "CA-ON"
language = "en"
time_zone = "America/Toronto"
domains = ["LABOUR_STANDARDS"]
decisions_are = "none"
names_subjects = false
authority = { id = "on-test", name = "x" }
[legal_bases]
act = { scheme = "CA-ON", value = "x" }
[rejects]
none = "x"
[codes.level]
"High" = "SEVERE"
[[source]]
version = "v1"
format = "jsonl"
decides = false
"#;
    let fields = ["due", "paid", "day", "closed", "words", "level", "number", "name"];
    let fields = fields.map(|name| format!(r#"{{"name":"{name}","type":["null","string"]}}"#)).join(",");
    let schema = format!(r#"{{"type":"record","name":"Row","fields":[{fields}]}}"#);
    for function in super::listed::all().iter().filter(|function| function.own) {
        assert!(function.example.starts_with(function.name) && function.gives.ends_with('.'), "{function:?}");
        let mapping = format!("if {} == null {{ abort \"none\" }}\nabort \"none\"\n", function.example);
        let files = [("platform.toml", toml), ("source.avsc", &schema), ("mapping.vrl", &mapping)];
        let files = files.into_iter().map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())).collect();
        let loaded = crate::platform::load("on-test", &files);
        assert!(loaded.is_ok(), "{}: {:?}", function.example, loaded.err());
    }
    let signature = |name: &str| super::listed::find(name).unwrap().signature();
    assert_eq!(signature("squeeze"), "squeeze(text)");
    assert_eq!(signature("money"), "money(amount, currency [, decimal, qualifier, absent, float])");
    assert_eq!(signature("each"), "each(list) -> |item| { … }");
}
