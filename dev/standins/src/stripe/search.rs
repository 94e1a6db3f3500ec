//! Stripe's search: its query language and its pages (<https://docs.stripe.com/search#search-query-language>).

use serde_json::{Value, json};

use super::error::ApiError;
use super::list::limit;
use super::params::Params;

/// The parameters of a search.
pub(super) const PARAMETERS: &[&str] = &["query", "limit", "page", "expand[#]"];
/// The field that a result only has if it is expanded.
pub(super) const TOTAL: &str = "total_count";
/// What stands before the place in a cursor.
const CURSOR: &str = "page_";

/// A search: clauses of which all or any must hold.
pub(super) struct Query {
    clauses: Vec<Clause>,
    any: bool,
}

struct Clause {
    field: Field,
    operator: &'static str,
    /// The value that is compared; `None` for `null`.
    value: Option<String>,
    negated: bool,
}

enum Field {
    Own(&'static str),
    Metadata(String),
}

/// In the order in which they are tried: the longer ones first.
const OPERATORS: [&str; 6] = [">=", "<=", ":", "~", ">", "<"];

impl Query {
    /// Reads a query over `fields` and `metadata`.
    pub(super) fn parse(text: &str, fields: &[&'static str]) -> Result<Self, ApiError> {
        let refused = || {
            let message = "We were unable to parse your search query. Try using the format `metadata[\"key\"]:\"value\"` \
                           to query for metadata or key:\"value\" to query for other fields.";
            ApiError::invalid(message)
        };
        let (mut query, mut words) = (Self { clauses: Vec::new(), any: false }, Vec::new());
        let mut rest = text.trim();
        while !rest.is_empty() {
            if let (false, Some((word, after))) = (query.clauses.is_empty(), connective(rest)) {
                words.push(word);
                rest = after;
            }
            let (clause, after) = Clause::parse(rest, fields).ok_or_else(refused)?;
            query.clauses.push(clause);
            rest = after.trim_start();
        }
        query.any = words.contains(&"OR");
        let is_mixed = query.any && (words.contains(&"AND") || words.len() + 1 < query.clauses.len());
        if query.clauses.is_empty() || is_mixed { Err(refused()) } else { Ok(query) }
    }

    /// Whether an object is found.
    pub(super) fn fits(&self, object: &Value) -> bool {
        let mut clauses = self.clauses.iter();
        if self.any { clauses.any(|clause| clause.fits(object)) } else { clauses.all(|clause| clause.fits(object)) }
    }
}

fn connective(text: &str) -> Option<(&'static str, &str)> {
    ["AND", "OR"].into_iter().find_map(|word| {
        let (head, rest) = text.split_at_checked(word.len())?;
        (head.eq_ignore_ascii_case(word) && rest.starts_with(' ')).then(|| (word, rest.trim_start()))
    })
}

impl Clause {
    fn parse<'a>(text: &'a str, fields: &[&'static str]) -> Option<(Self, &'a str)> {
        let (negated, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (field, rest) = match text.strip_prefix("metadata[") {
            Some(rest) => {
                let (key, rest) = quoted(rest)?;
                (Field::Metadata(key), rest.strip_prefix(']')?)
            }
            None => fields.iter().find_map(|name| Some((Field::Own(name), text.strip_prefix(name)?)))?,
        };
        let operator = OPERATORS.into_iter().find(|operator| rest.starts_with(operator))?;
        let rest = &rest[operator.len()..];
        let (value, rest) = match rest.split_once(' ').unwrap_or((rest, "")) {
            ("null", after) => (None, after),
            (number, after) if number.parse::<i64>().is_ok() => (Some(number.to_owned()), after),
            _ => quoted(rest).map(|(value, rest)| (Some(value), rest))?,
        };
        Some((Self { field, operator, value, negated }, rest))
    }

    fn fits(&self, object: &Value) -> bool {
        let field = match &self.field {
            Field::Own(name) => &object[*name],
            Field::Metadata(key) => &object["metadata"][key],
        };
        let holds = match (&self.value, field.as_i64(), field.as_str()) {
            (None, ..) => field.is_null(),
            (Some(value), Some(number), _) => value.parse().is_ok_and(|bound: i64| match self.operator {
                ">" => number > bound,
                ">=" => number >= bound,
                "<" => number < bound,
                "<=" => number <= bound,
                _ => number == bound,
            }),
            (Some(value), _, Some(text)) => {
                let (text, value) = (text.to_lowercase(), value.to_lowercase());
                if self.operator == "~" { text.contains(&value) } else { self.operator == ":" && text == value }
            }
            _ => false,
        };
        holds != self.negated
    }
}

/// A text in quotes of either kind, and what follows it. A backslash stands before a quote in it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|char| ['"', '\''].contains(char))?;
    let (mut read, mut is_escaped) = (String::new(), false);
    for (at, char) in text.char_indices().skip(1) {
        match char {
            '\\' if !is_escaped => is_escaped = true,
            char if char == quote && !is_escaped => return Some((read, &text[at + 1..])),
            char => {
                read.push(char);
                is_escaped = false;
            }
        }
    }
    None
}

/// A page of what was found.
pub(super) fn page<'a>(found: impl Iterator<Item = &'a Value>, params: &Params, url: &str) -> Result<Value, ApiError> {
    let (limit, found) = (limit(params)?, found.collect::<Vec<_>>());
    let from = match params.get("page") {
        None => 0,
        Some(cursor) => {
            let place = cursor.strip_prefix(CURSOR).and_then(|place| place.parse().ok());
            let place = place.filter(|place: &usize| *place <= found.len());
            place.ok_or_else(|| ApiError::param("parameter_invalid", "page", "Invalid page."))?
        }
    };
    let to = found.len().min(from + limit);
    let next = (to < found.len()).then(|| format!("{CURSOR}{to}"));
    let mut page = json!({
        "object": "search_result", "url": url, "has_more": next.is_some(), "data": found[from..to], "next_page": next,
    });
    if params.list("expand").contains(&TOTAL) {
        page[TOTAL] = json!(found.len());
    }
    Ok(page)
}
