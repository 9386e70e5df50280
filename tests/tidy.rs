//! House rules: layers, sizes, and what the source never says. Each failure names file and line.

use std::fs;
use std::path::{Path, PathBuf};

use comity::fault::{Planted, STEPS};

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;

/// The layers, in the order in which they may be built upon; modules of one stage layer never use each other.
const LAYERS: &[(&str, &[&str])] = &[
    ("faults", &["fault"]),
    ("words", &["model"]),
    ("schemas", &["schema"]),
    ("platforms", &["platform"]),
    ("stages", &["decode", "map", "guard", "identify", "index", "route", "encode"]),
    ("pages", &["intake", "ledger"]),
    ("authoring", &["propose"]),
    ("loop", &["run"]),
    ("shell", &["kafka", "http", "config", "metrics", "telemetry"]),
    ("edge", &["cli"]),
];

/// The one use of a stage by another.
const STAGE_USES: (&str, &str) = ("index", "identify");

/// What the pure layers never name: they have no clock, no thread, no lock, no I/O and nothing asynchronous.
const IMPURE: &[&str] = &[
    "tokio",
    "rdkafka",
    "std::fs",
    "std::net",
    "std::env",
    "std::thread",
    "std::process",
    "std::time::Instant",
    "std::time::SystemTime",
    "Mutex",
    "RwLock",
    "async fn",
    "async move",
    ".await",
];

/// What no source file says.
const NEVER: &[(&str, &str)] = &[
    (".unwrap()", "give the error a way out, or a value"),
    (".expect(", "give the error a way out, or a value"),
    ("panic!(", "a breach of an invariant stops through `assert!`; bad input is a value"),
    ("todo!(", "nothing is half done"),
    ("unimplemented!(", "nothing is half done"),
    ("#[allow(", "use #[expect(…, reason = …)]"),
    ("#![allow(", "use #[expect(…, reason = …)]"),
    ("dbg!(", "use tracing"),
];

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|(_, modules)| modules.contains(&module))
}

/// The top module of a path such as `src/run/ledger.rs`; `None` for `lib.rs` and `main.rs`.
fn module_of(path: &str) -> Option<&str> {
    let first = path.strip_prefix("src/")?.split('/').next()?;
    let name = first.strip_suffix(".rs").unwrap_or(first);
    (name != "lib" && name != "main").then_some(name)
}

/// A file without its inline test module, which stands at its end.
fn product(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod ").next().unwrap_or(text)
}

/// Code without comments; a text that holds `//` is cut too, which no rule minds.
fn code(line: &str) -> &str {
    line.split("//").next().unwrap_or(line)
}

fn check(path: &str, text: &str) -> Vec<String> {
    let mut found = sizes(path, text);
    if is_test(path) {
        return found;
    }
    for (index, line) in product(text).lines().enumerate() {
        let place = format!("{path}:{}", index + 1);
        let line = code(line);
        for (word, help) in NEVER {
            if line.contains(word) {
                found.push(format!("{place}: says {word} ({help})"));
            }
        }
        if let Some(module) = module_of(path) {
            found.extend(layer_breach(module, line).map(|why| format!("{place}: {why}")));
        }
    }
    found
}

fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/") || !path.starts_with("src/")
}

fn layer_breach(module: &str, line: &str) -> Option<String> {
    let own = layer(module)?;
    // A process that dies on purpose names how; without its feature the module is nothing.
    let pure = own < layer("kafka")? && module != "fault";
    if pure && let Some(word) = IMPURE.iter().find(|word| line.contains(*word)) {
        return Some(format!("{module} is pure and names {word}"));
    }
    for (place, _) in line.match_indices("crate::") {
        let rest = &line[place + "crate::".len()..];
        let used: String = rest.chars().take_while(|sign| sign.is_alphanumeric() || *sign == '_').collect();
        let Some(other) = layer(&used) else { continue };
        let peers = other == own && LAYERS[own].0 == "stages" && used != module && (module, &*used) != STAGE_USES;
        if other > own || peers {
            return Some(format!("{module} ({}) uses {used} ({})", LAYERS[own].0, LAYERS[other].0));
        }
    }
    None
}

fn sizes(path: &str, text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    if lines.len() > FILE_LINES_MAX {
        found.push(format!("{path}:{}: over {FILE_LINES_MAX} lines", lines.len()));
    }
    for (start, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let words = line.trim_start();
        let is_function = ["fn ", "pub fn ", "pub(super) fn ", "pub(crate) fn ", "async fn ", "pub async fn "]
            .iter()
            .any(|head| words.starts_with(head));
        if !is_function || words.ends_with('}') {
            continue;
        }
        let close = format!("{}}}", " ".repeat(indent));
        let length = lines[start..].iter().position(|later| **later == close).map_or(0, |end| end + 1);
        if length > FUNCTION_LINES_MAX {
            found.push(format!("{path}:{}: a function of {length} lines, over {FUNCTION_LINES_MAX}", start + 1));
        }
    }
    found
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

#[test]
fn the_source_keeps_the_house_rules() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["src", "tests", "benches"] {
        if root.join(folder).is_dir() {
            rust_files(&root.join(folder), &mut files);
        }
    }
    assert!(files.len() > 30, "the walk has found {} files", files.len());
    let mut found = Vec::new();
    for file in files {
        let path = file.strip_prefix(root).unwrap().display().to_string();
        found.extend(check(&path, &fs::read_to_string(&file).unwrap()));
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn every_module_has_a_layer() {
    let library = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let listed: Vec<&str> =
        library.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let layered: Vec<&str> = LAYERS.iter().flat_map(|(_, modules)| modules.iter().copied()).collect();
    assert_eq!(listed, layered, "lib.rs lists the modules in the order of the layers");
}

/// A step that no line of the shell names kills nobody, and a planted fault that no line asks for breaks nothing.
#[test]
fn each_fault_has_its_one_line() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    rust_files(&root.join("src"), &mut files);
    let mut lines = Vec::new();
    for file in files.iter().filter(|file| !file.ends_with("src/fault.rs")) {
        let path = file.strip_prefix(root).unwrap().display().to_string();
        let text = fs::read_to_string(file).unwrap();
        lines.extend(text.lines().map(|line| (path.clone(), code(line).to_owned())));
    }
    let places = |word: &str| -> Vec<&str> {
        lines.iter().filter(|(_, line)| line.contains(word)).map(|(path, _)| path.as_str()).collect()
    };
    for step in STEPS {
        let places = places(&format!("fault::step(\"{step}\")"));
        assert!(matches!(places[..], [place] if place.starts_with("src/kafka/")), "{step}: {places:?}");
    }
    for (planted, name) in Planted::ALL {
        let places = places(&format!("planted(Planted::{planted:?})"));
        assert_eq!(places.len(), 1, "{name}: {places:?}");
    }
}

#[test]
fn no_build_that_is_used_has_faults() {
    let cargo = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let cargo: toml::Table = cargo.parse().unwrap();
    let features = cargo["features"].as_table().unwrap();
    let of = |name: &str| -> Vec<&str> {
        features[name].as_array().unwrap().iter().map(|feature| feature.as_str().unwrap()).collect()
    };
    assert_eq!(of("faults"), ["dep:fail"]);
    for (name, _) in features.iter().filter(|(name, _)| *name != "faults") {
        let brings = of(name);
        assert!(!brings.contains(&"faults") && !brings.contains(&"dep:fail"), "{name} brings faults: {brings:?}");
    }
    assert_eq!(cargo["dependencies"]["fail"]["optional"].as_bool(), Some(true));
}

#[test]
fn each_rule_catches_its_breach() {
    let breaches = [
        ("src/route/mod.rs", "use crate::encode::Tails;"),
        ("src/guard/mod.rs", "use crate::identify;"),
        ("src/model/event.rs", "use crate::schema::wire;"),
        ("src/ledger.rs", "let now = std::time::Instant::now();"),
        ("src/run/ledger.rs", "use rdkafka::Message;"),
        ("src/decode/mod.rs", "static LOCK: Mutex<u8> = Mutex::new(0);"),
        ("src/kafka/sink.rs", "value.unwrap();"),
        ("src/kafka/sink.rs", "use crate::cli::run;"),
        ("src/cli/mod.rs", "#[allow(dead_code)]"),
    ];
    for (path, line) in breaches {
        assert_eq!(check(path, line).len(), 1, "{path}: {line}");
    }
    for (path, line) in [
        ("src/index/mod.rs", "use crate::identify::name_digest;"),
        ("src/kafka/sink.rs", "use rdkafka::Message; // .unwrap() is never said"),
        ("src/ledger/tests.rs", "value.unwrap();"),
    ] {
        assert_eq!(check(path, line), Vec::<String>::new(), "{path}: {line}");
    }
    let long = format!("fn long() {{\n{}}}\n", "    step();\n".repeat(FUNCTION_LINES_MAX));
    assert_eq!(check("src/cli/mod.rs", &long).len(), 1, "a long function");
    let large = "//\n".repeat(FILE_LINES_MAX + 1);
    assert_eq!(check("src/cli/mod.rs", &large).len(), 1, "a large file");
}
