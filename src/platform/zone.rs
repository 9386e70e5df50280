//! Time zones by their IANA names, from the copy of the database that is compiled in: the machine's own is not asked.

use jiff::tz::{TimeZone, TimeZoneDatabase};

/// The zone of that name; `None` where the database lacks it.
pub(crate) fn find(name: &str) -> Option<TimeZone> {
    TimeZoneDatabase::bundled().get(name).ok()
}
