//! Mobile numbers in E.164.
//!
//! Only the form is checked here, not whether a number is assigned. The metadata of the `phonenumber` crate cost 57 ms
//! and 6 MB at the first parse, in the request that a cold start already delays. Clients have a library that formats a
//! number while it is typed; a number that nobody has gets no code and so no account.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Invalid;
use super::sql::speaks_sql;

/// A mobile number in canonical E.164: `+`, a calling code that does not begin with 0, 8 to 15 digits in all.
/// Source: ITU-T E.164, section 6.2.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, pattern = r"^\+[1-9][0-9]{7,14}$", example = "+14155550123")]
pub struct Mobile(String);

impl Mobile {
    /// Reads a number as clients send it: canonical, with no blanks or punctuation.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let digits = text.strip_prefix('+').ok_or(Invalid("must be in E.164 form and begin with +"))?;
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Invalid("must be in E.164 form: + and digits alone"));
        }
        if digits.starts_with('0') {
            return Err(Invalid("no calling code begins with 0"));
        }
        if !(8..=15).contains(&digits.len()) {
            return Err(Invalid("must have 8 to 15 digits"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The canonical text, with its `+`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digits after the `+`: calling code and national number.
    pub fn digits(&self) -> &str {
        &self.0[1..]
    }

    /// The calling code: `1`, `49`, `351`.
    pub fn calling_code(&self) -> &str {
        let digits = self.digits();
        let length = match &digits[..2] {
            two if two.starts_with(['1', '7']) => 1,
            two if TWO_DIGITS.contains(&two) => 2,
            _ => 3,
        };
        &digits[..length]
    }

    /// The number without its last four digits. Numbers that are bought in bulk often share it.
    pub fn prefix(&self) -> &str {
        &self.0[..self.0.len().saturating_sub(4)]
    }
}

/// Calling codes of two digits. Those that begin with 1 or 7 have one digit, all others have three.
/// Source: ITU-T E.164 Annex, list of assigned country codes.
const TWO_DIGITS: [&str; 44] = [
    "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48", "49", "51",
    "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81", "82", "84", "86", "90",
    "91", "92", "93", "94", "95", "98",
];

// A stored number was right when it was stored: a stricter rule must not lock its owner out.
speaks_sql!(Mobile, &str, |mobile| mobile.as_str(), |text| Ok(Self(text.to_owned())));

impl TryFrom<String> for Mobile {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

/// Numbers are personal: logs show only the last two digits.
impl fmt::Debug for Mobile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mobile(…{})", &self.0[self.0.len() - 2..])
    }
}

#[cfg(test)]
mod tests {
    use super::Mobile;

    #[test]
    fn canonical_numbers_are_accepted() {
        for number in ["+14155550123", "+4915112345678", "+12345678", "+123456789012345"] {
            assert_eq!(Mobile::parse(number).unwrap().as_str(), number);
        }
    }

    #[test]
    fn a_calling_code_has_one_to_three_digits() {
        for (number, code) in [
            ("+14155550123", "1"),
            ("+79161234567", "7"),
            ("+4915112345678", "49"),
            ("+351912345678", "351"),
            ("+8821655501234", "882"),
        ] {
            assert_eq!(Mobile::parse(number).unwrap().calling_code(), code);
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "+",
            "14155550123",
            "+0155550123",
            "+1234567",
            "+1234567890123456",
            "+1 415 555 0123",
            "+1415555012a",
            "+１４１５５５５０１２３",
        ] {
            assert!(Mobile::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_log_line_does_not_hold_the_number() {
        assert_eq!(format!("{:?}", Mobile::parse("+14155550123").unwrap()), "Mobile(…23)");
    }
}
