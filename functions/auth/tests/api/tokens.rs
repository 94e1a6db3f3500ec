//! Access tokens that are refused (RFC 8725), each made from a valid one by one change.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Sha256, Sha512};
use shared::domain::SessionId;
use testkit::{TestApi, User};

use crate::support::{api, is_in, sign_in, text};

const KEY: &[u8] = b"01234567890123456789012345678901";
const NOW: i64 = 1_795_435_200;

fn encode(part: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(part)
}

fn signed(header: &Value, claims: &str, key: &[u8]) -> String {
    let message = format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.as_bytes()));
    let mac = Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(&message).finalize().into_bytes();
    format!("{message}.{}", encode(&mac))
}

fn header() -> Value {
    json!({ "alg": "HS256", "typ": "at+jwt", "kid": "test" })
}

fn claims_of(user: &User) -> Value {
    let payload = user.token().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// A JSON object with one member changed; `null` removes the member.
fn but(object: &Value, name: &str, value: Value) -> Value {
    let mut object = object.clone();
    object.as_object_mut().unwrap().remove(name);
    if !value.is_null() {
        object[name] = value;
    }
    object
}

async fn is_taken(user: &User, token: &str) -> bool {
    is_in(&user.with_token(token)).await
}

async fn caller() -> (TestApi, User, Value) {
    let api = api().await;
    let (user, _) = sign_in(&api.anyone()).await;
    let claims = claims_of(&user);
    (api, user, claims)
}

#[tokio::test]
async fn a_token_made_by_the_standard_is_accepted() {
    let (_api, user, claims) = caller().await;
    assert!(is_taken(&user, &signed(&header(), &claims.to_string(), KEY)).await);
    let parts: Vec<&str> = user.token().split('.').collect();
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[0]).unwrap()).unwrap();
    assert_eq!(header, json!({ "alg": "HS256", "typ": "at+jwt", "kid": "test" }));
    assert_eq!(
        (&claims["iss"], &claims["aud"], &claims["exp"]),
        (&json!("chat-backend"), &json!("chat-app"), &json!(NOW + 86_400))
    );
}

#[tokio::test]
async fn every_other_header_is_refused() {
    let (_api, user, claims) = caller().await;
    let jwk = json!({ "kty": "oct", "k": encode(KEY) });
    for (name, value) in [
        ("alg", json!("none")),
        ("alg", json!("NONE")),
        ("alg", json!("nOnE")),
        ("alg", json!("HS512")),
        ("alg", json!("RS256")),
        ("alg", json!("ES256")),
        ("alg", json!("hs256")),
        ("alg", json!(null)),
        ("typ", json!("JWT")),
        ("typ", json!("refresh")),
        ("typ", json!(null)),
        ("kid", json!(null)),
        ("kid", json!("")),
        ("kid", json!("other")),
        ("kid", json!("../../../../dev/null")),
        ("kid", json!("test' or '1'='1")),
        ("kid", json!("x' union select 'key' --")),
        ("jwk", jwk),
        ("jku", json!("https://evil.example/keys.json")),
        ("x5u", json!("https://evil.example/cert.pem")),
        ("x5c", json!(["MIIB"])),
        ("crit", json!(["exp"])),
    ] {
        let header = but(&header(), name, value);
        assert!(!is_taken(&user, &signed(&header, &claims.to_string(), KEY)).await, "{header}");
    }
}

#[tokio::test]
async fn all_other_claims_are_refused() {
    let (_api, user, claims) = caller().await;
    for (name, value) in [
        ("iss", json!(null)),
        ("iss", json!("another-backend")),
        ("aud", json!(null)),
        ("aud", json!("another-app")),
        ("sub", json!(null)),
        ("sub", json!("admin")),
        ("sid", json!(null)),
        ("sid", json!(SessionId::generate().to_string())),
        ("exp", json!(null)),
        ("exp", json!(NOW - 5)),
        ("exp", json!("never")),
        ("nbf", json!(null)),
        ("nbf", json!(NOW + 6)),
        ("scope", json!("password_reset")),
        ("scope", json!("admin")),
        ("pwv", json!(0)),
    ] {
        let claims = but(&claims, name, value);
        assert!(!is_taken(&user, &signed(&header(), &claims.to_string(), KEY)).await, "{claims}");
    }
    let twice = claims.to_string().replacen('{', "{\"sub\":\"00000000-0000-0000-0000-000000000000\",", 1);
    assert!(!is_taken(&user, &signed(&header(), &twice, KEY)).await, "a claim that is there twice");
}

#[tokio::test]
async fn a_signature_that_is_not_the_keys_own_is_refused() {
    let (_api, user, claims) = caller().await;
    let good = signed(&header(), &claims.to_string(), KEY);
    let (message, signature) = good.rsplit_once('.').unwrap();
    let sha512 = Hmac::<Sha512>::new_from_slice(KEY).unwrap().chain_update(message).finalize().into_bytes();
    let (_, claims_part) = message.split_once('.').unwrap();
    let unsigned = |alg| {
        format!(
            "{}.{claims_part}.",
            encode(json!({ "alg": alg, "typ": "at+jwt", "kid": "test" }).to_string().as_bytes())
        )
    };
    let other_claims = encode(but(&claims, "exp", json!(NOW + 900_000)).to_string().as_bytes());
    for token in [
        signed(&header(), &claims.to_string(), b""),
        signed(&header(), &claims.to_string(), b"98765432109876543210987654321098"),
        signed(&header(), &claims.to_string(), b"test"),
        format!("{message}.{}", &signature[..signature.len() - 4]),
        format!("{message}.{}", encode(&sha512)),
        format!("{message}."),
        message.to_owned(),
        unsigned("none"),
        unsigned("None"),
        unsigned("HS256"),
        format!("{}.{other_claims}.{signature}", message.split('.').next().unwrap()),
        format!("{good}.{signature}"),
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "a.b.c".to_owned(),
    ] {
        assert!(!is_taken(&user, &token).await, "{token}");
    }
}

#[tokio::test]
async fn a_refresh_token_is_not_accepted_as_an_access_token() {
    let api = api().await;
    let (user, answer) = sign_in(&api.anyone()).await;
    assert!(!is_taken(&user, &text(&answer, "refresh_token")).await);
}

#[tokio::test]
async fn an_authorization_of_another_form_is_refused() {
    let (api, user, _) = caller().await;
    let anyone = api.anyone();
    for value in ["", "Bearer", "Basic dXNlcjpwYXNz", user.token(), &format!("Token {}", user.token())] {
        let refused = anyone.json(http::Method::GET, "/auth/sessions", &[("authorization", value)], json!(null)).await;
        assert_eq!((refused.status(), refused.header("www-authenticate")), (401, "Bearer"), "{value}");
    }
    let two_spaces = format!("Bearer  {}", user.token());
    let headers = [("authorization", &*two_spaces)];
    let refused = anyone.json(http::Method::GET, "/auth/sessions", &headers, json!(null)).await;
    assert_eq!((refused.status(), refused.header("www-authenticate")), (401, "Bearer error=\"invalid_token\""));
    let lower = format!("bearer {}", user.token());
    let taken = anyone.json(http::Method::GET, "/auth/sessions", &[("authorization", &lower)], json!(null)).await;
    assert_eq!(taken.status(), 200);
}

#[tokio::test]
async fn a_token_outlives_the_rotation_of_its_key_until_the_key_is_gone() {
    let (api, user, _) = caller().await;
    let (old, new) = (api.stack.setting("JWT_KEYS").to_owned(), "next:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=");
    let rotated = TestApi::on(api.stack.with("JWT_KEYS", format!("{new},{old}")), auth::router);
    assert!(is_taken(&rotated.anyone(), user.token()).await);
    let (fresh, _) = sign_in(&rotated.anyone()).await;
    assert_eq!(
        URL_SAFE_NO_PAD
            .decode(fresh.token().split('.').next().unwrap())
            .map(|header| String::from_utf8_lossy(&header).contains("next")),
        Ok(true)
    );
    let gone = TestApi::on(rotated.stack.with("JWT_KEYS", new), auth::router);
    assert!(!is_taken(&gone.anyone(), user.token()).await);
    assert!(is_taken(&gone.anyone(), fresh.token()).await);
}

/// A deployment changes one function after the other. The order is that of docs/runbook.md, "Rotate a secret".
#[tokio::test]
async fn while_keys_are_rotated_functions_take_the_tokens_of_those_before_and_after_them() {
    let (mut api, mut user, _) = caller().await;
    let (old, new) = (api.stack.setting("JWT_KEYS").to_owned(), "next:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=");
    for keys in [format!("{old},{new}"), format!("{new},{old}"), new.to_owned()] {
        let before = api.anyone();
        api = TestApi::on(api.stack.with("JWT_KEYS", &keys), auth::router);
        let (fresh, _) = sign_in(&api.anyone()).await;
        assert!(is_taken(&api.anyone(), user.token()).await, "{keys}");
        assert!(is_taken(&before, fresh.token()).await, "{keys}");
        user = fresh;
    }
}
