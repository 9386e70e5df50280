//! Terms: until when a decision stands, by calendar and by log time.

use crate::model::code::Precision;
use crate::model::event::{Dated, InfractionEvent};
use crate::model::limit::INSTANT_MAX_MS;
use crate::model::place::{DAY_MS, Days, Millis};
use crate::model::rules::{Period, Policy, Within};

const HOUR_MS: Millis = 3_600_000;

/// When an event expires: what its platform states, else the last day that `decided` can mean and the policy's term.
pub(super) fn expires_at(event: &InfractionEvent, policy: &Policy) -> Millis {
    event.expires_at.unwrap_or_else(|| end_of_term(&event.decided, &[policy.expires_after]))
}

/// Until when a case with a term that ends then remembers whom it told.
pub(super) fn forget_at(expires_at: Millis, policy: &Policy) -> Millis {
    let last = expires_at.saturating_sub(1).div_euclid(DAY_MS);
    add(last, policy.forget_after).saturating_add(1).saturating_mul(DAY_MS).min(INSTANT_MAX_MS)
}

/// Until when a withdrawal waits for its original, and is remembered by the case that it was for.
pub(super) fn keep_until(event: &InfractionEvent, policy: &Policy) -> Millis {
    end_of_term(&event.decided, &[policy.expires_after, policy.forget_after])
}

/// The end (UTC) of the day that lies these periods, one after the other, behind the last day of a stated date; never
/// beyond the last instant that a record can state.
fn end_of_term(decided: &Dated, periods: &[Period]) -> Millis {
    let last = periods.iter().fold(last_day(decided), |day, period| add(day, *period));
    last.saturating_add(1).saturating_mul(DAY_MS).min(INSTANT_MAX_MS)
}

/// When a time that begins then is over. Days are counted from the one behind the beginning; days off are none.
pub(super) fn end_of(within: Within, begun: Millis, holidays: &[Days]) -> Millis {
    match within {
        Within::Hours(hours) => begun.saturating_add(i64::from(hours) * HOUR_MS),
        Within::WorkingDays(count) => {
            let mut day = begun.div_euclid(DAY_MS);
            for _ in 0..count {
                day += 1;
                while is_off(day, holidays) {
                    day += 1;
                }
            }
            (day + 1).saturating_mul(DAY_MS)
        }
    }
}

/// Saturdays, Sundays and what else a jurisdiction lists; 1970-01-01 was a Thursday.
fn is_off(day: i64, holidays: &[Days]) -> bool {
    let weekday = (day + 3).rem_euclid(7);
    weekday >= 5 || Days::try_from(day).is_ok_and(|day| holidays.contains(&day))
}

/// The last day that a date of this precision can mean.
fn last_day(decided: &Dated) -> i64 {
    let stated = i64::from(decided.date);
    let (year, month, _) = civil(stated);
    match decided.precision {
        Precision::Day => stated,
        Precision::Month => days(year, month, month_length(year, month)),
        Precision::Year => days(year, 12, 31),
    }
}

/// Adds months first, clamped to the length of the month, then days.
fn add(day: i64, period: Period) -> i64 {
    let (year, month, of_month) = civil(day);
    let months = year * 12 + (month - 1) + i64::from(period.months);
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
    days(year, month, of_month.min(month_length(year, month))) + i64::from(period.days)
}

fn month_length(year: i64, month: i64) -> i64 {
    let (next_year, next_month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    days(next_year, next_month, 1) - days(year, month, 1)
}

/// Days of the 400 years after which the Gregorian calendar repeats.
const ERA_DAYS: i64 = 146_097;
/// Days from 0000-03-01 to 1970-01-01.
const EPOCH_DAYS: i64 = 719_468;

/// The proleptic Gregorian date of a day since 1970-01-01. Years start in March here, so that the leap day is last.
fn civil(day: i64) -> (i64, i64, i64) {
    let shifted = day + EPOCH_DAYS;
    let (era, of_era) = (shifted.div_euclid(ERA_DAYS), shifted.rem_euclid(ERA_DAYS));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, of_month)
}

/// The day since 1970-01-01 of a proleptic Gregorian date.
fn days(year: i64, month: i64, of_month: i64) -> i64 {
    let march_year = year - i64::from(month <= 2);
    let (era, year_of_era) = (march_year.div_euclid(400), march_year.rem_euclid(400));
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + of_month - 1;
    let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
    era * ERA_DAYS + of_era - EPOCH_DAYS
}

#[cfg(test)]
mod tests;
