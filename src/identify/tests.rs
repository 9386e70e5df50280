use super::{identify, name_digest, normalise_name};
use crate::guard::tests::{event, platform};
use crate::model::code::Trust;
use crate::model::event::Identifier;
use crate::model::limit::IDENTIFIERS_MAX;
use crate::model::rejection::Reason;

fn given(scheme: &str, value: &str) -> Identifier {
    Identifier { scheme: scheme.into(), value: value.into(), register: None, trust: Trust::Unchecked, text: None }
}

/// What becomes of the identifiers of a subject: scheme, value, trust and the text that was kept.
/// Scheme, value, trust and the source's own text.
type Identified = (String, String, Trust, Option<String>);

fn identified(identifiers: Vec<Identifier>) -> Result<Vec<Identified>, Reason> {
    let mut event = event("US", "Acme LLC");
    event.subject.as_mut().unwrap().identifiers = identifiers;
    identify(&mut event, &platform()).map_err(|refusal| refusal.reason)?;
    let identifiers = event.subject.unwrap().identifiers;
    Ok(identifiers.into_iter().map(|one| (one.scheme, one.value, one.trust, one.text)).collect())
}

fn names(identifiers: Vec<Identifier>) -> Vec<String> {
    identified(identifiers).unwrap().into_iter().map(|(scheme, value, ..)| format!("{scheme}:{value}")).collect()
}

#[test]
fn identifiers_get_their_normal_form_and_trust() {
    let found = identified(vec![given("lei", "5299 00t8bm49aursdo55"), given("us-ein", "123456789")]).unwrap();
    let text = Some("5299 00t8bm49aursdo55".to_owned());
    assert_eq!(found[0], ("lei".into(), "529900T8BM49AURSDO55".into(), Trust::Valid, text));
    assert_eq!(found[1], ("us-ein".into(), "123456789".into(), Trust::Unchecked, None));
}

#[test]
fn the_best_comes_first_and_a_failed_check_last() {
    let all = vec![
        given("employer", "616405"),
        given("us-wa-ubi", "602703712"),
        given("lei", "529900T8BM49AURSDO56"),
        given("fr-siren", "732829320"),
        given("lei", "529900T8BM49AURSDO55"),
    ];
    let expect = [
        "lei:529900T8BM49AURSDO55",
        "fr-siren:732829320",
        "us-wa-ubi:602703712",
        "sample/employer:616405",
        "lei:529900T8BM49AURSDO56",
    ];
    assert_eq!(names(all.clone()), expect);
    assert_eq!(names(all.into_iter().rev().collect()), expect, "whatever the order in the source");
}

#[test]
fn one_identifier_written_twice_is_one() {
    assert_eq!(
        names(vec![given("us-wa-ubi", "602-703-712"), given("us-wa-ubi", "602703712")]),
        ["us-wa-ubi:602703712"]
    );
    let court = |register: &str| Identifier { register: Some(register.into()), ..given("de-hrb", "HRB 1") };
    assert_eq!(names(vec![court("D2601"), court("d2601 "), court("M1201")]).len(), 2);
}

#[test]
fn a_register_is_a_code_or_a_town_or_there_is_no_identifier() {
    let court = |register: &str| Identifier { register: Some(register.into()), ..given("de-hrb", "HRB 1") };
    for named in ["D2601", "villeneuve-d'ascq", "Halle/Saale", "Kempten (Allgäu)", " "] {
        assert_eq!(names(vec![court(named)]), ["de-hrb:HRB1"], "{named}");
    }
    for other in ["a:b", "a~2", "a@b", &"a".repeat(61)] {
        assert!(names(vec![court(other)]).is_empty(), "{other}: no link could name it");
    }
}

#[test]
fn a_value_without_the_form_is_left_out_and_the_event_goes_on() {
    assert!(names(vec![given("us-wa-ubi", "602-703-7")]).is_empty());
    assert!(names(vec![given("employer", "John Sampleton")]).is_empty());
    assert_eq!(names(vec![given("us-wa-ubi", ""), given("employer", " 12 ")]), ["sample/employer:12"]);
}

#[test]
fn a_platforms_own_numbers_stay_its_own() {
    assert_eq!(
        names(vec![given("employer", "1"), given("sample/corporation", "2")]),
        ["sample/corporation:2", "sample/employer:1"]
    );
    assert_eq!(identified(vec![given("other/employer", "1")]), Err(Reason::UnknownScheme));
    assert_eq!(identified(vec![given("no-such-scheme", "1")]), Err(Reason::UnknownScheme));
}

#[test]
fn identifiers_have_a_bound() {
    let many = |count: usize| (0..count).map(|number| given("employer", &format!("{number}"))).collect();
    assert_eq!(names(many(IDENTIFIERS_MAX)).len(), IDENTIFIERS_MAX);
    assert_eq!(identified(many(IDENTIFIERS_MAX + 1)), Err(Reason::OverLimit));
}

#[test]
fn the_refusal_of_a_scheme_says_no_value() {
    let mut event = event("US", "Acme LLC");
    event.subject.as_mut().unwrap().identifiers = vec![given("canary", "Mary Canary")];
    let refusal = identify(&mut event, &platform()).unwrap_err();
    assert_eq!(refusal.field.as_deref(), Some("subject.identifiers[0].scheme"));
    assert!(!format!("{refusal:?}").to_lowercase().contains("canary"));
}

#[test]
fn spellings_of_one_name_are_one() {
    let spellings = [
        "Frito-Sample, Inc.",
        "FRITO SAMPLE INC",
        "Frito-Sample Incorporated",
        "frito-sample inc",
        "FRITO-SAMPLE, INC",
        "Frito Sample, Inc.,",
        "  Frito-Sample   Inc. ",
        "Frito\u{200b}-Sample Inc",
        "ＦＲＩＴＯ-Sample Inc.",
        "The Frito-Sample Inc",
    ];
    for spelling in spellings {
        assert_eq!(normalise_name(spelling), "FRITOSAMPLEINC", "{spelling}");
        assert_eq!(name_digest(spelling), name_digest(spellings[0]));
    }
}

#[test]
fn legal_forms_are_folded_in_every_script() {
    let same = |one: &str, other: &str| assert_eq!(normalise_name(one), normalise_name(other));
    same("Acme Ltd.", "ACME LIMITED");
    same("Acme L.L.C.", "Acme Limited Liability Company");
    same("Exemple Limitée", "Exemple Ltée");
    same("Smith & Jones LLC", "Smith and Jones L L C");
    same("Beispiel GmbH", "Beispiel Gesellschaft mit beschränkter Haftung");
    same("Przykład Sp. z o.o.", "PRZYKLAD Spółka z ograniczoną odpowiedzialnością");
    same("(주)견본", "주식회사 견본");
    same("견본㈜", "주식회사 견본");
    same("株式会社見本", "見本(株)");
    same("O'Sample's Inc", "O’Samples, Inc.");
}

#[test]
fn other_names_stay_apart() {
    let apart = |one: &str, other: &str| assert_ne!(name_digest(one), name_digest(other));
    apart("Acme Inc", "Acme LLC");
    apart("Acme One Inc", "Acme Two Inc");
    apart("Acme", "Acme Inc");
    apart("(주)견본", "(유)견본");
}

#[test]
fn the_digest_never_changes() {
    // SHA-256 of "FRITOSAMPLEINC" by another tool, first 16 bytes.
    assert_eq!(format!("{:032x}", name_digest("Frito-Sample, Inc.")), "d700a1070c7831120538505ccd4095ba");
}

#[test]
fn a_link_names_identifiers_in_normal_form() {
    use crate::model::entry::{Link, LinkRelation};
    use crate::model::record::SourcePosition;
    let read = |first: &str| {
        let mut link = Link {
            at: SourcePosition { topic: "comity.links".into(), partition: 0, from: 0, offset: 0 },
            relation: LinkRelation::Same,
            first: first.to_owned(),
            second: "us-wa-ubi:602703732".to_owned(),
            asserted_by: "operator".to_owned(),
            basis: "register".to_owned(),
            from: None,
            to: None,
        };
        super::identify_link(&mut link).map(|()| link.first).map_err(|refusal| (refusal.reason, refusal.field))
    };
    for (given, normal) in [
        ("us-wa-ubi:602-703-732", "us-wa-ubi:602703732"),
        ("us-wa-ubi:602 703 732~3", "us-wa-ubi:602703732~3"),
        ("ca-on-food/licence: L 12 ", "ca-on-food/licence:L 12"),
        ("gb-company-number@cardiff:01234567", "gb-company-number@CARDIFF:01234567"),
    ] {
        assert_eq!(read(given), Ok(normal.to_owned()), "{given}");
    }
    for (given, reason) in [
        ("us-wa-ubi", Reason::MalformedIdentifier),
        ("us-wa-ubi:602", Reason::MalformedIdentifier),
        ("us-wa-ubi:602703732~x", Reason::MalformedIdentifier),
        ("ca-on-food/licence:Acme Trading Company", Reason::MalformedIdentifier),
        ("licence:12", Reason::UnknownScheme),
        ("Jane Roe/x:12", Reason::UnknownScheme),
        ("gb-company-number@jane@example.org:01234567", Reason::MalformedIdentifier),
    ] {
        assert_eq!(read(given), Err((reason, Some("first".to_owned()))), "{given}");
    }
}
