//! Every upper bound of the model, with its unit last. What is over a bound is refused with a reason, never cut in silence.

use super::place::{DAY_MS, Days, Millis};

/// The first day that a record can state, 0001-01-01: readers in other languages know the years 1 to 9999 only.
pub const DATE_MIN_DAYS: Days = -719_162;
/// The last day that a record can state, 9999-12-31.
pub const DATE_MAX_DAYS: Days = 2_932_896;
/// The first instant that a record can state, 0001-01-01T00:00Z.
pub const INSTANT_MIN_MS: Millis = DATE_MIN_DAYS as Millis * DAY_MS;
/// The last instant that a record can state, 9999-12-31T23:59:59.999Z.
pub const INSTANT_MAX_MS: Millis = (DATE_MAX_DAYS as Millis + 1) * DAY_MS - 1;

/// Members of a federation.
pub const MEMBERS_MAX: usize = 100;
/// The bit of the national feed in a set of members; no member has it.
pub const NATIONAL_BIT: u128 = 1 << 127;
/// Bytes of one native record's value.
pub const RECORD_BYTES_MAX: usize = 256 * 1024;
/// Bytes of one entry of the log; a record that would give a larger one is rejected.
pub const ENTRY_BYTES_MAX: usize = 900_000;
/// Bytes of one record that Comity writes. An alert holds its event twice at most, in full and as headline facts.
pub const OUTPUT_BYTES_MAX: usize = 2_000_000;
/// Bytes of one batch in Comity's own topics: the largest record with keys, headers and the frames around it.
pub const BATCH_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Depth of nested objects and arrays in a native record.
pub const RECORD_DEPTH_MAX: usize = 32;
/// Values of one native record, nested ones included.
pub const RECORD_VALUES_MAX: usize = 65_536;
/// Rows of one native record that groups several.
pub const RECORD_ROWS_MAX: usize = 500;
/// Bytes of an `event_id` or a `case_id`.
pub const ID_BYTES_MAX: usize = 200;
/// Bytes that the version of an alert adds to the id of its event: `#` and a 32-bit number.
pub const VERSION_BYTES_MAX: usize = 11;
/// Bytes of a name, a title or any other short text.
pub const TEXT_BYTES_MAX: usize = 1_000;
/// Bytes of the headline of one `info`.
pub const HEADLINE_BYTES_MAX: usize = 300;
/// Bytes of the description of one `info`.
pub const DESCRIPTION_BYTES_MAX: usize = 4_000;
/// Identifiers of one subject.
pub const IDENTIFIERS_MAX: usize = 16;
/// Products of one event.
pub const PRODUCTS_MAX: usize = 64;
/// Measures of one event.
pub const MEASURES_MAX: usize = 32;
/// Legal bases of one event.
pub const LEGAL_BASES_MAX: usize = 16;
/// `info` blocks of one event.
pub const INFO_MAX: usize = 8;
/// Resources of one event.
pub const RESOURCES_MAX: usize = 16;
/// References of one event.
pub const REFERENCES_MAX: usize = 64;
/// Jurisdictions in one list of an event.
pub const PLACES_MAX: usize = 250;
/// Revisions of an event whose digests its case keeps.
pub const REVISIONS_KEPT_MAX: usize = 16;
/// Changes of who gets the alerts about an event that its case keeps.
pub const SENT_KEPT_MAX: usize = 16;
/// Events of one case.
pub const CASE_EVENTS_MAX: usize = 256;
/// Bytes of one value of the state.
pub const STATE_VALUE_BYTES_MAX: usize = 64 * 1024;
/// Open cases of an organisation that the index keeps.
pub const ORGANISATION_CASES_MAX: usize = 256;
/// Identifiers of an organisation that the index keeps.
pub const ORGANISATION_IDENTIFIERS_MAX: usize = 32;
/// Organisations that links make one.
pub const GROUP_ORGANISATIONS_MAX: usize = 32;
/// Organisations under one identifier that came back with other names.
pub const NAMESAKES_MAX: usize = 8;
/// Questions that stand about one organisation; an identifier about which there are more tells nobody apart.
pub const QUESTIONS_MAX: usize = 32;
/// Identifiers of which links say that another is not one organisation's with them.
pub const PARTED_MAX: usize = 256;
/// Links that say something of one pair of identifiers.
pub const BOND_LINKS_MAX: usize = 32;
/// Events that may have asserted a bond which ends with the last of them. One more is remembered, and tells that there are
/// others.
pub const BOND_EVENTS_MAX: usize = 8;
/// Changes of one link that wait to be told.
pub const RETELLING_STEPS_MAX: usize = 8;
/// Open cases elsewhere that one alert lists.
pub const ALERT_OPEN_CASES_MAX: usize = 32;
/// References to earlier alerts that one alert lists.
pub const ALERT_REFERENCES_MAX: usize = 64;
/// Withdrawals of one platform that wait for their original.
pub const PENDING_PER_PLATFORM_MAX: usize = 100_000;
/// Clocks of acknowledgements.
pub const CLOCKS_MAX: usize = 64;
/// Steps of one clock.
pub const CLOCK_STEPS_MAX: usize = 8;
/// Sharing groups that one event names.
pub const EVENT_GROUPS_MAX: usize = 16;
/// Sharing groups of a federation.
pub const GROUPS_MAX: usize = 64;
/// Contacts of a federation.
pub const CONTACTS_MAX: usize = 1_000;
/// Days off that one jurisdiction lists.
pub const HOLIDAYS_MAX: usize = 500;
/// Pieces of due work that a tick does.
pub const WORK_PER_ENTRY_MAX: usize = 64;
/// Pieces of due work that any other entry does before it is decided: in a storm of expiries each would else wait for all
/// the work of those before it (with 64 of them: 400 ms at 500 events/s and 11 recipients, instead of 26).
pub const WORK_PER_LIVE_ENTRY_MAX: usize = 8;
/// Events that one entry looks at for a member that joins: most may be none that it is entitled to.
pub const JOIN_LOOKED_AT_MAX: usize = 1_024;
/// Entries of one ledger transaction.
pub const BATCH_ENTRIES_MAX: usize = 1_000;
/// Alerts of one ledger transaction.
pub const BATCH_ALERTS_MAX: u64 = 100_000;
/// Bytes of the shared parts of one ledger transaction.
pub const BATCH_TAIL_BYTES_MAX: usize = 16 * 1024 * 1024;
/// A step of the log's clock that is an alarm.
pub const CLOCK_STEP_ALARM_MS: i64 = 24 * 60 * 60 * 1_000;
/// How long a gap of a source may last, in log time, before it is an alarm.
pub const SOURCE_GAP_ALARM_MS: i64 = 60_000;
/// How long nothing is forgotten after a step of the log's clock.
pub const FORGET_PAUSE_MS: i64 = 7 * 24 * 60 * 60 * 1_000;
/// Log time between two `Status` of a recipient.
pub const STATUS_INTERVAL_MS: i64 = 60_000;

const _: () = assert!(2 * ENTRY_BYTES_MAX < OUTPUT_BYTES_MAX && OUTPUT_BYTES_MAX < BATCH_BYTES_MAX);
