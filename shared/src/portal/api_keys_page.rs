//! The page of API keys: the list, and all that the script needs to create and revoke them.

use askama::Template;

use crate::{
    error::ApiError,
    http::language::Language,
    portal::{
        SIGN_IN, SIGNED_OUT, assets,
        moment::{DAY, TimeText},
        texts::Texts,
    },
    store::api_keys::{ApiKey, MAX_KEYS},
    time::Timestamp,
};

/// A key that nothing has used for this long, in milliseconds, gets a hint.
const UNUSED_FOR: i64 = 90 * DAY;

/// What the page is made from. It has no `Debug`: it knows who reads it.
pub struct ApiKeysPage<'a> {
    /// The language of its words.
    pub language: Language,
    /// The e-mail address of who is signed in, where the issuer told it.
    pub email: Option<&'a str>,
    /// Their name, where the issuer told it.
    pub name: Option<&'a str>,
    /// The id of the workspace whose keys they are.
    pub workspace: &'a str,
    /// The keys, newest first.
    pub keys: &'a [ApiKey],
    /// The present, which ages are told from.
    pub now: Timestamp,
    /// Scheme and authority of the API, `https://api.example.com`, for the commands.
    pub origin: &'a str,
    /// Where people can write to when something fails, if anywhere: a URL.
    pub support: Option<&'a str>,
}

impl ApiKeysPage<'_> {
    /// The page.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InternalError`](crate::error::ErrorCode::InternalError) where the template cannot be
    /// written out.
    pub fn render(&self) -> Result<String, ApiError> {
        let rows: Vec<_> = self.keys.iter().map(|key| self.row(key)).collect();
        let page = Page {
            language: self.language,
            icon: assets::icon().path(),
            stylesheet: assets::stylesheet().path(),
            script: assets::script().path(),
            texts: Texts::of(self.language),
            who: self.name.or(self.email),
            // Shown beside the name, and not twice.
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
        let quiet_since = key.last_used_at.unwrap_or(key.created_at);
        let unused = quiet_since <= self.now.plus_millis(-UNUSED_FOR);
        Row {
            id: key.id.as_str(),
            name: &key.name,
            prefix: &key.prefix,
            created: TimeText::as_day(key.created_at, self.language),
            last_used: key
                .last_used_at
                .map(|at| TimeText::as_age(at, self.now, self.language)),
            unused_since: unused.then(|| TimeText::as_day(quiet_since, self.language)),
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
    /// What the script makes a row of a new key from.
    new_row: Row<'a>,
    now: Timestamp,
    most: u32,
    origin: &'a str,
    support: Option<&'a str>,
    sign_in: &'static str,
    signed_out: &'static str,
}

/// A key as the list shows it.
#[derive(Default)]
struct Row<'a> {
    id: &'a str,
    name: &'a str,
    prefix: &'a str,
    created: TimeText,
    last_used: Option<TimeText>,
    /// Where the key is due for the hint.
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

    /// How often a row of the list stands in the page: all but the one in the template.
    fn rows(page: &str) -> usize {
        page.matches(r#"data-id="ak_"#).count()
    }

    #[test]
    fn what_callers_wrote_stays_text() {
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
        // Who is signed in by name and address, the workspace for the reader and for the script, the key, its button.
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
    fn every_id_that_the_script_and_the_tests_go_by_is_there_once() {
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
        // What the script asks for by id.
        for rest in assets::script().body.split("byId(\"").skip(1) {
            let id = rest.split('"').next().unwrap();
            assert!(page.contains(&format!(r#" id="{id}""#)), "{id}");
        }
    }

    #[test]
    fn every_word_that_the_script_says_is_in_the_page() {
        let page = page(Language::Indonesian, &[]);
        let script = &assets::script().body;
        for rest in script.split("words.").skip(1) {
            let word: String = rest.chars().take_while(char::is_ascii_alphabetic).collect();
            // "words" also ends a sentence of a comment.
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
    fn a_key_that_nothing_has_used_for_90_days_has_a_hint() {
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
    fn who_is_signed_in_is_told_as_far_as_it_is_known() {
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

    /// The policy of the page forbids what is written into it: it has to be in the two files.
    #[test]
    fn no_style_and_no_script_is_written_into_the_page() {
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
        // The one stylesheet, and the icon; the script.
        assert_eq!(page.matches("<link").count(), 2);
        assert_eq!(page.matches(assets::PATH).count(), 3);
    }
}
