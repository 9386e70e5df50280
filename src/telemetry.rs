//! Logs and the shell's clock. No log line names an organisation, holds a secret or a value of a record.

use tracing_subscriber::EnvFilter;

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

/// Starts the log on standard error; the level is that of `COMITY_LOG` (`info` without it). A second call does nothing.
pub fn start(format: LogFormat) {
    start_at(format, "info");
}

/// The same with another level where `COMITY_LOG` is not set.
pub fn start_at(format: LogFormat, level: &str) {
    let filter = EnvFilter::try_from_env("COMITY_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let colour = std::env::var_os("NO_COLOR").is_none() && std::io::IsTerminal::is_terminal(&std::io::stderr());
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colour);
    // A test or an embedding program may have set its own subscriber, which then stands.
    let _already_set = match format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
}

/// The only place that reads the machine's clocks. They pace the shell; what is decided has its time from the log.
pub mod clock {
    use std::time::{Instant, SystemTime, UNIX_EPOCH};

    use crate::model::place::Millis;

    /// A monotonic instant.
    #[expect(clippy::disallowed_methods, reason = "this is the shell's clock")]
    pub fn instant() -> Instant {
        Instant::now()
    }

    /// Wall-clock milliseconds since 1970, for logs and metrics.
    #[expect(clippy::disallowed_methods, reason = "this is the shell's clock")]
    pub fn wall_ms() -> Millis {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
    }
}
