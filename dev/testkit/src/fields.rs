//! Fields of JSON, by their places.

use serde_json::Value;

/// Sets a field, if it is in objects.
pub(crate) fn set(event: &mut Value, path: &[&str], value: Value) {
    let Some((last, before)) = path.split_last() else { return };
    let parent = before.iter().try_fold(event, |at, name| at.get_mut(*name));
    if let Some(fields) = parent.and_then(Value::as_object_mut) {
        fields.insert((*last).to_owned(), value);
    }
}

/// Collects the places of all values, as JSON pointers.
pub(crate) fn collect(value: &Value, at: &str, places: &mut Vec<String>) {
    places.push(at.to_owned());
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                collect(field, &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), places);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, &format!("{at}/{index}"), places);
            }
        }
        _ => {}
    }
}

/// Removes a field at a place.
pub(crate) fn remove(value: &mut Value, place: &str) {
    let Some((parent, name)) = place.rsplit_once('/') else { return };
    if let Some(fields) = value.pointer_mut(parent).and_then(Value::as_object_mut) {
        fields.remove(&name.replace("~1", "/").replace("~0", "~"));
    }
}
