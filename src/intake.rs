//! Intake on one page: one source record in, one entry of the log out, an event or a rejection.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::decode::decode;
use crate::guard::{guard, guard_link, may_be_personal};
use crate::identify::{identify, identify_link};
use crate::map::{map, statement};
use crate::model::entry::{Acknowledgement, Body, Link};
use crate::model::event::InfractionEvent;
use crate::model::limit::{INSTANT_MAX_MS, INSTANT_MIN_MS, RECORD_BYTES_MAX};
use crate::model::record::RawRecord;
use crate::model::rejection::{Refusal, Rejection, Stage};
use crate::platform::Platform;
use crate::platform::definition::Speaks;
use crate::schema::event::content_sha256;

/// What one source record becomes; it always becomes something.
pub fn handle(platform: &Platform, record: &RawRecord<'_>, digest_key: Option<&[u8]>) -> Body {
    let body = match platform.definition.speaks {
        Speaks::Events => event(platform, record).map(Body::Event),
        Speaks::Acknowledgements => acknowledgement(platform, record).map(Body::Acknowledgement),
        Speaks::Links => link(platform, record).map(Body::Link),
    };
    body.unwrap_or_else(|refusal| Body::Rejection(Box::new(rejection(platform, record, refusal, digest_key))))
}

/// What a record becomes that `feed` wrote for an event which the platform's next snapshot lacks.
pub fn missing(platform: &Platform, record: &RawRecord<'_>, digest_key: Option<&[u8]>) -> Body {
    match statement::missing(platform, record) {
        Ok(missing) => Body::Missing(Box::new(missing)),
        Err(refusal) => Body::Rejection(Box::new(rejection(platform, record, refusal, digest_key))),
    }
}

/// The four steps.
fn event(platform: &Platform, record: &RawRecord<'_>) -> Result<Box<InfractionEvent>, Refusal> {
    let native = decode(&platform.definition, record)?;
    let mut event = map(platform, native, record)?;
    guard(&mut event, &platform.definition)?;
    identify(&mut event, &platform.definition)?;
    event.provenance.content_sha256 = content_sha256(&event);
    Ok(event)
}

/// What a recipient says of an alert; the ledger knows whether it got that alert.
fn acknowledgement(platform: &Platform, record: &RawRecord<'_>) -> Result<Box<Acknowledgement>, Refusal> {
    let native = decode(&platform.definition, record)?;
    statement::acknowledgement(platform, native, record).map(Box::new)
}

/// What is said of two identifiers.
fn link(platform: &Platform, record: &RawRecord<'_>) -> Result<Box<Link>, Refusal> {
    let native = decode(&platform.definition, record)?;
    let mut link = statement::link(native, record)?;
    guard_link(&link)?;
    identify_link(&mut link)?;
    Ok(Box::new(link))
}

/// A refusal with where its record stood. The record itself is kept only where mending the platform's folder would
/// make it an event, only of a platform whose records name nobody, and only where it shows no personal pattern.
fn rejection(platform: &Platform, record: &RawRecord<'_>, refusal: Refusal, digest_key: Option<&[u8]>) -> Rejection {
    let value = record.value.unwrap_or_default();
    let repairable = matches!(refusal.reason.stage(), Stage::Decode | Stage::Map)
        && refusal.detail.is_none()
        && (1..=RECORD_BYTES_MAX).contains(&value.len());
    let kept = repairable && !platform.definition.names_subjects && !may_be_personal(value);
    Rejection {
        at: record.at.clone(),
        platform: platform.definition.name.clone(),
        reason: refusal.reason,
        detail: refusal.detail,
        field: refusal.field,
        size_bytes: i64::try_from(value.len()).unwrap_or(i64::MAX),
        digest: digest_key.and_then(|key| digest(key, value)),
        payload: kept.then(|| value.to_vec()),
        // A producer can give its record any timestamp; what says so must be readable itself.
        reported_at: record.published_at.clamp(INSTANT_MIN_MS, INSTANT_MAX_MS),
    }
}

/// HMAC-SHA-256 (RFC 2104): whoever lacks the key cannot try out which record it was.
fn digest(key: &[u8], value: &[u8]) -> Option<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(value);
    Some(mac.finalize().into_bytes().into())
}
