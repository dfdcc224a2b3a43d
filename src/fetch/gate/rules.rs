//! The two files by which a host tells us its rules: robots.txt, and the control file.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::evidence::capture::{Capture, Truncated};
use crate::fetch::client::{FetchError, Received};
use crate::fetch::gate::pace::{Host, Purpose};
use crate::fetch::gate::{Gate, Refusal};
use crate::frontier::control::{CONTROL_LIMIT_BYTES, CONTROL_PATH, Control};
use crate::frontier::entry::UrlKind;
use crate::frontier::ledger::Urgency;
use crate::frontier::robots::{ROBOTS_LIMIT_BYTES, RobotsRecord};
use crate::vocab::found::FoundUrl;
use crate::vocab::platform::Platform;

/// Redirects followed for them (RFC 9309 section 2.3.1.2).
const REDIRECTS: usize = 5;

impl Gate {
    /// The host's robots record, fetched if it is missing or stale.
    pub(super) async fn robots(
        &self,
        platform: &Arc<Platform>,
        host: &Arc<Host>,
    ) -> Result<Arc<RobotsRecord>, Refusal> {
        if let Some(record) = self.fresh_robots(host) {
            return Ok(record);
        }
        let _turn = host.rules_turn.lock().await;
        if let Some(record) = self.fresh_robots(host) {
            return Ok(record);
        }
        let record = match self.ledger.load_robots(&host.key) {
            Some(record) if !record.is_stale(self.clock.now()) => record,
            _ => {
                let record = self.fetch_robots(platform, host).await?;
                self.ledger.save_robots(&host.key, &record);
                record
            }
        };
        let record = Arc::new(record);
        *host.robots.lock().unwrap_or_else(PoisonError::into_inner) = Some(record.clone());
        Ok(record)
    }

    fn fresh_robots(&self, host: &Host) -> Option<Arc<RobotsRecord>> {
        let held = host.robots.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        (!held.is_stale(self.clock.now())).then_some(held)
    }

    async fn fetch_robots(&self, platform: &Arc<Platform>, host: &Arc<Host>) -> Result<RobotsRecord, Refusal> {
        let unreachable = |now| RobotsRecord::from_answer(None, b"", now);
        let address = format!("{}/robots.txt", host.key);
        let Ok(mut url) = FoundUrl::parse(&address, None) else { return Ok(unreachable(self.clock.now())) };
        // What the last record asked for still counts while a new one is fetched.
        let known_delay = self.ledger.load_robots(&host.key).and_then(|record| record.crawl_delay);
        for _ in 0..=REDIRECTS {
            self.in_scope(platform, &url, UrlKind::Sitemap)?;
            let target = self.host(platform, &url.host());
            let turn = self.pace(platform, &target, known_delay, Purpose::Content).await?;
            let private = &platform.crawl.private_addresses;
            let received = Received::default();
            let request = self.client.get(&url, private, &[], ROBOTS_LIMIT_BYTES + 1, &received);
            let (answer, _) = self.send(&target, turn, request).await;
            let now = self.clock.now();
            let capture = match answer {
                // Half of the rules is not the rules: what was not read may forbid everything.
                Ok(capture) if breaks_off(&capture) => return Ok(unreachable(now)),
                Ok(capture) => capture,
                Err(FetchError::PrivateAddress { url }) if url.host() == host.key => {
                    return Err(Refusal::PrivateAddress { host: host.key.clone() });
                }
                Err(_) => return Ok(unreachable(now)),
            };
            if !(300..400).contains(&capture.status) {
                return Ok(RobotsRecord::from_answer(Some(capture.status), &capture.body, now));
            }
            match capture.header("location").map(|target| FoundUrl::parse(target, Some(&url))) {
                Some(Ok(next)) if self.in_scope(platform, &next, UrlKind::Sitemap).is_ok() => url = next,
                // A redirect out of scope, nowhere, or in circles: no rules were read, so nothing is allowed.
                _ => return Ok(unreachable(now)),
            }
        }
        Ok(unreachable(self.clock.now()))
    }

    /// Asks the host for its control file if it is time to. What cannot be had changes nothing. robots.txt decides
    /// whether the file may be asked for at all, unless the host has served one before.
    ///
    /// # Errors
    /// When the host may not be asked now.
    pub(super) async fn refresh_control(
        &self,
        platform: &Arc<Platform>,
        host: &Arc<Host>,
        robots: Option<&RobotsRecord>,
    ) -> Result<(), Refusal> {
        if !host.pace().record.control_is_due(self.clock.now()) {
            return Ok(());
        }
        let Ok(url) = FoundUrl::parse(&format!("{}{CONTROL_PATH}", host.key), None) else { return Ok(()) };
        if robots.is_some_and(|robots| !robots.allows(&url)) {
            return Ok(());
        }
        let _turn = host.rules_turn.lock().await;
        if !host.pace().record.control_is_due(self.clock.now()) {
            return Ok(());
        }
        let crawl_delay = robots.and_then(|robots| robots.crawl_delay).or_else(|| self.known_crawl_delay(host));
        let served = self.fetch_control(platform, url, crawl_delay).await?;
        let (record, delay) = {
            let (mut pace, now) = self.pace_now(host);
            let held = pace.record.control.take().unwrap_or_default();
            let control = match served {
                Served::File(body) => Control::parse(&body, now),
                Served::Nothing => Control::absent(now),
                Served::NoAnswer => held.unreachable(now),
            };
            let delay = pace.record.delay(platform.crawl.rate, crawl_delay);
            pace.record.control = Some(Box::new(control.at_pace(delay, now)));
            (pace.record.clone(), delay)
        };
        // A platform that says stop has been heard once this returns, whatever happens to us afterwards.
        let asks = record.control.as_ref().is_some_and(|control| control.in_words().is_some());
        if asks {
            self.ledger.save_host(&host.key, &record, Urgency::Now);
        } else if !delay.is_zero() {
            self.ledger.save_host(&host.key, &record, Urgency::Soon);
        }
        Ok(())
    }

    async fn fetch_control(
        &self,
        platform: &Arc<Platform>,
        mut url: FoundUrl,
        crawl_delay: Option<Duration>,
    ) -> Result<Served, Refusal> {
        for _ in 0..=REDIRECTS {
            self.in_scope(platform, &url, UrlKind::Sitemap)?;
            let target = self.host(platform, &url.host());
            let turn = self.pace(platform, &target, crawl_delay, Purpose::Control).await?;
            let private = &platform.crawl.private_addresses;
            let received = Received::default();
            let request = self.client.get(&url, private, &[], CONTROL_LIMIT_BYTES + 1, &received);
            let (answer, _) = self.send(&target, turn, request).await;
            let Ok(capture) = answer else { return Ok(Served::NoAnswer) };
            match capture.status {
                // Half a file is not what the platform asks for.
                200..=299 if breaks_off(&capture) => return Ok(Served::NoAnswer),
                200..=299 => return Ok(Served::File(capture.body.to_vec())),
                300..=399 => match capture.header("location").map(|to| FoundUrl::parse(to, Some(&url))) {
                    // Another name of the host is followed; another page is what sites show in place of a file they lack.
                    Some(Ok(next))
                        if next.as_url().path() == CONTROL_PATH
                            && next != url
                            && self.in_scope(platform, &next, UrlKind::Sitemap).is_ok() =>
                    {
                        url = next;
                    }
                    _ => return Ok(Served::NoAnswer),
                },
                429 => return Ok(Served::NoAnswer),
                400..=499 => return Ok(Served::Nothing),
                _ => return Ok(Served::NoAnswer),
            }
        }
        Ok(Served::NoAnswer)
    }

    fn known_crawl_delay(&self, host: &Host) -> Option<Duration> {
        let held =
            host.robots.lock().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(|held| held.crawl_delay);
        held.or_else(|| self.ledger.load_robots(&host.key).and_then(|record| record.crawl_delay))
    }
}

/// Whether a file ended before its end, and not because it is longer than is read of it.
fn breaks_off(capture: &Capture) -> bool {
    match capture.truncated {
        Some(Truncated::Time | Truncated::Disconnect) => true,
        Some(Truncated::Length) | None => false,
    }
}

/// How a host answered for its control file.
enum Served {
    /// With a file.
    File(Vec<u8>),
    /// It has none.
    Nothing,
    /// Not at all, or with an error of its own.
    NoAnswer,
}
