use super::name::{Initials, Name};
use super::{Class, TABLE, TEXT, class_of_code, class_of_form, read};

#[test]
fn the_table_is_read() {
    assert!(TABLE.tokens.len() > 1_200);
    assert_eq!(class_of_code("2HBR"), Some(Class::Incorporated));
    assert_eq!(class_of_code("OL20"), Some(Class::Person));
    assert_eq!(class_of_code("BSJT"), Some(Class::Partnership));
    assert_eq!(class_of_code("2HC6"), Some(Class::PublicBody));
    assert_eq!(class_of_code("9999"), None);
    assert_eq!(class_of_form("s.r.o.", "CZ"), Some(Class::Incorporated));
    assert_eq!(class_of_form("SAS", "FR"), Some(Class::Incorporated));
    assert_eq!(class_of_form("S.a.s.", "IT"), Some(Class::Partnership));
    assert_eq!(class_of_form("no form", "IT"), None);
}

#[test]
fn a_faulty_table_is_refused() {
    assert!(read(TEXT).is_ok());
    assert!(read(&TEXT.replacen("class = \"incorporated\"", "class = \"company\"", 1)).is_err());
    assert!(read(&TEXT.replacen("where = \"anywhere\"", "where = \"somewhere\"", 1)).is_err());
    assert!(read(&TEXT.replacen("tokens = [", "tokens = [\"...\", ", 1)).is_err());
    assert!(read(&TEXT.replacen("person = \"\"\"", "person = \"\"\"\n2HBR", 1)).is_err());
    assert!(read(&TEXT.replacen("[[cut]]", "[[cut]]\nwhatever = 1", 1)).is_err());
}

/// The words that a name is read as.
fn check(text: &str, expect: &[&str]) {
    let name = Name::read(text);
    let pieces: Vec<&str> = name.pieces.iter().map(|piece| piece.folded.as_str()).collect();
    assert_eq!(pieces, expect, "{text}");
}

#[test]
fn initials_that_belong_together_are_one_word() {
    check("Acme S.A.R.L.", &["ACME", "SARL"]);
    check("Acme L L C", &["ACME", "LLC"]);
    check("Acme S. p. A.", &["ACME", "SPA"]);
    check("Holding I B.V.", &["HOLDING", "I", "BV"]);
    check("Market C. S.R.L.", &["MARKET", "C", "SRL"]);
    check("A & B Inc", &["A", "B", "INC"]);
    check("Eksempel A/S", &["EKSEMPEL", "AS"]);
    check("Sp. z o.o.", &["SP", "Z", "OO"]);
    check("Société d'Exemple Ltée", &["SOCIETE", "DEXEMPLE", "LTEE"]);
    check("Mary's Søn Łódź Straße", &["MARYS", "SON", "LODZ", "STRASSE"]);
    check("דוגמה בע\"מ", &["דוגמה", "בעמ"]);
    check("9123-4567 Québec", &["9123", "4567", "QUEBEC"]);
    check("", &[]);
    let name = Name::read("JONES A B");
    assert_eq!(name.pieces[1].initials, Initials::Spaced);
}

#[test]
fn a_clean_name_has_single_blanks_and_none_at_its_ends() {
    for text in ["Acme Inc", "Acme  Inc", " Acme Inc", "Acme Inc ", "Acme\tInc", "Acme\u{7f} Inc", "Acme\u{a0}Inc"] {
        assert_eq!(super::name::clean_name(text), "Acme Inc", "{text:?}");
    }
}
