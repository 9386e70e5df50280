//! The HTTP port: whether the process lives and is ready, its metrics, and the schemas for stock deserialisers.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

use crate::metrics::{self, Sources};
use crate::model::place::Jurisdiction;
use crate::schema::registry;

/// How long one answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of a request's body; no request needs one.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// What the port shows.
#[derive(Debug, Clone)]
pub struct Surface {
    pub sources: Sources,
    pub members: Arc<Vec<Jurisdiction>>,
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
    axum::serve(listener, router(surface)).with_graceful_shutdown(shutdown).await
}

fn router(surface: Surface) -> Router {
    Router::new()
        .route("/livez", get(async || "alive\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(show_metrics))
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

async fn schemas(State(surface): State<Surface>, uri: Uri) -> Response {
    let answer = registry::answer(uri.path(), &surface.members);
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static("application/vnd.schemaregistry.v1+json"))];
    (status, headers, answer.body).into_response()
}

/// Ready is who has caught up: an owner with the log read to its end, a standby with the state restored.
async fn ready(State(surface): State<Surface>) -> Response {
    let checks = checks(&surface.sources);
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

fn checks(sources: &Sources) -> Vec<Check> {
    let mut checks = Vec::new();
    if let Some(intake) = &sources.intake {
        let assigned = intake.assignments.load(Ordering::Relaxed) > 0;
        let reason = if assigned { "the group has given its partitions" } else { "waits for intake's group" };
        checks.push(Check { name: "intake", holds: assigned, reason: reason.to_owned() });
    }
    if let Some(ledger) = &sources.ledger {
        let owner = ledger.owner.load(Ordering::Relaxed);
        let caught_up = ledger.caught_up.load(Ordering::Relaxed);
        let restored = ledger.restored_records.load(Ordering::Relaxed);
        let total = ledger.restore_records_total.load(Ordering::Relaxed);
        let standby = ledger.standby.load(Ordering::Relaxed);
        let reason = match (owner, caught_up, standby) {
            (true, true, _) => "owns the log and has read it to its end".to_owned(),
            (true, false, _) => "owns the log and reads on to its end".to_owned(),
            (false, _, true) => "stands by with the state restored".to_owned(),
            (false, _, false) => format!("restores the state: {restored} of about {total} records"),
        };
        checks.push(Check { name: "ledger", holds: if owner { caught_up } else { standby }, reason });
    }
    checks
}
