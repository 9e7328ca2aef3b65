//! Scopes: what an API key may do, and what an endpoint requires.

use std::{fmt, str::FromStr};

use strum::{Display, EnumString, VariantArray};

/// A part of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display, EnumString, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Area {
    Tickets,
    CannedReplies,
    ApiKeys,
    Webhooks,
    Channels,
    Billing,
}

impl Area {
    /// What an endpoint requires that reads in this area.
    #[must_use]
    pub const fn read(self) -> Scope {
        Scope {
            area: self,
            access: Access::Read,
        }
    }

    /// What an endpoint requires that changes something in this area.
    #[must_use]
    pub const fn write(self) -> Scope {
        Scope {
            area: self,
            access: Access::Write,
        }
    }
}

/// Writing includes reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Display, EnumString, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Access {
    Read,
    Write,
}

/// What an endpoint requires of the key that calls it. Users may do everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    area: Area,
    access: Access,
}

/// As a key's scope is written: `tickets:read`.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.area, self.access)
    }
}

/// One scope of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantedScope {
    /// `*`: everything, also in areas that do not exist yet.
    Everything,
    /// `*:read`: reads everything.
    ReadEverything,
    /// `{area}:read` or `{area}:write`.
    Area(Scope),
}

impl GrantedScope {
    /// Whether whoever has `self` also has `other`.
    fn includes(self, other: Self) -> bool {
        match (self, other) {
            (Self::Everything, _) | (Self::ReadEverything, Self::ReadEverything) => true,
            (Self::ReadEverything, Self::Area(scope)) => scope.access == Access::Read,
            (Self::Area(mine), Self::Area(scope)) => {
                mine.area == scope.area && mine.access >= scope.access
            }
            (Self::ReadEverything | Self::Area(_), _) => false,
        }
    }
}

impl FromStr for GrantedScope {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "*" => Ok(Self::Everything),
            "*:read" => Ok(Self::ReadEverything),
            _ => {
                let (area, access) = text.split_once(':').ok_or(())?;
                let area = area.parse().map_err(drop)?;
                let access = access.parse().map_err(drop)?;
                Ok(Self::Area(Scope { area, access }))
            }
        }
    }
}

impl fmt::Display for GrantedScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => f.write_str("*"),
            Self::ReadEverything => f.write_str("*:read"),
            Self::Area(scope) => scope.fmt(f),
        }
    }
}

/// All scopes of a key, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scopes(Vec<GrantedScope>);

impl Scopes {
    pub const MAX: usize = 20;

    #[must_use]
    pub fn everything() -> Self {
        Self(vec![GrantedScope::Everything])
    }

    /// `None` for an empty list: such a key could do nothing.
    #[must_use]
    pub fn new(granted: Vec<GrantedScope>) -> Option<Self> {
        (!granted.is_empty()).then_some(Self(granted))
    }

    #[must_use]
    pub fn allow(&self, scope: Scope) -> bool {
        let wanted = GrantedScope::Area(scope);
        self.0.iter().any(|granted| granted.includes(wanted))
    }

    /// Whether whoever has these scopes also has all `others`.
    #[must_use]
    pub fn include(&self, others: &Self) -> bool {
        let has = |other: &GrantedScope| self.0.iter().any(|mine| mine.includes(*other));
        others.0.iter().all(has)
    }

    /// Each as it is written in the API.
    pub fn words(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(ToString::to_string)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(words: &[&str]) -> Scopes {
        let granted = words.iter().map(|word| word.parse().expect(word));
        Scopes::new(granted.collect()).expect("a scope")
    }

    #[test]
    fn a_scope_is_read_as_it_is_written() {
        for word in [
            "*",
            "*:read",
            "tickets:read",
            "canned_replies:write",
            "api_keys:read",
        ] {
            let read: GrantedScope = word.parse().expect(word);
            assert_eq!(read.to_string(), word);
        }
        for wrong in [
            "",
            "tickets",
            "*:write",
            "tickets:",
            "tickets:all",
            "Tickets:read",
            " *",
        ] {
            assert_eq!(wrong.parse::<GrantedScope>(), Err(()), "{wrong}");
        }
    }

    #[test]
    fn writing_includes_reading_and_reading_no_writing() {
        let all = |words| {
            let scopes = scopes(words);
            let of = |access| {
                let areas = Area::VARIANTS.iter();
                let scope = |area: &Area| Scope {
                    area: *area,
                    access,
                };
                areas.filter(|area| scopes.allow(scope(area))).count()
            };
            (of(Access::Read), of(Access::Write))
        };
        assert_eq!(all(&["*"]), (6, 6));
        assert_eq!(all(&["*:read"]), (6, 0));
        assert_eq!(all(&["tickets:read"]), (1, 0));
        assert_eq!(all(&["tickets:write"]), (1, 1));
        assert_eq!(all(&["*:read", "billing:write"]), (6, 1));
    }

    #[test]
    fn some_scopes_include_others() {
        for (mine, others, include) in [
            (&["*"][..], &["*:read", "tickets:write"][..], true),
            (&["*:read"], &["tickets:read"], true),
            (&["*:read"], &["*"], false),
            (&["*:read"], &["tickets:write"], false),
            (&["tickets:write"], &["tickets:read"], true),
            (
                &["tickets:write", "*:read"],
                &["*:read", "tickets:write"],
                true,
            ),
            (&["tickets:read"], &["*:read"], false),
            (&["tickets:read"], &["billing:read"], false),
        ] {
            assert_eq!(
                scopes(mine).include(&scopes(others)),
                include,
                "{mine:?} {others:?}"
            );
        }
        let of_every_area = Area::VARIANTS.iter().copied().map(Area::write);
        let of_every_area = Scopes::new(of_every_area.map(GrantedScope::Area).collect());
        // `*` is also for areas to come.
        assert!(!of_every_area.expect("areas").include(&Scopes::everything()));
    }
}
