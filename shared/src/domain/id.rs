//! Identifiers: one type each, so that none passes for another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $new:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = String, format = "uuid", example = "019a2b3c-4d5e-7f60-8a1b-2c3d4e5f6071")]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new one that nobody has.
            pub fn generate() -> Self {
                Self(Uuid::$new())
            }
        }

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
    UserId, now_v7
);
id!(
    /// A signed-in device.
    SessionId, now_v7
);
id!(
    /// A chatroom.
    ChatroomId, now_v7
);
id!(
    /// A message or a reply.
    MessageId, now_v7
);
id!(
    /// A row of `customers`.
    CustomerId, now_v7
);
id!(
    /// A one-time code's challenge. Random: knowing one is part of the proof.
    ChallengeId, new_v4
);
id!(
    /// A profile that waits for its mobile to be proved. Random for the same reason.
    SignupId, new_v4
);
