//! A production stack whose settings are not fit is refused before any function changes.

use serde_json::json;
use testkit::capture;

use crate::world::World;

/// A world whose stage is `prod`, with these settings.
async fn production(settings: &[(&str, &str)]) -> World {
    let mut world = World::start().await;
    for (name, value) in [("STAGE", "prod"), ("OTP_DELIVERY", "sns")].iter().chain(settings) {
        world.stack = world.stack.with(name, *value);
    }
    world
}

const FIT: [(&str, &str); 5] = [
    ("DATABASE_URL", "postgres://chat@127.0.0.1:1/chat?sslmode=verify-full"),
    ("REDIS_URL", "rediss://cache.internal"),
    ("OPERATOR_KEY", "0123456789abcdef0123456789abcdef"),
    ("OTP_ALLOWED_COUNTRIES", "1,!1876"),
    ("CHECKOUT_SUCCESS_URL", "https://chat.acme.io/paid"),
];

#[tokio::test]
async fn the_deployment_fails_and_names_every_setting_that_is_not_fit() {
    let world = production(&[
        ("OPERATOR_KEY", "hunter2"),
        ("OTP_ALLOWED_COUNTRIES", "1"),
        ("CHECKOUT_SUCCESS_URL", "https://example.com/subscribed"),
    ])
    .await;
    world.invoke(world.request("Update", "1")).await.unwrap();
    let (_, answer) = world.answer();
    assert_eq!(answer["Status"], "FAILED");
    let reason = answer["Reason"].as_str().unwrap();
    for name in ["DATABASE_URL", "REDIS_URL", "OPERATOR_KEY", "OTP_ALLOWED_COUNTRIES", "CHECKOUT_SUCCESS_URL"] {
        assert!(reason.contains(&format!("{name}: must ")), "{name} in {reason}");
    }
    assert!(!reason.contains("hunter2") && !reason.contains("example.com"), "{reason}");
    let untouched = world.sql().await.query_opt("select from users", &[]).await;
    assert!(untouched.is_err(), "nothing was migrated");
}

#[tokio::test]
async fn each_of_them_alone_fails_it() {
    for (name, value) in [
        ("DATABASE_URL", "postgres://chat@127.0.0.1:1/chat"),
        ("MIGRATION_DATABASE_URL", "postgres://chat@127.0.0.1:1/chat?sslmode=prefer"),
        ("REDIS_URL", "redis://cache.internal"),
        ("OPERATOR_KEY", "operator-key-of-31-characters-."),
        ("OTP_DELIVERY", "response"),
        ("OTP_ALLOWED_COUNTRIES", "*"),
        ("CHECKOUT_CANCEL_URL", "https://example.com/plans"),
        ("PORTAL_RETURN_URL", "https://example.com/account"),
    ] {
        let world = production(&[FIT.as_slice(), &[(name, value)]].concat()).await;
        let refused = world.invoke(json!({})).await.unwrap_err().to_string();
        assert!(refused.starts_with(&format!("{name}: must ")), "{name}: {refused}");
        assert_eq!(refused.matches(": must ").count(), 1, "{name}: {refused}");
    }
}

#[tokio::test]
async fn fit_settings_reach_the_database() {
    let world = production(&FIT).await;
    let refused = world.invoke(json!({})).await.unwrap_err().to_string();
    assert_eq!(refused, "the database cannot be reached");
}

#[tokio::test]
async fn one_role_for_migrations_and_functions_is_told_in_the_log() {
    let (logs, _guard) = capture();
    for url in ["", "postgres://chat@127.0.0.1:2/chat?sslmode=require"] {
        let world = production(&[FIT.as_slice(), &[("MIGRATION_DATABASE_URL", url)]].concat()).await;
        world.invoke(json!({})).await.unwrap_err();
        assert!(logs.take().contains("the role of DATABASE_URL may change the schema"), "{url}");
    }
    let owner = ("MIGRATION_DATABASE_URL", "postgres://owner@127.0.0.1:1/chat?sslmode=require");
    production(&[FIT.as_slice(), &[owner]].concat()).await.invoke(json!({})).await.unwrap_err();
    assert!(!logs.take().contains("the role of DATABASE_URL may change the schema"));
}

#[tokio::test]
async fn a_stack_with_unfit_settings_can_be_deleted() {
    let world = production(&[("OPERATOR_KEY", "short")]).await;
    world.invoke(world.request("Delete", "1")).await.unwrap();
    assert_eq!(world.answer().1["Status"], "SUCCESS");
}

#[tokio::test]
async fn other_stages_accept_what_development_needs() {
    let mut world = World::start().await;
    world.stack = world.stack.with("STAGE", "staging");
    assert!(world.invoke(json!({})).await.is_ok());
}
