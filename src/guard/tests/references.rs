//! What refers to decisions, offices and laws names no person.

use super::{guard, platform, with};
use crate::model::code::{Kind, MeasureType, WithdrawalReason, WithdrawalScope};
use crate::model::event::{InfractionEvent, Measure, Withdrawal};
use crate::model::rejection::Reason;

/// The reference of a decision goes to everybody with the withdrawal.
#[test]
fn a_withdrawal_refers_to_no_party() {
    for (reference, stays) in [
        ("Roe v. Ontario; Mr Jan Roe, roe@x.example", false),
        ("Roe v. Ontario", false),
        ("Roe v Ontario", false),
        ("ROE V. ONTARIO", false),
        ("Exemple c. Ville d'Exemple", false),
        ("Sampleton vs. State", false),
        ("Roe ./. Beispiel", false),
        ("In re Roe", false),
        ("A-12/2026, ask roe@x.example", false),
        ("A-12/2026", true),
        ("VG 4 K 12/26.B", true),
        ("2026 ONLTB 17", true),
        ("M.G.L. c. 149, § 27C", true),
        ("Decision of 3 May, part V", true),
    ] {
        let mut event = with("CA", "Acme Inc.", |event| {
            event.kind = Kind::Withdrawal;
            event.withdrawal = Some(Withdrawal {
                scope: WithdrawalScope::Event,
                reason: WithdrawalReason::Annulled,
                decision_ref: Some(reference.into()),
            });
        });
        guard(&mut event, &platform()).unwrap();
        let kept = event.withdrawal.as_ref().unwrap().decision_ref.as_deref();
        assert_eq!((kept, event.text_dropped), (stays.then_some(reference), !stays), "{reference}");
    }
}

#[test]
fn a_personal_pattern_refuses_in_the_authority_and_in_the_basis_of_a_measure() {
    let refused = |change: fn(&mut InfractionEvent)| {
        let refusal = guard(&mut with("US", "Acme Inc.", change), &platform()).unwrap_err();
        (refusal.reason, refusal.field.unwrap().to_string())
    };
    let named = |field: &str| (Reason::PersonSubject, field.to_owned());
    assert_eq!(refused(|event| event.authority.name = "Office of Mr Sampleton".into()), named("authority.name"));
    let withdrawn = refused(|event| {
        event.kind = Kind::Withdrawal;
        event.authority.name = "A, roe@x.example".into();
    });
    assert_eq!(withdrawn, named("authority.name"));
    let basis = refused(|event| {
        let basis = Some("Order against Mr Sampleton".into());
        event.measures.push(Measure { measure_type: MeasureType::Order, basis, from: None, to: None, penalty: None });
    });
    assert_eq!(basis, named("measures[].basis"));
}
