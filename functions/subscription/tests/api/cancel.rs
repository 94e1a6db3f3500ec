//! `POST /subscription/cancel` and `POST /subscription/reactivate`

use serde_json::{Value, json};
use subscription::router;
use testkit::Shop;

#[tokio::test]
async fn a_cancellation_takes_effect_at_the_end_of_the_period_and_can_be_revoked() {
    let shop = Shop::open(router).await;
    let (user, _) = shop.subscriber().await;
    // Twice, because a second cancellation must not be treated as a repetition of the first.
    for _ in 0..2 {
        let cancelled = user.post("/subscription/cancel", json!(null)).await;
        assert_eq!(cancelled.status(), 200);
        let status = cancelled.body();
        assert_eq!((&status["tier"], &status["status"]), (&json!("pro"), &json!("active")));
        assert_eq!(status["cancel_at"], status["current_period_end"]);
        let again = user.post("/subscription/cancel", json!(null)).await;
        assert_eq!((again.status(), again.code().as_str()), (409, "already_cancelled"));

        let reactivated = user.post("/subscription/reactivate", json!(null)).await;
        assert_eq!((reactivated.status(), &reactivated.body()["cancel_at"]), (200, &Value::Null));
        let again = user.post("/subscription/reactivate", json!(null)).await;
        assert_eq!((again.status(), again.code().as_str()), (409, "not_cancelled"));
    }
}

#[tokio::test]
async fn a_cancellation_made_in_the_portal_is_shown_and_can_be_revoked_too() {
    let shop = Shop::open(router).await;
    let (user, subscription) = shop.subscriber().await;
    let scheduled = shop.act("subscriptions", &subscription, "portal_cancel").await;
    assert_eq!(scheduled["cancel_at_period_end"], false, "the portal sets cancel_at alone");
    shop.follow(&user).await;
    let status = user.get("/subscription/status").await.body();
    assert_eq!(status["cancel_at"], status["current_period_end"]);

    let reactivated = user.post("/subscription/reactivate", json!(null)).await;

    assert_eq!((reactivated.status(), &reactivated.body()["cancel_at"]), (200, &Value::Null));
}

#[tokio::test]
async fn a_cancelled_subscription_ends_with_its_period() {
    let shop = Shop::open(router).await;
    let (user, subscription) = shop.subscriber().await;
    user.post("/subscription/cancel", json!(null)).await;
    shop.act("subscriptions", &subscription, "renew").await;
    shop.follow(&user).await;
    let status = user.get("/subscription/status").await.body();
    assert_eq!(
        (&status["tier"], &status["status"], &status["cancel_at"]),
        (&json!("basic"), &json!("canceled"), &Value::Null)
    );
}

#[tokio::test]
async fn without_a_subscription_there_is_nothing_to_cancel_or_reactivate() {
    let shop = Shop::open(router).await;
    let nobody = shop.api.signed_in().await;
    let (former, subscription) = shop.subscriber().await;
    shop.act("subscriptions", &subscription, "cancel_now").await;
    for user in [nobody, former] {
        for path in ["/subscription/cancel", "/subscription/reactivate"] {
            let refused = user.post(path, json!(null)).await;
            assert_eq!((refused.status(), refused.code().as_str()), (409, "no_subscription"), "{path}");
        }
    }
}

#[tokio::test]
async fn a_cancellation_whose_response_was_lost_is_made_once_and_shown() {
    let shop = Shop::open(router).await;
    let (user, subscription) = shop.subscriber().await;
    let path = format!("/v1/subscriptions/{subscription}");
    shop.admin("fail", json!({ "status": 500, "times": 1, "path_prefix": path, "method": "POST", "after": true }))
        .await;
    let cancelled = user.post("/subscription/cancel", json!(null)).await;
    assert_eq!(cancelled.status(), 200);
    assert_eq!(cancelled.body()["cancel_at"], cancelled.body()["current_period_end"]);
}

#[tokio::test]
async fn a_failed_cancellation_is_a_new_operation_the_next_time() {
    let shop = Shop::open(router).await;
    let (user, subscription) = shop.subscriber().await;
    let path = format!("/v1/subscriptions/{subscription}");
    shop.admin("fail", json!({ "status": 500, "times": 3, "path_prefix": path, "method": "POST" })).await;
    assert_eq!(user.post("/subscription/cancel", json!(null)).await.status(), 503);
    assert_eq!(user.post("/subscription/cancel", json!(null)).await.status(), 200);
    let keys = shop.keys(&path).await;
    assert_eq!((keys.len(), keys[0] == keys[2], keys[0] == keys[3]), (4, true, false), "{keys:?}");
}
