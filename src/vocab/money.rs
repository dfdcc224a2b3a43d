//! Prices as published: an amount in minor units and a currency.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An amount of money. `minor_units` counts cents for most currencies; [`Price::exponent`] says how many decimals apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// Amount in the currency's smallest unit.
    pub minor_units: i64,
    /// ISO 4217 code or the ticker of a cryptocurrency, upper case, when the page said one.
    pub currency: Option<String>,
}

impl Price {
    /// Decimals of the currency: 0 for yen and alike, 8 for Bitcoin, 2 otherwise.
    pub fn exponent(currency: Option<&str>) -> u32 {
        match currency {
            Some("JPY" | "KRW" | "VND" | "CLP" | "ISK" | "UGX" | "XAF" | "XOF" | "PYG" | "RWF") => 0,
            Some("BHD" | "KWD" | "JOD" | "OMR" | "TND" | "IQD" | "LYD") => 3,
            Some("BTC" | "XMR" | "ETH" | "LTC" | "BCH") => 8,
            _ => 2,
        }
    }
}

/// The decimal amount without the currency, e.g. `12.50`.
impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exponent = Price::exponent(self.currency.as_deref());
        let scale = 10_i64.pow(exponent);
        let sign = if self.minor_units < 0 { "-" } else { "" };
        let whole = (self.minor_units / scale).unsigned_abs();
        let part = (self.minor_units % scale).unsigned_abs();
        if exponent == 0 {
            write!(f, "{sign}{whole}")
        } else {
            write!(f, "{sign}{whole}.{part:0width$}", width = exponent as usize)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_the_decimals_of_its_currency() {
        for (minor_units, currency, text) in [
            (1250, Some("EUR"), "12.50"),
            (-5, Some("USD"), "-0.05"),
            (900, Some("JPY"), "900"),
            (1, Some("BTC"), "0.00000001"),
            (100, None, "1.00"),
        ] {
            assert_eq!(Price { minor_units, currency: currency.map(str::to_owned) }.to_string(), text);
        }
    }
}
