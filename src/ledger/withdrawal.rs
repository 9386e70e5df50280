//! Withdrawals: what was said is unsaid to everyone who was told, whatever the rules are now.

use std::sync::Arc;

use super::Outcome;
use super::draft::Draft;
use super::revision::{self, Against};
use super::statement::place_of;
use super::tell::{self, Message};
use super::{bonds, reject, term};
use crate::model::bond::Pair;
use crate::model::code::{Finality, Kind, MsgType, Standing, WithdrawalReason, WithdrawalScope};
use crate::model::decision::{NoticeContent, Output, Review, ReviewKind};
use crate::model::event::{InfractionEvent, Withdrawal};
use crate::model::limit::PENDING_PER_PLATFORM_MAX;
use crate::model::rejection::Reason;
use crate::model::rules::Rules;
use crate::model::state::{Case, EventKey, Key, Pending, Value};
use crate::route;

/// What a withdrawal is about: events of its case that are known, and names that are not.
struct Targets {
    known: Vec<usize>,
    unknown: Vec<String>,
}

/// True of a statement that says of its own finding that it was annulled, which takes it back.
pub(super) fn is_annulled(event: &InfractionEvent) -> bool {
    match event.kind {
        Kind::Original | Kind::Supplement | Kind::Correction => event.finality == Finality::Annulled,
        Kind::Withdrawal | Kind::Closure => false,
    }
}

/// Decides on such a statement.
pub(super) fn decide_annulled<'e>(draft: &mut Draft<'_, 'e>, rules: &Rules, event: &'e InfractionEvent) -> Outcome {
    let (scope, reason) = (WithdrawalScope::Event, WithdrawalReason::Annulled);
    withdraw(draft, rules, event, &Withdrawal { scope, reason, decision_ref: None })
}

/// Decides on a withdrawal.
pub(super) fn decide<'e>(draft: &mut Draft<'_, 'e>, rules: &Rules, event: &'e InfractionEvent) -> Outcome {
    match &event.withdrawal {
        Some(withdrawal) => withdraw(draft, rules, event, withdrawal),
        None => reject::event(draft, event, Reason::NotAccepted, Some("withdrawal")),
    }
}

/// Withdraws what is known, and keeps what is not known yet.
fn withdraw<'e>(
    draft: &mut Draft<'_, 'e>,
    rules: &Rules,
    event: &'e InfractionEvent,
    withdrawal: &Withdrawal,
) -> Outcome {
    let before = draft.case(event.origin, &event.case_id);
    let Targets { known, unknown } = targets(before.as_ref(), event, withdrawal.scope);
    if !reject::may_speak(rules, event.origin, !known.is_empty(), Kind::Withdrawal) {
        return reject::event(draft, event, Reason::OriginNotMember, Some("origin"));
    }
    let mut withdrew = None;
    if let Some(before) = before {
        let outcome = withdraw_known(draft, rules, &before, &known, event, withdrawal);
        if outcome == Outcome::Superseded {
            return outcome;
        }
        withdrew = Some(outcome).filter(|_| !known.is_empty());
    }
    let mut kept = None;
    for target in unknown {
        let outcome = keep(draft, rules, event, withdrawal, target);
        kept = Some(kept.map_or(outcome, |before| stronger(before, outcome)));
    }
    match (withdrew, kept) {
        (Some(outcome), None) | (None, Some(outcome)) => outcome,
        (Some(one), Some(other)) => stronger(one, other),
        (None, None) => Outcome::NobodyTold,
    }
}

/// A withdrawal of several events is counted by the most that it did.
fn stronger(one: Outcome, other: Outcome) -> Outcome {
    let order = [Outcome::Rejected, Outcome::Taken, Outcome::Pending, Outcome::Duplicate, Outcome::NobodyTold];
    order.into_iter().find(|outcome| [one, other].contains(outcome)).unwrap_or(one)
}

/// The events of a withdrawal: its own and those that it refers to; of one that says of its own finding that it was
/// annulled that alone, once it is known.
fn targets(case: Option<&Case>, event: &InfractionEvent, scope: WithdrawalScope) -> Targets {
    let place = |id: &String| case.and_then(|case| place_of(case, id));
    match (scope, case) {
        (WithdrawalScope::Case, Some(case)) => Targets { known: (0..case.events.len()).collect(), unknown: Vec::new() },
        (WithdrawalScope::Case, None) => Targets { known: Vec::new(), unknown: vec![event.case_id.clone()] },
        (WithdrawalScope::Event, _) => {
            let own = place(&event.event_id);
            let references: &[String] = if own.is_some() && is_annulled(event) { &[] } else { &event.references };
            let mut known: Vec<usize> = own.into_iter().chain(references.iter().filter_map(place)).collect();
            known.sort_unstable();
            known.dedup();
            let mut unknown: Vec<String> = references.iter().filter(|id| place(id).is_none()).cloned().collect();
            if own.is_none() && references.is_empty() {
                unknown.push(event.event_id.clone());
            }
            Targets { known, unknown }
        }
    }
}

/// Cancels every known event that is not withdrawn yet.
fn withdraw_known<'e>(
    draft: &mut Draft<'_, 'e>,
    rules: &Rules,
    before: &Case,
    known: &[usize],
    event: &'e InfractionEvent,
    withdrawal: &Withdrawal,
) -> Outcome {
    let own = place_of(before, &event.event_id).and_then(|own| before.events.get(own));
    if own.is_some_and(|own| revision::against(own, event) == Against::Superseded) {
        return Outcome::Superseded;
    }
    let unsaid = |index: &usize| {
        let known = &before.events[*index];
        // A withdrawal that comes again after its event was put in force anew was answered before.
        known.standing == Standing::Withdrawn || revision::is_seen(known, revision::revision_of(event))
    };
    let mut case = Case::clone(before);
    let standing: Vec<usize> = known.iter().copied().filter(|index| !unsaid(index)).collect();
    if standing.is_empty() {
        return Outcome::Duplicate;
    }
    for index in standing.iter().copied() {
        revision::remember(&mut case, index, event);
        let Some(known) = case.events.get_mut(index) else { continue };
        known.standing = Standing::Withdrawn;
        known.expires_at = None;
        if known.version == 0 {
            continue;
        }
        let message = Message {
            withdrawal_reason: Some(withdrawal.reason),
            event: Some(event),
            ..Message::new(MsgType::Cancel, Standing::Withdrawn)
        };
        let recipients = route::told_again(rules, &tell::audience(&case, index));
        tell::tell(draft, rules, &mut case, index, recipients, message);
    }
    case.keep_until = case.keep_until.max(term::keep_until(event, &rules.policy));
    draft.put_case(Some(before), case);
    if takes_back_identity(withdrawal.reason) {
        let key = |index: &usize| EventKey::within(before, &before.events[*index]);
        let parted: Vec<Pair> = standing.iter().flat_map(|index| bonds::take_back(draft, &key(index), &[])).collect();
        parted.iter().for_each(|pair| bonds::settle(draft, pair));
    }
    Outcome::Taken
}

/// True where nothing that the event said is to be relied on any more, whom it named included. What was remedied, or
/// went into another event, was right.
fn takes_back_identity(reason: WithdrawalReason) -> bool {
    match reason {
        WithdrawalReason::Unfounded
        | WithdrawalReason::SentInError
        | WithdrawalReason::MistakenIdentity
        | WithdrawalReason::Annulled => true,
        WithdrawalReason::Remedied | WithdrawalReason::Superseded => false,
    }
}

/// Keeps a withdrawal until its original comes, as long as that could still matter.
fn keep(
    draft: &mut Draft<'_, '_>,
    rules: &Rules,
    event: &InfractionEvent,
    withdrawal: &Withdrawal,
    target: String,
) -> Outcome {
    let key = Key::Pending(event.origin, withdrawal.scope, target.clone());
    let keep_until = term::keep_until(event, &rules.policy);
    if draft.value(&key).is_some() {
        return Outcome::Duplicate;
    }
    if keep_until <= draft.now() {
        return Outcome::NobodyTold;
    }
    if draft.pending_count(&event.platform) >= PENDING_PER_PLATFORM_MAX {
        return reject::event(draft, event, Reason::PendingFull, None);
    }
    let pending = Pending {
        origin: event.origin,
        platform: event.platform.clone(),
        target,
        scope: withdrawal.scope,
        reason: withdrawal.reason,
        decided: event.decided.date,
        keep_until,
        suppressed_at: None,
    };
    draft.put(key, Some(Value::Pending(Arc::new(pending))));
    Outcome::Pending
}

/// True where a withdrawal of an event or of its whole case came first. It goes on waiting, since the original may come
/// again in another revision; the first that it suppresses is shown to a person.
pub(super) fn suppresses(draft: &mut Draft<'_, '_>, event: &InfractionEvent) -> bool {
    let scopes = [(WithdrawalScope::Event, &event.event_id), (WithdrawalScope::Case, &event.case_id)];
    let keys = scopes.map(|(scope, target)| Key::Pending(event.origin, scope, target.clone()));
    let waiting = keys.into_iter().find_map(|key| draft.value(&key).map(|value| (key, value)));
    let Some((key, Value::Pending(pending))) = waiting else { return false };
    if pending.suppressed_at.is_none() {
        let suppressed_at = Some(draft.now());
        draft.put(key, Some(Value::Pending(Arc::new(Pending { suppressed_at, ..Pending::clone(&pending) }))));
        let (by, of) = ((event.origin, event.platform.as_str()), (event.case_id.as_str(), event.event_id.as_str()));
        let review = Review::new(ReviewKind::Suppressed, draft.now(), by, of);
        draft.notify(Output::Review, NoticeContent::Review(review));
    }
    true
}
