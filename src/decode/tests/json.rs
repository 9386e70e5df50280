use proptest::prelude::*;
use serde_json::json;

use super::*;

fn firms() -> Definition {
    let firm = vec![named(needed("legal_name", SourceType::Text), "legalName"), optional("size", SourceType::Integer)];
    let fields = vec![
        named(needed("id", SourceType::Text), "Case #"),
        optional("paid", SourceType::Boolean),
        optional("count", SourceType::Integer),
        optional("amount", SourceType::Double),
        optional("tags", list(SourceType::Text)),
        optional("firms", SourceType::Array(Box::new(needed("firm", SourceType::Record(firm))))),
        optional("sums", SourceType::Map(Box::new(needed("sum", SourceType::Integer)))),
    ];
    platform(vec![source("v", Format::JsonLines, fields)])
}

#[test]
fn values_stand_under_their_avro_names_and_absent_ones_are_null() {
    let record = br#"{"count":3,"Case #":"A-1","firms":[{"size":2,"legalName":"X"},{"legalName":""}],
        "sums":{"b":1,"a":-2},"amount":2,"tags":[],"paid":false}"#;
    let expected = json!({"id":"A-1","paid":false,"count":3,"amount":2.0,"tags":[],
        "firms":[{"legal_name":"X","size":2},{"legal_name":"","size":null}],"sums":{"a":-2,"b":1}});
    assert_eq!(read(&firms(), record), Ok(expected));
    let nothing = json!({"id":"A","paid":null,"count":null,"amount":null,"tags":null,"firms":null,"sums":null});
    assert_eq!(read(&firms(), br#"{"Case #":"A"}"#), Ok(nothing.clone()));
    assert_eq!(read(&firms(), br#" {"Case #":"A","paid":null,"firms":null} "#), Ok(nothing));
}

#[test]
fn what_the_schema_does_not_list_is_passed_over() {
    let record = br#"{"other":{"deep":[1,{"x":null}]},"Case #":"A","id":"no","name":"Jane","name":"Joe"}"#;
    let read = read(&firms(), record).unwrap();
    assert_eq!(read["id"], "A");
    assert_eq!(read.as_object().unwrap().len(), 7, "{read}");
}

#[test]
fn each_fault_is_refused_where_it_stands() {
    let check = |record: &str, reason, field| {
        assert_eq!(read(&firms(), record.as_bytes()), refused(reason, field), "{record}");
    };
    check(r#"{}"#, Reason::MissingField, "id");
    check(r#"{"Case #":null}"#, Reason::MissingField, "id");
    check(r#"{"Case #":"A","Case #":"A"}"#, Reason::DuplicateField, "id");
    check(r#"{"Case #":1}"#, Reason::WrongType, "id");
    check(r#"{"Case #":"A","paid":"true"}"#, Reason::WrongType, "paid");
    check(r#"{"Case #":"A","count":"3"}"#, Reason::WrongType, "count");
    check(r#"{"Case #":"A","count":3.0}"#, Reason::WrongType, "count");
    check(r#"{"Case #":"A","count":9223372036854775808}"#, Reason::WrongType, "count");
    check(r#"{"Case #":"A","amount":9007199254740993}"#, Reason::WrongType, "amount");
    check(r#"{"Case #":"A","tags":"x"}"#, Reason::WrongType, "tags");
    check(r#"{"Case #":"A","tags":["x",1]}"#, Reason::WrongType, "tags[]");
    check(r#"{"Case #":"A","tags":[null]}"#, Reason::MissingField, "tags[]");
    check(r#"{"Case #":"A","firms":[{}]}"#, Reason::MissingField, "firms[].legal_name");
    check(r#"{"Case #":"A","firms":[{"legalName":"a","size":true}]}"#, Reason::WrongType, "firms[].size");
    check(
        r#"{"Case #":"A","firms":[{"legalName":"a","legalName":"b"}]}"#,
        Reason::DuplicateField,
        "firms[].legal_name",
    );
    check(r#"{"Case #":"A","sums":{"a":1,"a":2}}"#, Reason::DuplicateField, "sums");
    check(r#"{"Case #":"A","sums":{"a":"b"}}"#, Reason::WrongType, "sums[]");
    for broken in ["", "[]", "3", "{", r#"{"Case #":"A"}}"#, r#"{"Case #":"A"} {}"#, r#"{"Case #":"A",}"#, "\"A\""] {
        check(broken, Reason::Malformed, "");
    }
    check(r#"{"Case #":"\ud800"}"#, Reason::Malformed, "");
}

#[test]
fn depth_is_bounded_where_nothing_is_read_too() {
    let nested = |depth: usize| format!(r#"{{"Case #":"A","x":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    assert!(read(&firms(), nested(30).as_bytes()).is_ok());
    assert_eq!(read(&firms(), nested(31).as_bytes()), refused(Reason::TooDeep, ""));
    assert_eq!(read(&firms(), nested(100_000).as_bytes()), refused(Reason::TooDeep, ""));
    let objects = format!(r#"{{"Case #":"A","x":{}1{}}}"#, r#"{"y":"#.repeat(31), "}".repeat(31));
    assert_eq!(read(&firms(), objects.as_bytes()), refused(Reason::TooDeep, ""));
}

#[test]
fn the_number_of_values_is_bounded() {
    let many = |count: usize| format!(r#"{{"Case #":"A","x":[{}1]}}"#, "1,".repeat(count - 1));
    assert!(read(&firms(), many(65_000).as_bytes()).is_ok());
    assert_eq!(read(&firms(), many(65_536).as_bytes()), refused(Reason::TooLarge, ""));
}

proptest! {
    /// Another library writes the record, in any order of its keys.
    #[test]
    fn what_serde_json_writes_is_read_back(
        id in "\\PC*", count in proptest::option::of(any::<i64>()), paid in proptest::option::of(any::<bool>()),
        tags in proptest::option::of(proptest::collection::vec("\\PC*", 0..4)), amount in proptest::option::of(-1e9..1e9_f64),
        reversed in any::<bool>(),
    ) {
        let mut pairs = vec![("Case #", json!(id)), ("count", json!(count)), ("paid", json!(paid)), ("tags", json!(tags)),
            ("amount", json!(amount))];
        if reversed {
            pairs.reverse();
        }
        let record: serde_json::Map<String, Json> =
            pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let read = read(&firms(), serde_json::to_string(&record).unwrap().as_bytes()).unwrap();
        prop_assert_eq!(&read, &json!({"id":id,"count":count,"paid":paid,"tags":tags,"amount":amount,"firms":null,"sums":null}));
    }
}

#[test]
fn a_field_of_several_types_is_read_as_one() {
    let several = |field: SourceField| SourceField { several: true, ..field };
    let texts = several(optional("hazard", list(SourceType::Text)));
    let amount = several(optional("amount", SourceType::Text));
    let item = several(needed("item", SourceType::Text));
    let mixed = several(needed("mixed", SourceType::Array(Box::new(item))));
    let one = platform(vec![source("v", Format::JsonLines, vec![texts, amount, mixed])]);
    let read = |hazard: &str, amount: &str, mixed: &str| {
        let record = format!("{{\"hazard\":{hazard},\"amount\":{amount},\"mixed\":{mixed}}}");
        read(&one, record.as_bytes())
    };
    let value = |hazard, amount: Json, mixed| Ok(json!({"hazard": hazard, "amount": amount, "mixed": mixed}));
    assert_eq!(read("\"egg\"", "1200.5", "1"), value(json!(["egg"]), json!("1200.5"), json!(["1"])));
    assert_eq!(
        read("[\"egg\",\"milk\"]", "\"n/a\"", "[true,\"b\",2.5]"),
        value(json!(["egg", "milk"]), json!("n/a"), json!(["true", "b", "2.5"]))
    );
    assert_eq!(read("null", "null", "[]"), value(json!(null), json!(null), json!([])));
    assert_eq!(
        read("[]", "18446744073709551615", "false"),
        value(json!([]), json!("18446744073709551615"), json!(["false"]))
    );
    assert_eq!(read("[]", "-7", "[]"), value(json!([]), json!("-7"), json!([])));
    // A number that is not kept to its last digit, and types that are none of the union's.
    assert_eq!(read("[]", "123456789012345678901", "[]"), refused(Reason::WrongType, "amount"));
    assert_eq!(read("1", "1", "[]"), refused(Reason::WrongType, "hazard[]"));
    assert_eq!(read("[1]", "1", "[]"), refused(Reason::WrongType, "hazard[]"));
    assert_eq!(read("{}", "1", "[]"), refused(Reason::WrongType, "hazard"));
    assert_eq!(read("[]", "[\"1\"]", "[]"), refused(Reason::WrongType, "amount"));
}
