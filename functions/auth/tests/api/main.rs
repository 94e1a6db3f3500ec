//! `/auth` through its router, on a real Postgres and Redis.

#![cfg(test)]

mod change_password;
mod codes_race;
mod forgot_password;
mod limits;
mod lock;
mod login;
mod owasp;
mod password_race;
mod program;
mod redis_away;
mod refresh;
mod secrets;
mod send_otp;
mod sessions;
mod signup;
mod start;
mod support;
mod tokens;
mod verify_otp;
