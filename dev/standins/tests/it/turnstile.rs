//! The Turnstile stand-in.

use serde_json::{Value, json};
use standins::Turnstile;
use standins::turnstile::Fault;

use crate::support::{client, send};

const SECRET: &str = "0x0000000000000000000000000000000AA";

async fn verify(turnstile: &Turnstile, form: &[(&str, &str)]) -> Value {
    send(client().post(format!("{}/turnstile/v0/siteverify", turnstile.url())).form(form)).await.json
}

#[tokio::test]
async fn a_persons_token_is_valid_once() {
    let turnstile = Turnstile::start("127.0.0.1:0").unwrap();
    let form = [("secret", SECRET), ("response", "person-1")];
    let first = verify(&turnstile, &form).await;
    assert_eq!((&first["success"], &first["error-codes"]), (&json!(true), &json!([])));
    let again = verify(&turnstile, &form).await;
    assert_eq!((&again["success"], &again["error-codes"]), (&json!(false), &json!(["timeout-or-duplicate"])));
    assert_eq!(turnstile.calls(), 2);
}

#[tokio::test]
async fn what_is_missing_or_wrong_is_named_as_cloudflare_does() {
    let turnstile = Turnstile::start("127.0.0.1:0").unwrap();
    for (secret, token, error) in [
        ("", "person", "missing-input-secret"),
        (SECRET, "", "missing-input-response"),
        ("guess", "person", "invalid-input-secret"),
        (SECRET, "machine", "invalid-input-response"),
        ("2x0000000000000000000000000000000AA", "person", "invalid-input-response"),
    ] {
        let refused = verify(&turnstile, &[("secret", secret), ("response", token)]).await;
        assert_eq!((&refused["success"], &refused["error-codes"]), (&json!(false), &json!([error])));
    }
}

#[tokio::test]
async fn it_fails_on_demand() {
    let turnstile = Turnstile::start("127.0.0.1:0").unwrap();
    let post = |path: &str| client().post(format!("{}{path}", turnstile.url()));
    assert_eq!(send(post("/admin/fault").body(r#"{"fault":"broken"}"#)).await.status, 204);
    assert_eq!(send(post("/turnstile/v0/siteverify")).await.status, 500);
    turnstile.fail(Some(Fault::InternalError));
    let refused = verify(&turnstile, &[("secret", SECRET), ("response", "person")]).await;
    assert_eq!(refused["error-codes"], json!(["internal-error"]));
    turnstile.fail(None);
    assert_eq!(verify(&turnstile, &[("secret", SECRET), ("response", "person")]).await["success"], json!(true));
}
