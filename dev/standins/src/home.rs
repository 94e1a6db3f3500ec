//! `GET /` of a stand-in: what it is, and how to make it fail, as the README has it.

use axum::response::Html;

const README: &str = include_str!("../README.md");

/// The page of one stand-in: its section of the README, and links to what can be read.
pub(crate) fn page(name: &str, links: &[&str]) -> Html<String> {
    let text = section(name).replace('&', "&amp;").replace('<', "&lt;");
    let links: Vec<_> = links.iter().map(|link| format!("<a href=\"{link}\">{link}</a>")).collect();
    Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{name} stand-in</title>\
         <h1>{name} stand-in</h1><p>This server replaces {name} on this machine. To read: {}.</p><pre>{text}</pre>",
        links.join(", "),
    ))
}

/// The text below a heading, up to the next heading of its level.
fn section(name: &str) -> &'static str {
    let heading = format!("\n## {name}\n");
    let text = README.split_once(&heading).map_or(README, |(_, rest)| rest);
    text.split_once("\n## ").map_or(text, |(section, _)| section).trim()
}
