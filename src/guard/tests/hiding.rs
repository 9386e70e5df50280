//! Where a subject is dropped, what it is called goes with it.

use super::{guard, platform, with};
use crate::model::event::{Info, Product, Resource};
use crate::model::rejection::Reason;

#[test]
fn where_a_product_is_described_the_subject_is_dropped() {
    let mut event = with("US", "Mary Example", |event| {
        event.products.push(Product { name: Some("Apple butter".into()), ..Product::default() });
        event.info.push(Info { language: "en".into(), headline: "Recall by MARY EXAMPLE".into(), description: None });
        event.info.push(Info {
            language: "en".into(),
            headline: "Apple butter recalled".into(),
            description: Some("Made by Mary Example in March.".into()),
        });
    });
    guard(&mut event, &platform()).unwrap();
    assert!(event.subject.is_none() && event.subject_dropped && event.text_dropped);
    assert_eq!(event.products.len(), 1);
    assert_eq!(event.info.len(), 1);
    assert_eq!(event.info[0].description, None);
    assert!(!format!("{event:?}").to_uppercase().contains("MARY"));
}

/// In Korean a particle follows a name without a blank; and a text names a person without the word for a sole trader.
#[test]
fn a_dropped_name_is_found_with_endings_and_without_its_form() {
    for (origin, name, text, is_cut) in [
        ("KR", "개인사업자 김발명", "개인사업자 김발명이 수입한 차량", true),
        ("KR", "개인사업자 김발명", "김발명의 차량", true),
        ("KR", "김발명", "김발명이 수입한 차량", true),
        ("KR", "김발명", "발명한 차량", false),
        ("CN", "个体工商户张三", "张三生产", true),
        ("BR", "João Inventado ME", "Vendido por João Inventado.", true),
        ("BR", "João Inventado ME", "Vendido por João.", false),
        ("US", "Mary Example", "Mary Examples", false),
        ("US", "Mary Example", "Mary Example’s butter", true),
        ("US", "Mary Example", "The butter is Mary Example's", true),
        ("US", "Mary Example", "Mary Example's, as it is sold", true),
        ("US", "Mary Example", "The butter ('Mary Example's')", true),
        ("US", "Mary's Example", "The butter of Mary's Example", true),
        ("FR", "Exemple EI", "Un exemple", false),
    ] {
        let mut event = with(origin, name, |event| {
            event.products.push(Product { name: Some("x".into()), ..Product::default() });
            event.info.push(Info { language: "en".into(), headline: text.into(), description: None });
        });
        guard(&mut event, &platform()).unwrap();
        assert!(event.subject_dropped, "{name}");
        assert_eq!((event.info.is_empty(), event.text_dropped), (is_cut, is_cut), "{name}: {text}");
    }
}

#[test]
fn a_dropped_person_is_hidden_in_short_texts_too() {
    let recall = |title: &str| {
        with("US", "Dr. Mary Example", |event| {
            event.infraction.title = title.into();
            event.distribution_text = Some("Sold by Dr Mary Example, Ohio".into());
            event.products.push(Product {
                name: Some("Apple butter".into()),
                brand: Some("DR. MARY EXAMPLE".into()),
                ..Product::default()
            });
        })
    };
    let mut event = recall("Glass in jars");
    guard(&mut event, &platform()).unwrap();
    assert!(event.subject_dropped && event.text_dropped);
    assert!(!format!("{event:?}").to_uppercase().contains("MARY"));
    assert_eq!(event.products[0].name.as_deref(), Some("Apple butter"));
    let refusal = guard(&mut recall("Recall by Dr. Mary Example"), &platform()).unwrap_err();
    assert_eq!((refusal.reason, refusal.field.as_deref()), (Reason::PersonSubject, Some("infraction.title")));
}

/// The rest of a text is as it was, possessives among it.
#[test]
fn what_is_cut_out_of_a_text_is_the_name_alone() {
    let cut = |name: &str, text: &str| {
        let mut event = with("US", name, |event| {
            event.products.push(Product { name: Some(text.into()), ..Product::default() });
        });
        guard(&mut event, &platform()).unwrap();
        assert!(event.subject_dropped && event.text_dropped, "{name}");
        event.products.remove(0).name
    };
    let check =
        |name: &str, text: &str, rest: &str| assert_eq!(cut(name, text).as_deref(), Some(rest), "{name}: {text}");
    check("Big Lantern", "Big Lantern Children's and Men’s cups", "... Children's and Men’s cups");
    check("Mary Example", "Kids' cups and Men's, Mary Example's", "Kids' cups and Men's, ...");
    check("Mary Example", "MARY EXAMPLE’S kids' cups", "... kids' cups");
    check("Mary's Example", "Mary's Example of a child's cup", "... of a child's cup");
}

/// Nothing says that it is a person, and nothing that it is not: what it may be called stands nowhere.
#[test]
fn a_dropped_name_that_may_be_a_persons_is_hidden_everywhere() {
    let recall = |name: &str, title: &str, id: &str| {
        with("US", name, |event| {
            event.infraction.title = title.into();
            event.event_id = format!("test/{id}");
            event.resources.push(resource("https://food.example/recalls/mary-example"));
            event.resources.push(resource("https://food.example/recalls/17"));
            event.products.push(Product {
                name: Some("Mary Example's apple butter".into()),
                brand: Some("MARY EXAMPLE".into()),
                ..Product::default()
            });
        })
    };
    let mut event = recall("Mary Example", "Glass in jars", "17");
    guard(&mut event, &platform()).unwrap();
    assert!(event.subject_dropped && event.text_dropped);
    assert!(!format!("{event:?}").to_uppercase().contains("MARY"), "{event:?}");
    assert_eq!(event.products[0].name.as_deref(), Some("... apple butter"));
    assert_eq!(event.resources.len(), 1);
    let refused = |mut event| {
        let refusal = guard(&mut event, &platform()).unwrap_err();
        (refusal.reason, refusal.field.unwrap().to_string())
    };
    let undecidable = |field: &str| (Reason::UndecidableSubject, field.to_owned());
    assert_eq!(refused(recall("Mary Example", "Recall by Mary Example", "17")), undecidable("infraction.title"));
    assert_eq!(refused(recall("Mary Example", "Glass in jars", "mary-example-17")), undecidable("event_id"));
    let mut event = recall("Mary Example", "Glass in jars", "17");
    event.case_id = "test/mary_example/2026".into();
    assert_eq!(refused(event), undecidable("case_id"));
    // Words that say what is made or sold make it a brand, by which buyers know the goods.
    let mut event = recall("Mary Example Foods", "Recall of Mary Example Foods", "mary-example-foods-17");
    event.products[0].brand = Some("Mary Example Foods".into());
    guard(&mut event, &platform()).unwrap();
    assert!(event.subject_dropped);
    assert_eq!(event.products[0].brand.as_deref(), Some("Mary Example Foods"));
}

fn resource(uri: &str) -> Resource {
    Resource { uri: uri.into(), mime_type: None, size_bytes: None, sha256: None }
}

/// More than one name can stand in the field for one, and a text may set the words in another order.
#[test]
fn a_person_is_hidden_whatever_else_stood_in_the_name_field() {
    for (name, text) in [
        ("Jane Roe dba Roe Farm", "Eggs of Jane Roe"),
        ("Roe, Jane", "Eggs of Jane Roe"),
        ("Roe, Jane Q.", "Eggs of Jane Roe"),
        ("Roe, Jane & John", "Eggs of John Roe"),
        ("Jane Roe, owner of Roe Farm LLC", "Eggs of Jane Roe"),
        ("Jane Q. Roe", "Eggs of Jane Roe"),
        ("Jane E Roe", "Eggs of Jane Roe"),
        ("Acme LLC and Jane Roe", "Eggs of Jane Roe"),
        ("Jane Roe & John Roe", "Eggs of Jane Roe"),
        ("Jane Roe & John Roe", "Eggs of John Roe"),
        ("Jane and John Roe", "Eggs of Jane Roe"),
        ("Roe Farm (Jane Roe)", "Eggs of Jane Roe"),
        ("Roe Farm - Jane Roe", "Eggs of Jane Roe"),
        ("발명농장 (홍길동)", "홍길동이 만든 계란"),
    ] {
        let mut event = with("US", name, |event| {
            event.products.push(Product { name: Some(text.into()), model: Some("Eggs".into()), ..Product::default() });
            event.info.push(Info { language: "en".into(), headline: text.into(), description: None });
        });
        guard(&mut event, &platform()).unwrap();
        assert!(event.subject_dropped && event.text_dropped, "{name}");
        assert!(event.info.is_empty() && event.products[0].name.as_deref() != Some(text), "{name}: {event:?}");
        assert_eq!(event.products[0].model.as_deref(), Some("Eggs"), "{name}");
    }
}

/// What a company is called beside a person is a brand, and so is what says a trade.
#[test]
fn a_company_beside_a_person_keeps_its_brand() {
    for (name, text) in [
        ("Green Sample Inc. and Jane Roe", "Green Sample eggs"),
        ("Jane Roe dba Roe Farm", "Roe Farm eggs"),
        ("Jane Roe, Sampleton Foods", "Sampleton Foods eggs"),
    ] {
        let mut event = with("US", name, |event| {
            event.products.push(Product { name: Some(text.into()), ..Product::default() });
        });
        guard(&mut event, &platform()).unwrap();
        assert_eq!((event.subject_dropped, event.products[0].name.as_deref()), (true, Some(text)), "{name}");
    }
}

/// A name without blanks is one word, and some persons have seven; a company's longer name stays on its goods.
#[test]
fn a_model_goes_out_without_a_name_of_one_word_or_of_seven() {
    for (origin, name, hides) in [
        ("KR", "홍길동", true),
        ("JP", "山田太郎", true),
        ("CN", "张三", true),
        ("KR", "홍길동자동차회사", false),
        ("BR", "Maria José da Silva e Sousa Inventada", true),
        ("US", "Maria Jane Anna Louise Roe", true),
        ("US", "Maria Jane Anna Louise Roe Farms", false),
    ] {
        let mut event = with(origin, name, |event| {
            let named = Some(format!("{name} 7"));
            event.products.push(Product { name: Some("x".into()), model: named, ..Product::default() });
        });
        guard(&mut event, &platform()).unwrap();
        let named = event.products[0].model.as_deref().is_some_and(|model| model.contains(name));
        assert_eq!((event.subject_dropped, named, event.text_dropped), (true, !hides, hides), "{name}");
    }
}
