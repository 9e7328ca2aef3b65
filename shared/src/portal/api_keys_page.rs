//! The page of API keys: the list, and everything that the script needs to create and revoke keys.

use askama::Template;

use crate::{
    error::ApiError,
    http::language::Language,
    portal::{
        SIGN_IN, SIGNED_OUT, assets,
        moment::{DAY, TimeText},
        texts::Texts,
        translations,
    },
    store::api_keys::{ApiKey, MAX_KEYS},
    time::Timestamp,
};

/// A key that was not used for this long, in milliseconds, gets a hint.
const UNUSED_FOR: i64 = 90 * DAY;

/// Has no `Debug`: it holds personal data.
pub struct ApiKeysPage<'a> {
    pub language: Language,
    /// The user's e-mail address, if the issuer provided it.
    pub email: Option<&'a str>,
    /// The user's name, if the issuer provided it.
    pub name: Option<&'a str>,
    /// The workspace's id.
    pub workspace: &'a str,
    /// Newest first.
    pub keys: &'a [ApiKey],
    pub now: Timestamp,
    /// The API's origin for the commands, `https://api.example.com`.
    pub origin: &'a str,
    /// The URL of support, if there is one.
    pub support: Option<&'a str>,
}

impl ApiKeysPage<'_> {
    pub fn render(&self) -> Result<String, ApiError> {
        let rows: Vec<_> = self.keys.iter().map(|key| self.row(key)).collect();
        let page = Page {
            language: self.language,
            icon: assets::icon().path(),
            stylesheet: assets::stylesheet().path(),
            script: assets::script().path(),
            texts: translations::of(self.language),
            who: self.name.or(self.email),
            // Shown only next to a name: without one, `who` is the address.
            email: self.name.and(self.email),
            workspace: self.workspace,
            unused: rows.iter().filter(|row| row.unused_since.is_some()).count(),
            is_full: u32::try_from(rows.len()).is_ok_and(|keys| keys >= MAX_KEYS),
            rows,
            new_row: Row::default(),
            now: self.now,
            most: MAX_KEYS,
            origin: self.origin,
            support: self.support,
            sign_in: SIGN_IN,
            signed_out: SIGNED_OUT,
        };
        page.render().map_err(ApiError::internal)
    }

    fn row<'k>(&self, key: &'k ApiKey) -> Row<'k> {
        let idle_since = key.last_used_at.unwrap_or(key.created_at);
        let is_unused = idle_since <= self.now.plus_millis(-UNUSED_FOR);
        Row {
            id: key.id.as_str(),
            name: &key.name,
            prefix: &key.prefix,
            created: TimeText::as_day(key.created_at, self.language),
            last_used: key
                .last_used_at
                .map(|at| TimeText::as_age(at, self.now, self.language)),
            unused_since: is_unused.then(|| TimeText::as_day(idle_since, self.language)),
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
    texts: &'static Texts,
    who: Option<&'a str>,
    email: Option<&'a str>,
    workspace: &'a str,
    rows: Vec<Row<'a>>,
    is_full: bool,
    unused: usize,
    /// The script's template for the row of a new key.
    new_row: Row<'a>,
    now: Timestamp,
    most: u32,
    origin: &'a str,
    support: Option<&'a str>,
    sign_in: &'static str,
    signed_out: &'static str,
}

/// A row of the list.
#[derive(Default)]
struct Row<'a> {
    id: &'a str,
    name: &'a str,
    prefix: &'a str,
    created: TimeText,
    last_used: Option<TimeText>,
    /// Set if the key gets the hint.
    unused_since: Option<TimeText>,
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;
    use crate::ids::ApiKeyId;

    const NOW: Timestamp = Timestamp::EPOCH;

    fn key(name: &str, created_days_ago: i64, used_days_ago: Option<i64>) -> ApiKey {
        let ago = |days: i64| NOW.plus_millis(-days * DAY);
        ApiKey {
            id: ApiKeyId::new(Timestamp::now()),
            name: name.to_owned(),
            prefix: "sk_live_a1b2".to_owned(),
            last_used_at: used_days_ago.map(ago),
            created_at: ago(created_days_ago),
        }
    }

    fn page(language: Language, keys: &[ApiKey]) -> String {
        let page = ApiKeysPage {
            language,
            email: Some("rani@toko.example"),
            name: Some("Rani"),
            workspace: "acc_01",
            keys,
            now: NOW,
            origin: "https://api.example.com",
            support: None,
        };
        page.render().unwrap()
    }

    /// The number of rows, without the one in the template.
    fn rows(page: &str) -> usize {
        page.matches(r#"data-id="ak_"#).count()
    }

    #[test]
    fn what_callers_wrote_is_escaped() {
        let hostile = r#""><script>alert(1)</script>'`{{7*7}}"#;
        let keys = [key(hostile, 1, None)];
        let page = ApiKeysPage {
            email: Some(hostile),
            name: Some(hostile),
            workspace: hostile,
            ..ApiKeysPage {
                language: Language::English,
                email: None,
                name: None,
                workspace: "",
                keys: &keys,
                now: NOW,
                origin: "https://api.example.com",
                support: None,
            }
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
    fn every_id_that_the_script_and_the_tests_use_is_there_once() {
        let page = page(Language::English, &[]);
        for id in [
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
            "row",
            "failure",
        ] {
            let count = page.matches(&format!(r#" id="{id}""#)).count();
            assert_eq!(count, 1, "{id}");
        }
        // The ids that the script looks up.
        for rest in assets::script().body.split("byId(\"").skip(1) {
            let id = rest.split('"').next().unwrap();
            assert!(page.contains(&format!(r#" id="{id}""#)), "{id}");
        }
    }

    #[test]
    fn every_text_that_the_script_shows_is_in_the_page() {
        let page = page(Language::Indonesian, &[]);
        let script = &assets::script().body;
        for rest in script.split("words.").skip(1) {
            let word: String = rest.chars().take_while(char::is_ascii_alphabetic).collect();
            // A comment may end a sentence with "words".
            if word.is_empty() {
                continue;
            }
            let attribute: String = word
                .chars()
                .flat_map(|c| {
                    [
                        c.is_uppercase().then_some('-'),
                        Some(c.to_ascii_lowercase()),
                    ]
                })
                .flatten()
                .collect();
            assert!(page.contains(&format!(r#" data-{attribute}=""#)), "{word}");
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
                language: Language::English,
                email,
                name,
                workspace: "acc_01",
                keys: &[],
                now: NOW,
                origin: "https://api.example.com",
                support: None,
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
            let assets = [assets::stylesheet(), assets::script()].map(|asset| asset.body.len());
            let whole = page.len() + assets.iter().sum::<usize>();
            assert!(whole <= 40 * 1024, "{whole} bytes");
        }
    }

    /// The content security policy forbids inline styles and scripts.
    #[test]
    fn the_page_has_no_inline_style_and_script() {
        let page = page(Language::English, &[key("Till", 400, None)]);
        for tag in page.split('<').skip(1) {
            let tag = tag.split('>').next().unwrap();
            let attributes = tag.split(['"', ' ', '\n']);
            for attribute in attributes.filter(|part| part.ends_with('=')) {
                assert!(
                    attribute != "style=" && !attribute.starts_with("on"),
                    "{tag}"
                );
            }
            assert!(!tag.starts_with("style"), "{tag}");
            assert!(!tag.starts_with("script") || tag.contains(" src="), "{tag}");
        }
        assert_eq!(page.matches("<script").count(), 1);
        assert_eq!(page.matches("</script").count(), 1);
        assert!(page.contains("></script>"));
        // The stylesheet and the icon are links; the script is the third asset.
        assert_eq!(page.matches("<link").count(), 2);
        assert_eq!(page.matches(assets::PATH).count(), 3);
    }
}
