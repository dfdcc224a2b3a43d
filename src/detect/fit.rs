//! Weights from labelled listings: logistic regression that stays near the weights it starts from, and thresholds on the
//! operating curve of listings the weights did not see.

use std::collections::BTreeMap;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::detect::score::Features;
use crate::detect::watchlist::Weights;

/// One labelled listing.
#[derive(Debug, Clone)]
pub struct Example {
    /// What its score is made of; empty where nothing was found.
    pub features: Features,
    /// Whether it is in scope.
    pub in_scope: bool,
    /// Listings of one group differ in a quantity only: together they count once, and stand on one side of a split.
    pub group: String,
    /// Whether it was chosen because it resembles what is looked for.
    pub look_alike: bool,
}

/// Parts the data is split into for the thresholds.
const FOLDS: u64 = 5;

/// How strongly weights are held to where they start: of the order of the number of groups a feature needs to move.
const HOLD: f64 = 4.0;

/// Steps of the descent; it has long settled by then.
const STEPS: usize = 3_000;

/// Share of referrals that have to be right, and of ordinary listings and look-alikes that may be called.
const REFER_PRECISION: f64 = 0.985;
const ORDINARY_CALLED: f64 = 0.001;
const LOOK_ALIKES_CALLED: f64 = 0.03;

/// Fits weights and thresholds. The same examples in the same order and the same seed give the same weights.
pub fn fit(examples: &[Example], start: &Weights, seed: u64, chosen_by: String) -> Weights {
    let sizes = examples.iter().fold(BTreeMap::<&str, f64>::new(), |mut sizes, example| {
        *sizes.entry(&example.group).or_default() += 1.0;
        sizes
    });
    let rows: Vec<Row<'_>> = examples
        .iter()
        .map(|example| Row { example, weight: 1.0 / sizes.get(example.group.as_str()).copied().unwrap_or(1.0) })
        .collect();
    let mut unseen: Vec<(f64, &Example)> = Vec::new();
    for fold in 0..FOLDS {
        let is_in = |row: &&Row<'_>| xxh3_64_with_seed(row.example.group.as_bytes(), seed) % FOLDS == fold;
        let model = descend(&rows.iter().filter(|row| !is_in(row)).collect::<Vec<_>>(), start);
        unseen.extend(rows.iter().filter(is_in).map(|row| (row.example.features.score(&model), row.example)));
    }
    let (review, refer) = thresholds(unseen);
    Weights { review, refer, chosen_by, ..descend(&rows.iter().collect::<Vec<_>>(), start) }
}

struct Row<'a> {
    example: &'a Example,
    weight: f64,
}

/// Descends the loss of all rows plus a pull towards the start, by gradients scaled with their size so far.
fn descend(rows: &[&Row<'_>], start: &Weights) -> Weights {
    let names: Vec<&str> = start.features.keys().map(String::as_str).collect();
    let place = |name: &str| names.binary_search(&name).ok();
    // Rows with the same features and label are one row.
    let mut counted: BTreeMap<(Vec<(usize, u64)>, bool), f64> = BTreeMap::new();
    for row in rows {
        let values = row.example.features.0.iter();
        let values = values.filter_map(|(name, value)| Some((place(name)?, value.to_bits()))).collect();
        *counted.entry((values, row.example.in_scope)).or_default() += row.weight;
    }
    let first: Vec<f64> = start.features.values().copied().chain([start.bias]).collect();
    let mut weights = first.clone();
    let mut seen = vec![0.0_f64; weights.len()];
    for _ in 0..STEPS {
        let mut slope: Vec<f64> = weights.iter().zip(&first).map(|(now, then)| HOLD * (now - then) / 4.0).collect();
        for ((values, in_scope), weight) in &counted {
            let values = values.iter().map(|(at, bits)| (*at, f64::from_bits(*bits))).chain([(first.len() - 1, 1.0)]);
            let sum: f64 = values.clone().map(|(at, value)| weights[at] * value).sum();
            let error = weight * (1.0 / (1.0 + (-sum).exp()) - f64::from(u8::from(*in_scope)));
            values.for_each(|(at, value)| slope[at] += error * value);
        }
        for at in 0..weights.len() {
            seen[at] += slope[at] * slope[at];
            weights[at] -= 0.3 * slope[at] / (seen[at].sqrt() + 1e-9);
        }
    }
    let round = |weight: f64| (weight * 100.0).round() / 100.0;
    let bias = round(weights.last().copied().unwrap_or(start.bias));
    let features = names.iter().zip(&weights).map(|(name, weight)| ((*name).to_owned(), round(*weight))).collect();
    Weights { bias, features, ..start.clone() }
}

/// The lowest scores from which referrals are right often enough, and from which few enough others are called at all.
fn thresholds(mut unseen: Vec<(f64, &Example)>) -> (f64, f64) {
    unseen.sort_by(|a, b| b.0.total_cmp(&a.0));
    let of = |look_alike: bool| {
        unseen.iter().filter(|(_, one)| !one.in_scope && one.look_alike == look_alike).count().max(1) as f64
    };
    let (ordinary, look_alikes) = (of(false), of(true));
    let (mut right, mut wrong) = (0.0, [0.0, 0.0]);
    let (mut refer, mut review) = (1.0_f64, 1.0_f64);
    for (at, (score, one)) in unseen.iter().enumerate() {
        if one.in_scope {
            right += 1.0
        } else {
            wrong[usize::from(one.look_alike)] += 1.0
        }
        // Listings of one score go together.
        if unseen.get(at + 1).is_some_and(|(next, _)| next == score) {
            continue;
        }
        if right / (right + wrong[0] + wrong[1]) >= REFER_PRECISION {
            refer = *score;
        }
        if wrong[0] / ordinary <= ORDINARY_CALLED && wrong[1] / look_alikes <= LOOK_ALIKES_CALLED {
            review = *score;
        }
    }
    let down = |score: f64| (score * 1e4).floor() / 1e4;
    (down(review.min(refer)), down(refer))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(names: &[&'static str], in_scope: bool, group: usize) -> Example {
        let mut features = Features::default();
        names.iter().for_each(|name| features.add(name, 1.0));
        Example { features, in_scope, group: format!("g{group}"), look_alike: !names.is_empty() && !in_scope }
    }

    #[test]
    fn weights_follow_the_labels_and_thresholds_keep_their_promise() {
        let mut examples = Vec::new();
        for at in 0..400 {
            examples.push(example(&["name"], at % 20 != 0, at));
            examples.push(example(&["name", "licit"], false, 1000 + at));
            examples.push(example(&[], false, 2000 + at));
        }
        let features = [("licit", 0.0), ("name", 0.0), ("never-seen", 1.5)];
        let start = Weights {
            bias: 0.0,
            features: features.map(|(name, weight)| (name.to_owned(), weight)).into(),
            review: 0.5,
            refer: 0.5,
            chosen_by: String::new(),
        };
        let fitted = fit(&examples, &start, 7, "a test".to_owned());
        assert!(fitted.bias < -2.0 && fitted.features["name"] > 3.0 && fitted.features["licit"] < -3.0, "{fitted:?}");
        assert_eq!(fitted.features["never-seen"], 1.5);
        let score = example(&["name"], true, 1).features.score(&fitted);
        assert!((score - 0.95).abs() < 0.05, "{score}");
        assert!(fitted.review <= fitted.refer);
        assert_eq!(fit(&examples, &start, 7, "a test".to_owned()).features, fitted.features);
    }
}
