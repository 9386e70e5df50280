//! `comity show`: what the running ledger knows of a case, an organisation or an alert.

use clap::Subcommand;
use serde_json::Value;

use super::ask::{Answer, Port};
use super::{Common, Exit, Failure, Output, load, plain};
use crate::http::query::encode;
use crate::model::problem::Problem;

/// Show what the running ledger knows of a case, an organisation or an alert, as of its last commit.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  comity show case ca-on-food/IN-88213                 every origin's case of that id
  comity show case ca-on-food/IN-88213 --origin CA-ON
  comity show organisation ca-bn:000901371             by its organisation_id
  comity show organisation --scheme ca-bn '00090 1371 RC0001'
  comity show alert 'ca-on-food/FI-0417#2'
  comity show case ID --at http://127.0.0.1:8080       another port than http.listen of the configuration
It asks the read API, which is served on loopback only.")]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
    /// The HTTP port of a Comity; without it http.listen of the configuration.
    #[arg(long, global = true, value_name = "URL", value_parser = Port::parse)]
    at: Option<Port>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// A case with its events and who was told.
    Case {
        /// The case_id as it is published.
        id: String,
        /// Only the case of this jurisdiction.
        #[arg(long, value_name = "J", value_parser = super::tap::jurisdiction)]
        origin: Option<crate::model::place::Jurisdiction>,
    },
    /// An organisation with its identifiers and open cases.
    Organisation {
        /// The organisation_id, or with --scheme an identifier as anybody writes it.
        id: String,
        /// The scheme of the identifier, such as LEI or ca-bn.
        #[arg(long, value_name = "SCHEME")]
        scheme: Option<String>,
        /// The register that gave it, where its scheme has several.
        #[arg(long, value_name = "REGISTER", requires = "scheme")]
        register: Option<String>,
    },
    /// An alert by its alert_id, or the last one about an event_id.
    Alert {
        /// <event_id>#<version>
        id: String,
    },
}

pub(super) fn run(common: &Common, arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    let port = port(common, arguments.at.as_ref())?;
    let answer = port.get(&path(&arguments.what))?;
    if answer.status != 200 {
        return Err(refused(&answer));
    }
    output.line(&text(&answer.body), &answer.body)
}

/// The port that is named, or the configuration's.
pub(super) fn port(common: &Common, at: Option<&Port>) -> Result<Port, Failure> {
    if let Some(port) = at {
        return Ok(port.clone());
    }
    let settings = load::settings(common)?;
    settings.http_listen.and_then(|listen| Port::of(listen).ok()).ok_or_else(|| {
        let file = common.config.display().to_string();
        let help = "set http.listen and restart `comity run`, or name a port: --at http://127.0.0.1:8080";
        Failure::configuration(vec![Problem::new("CMT-9642", file, "http.listen is not set", help)])
    })
}

fn path(what: &What) -> String {
    match what {
        What::Case { id, origin: None } => format!("/api/v1/cases/{}", encode(id, true)),
        What::Case { id, origin: Some(origin) } => format!("/api/v1/cases/{origin}/{}", encode(id, true)),
        What::Organisation { id, scheme: None, .. } => format!("/api/v1/organisations/{}", encode(id, true)),
        What::Organisation { id, scheme: Some(scheme), register } => {
            let (scheme, value) = (encode(scheme, false), encode(id, false));
            let register =
                register.as_ref().map_or(String::new(), |given| format!("&register={}", encode(given, false)));
            format!("/api/v1/organisations?scheme={scheme}&value={value}{register}")
        }
        What::Alert { id } => format!("/api/v1/alerts/{}", encode(id, true)),
    }
}

/// What the port says against it, with the exit code that fits.
pub(super) fn refused(answer: &Answer) -> Failure {
    let reason = answer.body["reason"].as_str().unwrap_or("the port refuses without a reason");
    let (exit, help) = match answer.status {
        400 => (Exit::Usage, "see comity show --help"),
        404 => (Exit::NoInput, "check the id; `comity reach` looks into the alerts themselves"),
        403 => (Exit::Configuration, "let http.listen be a loopback address, and ask from this machine"),
        _ => (Exit::Unavailable, "try again; /readyz says what the process is at"),
    };
    Failure::one(exit, Problem::new("CMT-9643", "comity show", plain(reason), help))
}

fn text(body: &Value) -> String {
    let mut lines = Vec::new();
    for case in items(&body["cases"]) {
        lines.extend(case_lines(case));
    }
    for organisation in items(&body["organisations"]) {
        lines.extend(organisation_lines(organisation));
    }
    for alert in items(&body["alerts"]) {
        lines.extend(alert_lines(alert));
    }
    let as_of = &body["as_of"];
    lines.push(format!(
        "as of transaction {} of the ledger, {} ({})",
        word(&as_of["transaction"]),
        word(&as_of["log_time"]),
        word(&as_of["instance"]),
    ));
    lines.join("\n")
}

fn case_lines(case: &Value) -> Vec<String> {
    let open = if case["open"] == true { "open" } else { "not open" };
    let scope = if case["scope"] == "RESTRICTED" { ", RESTRICTED" } else { "" };
    let mut lines = vec![
        format!(
            "case {} of {}: {}, {open}{scope}",
            word(&case["case_id"]),
            word(&case["origin"]),
            word(&case["domain"])
        ),
        format!("  organisation {}", word(&case["organisation_id"])),
    ];
    for event in items(&case["events"]) {
        lines.push(format!(
            "  event {}  {} {}{}, {} versions, since {}{}; told: {}",
            word(&event["event_id"]),
            word(&event["standing"]),
            word(&event["severity"]),
            if event["scope"] == "RESTRICTED" { " RESTRICTED" } else { "" },
            word(&event["versions"]),
            word(&event["since"]),
            until(&event["expires_at"]),
            codes(&event["told"]),
        ));
    }
    lines.extend(items(&case["acknowledgements"]).iter().map(acknowledgement_line));
    lines.extend(contact_line(&case["contact"]));
    for told in items(&case["told"]) {
        let (recipient, role) = (word(&told["recipient"]), word(&told["role"]));
        lines.push(format!("  told  {recipient:<6}  {role:<9}  last sequence {}", word(&told["last_sequence"])));
    }
    lines
}

fn organisation_lines(organisation: &Value) -> Vec<String> {
    let mut lines = vec![
        format!("organisation {}", word(&organisation["organisation_id"])),
        format!("  identifiers {}", codes(&organisation["identifiers"])),
        format!("  registered in {}", word(&organisation["registered_in"])),
    ];
    for open in items(&organisation["open_cases"]) {
        lines.push(format!(
            "  open case {} of {}  {} {} since {}{}",
            word(&open["case_id"]),
            word(&open["origin"]),
            word(&open["domain"]),
            word(&open["severity"]),
            word(&open["since"]),
            if open["scope"] == "RESTRICTED" { " RESTRICTED" } else { "" },
        ));
    }
    for link in items(&organisation["links"]) {
        let relation = link["relation"].as_str().map_or_else(|| "in question with".to_owned(), plain);
        lines.push(format!(
            "  link {} {relation} {}, by {}: {}",
            word(&link["first"]),
            word(&link["second"]),
            word(&link["asserted_by"]),
            word(&link["basis"]),
        ));
    }
    if organisation["open_cases_full"] == true {
        lines.push("  there may be more: this list is full".to_owned());
    }
    lines
}

fn alert_lines(alert: &Value) -> Vec<String> {
    let mut lines = vec![
        format!(
            "alert {}: version {} of {}  {} {}{}",
            word(&alert["alert_id"]),
            word(&alert["version"]),
            word(&alert["versions"]),
            word(&alert["standing"]),
            word(&alert["severity"]),
            until(&alert["expires_at"]),
        ),
        format!("  case {} of {}: {}", word(&alert["case_id"]), word(&alert["origin"]), word(&alert["domain"])),
        format!("  organisation {}", word(&alert["organisation_id"])),
        format!("  told of the event: {}", codes(&alert["told"])),
    ];
    lines.extend(items(&alert["acknowledgements"]).iter().map(acknowledgement_line));
    lines.extend(contact_line(&alert["contact"]));
    lines
}

fn acknowledgement_line(said: &Value) -> String {
    let mut line = format!("  {:<6}  {}", word(&said["recipient"]), word(&said["event_id"]));
    if let (Some(version), Some(level)) = (said["version"].as_i64(), said["level"].as_str()) {
        line.push_str(&format!("  said {} of #{version} at {}", plain(level), word(&said["at"])));
    }
    for (name, words) in
        [("disputed_since", "disputes it since"), ("overdue_since", "OVERDUE since"), ("due_at", "next due at")]
    {
        if let Some(instant) = said[name].as_str() {
            line.push_str(&format!(", {words} {}", plain(instant)));
        }
    }
    line
}

fn contact_line(contact: &Value) -> Option<String> {
    contact["unit"].as_str()?;
    let (unit, telephone, hours) = (word(&contact["unit"]), word(&contact["telephone"]), word(&contact["hours"]));
    Some(format!("  ring {unit}, {telephone} ({hours})"))
}

fn items(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

/// A value as a person reads it; what is null is not known.
fn word(value: &Value) -> String {
    match value {
        Value::Null => "not known".to_owned(),
        Value::String(text) => plain(text),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

fn until(instant: &Value) -> String {
    instant.as_str().map_or_else(String::new, |instant| format!(", until {}", plain(instant)))
}

fn codes(list: &Value) -> String {
    let codes: Vec<String> = items(list).iter().map(word).collect();
    if codes.is_empty() { "nobody".to_owned() } else { codes.join(" ") }
}
