//! The page of one key: its settings, its use and its history, and everything that the script needs to change it.

use askama::Template;
use strum::VariantArray;

use crate::{
    domain::scope::Area,
    error::ApiError,
    http::language::Language,
    ids::AuditEventId,
    portal::{
        SIGNED_OUT, assets,
        key_history::Entry,
        key_summary::Summary,
        moment::TimeText,
        reader::{Reader, SignedInPage},
        texts::{Texts, keys::KeyTexts},
        translations,
        usage_chart::UsageChart,
    },
    store::{audit_trail::AuditPage, key_usage::KeyUsage},
    time::Timestamp,
};

pub struct KeyPage<'a> {
    pub reader: Reader<'a>,
    pub usage: &'a KeyUsage,
    pub history: &'a AuditPage,
    /// The history is not from its newest entry on.
    pub is_older: bool,
}

impl KeyPage<'_> {
    pub fn render(&self) -> Result<String, ApiError> {
        let (reader, key) = (&self.reader, &self.usage.key);
        let language = reader.language;
        let texts = translations::of(language);
        let age = |at: Timestamp| TimeText::as_age(at, reader.now, language);
        let entries = self.history.events.iter();
        let entries = entries.map(|event| Entry::of(event, reader));
        let addresses: Vec<_> = key.settings.allowed_ips.words().collect();
        let scopes: Vec<_> = key.settings.scopes.words().collect();
        let page = Page {
            language,
            icon: assets::icon().path(),
            stylesheet: assets::key_stylesheet().path(),
            script: assets::key_script().path(),
            texts,
            keys: texts.keys,
            current: SignedInPage::ApiKey(key.id.as_str()),
            reader,
            signed_out: SIGNED_OUT,
            id: key.id.as_str(),
            name: &key.name,
            prefix: &key.prefix,
            summary: Summary::of(key, reader),
            created: TimeText::as_day(key.created_at, language),
            last_used: key.last_used_at.map(age),
            expires_at: key.settings.expires_at.map(|at| at.to_string()),
            scopes: scopes.join(" "),
            addresses,
            limit: key.settings.limit,
            old_key: key.previous.as_ref().map(|old| OldKey {
                prefix: &old.prefix,
                valid_until: TimeText::as_moment(old.valid_until, language),
                last_used: old.last_used_at.map(age),
            }),
            areas: Area::VARIANTS,
            chart: UsageChart::of(&self.usage.days, language),
            history: entries.collect::<Result<_, _>>()?,
            older: self.history.next.as_ref().map(AuditEventId::as_str),
            is_older: self.is_older,
        };
        page.render().map_err(ApiError::internal)
    }
}

#[derive(Template)]
#[template(path = "key.html", whitespace = "minimize")]
struct Page<'a> {
    language: Language,
    icon: String,
    stylesheet: String,
    script: String,
    texts: &'static Texts,
    keys: &'static KeyTexts,
    current: SignedInPage<'a>,
    reader: &'a Reader<'a>,
    signed_out: &'static str,
    id: &'a str,
    name: &'a str,
    prefix: &'a str,
    summary: Summary<'a>,
    created: TimeText,
    last_used: Option<TimeText>,
    /// As the API writes it, for the script.
    expires_at: Option<String>,
    /// As the API writes them, for the script.
    scopes: String,
    addresses: Vec<String>,
    limit: Option<u32>,
    old_key: Option<OldKey<'a>>,
    areas: &'static [Area],
    chart: UsageChart,
    history: Vec<Entry<'a>>,
    /// The entry before which the next page of the history begins.
    older: Option<&'a str>,
    is_older: bool,
}

/// The older secret, while it still works.
struct OldKey<'a> {
    prefix: &'a str,
    valid_until: TimeText,
    last_used: Option<TimeText>,
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;
    use crate::{
        domain::{
            act::{Actor, ActorType},
            key::{ApiKey, PreviousSecret},
            key_settings::KeySettings,
            scope::Scopes,
        },
        ids::{ApiKeyId, EventId},
        portal::{moment::DAY, page_checks},
        store::{audit_trail::AuditEvent, key_usage::DayUsage},
    };

    const NOW: Timestamp = Timestamp::from_millis(1_781_146_800_000);

    fn key(name: &str) -> ApiKey {
        ApiKey {
            id: ApiKeyId::new(NOW),
            name: name.to_owned(),
            prefix: "sk_live_a1b2".to_owned(),
            settings: KeySettings::default(),
            created_by: Some(user("usr_rani")),
            last_used_at: Some(NOW.plus_millis(-3 * 60_000)),
            created_at: NOW.plus_millis(-DAY),
            previous: None,
        }
    }

    fn user(id: &str) -> Actor {
        Actor {
            actor_type: ActorType::User,
            id: id.to_owned(),
        }
    }

    fn event(action: &str, changes: &str) -> AuditEvent {
        AuditEvent {
            id: AuditEventId::of(&EventId::new(NOW)),
            at: NOW,
            actor: user("usr_other"),
            action: action.to_owned(),
            target: "ak_1".to_owned(),
            changes: RawValue::from_string(changes.to_owned()).unwrap(),
            source_ip: "203.0.113.7".to_owned(),
            user_agent: None,
            request_id: "req_1".to_owned(),
        }
    }

    fn page(language: Language, key: ApiKey, events: Vec<AuditEvent>) -> String {
        let reader = Reader {
            language,
            sub: Some("usr_rani"),
            email: None,
            name: None,
            workspace: "acc_01",
            now: NOW,
            origin: "https://api.example.com".to_owned(),
            support: None,
        };
        let days = (1..=30).map(|day| DayUsage {
            date: format!("2026-06-{day:02}"),
            calls: day,
        });
        let usage = KeyUsage {
            key,
            days: days.collect(),
        };
        let history = AuditPage { events, next: None };
        let page = KeyPage {
            reader,
            usage: &usage,
            history: &history,
            is_older: false,
        };
        page.render().unwrap()
    }

    #[test]
    fn the_page_says_what_is_known_of_the_key() {
        let page = page(Language::English, key("Till"), Vec::new());
        for part in [
            r#"data-state="active""#,
            "<h1 id=\"title\"><bdi>Till</bdi></h1>",
            "<dd>Everything</dd>",
            "<dd>Never</dd>",
            "<dd>As many as Suppuo allows</dd>",
            "3 minutes ago</time>",
            "by <span>you</span>",
            r#"<span id="together">465</span>. Most in a day: 30."#,
            "<title>30 June 2026: 30</title>",
            "There are no entries.",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert!(!page.contains(r#"id="old-key""#) && !page.contains(r#"id="older""#));
    }

    #[test]
    fn the_old_key_and_the_settings_are_said() {
        let granted = ["tickets:write", "webhooks:read"];
        let granted = granted.map(|word| word.parse().unwrap());
        let blocks = ["203.0.113.0/24", "2001:db8::/32"];
        let restricted = ApiKey {
            settings: KeySettings {
                scopes: Scopes::new(granted.into()).unwrap(),
                expires_at: Some(NOW.plus_millis(DAY)),
                enabled: false,
                allowed_ips: crate::domain::ip_block::AllowedIps::new(
                    blocks.map(|block| block.parse().unwrap()).into(),
                ),
                limit: Some(60),
            },
            previous: Some(PreviousSecret {
                prefix: "sk_live_c3d4".to_owned(),
                valid_until: NOW.plus_millis(DAY),
                last_used_at: None,
            }),
            ..key("Till")
        };
        let page = page(Language::Indonesian, restricted, Vec::new());
        for part in [
            r#"data-state="off""#,
            "<dd>Tiket, Webhook (hanya membaca)</dd>",
            "Akan segera kedaluwarsa, pada <time",
            "<code>203.0.113.0/24</code> <code>2001:db8::/32</code>",
            "<dd>60</dd>",
            "<code>sk_live_c3d4…</code> berfungsi sampai",
            "tidak dipakai sejak kunci diganti",
            r#"data-scopes="tickets:write webhooks:read" data-expires-at="2026-06-12T03:00:00.000Z""#,
            r#"data-addresses="203.0.113.0/24 2001:db8::/32 " data-limit="60""#,
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
    }

    #[test]
    fn the_history_is_in_words() {
        let created =
            r#"{"name": {"from": null, "to": "Till"}, "scopes": {"from": null, "to": ["*"]}}"#;
        let changed = r#"{"expiresAt": {"from": null, "to": "2026-06-12T03:00:00.000Z"},
            "enabled": {"from": true, "to": false}, "allowedIps": {"from": [], "to": ["203.0.113.0/24"]},
            "limit": {"from": 60, "to": null}, "new": {"from": 1, "to": {}}}"#;
        let ended = r#"{"previous": {"from": {"keyPrefix": "sk_live_c3d4", "validUntil":
            "2026-06-12T03:00:00.000Z", "lastUsedAt": null}, "to": null}}"#;
        let events = vec![
            event("api_key.overlap_ended", ended),
            event("api_key.changed", changed),
            event("api_key.created", created),
        ];
        let page = page(Language::English, key("Till"), events);
        for part in [
            "<strong>Old key ended</strong>",
            "Old key: <bdi>sk_live_c3d4… works until 12 June 2026, 03:00 UTC</bdi> → <bdi>—</bdi>",
            "Expires: <bdi>Never</bdi> → <bdi>12 June 2026, 03:00 UTC</bdi>",
            "Switched on: <bdi>yes</bdi> → <bdi>no</bdi>",
            "Addresses that may use it: <bdi>All</bdi> → <bdi>203.0.113.0/24</bdi>",
            "Calls a minute: <bdi>60</bdi> → <bdi>As many as Suppuo allows</bdi>",
            "<li>Name: <bdi>Till</bdi></li><li>What it may do: <bdi>Everything</bdi></li>",
            "by  <code>usr_other</code>",
            "from <code>203.0.113.7</code>, <code>req_1</code>",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
    }

    #[test]
    fn what_callers_wrote_is_escaped() {
        let hostile = r#""><script>alert(1)</script>'`{{7*7}}"#;
        let mut event = event("api_key.changed", "{}");
        event.user_agent = Some(hostile.to_owned());
        let page = page(Language::English, key(hostile), vec![event]);
        assert!(!page.contains("<script>alert"));
        let escaped = "&#34;&#62;&#60;script&#62;alert(1)&#60;/script&#62;&#39;`{{7*7}}";
        // The title, the heading, the field, the user agent.
        assert_eq!(page.matches(escaped).count(), 4);
    }

    #[test]
    fn what_the_script_and_the_browsers_tests_use_is_in_the_page() {
        for language in Language::VARIANTS {
            let page = page(*language, key("Till"), Vec::new());
            page_checks::has_what_the_script_uses(&page, &assets::key_script().body);
            page_checks::has_no_inline_style_and_script(&page);
            let ids = [
                "state",
                "facts",
                "actions",
                "settings",
                "save",
                "chart",
                "numbers",
                "history",
                "rotate-dialog",
                "end-dialog",
                "revoke-dialog",
                "created-dialog",
                "name",
                "chosen",
                "areas",
                "expires-date",
                "addresses",
            ];
            page_checks::has_ids(&page, &ids);
            assert!(page.contains(r#"<a href="/dashboard/api-keys">"#));
            assert!(page.contains("returnTo=/dashboard/api-keys/ak_"));
            let assets = [assets::key_stylesheet(), assets::key_script()];
            page_checks::is_small(&page, assets, 60);
        }
    }
}
