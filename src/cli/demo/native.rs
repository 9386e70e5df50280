//! What the four sample platforms publish: one native record of each, in the format and the language of its platform.

use serde::Serialize;
use serde_json::{Value, json};

use super::samples::{
    ALBERTA_ENVIRONMENT, BRITISH_COLUMBIA_SAFETY, ONTARIO_FOOD, PROVINCES, QUEBEC_LABOUR, SAFETY_ORDER,
};

/// An invented company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Company {
    pub(super) name: String,
    /// Nine digits of the form of the Canada Revenue Agency, with a valid check digit, that no register gives.
    pub(super) business_number: Option<String>,
    pub(super) town: &'static str,
}

/// What becomes of a matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Issued,
    Amended,
    Withdrawn,
    Closed,
    /// Something that states no finding yet: a complaint, an inspection, an investigation.
    NotYetDecided,
}

/// One thing that a platform says.
#[derive(Debug, Clone)]
pub(super) struct Statement<'a> {
    pub(super) platform: &'static str,
    pub(super) turn: Turn,
    /// The platform's own number of the decision.
    pub(super) id: &'a str,
    /// The platform's own number of the case.
    pub(super) case: &'a str,
    pub(super) revision: i32,
    /// `YYYY-MM-DD`.
    pub(super) date: &'a str,
    pub(super) company: &'a Company,
    /// In the words of the platform's tables.
    pub(super) finding: &'a str,
    /// Codes without the country, of those that are asked to act.
    pub(super) act_with: &'a [&'static str],
    /// `YYYY-MM-DDTHH:MM:SS+0000`, where it holds for a time only.
    pub(super) valid_until: Option<&'a str>,
    /// True where only those that are asked to act may know.
    pub(super) confidential: bool,
}

impl Statement<'_> {
    /// The `event_id` that the mapping gives it.
    pub(super) fn event_id(&self) -> String {
        format!("{}/{}", self.platform, self.id)
    }

    /// The native record; `None` for a platform that is none of the four.
    pub(super) fn record(&self) -> Option<Vec<u8>> {
        match self.platform {
            ONTARIO_FOOD => Some(self.notice().to_string().into_bytes()),
            QUEBEC_LABOUR => Some(self.row()),
            ALBERTA_ENVIRONMENT => Some(self.element().into_bytes()),
            BRITISH_COLUMBIA_SAFETY => self.order(),
            _ => None,
        }
    }

    fn provinces(
        &self,
        name: impl Fn(&(&'static str, &'static str, &'static str)) -> &'static str,
    ) -> Vec<&'static str> {
        PROVINCES.iter().filter(|province| self.act_with.contains(&province.0)).map(name).collect()
    }

    /// JSON, in English.
    fn notice(&self) -> Value {
        let status = match self.turn {
            Turn::Issued => "ISSUED",
            Turn::Amended => "AMENDED",
            Turn::Withdrawn => "RESCINDED",
            Turn::Closed => "LIFTED",
            Turn::NotYetDecided => "UNDER REVIEW",
        };
        let mut notice = json!({
            "notice": self.id, "inspectionCase": self.case, "revision": self.revision,
            "status": status, "issuedOn": self.date,
        });
        let more = match self.turn {
            Turn::Withdrawn => {
                json!({ "rescinded": { "why": "laboratory error", "decision": format!("{}/R", self.id) } })
            }
            Turn::Closed => json!({}),
            Turn::Issued | Turn::Amended | Turn::NotYetDecided => json!({
                "act": "HPPA", "contravention": self.finding, "risk": "HIGH", "action": "Recall",
                "operator": {
                    "legalName": self.company.name, "businessNumber": self.company.business_number,
                    "town": self.company.town,
                },
                "followUp": self.provinces(|province| province.1),
                "validUntil": self.valid_until,
            }),
        };
        if let (Some(notice), Value::Object(more)) = (notice.as_object_mut(), more) {
            notice.extend(more);
        }
        notice
    }

    /// A row of semicolons in ISO-8859-1, in French.
    fn row(&self) -> Vec<u8> {
        let statut = match self.turn {
            Turn::Issued => "Décision rendue",
            Turn::Amended => "Décision rectifiée",
            Turn::Withdrawn => "Décision annulée",
            Turn::Closed => "Dossier fermé",
            Turn::NotYetDecided => "Plainte reçue",
        };
        let head = format!("{};{statut};{}", self.id, self.date);
        let row = match self.turn {
            Turn::Withdrawn => format!("{head};;;;;;;;;Annulée en appel;;"),
            Turn::Closed => format!("{head};;;;;;;;;;;"),
            Turn::Issued | Turn::Amended | Turn::NotYetDecided => format!(
                "{head};{};;{};{};{};{} 240,50;3 000,00;Appelable;;\"{}\";\"Constat de l'inspection.\"",
                self.company.name,
                self.company.business_number.as_deref().unwrap_or_default(),
                self.company.town,
                self.finding,
                17 + self.revision,
                self.provinces(|province| province.2).join(","),
            ),
        };
        encoding_rs::WINDOWS_1252.encode(&row).0.into_owned()
    }

    /// An XML element, in English.
    fn element(&self) -> String {
        let status = match self.turn {
            Turn::Issued => "Issued",
            Turn::Amended => "Amended",
            Turn::Withdrawn => "Withdrawn",
            Turn::Closed => "Concluded",
            Turn::NotYetDecided => "Investigation",
        };
        let body = match self.turn {
            Turn::Withdrawn => "<Reason>Appeal allowed</Reason>".to_owned(),
            Turn::Closed | Turn::NotYetDecided => String::new(),
            Turn::Issued | Turn::Amended => {
                let notify: String =
                    self.act_with.iter().map(|province| format!("<Notify>{province}</Notify>")).collect();
                let number = self.company.business_number.as_deref().unwrap_or_default();
                format!(
                    "<Action>Enforcement Order</Action><Party><LegalName>{}</LegalName>\
                     <BusinessNumber>{number}</BusinessNumber><Town>{}</Town></Party>\
                     <Contravention section=\"109(1)\">{}</Contravention><Seriousness>Major</Seriousness>{notify}",
                    quick_xml::escape::escape(&self.company.name),
                    self.company.town,
                    quick_xml::escape::escape(self.finding),
                )
            }
        };
        format!(
            "<EnforcementAction number=\"{}\" revision=\"{}\"><Status>{status}</Status><Effective>{}</Effective>\
             <Incident>{}</Incident>{body}</EnforcementAction>",
            self.id, self.revision, self.date, self.case,
        )
    }

    /// An Avro datum, in English.
    fn order(&self) -> Option<Vec<u8>> {
        let stated = matches!(self.turn, Turn::Issued | Turn::Amended);
        let order = SafetyOrder {
            order_number: self.id,
            version: self.revision,
            state: match self.turn {
                Turn::Issued => "ORDERED",
                Turn::Amended => "AMENDED",
                Turn::Withdrawn => "CANCELLED",
                Turn::Closed => "CLOSED",
                Turn::NotYetDecided => "INSPECTION",
            },
            topic: "WORKPLACE",
            file_number: self.case,
            state_date: self.date,
            firm: stated.then(|| Firm {
                legal_name: &self.company.name,
                incorporation_number: None,
                business_number: self.company.business_number.as_deref(),
                town: Some(self.company.town),
            }),
            goods: Vec::new(),
            finding: stated.then_some(self.finding),
            high_risk: true,
            penalty_dollars: None,
            act_with: self.act_with.to_vec(),
            confidential: self.confidential,
            cancelled_because: (self.turn == Turn::Withdrawn).then_some("REVIEW_ALLOWED"),
        };
        let schema: serde_avro_fast::Schema = SAFETY_ORDER.parse().ok()?;
        let mut config = serde_avro_fast::ser::SerializerConfig::new(&schema);
        serde_avro_fast::to_datum_vec(&order, &mut config).ok()
    }
}

#[derive(Debug, Serialize)]
struct SafetyOrder<'a> {
    order_number: &'a str,
    version: i32,
    state: &'static str,
    topic: &'static str,
    file_number: &'a str,
    state_date: &'a str,
    firm: Option<Firm<'a>>,
    goods: Vec<()>,
    finding: Option<&'a str>,
    high_risk: bool,
    penalty_dollars: Option<i64>,
    act_with: Vec<&'static str>,
    confidential: bool,
    cancelled_because: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct Firm<'a> {
    legal_name: &'a str,
    incorporation_number: Option<&'a str>,
    business_number: Option<&'a str>,
    town: Option<&'static str>,
}
