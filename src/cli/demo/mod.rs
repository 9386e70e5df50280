//! `comity demo`: a federation of Canada's provinces and territories on a broker in this process.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::json;

mod samples;
mod native;
mod story;
mod stream;
mod show;
mod summary;

use show::Show;
use story::{ACTS, ACTS_COUNT, Sent};
use stream::Stream;

use super::engine::{Engine, Stages, signals};
use super::{Common, Exit, Failure, Format, Output, load};
use crate::config::{self, Kafka, Settings};
use crate::kafka::embedded::EmbeddedBroker;
use crate::kafka::feed::{self, Fed, Numbered, Target};
use crate::kafka::follow::{Followed, Follower};
use crate::kafka::idle::IdleWatch;
use crate::kafka::{Stop, StopKind, names, topics};
use crate::model::place::{Jurisdiction, Millis};
use crate::model::problem::Problem;
use crate::platform::Platform;
use crate::schema::view;
use crate::telemetry::{self, LogFormat, clock};

/// Pause between two acts of the story, where the time that was given allows it.
const ACT_PAUSE: Duration = Duration::from_secs(3);
/// How long the start and the last record may take.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(30);
/// Nothing left to do for this long is the end.
const IDLE: Duration = Duration::from_millis(400);
/// Followed records that are taken before the next one is sent.
const RECORDS_A_ROUND: usize = 1_000;

/// See Comity at work: an embedded Kafka, four sample platforms, thirteen provinces and territories.
///
/// It tells a story in seven acts (an alert, a follow-up, a correction, a withdrawal, a restricted alert, rejections,
/// an expiry), then goes on with a steady stream until it is told to stop. All companies are invented. Everything is
/// in memory and gone at the end.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  comity demo                          until Ctrl-C
  comity demo --for 30s                end by itself, with a summary read back from the topics
  comity demo --rate 50 --for 1m       a faster stream
  comity demo --listen 127.0.0.1:8080  the HTTP port at a place of your choice
  comity demo --format json            one JSON object for each thing that happens
While it runs, any Kafka client reads its topics at the address that it prints.")]
pub(super) struct Arguments {
    /// End after this long, such as 30s or 2m; the story is told faster where that is needed.
    #[arg(long = "for", value_name = "TIME", value_parser = super::time::parse)]
    duration: Option<Duration>,
    /// Records a second of the stream that follows the story.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    rate: u32,
    /// What the stream's chances start from; the same seed gives the same records.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Where the HTTP port listens; port 0 takes any free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: std::net::SocketAddr,
    /// The broker's port on the loopback interface; 0 takes any free one.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    kafka_port: u16,
}

pub(super) fn run(common: &Common, arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    let format = if common.format == Format::Json { LogFormat::Json } else { LogFormat::Text };
    telemetry::start_at(format, "warn");
    let broker = EmbeddedBroker::start(arguments.kafka_port).map_err(|error| {
        let why = format!("the embedded broker cannot listen: {error}");
        Failure::one(Exit::CannotCreate, Problem::new("CMT-9631", "comity demo", why, "take a free --kafka-port"))
    })?;
    let settings = settings(&broker.bootstrap_servers(), arguments)?;
    let platforms = Arc::new(samples::load().map_err(Failure::configuration)?);
    let rules = load::rules(&settings, &platforms);
    let asked = signals()?;
    topics::apply(&settings.kafka, &topics::plan(&settings, &platforms), &rules, |_| {}).map_err(load::stopped)?;
    let engine = Engine::start(&settings, Arc::clone(&platforms), &rules, Stages { intake: true, ledger: true })?;
    let demo = Demo::new(&settings, &platforms, engine)?;
    demo.announce(output)?;
    demo.play(arguments, &asked, output)
}

/// The demo's configuration; only its addresses depend on how it was called.
fn settings(bootstrap_servers: &str, arguments: &Arguments) -> Result<Settings, Failure> {
    let text = format!(
        "[kafka]\nbootstrap_servers = \"{bootstrap_servers}\"\nsingle_broker = true\n\
         [federation]\nname = \"demo\"\njurisdictions = {:?}\n[http]\nlisten = \"{}\"\n",
        samples::members(),
        arguments.listen,
    );
    config::parse("the demo's configuration", Path::new("."), &text).map_err(Failure::configuration)
}

/// The day of a wall-clock time in UTC, `YYYY-MM-DD`.
fn today(now: Millis) -> String {
    jiff::Timestamp::from_millisecond(now).unwrap_or_default().strftime("%Y-%m-%d").to_string()
}

/// A running demo.
struct Demo {
    kafka: Kafka,
    engine: Engine,
    members: Vec<Jurisdiction>,
    inputs: Vec<String>,
    feeds: BTreeMap<&'static str, Sender<Vec<u8>>>,
    feeders: Vec<JoinHandle<Result<Fed, Stop>>>,
    follower: Follower,
    idle: IdleWatch,
    show: Show,
}

impl Demo {
    fn new(settings: &Settings, platforms: &[Platform], engine: Engine) -> Result<Self, Failure> {
        let kafka = settings.kafka.clone();
        let members: Vec<Jurisdiction> = settings.federation.members.iter().map(|member| member.jurisdiction).collect();
        let inputs: Vec<String> = platforms.iter().map(|platform| platform.definition.topic.clone()).collect();
        let mut feeds = BTreeMap::new();
        let mut feeders = Vec::new();
        for (name, platform) in samples::NAMES.into_iter().zip(platforms) {
            let (sender, receiver) = channel::<Vec<u8>>();
            let version = platform.definition.sources.last().map(|source| source.version.clone()).unwrap_or_default();
            let (kafka, topic) = (kafka.clone(), platform.definition.topic.clone());
            feeds.insert(name, sender);
            feeders.push(std::thread::spawn(move || {
                let target = Target { topic: &topic, source_version: &version, test: false };
                let records = (1..).zip(receiver).map(|(number, value)| Numbered { number, value: Some(value) });
                feed::feed(&kafka, target, records, |_| {}, &AtomicBool::new(false))
            }));
        }
        let mut watched: Vec<String> = members.iter().map(|member| names::alerts(*member)).collect();
        watched.push(names::REJECTS.to_owned());
        let follower = Follower::from_start(&kafka, watched.iter().map(String::as_str)).map_err(load::stopped)?;
        let (Some(intake), Some(ledger)) = (engine.intake.clone(), engine.ledger.clone()) else {
            return Err(gone());
        };
        let read = crate::kafka::intake::topics(platforms, &settings.intake);
        let idle =
            IdleWatch::new(&kafka, &settings.federation.name, read, (intake, ledger), IDLE).map_err(load::stopped)?;
        Ok(Self { kafka, engine, members, inputs, feeds, feeders, follower, idle, show: Show::default() })
    }

    fn announce(&self, output: &Output) -> Result<(), Failure> {
        let http = self.engine.http.map(|address| address.to_string()).unwrap_or_default();
        let kafka = &self.kafka.bootstrap_servers;
        output.line(
            &format!(
                "A federation of {} provinces and territories with four sample platforms; all companies are invented.\n\
                 \x20 Kafka  {kafka}   topics comity.in.*, comity.log, comity.alerts.CA-ON, comity.rejects …\n\
                 \x20 HTTP   http://{http}   /readyz /metrics /subjects /schemas/ids/3",
                self.members.len(),
            ),
            &json!({ "type": "start", "kafka": kafka, "http": http, "members": samples::members() }),
        )
    }

    /// The story, the stream, then the summary.
    fn play(mut self, arguments: &Arguments, asked: &AtomicBool, output: &Output) -> Result<(), Failure> {
        let started = clock::instant();
        let end = arguments.duration.map(|duration| started + duration);
        let over = |now: Instant| asked.load(Ordering::Relaxed) || end.is_some_and(|end| now >= end);
        self.wait_until_ready(&over, output)?;
        let pause = arguments.duration.map_or(ACT_PAUSE, |duration| ACT_PAUSE.min(duration / (ACTS_COUNT + 2)));
        for (number, act) in ACTS.into_iter().enumerate() {
            if over(clock::instant()) {
                break;
            }
            let act = act(clock::wall_ms());
            output.line(
                &format!("\n{}. {}", number + 1, act.title),
                &json!({ "type": "act", "number": number + 1, "title": act.title }),
            )?;
            for sent in act.records {
                output.line(&format!("  {}", sent.says), &json!({ "type": "sent", "says": sent.says }))?;
                self.send(sent)?;
                self.watch(clock::instant() + pause / 2, &over, output)?;
            }
            self.watch(clock::instant() + pause / 2, &over, output)?;
        }
        if !over(clock::instant()) {
            let rate = arguments.rate;
            output.line(
                &format!("\nA steady stream of {rate} records a second; Ctrl-C ends it with a summary."),
                &json!({ "type": "stream", "rate": rate }),
            )?;
        }
        let (mut stream, mut next) = (Stream::new(arguments.seed), clock::instant());
        while !over(clock::instant()) {
            if let Some(sent) = stream.next(clock::wall_ms()) {
                self.send(sent)?;
            }
            next += Duration::from_secs(1) / arguments.rate;
            self.watch(next, &over, output)?;
        }
        self.finish(output)
    }

    fn wait_until_ready(&mut self, over: &impl Fn(Instant) -> bool, output: &Output) -> Result<(), Failure> {
        let deadline = clock::instant() + SETTLE_TIMEOUT;
        let ready = |engine: &Engine| {
            engine
                .ledger
                .as_ref()
                .is_some_and(|ledger| ledger.owner.load(Ordering::Relaxed) && ledger.caught_up.load(Ordering::Relaxed))
        };
        while !ready(&self.engine) && !over(clock::instant()) {
            if clock::instant() > deadline {
                return Err(gone());
            }
            self.watch(clock::instant() + Duration::from_millis(50), over, output)?;
        }
        Ok(())
    }

    fn send(&mut self, sent: Sent) -> Result<(), Failure> {
        self.show.sent(&sent.event_id);
        let feed = self.feeds.get(sent.platform).ok_or_else(gone)?;
        feed.send(sent.value).map_err(|_| gone())
    }

    /// Shows what comes until then.
    fn watch(&mut self, until: Instant, over: &impl Fn(Instant) -> bool, output: &Output) -> Result<(), Failure> {
        loop {
            for _ in 0..RECORDS_A_ROUND {
                match self.follower.next(Duration::from_millis(5)).map_err(load::stopped)? {
                    None => break,
                    Some(Followed::End) => {}
                    Some(Followed::Record(record)) => {
                        self.take(&record.topic, &record.value.unwrap_or_default(), output)?;
                    }
                }
            }
            self.show.print(output, false)?;
            self.engine.wait(Duration::ZERO)?;
            let now = clock::instant();
            if now >= until || over(now) {
                return Ok(());
            }
        }
    }

    fn take(&mut self, topic: &str, value: &[u8], output: &Output) -> Result<(), Failure> {
        let unreadable = |error: crate::schema::log::CodecError| {
            load::stopped(Stop::new(StopKind::Data, format!("{topic}: {}", error.why), "report it"))
        };
        if topic == names::REJECTS {
            return show::rejected(output, &view::rejection(value).map_err(unreadable)?);
        }
        self.show.alert(view::alert(value).map_err(unreadable)?);
        Ok(())
    }

    /// Lets everything that was sent arrive, ends the stages, and reads all back.
    fn finish(mut self, output: &Output) -> Result<(), Failure> {
        self.feeds.clear();
        let mut sent = 0;
        for feeder in std::mem::take(&mut self.feeders) {
            let fed = feeder.join().map_err(|_| gone())?.map_err(load::stopped)?;
            if let Some(stop) = fed.unfinished.and_then(|unfinished| unfinished.failure) {
                return Err(load::stopped(stop));
            }
            sent += fed.delivered;
        }
        let deadline = clock::instant() + SETTLE_TIMEOUT;
        while !self.idle.look() {
            if clock::instant() > deadline {
                return Err(gone());
            }
            self.watch(clock::instant() + Duration::from_millis(50), &|_| false, output)?;
        }
        self.show.print(output, true)?;
        self.engine.stop()?;
        summary::print(&self.kafka, &self.inputs, &self.members, sent, output)
    }
}

fn gone() -> Failure {
    let help = "try again; COMITY_LOG=info shows what the stages say";
    Failure::one(Exit::Unavailable, Problem::new("CMT-9632", "comity demo", "a part of the demo does not answer", help))
}
