//! The two stages and the HTTP port in one process, each on a thread of its own, and how they end together.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use super::{Exit, Failure, load};
use crate::config::Settings;
use crate::http::{self, Surface};
use crate::kafka::intake::IntakeContext;
use crate::kafka::ledger::LedgerContext;
use crate::kafka::status::{IntakeStatus, LedgerStatus};
use crate::kafka::view::View;
use crate::kafka::{self, Stop};
use crate::metrics::Sources;
use crate::model::problem::Problem;
use crate::model::rules::Rules;
use crate::platform::Platform;

/// Which stages run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stages {
    pub(super) intake: bool,
    pub(super) ledger: bool,
}

/// A running process.
pub(super) struct Engine {
    pub(super) intake: Option<Arc<IntakeStatus>>,
    pub(super) ledger: Option<Arc<LedgerStatus>>,
    /// Where the HTTP port was bound.
    pub(super) http: Option<SocketAddr>,
    view: Arc<View>,
    shutdown: Arc<AtomicBool>,
    ended: Receiver<Result<(), Stop>>,
    threads: Vec<JoinHandle<()>>,
    server: Option<(tokio::runtime::Runtime, tokio::sync::oneshot::Sender<()>)>,
}

impl Engine {
    /// Starts the port first, so that a restore can be watched, then the stages.
    pub(super) fn start(
        settings: &Settings,
        platforms: Arc<Vec<Platform>>,
        rules: &Rules,
        stages: Stages,
    ) -> Result<Self, Failure> {
        let shutdown = Arc::new(AtomicBool::new(false));
        let (sender, ended) = channel();
        let names = platforms.iter().map(|platform| platform.definition.name.as_str());
        let intake = stages.intake.then(|| Arc::new(IntakeStatus::new(names)));
        let ledger = stages.ledger.then(|| Arc::new(LedgerStatus::default()));
        let mut engine = Self {
            intake,
            ledger,
            http: None,
            view: Arc::default(),
            shutdown,
            ended,
            threads: Vec::new(),
            server: None,
        };
        if let Some(address) = settings.http_listen {
            engine.serve(settings, address)?;
        }
        if let Some(status) = engine.intake.clone() {
            let context = IntakeContext {
                kafka: settings.kafka.clone(),
                federation: settings.federation.name.clone(),
                platforms,
                pace: settings.intake.clone(),
                digest_key: settings.guard.digest_key.clone(),
                status,
            };
            let shutdown = Arc::clone(&engine.shutdown);
            engine.spawn("intake", sender.clone(), move || kafka::intake::run(&context, &shutdown))?;
        }
        if let Some(status) = engine.ledger.clone() {
            let context = LedgerContext {
                kafka: settings.kafka.clone(),
                federation: settings.federation.name.clone(),
                rules: rules.clone(),
                pace: settings.ledger.clone(),
                status,
                view: Arc::clone(&engine.view),
            };
            let shutdown = Arc::clone(&engine.shutdown);
            engine.spawn("ledger", sender, move || kafka::ledger::run(&context, &shutdown))?;
        }
        Ok(engine)
    }

    fn serve(&mut self, settings: &Settings, address: SocketAddr) -> Result<(), Failure> {
        let cannot = |error: std::io::Error| {
            let why = format!("{address} cannot be listened on: {error}");
            Failure::one(Exit::CannotCreate, Problem::new("CMT-9620", "http.listen", why, "take a free port"))
        };
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(cannot)?;
        let (listener, bound) = runtime.block_on(http::bind(address)).map_err(cannot)?;
        let sources = Sources { intake: self.intake.clone(), ledger: self.ledger.clone() };
        let members = settings.federation.members.iter().map(|member| member.jurisdiction).collect();
        let view = self.ledger.as_ref().map(|_| Arc::clone(&self.view));
        let loopback = bound.ip().to_canonical().is_loopback();
        let surface = Surface { sources, members: Arc::new(members), view, loopback };
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        runtime.spawn(async move {
            let until = async move {
                // A sender that is dropped ends the port too.
                let _dropped = stopped.await;
            };
            if let Err(error) = http::serve(listener, surface, until).await {
                tracing::error!("the HTTP port has ended: {error}");
            }
        });
        tracing::info!(address = %bound, "the HTTP port is open");
        self.http = Some(bound);
        self.server = Some((runtime, stop));
        Ok(())
    }

    fn spawn(
        &mut self,
        name: &str,
        sender: Sender<Result<(), Stop>>,
        stage: impl FnOnce() -> Result<(), Stop> + Send + 'static,
    ) -> Result<(), Failure> {
        let thread = Builder::new().name(name.to_owned()).spawn(move || {
            // A stage that panics has broken an invariant; its sender is dropped without a word, which is seen.
            let ended = stage();
            let _gone = sender.send(ended);
        });
        let thread = thread.map_err(|error| {
            let why = format!("no thread for {name}: {error}");
            Failure::one(Exit::CannotCreate, Problem::new("CMT-9621", "process", why, "raise the limit of threads"))
        })?;
        self.threads.push(thread);
        Ok(())
    }

    /// True where a stage has ended by itself within this time.
    pub(super) fn wait(&self, time: Duration) -> Result<(), Failure> {
        match self.ended.recv_timeout(time) {
            Err(RecvTimeoutError::Timeout) => {
                let dead = self.threads.iter().any(JoinHandle::is_finished);
                if dead { Err(broken()) } else { Ok(()) }
            }
            Ok(Err(stop)) => Err(load::stopped(stop)),
            Ok(Ok(())) | Err(RecvTimeoutError::Disconnected) => Err(broken()),
        }
    }

    /// Tells the stages to finish what they have begun, and waits for them.
    pub(super) fn stop(mut self) -> Result<(), Failure> {
        self.shutdown.store(true, Ordering::Relaxed);
        let mut failed = None;
        for thread in std::mem::take(&mut self.threads) {
            if thread.join().is_err() {
                failed = Some(broken());
            }
        }
        while let Ok(ended) = self.ended.try_recv() {
            if let Err(stop) = ended {
                failed = Some(load::stopped(stop));
            }
        }
        if let Some((runtime, stop)) = self.server.take() {
            drop(stop);
            runtime.shutdown_timeout(Duration::from_secs(1));
        }
        failed.map_or(Ok(()), Err)
    }
}

fn broken() -> Failure {
    let why = "a stage has ended without a reason: an invariant did not hold";
    let help = "nothing wrong was sent; keep the log of this process and report it";
    Failure::one(Exit::Data, Problem::new("CMT-9622", "process", why, help))
}

/// Set by SIGINT and SIGTERM; a second one ends the process at once.
pub(super) fn signals() -> Result<Arc<AtomicBool>, Failure> {
    let asked = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&asked);
    let cannot = |error: std::io::Error| {
        let why = format!("signals cannot be heard: {error}");
        Failure::one(Exit::Unavailable, Problem::new("CMT-9623", "process", why, "give the process more resources"))
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(cannot)?;
    let listen = move || {
        runtime.block_on(async {
            use tokio::signal::unix::{SignalKind, signal};
            let (Ok(mut interrupt), Ok(mut terminate)) =
                (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
            else {
                return;
            };
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                if set.swap(true, Ordering::Relaxed) {
                    std::process::exit(130);
                }
                tracing::info!("shutting down; what has begun is finished first");
            }
        });
    };
    Builder::new().name("signals".to_owned()).spawn(listen).map_err(cannot)?;
    Ok(asked)
}
