//! What the source tags of the watchlist stand for.

/// Tags, and where they come from. Facts only were taken: names, identifiers, control status, years.
const SOURCES: [(&str, &str); 39] = [
    ("ca-cdsa", "Canada, Controlled Drugs and Substances Act, schedules I to VI"),
    ("ca-cdsa-IX", "Canada, Controlled Drugs and Substances Act, schedule IX (equipment)"),
    ("chemicals", "public table of chemical names and CAS numbers"),
    ("cn-2021", "China, 2021 precursor notices"),
    ("cn-dd", "public collection of new substances in Chinese"),
    ("cn-list", "China, narcotic, psychotropic and supplementary lists"),
    ("cn-pre", "China, catalogue of precursor chemicals"),
    ("de-btmg", "Germany, Betäubungsmittelgesetz, annexes I to III"),
    ("dea-slang", "US Drug Enforcement Administration, street names"),
    ("dod", "US Department of Defense, prohibited ingredients"),
    ("dope-dea", "US Drug Enforcement Administration, drug list"),
    ("dosewiki", "public vocabulary of new substances, names and structures only"),
    ("drugbank", "DrugBank open vocabulary"),
    ("ed", "the editor's knowledge; lower trust than a cited source"),
    ("eu-2024-1331", "European Union, regulation 2024/1331"),
    ("eu-prec", "European Union, regulations 273/2004 and 111/2005"),
    ("gc", "public table of chemical structures"),
    ("incb-2019", "INCB, precursors named in public documents of 2019"),
    ("incb-art13", "INCB and UNODC, equipment under article 13 of the 1988 Convention"),
    ("incb-green", "INCB Green List, 1971 Convention"),
    ("incb-red", "INCB Red List, 1988 Convention"),
    ("incb-yellow", "INCB Yellow List, 1961 Convention"),
    ("isomer", "public vocabulary of new substances, names and structures only"),
    ("massbank", "MassBank, names and identifiers of reference spectra"),
    ("pubchem", "PubChem synonyms"),
    ("pwj", "public vocabulary of drug names, names only"),
    ("ru-681", "Russia, government decree 681, list IV"),
    ("tripsit", "public vocabulary of drug names, names only"),
    ("uk-list", "United Kingdom, list of controlled drugs"),
    ("uk-pc", "United Kingdom, precursor chemicals"),
    ("un88", "tables of the 1988 Convention, status of 2026"),
    ("us-1310", "United States, 21 CFR 1310.02, list I and II chemicals"),
    ("us-cfr", "United States, 21 CFR 1308, schedules"),
    ("us-ob", "US Drug Enforcement Administration, lists of controlled substances by name"),
    ("vn", "Viet Nam, decree 28/2026, list IVA"),
    ("wp", "Wikipedia, names in articles"),
    ("wp-list", "Wikipedia, lists of fentanyl analogues and designer drugs"),
    ("year-ed", "year of the first report: the editor's knowledge, plus or minus two years"),
    ("year-wp", "year of the first report: agrees with Wikipedia within one year"),
];

/// What a tag stands for, if it is one of ours.
pub fn meaning(tag: &str) -> Option<&'static str> {
    SOURCES.iter().find(|(known, _)| *known == tag).map(|(_, meaning)| *meaning)
}
