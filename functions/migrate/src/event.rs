//! What this function is invoked with.

use serde::Deserialize;

/// An invocation.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Event {
    /// Of CloudFormation, for a custom resource.
    Resource(Resource),
    /// Of an operator.
    Operator(Operator),
}

/// An operator's request: `{}`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operator {}

/// A custom resource's request.
/// Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html>.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Resource {
    /// What happens to it.
    pub request_type: RequestType,
    /// Where the answer goes: a URL that is signed, and so a secret.
    #[serde(rename = "ResponseURL")]
    pub response_url: String,
    /// The stack, as the answer must name it.
    pub stack_id: String,
    /// The request, likewise.
    pub request_id: String,
    /// The resource's name in the template, likewise.
    pub logical_resource_id: String,
    /// The id that the first answer gave it.
    pub physical_resource_id: Option<String>,
    /// What the template says of it.
    #[serde(default, rename = "ResourceProperties")]
    properties: Properties,
}

/// What happens to a custom resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum RequestType {
    /// The stack is made.
    Create,
    /// A property changed, also back to what it was.
    Update,
    /// The stack goes.
    Delete,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Properties {
    schema_version: Option<String>,
}

impl Resource {
    /// The version that the template asks for; the newest if it does not say.
    pub fn schema_version(&self) -> Option<&str> {
        self.properties.schema_version.as_deref()
    }
}
