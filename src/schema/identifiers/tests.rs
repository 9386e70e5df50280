use super::{local_value, read, scheme, schemes};
use crate::model::code::Trust;

/// A value as a source writes it, and the normal form and trust that are expected; `None` where it has not the form.
fn check(name: &str, text: &str, expect: Option<(&str, Trust)>) {
    let scheme = scheme(name).unwrap();
    let value = scheme.normalise(text);
    let found = value.as_deref().map(|value| (value, scheme.trust(value)));
    assert_eq!(found, expect, "{name} {text}");
}

#[test]
fn every_scheme_is_complete() {
    assert!(schemes().len() > 70);
    for scheme in schemes() {
        assert!(scheme.name.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", scheme.name);
        assert!(!scheme.registers.is_empty() && !scheme.source.is_empty(), "{}", scheme.name);
        assert!(scheme.normalise("John Smith").is_none(), "{}", scheme.name);
        assert!(scheme.normalise("").is_none(), "{}", scheme.name);
    }
}

#[test]
fn a_faulty_table_is_refused() {
    let scheme = |extra: &str| {
        format!(
            "[[scheme]]\nname = \"a\"\nregisters = \"b\"\npattern = '[0-9]'\nstrength = 1\npersons = true\nsource = \"c\"\n{extra}\n"
        )
    };
    assert!(read(&scheme("")).is_ok());
    assert!(read(&scheme("unknown = 1")).is_err());
    assert!(read(&scheme("check = [{ rule = \"no-such\" }]")).is_err());
    assert!(read(&scheme("check = [{ rule = \"weighted\", weights = [1] }]")).is_err());
    assert!(read(&scheme("check = [{ rule = \"national\", schemes = { DE = \"no-such\" } }]")).is_err());
    assert!(read(&scheme("check_is_form = true")).is_err());
    assert!(read(&format!("{}{}", scheme(""), scheme(""))).is_err());
    assert!(read(&scheme("").replace("[0-9]", "[0-9")).is_err());
    assert!(read(&scheme("").replace("strength = 1", "strength = 101")).is_err());
}

#[test]
fn values_are_brought_to_normal_form() {
    check("lei", "lei: 5299 00t8bm49aursdo55", Some(("529900T8BM49AURSDO55", Trust::Valid)));
    check("lei", "529900T8BM49AURSDO56", Some(("529900T8BM49AURSDO56", Trust::CheckFailed)));
    check("us-wa-ubi", "602-703-712", Some(("602703712", Trust::Unchecked)));
    check("us-wa-ubi", "602 703\u{a0}712\u{200b}", Some(("602703712", Trust::Unchecked)));
    check("us-wa-ubi", "６０２７０３７１２", Some(("602703712", Trust::Unchecked)));
    check("ch-uid", "CHE-116.281.710 MWST", Some(("CHE116281710", Trust::Valid)));
    check("ca-bn", "12345 6782 RC0001", Some(("123456782", Trust::Valid)));
    check("de-hrb", "HRB 86891", Some(("HRB86891", Trust::Unchecked)));
    check("gb-company-number", "sc123456", Some(("SC123456", Trust::Unchecked)));
    check("za-company-number", "2012/123456/07", Some(("2012/123456/07", Trust::Unchecked)));
    check("br-cnpj", "12.ABC.345/01DE-35", Some(("12ABC34501DE35", Trust::Valid)));
    check("fr-siret", "732 829 320 00074", Some(("73282932000074", Trust::Valid)));
    // Two rules that python-stdnum has not, on published numbers.
    check("kr-business-registration-number", "124-81-00998", Some(("1248100998", Trust::Valid)));
    check("kr-business-registration-number", "124-81-00997", Some(("1248100997", Trust::CheckFailed)));
    check("kr-corporate-registration-number", "130111-0006246", Some(("1301110006246", Trust::Valid)));
    check("eu-vat", "DE036043107", None);
    check("eu-vat", "DE 136,695 976", None);
    check("eu-vat", "DE136695976", Some(("DE136695976", Trust::Valid)));
    check("eu-vat", "DE136695978", Some(("DE136695978", Trust::CheckFailed)));
    check("eu-vat", "CY10259033P", Some(("CY10259033P", Trust::Unchecked)));
}

/// The numbers of older companies begin with 1, 2 or 3, and they are still their names.
#[test]
fn a_company_of_quebec_keeps_the_number_of_its_time() {
    for number in ["9123-4567", "1999-9901", "2999-9902", "3999-9903"] {
        let plain = number.replace('-', "");
        check("ca-qc-company-number", number, Some((&plain, Trust::Unchecked)));
    }
    check("ca-qc-company-number", "0999-9904", None);
    check("ca-qc-company-number", "4999-9905", None);
}

#[test]
fn nothing_is_padded_and_no_look_alike_is_taken() {
    check("us-wa-ubi", "602-703-7", None);
    check("us-wa-ubi", "6O2703712", None);
    check("gb-company-number", "1234567", None);
    check("lei", "529900T8BM49AURSD\u{41e}55", None);
    check("ca-qc-company-number", "9123-456", None);
    check("lei", &"1".repeat(500), None);
}

#[test]
fn a_personal_number_has_not_the_form() {
    check("us-ein", "123-45-6789", None);
    check("us-wa-ubi", "123-45-6789", None);
    check("se-orgnr", "640823-3234", None);
    check("se-orgnr", "556703-7485", Some(("5567037485", Trust::Valid)));
    check("mx-rfc", "GODE561231GR8", None);
    check("ca-qc-neq", "2212345678", None);
    check("es-cif", "54362315K", None);
    check("bg-eik", "7523169263", None);
    check("ru-inn", "500100732259", None);
    check("kz-bin", "910324350123", None);
    check("cn-uscc", "92310000MA1FL0LX0X", None);
    check("de-hrb", "HRA 12345", None);
    check("gb-company-number", "LP123456", None);
    check("gb-company-number", "OC123456", None);
    check("kr-corporate-registration-number", "971013-9019903", None);
}

/// A name beside a number, and an address, once passed for numbers.
#[test]
fn no_name_and_no_address_is_a_number() {
    for text in ["Jane Roe 1", "Ann Lee 22", "12 Oak St", "7 Jo Roe", "John Sampleton 1", "Roe"] {
        assert_eq!(local_value(text), None, "{text}");
    }
    for text in ["C-1234", "HRB 123 B", "WH 12 345 AB", "Case 12-345", "MA/B 7", "12 A St.", "PC-12 34"] {
        assert_eq!(local_value(text).as_deref(), Some(text));
    }
}

/// Social security and insurance numbers have the digits of a business number and blanks or dashes in other places.
#[test]
fn a_persons_number_is_no_business_number() {
    for (scheme, text) in [
        ("ca-bn", "046-454-286"),
        ("ca-bn", "046 454 286"),
        ("us-ein", "123 45 6789"),
        ("us-ein", "123-45-6789"),
        ("us-wa-ubi", "123 45 6789"),
        ("us-wa-ubi", "123-45-6789"),
    ] {
        check(scheme, text, None);
    }
}
