//! Why a JSON document has no list of records at a path: which keys of the path it has, and what it has instead.

use super::reasons::quoted;

/// What stands at the deepest key of the path that the beginning of a document has.
pub(super) fn told(wanted: &[String], prefix: &[u8]) -> String {
    let mut walk = Walk { wanted, best: None };
    let mut json = serde_json::Deserializer::from_slice(prefix);
    // The document may go on behind its beginning: what was read until then counts.
    let _cut_off = serde::de::DeserializeSeed::deserialize(At { walk: &mut walk, step: Some(0) }, &mut json);
    let path = wanted.join(".");
    let Some((step, found)) = walk.best else { return format!("nothing is at {path:?}") };
    let place = match wanted.get(..step).unwrap_or_default() {
        [] => "at the top".to_owned(),
        keys => format!("at {:?}", keys.join(".")),
    };
    match (found, wanted.get(step)) {
        (Found::Object(keys), Some(next)) => {
            let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
            format!("{place} is no {next:?}, but {}", quoted(&keys, &wanted))
        }
        (Found::Object(_), None) => format!("{place} is an object and no list"),
        (Found::List, _) => format!("{place} is an empty list"),
        (Found::Other, _) => format!("{place} is a single value and no list"),
    }
}

/// What stands at a place.
enum Found {
    Object(Vec<String>),
    List,
    Other,
}

struct Walk<'a> {
    wanted: &'a [String],
    /// The most keys of the path that were found, and what stands behind the last of them.
    best: Option<(usize, Found)>,
}

impl Walk<'_> {
    fn note(&mut self, step: usize, found: Found) {
        // An object says more of the same place than a list around it.
        let more = |(best, before): &(usize, Found)| step > *best || (step == *best && matches!(before, Found::List));
        if self.best.as_ref().is_none_or(more) {
            self.best = Some((step, found));
        }
    }
}

/// A value, and how many keys of the path lead to it; `None` off the path.
struct At<'w, 'a> {
    walk: &'w mut Walk<'a>,
    step: Option<usize>,
}

impl<'de> serde::de::DeserializeSeed<'de> for At<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.step {
            Some(_) => deserializer.deserialize_any(self),
            None => deserializer.deserialize_ignored_any(serde::de::IgnoredAny).map(|_| ()),
        }
    }
}

impl At<'_, '_> {
    fn single(self) {
        if let Some(step) = self.step {
            self.walk.note(step, Found::Other);
        }
    }
}

impl<'de> serde::de::Visitor<'de> for At<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.single();
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.single();
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        self.single();
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        self.single();
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.single();
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        self.single();
        Ok(())
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        if let Some(step) = self.step {
            self.walk.note(step, Found::List);
        }
        while seq.next_element_seed(At { walk: self.walk, step: self.step })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let step = self.step.unwrap_or_default();
        let mut keys = Vec::new();
        loop {
            let key = map.next_key::<String>();
            let Ok(Some(key)) = key else {
                self.walk.note(step, Found::Object(keys));
                return key.map(|_| ());
            };
            let next = (self.walk.wanted.get(step) == Some(&key)).then_some(step + 1);
            keys.push(key);
            let read = map.next_value_seed(At { walk: self.walk, step: next });
            if let Err(error) = read {
                self.walk.note(step, Found::Object(keys));
                return Err(error);
            }
        }
    }
}
