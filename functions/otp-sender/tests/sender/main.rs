//! The sender on a real Postgres and Redis, with a stand-in of SNS.

#![cfg(test)]

mod a_former_number_is_told;
mod answers;
mod batches;
mod causes;
mod codes;
mod failures;
mod kit;
mod limits;
mod secrets;
mod start;
