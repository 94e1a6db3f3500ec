//! `GET /user/me`

use serde_json::json;

use crate::api;

#[tokio::test]
async fn a_user_sees_their_profile_plan_and_allowance() {
    let api = api().await;
    let user = api.signed_in().await;
    let me = user.get("/user/me").await;
    let expected = json!({
        "id": user.id.unwrap().to_string(), "mobile": user.mobile, "name": null, "email": null, "tier": "basic",
        "allowance": { "limit": 5, "used": 0, "remaining": 5, "resets_at": "2026-11-24T00:00:00.000Z" },
        "created_at": "2026-11-23T12:00:00.000Z",
    });
    assert_eq!((me.status(), me.body()), (200, expected));
}

#[tokio::test]
async fn a_paying_user_sees_the_larger_allowance_and_todays_usage() {
    let api = api().await;
    let user = api.signed_in().await;
    api.make_pro(&user).await;
    let spent = "insert into allowances (user_id, day, used) values ($1, '2026-11-23', 7), ($1, '2026-11-22', 900)";
    api.stack.sql().await.execute(spent, &[&user.id.unwrap()]).await.unwrap();
    let me = user.get("/user/me").await.body();
    assert_eq!(me["tier"], "pro");
    assert_eq!(
        (&me["allowance"]["limit"], &me["allowance"]["used"], &me["allowance"]["remaining"]),
        (&json!(1000), &json!(7), &json!(993))
    );
}

#[tokio::test]
async fn a_request_without_a_token_sees_nothing() {
    let api = api().await;
    let refused = api.anyone().get("/user/me").await;
    assert_eq!((refused.status(), refused.code().as_str()), (401, "unauthenticated"));
}
