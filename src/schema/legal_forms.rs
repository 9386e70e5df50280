//! The table of legal forms (`schemas/legal_forms.toml`): which words in a name make an organisation, and which a person.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;

use serde::Deserialize;
use sha2::{Digest, Sha256};

pub mod name;
#[cfg(test)]
mod tests;

use name::{Name, fold};

const TEXT: &str = include_str!("../../schemas/legal_forms.toml");

/// What a legal form makes of its holder; only the first two are subjects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    Incorporated,
    PublicBody,
    Partnership,
    Person,
}

impl Class {
    /// Whether an organisation of this class may be a subject.
    pub fn passes(self) -> bool {
        match self {
            Self::Incorporated | Self::PublicBody => true,
            Self::Partnership | Self::Person => false,
        }
    }
}

/// Where in a legal name a token counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Where {
    Anywhere,
    Throughout,
    End,
    Start,
    Edge,
    Joined,
    JoinedEnd,
}

impl Where {
    /// In scripts without blanks.
    fn is_joined(self) -> bool {
        matches!(self, Self::Joined | Self::JoinedEnd)
    }
}

/// What a token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// A legal form of that class.
    Form(Class),
    /// A word that only a public or corporate body has in its name.
    Body(Class),
    /// A natural person is meant; `always` even beside a legal form.
    Person { always: bool },
    /// What follows is no more the legal name.
    Cut,
}

/// One spelling of the table.
#[derive(Debug)]
pub struct Token {
    /// As the table writes it.
    pub text: String,
    pub says: Says,
    /// Its folded pieces, joined by one blank; for scripts without blanks the folded text without any.
    pub(crate) key: String,
    pub(crate) place: Where,
    /// The countries in which it counts; empty for all.
    pub(crate) home: Vec<String>,
    /// A spelling with dots or strokes counts outside of `home` too.
    pub(crate) marked_abroad: bool,
    /// Only a spelling with dots or strokes counts.
    pub(crate) marked: bool,
    /// Folded words behind which it is a surname, unless it is spelled with dots or strokes.
    pub(crate) not_behind: Vec<String>,
    /// The spelling under which names are compared.
    pub(crate) folds: Option<String>,
}

/// The table, made ready.
pub(crate) struct Table {
    pub(crate) tokens: Vec<Token>,
    /// The places in `tokens` of each key.
    pub(crate) by_key: HashMap<String, Vec<usize>>,
    /// The first pieces of the keys: a word that begins none is passed over at once.
    pub(crate) first_pieces: HashSet<String>,
    /// The most pieces that a key has.
    pub(crate) pieces_max: usize,
    /// The tokens of scripts without blanks, longest first.
    pub(crate) joined: Vec<usize>,
    /// Words that may follow a legal form.
    pub(crate) tail: HashSet<String>,
    /// Words after a legal form that make it the name of something else.
    pub(crate) apart: HashSet<String>,
    elf: HashMap<String, Class>,
}

/// The table is part of the program, and a test reads it: it cannot be wrong in a build that was tested.
pub(crate) static TABLE: LazyLock<Table> = LazyLock::new(|| match read(TEXT) {
    Ok(table) => table,
    Err(why) => panic!("schemas/legal_forms.toml: {why}"),
});

/// The class of an ISO 20275 code; `None` where the code is unknown or decides nothing.
pub fn class_of_code(code: &str) -> Option<Class> {
    TABLE.elf.get(code).copied()
}

/// The class of a legal form as a platform declares it: an ISO 20275 code, or a spelling of the table by itself.
pub fn class_of_form(declared: &str, country: &str) -> Option<Class> {
    let name = Name::read(declared);
    class_of_code(&name.text).or_else(|| {
        let classes = TABLE.by_key.get(&name.key())?.iter().filter_map(|place| {
            let token = TABLE.tokens.get(*place)?;
            let Says::Form(class) = token.says else { return None };
            Some((token.is_at_home(country), class))
        });
        // The country's own meaning comes before that of other countries; two of the latter that differ decide nothing.
        let (home, abroad): (Vec<_>, Vec<_>) = classes.partition(|(at_home, _)| *at_home);
        let of = if home.is_empty() { abroad } else { home };
        let (_, first) = of.first()?;
        of.iter().all(|(_, class)| class == first).then_some(*first)
    })
}

impl Token {
    /// Whether the token means here what the table says, for a subject of that country (ISO 3166-1).
    pub(crate) fn is_at_home(&self, country: &str) -> bool {
        self.home.is_empty() || self.home.iter().any(|home| home == country)
    }
}

/// The countries that have forms which count there only, each once.
pub fn homes() -> impl Iterator<Item = &'static str> {
    static HOMES: LazyLock<BTreeSet<&'static str>> =
        LazyLock::new(|| TABLE.tokens.iter().flat_map(|token| &token.home).map(String::as_str).collect());
    HOMES.iter().copied()
}

/// SHA-256 of the table's text: the same table decides alike.
pub fn digest() -> [u8; 32] {
    Sha256::digest(TEXT.as_bytes()).into()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    tail: Vec<String>,
    apart: Vec<String>,
    form: Vec<WrittenForm>,
    body: Vec<WrittenForm>,
    mark: Vec<WrittenMark>,
    cut: Vec<WrittenCut>,
    elf: HashMap<Class, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenForm {
    name: String,
    class: Class,
    r#where: Where,
    folds: Option<String>,
    #[serde(default)]
    home: Vec<String>,
    abroad: Option<String>,
    #[serde(default)]
    marked: bool,
    #[serde(default)]
    not_behind: Vec<String>,
    tokens: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenMark {
    name: String,
    r#where: Where,
    #[serde(default)]
    always: bool,
    tokens: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCut {
    name: String,
    #[serde(default)]
    home: Vec<String>,
    #[serde(default)]
    not_behind: Vec<String>,
    tokens: Vec<String>,
}

/// Reads and proves the table.
fn read(text: &str) -> Result<Table, String> {
    let written: Written = toml::from_str(text).map_err(|error| error.to_string())?;
    let mut tokens = Vec::new();
    for form in &written.form {
        add(&mut tokens, form, Says::Form(form.class))?;
    }
    for body in &written.body {
        if !body.class.passes() {
            return Err(format!("{}: a body that does not pass", body.name));
        }
        add(&mut tokens, body, Says::Body(body.class))?;
    }
    for mark in written.mark {
        let form = plain(mark.name, mark.r#where, mark.tokens);
        add(&mut tokens, &form, Says::Person { always: mark.always })?;
    }
    for cut in written.cut {
        let words = plain(cut.name, Where::Anywhere, cut.tokens);
        add(&mut tokens, &WrittenForm { home: cut.home, not_behind: cut.not_behind, ..words }, Says::Cut)?;
    }
    let mut elf = HashMap::new();
    for (class, codes) in &written.elf {
        for code in codes.split_whitespace() {
            if code.len() != 4 || elf.insert(code.to_owned(), *class).is_some() {
                return Err(format!("{code}: no code, or twice"));
            }
        }
    }
    Ok(table(tokens, [&written.tail, &written.apart], elf))
}

/// A group of words without class and home.
fn plain(name: String, place: Where, tokens: Vec<String>) -> WrittenForm {
    WrittenForm {
        name,
        class: Class::Person,
        r#where: place,
        folds: None,
        home: Vec::new(),
        abroad: None,
        marked: false,
        not_behind: Vec::new(),
        tokens,
    }
}

/// Adds the tokens of one group.
fn add(tokens: &mut Vec<Token>, form: &WrittenForm, says: Says) -> Result<(), String> {
    if form.tokens.is_empty() || form.abroad.as_deref().is_some_and(|abroad| abroad != "marked") {
        return Err(format!("{}: no tokens, or an unknown word for abroad", form.name));
    }
    for text in &form.tokens {
        let name = Name::read(text);
        let key = if form.r#where.is_joined() { name.joined() } else { name.key() };
        if key.is_empty() {
            return Err(format!("{}: an empty token", form.name));
        }
        tokens.push(Token {
            text: text.clone(),
            says,
            key,
            place: form.r#where,
            home: form.home.clone(),
            marked_abroad: form.abroad.is_some(),
            // Two letters with a stroke between them (T/A, C/O) are something else without it.
            marked: form.marked || (says == Says::Cut && text.contains('/') && text.len() <= 5 && text != "D/B/A"),
            not_behind: form.not_behind.iter().map(|word| fold(word)).collect(),
            folds: form.folds.as_deref().map(fold),
        });
    }
    Ok(())
}

/// Makes the table's indexes.
fn table(tokens: Vec<Token>, after: [&[String]; 2], elf: HashMap<String, Class>) -> Table {
    let mut by_key: HashMap<String, Vec<usize>> = HashMap::new();
    let mut joined = Vec::new();
    for (place, token) in tokens.iter().enumerate() {
        if token.place.is_joined() {
            joined.push(place);
        } else {
            by_key.entry(token.key.clone()).or_default().push(place);
        }
    }
    joined.sort_by_key(|place| std::cmp::Reverse(tokens.get(*place).map_or(0, |token| token.key.len())));
    let first_pieces = by_key.keys().filter_map(|key| key.split(' ').next()).map(str::to_owned).collect();
    let pieces_max = by_key.keys().map(|key| key.split(' ').count()).max().unwrap_or(1);
    let [tail, apart] =
        after.map(|lists| lists.iter().flat_map(|words| Name::read(words).pieces).map(|piece| piece.folded).collect());
    Table { tokens, by_key, first_pieces, pieces_max, joined, tail, apart, elf }
}

/// The folded words of a name, each legal form in the spelling under which names are compared. Where a name is said to be
/// from does not matter: the same name gives the same words on every platform.
pub fn fold_forms(name: &Name) -> Vec<String> {
    if let Some(words) = fold_joined(name) {
        return words;
    }
    let mut words = Vec::new();
    let mut place = 0;
    while let Some(piece) = name.pieces.get(place) {
        let longest = (1..=TABLE.pieces_max.min(name.pieces.len() - place)).rev().find_map(|count| {
            let key: Vec<&str> =
                name.pieces.iter().skip(place).take(count).map(|piece| piece.folded.as_str()).collect();
            let tokens = TABLE.by_key.get(&key.join(" "))?;
            let folds = tokens.iter().filter_map(|token| TABLE.tokens.get(*token)?.folds.clone()).next()?;
            Some((count, folds))
        });
        let (count, word) = longest.unwrap_or_else(|| (1, piece.folded.clone()));
        words.push(word);
        place += count;
    }
    words
}

/// The same for scripts without blanks: a form at either end, or in brackets, is put last.
fn fold_joined(name: &Name) -> Option<Vec<String>> {
    if name.text.is_ascii() {
        return None;
    }
    let joined = name.joined();
    let tokens = TABLE.joined.iter().filter_map(|place| TABLE.tokens.get(*place));
    let (token, folds) = tokens
        .filter_map(|token| Some((token, token.folds.clone()?)))
        .find(|(token, _)| joined.starts_with(&token.key) || joined.ends_with(&token.key))?;
    let rest = joined.strip_prefix(&token.key).or_else(|| joined.strip_suffix(&token.key))?;
    Some(vec![rest.chars().filter(|c| c.is_alphanumeric()).collect(), folds])
}
