//! What is left of a name: the organisation's own, and nobody else's.

use super::{event, identified, verdict};
use crate::model::rejection::Reason;

#[test]
fn only_the_legal_name_stays() {
    let check = |name: &str, expect: &str| assert_eq!(verdict(event("US", name)).as_deref(), Ok(expect), "{name}");
    check("Acme LLC d/b/a Mary's Diner", "Acme LLC");
    check("Acme, Inc. dba Mary's", "Acme, Inc.");
    check("Acme LLC c/o John Sampleton", "Acme LLC");
    check("Acme LLC JOHN SAMPLETON MBR", "Acme LLC");
    check("Acme LLC, attn Mary Example", "Acme LLC");
    check("Acme LLC / Mary's Diner", "Acme LLC");
    check("Acme (Sampleton Inc.) t/a Mary's", "Sampleton Inc.");
    check("Mary Example (Example Farm LLC)", "Example Farm LLC");
    check("Holiday Sample (Sample Hospitality Corp.)", "Sample Hospitality Corp.");
    check("Holiday Sample(Sample Hospitality Corp.)", "Sample Hospitality Corp.");
    check("Sample-Sim[plified LLC", "Sample-Sim[plified LLC");
    check("Acme (Canada) Inc.", "Acme (Canada) Inc.");
    let both = "발명모빌리티 주식회사(Invented Mobility Corp.)";
    assert_eq!(verdict(event("KR", both)).as_deref(), Ok(both));
    check("Acme Inc. (formerly Sampleton Ltd)", "Acme Inc.");
    check("Example Farm LLC 216-555-0143", "Example Farm LLC");
    check("Example Farm LLC 2016", "Example Farm LLC 2016");
    check("Smith & Jones LLC", "Smith & Jones LLC");
    check("Acme  Foods,\u{a0}Inc.", "Acme Foods, Inc.");
    check("Acme Inc. and its subsidiaries", "Acme Inc.");
    check("Acme Corporation of America", "Acme Corporation of America");
    check("Economic Development Corporation of Sampleton", "Economic Development Corporation of Sampleton");
    check("Development Corporation for Sampleton, Jane Roe", "Development Corporation for Sampleton");
    check("Home Care of Sampleton LLC", "Home Care of Sampleton LLC");
    check("Acme LLC d / b / a Mary's Diner", "Acme LLC");
    // Another company's name would be left of it.
    for whole in
        ["ACME CORPORATION NO 3", "Acme Corp. No. 2", "Acme Corp Number 3", "Acme Inc II", "Acme Corp of Maine"]
    {
        check(whole, whole);
    }
    check("Acme Corp. Development, Inc.", "Acme Corp. Development, Inc.");
}

/// A form in front is followed by the company's name, and behind a sign by whoever leads it.
#[test]
fn what_is_set_off_behind_a_company_with_its_form_in_front_is_left_out() {
    let check = |country: &str, name: &str, expect: &str| {
        assert_eq!(verdict(event(country, name)).as_deref(), Ok(expect), "{name}");
    };
    check("FR", "SARL Exemple, M. Jean Dupont gérant", "SARL Exemple");
    check("FR", "SARL EXEMPLE (DUPONT JEAN)", "SARL EXEMPLE");
    check("ID", "PT Contoh Jaya, Budi Contoh", "PT Contoh Jaya");
    check("FR", "SARL Saint-Exemple", "SARL Saint-Exemple");
    check("NL", "B.V. Kisten- en Raamlijsten Voorbeeld", "B.V. Kisten- en Raamlijsten Voorbeeld");
}

/// Words of a body, a number or an identifier decide; whoever is named behind them is taken off.
#[test]
fn a_body_does_not_carry_whoever_works_there() {
    let check = |country: &str, name: &str, expect: Result<&str, Reason>| {
        assert_eq!(verdict(event(country, name)).as_deref(), expect.as_ref().map(|name| *name), "{name}");
    };
    let nobody = || Err(Reason::UndecidableSubject);
    check("US", "City of Exampleville - John Sampleton, Mayor", Ok("City of Exampleville"));
    check("US", "City of Exampleville, Department of Works", Ok("City of Exampleville, Department of Works"));
    check("US", "Board of Education, City of Exampleville", Ok("Board of Education, City of Exampleville"));
    check(
        "US",
        "City of Exampleville, Department of Works, John Sampleton",
        Ok("City of Exampleville, Department of Works"),
    );
    check("US", "City of Exampleville (Ohio)", Ok("City of Exampleville (Ohio)"));
    check("US", "City of Exampleville, Missouri", Ok("City of Exampleville, Missouri"));
    check("US", "City of Exampleville, MO (Jane Roe)", Ok("City of Exampleville, MO"));
    check("US", "Exampleville Public Schools (John Sampleton)", Ok("Exampleville Public Schools"));
    check("US", "Exampleville Public Schools / John Sampleton", Ok("Exampleville Public Schools"));
    let listed = "Department of Children, Youth and Families";
    check("US", listed, Ok(listed));
    check("US", "Department of Children, Youth & Families (Jane Roe)", Ok("Department of Children, Youth & Families"));
    check("US", "Department of Children, Jane & John Roe", Ok("Department of Children"));
    check("US", "Sample Blood Center, University of Example", Ok("Sample Blood Center, University of Example"));
    check("US", "The Sample Legion, Department of Ohio, Jane Roe", Ok("The Sample Legion, Department of Ohio"));
    check("US", "Exampleville, City of", Ok("Exampleville, City of"));
    check("US", "Hospital District #6 Exampleville", Ok("Hospital District #6 Exampleville"));
    check("US", "Exampleville Hospital District, Jane Roe", Ok("Exampleville Hospital District"));
    check("US", "Exampleville Sanitary District", Ok("Exampleville Sanitary District"));
    check("US", "New York, City of", Ok("New York, City of"));
    check("US", "Exampleville University of Technology", Ok("Exampleville University of Technology"));
    check("US", "Great Sample University of Technology", Ok("Great Sample University of Technology"));
    check("US", "John Sampleton, City of", nobody());
    check("US", "John Sampleton, University of Example", nobody());
    check("US", "John Sampleton University of Example", nobody());
    check("US", "John Sampleton - Exampleville Public Schools", nobody());
    check("CA", "9123-4567 QUEBEC", Ok("9123-4567 QUEBEC"));
    check("CA", "123456 Canada", Ok("123456 Canada"));
    check("CA", "123456 B.C.", Ok("123456 B.C."));
    check("CA", "9123-4567 QUEBEC (JEAN EXEMPLE)", Ok("9123-4567 QUEBEC"));
    check("CA", "9123-4567 QUEBEC, JEAN EXEMPLE", Ok("9123-4567 QUEBEC"));
    check("CA", "9123-4567 QUEBEC JEAN EXEMPLE", nobody());
    check("US", "123456 Canada", nobody());
    let held = verdict(identified("DE", "Beispielwerk (Hans Beispiel)", "de-hrb", "HRB 12345"));
    assert_eq!(held.as_deref(), Ok("Beispielwerk"));
}
