//! The HTTP port: whether the process lives and is ready, its metrics, the schemas for stock deserialisers, and the
//! read API.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

use self::bounded::Bounded;
use crate::kafka::ledger::SILENCE_MAX;
use crate::kafka::status::LedgerStatus;
use crate::kafka::view::View;
use crate::metrics::{self, Sources};
use crate::model::place::{Jurisdiction, Millis};
use crate::schema::registry;
use crate::telemetry::clock;

pub mod api;
mod bounded;
pub mod query;

/// How long one answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of a request's body; no request needs one.
const BODY_BYTES_MAX: usize = 16 * 1024;
/// Connections at a time; more of them wait until one is closed.
const CONNECTIONS_MAX: usize = 256;
/// How long a connection may stand still; longer than an answer takes.
const IDLE_MAX: Duration = Duration::from_secs(60);

/// What the port shows.
#[derive(Debug, Clone)]
pub struct Surface {
    pub sources: Sources,
    pub members: Arc<Vec<Jurisdiction>>,
    /// The ledger's committed state; `None` where this process runs no ledger.
    pub view: Option<Arc<View>>,
    /// True where only this machine reaches the port: the read API knows no users yet, and some cases are RESTRICTED.
    pub loopback: bool,
}

/// Listens; the address is the one that was bound, so that port 0 can be asked for.
///
/// # Errors
/// The address cannot be bound.
pub async fn bind(address: SocketAddr) -> std::io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let bound = listener.local_addr()?;
    Ok((listener, bound))
}

/// Serves until `shutdown` ends.
///
/// # Errors
/// The listener breaks.
pub async fn serve(
    listener: TcpListener,
    surface: Surface,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    serve_bounded(Bounded::new(listener, CONNECTIONS_MAX, IDLE_MAX), surface, shutdown).await
}

async fn serve_bounded(
    listener: Bounded,
    surface: Surface,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, router(surface)).with_graceful_shutdown(shutdown).await
}

fn router(surface: Surface) -> Router {
    Router::new()
        .route("/livez", get(async || "alive\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(show_metrics))
        .route(api::ROOT, any(read_api))
        .route(&format!("{}/{{*rest}}", api::ROOT), any(read_api))
        // Whatever else is asked is the registry's to answer: its clients want a clean JSON 404, not a bare one.
        .fallback(get(schemas))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, ANSWER_TIMEOUT))
        .layer(RequestBodyLimitLayer::new(BODY_BYTES_MAX))
        .with_state(surface)
}

async fn show_metrics(State(surface): State<Surface>) -> Response {
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4"))];
    (headers, metrics::render(&surface.sources)).into_response()
}

/// The read API, for this machine alone.
async fn read_api(State(surface): State<Surface>, method: Method, headers: HeaderMap, uri: Uri) -> Response {
    let answer = if !surface.loopback {
        let reason = "the read API has no access control yet and is served on a loopback address only: see http.listen";
        api::refused(403, "not_on_loopback", reason)
    } else if !named_as_loopback(&headers) {
        api::refused(403, "not_on_loopback", "the Host of the request names another machine than this one")
    } else if method != Method::GET && method != Method::HEAD {
        api::refused(405, "method_not_allowed", "the read API takes GET only")
    } else {
        match &surface.view {
            Some(view) => api::answer(view, instance(&surface.sources), uri.path(), uri.query()),
            None => api::refused(404, "no_ledger", "this process runs no ledger; ask one that does"),
        }
    };
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    // What was committed since would be hidden by a copy.
    let caching = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (status, caching, axum::Json(answer.body)).into_response()
}

/// A browser that was led here under another name (DNS rebinding) says that name; without one, no browser asks.
fn named_as_loopback(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST) else { return true };
    let Ok(host) = host.to_str() else { return false };
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// What this process is to the ledger.
fn instance(sources: &Sources) -> &'static str {
    let owner = sources.ledger.as_ref().is_some_and(|ledger| ledger.owner.load(Ordering::Relaxed));
    if owner { "owner" } else { "standby" }
}

async fn schemas(State(surface): State<Surface>, uri: Uri) -> Response {
    let answer = registry::answer(uri.path(), &surface.members);
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static("application/vnd.schemaregistry.v1+json"))];
    (status, headers, answer.body).into_response()
}

/// Ready is who has caught up: an owner with the log read to its end that commits, a standby with the state restored;
/// and who answers readers.
async fn ready(State(surface): State<Surface>) -> Response {
    let checks = checks(&surface.sources, surface.view.as_deref(), clock::wall_ms());
    let ready = checks.iter().all(|check| check.holds);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let list: Vec<Value> =
        checks.iter().map(|check| json!({"check": check.name, "ready": check.holds, "reason": check.reason})).collect();
    (status, axum::Json(json!({"ready": ready, "checks": list}))).into_response()
}

/// One condition of readiness with the reason for its answer.
struct Check {
    name: &'static str,
    holds: bool,
    reason: String,
}

fn checks(sources: &Sources, view: Option<&View>, now_ms: Millis) -> Vec<Check> {
    let mut checks = Vec::new();
    if let Some(intake) = &sources.intake {
        let assigned = intake.assigned.load(Ordering::Relaxed);
        let reason = if assigned { "the group has given its partitions" } else { "waits for intake's group" };
        let paused = intake.platforms().filter(|(_, status)| status.paused.load(Ordering::Relaxed));
        let paused: Vec<&str> = paused.map(|(name, _)| name).collect();
        // Everyone else goes on, so a paused platform is no reason to be taken out of service.
        let paused = if paused.is_empty() { String::new() } else { format!("; paused: {}", paused.join(" ")) };
        checks.push(Check { name: "intake", holds: assigned, reason: format!("{reason}{paused}") });
    }
    if let Some(ledger) = &sources.ledger {
        checks.push(ledger_check(ledger, now_ms));
    }
    if let Some(view) = view {
        let holds = view.is_complete();
        let reason = if holds { "the read API answers" } else { "the read API waits until the state is restored" };
        checks.push(Check { name: "view", holds, reason: reason.to_owned() });
    }
    checks
}

fn ledger_check(ledger: &LedgerStatus, now_ms: Millis) -> Check {
    let owner = ledger.owner.load(Ordering::Relaxed);
    let caught_up = ledger.caught_up.load(Ordering::Relaxed);
    let restored = ledger.restored_records.load(Ordering::Relaxed);
    let total = ledger.restore_records_total.load(Ordering::Relaxed);
    let standby = ledger.standby.load(Ordering::Relaxed);
    let silent = ledger.silent.load(Ordering::Relaxed);
    // An owner commits each second, if only for a tick.
    let since_ms = now_ms - ledger.committed_at.load(Ordering::Relaxed);
    let stuck = u128::try_from(since_ms).is_ok_and(|since_ms| since_ms >= SILENCE_MAX.as_millis());
    let reason = match (owner, caught_up, standby) {
        (true, true, _) if stuck => format!("owns the log, but has committed nothing for {} s", since_ms / 1_000),
        (true, true, _) => "owns the log and has read it to its end".to_owned(),
        (true, false, _) => "owns the log and reads on to its end".to_owned(),
        (false, _, true) if silent => "stands by, but nobody works on the log".to_owned(),
        (false, _, true) => "stands by with the state restored".to_owned(),
        (false, _, false) => format!("restores the state: {restored} of about {total} records"),
    };
    let holds = if owner { caught_up && !stuck } else { standby && !silent };
    Check { name: "ledger", holds, reason }
}

#[cfg(test)]
mod tests;
