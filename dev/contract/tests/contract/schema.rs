//! The newest migration is the one that the deployment asks for.

use std::fs;

use crate::template::{Template, root};

#[test]
fn the_template_asks_for_the_newest_migration() {
    let files = fs::read_dir(root().join("shared/migrations")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut versions: Vec<u32> = names.map(|name| version(&name).unwrap_or_else(|| panic!("{name}"))).collect();
    versions.sort_unstable();
    assert_eq!(Template::read().schema_version(), versions.last().unwrap().to_string());
    assert_eq!(versions, (1..=versions.len()).map(|version| u32::try_from(version).unwrap()).collect::<Vec<_>>());
}

/// The number of `V<number>__<name>.sql`.
fn version(file: &str) -> Option<u32> {
    file.strip_prefix('V')?.strip_suffix(".sql")?.split_once("__")?.0.parse().ok()
}
