//! Which addresses may be dialled: public ones, and the private ranges a platform file names.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use url::Host;

use crate::vocab::found::FoundUrl;
use crate::vocab::platform::IpRange;

/// Refuses private, loopback, link-local and other special addresses, except in listed ranges.
#[derive(Debug, Clone, Default)]
pub struct AddressGuard {
    allowed: Arc<[IpRange]>,
}

impl AddressGuard {
    /// A guard that lets `allowed` ranges through besides public addresses.
    pub fn new(allowed: &[IpRange]) -> Self {
        AddressGuard { allowed: allowed.into() }
    }

    /// Whether `address` may be dialled.
    pub fn admits(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        is_public(address) || self.allowed.iter().any(|range| range.contains(address))
    }

    /// Whether the URL's host, where it is an address already, may be dialled. Names are checked when they resolve:
    /// literals never reach the resolver, so they need a check of their own.
    pub fn admits_literal(&self, url: &FoundUrl) -> bool {
        match url.as_url().host() {
            Some(Host::Ipv4(address)) => self.admits(address.into()),
            Some(Host::Ipv6(address)) => self.admits(address.into()),
            Some(Host::Domain(_)) => true,
            None => false,
        }
    }
}

/// Resolves names and keeps only the addresses the guard admits, so that what was checked is what is dialled.
impl reqwest::dns::Resolve for AddressGuard {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let admitted: Vec<SocketAddr> = found.filter(|address| guard.admits(address.ip())).collect();
            if admitted.is_empty() {
                return Err(Box::from(PRIVATE_ADDRESS));
            }
            Ok(Box::new(admitted.into_iter()) as reqwest::dns::Addrs)
        })
    }
}

/// The resolver's refusal, recognised again in the client's error chain.
pub const PRIVATE_ADDRESS: &str = "no public address";

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || address.is_broadcast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 198 && (18..20).contains(&b))
        || (a == 192 && b == 0 && c == 0))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let embedded = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        // NAT64 and 6to4 carry an IPv4 address that decides.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => embedded(high, low),
        // IPv4-compatible and unspecified, loopback.
        [0, 0, 0, 0, 0, 0, _, _] => false,
        [0x2001, 0xdb8, ..] | [0x100, 0, 0, 0, ..] => false,
        [first, ..] => (first & 0xfe00) != 0xfc00 && (first & 0xffc0) != 0xfe80 && (first & 0xff00) != 0xff00,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_pass() {
        let guard = AddressGuard::default();
        for (address, admitted) in [
            ("8.8.8.8", true),
            ("127.0.0.1", false),
            ("10.1.2.3", false),
            ("172.20.0.1", false),
            ("192.168.0.1", false),
            ("169.254.169.254", false),
            ("100.64.0.1", false),
            ("198.18.0.1", false),
            ("0.0.0.0", false),
            ("255.255.255.255", false),
            ("240.0.0.1", false),
            ("::1", false),
            ("::", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:8.8.8.8", true),
            ("64:ff9b::7f00:1", false),
            ("64:ff9b::808:808", true),
            ("2002:7f00:1::", false),
            ("fe80::1", false),
            ("fd00::1", false),
            ("ff02::1", false),
            ("2606:4700::1111", true),
        ] {
            assert_eq!(guard.admits(address.parse().unwrap()), admitted, "{address}");
        }
    }

    #[test]
    fn listed_ranges_pass_and_literals_are_checked_in_every_spelling() {
        let own = AddressGuard::new(&[IpRange::parse("127.0.0.0/8").unwrap()]);
        assert!(own.admits("127.0.0.9".parse().unwrap()));
        assert!(!own.admits("10.0.0.1".parse().unwrap()));
        let guard = AddressGuard::default();
        for text in
            ["http://127.0.0.1/", "http://2130706433/", "http://0x7f.1/", "http://[::1]/", "http://[::ffff:10.0.0.1]/"]
        {
            assert!(!guard.admits_literal(&FoundUrl::parse(text, None).unwrap()), "{text}");
        }
    }
}
