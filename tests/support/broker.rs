//! A broker for a test: embedded in the process by default, a real Kafka started from Maven's jars
//! (`COMITY_TEST_KAFKA=maven`), or one that runs already (`COMITY_TEST_KAFKA=host:port`).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use comity::kafka::embedded::EmbeddedBroker;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;

use super::maven::Maven;

/// How long a test waits for what must happen; beside other tests a broker may take a while.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// A broker that is this test's alone while the value lives: its `comity.…` topics are new.
pub(crate) struct Broker {
    kind: Kind,
    /// A name that no other test uses; groups and transactional ids carry it.
    pub(crate) federation: String,
}

enum Kind {
    Embedded(EmbeddedBroker),
    Maven(Box<Maven>),
    /// Topics have fixed names, so tests on a shared broker run one after another.
    Running {
        address: String,
        _turn: MutexGuard<'static, ()>,
    },
}

static RUNNING_TURN: Mutex<()> = Mutex::new(());
static FEDERATIONS: AtomicU32 = AtomicU32::new(0);

fn chosen() -> String {
    std::env::var("COMITY_TEST_KAFKA").unwrap_or_else(|_| "embedded".to_owned())
}

/// True, with a line that says so, where the test needs what the embedded broker cannot do; the test then returns.
/// `.ci/run` runs the suite again with `COMITY_TEST_KAFKA=maven`, where nothing is left out.
pub(crate) fn needs_real_kafka(reason: &str) -> bool {
    let embedded = chosen() == "embedded";
    if embedded {
        println!("not on the embedded broker: {reason}");
    }
    embedded
}

/// True, with a line that says so, where the test stops or kills its broker and cannot do so with this one.
pub(crate) fn needs_own_kafka(reason: &str) -> bool {
    let own = chosen() == "maven";
    if !own {
        println!("only with COMITY_TEST_KAFKA=maven: {reason}");
    }
    !own
}

impl Broker {
    /// The broker that `COMITY_TEST_KAFKA` names, without any `comity.…` topic.
    pub(crate) fn for_test() -> Self {
        let number = FEDERATIONS.fetch_add(1, Ordering::Relaxed);
        let federation = format!("test-{}-{number}", std::process::id());
        let kind = match chosen().as_str() {
            "embedded" => Kind::Embedded(EmbeddedBroker::start(0).unwrap()),
            "maven" => Kind::Maven(Box::new(Maven::start())),
            address => {
                let turn = RUNNING_TURN.lock().unwrap_or_else(PoisonError::into_inner);
                Kind::Running { address: address.to_owned(), _turn: turn }
            }
        };
        let broker = Self { kind, federation };
        if matches!(broker.kind, Kind::Running { .. }) {
            broker.delete_topics();
        }
        broker
    }

    /// A real Kafka of the test's own, on a disk of its own where this machine allows one; guard with `needs_own_kafka`.
    pub(crate) fn on_own_disk() -> Self {
        let number = FEDERATIONS.fetch_add(1, Ordering::Relaxed);
        let federation = format!("test-{}-{number}", std::process::id());
        Self { kind: Kind::Maven(Box::new(Maven::start_on_own_disk())), federation }
    }

    /// A real Kafka of the test's own with more lines in its `server.properties`; guard with `needs_own_kafka`.
    pub(crate) fn with_properties(lines: &str) -> Self {
        let number = FEDERATIONS.fetch_add(1, Ordering::Relaxed);
        let federation = format!("test-{}-{number}", std::process::id());
        Self { kind: Kind::Maven(Box::new(Maven::start_with(lines))), federation }
    }

    pub(crate) fn address(&self) -> String {
        match &self.kind {
            Kind::Embedded(broker) => broker.bootstrap_servers(),
            Kind::Maven(broker) => broker.address(),
            Kind::Running { address, .. } => address.clone(),
        }
    }

    /// The process, where the broker is one of the test's own: to kill it, to start it again.
    pub(crate) fn maven(&mut self) -> &mut Maven {
        match &mut self.kind {
            Kind::Maven(broker) => broker,
            Kind::Embedded(_) | Kind::Running { .. } => panic!("guard the test with needs_own_kafka"),
        }
    }

    /// How Comity reaches it.
    pub(crate) fn settings(&self) -> comity::config::Kafka {
        comity::config::Kafka {
            bootstrap_servers: self.address(),
            single_broker: true,
            session_timeout: Duration::from_secs(6),
            properties: BTreeMap::new(),
        }
    }

    /// A client configuration that owes nothing to Comity's.
    pub(crate) fn plain_config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.address());
        config
    }

    /// Makes topics of one partition and waits until they can be written.
    pub(crate) fn create_topics(&self, names: &[&str], config: &[(&str, &str)]) {
        let topics: Vec<NewTopic<'_>> = names
            .iter()
            .map(|name| {
                let topic = NewTopic::new(name, 1, TopicReplication::Fixed(1));
                config.iter().fold(topic, |topic, (key, value)| topic.set(key, value))
            })
            .collect();
        for result in block_on(self.admin().create_topics(&topics, &AdminOptions::new())).unwrap() {
            result.unwrap();
        }
        self.wait_for_topics(names);
    }

    pub(crate) fn admin(&self) -> AdminClient<DefaultClientContext> {
        self.plain_config().create().unwrap()
    }

    fn wait_for_topics(&self, names: &[&str]) {
        let admin = self.admin();
        let deadline = Instant::now() + PATIENCE;
        for name in names {
            loop {
                let metadata = admin.inner().fetch_metadata(Some(name), PATIENCE).unwrap();
                let ready = metadata.topics().iter().all(|topic| {
                    topic.error().is_none()
                        && !topic.partitions().is_empty()
                        && topic.partitions().iter().all(|partition| partition.error().is_none())
                });
                if ready {
                    break;
                }
                assert!(Instant::now() < deadline, "{name} did not appear");
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }

    fn delete_topics(&self) {
        let admin = self.admin();
        let names = |admin: &AdminClient<DefaultClientContext>| -> Vec<String> {
            let metadata = admin.inner().fetch_metadata(None, PATIENCE).unwrap();
            let names = metadata.topics().iter().map(|topic| topic.name().to_owned());
            names.filter(|name| name.starts_with("comity.")).collect()
        };
        let found = names(&admin);
        let found: Vec<&str> = found.iter().map(String::as_str).collect();
        if !found.is_empty() {
            block_on(admin.delete_topics(&found, &AdminOptions::new())).unwrap();
        }
        let deadline = Instant::now() + PATIENCE;
        while !names(&admin).is_empty() {
            assert!(Instant::now() < deadline, "topics of an earlier test do not go away");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Waits for a future of the admin client; its work is done by a thread of its own.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// Waits until something holds; the test fails with `what` after `limit`.
pub(crate) fn wait_until(what: &str, limit: Duration, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + limit;
    while !holds() {
        assert!(Instant::now() < deadline, "not within {limit:?}: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
