//! The address of a client without a credential. The table holds only a keyed hash of it.
//!
//! Anybody can try all IPv4 addresses, so a plain hash would hide none. The key is not in the table (see
//! [`crate::domain::signing_keys`]). The table therefore shows that two calls came from one address, but not from
//! which.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

use crate::domain::signing_keys::SigningKeys;

/// A limit counts one IPv4 address, or one /64 of IPv6, which is what a provider gives a household
/// (RFC 6177). `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ClientAddress(Vec<u8>);

impl ClientAddress {
    /// Parses the address that the gateway saw. A text that is not an address counts as a client of its own.
    pub(crate) fn of(source_ip: &str) -> Self {
        match source_ip
            .parse::<IpAddr>()
            .map(|address| address.to_canonical())
        {
            Ok(IpAddr::V4(address)) => Self(address.octets().into()),
            Ok(IpAddr::V6(address)) => Self(network(address).into()),
            Err(_) => Self(source_ip.as_bytes().into()),
        }
    }

    pub(crate) fn hash(&self, keys: &SigningKeys) -> AddressHash {
        let code = keys.addresses.sign(&[&self.0]);
        AddressHash(base16ct::lower::encode_string(&code[..16]))
    }
}

fn network(address: Ipv6Addr) -> [u8; 8] {
    let [network @ .., _, _, _, _, _, _, _, _] = address.octets();
    network
}

impl fmt::Debug for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientAddress(…)")
    }
}

/// A keyed hash of an address: 128 bits, in lower-case hex.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AddressHash(String);

impl AddressHash {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_address_counts_by_its_64_and_an_ipv4_address_by_itself() {
        let same = |one, other| ClientAddress::of(one) == ClientAddress::of(other);
        assert!(same("2001:db8:0:1::1", "2001:0db8:0000:0001:ffff::"));
        assert!(!same("2001:db8:0:1::1", "2001:db8:0:2::1"));
        assert!(same("192.0.2.1", "::ffff:192.0.2.1"));
        assert!(!same("192.0.2.1", "192.0.2.2"));
        assert!(!same("", "192.0.2.1"));
    }

    #[test]
    fn the_hash_depends_on_the_secret_and_debug_shows_no_address() {
        let address = ClientAddress::of("192.0.2.1");
        let hash = |secret| address.hash(&SigningKeys::from_secret(secret));
        assert_ne!(hash("a"), hash("b"));
        assert_eq!(hash("a").as_str().len(), 32);
        assert_eq!(format!("{address:?}"), "ClientAddress(…)");
    }
}
