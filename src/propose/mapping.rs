//! The proposed `mapping.vrl`: a table of what each canonical field might come from, and an event of the likeliest.

use std::fmt::Write as _;

use super::Material;
use super::fields::Leaf;
use super::home::Home;
use super::open::{Questions, comment};
use super::picks::{EventId, Picks, Scheme, suggestions};
use crate::platform::shape;

const FILE: &str = "mapping.vrl";
/// Bytes of a title that an event takes.
const TITLE_BYTES_MAX: usize = crate::model::limit::TEXT_BYTES_MAX;

/// The text of the mapping.
pub(super) fn write(material: &Material<'_>, picks: &Picks<'_>, questions: &mut Questions) -> String {
    let mut text = comment(
        "Proposed by `comity platform new`; nothing here is decided. The value of the last expression is the event; `comity platform fields` tells what each field takes, `comity platform functions` what each function gives.",
        "",
    );
    text.push('\n');
    text.push_str(&table(material));
    text.push('\n');
    if material.rows {
        text.push_str("# One record is several rows; what follows reads the first of them.\nfirst = .rows[0]\n\n");
    }
    text.push_str(&questions.comment(FILE, &which_are_decisions(material)));
    let column = decisive(material).first().map_or(".status", |leaf| leaf.path.as_str());
    let _ = write!(text, "# if squeeze({column}) == \"…\" {{ abort \"no_decision\" }}\n\n");
    let mut event = Event { text, lines: Vec::new() };
    event.ids(picks, questions);
    event.dates(picks, &material.home, questions);
    event.subject(picks, questions);
    event.finding(&material.home, picks, questions);
    event.coded(material);
    let Event { mut text, lines } = event;
    text.push_str("\n{\n");
    text.push_str(&lines.concat());
    text.push_str("}\n");
    text
}

/// Every canonical field with the places that it might come from.
fn table(material: &Material<'_>) -> String {
    let mut text = comment(
        "What each canonical field might come from, the likeliest first; `-` where nothing in the sample fits.",
        "",
    );
    text.push_str("#\n");
    for path in shape::paths() {
        let mut found = suggestions(&path, &material.leaves);
        if let (true, Some((parent, _))) = (found.is_empty(), path.rsplit_once('.')) {
            // What speaks of the whole is told once, at its first field.
            let first = shape::paths().into_iter().find(|other| other.starts_with(&format!("{parent}.")));
            if first.as_deref() == Some(path.as_str()) {
                found = suggestions(parent, &material.leaves);
            }
        }
        let places: Vec<&str> = found.iter().map(|leaf| leaf.path.as_str()).collect();
        let places = if places.is_empty() { "-".to_owned() } else { places.join(", ") };
        // Writing into a text cannot fail.
        let _ = writeln!(text, "# {path:<26} {places}");
    }
    text
}

/// The places that may tell a decision from what is none.
fn decisive<'m, 's>(material: &'m Material<'s>) -> Vec<&'m Leaf<'s>> {
    let fields = ["finality", "case_status", "measures.type", "withdrawal.reason"];
    let mut found: Vec<&Leaf<'s>> = Vec::new();
    for leaf in fields.iter().flat_map(|field| suggestions(field, &material.leaves)) {
        if leaf.text && found.iter().all(|other| other.path != leaf.path) && found.len() < 4 {
            found.push(leaf);
        }
    }
    found
}

fn which_are_decisions(material: &Material<'_>) -> String {
    let columns: Vec<&str> = decisive(material).iter().map(|leaf| leaf.path.as_str()).collect();
    let place = if columns.is_empty() { String::new() } else { format!(" Look at {}.", columns.join(", ")) };
    format!(
        "which records are decisions? What is a complaint, a claim or a visit without a finding ends in `abort` with a word of [rejects]; which words of the source say CORRECTION, WITHDRAWAL or CLOSURE?{place}"
    )
}

/// The parts of the event while they are written.
struct Event {
    /// What stands before the event.
    text: String,
    /// The lines of the event.
    lines: Vec<String>,
}

impl Event {
    fn line(&mut self, field: &str, value: &str) {
        self.lines.push(format!("  \"{field}\": {value},\n"));
    }

    fn ids(&mut self, picks: &Picks<'_>, questions: &mut Questions) {
        let id = match &picks.event_id {
            EventId::Unique(leaf) if leaf.seen.values.links > 0 => {
                let question = format!(
                    "the native id: {} is a link. It can hold a name, and changes when the page moves. Is there a number in it? Take that alone, with `capture`.",
                    leaf.path
                );
                self.text.push_str(&questions.comment(FILE, &question));
                leaf.as_text()
            }
            EventId::Unique(leaf) => leaf.as_text(),
            EventId::Named(leaf) => {
                let question = format!(
                    "the native id: {} has {} different values in {} records only. Is the same id a revision of the same decision? If not, add what tells them apart.",
                    leaf.path,
                    leaf.seen.values.distinct(),
                    leaf.seen.values.given
                );
                self.text.push_str(&questions.comment(FILE, &question));
                leaf.as_text()
            }
            EventId::Digest(leaves) => {
                let question = "the native id: no field of the sample is one. The digest below makes one of several; a change of any of them makes another event, so take those that never change.";
                self.text.push_str(&questions.comment(FILE, question));
                let parts: Vec<&str> = leaves.iter().map(|leaf| leaf.path.as_str()).collect();
                format!("digest([{}])", parts.join(", "))
            }
        };
        let _ = writeln!(self.text, "id = {id}");
        self.line("kind", "\"ORIGINAL\"");
        self.line("event_id", "id");
        let case = picks.case_id.as_ref().map_or_else(|| "id".to_owned(), Leaf::as_text);
        self.line("case_id", &case);
    }

    fn dates(&mut self, picks: &Picks<'_>, home: &Home, questions: &mut Questions) {
        match &picks.decided {
            None => {
                self.text.push_str(&questions.comment(
                    FILE,
                    "the date of the decision: no field of the sample is a date. Every event needs one: `join` puts those of several \
                     columns together, [[source.join]] brings one from another file.",
                ));
                self.line("decided", "null");
            }
            Some(decided) => {
                let values = &decided.leaf.seen.values;
                let mut question = format!("the date of the decision: is it {}", decided.leaf.path);
                if let Some(bound) = decided.bound {
                    let _ = write!(question, ", which by its name is another date (so it is taken as {bound})");
                }
                question.push('?');
                if values.day_or_month() {
                    question.push_str(" Day and month could be exchanged in every date of the sample: which is first?");
                }
                let (_, unread) = values.date_formats(home.day_first());
                if unread > 0 {
                    let _ = write!(
                        question,
                        " {unread} different texts are no such date: name those that mean none in `absent: [\"…\"]`."
                    );
                }
                if decided.leaf.absent {
                    question.push_str(" It is absent in some records, which are refused.");
                }
                self.text.push_str(&questions.comment(FILE, &question));
                self.line("decided", &date(&decided.leaf, home, decided.bound));
            }
        }
        if let Some(leaf) = &picks.occurred {
            self.line("occurred", &date(leaf, home, None));
        }
        if home.origin.is_none() {
            let found = picks
                .origin
                .as_ref()
                .map_or_else(String::new, |leaf| format!(" Perhaps {}, by a table [codes.origin].", leaf.path));
            let question = format!(
                "whose decision it is, as an ISO code, in each record; or one jurisdiction as `origin` in platform.toml.{found}"
            );
            self.text.push_str(&questions.comment(FILE, &question));
            self.line("origin", "null");
        }
    }

    fn subject(&mut self, picks: &Picks<'_>, questions: &mut Questions) {
        let Some(name) = &picks.legal_name else {
            let question = "does any field name a company, here or in another file ([[source.join]])? If so, set names_subjects = true in \
                            platform.toml and give `subject` here.";
            self.text.push_str(&questions.comment(FILE, question));
            return;
        };
        let (organisations, compared) = (name.seen.values.organisations, name.seen.values.compared);
        let mut question = format!(
            "the subject: {} has the form of a company or public body in {organisations} of {compared} different values; the others are refused.",
            name.path
        );
        if organisations == 0 {
            question.push_str(" If it names no companies, take `subject` out and set names_subjects = false.");
        }
        if name.of_list {
            question.push_str(" It is a list, of which the first is read: who of several is the subject?");
        }
        self.text.push_str(&questions.comment(FILE, &question));
        let mut parts = vec![format!("    \"legal_name\": {}", name.as_text())];
        parts.extend(picks.locality.iter().map(|leaf| format!("    \"locality\": {}", leaf.as_text())));
        let numbers: Vec<String> = picks
            .identifiers
            .iter()
            .map(|(leaf, scheme)| {
                let scheme = match scheme {
                    Scheme::Known(name, _) => (*name).to_owned(),
                    Scheme::Own(name) => name.clone(),
                };
                format!("org_id(\"{scheme}\", {})", leaf.path)
            })
            .collect();
        if !numbers.is_empty() {
            parts.push(format!("    \"identifiers\": [{}]", numbers.join(", ")));
        }
        for (leaf, scheme) in &picks.identifiers {
            if let Scheme::Known(scheme, valid) = scheme {
                let proof = match valid {
                    0 => "Only their form speaks for it.".to_owned(),
                    valid => format!("Check digits fit in {valid} of {}.", leaf.seen.values.schemed),
                };
                let question = format!("are the numbers in {} of the scheme {scheme}? {proof}", leaf.path);
                self.text.push_str(&questions.comment(FILE, &question));
            }
        }
        self.lines.push(format!("  \"subject\": {{\n{}\n  }},\n", parts.join(",\n")));
    }

    fn finding(&mut self, home: &Home, picks: &Picks<'_>, questions: &mut Questions) {
        match &picks.title {
            Some(leaf) if leaf.seen.values.bytes_max > TITLE_BYTES_MAX => {
                self.line("infraction", &format!("{{ \"title\": cut({}, {TITLE_BYTES_MAX}) }}", leaf.as_text()));
            }
            Some(leaf) => self.line("infraction", &format!("{{ \"title\": {} }}", leaf.as_text())),
            None => {
                let (comment, mark) =
                    questions.value(FILE, "what was found, in a few words; no field of the sample says it.");
                self.text.push_str(&comment);
                self.line("infraction", &format!("{{ \"title\": \"{mark}\" }}"));
            }
        }
        if let Some(leaf) = &picks.penalty {
            let values = &leaf.seen.values;
            let decimal = if values.only_comma > values.only_point { ", decimal: \",\"" } else { "" };
            let currency = values.signs.iter().max_by_key(|(_, count)| **count).map(|(currency, _)| *currency);
            let currency = currency.filter(|currency| *currency != "$").unwrap_or(home.currency);
            let unread = values.compared.saturating_sub(values.point_amounts.max(values.comma_amounts));
            let rest = if unread > 0 {
                format!(" {unread} different texts are no amount: name those that mean none in `absent: [\"…\"]`.")
            } else {
                String::new()
            };
            let question = format!(
                "the amount: is {} what the authority imposed (not what was claimed or paid), is it in {currency}, and is it a FINE, RESTITUTION …? What does 0 mean?{rest}",
                leaf.path
            );
            self.text.push_str(&questions.comment(FILE, &question));
            let _ = writeln!(self.text, "penalty = money({}, \"{currency}\"{decimal})", leaf.path);
            self.line("measures", "[{ if penalty != null { { \"type\": \"FINE\", \"penalty\": penalty } } }]");
        }
        if !picks.product.is_empty() {
            let question = "products: the fields below describe what the decision is about; take out what does not.";
            self.text.push_str(&questions.comment(FILE, question));
            let parts: Vec<String> = picks
                .product
                .iter()
                .map(|(name, leaf)| {
                    let cut = leaf.seen.values.bytes_max > TITLE_BYTES_MAX;
                    let value =
                        if cut { format!("cut({}, {TITLE_BYTES_MAX})", leaf.as_text()) } else { leaf.as_text() };
                    format!("\"{name}\": {value}")
                })
                .collect();
            self.line("products", &format!("[{{ {} }}]", parts.join(", ")));
        }
    }
}

/// Fields whose codes the author writes into a table, and the table's name.
const CODED: &[(&str, &str)] =
    &[("finality", "finality"), ("severity", "severity"), ("urgency", "urgency"), ("certainty", "certainty")];

impl Event {
    /// Fields of closed lists as comments: their tables would hold values, which only the author may write.
    fn coded(&mut self, material: &Material<'_>) {
        for (field, table) in CODED {
            let Some(leaf) = suggestions(field, &material.leaves).into_iter().find(|leaf| leaf.text) else { continue };
            let count = leaf.seen.values.distinct();
            self.lines.push(format!(
                "  # Write its {count} values into [codes.{table}] of platform.toml, each with its code.\n  # \"{field}\": code(\"{table}\", {}),\n",
                leaf.as_text()
            ));
        }
    }
}

/// A call that reads a date.
fn date(leaf: &Leaf<'_>, home: &Home, bound: Option<&str>) -> String {
    let (formats, _) = leaf.seen.values.date_formats(home.day_first());
    let formats: Vec<String> = formats.iter().map(|format| format!("\"{format}\"")).collect();
    let bound = bound.map(|bound| format!(", bound: \"{bound}\"")).unwrap_or_default();
    format!("date({}, [{}]{bound})", leaf.path, formats.join(", "))
}
