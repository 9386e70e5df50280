//! Work that falls due by log time: expiries, members that join, links that end or are told, and what was remembered
//! long enough.

use super::draft::Draft;
use super::tell::{self, Message};
use super::{bonds, duty, join, retell};
use crate::index::{Due, Work};
use crate::model::code::{MsgType, Standing};
use crate::model::decision::{EventSummary, NoticeContent, Output, ReachSummary, ToldSummary};
use crate::model::rules::Rules;
use crate::model::state::{Case, CaseEvent, Key};
use crate::route;

/// Does the first pieces of due work, in the order (due, key); what is over the bound stays due for the next entry.
pub(super) fn do_due_work(draft: &mut Draft<'_, '_>, most: usize) {
    let Some(rules) = draft.rules().cloned() else { return };
    let mut left = most;
    for due in draft.due_work() {
        if left == 0 {
            if is_still_due(draft, &due) {
                draft.effects.work_left = true;
                return;
            }
            continue;
        }
        left -= match &due.key {
            Key::Case(origin, case_id) => {
                let case = draft.case(*origin, case_id);
                usize::from(case.is_some_and(|case| do_piece(draft, &rules, &case, due.work)))
            }
            Key::Pending(..) => {
                draft.put(due.key.clone(), None);
                1
            }
            Key::Join(member) => join::go_on(draft, &rules, *member, left),
            Key::Link(pair) => {
                bonds::end(draft, pair);
                1
            }
            Key::Retell(pair) => retell::go_on(draft, &rules, pair, left),
            Key::Organisation(_) | Key::Source(..) | Key::Rules => 0,
        };
    }
}

/// False where an earlier piece of this entry left nothing of a later one.
fn is_still_due(draft: &Draft<'_, '_>, due: &Due) -> bool {
    match (&due.key, due.work) {
        (Key::Case(origin, case_id), Work::Overdue(member, event)) => {
            draft.case(*origin, case_id).is_some_and(|case| {
                let duty = duty::find(&case, member, usize::from(event)).and_then(|place| case.acks[place].duty);
                duty.and_then(|duty| duty.due_at).is_some_and(|at| at <= draft.now())
            })
        }
        (Key::Case(origin, case_id), _) => draft.packed_case(*origin, case_id).is_some(),
        (Key::Retell(pair), _) => bonds::retelling(draft, pair).is_some(),
        _ => true,
    }
}

/// Does what is due of a case; `false` where nothing was left of it.
fn do_piece(draft: &mut Draft<'_, '_>, rules: &Rules, case: &Case, work: Work) -> bool {
    match work {
        Work::Expire(event) => expire(draft, rules, case, usize::from(event)),
        Work::Overdue(member, event) => return duty::run_out(draft, rules, case, member, usize::from(event)),
        Work::Forget => forget(draft, rules, case),
        Work::Join | Work::End | Work::Retell => return false,
    }
    true
}

/// Forgets a case with those told; what is kept of it names nobody but them.
fn forget(draft: &mut Draft<'_, '_>, rules: &Rules, case: &Case) {
    let told = case.told.iter().filter_map(|told| {
        let recipient = rules.members.get(usize::from(told.member))?.jurisdiction;
        let last = case.acks.iter().filter(|ack| ack.member == told.member).max_by_key(|ack| ack.at);
        Some(ToldSummary {
            recipient,
            role: told.role,
            sequence: told.sequence,
            level: last.and_then(|ack| ack.level),
            acknowledged_at: last.and_then(|ack| ack.at),
        })
    });
    let event = |event: &CaseEvent| EventSummary {
        event_id: event.event_id.clone(),
        version: event.version,
        standing: event.standing,
        since: event.since,
        content: event.revisions.last().map(|revision| revision.content),
    };
    let summary = case.events.last().map(|last| ReachSummary {
        origin: case.origin,
        case_id: case.case_id.clone(),
        platform: case.platform.clone(),
        domain: last.domain,
        forgotten_at: draft.now(),
        told: told.collect(),
        events: case.events.iter().map(event).collect(),
    });
    if let Some(summary) = summary {
        draft.notify(Output::Archive, NoticeContent::Reach(summary));
    }
    draft.forget_case(case);
}

/// Ends one event: those told learn it, and the case no longer counts as open unless another event of it stands.
fn expire(draft: &mut Draft<'_, '_>, rules: &Rules, before: &Case, index: usize) {
    let mut case = before.clone();
    let Some(event) = case.events.get_mut(index) else { return };
    event.standing = Standing::Expired;
    let message = Message { expires_at: event.expires_at.take(), ..Message::new(MsgType::Update, Standing::Expired) };
    let recipients = route::told_again(rules, &tell::audience(&case, index));
    tell::tell(draft, rules, &mut case, index, recipients, message);
    draft.put_case(Some(before), case);
}
