//! An operation of the document as a Postman request.

use serde_json::{Value, json};

use super::{Gap, script};
use crate::order::ORDER;

/// Body fields that are variables of the collection with the same name.
const FIELDS: [&str; 5] = ["mobile", "signup_id", "challenge_id", "otp", "refresh_token"];

/// An operation of the document.
#[derive(Debug)]
pub(super) struct Operation<'a> {
    pub(super) id: &'a str,
    method: String,
    path: &'a str,
    /// Its part of the document.
    pub(super) value: &'a Value,
    document: &'a Value,
}

/// Every operation of a document.
pub(super) fn all(document: &Value) -> Vec<Operation<'_>> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let mut all: Vec<_> = paths
        .flat_map(|(path, item)| {
            item.as_object().into_iter().flatten().map(move |(method, value)| (path, method, value))
        })
        .map(|(path, method, value)| Operation {
            id: value["operationId"].as_str().unwrap_or_default(),
            method: method.to_uppercase(),
            path,
            value,
            document,
        })
        .collect();
    all.sort_by_key(|operation| operation.value[ORDER].as_u64());
    all
}

impl Operation<'_> {
    /// The operation in its tag's folder, with an assertion that the document has the response's status.
    pub(super) fn item(&self) -> Result<Value, Gap> {
        let told: Vec<_> = self.value["responses"]
            .as_object()
            .into_iter()
            .flat_map(|all| all.keys().cloned())
            .filter(|status| status != "default")
            .collect();
        let request = self.request(&[], &[])?;
        Ok(json!({
            "name": self.value["summary"],
            "event": [script::event("test", &script::of_any_answer(self.id, &told))],
            "response": self.examples(&request),
            "request": request,
        }))
    }

    /// The request, with the given fields of the body and parameters of the query in place of the example's.
    pub(super) fn request(&self, fields: &[(&str, &str)], query: &[(&str, &str)]) -> Result<Value, Gap> {
        let mut request = json!({
            "method": self.method,
            "description": self.value["description"],
            "header": self.headers()?,
            "url": self.url(query)?,
        });
        if let Some(body) = self.body(fields)? {
            request["body"] = json!({ "mode": "raw", "raw": body, "options": { "raw": { "language": "json" } } });
        }
        match self.value["security"][0].as_object().and_then(|schemes| schemes.keys().next()).map(String::as_str) {
            Some("bearer") => {}
            Some("operator") => {
                let member = |key: &str, value: &str| json!({ "key": key, "value": value, "type": "string" });
                request["auth"] = json!({ "type": "apikey", "apikey": [
                    member("key", "X-Operator-Key"), member("value", "{{operator_key}}"), member("in", "header"),
                ] });
            }
            None => request["auth"] = json!({ "type": "noauth" }),
            Some(other) => return Err(self.gap(&format!("cannot be authenticated by {other}"))),
        }
        Ok(request)
    }

    fn url(&self, query: &[(&str, &str)]) -> Result<Value, Gap> {
        let path: Vec<_> = self.path.split('/').skip(1).map(segment).collect();
        let (mut variables, mut members) = (Vec::new(), Vec::new());
        for parameter in self.parameters() {
            let name = parameter["name"].as_str().unwrap_or_default();
            match parameter["in"].as_str() {
                Some("path") => {
                    let value = match name {
                        "chatroom" => "{{chatroom_id}}",
                        "message" => "{{reply_id}}",
                        "session" => "{{session_id}}",
                        _ => return Err(self.gap(&format!("no variable is known for {name} of its path"))),
                    };
                    variables.push(json!({ "key": name, "value": value, "description": parameter["description"] }));
                }
                Some("query") => {
                    let chosen = query.iter().find(|(chosen, _)| *chosen == name).map(|(_, value)| (*value).to_owned());
                    let value = chosen.clone().unwrap_or_else(|| text(&parameter["example"]));
                    members.push(json!({
                        "key": name, "value": value, "disabled": chosen.is_none(), "description": parameter["description"],
                    }));
                }
                _ => {}
            }
        }
        if let Some((name, _)) = query.iter().find(|(name, _)| !members.iter().any(|member| member["key"] == *name)) {
            return Err(self.gap(&format!("has no parameter {name}")));
        }
        let sent: Vec<_> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mark = if sent.is_empty() { "" } else { "?" };
        Ok(json!({
            "raw": format!("{{{{base_url}}}}/{}{mark}{}", path.join("/"), sent.join("&")),
            "host": ["{{base_url}}"],
            "path": path,
            "query": members,
            "variable": variables,
        }))
    }

    fn headers(&self) -> Result<Value, Gap> {
        let mut headers = Vec::new();
        if self.value.get("requestBody").is_some() {
            headers.push(json!({ "key": "Content-Type", "value": "application/json" }));
        }
        for parameter in self.parameters().filter(|parameter| parameter["in"] == "header") {
            let name = parameter["name"].as_str().ok_or_else(|| self.gap("a header has no name"))?;
            let value = if name == "Idempotency-Key" { "{{$guid}}".to_owned() } else { text(&parameter["example"]) };
            headers.push(json!({
                "key": name, "value": value, "disabled": name == "If-None-Match", "description": parameter["description"],
            }));
        }
        Ok(json!(headers))
    }

    fn body(&self, fields: &[(&str, &str)]) -> Result<Option<String>, Gap> {
        let Some(body) = self.value.get("requestBody") else { return Ok(None) };
        let mut body = body["content"]["application/json"]["example"].clone();
        let members = body.as_object_mut().ok_or_else(|| self.gap("its body has no example"))?;
        for (name, value) in members.iter_mut().filter(|(name, _)| FIELDS.contains(&name.as_str())) {
            *value = json!(format!("{{{{{name}}}}}"));
        }
        for (name, value) in fields {
            let member = members.get_mut(*name).ok_or_else(|| self.gap(&format!("its body has no {name}")))?;
            *member = json!(value);
        }
        Ok(Some(format!("{body:#}")))
    }

    /// The example responses, only of successes: problems are in `/problems`.
    fn examples(&self, request: &Value) -> Vec<Value> {
        let answers = self.value["responses"].as_object().into_iter().flatten();
        let successes = answers.filter(|(status, _)| status.starts_with('2'));
        let told = successes.filter_map(|(status, answer)| {
            let (kind, media) = answer["content"].as_object()?.iter().next()?;
            Some(json!({
                "name": answer["description"],
                "originalRequest": request,
                "code": status.parse::<u16>().ok()?,
                "header": [{ "key": "Content-Type", "value": kind }],
                "body": match &media["example"] { Value::String(text) => text.clone(), body => format!("{body:#}") },
            }))
        });
        told.collect()
    }

    fn parameters(&self) -> impl Iterator<Item = &Value> {
        let all = self.value["parameters"].as_array().into_iter().flatten();
        all.map(|parameter| match parameter["$ref"].as_str() {
            Some(path) => self.document.pointer(path.trim_start_matches('#')).unwrap_or(parameter),
            None => parameter,
        })
    }

    fn gap(&self, what: &str) -> Gap {
        Gap(format!("{}: {what}", self.id))
    }
}

/// A path as Postman writes it: `:chatroom` for `{chatroom}`.
fn segment(part: &str) -> String {
    part.strip_prefix('{').map_or_else(|| part.to_owned(), |name| format!(":{}", name.trim_end_matches('}')))
}

fn text(example: &Value) -> String {
    match example {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
