//! Folders, template and time limits.

use std::collections::BTreeSet;
use std::fs;

use crate::template::{Template, root};

/// The folders of `functions/`.
pub(crate) fn folders() -> BTreeSet<String> {
    let folders = fs::read_dir(root().join("functions")).unwrap();
    folders.map(|folder| folder.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn every_folder_is_one_function_of_the_template() {
    let functions = Template::read().functions();
    let names: Vec<_> = functions.iter().map(|function| function.name.clone()).collect();
    assert_eq!(names.len(), folders().len(), "{names:?}");
    assert_eq!(names.into_iter().collect::<BTreeSet<_>>(), folders());
}

#[test]
fn only_migrate_is_deployed_before_the_schema() {
    let template = Template::read();
    for function in template.functions() {
        let before = match function.name.as_str() {
            "migrate" => None,
            // What reads a new word or challenge serves everybody before what writes it changes, and follows the schema.
            "auth" => Some("OtpSenderFunctionAliaslive".to_owned()),
            "gemini-worker" => Some("ChatroomFunctionAliaslive".to_owned()),
            _ => Some("Migrations".to_owned()),
        };
        assert_eq!(template.depends_on(&function.id), before, "{}", function.id);
    }
}

#[test]
fn queues_invoke_the_functions_that_have_no_routes_and_no_schedules() {
    let template = Template::read();
    let consumers: BTreeSet<_> = template.consumers().into_iter().collect();
    let background = template.functions().into_iter().filter(|function| {
        function.routes.is_empty() && !function.has_url && function.inputs.is_empty() && function.name != "migrate"
    });
    assert_eq!(consumers, background.map(|function| function.id).collect());
}

#[test]
fn every_schedule_sends_a_task_that_is_also_a_recorded_event() {
    let function = Template::read().function_of("maintenance");
    assert!(!function.inputs.is_empty());
    for input in function.inputs {
        let input: serde_json::Value = serde_json::from_str(&input).unwrap();
        let name = format!("maintenance-{}", input["task"].as_str().unwrap());
        let event: serde_json::Value = serde_json::from_str(&testkit::event(&name, &[])).unwrap();
        assert_eq!(event, input, "{name}");
    }
}

#[test]
fn a_function_stops_by_itself_before_its_timeout() {
    let template = Template::read();
    for (name, patience) in [("maintenance", maintenance::PATIENCE), ("migrate", migrate::PATIENCE)] {
        let timeout = u64::try_from(template.function_of(name).timeout.unwrap()).unwrap();
        assert!(patience.as_secs() + 5 <= timeout, "{name}: {patience:?} of {timeout} s");
    }
}

#[test]
fn a_stream_ends_before_its_functions_timeout_however_long_it_may_last() {
    let template = Template::read();
    let timeout = template.function_of("reply-stream").timeout.unwrap();
    assert!(template.most("StreamSeconds").unwrap() + 15 <= timeout);
}

#[test]
fn an_invocation_of_the_worker_has_time_for_an_answer_and_for_the_next_one_after_a_short_one() {
    let template = Template::read();
    let seconds = |parameter: &str| template.default_of(parameter).unwrap().parse::<u64>().unwrap();
    let whole = seconds("ReplyTimeoutSeconds");
    assert!(whole + 6 * gemini_worker::MARGIN.as_secs() <= seconds("ReplyVisibilitySeconds"));
    assert!(seconds("GeminiFirstTokenSeconds") + seconds("GeminiSilenceSeconds") < whole);
}

#[test]
fn every_function_has_the_connections_that_it_needs() {
    let template = Template::read();
    for function in template.functions() {
        let source = &function.settings["DATABASE_CONNECTIONS"];
        let connections = template.default_of(source).unwrap_or_else(|| source.clone()).parse::<usize>().unwrap();
        let expected = match function.name.as_str() {
            "maintenance" => maintenance::AT_ONCE + 1,
            "gemini-worker" => 2,
            _ => 1,
        };
        assert_eq!(connections, expected, "{}", function.name);
    }
}

#[test]
fn a_page_may_read_that_the_streaming_api_has_no_capacity() {
    for kind in ["DEFAULT_4XX", "DEFAULT_5XX"] {
        assert_eq!(Template::read().readers_of_refusals(kind).as_deref(), Some("'*'"), "{kind}");
    }
}
