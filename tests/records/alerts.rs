//! An alert is its recipient's own bytes and the shared ones, and reads as one record.

use comity::encode::{national, own, reach, rejection, status, tails};
use comity::model::code::Role;
use comity::model::decision::{Decision, Recipient};
use comity::model::place::Jurisdiction;
use proptest::{prop_assert_eq, proptest};

use super::entropy::entropy;
use super::{expected, model, second_opinion};

/// The framed alert of one recipient.
pub(crate) fn framed(decision: &Decision<'_>, recipient: &Recipient, jurisdiction: Jurisdiction) -> Vec<u8> {
    let tails = tails(decision);
    let tail = match recipient.role {
        Role::FollowUp => tails.follow_up,
        Role::Attention => tails.attention,
    };
    let mut out = Vec::new();
    own(recipient, jurisdiction, &mut out);
    out.extend(tail.expect("a shared part for this role"));
    out
}

proptest! {
    #[test]
    fn an_alert(mut e in entropy()) {
        let event = e.optional(model::event);
        let decision = model::decision(&mut e, event.as_ref());
        for recipient in &decision.recipients {
            let place = e.place();
            let read = second_opinion::read("Alert", 3, &framed(&decision, recipient, place));
            prop_assert_eq!(read, expected::alert(&decision, recipient, place));
        }
    }

    /// A shared part is made for the roles that somebody has, and for no other.
    #[test]
    fn shared_parts(mut e in entropy()) {
        let event = e.optional(model::event);
        let decision = model::decision(&mut e, event.as_ref());
        let has = |role| decision.recipients.iter().any(|recipient| recipient.role == role);
        let tails = tails(&decision);
        prop_assert_eq!(tails.attention.is_some(), has(Role::Attention) || decision.national.is_some());
        prop_assert_eq!(tails.follow_up.is_some(), has(Role::FollowUp));
    }

    #[test]
    fn an_alert_of_the_national_feed(mut e in entropy()) {
        let event = e.optional(model::event);
        let decision = model::decision(&mut e, event.as_ref());
        let Some(copy) = &decision.national else { return Ok(()) };
        let told: Vec<Jurisdiction> = copy.told.iter().map(|_| e.place()).collect();
        let mut framed = Vec::new();
        national(copy.sequence, &told, &mut framed);
        framed.extend(tails(&decision).attention.expect("a shared part for the feed"));
        let read = second_opinion::read("Alert", 3, &framed);
        prop_assert_eq!(read, expected::national(&decision, copy.sequence, &told));
        prop_assert_eq!(comity::encode::place(&framed), Some((None, copy.sequence)));
    }

    #[test]
    fn a_summary_of_reach(mut e in entropy()) {
        let known = model::reach(&mut e);
        let sequence = e.long();
        let framed = reach(&known, sequence);
        prop_assert_eq!(second_opinion::read("ReachSummary", 10, &framed), expected::reach(&known, sequence));
        prop_assert_eq!(comity::encode::place(&framed), Some((None, sequence)));
    }

    #[test]
    fn a_rejection(mut e in entropy()) {
        let refused = model::rejection(&mut e);
        let sequence = e.long();
        let read = second_opinion::read("Rejection", 4, &rejection(&refused, sequence));
        prop_assert_eq!(read, expected::rejection(&refused, sequence));
    }

    #[test]
    fn a_status(mut e in entropy()) {
        let known = model::status(&mut e);
        prop_assert_eq!(second_opinion::read("Status", 5, &status(&known)), expected::status(&known));
    }
}
