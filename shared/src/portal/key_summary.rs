//! What the list of keys and a key's own page say about a key: what it may do, who made it, when it ends.

use strum::{IntoStaticStr, VariantArray};

use crate::{
    domain::{
        act::{Actor, ActorType},
        key::ApiKey,
        scope::{Area, GrantedScope, Scopes},
    },
    http::language::Language,
    portal::{
        moment::{DAY, TimeText},
        reader::Reader,
        texts::keys::KeyTexts,
        translations,
    },
    time::Timestamp,
};

/// A key that expires within this time, in milliseconds, gets a warning.
const EXPIRES_SOON: i64 = 7 * DAY;

/// The stylesheet knows the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub(super) enum State {
    Active,
    /// Switched off.
    Off,
    Expired,
}

pub(super) struct Summary<'a> {
    /// One word of [`State`].
    pub(super) state: &'static str,
    /// Also of a key that has expired.
    pub(super) is_enabled: bool,
    pub(super) may_do: String,
    pub(super) expiry: Option<Expiry>,
    /// While an older secret works.
    pub(super) old_key_until: Option<TimeText>,
    /// `None` for a key that is older than what is known of it.
    pub(super) maker: Option<Who<'a>>,
}

pub(super) struct Expiry {
    pub(super) is_near: bool,
    pub(super) text: &'static str,
    /// The day; the moment if it is near.
    pub(super) at: TimeText,
}

/// Who did something.
pub(super) struct Who<'a> {
    pub(super) text: &'static str,
    /// Empty if the text says all.
    pub(super) id: &'a str,
}

impl<'a> Summary<'a> {
    pub(super) fn of(key: &'a ApiKey, reader: &Reader<'_>) -> Self {
        let (language, now) = (reader.language, reader.now);
        let texts = translations::of(language).keys;
        let settings = &key.settings;
        let is_over = settings.expires_at.is_some_and(|at| at <= now);
        let state = match (is_over, settings.enabled) {
            (true, _) => State::Expired,
            (false, false) => State::Off,
            (false, true) => State::Active,
        };
        let old_key_until = key.previous.as_ref().map(|old| old.valid_until);
        Self {
            state: state.into(),
            is_enabled: settings.enabled,
            may_do: may_do(&settings.scopes, texts),
            expiry: settings.expires_at.map(|at| expiry(at, now, language)),
            old_key_until: old_key_until.map(|until| TimeText::as_moment(until, language)),
            maker: key.created_by.as_ref().map(|actor| who(actor, reader)),
        }
    }
}

fn expiry(at: Timestamp, now: Timestamp, language: Language) -> Expiry {
    let texts = translations::of(language).keys;
    let is_near = at <= now.plus_millis(EXPIRES_SOON);
    Expiry {
        is_near,
        text: match (at <= now, is_near) {
            (true, _) => texts.expired,
            (false, true) => texts.expires_soon,
            (false, false) => texts.expires_on,
        },
        at: if is_near {
            TimeText::as_moment(at, language)
        } else {
            TimeText::as_day(at, language)
        },
    }
}

/// `Tickets, Webhooks (only reads)`.
pub(super) fn may_do(scopes: &Scopes, texts: &KeyTexts) -> String {
    let has = |scope| Scopes::new(vec![scope]).is_some_and(|wanted| scopes.include(&wanted));
    if has(GrantedScope::Everything) {
        return texts.everything.to_owned();
    }
    let reads_everything = has(GrantedScope::ReadEverything);
    let all = reads_everything.then(|| texts.reads_everything.to_owned());
    let areas = Area::VARIANTS.iter().filter_map(|area| {
        let name = (texts.area)(*area);
        if scopes.allow(area.write()) {
            Some(name.to_owned())
        } else if scopes.allow(area.read()) && !reads_everything {
            Some(format!("{name} {}", texts.only_reads))
        } else {
            None
        }
    });
    all.into_iter().chain(areas).collect::<Vec<_>>().join(", ")
}

pub(super) fn who<'a>(actor: &'a Actor, reader: &Reader<'_>) -> Who<'a> {
    let texts = translations::of(reader.language).keys;
    let (text, id) = match actor.actor_type {
        ActorType::User if reader.sub == Some(&actor.id) => (texts.you, ""),
        ActorType::User => ("", actor.id.as_str()),
        ActorType::ApiKey => (texts.api_key, actor.id.as_str()),
        ActorType::Operator => (texts.operator, ""),
        ActorType::Github => (texts.github, ""),
        ActorType::LeakReport => (texts.leak_report, ""),
    };
    Who { text, id }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(words: &str) -> Scopes {
        let granted = words.split(' ').map(|word| word.parse().expect(word));
        Scopes::new(granted.collect()).unwrap()
    }

    #[test]
    fn what_a_key_may_do_is_said_in_words() {
        for (words, english, indonesian) in [
            ("*", "Everything", "Semuanya"),
            ("tickets:read *", "Everything", "Semuanya"),
            ("*:read", "Reads everything", "Membaca semuanya"),
            (
                "*:read tickets:write",
                "Reads everything, Tickets",
                "Membaca semuanya, Tiket",
            ),
            (
                "webhooks:read tickets:read tickets:write",
                "Tickets, Webhooks (only reads)",
                "Tiket, Webhook (hanya membaca)",
            ),
        ] {
            for (language, expected) in [
                (Language::English, english),
                (Language::Indonesian, indonesian),
            ] {
                let texts = translations::of(language).keys;
                assert_eq!(may_do(&scopes(words), texts), expected);
            }
        }
    }

    #[test]
    fn an_expiry_is_near_a_week_before() {
        let now = Timestamp::from_millis(1_781_146_800_000);
        for (after, near, text) in [
            (7 * DAY + 1, false, "Expires on"),
            (7 * DAY, true, "Expires soon, on"),
            (1, true, "Expires soon, on"),
            (0, true, "Expired on"),
        ] {
            let expiry = expiry(now.plus_millis(after), now, Language::English);
            assert_eq!((expiry.is_near, expiry.text), (near, text), "{after}");
        }
    }
}
