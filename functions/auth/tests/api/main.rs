//! `/auth` through its router, on a real Postgres and Redis.

#![cfg(test)]

mod change_password;
mod codes_race;
mod device_tokens;
mod forgot_password;
mod guard;
mod hashes_are_bounded;
mod limits;
mod lock;
mod login;
mod open_codes;
mod owasp;
mod password_race;
mod redis_away;
mod refresh;
mod secrets;
mod send_otp;
mod sessions;
mod signup;
mod start;
mod strangers_cannot_lock_out_an_owner;
mod support;
mod tokens;
mod verify_otp;
