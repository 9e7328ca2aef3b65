//! The page of webhooks: the endpoints and how they are doing, and everything that the script needs to change them.

use askama::Template;
use strum::{IntoStaticStr, VariantArray};

use crate::{
    domain::{
        event_type::{EventPattern, EventType},
        webhook_subscription::{DisabledReason, MAX_SUBSCRIPTIONS, Subscription},
    },
    error::ApiError,
    http::language::Language,
    portal::{
        SIGNED_OUT, assets,
        moment::TimeText,
        reader::{Reader, SignedInPage},
        receivers::{RECEIVERS, Receiver},
        texts::{Texts, webhooks::WebhookTexts},
        translations,
    },
    time::Timestamp,
};

pub struct WebhooksPage<'a> {
    pub reader: Reader<'a>,
    /// Newest first.
    pub subscriptions: &'a [Subscription],
}

impl WebhooksPage<'_> {
    pub fn render(&self) -> Result<String, ApiError> {
        let texts = translations::of(self.reader.language);
        let subscriptions = self.subscriptions.iter();
        let endpoints: Vec<_> = subscriptions.map(|one| self.endpoint(one)).collect();
        let page = Page {
            language: self.reader.language,
            icon: assets::icon().path(),
            stylesheet: assets::webhooks_stylesheet().path(),
            script: assets::webhooks_script().path(),
            texts,
            webhooks: texts.webhooks,
            current: SignedInPage::Webhooks,
            reader: &self.reader,
            signed_out: SIGNED_OUT,
            is_full: u32::try_from(endpoints.len()).is_ok_and(|count| count >= MAX_SUBSCRIPTIONS),
            endpoints,
            new_endpoint: Endpoint::default(),
            most: MAX_SUBSCRIPTIONS,
            event_choices: event_choices(texts.webhooks),
            receivers: &RECEIVERS,
        };
        page.render().map_err(ApiError::internal)
    }

    fn endpoint<'s>(&self, subscription: &'s Subscription) -> Endpoint<'s> {
        let language = self.reader.language;
        let texts = translations::of(language).webhooks;
        let moment = |at: Option<Timestamp>| {
            at.map(|at| TimeText::as_moment(at, language))
                .unwrap_or_default()
        };
        let events = subscription.events.iter().map(EventPattern::as_str);
        let events: Vec<_> = events.collect();
        Endpoint {
            id: subscription.id.as_str(),
            url: &subscription.url,
            state: State::of(subscription, self.reader.now).into(),
            events: if events.contains(&"*") {
                Vec::new()
            } else {
                events
            },
            failures: subscription.consecutive_failures,
            failing_since: moment(subscription.failing_since),
            held_until: moment(subscription.held_until),
            disabled_at: moment(subscription.disabled_at),
            reason: match subscription.disabled_reason {
                None => "",
                Some(DisabledReason::Gone) => texts.answered_gone,
                Some(DisabledReason::Failing) => texts.kept_failing,
            },
            added: TimeText::as_day(subscription.created_at, language),
        }
    }
}

/// What people may choose. A test is sent to whoever asks for one.
fn event_choices(texts: &WebhookTexts) -> Vec<EventChoice> {
    let types = EventType::VARIANTS.iter().copied();
    let chosen = types.filter(|one| *one != EventType::Test);
    let choices = chosen.map(|one| EventChoice {
        event_type: one.as_str(),
        description: (texts.describe)(one),
    });
    choices.collect()
}

/// How an endpoint is doing. The script and the stylesheet know the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
enum State {
    Active,
    /// The last attempt failed.
    Failing,
    /// Nothing is sent for a while, because it does not answer.
    Held,
    /// Somebody paused it.
    Paused,
    /// Suppuo switched it off.
    Disabled,
}

impl State {
    fn of(subscription: &Subscription, now: Timestamp) -> Self {
        if !subscription.active {
            return match subscription.disabled_at {
                Some(_) => Self::Disabled,
                None => Self::Paused,
            };
        }
        match (subscription.held_until, subscription.consecutive_failures) {
            (Some(until), _) if until > now => Self::Held,
            (_, 0) => Self::Active,
            _ => Self::Failing,
        }
    }
}

#[derive(Template)]
#[template(path = "webhooks.html", whitespace = "minimize")]
struct Page<'a> {
    language: Language,
    icon: String,
    stylesheet: String,
    script: String,
    texts: &'static Texts,
    webhooks: &'static WebhookTexts,
    current: SignedInPage<'static>,
    reader: &'a Reader<'a>,
    signed_out: &'static str,
    endpoints: Vec<Endpoint<'a>>,
    is_full: bool,
    /// The script's template for a new endpoint.
    new_endpoint: Endpoint<'a>,
    most: u32,
    event_choices: Vec<EventChoice>,
    receivers: &'static [Receiver],
}

#[derive(Default)]
struct Endpoint<'a> {
    id: &'a str,
    url: &'a str,
    state: &'static str,
    /// Patterns; none for all events.
    events: Vec<&'a str>,
    failures: u32,
    failing_since: TimeText,
    held_until: TimeText,
    disabled_at: TimeText,
    reason: &'static str,
    added: TimeText,
}

struct EventChoice {
    event_type: &'static str,
    description: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::WebhookSubscriptionId,
        portal::page_checks,
        time::{HOUR, MINUTE},
    };

    const NOW: Timestamp = Timestamp::from_millis(1_781_146_800_000);

    fn subscription(url: &str) -> Subscription {
        Subscription {
            id: WebhookSubscriptionId::new(Timestamp::now()),
            url: url.to_owned(),
            events: vec![EventPattern::all()],
            active: true,
            consecutive_failures: 0,
            failing_since: None,
            held_until: None,
            disabled_at: None,
            disabled_reason: None,
            created_at: NOW,
            updated_at: NOW,
        }
    }

    fn page(language: Language, subscriptions: &[Subscription]) -> String {
        let reader = Reader {
            language,
            sub: None,
            email: None,
            name: None,
            workspace: "acc_01",
            now: NOW,
            origin: "https://api.example.com".to_owned(),
            support: None,
        };
        let page = WebhooksPage {
            reader,
            subscriptions,
        };
        page.render().unwrap()
    }

    #[test]
    fn an_endpoints_state_says_how_it_is_doing() {
        let ago = |passed: i64| Some(NOW.plus_millis(-passed));
        let healthy = subscription("https://shop.example");
        let failing = Subscription {
            consecutive_failures: 3,
            failing_since: ago(HOUR),
            ..healthy.clone()
        };
        let held = |until| Subscription {
            held_until: until,
            ..failing.clone()
        };
        let paused = Subscription {
            active: false,
            ..failing.clone()
        };
        let disabled = Subscription {
            disabled_at: ago(MINUTE),
            disabled_reason: Some(DisabledReason::Gone),
            ..paused.clone()
        };
        for (subscription, state, reason) in [
            (healthy, "active", false),
            (failing.clone(), "failing", false),
            (held(ago(-MINUTE)), "held", false),
            (held(ago(0)), "failing", false),
            (paused, "paused", false),
            (disabled, "disabled", true),
        ] {
            let page = page(Language::English, std::slice::from_ref(&subscription));
            let id = subscription.id.as_str();
            assert!(page.contains(&format!(r#"id="{id}" data-state="{state}""#)));
            let told = page.contains(r#"<dd class="reason">It answered 410"#);
            let linked = page.contains(&format!(r##"<a href="#{id}">"##));
            assert_eq!((told, linked), (reason, reason), "{state}");
        }
        let page = page(Language::Indonesian, &[failing]);
        assert!(page.contains(r#"<dd class="failures">3</dd>"#));
        assert!(page.contains(">11 Juni 2026, 02.00 UTC</time>"), "{page}");
    }

    #[test]
    fn what_callers_wrote_is_escaped() {
        let hostile = r#"https://shop.example/"><script>alert(1)</script>"#;
        let page = page(Language::English, &[subscription(hostile)]);
        assert!(!page.contains("<script>alert"));
        assert_eq!(
            page.matches("&#34;&#62;&#60;script&#62;alert(1)").count(),
            1
        );
    }

    #[test]
    fn all_types_of_events_can_be_chosen_but_for_the_test() {
        let page = page(Language::English, &[]);
        for one in EventType::VARIANTS {
            let box_of_it = format!(r#"type="checkbox" name="type" value="{}""#, one.as_str());
            assert_eq!(page.contains(&box_of_it), *one != EventType::Test);
        }
        let patterns = ["suppuo.ticket.*", "suppuo.api_key.exposed.v1"];
        let chosen = Subscription {
            events: patterns.map(|one| EventPattern::parse(one).unwrap()).into(),
            ..subscription("https://shop.example")
        };
        let page = super::tests::page(Language::English, &[chosen]);
        let codes = patterns.map(|one| format!("<code>{one}</code> ")).concat();
        assert!(page.contains(&format!(r#"<dd class="events">{codes}"#)));
    }

    #[test]
    fn what_the_script_and_the_browsers_tests_use_is_in_the_page() {
        for language in Language::VARIANTS {
            let page = page(*language, &[subscription("https://shop.example")]);
            page_checks::has_what_the_script_uses(&page, &assets::webhooks_script().body);
            let ids = [
                "main",
                "status",
                "problem",
                "disabled",
                "endpoints",
                "empty",
                "empty-title",
                "verify",
                "create",
                "create-dialog",
                "create-form",
                "create-submit",
                "create-cancel",
                "create-problem",
                "url",
                "every-event",
                "only-these",
                "event-types",
                "created-dialog",
                "new-secret",
                "copy",
                "copy-code",
                "copied",
                "not-saved",
                "created-saved",
                "created-done",
                "both-sign",
                "rotate-dialog",
                "rotate-url",
                "rotate-confirm",
                "rotate-cancel",
                "rotate-problem",
                "overlap",
                "delete-dialog",
                "delete-url",
                "delete-confirm",
                "delete-cancel",
                "delete-problem",
                "recover-dialog",
                "recover-url",
                "since",
                "recover-confirm",
                "recover-cancel",
                "recover-problem",
                "endpoint",
                "log",
                "delivery",
                "attempt",
                "failure",
                "words",
            ];
            page_checks::has_ids(&page, &ids);
            assert!(page.contains(r#"<a href="/dashboard/api-keys">"#));
            let title = translations::of(*language).webhooks.title;
            assert!(page.contains(&format!(r#"<span aria-current="page">{title}</span>"#)));
            assert!(page.contains("returnTo=/dashboard/webhooks"));
        }
    }

    #[test]
    fn the_page_has_no_inline_style_and_script() {
        let page = page(Language::English, &[subscription("https://shop.example")]);
        page_checks::has_no_inline_style_and_script(&page);
        assert_eq!(page.matches(assets::PATH).count(), 3);
    }

    #[test]
    fn page_and_assets_together_are_small() {
        let subscriptions = vec![subscription("https://shop.example/hooks/suppuo"); 5];
        for language in Language::VARIANTS {
            let page = page(*language, &subscriptions);
            let assets = [assets::webhooks_stylesheet(), assets::webhooks_script()];
            page_checks::is_small(&page, assets, 76);
        }
    }
}
