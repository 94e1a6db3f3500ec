//! `/chatroom` through its router, on a real Postgres and Redis.

#![cfg(test)]

mod allowance;
mod bad_input;
mod desk;
mod idempotency;
mod list;
mod messages;
mod nobody_starves_others;
mod plans;
mod program;
mod races;
mod refunds_are_bounded;
mod rooms;
mod rooms_are_bounded;
mod scale;
mod sends_stay_cheap;
mod sizes;
mod unfinished_replies_are_bounded;
mod waiting;
mod what_reached_gemini_is_charged;
