//! What single fields hold, in every format: dates, money, identifiers, names, ids and kinds that mean harm or nothing.

use comity::model::rejection::Reason;

use super::case::{Case, FORMATS, Facts};
use super::platform::Record;

/// The record in each format that can hold it: no XML has control characters.
fn in_every_format(group: &'static str, name: &str, record: &Record, expect: impl Fn(Case) -> Case) -> Vec<Case> {
    let controls = record.0.iter().flatten().any(|text| text.chars().any(|c| c.is_control()));
    let able = FORMATS.iter().filter(|format| !(controls && **format == "xml"));
    able.map(|format| expect(Case::new(group, name, format, record.written(format)))).collect()
}

fn shown(text: &str) -> String {
    format!("{:?} of {} bytes", text.chars().take(60).collect::<String>(), text.len())
}

/// Days since 1970-01-01 in the Gregorian calendar, counted from 1 March of the year 0.
fn days(year: i32, month: i32, day: i32) -> i32 {
    let year = if month < 3 { year - 1 } else { year };
    let months = (month + 9) % 12;
    365 * year + year / 4 - year / 100 + year / 400 + (153 * months + 2) / 5 + day - 1 - 719_468
}

const DATES: &[(i32, i32, i32)] = &[
    (1, 1, 1),
    (1, 12, 31),
    (99, 6, 1),
    (999, 12, 31),
    (1000, 1, 1),
    (1582, 10, 4),
    (1582, 10, 10),
    (1752, 9, 3),
    (1899, 12, 31),
    (1900, 3, 1),
    (1969, 12, 31),
    (1970, 1, 1),
    (2000, 2, 29),
    (2024, 2, 29),
    (2026, 3, 2),
    (2038, 1, 20),
    (2100, 2, 28),
    (9999, 12, 31),
];

const NO_DATES: &[&str] = &[
    "0000-01-01",
    "0000-12-31",
    "-0001-01-01",
    "-2026-03-02",
    "-9999-01-01",
    "10000-01-01",
    "99999-12-31",
    "+10000-01-01",
    "+292278994-08-17",
    "-292275055-05-16",
    "292278994-08-17",
    "+292277026596-12-04",
    "2026-02-29",
    "2100-02-29",
    "1900-02-29",
    "2026-02-30",
    "2026-04-31",
    "2026-13-01",
    "2026-00-01",
    "2026-01-00",
    "2026-01-32",
    "2026-03",
    "2026",
    "2026-W10-1",
    "2026-061",
    "2026/03/02",
    "02.03.2026",
    "03/02/2026",
    "2026-03-02T00:00:00Z",
    "2026-03-02 00:00:00",
    "2026-03-02x",
    "x2026-03-02",
    "2026-03-02 2026-03-02",
    "1772409600",
    "0",
    "-1",
    "NaN",
    "Infinity",
    "now",
    "today",
    "yesterday",
    "unknown",
    "26-03-02",
    "202-03-02",
    "2026-Mar-02",
    "2026-mars-02",
    "\u{ff12}\u{ff10}\u{ff12}\u{ff16}-03-02",
    "\u{662}\u{660}\u{662}\u{666}-\u{660}\u{663}-\u{660}\u{662}",
    "2026\u{2010}03\u{2010}02",
    "2026\u{2013}03\u{2013}02",
    "2026\u{2212}03\u{2212}02",
    "\u{202e}2026-03-02",
    "2026-03-02\u{202e}",
    "2026-\u{200f}03-02",
    "2O26-03-02",
    "2026-03-O2",
    "2026-03-02\0",
    "2026\0-03-02",
    "1e3-01-01",
    "0x7e-01-01",
    "2026--3-02",
    "2026-03--2",
    "2026-+3-02",
    "null",
    "2026-03-02;",
    "'2026-03-02'",
];

fn dates() -> Vec<Case> {
    let mut cases = Vec::new();
    for &(year, month, day) in DATES {
        let text = format!("{year:04}-{month:02}-{day:02}");
        let record = Record::default().with("decided", &text);
        let facts = Facts { decided: days(year, month, day), ..Facts::default() };
        cases.extend(in_every_format("dates", &text, &record, |case| case.gives(facts.clone())));
    }
    let long = ["9".repeat(10_000), "2026-03-02".repeat(1_000), "0".repeat(10_000) + "2026-03-02"];
    for text in NO_DATES.iter().map(|text| (*text).to_owned()).chain(long) {
        let record = Record::default().with("decided", &text);
        cases.extend(in_every_format("dates", &shown(&text), &record, |case| {
            case.refused(Reason::UnreadableDate, "mapping.vrl:3")
        }));
    }
    cases
}

fn money() -> Vec<Case> {
    let mut cases = Vec::new();
    for (text, minor) in [
        ("0", 0),
        ("0.00", 0),
        ("1", 100),
        ("100.00", 10_000),
        ("9.99", 999),
        ("1,234.56", 123_456),
        ("$5.00", 500),
        ("92233720368547758.07", i64::MAX),
    ] {
        let record = Record::default().with("fine", text);
        let facts = Facts { penalty_minor: Some(minor), ..Facts::default() };
        cases.extend(in_every_format("money", text, &record, |case| case.gives(facts.clone())));
    }
    for text in [
        "92233720368547758.08",
        "99999999999999999999",
        "-5",
        "12.345",
        "1e3",
        "NaN",
        "Infinity",
        "abc",
        "ten",
        "1.2.3",
        "1,23,4",
        "0x10",
        "\u{ff11}",
        "\u{661}",
        "5 EUR",
        "\u{20ac}5",
        "5\u{202e}",
        "1O",
        "5\0",
        "1 2",
        "$",
        "--5",
        "5-",
    ] {
        let record = Record::default().with("fine", text);
        cases.extend(in_every_format("money", &shown(text), &record, |case| {
            case.refused(Reason::UnreadableMoney, "mapping.vrl:7")
        }));
    }
    cases
}

const LEI: &str = "529900T8BM49AURSDO55";

/// An identifier is what its scheme's form says once what nobody sees is taken out; a letter that only looks alike is
/// another letter, and the value none.
fn written_identifiers() -> Vec<(&'static str, String, Vec<String>)> {
    let wide: String = LEI.chars().map(|c| char::from_u32(c as u32 + 0xfee0).unwrap()).collect();
    let spread: String = LEI.chars().flat_map(|c| [c, '\u{200b}']).collect();
    let lei = |value: &str| vec![format!("lei:{value}")];
    let own = |value: &str| vec![format!("corpus/own:{value}")];
    let none = Vec::new;
    vec![
        ("lei", LEI.to_owned(), lei(LEI)),
        ("lei", LEI.to_lowercase(), lei(LEI)),
        ("lei", "5299 00T8 BM49 AURS DO55".to_owned(), lei(LEI)),
        ("lei", "529900T8BM49AURSDO56".to_owned(), lei("529900T8BM49AURSDO56")),
        ("lei", wide, lei(LEI)),
        ("lei", spread, lei(LEI)),
        ("lei", format!("\u{202e}{LEI}\u{202c}"), lei(LEI)),
        ("lei", format!("\u{200f}{LEI}\u{200f}"), lei(LEI)),
        ("lei", format!("{LEI}\u{ad}"), lei(LEI)),
        ("lei", format!("529900T8BM49\0{}", "AURSDO55"), lei(LEI)),
        ("lei", LEI.replace('A', "\u{410}"), none()),
        ("lei", LEI.replace('O', "\u{41e}"), none()),
        ("lei", LEI.replace('O', "\u{39f}"), none()),
        ("lei", LEI.replace('T', "\u{422}"), none()),
        ("lei", LEI.replace('B', "\u{392}"), none()),
        ("lei", LEI.replace('5', "\u{665}"), none()),
        ("lei", LEI.replace('5', "\u{96b}"), none()),
        ("lei", LEI.replace('A', "\u{c4}"), none()),
        ("lei", LEI.replace('A', "A\u{301}"), none()),
        ("lei", LEI[1..].to_owned(), none()),
        ("lei", format!("{LEI}5"), none()),
        ("lei", format!("{LEI} {LEI}"), none()),
        ("lei", format!("{LEI};"), none()),
        ("lei", "0".to_owned(), none()),
        ("lei", "n/a".to_owned(), none()),
        ("lei", "null".to_owned(), none()),
        ("lei", "5".repeat(101), none()),
        ("lei", "5".repeat(200), none()),
        ("own", "EST-9".to_owned(), own("EST-9")),
        ("own", "  EST-9 ".to_owned(), own("EST-9")),
        ("own", "00012".to_owned(), own("00012")),
        ("own", "est-9".to_owned(), own("est-9")),
        ("own", "EST\u{200b}-9".to_owned(), own("EST-9")),
        ("own", "\u{202e}9-TSE".to_owned(), own("9-TSE")),
        ("own", "E\0ST-9".to_owned(), own("EST-9")),
        ("own", "\u{ff19}".to_owned(), own("9")),
        ("own", "1".repeat(40), own(&"1".repeat(40))),
        ("own", "1".repeat(41), none()),
        ("own", "1".repeat(101), none()),
        ("own", "\u{415}ST-9".to_owned(), none()),
        ("own", "EST-\u{669}".to_owned(), none()),
        ("own", "Jane Sampleton".to_owned(), none()),
        ("own", "Jane Sampleton 1".to_owned(), none()),
        ("own", "Sampleton, Jane, 1".to_owned(), none()),
        ("own", "jane1@example.org".to_owned(), none()),
        ("own", "EST".to_owned(), none()),
        ("own", "1'; DROP TABLE x".to_owned(), none()),
        ("own", "<b>1</b>".to_owned(), none()),
        ("own", "1\u{1f4ce}".to_owned(), none()),
    ]
}

fn identifiers() -> Vec<Case> {
    let mut cases = Vec::new();
    for (scheme, text, identifiers) in written_identifiers() {
        let record = Record::default().with(scheme, &text);
        let facts = Facts { identifiers, ..Facts::default() };
        let name = format!("{scheme}: {}", shown(&text));
        cases.extend(in_every_format("identifiers", &name, &record, |case| case.gives(facts.clone())));
    }
    for (place, scheme) in ["lei", "own"].into_iter().enumerate() {
        for text in [
            "5".repeat(201),
            "5".repeat(10_000),
            "\u{410}".repeat(5_000),
            "\u{200f}5".repeat(2_500),
            "x5".repeat(100_000),
        ] {
            let record = Record::default().with(scheme, &text);
            let name = format!("{scheme}: {}", shown(&text));
            let field = format!("subject.identifiers[{place}]");
            cases
                .extend(in_every_format("identifiers", &name, &record, |case| case.refused(Reason::OverLimit, &field)));
        }
    }
    cases
}

/// Whom a record is about decides whether it goes on; where goods are described, it goes on without them.
fn names() -> Vec<Case> {
    let mut cases = Vec::new();
    let refused = [
        ("Sample, Jane", Reason::PersonSubject),
        ("Jane Sample o/a Jane Sample Goods", Reason::PersonSubject),
        ("Jane Sample", Reason::UndecidableSubject),
        ("Sampleton", Reason::UndecidableSubject),
        ("Acme Co", Reason::UndecidableSubject),
        ("Acme Company", Reason::UndecidableSubject),
        ("Jane's Bakery", Reason::UndecidableSubject),
        ("Boreal Foods \u{406}nc.", Reason::UndecidableSubject),
        ("Boreal Foods \u{39b}td", Reason::UndecidableSubject),
        ("\u{202e}", Reason::UndecidableSubject),
        ("...", Reason::UndecidableSubject),
        ("\u{1f600}", Reason::UndecidableSubject),
        ("Boreal Foods Inc.; Northern Foods Inc.", Reason::SeveralSubjects),
    ];
    for (name, reason) in refused {
        let record = Record::default().with("name", name);
        cases.extend(in_every_format("names", name, &record, |case| case.refused(reason, "subject.legal_name")));
        let goods = record.with("goods", "Oat bars");
        let facts =
            Facts { legal_name: None, goods: vec!["Oat bars".to_owned()], subject_dropped: true, ..Facts::default() };
        let name = format!("{name}, with goods");
        cases.extend(in_every_format("names", &name, &goods, |case| case.gives(facts.clone())));
    }
    for text in ["x".repeat(1_001), "x".repeat(10_000), "\u{202e}".repeat(3_000), "Inc. ".repeat(10_000)] {
        let record = Record::default().with("name", &text);
        cases.extend(in_every_format("names", &shown(&text), &record, |case| {
            case.refused(Reason::OverLimit, "subject.legal_name")
        }));
    }
    cases
}

fn ids() -> Vec<Case> {
    let mut cases = Vec::new();
    let taken =
        ["A", "0", "\u{410}-1", "A-\u{200f}1", "../../A", "A/B", "A#1", "%00", "A-1'--", "{{A}}", "${A}", "\u{1f4ce}"];
    for id in taken.into_iter().map(str::to_owned).chain(["x".repeat(193)]) {
        let record = Record::default().with("id", &id);
        let facts = Facts { event_id: format!("corpus/{id}"), ..Facts::default() };
        cases.extend(in_every_format("ids", &shown(&id), &record, |case| case.gives(facts.clone())));
    }
    for id in ["A\0", "A\0B", "A\tB", "A\nB", "A\r\nB", "A\u{7f}B", "A\u{85}B", "A\u{1b}[31mB", "A\u{8}B"] {
        let record = Record::default().with("id", id);
        cases
            .extend(in_every_format("ids", &shown(id), &record, |case| case.refused(Reason::InvalidValue, "event_id")));
    }
    for id in ["x".repeat(194), "x".repeat(200), "x".repeat(201), "x".repeat(10_000), "\u{410}".repeat(101)] {
        let record = Record::default().with("id", &id);
        cases.extend(in_every_format("ids", &shown(&id), &record, |case| case.refused(Reason::OverLimit, "event_id")));
    }
    for id in [" ", "\u{a0}", "\u{200b}"] {
        let record = Record::default().with("id", id);
        let formats =
            ["jsonl", "csv", "avro"].map(|format| Case::new("ids", shown(id), format, record.written(format)));
        cases.extend(formats.map(|case| case.refused(Reason::MissingValue, "event_id")));
    }
    cases
}

/// What comes to a case that nobody knows is an event like any other: the ledger decides what it means.
fn kinds() -> Vec<Case> {
    let mut cases = Vec::new();
    for kind in ["SUPPLEMENT", "CORRECTION", "WITHDRAWAL", "CLOSURE"] {
        let record = Record::default().with("kind", kind).with("id", "nobody-knows-it").with("code", "C-7");
        let describes = matches!(kind, "SUPPLEMENT" | "CORRECTION");
        let facts = Facts {
            event_id: "corpus/nobody-knows-it".to_owned(),
            kind,
            legal_name: describes.then(|| "Boreal Lantern Foods Inc.".to_owned()),
            code: describes.then(|| "C-7".to_owned()),
            ..Facts::default()
        };
        cases.extend(in_every_format("kinds", kind, &record, |case| case.gives(facts.clone())));
        if !describes {
            // No fault in what a withdrawal does not carry keeps it from those who were told.
            for (field, text) in [("name", "Sample, Jane"), ("lei", "\u{410}"), ("goods", "\u{202e}")] {
                let record = record.clone().with(field, text);
                let name = format!("{kind} with another {field}");
                cases.extend(in_every_format("kinds", &name, &record, |case| case.gives(facts.clone())));
            }
        }
    }
    for kind in ["RECALL", "WITHDRAWN", "0", "\u{41e}RIGINAL", "ORIGINAL\u{202e}", "O\0RIGINAL", "UNRECOGNISED", "null"]
    {
        let record = Record::default().with("kind", kind);
        cases.extend(in_every_format("kinds", &shown(kind), &record, |case| {
            case.refused(Reason::UnknownCode, "mapping.vrl:2")
        }));
    }
    cases
}

pub(crate) fn cases() -> Vec<Case> {
    [dates(), money(), identifiers(), names(), ids(), kinds()].into_iter().flatten().collect()
}
