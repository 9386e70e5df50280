use proptest::strategy::Strategy;

use super::guard;
use super::locality::is_town;
use super::text::is_personal;
use crate::model::code::{
    Bound, CaseStatus, Certainty, Domain, Finality, Kind, Mode, Precision, Scope, Severity, Trust, Urgency,
};
use crate::model::event::{
    Authority, Dated, Identifier, Info, Infraction, InfractionEvent, Product, Provenance, Subject,
};
use crate::model::place::Jurisdiction;
use crate::model::record::SourcePosition;
use crate::model::rejection::Reason;
use crate::platform::definition::{Definition, Export, Ids, LocalScheme, Origin, Partitions};

mod hiding;
mod names;
mod references;

pub(crate) fn platform() -> Definition {
    let local = |name: &str, persons| LocalScheme { name: name.into(), registers: "employers".into(), persons };
    Definition {
        name: "sample".into(),
        title: String::new(),
        speaks: crate::platform::definition::Speaks::Events,
        origin: Origin::PerRecord,
        ids: Ids::Native,
        topic: "comity.in.sample".into(),
        partitions: Partitions::One,
        export: Export::Delta,
        language: "en".into(),
        time_zone: "UTC".into(),
        domains: vec![Domain::LabourStandards],
        legal_bases: Vec::new(),
        authority: Authority { id: "a".into(), name: "A".into() },
        decisions_are: "all".into(),
        names_subjects: true,
        rejects: std::collections::BTreeMap::new(),
        never_sends: Vec::new(),
        codes: std::collections::BTreeMap::new(),
        schemes: vec![local("employer", true), local("corporation", false)],
        sources: Vec::new(),
    }
}

pub(crate) fn event(country: &str, name: &str) -> InfractionEvent {
    InfractionEvent {
        event_id: "sample/1".into(),
        revision: None,
        kind: Kind::Original,
        case_id: "1".into(),
        case_status: CaseStatus::Open,
        references: Vec::new(),
        mode: Mode::Actual,
        origin: Jurisdiction::parse(country).unwrap(),
        platform: "sample".into(),
        authority: Authority { id: "a".into(), name: "A".into() },
        subject: Some(Subject {
            identifiers: Vec::new(),
            legal_name: name.into(),
            legal_form: None,
            jurisdiction: None,
            locality: None,
        }),
        products: Vec::new(),
        domain: Domain::LabourStandards,
        infraction: Infraction { code: None, scheme: None, title: "Wages not paid".into() },
        finality: Finality::Final,
        measures: Vec::new(),
        severity: Severity::Unknown,
        urgency: Urgency::Unknown,
        certainty: Certainty::Unknown,
        legal_basis: Vec::new(),
        occurred: None,
        decided: Dated { date: 0, precision: Precision::Day, bound: Bound::Exact, text: None },
        aware_at: None,
        expires_at: None,
        scope: Scope::Federation,
        for_follow_up: Vec::new(),
        for_attention: Vec::new(),
        sharing_groups: Vec::new(),
        handling: None,
        distribution: Vec::new(),
        distribution_text: None,
        withdrawal: None,
        info: Vec::new(),
        resources: Vec::new(),
        subject_dropped: false,
        text_dropped: false,
        reported_at: 0,
        provenance: Provenance {
            at: SourcePosition { topic: "comity.in.sample".into(), partition: 0, from: 0, offset: 0 },
            raw_sha256: [0; 32],
            content_sha256: [0; 32],
            mapping_version: String::new(),
            schema_id: None,
        },
    }
}

fn with(country: &str, name: &str, change: impl FnOnce(&mut InfractionEvent)) -> InfractionEvent {
    let mut event = event(country, name);
    change(&mut event);
    event
}

fn identified(country: &str, name: &str, scheme: &str, value: &str) -> InfractionEvent {
    with(country, name, |event| {
        event.subject.as_mut().unwrap().identifiers.push(Identifier {
            scheme: scheme.into(),
            value: value.into(),
            register: None,
            trust: Trust::Unchecked,
            text: None,
        });
    })
}

/// The legal name that passes, or the reason of the refusal.
fn verdict(mut event: InfractionEvent) -> Result<String, Reason> {
    guard(&mut event, &platform()).map_err(|refusal| refusal.reason)?;
    Ok(event.subject.unwrap().legal_name)
}

fn rows(text: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split_once('\t').unwrap())
}

#[test]
fn no_person_passes() {
    let mut seen = 0;
    for (country, name) in rows(include_str!("tests/persons.tsv")) {
        assert!(verdict(event(country, name)).is_err(), "{country} {name}");
        seen += 1;
    }
    assert!(seen >= 200);
}

#[test]
fn every_registered_organisation_passes() {
    let mut seen = 0;
    for (country, name) in rows(include_str!("tests/companies.tsv")) {
        assert!(verdict(event(country, name)).is_ok(), "{country} {name}");
        seen += 1;
    }
    assert!(seen >= 400);
}

#[test]
fn the_reason_says_what_was_recognised() {
    let check =
        |country: &str, name: &str, expect: Reason| assert_eq!(verdict(event(country, name)), Err(expect), "{name}");
    check("US", "Mary Example, MD", Reason::PersonSubject);
    check("US", "Sampleton, John", Reason::PersonSubject);
    check("US", "John Sampleton d/b/a Fine Floors LLC", Reason::PersonSubject);
    check("US", "Sampleton Partners LP", Reason::PersonSubject);
    check("US", "Estate of Jane Roe, Sample Foods LLC", Reason::PersonSubject);
    check("US", "Jane Roe, President of Sample Foods Inc", Reason::PersonSubject);
    check("US", "Sampleton Roofing not Inc.", Reason::PersonSubject);
    check("DE", "Metzgerei Max Muster e.K. Muster GmbH", Reason::PersonSubject);
    check("US", "jane.roe@sample.example Sampleton Foods LLC", Reason::UndecidableSubject);
    check("FR", "GARAGE SARL EXEMPLE", Reason::UndecidableSubject);
    check("US", "Sample 36 Ltd Partnership of Exampleville", Reason::PersonSubject);
    check("US", "Sample 36 LTD PARTNRSHP OF EXAMPLEVILLE", Reason::PersonSubject);
    check("BR", "João Exemplo da Silva ME", Reason::PersonSubject);
    check("US", "Sampleton Company", Reason::UndecidableSubject);
    check("US", "Sampleton Plumbing d/b/a Fine Floors LLC", Reason::UndecidableSubject);
    check("US", "  \u{200b} ", Reason::UndecidableSubject);
    check("US", "Acme Inc. and Beta LLC", Reason::SeveralSubjects);
    check("US", "Acme Inc; Beta LLC", Reason::SeveralSubjects);
    check("US", "Acme Inc./Beta LLC", Reason::SeveralSubjects);
    check("US", "Acme LLC and John Sampleton", Reason::SeveralSubjects);
    check("US", "Acme, Inc., Beta, Inc.", Reason::SeveralSubjects);
}

#[test]
fn a_list_of_names_is_several_subjects_wherever_its_forms_stand() {
    let check = |name: &str| assert_eq!(verdict(event("US", name)), Err(Reason::SeveralSubjects), "{name}");
    check("Acme Diner; Beta Restaurants, Inc.");
    check("N.K.A. Floors, Inc.; N.K.A. Roofs, Inc.");
    check("Acme, Inc. d/b/a Fine Floors; Beta, Inc. d/b/a Fine Roofs");
    check("Acme, LLC d/b/a Fine Floors, Beta, LLC d/b/a Fine Roofs");
    let one = |name: &str, expect: &str| assert_eq!(verdict(event("US", name)).as_deref(), Ok(expect), "{name}");
    one("Acme, Inc. d/b/a Fine Floors; Fine Roofs", "Acme, Inc.");
    one("Acme, Inc. d/b/a Acme Holding, LLC", "Acme, Inc.");
    one("Acme LLC, f/k/a Beta Inc. d/b/a Fine Roofs", "Acme LLC");
    one("Acme Services Inc; LTD", "Acme Services Inc; LTD");
    one("Acme &amp; Beta Inc", "Acme &amp; Beta Inc");
    one("Acme &#38; Beta Inc", "Acme &#38; Beta Inc");
}

#[test]
fn a_declared_form_decides_before_the_name() {
    let declared = |form: &str, name: &str| {
        verdict(with("DE", name, |event| event.subject.as_mut().unwrap().legal_form = Some(form.into())))
    };
    assert_eq!(declared("2HBR", "Beispiel").as_deref(), Ok("Beispiel"));
    assert_eq!(declared("GmbH", "Beispiel").as_deref(), Ok("Beispiel"));
    assert_eq!(declared("OL20", "Beispiel GmbH"), Err(Reason::PersonSubject));
    assert_eq!(declared("8888", "Beispiel"), Err(Reason::UndecidableSubject));
    assert_eq!(declared("8888", "Beispiel GmbH").as_deref(), Ok("Beispiel GmbH"));
    assert_eq!(declared("no such form", "Hans Beispiel"), Err(Reason::UndecidableSubject));
}

#[test]
fn a_short_form_counts_at_home_only() {
    let from = |jurisdiction: &str| {
        verdict(with("US", "Beispiel AG", |event| {
            event.subject.as_mut().unwrap().jurisdiction = Jurisdiction::parse(jurisdiction);
        }))
    };
    assert!(from("DE").is_ok());
    assert_eq!(from("US"), Err(Reason::UndecidableSubject));
}

#[test]
fn an_identifier_suffices_only_if_no_person_can_hold_it() {
    let check = |scheme: &str, value: &str, passes: bool| {
        assert_eq!(verdict(identified("DE", "Beispiel", scheme, value)).is_ok(), passes, "{scheme} {value}");
    };
    check("de-hrb", "HRB 12345", true);
    check("de-hrb", "HRA 12345", false);
    check("de-hrb", "12345", false);
    check("au-acn", "004 085 616", true);
    check("au-acn", "004 085 617", false);
    check("lei", "529900T8BM49AURSDO55", false);
    check("fr-siren", "732 829 320", false);
    check("corporation", "C-1234", true);
    check("sample/corporation", "C-1234", true);
    check("other/corporation", "C-1234", false);
    check("corporation", "John Sampleton", false);
    check("employer", "1234", false);
    check("no-such-scheme", "1234", false);
    // A title says that a person is meant, whatever the number.
    assert_eq!(verdict(identified("DE", "Dr. Beispiel", "de-hrb", "HRB 12345")), Err(Reason::PersonSubject));
}

#[test]
fn a_personal_pattern_refuses_in_the_title_and_is_cut_from_where_goods_went() {
    let event = |title: &str, went: &str| {
        with("US", "Example Works Inc.", |event| {
            event.infraction.title = title.into();
            event.distribution_text = Some(went.into());
        })
    };
    let title = "Wages of Mr Example not paid, ask jane@works.example";
    let refusal = guard(&mut event(title, "Ohio"), &platform()).unwrap_err();
    assert_eq!((refusal.reason, refusal.field.as_deref()), (Reason::PersonSubject, Some("infraction.title")));
    for (went, kept) in [("Ohio and three shops", true), ("Ohio, call (216) 555-0143", false)] {
        let mut event = event("Wages not paid", went);
        guard(&mut event, &platform()).unwrap();
        assert_eq!((event.distribution_text.is_some(), event.text_dropped), (kept, !kept), "{went}");
    }
}

#[test]
fn neither_subject_nor_product_is_refused() {
    let mut event = with("US", "", |event| event.subject = None);
    assert_eq!(guard(&mut event, &platform()).unwrap_err().reason, Reason::NoSubjectNoProduct);
    event.products.push(Product::default());
    assert!(guard(&mut event, &platform()).is_ok());
    assert!(!event.subject_dropped);
}

#[test]
fn a_withdrawal_or_closure_describes_nobody() {
    for kind in [Kind::Withdrawal, Kind::Closure] {
        let mut event = with("US", "Mary Example", |event| {
            event.kind = kind;
            event.products.push(Product { name: Some("Mary's apple butter".into()), ..Product::default() });
            event.info.push(Info { language: "en".into(), headline: "Mary".into(), description: None });
            event.distribution_text = Some("to Mary".into());
        });
        guard(&mut event, &platform()).unwrap();
        assert!(!format!("{event:?}").contains("Mary"));
        assert!(!event.subject_dropped);
    }
}

#[test]
fn a_refusal_says_no_value() {
    let mut event = event("US", "Mary Canary");
    let refusal = guard(&mut event, &platform()).unwrap_err();
    assert!(!format!("{refusal:?}").contains("Canary"));
    assert_eq!(refusal.field.as_deref(), Some("subject.legal_name"));
}

#[test]
fn a_town_is_no_street() {
    for town in
        ["Boston", "St. Louis", "Saint-Jean-sur-Richelieu", "Frankfurt am Main", "Rue", "São Paulo", "서울", "Street"]
    {
        assert!(is_town(town), "{town}");
    }
    for street in [
        "12 Main",
        "Main Street",
        "Rue Exemple",
        "Hauptstraße",
        "PO Box",
        "Exempelgatan",
        "a@example.org",
        "",
        "Via Esempio",
    ] {
        assert!(!is_town(street), "{street}");
    }
    let event = with("US", "Acme LLC", |event| event.subject.as_mut().unwrap().locality = Some("9 Elm Road".into()));
    let mut event = event;
    guard(&mut event, &platform()).unwrap();
    assert_eq!(event.subject.unwrap().locality, None);
}

#[test]
fn personal_patterns_are_seen() {
    for text in [
        "Write to mary.example@example.org",
        "Call (555) 010-1234 now",
        "Call 555-201-1234",
        "Tel. 030 1234567",
        "+49 30 1234567",
        "문의 010-1234-5678",
        "연락처: 02) 123-4567",
        "SSN 123-45-6789",
        "number 123-45-6789",
        "SIN 046 454 286",
        "NI number AB 12 34 56 C",
        "codice RSSMRA85T10A562S",
        "CPF 111.444.777-35",
        "rijksregister 85.07.30-033.28",
        "personnummer 19811218-9876",
        "cpr 211062-5629",
        "hetu 131052-308T",
        "rodné číslo 710319/2745",
        "주민등록번호 971013-9019902".replace("9019902", "1019902").as_str(),
        "身份证 11010519491231002X",
        "PESEL 44051401359",
        "DNI 54362315K",
        "NIE X2482300W",
        "NIR 2 95 10 99 126 111 93",
        "born on 3 May 1970",
        "née le 3 mai 1970",
        "Date of birth: 1970",
        "Mr. Sampleton was fined",
        "Frau Muster",
        "la Sra. Ejemplo",
        "Dr Example",
        "ＳＳＮ １２３-４５-６７８９",
        "mary\u{200b}@example.org",
    ] {
        assert!(is_personal(text), "{text}");
    }
}

#[test]
fn ordinary_text_stays() {
    for text in [
        "Undeclared milk in chocolate bars, lot 2024-0315, best before 2025-01-31",
        "Listeria monocytogenes (120 CFU/g) in smoked salmon from Norway",
        "UPC 0 12345 67890 5, net weight 12 oz",
        "GTIN 04012345123456, batch L123456",
        "Fined $12,345.67 under N.J.S.A. 34:11-56.25",
        "Regulation (EC) No 178/2002",
        "Case WH-12-345 of 2024",
        "Aflatoxin B1 = 12.4; Tot. = 14.1 µg/kg - ppb",
        "Restaurant fermé; amende de 1 500 $",
        "FEI 3012345678 and 100 234 567 units",
        "Notification 2024.0965 of 15-03-2024",
        "Model MS-200 and MR 16 lamps",
        "Tuna in water, NET WT. 5 OZ, DR WT. 4 OZ",
    ] {
        assert!(!is_personal(text), "{text}");
    }
}

#[test]
fn a_hit_cuts_the_text_and_not_the_event() {
    let info = |headline: &str, description: Option<&str>| Info {
        language: "en".into(),
        headline: headline.into(),
        description: description.map(str::to_owned),
    };
    let mut event = with("US", "Acme LLC", |event| {
        event.info = vec![
            info("Call (555) 010-1234", Some("plain")),
            info("Wages not paid", Some("see mary@example.org")),
            info(&"x".repeat(301), None),
            info("Fine", Some("Plain")),
        ];
    });
    guard(&mut event, &platform()).unwrap();
    assert!(event.text_dropped && event.subject.is_some());
    assert_eq!(event.info, vec![info("Wages not paid", None), info("Fine", Some("Plain"))]);
    guard(&mut event, &platform()).unwrap();
    assert_eq!(event.info.len(), 2, "guarding twice changes nothing");
}

proptest::proptest! {
    /// Any text gives a verdict; a name that passes is made of the source's own words and passes again as it is.
    #[test]
    fn a_name_that_passes_passes_again(
        words in proptest::collection::vec(
            proptest::prop_oneof![
                "\\PC{0,8}",
                proptest::sample::select(vec![
                    "Inc", "LLC", "S.A.", "GmbH", "& Co. KG", "dba", "and", ",", "/", "(주)", "株式会社", "AG", "S. p. A.", "City of",
                    "Dr.", "Ltda", "ME", "9123-4567", "Québec", "Sampleton", "John", "Company", "trust", "c/o", "The", "ООО",
                ]).prop_map(str::to_owned),
            ],
            0..7,
        ),
        country in proptest::sample::select(vec!["US", "DE", "CA-QC", "BR", "KR", "FR"]),
    ) {
        let name = words.join(" ");
        if let Ok(legal) = verdict(event(country, &name)) {
            proptest::prop_assert_eq!(verdict(event(country, &legal)), Ok(legal.clone()), "{}", name);
            proptest::prop_assert!(crate::schema::legal_forms::name::clean_name(&name).contains(legal.trim_end_matches(')')));
        }
        is_personal(&name);
        is_town(&name);
        crate::identify::name_digest(&name);
    }
}
