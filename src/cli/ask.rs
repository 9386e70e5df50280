//! Asks a Comity's HTTP port: one GET, one JSON answer, no TLS, since the read API is served on loopback only.

use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::{Request, Uri, header};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use super::{Exit, Failure};
use crate::model::problem::Problem;

/// How long one answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of one answer: a case of 256 events with all their recipients has a third of it.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Where a Comity listens.
#[derive(Debug, Clone)]
pub(super) struct Port {
    base: Uri,
}

/// An answer: its HTTP status and its body.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}

impl Port {
    /// The port of a configuration's `http.listen`; an address of every interface is asked on this machine.
    pub(super) fn of(listen: SocketAddr) -> Result<Self, String> {
        let mut address = listen;
        if address.ip().is_unspecified() {
            address.set_ip(if address.is_ipv4() {
                [127, 0, 0, 1].into()
            } else {
                std::net::Ipv6Addr::LOCALHOST.into()
            });
        }
        Self::parse(&format!("http://{address}"))
    }

    /// Reads `http://host:port`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "write http://host:port; the API is reached without TLS".to_owned();
        let base: Uri = text.parse().map_err(|_| wrong())?;
        let bare = matches!(base.path(), "" | "/") && base.query().is_none();
        if base.scheme_str() == Some("http") && base.host().is_some() && bare {
            Ok(Self { base })
        } else {
            Err(wrong())
        }
    }

    /// Asks for a path, which is encoded already.
    ///
    /// # Errors
    /// Nothing listens, the answer is none, or none in JSON.
    pub(super) fn get(&self, path: &str) -> Result<Answer, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| self.unavailable(&error.to_string()))?;
        let answered = runtime.block_on(async { tokio::time::timeout(ANSWER_TIMEOUT, self.exchange(path)).await });
        match answered {
            Err(_) => Err(self.unavailable("does not answer within ten seconds")),
            Ok(Err(error)) => Err(self.unavailable(&error.to_string())),
            Ok(Ok((status, body))) => match serde_json::from_slice(&body) {
                Ok(body) => Ok(Answer { status, body }),
                Err(_) => Err(self.unavailable("answers, but not in JSON: is this Comity's port?")),
            },
        }
    }

    async fn exchange(&self, path: &str) -> Result<(u16, Bytes), Box<dyn std::error::Error + Send + Sync>> {
        let host = self.base.host().unwrap_or_default();
        let port = self.base.port_u16().unwrap_or(80);
        let stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let request = Request::get(path)
            .header(header::HOST, self.base.authority().map_or(host, |authority| authority.as_str()))
            .body(Empty::<Bytes>::new())?;
        let driven = tokio::spawn(connection);
        let response = sender.send_request(request).await?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await?.to_bytes();
        driven.abort();
        Ok((status, body))
    }

    fn unavailable(&self, why: &str) -> Failure {
        let help = "start `comity run` with http.listen, or name another port: --at http://127.0.0.1:8080";
        Failure::one(Exit::Unavailable, Problem::new("CMT-9641", self.base.to_string(), why, help))
    }
}

#[cfg(test)]
mod tests {
    use super::Port;

    #[test]
    fn a_port_is_a_scheme_a_host_and_a_number() {
        for right in ["http://127.0.0.1:8080", "http://localhost:1/", "http://[::1]:8080"] {
            assert!(Port::parse(right).is_ok(), "{right}");
        }
        for wrong in ["127.0.0.1:8080", "https://localhost", "http://localhost/x", "http://a/?b", "", "http://"] {
            assert!(Port::parse(wrong).is_err(), "{wrong}");
        }
        let any = Port::of("0.0.0.0:81".parse().unwrap()).unwrap();
        assert_eq!(any.base.to_string(), "http://127.0.0.1:81/");
    }
}
