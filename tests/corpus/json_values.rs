//! JSON values, whole and broken, in every place where one can stand: what the public JSON parsing suites try, each as
//! an input of its own. The grammar is RFC 8259's.

use comity::model::rejection::Reason;

use super::case::{Case, Facts};
use super::platform::Record;

/// What a text is by the grammar.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Is {
    /// A string, with the text that it stands for, blanks at its ends taken off.
    Text(&'static str),
    /// A number without fraction or exponent within 64 bits, with sign; true where a double holds it exactly.
    Whole(bool),
    /// Another number that is finite as a double.
    Real,
    Flag,
    Null,
    List,
    Object,
}

const WHOLE: &[(&str, Is)] = &[
    (r#""""#, Is::Text("")),
    (r#""a""#, Is::Text("a")),
    (r#"" a ""#, Is::Text("a")),
    (r#""\"\\\/\b\f\n\r\t""#, Is::Text("\"\\/\u{8}")),
    (r#""\u0041""#, Is::Text("A")),
    (r#""\u00e9\u00C9""#, Is::Text("éÉ")),
    (r#""\uD834\uDD1E""#, Is::Text("\u{1d11e}")),
    (r#""\uD83d\ude39\ud83d\udc8d""#, Is::Text("\u{1f639}\u{1f48d}")),
    (r#""\uDBFF\uDFFF""#, Is::Text("\u{10ffff}")),
    (r#""\u0000""#, Is::Text("\0")),
    (r#""a\u0000b""#, Is::Text("a\0b")),
    (r#""\uFFFF""#, Is::Text("\u{ffff}")),
    (r#""x\u2028y""#, Is::Text("x\u{2028}y")),
    (r#""\u005C""#, Is::Text("\\")),
    (r#""\u0022""#, Is::Text("\"")),
    (r#""\\u0000""#, Is::Text("\\u0000")),
    (r#""\\n""#, Is::Text("\\n")),
    (r#""\u200Bx""#, Is::Text("x")),
    ("\"x\u{2028}y\"", Is::Text("x\u{2028}y")),
    ("\"\u{7f}\"", Is::Text("\u{7f}")),
    ("\"\u{10ffff}\"", Is::Text("\u{10ffff}")),
    ("\"\u{20ac}\u{1d11e}\"", Is::Text("\u{20ac}\u{1d11e}")),
    (r#""a/*b*/c/*d//e""#, Is::Text("a/*b*/c/*d//e")),
    (r#""null""#, Is::Text("null")),
    (r#""[1]""#, Is::Text("[1]")),
    (r#""1""#, Is::Text("1")),
    ("0", Is::Whole(true)),
    ("1", Is::Whole(true)),
    ("-1", Is::Whole(true)),
    ("123", Is::Whole(true)),
    ("9007199254740992", Is::Whole(true)),
    ("9007199254740993", Is::Whole(false)),
    ("9223372036854775807", Is::Whole(false)),
    ("-9223372036854775808", Is::Whole(false)),
    ("0.0", Is::Real),
    ("1.5", Is::Real),
    ("-1.5", Is::Real),
    ("123.456789", Is::Real),
    ("-0.000000000000000000000000000000000000000000000000000000000000000000000001", Is::Real),
    ("0e1", Is::Real),
    ("0e+1", Is::Real),
    ("1E22", Is::Real),
    ("1e-2", Is::Real),
    ("1E+2", Is::Real),
    ("1.25e+2", Is::Real),
    ("123e45", Is::Real),
    ("1e308", Is::Real),
    ("1e-400", Is::Real),
    ("true", Is::Flag),
    ("false", Is::Flag),
    ("null", Is::Null),
    ("[]", Is::List),
    ("[ \n]", Is::List),
    ("[1]", Is::List),
    (r#"[[],{},"",null,true,0.5]"#, Is::List),
    ("[[[[[[1]]]]]]", Is::List),
    ("{}", Is::Object),
    (r#"{"":0}"#, Is::Object),
    (r#"{ "a" : [ { } ] }"#, Is::Object),
    (r#"{"a":1,"a":2}"#, Is::Object),
    (r#"{"a\u0000b":null}"#, Is::Object),
];

/// Texts that are no JSON value, nor become one by what stands around them.
const BROKEN: &[&str] = &[
    // Numbers.
    "+1",
    "-",
    "--1",
    "01",
    "-01",
    "00",
    "-00",
    "1.",
    "-2.",
    ".5",
    "-.5",
    "1e",
    "1E",
    "1e+",
    "1E-",
    "1.e1",
    "1eE2",
    "1ee2",
    "0e",
    "0E+",
    "0.3e",
    "0.3e+",
    "1.0e",
    "1.0e-",
    "2.e3",
    "2.e-3",
    "9.e+",
    "0.e1",
    "0x1",
    "0x42",
    "-0x1",
    "1_000",
    "1 000",
    "0.1.2",
    "1e1.5",
    "-1.0.",
    "1+2",
    "1-1",
    "1/2",
    "-1x",
    "1a",
    "1ea",
    "-foo",
    "- 1",
    "NaN",
    "nan",
    "-NaN",
    "Inf",
    "Infinity",
    "-Infinity",
    "+Inf",
    "\u{ff11}",
    "\u{663}",
    "1\u{ff11}",
    "1e400",
    "-1e400",
    "1.5e9999",
    // Words.
    "tru",
    "fals",
    "nul",
    "True",
    "TRUE",
    "False",
    "Null",
    "NULL",
    "None",
    "nil",
    "undefined",
    "truex",
    "nullx",
    "t",
    "yes",
    "a",
    "truetrue",
    // Strings.
    "'a'",
    "\"a",
    "\"",
    "a\"",
    "\"a\"b",
    "\"a\"\"b\"",
    "\"\\",
    "\"\\\"",
    "\"\\x\"",
    "\"\\x41\"",
    "\"\\a\"",
    "\"\\v\"",
    "\"\\'\"",
    "\"\\0\"",
    "\"\\U0041\"",
    "\"\\u\"",
    "\"\\u1\"",
    "\"\\u12\"",
    "\"\\u123\"",
    "\"\\u12G4\"",
    "\"\\u{41}\"",
    "\"\\uD800\"",
    "\"\\uDC00\"",
    "\"\\uD800\\uD800\"",
    "\"\\uDC00\\uD800\"",
    "\"\\uD800x\"",
    "\"\\uD800\\n\"",
    "\"\\uD834\\u\"",
    "\"\\uD834\\uD\"",
    "\"\\uDD1E\\uD834\"",
    "\"\\\u{1f4ce}\"",
    "\"\\\u{e5}\"",
    "\"\\ \"",
    "\"\n\"",
    "\"\r\"",
    "\"\t\"",
    "\"\0\"",
    "\"\u{1f}\"",
    "\"\u{8}\"",
    "`a`",
    "\u{201c}a\u{201d}",
    "\\n",
    "\\u0020\"a\"",
    // Lists.
    "[",
    "]",
    "[1",
    "1]",
    "[1,]",
    "[,1]",
    "[,]",
    "[1,,2]",
    "[1 2]",
    "[1;2]",
    "[1:2]",
    "[\"a\":1]",
    "[1}",
    "[1]]",
    "[[1]",
    "[a]",
    "[-]",
    "[1,\n",
    "[\"a\"",
    "[\"a\",",
    "[{]",
    "[}",
    "[*]",
    "[\"\u{b}a\"\\f]",
    "[3[4]]",
    "[ , \"\"]",
    "[\"x\"",
    "[\"x\"]]",
    "[1],",
    ",[1]",
    "[][]",
    "[]{}",
    "[true false]",
    // Objects.
    "{",
    "}",
    "1}",
    "{a:1}",
    "{'a':1}",
    "{\"a\" 1}",
    "{\"a\":}",
    "{\"a\"}",
    "{:1}",
    "{\"a\":1,}",
    "{,}",
    "{\"a\":1,,",
    "{\"a\":1,,\"b\":2}",
    "{1:1}",
    "{null:1}",
    "{\"a\":1 \"b\":2}",
    "{\"a\"::1}",
    "{\"a\",\"b\"}",
    "{\"a\":1}}",
    "{\"a\":1]",
    "{\"a\":1",
    "{\"a\":",
    "{\"a\"",
    "{\"a",
    "{\"a\":1}{",
    "{[]:1}",
    "{\"a\":1;\"b\":2}",
    "{\"a\"=1}",
    "{\"a\":+1}",
    "{\"a\":[}",
    "{{}}",
    "{\"a\":1}#",
    "{\"a\":\"b\"}/",
    "{\"a\":\"b\"}/**/",
    "{\"a\":/*b*/1}",
    // Around a value.
    "/**/1",
    "1/**/",
    "1//x",
    "1#",
    "#1",
    "1;",
    "1,",
    ",1",
    "1:",
    ":1",
    "\u{c}1",
    "\u{b}1",
    "\u{a0}1",
    "\u{2060}1",
    "\u{feff}1",
    "\u{2028}1",
    "\u{85}1",
    "1\0",
    "\u{0}1",
    "*",
    ";",
    "&",
    "<a/>",
    "\\",
    "$",
    "@",
    "1 1",
];

/// The record with something behind its last member.
fn before(rest: &str) -> String {
    format!("{{{}{rest}}}", Record::default().members().join(","))
}

/// Places that the schema does not list, where a value is passed over and a text that is none is still malformed.
fn unlisted(text: &str) -> [(&'static str, String); 5] {
    [
        ("a key", before(&format!(",\"x\":{text}"))),
        ("in a list", before(&format!(",\"x\":[{text}]"))),
        ("in an object", before(&format!(",\"x\":{{\"k\":{text}}}"))),
        ("amid a list", before(&format!(",\"x\":[0, {text} ,0]"))),
        ("amid an object", before(&format!(",\"x\":{{\"j\":0,\"k\": {text} ,\"l\":0}}"))),
    ]
}

/// What stands before the value and behind it, the place in words, and the refusal.
type Listed = (&'static str, &'static str, &'static str, Option<(Reason, &'static str)>);

/// Fields that the schema lists, with the refusal of a value of that kind; `None` where it is taken.
fn listed(is: Is) -> [Listed; 8] {
    let unless = |taken: bool, field| (!taken).then_some((Reason::WrongType, field));
    let null = is == Is::Null;
    let item = |taken: bool, field| if null { Some((Reason::MissingField, field)) } else { unless(taken, field) };
    let text = matches!(is, Is::Text(_));
    [
        ("\"code\":", "", "a text", unless(text || null, "code")),
        ("\"count\":", "", "an integer", unless(matches!(is, Is::Whole(_)) || null, "count")),
        ("\"share\":", "", "a double", unless(matches!(is, Is::Whole(true) | Is::Real) || null, "share")),
        ("\"flag\":", "", "a boolean", unless(is == Is::Flag || null, "flag")),
        ("\"tags\":[", "]", "an item of texts", item(text, "tags[]")),
        ("\"sums\":{\"k\":", "}", "a value of integers", item(matches!(is, Is::Whole(_)), "sums[]")),
        ("\"firm\":", "", "a record", unless(is == Is::Object || null, "firm")),
        ("\"firm\":{\"town\":", "}", "a text of a record", unless(text || null, "firm.town")),
    ]
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (text, is) in WHOLE {
        for (place, record) in unlisted(text) {
            cases.push(Case::new("json value passed over", format!("{text} as {place}"), "jsonl", record));
        }
        for (head, tail, place, refusal) in listed(*is) {
            let record = before(&format!(",{head}{text}{tail}"));
            let case = Case::new("json value by type", format!("{text} for {place}"), "jsonl", record);
            cases.push(match (refusal, is) {
                (Some((reason, field)), _) => case.refused(reason, field),
                (None, Is::Text(stated)) if place == "a text" => {
                    let code = (!stated.is_empty()).then(|| (*stated).to_owned());
                    case.gives(Facts { code, ..Facts::default() })
                }
                (None, _) => case,
            });
        }
        let alone = Case::new("json value alone", *text, "jsonl", *text);
        cases.push(if *is == Is::Object {
            alone.refused(Reason::MissingField, "id")
        } else {
            alone.refused(Reason::Malformed, "")
        });
    }
    for text in BROKEN {
        for (place, record) in unlisted(text) {
            let case = Case::new("json broken", format!("{text:?} as {place}"), "jsonl", record);
            cases.push(case.refused(Reason::Malformed, ""));
        }
    }
    cases
}
