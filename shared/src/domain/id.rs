//! Identifiers: each has its own type, so that none is used in place of another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::sql::speaks_sql;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $new:ident, $example:tt) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = String, format = "uuid", example = $example)]
        pub struct $name(Uuid);

        impl $name {
            /// A new, unique one.
            pub fn generate() -> Self {
                Self(Uuid::$new())
            }

            /// Its 16 bytes.
            pub fn as_bytes(&self) -> &[u8] {
                self.0.as_bytes()
            }

            /// Reads what [`Self::as_bytes`] returned; `None` if these are not 16 bytes.
            pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
                Uuid::from_slice(bytes).ok().map(Self)
            }
        }

        speaks_sql!($name, Uuid, |id| id.0, |uuid| Ok(Self(uuid)));

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::from_str(text).map(Self)
            }
        }
    };
}

id!(
    /// An account (a UUID of version 7, RFC 9562).
    UserId, now_v7, "01a207ae-2d60-7269-bca9-4de452e6b438"
);
id!(
    /// A signed-in device.
    SessionId, now_v7, "01a207ae-2d61-70c5-a9a8-a4506513270e"
);
id!(
    /// A chatroom.
    ChatroomId, now_v7, "01a207af-2c01-7892-b48f-0824128b2f33"
);
id!(
    /// A message or a reply.
    MessageId, now_v7, "01a207af-efbc-781e-ba38-5d940ed90475"
);
id!(
    /// A row of `customers`.
    CustomerId, now_v7, "01a207b3-77d0-7e1c-9f0e-5a3b8c2d1e40"
);
id!(
    /// A one-time code's challenge. Random: knowing one is part of the proof.
    ChallengeId, new_v4, "1fb17c23-90c1-42cf-a3ac-94af0f21ddb6"
);
id!(
    /// A notice to a number that an account had before.
    NoticeId, new_v4, "8d0a3c0e-5b8f-4a51-9d3f-0f6a2b1c7e44"
);
id!(
    /// A sign-up's profile that is kept until its mobile is proved. Random for the same reason.
    SignupId, new_v4, "6cad4a26-8d11-4ece-a738-f7d93d9c1724"
);
