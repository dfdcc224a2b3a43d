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

/// The IANA IPv4 Special-Purpose Address Registry, and multicast. Those of its ranges that are reachable from everywhere
/// serve protocols, not web sites.
const SPECIAL_V4: &[([u8; 4], u8)] = &[
    ([0, 0, 0, 0], 8),       // this network (RFC 791)
    ([10, 0, 0, 0], 8),      // private use (RFC 1918)
    ([100, 64, 0, 0], 10),   // shared address space (RFC 6598)
    ([127, 0, 0, 0], 8),     // loopback (RFC 1122)
    ([169, 254, 0, 0], 16),  // link local (RFC 3927)
    ([172, 16, 0, 0], 12),   // private use (RFC 1918)
    ([192, 0, 0, 0], 24),    // IETF protocol assignments (RFC 6890)
    ([192, 0, 2, 0], 24),    // documentation (RFC 5737)
    ([192, 31, 196, 0], 24), // AS112 (RFC 7535)
    ([192, 52, 193, 0], 24), // AMT (RFC 7450)
    ([192, 88, 99, 0], 24),  // 6to4 relays (RFC 7526)
    ([192, 168, 0, 0], 16),  // private use (RFC 1918)
    ([192, 175, 48, 0], 24), // AS112 (RFC 7534)
    ([198, 18, 0, 0], 15),   // benchmarking (RFC 2544)
    ([198, 51, 100, 0], 24), // documentation (RFC 5737)
    ([203, 0, 113, 0], 24),  // documentation (RFC 5737)
    ([224, 0, 0, 0], 4),     // multicast (RFC 5771)
    ([240, 0, 0, 0], 4),     // reserved and limited broadcast (RFC 1112, RFC 919)
];

/// What the IANA IPv6 Special-Purpose Address Registry names within 2000::/3, the only block whose addresses are assigned
/// to hosts; all others are refused without a list.
const SPECIAL_V6: &[(Ipv6Addr, u8)] = &[
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // IETF protocol assignments, Teredo and ORCHID among them (RFC 2928)
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation (RFC 3849)
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4 (RFC 3056, withdrawn by RFC 7526)
    (Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0), 48), // AS112 (RFC 7534)
    (Ipv6Addr::new(0x3ffe, 0, 0, 0, 0, 0, 0, 0), 16), // 6bone, returned (RFC 3701)
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation (RFC 9637)
];

/// Addresses that carry an IPv4 address as their last 32 bits, which decides: the prefix by which a network without IPv4
/// reaches public IPv4 hosts (RFC 6052).
const TRANSLATED: (Ipv6Addr, u8) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// The block of global unicast addresses (IANA IPv6 address space).
const GLOBAL_UNICAST: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// The interface identifiers of ISATAP (RFC 5214), before the IPv4 address to which they tunnel.
const ISATAP: [[u16; 2]; 2] = [[0, 0x5efe], [0x200, 0x5efe]];

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !SPECIAL_V4.iter().any(|(network, bits)| {
        let mask = u32::MAX << (32 - bits);
        address.to_bits() & mask == Ipv4Addr::from(*network).to_bits()
    })
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let within =
        |(network, bits): &(Ipv6Addr, u8)| address.to_bits() & (u128::MAX << (128 - bits)) == network.to_bits();
    let [.., high, low] = address.segments();
    let embedded = || is_public_v4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)));
    if within(&TRANSLATED) {
        return embedded();
    }
    let [_, _, _, _, first, second, ..] = address.segments();
    let tunnels = ISATAP.contains(&[first, second]);
    within(&GLOBAL_UNICAST) && !SPECIAL_V6.iter().any(within) && (!tunnels || embedded())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// First and last address of each range that is never dialled, and the neighbours that are.
    #[test]
    fn the_registries_of_special_purpose_addresses() {
        let guard = AddressGuard::default();
        for (first, last, before, after) in [
            ("0.0.0.0", "0.255.255.255", None, Some("1.0.0.0")),
            ("10.0.0.0", "10.255.255.255", Some("9.255.255.255"), Some("11.0.0.0")),
            ("100.64.0.0", "100.127.255.255", Some("100.63.255.255"), Some("100.128.0.0")),
            ("127.0.0.0", "127.255.255.255", Some("126.255.255.255"), Some("128.0.0.0")),
            ("169.254.0.0", "169.254.255.255", Some("169.253.255.255"), Some("169.255.0.0")),
            ("172.16.0.0", "172.31.255.255", Some("172.15.255.255"), Some("172.32.0.0")),
            ("192.0.0.0", "192.0.0.255", Some("191.255.255.255"), Some("192.0.1.0")),
            ("192.0.2.0", "192.0.2.255", Some("192.0.1.255"), Some("192.0.3.0")),
            ("192.31.196.0", "192.31.196.255", Some("192.31.195.255"), Some("192.31.197.0")),
            ("192.52.193.0", "192.52.193.255", Some("192.52.192.255"), Some("192.52.194.0")),
            ("192.88.99.0", "192.88.99.255", Some("192.88.98.255"), Some("192.88.100.0")),
            ("192.168.0.0", "192.168.255.255", Some("192.167.255.255"), Some("192.169.0.0")),
            ("192.175.48.0", "192.175.48.255", Some("192.175.47.255"), Some("192.175.49.0")),
            ("198.18.0.0", "198.19.255.255", Some("198.17.255.255"), Some("198.20.0.0")),
            ("198.51.100.0", "198.51.100.255", Some("198.51.99.255"), Some("198.51.101.0")),
            ("203.0.113.0", "203.0.113.255", Some("203.0.112.255"), Some("203.0.114.0")),
            ("224.0.0.0", "255.255.255.255", Some("223.255.255.255"), None),
            ("::", "63:ffff:ffff:ffff:ffff:ffff:ffff:ffff", None, None),
            ("64:ff9a::", "64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff", None, Some("64:ff9b::808:808")),
            ("64:ff9b:0:0:0:1::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", None, Some("2000::")),
            ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", None, None),
            ("100::", "100::ffff:ffff:ffff:ffff", None, None),
            ("100:0:0:1::", "100:0:0:1:ffff:ffff:ffff:ffff", None, None),
            ("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", Some("2000:ffff::1"), Some("2001:200::")),
            ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", Some("2001:db7::1"), Some("2001:db9::1")),
            ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Some("2001:ffff::1"), Some("2003::1")),
            (
                "2620:4f:8000::",
                "2620:4f:8000:ffff:ffff:ffff:ffff:ffff",
                Some("2620:4f:7fff::1"),
                Some("2620:4f:8001::1"),
            ),
            ("3ffe::", "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Some("3ffd::1"), None),
            ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", None, Some("3fff:1000::1")),
            ("4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", None, None),
            ("5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", None, None),
            ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", None, None),
            ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", None, None),
            ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", None, None),
            ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", None, None),
        ] {
            let admits = |text: &str| guard.admits(text.parse().unwrap());
            assert!(!admits(first) && !admits(last), "{first} to {last}");
            for neighbour in [before, after].into_iter().flatten() {
                assert!(admits(neighbour), "{neighbour}, beside {first} to {last}");
            }
        }
    }

    /// Each IPv4 address within IPv6 in every form there is: public ones pass where the form is in use.
    #[test]
    fn addresses_within_addresses() {
        let guard = AddressGuard::default();
        for (v4, public) in [
            ("127.0.0.1", false),
            ("10.1.2.3", false),
            ("169.254.169.254", false),
            ("100.64.0.1", false),
            ("0.0.0.0", false),
            ("192.31.196.1", false),
            ("8.8.8.8", true),
        ] {
            let address: Ipv4Addr = v4.parse().unwrap();
            let (high, low) = ((address.to_bits() >> 16) as u16, address.to_bits() as u16);
            let (not_high, not_low) = (!high, !low);
            for (form, text, in_use) in [
                ("mapped", format!("::ffff:{v4}"), true),
                ("translated by the well-known prefix", format!("64:ff9b::{high:x}:{low:x}"), true),
                ("ISATAP", format!("2a00:1:2:3:0:5efe:{high:x}:{low:x}"), true),
                ("ISATAP of a public address", format!("2a00:1:2:3:200:5efe:{high:x}:{low:x}"), true),
                ("compatible", format!("::{v4}"), false),
                ("translated (RFC 2765)", format!("::ffff:0:{high:x}:{low:x}"), false),
                ("translated by a local prefix", format!("64:ff9b:1::{high:x}:{low:x}"), false),
                ("6to4", format!("2002:{high:x}:{low:x}::1"), false),
                ("Teredo server", format!("2001:0:{high:x}:{low:x}:0:0:0:1"), false),
                ("Teredo client", format!("2001:0:808:808:0:ffff:{not_high:x}:{not_low:x}"), false),
                ("ISATAP, link local", format!("fe80::5efe:{high:x}:{low:x}"), false),
            ] {
                let admitted = guard.admits(text.parse().unwrap());
                assert_eq!(admitted, public && in_use, "{form}: {text}");
            }
        }
        for public in ["2606:4700::1111", "2a00:1450:4001::64", "2001:4860:4860::8888", "240e::1", "2600::5efe"] {
            assert!(guard.admits(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn listed_ranges_pass_and_literals_are_checked_in_every_spelling() {
        let own = AddressGuard::new(&[IpRange::parse("127.0.0.0/8").unwrap()]);
        assert!(own.admits("127.0.0.9".parse().unwrap()) && own.admits("::ffff:127.0.0.9".parse().unwrap()));
        // A listed range opens its own addresses, not the ways around it.
        for other in ["10.0.0.1", "64:ff9b::7f00:1", "::ffff:0:7f00:1", "2002:7f00:1::", "::7f00:1"] {
            assert!(!own.admits(other.parse().unwrap()), "{other}");
        }
        let guard = AddressGuard::default();
        for text in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://127.1/",
            "http://[::1]/",
            "http://[::ffff:10.0.0.1]/",
            "http://[::ffff:0:7f00:1]/",
            "http://[64:ff9b:1::7f00:1]/",
            "http://[fec0::1]/",
            "http://[2001:0:808:808:0:ffff:80ff:fffe]/",
        ] {
            assert!(!guard.admits_literal(&FoundUrl::parse(text, None).unwrap()), "{text}");
        }
    }
}
