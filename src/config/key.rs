//! The keys of the configuration, as its schema lists them.
use std::slice;

use figment::value::Value as Given;
use serde_json::{Map, Value};

use super::schema;

/// What the name of every environment variable that sets a key begins with.
pub(super) const PREFIX: &str = "SIFHUB__";

/// A key that holds a value.
pub(super) struct Key {
    /// The dotted name, such as `http.listen`.
    pub name: String,
    schema: Map<String, Value>,
}

/// A table of keys.
pub(super) struct Section {
    /// The dotted name; empty for the top level.
    pub name: String,
    /// What the section is about.
    pub description: String,
    /// The keys directly in it.
    pub keys: Vec<Key>,
}

/// All sections, the top level first, each before those in it.
pub(super) struct Keys(Vec<Section>);

impl Keys {
    /// Reads the keys from the schema.
    pub fn new() -> Self {
        let mut sections = Vec::new();
        collect(String::new(), &schema::root(), &mut sections);
        Self(sections)
    }

    /// All sections, the top level first.
    pub fn sections(&self) -> &[Section] {
        &self.0
    }

    /// All keys that hold a value.
    pub fn iter(&self) -> impl Iterator<Item = &Key> {
        self.0.iter().flat_map(|section| &section.keys)
    }

    /// The key of that name.
    pub fn get(&self, name: &str) -> Option<&Key> {
        self.iter().find(|key| key.name == name)
    }

    /// The key or section that somebody who wrote `name` probably meant.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        let sections = self.0.iter().skip(1).map(|section| section.name.as_str());
        let names = || {
            sections
                .clone()
                .chain(self.iter().map(|key| key.name.as_str()))
        };
        let distance = |known: &str| strsim::damerau_levenshtein(known, name);
        let near = names()
            .min_by_key(|known| distance(known))
            .filter(|known| distance(known) <= 1 + name.len() / 5);
        near.or_else(|| names().find(|known| last(known) == last(name)))
    }
}

/// The last part of a dotted name.
fn last(name: &str) -> Option<&str> {
    name.rsplit('.').next()
}

/// Puts a section, and those in it, into the list.
fn collect(name: String, schema: &Value, sections: &mut Vec<Section>) {
    let properties = schema["properties"].as_object().into_iter().flatten();
    let path = |part: &str| {
        if name.is_empty() {
            part.to_owned()
        } else {
            format!("{name}.{part}")
        }
    };
    let (tables, leaves): (Vec<_>, Vec<_>) =
        properties.partition(|(_, schema)| schema.get("properties").is_some());
    let key = |(part, schema): &(&String, &Value)| Key {
        name: path(part),
        schema: schema.as_object().cloned().unwrap_or_default(),
    };
    let keys = leaves.iter().map(key).collect();
    let description = schema["description"].as_str().unwrap_or_default().into();
    sections.push(Section {
        name: name.clone(),
        description,
        keys,
    });
    for (part, schema) in tables {
        collect(path(part), schema, sections);
    }
}

impl Key {
    /// The environment variable that sets the key.
    pub fn variable(&self) -> String {
        format!("{PREFIX}{}", self.name.replace('.', "__").to_uppercase())
    }

    /// Whether the value is never to be shown.
    pub fn is_secret(&self) -> bool {
        self.schema.get("writeOnly") == Some(&Value::Bool(true))
    }

    /// The default value; none if the key is not set by default.
    pub fn default(&self) -> Option<&Value> {
        self.schema.get("default").filter(|value| !value.is_null())
    }

    /// What the key is for, with what each of its words means if it takes but a few.
    pub fn description(&self) -> String {
        let text = self
            .schema
            .get("description")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let meaning = |choice: &Value| {
            Some(format!(
                " `{}`: {}",
                choice["const"].as_str()?,
                choice["description"].as_str()?
            ))
        };
        text.to_owned() + &self.choices().filter_map(meaning).collect::<String>()
    }

    /// What a value has to be, such as "duration such as 90d".
    pub fn expected(&self) -> String {
        let words = self
            .choices()
            .filter_map(|choice| choice["const"].as_str())
            .collect::<Vec<_>>();
        if let [first @ .., final_one] = words.as_slice() {
            return format!("{} or {final_one}", first.join(", "));
        }
        expected(&self.schema)
    }

    /// Whether a number or text is within the bounds that the schema sets.
    pub fn admits(&self, value: &Value) -> bool {
        let bound = |name: &str| self.schema.get(name).and_then(Value::as_u64);
        let (size, least) = match value {
            Value::String(text) => (text.chars().count() as u64, bound("minLength")),
            _ => (value.as_u64().unwrap_or_default(), bound("minimum")),
        };
        least.is_none_or(|least| size >= least) && bound("maximum").is_none_or(|most| size <= most)
    }

    /// The value that a text from the environment or the command line stands for. Text that does not fit stays text, so that
    /// the complaint about it can repeat it.
    pub fn parse(&self, text: &str) -> Given {
        let given = match kind(&self.schema) {
            "boolean" => text.trim().parse::<bool>().ok().map(Given::from),
            "integer" => text.trim().parse::<u64>().ok().map(Given::from),
            "array" => Some(items(text).map(Given::from).collect::<Vec<_>>().into()),
            _ => None,
        };
        given.unwrap_or_else(|| text.into())
    }

    /// The words that the key takes, if it takes but a few.
    fn choices(&self) -> impl Iterator<Item = &Value> {
        self.schema
            .get("oneOf")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    }
}

/// The JSON type of the values of that schema, beside that they may be absent. Where there are several, text can say what
/// each of them says.
fn kind(schema: &Map<String, Value>) -> &str {
    let kinds = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.as_slice(),
        other => other.map(slice::from_ref).unwrap_or_default(),
    };
    let mut kinds = kinds.iter().filter_map(Value::as_str);
    match (
        kinds.find(|kind| *kind != "null"),
        kinds.find(|kind| *kind != "null"),
    ) {
        (Some(one), None) => one,
        _ => "string",
    }
}

/// The items of a list such as `[10.0.0.0/8, "::1"]`; brackets and quotes may be left out.
fn items(text: &str) -> impl Iterator<Item = &str> {
    let text = text.trim();
    let inner = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    inner
        .split(',')
        .map(|item| item.trim().trim_matches('"'))
        .filter(|item| !item.is_empty())
}

/// What a value of that schema has to be.
fn expected(schema: &Map<String, Value>) -> String {
    let bound = |name: &str| schema.get(name).filter(|bound| **bound != 0);
    match (schema.get("title").and_then(Value::as_str), kind(schema)) {
        (Some(title), _) => title.into(),
        (_, "boolean") => "true or false".into(),
        (_, "integer") => match (bound("minimum"), bound("maximum")) {
            (Some(least), Some(most)) => format!("whole number from {least} to {most}"),
            (Some(least), None) => format!("whole number, at least {least}"),
            _ => "whole number".into(),
        },
        (_, "array") => format!(
            "list of {}",
            schema["items"]
                .as_object()
                .map(expected)
                .unwrap_or_default()
        ),
        _ if bound("minLength").is_some() => "text that is not empty".into(),
        _ => "text".into(),
    }
}
