//! The risks of the OWASP API Security Top 10 (2023) that concern the account.

use serde_json::json;

use crate::api;

#[tokio::test]
async fn api1_broken_object_level_authorization_nobody_changes_another_account() {
    let api = api().await;
    let (alice, bob) = (api.signed_in().await, api.signed_in().await);
    bob.patch("/user/me", json!({ "name": "Bob" })).await;
    assert_eq!(alice.get("/user/me").await.body()["name"], json!(null));
    assert_eq!(bob.get(&format!("/user/{}", alice.id.unwrap())).await.status(), 404);
    assert_eq!(bob.delete("/user/me").await.status(), 204);
    assert_eq!(alice.get("/user/me").await.status(), 200);
}

#[tokio::test]
async fn api3_broken_object_property_level_authorization_only_the_profile_can_be_set() {
    let api = api().await;
    let user = api.signed_in().await;
    let before = user.get("/user/me").await.body();
    for field in ["id", "mobile", "tier", "allowance", "created_at", "password_hash", "password_version"] {
        let refused = user.patch("/user/me", json!({ "name": "Mallory", field: "pro" })).await;
        assert_eq!((refused.status(), &refused.body()["errors"][0]["code"]), (422, &json!("unknown_field")), "{field}");
    }
    assert_eq!(user.get("/user/me").await.body(), before);
}

#[tokio::test]
async fn api5_broken_function_level_authorization_a_reset_token_reads_and_deletes_nothing() {
    let api = api().await;
    let user = api.signed_in().await;
    let tokens = shared::auth::Tokens::from_env(&api.stack.env()).unwrap();
    let grant = shared::auth::Grant::PasswordReset(user.id.unwrap(), 0);
    let holder = user.with_token(&tokens.issue(grant, api.stack.clock.now()).unwrap());
    assert_eq!(holder.get("/user/me").await.status(), 403);
    assert_eq!(holder.patch("/user/me", json!({ "name": "Mallory" })).await.status(), 403);
    assert_eq!(holder.delete("/user/me").await.status(), 403);
}
