//! Which IP addresses are public: those that a webhook may be sent to.
//!
//! Everything that is not known to be public is refused. The blocks are those of the IANA IPv4 and IPv6 Special-Purpose
//! Address Registries, also where the registry calls one globally reachable: none of them is a shop's server.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A block of addresses: its first one, and the length of its prefix.
struct Block<A>(A, u32);

/// What is not public in IPv4.
const SPECIAL_V4: [Block<Ipv4Addr>; 19] = [
    Block(Ipv4Addr::UNSPECIFIED, 8),            // this network
    Block(Ipv4Addr::new(10, 0, 0, 0), 8),       // private use
    Block(Ipv4Addr::new(100, 64, 0, 0), 10), // carriers' NAT; Alibaba's metadata, 100.100.100.200
    Block(Ipv4Addr::new(127, 0, 0, 0), 8),   // loopback
    Block(Ipv4Addr::new(168, 63, 129, 16), 32), // Azure's own services, in its public space
    Block(Ipv4Addr::new(169, 254, 0, 0), 16), // link local; the clouds' metadata, 169.254.169.254
    Block(Ipv4Addr::new(172, 16, 0, 0), 12), // private use
    Block(Ipv4Addr::new(192, 0, 0, 0), 24),  // IETF protocols; Oracle's metadata, 192.0.0.192
    Block(Ipv4Addr::new(192, 0, 2, 0), 24),  // documentation
    Block(Ipv4Addr::new(192, 31, 196, 0), 24), // AS112
    Block(Ipv4Addr::new(192, 52, 193, 0), 24), // automatic multicast tunnelling
    Block(Ipv4Addr::new(192, 88, 99, 0), 24), // relays of 6to4
    Block(Ipv4Addr::new(192, 168, 0, 0), 16), // private use
    Block(Ipv4Addr::new(192, 175, 48, 0), 24), // AS112
    Block(Ipv4Addr::new(198, 18, 0, 0), 15), // benchmarks
    Block(Ipv4Addr::new(198, 51, 100, 0), 24), // documentation
    Block(Ipv4Addr::new(203, 0, 113, 0), 24), // documentation
    Block(Ipv4Addr::new(224, 0, 0, 0), 4),   // multicast
    Block(Ipv4Addr::new(240, 0, 0, 0), 4),   // reserved; broadcast
];

/// The only part of IPv6 that has global unicast addresses so far. So these are not in it, and not public: loopback,
/// unique local, link local, site local, multicast, IPv4-compatible, and NAT64's `64:ff9b::/96` and `64:ff9b:1::/48`.
const GLOBAL_UNICAST_V6: Block<Ipv6Addr> = Block(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// What is not public in it.
const SPECIAL_V6: [Block<Ipv6Addr>; 4] = [
    Block(Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // IETF protocols; Teredo, which has an IPv4 address in it
    Block(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    Block(Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4, which has an IPv4 address in it
    Block(Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation
];

impl Block<Ipv4Addr> {
    fn contains(&self, address: Ipv4Addr) -> bool {
        (address.to_bits() ^ self.0.to_bits()) >> (u32::BITS - self.1) == 0
    }
}

impl Block<Ipv6Addr> {
    fn contains(&self, address: Ipv6Addr) -> bool {
        (address.to_bits() ^ self.0.to_bits()) >> (u128::BITS - self.1) == 0
    }
}

/// An IPv4 address that is written as an IPv6 one (`::ffff:192.0.2.1`) is judged as the former, which is what the
/// system connects to.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => !SPECIAL_V4.iter().any(|block| block.contains(address)),
        IpAddr::V6(address) => {
            GLOBAL_UNICAST_V6.contains(address)
                && !SPECIAL_V6.iter().any(|block| block.contains(address))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Not public: the first and the last address of each block. The neighbours outside are public unless `false`.
    const V4: [(&str, &str, bool, bool); 21] = [
        ("0.0.0.0", "0.255.255.255", false, true),
        ("10.0.0.0", "10.255.255.255", true, true),
        ("100.64.0.0", "100.127.255.255", true, true),
        ("100.100.100.200", "100.100.100.200", false, false),
        ("127.0.0.0", "127.255.255.255", true, true),
        ("168.63.129.16", "168.63.129.16", true, true),
        ("169.254.0.0", "169.254.255.255", true, true),
        ("172.16.0.0", "172.31.255.255", true, true),
        ("192.0.0.0", "192.0.0.255", true, true),
        ("192.0.2.0", "192.0.2.255", true, true),
        ("192.31.196.0", "192.31.196.255", true, true),
        ("192.52.193.0", "192.52.193.255", true, true),
        ("192.88.99.0", "192.88.99.255", true, true),
        ("192.168.0.0", "192.168.255.255", true, true),
        ("192.175.48.0", "192.175.48.255", true, true),
        ("198.18.0.0", "198.19.255.255", true, true),
        ("198.51.100.0", "198.51.100.255", true, true),
        ("203.0.113.0", "203.0.113.255", true, true),
        ("224.0.0.0", "239.255.255.255", true, false),
        ("240.0.0.0", "255.255.255.255", false, false),
        ("169.254.169.254", "169.254.169.254", false, false),
    ];

    const V6: [(&str, &str, bool, bool); 14] = [
        ("::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false, true),
        (
            "2001::",
            "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
            true,
            true,
        ),
        (
            "2001::",
            "2001:0:ffff:ffff:ffff:ffff:ffff:ffff",
            true,
            false,
        ),
        (
            "2001:db8::",
            "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
            true,
            true,
        ),
        (
            "2002::",
            "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            true,
            true,
        ),
        (
            "3fff::",
            "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
            true,
            true,
        ),
        (
            "4000::",
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            true,
            false,
        ),
        ("64:ff9b::", "64:ff9b::ffff:ffff", false, false),
        (
            "64:ff9b:1::",
            "64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
            false,
            false,
        ),
        ("100::", "100::ffff:ffff:ffff:ffff", false, false),
        (
            "5f00::",
            "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            false,
            false,
        ),
        (
            "fc00::",
            "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            false,
            false,
        ),
        (
            "fe80::",
            "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            false,
            false,
        ),
        ("::1", "::1", false, false),
    ];

    fn v4(text: &str) -> Ipv4Addr {
        text.parse().unwrap()
    }

    fn v6(text: &str) -> Ipv6Addr {
        text.parse().unwrap()
    }

    /// `64:ff9b::` and the 32 bits, and so on: what has an IPv4 address in it.
    fn embeddings(address: Ipv4Addr) -> [Ipv6Addr; 5] {
        let bits = u128::from(address.to_bits());
        let at =
            |prefix: &str, shift: u32| Ipv6Addr::from_bits(v6(prefix).to_bits() | bits << shift);
        [
            at("::", 0),
            at("64:ff9b::", 0),
            at("64:ff9b:1::", 0),
            at("2002::", 80),
            // Teredo: the client's address, inverted.
            Ipv6Addr::from_bits(v6("2001::").to_bits() | (bits ^ 0xffff_ffff)),
        ]
    }

    #[test]
    fn the_blocks_of_ipv4_are_not_public_and_their_neighbours_are_also_as_mapped_addresses() {
        let judged = |address: Ipv4Addr| {
            let [plain, mapped] = [address.into(), address.to_ipv6_mapped().into()].map(is_public);
            assert_eq!(plain, mapped, "{address}");
            plain
        };
        for (first, last, before, after) in V4 {
            assert!(!judged(v4(first)), "{first}");
            assert!(!judged(v4(last)), "{last}");
            if let Some(neighbour) = v4(first).to_bits().checked_sub(1) {
                assert_eq!(
                    judged(Ipv4Addr::from_bits(neighbour)),
                    before,
                    "before {first}"
                );
            }
            if let Some(neighbour) = v4(last).to_bits().checked_add(1) {
                assert_eq!(
                    judged(Ipv4Addr::from_bits(neighbour)),
                    after,
                    "after {last}"
                );
            }
        }
    }

    #[test]
    fn the_blocks_of_ipv6_are_not_public_and_their_neighbours_in_2000_3_are() {
        for (first, last, before, after) in V6 {
            assert!(!is_public(v6(first).into()), "{first}");
            assert!(!is_public(v6(last).into()), "{last}");
            if let Some(neighbour) = v6(first).to_bits().checked_sub(1) {
                let public = is_public(Ipv6Addr::from_bits(neighbour).into());
                assert_eq!(public, before, "before {first}");
            }
            if let Some(neighbour) = v6(last).to_bits().checked_add(1) {
                let public = is_public(Ipv6Addr::from_bits(neighbour).into());
                assert_eq!(public, after, "after {last}");
            }
        }
    }

    #[test]
    fn an_ipv6_address_that_embeds_an_ipv4_one_otherwise_is_not_public_whatever_it_embeds() {
        let ends = V4
            .iter()
            .flat_map(|(first, last, ..)| [v4(first), v4(last)]);
        for address in ends.chain([v4("8.8.8.8"), v4("1.1.1.1")]) {
            for embedding in embeddings(address) {
                assert!(!is_public(embedding.into()), "{embedding}");
            }
        }
    }

    #[test]
    fn addresses_of_servers_are_public() {
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "52.94.236.248",
            "2606:4700:4700::1111",
            "2a00:1450:4001:801::200e",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }
}
