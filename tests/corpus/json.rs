//! JSON records as a whole: what stands around the object, its keys, doubled and missing ones, depth, size, encoding.

use comity::model::limit::RECORD_BYTES_MAX;
use comity::model::rejection::Reason;

use super::case::{Case, Facts};
use super::platform::{NEEDED, Record, TEXTS};

fn plain() -> String {
    String::from_utf8(Record::default().written("jsonl")).unwrap()
}

/// The record with more members.
fn with(more: &str) -> String {
    format!("{{{},{more}}}", Record::default().members().join(","))
}

/// What may stand around an object: the four blanks of the grammar, and one byte order mark before all.
fn around() -> Vec<Case> {
    let fine = [" X", "X ", "\tX\t", "\nX\n", "\r\nX\r\n", " \t\r\n X \t\r\n ", "\u{feff}X", "\u{feff} X\n"];
    let broken = [
        "",
        " ",
        "\n",
        "\u{feff}",
        "\0",
        "XX",
        "X X",
        "X,X",
        "X,",
        ",X",
        "X}",
        "{X",
        "[X",
        "X]",
        "[X]",
        "X/**/",
        "X//",
        "X#",
        "#X",
        "/**/X",
        "X\0",
        "\0X",
        "X\u{c}",
        "\u{c}X",
        "X\u{b}",
        "\u{a0}X",
        "X\u{a0}",
        "X\u{85}",
        "\u{2028}X",
        "X\u{2029}",
        "\u{2060}X",
        "X\u{200b}",
        "X\u{feff}",
        "\u{feff}\u{feff}X",
        " \u{feff}X",
        "X;",
        "\\X",
        "&X",
        "1X",
        "X1",
        "nullX",
        "Xnull",
        "\"X",
        "X\"",
        "<r>X</r>",
        "id,X",
        "(X)",
        "X\u{1a}",
        "X\nX",
        "--- X",
        ")]}'X",
        "while(1);X",
    ];
    let write = |frame: &str| frame.replace('X', &plain());
    let fine = fine.iter().map(|frame| Case::new("json around", format!("{frame:?}"), "jsonl", write(frame)));
    let broken = broken.iter().map(|frame| {
        Case::new("json around", format!("{frame:?}"), "jsonl", write(frame)).refused(Reason::Malformed, "")
    });
    fine.chain(broken).collect()
}

/// A key that stands twice could mean either of its values, so none is taken; what is not listed means nothing.
fn doubled() -> Vec<Case> {
    let mut cases = Vec::new();
    for (place, name) in TEXTS.iter().enumerate() {
        let once = Record::default().with(name, if *name == "kind" { "ORIGINAL" } else { "B-2" });
        let second = once.members().into_iter().find(|member| member.starts_with(&format!("\"{name}\""))).unwrap();
        let seconds = [
            ("the same", second.clone()),
            ("escaped", second.replacen(&name[..1], &format!("\\u{:04x}", name.as_bytes()[0]), 1)),
        ];
        for (how, second) in seconds {
            let record = format!("{{{},{second}}}", once.members().join(","));
            cases.push(
                Case::new("json doubled", format!("{name}, {how}"), "jsonl", record)
                    .refused(Reason::DuplicateField, name),
            );
            let record = format!("{{{second},{}}}", once.members().join(","));
            cases.push(
                Case::new("json doubled", format!("{name}, {how}, first"), "jsonl", record)
                    .refused(Reason::DuplicateField, name),
            );
        }
        let record = format!("{{{},\"{name}\":null}}", once.members().join(","));
        // A null is refused where the field must be there, before it is seen that the key stood already.
        let reason = if place < NEEDED { Reason::MissingField } else { Reason::DuplicateField };
        cases.push(Case::new("json doubled", format!("{name} and null"), "jsonl", record).refused(reason, name));
    }
    for (name, member, field) in [
        ("count", r#""count":1,"count":1"#, "count"),
        ("count, null first", r#""count":null,"count":1"#, "count"),
        ("share", r#""share":1.5,"share":2"#, "share"),
        ("flag", r#""flag":true,"flag":false"#, "flag"),
        ("tags", r#""tags":[],"tags":[]"#, "tags"),
        ("sums", r#""sums":{},"sums":{}"#, "sums"),
        ("a key of sums", r#""sums":{"a":1,"a":1}"#, "sums"),
        ("a key of sums, apart", r#""sums":{"a":1,"b":2,"a":3}"#, "sums"),
        ("a key of sums, escaped", r#""sums":{"a":1,"\u0061":3}"#, "sums"),
        ("an empty key of sums", r#""sums":{"":1,"":1}"#, "sums"),
        ("firm", r#""firm":{},"firm":{}"#, "firm"),
        ("firm.town", r#""firm":{"town":"a","town":"a"}"#, "firm.town"),
        ("firm.town, null", r#""firm":{"town":null,"street":"x","town":null}"#, "firm.town"),
    ] {
        cases.push(Case::new("json doubled", name, "jsonl", with(member)).refused(Reason::DuplicateField, field));
    }
    for member in [
        r#""x":1,"x":2"#,
        r#""x":{"y":1,"y":2}"#,
        r#""":1,"":2"#,
        r#""ID":"B","Id":"C""#,
        r#""id ":"B""#,
        r#"" id":"B""#,
        r#""id\u0000":"B""#,
        r#""i\u200bd":"B""#,
        r#""ｉd":"B""#,
        r#""firm.town":"B""#,
        r#""__proto__":{"id":"B"}"#,
    ] {
        cases.push(Case::new("json doubled", format!("not listed: {member}"), "jsonl", with(member)));
    }
    cases
}

fn missing() -> Vec<Case> {
    let mut cases = Vec::new();
    for (place, name) in TEXTS.iter().enumerate() {
        let record = Record::default().without(name);
        let null = format!("{{{}}}", [record.members(), vec![format!("\"{name}\":null")]].concat().join(","));
        for (how, value) in [("absent", record.written("jsonl")), ("null", null.into_bytes())] {
            let case = Case::new("json missing", format!("{name} {how}"), "jsonl", value);
            cases.push(match *name {
                _ if place < NEEDED => case.refused(Reason::MissingField, name),
                // Neither a subject nor a product: nothing to tell anybody.
                "name" => case.refused(Reason::NoSubjectNoProduct, "subject"),
                _ => case,
            });
        }
    }
    cases
}

/// At most 32 levels, the record itself among them, whether or not the schema lists what is so deep.
fn deep() -> Vec<Case> {
    let mut cases = Vec::new();
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
        for depth in [1, 10, 14, 16, 31, 32, 33, 64, 127, 128, 129, 1_000, 10_000, 30_000] {
            let levels = depth * open.matches(['[', '{']).count();
            if levels == 30 {
                continue;
            }
            let record = with(&format!("\"x\":{}0{}", open.repeat(depth), close.repeat(depth)));
            let unclosed = with(&format!("\"x\":{}", open.repeat(depth)));
            let whole = Case::new("json depth", format!("{open} {depth} times"), "jsonl", record);
            let cut = Case::new("json depth", format!("{open} {depth} times, unclosed"), "jsonl", unclosed);
            if levels > 30 {
                cases.extend([whole.refused(Reason::TooDeep, ""), cut.refused(Reason::TooDeep, "")]);
            } else {
                cases.extend([whole, cut.refused(Reason::Malformed, "")]);
            }
        }
    }
    cases
}

fn sizes() -> Vec<Case> {
    let mut cases = Vec::new();
    let padded = |bytes: usize| format!("{}{}", plain(), " ".repeat(bytes - plain().len()));
    cases.push(Case::new("size", "as large as a record may be", "jsonl", padded(RECORD_BYTES_MAX)));
    for bytes in [RECORD_BYTES_MAX + 1, 1 << 20, 16 << 20] {
        let case = Case::new("size", format!("{bytes} bytes"), "jsonl", padded(bytes));
        cases.push(case.refused(Reason::TooLarge, ""));
    }
    // What is not listed counts as well: a few bytes each would else make very many values.
    for (count, fits) in [(1_000, true), (60_000, true), (70_000, false), (100_000, false)] {
        let record = with(&format!("\"x\":[{}0]", "0,".repeat(count - 1)));
        let case = Case::new("size", format!("{count} numbers that nobody asked for"), "jsonl", record);
        cases.push(if fits { case } else { case.refused(Reason::TooLarge, "") });
        let record = with(&format!("\"tags\":[{}\"\"]", "\"\",".repeat(count - 1)));
        let case = Case::new("size", format!("{count} tags"), "jsonl", record);
        cases.push(if fits { case } else { case.refused(Reason::TooLarge, "") });
    }
    // The most that few bytes can ask for by names of their own: each key is a text and a node of a tree.
    let sums: Vec<String> = (0..20_000).map(|key| format!("\"{key}\":0")).collect();
    let record = with(&format!("\"sums\":{{{}}}", sums.join(",")));
    cases.push(Case::new("size", "20,000 sums", "jsonl", record));
    for bytes in [1, 999, 1_000, 1_001, 10_000, 200_000] {
        let long = "x".repeat(bytes);
        let case =
            Case::new("size", format!("a code of {bytes} bytes"), "jsonl", with(&format!("\"code\":\"{long}\"")));
        cases.push(if bytes <= 1_000 {
            case.gives(Facts { code: Some(long.clone()), ..Facts::default() })
        } else {
            case.refused(Reason::OverLimit, "infraction.code")
        });
        let key = with(&format!("\"{long}\":1"));
        cases.push(Case::new("size", format!("a key of {bytes} bytes"), "jsonl", key));
    }
    cases
}

/// Bytes that are no UTF-8 are nobody's text, wherever they stand.
fn encodings() -> Vec<Case> {
    let bad: [&[u8]; 22] = [
        b"\x80",
        b"\xbf",
        b"\xff",
        b"\xfe",
        b"\xc0\x80",
        b"\xc1\xbf",
        b"\xc3",
        b"\xc3\x28",
        b"\xe2\x82",
        b"\xe2\x28\xa1",
        b"\xe0\x80\x80",
        b"\xe0\x9f\xbf",
        b"\xed\xa0\x80",
        b"\xed\xbf\xbf",
        b"\xf0\x80\x80\x80",
        b"\xf0\x8f\xbf\xbf",
        b"\xf0\x9f\x98",
        b"\xf4\x90\x80\x80",
        b"\xf5\x80\x80\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\xfc\x84\x80\x80\x80\x80",
        b"\xe9clair",
    ];
    let mut cases = Vec::new();
    for bytes in bad {
        for frame in ["{\"code\":\"X\"}", "{\"X\":1}", "X", "{\"x\":X}", "{}X"] {
            let (head, tail) = frame.split_once('X').unwrap();
            let value = [head.as_bytes(), bytes, tail.as_bytes()].concat();
            let case = Case::new("json encoding", format!("{bytes:02x?} in {frame}"), "jsonl", value);
            cases.push(case.refused(Reason::BadEncoding, ""));
        }
    }
    let wide = |order: fn(u16) -> [u8; 2]| plain().encode_utf16().flat_map(order).collect::<Vec<u8>>();
    let marked = |mark: &[u8], text: Vec<u8>| [mark, &text].concat();
    for (name, value, reason) in [
        ("UTF-16, little, marked", marked(b"\xff\xfe", wide(u16::to_le_bytes)), Reason::BadEncoding),
        ("UTF-16, big, marked", marked(b"\xfe\xff", wide(u16::to_be_bytes)), Reason::BadEncoding),
        ("UTF-16, little", wide(u16::to_le_bytes), Reason::Malformed),
        ("UTF-16, big", wide(u16::to_be_bytes), Reason::Malformed),
    ] {
        cases.push(Case::new("json encoding", name, "jsonl", value).refused(reason, ""));
    }
    cases
}

/// A record that ends before its end.
fn cut() -> Vec<Case> {
    let whole = plain();
    (0..whole.len())
        .map(|length| {
            let case = Case::new("json cut", format!("to {length} bytes"), "json", &whole.as_bytes()[..length]);
            case.refused(Reason::Malformed, "")
        })
        .collect()
}

pub(crate) fn cases() -> Vec<Case> {
    [around(), doubled(), missing(), deep(), sizes(), encodings(), cut()].into_iter().flatten().collect()
}
