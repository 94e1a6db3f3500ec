//! The events that the function accepts.

use maintenance::Task;
use maintenance::replay::Replay;
use serde_json::json;

#[test]
fn only_known_tasks_are_accepted() {
    for (event, task) in [
        (json!({ "task": "sweep" }), Task::Sweep),
        (json!({ "task": "reconcile" }), Task::Reconcile),
        (json!({ "task": "expire" }), Task::Expire),
        (json!({ "task": "replay", "customer": "cus_1" }), Task::Replay(Replay::Customer("cus_1".into()))),
        (json!({ "task": "replay", "event": "evt_1" }), Task::Replay(Replay::Event("evt_1".into()))),
    ] {
        assert_eq!(serde_json::from_value::<Task>(event).unwrap(), task);
    }
    for event in [json!({}), json!({ "task": "drop" }), json!({ "task": "replay" }), json!(null)] {
        assert!(serde_json::from_value::<Task>(event.clone()).is_err(), "{event}");
    }
}
