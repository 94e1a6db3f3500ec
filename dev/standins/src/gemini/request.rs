//! A `GenerateContentRequest`: checked as strictly as by Google, and reduced to what the answer needs.

use serde_json::{Map, Value};

use super::google_error::GoogleError;
use super::signature;

const REQUEST: &[&str] = &[
    "model",
    "contents",
    "systemInstruction",
    "generationConfig",
    "safetySettings",
    "tools",
    "toolConfig",
    "cachedContent",
    "serviceTier",
    "store",
];
const CONTENT: &[&str] = &["role", "parts"];
const PART: &[&str] = &["text", "thought", "thoughtSignature", "partMetadata"];
const GENERATION_CONFIG: &[&str] = &[
    "temperature",
    "topP",
    "topK",
    "candidateCount",
    "maxOutputTokens",
    "stopSequences",
    "responseMimeType",
    "responseSchema",
    "responseJsonSchema",
    "presencePenalty",
    "frequencyPenalty",
    "seed",
    "responseLogprobs",
    "logprobs",
    "enableEnhancedCivicAnswers",
    "speechConfig",
    "thinkingConfig",
    "imageConfig",
    "mediaResolution",
    "responseModalities",
];
const THINKING_CONFIG: &[&str] = &["includeThoughts", "thinkingBudget", "thinkingLevel"];
const SAFETY_SETTING: &[&str] = &["category", "threshold"];

/// Who wrote a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The person.
    User,
    /// Gemini.
    Model,
}

/// One entry of `contents`, its text parts joined.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) role: Role,
    pub(crate) text: String,
}

/// The request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) turns: Vec<Turn>,
    pub(crate) system: Option<String>,
    pub(crate) max_output_tokens: Option<u64>,
}

impl Request {
    /// Checks a body for a model; the error is Google's.
    pub(crate) fn parse(body: &Value, model: &str) -> Result<Self, GoogleError> {
        let request = message(body, "", REQUEST)?;
        let turns = turns(request.get("contents"), model)?;
        let system = match request.get("systemInstruction") {
            Some(content) => Some(text_of(content, "system_instruction", model)?),
            None => None,
        };
        for (index, setting) in array(request.get("safetySettings"), "safety_settings")?.iter().enumerate() {
            message(setting, &format!("safety_settings[{index}]"), SAFETY_SETTING)?;
        }
        Ok(Self { turns, system, max_output_tokens: max_output_tokens(request.get("generationConfig"))? })
    }

    /// The last user text.
    pub(crate) fn last(&self) -> &str {
        self.turns.last().map_or("", |turn| turn.text.as_str())
    }
}

fn turns(contents: Option<&Value>, model: &str) -> Result<Vec<Turn>, GoogleError> {
    let contents = array(contents, "contents")?;
    if contents.is_empty() {
        return Err(GoogleError::invalid("* GenerateContentRequest.contents: contents is not specified\n"));
    }
    let mut turns: Vec<Turn> = Vec::with_capacity(contents.len());
    for (index, content) in contents.iter().enumerate() {
        let at = format!("contents[{index}]");
        let text = text_of(content, &at, model)?;
        let role = match message(content, &at, CONTENT)?.get("role") {
            Some(Value::String(role)) if role == "user" => Role::User,
            Some(Value::String(role)) if role == "model" => Role::Model,
            None if contents.len() == 1 => Role::User,
            _ => return Err(GoogleError::invalid("Please use a valid role: user, model.")),
        };
        // Two questions in a row can happen, after an unanswered one; two answers in a row cannot.
        if role == Role::Model && turns.last().is_none_or(|before| before.role == Role::Model) {
            return Err(GoogleError::invalid(
                "Please ensure that multiturn requests alternate between user and model.",
            ));
        }
        turns.push(Turn { role, text });
    }
    if turns.last().is_some_and(|last| last.role != Role::User) {
        return Err(GoogleError::invalid("Please ensure that multiturn requests end with a user role."));
    }
    Ok(turns)
}

fn text_of(content: &Value, at: &str, model: &str) -> Result<String, GoogleError> {
    let content = message(content, at, CONTENT)?;
    let parts = array(content.get("parts"), &format!("{at}.parts"))?;
    let mut text = String::new();
    for (index, part) in parts.iter().enumerate() {
        let at = format!("{at}.parts[{index}]");
        let part = message(part, &at, PART)?;
        if let Some(signature) = part.get("thoughtSignature") {
            signature::check(signature, model, &at)?;
        }
        match part.get("text") {
            Some(Value::String(piece)) => text.push_str(piece),
            Some(other) => return Err(GoogleError::bad_json(&format!("Invalid value ({at}.text), {other}"), &at)),
            None => {}
        }
    }
    if text.is_empty() {
        let problem = format!("* GenerateContentRequest.{at}.parts: contents.parts must not be empty.\n");
        return Err(GoogleError::invalid(problem));
    }
    Ok(text)
}

fn max_output_tokens(config: Option<&Value>) -> Result<Option<u64>, GoogleError> {
    let Some(config) = config else { return Ok(None) };
    let config = message(config, "generation_config", GENERATION_CONFIG)?;
    if let Some(thinking) = config.get("thinkingConfig") {
        message(thinking, "generation_config.thinking_config", THINKING_CONFIG)?;
    }
    match config.get("maxOutputTokens") {
        None => Ok(None),
        Some(value) => match value.as_u64() {
            Some(tokens) if tokens > 0 => Ok(Some(tokens)),
            _ => Err(GoogleError::invalid("max_output_tokens must be positive.")),
        },
    }
}

/// A JSON object whose names are all known; protobuf's JSON accepts `lowerCamelCase` and `snake_case`.
pub(super) fn message(value: &Value, at: &str, known: &[&str]) -> Result<Map<String, Value>, GoogleError> {
    let Some(fields) = value.as_object() else {
        return Err(GoogleError::bad_json("Root element must be a message.", at));
    };
    let mut named = Map::new();
    for (name, value) in fields {
        let camel = camel_case(name);
        if !known.contains(&camel.as_str()) {
            let place = if at.is_empty() { String::new() } else { format!(" at '{at}'") };
            return Err(GoogleError::bad_json(&format!("Unknown name \"{name}\"{place}: Cannot find field."), at));
        }
        if !value.is_null() {
            named.insert(camel, value.clone());
        }
    }
    Ok(named)
}

fn array(value: Option<&Value>, at: &str) -> Result<Vec<Value>, GoogleError> {
    match value {
        None => Ok(Vec::new()),
        Some(Value::Array(items)) => Ok(items.clone()),
        // Protobuf's JSON accepts a single message where a list is expected.
        Some(one @ Value::Object(_)) => Ok(vec![one.clone()]),
        Some(_) => Err(GoogleError::bad_json(&format!("Invalid value at '{at}'"), at)),
    }
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    camel
}
