//! Closed sets of words that are stored, sent and shown: one enum each, declared once with its words.

/// Declares an enum whose variants are words. Postgres, JSON and `as_str` use the same word. A stored word that is not
/// one of them is an error when it is read, never another value.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:tt),+ $(,)? }) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        $(#[$doc])*
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            /// Every one of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// Reads what [`Self::as_str`] wrote.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }

        $crate::domain::sql::speaks_sql!(
            $name,
            &str,
            |word| word.as_str(),
            |text| Self::parse(text).ok_or($crate::domain::Invalid("is not a word of this column"))
        );
    };
}
pub(crate) use words;
