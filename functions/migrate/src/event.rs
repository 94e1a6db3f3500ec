//! The events that invoke this function.

use serde::Deserialize;

/// An invocation.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Event {
    /// From CloudFormation, for a custom resource.
    Resource(Resource),
    /// From an operator.
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
    /// What happens to the resource.
    pub request_type: RequestType,
    /// Where the response goes: a signed URL, and so a secret.
    #[serde(rename = "ResponseURL")]
    pub response_url: String,
    /// The stack's id, which the response must repeat.
    pub stack_id: String,
    /// The request's id, which the response must repeat.
    pub request_id: String,
    /// The resource's name in the template, which the response must repeat.
    pub logical_resource_id: String,
    /// The id that the first response gave it.
    pub physical_resource_id: Option<String>,
    /// Its properties in the template.
    #[serde(default, rename = "ResourceProperties")]
    properties: Properties,
}

/// What happens to a custom resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum RequestType {
    /// The resource is created.
    Create,
    /// A property changed, perhaps back to an earlier value.
    Update,
    /// The resource is deleted.
    Delete,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Properties {
    schema_version: Option<String>,
}

impl Resource {
    /// The version that the template asks for; `None` means the newest.
    pub fn schema_version(&self) -> Option<&str> {
        self.properties.schema_version.as_deref()
    }
}
