//! A key at one moment: what a deed makes of it, and how it answers a call. The rules of `key_model.rs`, without calls.
//!
//! Over 400 lines: what a deed makes of a key and what a call finds belong together.
//!
//! An instance decides by its own clock, at some moment of a call of which the model knows the beginning and the end
//! ([`Span`]). Where the moment matters, both outcomes are possible.

use std::fmt;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shared::Timestamp;

use crate::{app::response::Response, key_scopes::includes};

/// A stretch of time by the clock of an instance, in milliseconds; or a moment somewhere in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub from: i64,
    pub to: i64,
}

impl Span {
    fn at(moment: i64) -> Self {
        Self {
            from: moment,
            to: moment,
        }
    }

    /// Whether a moment may be over during this stretch.
    fn may_see_over(self, moment: Self) -> bool {
        moment.from <= self.to
    }

    /// Whether a moment may be to come during this stretch.
    fn may_see_to_come(self, moment: Self) -> bool {
        moment.to > self.from
    }

    fn plus(self, millis: i64) -> Self {
        Self {
            from: self.from + millis,
            to: self.to + millis,
        }
    }

    fn at_most(self, moment: Option<i64>) -> Self {
        let moment = moment.unwrap_or(i64::MAX);
        Self {
            from: self.from.min(moment),
            to: self.to.min(moment),
        }
    }
}

/// A secret that was shown.
#[derive(Clone)]
pub struct Secret {
    pub plaintext: String,
    /// The table knows it by that.
    pub hash: String,
}

impl Secret {
    pub fn new(plaintext: &str) -> Self {
        Self {
            plaintext: plaintext.to_owned(),
            hash: base16ct::lower::encode_string(&Sha256::digest(plaintext)),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", &self.plaintext[..12], &self.hash[..8])
    }
}

/// The hash of a secret whose response was lost begins so.
const LOST: &str = "lost ";

/// A key's settings, as its items in the table have them.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    pub scope: String,
    pub expires_at: Option<i64>,
    pub enabled: bool,
    pub allowed_ips: String,
    pub limit: Option<i64>,
}

impl Settings {
    fn of(item: &Value) -> Self {
        let text = |name: &str| item[name]["S"].as_str();
        Self {
            scope: text("scopes").unwrap_or("*").to_owned(),
            expires_at: number(item, "validUntil"),
            enabled: item["switchedOff"].is_null(),
            allowed_ips: text("allowedIps").unwrap_or_default().to_owned(),
            limit: number(item, "callLimit"),
        }
    }
}

/// The number in an attribute.
pub fn number(item: &Value, name: &str) -> Option<i64> {
    let digits = item[name]["N"].as_str();
    digits.map(|digits| digits.parse().unwrap())
}

/// A change of one setting.
#[derive(Clone, Debug)]
pub enum Change {
    Scope(&'static str),
    ExpiresAt(Option<i64>),
    Enabled(bool),
    AllowedIps(&'static str),
    Limit(Option<i64>),
}

impl Change {
    /// As a field of a body.
    pub fn field(&self) -> (&'static str, Value) {
        let words = |text: &str| json!(text.split_whitespace().collect::<Vec<_>>());
        match self {
            Self::Scope(scope) => ("scopes", words(scope)),
            Self::ExpiresAt(at) => ("expiresAt", json!(at.map(Timestamp::from_millis))),
            Self::Enabled(enabled) => ("enabled", json!(enabled)),
            Self::AllowedIps(blocks) => ("allowedIps", words(blocks)),
            Self::Limit(limit) => ("limit", json!(limit)),
        }
    }

    pub fn apply_to(&self, settings: &mut Settings) {
        match *self {
            Self::Scope(scope) => scope.clone_into(&mut settings.scope),
            Self::ExpiresAt(at) => settings.expires_at = at,
            Self::Enabled(enabled) => settings.enabled = enabled,
            Self::AllowedIps(blocks) => blocks.clone_into(&mut settings.allowed_ips),
            Self::Limit(limit) => settings.limit = limit,
        }
    }
}

/// What is done to a key.
#[derive(Clone, Debug)]
pub enum Deed {
    Change(Change),
    Rotate {
        overlap_seconds: i64,
        supersede: bool,
    },
    EndOverlap,
    Report(Secret),
    Revoke,
}

/// How a deed was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// There is no such key, or no overlap to end.
    NotFound,
    /// An older secret still works.
    Overlaps,
    /// Other writes were in the way, and nothing was done.
    InTheWay,
    /// A failure: it may have been done.
    Lost,
}

impl Outcome {
    pub fn of(answer: &Response) -> Self {
        match answer.status {
            200 | 202 => Self::Done,
            404 => Self::NotFound,
            409 if answer.param() == Some("supersede") => Self::Overlaps,
            409 => Self::InTheWay,
            500 => Self::Lost,
            _ => panic!("{answer:?}"),
        }
    }
}

/// A deed that was done, or not.
#[derive(Debug)]
pub struct Performed<'a> {
    pub deed: &'a Deed,
    pub span: Span,
    pub outcome: Outcome,
    /// The new secret of a rotation, and until when the older one works, if the response was not lost.
    pub rotated: Option<(String, Option<i64>)>,
}

/// A key that exists.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// The hash of the current secret.
    pub current: String,
    /// The hash of the older secret, and when its overlap ends. The table has it after that, too.
    pub previous: Option<(String, Span)>,
    pub settings: Settings,
}

impl State {
    /// As a listing in the table has it.
    pub fn of(listing: &Value) -> Self {
        let text = |name: &str| listing[name]["S"].as_str().map(str::to_owned);
        let previous = text("previousHash").map(|hash| {
            let until = number(listing, "previousUntil").unwrap();
            (hash, Span::at(until))
        });
        Self {
            current: text("keyHash").unwrap(),
            previous,
            settings: Settings::of(listing),
        }
    }

    /// Whether the table may have this state so.
    pub fn is(&self, listed: &Self, known: &[Secret]) -> bool {
        let is_new = |hash: &str| known.iter().all(|secret| secret.hash != hash);
        let same = |mine: &str, hash: &str| mine == hash || mine.starts_with(LOST) && is_new(hash);
        let same_previous = match (&self.previous, &listed.previous) {
            (None, None) => true,
            (Some((mine, end)), Some((hash, listed))) => {
                same(mine, hash) && (end.from..=end.to).contains(&listed.from)
            }
            _ => false,
        };
        same(&self.current, &listed.current) && same_previous && self.settings == listed.settings
    }

    /// When the key expires, and when its overlap ends.
    pub fn ends(&self) -> impl Iterator<Item = i64> + use<> {
        let overlap = self.previous.as_ref().map(|(_, end)| end.from);
        overlap.into_iter().chain(self.settings.expires_at)
    }

    /// When the older secret ends, which is at the key's own expiry at the latest.
    fn overlap_end(&self) -> Option<Span> {
        let (_, end) = self.previous.as_ref()?;
        Some(end.at_most(self.settings.expires_at))
    }

    fn without_previous(&self) -> Self {
        Self {
            previous: None,
            ..self.clone()
        }
    }

    /// Whether a call may be answered so.
    fn explains(&self, call: &Use, span: Span, reply: Reply) -> bool {
        if call.secret.hash != self.current {
            match &self.previous {
                Some((hash, end)) if *hash == call.secret.hash => {
                    let is_over = matches!(reply, Reply::Unknown | Reply::Expired);
                    if is_over && span.may_see_over(*end) {
                        return true;
                    }
                    if !span.may_see_to_come(*end) {
                        return false;
                    }
                }
                _ => return reply == Reply::Unknown,
            }
        }
        let Settings {
            scope, expires_at, ..
        } = &self.settings;
        if let Some(at) = expires_at.map(Span::at) {
            if reply == Reply::Expired && span.may_see_over(at) {
                return true;
            }
            if !span.may_see_to_come(at) {
                return false;
            }
        }
        if !self.settings.enabled {
            return reply == Reply::SwitchedOff;
        }
        if !admits(&self.settings.allowed_ips, call.address) {
            return reply == Reply::WrongAddress;
        }
        match reply {
            Reply::Limited => true,
            Reply::Admitted => includes(scope, call.scope),
            Reply::MissingScope => !includes(scope, call.scope),
            _ => false,
        }
    }
}

/// Whether a list admits an address. The blocks and addresses of the model differ in the first seven characters.
fn admits(list: &str, address: &str) -> bool {
    let mut blocks = list.split_whitespace();
    list.is_empty() || blocks.any(|block| address.starts_with(&block[..7]))
}

impl Performed<'_> {
    /// The states that it may have left of this one; none if it cannot have been answered so.
    fn leaves(&self, before: Option<&State>) -> Vec<Option<State>> {
        let mut after = Vec::new();
        if self.may_do_nothing(before) {
            after.push(before.cloned());
        }
        if let (Some(before), Outcome::Done | Outcome::Lost) = (before, self.outcome) {
            after.extend(self.effects(before));
        }
        after
    }

    /// Whether its outcome may be that of a deed that leaves everything as it is.
    fn may_do_nothing(&self, before: Option<&State>) -> bool {
        let overlap_end = before.and_then(State::overlap_end);
        match (self.outcome, self.deed) {
            (Outcome::InTheWay | Outcome::Lost, _) => true,
            (Outcome::NotFound, Deed::EndOverlap) => {
                overlap_end.is_none_or(|end| self.span.may_see_over(end))
            }
            (Outcome::NotFound, _) => before.is_none(),
            (Outcome::Overlaps, Deed::Rotate { supersede, .. }) => {
                !supersede && overlap_end.is_some_and(|end| self.span.may_see_to_come(end))
            }
            // Nobody is told what a reported secret was.
            (Outcome::Done, Deed::Report(secret)) => before.is_none_or(|before| {
                before.current != secret.hash
                    && before.previous.as_ref().is_none_or(|(hash, end)| {
                        *hash != secret.hash || self.span.may_see_over(*end)
                    })
            }),
            _ => false,
        }
    }

    /// What it may make of this state.
    fn effects(&self, before: &State) -> Vec<Option<State>> {
        let overlaps = before.overlap_end();
        match self.deed {
            Deed::Revoke => vec![None],
            Deed::Change(change) => {
                let mut after = before.clone();
                change.apply_to(&mut after.settings);
                vec![Some(after)]
            }
            Deed::EndOverlap => match overlaps {
                Some(end) if self.span.may_see_to_come(end) => {
                    vec![Some(before.without_previous())]
                }
                _ => Vec::new(),
            },
            Deed::Report(secret) if secret.hash == before.current => vec![None],
            Deed::Report(secret) => match &before.previous {
                Some((hash, end)) if *hash == secret.hash && self.span.may_see_to_come(*end) => {
                    vec![Some(before.without_previous())]
                }
                _ => Vec::new(),
            },
            Deed::Rotate {
                overlap_seconds,
                supersede,
            } => match overlaps {
                Some(end) if !supersede && !self.span.may_see_over(end) => Vec::new(),
                _ => self.rotations(before, overlap_seconds * 1000),
            },
        }
    }

    fn rotations(&self, before: &State, overlap: i64) -> Vec<Option<State>> {
        let expiry = before.settings.expires_at.map(Span::at);
        let mut ends = Vec::new();
        if overlap > 0 && expiry.is_none_or(|at| self.span.may_see_to_come(at)) {
            let end = self.span.plus(overlap);
            ends.push(Some(end.at_most(before.settings.expires_at)));
        }
        if overlap == 0 || expiry.is_some_and(|at| self.span.may_see_over(at)) {
            ends.push(None);
        }
        let lost = || format!("{LOST}{:?}", self.span);
        let current = self.rotated.as_ref();
        let current = current.map_or_else(lost, |(hash, _)| hash.clone());
        if let Some((_, told)) = &self.rotated {
            ends.retain(|end| match (end, told) {
                (Some(end), Some(told)) => (end.from..=end.to).contains(told),
                (None, None) => true,
                _ => false,
            });
            for end in &mut ends {
                *end = told.map(Span::at);
            }
        }
        let after = ends.into_iter().map(|end| State {
            current: current.clone(),
            previous: end.map(|end| (before.current.clone(), end)),
            settings: before.settings.clone(),
        });
        after.map(Some).collect()
    }
}

/// The states of a key while deeds were done to it in some order.
pub struct Course {
    /// At any time.
    pub states: Vec<Option<State>>,
    /// After all deeds.
    pub ends: Vec<Option<State>>,
}

impl Course {
    pub fn new(before: Option<&State>, deeds: &[Performed<'_>]) -> Self {
        // By the set of the deeds that were done so far, a bit for each.
        let mut after = vec![Vec::new(); 1 << deeds.len()];
        after[0].push(before.cloned());
        for done in 0..after.len() {
            for (number, deed) in deeds.iter().enumerate() {
                let with_it = done | 1 << number;
                if with_it == done {
                    continue;
                }
                let states = after[done].iter();
                let next: Vec<_> = states
                    .flat_map(|state| deed.leaves(state.as_ref()))
                    .collect();
                for state in next {
                    if !after[with_it].contains(&state) {
                        after[with_it].push(state);
                    }
                }
            }
        }
        Self {
            ends: after.last().cloned().unwrap_or_default(),
            states: after.concat(),
        }
    }

    /// Whether a call at the same time may be answered so.
    pub fn explains(&self, call: &Use, span: Span, reply: Reply) -> bool {
        self.states.iter().any(|state| match state {
            Some(state) => state.explains(call, span, reply),
            None => reply == Reply::Unknown,
        })
    }
}

/// A call with a key.
#[derive(Clone, Debug)]
pub struct Use {
    pub secret: Secret,
    pub address: &'static str,
    pub path: &'static str,
    /// What the path requires.
    pub scope: &'static str,
}

/// How a call with a key is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    Admitted,
    Unknown,
    Expired,
    SwitchedOff,
    WrongAddress,
    MissingScope,
    Limited,
}

impl Reply {
    /// `None`: a failure.
    pub fn of(answer: &Response, call: &Use) -> Option<Self> {
        let says = |words: &str| answer.message().contains(words);
        let needs = format!("it needs the scope `{}`", call.scope);
        Some(match (answer.status, answer.code()) {
            (200, _) => Self::Admitted,
            (401, "INVALID_TOKEN") if says("has expired") => Self::Expired,
            (401, "INVALID_TOKEN") if says("is switched off") => Self::SwitchedOff,
            (401, "INVALID_TOKEN") => Self::Unknown,
            (403, "FORBIDDEN") if says(&needs) => Self::MissingScope,
            (403, "FORBIDDEN") if says("from your address") => Self::WrongAddress,
            (429, _) => Self::Limited,
            (500, _) => return None,
            _ => panic!("{answer:?}"),
        })
    }

    /// Whether such a call counts in the limit and in the usage.
    pub fn is_counted(self) -> bool {
        matches!(self, Self::Admitted | Self::MissingScope)
    }
}
