//! `Status`: each minute of log time every recipient, the national feed among them, is told which sequence it must have
//! by now.

use super::draft::Draft;
use crate::model::code::MemberState;
use crate::model::decision::{Output, Status};
use crate::model::limit::STATUS_INTERVAL_MS;
use crate::model::place::Reader;

/// Writes a `Status` for each member where the minute is another than that of the last ones.
pub(super) fn write(draft: &mut Draft<'_, '_>) {
    let minute = draft.now().div_euclid(STATUS_INTERVAL_MS);
    if minute <= draft.effects.marks.status_minute {
        return;
    }
    let Some(rules) = draft.rules().cloned() else { return };
    draft.effects.marks.status_minute = minute;
    for (member, index) in rules.members.iter().zip(0..) {
        if member.state == MemberState::Retired {
            continue;
        }
        let recipient = Reader::from(member.jurisdiction);
        let overdue = draft.overdue(index);
        push(draft, recipient, Output::Alerts(index), Output::Status(index), overdue);
    }
    // Nobody acknowledges the national feed.
    push(draft, Reader::National, Output::National, Output::NationalStatus, 0);
}

fn push(draft: &mut Draft<'_, '_>, recipient: Reader, alerts: Output, output: Output, overdue: i32) {
    let next_alert = draft.effects.marks.sequences.get(alerts).unwrap_or(1);
    let sequence = draft.next_sequence(output);
    let log_time = draft.now();
    let status = Status { recipient, sequence, last_alert_sequence: next_alert - 1, log_time, overdue };
    draft.effects.statuses.push(status);
}
