//! How a line is written: tracing's JSON, with what all lines of a process have in common.

use std::fmt;

use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{Format, Json, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use super::METRIC;
use crate::config::Env;

/// Writes the lines. What they have in common is made once, as JSON's text.
#[derive(Debug)]
pub(super) struct Lines {
    json: Format<Json>,
    release: String,
    labels: String,
}

impl Lines {
    /// Reads `RELEASE`, `STAGE` and `STACK`. CloudWatch drops a metric with an empty dimension, so a process that is in no
    /// stack has a word for it.
    pub(super) fn from_env(env: &Env) -> Self {
        let text = |name: &str, value: String| format!("\"{name}\":{},", json!(value));
        let dimension = |name: &str, of: &str| text(name, env.optional(of).unwrap_or_else(|| "none".to_owned()));
        let release = env.optional("RELEASE").map(|release| text("release", release)).unwrap_or_default();
        let json = tracing_subscriber::fmt::format().json().flatten_event(true).with_current_span(true);
        Self {
            json: json.with_span_list(false).with_target(false),
            labels: dimension("Stage", "STAGE") + &dimension("Stack", "STACK") + &release,
            release,
        }
    }
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut to: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        if event.metadata().target() == METRIC {
            let mut line = Text::default();
            event.record(&mut line);
            return writeln!(to, "{{{}{}{}", self.labels, span(context), members(&line.0));
        }
        let mut line = String::new();
        self.json.format_event(context, Writer::new(&mut line), event)?;
        write!(to, "{{{}{}", self.release, members(&line))
    }
}

/// What follows the first brace of an object.
fn members(object: &str) -> &str {
    object.strip_prefix('{').unwrap_or(object)
}

/// The span of a metric, as the member that other lines have too.
fn span<S, N>(context: &FmtContext<'_, S, N>) -> String
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    let Some(span) = context.lookup_current() else { return String::new() };
    let extensions = span.extensions();
    let fields = extensions.get::<FormattedFields<N>>().map(|fields| fields.fields.as_str()).unwrap_or_default();
    let fields = members(fields).strip_suffix('}').unwrap_or_default();
    let comma = if fields.is_empty() { "" } else { "," };
    format!("\"span\":{{{fields}{comma}\"name\":{}}},", json!(span.name()))
}

/// The text of the only field of a metric.
#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_str(&mut self, _: &Field, text: &str) {
        text.clone_into(&mut self.0);
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}
