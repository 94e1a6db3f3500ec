//! Examples, put together from those of the fields.

use serde_json::{Map, Value, json};

/// The example of a schema: its own, or one made of its parts.
pub(crate) fn of(schema: &Value, schemas: &Map<String, Value>) -> Value {
    if let Some(example) = schema.get("example") {
        return example.clone();
    }
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return schemas.get(name).map_or(Value::Null, |schema| of(schema, schemas));
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let objects = parts.iter().filter_map(|part| match of(part, schemas) {
            Value::Object(fields) => Some(fields),
            _ => None,
        });
        return Value::Object(objects.flatten().collect());
    }
    for choice in ["oneOf", "anyOf"] {
        let not_null = |part: &&Value| part["type"] != "null";
        if let Some(part) = schema[choice].as_array().and_then(|parts| parts.iter().find(not_null)) {
            return of(part, schemas);
        }
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"].get(0)?.as_str());
    match kind {
        Some("array") => json!([of(&schema["items"], schemas)]),
        Some("object") => {
            let fields = schema["properties"].as_object().into_iter().flatten();
            Value::Object(fields.map(|(name, field)| (name.clone(), of(field, schemas))).collect())
        }
        Some("boolean") => json!(true),
        Some("integer" | "number") => json!(1),
        Some("string") => json!("text"),
        _ => Value::Null,
    }
}
