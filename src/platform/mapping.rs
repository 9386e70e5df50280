//! A mapping, compiled against its source schema and proved: what it reads exists, what it gives is what the canonical
//! schema takes, and it cannot fail.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use vrl::compiler::state::ExternalEnv;
use vrl::compiler::{CompileConfig, Program, compile_with_external};
use vrl::diagnostic::{Diagnostic, Label};
use vrl::parser;
use vrl::value::Kind;
use vrl::value::kind::Collection;

use super::definition::{Definition, Origin, SourceField};
use super::functions::lookup::Table;
use super::functions::{self, Knowledge};
use super::outcome::{self, Outcome};
use super::read::suggestion;
use super::shape::{self, Misfit, Shape};
use super::syntax::{self, Findings};
use super::written::Text;
use super::{code, nearest, source_schema, zone};
use crate::model::code::{Code, Domain, Kind as EventKind};
use crate::model::place::Jurisdiction;
use crate::model::problem::Problem;

/// Codes of VRL's diagnostics that Comity tells apart: a syntax error, an undefined function, a function that refused its
/// call, and an error handled that there cannot be.
const VRL_SYNTAX: usize = 203;
const VRL_UNDEFINED_FUNCTION: usize = 105;
const VRL_FUNCTION_COMPILATION: usize = 610;
const VRL_NEEDLESS_COALESCE: usize = 651;

/// What the functions may know of a platform.
pub(super) fn knowledge(definition: &Definition) -> Arc<Knowledge> {
    let tables = definition.codes.iter().map(|(name, table)| (name.clone(), Arc::new(Table::new(table.iter()))));
    Arc::new(Knowledge {
        platform: definition.name.clone(),
        tables: tables.collect(),
        schemes: definition.schemes.iter().map(|scheme| scheme.name.clone()).collect(),
        zone: zone::find(&definition.time_zone).unwrap_or(jiff::tz::TimeZone::UTC),
        language: definition.language.clone(),
    })
}

/// One mapping to compile, and for which records.
pub(super) struct Task<'a> {
    pub(super) definition: &'a Definition,
    /// False where `platform.toml` has problems of its own: what depends on it alone is not judged again.
    pub(super) definition_is_sound: bool,
    pub(super) knowledge: &'a Arc<Knowledge>,
    pub(super) file: &'a Text,
    pub(super) fields: &'a [SourceField],
    /// True where the input is `{ rows: [ … ] }`.
    pub(super) rows: bool,
    /// False where the mapping must end in `abort` whatever it reads.
    pub(super) decides: bool,
}

/// Compiles a mapping and notes every problem; no program where there is one.
pub(super) fn compile(task: &Task<'_>, problems: &mut Vec<Problem>) -> Option<Program> {
    let Task { definition, knowledge, file, fields, rows, .. } = *task;
    let before = problems.len();
    let checker = Checker { definition, file };
    let findings = match parser::parse(&*file.text) {
        Ok(tree) => syntax::walk(&tree, &source_schema::input_fields(fields, rows)),
        // The compiler says the same and better.
        Err(_) => Findings::default(),
    };
    checker.reads(&findings, problems);
    checker.aborts(&findings, problems);
    let outcome = outcome::of(&findings, &definition.codes);
    checker.codes(&outcome, problems);
    let (program, diagnostics) = compiled(knowledge, file, fields, rows);
    // What follows a syntax error are its echoes: the first one is told alone.
    let syntax = diagnostics.iter().find(|diagnostic| diagnostic.code == VRL_SYNTAX).cloned();
    let diagnostics = syntax.map_or(diagnostics, |first| vec![first]);
    let told = |at: usize| findings.outside.iter().any(|range| range.contains(&at));
    let fresh =
        diagnostics.iter().filter(|diagnostic| !primary(diagnostic).is_some_and(|label| told(label.span.start())));
    problems.extend(fresh.map(|diagnostic| checker.diagnostic(diagnostic)));
    let program = program?;
    let gives = checker.gives(&program, &outcome, task.decides, problems);
    if gives && task.decides {
        checker.result(&program, &outcome, task.definition_is_sound, problems);
    }
    if problems.len() == before && (program.info().fallible || !program.info().target_assignments.is_empty()) {
        // Both were looked for in the syntax above; the compiler's word is the last.
        let why = "the mapping can fail or changes its input";
        problems.push(Problem::new(code::FALLIBLE, file.name.clone(), why, "handle errors with `??`"));
    }
    (problems.len() == before).then_some(program)
}

/// The program, and what VRL has against it; a warning counts, since nothing here is there without a use.
fn compiled(
    knowledge: &Arc<Knowledge>,
    file: &Text,
    fields: &[SourceField],
    rows: bool,
) -> (Option<Program>, Vec<Diagnostic>) {
    let input = source_schema::input_kind(fields, rows);
    let external = ExternalEnv::new_with_kind(input, Kind::object(Collection::empty()));
    let mut config = CompileConfig::default();
    config.set_read_only();
    match compile_with_external(&file.text, &functions::offered(knowledge), &external, config) {
        Ok(result) => (Some(result.program), result.warnings.to_vec()),
        Err(diagnostics) => (None, diagnostics.to_vec()),
    }
}

/// The type of what a program can give; never, where it always aborts.
fn result_kind(program: &Program) -> Kind {
    let info = program.final_type_info();
    info.result.kind().union(info.result.returns().clone())
}

/// The label that shows what is wrong.
fn primary(diagnostic: &Diagnostic) -> Option<&Label> {
    diagnostic.labels.iter().find(|label| label.primary).or(diagnostic.labels.first())
}

/// What to write instead of a function that there is not.
fn no_function(word: &str) -> String {
    let known = functions::listed::all();
    match nearest::of(word, known.iter().map(|function| function.name)) {
        Some(near) => format!("did you mean `{near}`? `comity platform functions` lists all"),
        None => {
            let own = known.iter().filter(|function| function.own).map(|function| function.name).collect::<Vec<_>>();
            format!("Comity's are {}; `comity platform functions` lists all", own.join(", "))
        }
    }
}

struct Checker<'a> {
    definition: &'a Definition,
    file: &'a Text,
}

impl Checker<'_> {
    fn diagnostic(&self, diagnostic: &Diagnostic) -> Problem {
        let primary = primary(diagnostic);
        let at = primary.map_or(0..0, |label| label.span.start()..label.span.end());
        let word = self.file.text.get(at.clone()).unwrap_or_default();
        let not_offered = functions::NOT_OFFERED.iter().find(|(name, _)| *name == word);
        if let (VRL_UNDEFINED_FUNCTION, Some((name, why))) = (diagnostic.code, not_offered) {
            return self.file.problem(code::NOT_OFFERED, at, format!("`{name}` is not offered"), *why);
        }
        if diagnostic.code == VRL_UNDEFINED_FUNCTION {
            return self.file.problem(code::VRL, at, format!("there is no function `{word}`"), no_function(word));
        }
        if diagnostic.code == VRL_NEEDLESS_COALESCE {
            let why = "this cannot fail, so what stands behind `??` is never used";
            let help = "take `??` and what follows it out; where it can be null, write `||` instead";
            return self.file.problem(code::VRL, at, why, help);
        }
        if (VRL_SYNTAX, "if") == (diagnostic.code, word) {
            let help = "write it as a block, `{ if … { … } else { … } }`, or give its value to a variable first";
            return self.file.problem(
                code::VRL,
                at,
                "`if` cannot stand alone inside an object, a list or a call",
                help,
            );
        }
        let own = diagnostic.code == VRL_FUNCTION_COMPILATION;
        let why = match primary {
            Some(label) if own || diagnostic.message == label.message => label.message.clone(),
            Some(label) => format!("{}: {}", diagnostic.message, label.message),
            None => diagnostic.message.clone(),
        };
        let context: Vec<&str> =
            diagnostic.labels.iter().filter(|label| !label.primary).map(|label| label.message.as_str()).collect();
        let called = word.split_once('(').and_then(|(name, _)| functions::listed::find(name.trim()));
        let help = match called {
            _ if !context.is_empty() => context.join("; "),
            Some(function) => format!("write {}, such as {}", function.signature(), function.example),
            None => "see the reference of VRL".to_owned(),
        };
        let code = if own { code::CALL } else { code::VRL };
        self.file.problem(code, at, why.replace('\n', " "), help.replace('\n', " "))
    }

    fn reads(&self, findings: &Findings, problems: &mut Vec<Problem>) {
        for unknown in &findings.unknown_paths {
            let known = unknown.known.iter().map(String::as_str);
            let help = match nearest::of(&unknown.path, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None if unknown.function.is_some() && unknown.known.is_empty() => {
                    "read what it gives itself".to_owned()
                }
                None if unknown.function.is_some() => format!("it has {}", unknown.known.join(", ")),
                None => "add the field to the source schema, or read one that it has".to_owned(),
            };
            let why = match &unknown.function {
                Some(function) => format!("what `{function}` gives has no `{}`", unknown.path),
                None => format!("the source schema has no `{}` here", unknown.path),
            };
            problems.push(self.file.problem(code::PATH, unknown.at.clone(), why, help));
        }
        for (name, at) in &findings.failing_calls {
            let why = format!("`{name}!` can fail at run time");
            let help = format!("write `{name}(…) ?? …` without the `!`, and say what a failure gives");
            problems.push(self.file.problem(code::FALLIBLE, at.clone(), why, help));
        }
        for at in &findings.outside {
            let why = "the mapping changes its record, or reads its metadata";
            problems.push(self.file.problem(code::INPUT_CHANGED, at.clone(), why, "use a variable: `x = .field`"));
        }
    }

    fn aborts(&self, findings: &Findings, problems: &mut Vec<Problem>) {
        for (word, at) in &findings.aborts {
            let (why, help) = match word {
                Some(word) if self.definition.rejects.contains_key(word) => continue,
                Some(word) => {
                    let known = self.definition.rejects.keys().map(String::as_str);
                    let help = match nearest::of(word, known) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("write `{word} = \"why\"` into [rejects] of platform.toml"),
                    };
                    (format!("`{word}` is no word of [rejects]"), help)
                }
                None => {
                    let why = "`abort` without a literal word".to_owned();
                    (why, "write `abort \"word\"` with a word of [rejects]; a value could name a person".to_owned())
                }
            };
            problems.push(self.file.problem(code::ABORT, at.clone(), why, help));
        }
    }

    /// Each literal text that a field of a closed list can get must be of that list.
    fn codes(&self, outcome: &Outcome, problems: &mut Vec<Problem>) {
        for (path, text, at) in &outcome.texts {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            let known = match shape::at(&path) {
                Some(Shape::Code(names)) => self.narrowed(&path, names()),
                Some(Shape::LegalBasis | Shape::List(Shape::LegalBasis)) => {
                    self.definition.legal_bases.iter().map(|(name, _)| name.as_str()).collect()
                }
                Some(Shape::Place | Shape::List(Shape::Place)) if Jurisdiction::parse(text).is_none() => {
                    let why = format!("`{text}` is no jurisdiction");
                    let help = "use ISO 3166-1 or 3166-2 codes such as `DE` or `CA-ON`";
                    problems.push(self.file.problem(code::OUTPUT_CODE, at.clone(), why, help));
                    continue;
                }
                _ => continue,
            };
            if !known.contains(&text.as_str()) {
                let why = format!("`{}` cannot be `{text}`", path.join("."));
                let help = suggestion(text, known.into_iter());
                problems.push(self.file.problem(code::OUTPUT_CODE, at.clone(), why, help));
            }
        }
    }

    /// The codes of a list that this platform may give: its domains, the kinds that it sends.
    fn narrowed(&self, path: &[&str], names: Vec<&'static str>) -> Vec<&'static str> {
        match path {
            ["domain"] if !self.definition.domains.is_empty() => {
                self.definition.domains.iter().copied().map(Domain::name).collect()
            }
            ["kind"] => {
                let never: Vec<&str> =
                    self.definition.never_sends.iter().map(|(kind, _)| EventKind::name(*kind)).collect();
                names.into_iter().filter(|name| !never.contains(name)).collect()
            }
            _ => names,
        }
    }

    /// Whether there is a result at all, which must be as `platform.toml` says.
    fn gives(&self, program: &Program, outcome: &Outcome, decides: bool, problems: &mut Vec<Problem>) -> bool {
        let gives = !result_kind(program).is_never();
        if gives != decides {
            let (code, why, help) = if gives {
                let why = "platform.toml says that no record of this version is a decision";
                (code::OUTPUT_UNKNOWN, why, "end each way in `abort \"word\"`, or take `decides = false` out")
            } else {
                let help = "give one, or write `decides = false` into its [[source]]";
                (code::OUTPUT_MISSING, "the mapping never gives an event", help)
            };
            problems.push(self.file.problem(code, self.last_expression(outcome), why, help));
        }
        gives
    }

    /// The type of the result against what the canonical schema takes.
    fn result(&self, program: &Program, outcome: &Outcome, own_rules: bool, problems: &mut Vec<Problem>) {
        let kind = result_kind(program);
        let whole = self.last_expression(outcome);
        let place = |path: &[String]| -> Range<usize> {
            let exact = outcome.fields.iter().find(|(field, _)| field == path);
            let parent =
                || outcome.fields.iter().find(|(field, _)| path.split_last().is_some_and(|(_, up)| field == up));
            exact.or_else(parent).map_or(whole.clone(), |(_, at)| at.clone())
        };
        for fault in shape::check(&kind) {
            let name =
                if fault.path.is_empty() { "the result".to_owned() } else { format!("`{}`", fault.path.join(".")) };
            let at = place(&fault.path);
            problems.push(match fault.misfit {
                Misfit::Type { is, takes } => {
                    let why = format!("{name} is {is}");
                    self.file.problem(code::OUTPUT_TYPE, at, why, format!("it takes {takes}"))
                }
                Misfit::Missing => {
                    let why = format!("{name} is not always given");
                    self.file.problem(code::OUTPUT_MISSING, at, why, "give it in every result")
                }
                Misfit::Unknown { known } => {
                    let last = fault.path.last().map(String::as_str).unwrap_or_default();
                    let why = format!("the canonical schema has no {name}");
                    self.file.problem(code::OUTPUT_UNKNOWN, at, why, suggestion(last, known.into_iter()))
                }
            });
        }
        if own_rules {
            self.own_rules(&kind, &place, problems);
        }
    }

    /// What follows from the platform's definition: who names the origin, whether there are subjects.
    fn own_rules(&self, kind: &Kind, place: &dyn Fn(&[String]) -> Range<usize>, problems: &mut Vec<Problem>) {
        let Some(object) = kind.as_object() else { return };
        let given: BTreeMap<&str, &Kind> = object.known().iter().map(|(name, kind)| (name.as_str(), kind)).collect();
        let has = |name: &str| given.get(name).is_some_and(|kind| kind.contains_any_defined() && !kind.is_null());
        match self.definition.origin {
            Origin::Fixed(origin) if has("origin") => {
                let why = format!("`origin` is always {origin} here");
                let help = "take it out, or write `origin = \"per-record\"` into platform.toml";
                problems.push(self.file.problem(code::OUTPUT_UNKNOWN, place(&["origin".to_owned()]), why, help));
            }
            Origin::PerRecord if given.get("origin").is_none_or(|kind| kind.contains_undefined()) => {
                let why = "`origin` is not always given, and platform.toml says `per-record`";
                problems.push(self.file.problem(code::OUTPUT_MISSING, place(&[]), why, "give it in every result"));
            }
            Origin::Fixed(_) | Origin::PerRecord => {}
        }
        let basis = given.get("legal_basis").and_then(|kind| kind.as_array()).map(|list| list.reduced_kind());
        let stated = self.definition.legal_bases.is_empty();
        if basis.is_some_and(|basis| if stated { basis.contains_bytes() } else { basis.contains_object() }) {
            let (why, help) = if stated {
                ("platform.toml says that each record states its legal bases", "give objects of `scheme` and `value`")
            } else {
                ("a legal basis is not a name of [legal_bases]", "give names, or write `legal_bases = \"per-record\"`")
            };
            problems.push(self.file.problem(code::OUTPUT_TYPE, place(&["legal_basis".to_owned()]), why, help));
        }
        if !self.definition.names_subjects && has("subject") {
            let why = "platform.toml says that no record names a subject";
            let help = "take `subject` out, or write `names_subjects = true`";
            problems.push(self.file.problem(code::OUTPUT_UNKNOWN, place(&["subject".to_owned()]), why, help));
        }
    }

    /// Where the result as a whole is shown: its first field, else the end of the file.
    fn last_expression(&self, outcome: &Outcome) -> Range<usize> {
        let end = self.file.text.trim_end().len();
        let first = outcome.fields.iter().map(|(_, at)| at.start).min();
        first.map_or(end.saturating_sub(1)..end, |start| {
            let line = self.file.text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |place| place + 1);
            let length =
                self.file.text.get(line..).and_then(|rest| rest.find('\n')).unwrap_or(end.saturating_sub(line));
            line..line + length
        })
    }
}
