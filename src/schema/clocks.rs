//! The clocks of acknowledgements: those that are shipped (`schemas/clocks.toml`), or a federation's own of that form.

use serde::Deserialize;

use crate::model::code::{Code, Domain, Role, Severity};
use crate::model::entry::AcknowledgementLevel;
use crate::model::limit::{CLOCK_STEPS_MAX, CLOCKS_MAX};
use crate::model::rules::{Clock, ClockStep, Within};

/// The clocks that hold where a federation gives none of its own.
pub const SHIPPED: &str = include_str!("../../schemas/clocks.toml");

/// Longest time of a step: a year.
const HOURS_MAX: u16 = 24 * 366;
const WORKING_DAYS_MAX: u16 = 366;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    clock: Vec<WrittenClock>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenClock {
    name: String,
    domain: String,
    #[serde(default)]
    least_severity: Option<String>,
    role: String,
    /// The law that says so: for people.
    source: String,
    steps: Vec<WrittenStep>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenStep {
    level: String,
    hours: Option<u16>,
    working_days: Option<u16>,
}

/// Reads a table of clocks.
///
/// # Errors
/// One line that says what is wrong, and in which clock.
pub fn read(text: &str) -> Result<Vec<Clock>, String> {
    let written: Written = toml::from_str(text).map_err(|error| error.message().to_owned())?;
    if written.clock.len() > CLOCKS_MAX {
        return Err(format!("there are {} clocks; at most {CLOCKS_MAX} are taken", written.clock.len()));
    }
    let mut clocks: Vec<Clock> = Vec::new();
    for of in written.clock {
        let name = of.name.clone();
        let clock = clock(of).map_err(|why| format!("clock {name:?}: {why}"))?;
        if clocks.iter().any(|other| other.name == clock.name) {
            return Err(format!("two clocks are called {name:?}"));
        }
        clocks.push(clock);
    }
    Ok(clocks)
}

fn clock(written: WrittenClock) -> Result<Clock, String> {
    if written.source.trim().is_empty() {
        return Err("source is empty; it names the law that sets these times".to_owned());
    }
    if written.steps.is_empty() || written.steps.len() > CLOCK_STEPS_MAX {
        return Err(format!("has {} steps; 1 to {CLOCK_STEPS_MAX} are taken", written.steps.len()));
    }
    let steps: Vec<ClockStep> = written.steps.into_iter().map(step).collect::<Result<_, _>>()?;
    for pair in steps.windows(2) {
        let later = match (pair[0].within, pair[1].within) {
            (Within::Hours(first), Within::Hours(second)) => second > first,
            (Within::WorkingDays(first), Within::WorkingDays(second)) => second > first,
            (Within::Hours(_), Within::WorkingDays(_)) | (Within::WorkingDays(_), Within::Hours(_)) => {
                return Err("one step counts hours and another working days".to_owned());
            }
        };
        if !later || pair[1].level <= pair[0].level {
            return Err("each step must lie later and further than the one before".to_owned());
        }
    }
    Ok(Clock {
        domain: code::<Domain>("domain", &written.domain)?,
        least_severity: match &written.least_severity {
            Some(severity) => code("least_severity", severity)?,
            None => Severity::Unknown,
        },
        role: code::<Role>("role", &written.role)?,
        name: written.name,
        steps,
    })
}

fn step(written: WrittenStep) -> Result<ClockStep, String> {
    let within = match (written.hours, written.working_days) {
        (Some(hours), None) if (1..=HOURS_MAX).contains(&hours) => Within::Hours(hours),
        (None, Some(days)) if (1..=WORKING_DAYS_MAX).contains(&days) => Within::WorkingDays(days),
        _ => return Err("each step gives either hours or working_days, at least 1 and at most a year".to_owned()),
    };
    Ok(ClockStep { level: code::<AcknowledgementLevel>("level", &written.level)?, within })
}

fn code<C: Code>(key: &str, text: &str) -> Result<C, String> {
    C::parse(text).ok_or_else(|| {
        let names: Vec<&str> = C::ALL.iter().map(|(_, name)| *name).collect();
        format!("{key} does not take {text:?}, but one of {}", names.join(" "))
    })
}

#[cfg(test)]
mod tests {
    use super::{SHIPPED, read};
    use crate::model::code::{Domain, Role};
    use crate::model::rules::Within;

    #[test]
    fn the_shipped_clocks_are_the_published_ones() {
        let clocks = read(SHIPPED).unwrap_or_default();
        let of = |domain| clocks.iter().find(|clock| clock.domain == domain && clock.role == Role::FollowUp);
        let times = |domain| of(domain).map(|clock| clock.steps.iter().map(|step| step.within).collect::<Vec<_>>());
        assert_eq!(times(Domain::FoodSafety), Some(vec![Within::Hours(24), Within::Hours(48)]));
        assert_eq!(times(Domain::ProductSafety), Some(vec![Within::WorkingDays(2), Within::WorkingDays(4)]));
    }

    #[test]
    fn a_clock_that_cannot_run_is_refused_with_its_name() {
        let with = |steps: &str| {
            read(&format!(
                "[[clock]]\nname = \"x\"\ndomain = \"ENVIRONMENT\"\nrole = \"FOLLOW_UP\"\nsource = \"s\"\nsteps = {steps}"
            ))
        };
        assert!(with("[{ level = \"RECEIVED\", hours = 1 }]").is_ok());
        for wrong in [
            "[]",
            "[{ level = \"RECEIVED\" }]",
            "[{ level = \"RECEIVED\", hours = 0 }]",
            "[{ level = \"RECEIVED\", hours = 1, working_days = 1 }]",
            "[{ level = \"SEEN\", hours = 1 }]",
            "[{ level = \"ACCEPTED\", hours = 1 }, { level = \"RECEIVED\", hours = 2 }]",
            "[{ level = \"RECEIVED\", hours = 2 }, { level = \"ACCEPTED\", hours = 2 }]",
            "[{ level = \"RECEIVED\", hours = 2 }, { level = \"ACCEPTED\", working_days = 1 }]",
        ] {
            let why = with(wrong).err().unwrap_or_default();
            assert!(why.starts_with("clock \"x\": "), "{wrong}: {why}");
        }
    }
}
