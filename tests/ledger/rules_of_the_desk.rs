//! The desk: what a jurisdiction says itself of the events of its platforms.

use comity::ledger::Outcome;
use comity::model::code::{Kind, MatchedBy, MsgType, Standing, WithdrawalScope};
use comity::model::event::InfractionEvent;
use comity::model::limit::REVISIONS_KEPT_MAX;
use comity::model::rejection::Reason;

use crate::world::{Log, closure, original, place, revised, subject, withdrawal};

const MEMBERS: [&str; 3] = ["CA-ON", "CA-QC", "DE"];

/// The same statement by the desk of its origin.
fn by_desk(event: InfractionEvent) -> InfractionEvent {
    InfractionEvent { platform: "ca-on-desk".to_owned(), revision: None, ..event }
}

fn numbered(number: i64, title: &str) -> InfractionEvent {
    InfractionEvent { revision: Some(number), ..revised(&original("p/1"), Kind::Original, title) }
}

fn correction(title: &str) -> InfractionEvent {
    by_desk(revised(&original("p/1"), Kind::Correction, title))
}

fn open_cases(log: &Log) -> usize {
    log.state.organisation("reg:A").map_or(0, |at| at.open_cases.len())
}

#[test]
fn a_desk_withdraws_corrects_and_closes_what_another_platform_said() {
    let mut log = Log::new(&MEMBERS);
    for id in ["p/1", "p/2", "p/3"] {
        log.told(&original(id));
    }
    let cancel = log.told(&by_desk(withdrawal(&original("p/1"), WithdrawalScope::Event)));
    assert_eq!(cancel.lines(), ["p/1#2 Cancel CA-QC Attention", "p/1#2 Cancel DE Attention"]);
    let update = log.told(&by_desk(revised(&original("p/2"), Kind::Correction, "corrected")));
    assert_eq!(update.lines(), ["p/2#2 Update CA-QC Attention", "p/2#2 Update DE Attention"]);
    assert_eq!(update.decisions[0].about.platform, "p", "the case is its platform's");
    let closed = log.told(&by_desk(closure(&original("p/3"))));
    assert_eq!(closed.lines(), ["p/3#2 Update CA-QC Attention", "p/3#2 Update DE Attention"]);
    assert_eq!(closed.decisions[0].standing, Standing::Closed);
    assert_eq!(open_cases(&log), 1);
}

#[test]
fn a_desk_statement_without_a_number_stands_beside_those_with_one() {
    let mut log = Log::new(&MEMBERS);
    log.told(&numbered(5, "first"));
    let did = log.told(&correction("corrected by the desk"));
    assert_eq!((did.outcome, did.decisions[0].msg_type), (Outcome::Taken, MsgType::Update));
    let again = log.told(&correction("corrected by the desk once more"));
    assert_eq!(again.decisions[0].alert_id, "p/1#3");
    assert_eq!(log.event(&numbered(5, "first")).outcome, Outcome::Duplicate, "the source sends its file again");
    assert_eq!(log.event(&numbered(4, "older")).outcome, Outcome::Superseded);
    assert_eq!(log.event(&numbered(5, "other")).rejected, Some(Reason::ConflictingRevision));
    let later = log.told(&numbered(6, "sixth"));
    assert_eq!(
        (later.lines()[0].as_str(), later.decisions[0].msg_type),
        ("p/1#4 Update CA-QC Attention", MsgType::Update)
    );
}

#[test]
fn a_record_that_the_source_sends_again_does_not_put_in_force_what_the_desk_withdrew() {
    for number in [None, Some(7)] {
        let mut log = Log::new(&MEMBERS);
        let said = |title: &str| InfractionEvent { revision: number, ..numbered(0, title) };
        log.told(&said("first"));
        log.told(&by_desk(withdrawal(&original("p/1"), WithdrawalScope::Event)));
        let did = log.event(&said("first"));
        assert_eq!((did.outcome, did.alerts.len(), open_cases(&log)), (Outcome::Duplicate, 0, 0), "{number:?}");
    }
    let mut log = Log::new(&MEMBERS);
    log.told(&numbered(7, "first"));
    log.told(&by_desk(withdrawal(&original("p/1"), WithdrawalScope::Event)));
    assert_eq!(log.event(&numbered(6, "an old one, never seen")).outcome, Outcome::Superseded);
    assert_eq!(log.event(&numbered(7, "in other words")).rejected, Some(Reason::ConflictingRevision));
    assert_eq!(open_cases(&log), 0);
    assert_eq!(log.told(&numbered(8, "said anew")).decisions[0].msg_type, MsgType::Alert);
}

#[test]
fn what_a_desk_says_takes_no_place_from_what_the_source_said() {
    let mut log = Log::new(&MEMBERS);
    let said = |number: usize| revised(&original("p/1"), Kind::Original, &format!("revision {number}"));
    for number in 1..=REVISIONS_KEPT_MAX {
        log.told(&said(number));
    }
    for number in 1..REVISIONS_KEPT_MAX {
        log.told(&correction(&format!("correction {number}")));
    }
    log.told(&by_desk(withdrawal(&original("p/1"), WithdrawalScope::Event)));
    for number in 1..=REVISIONS_KEPT_MAX {
        assert_eq!(log.event(&said(number)).outcome, Outcome::Duplicate, "revision {number} of the source");
    }
    assert_eq!(open_cases(&log), 0);
    log.told(&said(REVISIONS_KEPT_MAX + 1));
    assert_eq!(log.event(&said(2)).outcome, Outcome::Duplicate, "the source's own sixteen are still known");
}

#[test]
fn a_correction_without_a_subject_keeps_the_organisation_of_the_case() {
    let mut log = Log::new(&MEMBERS);
    let mut first = original("p/1");
    first.subject.as_mut().expect("a subject").jurisdiction = Some(place("DE"));
    log.told(&first);
    let did = log.told(&InfractionEvent { subject: None, ..correction("of the title only") });
    let organisation = did.decisions[0].organisation.clone().expect("an organisation");
    assert_eq!(organisation.organisation_id.as_deref(), Some("reg:A"));
    assert_eq!(organisation.matched_by, MatchedBy::Identifier);
    assert_eq!(did.lines()[1], "p/1#2 Update DE FollowUp", "it is registered there still");
    assert_eq!(open_cases(&log), 1);
    let renamed =
        log.event(&InfractionEvent { subject: Some(subject("Other Ltd", &["B"])), ..correction("of another") });
    assert_eq!(renamed.lines()[0], "p/1#3 Cancel CA-QC Attention", "an explicit correction may name another");
    assert_eq!(open_cases(&log), 0);
}

#[test]
fn of_what_its_own_jurisdiction_never_said_a_desk_says_nothing_to_anybody() {
    let mut log = Log::new(&MEMBERS);
    let elsewhere = InfractionEvent { origin: place("DE"), ..original("q/1") };
    log.told(&elsewhere);
    let before = log.state.case(place("DE"), "q/1").cloned();
    // A desk's origin is fixed, so that of another origin's event it speaks as of one of its own.
    let claim = |event: InfractionEvent| by_desk(InfractionEvent { origin: place("CA-ON"), ..event });
    for (event, rejected) in [
        (revised(&elsewhere, Kind::Correction, "claimed"), true),
        (closure(&elsewhere), true),
        (withdrawal(&elsewhere, WithdrawalScope::Event), false),
        (withdrawal(&elsewhere, WithdrawalScope::Case), false),
    ] {
        let did = log.event(&claim(event));
        assert!(did.alerts.is_empty(), "nobody hears of it: {did:?}");
        let expected = if rejected { Outcome::Rejected } else { Outcome::Pending };
        assert_eq!(did.outcome, expected);
        assert_eq!(did.rejected, rejected.then_some(Reason::UnknownEvent));
    }
    assert_eq!(log.state.case(place("DE"), "q/1").cloned(), before);
    assert!(log.state.case(place("CA-ON"), "q/1").is_none());
    // Within its own origin the same holds of an event that the case does not know, and of the wrong case.
    log.told(&original("p/1"));
    let in_case = |id: &str| InfractionEvent { case_id: "p/1".to_owned(), ..original(id) };
    for event in [revised(&in_case("p/9"), Kind::Correction, "unknown"), closure(&in_case("p/9"))] {
        assert_eq!(log.event(&by_desk(event)).rejected, Some(Reason::UnknownEvent));
    }
    let elsewhere = InfractionEvent { case_id: "p/other".to_owned(), ..correction("in the wrong case") };
    assert_eq!(log.event(&elsewhere).rejected, Some(Reason::UnknownEvent));
}

#[test]
fn a_withdrawal_by_the_desk_before_the_original_suppresses_it() {
    let mut log = Log::new(&MEMBERS);
    let did = log.event(&by_desk(withdrawal(&original("p/1"), WithdrawalScope::Event)));
    assert_eq!(did.outcome, Outcome::Pending);
    let did = log.event(&original("p/1"));
    assert_eq!((did.outcome, did.alerts.len()), (Outcome::Suppressed, 0));
}

#[test]
fn a_desk_states_originals_of_its_own() {
    let mut log = Log::new(&MEMBERS);
    let own = by_desk(original("ca-on-desk/1"));
    assert_eq!(log.told(&own).lines(), ["ca-on-desk/1#1 Alert CA-QC Attention", "ca-on-desk/1#1 Alert DE Attention"]);
    assert_eq!(log.told(&revised(&own, Kind::Correction, "better")).decisions[0].alert_id, "ca-on-desk/1#2");
    assert_eq!(
        log.event(&closure(&by_desk(original("ca-on-desk/2")))).outcome,
        Outcome::NobodyTold,
        "its own platform"
    );
}
