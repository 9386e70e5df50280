//! What a federation agrees on besides its members: days off, clocks, sharing groups, and whom to ring.

use std::collections::BTreeMap;

use super::valid::Checker;
use super::written;
use crate::model::limit::{CONTACTS_MAX, GROUPS_MAX, HOLIDAYS_MAX, ID_BYTES_MAX};
use crate::model::place::{Days, Jurisdiction};
use crate::model::rules::{Clock, Contact, Member, SharingGroup};
use crate::schema::clocks;

/// Bytes of one text of a contact.
const CONTACT_BYTES_MAX: usize = 200;
/// 1970-01-01.
const EPOCH: jiff::civil::Date = jiff::civil::date(1970, 1, 1);

impl Checker<'_> {
    /// The clocks of a file, or those that are shipped.
    pub(super) fn clocks(&mut self, file: Option<&str>) -> Vec<Clock> {
        let text = match file.map(|file| std::fs::read_to_string(self.path(file))) {
            None => clocks::SHIPPED.to_owned(),
            Some(Ok(text)) => text,
            Some(Err(error)) => {
                self.wrong_at("policy.clocks", format!("policy.clocks cannot be read: {error}"), "check the path");
                return Vec::new();
            }
        };
        clocks::read(&text).unwrap_or_else(|why| {
            let help = "it has the form of schemas/clocks.toml, which holds where none is given";
            self.wrong_at("policy.clocks", format!("policy.clocks: {why}"), help);
            Vec::new()
        })
    }

    /// Days off, in their order.
    pub(super) fn holidays(&mut self, code: &str, written: &[String]) -> Vec<Days> {
        let mut days: Vec<Days> = Vec::new();
        for text in written {
            match text.parse::<jiff::civil::Date>().ok().and_then(|date| EPOCH.until(date).ok()) {
                Some(since) => days.push(since.get_days()),
                None => self.holidays_wrong(format!("holidays of {code}: {text:?} is no date")),
            }
        }
        if days.len() > HOLIDAYS_MAX {
            self.holidays_wrong(format!("{code} lists {} holidays; at most {HOLIDAYS_MAX} are taken", days.len()));
        }
        days.sort_unstable();
        days.dedup();
        days
    }

    fn holidays_wrong(&mut self, why: String) {
        self.wrong_at("federation.jurisdictions", why, "write them as holidays = [\"2026-12-25\"]");
    }

    /// Groups of members, by name.
    pub(super) fn groups(&mut self, written: &BTreeMap<String, Vec<String>>, members: &[Member]) -> Vec<SharingGroup> {
        if written.len() > GROUPS_MAX {
            let why = format!("there are {} groups; at most {GROUPS_MAX} are taken", written.len());
            self.wrong_at("federation.groups", why, "share with members one by one");
        }
        let mut groups = Vec::new();
        for (name, codes) in written {
            let named_well = crate::platform::is_name(name);
            let is_member = |place: &Jurisdiction| members.iter().any(|member| member.jurisdiction == *place);
            let places: Option<Vec<Jurisdiction>> =
                codes.iter().map(|code| Jurisdiction::parse(code).filter(is_member)).collect();
            match places.filter(|places| named_well && !places.is_empty()) {
                Some(members) => groups.push(SharingGroup { name: name.clone(), members }),
                None => self.wrong_at(
                    "federation.groups",
                    format!("federation.groups.{name} is no group of members"),
                    "name it with a-z, 0-9 and -, and list codes of federation.jurisdictions",
                ),
            }
        }
        groups
    }

    /// Contacts, by the id of an authority or the code of a jurisdiction.
    pub(super) fn contacts(&mut self, written: BTreeMap<String, written::Contact>) -> Vec<Contact> {
        if written.len() > CONTACTS_MAX {
            let why = format!("there are {} contacts; at most {CONTACTS_MAX} are taken", written.len());
            self.wrong_at(
                "federation.contacts",
                why,
                "one contact by a jurisdiction's code serves all its authorities",
            );
        }
        let mut contacts = Vec::new();
        for (authority, written::Contact { unit, telephone, hours }) in written {
            let fits = [&unit, &telephone, &hours].iter().all(|text| {
                !text.trim().is_empty() && text.len() <= CONTACT_BYTES_MAX && !text.chars().any(char::is_control)
            });
            // An address by name is a person's; a unit is rung.
            let functional = ![&unit, &hours].iter().any(|text| text.contains('@'));
            let dialled = telephone.starts_with('+')
                && telephone.chars().all(|sign| sign.is_ascii_digit() || " +-()./x".contains(sign));
            if fits && functional && dialled && authority.len() <= ID_BYTES_MAX {
                contacts.push(Contact { authority, unit, telephone, hours });
            } else {
                let why = format!("federation.contacts.{authority} is no functional contact");
                let help = "give unit, telephone (as +1 416 555 0100) and hours, each at most 200 bytes, and no person";
                self.wrong_at("federation.contacts", why, help);
            }
        }
        contacts
    }
}
