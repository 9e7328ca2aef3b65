//! Blocks of client addresses, for a key that only some addresses may use.

use std::{fmt, net::IpAddr, str::FromStr};

use ipnet::IpNet;

/// A CIDR block without host bits, v4 or v6: `203.0.113.0/24`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpBlock(IpNet);

impl IpBlock {
    fn has(self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }
}

impl FromStr for IpBlock {
    type Err = ();

    /// Fails for an address without a prefix length, for one with host bits, and for v4 addresses written as v6, which
    /// no client has: see [`AllowedIps::admit`].
    fn from_str(text: &str) -> Result<Self, ()> {
        let block: IpNet = text.parse().map_err(drop)?;
        let is_mapped = matches!(block, IpNet::V6(v6) if v6.addr().to_ipv4_mapped().is_some());
        let is_written_short = block.to_string().len() <= text.len();
        if block.trunc() == block && !is_mapped && is_written_short {
            Ok(Self(block))
        } else {
            Err(())
        }
    }
}

impl fmt::Display for IpBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The addresses from which a key may be used. Empty: from any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedIps(Vec<IpBlock>);

impl AllowedIps {
    pub const MAX: usize = 20;

    #[must_use]
    pub fn new(blocks: Vec<IpBlock>) -> Self {
        Self(blocks)
    }

    #[must_use]
    pub fn is_any(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this client address may use the key. A v4 address that the gateway writes as v6 is judged as v4; a text
    /// that is no address is admitted nowhere.
    #[must_use]
    pub fn admit(&self, address: &str) -> bool {
        let address = address
            .parse::<IpAddr>()
            .map(|address| address.to_canonical());
        self.is_any() || address.is_ok_and(|address| self.0.iter().any(|block| block.has(address)))
    }

    /// Whether every address that `others` admits is admitted here.
    #[must_use]
    pub fn include(&self, others: &Self) -> bool {
        let has = |other: &IpBlock| self.0.iter().any(|mine| mine.0.contains(&other.0));
        self.is_any() || (!others.is_any() && others.0.iter().all(has))
    }

    /// Each as it is written in the API.
    pub fn words(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(ToString::to_string)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(words: &[&str]) -> AllowedIps {
        AllowedIps(words.iter().map(|word| word.parse().expect(word)).collect())
    }

    #[test]
    fn a_block_has_a_length_and_no_host_bits() {
        for word in [
            "10.0.0.0/8",
            "203.0.113.7/32",
            "0.0.0.0/0",
            "2001:db8::/32",
            "::/0",
        ] {
            assert_eq!(word.parse::<IpBlock>().expect(word).to_string(), word);
        }
        for wrong in [
            "",
            "203.0.113.7",
            "203.0.113.7/24",
            "203.0.113.0/33",
            "203.0.113.0/-1",
            "203.0.113/24",
            "::1/0",
            "::ffff:203.0.113.0/120",
            "localhost/8",
            " 10.0.0.0/8",
        ] {
            assert_eq!(wrong.parse::<IpBlock>(), Err(()), "{wrong}");
        }
    }

    #[test]
    fn an_address_is_admitted_by_any_block() {
        let list = blocks(&["203.0.113.0/24", "2001:db8::/32"]);
        for address in [
            "203.0.113.0",
            "203.0.113.255",
            "::ffff:203.0.113.9",
            "2001:db8::1",
        ] {
            assert!(list.admit(address), "{address}");
        }
        for address in [
            "203.0.112.255",
            "203.0.114.0",
            "2001:db9::1",
            "",
            "somewhere",
        ] {
            assert!(!list.admit(address), "{address}");
        }
        assert!(AllowedIps::default().admit("somewhere"));
    }

    #[test]
    fn a_list_includes_what_its_blocks_contain() {
        let list = blocks(&["10.0.0.0/8", "2001:db8::/32"]);
        assert!(list.include(&blocks(&["10.1.0.0/16", "2001:db8::/48"])));
        assert!(list.include(&list));
        assert!(!list.include(&blocks(&["10.0.0.0/8", "11.0.0.0/8"])));
        assert!(!list.include(&blocks(&["0.0.0.0/0"])));
        assert!(!list.include(&AllowedIps::default()));
        assert!(AllowedIps::default().include(&AllowedIps::default()));
    }
}
