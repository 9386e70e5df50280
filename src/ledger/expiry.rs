//! Work that falls due by log time: expiries, and withdrawals that waited long enough.

use super::draft::Draft;
use super::tell::{self, Message};
use crate::model::code::{MsgType, Standing};
use crate::model::rules::Rules;
use crate::model::state::{Case, Key};
use crate::route;

/// Does the first pieces of due work, in the order (due, key); what is over the bound stays due for the next entry.
pub(super) fn do_due_work(draft: &mut Draft<'_, '_>) {
    let Some(rules) = draft.rules().cloned() else { return };
    for due in draft.take_due_work() {
        match &due.key {
            Key::Case(origin, case_id) => {
                if let Some(case) = draft.case(*origin, case_id).cloned() {
                    expire(draft, &rules, &case, due.event);
                }
            }
            Key::Pending(..) => draft.put(due.key.clone(), None),
            Key::Organisation(_) | Key::Source(..) | Key::Rules => {}
        }
    }
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
