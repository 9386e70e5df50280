//! `comity platform functions`, `fields` and `schemes`: what a mapping may call, give and name, for those who write one.

use serde_json::json;

use crate::cli::{Common, Exit, Failure, Output};
use crate::model::problem::Problem;
use crate::platform::functions::listed::{self, Listed};
use crate::platform::{nearest, shape};
use crate::schema::identifiers::{self, Scheme};

/// List the functions that a mapping may call: their arguments, what each gives, an example.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  comity platform functions                Comity's own in full, then VRL's, a line each
  comity platform functions money          one, with each of its arguments
  comity platform functions --format json
Arguments in brackets may be left out, and are written by name: money(.due, \"USD\", decimal: \",\").")]
pub(super) struct FunctionsArguments {
    /// One function; all where none is named.
    name: Option<String>,
}

/// List the fields of an event that a mapping may give, and what each takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  comity platform fields                   all of them
  comity platform fields measures          those whose name says so
A field that is marked `needed` stands in each object around it. Null, an absent field and a blank text are the same.")]
pub(super) struct FieldsArguments {
    /// A word of the name; all where none is given.
    word: Option<String>,
}

/// List the schemes of identifiers that org_id knows: what each registers, and whether persons can hold one.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  comity platform schemes                  all of them
  comity platform schemes fr               those whose name or register says so
A number that persons can hold never makes its holder an organisation by itself. A scheme that is not listed is declared
in platform.toml, as [schemes.NAME] with `registers` and `persons`.")]
pub(super) struct SchemesArguments {
    /// A word of the name or of what is registered; all where none is given.
    word: Option<String>,
}

pub(super) fn functions(_: &Common, arguments: &FunctionsArguments, output: &Output) -> Result<(), Failure> {
    let all = listed::all();
    let Some(name) = &arguments.name else {
        for function in &all {
            let text = if function.own {
                whole(function)
            } else {
                format!("{}\n    {}", function.signature(), function.gives)
            };
            output.line(&text, &function_json(function))?;
        }
        return Ok(());
    };
    let Some(function) = all.iter().find(|function| function.name == name) else {
        let help = match nearest::of(name, all.iter().map(|function| function.name)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`comity platform functions` lists all".to_owned(),
        };
        let problem = Problem::new("CMT-9665", "comity platform functions", format!("there is no `{name}`"), help);
        return Err(Failure::one(Exit::Usage, problem));
    };
    let argument = |argument: &listed::Argument| {
        let needed = if argument.required { "" } else { " (may be left out)" };
        format!("\n    {:<12} {}{needed}", argument.name, argument.about)
    };
    let arguments: String = function.arguments.iter().map(argument).collect();
    output.line(&format!("{}{arguments}", whole(function)), &function_json(function))
}

fn whole(function: &Listed) -> String {
    let mut text = format!("{}\n    {}", function.signature(), function.gives);
    if !function.example.is_empty() {
        text.push_str(&format!("\n    such as {}", function.example));
    }
    text
}

fn function_json(function: &Listed) -> serde_json::Value {
    let argument = |argument: &listed::Argument| json!({"name": argument.name, "required": argument.required, "about": argument.about});
    json!({
        "function": function.name, "own": function.own, "signature": function.signature(),
        "arguments": function.arguments.iter().map(argument).collect::<Vec<_>>(),
        "gives": function.gives, "example": function.example,
    })
}

pub(super) fn fields(_: &Common, arguments: &FieldsArguments, output: &Output) -> Result<(), Failure> {
    let word = arguments.word.as_deref().unwrap_or_default();
    let found: Vec<_> = shape::listed().into_iter().filter(|(path, ..)| path.contains(word)).collect();
    if found.is_empty() {
        let why = format!("no field says `{word}`");
        let help = "`comity platform fields` lists all";
        return Err(Failure::one(Exit::Usage, Problem::new("CMT-9667", "comity platform fields", why, help)));
    }
    for (path, takes, needed) in found {
        let mark = if needed { "needed" } else { "" };
        output.line(
            &format!("{path:<26} {mark:<7} {takes}"),
            &json!({"field": path, "needed": needed, "takes": takes}),
        )?;
    }
    Ok(())
}

pub(super) fn schemes(_: &Common, arguments: &SchemesArguments, output: &Output) -> Result<(), Failure> {
    let word = arguments.word.as_deref().unwrap_or_default().to_lowercase();
    let fits = |scheme: &&Scheme| scheme.name.contains(&word) || scheme.registers.to_lowercase().contains(&word);
    let found: Vec<&Scheme> = identifiers::schemes().iter().filter(fits).collect();
    if found.is_empty() {
        let near = nearest::of(&word, identifiers::schemes().iter().map(|scheme| scheme.name.as_str()));
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "declare one of your own: [schemes.NAME] in platform.toml".to_owned(),
        };
        let why = format!("no scheme says `{word}`");
        return Err(Failure::one(Exit::Usage, Problem::new("CMT-9666", "comity platform schemes", why, help)));
    }
    for scheme in found {
        let persons = if scheme.persons { "persons can hold one" } else { "no person" };
        output.line(
            &format!("{:<28} {persons:<21} {}", scheme.name, scheme.registers),
            &json!({
                "scheme": scheme.name, "persons": scheme.persons, "registers": scheme.registers,
                "source": scheme.source,
            }),
        )?;
    }
    Ok(())
}
