//! Dates: a text becomes a day by the formats that the platform declares, or is refused.

use jiff::civil::Date;
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::{Offset, TimeZone};

use crate::model::code::Precision;
use crate::model::limit::{DATE_MAX_DAYS, DATE_MIN_DAYS};
use crate::model::place::{Days, Millis};

/// Days since 1970-01-01; `None` outside the years 1 to 9999.
pub(crate) fn days(date: Date) -> Option<Days> {
    let hours = date.duration_since(jiff::civil::date(1970, 1, 1)).as_hours();
    Days::try_from(hours / 24).ok().filter(|days| (DATE_MIN_DAYS..=DATE_MAX_DAYS).contains(days))
}

/// The date of so many days since 1970-01-01; `None` outside the years 1 to 9999.
pub(crate) fn date(days: Days) -> Option<Date> {
    let within = (DATE_MIN_DAYS..=DATE_MAX_DAYS).contains(&days);
    let span = jiff::Span::new().try_days(days).ok().filter(|_| within)?;
    jiff::civil::date(1970, 1, 1).checked_add(span).ok()
}

/// The instant at which a day begins in a time zone.
pub(crate) fn start_of(days: Days, zone: &TimeZone) -> Option<Millis> {
    Some(date(days)?.to_zoned_datetime(zone.clone()).ok()?.timestamp().as_millisecond())
}

/// What the format states of a date: a day if it names one, else a month, else a year.
pub(crate) fn precision(format: &str) -> Precision {
    let mut letters = format.chars();
    let (mut day, mut month) = (false, false);
    while let Some(letter) = letters.next() {
        if letter != '%' {
            continue;
        }
        // Flags and widths stand between the sign and the conversion.
        let conversion = letters.find(|letter| letter.is_ascii_alphabetic() || *letter == '%');
        day |= conversion.is_some_and(|letter| "dejDFcxsUuWwAaGV".contains(letter));
        month |= conversion.is_some_and(|letter| "mbBh".contains(letter));
    }
    match (day, month) {
        (true, _) => Precision::Day,
        (false, true) => Precision::Month,
        (false, false) => Precision::Year,
    }
}

/// Says why a format cannot read dates; `None` where it can.
pub(crate) fn fault(format: &str) -> Option<String> {
    let sample = jiff::civil::date(2004, 11, 25).at(13, 45, 59, 123_000_000).to_zoned_datetime(TimeZone::UTC).ok()?;
    let text = match strtime::format(format, &sample) {
        Ok(text) => text,
        Err(error) => return Some(error.to_string()),
    };
    match parse(&text, format, &TimeZone::UTC) {
        Some(_) => None,
        None => Some("no date can be read from what it writes".to_owned()),
    }
}

/// Whether two numbers stand side by side in a format, so that a digit that is missing would be taken from the next one
/// (`2026111`).
fn runs_together(format: &str) -> bool {
    let is_number = |conversion: &str| conversion.starts_with(['Y', 'y', 'm', 'd', 'e', 'j', 'H', 'I', 'M', 'S']);
    let conversions = || format.split('%').skip(1);
    let mut pairs = conversions().zip(conversions().skip(1));
    pairs.any(|(one, next)| one.len() == 1 && is_number(one) && is_number(next))
}

/// The parts that a text states in a format. A format that ends with the letter `Z` says UTC by it (ISO 8601).
fn broken_down(text: &str, format: &str) -> Option<BrokenDownTime> {
    let mut time = BrokenDownTime::parse(format, text).ok()?;
    if runs_together(format) && time.to_string(format).ok()? != text {
        return None;
    }
    if format.ends_with('Z') && !format.ends_with("%Z") && time.hour().is_some() {
        time.set_offset(Some(Offset::UTC));
    }
    Some(time)
}

/// The day that a text states in a format. A text with an offset is an instant, whose day is the one in `zone`.
pub(crate) fn parse(text: &str, format: &str, zone: &TimeZone) -> Option<Date> {
    let time = broken_down(text, format)?;
    if time.timestamp().is_some() || time.offset().is_some() {
        return time
            .to_timestamp()
            .ok()
            .map(|instant| instant.to_zoned_datetime(zone.clone()).date())
            .filter(plausible(text, format));
    }
    let date = match precision(format) {
        Precision::Day => time.to_date().ok()?,
        Precision::Month => Date::new(time.year()?, time.month()?, 1).ok()?,
        Precision::Year => Date::new(time.year()?, 1, 1).ok()?,
    };
    Some(date).filter(plausible(text, format))
}

/// `%Y` also reads `16`, as the year 16: a year before 1000 counts only where the text has all its four digits. A year of
/// two digits (`%y`) has both of them.
fn plausible(text: &str, format: &str) -> impl Fn(&Date) -> bool {
    move |date| {
        let both = !format.contains("%y") || text.contains(&format!("{:02}", date.year().rem_euclid(100)));
        let all = date.year() >= 1000 || (date.year() >= 1 && text.contains(&format!("{:04}", date.year())));
        all && both
    }
}

/// The instant that a text states in a format; without an offset it is read in `zone`, a date alone as its start.
pub(crate) fn parse_instant(text: &str, format: &str, zone: &TimeZone) -> Option<Millis> {
    let time = broken_down(text, format)?;
    if time.timestamp().is_some() || time.offset().is_some() {
        return time.to_timestamp().ok().map(|instant| instant.as_millisecond());
    }
    let date = parse(text, format, zone)?;
    let instant = match time.to_time() {
        Ok(clock) => date.to_datetime(clock).to_zoned_datetime(zone.clone()),
        Err(_) => date.to_zoned_datetime(zone.clone()),
    };
    instant.ok().map(|instant| instant.timestamp().as_millisecond())
}
