//! Links of identifiers, and identifiers that come back with another name: one test for each rule.

use std::collections::BTreeSet;
use std::sync::Arc;

use comity::index::State;
use comity::ledger::{Outcome, handle};
use comity::model::code::{Kind, MatchedBy, MsgType, Role, Scope};
use comity::model::decision::{Notice, NoticeContent, Review};
use comity::model::entry::{Body, Link, LinkRelation, LogEntry};
use comity::model::event::InfractionEvent;
use comity::model::limit::{NAMESAKES_MAX, WORK_PER_LIVE_ENTRY_MAX};
use comity::model::packed::PackedCase;
use comity::model::place::{DAY_MS, Jurisdiction};
use comity::model::record::SourcePosition;
use comity::model::rejection::Reason;
use comity::model::state::Value;

use crate::world::{Did, Log, START, TODAY, apply, closure, of_form, original, place, revised, subject};

pub(crate) const FEDERATION: [&str; 4] = ["CA-ON", "CA-QC", "CA-BC", "DE"];

pub(crate) fn link(relation: LinkRelation, first: &str, second: &str) -> Link {
    let at = SourcePosition { topic: Arc::from("comity.links"), partition: 0, from: 0, offset: 0 };
    Link {
        at,
        relation,
        first: first.to_owned(),
        second: second.to_owned(),
        asserted_by: "operator".to_owned(),
        basis: "register".to_owned(),
        from: None,
        to: None,
    }
}

/// The same link, over since today.
pub(crate) fn over(of: &Link) -> Link {
    Link { to: Some(TODAY), ..of.clone() }
}

/// Says a link as the next record of its topic.
pub(crate) fn say(log: &mut Log, link: &Link) -> Did {
    let mut link = link.clone();
    let position = log.state.source("comity.links", 0).map_or(0, |source| source.position);
    (link.at.from, link.at.offset) = (position, position);
    log.add(Body::Link(Box::new(link)))
}

/// An original about a holder of these identifiers, in a case of its own.
pub(crate) fn about(id: &str, origin: &str, name: &str, identifiers: &[&str]) -> InfractionEvent {
    InfractionEvent { origin: place(origin), subject: Some(subject(name, identifiers)), ..original(id) }
}

/// An event corrected to name these.
pub(crate) fn corrected(event: &InfractionEvent, identifiers: &[&str]) -> InfractionEvent {
    let named = Some(subject("Acme Ltd", identifiers));
    InfractionEvent { subject: named, ..revised(event, Kind::Correction, "names others") }
}

/// The same event for some recipients alone.
pub(crate) fn secret(event: &InfractionEvent, to: &[&str]) -> InfractionEvent {
    let for_attention = to.iter().map(|to| place(to)).collect();
    InfractionEvent { scope: Scope::Restricted, for_attention, ..event.clone() }
}

/// Ticks until no work is left: what each of them sent, at most 64 cases an entry.
pub(crate) fn settle(log: &mut Log) -> Vec<Did> {
    let mut all = Vec::new();
    loop {
        let did = log.tick();
        assert!(did.decisions.len() <= 64);
        let left = did.work_left;
        all.push(did);
        if !left {
            return all;
        }
    }
}

/// Which case each recipient is told of again.
pub(crate) fn told(dids: &[Did]) -> BTreeSet<(String, Jurisdiction)> {
    let alerts = dids.iter().flat_map(|did| &did.alerts);
    alerts.map(|alert| (alert.alert_id.split('#').next().unwrap_or_default().to_owned(), alert.to)).collect()
}

fn reviews(did: &Did) -> Vec<Review> {
    let review = |notice: &Notice| match &notice.content {
        NoticeContent::Review(review) => Some(review.clone()),
        _ => None,
    };
    did.notices.iter().filter_map(review).collect()
}

fn read(state: &mut State, entries: &[LogEntry]) {
    for entry in entries {
        let effects = handle(state, entry);
        apply(state, &effects);
    }
}

/// Two organisations: A with five open cases of CA-ON, B with seven, six of CA-ON and one of DE.
fn five_and_seven(log: &mut Log) {
    for number in 0..5 {
        log.told(&about(&format!("a{number}"), "CA-ON", "Acme Ltd", &["A"]));
    }
    for number in 0..6 {
        log.told(&about(&format!("b{number}"), "CA-ON", "Acme Ltd", &["B"]));
    }
    log.told(&about("b6", "DE", "Acme Ltd", &["B"]));
}

fn open_cases(log: &Log, id: &str) -> usize {
    log.state.organisation(id).map_or(0, |known| known.open_cases.len())
}

/// The state without what was told, by which version and sequence: what a join and its end leave as it was.
fn without_telling(state: &State) -> Vec<String> {
    let organisations =
        state.dump().into_iter().filter(|line| line.starts_with("org/") || line.starts_with("derived i"));
    let cases = state.cases().map(PackedCase::unpack).map(|case| {
        let roles: Vec<_> = case.told.iter().map(|told| (told.member, told.role, told.by_index)).collect();
        format!("{} {:?} {roles:?}", case.case_id, case.organisation_id)
    });
    let mut lines: Vec<String> = organisations.chain(cases).collect();
    lines.sort();
    lines
}

#[test]
fn a_join_tells_exactly_those_who_see_another_picture_and_its_end_restores_it() {
    let mut log = Log::new(&FEDERATION);
    five_and_seven(&mut log);
    let before = without_telling(&log.state);
    let same = link(LinkRelation::Same, "reg:A", "reg:B");
    let did = say(&mut log, &same);
    assert_eq!((did.outcome, did.alerts.len(), did.work_left), (Outcome::Taken, 0, true));
    let dids = settle(&mut log);
    // Of A's cases everybody sees one more elsewhere, that of DE; B's cases have another name now.
    let to = |ids: &[String], members: &[&str]| -> BTreeSet<(String, Jurisdiction)> {
        ids.iter().flat_map(|id| members.iter().map(|member| (id.clone(), place(member)))).collect()
    };
    let ontarian: Vec<String> = (0..5).map(|n| format!("a{n}")).chain((0..6).map(|n| format!("b{n}"))).collect();
    let mut expected = to(&ontarian, &["CA-QC", "CA-BC", "DE"]);
    expected.extend(to(&["b6".to_owned()], &["CA-ON", "CA-QC", "CA-BC"]));
    assert_eq!(told(&dids), expected);
    assert!(dids.iter().flat_map(|did| &did.decisions).all(|decision| decision.msg_type == MsgType::Update));
    let decisions: Vec<_> = dids.iter().flat_map(|did| &did.decisions).collect();
    let b6 = decisions.iter().find(|decision| decision.about.case_id == "b6").expect("b6");
    let organisation = b6.organisation.as_ref().expect("an organisation");
    assert_eq!((organisation.organisation_id.as_deref(), organisation.matched_by), (Some("reg:A"), MatchedBy::Link));
    assert_eq!((organisation.formerly.as_slice(), b6.open_cases.len()), (["reg:B".to_owned()].as_slice(), 11));
    let a0 = decisions.iter().find(|decision| decision.about.case_id == "a0").expect("a0");
    let de = a0.recipients.iter().find(|recipient| recipient.member == 3).expect("DE");
    assert_eq!((de.role, de.role_before), (Role::FollowUp, Some(Role::Attention)), "it has an open case of the two");

    assert_eq!(say(&mut log, &over(&same)).outcome, Outcome::Taken);
    let dids = settle(&mut log);
    assert_eq!(told(&dids), expected, "whoever saw one organisation sees two again");
    assert_eq!(without_telling(&log.state), before);
    assert_eq!((open_cases(&log, "reg:A"), open_cases(&log, "reg:B")), (5, 7));
    assert!(!log.state.has_bonds() && log.state.retellings().next().is_none());
}

#[test]
fn a_join_that_was_aborted_at_any_step_is_the_same() {
    let mut log = Log::new(&FEDERATION);
    five_and_seven(&mut log);
    let same = link(LinkRelation::Same, "reg:A", "reg:B");
    let position = |offset, link: &Link| {
        let at = SourcePosition { from: offset, offset, ..link.at.clone() };
        Body::Link(Box::new(Link { at, ..link.clone() }))
    };
    let bodies = [position(0, &same), Body::Tick, position(1, &over(&same)), Body::Tick, Body::Tick];
    let entry = |body: &Body, number: usize| LogEntry {
        offset: log.offset + i64::try_from(number).expect("few"),
        appended_at: START,
        body: body.clone(),
    };
    let entries: Vec<LogEntry> = bodies.iter().zip(0..).map(|(body, number)| entry(body, number)).collect();
    let straight = {
        let mut once = Log::new(&FEDERATION);
        five_and_seven(&mut once);
        read(&mut once.state, &entries);
        once.state.dump()
    };
    for aborted in 0..=entries.len() {
        let mut again = Log::new(&FEDERATION);
        five_and_seven(&mut again);
        let (before, marks, mut changes) = (again.state.dump(), again.state.marks.clone(), Vec::new());
        for entry in &entries[..aborted] {
            let effects = handle(&again.state, entry);
            apply(&mut again.state, &effects);
            changes.extend(effects.changes);
        }
        again.state.undo(&changes, marks);
        assert_eq!(again.state.dump(), before, "aborted after {aborted}");
        read(&mut again.state, &entries);
        assert_eq!(again.state.dump(), straight, "aborted after {aborted}");
    }
}

#[test]
fn an_entry_tells_of_64_cases_and_ticks_follow() {
    let mut log = Log::new(&FEDERATION);
    for number in 0..150 {
        log.told(&about(&format!("a{number}"), "CA-ON", "Acme Ltd", &["A"]));
    }
    log.told(&about("b", "DE", "Acme Ltd", &["B"]));
    say(&mut log, &link(LinkRelation::Same, "reg:A", "reg:B"));
    let mut dids = settle(&mut log);
    let counts: Vec<usize> = dids.iter().map(|did| did.decisions.len()).collect();
    assert_eq!(counts, [64, 64, 23]);
    // Ended half way: only those who heard of the join hear of its end.
    let same = link(LinkRelation::Same, "reg:A", "reg:B");
    say(&mut log, &over(&same));
    dids = settle(&mut log);
    assert_eq!(told(&dids).len(), 151 * 3);
    say(&mut log, &same);
    let first = log.tick();
    assert_eq!(first.decisions.len(), 64);
    say(&mut log, &over(&same));
    // The entry that ended it went on with the join first, a little.
    dids = settle(&mut log);
    assert_eq!(told(&dids).len(), (64 + WORK_PER_LIVE_ENTRY_MAX) * 3);
}

#[test]
fn what_a_link_may_not_say() {
    let mut log = Log::new(&FEDERATION);
    log.told(&about("a", "CA-ON", "Acme Ltd", &["A", "A2"]));
    log.told(&about("b", "CA-QC", "Acme Ltd", &["B"]));
    log.told(&about("c", "CA-QC", "Acme Ltd", &["C"]));
    let (same, not) = (LinkRelation::Same, LinkRelation::NotSame);
    let refused = |log: &mut Log, link: Link| say(log, &link).rejected;
    assert_eq!(refused(&mut log, link(same, "reg:A", "reg:A")), Some(Reason::EqualIdentifiers));
    assert_eq!(refused(&mut log, link(same, "reg:A", "reg:X")), Some(Reason::UnknownOrganisation));
    assert_eq!(refused(&mut log, over(&link(same, "reg:A", "reg:B"))), Some(Reason::UnknownLink));
    let by = |link: Link, who: &str| Link { asserted_by: who.to_owned(), ..link };
    assert_eq!(refused(&mut log, by(link(same, "reg:A", "reg:B"), "FR")), Some(Reason::OriginNotMember));
    assert_eq!(refused(&mut log, by(link(not, "reg:A", "reg:C"), "DE")), None);
    assert_eq!(refused(&mut log, link(same, "reg:A2", "reg:C")), Some(Reason::ContradictedLink), "a NOT_SAME stands");
    assert_eq!(refused(&mut log, link(same, "reg:A", "reg:C")), Some(Reason::ContradictedLink), "of the same pair too");
    assert_eq!(refused(&mut log, link(same, "reg:B", "reg:C")), None);
    assert_eq!(refused(&mut log, link(same, "reg:A", "reg:B")), Some(Reason::ContradictedLink), "B is one with C");
    assert_eq!(refused(&mut log, over(&by(link(not, "reg:C", "reg:A"), "CA-ON"))), Some(Reason::NotItsLink));
    assert_eq!(refused(&mut log, over(&by(link(not, "reg:C", "reg:A"), "DE"))), None);
    assert_eq!(refused(&mut log, link(same, "reg:A", "reg:B")), None);
    assert_eq!(refused(&mut log, link(not, "reg:A", "reg:C")), Some(Reason::ContradictedLink), "they are one by B");
    assert_eq!(say(&mut log, &link(same, "reg:A", "reg:B")).outcome, Outcome::Duplicate);
}

#[test]
fn a_successor_stands_for_both_and_a_link_ends_on_its_day() {
    let mut log = Log::new(&FEDERATION);
    log.told(&about("a", "CA-ON", "Acme Ltd", &["A"]));
    log.told(&about("b", "CA-QC", "Acme Ltd", &["B"]));
    let link = link(LinkRelation::SuccessorOf, "reg:B", "reg:A");
    say(&mut log, &Link { to: Some(TODAY + 1), ..link });
    let dids = settle(&mut log);
    let names = dids[0].decisions.iter().filter_map(|decision| decision.organisation.clone()?.organisation_id);
    assert_eq!(names.collect::<Vec<_>>(), ["reg:B", "reg:B"]);
    let did = log.later(DAY_MS - 1);
    assert_eq!((did.alerts.len(), did.work_left), (0, false));
    let did = log.later(1);
    assert!(did.work_left, "the day has come");
    assert_eq!(told(&settle(&mut log)).len(), 6);
    assert!(!log.state.has_bonds());
}

#[test]
fn who_comes_back_under_a_link_is_shown_by_it_at_once() {
    let mut log = Log::new(&FEDERATION);
    let (one, other) = (about("a", "CA-ON", "Acme Ltd", &["D"]), about("b", "CA-QC", "Acme Ltd", &["Z"]));
    log.told(&one);
    log.told(&other);
    say(&mut log, &link(LinkRelation::Same, "reg:Z", "reg:D"));
    settle(&mut log);
    for (event, name) in [(one, "X"), (other, "Y")] {
        log.told(&corrected(&event, &[name]));
    }
    assert!(log.state.organisation("reg:D").or(log.state.organisation("reg:Z")).is_none(), "no case names them");
    log.told(&about("c", "CA-QC", "Acme Ltd", &["Z"]));
    let did = log.told(&about("d", "CA-ON", "Acme Ltd", &["D"]));
    let shown = did.decisions[0].organisation.as_ref().expect("an organisation");
    assert_eq!((shown.organisation_id.as_deref(), &shown.formerly[..]), (Some("reg:Z"), &["reg:D".to_owned()][..]));
}

#[test]
fn an_event_that_names_two_organisations_of_its_name_makes_them_one() {
    let mut log = Log::new(&FEDERATION);
    log.told(&about("a", "CA-ON", "Acme Ltd", &["A"]));
    log.told(&about("b", "CA-QC", "ACME, Ltd.", &["B"]));
    let did = log.told(&about("c", "CA-BC", "Acme Ltd", &["A", "B"]));
    let organisation = did.decisions[0].organisation.clone().expect("an organisation");
    assert_eq!(
        (organisation.organisation_id.as_deref(), organisation.formerly),
        (Some("reg:A"), vec!["reg:B".to_owned()])
    );
    assert!(did.work_left && reviews(&did).is_empty());
    let expected = [("a", "CA-QC"), ("a", "CA-BC"), ("a", "DE"), ("b", "CA-ON"), ("b", "CA-BC"), ("b", "DE")];
    assert_eq!(told(&settle(&mut log)), expected.map(|(id, to)| (id.to_owned(), place(to))).into());
    // An authority knows better, and nothing that an event names undoes that.
    assert_eq!(say(&mut log, &link(LinkRelation::NotSame, "reg:A", "reg:B")).outcome, Outcome::Taken);
    settle(&mut log);
    let did = log.told(&about("d", "DE", "Acme Ltd", &["A", "B"]));
    assert_eq!(did.decisions[0].organisation.as_ref().map(|at| at.formerly.len()), Some(0));
    assert!(reviews(&did).is_empty() && !did.work_left);
}

#[test]
fn a_revision_that_adds_a_stronger_number_of_another_holder_is_of_both() {
    for kind in [Kind::Original, Kind::Correction] {
        let mut log = Log::new(&FEDERATION);
        log.told(&about("q", "CA-QC", "Acme Ltd", &["L"]));
        log.told(&about("p", "CA-ON", "Acme Ltd", &["A"]));
        let both = Some(subject("ACME, Ltd.", &["L", "A"]));
        let did = log.told(&InfractionEvent { subject: both, ..revised(&original("p"), kind, "second") });
        let lines = did.lines();
        assert!(lines.iter().all(|line| line.starts_with("p#2 Update")), "nothing was mistaken: {lines:?}");
        let shown = did.decisions[0].organisation.as_ref().expect("an organisation");
        assert_eq!((shown.organisation_id.as_deref(), shown.formerly.len()), (Some("reg:L"), 1));
    }
}

#[test]
fn a_number_that_comes_back_with_another_name_stands_alone_until_a_link_decides() {
    let mut log = Log::new(&FEDERATION);
    log.told(&about("a", "CA-ON", "Acme Ltd", &["A"]));
    let did = log.told(&about("b", "CA-QC", "Borealis Foods Inc", &["A"]));
    assert_eq!(did.decisions[0].organisation.as_ref().and_then(|at| at.organisation_id.as_deref()), Some("reg:A~2"));
    assert!(did.decisions[0].open_cases.is_empty(), "nothing of the other's is told");
    let asked = reviews(&did);
    let [review] = asked.as_slice() else { panic!("one question: {asked:?}") };
    let ids = (review.organisation_id.as_deref(), review.other_organisation_id.as_deref());
    assert_eq!((ids, review.identifier.as_deref()), ((Some("reg:A~2"), Some("reg:A")), Some("reg:A")));
    assert_eq!(review.legal_name.as_deref(), Some("Borealis Foods Inc"));
    let again = log.told(&about("c", "DE", "BOREALIS FOODS, INC.", &["A"]));
    assert!(reviews(&again).is_empty(), "it is asked once");
    assert_eq!(again.decisions[0].open_cases.len(), 1);
    let spelling = log.told(&about("d", "DE", "Acme Limited", &["A"]));
    assert!(reviews(&spelling).is_empty());
    assert_eq!(spelling.decisions[0].organisation.as_ref().and_then(|at| at.organisation_id.as_deref()), Some("reg:A"));
    assert_eq!(say(&mut log, &link(LinkRelation::Same, "reg:A", "reg:A~2")).outcome, Outcome::Taken);
    assert_eq!(told(&settle(&mut log)).len(), 4 * 3);
    let bond = log.state.bonds("reg:A").first().map(|bond| bond.relation());
    assert_eq!(bond, Some(Some(LinkRelation::Same)), "the question is answered");
}

#[test]
fn a_number_under_too_many_names_tells_nobody_apart() {
    let mut log = Log::new(&FEDERATION);
    let names = [
        "Aspenware",
        "Birchgrove",
        "Cudmore",
        "Drumlin",
        "Foxglove",
        "Hezekiah",
        "Juniper",
        "Kvass",
        "Milltown",
        "Zyxograph",
    ];
    assert_eq!(names.len(), NAMESAKES_MAX + 2);
    for (place, name) in names.iter().enumerate() {
        let did = log.told(&about(&format!("p/{place}"), "CA-ON", name, &["A"]));
        let shown = did.decisions[0].organisation.as_ref().and_then(|at| at.organisation_id.clone());
        assert_eq!(shown.is_some(), place <= NAMESAKES_MAX, "{name}: {shown:?}");
    }
    let again = log.told(&about("p/again", "CA-ON", "Kvass", &["A"]));
    let shown = again.decisions[0].organisation.as_ref().and_then(|at| at.organisation_id.clone());
    assert_eq!(shown.as_deref(), Some("reg:A~8"), "those that came before are known still");
}

#[test]
fn a_case_keeps_its_own_namesake() {
    let mut log = Log::new(&FEDERATION);
    log.told(&of_form(about("p", "CA-ON", "Acme Ltd", &["A"]), "Ltd"));
    let other = of_form(about("q", "CA-QC", "Borealis Foods Inc", &["A"]), "Inc");
    let first = log.told(&other).decisions[0].organisation.as_ref().and_then(|at| at.organisation_id.clone());
    assert_eq!(first.as_deref(), Some("reg:A~2"));
    let longer = of_form(about("q", "CA-QC", "Acme Borealis Foods Inc", &["A"]), "Inc");
    let did = log.told(&longer);
    assert_eq!(did.decisions[0].organisation.as_ref().and_then(|at| at.organisation_id.as_deref()), Some("reg:A~2"));
}

#[test]
fn another_form_is_another_holder_once_the_first_has_no_open_case() {
    let formed = |id: &str, form: &str| {
        let mut event = about(id, "CA-ON", &format!("Acme {form}"), &["A"]);
        event.subject.as_mut().expect("a subject").legal_form = Some(form.to_owned());
        event
    };
    let mut log = Log::new(&FEDERATION);
    log.told(&formed("a", "Ltd"));
    assert!(reviews(&log.told(&formed("b", "Inc"))).is_empty(), "a live holder has several spellings");
    log.event(&closure(&formed("a", "Ltd")));
    log.event(&closure(&formed("b", "Inc")));
    assert!(reviews(&log.told(&formed("c", "Ltd"))).is_empty());
    log.event(&closure(&formed("c", "Ltd")));
    assert_eq!(reviews(&log.told(&formed("d", "Inc"))).len(), 1);
}

#[test]
fn a_number_of_another_name_beside_ones_own_is_a_question() {
    let mut log = Log::new(&FEDERATION);
    log.told(&about("a", "CA-ON", "Acme Ltd", &["A"]));
    log.told(&about("b", "CA-QC", "Borealis Foods Inc", &["B"]));
    let did = log.told(&about("c", "DE", "Borealis Foods Inc", &["A", "B"]));
    assert_eq!(did.decisions[0].organisation.as_ref().and_then(|at| at.organisation_id.as_deref()), Some("reg:B"));
    let asked: Vec<_> = reviews(&did).into_iter().map(|review| (review.organisation_id, review.identifier)).collect();
    assert_eq!(asked, [(Some("reg:B".to_owned()), Some("reg:A".to_owned()))]);
    let has_question = |log: &Log| log.state.bonds("reg:A").iter().any(|bond| bond.relation().is_none());
    assert!(has_question(&log) && reviews(&log.told(&about("d", "DE", "Borealis Foods Inc", &["A", "B"]))).is_empty());
}

#[test]
fn an_organisation_that_holds_others_together_is_kept_as_long_as_they_are() {
    let mut log = Log::new(&FEDERATION);
    let short =
        |event: InfractionEvent, days: i64| InfractionEvent { expires_at: Some(START + days * DAY_MS), ..event };
    log.told(&about("a", "CA-ON", "Acme Ltd", &["A"]));
    log.told(&short(about("m", "CA-ON", "Acme Ltd", &["M"]), 1));
    log.told(&about("b", "CA-QC", "Acme Ltd", &["B"]));
    say(&mut log, &link(LinkRelation::Same, "reg:A", "reg:M"));
    say(&mut log, &link(LinkRelation::Same, "reg:M", "reg:B"));
    settle(&mut log);
    // Beyond a year for the term and two for those told, in steps that are no alarm.
    let kept = |log: &Log| log.state.organisation("reg:M").map(|known| known.cases);
    for _ in 0..(365 * 2 + 5) {
        log.later(DAY_MS);
    }
    assert_eq!((log.state.case(place("CA-ON"), "m").is_none(), kept(&log)), (true, Some(0)));
    for _ in 0..(365 + 5) {
        log.later(DAY_MS);
    }
    assert_eq!((log.state.cases().count(), kept(&log)), (0, None));
    assert!(
        matches!(
            log.state.get(&comity::model::state::Key::Link(comity::model::bond::Pair::new("reg:A", "reg:M"))),
            Some(Value::Link(_))
        ),
        "what an authority said is kept"
    );
}
