//! Who speaks, and how far a reply is.

use serde::Serialize;
use utoipa::ToSchema;

macro_rules! stored_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// Every one of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// As stored and shown.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// Reads what [`Self::as_str`] wrote.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

stored_enum!(
    /// Who wrote a message.
    Role {
        /// The user.
        User = "user",
        /// The model.
        Assistant = "assistant",
    }
);

stored_enum!(
    /// How far a reply is. Every state but the first two is final.
    ReplyState {
        /// Accepted; no attempt is under way.
        Pending = "pending",
        /// An attempt is under way.
        Generating = "generating",
        /// The model finished by itself.
        Completed = "completed",
        /// The model was cut off by a length limit; what it wrote is kept.
        Truncated = "truncated",
        /// The model or its filters refused.
        Blocked = "blocked",
        /// No answer could be had; `error` says why.
        Failed = "failed",
        /// The user called it off.
        Cancelled = "cancelled",
    }
);

impl ReplyState {
    /// Whether the reply will not change any more.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::Generating)
    }
}
