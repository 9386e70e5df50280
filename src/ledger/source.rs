//! Positions of sources: an entry is taken once, in order, and nothing is skipped.

use super::draft::Draft;
use crate::fault::{self, Planted};
use crate::model::limit::SOURCE_GAP_ALARM_MS;
use crate::model::record::SourcePosition;
use crate::model::state::{Key, SourceState, Value};

/// Whether an entry is taken.
pub(super) enum Admission {
    Taken,
    SentTwice,
    BeyondGap,
}

/// Takes an entry if `from ≤ position ≤ offset` and moves the position of its source behind it; a source that was
/// never seen starts at 0. An entry without source (rules, tick) is always taken.
pub(super) fn admit(draft: &mut Draft<'_, '_>, at: Option<&SourcePosition>) -> Admission {
    let admission = at.map_or(Admission::Taken, |at| admit_source(draft, at));
    let now = draft.now();
    let alarming = |since: i64| now - since >= SOURCE_GAP_ALARM_MS;
    let closed = |key: &Key| {
        let same = |at: &SourcePosition| matches!(key, Key::Source(topic, partition) if *topic == at.topic && *partition == at.partition);
        matches!(admission, Admission::Taken) && at.is_some_and(same)
    };
    draft.effects.alarms.source_gaps =
        draft.state.gaps().filter(|(key, since)| alarming(*since) && !closed(key)).count();
    admission
}

fn admit_source(draft: &mut Draft<'_, '_>, at: &SourcePosition) -> Admission {
    let before = draft.state.source(&at.topic, at.partition);
    let SourceState { position, gap_since } = before.unwrap_or(SourceState { position: 0, gap_since: None });
    let position = if fault::planted(Planted::SourcePositionNotChecked) { at.from } else { position };
    if at.offset < position {
        return Admission::SentTwice;
    }
    let key = Key::Source(at.topic.clone(), at.partition);
    if at.from > position {
        if gap_since.is_none() {
            let gap = SourceState { position, gap_since: Some(draft.now()) };
            draft.put(key, Some(Value::Source(gap)));
        }
        return Admission::BeyondGap;
    }
    draft.put(key, Some(Value::Source(SourceState { position: at.offset + 1, gap_since: None })));
    Admission::Taken
}
