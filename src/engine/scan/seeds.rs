//! Where a scan of a platform starts: start pages, feeds, and the sitemaps the policy names.

use std::collections::HashSet;

use crate::engine::scan::state::PlatformScan;
use crate::engine::scan::worker::Worker;
use crate::frontier::entry::{NewEntry, UrlKind};
use crate::vocab::found::FoundUrl;
use crate::vocab::platform::SitemapPolicy;
use crate::vocab::terms::Reason;
use crate::vocab::url::HostKey;

/// The entries a scan begins with. robots.txt of each start host is read first where it names the sitemaps.
pub async fn of(worker: &Worker, scan: &PlatformScan) -> Vec<NewEntry> {
    let crawl = &scan.platform.crawl;
    let now = worker.now();
    let entry = |url: &FoundUrl, kind: UrlKind| NewEntry {
        url: url.clone(),
        depth: 0,
        kind,
        priority: kind.priority(),
        due: now,
    };
    let mut entries: Vec<NewEntry> = crawl.start.iter().map(|url| entry(url, UrlKind::Seed)).collect();
    entries.extend(crawl.feeds.iter().map(|url| entry(url, UrlKind::Feed)));
    match &crawl.sitemaps {
        SitemapPolicy::None => {}
        SitemapPolicy::List(list) => entries.extend(list.iter().map(|url| entry(url, UrlKind::Sitemap))),
        SitemapPolicy::Robots => {
            let hosts: HashSet<HostKey> = crawl.start.iter().map(FoundUrl::host).collect();
            for host in hosts {
                // A host that cannot be asked now is met again, and counted, by its lane.
                let Ok(robots) = worker.gate.robots_of(&scan.platform, &host).await else { continue };
                let Ok(base) = FoundUrl::parse(host.as_str(), None) else { continue };
                let most = usize::try_from(worker.limits.sitemaps_per_host).unwrap_or(usize::MAX);
                for (at, text) in robots.sitemaps.iter().enumerate() {
                    if at >= most {
                        scan.tally.fail(Reason::SitemapBudget);
                        continue;
                    }
                    match FoundUrl::parse(text, Some(&base)) {
                        Ok(url) => entries.push(entry(&url, UrlKind::Sitemap)),
                        Err(error) => scan.tally.skip(error.reason().unwrap_or(Reason::LinkMalformed)),
                    }
                }
            }
        }
    }
    entries
}
