//! The cause of a record: the request that sent it, as an attribute beside the body, and its trace, as X-Ray's attribute.
//! Records without them are understood, and who does not know them does not see them.

use aws_lambda_events::sqs::SqsMessage;
use aws_sdk_sqs::operation::send_message::builders::SendMessageFluentBuilder;
use aws_sdk_sqs::types::{MessageAttributeValue, MessageSystemAttributeNameForSends, MessageSystemAttributeValue};
use tracing::Span;

use crate::Fault;
use crate::telemetry::Origin;

const REQUEST_ID: &str = "request_id";
/// Lambda joins the traces of who sends and who receives by it.
/// Source: <https://docs.aws.amazon.com/xray/latest/devguide/xray-services-sqs.html>.
const TRACE: MessageSystemAttributeNameForSends = MessageSystemAttributeNameForSends::AwsTraceHeader;

/// Adds the cause of what runs now to a record that is sent.
pub(super) fn with_cause(mut call: SendMessageFluentBuilder) -> Result<SendMessageFluentBuilder, Fault> {
    let untyped = |_| Fault::Bug("an attribute of a record lacks its type");
    let Origin { request_id, trace } = Origin::current();
    if let Some(id) = request_id.filter(|id| !id.is_empty()) {
        let value = MessageAttributeValue::builder().data_type("String").string_value(id).build();
        call = call.message_attributes(REQUEST_ID, value.map_err(untyped)?);
    }
    if let Some(trace) = trace.filter(|trace| !trace.is_empty()) {
        let value = MessageSystemAttributeValue::builder().data_type("String").string_value(trace).build();
        call = call.message_system_attributes(TRACE, value.map_err(untyped)?);
    }
    Ok(call)
}

/// The cause of a record that was received.
pub fn cause_of(record: &SqsMessage) -> Origin {
    let attribute = record.message_attributes.get(REQUEST_ID);
    let request_id = attribute.and_then(|attribute| attribute.string_value.clone());
    Origin { request_id, trace: record.attributes.get(TRACE.as_str()).cloned() }
}

/// The span of the work on a record: the request that sent it, and the invocation that works on it.
pub fn span_of(cause: &Origin, invocation: Option<&str>) -> Span {
    tracing::info_span!("record", request_id = cause.request_id, trace = cause.trace_id(), invocation)
}
