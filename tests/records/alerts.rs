//! An alert is its recipient's own bytes and the shared ones, and reads as one record.

use comity::encode::{national, own, rejection, status, tails};
use comity::model::code::Role;
use comity::model::decision::{Decision, Recipient};
use comity::model::place::Jurisdiction;
use comity::schema::generic;
use proptest::{prop_assert, prop_assert_eq, proptest};
use serde_json::{Value as Json, json};

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

/// The same record with days and instants as people write them; what is not of the years 1 to 9999 stays a number.
fn written(value: Json) -> Json {
    const DAYS: [&str; 4] = ["since", "date", "from", "to"];
    const INSTANTS: [&str; 6] = ["ack_due_at", "disputed_since", "issued_at", "expires_at", "aware_at", "reported_at"];
    match value {
        Json::Object(fields) => {
            let one = |(name, value): (String, Json)| {
                let value = match value.as_i64() {
                    Some(number) if DAYS.contains(&name.as_str()) => day(number),
                    Some(number) if INSTANTS.contains(&name.as_str()) => instant(number),
                    // `provenance.from` is an offset and stands in `source`, which has fields of its own.
                    _ => written(value),
                };
                (name, value)
            };
            let is_position = fields.contains_key("offset") && fields.contains_key("partition");
            if is_position { Json::Object(fields) } else { fields.into_iter().map(one).collect() }
        }
        Json::Array(items) => items.into_iter().map(written).collect(),
        other => other,
    }
}

fn day(number: i64) -> Json {
    let epoch = jiff::civil::date(1970, 1, 1);
    let span = jiff::Span::new().try_days(number).ok();
    let day = span.and_then(|span| epoch.checked_add(span).ok()).filter(|day| day.year() >= 1);
    day.map_or(json!(number), |day| json!(day.to_string()))
}

fn instant(number: i64) -> Json {
    let instant = jiff::Timestamp::from_millisecond(number).ok();
    let first: jiff::Timestamp = "0001-01-01T00:00:00Z".parse().expect("an instant");
    let instant = instant.filter(|instant| *instant >= first);
    instant.map_or(json!(number), |instant| json!(instant.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()))
}

proptest! {
    /// What `comity tap` writes is every field, held against an expectation that knows no schema.
    #[test]
    fn an_alert_as_json(mut e in entropy()) {
        let event = e.optional(model::event);
        let decision = model::decision(&mut e, event.as_ref());
        for recipient in &decision.recipients {
            let place = e.place();
            let value = framed(&decision, recipient, place);
            let read = generic::json("Alert", &value).expect("an alert");
            prop_assert_eq!(read, written(expected::alert(&decision, recipient, place)));
            let longer = [value.as_slice(), &[0]].concat();
            prop_assert!(generic::json("Alert", &longer).is_err(), "a byte behind its end");
            prop_assert!(generic::json("Status", &value).is_err(), "another schema's id");
            prop_assert!(generic::json("Alert", &value[..value.len() - 1]).is_err(), "a byte missing");
        }
    }

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
