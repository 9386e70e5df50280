//! Records with canaries in every field that must not come out: those that intake refuses, by each reason that the
//! format can give, and those that pass without what the canaries stand in.

use serde_json::{Value, json};

use crate::marks::Canaries;

/// One record for a platform's topic.
pub(crate) struct Record {
    pub(crate) platform: &'static str,
    pub(crate) key: Option<String>,
    /// The header that names the version of the format.
    pub(crate) version: Option<String>,
    pub(crate) test: bool,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) becomes: Becomes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Becomes {
    /// A rejection with this code.
    Refused(&'static str),
    /// An event.
    Event,
}

use Becomes::{Event, Refused};

impl Record {
    pub(crate) fn new(platform: &'static str, value: impl Into<Vec<u8>>, becomes: Becomes) -> Self {
        Self { platform, key: None, version: None, test: false, value: Some(value.into()), becomes }
    }
}

/// Bytes of a value that no platform's topic may carry.
const TOO_LARGE_BYTES: usize = 300 * 1024;

pub(crate) fn too_large(canaries: &mut Canaries) -> String {
    canaries.prose().repeat(TOO_LARGE_BYTES / 100)
}

/// A notice of a sole trader with canaries wherever a text may stand.
fn notice(canaries: &mut Canaries) -> Value {
    let names = canaries.word();
    json!({
        "notice": format!("FI-{}", canaries.word()), "inspectionCase": format!("IN-{}", canaries.digits()),
        "revision": 1, "status": "ISSUED", "issuedOn": "2026-03-02", "act": "HPPA", "risk": "HIGH",
        "contravention": canaries.prose(), "details": canaries.prose(), "action": "Recall",
        "operator": { "legalName": canaries.person(), "businessNumber": canaries.digits(),
                      "federalCorporationNumber": canaries.digits(), "town": canaries.address(),
                      "email": canaries.email() },
        "products": [], "followUp": [], "soldIn": [],
        // What the source schema does not list.
        "inspector": { "name": canaries.person(), names: canaries.email() },
    })
}

fn edited(mut record: Value, edit: impl FnOnce(&mut Value)) -> Vec<u8> {
    edit(&mut record);
    record.to_string().into_bytes()
}

/// JSON.
pub(crate) fn food(canaries: &mut Canaries) -> Vec<Record> {
    let refused = |code, value: Vec<u8>| Record::new("ca-on-food", value, Refused(code));
    let mut records = Vec::new();
    let mut edit = |code, change: &dyn Fn(&mut Value, &mut Canaries)| {
        let mut record = notice(canaries);
        change(&mut record, canaries);
        records.push(refused(code, record.to_string().into_bytes()));
    };
    edit("CMT-4001", &|_, _| {});
    edit("CMT-4001", &|notice, of| notice["operator"]["legalName"] = json!(format!("Mrs {}", of.word())));
    edit("CMT-4002", &|notice, of| notice["operator"]["legalName"] = json!(format!("{} Café", of.word())));
    edit("CMT-4003", &|notice, of| {
        notice["operator"]["legalName"] = json!(format!("{} Inc. and {} Ltd.", of.word(), of.word()));
    });
    edit("CMT-4001", &|notice, _| notice["operator"]["legalName"] = json!("Maple Sample Foods Inc."));
    edit("CMT-4004", &|notice, _| notice["operator"] = Value::Null);
    edit("CMT-3001", &|notice, _| notice["status"] = json!("UNDER REVIEW"));
    edit("CMT-3003", &|notice, of| notice["issuedOn"] = json!(of.word()));
    edit("CMT-3004", &|notice, of| notice["penalty"] = json!(of.word()));
    edit("CMT-3005", &|notice, of| notice["action"] = json!(of.word()));
    edit("CMT-3005", &|notice, of| notice["followUp"] = json!([of.word()]));
    edit("CMT-3006", &|notice, _| notice["contravention"] = json!(" "));
    edit("CMT-3008", &|notice, of| notice["contravention"] = json!(of.word().repeat(120)));
    edit("CMT-2007", &|notice, _| drop(notice.as_object_mut().unwrap().remove("notice")));
    edit("CMT-2008", &|notice, of| notice["revision"] = json!(of.digits()));
    edit("CMT-2010", &|notice, of| {
        let deep = (0..40).fold(json!(of.email()), |inner, _| json!({ of.word(): inner }));
        notice["inspector"] = deep;
    });
    let mut bytes = |code, change: &dyn Fn(String, &mut Canaries) -> Vec<u8>| {
        let record = notice(canaries).to_string();
        records.push(refused(code, change(record, canaries)));
    };
    bytes("CMT-2009", &|text, of| format!("{{\"notice\":\"{}\",{}", of.word(), &text[1..]).into_bytes());
    bytes("CMT-2005", &|text, _| text.as_bytes()[..text.len() - 9].to_vec());
    bytes("CMT-2005", &|text, of| format!("{text}{}", of.word()).into_bytes());
    bytes("CMT-2004", &|text, _| [text.as_bytes(), b"\xff"].concat());
    bytes("CMT-2002", &|_, of| too_large(of).into_bytes());
    let mut version = refused("CMT-2003", notice(canaries).to_string().into_bytes());
    version.version = Some(canaries.word());
    let mut key = refused("CMT-2001", Vec::new());
    (key.key, key.value) = (Some(canaries.email()), None);
    let mut test = refused("CMT-4001", notice(canaries).to_string().into_bytes());
    test.test = true;
    records.extend([version, key, test]);
    records
}

/// Notices that pass; what must not come out of them holds canaries, all the rest is harmless.
pub(crate) fn food_that_passes(canaries: &mut Canaries, number: usize) -> Vec<Record> {
    let harmless = |of: &str| {
        json!({ "notice": format!("FI-{number}-{of}"), "inspectionCase": format!("IN-{number}-{of}"), "revision": 1,
                "status": "ISSUED", "issuedOn": "2026-03-02", "act": "HPPA", "risk": "HIGH", "action": "Recall",
                "contravention": "Listeria monocytogenes in hummus",
                "operator": { "legalName": "Maple Sample Foods Inc.", "town": "Ottawa" } })
    };
    let event = |value: Vec<u8>| Record::new("ca-on-food", value, Event);
    let taken_back = |of: &str, status: &str, canaries: &mut Canaries| {
        edited(notice(canaries), |notice| {
            notice["notice"] = json!(format!("FI-{number}-{of}"));
            notice["inspectionCase"] = json!(format!("IN-{number}-{of}"));
            notice["revision"] = json!(2);
            notice["status"] = json!(status);
            notice["products"] = json!([{ "name": canaries.word(), "brand": canaries.person() }]);
            notice["rescinded"] = json!({ "why": "laboratory error", "decision": null });
        })
    };
    let mut records = vec![
        event(edited(harmless("person beside goods"), |notice| {
            notice["operator"] = json!({ "legalName": canaries.person(), "town": canaries.address(),
                                         "businessNumber": canaries.digits() });
            notice["details"] = json!(canaries.prose());
            notice["products"] = json!([{ "name": "Hummus", "lot": "L1" }]);
        })),
        event(edited(harmless("trade name beside goods"), |notice| {
            notice["operator"] = json!({ "legalName": format!("{} Café", canaries.word()), "town": canaries.word() });
            notice["products"] = json!([{ "name": "Hummus", "lot": "L1" }]);
        })),
        event(edited(harmless("prose"), |notice| notice["details"] = json!(canaries.prose()))),
        event(edited(harmless("street"), |notice| notice["operator"]["town"] = json!(canaries.address()))),
        event(edited(harmless("trading as"), |notice| {
            notice["operator"]["legalName"] = json!(format!("Maple Sample Foods Inc. o/a {}", canaries.word()));
        })),
        event(edited(harmless("unlisted"), |notice| {
            notice["inspector"] = json!(canaries.person());
            notice[canaries.word()] = json!({ "born": canaries.digits() });
        })),
        event(taken_back("prose", "RESCINDED", canaries)),
        event(taken_back("street", "LIFTED", canaries)),
    ];
    let mut test = event(edited(harmless("trial"), |notice| notice["details"] = json!(canaries.prose())));
    test.test = true;
    records.push(test);
    records
}

/// XML.
pub(crate) fn environment(canaries: &mut Canaries) -> Vec<Record> {
    let mut records = Vec::new();
    let mut action = |code, change: &dyn Fn(String, &mut Canaries) -> String| {
        let text = format!(
            "<EnforcementAction number=\"EA-{}\" revision=\"1\" by=\"{}\"><Status>Issued</Status>\
             <Effective>2026-03-02</Effective><Incident>IR-{}</Incident><Action>Enforcement Order</Action>\
             <Party><LegalName>{}</LegalName><BusinessNumber>{}</BusinessNumber><Town>{}</Town>\
             <Contact>{}</Contact></Party><Contravention section=\"{}\">{}</Contravention><!-- {} --></EnforcementAction>",
            canaries.word(),
            canaries.email(),
            canaries.digits(),
            canaries.person(),
            canaries.digits(),
            canaries.address(),
            canaries.email(),
            canaries.word(),
            canaries.prose(),
            canaries.prose(),
        );
        records.push(Record::new("ca-ab-environment", change(text, canaries), Refused(code)));
    };
    let put = |text: &str, element: &str, value: &str| {
        let (before, rest) = text.split_once(&format!("<{element}>")).unwrap();
        let (_, after) = rest.split_once(&format!("</{element}>")).unwrap();
        format!("{before}<{element}>{value}</{element}>{after}")
    };
    action("CMT-4001", &|text, _| text);
    action("CMT-4002", &|text, of| put(&text, "LegalName", &format!("{} Gravel", of.word())));
    action("CMT-3001", &|text, _| put(&text, "Status", "Investigation"));
    action("CMT-3003", &|text, of| put(&text, "Effective", &of.word()));
    action("CMT-3005", &|text, of| put(&text, "Action", &of.prose()));
    action("CMT-2009", &|text, of| text.replace("<Party>", &format!("<Status>{}</Status><Party>", of.word())));
    action("CMT-2008", &|text, of| put(&text, "Status", &format!("<b>{}</b>", of.word())));
    action("CMT-2005", &|text, _| text[..text.len() - 12].to_owned());
    action("CMT-2005", &|text, of| format!("<!DOCTYPE x [<!ENTITY {} \"{}\">]>{text}", of.word(), of.email()));
    action("CMT-2005", &|text, of| put(&text, "LegalName", &format!("&{};", of.word())));
    action("CMT-2005", &|text, of| text.replace("EnforcementAction", &of.word()));
    action("CMT-2010", &|text, of| {
        let names: Vec<String> = (0..40).map(|_| of.word()).collect();
        let open: String = names.iter().map(|name| format!("<{name}>")).collect();
        let close: String = names.iter().rev().map(|name| format!("</{name}>")).collect();
        text.replace("<Party>", &format!("{open}{}{close}<Party>", of.email()))
    });
    action("CMT-2002", &|text, of| text.replace("<Party>", &format!("<Party><Memo>{}</Memo>", too_large(of))));
    records
}

/// Rows, in ISO-8859-1.
pub(crate) fn labour_of_quebec(canaries: &mut Canaries) -> Vec<Record> {
    let mut records = Vec::new();
    let mut row = |code, change: &dyn Fn(&mut Vec<String>, &mut Canaries)| {
        let (dossier, ville, resume) = (canaries.digits(), canaries.address(), canaries.prose());
        let employeur = canaries.person();
        let cells = [
            &format!("NT-2026-{dossier}-01"),
            "Décision rendue",
            "2026-03-03",
            &employeur,
            &canaries.digits(),
            &canaries.digits(),
            &ville,
            "Salaire impayé",
            "10,00",
            "",
            "Appelable",
            "",
            "Ontario",
            &resume,
        ];
        let mut cells: Vec<String> = cells.map(str::to_owned).to_vec();
        change(&mut cells, canaries);
        let quoted: Vec<String> = cells.iter().map(|cell| format!("\"{cell}\"")).collect();
        let line = latin1(&quoted.join(";"));
        records.push(Record::new("ca-qc-normes", line, Refused(code)));
    };
    row("CMT-4001", &|_, _| {});
    row("CMT-4002", &|cells, of| cells[3] = format!("{} Café", of.word()));
    row("CMT-3001", &|cells, _| cells[1] = "Plainte reçue".to_owned());
    row("CMT-3003", &|cells, of| cells[2] = of.word());
    row("CMT-3004", &|cells, of| cells[8] = of.digits() + " et " + &of.word());
    row("CMT-3005", &|cells, of| cells[7] = of.prose());
    row("CMT-3005", &|cells, of| cells[12] = of.word());
    row("CMT-2006", &|cells, of| cells.push(of.email()));
    row("CMT-2006", &|cells, _| drop(cells.pop()));
    row("CMT-2007", &|cells, _| cells[0] = String::new());
    // A quote in a quote: the cell is never closed.
    row("CMT-2005", &|cells, of| cells[13] = format!("{}\"", of.word()));
    row("CMT-2002", &|cells, of| cells[13] = too_large(of));
    records
}

/// Every character of these texts has one byte in ISO-8859-1.
pub(crate) fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|sign| u8::try_from(u32::from(sign)).unwrap()).collect()
}
