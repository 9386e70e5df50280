//! Where a platform seems to be at home: jurisdiction, time zone, language, currency, domain. All of it is a guess that
//! its author confirms.

use super::words;
use crate::model::code::{Code, Domain};
use crate::model::place::Jurisdiction;
use crate::schema::legal_forms::name::fold;

/// What the platform's name and the source's words suggest.
#[derive(Debug)]
pub(super) struct Home {
    /// `None` where nothing says whose decisions these are.
    pub(super) origin: Option<Jurisdiction>,
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
    let origin = origin.or_else(|| from_name(platform));
    let code = origin.map(|origin| origin.as_str().to_owned()).unwrap_or_default();
    let country = code.get(..2).unwrap_or_default();
    let row = |wanted: &str| COUNTRIES.iter().find(|(code, ..)| *code == wanted);
    let (_, zone, currency, language) =
        row(&code).or_else(|| row(country)).copied().unwrap_or(("", "UTC", "EUR", "en"));
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
    Home { origin, time_zone: zone, language, currency, domain }
}

fn count(all: &[String], known: &[&str]) -> usize {
    all.iter()
        .filter(|word| known.iter().any(|known| word == known || (known.len() >= 5 && word.contains(known))))
        .count()
}

/// The jurisdiction with which a platform's name begins: `ca-on-dinesafe`, `de-something`.
fn from_name(platform: &str) -> Option<Jurisdiction> {
    let mut parts = platform.split('-');
    let country = parts.next().filter(|part| part.len() == 2)?.to_ascii_uppercase();
    let known = COUNTRIES.iter().any(|(code, ..)| *code == country);
    let division = parts
        .next()
        .filter(|part| matches!(country.as_str(), "US" | "CA" | "BR" | "AU" | "MX") && (2..=3).contains(&part.len()));
    let whole = division.map(|division| format!("{country}-{}", division.to_ascii_uppercase()));
    known
        .then(|| whole.and_then(|whole| Jurisdiction::parse(&whole)).or_else(|| Jurisdiction::parse(&country)))
        .flatten()
}

/// Jurisdictions with time zone, currency and language; a division stands for itself where it differs.
const COUNTRIES: &[(&str, &str, &str, &str)] = &[
    ("US", "America/New_York", "USD", "en"),
    ("US-CA", "America/Los_Angeles", "USD", "en"),
    ("US-IL", "America/Chicago", "USD", "en"),
    ("US-KS", "America/Chicago", "USD", "en"),
    ("US-MN", "America/Chicago", "USD", "en"),
    ("US-NE", "America/Chicago", "USD", "en"),
    ("US-TX", "America/Chicago", "USD", "en"),
    ("US-WA", "America/Los_Angeles", "USD", "en"),
    ("US-WI", "America/Chicago", "USD", "en"),
    ("CA", "America/Toronto", "CAD", "en"),
    ("CA-AB", "America/Edmonton", "CAD", "en"),
    ("CA-BC", "America/Vancouver", "CAD", "en"),
    ("CA-QC", "America/Toronto", "CAD", "fr"),
    ("MX", "America/Mexico_City", "MXN", "es"),
    ("BR", "America/Sao_Paulo", "BRL", "pt"),
    ("AR", "America/Argentina/Buenos_Aires", "ARS", "es"),
    ("CL", "America/Santiago", "CLP", "es"),
    ("CO", "America/Bogota", "COP", "es"),
    ("GB", "Europe/London", "GBP", "en"),
    ("IE", "Europe/Dublin", "EUR", "en"),
    ("DE", "Europe/Berlin", "EUR", "de"),
    ("AT", "Europe/Vienna", "EUR", "de"),
    ("CH", "Europe/Zurich", "CHF", "de"),
    ("FR", "Europe/Paris", "EUR", "fr"),
    ("BE", "Europe/Brussels", "EUR", "nl"),
    ("NL", "Europe/Amsterdam", "EUR", "nl"),
    ("LU", "Europe/Luxembourg", "EUR", "fr"),
    ("ES", "Europe/Madrid", "EUR", "es"),
    ("PT", "Europe/Lisbon", "EUR", "pt"),
    ("IT", "Europe/Rome", "EUR", "it"),
    ("PL", "Europe/Warsaw", "PLN", "pl"),
    ("CZ", "Europe/Prague", "CZK", "cs"),
    ("SE", "Europe/Stockholm", "SEK", "sv"),
    ("DK", "Europe/Copenhagen", "DKK", "da"),
    ("NO", "Europe/Oslo", "NOK", "no"),
    ("FI", "Europe/Helsinki", "EUR", "fi"),
    ("EU", "Europe/Brussels", "EUR", "en"),
    ("KR", "Asia/Seoul", "KRW", "ko"),
    ("JP", "Asia/Tokyo", "JPY", "ja"),
    ("AU", "Australia/Sydney", "AUD", "en"),
    ("NZ", "Pacific/Auckland", "NZD", "en"),
    ("IN", "Asia/Kolkata", "INR", "en"),
    ("ZA", "Africa/Johannesburg", "ZAR", "en"),
];

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
