//! Cursors and pages: a cursor is a place in a list, opaque to clients.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};
use utoipa::IntoParams;

use super::{Error, ProblemCode};

/// The most rows of a page, and the rows of a page if the client does not say.
const MOST: i64 = 100;
const USUAL: i64 = 20;

/// How a client asks for a page of a list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageRequest {
    /// Rows of the page, 1 to 100; 20 by default.
    #[serde(default, deserialize_with = "limit")]
    #[param(value_type = Option<i32>, minimum = 1, maximum = 100, default = 20, example = 20)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl PageRequest {
    /// Rows of the page.
    pub fn limit(&self) -> i64 {
        self.limit.unwrap_or(USUAL)
    }

    /// Whether this is the page that a client sees first: no cursor, the usual size.
    pub fn is_first(&self) -> bool {
        self.cursor.is_none() && self.limit() == USUAL
    }
}

/// Reads a page's size.
pub fn limit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.parse() {
        Ok(limit) if (1..=MOST).contains(&limit) => Ok(Some(limit)),
        _ => Err(D::Error::custom("limit must be a number from 1 to 100")),
    }
}

/// Makes and reads the cursors of one list. `of` names the list and whatever filters it: a cursor of another list, user
/// or filter is refused.
#[derive(Debug)]
pub struct Cursor {
    seal: [u8; 8],
}

impl Cursor {
    /// The cursors of the list `of`.
    pub fn of(of: &[&dyn std::fmt::Display]) -> Self {
        let mut hash = Sha256::new();
        for part in of {
            hash.update(part.to_string());
            hash.update([0]);
        }
        let mut seal = [0; 8];
        seal.copy_from_slice(&hash.finalize()[..8]);
        Self { seal }
    }

    /// A cursor for `place`.
    pub fn write(&self, place: &impl Serialize) -> String {
        let place = serde_json::to_vec(place).unwrap_or_default();
        URL_SAFE_NO_PAD.encode([self.sum(&place).as_slice(), &place].concat())
    }

    /// The place of a cursor, or 400 if it is not one of this list.
    pub fn read<T: DeserializeOwned>(&self, cursor: &str) -> Result<T, Error> {
        let refused = || Error::refused(ProblemCode::CursorInvalid, "The cursor is not one of this list.");
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refused())?;
        let (sum, place) = bytes.split_at_checked(8).ok_or_else(refused)?;
        if sum != self.sum(place) {
            return Err(refused());
        }
        serde_json::from_slice(place).map_err(|_| refused())
    }

    /// Binds the place to the list. It is no secret: a client that forges one reads its own list from another place.
    fn sum(&self, place: &[u8]) -> [u8; 8] {
        let mut sum = [0; 8];
        sum.copy_from_slice(&Sha256::new().chain_update(self.seal).chain_update(place).finalize()[..8]);
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::Cursor;

    #[test]
    fn a_cursor_leads_back_to_its_place_in_its_own_list_alone() {
        let list = Cursor::of(&[&"rooms", &1]);
        let cursor = list.write(&("x", 7));
        assert_eq!(list.read::<(String, i64)>(&cursor).unwrap(), ("x".to_owned(), 7));
        assert!(Cursor::of(&[&"rooms", &2]).read::<(String, i64)>(&cursor).is_err());
    }

    #[test]
    fn an_altered_cursor_is_refused() {
        let list = Cursor::of(&[&"rooms"]);
        let cursor = list.write(&7);
        for at in 0..cursor.len() {
            let mut altered: Vec<char> = cursor.chars().collect();
            altered[at] = if altered[at] == 'A' { 'B' } else { 'A' };
            assert!(list.read::<i64>(&altered.into_iter().collect::<String>()).is_err(), "at {at}");
        }
        for text in ["", "AAAA", "!!"] {
            assert!(list.read::<i64>(text).is_err());
        }
    }
}
