//! The response to CloudFormation.

use serde_json::json;

use crate::event::Resource;
use crate::schema::{Applied, Failure};

/// The response did not reach CloudFormation. The signed URL is not shown.
#[derive(Debug, thiserror::Error)]
#[error("CloudFormation was not told: {0}")]
pub(crate) struct Unheard(#[from] reqwest::Error);

/// PUTs the outcome to the URL that CloudFormation gave. `invocation` is the id under which the log is found.
/// Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html>.
pub(crate) async fn send(
    http: &reqwest::Client,
    resource: &Resource,
    outcome: &Result<Option<Applied>, Failure>,
    invocation: &str,
) -> Result<(), Unheard> {
    let (status, reason) = match outcome {
        Ok(_) => ("SUCCESS", None),
        Err(failure) => ("FAILED", Some(format!("{failure}. The log has more under {invocation}."))),
    };
    let applied = outcome.as_ref().ok().and_then(Option::as_ref);
    let body = json!({
        "Status": status,
        "Reason": reason.unwrap_or_default(),
        // It never changes: with another id CloudFormation would delete the "old" schema.
        "PhysicalResourceId": resource.physical_resource_id.as_deref().unwrap_or("migrations"),
        "StackId": resource.stack_id,
        "RequestId": resource.request_id,
        "LogicalResourceId": resource.logical_resource_id,
        "Data": applied.map(|applied| json!({ "SchemaVersion": applied.all.last() })),
    });
    // Without a content type, since the URL is signed without one.
    let put = http.put(&resource.response_url).body(body.to_string());
    put.send().await.and_then(reqwest::Response::error_for_status).map_err(reqwest::Error::without_url)?;
    Ok(())
}
