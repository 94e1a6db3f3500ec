//! Prices in USD, us-east-1, first tier, without a free tier, as of November 2026. Check them again at
//! <https://aws.amazon.com/lambda/pricing/>, <https://aws.amazon.com/api-gateway/pricing/>,
//! <https://aws.amazon.com/sqs/pricing/>, <https://aws.amazon.com/cloudwatch/pricing/>,
//! <https://aws.amazon.com/rds/aurora/pricing/>, <https://aws.amazon.com/elasticache/pricing/>,
//! <https://aws.amazon.com/vpc/pricing/> and <https://ai.google.dev/gemini-api/docs/pricing>.

/// A million requests at an HTTP API.
pub const GATEWAY_MILLION: f64 = 1.00;
/// A million invocations.
pub const INVOCATIONS_MILLION: f64 = 0.20;
/// A GB of memory for a second, x86.
pub const GB_SECOND_X86: f64 = 0.000_016_666_7;
/// A GB of memory for a second, arm64.
pub const GB_SECOND_ARM: f64 = 0.000_013_333_4;
/// A million calls of a FIFO queue.
pub const FIFO_MILLION: f64 = 0.50;
/// A million calls of a standard queue.
pub const STANDARD_MILLION: f64 = 0.40;
/// A GB of log lines.
pub const LOGS_GB: f64 = 0.50;
/// An Aurora capacity unit for an hour: 2 GB of memory, and about a quarter of a processor.
pub const ACU_HOUR: f64 = 0.12;
/// A GB of Aurora's storage for a month.
pub const AURORA_GB: f64 = 0.10;
/// A million reads or writes of Aurora's storage.
pub const AURORA_IO_MILLION: f64 = 0.20;
/// A GB in Valkey serverless for an hour; at least 0.1 GB are billed.
pub const VALKEY_GB_HOUR: f64 = 0.084;
/// A million calls of Valkey serverless of at most 1 KB.
pub const VALKEY_MILLION: f64 = 0.0023;
/// An instance of two arm64 processors and 4 GB (c7g.large) for an hour, with Lambda's 15 % for managing it.
pub const MANAGED_HOUR: f64 = 0.0725 * 1.15;
/// A NAT gateway for an hour.
pub const NAT_HOUR: f64 = 0.045;
/// A public IPv4 address for an hour.
pub const ADDRESS_HOUR: f64 = 0.005;
/// A GB through a NAT gateway.
pub const NAT_GB: f64 = 0.045;
/// A metric of our own for a month.
pub const METRIC: f64 = 0.30;
/// An alarm on one metric for a month.
pub const ALARM: f64 = 0.10;
/// A text message to the United States with the carrier's fee; other countries cost up to ten times as much.
pub const SMS: f64 = 0.01;
/// A million tokens sent to Gemini 3.8 Flash, until the end of 2026; twice as much afterwards.
pub const PROMPT_MILLION: f64 = 0.75;
/// A million tokens that it answers with, its thoughts included.
pub const REPLY_MILLION: f64 = 3.75;
