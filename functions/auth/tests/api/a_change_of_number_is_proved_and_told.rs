//! `POST` and `PUT /user/me/mobile`: a code proves the new number, and the old one gets a text message. Nobody learns which
//! numbers have accounts, and nobody else gets in.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use shared::auth::OneTimeCodes;
use shared::domain::{Mobile, NoticeId};
use testkit::{Answer, TestApi, User, capture};

use crate::redis_away::without_redis;
use crate::support::{code, hundred, is_in, outcomes, sign_in, text, verify, with, with_password, wrong};

const PATH: &str = "/user/me/mobile";

async fn api() -> TestApi {
    with(&[("OTP_COOLDOWN_SECONDS", "0")]).await
}

/// Asks for a change to a number; returns the challenge and its code.
async fn ask(user: &User, mobile: &str) -> (String, String) {
    code(user, PATH, json!({ "mobile": mobile })).await
}

async fn change(user: &User, challenge: &str, otp: &str) -> Answer {
    user.json(Method::PUT, PATH, &[], json!({ "challenge_id": challenge, "otp": otp })).await
}

async fn mobiles(api: &TestApi) -> Vec<String> {
    let rows = api.stack.sql().await.query("select mobile from users order by created_at, id", &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn the_account_keeps_everything_and_has_the_new_number() {
    let (logs, _guard) = capture();
    let api = api().await;
    let (user, signed_in) = sign_in(&api.anyone()).await;
    let new = api.anyone();
    let sql = api.stack.sql().await;
    let room = "insert into chatrooms (id, user_id, title, created_at, updated_at)
        select gen_random_uuid(), id, 'Tea', now(), now() from users";
    sql.execute(room, &[]).await.unwrap();
    let customer = "insert into customers (id, user_id, stripe_customer_id, created_at, status, pro_until)
        select gen_random_uuid(), id, 'cus_1', now(), 'active', 'infinity' from users";
    sql.execute(customer, &[]).await.unwrap();
    logs.take();

    let (challenge, otp) = ask(&user, &new.mobile).await;
    let changed = change(&user, &challenge, &otp).await;

    let mut account = signed_in.body()["user"].clone();
    (account["mobile"], account["tier"]) = (json!(new.mobile), json!("pro"));
    account["allowance"] = changed.body()["allowance"].clone();
    assert_eq!((changed.status(), changed.body()), (200, account));
    assert!(is_in(&user).await, "the session that changed it stays valid");
    let (_, again) = sign_in(&new).await;
    assert_eq!(again.body()["user"]["id"], signed_in.body()["user"]["id"], "the new number signs in");
    let rooms = "select count(*) from chatrooms r join users u on u.id = r.user_id where u.mobile = $1";
    assert_eq!(sql.query_one(rooms, &[&new.mobile]).await.unwrap().get::<_, i64>(0), 1);
    let lines = logs.take();
    let events: Vec<_> = lines.lines().filter(|line| line.contains("\"mobile_changed\"")).collect();
    assert!(events.len() == 1 && events[0].contains(signed_in.body()["user"]["id"].as_str().unwrap()), "{events:?}");
    assert!(!lines.contains(&new.mobile[1..]) && !lines.contains(&user.mobile[1..]), "{lines}");
}

#[tokio::test]
async fn the_old_number_loses_its_sessions_its_codes_and_its_reset() {
    let api = api().await;
    let user = with_password(&api.anyone(), "the old password").await;
    let (other, _) = sign_in(&user).await;
    let (reset, reset_otp) = code(&user, "/auth/forgot-password", json!({ "mobile": user.mobile })).await;
    let holder = user.with_token(&text(&verify(&user, &reset, &reset_otp).await, "access_token"));
    let (open, open_otp) = code(&user, "/auth/send-otp", json!({ "mobile": user.mobile })).await;
    let new = api.anyone();

    let (challenge, otp) = ask(&user, &new.mobile).await;
    assert_eq!(change(&user, &challenge, &otp).await.status(), 200);

    assert!(is_in(&user).await && !is_in(&other).await);
    let set = holder.post("/auth/change-password", json!({ "new_password": "by the old number" })).await;
    assert_eq!((set.status(), set.code().as_str()), (401, "unauthenticated"));
    assert_eq!(verify(&user, &open, &open_otp).await.code(), "challenge_expired");
    for (user, status) in [(&user, 401), (&new, 200)] {
        let login = json!({ "mobile": user.mobile, "password": "the old password" });
        assert_eq!(user.post("/auth/login", login).await.status(), status);
    }
    // Whoever has the old number now gets an account of their own.
    let (_, stranger) = sign_in(&user).await;
    assert_ne!(stranger.body()["user"]["mobile"], json!(new.mobile));
    assert_eq!(mobiles(&api).await.len(), 2);
}

#[tokio::test]
async fn the_old_number_is_told_and_the_queue_holds_neither() {
    let api = with(&[("OTP_DELIVERY", "sns")]).await;
    let (user, new) = (api.signed_in().await, api.anyone());
    let sent = user.post(PATH, json!({ "mobile": new.mobile })).await;
    assert!(sent.body().get("otp").is_none());
    let challenge = text(&sent, "challenge_id");
    let codes = OneTimeCodes::from_env(&api.stack.env()).unwrap();
    let otp = codes.derive(challenge.parse().unwrap(), "test").unwrap();
    assert_eq!(api.queued().len(), 1);

    assert_eq!(change(&user, &challenge, &otp).await.status(), 200);

    let queued = api.queued();
    assert_eq!(queued.len(), 1);
    let notice: NoticeId = queued[0].body["notice_id"].as_str().unwrap().parse().unwrap();
    assert_eq!(queued[0].body, json!({ "notice_id": notice }));
    let told = api.stack.cache().notice(notice).await.unwrap();
    assert_eq!(told, Some(Mobile::parse(&user.mobile).unwrap()));
}

#[tokio::test]
async fn a_queue_that_fails_does_not_undo_the_change() {
    let api = with(&[("OTP_DELIVERY", "sns")]).await;
    let (user, new) = (api.signed_in().await, api.anyone());
    let challenge = text(&user.post(PATH, json!({ "mobile": new.mobile })).await, "challenge_id");
    let otp = OneTimeCodes::from_env(&api.stack.env()).unwrap().derive(challenge.parse().unwrap(), "test").unwrap();
    api.stack.sqs.break_down(true);
    assert_eq!(change(&user, &challenge, &otp).await.status(), 200);
    assert_eq!(mobiles(&api).await, [new.mobile]);
}

#[tokio::test]
async fn both_need_a_fresh_sign_in() {
    let api = api().await;
    let (user, _) = sign_in(&api.anyone()).await;
    let (challenge, otp) = ask(&user, &api.anyone().mobile).await;
    api.stack.clock.advance(Duration::from_secs(601));
    for refused in [
        user.post(PATH, json!({ "mobile": api.anyone().mobile })).await,
        change(&user, &challenge, &otp).await,
        user.at(without_redis(&api)).post(PATH, json!({ "mobile": api.anyone().mobile })).await,
    ] {
        assert_eq!((refused.status(), refused.code().as_str()), (403, "fresh_sign_in_required"));
    }
    assert_eq!(mobiles(&api).await, [user.mobile]);
}

/// What a client sees of an answer, without what is different in each.
fn shape(answer: &Answer) -> (u16, Vec<String>, Value) {
    let mut body = answer.body();
    for each in ["request_id", "challenge_id", "otp"] {
        if body.get(each).is_some() {
            body[each] = json!(null);
        }
    }
    (answer.status(), answer.headers.keys().map(ToString::to_string).collect(), body)
}

#[tokio::test]
async fn a_number_with_an_account_is_answered_like_any_other_and_stays_where_it_is() {
    let api = api().await;
    let ((user, _), (owner, _)) = (sign_in(&api.anyone()).await, sign_in(&api.anyone()).await);
    let asked = async |mobile: &str| user.post(PATH, json!({ "mobile": mobile })).await;
    let free = asked(&api.anyone().mobile).await;
    for taken in [&owner.mobile, &user.mobile] {
        let sent = asked(taken).await;
        assert_eq!(shape(&sent), shape(&free));
        let (challenge, otp) = (text(&sent, "challenge_id"), text(&sent, "otp"));
        // The right code of a taken number, which nobody is sent, and a wrong one.
        let refused = change(&user, &challenge, &otp).await;
        let of_free = change(&user, &text(&free, "challenge_id"), &wrong(&text(&free, "otp"))).await;
        assert_eq!(shape(&refused), shape(&of_free));
        assert_eq!(refused.code(), "otp_invalid");
    }
    assert_eq!(mobiles(&api).await, [user.mobile.clone(), owner.mobile.clone()]);
    assert!(is_in(&user).await && is_in(&owner).await);
}

#[tokio::test]
async fn a_code_works_for_its_own_purpose_and_its_own_account_alone() {
    let api = api().await;
    let ((user, _), (thief, _)) = (sign_in(&api.anyone()).await, sign_in(&api.anyone()).await);
    let new = api.anyone();
    let (challenge, otp) = ask(&user, &new.mobile).await;
    assert_eq!(change(&thief, &challenge, &otp).await.code(), "challenge_expired", "it belongs to another account");
    let (challenge, otp) = ask(&user, &new.mobile).await;
    assert_eq!(verify(&new, &challenge, &otp).await.code(), "challenge_expired", "it does not sign in");
    for path in ["/auth/send-otp", "/auth/forgot-password"] {
        let (challenge, otp) = code(&new, path, json!({ "mobile": new.mobile })).await;
        assert_eq!(change(&user, &challenge, &otp).await.code(), "challenge_expired", "{path} is for something else");
    }
    let reset = code(&user, "/auth/forgot-password", json!({ "mobile": user.mobile })).await;
    let holder = user.with_token(&text(&verify(&user, &reset.0, &reset.1).await, "access_token"));
    assert_eq!(holder.post(PATH, json!({ "mobile": new.mobile })).await.code(), "forbidden");
    assert_eq!(mobiles(&api).await, [user.mobile, thief.mobile]);
}

#[tokio::test]
async fn the_limits_of_codes_apply() {
    let api = with(&[("OTP_ALLOWED_COUNTRIES", "1,!1876"), ("OTP_PER_IP_HOUR", "2")]).await;
    let (user, _) = sign_in(&api.anyone()).await;
    let new = api.anyone();
    assert_eq!(user.post(PATH, json!({ "mobile": "+18765550123" })).await.code(), "country_not_supported");
    assert_eq!(user.post(PATH, json!({ "mobile": new.mobile })).await.status(), 202);
    let refused = user.post(PATH, json!({ "mobile": new.mobile })).await;
    assert_eq!((refused.code().as_str(), refused.header("retry-after")), ("otp_cooldown", "30"));
    assert_eq!(user.post(PATH, json!({ "mobile": api.anyone().mobile })).await.code(), "otp_ip_limit");
}

#[tokio::test]
async fn without_redis_no_code_is_sent_and_no_number_is_changed() {
    let api = api().await;
    let (user, _) = sign_in(&api.anyone()).await;
    let (challenge, otp) = ask(&user, &api.anyone().mobile).await;
    let away = user.at(without_redis(&api));
    assert_eq!(away.post(PATH, json!({ "mobile": api.anyone().mobile })).await.code(), "unavailable");
    assert_eq!(change(&away, &challenge, &otp).await.code(), "unavailable");
    assert_eq!(mobiles(&api).await, [user.mobile]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_a_hundred_accounts_gets_a_number_that_all_of_them_prove() {
    let api = api().await;
    let new = api.anyone();
    let mut proofs = Vec::new();
    // The codes of one number replace each other, so the race is that of the statement.
    let (db, now) = (api.stack.db(), api.stack.clock.now());
    for _ in 0..100 {
        let user = api.signed_in().await;
        proofs.push((user.id.unwrap(), user.session.unwrap()));
    }
    let mobile = Mobile::parse(&new.mobile).unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for (user, session) in proofs {
        let (db, mobile) = (db.clone(), mobile.clone());
        tasks.spawn(async move {
            shared::db::users::change_mobile(&db, user, &mobile, session, |_| Vec::new(), now).await.unwrap()
        });
    }
    let seen = tasks.join_all().await;
    let got = |of: fn(&shared::db::users::MobileChange) -> bool| seen.iter().filter(|one| of(one)).count();
    assert_eq!(got(|one| matches!(one, shared::db::users::MobileChange::Changed(_))), 1);
    assert_eq!(got(|one| matches!(one, shared::db::users::MobileChange::Refused)), 99);
    assert_eq!(mobiles(&api).await.iter().filter(|mobile| **mobile == new.mobile).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_a_hundred_uses_of_a_code_changes_the_number() {
    let api = api().await;
    let (user, _) = sign_in(&api.anyone()).await;
    let new = api.anyone();
    let (challenge, otp) = ask(&user, &new.mobile).await;
    let seen = hundred(|_| {
        let (user, challenge, otp) = (user.clone(), challenge.clone(), otp.clone());
        async move { change(&user, &challenge, &otp).await }
    });
    assert_eq!(seen.await, outcomes(&[(200, "", 1), (401, "challenge_expired", 99)]));
    assert_eq!(mobiles(&api).await, [new.mobile]);
}

/// Sets what an account has spent today.
async fn spend(api: &TestApi, mobile: &str, used: i32) {
    let sql = "insert into allowances (user_id, day, used, refunded)
        select id, '2026-11-23', $2, $2 from users where mobile = $1
        on conflict (user_id, day) do update set used = $2, refunded = $2";
    assert_eq!(api.stack.sql().await.execute(sql, &[&mobile, &used]).await.unwrap(), 1);
}

fn used(signed_in: &Answer) -> Value {
    signed_in.body()["user"]["allowance"]["used"].clone()
}

#[tokio::test]
async fn what_was_spent_today_goes_with_the_account_and_stays_with_the_number() {
    let api = api().await;
    let (user, _) = sign_in(&api.anyone()).await;
    let (new, newer) = (api.anyone(), api.anyone());
    spend(&api, &user.mobile, 5).await;
    let (challenge, otp) = ask(&user, &new.mobile).await;
    assert_eq!(change(&user, &challenge, &otp).await.body()["allowance"]["used"], 5);
    let mut at_old_number = api.anyone();
    at_old_number.mobile.clone_from(&user.mobile);
    let (owner, signed_in) = sign_in(&at_old_number).await;
    assert_eq!(used(&signed_in), 5, "the number has no new day");

    // It moves away again, and its successor at the number spends nothing more either.
    let (challenge, otp) = ask(&owner, &newer.mobile).await;
    assert_eq!(change(&owner, &challenge, &otp).await.status(), 200);
    assert_eq!(used(&sign_in(&at_old_number).await.1), 5);
}

#[tokio::test]
async fn whoever_takes_a_number_takes_what_was_spent_with_it() {
    let api = api().await;
    let (spent, _) = sign_in(&api.anyone()).await;
    let (fresh, _) = sign_in(&api.anyone()).await;
    spend(&api, &spent.mobile, 4).await;
    spend(&api, &fresh.mobile, 1).await;
    let away = api.anyone();
    let (challenge, otp) = ask(&spent, &away.mobile).await;
    assert_eq!(change(&spent, &challenge, &otp).await.status(), 200);
    let (challenge, otp) = ask(&fresh, &spent.mobile).await;
    assert_eq!(change(&fresh, &challenge, &otp).await.body()["allowance"]["used"], 4, "the greater of both");
}

#[tokio::test]
async fn a_session_that_is_ended_meanwhile_changes_no_number_and_no_password() {
    let api = api().await;
    let thief = with_password(&api.anyone(), "the password of both").await;
    let new = api.anyone();
    let (challenge, otp) = ask(&thief, &new.mobile).await;
    let owner = api.stack.sql().await;
    owner.batch_execute("begin; select from users for update").await.unwrap();
    let stalled = {
        let thief = thief.clone();
        api.stack.stalled(async move { change(&thief, &challenge, &otp).await }).await
    };
    owner.batch_execute("update sessions set revoked_at = now(); commit").await.unwrap();
    assert_eq!(stalled.await.unwrap().code(), "otp_invalid");
    assert_eq!(mobiles(&api).await, [thief.mobile]);
}

#[tokio::test]
async fn a_number_that_signs_up_between_the_code_and_the_change_stays_with_its_own_account() {
    let api = api().await;
    let (user, _) = sign_in(&api.anyone()).await;
    let new = api.anyone();
    let (challenge, otp) = ask(&user, &new.mobile).await;
    let (owner, _) = sign_in(&new).await;
    assert_eq!(change(&user, &challenge, &otp).await.code(), "otp_invalid");
    assert_eq!(mobiles(&api).await, [user.mobile.clone(), owner.mobile.clone()]);
    assert!(is_in(&user).await && is_in(&owner).await);
}
