//! `/auth` through its router, on a real Postgres and Redis.

#![cfg(test)]

mod a_change_of_number_is_proved_and_told;
mod a_reset_token_dies_with_what_it_would_reset;
mod a_stolen_access_token_cannot_take_the_account;
mod change_password;
mod codes_race;
mod device_tokens;
mod every_security_event_is_one_line;
mod forgot_password;
mod guard;
mod hashes_are_bounded;
mod limits;
mod lock;
mod login;
mod open_codes;
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
mod strangers_cannot_lock_out_an_owner;
mod support;
mod tokens;
mod verify_otp;
