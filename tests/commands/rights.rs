//! `comity check` on a broker that keeps rights: what a client lacks is told one by one, and nothing is changed by
//! looking.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::Duration;

use comity::kafka::names;

use crate::setting::{HEADER, PLATFORM, Setting, TOPIC};
use crate::support::broker::{Broker, PATIENCE, needs_own_kafka, wait_until};
use crate::support::reader::{read_committed, read_uncommitted};

/// A second listener on which a client is who it says; on the first everybody may do everything.
const SERVER: &str = "
listeners=PLAINTEXT://127.0.0.1:@PORT@,SASL://127.0.0.1:@SECOND@,CONTROLLER://127.0.0.1:@CONTROLLER@
advertised.listeners=PLAINTEXT://127.0.0.1:@PORT@,SASL://127.0.0.1:@SECOND@
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT
sasl.enabled.mechanisms=PLAIN
listener.name.sasl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
user_comity=\"sample-password\";
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
";

const CLIENT: &str = "single_broker = true\n\n[kafka.properties]\n\"security.protocol\" = \"sasl_plaintext\"\n\
                      \"sasl.mechanism\" = \"PLAIN\"\n\"sasl.username\" = \"comity\"\n\
                      \"sasl.password\" = \"sample-password\"\n";

#[derive(Clone, Copy)]
enum Of {
    Topic = 2,
    Group = 3,
    TransactionalId = 5,
}

#[derive(Clone, Copy)]
enum May {
    Read = 3,
    Write = 4,
    DescribeConfigs = 10,
}

/// Gives the client a right, by Kafka's protocol (`CreateAcls`, version 1): no library at hand has the request.
fn allow(broker: &Broker, of: Of, name: &str, prefixed: bool, may: May) {
    let text = |text: &str| [&i16::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat();
    let mut request = [&[0, 30, 0, 1, 0, 0, 0, 7][..], &text("test"), &1_i32.to_be_bytes()].concat();
    request.push(of as u8);
    request.extend(text(name));
    request.push(if prefixed { 4 } else { 3 });
    request.extend([text("User:comity"), text("*")].concat());
    // The operation, and that it is allowed.
    request.extend([may as u8, 3]);
    let mut broker = TcpStream::connect(broker.address()).unwrap();
    broker.write_all(&[&i32::try_from(request.len()).unwrap().to_be_bytes()[..], &request].concat()).unwrap();
    let mut length = [0; 4];
    broker.read_exact(&mut length).unwrap();
    let mut answer = vec![0; u32::from_be_bytes(length) as usize];
    broker.read_exact(&mut answer).unwrap();
    // The correlation, the time of throttling, the count of results, the error of the first.
    assert_eq!(answer[12..14], [0, 0], "the right is not given: {answer:?}");
}

/// Gives it the rights by which an instance runs, but for the topic of pauses.
fn allow_run(broker: &Broker) {
    for topic in ["comity.log", "comity.state", "comity.status.", "comity.alerts.", "comity.re"] {
        allow(broker, Of::Topic, topic, true, May::Write);
    }
    let (intake, ledger) = (names::intake_group(&broker.federation), names::ledger_group(&broker.federation));
    for group in [&intake, &ledger, names::FOLLOWERS_GROUP] {
        allow(broker, Of::Group, group, false, May::Read);
    }
    allow(broker, Of::TransactionalId, &ledger, false, May::Write);
}

/// A broker that keeps rights, the operator who may do everything, and a client without any.
fn with_rights() -> (Broker, Setting, Setting) {
    let mut broker = Broker::with_properties(SERVER);
    let operator = Setting::new(&broker);
    operator.must(&["topics", "apply", "--yes"]);
    let client = Setting::at(&broker.maven().second_address(), &broker.federation);
    client.change("comity.toml", "single_broker = true\n", CLIENT);
    (broker, operator, client)
}

/// Feeds so many records.
fn feed(operator: &Setting, count: usize) {
    let rows: String = (0..count).map(|number| format!("N{number},Maple Sample Works Ltd,2024-01-31\n")).collect();
    operator.write("rows.csv", &format!("{HEADER}\n{rows}"));
    operator.must(&["feed", "rows.csv", "--platform", PLATFORM]);
}

/// A process whose log is read as it comes.
struct Heard {
    running: Child,
    log: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
}

impl Heard {
    fn of(mut running: Child) -> Self {
        let log = Arc::new(Mutex::new(String::new()));
        let (heard, lines) = (log.clone(), BufReader::new(running.stderr.take().unwrap()).lines());
        let reader = spawn(move || lines.for_each(|line| heard.lock().unwrap().push_str(&line.unwrap())));
        Self { running, log, reader }
    }

    fn says(&self, what: &str) -> bool {
        self.log.lock().unwrap().contains(what)
    }

    /// Ends it, and gives its whole log.
    fn stop(mut self) -> String {
        let pid = self.running.id().to_string();
        assert!(Command::new("kill").args(["-s", "TERM", &pid]).status().unwrap().success());
        self.running.wait().unwrap();
        self.reader.join().unwrap();
        self.log.lock().unwrap().clone()
    }
}

#[test]
fn each_right_that_is_missing_is_told_and_looking_changes_nothing() {
    if needs_own_kafka("the test sets its broker up") {
        return;
    }
    let (broker, operator, client) = with_rights();
    let known = operator.must(&["check"]);
    assert!(known.contains("not known: write Comity's own topics") && !known.contains("may not"), "{known}");

    let said = client.refused(&["check"], 69, "CMT-9601");
    assert!(said.contains(&format!("the topic {TOPIC} cannot be seen by this client")), "{said}");

    // To read is to see as well; the settings of topics are a right of their own.
    allow(&broker, Of::Topic, "comity.", true, May::Read);
    let said = client.refused(&["check"], 69, "CMT-9601");
    assert!(said.contains("the settings of comity.in.works cannot be seen by this client"), "{said}");

    allow(&broker, Of::Topic, "comity.", true, May::DescribeConfigs);
    let said = client.refused(&["check"], 69, "CMT-9607");
    let group = |stage: &str| format!("comity-{}-{stage}", broker.federation);
    for group in [group("intake"), group("ledger"), names::FOLLOWERS_GROUP.to_owned()] {
        assert!(said.contains(&format!("may not read as the group {group} ")), "{group}: {said}");
    }
    assert!(!said.contains("may not read comity."), "{said}");

    allow_run(&broker);
    let known = client.must(&["check"]);
    // The right was given for the ledger's own id alone, which cannot be tried beside a ledger.
    assert!(known.contains("rights         not known: write transactions as"), "{known}");
    allow(&broker, Of::TransactionalId, &group("ledger"), true, May::Write);
    let known = client.must(&["check"]);
    assert!(!known.contains("not known: write transactions"), "{known}");

    assert_eq!(read_uncommitted(&broker, "comity.log").len(), 1, "the first rules, and nothing else");
    for topic in [TOPIC, "comity.state", "comity.rejects", "comity.alerts.CA-QC", "comity.status.CA-QC"] {
        assert_eq!(read_uncommitted(&broker, topic).len(), 0, "{topic}");
    }

    // What the check calls enough is enough.
    client.must(&["run", "--exit-when-idle", "2s"]);
}

/// A platform that ran away was paused at one instance only, and nothing said that nobody else knew.
#[test]
fn a_pause_that_may_not_be_written_down_is_told_once_a_minute() {
    if needs_own_kafka("the test sets its broker up") {
        return;
    }
    let (broker, operator, client) = with_rights();
    client.change("comity.toml", "[policy]", "[intake]\nevents_per_minute_max = { works = 20 }\n\n[policy]");
    for may in [May::Read, May::DescribeConfigs] {
        allow(&broker, Of::Topic, "comity.", true, may);
    }
    allow_run(&broker);
    feed(&operator, 40);

    let running = Heard::of(client.spawn(&["run"]));
    let warning = "its pause is not written down in comity.control";
    wait_until("the operator is warned", PATIENCE, || running.says(warning));
    // It is tried again many times meanwhile.
    sleep(Duration::from_secs(3));
    let log = running.stop();
    assert_eq!(log.matches(warning).count(), 1, "{log}");
    assert!(log.contains("TopicAuthorizationFailed"), "{log}");
}

/// What intake cannot learn of the ledger's positions is asked again: it is no reason to stop.
#[test]
fn an_intake_that_cannot_read_where_the_ledger_stands_goes_on_once_it_can() {
    if needs_own_kafka("the test sets its broker up") {
        return;
    }
    let (broker, operator, client) = with_rights();
    let ledger = Heard::of(operator.spawn(&["run", "--stage", "ledger"]));
    wait_until("there is a state", PATIENCE, || !read_committed(&broker, "comity.state").is_empty());
    ledger.stop();
    for topic in ["comity.in.", "comity.acks.", "comity.links", "comity.log", "comity.control"] {
        allow(&broker, Of::Topic, topic, true, May::Read);
    }
    allow(&broker, Of::Topic, "comity.", true, May::DescribeConfigs);
    allow_run(&broker);
    feed(&operator, 3);

    let running = Heard::of(client.spawn(&["run", "--stage", "intake"]));
    wait_until("it says what it lacks", PATIENCE, || running.says("asking where the ledger stands"));
    let before = read_committed(&broker, "comity.log").len();
    allow(&broker, Of::Topic, "comity.state", false, May::Read);
    wait_until("it goes on", PATIENCE, || read_committed(&broker, "comity.log").len() == before + 3);
    let log = running.stop();
    assert!(log.contains("give this client the right"), "{log}");
}

#[test]
fn looking_leaves_no_record_behind_on_any_broker() {
    let broker = Broker::for_test();
    let setting = Setting::new(&broker);
    setting.must(&["topics", "apply", "--yes"]);
    setting.must(&["check"]);
    assert_eq!(read_uncommitted(&broker, names::LOG).len(), 1, "the first rules, and nothing else");
    for topic in [TOPIC, "comity.state", "comity.rejects", "comity.alerts.CA-QC", "comity.status.CA-QC"] {
        assert_eq!(read_uncommitted(&broker, topic).len(), 0, "{topic}");
    }
}
