//! The platform files of the demo: the text a user would write by hand, with the addresses that were chosen at run time.

use crate::demo::hosts::{HOSTS, HostSpec, Template};

/// The template, one for all platforms; `@@…@@` marks are filled in.
const TEMPLATE: &str = include_str!("platform.toml.in");
const SELECTORS: &str = r##"
[listing]
pages = ["/ad/*"]
title = "h1.ad-title"
description = "#ad-text"
price = ".ad-price"
seller = "a.ad-member"
"##;

/// File name and text of every platform; `origins` are `http://host:port`, in the order of [`HOSTS`].
pub fn platform_files(origins: &[String]) -> Vec<(String, String)> {
    let mut platforms: Vec<&str> = HOSTS.iter().map(|host| host.platform).collect();
    platforms.dedup();
    platforms.into_iter().map(|platform| (format!("{platform}.toml"), fill(platform, origins))).collect()
}

fn fill(platform: &str, origins: &[String]) -> String {
    let members: Vec<(&HostSpec, &String)> =
        HOSTS.iter().zip(origins).filter(|(host, _)| host.platform == platform).collect();
    let quoted = |texts: Vec<String>| texts.iter().map(|text| format!("\"{text}\"")).collect::<Vec<_>>().join(", ");
    let hosts = quoted(members.iter().map(|(_, origin)| origin.trim_start_matches("http://").to_owned()).collect());
    let start = quoted(members.iter().map(|(_, origin)| format!("{origin}/")).collect());
    let mut languages: Vec<String> = members.iter().map(|(host, _)| host.language.to_owned()).collect();
    languages.dedup();
    let Some((first, _)) = members.first() else { return String::new() };
    let kind = match first.template {
        Template::JsonLd | Template::Microdata => "b2b",
        Template::Rdfa => "marketplace",
        Template::PlainHtml => "classifieds",
    };
    let mut text = TEMPLATE
        .replace("@@id@@", platform)
        .replace("@@name@@", first.name)
        .replace("@@kind@@", kind)
        .replace("\"@@hosts@@\"", &hosts)
        .replace("\"@@start@@\"", &start)
        .replace("\"@@languages@@\"", &quoted(languages))
        .replace("@@rate@@", first.agreed_rate);
    if members.iter().any(|(host, _)| host.template == Template::PlainHtml) {
        text.push_str(SELECTORS);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_platform_file_is_toml_without_marks_left() {
        let origins: Vec<String> = (1..=HOSTS.len()).map(|at| format!("http://127.0.0.{at}:8400")).collect();
        let files = platform_files(&origins);
        assert_eq!(
            files.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
            ["demo-bazaar.toml", "demo-plaza.toml", "demo-pinboard.toml"]
        );
        for (name, text) in &files {
            assert!(!text.contains("@@"), "{name}: {text}");
            let table: toml::Table = text.parse().unwrap();
            assert_eq!(format!("{}.toml", table["platform"]["id"].as_str().unwrap()), *name);
            assert_eq!(table["agreement"]["basis"].as_str(), Some("own-site"));
            assert_eq!(table["crawl"]["private_addresses"][0].as_str(), Some("127.0.0.0/8"));
            for (section, keys) in [
                ("platform", vec!["id", "name", "kind", "hosts"]),
                ("agreement", vec!["basis", "reference", "authority", "valid_from", "valid_until", "contact"]),
                ("crawl", vec!["start"]),
            ] {
                for key in keys {
                    assert!(table[section].get(key).is_some(), "{name}: {section}.{key}");
                }
            }
        }
        assert!(files[2].1.contains("h1.ad-title"));
    }
}
