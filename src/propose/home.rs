//! Where a platform seems to be at home: jurisdiction, time zone, language, currency, domain. All of it is a guess that
//! its author confirms.

use super::places::{self, PLACES};
use super::words;
use crate::model::code::{Code, Domain};
use crate::model::place::Jurisdiction;
use crate::schema::legal_forms::name::fold;

/// What the platform's name and the source's words suggest.
#[derive(Debug)]
pub(super) struct Home {
    /// `None` where nothing says whose decisions these are.
    pub(super) origin: Option<Jurisdiction>,
    /// What of the name seems to say a jurisdiction and does not, in a sentence.
    pub(super) unsure: Option<String>,
    pub(super) time_zone: &'static str,
    pub(super) language: &'static str,
    pub(super) currency: &'static str,
    pub(super) domain: Domain,
}

impl Home {
    /// The country by ISO 3166-1; empty where it is not known.
    pub(super) fn country(&self) -> &str {
        self.origin.as_ref().and_then(|origin| origin.as_str().get(..2)).unwrap_or_default()
    }

    /// True where a date such as 03/04/2024 begins with the day.
    pub(super) fn day_first(&self) -> bool {
        !matches!(self.country(), "US" | "")
    }
}

/// Guesses from the name of the platform, an origin that was given, and the words of the source's own names.
pub(super) fn guess(platform: &str, origin: Option<Jurisdiction>, natives: &[String]) -> Home {
    let (origin, unsure) = match origin {
        Some(given) if places::is_division(given) == Some(false) => {
            (Some(given), Some(format!("{given} is no division by ISO 3166-2.")))
        }
        Some(given) => (Some(given), None),
        None => from_name(platform),
    };
    let found = origin.and_then(|origin| row(origin.as_str()));
    let (_, zone, currency, language) = found.unwrap_or(("", "UTC", "EUR", "en"));
    let mut all: Vec<String> = natives.iter().flat_map(|native| words::split(native)).collect();
    all.extend(words::split(platform));
    let all: Vec<String> = all.iter().map(|word| fold(word).to_lowercase()).collect();
    let spoken =
        LANGUAGES.iter().map(|(language, known)| (count(&all, known), *language)).max_by_key(|(count, _)| *count);
    let language = match spoken {
        Some((2.., spoken)) => spoken,
        Some(_) | None => language,
    };
    let domain =
        DOMAINS.iter().map(|(domain, known)| (count(&all, known), *domain)).rev().max_by_key(|(count, _)| *count);
    let domain = match domain {
        Some((1.., domain)) => Domain::parse(domain).unwrap_or(Domain::ConsumerProtection),
        Some(_) | None => Domain::ConsumerProtection,
    };
    Home { origin, unsure, time_zone: zone, language, currency, domain }
}

fn count(all: &[String], known: &[&str]) -> usize {
    all.iter()
        .filter(|word| known.iter().any(|known| word == known || (known.len() >= 5 && word.contains(known))))
        .count()
}

/// The jurisdiction with which a platform's name begins, `ca-on-dinesafe` or `de-something`, and what in the name looks
/// like one and is none.
fn from_name(platform: &str) -> (Option<Jurisdiction>, Option<String>) {
    let mut parts = platform.split('-');
    let Some(first) = parts.next().filter(|part| part.len() == 2) else { return (None, None) };
    let Some(country) =
        Jurisdiction::parse(&first.to_ascii_uppercase()).filter(|country| row(country.as_str()).is_some())
    else {
        let unsure = format!("`{first}` is no country whose time zone and currency are known here.");
        return (None, Some(unsure));
    };
    let Some(second) = parts.next().filter(|part| (1..=3).contains(&part.len())) else { return (Some(country), None) };
    let code = format!("{country}-{}", second.to_ascii_uppercase());
    match Jurisdiction::parse(&code).map(|division| (division, places::is_division(division))) {
        Some((division, Some(true))) => (Some(division), None),
        // One letter is a name's own more often than a division's.
        Some(_) if second.len() == 1 => (Some(country), None),
        Some((_, Some(false))) => {
            let unsure =
                format!("`{second}` is no division of {country} by ISO 3166-2, so the whole country is taken.");
            (Some(country), Some(unsure))
        }
        Some((_, None)) => {
            let unsure = format!("The divisions of {country} are not known here: if `{second}` is one, write {code}.");
            (Some(country), Some(unsure))
        }
        None => (Some(country), None),
    }
}

/// What is known of a jurisdiction, else of its country.
fn row(code: &str) -> Option<places::Row> {
    let find = |wanted: &str| PLACES.iter().find(|(code, ..)| *code == wanted).copied();
    find(code).or_else(|| find(code.get(..2)?))
}

/// Words of names that tell a language; English is what is left.
const LANGUAGES: &[(&str, &[&str])] = &[
    ("en", &["date", "name", "amount", "case", "status", "number", "type"]),
    (
        "fr",
        &[
            "ville",
            "montant",
            "jugement",
            "etablissement",
            "proprietaire",
            "adresse",
            "statut",
            "poursuite",
            "amende",
            "entreprise",
            "dossier",
            "categorie",
        ],
    ),
    (
        "de",
        &[
            "datum",
            "betrag",
            "firma",
            "behorde",
            "aktenzeichen",
            "unternehmen",
            "bussgeld",
            "verstoss",
            "ort",
            "strasse",
        ],
    ),
    (
        "es",
        &["fecha", "importe", "empresa", "expediente", "sancion", "municipio", "resolucion", "infraccion", "estado"],
    ),
    (
        "pt",
        &[
            "orgao",
            "empresa",
            "valor",
            "decisao",
            "publicacao",
            "processo",
            "municipio",
            "cnpj",
            "multa",
            "portaria",
            "numero",
        ],
    ),
    ("it", &["impresa", "importo", "sanzione", "comune", "violazione", "provvedimento", "ditta"]),
    ("nl", &["bedrijf", "bedrag", "boete", "besluit", "gemeente", "overtreding", "kenmerk"]),
    ("pl", &["nazwa", "kwota", "decyzji", "miasto", "przedsiebiorca", "sygnatura", "kara"]),
];

/// Words that tell a domain, the more particular domain first.
const DOMAINS: &[(&str, &[&str])] = &[
    (
        "FOOD_SAFETY",
        &["food", "foods", "aliment", "dinesafe", "restaurant", "rasff", "hazards", "lebensmittel", "alimentos"],
    ),
    ("MEDICINES_AND_DEVICES", &["drug", "drugs", "medicine", "medicines", "device", "devices", "pharma", "warning"]),
    ("TRANSPORT_SAFETY", &["vehicle", "vehicles", "maker", "car", "cars", "transport", "aviation", "rail"]),
    (
        "LABOUR_STANDARDS",
        &["wage", "wages", "labour", "labor", "employer", "employername", "naics", "claimed", "respondent"],
    ),
    ("WORKPLACE_SAFETY", &["osha", "workplace", "accident"]),
    ("PUBLIC_PROCUREMENT", &["sanctions", "sancionadas", "procurement", "debarment", "debarred", "orgao", "lesado"]),
    ("ENVIRONMENT", &["environment", "emission", "emissions", "waste", "pollution", "permit"]),
    ("FINANCIAL_SERVICES", &["bank", "banking", "securities", "lei", "financial"]),
    ("DATA_PROTECTION", &["gdpr", "privacy", "rgpd", "dsgvo"]),
    ("COMPETITION", &["cartel", "antitrust", "merger"]),
    ("CONSTRUCTION_SAFETY", &["construction", "building", "elevator"]),
    ("WILDLIFE_TRADE", &["cites", "wildlife", "species"]),
    ("PRODUCT_SAFETY", &["product", "products", "recall", "recalls", "upcs", "gtin"]),
];
