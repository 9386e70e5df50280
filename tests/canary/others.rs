//! The same in Avro, and for the platforms of the real sources.

use apache_avro::Schema;
use apache_avro::types::Value;
use apache_avro::writer::datum::GenericDatumWriter;
use serde_json::json;

use crate::marks::Canaries;
use crate::records::Becomes::{Event, Refused};
use crate::records::{Record, too_large};

fn text(text: impl Into<String>) -> Value {
    Value::String(text.into())
}

fn some(value: Value) -> Value {
    Value::Union(1, Box::new(value))
}

fn record<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Record(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn symbol(place: u32, name: &str) -> Value {
    Value::Enum(place, name.to_owned())
}

/// Orders in Avro, those that pass among them.
pub(crate) fn safety(canaries: &mut Canaries, number: usize) -> Vec<Record> {
    let schema = Schema::parse_str(include_str!("../../schemas/demo/ca-bc-safety/source.avsc")).unwrap();
    let datum = |value: Value| {
        let writer = GenericDatumWriter::builder(&schema).build().unwrap();
        writer.write_value_to_vec(value.resolve(&schema).unwrap()).unwrap()
    };
    let ordered = || symbol(1, "ORDERED");
    let order = |name: &str, state: Value, date: &str, goods: Vec<Value>, harmless: &str, canaries: &mut Canaries| {
        let own = |of: String| if harmless.is_empty() { of } else { harmless.to_owned() };
        let firm = record([
            ("legal_name", text(name)),
            ("incorporation_number", some(text(canaries.digits()))),
            ("business_number", some(text(canaries.digits()))),
            ("town", some(text(canaries.address()))),
        ]);
        datum(record([
            ("order_number", text(own(canaries.word()))),
            ("version", Value::Int(1)),
            ("state", state),
            ("topic", symbol(0, "WORKPLACE")),
            ("file_number", text(own(canaries.digits()))),
            ("state_date", text(date)),
            ("firm", some(firm)),
            ("goods", Value::Array(goods)),
            ("finding", some(text(if harmless.is_empty() { canaries.prose() } else { "Guard missing".to_owned() }))),
            ("high_risk", Value::Boolean(false)),
            ("penalty_dollars", Value::Union(0, Box::new(Value::Null))),
            ("act_with", Value::Array(Vec::new())),
            ("confidential", Value::Boolean(false)),
            ("cancelled_because", some(symbol(1, "ISSUED_IN_ERROR"))),
        ]))
    };
    let day = "2026-03-02";
    let person = canaries.person();
    let whole = order(&person, ordered(), day, Vec::new(), "", canaries);
    let cafe = format!("{} Café", canaries.word());
    let undecidable = order(&cafe, ordered(), day, Vec::new(), "", canaries);
    let inspection = order(&cafe, symbol(0, "INSPECTION"), day, Vec::new(), "", canaries);
    let word = canaries.word();
    let undated = order(&person, ordered(), &word, Vec::new(), "", canaries);
    let large = too_large(canaries);
    let large = order(&large, ordered(), day, Vec::new(), "", canaries);
    let refused = |code, value: Vec<u8>| Record::new("ca-bc-safety", value, Refused(code));
    let goods = || vec![record([("name", text("Ladder")), ("model", some(text("L1")))])];
    let own = |of: &str| format!("SO-{number}-{of}");
    let dropped = order(&person, ordered(), day, goods(), &own("dropped"), canaries);
    let taken_back = order(&person, symbol(3, "CANCELLED"), day, goods(), &own("dropped"), canaries);
    vec![
        refused("CMT-4001", whole.clone()),
        refused("CMT-4001", [&[0, 0, 0, 0, 9][..], &whole].concat()),
        refused("CMT-4002", undecidable),
        refused("CMT-3001", inspection),
        refused("CMT-3003", undated),
        refused("CMT-2005", whole[..whole.len() - 5].to_vec()),
        refused("CMT-2005", [&whole[..], canaries.word().as_bytes()].concat()),
        refused("CMT-2005", canaries.prose().into_bytes()),
        refused("CMT-2002", large),
        Record::new("ca-bc-safety", dropped, Event),
        Record::new("ca-bc-safety", taken_back, Event),
    ]
}

fn quoted(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| format!("\"{cell}\"")).collect();
    cells.join(",")
}

/// Rows of the wage and hour list.
pub(crate) fn labour_of_new_jersey(canaries: &mut Canaries) -> Vec<Record> {
    let mut records = Vec::new();
    let mut row = |code, change: &dyn Fn(&mut Vec<String>, &mut Canaries)| {
        let name = format!("{} Diner", canaries.word());
        let cells = [
            &canaries.word(),
            &format!("WC-{}", canaries.digits()),
            "Assessed",
            &canaries.digits(),
            "2019-01-08 09:00:00",
            &name,
            "12.5",
            &canaries.digits(),
        ];
        let mut cells: Vec<String> = cells.map(str::to_owned).to_vec();
        change(&mut cells, canaries);
        records.push(Record::new("us-nj-labour", quoted(&cells), Refused(code)));
    };
    row("CMT-4002", &|_, _| {});
    row("CMT-4001", &|cells, of| cells[5] = format!("Dr. {}", of.word()));
    row("CMT-4003", &|cells, of| cells[5] = format!("{} LLC and {} Inc.", of.word(), of.word()));
    row("CMT-3001", &|cells, _| cells[2] = "Hearing".to_owned());
    row("CMT-3003", &|cells, of| cells[4] = of.word());
    row("CMT-3005", &|cells, of| cells[2] = of.prose());
    row("CMT-3006", &|cells, _| cells[5] = String::new());
    row("CMT-2006", &|cells, of| cells.push(of.email()));
    row("CMT-2007", &|cells, _| cells[1] = String::new());
    records
}

/// Rows of inspections.
pub(crate) fn dinesafe(canaries: &mut Canaries) -> Vec<Record> {
    let mut records = Vec::new();
    let mut row = |code, change: &dyn Fn(&mut Vec<String>, &mut Canaries)| {
        let name = format!("{} Grill", canaries.word());
        let cells = [
            "1",
            &canaries.digits(),
            &canaries.digits(),
            &name,
            &canaries.word(),
            &canaries.address(),
            &canaries.digits(),
            &canaries.digits(),
            &canaries.word(),
            &canaries.word(),
            &canaries.prose(),
            "2018-06-30",
            "M - Minor",
            "Notice to Comply",
            "",
            "",
        ];
        let mut cells: Vec<String> = cells.map(str::to_owned).to_vec();
        change(&mut cells, canaries);
        let mut record = Record::new("ca-on-dinesafe", quoted(&cells), Refused(code));
        record.version = Some("yearly-csv".to_owned());
        records.push(record);
    };
    row("CMT-4002", &|_, _| {});
    row("CMT-4001", &|cells, of| cells[3] = of.person());
    row("CMT-3001", &|cells, _| cells[12] = String::new());
    row("CMT-3001", &|cells, of| cells[13] = of.prose());
    row("CMT-3003", &|cells, of| cells[11] = of.word());
    row("CMT-3005", &|cells, of| cells[12] = of.word());
    row("CMT-2006", &|cells, of| cells.push(of.prose()));
    records
}

/// Recalls, those that pass without their firm among them.
pub(crate) fn recalls(canaries: &mut Canaries, number: usize) -> Vec<Record> {
    let mut records = Vec::new();
    let mut recall = |becomes, change: &dyn Fn(&mut serde_json::Value, &mut Canaries)| {
        let mut recall = json!({
            "event_id": canaries.digits(), "recall_number": canaries.word(), "recalling_firm": canaries.person(),
            "product_description": canaries.prose(), "product_quantity": canaries.word(),
            "reason_for_recall": canaries.prose(), "classification": "Class I", "status": "Ongoing",
            "voluntary_mandated": "Voluntary: Firm initiated", "initial_firm_notification": canaries.email(),
            "distribution_pattern": "NY", "code_info": canaries.digits(), "more_code_info": canaries.prose(),
            "city": canaries.word(), "state": canaries.word(), "country": canaries.word(),
            "address_1": canaries.address(), "address_2": canaries.address(), "postal_code": canaries.digits(),
            "product_type": "Food", "recall_initiation_date": "2019-01-02",
            "center_classification_date": "2019-01-09", "termination_date": null, "report_date": "2019-01-16"
        });
        change(&mut recall, canaries);
        let mut record = Record::new("us-openfda-food", recall.to_string(), becomes);
        record.version = Some("enforcement-json".to_owned());
        records.push(record);
    };
    recall(Refused("CMT-3001"), &|recall, _| recall["recall_number"] = json!(" "));
    recall(Refused("CMT-3001"), &|recall, _| recall["classification"] = json!("Not Yet Classified"));
    recall(Refused("CMT-3005"), &|recall, of| recall["classification"] = json!(of.word()));
    recall(Refused("CMT-3003"), &|recall, of| recall["center_classification_date"] = json!(of.word()));
    recall(Refused("CMT-2008"), &|recall, _| recall["recall_number"] = json!(7));
    recall(Event, &|recall, of| {
        recall["event_id"] = json!(format!("{number}"));
        recall["recall_number"] = json!(format!("F-{number}"));
        recall["product_description"] = json!(format!("Hummus, made by {}", of.prose()));
        recall["distribution_pattern"] = json!(of.prose());
    });
    recall(Event, &|recall, _| {
        recall["event_id"] = json!(format!("{number}"));
        recall["recall_number"] = json!(format!("F-{number}"));
        recall["status"] = json!("Terminated");
    });
    records
}

/// Notifications: of a platform whose records name nobody a record that could be mended is kept, so only what its
/// mapping turns away is of interest here.
pub(crate) fn rasff(canaries: &mut Canaries) -> Vec<Record> {
    let header = include_str!("../quirks/eu-rasff/notifications.tsv").lines().next().unwrap();
    let cells: Vec<String> = header
        .split('\t')
        .map(|column| match column {
            "reference" | "date" => canaries.word(),
            "notifying_country" => "Germany".to_owned(),
            _ => canaries.prose(),
        })
        .collect();
    vec![Record::new("eu-rasff", cells.join("\t"), Refused("CMT-3001"))]
}
