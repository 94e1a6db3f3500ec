//! The deployment's cap and a range's limit: they stop numbers without an account, where a code is handed to SNS.

use std::time::Duration;

use shared::auth::DeviceTokens;
use shared::cache::{Asker, Handover, HandoverLimits, Purpose, Try, Use};
use shared::domain::{ChallengeId, Mobile};
use tokio::task::JoinSet;

use crate::kit::{Kit, batch, job, sender_with};

/// A slice of four codes an hour: two of them for numbers without an account, and eight at once.
const CAP: [(&str, &str); 2] = [("OTP_DAILY_CAP", "96"), ("OTP_PER_PREFIX_HOUR", "0")];

async fn open(kit: &Kit, number: usize) -> ChallengeId {
    kit.open(&format!("+1415555{number:04}"), Purpose::SignIn).await
}

/// Delivers the codes of so many new numbers and returns how many of them were sent.
async fn deliver_new(kit: &Kit, from: usize, many: usize) -> usize {
    for number in from..from + many {
        assert!(kit.deliver(&[job(open(kit, number).await)]).await.is_empty(), "a code that is stopped is not retried");
    }
    kit.taken().len()
}

#[tokio::test]
async fn four_hours_share_may_be_used_at_once_and_an_hours_share_comes_back_in_an_hour() {
    let kit = Kit::with(&CAP).await;
    assert_eq!(deliver_new(&kit, 0, 20).await, 8);
    kit.stack.clock.advance(Duration::from_mins(29));
    assert_eq!(deliver_new(&kit, 20, 5).await, 0);
    kit.stack.clock.advance(Duration::from_mins(1));
    assert_eq!(deliver_new(&kit, 30, 5).await, 1);
    kit.stack.clock.advance(Duration::from_hours(1));
    assert_eq!(deliver_new(&kit, 40, 5).await, 2);
    kit.stack.clock.advance(Duration::from_hours(24));
    assert_eq!(deliver_new(&kit, 50, 20).await, 8, "what was not used for more than four hours is gone");
}

#[tokio::test]
async fn neither_stops_a_number_with_an_account_or_a_device_token() {
    for (setting, value) in [("OTP_DAILY_CAP", "0"), ("OTP_PER_PREFIX_HOUR", "1")] {
        let kit = Kit::with(&[(setting, value)]).await;
        let spent = usize::from(setting == "OTP_PER_PREFIX_HOUR");
        assert_eq!(deliver_new(&kit, 100, 5).await, spent, "{setting}");

        kit.account("+14155550123").await;
        for purpose in [Purpose::SignIn, Purpose::PasswordReset] {
            for _ in 0..20 {
                kit.deliver(&[job(kit.open("+14155550123", purpose).await)]).await;
            }
            assert_eq!(kit.taken().len(), 20, "{setting} {purpose:?}");
        }
        let (holder, now) = (Mobile::parse("+14155550124").unwrap(), kit.stack.clock.now());
        let devices = DeviceTokens::from_env(&kit.stack.env()).unwrap();
        let token = devices.read_of(&holder, Some(&devices.issue(&holder, now)), now);
        let asker = Asker { token, ..Asker::stranger("192.0.2.1") };
        kit.deliver(&[job(kit.open_for(holder.as_str(), Purpose::SignIn, &asker).await)]).await;
        assert_eq!(kit.taken().len(), 1, "{setting}");
    }
}

#[tokio::test]
async fn a_range_of_neighbouring_numbers_gets_thirty_codes_in_an_hour() {
    let kit = Kit::start().await;
    assert_eq!(deliver_new(&kit, 0, 40).await, 30);
    assert!(kit.deliver(&[job(kit.open("+14155560000", Purpose::SignIn).await)]).await.is_empty());
    assert_eq!(kit.taken().len(), 1, "another range");
    kit.stack.clock.advance(Duration::from_hours(1));
    assert_eq!(deliver_new(&kit, 50, 1).await, 1);
}

#[tokio::test]
async fn a_code_that_is_not_handed_over_is_not_counted_and_one_that_is_retried_is_counted_once() {
    let kit = Kit::with(&CAP).await;
    for number in 0..20 {
        let unknown = kit.open(&format!("+1415555{number:04}"), Purpose::PasswordReset).await;
        kit.deliver(&[job(unknown)]).await;
    }
    let retried = [job(open(&kit, 100).await)];
    kit.fail(&[(500, "InternalError"); 3]);
    for failures in [1, 1, 1, 0, 0] {
        assert_eq!(kit.deliver(&retried).await.len(), failures);
    }
    assert_eq!(kit.taken().len(), 1);
    assert_eq!(deliver_new(&kit, 101, 20).await, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_of_a_hundred_codes_that_are_handed_over_at_once_are_sent() {
    let kit = Kit::with(&CAP).await;
    let (mut records, mut tasks) = (Vec::new(), JoinSet::new());
    for number in 0..100 {
        records.push([job(open(&kit, number).await)]);
    }
    for jobs in records {
        let sender = kit.sender.clone();
        tasks.spawn(async move { (sender.handle(batch(&jobs)).await.batch_item_failures.is_empty(), jobs) });
    }
    for (is_done, jobs) in tasks.join_all().await {
        // So many at once may wait in vain for a connection to Postgres: such a record is delivered again.
        assert!(is_done || kit.deliver(&jobs).await.is_empty());
    }
    assert_eq!(kit.taken().len(), 8);
}

#[tokio::test]
async fn while_postgres_is_away_a_code_that_a_limit_would_stop_is_retried() {
    let kit = Kit::with(&CAP).await;
    let away = sender_with(&kit, "DATABASE_URL", "postgres://postgres@127.0.0.1:1/none".into());
    for number in 0..8 {
        assert!(away.handle(batch(&[job(open(&kit, number).await)])).await.batch_item_failures.is_empty());
    }
    assert_eq!(kit.taken().len(), 8);
    kit.account("+14155559999").await;
    let jobs = [job(open(&kit, 9999).await)];
    assert_eq!(away.handle(batch(&jobs)).await.batch_item_failures.len(), 1, "it may have an account");
    assert!(kit.deliver(&jobs).await.is_empty());
    assert_eq!(kit.taken().len(), 1);
}

#[tokio::test]
async fn what_was_sent_and_used_is_known_by_country_for_an_hour_or_two() {
    let kit = Kit::start().await;
    let (cache, clock) = (kit.stack.cache(), &kit.stack.clock);
    for number in 0..4 {
        let id = open(&kit, number).await;
        kit.deliver(&[job(id)]).await;
        if number == 0 {
            cache.try_challenge(id, &Try { right: &[("test", true)], token: None }, clock.now()).await.unwrap();
        }
    }
    kit.deliver(&[job(kit.open("+4915112345678", Purpose::SignIn).await)]).await;
    let limits = HandoverLimits::from_env(&kit.stack.env()).unwrap();
    let next = async |mobile: &str| {
        let (id, number) = (kit.open(mobile, Purpose::SignIn).await, Mobile::parse(mobile).unwrap());
        match cache.hand_over(id, &number, true, &limits, clock.now()).await.unwrap() {
            Handover::Counted(uses) => uses,
            stopped => panic!("{stopped:?}"),
        }
    };
    assert_eq!(next("+14155550100").await, Use { sent: 5, used: 1, in_hour: 6 });
    assert_eq!(next("+4915112345679").await, Use { sent: 2, used: 0, in_hour: 7 });
    clock.advance(Duration::from_hours(1));
    assert_eq!(next("+14155550101").await, Use { sent: 6, used: 1, in_hour: 1 });
    clock.advance(Duration::from_hours(1));
    assert_eq!(next("+14155550102").await, Use { sent: 2, used: 0, in_hour: 1 });
    assert!(limits.is_beyond(334) && !limits.is_beyond(333), "four slices of 2,000 a day are 333");
}
