//! What the records of the load must lead to, from what they say by their numbers (`support::load`): written by hand, and
//! without a line of Comity's code.

use std::collections::BTreeMap;

use crate::support::load::{MEMBERS, PLATFORMS};

/// What is expected of all records.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    /// Of every recipient the alerts, each by its id, with the type of the message and the recipient's role.
    pub(crate) alerts: BTreeMap<String, BTreeMap<String, String>>,
    /// Of every platform the offsets of records that are refused, with the reason.
    pub(crate) refused: BTreeMap<(String, i64), &'static str>,
}

impl Expected {
    /// Of so many records of each platform.
    pub(crate) fn of(sent: [usize; 2]) -> Self {
        let mut expected = Self::default();
        for (platform, count) in PLATFORMS.iter().zip(sent) {
            for number in 0..count {
                match *platform {
                    "ca-on-food" => expected.notice(number),
                    _ => expected.action(number),
                }
            }
        }
        expected
    }

    /// Ontario's notices come in tens about the same matters.
    fn notice(&mut self, number: usize) {
        let (ten, place) = (number / 10, number % 10);
        // The record before the last of an odd ten takes the third notice of the next, even one back before it comes.
        let taken_back_before = ten > 0 && ten.is_multiple_of(2);
        // The second notice of every fifth ten is about another company than the rest of its case.
        let conflicts = ten.is_multiple_of(5);
        let mut tell = |of: usize, version: u32, message| {
            // Quebec is asked to follow the second notice up, and its closure says nothing of it any more.
            let acting = if of == 1 && version == 1 { "CA-QC" } else { "" };
            self.tell("CA-ON", acting, &format!("ca-on-food/FI-{ten}-{of}#{version}"), message);
        };
        match place {
            0 => tell(0, 1, "ALERT"),
            1 if conflicts => self.refuse("ca-on-food", number, "conflicting_subject"),
            1 => tell(1, 1, "ALERT"),
            2 if !taken_back_before => tell(2, 1, "ALERT"),
            3 => tell(0, 2, "UPDATE"),
            // A closure.
            7 if !conflicts => tell(1, 2, "UPDATE"),
            8 if ten == 0 => tell(2, 2, "CANCEL"),
            9 => tell(0, 3, "UPDATE"),
            // A café that may be a person; a notice that is no decision.
            5 => self.refuse("ca-on-food", number, "undecidable_subject"),
            6 => self.refuse("ca-on-food", number, "not_a_decision"),
            // What was said before, and what was never told of.
            _ => {}
        }
    }

    /// Alberta's actions come in fours: an order, its amendment, an investigation, the order's withdrawal.
    fn action(&mut self, number: usize) {
        let (four, place) = (number / 4, number % 4);
        let id = |version: u32| format!("ca-ab-environment/EA-{four}#{version}");
        match place {
            0 => self.tell("CA-AB", "CA-MB", &id(1), "ALERT"),
            1 => self.tell("CA-AB", "CA-MB", &id(2), "UPDATE"),
            3 => self.tell("CA-AB", "CA-MB", &id(3), "CANCEL"),
            _ => self.refuse("ca-ab-environment", number, "not_a_decision"),
        }
    }

    /// Everybody but the origin is told; one has to act.
    fn tell(&mut self, origin: &str, acting: &str, alert_id: &str, message: &str) {
        for member in MEMBERS.into_iter().filter(|member| *member != origin) {
            let role = if member == acting { "FOLLOW_UP" } else { "ATTENTION" };
            self.alerts.entry(member.to_owned()).or_default().insert(alert_id.to_owned(), format!("{message} {role}"));
        }
    }

    fn refuse(&mut self, platform: &str, number: usize, reason: &'static str) {
        self.refused.insert((platform.to_owned(), i64::try_from(number).unwrap()), reason);
    }
}
