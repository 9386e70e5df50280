//! `new` on invented samples of each format, each with quirks of real ones.

use serde_json::Value;

use crate::Bench;

/// Words of the samples' values, none of which may stand in a written file.
const SECRETS: &[&str] =
    &["Zorblatt", "zorblatt", "Quibble", "Wexford", "Ringsend", "QX-1", "77-0042", "Ümlaut", "1234.5", "1234,5"];

/// No file of a proposal holds a value of its sample.
fn no_value_is_written(bench: &Bench, platform: &str) {
    for name in ["platform.toml", "source.avsc", "mapping.vrl"] {
        let text = bench.file(platform, name);
        for secret in SECRETS {
            assert!(!text.contains(secret), "{platform}/{name} holds {secret}");
        }
    }
}

fn records(counts: &Value) -> u64 {
    counts["records"].as_u64().unwrap()
}

fn originals(counts: &Value) -> u64 {
    counts["outcomes"]["ORIGINAL"].as_u64().unwrap_or_default()
}

fn has(text: &str, part: &str) {
    assert!(text.contains(part), "{part:?} stands in\n{text}");
}

fn lacks(text: &str, part: &str) {
    assert!(!text.contains(part), "{part:?} stands not in\n{text}");
}

#[test]
fn rows_below_titles_with_empty_headers_and_padded_cells() {
    let bench = Bench::new();
    let mut file =
        String::from("wages_export,,,,,,\r\nCASES CLOSED BETWEEN 1/1/2020 AND 6/30/2024,,,,,,\r\n,,,,,,\r\n");
    file.push_str(" ,CASE #,Date Issued,Employer,Amount Assessed,,\r\n");
    for place in 0..40 {
        let name = if place % 4 == 0 { "Zorblatt, Quibble LLC   " } else { "Wexford Bakery Inc.   " };
        file.push_str(&format!(
            " ,QX-1{place:03},{}/{}/2021,\"{name}\",\"$1,{place:03}.50\",,\r\n",
            place % 12 + 1,
            14 + place % 9
        ));
    }
    let sample = bench.write("cases.csv", file.as_bytes());
    let counts = bench.proposed("us-nj-wages", &sample);
    assert_eq!((records(&counts), originals(&counts)), (40, 40));
    let (toml, vrl, avsc) = (
        bench.file("us-nj-wages", "platform.toml"),
        bench.file("us-nj-wages", "mapping.vrl"),
        bench.file("us-nj-wages", "source.avsc"),
    );
    has(&toml, "header_line = 4");
    has(&toml, "origin = \"US-NJ\"");
    has(&toml, "time_zone = \"America/New_York\"");
    has(&toml, "domains = [\"LABOUR_STANDARDS\"]");
    has(&vrl, "id = squeeze(.case_number)");
    has(&vrl, "date(.date_issued, [\"%m/%d/%Y\"])");
    has(&vrl, "money(.amount_assessed, \"USD\")");
    has(&vrl, "\"legal_name\": squeeze(.employer)");
    // The two columns without a name behind the last are there, each under a name of its own.
    has(&avsc, "\"name\": \"column_6\", \"native\": \"\"");
    has(&avsc, "\"name\": \"column_7\", \"native\": \"\"");
    no_value_is_written(&bench, "us-nj-wages");
}

#[test]
fn semicolons_decimal_commas_a_byte_order_mark_and_check_digits() {
    let bench = Bench::new();
    let mut file = String::from("\u{feff}sei;empresa;documento;data_decisao;conduta;valor_multa\n");
    // Numbers whose check digits fit, made by the rule of the Receita Federal.
    for (place, cnpj) in
        ["11.222.333/0001-81", "11.444.777/0001-61", "45.997.418/0001-53", "60.701.190/0001-04"].iter().enumerate()
    {
        file.push_str(&format!(
            "77-0042{place};Zorblatt {place} LTDA;{cnpj};2021-0{}-1{place};\"Texto; com\nlinhas\";1234,5{place}\n",
            place + 1
        ));
    }
    let sample = bench.write("empresas.csv", file.as_bytes());
    let counts = bench.proposed("br-mg-empresas", &sample);
    assert_eq!((records(&counts), originals(&counts)), (4, 4));
    let (toml, vrl) = (bench.file("br-mg-empresas", "platform.toml"), bench.file("br-mg-empresas", "mapping.vrl"));
    has(&toml, "delimiter = \";\"");
    has(&toml, "language = \"pt\"");
    // By its check digits alone: the column says nothing. Numbers of which one digit is another are no such numbers.
    has(&vrl, "org_id(\"br-cnpj\", .documento)");
    let sample = bench.write("others.csv", file.replace("/0001-", "/0002-").as_bytes());
    bench.proposed("br-mg-others", &sample);
    lacks(&bench.file("br-mg-others", "mapping.vrl"), "org_id(\"br-cnpj\"");
    has(&vrl, "money(.valor_multa, \"BRL\", decimal: \",\")");
    no_value_is_written(&bench, "br-mg-empresas");
}

#[test]
fn tabs_with_escapes_and_tabs_with_quotes() {
    let bench = Bench::new();
    let rows = |cell: &dyn Fn(usize) -> String| {
        (0..6).map(|place| format!("QX-1{place}\t2024-12-3{}\t{}\n", place % 2, cell(place))).collect::<String>()
    };
    let escaped = format!("reference\tdate\tsubject\n{}", rows(&|place| format!("Zorblatt\\tand {place}\\nmore")));
    let sample = bench.write("escaped.tsv", escaped.as_bytes());
    assert_eq!(records(&bench.proposed("de-escaped", &sample)), 6);
    has(&bench.file("de-escaped", "platform.toml"), "format = \"tsv\"");
    let quoted = format!("reference\tdate\tsubject\n{}", rows(&|place| format!("\"Zorblatt\tand {place}\nmore\"")));
    let sample = bench.write("quoted.tsv", quoted.as_bytes());
    assert_eq!(records(&bench.proposed("de-quoted", &sample)), 6);
    has(&bench.file("de-quoted", "platform.toml"), "format = \"csv\"\ndelimiter = \"\\t\"");
    no_value_is_written(&bench, "de-escaped");
    no_value_is_written(&bench, "de-quoted");
}

#[test]
fn rows_that_repeat_an_id_and_rows_that_go_on() {
    let bench = Bench::new();
    let mut repeats = String::from("Complaint ID|Employer|Closed Date|Violation Type|Amount Assessed\n");
    let mut goes_on = String::from("Case Number|Received Date|Respondent|DBA Name|Amount Assessed\n");
    for case in 0..20 {
        for row in 0..=case % 3 {
            repeats.push_str(&format!(
                "77-0042{case}|Zorblatt {case} Inc|2021-03-{:02}|Unpaid hours {row}|{row}\n",
                case + 1
            ));
            let head = if row == 0 {
                format!("77-0042{case}|01/{:02}/2021|Zorblatt {case} Inc", case + 1)
            } else {
                "||".to_owned()
            };
            goes_on.push_str(&format!("{head}|Quibble {row}|1234.5{row}\n"));
        }
    }
    let sample = bench.write("repeats.csv", repeats.as_bytes());
    // The rows stay apart until their author says that they belong together.
    let counts = bench.proposed("us-wa-repeats", &sample);
    assert_eq!((records(&counts), originals(&counts)), (39, 39));
    let (toml, vrl) = (bench.file("us-wa-repeats", "platform.toml"), bench.file("us-wa-repeats", "mapping.vrl"));
    has(&toml, "\n# group = \"Complaint ID\"\n");
    has(&toml, "the sample is 20 records");
    has(&vrl, "id = digest([.complaint_id,");
    has(&vrl, "\"case_id\": squeeze(.complaint_id)");
    let sample = bench.write("goes-on.csv", goes_on.as_bytes());
    let counts = bench.proposed("us-wi-goes-on", &sample);
    assert_eq!((records(&counts), originals(&counts)), (20, 20));
    let toml = bench.file("us-wi-goes-on", "platform.toml");
    has(&toml, "continuation = [\"Case Number\", \"Received Date\", \"Respondent\"]");
    has(&bench.file("us-wi-goes-on", "mapping.vrl"), "first = .rows[0]");
    no_value_is_written(&bench, "us-wa-repeats");
    no_value_is_written(&bench, "us-wi-goes-on");
}

#[test]
fn json_below_keys_with_lists_nulls_and_a_field_of_two_types() {
    let bench = Bench::new();
    let one = |place: usize| {
        let mixed = if place == 2 { "7".to_owned() } else { "\"Quibble\"".to_owned() };
        let upcs = if place == 1 { "[\"1234567\"]" } else { "null" };
        format!(
            "{{\"recall_number\":\"QX-1{place}\",\"recall_date\":\"2013-10-3{}\",\"manufacturers\":[\"Zorblatt {place} Inc.\"],\
             \"upcs\":{upcs},\"count\":{place},\"mixed\":{mixed},\"email\":\"zorblatt@example.org\",\"hazards\":[\"Burn\"],\"empty\":[],\"never\":null,\"severity\":\"Quibble\"}}",
            place % 2
        )
    };
    let list = (0..6).map(one).collect::<Vec<_>>().join(",");
    let sample = bench.write(
        "recalls.json",
        format!("{{\"success\":{{\"total\":6,\"results\":[{list}]}},\"facets\":[1,2]}}").as_bytes(),
    );
    let counts = bench.proposed("us-recalls", &sample);
    assert_eq!((records(&counts), originals(&counts)), (6, 6));
    let (toml, vrl, avsc) = (
        bench.file("us-recalls", "platform.toml"),
        bench.file("us-recalls", "mapping.vrl"),
        bench.file("us-recalls", "source.avsc"),
    );
    has(&toml, "record = \"success.results\"");
    has(&vrl, "squeeze(.manufacturers[0])");
    has(&avsc, "{ \"name\": \"count\", \"type\": \"long\"");
    has(&avsc, "{ \"name\": \"upcs\", \"type\": [\"null\", { \"type\": \"array\", \"items\": \"string\" }]");
    // What a schema cannot say, and what tells of a person, is never read, and the author is asked.
    has(&vrl, "# \"severity\": code(\"severity\", squeeze(.severity)),");
    for left in ["mixed", "email", "empty", "never"] {
        lacks(&avsc, &format!("\"name\": \"{left}\""));
        has(&toml, &format!("left out of source.avsc, and so never read: `{left}`"));
    }
    let lines = (0..6).map(|place| one(place) + "\n\n").collect::<String>();
    let sample = bench.write("recalls.jsonl", lines.as_bytes());
    assert_eq!(records(&bench.proposed("us-lines", &sample)), 6);
    has(&bench.file("us-lines", "platform.toml"), "format = \"jsonl\"");
    no_value_is_written(&bench, "us-recalls");
    no_value_is_written(&bench, "us-lines");
}

#[test]
fn keys_that_are_values_are_left_out() {
    let bench = Bench::new();
    let one = |place: usize| {
        format!("{{\"id\":\"QX-1{place}\",\"fines\":{{\"Zorblatt {place} Inc\":5,\"Quibble {place}\":6}}}}")
    };
    let list = (0..9).map(one).collect::<Vec<_>>().join(",");
    let sample = bench.write("keys.json", format!("[{list}]").as_bytes());
    assert_eq!(records(&bench.proposed("us-keys", &sample)), 9);
    no_value_is_written(&bench, "us-keys");
}

#[test]
fn xml_with_attributes_children_and_repeated_elements() {
    let bench = Bench::new();
    let mut file = String::from("<?xml version=\"1.0\"?>\n<!-- export -->\n<ROWDATA><Info><Made>2024</Made></Info>\n");
    for place in 0..8 {
        let more = if place == 3 { "<Finding section=\"s 2\">Quibble</Finding>" } else { "" };
        file.push_str(&format!(
            "<Case number=\"QX-1{place}\"><Firm><LegalName>Zorblatt {place} Ltd</LegalName><City>Wexford</City></Firm>\
             <DecisionDate>2024-0{}-11</DecisionDate><Fine> </Fine><Finding section=\"s 1\">Ringsend &amp; more</Finding>{more}</Case>\n",
            place + 1
        ));
    }
    file.push_str("</ROWDATA>\n");
    let sample = bench.write("cases.xml", file.as_bytes());
    let counts = bench.proposed("ca-ab-cases", &sample);
    assert_eq!((records(&counts), originals(&counts)), (8, 8));
    let (toml, vrl, avsc) = (
        bench.file("ca-ab-cases", "platform.toml"),
        bench.file("ca-ab-cases", "mapping.vrl"),
        bench.file("ca-ab-cases", "source.avsc"),
    );
    has(&toml, "record = \"Case\"");
    has(&vrl, "squeeze(.firm.legal_name)");
    has(&avsc, "\"native\": \"@number\", \"type\": \"string\"");
    has(&avsc, "\"name\": \"finding\", \"native\": \"Finding\", \"type\": { \"type\": \"array\"");
    no_value_is_written(&bench, "ca-ab-cases");
}

#[test]
fn an_avro_container_brings_its_schema() {
    use apache_avro::types::Value as Avro;
    let bench = Bench::new();
    let schema = r#"{"type":"record","name":"Order","fields":[{"name":"order_id","type":"string"},
        {"name":"company","type":["null","string"]},{"name":"order_date","type":"string"},{"name":"fine","type":["null","double"]}]}"#;
    let schema = apache_avro::Schema::parse_str(schema).unwrap();
    let mut writer = apache_avro::Writer::new(&schema, Vec::new()).unwrap();
    for place in 0..5 {
        let text = |text: String| Avro::Union(1, Box::new(Avro::String(text)));
        let fields = vec![
            ("order_id".to_owned(), Avro::String(format!("QX-1{place}"))),
            ("company".to_owned(), text(format!("Zorblatt {place} Ltd"))),
            ("order_date".to_owned(), Avro::String(format!("2024-01-1{place}"))),
            ("fine".to_owned(), Avro::Union(1, Box::new(Avro::Double(250.5)))),
        ];
        writer.append_value(Avro::Record(fields)).unwrap();
    }
    let sample = bench.write("orders.avro", &writer.into_inner().unwrap());
    let counts = bench.proposed("ca-bc-orders", &sample);
    assert_eq!((records(&counts), originals(&counts)), (5, 5));
    has(&bench.file("ca-bc-orders", "mapping.vrl"), "squeeze(.company)");
    no_value_is_written(&bench, "ca-bc-orders");
}

#[test]
fn encodings_are_told_by_their_bytes() {
    let bench = Bench::new();
    let text =
        "Aktenzeichen;Firma;Datum;Ort\nQX-11;Zorblatt GmbH;11.02.2024;Köln\nQX-12;Ümlaut AG;12.03.2024;München\n";
    let latin: Vec<u8> = text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
    let wide = |bom: bool, big: bool| -> Vec<u8> {
        let units = bom.then_some(0xfeff).into_iter().chain(text.encode_utf16());
        units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    };
    let samples = [
        ("utf8", text.as_bytes().to_vec()),
        ("latin", latin),
        ("le", wide(true, false)),
        ("be", wide(true, true)),
        ("bare", wide(false, false)),
    ];
    let mut events = Vec::new();
    for (name, bytes) in samples {
        let sample = bench.write(&format!("{name}.csv"), &bytes);
        let platform = format!("de-{name}");
        let counts = bench.proposed(&platform, &sample);
        assert_eq!((records(&counts), originals(&counts)), (2, 2), "{name}");
        let toml = bench.file(&platform, "platform.toml");
        assert_eq!(toml.contains("encoding = \"iso-8859-1\""), name == "latin", "{name}");
        let mapped = bench.good(&["map", sample.to_str().unwrap(), "--platform", &platform]);
        events.push(mapped.matches("München").count());
        no_value_is_written(&bench, &platform);
    }
    assert_eq!(events, [1, 1, 1, 1, 1], "the town reads the same in every encoding");
    let japanese = b"\x94\xd4\x8d\x86,\x89\xef\x8e\xd0\n1,\x8a\x94\x8e\xae\n2,\x97\x4c\x8c\xc0\n";
    let sample = bench.write("shift-jis.csv", japanese);
    has(&bench.bad(&["platform", "new", "jp-x", "--from", sample.to_str().unwrap()], 65), "CMT-9671");
}

#[test]
fn a_file_without_a_header_has_none_of_its_records_in_the_schema() {
    let bench = Bench::new();
    let rows = (0..9)
        .map(|place| format!("77-0042{place},Zorblatt {place} Inc,2024-01-0{},Wexford\n", place + 1))
        .collect::<String>();
    let sample = bench.write("bare.csv", rows.as_bytes());
    assert_eq!(records(&bench.proposed("us-bare", &sample)), 9);
    has(&bench.file("us-bare", "platform.toml"), "header_line = 0");
    no_value_is_written(&bench, "us-bare");
}

/// Each was proposed otherwise to somebody who knew the file and nothing of the program.
#[test]
fn what_a_newcomer_was_told_wrong_is_told_right() {
    let proposed = |name: &str, file: &str, text: &str| {
        let bench = Bench::new();
        let sample = bench.write(file, text.as_bytes());
        let told = bench.good(&["platform", "new", name, "--from", sample.to_str().unwrap()]);
        bench.good(&["map", sample.to_str().unwrap(), "--platform", name, "--summary"]);
        no_value_is_written(&bench, name);
        (told, ["platform.toml", "source.avsc", "mapping.vrl"].map(|file| bench.file(name, file)))
    };
    // A scheme that is built in, by its name, though the sample is short; and columns of remarks.
    let french = "dossier,entreprise,siren,date decision,infraction,remarques\n\
                  QX-11,Zorblatt SARL,732829320,2024-01-02,Hygiène,x\nQX-12,Quibble SA,552100554,2024-01-03,Hygiène,y\n";
    let (told, [toml, _, vrl]) = proposed("fr-x", "f.csv", french);
    has(&vrl, "org_id(\"fr-siren\", .siren)");
    has(&told, "Check digits fit in 2 of 2.");
    lacks(&toml, "[schemes.");
    lacks(&vrl, "\"brand\"");
    // Forms that count in their country only.
    let spanish = "expediente,empresa,fecha,infraccion\nQX-11,Zorblatt S.L.,2024-01-02,x\nQX-12,Quibble SL,2024-01-03,x\n\
                   QX-13,Wexford S.A.,2024-01-04,x\n";
    has(&proposed("es-x", "s.csv", spanish).0, "in 3 of 3 different values");
    // Counts as they are, of as few rows as there are.
    let mut rows = String::from("case number,company,decision date\n");
    for place in 0..20 {
        rows.push_str(&format!("QX-{},Zorblatt {place} Inc,2024-01-0{}\n", place.max(1), place % 9 + 1));
    }
    has(&proposed("us-x", "c.csv", &rows).0, "has 19 different values in 20 records");
    // Two columns of one name are a header still.
    let double = "id,company,date,reason,reason\nQX-11,Zorblatt Ltd,2024-01-02,x,y\nQX-12,Quibble Ltd,2024-01-03,x,z\n";
    let (told, [toml, schema, _]) = proposed("gb-x", "d.csv", double);
    has(&told, "header in line 1");
    lacks(&toml, "header_line");
    has(&schema, "\"name\": \"reason_2\"");
    // Another list of the document, keys that are blank throughout, and an id that is a link.
    let lists = r#"{"a":[{"url":"https://x.example/1","company":"Zorblatt Ltd","date":"2024-01-02","note":" "},
        {"url":"https://x.example/2","company":"Quibble Ltd","date":"2024-01-03","note":" "}],"b":[{"id":"3"}]}"#;
    let (told, [_, schema, vrl]) = proposed("gb-x", "l.json", lists);
    has(&told, "`b` holds 1 objects as well");
    has(&schema, "\"name\": \"note\", \"type\": [\"null\", \"string\"]");
    has(&vrl, "id = squeeze(.url)");
    has(&told, "the native id: .url is a link. It can hold a name");
}

#[test]
fn every_canonical_field_is_named_and_the_questions_are_numbered() {
    let bench = Bench::new();
    let sample = bench.write("a.csv", b"id,date,firm\nQX-11,2024-01-01,Zorblatt Inc\nQX-12,2024-01-02,Quibble Inc\n");
    let told = bench.good(&["platform", "new", "us-a", "--from", sample.to_str().unwrap(), "--format", "json"]);
    let told: Value = serde_json::from_str(&told).unwrap();
    let vrl = bench.file("us-a", "mapping.vrl");
    // From the canonical Avro schema, not from the program's own table.
    let schema =
        std::fs::read_to_string(crate::repository().join("schemas/canonical/InfractionEvent.v1.avsc")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let given = ["platform", "provenance", "subject_dropped", "text_dropped"];
    for field in schema["fields"].as_array().unwrap() {
        let name = field["name"].as_str().unwrap();
        if !given.contains(&name) {
            assert!(vrl.lines().any(|line| line.starts_with(&format!("# {name}"))), "{name} is named in the mapping");
        }
    }
    for (place, question) in told["questions"].as_array().unwrap().iter().enumerate() {
        assert_eq!(question["number"], place + 1);
        let file = bench.file("us-a", question["file"].as_str().unwrap());
        assert!(file.contains(&format!("TO DECIDE {}", place + 1)), "question {} stands in its file", place + 1);
    }
    for what in ["legal basis", "domain", "decisions are rows where", "original, a correction", "withdrawal"] {
        assert!(told["questions"].to_string().contains(what), "{what} is asked for");
    }
    // Nothing but the questions and the examples is against it, and nothing that is open may run.
    let open = bench.bad(&["test", "us-a", "--format", "json"], 65);
    let codes: Vec<Value> =
        open.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["code"].clone()).collect();
    assert!(codes.iter().all(|code| code == "CMT-9109" || code == "CMT-9404"), "{open}");
    assert_eq!(codes.iter().filter(|code| *code == "CMT-9109").count(), told["questions"].as_array().unwrap().len());
    bench.write("comity.toml", b"[kafka]\nbootstrap_servers = \"127.0.0.1:9\"\nsingle_broker = true\n[federation]\nname = \"trial\"\njurisdictions = [\"US\", \"DE\"]\n[platforms]\ndir = \"platforms\"\n");
    has(&bench.bad(&["check", "--offline"], 78), "CMT-9109");
}

#[test]
fn what_cannot_be_proposed_is_refused_and_nothing_is_written() {
    let bench = Bench::new();
    let sample = bench.write("a.csv", b"id,date,firm\nQX-11,2024-01-01,Zorblatt Inc\nQX-12,2024-01-02,Quibble Inc\n");
    let sample = sample.to_str().unwrap();
    bench.good(&["platform", "new", "us-a", "--from", sample]);
    let before = bench.file("us-a", "mapping.vrl");
    has(&bench.bad(&["platform", "new", "us-a", "--from", sample], 73), "CMT-9662");
    assert_eq!(bench.file("us-a", "mapping.vrl"), before, "the folder is as it was");
    has(&bench.bad(&["platform", "new", "../us-b", "--from", sample], 64), "CMT-9660");
    has(&bench.bad(&["platform", "new", "us-b", "--from", sample, "--origin", "Ohio"], 64), "CMT-9661");
    has(&bench.bad(&["platform", "new", "us-b", "--from", "missing.csv"], 66), "CMT-9502");
    let refused: [(&str, &[u8], &str); 6] = [
        ("empty", b"", "CMT-9501"),
        ("page", b"<!DOCTYPE html><html><body><p>Zorblatt</p></body></html>", "CMT-9670"),
        ("prose", b"Zorblatt and Quibble\nmet in Wexford\n", "CMT-9670"),
        ("broken", b"{\"results\":[{\"id\":1},{\"id\"", "CMT-9670"),
        ("open", b"<a><b><c/></b><b><c/>", "CMT-9670"),
        ("headers", b"id,date,firm\n", "CMT-9672"),
    ];
    for (name, bytes, code) in refused {
        let sample = bench.write(name, bytes);
        let told = bench.bad(&["platform", "new", "us-b", "--from", sample.to_str().unwrap()], 65);
        assert!(told.contains(code), "{name}: {told}");
        SECRETS.iter().for_each(|secret| lacks(&told, secret));
    }
    assert!(!bench.path("platforms/us-b").exists());
}

#[test]
fn only_the_beginning_of_a_large_file_is_looked_at() {
    let bench = Bench::new();
    let mut file = String::from("id,date,firm,note\n");
    for place in 0..90_000 {
        file.push_str(&format!("QX-1{place},2024-01-0{},Zorblatt {place} Inc,{}\n", place % 9 + 1, "x".repeat(80)));
    }
    assert!(file.len() > 9 << 20);
    let sample = bench.write("large.csv", file.as_bytes());
    let told = bench.good(&["platform", "new", "us-large", "--from", sample.to_str().unwrap()]);
    has(&told, "looked at the first 8 MiB only");
    let looked = bench.file("us-large", "source.avsc");
    lacks(&looked, "90000 rows");
}
