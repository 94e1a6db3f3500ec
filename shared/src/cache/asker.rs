//! Who asks for a code: a stranger at an address, or the holder of a device token. Each has budgets of their own.

use crate::auth::{DeviceToken, Owner};
use crate::domain::Mobile;

/// The asker that all holders of a number's device tokens are: signing in often gives no second budget.
const HOLDER: &str = "device";

/// Who asks for a code.
#[derive(Debug, Clone)]
pub struct Asker {
    /// The address (IPv6: a /64).
    pub address: String,
    /// The device token of the number, if one was shown.
    pub token: Option<DeviceToken>,
    /// The number as each live key names it, so that a try may show a device token too.
    pub owners: Vec<Owner>,
}

impl Asker {
    /// Somebody at `address` who shows no device token.
    pub fn stranger(address: &str) -> Self {
        Self { address: address.to_owned(), token: None, owners: Vec::new() }
    }

    /// The name under which the asker's open code is kept. An address has no blanks and no bars in it.
    pub(super) fn name(&self) -> String {
        match self.token {
            Some(_) => HOLDER.to_owned(),
            None => self.address.replace([' ', '|'], "_"),
        }
    }

    /// What the codes to `mobile` are counted under: for the number, for the asker at the number, for the address.
    /// Holders have one count for all three.
    pub(super) fn counts(&self, purpose: &str, mobile: &Mobile) -> [(&'static str, String); 3] {
        let of_number = format!("{purpose}:{}", mobile.as_str());
        if self.token.is_some() {
            return ["codes-device"; 3].map(|kind| (kind, of_number.clone()));
        }
        let of_asker = format!("{of_number}:{}", self.address);
        [("codes-mobile", of_number), ("codes-asker", of_asker), ("codes-ip", self.address.clone())]
    }
}
