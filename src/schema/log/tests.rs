use super::{any_body, encode_entry, newest_event};
use crate::guard::tests::event;
use crate::model::code::{Bound, MeasureType, Precision, Qualifier, Trust, WithdrawalReason, WithdrawalScope};
use crate::model::entry::Body;
use crate::model::event::{
    Dated, Identifier, Info, InfractionEvent, LegalBasis, Measure, Money, Product, Resource, Withdrawal,
};
use crate::model::place::Jurisdiction;

/// An event in which every field is given.
fn full() -> InfractionEvent {
    let text = |text: &str| Some(text.to_owned());
    let place = |code: &str| Jurisdiction::parse(code).unwrap();
    let dated = Dated { date: 20_000, precision: Precision::Month, bound: Bound::NotAfter, text: text("03/2026") };
    let mut full = event("DE", "Muster & Söhne GmbH");
    let subject = full.subject.as_mut().unwrap();
    subject.identifiers = vec![Identifier {
        scheme: "de-hrb".to_owned(),
        value: "HRB 1".to_owned(),
        register: text("D2601"),
        trust: Trust::Valid,
        text: text("hrb 1"),
    }];
    (subject.legal_form, subject.jurisdiction, subject.locality) = (text("2HBR"), Some(place("DE")), text("Ulm"));
    full.revision = Some(-3);
    full.references = vec!["sample/0".to_owned(), String::new()];
    full.products = vec![
        Product { category: text("food"), gtin: text("1"), origin: Some(place("CA-ON")), ..Product::default() },
        Product { name: text("a"), brand: text("b"), model: text("c"), batch: text("d"), ..Product::default() },
    ];
    (full.infraction.code, full.infraction.scheme) = (text("1"), text("s"));
    full.measures = vec![Measure {
        measure_type: MeasureType::NotStated,
        basis: text("b"),
        from: Some(-1),
        to: Some(1),
        penalty: Some(Money { amount_minor: i64::MAX, currency: "EUR".to_owned(), qualifier: Qualifier::Exact }),
    }];
    full.legal_basis = vec![LegalBasis { scheme: "eli".to_owned(), value: "x".to_owned() }];
    (full.occurred, full.decided) = (Some(dated.clone()), dated);
    (full.aware_at, full.expires_at, full.reported_at) = (Some(1), Some(i64::MIN), 2);
    full.for_follow_up = vec![place("FR")];
    full.for_attention = vec![place("BE"), place("US-MA")];
    full.distribution = vec![place("EU")];
    full.distribution_text = text("everywhere");
    full.withdrawal = Some(Withdrawal {
        scope: WithdrawalScope::Case,
        reason: WithdrawalReason::Annulled,
        decision_ref: text("R/1"),
    });
    full.info = vec![Info { language: "de".to_owned(), headline: "h".to_owned(), description: text("d") }];
    full.resources =
        vec![Resource { uri: "u".to_owned(), mime_type: text("m"), size_bytes: Some(5), sha256: Some([7; 32]) }];
    (full.subject_dropped, full.text_dropped) = (true, true);
    (full.provenance.raw_sha256, full.provenance.content_sha256) = ([1; 32], [2; 32]);
    full.provenance.schema_id = Some(4);
    full
}

#[test]
fn both_readers_read_the_same_event() {
    for event in [full(), event("US", "Acme LLC")] {
        let value = encode_entry(&Body::Event(Box::new(event.clone())));
        assert_eq!(newest_event(&value).as_deref(), Some(&event));
        assert_eq!(any_body(&value), Ok(Body::Event(Box::new(event))));
    }
}

#[test]
fn what_is_not_an_event_as_written_is_left_to_the_general_reader() {
    let value = encode_entry(&Body::Event(Box::new(full())));
    assert!((0..value.len()).all(|length| newest_event(&value[..length]).is_none()));
    assert_eq!(newest_event(&[value.as_slice(), &[0]].concat()), None);
    assert_eq!(newest_event(&encode_entry(&Body::Tick)), None);
    let mut elsewhere = value;
    // Behind the frame, the branch and the length: the topic, the partition, `from`, and `offset`, one further on.
    elsewhere[7 + full().provenance.at.topic.len() + 2] += 2;
    assert_eq!(newest_event(&elsewhere), None);
    assert!(any_body(&elsewhere).is_err());
}
