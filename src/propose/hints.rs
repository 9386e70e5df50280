//! The words by which sources call what each canonical field holds: one row a field, in the order of the fields, phrases
//! between strokes. How they are compared is told in `words`.

/// What points to one canonical field.
pub(super) struct Hint {
    /// The path from the event down; elements of lists count as their list.
    pub(super) field: &'static str,
    /// Names that say it.
    pub(super) says: &'static str,
    /// Names that may mean it.
    pub(super) may: &'static str,
    /// Words that speak against it.
    pub(super) not: &'static str,
}

const fn hint(field: &'static str, says: &'static str, may: &'static str, not: &'static str) -> Hint {
    Hint { field, says, may, not }
}

/// Every hint.
pub(super) const HINTS: &[Hint] = &[
    hint(
        "event_id",
        "\
            case no|file number|geschäftsnummer|case number|citation number|recall number|\
            notification number|decision number|docket number|complaint id|claim number|case id|\
            id poursuite|numero dossier|numero expediente|numero processo|aktenzeichen|geschaftszeichen|\
            expediente|processo|sygnatura|kenmerk|zaaknummer|reference|referencia|referenz|docket|sei|관리번호|\
            사건번호|번호|番号",
        "id|number|numero|nummer|numer|no|nr|num|case|citation|claim|url|kennung|ref",
        "\
            employer|business|establishment|company|firm|owner|registration|ubi|naics|phone|zip|row|rec|\
            index|year|week|sequence|number of|minimum|days|amount|date|license|licence|vehicle|employees|\
            status",
    ),
    hint(
        "case_id",
        "\
            case number|case id|event id|inspection id|incident|dossier|poursuite|expediente|aktenzeichen|\
            processo|사건번호",
        "case|complaint|claim|inspection|investigation",
        "date|status|type|name|assigned|details|amount|employer|officer",
    ),
    hint("revision", "revision|version number", "version|amendment", "date"),
    hint(
        "case_status",
        "case status|status",
        "state of case|statut|estado|situacao|stato|상태|closed",
        "date|establishment",
    ),
    hint("references", "related case|references|supersedes", "parent|previous|original number", "date"),
    hint("mode", "test record", "", ""),
    hint("origin", "notifying country|member state|issuing state|jurisdiction", "notifier|reporting country", ""),
    hint(
        "authority",
        "authority|agency|issuing office|orgao instaurador|behorde|autorite|autoridad|organismo|기관",
        "organization|office|orgao|bureau|organisation",
        "name of company",
    ),
    hint(
        "subject.legal_name",
        "\
            legal name|company|employer|respondent|firm|business name|operator name|maker|manufacturer|\
            establishment name|account name|raison sociale|proprietaire|entreprise|societe|firma|\
            unternehmen|empresa|razon social|razao social|impresa|ditta|bedrijf|przedsiebiorca|\
            organisation name|organization name|업체|회사|제조사|사업자|会社|事業者",
        "name|nom|nombre|nome|naam|nazwa|owner|operator|party|etablissement|organization|manufacturers",
        "\
            dba|number|id|product|brand|contact|file|office|status|type|address|city|date|notification|\
            address|first name|last name",
    ),
    hint(
        "subject.identifiers",
        "\
            lei|ubi|ein|cnpj|cif|vat|siren|siret|neq|duns|abn|uid|kvk|company number|registration number|\
            business number|employer number|establishment id|business id|tax id|handelsregister|사업자등록번호|\
            法人番号",
        "registration|licence|license|employer id|firm id|registered",
        "date|name|status",
    ),
    hint(
        "subject.jurisdiction",
        "state|province|country of firm",
        "country|land|pais|pays|paese",
        "status|origin|notifying|statement|city",
    ),
    hint(
        "subject.locality",
        "city|town|ville|stadt|municipio|cidade|comune|gemeente|miasto|ort|ciudad|plaats|시군구",
        "locality",
        "capacity|report|state",
    ),
    hint(
        "subject.legal_form",
        "legal form|tipo societario|forme juridique|rechtsform|forma juridica|entity type",
        "",
        "",
    ),
    hint(
        "products.category",
        "product type|product category|category of product",
        "category|categorie|categoria|kategorie",
        "violation|infraction|hazard",
    ),
    hint(
        "products.name",
        "product description|product name|produit|produkt|producto|produto|prodotto|제품명",
        "product|commodity|descriptions",
        "type|category|quantity|date",
    ),
    hint("products.brand", "brand|marque|marke|marca|merk", "make", "maker"),
    hint("products.model", "model|modele|modell|modelo|modello|차명", "", "year"),
    hint("products.batch", "batch|lot|code info|lote|chargen", "lots", "date"),
    hint("products.gtin", "gtin|upc|ean|barcode|upcs", "", ""),
    hint("products.customs_code", "customs code|hs code|tariff", "taric", ""),
    hint("products.origin", "country of origin|origin|countries", "origine|origen|origem|herkunft", "original"),
    hint("domain", "domain|sector", "product type|type", "date"),
    hint(
        "infraction.title",
        "\
            violation description|violation type|infraction details|violation|infraction|offence|offense|\
            reason for recall|hazards|hazard|finding|conuta|conduta|verstoss|infraccion|infracao|\
            violazione|overtreding|charges|charge|type citation|category description|reason|결함|위반|reason for",
        "description|subject|motif|grund|motivo|reden|details|사유|category|complaint type",
        "date|code|product|amount|id|number",
    ),
    hint(
        "infraction.code",
        "violation code|infraction code|offence code|section|article",
        "violation|code",
        "date|zip|naics|description|product|info|type|postal",
    ),
    hint("infraction.scheme", "code list", "", ""),
    hint(
        "finality",
        "finality|appeal|fase|final|statut|rechtskraft",
        "status|judgment|affirmed",
        "date|wages|establishment|amount",
    ),
    hint(
        "measures.type",
        "action|measure|sanction|outcome|mesure|massnahme|medida|decisao|penalty type|처분",
        "classification|decision|order",
        "date|amount",
    ),
    hint("measures.basis", "basis of measure", "", ""),
    hint("measures.from", "recall initiation date|start date|effective date|valid from|from", "begin|since", "model"),
    hint("measures.to", "end date|valid until|until", "to|ending", ""),
    hint(
        "measures.penalty",
        "\
            amount assessed|total assessed|penalty|fine|amount fined|citation amount|montant|amende|busse|\
            bussgeld|geldbusse|strafe|multa|valor multa|sancion|boete|grzywna|kara|sanzione|과징금|과태료|罰金",
        "amount|assessed|valor|importe|betrag|importo|bedrag|kwota|wages|wage due",
        "claimed|claim|paid|payment|payments|outstanding|quantity|date|type|number",
    ),
    hint(
        "severity",
        "severity|risk|gravity|gravite|schwere|gravedad|gravidade|classification|class",
        "seriousness|niveau|level|crucial",
        "date",
    ),
    hint("urgency", "urgency|urgence", "priority", ""),
    hint("certainty", "certainty", "confidence", ""),
    hint(
        "legal_basis",
        "legal basis|statute|law|regulation|portaria|gesetz|loi|legislation",
        "article|section|ley|lei|act",
        "date|details",
    ),
    hint(
        "occurred",
        "\
            offence date|incident date|occurred|infraction date|violation date|date infraction|tatzeit|\
            fecha hechos|inspection date",
        "incident|inspection",
        "id|number|status|details",
    ),
    hint(
        "decided",
        "\
            decision date|date decision|data decisao|date jugement|judgment date|judgement date|\
            date issued|issue date|issued date|citation date|order date|decided|recall date|letter date|\
            classification date|entscheidungsdatum|fecha resolucion|datum besluit|data decyzji|\
            data decisione|처분일|결정일|決定日",
        "date|datum|fecha|data|dato|closed|inspection date|일자|시정|日",
        "\
            birth|received|filing|file|entry|updated|paid|hearing|assigned|assignment|served|initiation|\
            dateless|termination|created|posted|expires|expiry|received|indate|statut",
    ),
    hint(
        "aware_at",
        "aware|date received|received date|received|date aware",
        "filing date|file date|entry date|indate|opened",
        "payment|payments|amount",
    ),
    hint("expires_at", "expires|expiry|expiration|valid until", "until|end date", ""),
    hint(
        "reported_at",
        "report date|reported|published|posted date|publicacao|publication date",
        "updated|posted|publication",
        "",
    ),
    hint("scope", "confidential|restricted", "", ""),
    hint("for_follow_up", "follow up", "", "notification"),
    hint("sharing_groups", "sharing group", "", ""),
    hint("handling", "handling|tlp|traffic light protocol", "", ""),
    hint("for_attention", "for attention", "attention", "notification|classification"),
    hint("distribution", "distribution|distributed", "", "pattern"),
    hint("distribution_text", "distribution pattern|distribution", "", ""),
    hint("withdrawal.reason", "withdrawn|rescinded|vacated|annulled|revoked|dismissed", "outcome|annulation", "date"),
    hint("withdrawal.scope", "", "", ""),
    hint("withdrawal.decision_ref", "appeal number|appeal decision", "appeal", "filed|date"),
    hint("info.headline", "headline|title|titre|titel|titulo|subject", "summary", "job"),
    hint(
        "info.description",
        "description|summary|reason for recall|details|reason",
        "notes|text|subject|comments",
        "code|type",
    ),
    hint("info.language", "language", "lang", ""),
    hint("resources", "url|uri|link|website", "web|href", ""),
];
