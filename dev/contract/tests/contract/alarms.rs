//! Alarms watch what is counted, and the documents that they name have it.

use std::fs;
use std::path::Path;

use crate::template::{Template, root};

/// Adds the sources below a folder.
fn sources(folder: &Path, all: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, all);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_metric_of_ours_that_an_alarm_watches_is_counted() {
    let mut code = String::new();
    sources(&root().join("shared/src"), &mut code);
    for function in fs::read_dir(root().join("functions")).unwrap() {
        sources(&function.unwrap().path().join("src"), &mut code);
    }
    let alarms = Template::read().own_alarms();
    assert!(alarms.iter().any(|[alarm, metric, _]| alarm == "UnknownPriceAlarm" && metric == "UnknownPrice"));
    for [alarm, metric, _] in alarms {
        assert!(code.contains(&format!("\"{metric}\"")), "{alarm} watches {metric}, which nothing counts");
    }
}

#[test]
fn the_page_that_an_alarm_names_has_it() {
    for [alarm, metric, description] in Template::read().own_alarms() {
        let Some((_, place)) = description.split_once("(docs/") else { continue };
        let (page, heading) = place.split_once(").").map_or((place, None), |(place, _)| {
            place.split_once(", ").map_or((place, None), |(page, heading)| (page, Some(heading)))
        });
        let text = fs::read_to_string(root().join("docs").join(page)).unwrap_or_else(|_| panic!("{alarm}: {page}"));
        let has_it = match heading {
            Some(heading) => text.contains(&format!("\n## {heading}\n")),
            None => text.contains(&format!("`{metric}`")),
        };
        assert!(has_it, "{alarm}: {description}");
    }
}
