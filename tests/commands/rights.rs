//! `comity check` on a broker that keeps rights: what a client lacks is told one by one, and nothing is changed by
//! looking.

use std::io::{Read, Write};
use std::net::TcpStream;

use comity::kafka::names;

use crate::setting::{Setting, TOPIC};
use crate::support::broker::{Broker, needs_own_kafka};
use crate::support::reader::read_uncommitted;

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

#[test]
fn each_right_that_is_missing_is_told_and_looking_changes_nothing() {
    if needs_own_kafka("the test sets its broker up") {
        return;
    }
    let mut broker = Broker::with_properties(SERVER);
    let operator = Setting::new(&broker);
    operator.must(&["topics", "apply", "--yes"]);
    let known = operator.must(&["check"]);
    assert!(known.contains("not known: write Comity's own topics") && !known.contains("may not"), "{known}");

    let client = Setting::at(&broker.maven().second_address(), &broker.federation);
    client.change("comity.toml", "single_broker = true\n", CLIENT);
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

    for topic in ["comity.log", "comity.state", "comity.status.", "comity.alerts."] {
        allow(&broker, Of::Topic, topic, true, May::Write);
    }
    allow(&broker, Of::Group, &group("intake"), false, May::Read);
    allow(&broker, Of::Group, &group("ledger"), false, May::Read);
    allow(&broker, Of::Group, names::FOLLOWERS_GROUP, false, May::Read);
    allow(&broker, Of::TransactionalId, &group("ledger"), false, May::Write);
    allow(&broker, Of::Topic, "comity.re", true, May::Write);
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
