//! The watchlist that is compiled in, so that the binary alone works in an empty folder.

/// Files of `patterns/`, with their paths relative to it.
const FILES: &[(&str, &str)] = &[
    ("classes.toml", include_str!("../../patterns/classes.toml")),
    ("context.toml", include_str!("../../patterns/context.toml")),
    ("decision.toml", include_str!("../../patterns/decision.toml")),
    ("equipment.toml", include_str!("../../patterns/equipment.toml")),
    ("manifest.toml", include_str!("../../patterns/manifest.toml")),
    ("ordinary.toml", include_str!("../../patterns/ordinary.toml")),
    ("skeletons.toml", include_str!("../../patterns/skeletons.toml")),
    ("substances/adulterant.toml", include_str!("../../patterns/substances/adulterant.toml")),
    ("substances/aminoindane.toml", include_str!("../../patterns/substances/aminoindane.toml")),
    ("substances/arylcyclohexylamine.toml", include_str!("../../patterns/substances/arylcyclohexylamine.toml")),
    ("substances/barbiturate.toml", include_str!("../../patterns/substances/barbiturate.toml")),
    ("substances/benzodiazepine-pharma.toml", include_str!("../../patterns/substances/benzodiazepine-pharma.toml")),
    ("substances/class-term.toml", include_str!("../../patterns/substances/class-term.toml")),
    ("substances/classical-drug.toml", include_str!("../../patterns/substances/classical-drug.toml")),
    ("substances/designer-benzodiazepine.toml", include_str!("../../patterns/substances/designer-benzodiazepine.toml")),
    ("substances/dissociative-pharma.toml", include_str!("../../patterns/substances/dissociative-pharma.toml")),
    ("substances/hallucinogen-other.toml", include_str!("../../patterns/substances/hallucinogen-other.toml")),
    ("substances/inhalant.toml", include_str!("../../patterns/substances/inhalant.toml")),
    ("substances/lysergamide.toml", include_str!("../../patterns/substances/lysergamide.toml")),
    ("substances/opioid-pharma.toml", include_str!("../../patterns/substances/opioid-pharma.toml")),
    ("substances/other-controlled.toml", include_str!("../../patterns/substances/other-controlled.toml")),
    ("substances/phenethylamine.toml", include_str!("../../patterns/substances/phenethylamine.toml")),
    ("substances/piperazine.toml", include_str!("../../patterns/substances/piperazine.toml")),
    ("substances/plant.toml", include_str!("../../patterns/substances/plant.toml")),
    ("substances/precursor.toml", include_str!("../../patterns/substances/precursor.toml")),
    ("substances/sedative-hypnotic.toml", include_str!("../../patterns/substances/sedative-hypnotic.toml")),
    (
        "substances/semi-synthetic-cannabinoid.toml",
        include_str!("../../patterns/substances/semi-synthetic-cannabinoid.toml"),
    ),
    ("substances/stimulant-other.toml", include_str!("../../patterns/substances/stimulant-other.toml")),
    ("substances/synthetic-cannabinoid.toml", include_str!("../../patterns/substances/synthetic-cannabinoid.toml")),
    ("substances/synthetic-cathinone.toml", include_str!("../../patterns/substances/synthetic-cathinone.toml")),
    ("substances/synthetic-opioid.toml", include_str!("../../patterns/substances/synthetic-opioid.toml")),
    ("substances/tryptamine.toml", include_str!("../../patterns/substances/tryptamine.toml")),
    ("weights.toml", include_str!("../../patterns/weights.toml")),
];

/// The compiled-in files as owned text, in the shape [`crate::detect::watchlist::Watchlist::parse`] takes.
pub fn files() -> Vec<(String, String)> {
    FILES.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}
