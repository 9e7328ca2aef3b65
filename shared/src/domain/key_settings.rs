//! What the owner of an API key may set: what it may do, from where, how often, and until when.

use crate::{
    domain::{ip_block::AllowedIps, scope::Scopes},
    time::{HOUR, Timestamp},
};

/// In milliseconds: a key's expiry is at least so far ahead when it is set.
pub const MIN_LIFE: i64 = HOUR;

/// How far ahead it is at most.
pub const MAX_LIFE_YEARS: i32 = 5;

/// The settings of a key. By default it may do everything, from anywhere, and never expires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySettings {
    pub scopes: Scopes,
    /// From this moment on the key is refused. `None`: it never expires.
    pub expires_at: Option<Timestamp>,
    /// A key that is switched off is refused until it is switched on again.
    pub enabled: bool,
    pub allowed_ips: AllowedIps,
    /// Calls a minute, below the deployment's limit. `None`: the deployment's.
    pub limit: Option<u32>,
}

impl Default for KeySettings {
    fn default() -> Self {
        Self {
            scopes: Scopes::everything(),
            expires_at: None,
            enabled: true,
            allowed_ips: AllowedIps::default(),
            limit: None,
        }
    }
}

/// What one key has and another has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    Scopes,
    Expiry,
    Addresses,
    Limit,
}

impl KeySettings {
    /// Whether anything keeps the key from doing everything, from anywhere, for ever.
    #[must_use]
    pub(crate) fn is_restricted(&self) -> bool {
        *self != Self::default()
    }

    /// The first thing that a key with these settings could do and one with `other` could not.
    #[must_use]
    pub fn excess_over(&self, other: &Self) -> Option<Excess> {
        // Without a value there is no bound.
        let lasts_longer = match (self.expires_at, other.expires_at) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(mine), Some(others)) => mine > others,
        };
        let may_call_more = match (self.limit, other.limit) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(mine), Some(others)) => mine > others,
        };
        if !other.scopes.include(&self.scopes) {
            Some(Excess::Scopes)
        } else if lasts_longer {
            Some(Excess::Expiry)
        } else if !other.allowed_ips.include(&self.allowed_ips) {
            Some(Excess::Addresses)
        } else if may_call_more {
            Some(Excess::Limit)
        } else {
            None
        }
    }
}

/// Fields of a key to change; `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct KeyChanges {
    pub name: Option<String>,
    pub scopes: Option<Scopes>,
    /// `Some(None)`: it never expires.
    pub expires_at: Option<Option<Timestamp>>,
    pub enabled: Option<bool>,
    pub allowed_ips: Option<AllowedIps>,
    /// `Some(None)`: the deployment's.
    pub limit: Option<Option<u32>>,
}

impl KeyChanges {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.name.is_none()
            && self.scopes.is_none()
            && self.expires_at.is_none()
            && self.enabled.is_none()
            && self.allowed_ips.is_none()
            && self.limit.is_none()
    }

    pub(crate) fn applied_to(&self, before: &KeySettings) -> KeySettings {
        let Self {
            scopes,
            expires_at,
            enabled,
            allowed_ips,
            limit,
            ..
        } = self.clone();
        KeySettings {
            scopes: scopes.unwrap_or_else(|| before.scopes.clone()),
            expires_at: expires_at.unwrap_or(before.expires_at),
            enabled: enabled.unwrap_or(before.enabled),
            allowed_ips: allowed_ips.unwrap_or_else(|| before.allowed_ips.clone()),
            limit: limit.unwrap_or(before.limit),
        }
    }
}

impl Excess {
    /// For the message that refuses it.
    #[must_use]
    pub fn of_the_caller(self) -> &'static str {
        match self {
            Self::Scopes => "scopes that the calling key does not have",
            Self::Expiry => "a later expiry than the calling key has",
            Self::Addresses => "addresses that the calling key may not be used from",
            Self::Limit => "a higher limit than the calling key has",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every combination of a few values of each setting.
    fn samples() -> Vec<KeySettings> {
        let scopes = ["*", "*:read", "tickets:read", "tickets:write"];
        let expiries = [None, Some(1), Some(2)].map(|at| at.map(Timestamp::from_millis));
        let lists = [
            &[][..],
            &["10.0.0.0/8"],
            &["10.1.0.0/16"],
            &["10.1.0.0/16", "::/0"],
        ];
        let limits = [None, Some(1), Some(2)];
        let mut samples = Vec::new();
        for scope in scopes {
            for expires_at in expiries {
                for list in lists {
                    for limit in limits {
                        let blocks = list.iter().map(|block| block.parse().expect(block));
                        samples.push(KeySettings {
                            scopes: Scopes::new(vec![scope.parse().expect(scope)]).expect("one"),
                            expires_at,
                            enabled: true,
                            allowed_ips: AllowedIps::new(blocks.collect()),
                            limit,
                        });
                    }
                }
            }
        }
        samples
    }

    /// "Has at most what the other has" is an order: reflexive, transitive, antisymmetric, with the default on top.
    #[test]
    fn having_no_more_than_another_key_is_an_order() {
        let samples = samples();
        let within = |one: &KeySettings, other: &KeySettings| one.excess_over(other).is_none();
        for one in &samples {
            assert!(within(one, one) && within(one, &KeySettings::default()));
            for other in &samples {
                assert!(!(within(one, other) && within(other, one)) || one == other);
                if within(one, other) {
                    for third in samples.iter().filter(|third| within(other, third)) {
                        assert!(within(one, third), "{one:?} {other:?} {third:?}");
                    }
                }
            }
        }
    }
}
