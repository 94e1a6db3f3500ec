//! Examples of schemas, made from the examples of their fields.

use serde_json::{Map, Value, json};

/// An example with some fields of another one, at any depth.
pub(crate) fn with(example: Value, different: Value) -> Value {
    match (example, different) {
        (example, Value::Null) => example,
        (Value::Object(mut fields), Value::Object(different)) => {
            for (name, value) in different {
                let before = fields.remove(&name).unwrap_or_default();
                // A field may be `null`, a body is not.
                let now = if value.is_null() { value } else { with(before, value) };
                fields.insert(name, now);
            }
            Value::Object(fields)
        }
        (_, different) => different,
    }
}

/// An example of a schema: its own, else one that is made from its parts. A field without an example is `null`.
pub(crate) fn of(schema: &Value, schemas: &Map<String, Value>) -> Value {
    if let Some(example) = schema.get("example") {
        return example.clone();
    }
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return schemas.get(name).map_or(Value::Null, |schema| of(schema, schemas));
    }
    if let Some(fields) = schema["properties"].as_object() {
        return fields.iter().map(|(name, field)| (name.clone(), of(field, schemas))).collect();
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let objects = parts.iter().filter_map(|part| of(part, schemas).as_object().cloned());
        return Value::Object(objects.flatten().collect());
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let chosen = choices.iter().find(|choice| choice["type"] != "null");
        return chosen.map_or(Value::Null, |choice| of(choice, schemas));
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    match schema["type"].as_str() {
        Some("array") => json!([of(&schema["items"], schemas)]),
        Some("boolean") => json!(true),
        Some("object") => json!({}),
        _ => Value::Null,
    }
}
