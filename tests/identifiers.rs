//! Identifier schemes against data and libraries that nobody here wrote: published LEIs, and python-stdnum.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use comity::model::code::Trust;
use comity::schema::identifiers::{Scheme, scheme};

/// What a generated value is made of: `#` a digit, `A` a letter, `X` either, anything else itself.
const SHAPES: [(&str, &[&str]); 48] = [
    ("lei", &["XXXXXXXXXXXXXXXXXX##"]),
    (
        "eu-vat",
        &[
            "DE#########",
            "DK########",
            "FI########",
            "IT#######0###",
            "PL##########",
            "ATU########",
            "BE0#########",
            "EL#########",
            "HU########",
            "LU########",
            "SI########",
            "FR###########",
            "PT5########",
            "HR###########",
            "EE#########",
            "SE556#######01",
            "RO########",
        ],
    ),
    ("ca-bn", &["#########"]),
    ("us-ein", &["#########"]),
    ("de-ust-id", &["#########"]),
    ("at-uid", &["U########"]),
    ("ch-uid", &["CHE#########"]),
    ("fr-siren", &["#########"]),
    ("fr-siret", &["##############", "356000000#####"]),
    ("fr-tva", &["###########"]),
    ("be-enterprise", &["0#########", "1#########"]),
    ("lu-tva", &["########"]),
    ("se-orgnr", &["556#######", "202#######", "802#######", "716#######"]),
    ("no-orgnr", &["#########"]),
    ("dk-cvr", &["########"]),
    ("fi-ytunnus", &["########"]),
    ("is-kennitala", &["550102####", "440#######"]),
    ("it-partita-iva", &["#######0###", "#######100#"]),
    ("es-cif", &["A########", "B########", "P#######A", "Q#######A", "G########", "F#######A"]),
    ("pt-nif", &["5########", "6########", "9########"]),
    ("gr-afm", &["#########"]),
    ("pl-nip", &["##########"]),
    ("pl-regon", &["#########", "##############"]),
    ("cz-ico", &["########"]),
    ("hu-adoszam", &["########"]),
    ("ro-cui", &["##", "####", "######", "########", "##########"]),
    ("bg-eik", &["#########"]),
    ("hr-oib", &["###########"]),
    ("si-davcna", &["########"]),
    ("ee-registrikood", &["1#######", "7#######", "9#######"]),
    ("ee-kmkr", &["#########"]),
    ("lv-regnumber", &["40#########", "50#########"]),
    ("lt-code", &["#########"]),
    ("ua-edrpou", &["########", "3#######"]),
    ("ru-ogrn", &["1############", "5############"]),
    ("ru-inn", &["##########"]),
    ("au-acn", &["#########"]),
    ("au-abn", &["###########"]),
    ("nz-nzbn", &["9429#########"]),
    ("jp-corporate-number", &["#############"]),
    ("cn-uscc", &["91110000XXXXXXXXXX"]),
    ("th-juristic", &["0############"]),
    ("il-company-number", &["51#######"]),
    ("br-cnpj", &["##############", "XXXXXXXXXXXX##"]),
    ("mx-rfc", &["AAA990101XX#", "AAA851231XXA"]),
    ("ar-cuit", &["30#########", "33#########"]),
    ("cl-rut", &["7########", "96#######"]),
    ("pe-ruc", &["20#########"]),
];

/// Values of each shape, and of each value its neighbours with another last or first character: some of them valid.
const VALUES_PER_SHAPE: usize = 60;

/// A small generator with a fixed seed: every run writes the same file.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn one_of(&mut self, characters: &str) -> char {
        let place = self.below(characters.len());
        characters.chars().nth(place).unwrap()
    }
}

const DIGITS: &str = "0123456789";
const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

fn generated(shape: &str, random: &mut Random) -> Vec<String> {
    let value: String = shape
        .chars()
        .map(|c| match c {
            '#' => random.one_of(DIGITS),
            'A' if shape.len() > 10 || shape.ends_with('A') => random.one_of(LETTERS),
            'X' => random.one_of(&format!("{DIGITS}{LETTERS}")),
            other => other,
        })
        .collect();
    let letters_last = shape.ends_with(['A', 'X']) || shape.len() == 9;
    let last: String = if letters_last { format!("{DIGITS}{LETTERS}") } else { DIGITS.to_owned() };
    let (before_last, head) = (value.split_at(value.len() - 1).0, value.split_at(1).1);
    let mut values: Vec<String> = last.chars().map(|c| format!("{before_last}{c}")).collect();
    values.extend(DIGITS.chars().map(|c| format!("{c}{head}")));
    // Two check digits: all hundred.
    let body = value.split_at(value.len() - 2).0;
    values.extend((0..100).map(|check| format!("{body}{check:02}")));
    values
}

fn verdict(scheme: &Scheme, value: &str) -> &'static str {
    match scheme.normalise(value).map(|value| scheme.trust(&value)) {
        None => "no-form",
        Some(Trust::Valid) => "valid",
        Some(Trust::CheckFailed) => "failed",
        Some(Trust::Unchecked) => "unchecked",
    }
}

/// Writes what `tests/python/stdnum_check.py` compares with python-stdnum; by itself it checks that the file says something.
#[test]
fn write_values_for_stdnum() {
    let mut random = Random(2_024);
    let mut lines = String::new();
    for (name, shapes) in SHAPES {
        let scheme = scheme(name).unwrap_or_else(|| panic!("no scheme {name}"));
        let mut values = BTreeSet::new();
        for shape in shapes {
            for _ in 0..VALUES_PER_SHAPE {
                values.extend(generated(shape, &mut random));
            }
        }
        let mut seen = BTreeSet::new();
        for value in values {
            let verdict = verdict(scheme, &value);
            seen.insert(verdict);
            writeln!(lines, "{name}\t{value}\t{verdict}").unwrap();
        }
        let expected = if name == "us-ein" { vec!["no-form", "unchecked"] } else { vec!["failed", "valid"] };
        assert!(expected.iter().all(|one| seen.contains(one)), "{name}: {seen:?}");
    }
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("identifiers.tsv");
    std::fs::write(&file, lines).unwrap();
}

/// Of the published LEIs six fail their check digits, and every one has the form.
#[test]
fn published_leis() {
    let Some(data) = std::env::var_os("COMITY_DATA") else {
        eprintln!("skipped: COMITY_DATA is not set");
        return;
    };
    let mut reader = csv::Reader::from_path(Path::new(&data).join("reference/gleif-lei-sample.csv")).unwrap();
    let lei = scheme("lei").unwrap();
    let (mut read, mut failed) = (0, 0);
    for row in reader.records() {
        let row = row.unwrap();
        read += 1;
        match verdict(lei, &row[0]) {
            "valid" => {}
            "failed" => failed += 1,
            other => panic!("row {read}: {other}"),
        }
    }
    assert_eq!((read, failed), (61_556, 6));
}
