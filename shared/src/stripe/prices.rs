//! The prices of Pro: what a subscription must be to, to make its customer Pro.

use std::sync::Arc;

use super::objects::Subscription;
use crate::config::{ConfigError, Env};

/// The ids of the prices of Pro. The first is sold; customers of the others stay Pro. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Prices(Arc<[String]>);

impl Prices {
    /// Reads `STRIPE_PRICE_ID`, a comma-separated list.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let prices = env.list("STRIPE_PRICE_ID");
        if prices.is_empty() {
            return Err(ConfigError::new("STRIPE_PRICE_ID", "is not set"));
        }
        Ok(Self(prices.into()))
    }

    /// No price: nothing is Pro.
    pub(super) fn none() -> Self {
        Self(Arc::default())
    }

    /// The price that a checkout sells.
    pub fn sold(&self) -> &str {
        self.0.first().map_or("", String::as_str)
    }

    /// Whether a subscription is to Pro, by one of its items.
    pub(super) fn has(&self, subscription: &Subscription) -> bool {
        let prices = subscription.items.data.iter().filter_map(|item| item.price.as_ref());
        prices.map(|price| &price.id).any(|id| self.0.contains(id))
    }
}

#[cfg(test)]
mod tests {
    use super::{Env, Prices};

    #[test]
    fn the_first_price_is_sold_and_a_list_without_any_is_refused() {
        let read = |value: &'static str| Prices::from_env(&Env::from_fn(move |_| Some(value.into())));
        assert_eq!(read("price_new, price_old").unwrap().sold(), "price_new");
        assert_eq!(read(" , ").unwrap_err().to_string(), "STRIPE_PRICE_ID: is not set");
    }
}
