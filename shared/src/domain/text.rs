//! Texts that people write, each with its bounds.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Invalid;
use super::sql::speaks_sql;

/// Postgres cannot store NUL, and no text needs it.
fn bounded(text: String, most: usize, refusal: Invalid) -> Result<String, Invalid> {
    if text.contains('\0') {
        return Err(Invalid("must not contain the NUL character"));
    }
    if text.trim().is_empty() || text.chars().count() > most {
        return Err(refusal);
    }
    Ok(text)
}

macro_rules! text {
    // Not blank and without NUL, as in `bounded`. Blanks are listed, since `\s` is a different set in each dialect: first
    // ranges without any of them, then what the ranges have too many. So no end is a line terminator (U+2028, say), which
    // a literal of JavaScript cannot hold.
    ($(#[$doc:meta])* $name:ident, $most:tt, $example:tt, $refusal:literal, $shape:expr) => {
        text!(
            $(#[$doc])*
            $name, $most, $example,
            r"^[^\x00]*([^\x00-\x20\x85\xa0\u1680\u2000-\u202f\u205f\u3000]|[\x01-\x08\x0e-\x1f\u200b-\u2027\u202a-\u202e])[^\x00]*$",
            $refusal, $shape
        );
    };
    ($(#[$doc:meta])* $name:ident, $most:tt, $example:tt, $pattern:tt, $refusal:literal, $shape:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(try_from = "String")]
        #[schema(value_type = String, min_length = 1, max_length = $most, pattern = $pattern, example = $example)]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        speaks_sql!($name, &str, |text| text.as_str(), |text| Ok(Self(text.to_owned())));

        impl TryFrom<String> for $name {
            type Error = Invalid;

            fn try_from(text: String) -> Result<Self, Invalid> {
                let shape: fn(String) -> Result<String, Invalid> = $shape;
                bounded(text, $most, Invalid($refusal)).and_then(shape).map(Self)
            }
        }
    };
}

text!(
    /// A person's name, 1 to 100 characters.
    Name, 100, "Ada Lovelace", "must have 1 to 100 characters", |text| Ok(text.trim().to_owned())
);
text!(
    /// A chatroom's title, 1 to 120 characters.
    Title, 120, "Weekend in Lisbon", "must have 1 to 120 characters", |text| Ok(text.trim().to_owned())
);
text!(
    /// The instructions that the model gets before the conversation, 1 to 4,000 characters.
    SystemPrompt, 4_000, "You know Lisbon well. Answer in three sentences at most.", "must have 1 to 4000 characters", Ok
);
text!(
    /// A message, 1 to 8,000 characters.
    Content, 8_000, "We have two days in Lisbon in May and love small restaurants. What should we not miss?", "must have 1 to 8000 characters", Ok
);
text!(
    /// An e-mail address, as far as it can be checked without sending to it: RFC 5321's lengths, one `@`, and a dotted
    /// domain in its ASCII form.
    Email, 254, "ada@example.org",
    r"^([^@\x00-\x20\x7f-\xa0\u1680\u2000-\u202f\u205f\u3000]|[\u200b-\u2027\u202a-\u202e]){1,64}@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$",
    "must be an e-mail address of at most 254 characters", email
);

fn email(text: String) -> Result<String, Invalid> {
    let refusal = Invalid("must be an e-mail address");
    let (local, domain) = text.rsplit_once('@').ok_or(refusal)?;
    let labels_are_sound = domain.split('.').all(|label| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|char| char.is_ascii_alphanumeric() || char == '-')
    });
    let local_is_sound = (1..=64).contains(&local.len())
        && !local.contains(|char: char| char.is_whitespace() || char.is_control() || char == '@');
    if local_is_sound && labels_are_sound && domain.contains('.') { Ok(text) } else { Err(refusal) }
}

impl Default for Title {
    /// The title of a room that nobody has named.
    fn default() -> Self {
        Self("New chat".to_owned())
    }
}

/// A password that may be set, 8 to 128 characters. Never shown, never logged.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, format = "password", min_length = 8, max_length = 128, example = "correct horse battery")]
pub struct Password(String);

impl Password {
    /// The secret itself, for hashing.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Password {
    type Error = Invalid;

    /// Length is counted in characters. Every character is allowed, and no kind of character is required (NIST SP
    /// 800-63B, section 3.1.1.2).
    fn try_from(text: String) -> Result<Self, Invalid> {
        if (8..=128).contains(&text.chars().count()) {
            Ok(Self(text))
        } else {
            Err(Invalid("must have 8 to 128 characters"))
        }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::{Content, Email, Title};

    #[test]
    fn blank_and_overlong_texts_are_refused() {
        for text in [String::new(), "  \n".into(), "x".repeat(8_001), "nul\0".into()] {
            assert!(Content::try_from(text).is_err());
        }
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert!(Content::try_from("é".repeat(8_000)).is_ok());
    }

    #[test]
    fn a_title_loses_its_outer_blanks() {
        assert_eq!(Title::try_from(" Tea ".to_owned()).unwrap().as_str(), "Tea");
    }

    #[test]
    fn an_address_needs_one_at_sign_and_a_dotted_domain() {
        assert!(Email::try_from("ada@example.org".to_owned()).is_ok());
        for text in [
            "ada",
            "ada@",
            "@example.org",
            "a@b@example.org",
            "ada@localhost",
            "a da@example.org",
            "ada@-a.org",
            "ada@é.org",
        ] {
            assert!(Email::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
