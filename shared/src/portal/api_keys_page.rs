//! The page of API keys: the list, and everything that the script needs to create and revoke keys.

use askama::Template;
use strum::VariantArray;

use crate::{
    domain::{key::ApiKey, scope::Area},
    error::ApiError,
    http::language::Language,
    portal::{
        SIGNED_OUT, assets,
        key_summary::Summary,
        moment::{DAY, TimeText},
        reader::{Reader, SignedInPage},
        texts::{Texts, keys::KeyTexts},
        translations,
    },
    store::api_keys::MAX_KEYS,
};

/// A key that was not used for this long, in milliseconds, gets a hint.
const UNUSED_FOR: i64 = 90 * DAY;

pub struct ApiKeysPage<'a> {
    pub reader: Reader<'a>,
    /// Newest first.
    pub keys: &'a [ApiKey],
}

impl ApiKeysPage<'_> {
    pub fn render(&self) -> Result<String, ApiError> {
        let texts = translations::of(self.reader.language);
        let rows: Vec<_> = self.keys.iter().map(|key| self.row(key)).collect();
        let page = Page {
            language: self.reader.language,
            icon: assets::icon().path(),
            stylesheet: assets::api_keys_stylesheet().path(),
            script: assets::api_keys_script().path(),
            dialogs: assets::api_keys_dialogs_script().name(),
            texts,
            keys: texts.keys,
            current: SignedInPage::ApiKeys,
            reader: &self.reader,
            signed_out: SIGNED_OUT,
            unused: rows.iter().filter(|row| row.unused_since.is_some()).count(),
            is_full: u32::try_from(rows.len()).is_ok_and(|keys| keys >= MAX_KEYS),
            rows,
            areas: Area::VARIANTS,
            most: MAX_KEYS,
        };
        page.render().map_err(ApiError::internal)
    }

    fn row<'k>(&self, key: &'k ApiKey) -> Row<'k> {
        let (language, now) = (self.reader.language, self.reader.now);
        let idle_since = key.last_used_at.unwrap_or(key.created_at);
        let is_unused = idle_since <= now.plus_millis(-UNUSED_FOR);
        Row {
            id: key.id.as_str(),
            name: &key.name,
            prefix: &key.prefix,
            summary: Summary::of(key, &self.reader),
            created: TimeText::as_day(key.created_at, language),
            last_used: key
                .last_used_at
                .map(|at| TimeText::as_age(at, now, language)),
            unused_since: is_unused.then(|| TimeText::as_day(idle_since, language)),
        }
    }
}

#[derive(Template)]
#[template(path = "api_keys.html", whitespace = "minimize")]
struct Page<'a> {
    language: Language,
    icon: String,
    stylesheet: String,
    script: String,
    /// The name of the script that the page's script loads.
    dialogs: &'static str,
    texts: &'static Texts,
    keys: &'static KeyTexts,
    current: SignedInPage<'static>,
    reader: &'a Reader<'a>,
    signed_out: &'static str,
    rows: Vec<Row<'a>>,
    is_full: bool,
    unused: usize,
    areas: &'static [Area],
    most: u32,
}

/// A row of the list.
struct Row<'a> {
    id: &'a str,
    name: &'a str,
    prefix: &'a str,
    summary: Summary<'a>,
    created: TimeText,
    last_used: Option<TimeText>,
    /// Set if the key gets the hint.
    unused_since: Option<TimeText>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::key_settings::KeySettings, ids::ApiKeyId, portal::page_checks, time::Timestamp,
    };

    const NOW: Timestamp = Timestamp::EPOCH;

    fn key(name: &str, created_days_ago: i64, used_days_ago: Option<i64>) -> ApiKey {
        let ago = |days: i64| NOW.plus_millis(-days * DAY);
        ApiKey {
            id: ApiKeyId::new(Timestamp::now()),
            name: name.to_owned(),
            prefix: "sk_live_a1b2".to_owned(),
            last_used_at: used_days_ago.map(ago),
            created_at: ago(created_days_ago),
            settings: KeySettings::default(),
            created_by: None,
            previous: None,
        }
    }

    fn reader<'a>(name: Option<&'a str>, email: Option<&'a str>) -> Reader<'a> {
        Reader {
            language: Language::English,
            sub: Some("usr_rani"),
            email,
            name,
            workspace: "acc_01",
            now: NOW,
            origin: "https://api.example.com".to_owned(),
            support: None,
        }
    }

    fn page(language: Language, keys: &[ApiKey]) -> String {
        let reader = Reader {
            language,
            ..reader(Some("Rani"), Some("rani@toko.example"))
        };
        ApiKeysPage { reader, keys }.render().unwrap()
    }

    fn rows(page: &str) -> usize {
        page.matches(r#"data-id="ak_"#).count()
    }

    #[test]
    fn what_callers_wrote_is_escaped() {
        let hostile = r#""><script>alert(1)</script>'`{{7*7}}"#;
        let keys = [key(hostile, 1, None)];
        let reader = Reader {
            workspace: hostile,
            ..reader(Some(hostile), Some(hostile))
        };
        let page = ApiKeysPage {
            reader,
            keys: &keys,
        };
        let page = page.render().unwrap();
        assert!(!page.contains("<script>alert"));
        let escaped = "&#34;&#62;&#60;script&#62;alert(1)&#60;/script&#62;&#39;`{{7*7}}";
        // The user's name and address, the workspace for the reader and for the script, the key, its button.
        assert_eq!(page.matches(escaped).count(), 6);
    }

    #[test]
    fn every_key_has_its_row() {
        for language in Language::VARIANTS {
            for count in [0, 1, 100] {
                let keys = vec![key("Web shop", 1, Some(0)); count];
                let page = page(*language, &keys);
                assert_eq!(rows(&page), count);
                assert!(page.contains(&format!(r#"id="count-all">{count}<"#)));
                assert!(page.contains(&format!(r#"<html lang="{}">"#, language.as_ref())));
            }
        }
    }

    #[test]
    fn every_id_that_the_browsers_tests_use_is_there_once() {
        let page = page(Language::English, &[]);
        let ids = [
            "main",
            "who",
            "sign-out",
            "sign-out-button",
            "create",
            "status",
            "problem",
            "filter",
            "filter-all",
            "filter-unused",
            "keys",
            "none-match",
            "empty",
            "create-dialog",
            "name",
            "create-submit",
            "create-cancel",
            "create-problem",
            "created-dialog",
            "new-key",
            "copy",
            "copied",
            "not-saved",
            "created-saved",
            "full",
            "languages",
            "empty-title",
            "new-key-curl",
            "copy-curl",
            "created-done",
            "revoke-dialog",
            "revoke-name",
            "revoke-confirm",
            "revoke-cancel",
            "revoke-problem",
            "words",
            "failure",
            "search",
            "sort",
            "found",
            "more",
            "scopes",
            "areas",
            "expires",
            "addresses",
        ];
        page_checks::has_ids(&page, &ids);
    }

    #[test]
    fn what_the_script_uses_is_in_the_page() {
        let page = page(Language::Indonesian, &[]);
        for script in [assets::api_keys_script(), assets::api_keys_dialogs_script()] {
            page_checks::has_what_the_script_uses(&page, &script.body);
        }
    }

    #[test]
    fn a_key_that_was_not_used_for_90_days_has_a_hint() {
        let hinted = |created, used| {
            let page = page(Language::English, &[key("Till", created, used)]);
            let hint = page.split(r#"class="unused-hint">"#).nth(1);
            hint.map(|hint| hint.split(" <time").next().unwrap().to_owned())
        };
        assert_eq!(hinted(400, Some(89)), None);
        assert_eq!(hinted(89, None), None);
        let since = |text: &str| Some(text.to_owned());
        assert_eq!(hinted(400, Some(90)), since("Not used since"));
        assert_eq!(
            hinted(90, None),
            since("Never used since it was created on")
        );
    }

    #[test]
    fn the_page_shows_as_much_of_the_user_as_is_known() {
        let who = |name, email| {
            let page = ApiKeysPage {
                reader: reader(name, email),
                keys: &[],
            };
            let page = page.render().unwrap();
            let who = page.split(r#"<p id="who">"#).nth(1).unwrap();
            who.split("</p>").next().unwrap().to_owned()
        };
        let both = who(Some("Rani"), Some("rani@toko.example"));
        assert!(both.contains("Rani</bdi> <bdi>(rani@toko.example)</bdi>"));
        let email = who(None, Some("rani@toko.example"));
        assert_eq!(email.matches("rani@toko.example").count(), 1);
        assert!(who(None, None).starts_with(r#"<span><span class="label">Workspace"#));
    }

    #[test]
    fn page_and_assets_together_are_small() {
        let keys = vec![key("Web shop in Surabaya", 400, Some(100)); 5];
        for language in Language::VARIANTS {
            let page = page(*language, &keys);
            let assets = [assets::api_keys_stylesheet(), assets::api_keys_script()];
            page_checks::is_small(&page, assets, 40);
        }
    }

    #[test]
    fn the_page_has_no_inline_style_and_script() {
        let page = page(Language::English, &[key("Till", 400, None)]);
        page_checks::has_no_inline_style_and_script(&page);
        // The stylesheet and the icon are links; the script is the third asset.
        assert_eq!(page.matches("<link").count(), 2);
        assert_eq!(page.matches(assets::PATH).count(), 3);
    }
}
