//! Alarms watch what is counted, of this stack alone, tell somebody, and each has its page in the runbook.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use shared::domain::ReplyError;
use shared::stripe::signature::Refused;

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
    let own = Template::read().alarmed().into_iter().filter(|one| one.namespace == "ChatBackend").collect::<Vec<_>>();
    assert!(own.len() > 20, "{own:?}");
    for one in own {
        assert!(
            code.contains(&format!("\"{}\"", one.name)),
            "{} watches {}, which nothing counts",
            one.alarm,
            one.name
        );
    }
}

#[test]
fn an_alarm_watches_its_own_stack_alone() {
    let template = Template::read();
    for one in template.alarmed() {
        let stack = [("Stage", "Stage"), ("Stack", "AWS::StackName")].map(|(name, value)| (name.into(), value.into()));
        // What AWS counts is counted by resource, and the resources are of this stack.
        let is_resource = one.dimensions.len() == 1;
        let is_own = if one.namespace == "ChatBackend" { one.dimensions.starts_with(&stack) } else { is_resource };
        assert!(is_own, "{one:?}");
    }
}

#[test]
fn alarms_watch_words_that_exist() {
    let template = Template::read();
    for one in template.alarmed() {
        for (dimension, word) in one.dimensions {
            match dimension.as_str() {
                "Error" => assert!(ReplyError::parse(&word).is_some(), "{}: {word}", one.alarm),
                "Reason" => assert_eq!(word, Refused::Unsigned.as_str(), "{}", one.alarm),
                _ => {}
            }
        }
    }
}

#[test]
fn an_alarm_tells_somebody_that_it_began_and_that_it_is_over_or_is_part_of_one_that_does() {
    let template = Template::read();
    let rules = template.rules().concat();
    for alarm in template.alarms() {
        let [began, over] = template.told(&alarm);
        assert_eq!(began, over, "{alarm}");
        // This one is for deployments.
        let is_part = rules.contains(&format!("ALARM(${{{alarm}}})")) || alarm == "ApiFaultsAlarm";
        assert!(began.is_some() != is_part, "{alarm}: {began:?}");
    }
}

#[test]
fn every_function_is_watched_for_errors_throttles_and_slowness() {
    let template = Template::read();
    for function in template.functions().iter().filter(|function| function.id != "MigrateFunction") {
        for metric in ["Errors", "Throttles", "Duration"] {
            let watches = |one: &crate::template::Alarmed| {
                one.name == metric && one.dimensions == [("FunctionName".to_owned(), function.id.clone())]
            };
            assert!(template.alarmed().iter().any(watches), "{}: {metric}", function.id);
        }
    }
}

#[test]
fn every_alarm_is_a_heading_of_the_runbook_and_every_such_heading_an_alarm() {
    let runbook = fs::read_to_string(root().join("docs/runbook.md")).unwrap();
    let headings = runbook.lines().filter(|line| line.starts_with("### "));
    let named: Vec<_> = headings.flat_map(|line| line.split('`').skip(1).step_by(2)).map(str::to_owned).collect();
    let distinct: BTreeSet<_> = named.iter().cloned().collect();
    assert_eq!(named.len(), distinct.len(), "an alarm has two headings: {named:?}");
    let (application, stores) = (Template::read().alarms(), Template::of_infrastructure().alarms());
    assert!(!stores.is_empty());
    assert_eq!(distinct, &application | &stores);
}

#[test]
fn an_alarm_of_the_stores_tells_somebody_that_it_began_and_that_it_is_over() {
    let template = Template::of_infrastructure();
    for alarm in template.alarms() {
        assert_eq!(template.told(&alarm), [Some("AlarmTopic".to_owned()), Some("AlarmTopic".to_owned())], "{alarm}");
    }
}
