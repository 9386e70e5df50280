//! What was seen at each place of the records: a tree of fields with counts, no values.

use serde_json::Value as Json;

use super::values::Values;
use crate::model::limit::RECORD_DEPTH_MAX;

/// Different keys of one object, after which they are taken for values, not for names.
const KEYS_MAX: usize = 500;

/// One place in the records and what was seen there.
#[derive(Debug, Default, Clone)]
pub(super) struct Seen {
    /// What the source calls it.
    pub(super) native: String,
    /// Records, or objects around it, in which it could have stood.
    pub(super) chances: usize,
    pub(super) texts: usize,
    pub(super) integers: usize,
    pub(super) doubles: usize,
    pub(super) booleans: usize,
    pub(super) lists: usize,
    pub(super) objects: usize,
    /// Numbers over what 64 bits hold.
    pub(super) large: usize,
    pub(super) values: Values,
    /// The most items of one list.
    pub(super) items_max: usize,
    pub(super) item: Option<Box<Seen>>,
    pub(super) fields: Vec<Seen>,
    /// Keys beyond the bound, and objects deeper than any record may be.
    pub(super) beyond: usize,
}

impl Seen {
    pub(super) fn named(native: &str) -> Self {
        Self { native: native.to_owned(), ..Self::default() }
    }

    /// How often there was a value.
    pub(super) fn present(&self) -> usize {
        self.texts + self.integers + self.doubles + self.booleans + self.lists + self.objects + self.large
    }

    /// True where it was missing or null at least once; a blank text is there.
    pub(super) fn may_be_absent(&self) -> bool {
        self.present() < self.chances
    }

    /// True where no value was ever seen that is not blank.
    pub(super) fn is_empty(&self) -> bool {
        self.present() == 0 || (self.texts == self.present() && self.values.given == 0)
    }

    /// Notes one cell of a row, or the text of an element: an empty one is absent.
    pub(super) fn see_text(&mut self, text: &str) {
        self.chances += 1;
        if !text.is_empty() {
            self.texts += 1;
            self.values.see(text);
        }
    }

    /// Notes one JSON value.
    pub(super) fn see(&mut self, value: &Json, depth: usize) {
        self.chances += 1;
        match value {
            Json::Null => {}
            Json::Bool(flag) => {
                self.booleans += 1;
                self.values.see(if *flag { "true" } else { "false" });
            }
            Json::Number(number) => {
                match (number.as_i64(), number.is_u64()) {
                    (Some(_), _) => self.integers += 1,
                    (None, true) => self.large += 1,
                    (None, false) => self.doubles += 1,
                }
                self.values.see(&number.to_string());
            }
            Json::String(text) => {
                self.texts += 1;
                self.values.see(text);
            }
            Json::Array(items) => {
                self.lists += 1;
                self.items_max = self.items_max.max(items.len());
                if depth >= RECORD_DEPTH_MAX {
                    self.beyond += 1;
                    return;
                }
                let item = self.item.get_or_insert_with(|| Box::new(Self::named("items")));
                items.iter().for_each(|one| item.see(one, depth + 1));
            }
            Json::Object(fields) => {
                self.objects += 1;
                if depth >= RECORD_DEPTH_MAX {
                    self.beyond += 1;
                    return;
                }
                for (key, value) in fields {
                    self.field(key, |field| field.see(value, depth + 1));
                }
            }
        }
    }

    /// The field of that name, made where it is new.
    fn field(&mut self, native: &str, note: impl FnOnce(&mut Self)) {
        if self.fields.len() >= KEYS_MAX && self.fields.iter().all(|field| field.native != native) {
            self.beyond += 1;
            return;
        }
        note(self.child(native));
    }

    /// The child of that name, made where it is new; beyond the bound the last one stands for the rest.
    pub(super) fn child(&mut self, native: &str) -> &mut Self {
        let known = self.fields.iter().position(|field| field.native == native);
        let place = known.unwrap_or_else(|| {
            if self.fields.len() < KEYS_MAX {
                self.fields.push(Self::named(native));
            } else {
                self.beyond += 1;
            }
            self.fields.len().saturating_sub(1)
        });
        // There is one at least: the bound is above zero.
        &mut self.fields[place]
    }

    /// Sets how often each field could have stood: as often as the object around it did.
    pub(super) fn settle(&mut self) {
        for field in &mut self.fields {
            field.chances = self.objects;
            field.settle();
        }
        if let Some(item) = &mut self.item {
            item.settle();
        }
    }

    /// Counts what is an organisation in the country of the source as one, wherever it stands.
    pub(super) fn at_home(&mut self, country: &str) {
        self.values.at_home(country);
        self.fields.iter_mut().for_each(|field| field.at_home(country));
        if let Some(item) = &mut self.item {
            item.at_home(country);
        }
    }

    /// True where the keys are values themselves: many, and hardly any object has the same.
    pub(super) fn keys_are_values(&self) -> bool {
        let keys = self.fields.len();
        let most = self.fields.iter().map(Self::present).max().unwrap_or_default();
        self.beyond > 0 || (keys >= 6 && 3 * most <= self.objects.max(1)) || (keys > 64 && self.objects < 2)
    }
}
