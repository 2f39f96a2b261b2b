//! The JSON Schema of the configuration.
use schemars::{
    Schema,
    generate::SchemaSettings,
    transform::{RecursiveTransform, Transform},
};
use serde_json::Value;

use super::Config;

/// The JSON Schema (draft 7) of `sifhub.toml`, pretty-printed with sorted keys and a newline at the end. Secrets are
/// `writeOnly`.
pub fn schema() -> String {
    format!("{:#}\n", root())
}

/// The JSON Schema as a value, without references.
pub(super) fn root() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<Config>();
    RecursiveTransform(tidy).transform(&mut schema);
    let mut value = schema.to_value();
    value.sort_all_objects();
    value
}

/// Drops the defaults of whole sections, which their keys repeat, and the line ends of doc comments.
fn tidy(schema: &mut Schema) {
    if schema.get("properties").is_some() {
        schema.remove("default");
    }
    let text = schema.get("description").and_then(Value::as_str);
    if let Some(text) = text.map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")) {
        schema.insert("description".into(), text.into());
    }
}
