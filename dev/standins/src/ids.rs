//! Identifiers in the style of the originals.

use uuid::Uuid;

/// `prefix_` and 24 random letters and digits, like Stripe's ids.
pub(crate) fn prefixed(prefix: &str) -> String {
    let random = Uuid::new_v4().simple().to_string();
    format!("{prefix}_{}", &random[..24])
}

/// A random opaque token without a prefix.
pub(crate) fn opaque() -> String {
    Uuid::new_v4().simple().to_string()
}
