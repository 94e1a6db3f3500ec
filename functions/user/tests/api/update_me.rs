//! `PATCH /user/me`

use serde_json::json;

use crate::api;

#[tokio::test]
async fn given_fields_change_null_clears_and_the_rest_stays() {
    let api = api().await;
    let user = api.signed_in().await;
    let set = user.patch("/user/me", json!({ "name": " Ada ", "email": "ada@example.org" })).await;
    assert_eq!(
        (set.status(), &set.body()["name"], &set.body()["email"]),
        (200, &json!("Ada"), &json!("ada@example.org"))
    );

    let cleared = user.patch("/user/me", json!({ "name": null })).await.body();
    assert_eq!((&cleared["name"], &cleared["email"]), (&json!(null), &json!("ada@example.org")));
    assert_eq!(user.patch("/user/me", json!({})).await.body(), cleared);
    assert_eq!(user.get("/user/me").await.body(), cleared);
}

#[tokio::test]
async fn invalid_values_are_refused_by_field_and_change_nothing() {
    let api = api().await;
    let user = api.signed_in().await;
    for (field, value) in
        [("name", json!("  ")), ("name", json!("x".repeat(101))), ("email", json!("ada")), ("email", json!(5))]
    {
        let refused = user.patch("/user/me", json!({ field: value })).await;
        assert_eq!((refused.status(), &refused.body()["errors"][0]["pointer"]), (422, &json!(format!("/{field}"))));
    }
    assert_eq!(user.get("/user/me").await.body()["name"], json!(null));
}
