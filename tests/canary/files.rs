//! Files of records with canaries, and what `comity feed` and `comity map` print of them.

use std::process::Output;

use apache_avro::types::Value;
use apache_avro::{Schema, Writer};

use crate::marks::Canaries;
use crate::records::{Becomes, Record, latin1};
use crate::support::broker::Broker;
use crate::support::federation::Federation;
use crate::support::reader::read_uncommitted;
use crate::{DEMO, REAL, assert_silent, federation, round};

/// A file in the format of a platform that holds these records.
fn file(platform: &str, records: &[&Record]) -> Vec<u8> {
    let values: Vec<&[u8]> = records.iter().filter_map(|record| record.value.as_deref()).collect();
    let rows = |header: &str| [&latin1(header)[..], &values.join(&b"\n"[..])].join(&b"\n"[..]);
    let list = |open: &str, between: &str, close: &str| {
        [open.as_bytes(), &values.join(between.as_bytes()), close.as_bytes()].concat()
    };
    match platform {
        "ca-on-food" => list("{\"notices\":[", ",", "]}"),
        "us-openfda-food" => list("{\"results\":[", ",", "]}"),
        "ca-ab-environment" => list("<Actions>", "\n", "</Actions>"),
        "ca-bc-safety" => container(&values),
        "ca-qc-normes" => rows(
            "No de dossier;Statut;Date du statut;Employeur;NEQ;No d'entreprise (ARC);Ville;Nature;Montant dû ($);\
             Pénalité ($);Recours;Motif d'annulation;Suivi demandé à;Résumé",
        ),
        "us-nj-labour" => rows(include_str!("../quirks/us-nj-labour/cases.csv").lines().next().unwrap()),
        "ca-on-dinesafe" => rows(include_str!("../quirks/ca-on-dinesafe/yearly.csv").lines().next().unwrap()),
        "eu-rasff" => rows(include_str!("../quirks/eu-rasff/notifications.tsv").lines().next().unwrap()),
        other => panic!("{other} has no files here"),
    }
}

fn order_schema() -> Schema {
    Schema::parse_str(include_str!("../../schemas/demo/ca-bc-safety/source.avsc")).unwrap()
}

/// An Avro container of those data that are whole.
fn container(values: &[&[u8]]) -> Vec<u8> {
    let schema = order_schema();
    let reader = apache_avro::reader::datum::GenericDatumReader::builder(&schema).build().unwrap();
    let mut writer = Writer::new(&schema, Vec::new()).unwrap();
    for mut value in values.iter().copied() {
        if let Ok(value) = reader.read_value(&mut value) {
            writer.append_value(value).unwrap();
        }
    }
    writer.into_inner().unwrap()
}

/// Files that no platform's cutter takes, or not to their end, each with canaries in what it may name.
fn broken(of: &mut Canaries) -> Vec<(&'static str, Vec<u8>)> {
    let food = of.prose();
    let text = |text: String| text.into_bytes();
    let foreign = Schema::parse_str(&format!(
        r#"{{"type":"record","name":"{}","fields":[{{"name":"{}","type":"string"}}]}}"#,
        of.word(),
        of.word()
    ))
    .unwrap();
    let mut writer = Writer::new(&foreign, Vec::new()).unwrap();
    let field = match &foreign {
        Schema::Record(record) => record.fields[0].name.clone(),
        other => panic!("{other:?} is no record"),
    };
    writer.append_value(Value::Record(vec![(field, Value::String(of.prose()))])).unwrap();
    let mut cut_off = writer.into_inner().unwrap();
    let whole = cut_off.clone();
    cut_off.truncate(cut_off.len() - 7);
    vec![
        ("ca-on-food", text(food)),
        ("ca-on-food", text(format!("{{\"notices\":[{{\"notice\":\"{}\",\"status\":\"{}\"", of.word(), of.email()))),
        ("ca-on-food", text(format!("{{\"{}\":[{{\"{}\":\"{}\"}}]}}", of.word(), of.word(), of.email()))),
        ("ca-on-food", text(format!("{{\"notices\":[{{\"notice\":\"{}\",}}]}}", of.word()))),
        ("us-openfda-food", text(format!("{{\"results\":[{{\"recall_number\":\"{}\"}}, {}", of.word(), of.word()))),
        ("ca-ab-environment", text(format!("<{}><b>{}</b></{}>", of.word(), of.email(), of.word()))),
        ("ca-ab-environment", text(format!("<?xml version=\"1.0\" encoding=\"{}\"?><Actions/>", of.word()))),
        ("ca-ab-environment", text(format!("<Actions></Actions></{}>{}", of.word(), of.prose()))),
        ("ca-ab-environment", text(format!("<Actions><EnforcementAction number=\"{}\"><{}>", of.word(), of.word()))),
        ("ca-bc-safety", whole),
        ("ca-bc-safety", cut_off),
        ("ca-bc-safety", [b"Obj\x01".to_vec(), text(of.prose())].concat()),
        // The header is missing, so that a record stands in its place; one of its cells is a column's name by chance.
        ("us-nj-labour", text(format!(",{},Assessed,{},2019-01-08,{},1,0", of.digits(), of.digits(), of.person()))),
        ("us-nj-labour", text(format!("{},{},{},Case Status,{}", of.word(), of.digits(), of.email(), of.address()))),
        ("ca-qc-normes", text(format!("{};{};{};Nature;\"{}\n", of.word(), of.digits(), of.email(), of.prose()))),
        ("ca-on-dinesafe", text(format!("{},Action,{}", of.person(), of.prose()))),
        ("eu-rasff", text(format!("{}\treference\t{}", of.person(), of.prose()))),
    ]
}

struct Commands {
    federation: Federation,
    run: usize,
}

impl Commands {
    /// Writes the file and runs a command on it; whatever it prints holds no canary.
    fn run(&mut self, command: &str, platform: &str, content: &[u8], more: &[&str]) -> Output {
        self.run += 1;
        let path = self.federation.folder().join(format!("records-{}", self.run));
        std::fs::write(&path, content).unwrap();
        let mut command_line =
            self.federation.command(&[&[command, path.to_str().unwrap(), "--platform", platform], more].concat());
        let output = command_line.env("COMITY_LOG", "trace").output().unwrap();
        let what = format!("what comity {command} prints of {} ({platform})", path.display());
        assert_silent(&what, &output.stdout);
        assert_silent(&what, &output.stderr);
        output
    }
}

#[test]
fn commands_print_nothing_of_what_is_refused() {
    let broker = Broker::for_test();
    let mut commands = Commands { federation: federation(&broker), run: 0 };
    let mut canaries = Canaries::default();
    let records = round(&mut canaries, 0);
    let is_refused = |record: &&Record| matches!(record.becomes, Becomes::Refused(_));
    for platform in DEMO.into_iter().chain(REAL) {
        let refused: Vec<&Record> =
            records.iter().filter(|record| record.platform == platform).filter(is_refused).collect();
        let by_guard = |record: &Record| matches!(record.becomes, Becomes::Refused(code) if code.starts_with("CMT-4"));
        // A container holds no frames.
        let framed = |record: &Record| record.value.as_ref().is_some_and(|value| value.starts_with(&[0]));
        let guarded: Vec<&Record> =
            refused.iter().copied().filter(|record| by_guard(record) && !framed(record)).collect();
        // What cannot be read whole could end the file, so each stands in its own.
        let unreadable =
            |record: &Record| matches!(record.becomes, Becomes::Refused(code) if code.starts_with("CMT-2"));
        let (single, together): (Vec<&Record>, Vec<&Record>) = refused.iter().partition(|record| unreadable(record));
        let mapped = commands.run("map", platform, &file(platform, &together), &[]);
        assert!(mapped.status.success(), "{platform}: {}", String::from_utf8_lossy(&mapped.stderr));
        for one in single {
            commands.run("map", platform, &file(platform, &[one]), &[]);
        }
        if guarded.is_empty() {
            continue;
        }
        let fed = commands.run("feed", platform, &file(platform, &guarded), &["--guard", "--format", "json"]);
        let said: serde_json::Value = serde_json::from_slice(&fed.stdout).unwrap();
        let left_out = (said["delivered"].as_u64(), said["guarded"].as_u64());
        assert_eq!(left_out, (Some(0), Some(guarded.len() as u64)), "{platform}: the guard leaves them out");
        let topic = read_uncommitted(&broker, &format!("comity.in.{platform}"));
        assert!(topic.is_empty(), "{platform}: what the guard refuses is in no topic");
    }
    for (platform, content) in broken(&mut canaries) {
        let mapped = commands.run("map", platform, &content, &[]);
        assert!(!mapped.status.success(), "{platform} has no such file");
        let fed = commands.run("feed", platform, &content, &["--guard", "--limit", "0"]);
        assert!(!fed.status.success() || content.starts_with(b"<?xml"), "{platform} has no such file");
    }
}
