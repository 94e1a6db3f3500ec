//! The responses that CloudFormation gets.

use migrate::Event;
use serde_json::{Value, json};

use crate::world::World;

#[tokio::test]
async fn a_created_stack_gets_its_schema() {
    let world = World::start().await;

    world.invoke(world.request("Create", "1")).await.unwrap();

    let (headers, answer) = world.answer();
    assert_eq!(
        answer,
        json!({
            "Status": "SUCCESS", "Reason": "", "PhysicalResourceId": "migrations", "RequestId": "request-1",
            "StackId": "arn:aws:cloudformation:eu-west-1:123456789012:stack/chat/1", "LogicalResourceId": "Migrations",
            "Data": { "SchemaVersion": 1 },
        })
    );
    assert_eq!(headers.get("content-type"), None, "the URL is signed without a content type");
    world.sql().await.query("select from users", &[]).await.unwrap();
}

#[tokio::test]
async fn an_update_keeps_the_resources_physical_id() {
    let world = World::start().await;
    let mut request = world.request("Update", "1");
    request["PhysicalResourceId"] = json!("as-it-was");
    world.invoke(request).await.unwrap();
    let (_, answer) = world.answer();
    assert_eq!((&answer["Status"], &answer["PhysicalResourceId"]), (&json!("SUCCESS"), &json!("as-it-was")));
}

#[tokio::test]
async fn a_deleted_stack_keeps_the_data() {
    let world = World::start().await;
    world.invoke(world.request("Create", "1")).await.unwrap();
    assert_eq!(world.answer().1["Status"], "SUCCESS");
    world.invoke(world.request("Delete", "1")).await.unwrap();
    assert_eq!(world.answer().1["Status"], "SUCCESS");
    world.sql().await.query("select from users", &[]).await.unwrap();
}

#[tokio::test]
async fn a_stack_is_deleted_even_if_its_database_is_gone() {
    let mut world = World::start().await;
    world.stack = world.stack.with("DATABASE_URL", "postgres://postgres@127.0.0.1:1/chat");
    world.invoke(world.request("Delete", "1")).await.unwrap();
    assert_eq!(world.answer().1["Status"], "SUCCESS");
}

#[tokio::test]
async fn a_migration_that_fails_fails_the_deployment() {
    let world = World::start().await;
    world.sql().await.batch_execute("create table users (id int)").await.unwrap();
    world.invoke(world.request("Create", "1")).await.unwrap();
    assert_eq!(
        failed(&world),
        "error applying migration V1__initial (SQLSTATE 42P07). The log has more under invocation-1."
    );
}

#[tokio::test]
async fn a_missing_version_fails_the_deployment() {
    let world = World::start().await;
    for (version, reason) in [("7777", "the template asks for version 7777"), ("one", "SchemaVersion is not a number")]
    {
        world.invoke(world.request("Update", version)).await.unwrap();
        let told = failed(&world);
        assert!(told.starts_with(reason), "{told}");
    }
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_fails_the_deployment_and_shows_no_secret() {
    let mut world = World::start().await;
    world.stack = world.stack.with("DATABASE_URL", "postgres://postgres:hunter2@127.0.0.1:1/chat");
    world.invoke(world.request("Create", "1")).await.unwrap();
    assert_eq!(failed(&world), "the database cannot be reached. The log has more under invocation-1.");
}

#[tokio::test]
async fn a_response_that_cannot_be_sent_fails_the_invocation_without_showing_the_url() {
    let world = World::start().await;
    let mut request = world.request("Delete", "1");
    request["ResponseURL"] = json!("http://127.0.0.1:1/answer?X-Amz-Signature=secret-signature");
    let error = world.invoke(request).await.unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(shown.contains("CloudFormation was not told") && !shown.contains("secret-signature"), "{shown}");
}

#[test]
fn other_events_are_not_treated_as_an_operators_event() {
    for event in [json!({ "task": "sweep" }), json!({ "RequestType": "Create" }), json!(null)] {
        assert!(serde_json::from_value::<Event>(event.clone()).is_err(), "{event}");
    }
}

#[tokio::test]
async fn an_invalid_url_fails_the_deployment_and_is_not_shown() {
    let mut world = World::start().await;
    world.stack = world.stack.with("DATABASE_URL", "not a url: hunter2");
    world.invoke(world.request("Create", "1")).await.unwrap();
    assert_eq!(failed(&world), "DATABASE_URL: is not a valid URL. The log has more under invocation-1.");
}

/// The reason in the only response, which must be a failure.
fn failed(world: &World) -> String {
    let (_, answer): (_, Value) = world.answer();
    assert_eq!(answer["Status"], "FAILED");
    answer["Reason"].as_str().unwrap().to_owned()
}
