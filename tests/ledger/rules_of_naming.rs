//! Identifiers that events name beside others: whose they are, and how that is taken back. One test for each rule.

use std::collections::BTreeSet;

use comity::ledger::Outcome;
use comity::model::bond::Pair;
use comity::model::code::{MatchedBy, Role, RoleReason, WithdrawalReason};
use comity::model::decision::{NoticeContent, Output, ReviewKind};
use comity::model::entry::{Link, LinkRelation};
use comity::model::event::{Identifier, InfractionEvent};
use comity::model::limit::{
    BOND_LINKS_MAX, GROUP_ORGANISATIONS_MAX, ORGANISATION_IDENTIFIERS_MAX, PARTED_MAX, QUESTIONS_MAX,
};
use comity::model::place::DAY_MS;
use comity::model::rejection::Reason;

use crate::rules_of_links::{FEDERATION, about, corrected, link, over, say, settle, told};
use crate::world::{Did, Log, TODAY, closure, identifier, of_form, place, withdrawn_for};

/// As whom the first alert of an entry shows its organisation: its id, how it was found, and who else it is.
fn shown(did: &Did) -> (String, MatchedBy, Vec<String>) {
    let organisation = did.decisions[0].organisation.clone().expect("an organisation");
    (organisation.organisation_id.expect("an id"), organisation.matched_by, organisation.formerly)
}

fn holder(log: &Log, identifier: &str) -> Option<String> {
    log.state.holder(identifier).map(|holder| holder.organisation_id().to_owned())
}

/// An event corrected to name the first alone of those that it named.
fn names_one(event: &InfractionEvent) -> InfractionEvent {
    let named = &event.subject.as_ref().expect("a subject").identifiers[0].value;
    corrected(event, &[named])
}

fn with_court(event: InfractionEvent, register: &str) -> InfractionEvent {
    let mut event = event;
    let court = Identifier { register: Some(register.to_owned()), ..identifier("court", "R") };
    event.subject.as_mut().expect("a subject").identifiers.push(court);
    event
}

#[test]
fn an_identifier_named_beside_another_is_free_again_when_that_is_taken_back() {
    for take_back in [|event: &InfractionEvent| withdrawn_for(WithdrawalReason::SentInError, event), names_one] {
        let mut log = Log::new(&FEDERATION);
        log.told(&about("a", "CA-ON", "Acme Ltd", &["A"]));
        let both = about("b", "CA-QC", "Acme Ltd", &["A", "B"]);
        log.told(&both);
        assert_eq!(holder(&log, "reg:B").as_deref(), Some("reg:A"));
        let did = log.told(&take_back(&both));
        assert!(!did.work_left, "nobody's picture changes: B has no case of its own, and tells of no place");
        assert_eq!((holder(&log, "reg:A").as_deref(), holder(&log, "reg:B")), (Some("reg:A"), None));
        assert!(!log.state.has_bonds());
        let did = log.told(&about("c", "DE", "Acme Ltd", &["B"]));
        assert_eq!(shown(&did), ("reg:B".to_owned(), MatchedBy::NewIdentifier, Vec::new()));
    }
}

#[test]
fn what_was_remedied_was_right_so_its_identifiers_stay() {
    let mut log = Log::new(&FEDERATION);
    let both = about("b", "CA-QC", "Acme Ltd", &["A", "B"]);
    log.told(&both);
    log.told(&withdrawn_for(WithdrawalReason::Remedied, &both));
    assert_eq!(holder(&log, "reg:B").as_deref(), Some("reg:A"));
}

#[test]
fn a_case_that_names_the_second_alone_is_the_firsts_until_the_two_are_parted() {
    let mut log = Log::new(&FEDERATION);
    log.told(&about("a", "CA-ON", "Acme Ltd", &["A"]));
    let both = about("b", "CA-QC", "Acme Ltd", &["A", "B"]);
    log.told(&both);
    let did = log.told(&about("c", "DE", "ACME, Ltd.", &["B"]));
    assert_eq!(shown(&did), ("reg:A".to_owned(), MatchedBy::Link, vec!["reg:B".to_owned()]));
    assert_eq!(did.decisions[0].open_cases.len(), 2);
    assert!(!did.work_left, "one more case of the same organisation is told to nobody else");

    log.told(&withdrawn_for(WithdrawalReason::MistakenIdentity, &both));
    let again = told(&settle(&mut log));
    let of_one = |id: &str, members: [&str; 3]| members.map(|member| (id.to_owned(), place(member)));
    let expected = [of_one("a", ["CA-QC", "CA-BC", "DE"]), of_one("c", ["CA-ON", "CA-QC", "CA-BC"])];
    assert_eq!(again, expected.concat().into_iter().collect::<BTreeSet<_>>());
    assert_eq!(shown(&log.told(&about("d", "CA-BC", "Acme Ltd", &["B"]))).0, "reg:B");
    assert_eq!(shown(&log.told(&about("e", "CA-BC", "Acme Ltd", &["A"]))).2, Vec::<String>::new());
}

#[test]
fn a_case_corrected_to_the_second_alone_goes_over_to_it() {
    let mut log = Log::new(&FEDERATION);
    let both = about("b", "CA-QC", "Acme Ltd", &["A", "B"]);
    log.told(&both);
    let did = log.told(&corrected(&both, &["B"]));
    assert!(did.lines().iter().all(|line| line.starts_with("b#2 Update")), "nobody was mistaken: {:?}", did.lines());
    assert_eq!(shown(&did), ("reg:B".to_owned(), MatchedBy::Identifier, Vec::new()));
    assert_eq!(log.state.organisation("reg:A"), None, "no case names it any more");
}

#[test]
fn what_another_event_says_too_holds_on() {
    let mut log = Log::new(&FEDERATION);
    let first = about("a", "CA-ON", "Acme Ltd", &["A", "B", "C"]);
    log.told(&first);
    log.told(&about("b", "CA-QC", "Acme Ltd", &["B", "C"]));
    let beside = about("c", "DE", "Acme Ltd", &["A", "C"]);
    log.told(&beside);
    log.told(&names_one(&first));
    settle(&mut log);
    let did = log.told(&about("d", "DE", "Acme Ltd", &["B"]));
    assert_eq!(shown(&did).0, "reg:A", "A and C are one by DE, and B and C by Quebec");
    log.told(&names_one(&beside));
    settle(&mut log);
    assert_eq!(shown(&log.told(&about("e", "DE", "Acme Ltd", &["A"]))).2, Vec::<String>::new());
    assert_eq!((holder(&log, "reg:B").as_deref(), holder(&log, "reg:C").as_deref()), (Some("reg:B"), Some("reg:B")));
}

#[test]
fn a_place_that_an_identifier_tells_of_is_told_and_taken_back() {
    let mut log = Log::new(&FEDERATION);
    log.told(&about("a", "CA-ON", "Acme Ltd", &["A"]));
    let both = with_court(about("b", "CA-QC", "Acme Ltd", &["A"]), "DE");
    assert!(log.told(&both).work_left);
    let roles = |dids: &[Did]| {
        let recipients = dids.iter().flat_map(|did| &did.decisions).flat_map(|at| &at.recipients);
        recipients.map(|to| (to.member, to.role, to.role_before, to.reasons)).collect::<Vec<_>>()
    };
    let [(3, Role::FollowUp, Some(Role::Attention), reasons)] = roles(&settle(&mut log))[..] else {
        panic!("DE alone")
    };
    assert!(reasons.iter().any(|reason| reason == RoleReason::EstablishmentThere));
    assert!(log.told(&withdrawn_for(WithdrawalReason::Unfounded, &both)).work_left);
    let [(3, Role::Attention, Some(Role::FollowUp), _)] = roles(&settle(&mut log))[..] else { panic!("DE alone") };
}

#[test]
fn who_says_that_two_are_not_one_parts_them_and_the_end_of_that_restores_what_events_said() {
    let mut log = Log::new(&FEDERATION);
    log.told(&about("a", "CA-ON", "Acme Ltd", &["A", "B"]));
    let not = link(LinkRelation::NotSame, "reg:B", "reg:A");
    assert_eq!(say(&mut log, &not).outcome, Outcome::Taken);
    assert_eq!(holder(&log, "reg:B"), None);
    let again = log.told(&about("b", "CA-QC", "Acme Ltd", &["A", "B"]));
    assert_eq!((holder(&log, "reg:B"), shown(&again).2), (None, Vec::new()), "no event undoes that");
    assert_eq!(shown(&log.told(&about("c", "DE", "Acme Ltd", &["B"]))).0, "reg:B");
    settle(&mut log);

    assert_eq!(say(&mut log, &over(&not)).outcome, Outcome::Taken);
    assert_eq!(told(&settle(&mut log)).len(), 9, "all three cases are one organisation's again");
    assert_eq!(shown(&log.told(&about("d", "CA-BC", "Acme Ltd", &["B"]))).0, "reg:A");
}

#[test]
fn what_is_said_while_an_authority_says_otherwise_says_nothing() {
    let mut log = Log::new(&FEDERATION);
    log.told(&about("a", "CA-ON", "Acme Ltd", &["A"]));
    log.told(&about("b", "CA-QC", "Acme Ltd", &["B"]));
    let both = about("c", "CA-BC", "Acme Ltd", &["A", "B"]);
    log.told(&both);
    let not = link(LinkRelation::NotSame, "reg:A", "reg:B");
    say(&mut log, &not);
    log.told(&about("d", "DE", "Acme Ltd", &["A", "B"]));
    log.told(&names_one(&both));
    say(&mut log, &over(&not));
    settle(&mut log);
    assert_eq!(shown(&log.told(&about("e", "DE", "Acme Ltd", &["A"]))).2, Vec::<String>::new());
}

#[test]
fn the_end_of_a_link_leaves_what_events_said_before_it() {
    for (relation, first) in [(LinkRelation::Same, "reg:B"), (LinkRelation::SuccessorOf, "reg:B")] {
        let mut log = Log::new(&FEDERATION);
        log.told(&about("a", "CA-ON", "Acme Ltd", &["A"]));
        log.told(&about("b", "CA-QC", "Acme Ltd", &["B"]));
        log.told(&about("c", "CA-BC", "Acme Ltd", &["A", "B"]));
        settle(&mut log);
        let before = log.state.bond(&Pair::new("reg:A", "reg:B"));
        let said = link(relation, first, "reg:A");
        say(&mut log, &said);
        settle(&mut log);
        assert_eq!(shown(&log.told(&about("d", "DE", "Acme Ltd", &["A"]))).0, first, "an authority says who stands");
        say(&mut log, &over(&said));
        assert!(!told(&settle(&mut log)).is_empty());
        assert_eq!(shown(&log.told(&about("e", "DE", "Acme Ltd", &["B"]))).0, "reg:A");
        assert_eq!(log.state.bond(&Pair::new("reg:A", "reg:B")), before);
    }
}

#[test]
fn everybody_ends_their_own_word_and_what_others_say_stands_again() {
    let by = |who: &str, link: Link| Link { asserted_by: who.to_owned(), ..link };
    let same = |who: &str| by(who, link(LinkRelation::Same, "reg:A", "reg:B"));
    let not = |who: &str| by(who, link(LinkRelation::NotSame, "reg:A", "reg:B"));
    let mut log = Log::new(&FEDERATION);
    log.told(&about("a", "CA-ON", "Acme Ltd", &["A"]));
    log.told(&about("b", "CA-QC", "Acme Ltd", &["B"]));
    let outcomes = |log: &mut Log, links: &[Link]| {
        let each = links.iter().map(|link| say(log, link)).map(|did| (did.outcome, did.rejected));
        each.collect::<Vec<_>>()
    };
    let is_one = |log: &Log| log.state.bonds("reg:A").iter().any(|bond| bond.joins());
    let taken = (Outcome::Taken, None);
    assert_eq!(outcomes(&mut log, &[same("operator"), same("DE"), not("CA-ON")]), [taken; 3]);
    assert!(!is_one(&log), "who says that they are two is heard before who says that they are one");
    assert_eq!(outcomes(&mut log, &[same("CA-BC")]), [(Outcome::Rejected, Some(Reason::ContradictedLink))]);
    let not_its = (Outcome::Rejected, Some(Reason::NotItsLink));
    assert_eq!(outcomes(&mut log, &[over(&not("DE")), over(&not("CA-ON"))]), [not_its, taken]);
    assert!(is_one(&log), "two others say so");
    assert_eq!(outcomes(&mut log, &[over(&same("CA-ON")), over(&same("DE"))]), [not_its, taken]);
    assert!(is_one(&log), "the operator says so still");
    let until = Link { to: Some(TODAY + 1), ..same("DE") };
    assert_eq!(outcomes(&mut log, &[until, over(&same("operator"))]), [taken; 2]);
    assert!(!is_one(&log), "the operator ends what anybody said");
    assert_eq!(outcomes(&mut log, &[same("DE"), not("DE"), over(&not("DE"))]), [taken; 3]);
    assert!(is_one(&log), "what it said before it parted them holds again");
    let anew = Link { basis: "another".to_owned(), ..same("DE") };
    assert_eq!(outcomes(&mut log, &[anew, over(&same("DE"))]), [taken; 2]);
    assert!(!is_one(&log), "a word of the same relation was said anew, and is ended once");
    let until = Link { to: Some(TODAY + 1), ..not("DE") };
    assert_eq!(outcomes(&mut log, &[same("CA-QC"), until]), [taken; 2]);
    log.later(DAY_MS);
    assert!(is_one(&log), "the word of one has had its day, that of the other has none");
}

#[test]
fn what_was_contradicted_meanwhile_does_not_hold_again() {
    for by_day in [false, true] {
        let mut log = Log::new(&FEDERATION);
        log.told(&about("a", "CA-ON", "Acme Ltd", &["A"]));
        log.told(&about("b", "CA-QC", "Acme Ltd", &["B"]));
        log.told(&about("c", "CA-BC", "Acme Ltd", &["C"]));
        let not = Link { asserted_by: "DE".to_owned(), ..link(LinkRelation::NotSame, "reg:A", "reg:B") };
        let until = if by_day { Some(TODAY + 1) } else { None };
        say(&mut log, &link(LinkRelation::Same, "reg:A", "reg:B"));
        say(&mut log, &Link { to: until, ..not.clone() });
        say(&mut log, &link(LinkRelation::Same, "reg:A", "reg:C"));
        let between = link(LinkRelation::NotSame, "reg:B", "reg:C");
        assert_eq!(say(&mut log, &between).outcome, Outcome::Taken);
        if by_day {
            log.later(DAY_MS);
        } else {
            assert_eq!(say(&mut log, &over(&not)).rejected, Some(Reason::ContradictedLink));
            assert_eq!(say(&mut log, &over(&between)).outcome, Outcome::Taken);
            assert_eq!(say(&mut log, &over(&not)).outcome, Outcome::Taken);
        }
        settle(&mut log);
        let (_, _, formerly) = shown(&log.told(&about("d", "DE", "Acme Ltd", &["A"])));
        assert_eq!(formerly.len(), if by_day { 1 } else { 2 }, "by a day: {by_day}");
    }
}

#[test]
fn so_many_speak_of_one_pair() {
    let places: Vec<String> = (0..BOND_LINKS_MAX).map(|number| format!("US-{}", two_letters(number))).collect();
    let mut members = FEDERATION.to_vec();
    members.extend(places.iter().map(String::as_str));
    let mut log = Log::new(&members);
    log.told(&about("a", "CA-ON", "Acme Ltd", &["A"]));
    log.told(&about("b", "CA-QC", "Acme Ltd", &["B"]));
    let same = link(LinkRelation::Same, "reg:A", "reg:B");
    for place in &places {
        assert_eq!(say(&mut log, &Link { asserted_by: place.clone(), ..same.clone() }).outcome, Outcome::Taken);
    }
    assert_eq!(say(&mut log, &same).rejected, Some(Reason::LinkFull));
    let again = Link { asserted_by: places[0].clone(), basis: "another".to_owned(), ..same };
    assert_eq!(say(&mut log, &again).outcome, Outcome::Taken, "who spoke before may say it otherwise");
    assert_eq!(log.state.bonds("reg:A").first().map(|bond| bond.unpack().links.len()), Some(BOND_LINKS_MAX));
}

#[test]
fn links_part_an_identifier_from_so_many_others() {
    let mut log = Log::new(&FEDERATION);
    log.told(&about("a", "CA-ON", "Acme Ltd", &["A"]));
    let part = |number: usize| link(LinkRelation::NotSame, "reg:A", &format!("reg:N{number}"));
    for number in 0..=PARTED_MAX {
        log.told(&about(&format!("n{number}"), "CA-QC", "Borealis Foods Inc", &[&format!("N{number}")]));
        let rejected = say(&mut log, &part(number)).rejected;
        assert_eq!(rejected, (number == PARTED_MAX).then_some(Reason::LinkFull), "{number}");
    }
    let turned = link(LinkRelation::NotSame, &format!("reg:N{PARTED_MAX}"), "reg:A");
    assert_eq!(say(&mut log, &turned).rejected, Some(Reason::LinkFull), "whichever of them is first");
    let otherwise = Link { basis: "another".to_owned(), ..part(0) };
    assert_eq!(say(&mut log, &otherwise).outcome, Outcome::Taken, "it is parted from that one already");
    assert_eq!(say(&mut log, &over(&part(1))).outcome, Outcome::Taken);
    assert_eq!(say(&mut log, &part(PARTED_MAX)).outcome, Outcome::Taken, "there is room again");
}

fn two_letters(number: usize) -> String {
    let letter = |number: usize| char::from(b'A' + u8::try_from(number % 26).expect("a letter"));
    [letter(number / 26), letter(number)].iter().collect()
}

#[test]
fn a_link_of_what_an_event_said_holds_beyond_the_event() {
    let mut log = Log::new(&FEDERATION);
    let both = about("a", "CA-ON", "Acme Ltd", &["A", "B"]);
    log.told(&both);
    let same = link(LinkRelation::Same, "reg:A", "reg:B");
    assert_eq!(say(&mut log, &same).outcome, Outcome::Taken);
    assert_eq!(say(&mut log, &same).outcome, Outcome::Duplicate);
    log.told(&names_one(&both));
    assert_eq!(shown(&log.told(&about("b", "CA-QC", "Acme Ltd", &["B"]))).0, "reg:A");
}

#[test]
fn who_has_an_open_case_under_another_of_its_identifiers_has_not_ended() {
    let mut log = Log::new(&FEDERATION);
    let both = of_form(about("a", "CA-ON", "Acme Ltd", &["A", "B"]), "Ltd");
    log.told(&both);
    log.told(&of_form(about("b", "CA-QC", "Acme Ltd", &["B"]), "Ltd"));
    log.told(&closure(&both));
    let did = log.told(&of_form(about("c", "DE", "Acme Inc", &["A"]), "Inc"));
    assert_eq!(shown(&did).0, "reg:A", "a live organisation has several spellings");
}

#[test]
fn whatever_only_a_parted_identifier_kept_is_forgotten_with_it() {
    let mut log = Log::new(&FEDERATION);
    let both = about("a", "CA-QC", "Acme Ltd", &["A", "B"]);
    let other = about("d", "CA-ON", "Acme Ltd", &["D"]);
    log.told(&both);
    log.told(&other);
    say(&mut log, &link(LinkRelation::Same, "reg:B", "reg:D"));
    log.told(&corrected(&other, &["X"]));
    assert!(log.state.organisation("reg:D").is_some(), "it is one with A, which has a case");
    log.told(&names_one(&both));
    assert!(log.state.organisation("reg:D").is_none());
}

#[test]
fn an_identifier_that_only_a_link_speaks_of_is_held_by_nobody() {
    let mut log = Log::new(&FEDERATION);
    let both = about("a", "CA-QC", "Acme Ltd", &["A", "B"]);
    log.told(&both);
    log.told(&about("d", "CA-ON", "Acme Ltd", &["D"]));
    say(&mut log, &link(LinkRelation::Same, "reg:B", "reg:D"));
    log.told(&names_one(&both));
    settle(&mut log);
    assert_eq!(holder(&log, "reg:B"), None);
    let did = log.told(&about("b", "DE", "Acme Ltd", &["B"]));
    assert_eq!(shown(&did), ("reg:B".to_owned(), MatchedBy::NewIdentifier, vec!["reg:D".to_owned()]));
}

#[test]
fn a_question_below_a_link_goes_with_those_whom_it_is_about() {
    let mut log = Log::new(&FEDERATION);
    let (one, other) = (about("a", "CA-ON", "Acme Ltd", &["A"]), about("b", "CA-QC", "Borealis Foods Inc", &["A"]));
    log.told(&one);
    log.told(&other);
    say(&mut log, &link(LinkRelation::Same, "reg:A", "reg:A~2"));
    settle(&mut log);
    let pair = Pair::new("reg:A", "reg:A~2");
    assert!(log.state.bond(&pair).is_some_and(|bond| bond.named.is_some()));
    log.told(&corrected(&one, &["X"]));
    log.told(&corrected(&other, &["X"]));
    let left = log.state.bond(&pair).map(|bond| (bond.links.len(), bond.named.is_none()));
    assert_eq!(left, Some((1, true)), "what the operator said is kept, the question has no object");
}

#[test]
fn an_identifier_of_which_the_end_is_still_told_is_no_new_one() {
    let mut log = Log::new(&FEDERATION);
    for number in 0..100 {
        log.told(&about(&format!("b{number}"), "CA-ON", "Acme Ltd", &["B"]));
    }
    let other = about("d", "CA-QC", "Acme Ltd", &["D"]);
    log.told(&other);
    let same = link(LinkRelation::Same, "reg:B", "reg:D");
    say(&mut log, &same);
    settle(&mut log);
    log.told(&corrected(&other, &["X"]));
    say(&mut log, &over(&same));
    assert!(log.state.organisation("reg:D").is_none());
    let did = log.told(&about("c", "DE", "Acme Ltd", &["C", "D"]));
    assert!(did.work_left, "of a hundred cases it is still to be seen who saw D beside B");
    assert_eq!(told(&settle(&mut log)), BTreeSet::new(), "nobody did see C's case there");
}

#[test]
fn a_namesake_is_met_by_its_own_id() {
    let mut log = Log::new(&FEDERATION);
    log.told(&about("a", "CA-ON", "Acme Ltd", &["A"]));
    log.told(&about("b", "CA-QC", "Borealis Foods Inc", &["A"]));
    log.told(&about("l", "CA-BC", "Borealis Foods Inc", &["L"]));
    let did = log.told(&about("c", "DE", "Borealis Foods Inc", &["L", "A"]));
    assert_eq!(shown(&did), ("reg:L".to_owned(), MatchedBy::Identifier, vec!["reg:A~2".to_owned()]));
}

#[test]
fn an_organisation_holds_so_many_identifiers_and_is_of_so_many_parts() {
    let mut log = Log::new(&FEDERATION);
    let number = |number: usize| format!("N{number}");
    let mut asked = Vec::new();
    for of in 1..=ORGANISATION_IDENTIFIERS_MAX {
        let did = log.told(&about(&format!("a{of}"), "CA-ON", "Acme Ltd", &["A", &number(of)]));
        asked.extend(did.notices.into_iter().filter_map(|notice| match notice.content {
            NoticeContent::Review(review) => Some((review.kind, review.organisation_id, review.identifier)),
            _ => None,
        }));
    }
    let held = |log: &Log| log.state.organisation("reg:A").map_or(0, |known| known.identifiers.iter().count());
    assert_eq!(held(&log), ORGANISATION_IDENTIFIERS_MAX);
    let last = number(ORGANISATION_IDENTIFIERS_MAX);
    assert_eq!(holder(&log, &format!("reg:{last}")), None, "there was no room");
    let (organisation, identifier) = (Some("reg:A".to_owned()), Some(format!("reg:{last}")));
    assert_eq!(asked, [(ReviewKind::IdentifierNotKept, organisation, identifier)]);

    // Each that a case knows alone stands alone, and makes room; so many organisations are one at most.
    for of in 1..ORGANISATION_IDENTIFIERS_MAX {
        log.told(&about(&format!("b{of}"), "CA-QC", "Acme Ltd", &[&number(of)]));
    }
    log.told(&about("c", "CA-QC", "Acme Ltd", &["A", &last]));
    let did = log.told(&about("d", "CA-QC", "Acme Ltd", &[&last]));
    let (id, _, formerly) = shown(&did);
    assert_eq!((id.as_str(), formerly.len()), ("reg:A", GROUP_ORGANISATIONS_MAX - 1));
    assert_eq!(holder(&log, &format!("reg:{last}")).as_deref(), Some("reg:A"), "its case is that of its holder");
}

#[test]
fn what_links_say_of_a_namesake_is_not_said_of_the_next() {
    let mut log = Log::new(&FEDERATION);
    log.told(&about("a", "CA-ON", "Acme Ltd", &["A"]));
    let (one, other) = (about("p", "CA-QC", "Borealis", &["A"]), about("q", "CA-QC", "Borealis", &["B"]));
    log.told(&one);
    log.told(&other);
    say(&mut log, &link(LinkRelation::Same, "reg:A~2", "reg:B"));
    settle(&mut log);
    for (event, name) in [(one, "X"), (other, "Y")] {
        log.told(&corrected(&event, &[name]));
    }
    assert!(log.state.organisation("reg:A~2").is_none() && log.state.has_bonds());
    let did = log.told(&about("c", "CA-QC", "Cudmore", &["A"]));
    assert_eq!(shown(&did), ("reg:A~3".to_owned(), MatchedBy::NewIdentifier, Vec::new()));
}

#[test]
fn a_number_that_everybody_names_is_asked_about_so_often_and_no_more() {
    let mut log = Log::new(&FEDERATION);
    log.told(&about("h", "CA-ON", "Acme Ltd", &["H"]));
    let mut reviews = 0;
    for number in 0..QUESTIONS_MAX + 3 {
        let (id, own) = (format!("e{number}"), format!("L{number}"));
        let word = two_letters(number).repeat(4);
        log.told(&about(&id, "CA-QC", &word, &[&own]));
        let did = log.told(&about(&format!("f{number}"), "CA-QC", &word, &[&own, "H"]));
        assert_eq!(did.outcome, Outcome::Taken);
        let asked = did.notices.iter().filter(|notice| notice.output == Output::Review).count();
        assert_eq!(asked, usize::from(number < QUESTIONS_MAX), "{number}");
        reviews += asked;
    }
    assert_eq!((reviews, log.state.bonds("reg:H").len()), (QUESTIONS_MAX, QUESTIONS_MAX));
}
