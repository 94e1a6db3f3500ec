//! Migrations expand: they take nothing away from the version before, which runs on their schema until the deployment has
//! ended. What contracts says since which version nobody needs what it takes: `-- unused since V6: …`.

use std::fs;
use std::path::Path;

/// What takes something away, or refuses what is written without it.
const CONTRACTING: [&str; 10] = [
    " drop ",
    " rename ",
    " alter column ",
    " add constraint ",
    " add check ",
    " add unique ",
    " add primary key ",
    " add foreign key ",
    " create unique index ",
    " truncate ",
];
const MARKER: &str = "-- unused since V";
/// Later migrations make an index `if not exists`: while it is made nobody writes to its table, so whoever has a large one
/// makes it `concurrently` before the deployment.
const LAST_WITH_PLAIN_INDEXES: u32 = 7;

/// The migrations with their numbers, oldest first.
pub(crate) fn migrations() -> Vec<(u32, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut found: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|file| {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name[1..].split("__").next().unwrap().parse().unwrap(), fs::read_to_string(path).unwrap())
        })
        .collect();
    found.sort();
    found
}

#[test]
fn migrations_expand_and_what_contracts_names_the_version_that_needs_it_no_more() {
    let migrations = migrations();
    assert!(migrations.len() > 1);
    for (version, text) in migrations.iter().skip(1) {
        assert_eq!(refused(*version, text), [""; 0], "V{version}");
    }
}

#[test]
fn what_an_older_version_does_not_survive_is_refused_without_a_marker() {
    for text in [
        "alter table users drop column email;",
        "drop table attempts;",
        "ALTER TABLE users\n    RENAME email TO address;",
        "alter table users alter column email set not null;",
        "alter table users add column age integer not null;",
        "alter table users add column a integer not null default 0, add column b text not null;",
        "alter table users add constraint short check (length(email) < 9);",
        "create unique index one on users (email);",
        "create table fresh (id uuid); drop table users;",
    ] {
        assert_eq!(refused(9, text).len(), 1, "{text}");
        assert_eq!(refused(9, &marked(8, text)), [""; 0], "{text}");
        // Its own version is too young: the one before still runs.
        assert_eq!(refused(9, &marked(9, text)).len(), 1, "{text}");
    }
}

#[test]
fn what_an_older_version_does_not_notice_is_accepted() {
    for text in [
        "alter table users add column age integer, add column b integer not null default 0;",
        "-- We never drop a table.\ncreate index names on users (name);",
        "create table fresh (id uuid not null); create unique index one on fresh (id);",
    ] {
        assert_eq!(refused(9, text), [""; 0], "{text}");
    }
}

#[test]
fn an_index_on_a_table_with_rows_may_be_there_already() {
    let migrations = migrations();
    for (version, text) in migrations.iter().filter(|(version, _)| *version > LAST_WITH_PLAIN_INDEXES) {
        assert_eq!(plain_indexes(text), [""; 0], "V{version}");
    }
    assert_eq!(plain_indexes("create index names on users (name);").len(), 1);
    assert_eq!(plain_indexes("create index if not exists names on users (name);"), [""; 0]);
    assert_eq!(plain_indexes("create table fresh (id uuid); create index ids on fresh (id);"), [""; 0]);
}

/// The migration with a marker in each statement.
fn marked(version: u32, text: &str) -> String {
    let marker = format!("\n{MARKER}{version}: nobody reads it\n");
    format!("{marker}{}", text.replace("; ", &format!(";{marker}")))
}

/// The statements of a migration that make an index on a table there was before, and fail if it has that index.
fn plain_indexes(text: &str) -> Vec<String> {
    let statements: Vec<_> = text.split_terminator(';').map(words).collect();
    let made: Vec<_> = statements.iter().filter_map(|words| after(words, " create table ")).collect();
    let is_plain = |words: &String| {
        let is_index = words.contains(" create index ") || words.contains(" create unique index ");
        let table = after(words, " on ");
        is_index && !words.contains(" index if not exists ") && !table.is_some_and(|table| made.contains(&table))
    };
    statements.into_iter().filter(is_plain).collect()
}

/// The statements of a migration that contract and do not say since when they may.
fn refused(version: u32, text: &str) -> Vec<String> {
    let bare: Vec<_> = text.lines().map(|line| without_comment(line.trim())).collect();
    let bare = bare.join("\n");
    let statements = || bare.split_terminator(';').map(|statement| (words(statement), statement));
    let made: Vec<_> = statements().filter_map(|(words, _)| after(&words, " create table ")).collect();
    let contracting = statements().filter(|(words, _)| {
        let table =
            after(words, " alter table ").or_else(|| after(words, " on ").filter(|_| words.contains(" index ")));
        !table.is_some_and(|table| made.contains(&table)) && contracts(words)
    });
    contracting.filter(|(_, raw)| !is_excused(version, raw)).map(|(words, _)| words).collect()
}

/// A line without its comment, which may have a semicolon, unless it is a marker.
fn without_comment(line: &str) -> &str {
    let ends_at = if line.starts_with(MARKER) { ":" } else { "--" };
    line.split(ends_at).next().unwrap_or_default()
}

/// A statement without its comments, in lower case, with single spaces between and around its words.
fn words(statement: &str) -> String {
    let lines = statement.lines().map(|line| line.split("--").next().unwrap_or_default().to_lowercase());
    let words: Vec<_> = lines.flat_map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect();
    format!(" {} ", words.join(" "))
}

/// The word after a phrase.
fn after(words: &str, phrase: &str) -> Option<String> {
    Some(words.split_once(phrase)?.1.split([' ', '(']).next()?.to_owned())
}

fn contracts(words: &str) -> bool {
    let needs_a_value = |column: &str| column.contains(" not null") && !column.contains(" default ");
    CONTRACTING.iter().any(|phrase| words.contains(phrase)) || words.split(" add column ").skip(1).any(needs_a_value)
}

/// Whether a statement says a version since which nobody needs what it takes; it must be older than its own.
fn is_excused(version: u32, raw: &str) -> bool {
    let since = raw.lines().find_map(|line| line.trim().strip_prefix(MARKER)?.parse::<u32>().ok());
    since.is_some_and(|since| since < version)
}
