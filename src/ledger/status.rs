//! `Status`: each minute of log time every recipient is told which sequence it must have by now.

use super::draft::Draft;
use crate::model::code::MemberState;
use crate::model::decision::{Output, Status};
use crate::model::limit::STATUS_INTERVAL_MS;

/// Writes a `Status` for each member where the minute is another than that of the last ones.
pub(super) fn write(draft: &mut Draft<'_, '_>) {
    let log_time = draft.now();
    let minute = log_time.div_euclid(STATUS_INTERVAL_MS);
    if minute <= draft.effects.marks.status_minute {
        return;
    }
    let Some(rules) = draft.rules().cloned() else { return };
    draft.effects.marks.status_minute = minute;
    for (member, index) in rules.members.iter().zip(0..) {
        if member.state == MemberState::Retired {
            continue;
        }
        let next_alert = draft.effects.marks.sequences.get(Output::Alerts(index)).unwrap_or(1);
        let sequence = draft.next_sequence(Output::Status(index));
        let recipient = member.jurisdiction;
        let overdue = draft.overdue(index);
        let status = Status { recipient, sequence, last_alert_sequence: next_alert - 1, log_time, overdue };
        draft.effects.statuses.push(status);
    }
}
