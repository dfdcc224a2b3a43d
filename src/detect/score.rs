//! From findings to a score: log-odds that add up, each shown.

use std::collections::BTreeMap;

use crate::detect::watchlist::Weights;

/// Named contributions of one listing; a count times its weight.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Features(pub BTreeMap<&'static str, f64>);

impl Features {
    /// Adds to a feature, up to `most`.
    pub fn add(&mut self, name: &'static str, most: f64) {
        let held = self.0.entry(name).or_default();
        *held = (*held + 1.0).min(most);
    }

    /// Probability by the weights.
    pub fn score(&self, weights: &Weights) -> f64 {
        let sum: f64 =
            self.0.iter().map(|(name, value)| value * weights.features.get(*name).copied().unwrap_or(0.0)).sum();
        1.0 / (1.0 + (-(weights.bias + sum)).exp())
    }

    /// The contributions in words, strongest first: `name-none-known +6.60`.
    pub fn explain(&self, weights: &Weights) -> Vec<(String, f64)> {
        let mut parts: Vec<(String, f64)> = self
            .0
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value * weights.features.get(*name).copied().unwrap_or(0.0)))
            .filter(|(_, weight)| *weight != 0.0)
            .collect();
        parts.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
        parts
    }
}
