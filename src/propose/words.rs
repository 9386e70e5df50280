//! By which words sources call what a canonical field holds, in the languages of the federations that are known.
//!
//! A hint is several words that all stand in a column's name, in any order, without accents. A long word also counts
//! within a longer one, as in `CASENUMBER`. Words of scripts without blanks count anywhere.

use crate::schema::legal_forms::name::fold;

/// Letters of a word that counts within a longer one.
const WITHIN_LETTERS_MIN: usize = 4;

/// What points to one canonical field.
pub(super) struct Hint {
    /// The path from the event down; elements of lists count as their list.
    pub(super) field: &'static str,
    /// Names that say it, and names that may mean it.
    says: &'static [&'static str],
    may: &'static [&'static str],
    /// Words that speak against it.
    not: &'static [&'static str],
}

/// The words of a name: split at marks, blanks and where small letters turn into capitals; `#` is a number.
pub(super) fn split(native: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut before = ' ';
    for letter in native.chars() {
        let turns = before.is_lowercase() && letter.is_uppercase();
        if !letter.is_alphanumeric() || turns {
            words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
        }
        match letter {
            '#' | '№' => words.push("number".to_owned()),
            '%' => words.push("percent".to_owned()),
            '&' => words.push("and".to_owned()),
            letter if letter.is_alphanumeric() => word.extend(letter.to_lowercase()),
            _ => {}
        }
        before = letter;
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

/// How well a column's name fits a canonical field; 0 where it does not.
pub(super) fn score(field: &str, words: &[String], native: &str) -> usize {
    HINTS.iter().find(|hint| hint.field == field).map_or(0, |hint| hint.score(words, native))
}

impl Hint {
    fn score(&self, words: &[String], native: &str) -> usize {
        let folded: Vec<String> = words.iter().map(|word| fold(word).to_lowercase()).collect();
        let stands = |word: &str| {
            if !word.is_ascii() {
                return native.contains(word);
            }
            folded.iter().any(|own| own == word || (word.len() >= WITHIN_LETTERS_MIN && own.contains(word)))
        };
        let best = |phrases: &[&str]| {
            let fitting = phrases.iter().filter(|phrase| phrase.split(' ').all(stands));
            fitting.map(|phrase| phrase.split(' ').count()).max().unwrap_or_default()
        };
        if self.not.iter().any(|word| word.split(' ').all(stands)) {
            return 0;
        }
        match (best(self.says), best(self.may)) {
            (0, 0) => 0,
            (0, may) => may,
            (says, _) => 3 + 3 * says,
        }
    }
}

/// True where a column's name says that it holds what tells of a natural person.
pub(super) fn may_name_a_person(words: &[String], native: &str) -> bool {
    let folded: Vec<String> = words.iter().map(|word| fold(word).to_lowercase()).collect();
    PERSONS.iter().any(|phrase| {
        phrase.split(' ').all(|word| if word.is_ascii() { folded.iter().any(|own| own == word) } else { native.contains(word) })
    })
}

const PERSONS: &[&str] = &[
    "contact", "phone", "telephone", "tel", "fax", "email", "mail", "address", "adresse", "direccion", "endereco",
    "indirizzo", "adres", "street", "birth", "dob", "naissance", "geburtsdatum", "nacimiento", "nascimento", "first name",
    "last name", "given name", "surname", "prenom", "vorname", "nachname", "apellido", "apellidos", "cpf", "ssn", "nif",
    "claimant", "complainant", "employee name", "inspector", "officer", "agent", "individual", "person", "personne",
    "persona", "pessoa", "latitude", "longitude", "owner name", "signatory", "director", "성명", "대표자", "주소",
    "전화", "氏名", "住所", "電話",
];

/// Every hint, in the order of the canonical fields.
pub(super) const HINTS: &[Hint] = &[
    Hint {
        field: "event_id",
        says: &[
            "case number", "citation number", "recall number", "notification number", "decision number", "docket number",
            "complaint id", "claim number", "case id", "id poursuite", "numero dossier", "numero expediente",
            "numero processo", "aktenzeichen", "geschaftszeichen", "expediente", "processo", "sygnatura", "kenmerk",
            "zaaknummer", "reference", "referencia", "referenz", "docket", "sei", "관리번호", "사건번호", "번호", "番号",
        ],
        may: &["id", "number", "numero", "nummer", "numer", "no", "nr", "num", "case", "citation", "claim", "url", "kennung", "ref"],
        not: &[
            "employer", "business", "establishment", "company", "firm", "owner", "registration", "ubi", "naics", "phone",
            "zip", "row", "rec", "index", "year", "week", "sequence", "number of", "minimum", "days", "amount", "date",
            "license", "licence", "vehicle", "employees", "status",
        ],
    },
    Hint {
        field: "case_id",
        says: &[
            "case number", "case id", "event id", "inspection id", "incident", "dossier", "poursuite", "expediente",
            "aktenzeichen", "processo", "사건번호",
        ],
        may: &["case", "complaint", "claim", "inspection", "investigation"],
        not: &["date", "status", "type", "name", "assigned", "details", "amount", "employer", "officer"],
    },
    Hint { field: "revision", says: &["revision", "version number"], may: &["version", "amendment"], not: &["date"] },
    Hint { field: "case_status", says: &["case status", "status"], may: &["state of case", "statut", "estado", "situacao", "stato", "상태", "closed"], not: &["date", "establishment"] },
    Hint { field: "references", says: &["related case", "references", "supersedes"], may: &["parent", "previous", "original number"], not: &["date"] },
    Hint { field: "mode", says: &["test record"], may: &[], not: &[] },
    Hint { field: "origin", says: &["notifying country", "member state", "issuing state", "jurisdiction"], may: &["notifier", "reporting country"], not: &[] },
    Hint {
        field: "authority",
        says: &["authority", "agency", "issuing office", "orgao instaurador", "behorde", "autorite", "autoridad", "organismo", "기관"],
        may: &["organization", "office", "orgao", "bureau", "organisation"],
        not: &["name of company"],
    },
    Hint {
        field: "subject.legal_name",
        says: &[
            "legal name", "company", "employer", "respondent", "firm", "business name", "operator name", "maker",
            "manufacturer", "establishment name", "account name", "raison sociale", "proprietaire", "entreprise", "societe",
            "firma", "unternehmen", "empresa", "razon social", "razao social", "impresa", "ditta", "bedrijf",
            "przedsiebiorca", "organisation name", "organization name", "업체", "회사", "제조사", "사업자", "会社", "事業者",
        ],
        may: &["name", "nom", "nombre", "nome", "naam", "nazwa", "owner", "operator", "party", "etablissement", "organization", "manufacturers"],
        not: &[
            "dba", "number", "id", "product", "brand", "contact", "file", "office", "status", "type", "address", "city",
            "date", "notification", "address", "first name", "last name",
        ],
    },
    Hint {
        field: "subject.identifiers",
        says: &[
            "lei", "ubi", "ein", "cnpj", "cif", "vat", "siren", "siret", "neq", "duns", "abn", "uid", "kvk", "company number",
            "registration number", "business number", "employer number", "establishment id", "business id", "tax id",
            "handelsregister", "사업자등록번호", "法人番号",
        ],
        may: &["registration", "licence", "license", "employer id", "firm id", "registered"],
        not: &["date", "name", "status"],
    },
    Hint { field: "subject.jurisdiction", says: &["state", "province", "country of firm"], may: &["country", "land", "pais", "pays", "paese"], not: &["status", "origin", "notifying", "statement", "city"] },
    Hint { field: "subject.locality", says: &["city", "town", "ville", "stadt", "municipio", "cidade", "comune", "gemeente", "miasto", "시군구"], may: &["locality", "ort", "ciudad", "plaats"], not: &["capacity", "report", "state"] },
    Hint { field: "subject.legal_form", says: &["legal form", "tipo societario", "forme juridique", "rechtsform", "forma juridica", "entity type"], may: &[], not: &[] },
    Hint { field: "products.category", says: &["product type", "product category", "category of product"], may: &["category", "categorie", "categoria", "kategorie"], not: &["violation", "infraction", "hazard"] },
    Hint { field: "products.name", says: &["product description", "product name", "produit", "produkt", "producto", "produto", "prodotto", "제품명"], may: &["product", "commodity", "descriptions"], not: &["type", "category", "quantity", "date"] },
    Hint { field: "products.brand", says: &["brand", "marque", "marke", "marca", "merk"], may: &["make"], not: &["maker"] },
    Hint { field: "products.model", says: &["model", "modele", "modell", "modelo", "modello", "차명"], may: &[], not: &["year"] },
    Hint { field: "products.batch", says: &["batch", "lot", "code info", "lote", "charge"], may: &["lots"], not: &["date"] },
    Hint { field: "products.gtin", says: &["gtin", "upc", "ean", "barcode", "upcs"], may: &[], not: &[] },
    Hint { field: "products.customs_code", says: &["customs code", "hs code", "tariff"], may: &["taric"], not: &[] },
    Hint { field: "products.origin", says: &["country of origin", "origin", "countries"], may: &["origine", "origen", "origem", "herkunft"], not: &["original"] },
    Hint { field: "domain", says: &["domain", "sector"], may: &["product type", "type"], not: &["date"] },
    Hint {
        field: "infraction.title",
        says: &[
            "violation description", "violation type", "infraction details", "violation", "infraction", "offence", "offense",
            "reason for recall", "hazards", "hazard", "finding", "conuta", "conduta", "verstoss", "infraccion", "infracao",
            "violazione", "overtreding", "type citation", "category description", "reason", "결함", "위반", "reason for",
        ],
        may: &["description", "subject", "motif", "grund", "motivo", "reden", "details", "사유", "category", "complaint type"],
        not: &["date", "code", "product", "amount", "id", "number"],
    },
    Hint { field: "infraction.code", says: &["violation code", "infraction code", "offence code", "section", "article"], may: &["violation", "code"], not: &["date", "zip", "naics", "description", "product", "info", "type", "postal"] },
    Hint { field: "infraction.scheme", says: &["code list"], may: &[], not: &[] },
    Hint { field: "finality", says: &["finality", "appeal", "fase", "final", "statut", "rechtskraft"], may: &["status", "judgment", "affirmed"], not: &["date", "wages", "establishment", "amount"] },
    Hint { field: "measures.type", says: &["action", "measure", "sanction", "outcome", "mesure", "massnahme", "medida", "decisao", "penalty type", "처분"], may: &["classification", "decision", "order"], not: &["date", "amount"] },
    Hint { field: "measures.basis", says: &["basis of measure"], may: &[], not: &[] },
    Hint { field: "measures.from", says: &["recall initiation date", "start date", "effective date", "valid from", "from"], may: &["begin", "since"], not: &["model"] },
    Hint { field: "measures.to", says: &["end date", "valid until", "until"], may: &["to", "ending"], not: &[] },
    Hint {
        field: "measures.penalty",
        says: &[
            "amount assessed", "total assessed", "penalty", "fine", "amount fined", "citation amount", "montant", "amende",
            "busse", "bussgeld", "geldbusse", "strafe", "multa", "valor multa", "sancion", "boete", "grzywna", "kara",
            "sanzione", "과징금", "과태료", "罰金",
        ],
        may: &["amount", "assessed", "valor", "importe", "betrag", "importo", "bedrag", "kwota", "wages", "wage due"],
        not: &["claimed", "claim", "paid", "payment", "payments", "outstanding", "quantity", "date", "type", "number"],
    },
    Hint { field: "severity", says: &["severity", "risk", "gravity", "gravite", "schwere", "gravedad", "gravidade", "classification", "class"], may: &["seriousness", "niveau", "level", "crucial"], not: &["date"] },
    Hint { field: "urgency", says: &["urgency", "urgence"], may: &["priority"], not: &[] },
    Hint { field: "certainty", says: &["certainty"], may: &["confidence"], not: &[] },
    Hint { field: "legal_basis", says: &["legal basis", "statute", "law", "regulation", "portaria", "gesetz", "loi", "legislation"], may: &["article", "section", "ley", "lei", "act"], not: &["date", "details"] },
    Hint {
        field: "occurred",
        says: &["offence date", "incident date", "occurred", "infraction date", "violation date", "date infraction", "tatzeit", "fecha hechos", "inspection date"],
        may: &["incident", "inspection"],
        not: &["id", "number", "status", "details"],
    },
    Hint {
        field: "decided",
        says: &[
            "decision date", "date decision", "data decisao", "date jugement", "judgment date", "judgement date", "date issued",
            "issue date", "issued date", "citation date", "order date", "decided", "recall date", "letter date", "classification date",
            "entscheidungsdatum", "fecha resolucion", "datum besluit", "data decyzji", "data decisione", "처분일", "결정일", "決定日",
        ],
        may: &["date", "datum", "fecha", "data", "dato", "closed", "inspection date", "일자", "시정", "日"],
        not: &[
            "birth", "received", "filing", "file", "entry", "updated", "paid", "hearing", "assigned", "assignment", "served", "initiation",
            "dateless", "termination", "created", "posted", "expires", "expiry", "received", "indate", "statut",
        ],
    },
    Hint { field: "aware_at", says: &["aware", "date received", "received date", "received", "date aware"], may: &["filing date", "file date", "entry date", "indate", "opened"], not: &["payment", "payments", "amount"] },
    Hint { field: "expires_at", says: &["expires", "expiry", "expiration", "valid until"], may: &["until", "end date"], not: &[] },
    Hint { field: "reported_at", says: &["report date", "reported", "published", "posted date", "publicacao", "publication date"], may: &["updated", "posted", "publication"], not: &[] },
    Hint { field: "scope", says: &["confidential", "restricted"], may: &[], not: &[] },
    Hint { field: "for_follow_up", says: &["follow up"], may: &[], not: &["notification"] },
    Hint { field: "for_attention", says: &["for attention"], may: &["attention"], not: &["notification", "classification"] },
    Hint { field: "distribution", says: &["distribution", "distributed"], may: &[], not: &["pattern"] },
    Hint { field: "distribution_text", says: &["distribution pattern", "distribution"], may: &[], not: &[] },
    Hint { field: "withdrawal.reason", says: &["withdrawn", "rescinded", "vacated", "annulled", "revoked", "dismissed"], may: &["outcome", "annulation"], not: &["date"] },
    Hint { field: "withdrawal.scope", says: &[], may: &[], not: &[] },
    Hint { field: "withdrawal.decision_ref", says: &["appeal number", "appeal decision"], may: &["appeal"], not: &["filed", "date"] },
    Hint { field: "info.headline", says: &["headline", "title", "titre", "titel", "titulo", "subject"], may: &["summary"], not: &["job"] },
    Hint { field: "info.description", says: &["description", "summary", "reason for recall", "details", "reason"], may: &["notes", "text", "subject", "comments"], not: &["code", "type"] },
    Hint { field: "info.language", says: &["language"], may: &["lang"], not: &[] },
    Hint { field: "resources", says: &["url", "uri", "link", "website"], may: &["web", "href"], not: &[] },
];
